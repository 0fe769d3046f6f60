#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is wrong with a request is said with its place, path, what was found and what is expected;
# exit status 2; and no output is made.
set -u
: "${HEARSAY:?names the program}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-bad-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
cases=0

complain() {
    echo "FAIL: $1"
    shift
    printf '      %s\n' "$@"
    failed=1
}

# refuse NAME PATTERN FILE [ARGUMENT]...: the message must match the extended regular expression.
refuse() {
    name=$1 pattern=$2 file=$3
    shift 3
    cases=$((cases + 1))
    timeout 120 "$HEARSAY" run "$file" -q -o out.db "$@" >out.txt 2>err.txt
    status=$?
    message=$(head -n 1 err.txt)
    [ "$status" -eq 2 ] || complain "$name: exit status $status, expected 2" "$message"
    printf '%s\n' "$message" | grep -Eq -- "$pattern" ||
        complain "$name: the message does not fit" "found:    $message" "expected: $pattern"
    for made in out.db*; do
        [ ! -e "$made" ] || complain "$name: made $made"
        rm -f "$made"
    done
}

# scenario FILE: a sound scenario whose `// HERE` line is replaced by standard input.
scenario() {
    {
        echo '{ "nodes": 4,'
        cat
        echo '  "algorithm": "sgp",'
        echo '  "model": { "name": "quadratic" },'
        echo '  "stop": { "iterations": 3 } }'
    } >"$1"
}

scenario good.json </dev/null
"$HEARSAY" run good.json -q -o out.db || complain "the sound scenario does not run"
rm -f out.db

# ---- keys, types, units, ranges; the inserted text is line 2
echo '  "sede": 3,' | scenario key.json
refuse "unknown key" '^hearsay: key\.json:2:3: sede: unknown key, did you mean "seed"' key.json
echo '  "network": { "bandwith": "10 Gbps" },' | scenario nested.json
refuse "unknown nested key" \
    '^hearsay: nested\.json:2:16: network\.bandwith: unknown key, did you mean "bandwidth"' \
    nested.json
echo '  "topology": "rign",' | scenario plugin.json
refuse "unknown name" '^hearsay: plugin\.json:2:15: topology[a-z.]*: .*"rign".*"ring"' plugin.json
echo '  "seed": "three",' | scenario type.json
refuse "wrong type" '^hearsay: type\.json:2:11: seed: found "three", expected a whole number' type.json
echo '  "network": 7,' | scenario object.json
refuse "number for an object" '^hearsay: object\.json:2:14: network: found 7, expected an object' \
    object.json
echo '  "seed": 1.5,' | scenario whole.json
refuse "fraction for a whole number" '^hearsay: whole\.json:2:11: seed: found 1\.5, expected' whole.json
echo '  "network": { "latency": "5 Gbps" },' | scenario unit.json
refuse "wrong unit" '^hearsay: unit\.json:2:27: network\.latency: found "5 Gbps", expected a duration' \
    unit.json
echo '  "network": { "bandwidth": 10 },' | scenario bare.json
refuse "no unit" '^hearsay: bare\.json:2:29: network\.bandwidth: found 10, expected a bandwidth' bare.json
echo '  "network": { "efficiency": 1.5 },' | scenario range.json
refuse "out of range" '^hearsay: range\.json:2:30: network\.efficiency: found 1\.5, expected .* 1' range.json
echo '  "optimizer": { "learning_rate": 1e999 },' | scenario huge.json
refuse "not finite" '^hearsay: huge\.json:2:35: (optimizer\.learning_rate: )?.*1e999' huge.json
echo '  "seed": 99999999999999999999,' | scenario long.json
refuse "beyond 64 bits" '^hearsay: long\.json:2:11: seed: found 99999999999999999999' long.json
printf '{ "nodes": 4, "model": "quadratic",\n  "stop": { "iterations": 3 } }\n' >missing.json
refuse "required key" '^hearsay: missing\.json:1:1: algorithm: ' missing.json

# ---- contradictory choices
printf '{ "nodes": 5, "algorithm": "d-psgd", "model": "quadratic",\n%s\n%s\n' \
    '  "topology": { "name": "sgp-bipartite-exponential" },' \
    '  "stop": { "iterations": 3 } }' >odd.json
refuse "bipartite with odd n" '^hearsay: odd\.json:2:25: topology\.name: .*even.* 5' odd.json
echo '  "topology": { "name": "torus", "rows": 3 },' | scenario torus.json
refuse "torus that n does not fit" '^hearsay: torus\.json:2:42: topology\.rows: .*3 rows' torus.json
printf '0,1\n0,2\n1,2\n2,3\n3,0\n' >edges.csv
printf '{ "nodes": 4, "algorithm": "d-psgd", "model": "quadratic",\n%s\n%s\n' \
    '  "topology": { "name": "edge-list", "path": "edges.csv" },' \
    '  "stop": { "iterations": 3 } }' >column.json
