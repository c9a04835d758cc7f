//! Traces as text: whatever reads as one is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vrrplab_sim::trace::Trace;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(trace) = text.parse::<Trace>() {
        let written = trace.to_string();
        assert_eq!(written.parse::<Trace>().map(|t| t.to_string()).as_ref(), Ok(&written));
    }
});
