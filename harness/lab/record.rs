//! What a laboratory has seen, put in order at its end. Frames are stamped by the kernel and read afterwards, each socket for itself;
//! so neither they nor what is told of them can be numbered before the run is over.

use std::collections::BTreeMap;

use vrrplab_engine::time::Instant;
use vrrplab_sim::capture::{Capture, Captured, Port};
use vrrplab_sim::frame::Summary;
use vrrplab_sim::trace::{Cause, Event, Name, What};

/// A frame in the order of reading, from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen(pub(super) u32);

/// The run so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    frames: Vec<Frame>,
    events: Vec<Event>,
    jobs: u32,
}

#[derive(Debug)]
struct Frame {
    captured: Captured,
    host: Option<Name>,
    link: Name,
}

impl Record {
    /// A frame came out of a port.
    pub(super) fn frame(
        &mut self,
        at: Instant,
        (port, island): (usize, u8),
        (host, link): (Option<Name>, Name),
        bytes: &[u8],
    ) -> Seen {
        let captured = Captured { at, port, island, bytes: bytes.to_vec(), comments: Vec::new() };
        self.frames.push(Frame { captured, host, link });
        Seen(self.frames.len() as u32 - 1)
    }

    /// The bytes of a frame.
    pub(super) fn bytes(&self, seen: Seen) -> &[u8] {
        &self.frames[seen.0 as usize].captured.bytes
    }

    /// When a frame came out of its port.
    pub(super) fn at(&self, seen: Seen) -> Instant {
        self.frames[seen.0 as usize].captured.at
    }

    /// A fault touched a frame.
    pub(super) fn comment(&mut self, seen: Seen, text: String) {
        self.frames[seen.0 as usize].captured.comments.push(text);
    }

    /// Something happened. Frames in it are numbered in the order of reading, from 1.
    pub(super) fn event(&mut self, at: Instant, host: Option<&Name>, what: What, cause: Cause) {
        self.events.push(Event { at, host: host.cloned(), what, cause });
    }

    /// The run begins now, and what was so far is told by another clock.
    pub(super) fn shift(&mut self, shifted: impl Fn(Instant) -> Instant) {
        self.frames.iter_mut().for_each(|frame| frame.captured.at = shifted(frame.captured.at));
        self.events.iter_mut().for_each(|event| event.at = shifted(event.at));
    }

    /// How many frames it has.
    pub(super) fn frames(&self) -> usize {
        self.frames.len()
    }

    /// Nobody will want to know. No frame of before is spoken of any more.
    pub(super) fn forget(&mut self) {
        (self.frames, self.events) = Default::default();
    }

    /// The number of one more child.
    pub(super) fn next_job(&mut self) -> u32 {
        self.jobs += 1;
        self.jobs
    }

    /// The run in the order of time, up to its end.
    pub(super) fn finish(self, ports: Vec<Port>, end: Instant) -> (Vec<Event>, Capture) {
        let mut frames: Vec<(usize, Frame)> =
            self.frames.into_iter().enumerate().filter(|(_, f)| f.captured.at <= end).collect();
        frames.sort_by_key(|(i, f)| (f.captured.at, *i));
        let number: BTreeMap<u32, u32> =
            frames.iter().enumerate().map(|(n, (i, _))| (*i as u32 + 1, n as u32 + 1)).collect();
        let sent = frames.iter().enumerate().map(|(n, (_, frame))| {
            let (frame, link) = (&frame.captured, (frame.host.clone(), frame.link.clone()));
            let what = What::Tx { frame: n as u32 + 1, link: link.1, summary: Summary::of(&frame.bytes) };
            Event { at: frame.at, host: link.0, what, cause: Cause::None }
        });
        let told = self.events.into_iter().filter(|e| e.at <= end);
        let told = told.filter_map(|e| renumbered(e, &number));
        // Of one instant frames come first: what is told of them follows.
        let mut events: Vec<Event> = sent.chain(told).collect();
        events.sort_by_key(|event| event.at);
        let frames = frames.into_iter().map(|(_, frame)| frame.captured).collect();
        (events, Capture { ports, frames })
    }
}

/// An event with the final numbers of its frames; none if a frame is later than the run.
fn renumbered(mut event: Event, number: &BTreeMap<u32, u32>) -> Option<Event> {
    match &mut event.what {
        What::Touched { frame, .. } | What::Lost { frame: Some(frame), .. } => *frame = *number.get(frame)?,
        _ => {}
    }
    if let Cause::Frame(frame) = &mut event.cause {
        *frame = *number.get(frame)?;
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_sim::trace::Loss;

    #[test]
    fn frames_are_numbered_in_the_order_of_their_stamps() {
        let mut record = Record::default();
        let (late, early) = (Instant::from_micros(20), Instant::from_micros(10));
        let name = |n: &str| Name::from(n);
        let second = record.frame(late, (0, 0), (Some(name("a")), name("eth0")), &[1; 14]);
        record.frame(early, (1, 0), (Some(name("b")), name("eth0")), &[2; 14]);
        let what = What::Lost { frame: Some(second.0 + 1), why: Loss::Muted, summary: Summary::of(&[1; 14]) };
        record.event(late, Some(&name("b")), what, Cause::Frame(second.0 + 1));
        let (events, capture) = record.finish(Vec::new(), Instant::from_micros(30));
        assert_eq!(capture.frames.iter().map(|f| f.bytes[0]).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(events[2].cause, Cause::Frame(2));
        assert!(matches!(events[2].what, What::Lost { frame: Some(2), .. }));
        assert!(matches!(events[1].what, What::Tx { frame: 2, .. }));
    }

    #[test]
    fn what_comes_after_the_end_is_no_part_of_the_run() {
        let mut record = Record::default();
        let late = Instant::from_micros(20);
        let seen = record.frame(late, (0, 0), (None, Name::from("eth0")), &[1; 14]);
        record.event(Instant::from_micros(5), None, What::Fault("x".into()), Cause::Frame(seen.0 + 1));
        let (events, capture) = record.finish(Vec::new(), Instant::from_micros(10));
        assert!(events.is_empty() && capture.frames.is_empty());
    }
}
