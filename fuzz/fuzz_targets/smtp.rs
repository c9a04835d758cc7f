//! A mail server that says anything, in pieces of any size: the dialogue goes forward or ends, and sends no line
//! that the configuration and the message do not hold.
//!
//! The input is a sequence of pieces: a byte of length and as many bytes, or nothing for silence.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use vrrplab_engine::smtp::{Envelope, Session, Step};
use vrrplab_engine::time::Duration;

fuzz_target!(|bytes: &[u8]| {
    let to = ["admin@example.org", "Op Erator <op@example.org>"].map(ToString::to_string).to_vec();
    let commands = 5 + to.len();
    let envelope =
        Arc::new(Envelope { helo: "localhost".to_string(), from: "a@example.org".to_string(), to });
    let mut session = Session::new(envelope, "subject".to_string(), "text".to_string());
    let (mut rest, mut said, mut date) = (bytes, Vec::new(), Duration::from_secs(0));
    while let [length, tail @ ..] = rest {
        let (piece, behind) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = behind;
        date += Duration::from_secs(86_399 * u64::from(*length));
        let step = if piece.is_empty() { session.silence() } else { session.hear(piece, date) };
        match step {
            Step::Wait => {}
            Step::Say(text) => {
                assert!(text.ends_with("\r\n"), "{text:?}");
                said.push(text);
            }
            Step::End => break,
        }
    }
    let told = said.iter().position(|text| text == "QUIT\r\n").unwrap_or(said.len());
    assert!(told < commands, "{said:?}");
    assert!(said[told..].iter().all(|text| text == "QUIT\r\n"), "nothing follows a QUIT: {said:?}");
});
