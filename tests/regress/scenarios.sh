#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every scenario of the project is sound, its timeline plays, and what takes seconds is played with
# its numerics, judged by its own `expect`.  What trains on Fashion-MNIST takes minutes, the
# comparison of all half a minute: here a twentieth of an epoch, and five seconds of simulated time;
# all of it when HEARSAY_LONG is set.
set -u
: "${HEARSAY:?names the program}" "${HS_SRCDIR:?names the sources}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-scenarios-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
skipped=0
count=0

# play FILE [ARGUMENT]...
play() {
    if ! "$HEARSAY" run "$@" -q >"$work/out.txt" 2>&1; then
        echo "FAIL: hearsay run $*"
        sed 's/^/      /' "$work/out.txt"
        failed=1
    fi
}

for file in $(find "$HS_SRCDIR/scenarios" -name '*.json' | sort); do
    count=$((count + 1))
    if grep -q '"fashion-mnist"' "$file" && [ ! -d /usr/share/datasets/fashion-mnist ]; then
        echo "not played, Fashion-MNIST (Debian: dataset-fashion-mnist) is not installed: $file"
        skipped=$((skipped + 1))
        continue
    fi
    if ! "$HEARSAY" check "$file" >"$work/out.txt" 2>&1; then
        echo "FAIL: hearsay check $file"
        sed 's/^/      /' "$work/out.txt"
        failed=1
        continue
    fi
    grep -Eq '"target_(loss|accuracy)"' "$file" || play "$file" --device none
    if grep -q '"fashion-mnist"' "$file" && [ -z "${HEARSAY_LONG-}" ]; then
        play "$file" --set 'stop={"epochs":0.05}' --set 'expect={}'
    elif [ "${file##*/}" = compare.json ] && [ -z "${HEARSAY_LONG-}" ]; then
        play "$file" --set stop.time='5 s' --set expect.time_to_target_s.max=null
    else
        play "$file"
    fi
done
[ "$count" -gt 0 ] || { echo "FAIL: found no scenarios"; failed=1; }
[ "$failed" -eq 0 ] || exit 1
[ "$skipped" -lt "$count" ] || { echo "SKIP: all scenarios need Fashion-MNIST"; exit 77; }
echo "$((count - skipped)) scenarios played"
