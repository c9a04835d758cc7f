//! The transitions between Backup, Master and Fault, with what each does on its way.

use std::net::IpAddr;

use super::FaultReason;
use super::instance::Phase;
use super::process::{Vrrp, id};
use crate::boundary::{AddressOp, Announced, Effect, Effects, Message};
use crate::time::{Duration, Instant};

impl Vrrp {
    /// Advert, addresses, gratuitous ARPs now and later, notification (vrrp.c:vrrp_state_become_master).
    pub(super) fn become_master(&mut self, i: usize, out: &mut Effects) {
        let own = self.instances[i].priority();
        self.instances[i].replay.mastered();
        self.instances[i].unlearn();
        self.send_advert(i, own, out);
        self.change_addresses(i, AddressOp::Add, out);
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
        self.change_addresses(i, AddressOp::Remove, out);
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
        let down_at = out.now() + wait;
        self.instances[i].phase = Phase::Backup { down_at, preempt_at: None, master };
        self.arm(i, out);
    }

    pub(super) fn enter_fault(&mut self, i: usize, out: &mut Effects) {
        for &reason in &self.instances[i].faults {
            out.push(Effect::Log(Message::Fault { instance: id(i), reason }));
        }
        self.instances[i].phase = Phase::Fault;
        self.notify(i, Announced::Fault, out);
        self.arm(i, out);
    }

    pub(super) fn set_fault(&mut self, i: usize, reason: FaultReason, present: bool, out: &mut Effects) {
        let faults = &mut self.instances[i].faults;
        let known = faults.contains(&reason);
        if present && !known {
            faults.push(reason);
            match self.instances[i].phase {
                Phase::Init | Phase::Fault => return,
                Phase::Backup { .. } => {}
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
        } else if !present && known {
            faults.retain(|f| *f != reason);
            if faults.is_empty() && self.instances[i].phase == Phase::Fault {
                self.instances[i].unlearn();
                self.enter_backup(i, None, out);
                self.announce_source(i, out);
            }
        }
    }
}
