//! What watches a run while it happens. Observers see everything and change nothing.

use vrrplab_engine::time::Instant;

use crate::trace::Event;

/// Watches a run.
pub trait Observer {
    /// Whether events are worth building. A world without watchers skips them.
    const EVENTS: bool;

    /// Something happened. Events come in the order of time.
    fn event(&mut self, event: &Event);

    /// A frame left a port; its number is one more than that of the frame before.
    /// `frame` counts from 1, `port` indexes the links of all hosts in the order of the scenario.
    fn frame(&mut self, frame: u32, at: Instant, port: usize, island: u8, bytes: &[u8]);

    /// A fault touched a frame that was seen before.
    fn comment(&mut self, frame: u32, text: &str);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    const EVENTS: bool = false;
    fn event(&mut self, _: &Event) {}
    fn frame(&mut self, _: u32, _: Instant, _: usize, _: u8, _: &[u8]) {}
    fn comment(&mut self, _: u32, _: &str) {}
}

/// Two observers at once.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const EVENTS: bool = A::EVENTS || B::EVENTS;
    fn event(&mut self, event: &Event) {
        self.0.event(event);
        self.1.event(event);
    }
    fn frame(&mut self, frame: u32, at: Instant, port: usize, island: u8, bytes: &[u8]) {
        self.0.frame(frame, at, port, island, bytes);
        self.1.frame(frame, at, port, island, bytes);
    }
    fn comment(&mut self, frame: u32, text: &str) {
        self.0.comment(frame, text);
        self.1.comment(frame, text);
    }
}
