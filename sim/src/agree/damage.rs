//! Damage to a reference, to test what a comparison notices.

use vrrplab_engine::time::Duration;
use vrrplab_engine::wire::{ah, ipv4, ipv6};

use super::lane::{Content, Lane, is_ipv6};
use super::lanes::Lanes;

/// Damaging a reference, to test what a comparison notices. Entries count from 0, lane by lane.
impl Lanes {
    /// How many entries there are.
    pub fn entry_count(&self) -> usize {
        self.lanes.values().map(Vec::len).sum()
    }

    /// The lane and place of the k-th entry that `wanted` accepts.
    fn kth(&self, k: usize, wanted: fn(&Lane) -> bool) -> Option<(Lane, usize)> {
        let all = self.lanes.iter().filter(|(lane, _)| wanted(lane));
        all.flat_map(|(lane, entries)| (0..entries.len()).map(move |i| (lane, i)))
            .nth(k)
            .map(|(lane, i)| (lane.clone(), i))
    }

    /// The same run without its k-th frame; `None` if there are fewer.
    pub fn without_frame(&self, k: usize) -> Option<Lanes> {
        let (lane, i) = self.kth(k, |lane| matches!(lane, Lane::Adverts { .. } | Lane::Garps { .. }))?;
        let mut lanes = self.clone();
        lanes.lanes.get_mut(&lane)?.remove(i);
        Some(lanes)
    }

    /// The same run with its k-th entry later by this much.
    pub fn moved(&self, k: usize, by: Duration) -> Option<Lanes> {
        let (lane, i) = self.kth(k, |_| true)?;
        let mut lanes = self.clone();
        lanes.lanes.get_mut(&lane)?[i].at += by;
        Some(lanes)
    }

    /// The same run with its k-th act later by this much.
    pub fn with_act_moved(&self, k: usize, by: Duration) -> Option<Lanes> {
        let mut lanes = self.clone();
        lanes.acts.get_mut(k)?.at += by;
        Some(lanes)
    }

    /// The same run with another priority in its k-th advert, and the checksum that goes with it.
    pub fn with_other_priority(&self, k: usize) -> Option<Lanes> {
        let (lane, i) = self.kth(k, |lane| matches!(lane, Lane::Adverts { vrid: Some(_), .. }))?;
        let mut lanes = self.clone();
        if let Content::Frame(bytes) = &mut lanes.lanes.get_mut(&lane)?[i].what {
            change_priority(bytes);
        }
        Some(lanes)
    }
}

/// Flips the lowest bit of an advert's priority and mends the checksum (RFC 1624, equation 3).
pub(super) fn change_priority(frame: &mut [u8]) {
    let pdu = match (is_ipv6(frame), frame[14 + 9]) {
        (true, _) => 14 + ipv6::HEADER,
        (false, protocol) => {
            let behind = 14 + ipv4::header_length(&frame[14..]);
            behind + if protocol == ipv4::AH { ah::LENGTH } else { 0 }
        }
    };
    let word = |frame: &[u8], at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let before = word(frame, pdu + 2);
    frame[pdu + 2] ^= 1;
    let sum = u32::from(!word(frame, pdu + 6)) + u32::from(!before) + u32::from(word(frame, pdu + 2));
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !(((folded & 0xffff) + (folded >> 16)) as u16);
    frame[pdu + 6..pdu + 8].copy_from_slice(&checksum.to_be_bytes());
}