refuse "D-PSGD on a merely column-stochastic graph" \
    '^hearsay: column\.json:2:25: topology\.name: .*d-psgd.*stochastic' column.json
printf '{ "nodes": 4, "algorithm": "push-sum", "model": "quadratic",\n%s\n' \
    '  "stop": { "epochs": 3 } }' >epochs.json
refuse "epochs without gradients" '^hearsay: epochs\.json:2:23: stop\.epochs: .*push-sum' epochs.json
refuse "targets without numerics" '^hearsay: --set stop\.target_loss=0\.1: stop\.target_loss: ' \
    good.json --set stop.target_loss=0.1 --device none
refuse "no stop" '^hearsay: --set stop=\{\}: stop: found nothing that stops' good.json --set 'stop={}'
refuse "plan memory below a vector" '^hearsay: --set plan_memory=30 B: plan_memory: found 30 bytes, expected at least 40' \
    good.json --set 'plan_memory=30 B'

# ---- keys that would do nothing
idle() { # NAME PATH FOUND EXPECTED [KEY=VALUE]...
    name=$1 pattern="^hearsay: --set .*: $2: found $3, expected $4"
    shift 4
    for value; do
        set -- "$@" --set "$value"
        shift
    done
    refuse "$name" "$pattern" good.json --set topology=random-matching "$@"
}
idle "ticks of rounds" algorithm.tick_time '2 s with clock "round".*' 'it with clock "poisson"' \
    algorithm=randomized-gossip 'algorithm.tick_time=2 s'
idle "cycles of rounds" algorithm.cycle_time '1 s with clock "round".*' 'it with clock "periodic"' \
    algorithm=push-pull 'algorithm.cycle_time=1 s'
idle "full steps before full steps" algorithm.prepass 'it with partial false.*' 'it with partial true' \
    'algorithm={ "name": "lpp-sgd", "partial": false, "prepass": "3 epochs" }'
idle "growth at no time" algorithm.growth '2 and no growth_at' 'iterations' \
    'algorithm={ "name": "local-sgd", "growth": 2 }'
idle "growth that goes back" algorithm.growth_at '20 after 20' 'ascending' \
    'algorithm={ "name": "local-sgd", "growth_at": [10, 20, 20] }'

# ---- overrides are blamed at their own place
refuse "bad --set value" '^hearsay: --set nodes=many: nodes: found "many", expected a whole number' \
    good.json --set nodes=many
refuse "bad --set key" '^hearsay: --set network\.latancy=1 s: network\.latancy: unknown key.*"latency"' \
    good.json --set 'network.latancy=1 s'
refuse "bad --set text" '^hearsay run: --set expects KEY.PATH=VALUE' good.json --set nodes
refuse "bad --seed" '^hearsay: --set seed=-1: seed: found -1' good.json --seed -1

# ---- files
refuse "missing file" '^hearsay: nowhere\.json: .*No such file' nowhere.json
refuse "directory" '^hearsay: \.: .*directory' .
: >empty.json
refuse "empty file" '^hearsay: empty\.json:1:1: ' empty.json
echo '  "initial": { "name": "csv", "path": "nowhere.csv" },' | scenario csv.json
refuse "missing file in a scenario" '^hearsay: csv\.json:2:39: initial\.path: .*nowhere\.csv' csv.json
printf '1,2\n3,4\n' >short.csv
echo '  "initial": { "name": "csv", "path": "short.csv" },' | scenario short.json
refuse "table of another size" \
    '^hearsay: short\.json:2:39: initial\.path: .*short\.csv.*(2 rows for 4 nodes|2 numbers.*10 parameters)' \
    short.json

