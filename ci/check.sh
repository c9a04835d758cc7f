#!/usr/bin/env bash
# Every check, as CI runs it and as a person does before pushing. The first is the README's test command.
set -euo pipefail
cd "$(dirname "$0")/.."

# A skip for want of a program is a failure here.
export VRRPLAB_REQUIRE=tshark

step() { printf '\n== %s\n' "$*"; "$@"; }
step cargo test
step cargo fmt --all --check
# The fuzz targets are a workspace of their own: that they still build is checked here, running them is for people.
step cargo check --quiet --manifest-path fuzz/Cargo.toml
step cargo clippy --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --workspace --no-deps --quiet
step cargo run --quiet -- run scenarios/seed/two-routers/two-routers.toml
