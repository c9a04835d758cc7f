//! A run as one number: equal runs have equal hashes, without keeping the run.
//!
//! FNV-1a over what happened, when and why, and over the bytes of the frames. Texts for people (log lines,
//! names of faults, comments) count as having happened, not by their wording, so that a better message does
//! not look like another run. It is for noticing a difference, not for security.

use std::net::IpAddr;

use vrrplab_engine::boundary::{Exit, Timer};
use vrrplab_engine::time::Instant;

use crate::observer::Observer;
use crate::trace::{Cause, Event, Touch, What};

/// The observer that hashes a run while it happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunHash(u64);

impl Default for RunHash {
    fn default() -> RunHash {
        RunHash(0xcbf2_9ce4_8422_2325)
    }
}

impl RunHash {
    /// The hash of the run so far.
    pub const fn value(self) -> u64 {
        self.0
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn number(&mut self, number: u64) {
        number.to_le_bytes().into_iter().for_each(|byte| self.byte(byte));
    }

    /// Bytes behind their length, so that what follows cannot be mistaken for them.
    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        bytes.iter().for_each(|&byte| self.byte(byte));
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.bytes(&address.octets()),
            IpAddr::V6(address) => self.bytes(&address.octets()),
        }
    }

    fn cause(&mut self, cause: Cause) {
        let (kind, timer, number) = match cause {
            Cause::None => (0, None, 0),
            Cause::Frame(n) => (1, None, n),
            Cause::Fault(n) => (2, None, n),
            Cause::TimerOfFrame(timer, n) => (3, Some(timer), n),
            Cause::TimerOfFault(timer, n) => (4, Some(timer), n),
            Cause::Job(n) => (5, None, n),
            Cause::TimerOfJob(timer, n) => (6, Some(timer), n),
        };
        self.byte(kind);
        self.bytes(timer.map_or("", Timer::name).as_bytes());
        self.number(u64::from(number));
    }

    fn what(&mut self, what: &What) {
        match what {
            // The frame itself comes by `Observer::frame`.
            What::Tx { frame, .. } => self.fields(1, &[u64::from(*frame)]),
            What::Lost { frame, why, .. } => {
                self.fields(2, &[u64::from(frame.unwrap_or(0)), *why as u64]);
            }
            What::Address { added, cidr, link } => {
                self.fields(3, &[u64::from(*added), u64::from(cidr.prefix)]);
                self.address(cidr.address);
                self.bytes(link.as_bytes());
            }
            What::Neighbour { address, mac, state } => {
                self.fields(4, &[*state as u64]);
                self.address(*address);
                self.bytes(mac.as_ref().map_or(&[], |mac| &mac.0));
            }
            What::Answer { address, by } => {
                self.fields(5, &[by.as_ref().map_or(2, |by| u64::from(by.forwards))]);
                self.address(*address);
                self.bytes(by.as_ref().map_or(&[], |by| &by.mac.0));
            }
            What::Claim { instance, from, to, priority } => {
                let from = from.map_or(0, |state| state as u64 + 1);
                self.fields(6, &[from, *to as u64, u64::from(*priority)]);
                self.bytes(instance.as_bytes());
            }
            What::Group { group, to } => {
                self.fields(9, &[*to as u64]);
                self.bytes(group.as_bytes());
            }
            What::Spawn { job, command } => {
                self.fields(10, &[u64::from(*job)]);
                self.bytes(command.as_bytes());
            }
            What::Exit { job, exit } => {
                let (kind, number) = match exit {
                    Exit::Status(status) => (0, status),
                    Exit::Signal(signal) => (1, signal),
                };
                self.fields(11, &[u64::from(*job), kind, u64::from(*number)]);
            }
            What::Fifo { fifo, line } => {
                self.fields(12, &[*fifo as u64]);
                self.bytes(line.as_bytes());
            }
            What::Smtp { conn, out, line } => {
                self.fields(13, &[u64::from(*conn), u64::from(*out)]);
                self.bytes(line.as_bytes());
            }
            What::Mail { conn, subject } => {
                self.fields(14, &[u64::from(*conn)]);
                self.bytes(subject.as_bytes());
            }
            What::Route { added, route } => {
                self.fields(15, &[u64::from(*added)]);
                self.bytes(route.as_bytes());
            }
            What::Rule { added, rule } => {
                self.fields(16, &[u64::from(*added)]);
                self.bytes(rule.as_bytes());
            }
            What::Log(_) => self.byte(7),
            What::Fault(_) => self.byte(8),
            What::Touched { frame, how, .. } => {
                let (kind, value) = match how {
                    Touch::Delayed(by) => (0, by.as_micros()),
                    Touch::Duplicated => (1, 0),
                    Touch::Held(by) => (2, by.as_micros()),
                    Touch::Corrupted(bit) => (3, u64::from(*bit)),
                    Touch::Queued(by) => (4, by.as_micros()),
                };
                self.fields(9, &[u64::from(*frame), kind, value]);
            }
        }
    }

    fn fields(&mut self, kind: u8, fields: &[u64]) {
        self.byte(kind);
        fields.iter().for_each(|&field| self.number(field));
    }
}

