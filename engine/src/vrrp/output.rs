//! What an instance puts out: adverts, gratuitous ARPs, addresses, announcements, and its deadline.

use std::net::IpAddr;

use super::instance::Instance;
use super::process::Vrrp;
use crate::addr::Cidr;
use crate::boundary::{AddressOp, Effect, Effects, LinkId};

/// Linux's default, which unicast over IPv6 leaves to it.
const KERNEL_HOP_LIMIT: u8 = 64;

impl Vrrp {
    pub(super) fn send_advert(&mut self, i: usize, priority: u8, out: &mut Effects) {
        let Instance { sock, spec, packet, replay, counters, .. } = &mut self.instances[i];
        let Some(sock) = *sock else { return };
        packet.next(priority, replay);
        counters.sent += 1;
        counters.sent_priority_zero += u64::from(priority == 0);
        let mut send = |to: IpAddr, hop_limit: u8| {
            let bytes = out.store(packet.to(to));
            out.push(match to {
                IpAddr::V4(to) => Effect::Send { sock, to, bytes },
                IpAddr::V6(to) => Effect::Send6 { sock, from: packet.source6(), to, hop_limit, bytes },
            });
        };
        match &spec.unicast {
            None => send(spec.group, 255),
            Some(unicast) => {
                let hop_limit = unicast.ttl.unwrap_or(KERNEL_HOP_LIMIT);
                unicast.peers.iter().for_each(|peer| send(peer.address, hop_limit));
            }
        }
    }

    /// After FAULT a unicast instance tells its neighbours where it is: its master may have forgotten it, and would
    /// have to ask before it sends its next advert (vrrp_scheduler.c:try_up_instance).
    pub(super) fn announce_source(&mut self, i: usize, out: &mut Effects) {
        let instance = &self.instances[i];
        if let (true, Some(link), Some(source)) = (instance.spec.is_unicast(), instance.link, instance.source)
        {
            self.garp.announce(link, source, &self.links, out);
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

    /// Whether there was anything to change.
    pub(super) fn change_address(
        &mut self,
        op: AddressOp,
        link: LinkId,
        cidr: Cidr,
        out: &mut Effects,
    ) -> bool {
        let known = &mut self.links[usize::from(link.0)].addresses;
        let place = known.iter().position(|c| *c == cidr);
        match (op, place) {
            (AddressOp::Add, None) => known.push(cidr),
            (AddressOp::Remove, Some(place)) => drop(known.remove(place)),
            (AddressOp::Add, Some(_)) | (AddressOp::Remove, None) => return false,
        }
        out.push(Effect::Address { op, link, cidr });
        true
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
