//! `cargo bench`: how fast the engine and the simulator are. Figures vary with the machine; README.md has some.

mod config;
mod engine;
mod lab;
mod sim;

criterion::criterion_main!(config::benches, engine::benches, sim::benches);
