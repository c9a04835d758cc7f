#!/usr/bin/env bash
# Every check, as CI runs it and as a person does before pushing. The first is the README's test command.
set -euo pipefail
cd "$(dirname "$0")/.."
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -E env "PATH=$PATH" "$@"; fi; }

# A skip for want of a program is a failure here.
export VRRPLAB_REQUIRE=tshark,netns,keepalived,frr,services,uml

step() { printf '\n== %s\n' "$*"; "$@"; }
# Without the real kernel, as on a machine that is no Linux; then with it. What ran once does not run again.
step cargo test
step as_root cargo test --features netns --lib --test daemon --test leftovers --test netns --test services --test subjects --test takeover
# The other versions of the daemons are for who has fetched them: seven minutes more.
step as_root cargo test --features uml --test boot --test uml -- --skip @
step cargo fmt --all --check
# The fuzz targets are a workspace of their own: that they still build is checked here, running them is for people.
step cargo check --quiet --manifest-path fuzz/Cargo.toml
step cargo clippy --workspace --all-targets -- -D warnings
step cargo clippy --workspace --all-targets --features uml -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --workspace --no-deps --quiet
step cargo run --quiet -- run scenarios/seed/two-routers/two-routers.toml
