#!/usr/bin/env bash
# The real kernel's scenarios round after round while a build takes every processor: ci/rounds.sh [ROUNDS], 20 unless told otherwise.
# Fails if a round differs, if more than one run in twenty is inconclusive, or if one is so in every round.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-20}
export VRRPLAB_REQUIRE=netns,keepalived,frr,services CARGO_INCREMENTAL=0
out=$(mktemp -d)
cargo test --features netns --test netns --no-run

# The build that disturbs: the same tree again and again, in a folder of its own.
build() {
    while true; do
        rm -rf "$out/target"
        cargo build --quiet --target-dir "$out/target" >/dev/null 2>&1 || true
    done
}
build &
load=$!
trap 'pkill -P $load || true; kill $load; wait $load 2>/dev/null || true; rm -rf "$out"' EXIT

failed=0
for round in $(seq "$rounds"); do
    cargo test --features netns --test netns >"$out/$round.log" 2>&1 || true
    grep -E 'FAILED$' "$out/$round.log" >"$out/$round.differs" || true
    grep 'ignored (inconclusive' "$out/$round.log" | cut -d' ' -f2-4 >"$out/$round.unsure" || true
    result=$(grep '^test result' "$out/$round.log") || result='no result'
    printf 'round %s: %s; inconclusive %s; load %s\n' "$round" "$result" "$(wc -l <"$out/$round.unsure")" "$(cut -d' ' -f1 /proc/loadavg)"
    if [ -s "$out/$round.differs" ] || [ "$result" = 'no result' ]; then
        sed -n '/^failures:/,$p' "$out/$round.log"
        failed=1
    fi
done
cat "$out"/*.unsure | sort | uniq -c | sort -rn >"$out/unsure"
runs=$(grep -ho '[0-9]* passed' "$out"/*.log | awk '{n += $1} END {print n + 0}')
unsure=$(awk '{n += $1} END {print n + 0}' "$out/unsure")
printf '%s runs agreed, %s were inconclusive\n' "$runs" "$unsure"
[ $((unsure * 20)) -le $((runs + unsure)) ] || { echo 'more than one in twenty'; failed=1; }
awk -v all="$rounds" '$1 == all {print "inconclusive in every round:", $0; found = 1} END {exit !found}' "$out/unsure" && failed=1
exit $failed