impl Observer for RunHash {
    const EVENTS: bool = true;

    fn event(&mut self, event: &Event) {
        self.number(event.at.as_micros());
        self.bytes(event.host.as_ref().map_or(&[], |host| host.as_bytes()));
        self.cause(event.cause);
        self.what(&event.what);
    }

    fn frame(&mut self, frame: u32, at: Instant, port: usize, island: u8, bytes: &[u8]) {
        self.number(u64::from(frame));
        self.number(at.as_micros());
        self.number(port as u64);
        self.byte(island);
        self.bytes(bytes);
    }

    fn comment(&mut self, frame: u32, _: &str) {
        self.number(u64::from(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn of(lines: &[&str]) -> u64 {
        let mut hash = RunHash::default();
        lines.iter().for_each(|line| hash.event(&line.parse().unwrap()));
        hash.value()
    }

    #[test]
    fn every_difference_that_matters_shows() {
        let runs: [&[&str]; 14] = [
            &[],
            &["1.0 a addr + 10.0.0.1/24 eth0"],
            &["1.000001 a addr + 10.0.0.1/24 eth0"],
            &["1.0 b addr + 10.0.0.1/24 eth0"],
            &["1.0 a addr - 10.0.0.1/24 eth0"],
            &["1.0 a addr + 10.0.0.1/25 eth0"],
            &["1.0 a addr + 10.0.0.1/24 eth1"],
            &["1.0 a addr + 10.0.0.1/24 eth0 <- #1"],
            &["1.0 a addr + 10.0.0.1/24 eth0 <- act 1"],
            &["1.0 a addr + 10.0.0.1/24 eth0 <- advert of #1"],
            &["1.0 a addr + 10.0.0.1/24 eth0 <- linger of #1"],
            &["1.0 a claim V Backup 1"],
            &["1.0 a claim V Backup -> Backup 1"],
            &["1.0 a claim V Backup 1", "1.0 a claim V Backup 1"],
        ];
        let hashes: BTreeSet<u64> = runs.iter().map(|run| of(run)).collect();
        assert_eq!(hashes.len(), runs.len());
    }

    #[test]
    fn wording_does_not_matter_and_bytes_do() {
        assert_eq!(of(&["1.0 a log one"]), of(&["1.0 a log two"]));
        let frame = |bytes: &[u8]| {
            let mut hash = RunHash::default();
            hash.frame(1, Instant::ZERO, 0, 0, bytes);
            hash.value()
        };
        assert_ne!(frame(&[0]), frame(&[0, 0]));
        assert_ne!(frame(&[1]), frame(&[2]));
    }
}
