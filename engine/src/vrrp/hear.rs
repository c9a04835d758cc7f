//! What an instance does with an advert: as a backup, and as a master.

use super::instance::Phase;
use super::process::{Vrrp, id};
use super::receive::{Heard, Received};
use crate::boundary::{Announced, Effect, Effects, Message, Packet, SockId};

/// The priority of who owns the addresses (RFC 3768, 5.3.4).
const OWNER: u8 = 255;

impl Vrrp {
    /// An IP packet was read from a socket.
    pub(crate) fn packet(&mut self, sock: SockId, packet: Packet<'_>, out: &mut Effects) {
        out.spend_receive();
        let received = Received::new(packet);
        let Some(received) = &received else { return };
        let Some(i) = self.instance_for(sock, received) else { return };
        let instance = &mut self.instances[i];
        if matches!(instance.phase, Phase::Init | Phase::Fault) {
            return;
        }
        instance.last_sender = Some(received.from);
        if received.from.is_ipv6() && received.is_multicast() == instance.spec.is_unicast() {
            return;
        }
        let heard = self.checked(i, received, out);
        if self.instances[i].is_master() {
            return self.master_heard(i, heard, out);
        }
        if let Some(heard) = heard {
            self.backup_heard(i, heard, out);
        }
        if let Phase::Backup { runs_from, .. } = &mut self.instances[i].phase {
            *runs_from = out.now();
        }
    }

    /// Whom a packet is for. Of several unicast instances with its virtual router: who heard its sender last, else
    /// who has that as a peer (vrrp_scheduler.c:vrrp_dispatcher_read).
    #[inline]
    fn instance_for(&self, sock: SockId, received: &Received<'_>) -> Option<usize> {
        let first = self.sockets[usize::from(sock.0)].instance_of[usize::from(received.vrid())]?;
        let instance = |i: &u16| &self.instances[usize::from(*i)];
        if instance(&first).next_of_vrid.is_none() {
            return Some(usize::from(first));
        }
        let all = || std::iter::successors(Some(first), |i| instance(i).next_of_vrid);
        let is_peer = |i: &u16| {
            let unicast = instance(i).spec.unicast.as_ref();
            unicast.is_some_and(|u| u.peers.iter().any(|peer| peer.address == received.from))
        };
        let heard_it = |i: &u16| instance(i).last_sender == Some(received.from);
        all().find(heard_it).or_else(|| all().find(is_peer)).map(usize::from)
    }

    /// The advert, if it is accepted; counted either way.
    #[inline]
    fn checked(&mut self, i: usize, received: &Received<'_>, out: &mut Effects) -> Option<Heard> {
        let instance = &mut self.instances[i];
        match received.check(instance, self.quirks) {
            Ok(heard) => {
                instance.counters.received += 1;
                instance.counters.received_priority_zero += u64::from(heard.priority == 0);
                Some(heard)
            }
            Err(reason) => {
                instance.counters.reject(reason);
                out.push(Effect::Log(Message::Rejected { instance: id(i), from: received.from, reason }));
                None
            }
        }
    }

    pub(super) fn backup_heard(&mut self, i: usize, heard: Heard, out: &mut Effects) {
        let counted = self.counts_from(out.now());
        let instance = &mut self.instances[i];
        let (skew, priority, delay) = (instance.skew(), instance.priority(), instance.spec.preempt_delay);
        let down = instance.master_down_with(heard.interval);
        let Phase::Backup { down_at, preempt_at, master, wants_master, .. } = &mut instance.phase else {
            panic!("only a backup comes here");
        };
        let now = out.now();
        if heard.priority == 0 {
            *down_at = counted + skew;
        } else if heard.priority >= priority || instance.spec.nopreempt {
            *preempt_at = None;
            *wants_master = false;
            *master = Some(heard.from);
            *down_at = counted + down;
            instance.learn(heard.interval);
        } else if !delay.is_zero() && preempt_at.is_none_or(|at| at > now) {
            preempt_at.get_or_insert(now + delay);
            *wants_master = false;
            *master = Some(heard.from);
            *down_at = counted + down;
            instance.learn(heard.interval);
        } else {
            let Heard { from, priority, .. } = heard;
            *master = Some(from);
            // A quirk of version 2.2.7: what is left is added to the delay anew (recorded: `startup-delay`).
            if counted > now {
                *down_at = counted + down_at.saturating_since(now);
            }
            out.push(Effect::Log(Message::Discarded { instance: id(i), from, priority }));
            if counted == now {
                return;
            }
        }
        self.arm(i, out);
    }

    pub(super) fn master_heard(&mut self, i: usize, heard: Option<Heard>, out: &mut Effects) {
        let Some(heard) = heard else { return self.restart_advert_timer(i, out) };
        if self.quirks.owner_yields_to_owner && heard.priority == OWNER {
            let base = &mut self.instances[i].base_priority;
            *base = (*base).min(OWNER - 1);
        }
        let instance = &self.instances[i];
        let (own, source) = (instance.priority(), instance.source.expect("a master has a source"));
        let Heard { from, priority, .. } = heard;
        if priority == 0 {
            self.send_advert(i, own, out);
            self.restart_advert_timer(i, out);
        } else if priority < own || (priority == own && from < source) {
            self.answer_lower(i, heard, out);
        } else if priority == own && from == source {
            out.push(Effect::Log(Message::SameAddress { instance: id(i) }));
            self.restart_advert_timer(i, out);
        } else {
            out.push(Effect::Log(Message::HigherPriority { instance: id(i), from, priority }));
            if self.instances[i].spec.higher_prio_send_advert {
                self.send_advert(i, own, out);
            }
            self.instances[i].replay.yielded();
            self.instances[i].learn(heard.interval);
            self.leave_master(i, out);
            self.enter_backup(i, Some(from), out);
            self.sync_backup(i, out);
        }
    }

    /// A master tells one that should not be: with an advert, and its neighbours with gratuitous ARPs.
    pub(super) fn answer_lower(&mut self, i: usize, heard: Heard, out: &mut Effects) {
        let Heard { from, priority, .. } = heard;
        out.push(Effect::Log(Message::LowerPriority { instance: id(i), from, priority }));
        let own = self.instances[i].priority();
        if let Some(sequence) = heard.sequence {
            self.instances[i].replay.answer(sequence);
        }
        if !self.instances[i].spec.lower_prio_no_advert {
            self.send_advert(i, own, out);
        }
        let garp = self.instances[i].spec.garp;
        if garp.lower_prio_repeat > 0 {
            let mut place = 0;
            while let Some(m) = self.sibling(i, place) {
                place += 1;
                self.burst(m, garp.lower_prio_repeat, out);
                self.garp.plan(m, garp.lower_prio_repeat, garp.lower_prio_delay, out);
            }
        }
        self.notify(i, Announced::MasterRxLowerPri, out);
        self.restart_advert_timer(i, out);
    }

    /// Counted from the moment the work is done, as every packet for a master's VRID makes it.
    pub(super) fn restart_advert_timer(&mut self, i: usize, out: &Effects) {
        let instance = &mut self.instances[i];
        if instance.spec.lower_prio_no_advert {
            return;
        }
        let Phase::Master { advert_at, .. } = &mut instance.phase else { panic!("only a master comes here") };
        *advert_at = out.now() + instance.spec.advert_int;
        self.arm(i, out);
    }
}
