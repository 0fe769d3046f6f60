#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An output is never overwritten unasked, and what was logged survives signals: SIGINT and SIGTERM
# end a run at its next event, SIGKILL leaves a database that says so.
set -u
: "${HEARSAY:?names the program}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-output-XXXXXX") || exit 1
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

complain() {
    echo "FAIL: $*"
    failed=1
}

# is FOUND EXPECTED WHAT
is() {
    [ "$1" = "$2" ] || complain "$3: found \"$1\", expected \"$2\""
}

run() {
    "$HEARSAY" run "$@" -q >out.txt 2>err.txt
    echo $?
}

# column DB NAME: a column of the summary, a line a run
column() {
    "$HEARSAY" show "$1" --csv | awk -F, -v name="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }'
}

intact() {
    if command -v sqlite3 >/dev/null 2>&1; then
        is "$(sqlite3 "$1" 'PRAGMA integrity_check')" ok "integrity of $1"
    else
        echo "sqlite3 is missing: the integrity of $1 was not checked"
    fi
}

cat >short.json <<'EOF'
{ "name": "short", "nodes": 4, "algorithm": "sgp", "model": "quadratic",
  "stop": { "iterations": 5 } }
EOF

# ---- never overwritten unasked
is "$(run short.json -o a.db)" 0 "a first run"
before=$(cksum <a.db)
is "$(run short.json -o a.db --seed 2)" 2 "an existing output"
grep -q 'a\.db exists.*--force.*--append' err.txt || complain "the refusal names no way out: $(cat err.txt)"
is "$(cksum <a.db)" "$before" "bytes of a refused output"
is "$(run short.json -o a.db --append --seed 2)" 0 "--append"
is "$(column a.db seed | tr '\n' ' ')" "1 2 " "seeds after --append"
is "$(run short.json -o a.db --force --seed 3)" 0 "--force"
is "$(column a.db seed | tr '\n' ' ')" "3 " "seeds after --force"
before=$(cksum <a.db)
is "$(run short.json -o a.db --force --set stop.iterations=none)" 2 "--force with a bad request"
is "$(cksum <a.db)" "$before" "bytes after a bad request with --force"
echo text >text.db
is "$(run short.json -o text.db)" 2 "an output that is no database"
is "$(run short.json -o text.db --force)" 2 "--force over what is no database"
is "$(run short.json -o text.db --append)" 2 "--append to what is no database"
is "$(cat text.db)" text "content of what is no database"
is "$(run short.json -o nowhere/a.db)" 2 "an output in no directory"
is "$(run short.json -o new.db --append)" 0 "--append to nothing makes a database"
is "$(column new.db status)" "done" "status of a finished run"
for left in *.new-* *-wal *-shm *-journal; do
    [ ! -e "$left" ] || complain "$left is left"
done

# ---- exit 1: what was logged stays readable
is "$(run short.json -o unmet.db --set 'expect={"iterations":{"min":6}}')" 1 "an unmet expectation"
is "$(column unmet.db status)" "done" "status of a run with an unmet expectation"
"$HEARSAY" run short.json -q --progress none --set 'expect={"iterations":{"min":6}}' \
    --set 'variants=[{"name":"a"},{"name":"b","seed":2}]' >out.txt 2>err.txt
is "$(grep -c 'expect\.iterations: found 5, expected at least 6, in run [ab] (seed [12])$' err.txt)" 2 \
    "messages that name their runs"
is "$(run short.json -o high.db --set optimizer.learning_rate=1e30 --set stop.iterations=90)" 1 \
    "a run that diverges"
is "$(column high.db status)" diverged "status of a run that diverges"
intact high.db

# ---- signals
cat >long.json <<'EOF'
{ "name": "long", "nodes": 4, "algorithm": "sgp", "model": "quadratic",
  "metrics": { "every": "2000 iterations" }, "trace": { "level": "metrics" },
  "stop": { "iterations": 1000000000000 } }
EOF

metrics() {
    "$HEARSAY" show "$1" --metrics --csv 2>/dev/null | wc -l
}

# start DB [ARGUMENT]...: a run that would take years; returns when rows are visible to a reader
start() {
    database=$1
    shift
    "$HEARSAY" run long.json -q -o "$database" "$@" >out.txt 2>err.txt &
    pid=$!
    tries=0
    while [ "$(metrics "$database")" -lt 3 ] && [ $tries -lt 300 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    [ $tries -lt 300 ] || complain "no rows of $database are visible while the run goes on"
    is "$(column "$database" status)" running "status of $database while the run goes on"
}

# finish SIGNAL: its exit status
finish() {
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null
    code=$?
    pid=
}

start int.db
"$HEARSAY" run short.json -q -o int.db --append 2>err2.txt
is $? 2 "a second writer"
finish INT
is $code 130 "exit status after SIGINT"
is "$(column int.db status)" interrupted "status after SIGINT"
grep -q 'interrupted at .* s' err.txt || complain "SIGINT is not reported: $(cat err.txt)"
intact int.db
[ ! -e int.db-wal ] || complain "int.db-wal is left after SIGINT"

start term.db
finish TERM
is $code 143 "exit status after SIGTERM"
is "$(column term.db status)" interrupted "status after SIGTERM"
intact term.db

start kill.db
finish KILL
is $code 137 "exit status after SIGKILL"
is "$(column kill.db status)" running "status after SIGKILL"
[ "$(metrics kill.db)" -ge 3 ] || complain "metrics are lost after SIGKILL"
intact kill.db
is "$(run short.json -o kill.db --append)" 0 "--append after SIGKILL"
is "$(column kill.db status | tr '\n' ' ')" "running done " "statuses after SIGKILL and --append"
intact kill.db

# a killed run may be played again: it is replaced
"$HEARSAY" run long.json -q -o kill.db --append >out.txt 2>err.txt &
pid=$!
sleep 1
finish INT
is $code 130 "the killed run again"
is "$(column kill.db status | sort | tr '\n' ' ')" "done interrupted " "statuses when played again"
intact kill.db
exit $failed
