//! Wire formats: bytes to meaning and back. `parse` and `emit` are inverse; arbitrary bytes never panic.
