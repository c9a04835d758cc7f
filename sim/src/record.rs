//! The observer that keeps everything: the trace and the capture of a run.

use vrrplab_engine::time::Instant;

use crate::capture::{Capture, Captured, Port};
use crate::observer::Observer;
use crate::trace::{Event, Header, Trace};

/// Collects the events and the frames of a run.
#[derive(Clone, Debug)]
pub struct Recorder {
    events: Vec<Event>,
    capture: Capture,
}

impl Recorder {
    /// For a world with these ports: the links of all hosts in the order of the scenario.
    pub fn new(ports: Vec<Port>) -> Recorder {
        Recorder { events: Vec::new(), capture: Capture { ports, frames: Vec::new() } }
    }

    /// What happened so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The frames so far.
    pub fn capture(&self) -> &Capture {
        &self.capture
    }

    /// The run as a whole.
    pub fn finish(self, header: Header) -> (Trace, Capture) {
        (Trace { header, events: self.events }, self.capture)
    }
}

impl Observer for Recorder {
    const EVENTS: bool = true;

    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn frame(&mut self, frame: u32, at: Instant, port: usize, island: u8, bytes: &[u8]) {
        self.capture.frames.push(Captured { at, port, island, bytes: bytes.to_vec(), comments: Vec::new() });
        assert_eq!(frame as usize, self.capture.frames.len(), "frames are numbered without gaps from 1");
    }

    fn comment(&mut self, frame: u32, text: &str) {
        self.capture.frames[frame as usize - 1].comments.push(text.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Cause, What};
    use vrrplab_engine::time::Duration;

    #[test]
    fn everything_is_kept() {
        let port = Port { host: "ka1".into(), link: "eth0".into() };
        let mut recorder = Recorder::new(vec![port.clone()]);
        let at = Instant::from_micros(7);
        let event = Event { at, host: None, what: What::Fault("start ka1".into()), cause: Cause::None };
        recorder.event(&event);
        recorder.frame(1, at, 0, 0, &[1, 2]);
        recorder.frame(2, at, 0, 1, &[3]);
        recorder.comment(1, "muted for ka2");
        let header = Header {
            scenario: "x".into(),
            world: "sim".into(),
            subject: "engine".into(),
            seed: 1,
            duration: Duration::from_secs(1),
        };
        let (trace, capture) = recorder.finish(header);
        assert_eq!(trace.events, [event]);
        assert_eq!(capture.ports, [port]);
        assert_eq!(capture.frames[0].comments, ["muted for ka2"]);
        assert_eq!((capture.frames[1].island, &capture.frames[1].bytes[..]), (1, &[3][..]));
    }
}
