//! What an instance puts out: adverts, gratuitous ARPs, addresses, announcements, and its deadline.

use std::net::IpAddr;

use super::process::{Vrrp, id};
use crate::addr::Cidr;
use crate::boundary::{AddressOp, Announced, Bind, Effect, Effects, LinkId, Notification};

impl Vrrp {
    pub(super) fn send_advert(&mut self, i: usize, priority: u8, out: &mut Effects) {
        let instance = &mut self.instances[i];
        let Some(sock) = instance.sock else { return };
        let bytes = out.store(instance.packet.next(priority));
        instance.counters.sent += 1;
        instance.counters.sent_priority_zero += u64::from(priority == 0);
        if let Bind::Group(IpAddr::V4(to)) = self.sockets[usize::from(sock.0)].spec.bind {
            out.push(Effect::Send { sock, to, bytes });
        }
    }

    pub(super) fn burst(&mut self, i: usize, repeat: u32, out: &mut Effects) {
        let waiting = self.garp.burst(&mut self.instances[i], &self.links, repeat, out);
        let slot = self.pacing_slot();
        if let Some(at) = waiting
            && self.schedule.get(slot).is_none_or(|set| at < set)
        {
            self.schedule.set(slot, Some(at));
            self.armed_by[slot] = out.origin();
        }
    }

    pub(super) fn change_addresses(&mut self, i: usize, op: AddressOp, out: &mut Effects) {
        for m in 0..self.instances[i].spec.managed.len() {
            let managed = self.instances[i].spec.managed[m];
            self.change_address(op, managed.link, managed.cidr, out);
        }
    }

    pub(super) fn change_address(&mut self, op: AddressOp, link: LinkId, cidr: Cidr, out: &mut Effects) {
        let known = &mut self.links[usize::from(link.0)].addresses;
        let place = known.iter().position(|c| *c == cidr);
        match (op, place) {
            (AddressOp::Add, None) => known.push(cidr),
            (AddressOp::Remove, Some(place)) => drop(known.remove(place)),
            (AddressOp::Add, Some(_)) | (AddressOp::Remove, None) => return,
        }
        out.push(Effect::Address { op, link, cidr });
    }

    pub(super) fn notify(&self, i: usize, state: Announced, out: &mut Effects) {
        let priority = self.instances[i].priority();
        out.push(Effect::Notify(Notification { instance: id(i), state, priority }));
    }

    /// Enters the state's deadline into the schedule, armed by the present input.
    pub(super) fn arm(&mut self, i: usize, out: &Effects) {
        self.schedule.set(i, self.instances[i].deadline());
        self.armed_by[i] = out.origin();
    }

    pub(super) fn pacing_slot(&self) -> usize {
        self.instances.len()
    }
}
