#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What every command says of itself; standard streams; a resolved scenario is the same run.
set -u
: "${HEARSAY:?names the program}" "${HS_SRCDIR:?names the sources}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-commands-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# expect STATUS PATTERN [ARGUMENT]...: exit status, and an extended regular expression in the output
expect() {
    wanted=$1 pattern=$2
    shift 2
    "$HEARSAY" "$@" >said.txt 2>&1 </dev/null
    got=$?
    if [ $got -ne "$wanted" ] || ! grep -Eq -- "$pattern" said.txt; then
        echo "FAIL: hearsay $*: status $got, expected $wanted and $pattern in:"
        sed 's/^/      /' said.txt | head -n 20
        failed=1
    fi
}

# ---- help
expect 0 '^hearsay [0-9]+\.[0-9]+' --version
expect 0 '^usage: hearsay COMMAND' --help
expect 2 '^usage: hearsay COMMAND'
"$HEARSAY" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >commands.txt
[ "$(wc -l <commands.txt)" -ge 7 ] || { echo "FAIL: --help lists $(cat commands.txt)"; failed=1; }
while read -r command; do
    expect 0 "^usage: hearsay $command" "$command" --help
    expect 2 . "$command" --no-such-option
done <commands.txt

# ---- list and explain know each other
expect 0 '^  one-peer-exponential ' list topologies
expect 0 'ICML 2019' list algorithms --verbose
expect 2 'did you mean "topologies"' list topologys
"$HEARSAY" list algorithms | sed -n 's/^  \([^ ]*\) .*/\1/p' >algorithms.txt
[ "$(wc -l <algorithms.txt)" -ge 8 ] || { echo "FAIL: list algorithms"; failed=1; }
"$HEARSAY" list algorithms --verbose >verbose.txt
expect 0 'randomized-gossip, .*: needs a matching at every phase' list --matrix
mv said.txt matrix.txt
head -n 2 matrix.txt | grep -q 'pairs of other parts .*' || { echo "FAIL: matrix header"; failed=1; }
families=$(grep -c '^[a-z].* ([a-z._]*)$' matrix.txt)
[ "$families" -ge 8 ] || { echo "FAIL: list --matrix has $families tables"; failed=1; }
while read -r algorithm; do # a block with requirements, a row in every family's table
    sed -n "/^  $algorithm: /,/requirements:/p" verbose.txt | grep -q requirements: ||
        { echo "FAIL: no requirements of $algorithm"; failed=1; }
    [ "$(grep -Ec "^  $algorithm +(yes|file|-|\\(?[0-9])" matrix.txt)" -ge "$families" ] ||
        { echo "FAIL: $algorithm is not in each of $families families"; failed=1; }
done <algorithms.txt
for key in nodes seed compute.gradient_time compute.stragglers network.bandwidth topology \
    algorithm optimizer.learning_rate model data stop.target_loss metrics.every trace.level expect; do
    expect 0 . explain $key
done
expect 2 'did you mean "stragglers"' explain compute.straglers
# shellcheck disable=SC2016
expect 0 '"\$schema"' explain --schema

# ---- check names what lets values steer time, and a device without values refuses it
cat >values.json <<'JSON'
{ "nodes": 2, "algorithm": "async-server", "model": "quadratic",
  "optimizer": { "name": "sgd", "learning_rate": 0.1 },
  "compressor": { "name": "qsgd", "encoding": "elias" },
  "stop": { "target_loss": 0.1, "iterations": 3 } }
JSON
expect 0 'values steer time: compressor.name, stop.target_loss$' check values.json
expect 2 'sizes depend on values' run values.json --device none
expect 0 ': fine, run [0-9a-f]*$' check values.json --set 'stop={"iterations":3}' \
    --set compressor.encoding=fixed

# ---- topology: log2 n rounds average exactly on the one-peer exponential graph
for n in 2 4 8 64; do
    rounds=$(awk -v n=$n 'BEGIN { for (t = 0; 2 ^ t < n; t++); print t }')
    expect 0 "\"exact_after\": $rounds\$" topology one-peer-exponential --nodes $n --json
done
expect 0 '"doubly_stochastic": true' topology ring --nodes 9 --json
expect 0 '^digraph ' topology star --nodes 5 --dot
expect 2 'even' topology sgp-bipartite-exponential --nodes 5
expect 2 'did you mean "ring"' topology rign --nodes 5
expect 2 '^hearsay: argument rign: topology: found "rign"' topology rign
expect 2 '^hearsay: --nodes x: nodes: found "x"' topology ring --nodes x
expect 2 '^hearsay: --set rows=x: topology\.rows: found "x"' topology torus --set rows=x

# ---- standard streams
cat >small.json <<'EOF'
{ "name": "small", "nodes": 4, "algorithm": "sgp", "model": "quadratic", // a comment
  "stop": { "iterations": 5 } }
EOF
"$HEARSAY" check small.json >file.txt
"$HEARSAY" check - <small.json >stream.txt
cmp -s file.txt stream.txt || { echo "FAIL: check - differs from check FILE"; failed=1; }
NO_COLOR=1 "$HEARSAY" run small.json >table.txt 2>err.txt || { echo "FAIL: run"; failed=1; }
grep -q 'iterations' table.txt || { echo "FAIL: no closing table"; failed=1; }
grep -q "$(printf '\033')" table.txt err.txt && { echo "FAIL: escapes in a file"; failed=1; }
if [ -w /dev/full ]; then
    "$HEARSAY" list >/dev/full 2>err.txt
    [ $? -eq 1 ] || { echo "FAIL: a full disk goes unnoticed"; failed=1; }
    grep -q 'standard output' err.txt || { echo "FAIL: a full disk is not named"; failed=1; }
fi

# ---- with all defaults written out it is the same run, with the same identity
identity() {
    "$HEARSAY" check "$1" | sed -n 's/.* run \([0-9a-f]*\).*/\1/p'
}
"$HEARSAY" check small.json --resolved >resolved.json || failed=1
[ -n "$(identity small.json)" ] || { echo "FAIL: check names no identity"; failed=1; }
[ "$(identity small.json)" = "$(identity resolved.json)" ] ||
    { echo "FAIL: the resolved scenario is another run"; failed=1; }
sed 's/"small"/"renamed"/' small.json >renamed.json
[ "$(identity small.json)" = "$(identity renamed.json)" ] ||
    { echo "FAIL: the name is part of the identity"; failed=1; }
sed 's/"iterations": 5/"iterations": 6/' small.json >other.json
[ "$(identity small.json)" != "$(identity other.json)" ] ||
    { echo "FAIL: iterations are no part of the identity"; failed=1; }
exit $failed
