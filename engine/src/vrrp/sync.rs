//! `vrrp_sync_group`: instances that change state together (vrrp_sync.c).
//!
//! | event                                   | the other members                                    |
//! |-----------------------------------------|------------------------------------------------------|
//! | a timer runs out, not all want mastership | nothing: it wants mastership and waits once more   |
//! | the last one's timer runs out           | those that wait become masters, in the group's order |
//! | a member yields                         | become backups, without a farewell                   |
//! | a member's address is taken away        | become backups with a farewell, for their skew       |
//! | a member gets a reason for FAULT        | FAULT, masters with one farewell                     |
//! | the last reason of all members is gone  | become backups                                       |

use super::instance::{Phase, State};
use super::process::Vrrp;
use crate::boundary::{Announced, Effects};
use crate::config::Config;

/// A group at work.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Its instances, in its own order.
    pub(super) members: Vec<usize>,
    /// What it was last; `None` while it waits for scripts.
    pub(super) state: Option<State>,
}

/// The groups, and whose member each instance is.
#[derive(Clone, Default, Debug)]
pub(super) struct Groups {
    pub(super) list: Vec<Group>,
    pub(super) of: Vec<Option<usize>>,
    /// By instance: whether it has announced anything yet.
    pub(super) has_told: Vec<bool>,
}

impl Groups {
    pub(super) fn new(config: &Config) -> Groups {
        let place = |name: &String| config.instances.iter().position(|i| i.name == *name);
        let list: Vec<Group> = config
            .groups
            .iter()
            .map(|g| Group { members: g.members.iter().filter_map(place).collect(), state: None })
            .collect();
        let mut of = vec![None; config.instances.len()];
        for (g, group) in list.iter().enumerate() {
            group.members.iter().for_each(|&m| of[m] = Some(g));
        }
        Groups { list, has_told: vec![false; of.len()], of }
    }
}

impl Vrrp {
    /// The state of each group before its members have theirs (vrrp_scheduler.c:vrrp_init_state tells of
    /// groups first).
    pub(super) fn start_groups(&mut self, out: &mut Effects) {
        for g in 0..self.groups.list.len() {
            let members = &self.groups.list[g].members;
            let state = if members.iter().any(|&m| !self.instances[m].faults.is_empty()) {
                Some(State::Fault)
            } else if members.iter().any(|&m| self.tracking.is_undecided(m)) {
                None
            } else if members.iter().all(|&m| self.instances[m].spec.starts_as_master) {
                Some(State::Master)
            } else {
                Some(State::Backup)
            };
            self.groups.list[g].state = state;
            match state {
                Some(State::Fault) => self.notify_group(g, Announced::Fault, out),
                Some(State::Backup) => self.notify_group(g, Announced::Backup, out),
                Some(State::Master) | None => {}
            }
        }
    }

    /// Whether an instance stays quiet because its group is in that state already; its first word it says
    /// (vrrp_notify.c:send_instance_notifies).
    pub(super) fn group_has_told(&mut self, i: usize, state: Announced) -> bool {
        let group = self.groups.of[i].and_then(|g| self.groups.list[g].state);
        let same = match state {
            Announced::Master => group == Some(State::Master),
            Announced::Backup => group == Some(State::Backup),
            Announced::Fault => group == Some(State::Fault),
            Announced::Stop | Announced::Deleted | Announced::MasterRxLowerPri => false,
        };
        let has_told = std::mem::replace(&mut self.groups.has_told[i], true);
        same && has_told
    }

    /// Whether a member may become master: the group is, or all others want to be.
    pub(super) fn can_go_master(&self, i: usize) -> bool {
        let Some(g) = self.groups.of[i] else { return true };
        let group = &self.groups.list[g];
        let wants = |&m: &usize| m == i || self.wants_master(m);
        group.state == Some(State::Master) || group.members.iter().all(wants)
    }

    fn wants_master(&self, i: usize) -> bool {
        matches!(self.instances[i].phase, Phase::Master { .. } | Phase::Backup { wants_master: true, .. })
    }

    /// Whether a reason of another member keeps this one from coming up.
    pub(super) fn group_is_able(&self, i: usize) -> bool {
        let Some(g) = self.groups.of[i] else { return true };
        self.groups.list[g].members.iter().all(|&m| self.is_able(m))
    }

    /// The instance itself in place 0, and behind it the other members of its group.
    pub(super) fn sibling(&self, i: usize, place: usize) -> Option<usize> {
        if place == 0 {
            return Some(i);
        }
        let members = &self.groups.list[self.groups.of[i]?].members;
        members.iter().copied().filter(|&m| m != i).nth(place - 1)
    }

    /// A stranger took an address of a member away: all of them leave with a farewell and try again after
    /// their skew. The group says nothing of it (keepalived_netlink.c:set_vrrp_backup; recorded:
    /// `sync-vip-removed`).
    pub(super) fn leave_for_skew(&mut self, i: usize, out: &mut Effects) {
        let mut place = 0;
        while let Some(m) = self.sibling(i, place) {
            place += 1;
            if !self.instances[m].is_master() {
                continue;
            }
            self.send_advert(m, 0, out);
            self.leave_master(m, out);
            self.notify(m, Announced::Backup, out);
            self.wait(m, self.instances[m].skew(), None, out);
        }
        if let Some(g) = self.groups.of[i] {
            self.groups.list[g].state = Some(State::Backup);
        }
    }

    /// A member has become master: the others follow.
    pub(super) fn sync_master(&mut self, i: usize, out: &mut Effects) {
        self.sync(i, State::Master, out);
    }

    /// A member has become backup: the others follow.
    pub(super) fn sync_backup(&mut self, i: usize, out: &mut Effects) {
        self.sync(i, State::Backup, out);
    }

    /// A member cannot take part: neither can the others.
    pub(super) fn sync_fault(&mut self, i: usize, out: &mut Effects) {
        self.sync(i, State::Fault, out);
    }

    fn sync(&mut self, i: usize, state: State, out: &mut Effects) {
        let Some(g) = self.groups.of[i] else { return };
        if self.groups.list[g].state == Some(state) {
            return;
        }
        for place in 0..self.groups.list[g].members.len() {
            let m = self.groups.list[g].members[place];
            if m != i && self.instances[m].state() != Some(state) {
                self.follow(m, state, out);
            }
        }
        self.groups.list[g].state = Some(state);
        let announced = match state {
            State::Master => Announced::Master,
            State::Backup => Announced::Backup,
            State::Fault => Announced::Fault,
        };
        self.notify_group(g, announced, out);
    }

    fn follow(&mut self, m: usize, state: State, out: &mut Effects) {
        let was_master = self.instances[m].is_master();
        match state {
            State::Master => self.become_master(m, out),
            State::Backup => {
                if was_master {
                    self.leave_master(m, out);
                }
                self.enter_backup(m, None, out);
            }
            State::Fault => {
                if was_master {
                    self.send_advert(m, 0, out);
                    self.leave_master(m, out);
                }
                self.enter_fault(m, out);
            }
        }
    }
}
