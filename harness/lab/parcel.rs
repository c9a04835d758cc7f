//! What a laboratory hands back to whoever started it: one stream of bytes over a pipe between two processes of the same program.
//!
//! `length trace · length notes (JSON) · count of hosts, each: number of its first process · count of frames · each: instant, port, island, length bytes, count of comments, each: length text`,
//! numbers as eight bytes, little-endian.

use std::io::{self, Read, Write};

use vrrplab_engine::time::Instant;
use vrrplab_sim::capture::{Capture, Captured, Port};
use vrrplab_sim::trace::Trace;

use crate::notes::Notes;

/// Frames are shorter, texts too: what is longer is no parcel of ours.
const LONGEST: u64 = 1 << 30;

/// A run as it comes out of a laboratory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Parcel {
    /// What happened.
    pub(super) trace: Trace,
    /// Every frame.
    pub(super) capture: Capture,
    /// How well the machine kept up.
    pub(super) notes: Notes,
    /// The hosts' first processes, as the laboratory numbers them.
    pub(super) firsts: Vec<u32>,
}

impl Parcel {
    /// Writes it.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        block(out, self.trace.to_string().as_bytes())?;
        block(out, &serde_json::to_vec(&self.notes)?)?;
        number(out, self.firsts.len() as u64)?;
        self.firsts.iter().try_for_each(|first| number(out, u64::from(*first)))?;
        number(out, self.capture.frames.len() as u64)?;
        for frame in &self.capture.frames {
            number(out, frame.at.as_micros())?;
            number(out, frame.port as u64)?;
            number(out, frame.island.into())?;
            block(out, &frame.bytes)?;
            number(out, frame.comments.len() as u64)?;
            frame.comments.iter().try_for_each(|text| block(out, text.as_bytes()))?;
        }
        out.flush()
    }

    /// Reads it; the ports are those of the scenario.
    pub(super) fn read(from: &mut impl Read, ports: Vec<Port>) -> io::Result<Parcel> {
        let trace = text(from)?.parse().map_err(|e| io::Error::other(format!("the trace: {e}")))?;
        let notes = serde_json::from_slice(&taken(from)?)?;
        let hosts = taken_number(from)?;
        let firsts = (0..hosts).map(|_| Ok(taken_number(from)? as u32)).collect::<io::Result<_>>()?;
        let count = taken_number(from)?;
        let mut frames = Vec::new();
        for _ in 0..count {
            let at = Instant::from_micros(taken_number(from)?);
            let port = taken_number(from)? as usize;
            let island = taken_number(from)? as u8;
            let bytes = taken(from)?;
            let comments = (0..taken_number(from)?).map(|_| text(from)).collect::<io::Result<_>>()?;
            frames.push(Captured { at, port, island, bytes, comments });
        }
        Ok(Parcel { trace, capture: Capture { ports, frames }, notes, firsts })
    }
}

fn number(out: &mut dyn Write, number: u64) -> io::Result<()> {
    out.write_all(&number.to_le_bytes())
}

fn block(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    number(out, bytes.len() as u64)?;
    out.write_all(bytes)
}

fn taken_number(from: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn taken(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = taken_number(from)?;
    if length > LONGEST {
        return Err(io::Error::other("no parcel of ours"));
    }
    let mut bytes = Vec::new();
    from.by_ref().take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn text(from: &mut impl Read) -> io::Result<String> {
    String::from_utf8(taken(from)?).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_engine::time::Duration;
    use vrrplab_sim::trace::Header;

    fn parcel() -> Parcel {
        let header = Header {
            scenario: "x/y".into(),
            world: "netns".into(),
            subject: "keepalived".into(),
            seed: 1,
            duration: Duration::from_secs(2),
        };
        let frame = Captured {
            at: Instant::from_micros(7),
            port: 1,
            island: 2,
            bytes: vec![1, 2, 3],
            comments: vec!["muted for b".into()],
        };
        let ports = vec![Port { host: "a".into(), link: "eth0".into() }];
        Parcel {
            trace: Trace { header, events: Vec::new() },
            capture: Capture { ports, frames: vec![frame] },
            notes: Notes { dropped: 3, ..Notes::default() },
            firsts: vec![7],
        }
    }

    #[test]
    fn a_parcel_is_read_as_it_was_written_and_never_in_part() {
        let parcel = parcel();
        let mut bytes = Vec::new();
        parcel.write(&mut bytes).expect("a vector takes all bytes");
        let read = |bytes: &[u8]| Parcel::read(&mut &bytes[..], parcel.capture.ports.clone());
        assert_eq!(read(&bytes).expect("it is whole"), parcel);
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "{cut} of {} bytes", bytes.len());
        }
    }
}
