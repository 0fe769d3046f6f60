#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The queries of docs/trace.md run as they stand, and that of staleness counts what it should.
set -u
: "${HEARSAY:?names the program}" "${HS_SRCDIR:?names the sources}"
command -v sqlite3 >/dev/null 2>&1 || { echo "SKIP: sqlite3 is missing"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-queries-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# Four equal workers of an asynchronous server push at the same instants: after the first round,
# whose pushes find 0, 1, 2 and 3 versions more than they read, each finds 3.
cat >"$work/four.json" <<'JSON'
{ "nodes": 4, "algorithm": "async-server",
  "compute": { "gradient_time": { "distribution": "constant", "mean": "100 ms" } },
  "network": { "model": "ideal", "latency": "0 s" }, "wire": { "message_size": "0 B" },
  "model": "quadratic", "optimizer": { "name": "sgd", "learning_rate": 0.1 },
  "stop": { "iterations": 100 } }
JSON
"$HEARSAY" run "$work/four.json" -q -o "$work/four.db" >"$work/out.txt" 2>&1 || {
    cat "$work/out.txt"
    exit 1
}

# One file a query: 1.sql, 2.sql, ...
awk -v folder="$work" '/^```sql/ { file = folder "/" ++count ".sql"; next }
     /^```/ { file = "" }
     file { print > file }' "$HS_SRCDIR/docs/trace.md"
played=0
while [ -s "$work/$((played + 1)).sql" ]; do
    played=$((played + 1))
    if ! sqlite3 "$work/four.db" <"$work/$played.sql" >"$work/$played.txt" 2>&1; then
        echo "FAIL: query $played of docs/trace.md:"
        cat "$work/$played.sql" "$work/$played.txt"
        failed=1
    fi
done
[ "$played" -gt 0 ] || { echo "FAIL: docs/trace.md has no queries"; failed=1; }

histogram=$(cat "$(grep -l '^-- How stale' "$work"/*.sql | sed 's/sql$/txt/')" | cut -d'|' -f2- | tr '\n' ' ')
[ "$histogram" = '0|1 1|1 2|1 3|397 ' ] || {
    echo "FAIL: staleness|updates: $histogram, expected 0|1 1|1 2|1 3|397"
    failed=1
}
exit $failed
