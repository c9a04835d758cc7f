//! SIGHUP: another configuration, for the instances that there are (vrrp_daemon.c:reload_vrrp_thread,
//! vrrp.c:clear_diff_vrrp). keepalived builds everything anew and carries over what is listed here; so does this.
//!
//! | what                                   | after a reload (recorded with 2.2.7: `reload-…`)                    |
//! |----------------------------------------|---------------------------------------------------------------------|
//! | a master, before anything is read      | one advert, as it was                                               |
//! | an instance of the same virtual router, interface and way to send | its state, its counters, its sequence number |
//! | its timer                              | a master's runs out at once, a backup's begins anew                 |
//! | its interval learned in version 3, its second burst, its `preempt_delay`, the number of its packets | forgotten |
//! | addresses of a master                  | only what differs: removed, added; with any added one burst for all  |
//! | routes and rules, also static ones     | only what differs in words (read, not recorded)                     |
//! | an instance that is gone               | priority 0, addresses removed; DELETED or FAULT, unless it was in FAULT |
//! | an instance that is new                | as at a start                                                       |
//! | tracked scripts                        | what they have found, by name; all run at once                      |
//! | everything else                        | as at a start, and nothing is announced that has not changed        |
//! | the next word of a group's member      | is said, even if its group has said it (`reload-sync-member`)       |

use super::instance::{Instance, Managed, Phase, State};
use super::process::Vrrp;
use crate::boundary::{AddressOp, Announced, Effect, Effects, HostFacts, SockId};
use crate::config::Config;

impl Vrrp {
    /// Every master gives a sign before reading the text takes its time (vrrp_daemon.c:send_reload_advert_thread), and
    /// what runs for instances is ended. Sockets stay open until the text is read, and what has come in by then is
    /// closed with them, unread (seen by strace): whoever became master meanwhile has not been heard.
    pub(crate) fn announce_reload(&mut self, out: &mut Effects) {
        for i in 0..self.instances.len() {
            if self.instances[i].is_master() {
                self.send_advert(i, self.instances[i].priority(), out);
            }
        }
        self.stop_scripts(out);
        self.stop_mail(out);
    }

    /// Runs `config` from now on, which follows `before`, on the host as it is now.
    pub(crate) fn reload(&mut self, before: &Config, config: &Config, host: &HostFacts, out: &mut Effects) {
        self.links.clone_from(&host.links);
        let mut next = Vrrp::new(config, host, self.quirks);
        let heirs: Vec<Option<usize>> = self.instances.iter().map(|i| next.heir_of(i)).collect();
        for (i, heir) in heirs.iter().enumerate() {
            match *heir {
                None => self.give_up(i, &before.instances[i], out),
                Some(n) if self.instances[i].is_master() => {
                    self.shed(i, &next.instances[n].spec.managed, out);
                    self.shed_lines(i, &before.instances[i], &config.instances[n], out);
                }
                Some(_) => {}
            }
        }
        self.shed_fixed(&next, [before, config], out);
        for n in 0..self.sockets.len() {
            out.push(Effect::Close(SockId(n as u16)));
        }
        out.push(Effect::Reloaded);
        next.inherit(self, before, config, host);
        let old = std::mem::replace(self, next);
        self.resume(&old, &heirs, [before, config], out);
    }

    /// The instance that goes on as this one: the name does not matter, the way to send does
    /// (vrrp.c:vrrp_exist).
    fn heir_of(&self, old: &Instance) -> Option<usize> {
        let way = |i: &Instance| match &i.spec.unicast {
            Some(_) => (true, i.source.filter(|_| i.source_is_fixed)),
            None => (false, Some(i.spec.group)),
        };
        let key = |i: &Instance| (i.spec.vrid, i.spec.family, i.link, way(i));
        self.instances.iter().position(|new| key(new) == key(old))
    }

    /// The configuration has this instance no more.
    fn give_up(&mut self, i: usize, config: &crate::config::Instance, out: &mut Effects) {
        let state = self.instances[i].state();
        if state == Some(State::Master) {
            self.send_advert(i, 0, out);
            self.leave_master(i, out);
        }
        let silent = config.notify.deleted.is_none() && !config.notify_deleted;
        if state.is_some_and(|s| s != State::Fault) {
            self.notify(i, if silent { Announced::Fault } else { Announced::Deleted }, out);
        }
    }

    /// A master drops the addresses that it is not to have any more.
    fn shed(&mut self, i: usize, kept: &[Managed], out: &mut Effects) {
        let stays = |old: &Managed| kept.iter().any(|m| is_same(m, old));
        for managed in self.instances[i].spec.managed.clone().into_iter().filter(|m| !stays(m)) {
            self.change_address(AddressOp::Remove, managed.link, managed.cidr, out);
            if !self.instances[i].spec.accepts {
                out.push(Effect::Filter { op: AddressOp::Remove, address: managed.cidr.address });
            }
        }
    }

    /// What the daemon keeps, whatever becomes of its instances.
    fn inherit(&mut self, old: &Vrrp, before: &Config, config: &Config, host: &HostFacts) {
        self.links.clone_from(&old.links);
        self.delayed_until = old.delayed_until;
        self.notices.take_jobs(&old.notices, old.scripts.jobs());
        self.mails.go_on_from(&old.mails);
        self.reread_files(config, host);
        self.preset_scripts();
        self.recall_scripts(old, before, config);
    }

