#!/usr/bin/env bash
# Installs what the checks need and a bare Debian machine lacks. Does nothing where everything is there.
set -euo pipefail

missing=()
command -v tshark >/dev/null || missing+=(tshark)
command -v c++ >/dev/null || missing+=(g++)
# What the real kernel's tests hold our daemon against, how its filters are set and asked for, programs that scenarios run beside
# daemons, and those that their scripts ask with.
command -v keepalived >/dev/null || missing+=(keepalived)
[ -x /usr/lib/frr/vrrpd ] || missing+=(frr)
command -v nft >/dev/null || missing+=(nftables)
command -v ip >/dev/null || missing+=(iproute2)
command -v unshare >/dev/null || missing+=(util-linux)
command -v haproxy >/dev/null || missing+=(haproxy)
command -v nginx >/dev/null || missing+=(nginx)
command -v killall >/dev/null || missing+=(psmisc)
command -v curl >/dev/null || missing+=(curl)
[ ${#missing[@]} = 0 ] || "$(dirname "$0")/packages.sh" "${missing[@]}"
command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.93 or newer from https://rustup.rs" >&2; exit 3; }
