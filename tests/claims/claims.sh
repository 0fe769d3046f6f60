#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# claims.sh CLAIMS.md: reruns the command of every claim, a row of a table
#
#     | claim | `command` | last value | commit |
#
# and prints what it says beside the value written down.  A claim fails when its command does.
# Commands run in the build folder, with $HEARSAY, $HS_SRCDIR and the program itself on the PATH.
# A "|" inside a command is written "\|".
set -u
[ -f "${1-}" ] || { echo "usage: claims.sh CLAIMS.md" >&2; exit 2; }
rows=$(mktemp) || exit 1
trap 'rm -f "$rows"' EXIT
PATH=$HS_BUILDDIR:$PATH
export PATH
cd "$HS_BUILDDIR" || exit 1

# claim <tab> command <tab> value
sed -n 's/\\|/\a/g; s/^| *\([^|]*[^| ]\) *| *`\([^`]*\)` *| *\([^|]*[^| ]\) *|.*/\1\t\2\t\3/p' "$1" |
    tr '\a' '|' >"$rows"
held=0
failed=0
tab=$(printf '\t')
while IFS=$tab read -r claim command value <&3; do
    printf '== %s\n   $ %s\n   written: %s\n' "$claim" "$command" "$value"
    if output=$(sh -c "$command" 2>&1 </dev/null); then
        held=$((held + 1))
    else
        failed=$((failed + 1))
        echo "   FAILED"
    fi
    printf '%s\n' "$output" | tail -n 5 | sed 's/^/   now: /'
done 3<"$rows"
echo "claims: $held held, $failed failed"
[ $failed = 0 ] && [ $held -gt 0 ]
