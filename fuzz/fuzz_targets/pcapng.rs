//! Captures: any bytes are a capture or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vrrplab::pcapng;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(capture) = pcapng::read(bytes) {
        let mut out = Vec::new();
        let _ = pcapng::write(&capture, &mut out);
    }
    let _ = pcapng::read_legacy(bytes);
});