    /// Gives every instance its state: those that go on theirs, the others one as at a start.
    fn resume(
        &mut self,
        old: &Vrrp,
        heirs: &[Option<usize>],
        [before, config]: [&Config; 2],
        out: &mut Effects,
    ) {
        let mut past: Vec<Option<usize>> = vec![None; self.instances.len()];
        for (o, heir) in heirs.iter().enumerate() {
            if let Some(n) = *heir {
                past[n].get_or_insert(o);
            }
        }
        for (n, past) in past.iter().enumerate() {
            self.choose_source(n);
            let Some(o) = *past else { continue };
            self.instances[n].counters = old.instances[o].counters;
            self.instances[n].replay = old.instances[o].replay;
        }
        self.assign_sockets();
        for (n, socket) in self.sockets.iter().enumerate() {
            out.push(Effect::Open { sock: SockId(n as u16), spec: socket.spec });
        }
        self.write_files(out);
        for n in 0..self.instances.len() {
            self.instances[n].faults = self.initial_faults(n);
            self.instances[n].shares = self.shares(n);
        }
        let was = |n: usize| past[n].and_then(|o| old.instances[o].state());
        let states: Vec<Option<State>> = (0..past.len()).map(was).collect();
        for n in 0..past.len() {
            if let (Some(o), Some(State::Master)) = (past[n], states[n]) {
                self.take_over(n, &old.instances[o], out);
                let texts = [&before.instances[o], &config.instances[n]];
                self.take_lines(n, &old.instances[o], texts, out);
            }
        }
        self.take_fixed(old, [before, config], out);
        self.regroup(&states, out);
        for (n, was) in states.into_iter().enumerate() {
            self.go_on(n, was, out);
        }
        self.start_scripts(out);
    }

    /// A master that goes on: it adds the addresses that are new, and tells the neighbours of all if there are any.
    fn take_over(&mut self, n: usize, old: &Instance, out: &mut Effects) {
        let spec = &self.instances[n].spec;
        let (accepts, all) = (spec.accepts, spec.managed.clone());
        let had = |m: &Managed| old.spec.managed.iter().any(|o| is_same(o, m));
        for managed in &all {
            let filtered = had(managed) && !old.spec.accepts;
            if filtered == accepts {
                let op = if accepts { AddressOp::Remove } else { AddressOp::Add };
                out.push(Effect::Filter { op, address: managed.cidr.address });
            }
        }
        let mut added = false;
        for managed in &all {
            added |= self.change_address(AddressOp::Add, managed.link, managed.cidr, out);
        }
        // A refresh is due with the first advert, unless the addresses were just told.
        let garp = self.instances[n].spec.garp;
        let now = out.now();
        let refresh = if added { now + garp.master_refresh } else { now };
        let refresh_at = (!garp.master_refresh.is_zero()).then_some(refresh);
        self.instances[n].phase = Phase::Master { advert_at: now, refresh_at };
        if added {
            self.burst(n, garp.master_repeat, out);
        }
    }

    /// The state of each group by its members: in FAULT with one, master if all of them were, else backup. It says so
    /// if that is new to a member.
    fn regroup(&mut self, were: &[Option<State>], out: &mut Effects) {
        for g in 0..self.groups.list.len() {
            let members = self.groups.list[g].members.clone();
            let state = if members.iter().any(|&m| !self.instances[m].faults.is_empty()) {
                Some(State::Fault)
            } else if members.iter().all(|&m| were[m] == Some(State::Master)) {
                Some(State::Master)
            } else if members.iter().any(|&m| were[m].is_none() && self.tracking.is_undecided(m)) {
                None
            } else {
                Some(State::Backup)
            };
            self.groups.list[g].state = state;
            let is_new = members.iter().any(|&m| were[m] != state);
            match state.filter(|_| is_new) {
                Some(State::Fault) => self.notify_group(g, Announced::Fault, out),
                Some(State::Backup) => self.notify_group(g, Announced::Backup, out),
                Some(State::Master) | None => {}
            }
        }
    }

    /// One instance goes on, if it can, where it was.
    fn go_on(&mut self, n: usize, was: Option<State>, out: &mut Effects) {
        let group = self.groups.of[n].and_then(|g| self.groups.list[g].state);
        let fault = !self.instances[n].faults.is_empty() || group == Some(State::Fault);
        match was {
            None => self.start_instance(n, out),
            Some(State::Fault) if fault => self.instances[n].phase = Phase::Fault,
            Some(State::Master) if fault => {
                // Without a farewell (recorded: `reload-track-file`).
                self.leave_master(n, out);
                self.enter_fault(n, out);
            }
            Some(State::Backup) if fault => self.enter_fault(n, out),
            Some(State::Master) if group == Some(State::Backup) => {
                self.leave_master(n, out);
                self.enter_backup(n, None, out);
            }
            Some(State::Master) => self.arm(n, out),
            Some(State::Backup) => self.wait(n, self.instances[n].master_down(), None, out),
            Some(State::Fault) => self.enter_backup(n, None, out),
        }
    }
}

/// The same address at the same place; whether it is watched does not matter.
fn is_same(a: &Managed, b: &Managed) -> bool {
    (a.link, a.cidr) == (b.link, b.cidr)
}
