#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every algorithm, all-reduce, all-gather, outer optimizer and compressor that the program knows has
# a small scenario in scenarios/algorithms/ that chooses it by name and judges what comes out
# ("expect"); tests/regress/scenarios.sh plays them.
set -u
: "${HEARSAY:?names the program}" "${HS_SRCDIR:?names the sources}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-coverage-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
names=0

# One line a scenario with an expectation: without comments, so that nothing is found in prose.
# An expectation has a bound, and no range in it is empty.
judges='"expect": *\{ *"[a-z_]*": *\{[^{}]*"(min|max|near)": *[-0-9]'
idle='"expect": *\{([^{}]*\{[^{}]*\})*[^{}]*\{ *\}'
for file in "$HS_SRCDIR"/scenarios/algorithms/*.json; do
    sed 's|//.*||' "$file" | tr -s '\n\t ' '   ' >"$work/text"
    if grep -Eq "$judges" "$work/text" && ! grep -Eq "$idle" "$work/text"; then
        cat "$work/text" >>"$work/judged"
        echo >>"$work/judged"
    else
        echo "FAIL: $file: found no \"expect\" that says anything"
        failed=1
    fi
done

# chosen KEY FAMILY: each member of `hearsay list FAMILY` is the value of KEY somewhere.
chosen() {
    "$HEARSAY" list "$2" >"$work/list" || { echo "FAIL: hearsay list $2"; failed=1; }
    for name in $(sed -n 's/^  \([^ ][^ ]*\) .*/\1/p' "$work/list"); do
        names=$((names + 1))
        [ "$name" = none ] && continue
        grep -Eq "\"$1\": *(\"$name\"|\{ *\"name\": *\"$name\")" "$work/judged" && continue
        echo "FAIL: found no \"$1\": \"$name\" in scenarios/algorithms/, expected a scenario with it"
        failed=1
    done
}

chosen algorithm algorithms
chosen collective all-reduces
chosen gather all-gathers
chosen compressor compressors
chosen outer 'outer optimizers'
[ "$names" -gt 50 ] || { echo "FAIL: found $names names, expected more"; failed=1; }
[ "$failed" -eq 0 ] || exit 1
echo "$names names, each in a scenario with an expectation"
