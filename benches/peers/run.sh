#!/usr/bin/env bash
# vrrplab beside other deterministic simulators, same machine, same run: N hosts, each sends an advert a second to every
# other. An event is a timer fired, a frame sent or a frame delivered. Ours checks each advert and arms a timer for it,
# and a host is a kernel, an ARP table and a daemon; on the others it is a loop around a socket. What one multicast frame
# does here takes N - 1 unicast frames on madsim and bach, which gives them more events for the same virtual second.
# Seconds are processor time of the whole program, so that other users of the machine do not count.
set -euo pipefail
cd "$(dirname "$0")"

cargo build --quiet --release -p peer-ours -p peer-turmoil -p peer-bach
# madsim answers for the clocks of the C library, and wants to be asked for at compile time.
RUSTFLAGS="--cfg madsim" cargo build --quiet --release -p peer-madsim --target-dir target/madsim

# measure NAME HOSTS VIRTUAL_SECONDS PROGRAM [ARGUMENT]: the best of three.
measure() {
    local name=$1 hosts=$2 virtual=$3 program=$4 argument=${5:-} best="" events used
    for _ in 1 2 3; do
        "$program" "$hosts" 1 $argument >/dev/null
        used=$( { TIMEFORMAT='%U %S'; time "$program" "$hosts" "$virtual" $argument >target/events; } 2>&1 | tail -1)
        used=$(awk '{ print $1 + $2 }' <<<"$used")
        best=$(awk -v a="$used" -v b="${best:-$used}" 'BEGIN { print a < b ? a : b }')
    done
    events=$(cat target/events)
    awk -v name="$name" -v n="$hosts" -v v="$virtual" -v e="$events" -v s="$best" -v base="${base:-}" 'BEGIN {
        if (s == 0) s = 0.001
        rate = v / s
        ratio = base == "" ? "1" : sprintf("1/%.0f", base / rate)
        if (base != "" && base / rate < 10) ratio = sprintf("1/%.1f", base / rate)
        printf "| %-34s | %5d | %14.1f | %13.0f | %8s |\n", name, n, rate, e / s, ratio
        print rate > "target/rate"
    }'
}

printf '| %-34s | %5s | %14s | %13s | %8s |\n' simulator hosts "virtual s / s" "events / s" "of ours"
echo '|---|---|---|---|---|'
for n in 2 8 64; do
    case $n in
        2) ours=200000 turmoil=60 others=20000 ;;
        8) ours=50000 turmoil=20 others=2000 ;;
        64) ours=1000 turmoil=3 others=40 ;;
    esac
    base=""
    measure "vrrplab" "$n" "$ours" target/release/peer-ours off
    base=$(cat target/rate)
    measure "vrrplab, capture and oracles on" "$n" "$ours" target/release/peer-ours on
    measure "turmoil 0.7.2" "$n" "$turmoil" target/release/peer-turmoil
    measure "madsim 0.2.34" "$n" "$others" target/madsim/release/peer-madsim
    measure "bach 0.2.0" "$n" "$others" target/release/peer-bach
done
