//! A running daemon's data dumps, read as the settings that the engine makes of a configuration.

pub mod checkers;