# ---- JSON and its encoding
printf '{ "nodes": 4,\n  "seed": 1,\n  "seed": 2 }\n' >twice.json
refuse "duplicate key" '^hearsay: twice\.json:3:3: .*"seed" twice.*twice\.json:2:3' twice.json
printf '{ "nodes": 4,\n  "seed": 01 }\n' >zero.json
refuse "leading zero" '^hearsay: zero\.json:2:1[12]: ' zero.json
printf '{ "nodes": 4,\n' >open.json
refuse "text that ends early" '^hearsay: open\.json:[12]:[0-9]+: ' open.json
printf '{ "nodes": 4 } x\n' >after.json
refuse "text after the end" '^hearsay: after\.json:1:16: ' after.json
printf '{ "name": "a\377b",\n  "nodes": 4 }\n' >utf8.json
refuse "bad UTF-8" '^hearsay: utf8\.json:1:13: .*UTF-8' utf8.json
printf '{ "name": "\355\240\200" }\n' >surrogate.json
refuse "surrogate in UTF-8" '^hearsay: surrogate\.json:1:12: .*UTF-8' surrogate.json
printf '{ "name": "a\000b",\n  "nodes": 4 }\n' >nul.json
refuse "NUL" '^hearsay: nul\.json:1:13: .*(NUL|control)' nul.json
nest() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "["; for (i = 0; i < n; i++) printf "]" }'; }
nest 65 >deep.json
refuse "nesting 65" '^hearsay: deep\.json:1:65: .*64' deep.json
nest 64 >edge.json
refuse "nesting 64 is only no scenario" '^hearsay: edge\.json:1:1: found a list, expected .*an object' edge.json
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "{\"a\":[" }' >bomb.json
refuse "nesting without end" '^hearsay: bomb\.json:1:[0-9]+: .*64' bomb.json
{
    printf '{ "nodes": 4, "name": "'
    head -c 100000000 /dev/zero | tr '\0' a
    printf '" }\n'
} >large.json
refuse "100 MB" '^hearsay: large\.json:[0-9]*:?[0-9]*:? .*(large|bytes|MB|MiB)' large.json
rm -f large.json

# ---- IDX files that are truncated, or lie
mkdir idx
images() { printf '\000\000\010\003\000\000\000\004\000\000\000\002\000\000\000\002'; }
labels() { printf '\000\000\010\001\000\000\000\004'; }
sound() {
    for set in train t10k; do
        { images; printf 'abcdefghijklmnop'; } >idx/$set-images-idx3-ubyte
        { labels; printf '\000\001\002\003'; } >idx/$set-labels-idx1-ubyte
    done
}
printf '{ "nodes": 2, "algorithm": "sgp", "model": "softmax",\n%s\n%s\n' \
    '  "data": { "name": "idx", "path": "idx", "batch_size": 2 },' \
    '  "stop": { "iterations": 2 } }' >idx.json
place='^hearsay: idx\.json:2:36: data\.path: .*/idx/'
sound
"$HEARSAY" run idx.json -q || complain "sound IDX files are refused"
{ images; printf 'abcdefghijklmno'; } >idx/train-images-idx3-ubyte
refuse "truncated IDX" "${place}train-images-idx3-ubyte: .*truncated" idx.json
images | head -c 9 >idx/train-images-idx3-ubyte
refuse "truncated IDX header" "${place}train-images-idx3-ubyte: .*truncated" idx.json
sound
{ images; printf 'abcdefghijklmnopq'; } >idx/train-images-idx3-ubyte
refuse "IDX longer than it says" "${place}train-images-idx3-ubyte: " idx.json
sound
{ printf '\000\000\010\003\177\377\377\377\177\377\377\377\177\377\377\377'; printf 'abcd'; } \
    >idx/train-images-idx3-ubyte
refuse "IDX that claims exabytes" "${place}train-images-idx3-ubyte: " idx.json
sound
{ labels; printf '\000\001\002\013'; } >idx/train-labels-idx1-ubyte
refuse "IDX label out of range" "${place}train-labels-idx1-ubyte: .*11" idx.json
sound
{ printf '\000\000\010\001\000\000\000\003'; printf '\000\001\002'; } >idx/train-labels-idx1-ubyte
refuse "fewer labels than images" "${place}train-labels-idx1-ubyte has 3 labels for 4 images" idx.json
sound
{ printf '\000\000\015\003\000\000\000\004\000\000\000\002\000\000\000\002'; printf 'abcd'; } \
    >idx/train-images-idx3-ubyte
refuse "IDX of floats" "${place}train-images-idx3-ubyte: the magic number is 0x00000d03" idx.json
sound
rm idx/t10k-labels-idx1-ubyte
refuse "missing IDX file" '^hearsay: idx\.json:2:36: data\.path: .*/idx has neither t10k-labels' idx.json

# ---- the command line itself
for arguments in "" "run" "run a.json b.json" "run good.json --threads 0" "run good.json --bogus" \
    "run good.json --device cude" "run good.json --force --append -o out.db" "rnu good.json"; do
    cases=$((cases + 1))
    # shellcheck disable=SC2086
    "$HEARSAY" $arguments >out.txt 2>err.txt
    status=$?
    [ $status -eq 2 ] || complain "hearsay $arguments: exit status $status, expected 2"
    [ -s err.txt ] || complain "hearsay $arguments: says nothing"
done
"$HEARSAY" rnu 2>&1 | grep -q 'did you mean "run"' || complain "a mistyped command names none"

# `check` says the same as `run`
"$HEARSAY" check key.json 2>err.txt
status=$?
{ [ $status -eq 2 ] && grep -q 'key\.json:2:3: sede' err.txt; } || complain "check differs from run"

[ "$failed" -eq 0 ] && echo "$cases bad requests refused"
exit $failed
