//! The transitions between Backup, Master and Fault, with what each does on its way.

use std::net::IpAddr;

use super::FaultReason;
use super::instance::Phase;
use super::process::{Vrrp, id};
use crate::boundary::{AddressOp, Announced, Effect, Effects, Message};
use crate::time::{Duration, Instant};

/// For how long an owner is a backup when the daemon starts (vrrp_scheduler.c:vrrp_init_state).
pub(super) const OWNERS_WAIT: Duration = Duration::from_micros(1);

impl Vrrp {
    /// Advert, addresses, routes, rules, gratuitous ARPs now and later, notification (vrrp.c:vrrp_state_become_master).
    pub(super) fn become_master(&mut self, i: usize, out: &mut Effects) {
        let own = self.instances[i].priority();
        self.instances[i].replay.mastered();
        self.instances[i].unlearn();
        self.send_advert(i, own, out);
        self.drop_packets(i, AddressOp::Add, out);
        self.change_addresses(i, AddressOp::Add, out);
        self.change_routes(i, AddressOp::Add, out);
        self.change_rules(i, AddressOp::Add, out);
        let garp = self.instances[i].spec.garp;
        let refresh_at = (!garp.master_refresh.is_zero()).then(|| out.now() + garp.master_refresh);
        let advert_at = out.now();
        self.instances[i].phase = Phase::Master { advert_at, refresh_at };
        self.instances[i].counters.became_master += 1;
        self.burst(i, garp.master_repeat, out);
        self.garp.plan(i, garp.master_repeat, garp.master_delay, out);
        self.notify(i, Announced::Master, out);
        self.set_advert_timer(i, out);
    }

    pub(super) fn advertise(&mut self, i: usize, refresh_at: Option<Instant>, out: &mut Effects) {
        let own = self.instances[i].priority();
        self.send_advert(i, own, out);
        if refresh_at.is_some_and(|at| at <= out.now()) {
            let garp = self.instances[i].spec.garp;
            self.burst(i, garp.master_refresh_repeat, out);
            if let Phase::Master { refresh_at, .. } = &mut self.instances[i].phase {
                *refresh_at = Some(out.now() + garp.master_refresh);
            }
        }
        self.set_advert_timer(i, out);
    }

    pub(super) fn set_advert_timer(&mut self, i: usize, out: &Effects) {
        let next = out.now() + self.instances[i].spec.advert_int;
        let Phase::Master { advert_at, .. } = &mut self.instances[i].phase else {
            panic!("only a master advertises");
        };
        *advert_at = next;
        self.arm(i, out);
    }

    pub(super) fn leave_master(&mut self, i: usize, out: &mut Effects) {
        self.change_rules(i, AddressOp::Remove, out);
        self.change_routes(i, AddressOp::Remove, out);
        self.change_addresses(i, AddressOp::Remove, out);
        self.drop_packets(i, AddressOp::Remove, out);
        self.instances[i].garp_waits.fill(false);
        self.instances[i].counters.released_master += 1;
    }

    pub(super) fn enter_backup(&mut self, i: usize, master: Option<IpAddr>, out: &mut Effects) {
        self.notify(i, Announced::Backup, out);
        self.wait(i, self.instances[i].master_down(), master, out);
    }

    /// Backup for so long without an advert. An owner comes here from its start for 1 µs and does not announce
    /// that (vrrp_scheduler.c:vrrp_init_state; recorded: `owner`).
    pub(super) fn wait(&mut self, i: usize, wait: Duration, master: Option<IpAddr>, out: &mut Effects) {
        let down_at = self.counts_from(out.now()) + wait;
        let runs_from = out.now();
        self.instances[i].phase =
            Phase::Backup { down_at, preempt_at: None, runs_from, wants_master: false, master };
        self.arm(i, out);
    }

    /// From when a backup's timer counts: with `vrrp_startup_delay` from the end of the delay on.
    pub(super) fn counts_from(&self, now: Instant) -> Instant {
        self.delayed_until.map_or(now, |until| until.max(now))
    }

    /// With `no_accept` or `vrrp_strict` a master that does not own its addresses serves none of them: the
    /// kernel drops what is for them from before they are there until they are gone.
    fn drop_packets(&self, i: usize, op: AddressOp, out: &mut Effects) {
        let spec = &self.instances[i].spec;
        if spec.accepts {
            return;
        }
        for managed in &spec.managed {
            out.push(Effect::Filter { op, address: managed.cidr.address });
        }
    }

    pub(super) fn enter_fault(&mut self, i: usize, out: &mut Effects) {
        for &reason in &self.instances[i].faults {
            out.push(Effect::Log(Message::Fault { instance: id(i), reason }));
        }
        self.instances[i].phase = Phase::Fault;
        self.notify(i, Announced::Fault, out);
        self.arm(i, out);
    }

    /// A reason for FAULT appears or goes. The first one takes the instance down, and its group with it; when
    /// the last one is gone it comes up.
    pub(super) fn set_fault(&mut self, i: usize, reason: FaultReason, present: bool, out: &mut Effects) {
        let faults = &mut self.instances[i].faults;
        let known = faults.contains(&reason);
        if present && !known {
            faults.push(reason);
            if self.instances[i].faults.len() == 1 || self.instances[i].phase == Phase::Init {
                self.go_down(i, out);
            }
        } else if !present && known {
            faults.retain(|f| *f != reason);
            self.come_up(i, out);
        }
    }

    /// vrrp_track.c:down_instance. A member whose group is in FAULT already is there too.
    fn go_down(&mut self, i: usize, out: &mut Effects) {
        match self.instances[i].phase {
            Phase::Fault => return,
            Phase::Init | Phase::Backup { .. } => {}
            Phase::Master { .. } => {
                // Two farewells, counted as one (vrrp.c:vrrp_state_leave_master, vrrp_restore_interface).
                self.send_advert(i, 0, out);
                self.instances[i].counters.sent -= 1;
                self.instances[i].counters.sent_priority_zero -= 1;
                self.send_advert(i, 0, out);
                self.leave_master(i, out);
            }
        }
        self.enter_fault(i, out);
        self.sync_fault(i, out);
    }

    /// Backup, if nothing keeps the instance or its group down any more (vrrp_scheduler.c:try_up_instance).
    pub(super) fn come_up(&mut self, i: usize, out: &mut Effects) {
        let is_down = matches!(self.instances[i].phase, Phase::Init | Phase::Fault);
        if !is_down || !self.is_able(i) || !self.group_is_able(i) {
            return;
        }
        let was_silent = self.instances[i].phase == Phase::Init && self.groups.of[i].is_none();
        if was_silent && self.instances[i].spec.starts_as_master {
            self.wait(i, OWNERS_WAIT, None, out);
        } else {
            self.instances[i].unlearn();
            self.enter_backup(i, None, out);
            self.announce_source(i, out);
            self.sync_backup(i, out);
        }
    }
}
