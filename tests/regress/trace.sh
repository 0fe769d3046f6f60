#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A trace from the command line: written, kept, shown, drawn.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
status=0

# expect STATUS TEXT COMMAND...: the exit status, and a text in what it said.
expect()
{
    wanted=$1 text=$2
    shift 2
    "$@" >said 2>&1
    got=$?
    if [ $got -ne "$wanted" ] || { [ -n "$text" ] && ! grep -qF -- "$text" said; }; then
        echo "expected status $wanted and \"$text\" of: $*"
        echo "found status $got and:"
        cat said
        status=1
    fi
}

# is TEXT TEXT WHAT: equality.
is()
{
    [ "$1" = "$2" ] && return
    echo "$3: expected \"$2\", found \"$1\""
    status=1
}

cat >small.json <<'EOF'
{ "name": "small", "seed": 3, "nodes": 4, "precision": "float64",
  "topology": "ring", "model": "quadratic",
  "stop": { "iterations": 6 }, "metrics": { "every": "2 iteration" },
  "trace": { "level": "messages", "parameters": "metrics" },
  "variants": [ { "name": "first", "algorithm": "d-psgd" },
                { "name": "second", "algorithm": "sgp" } ] }
EOF

expect 0 "" "$HEARSAY" run small.json -o out.db -q
expect 2 "out.db exists" "$HEARSAY" run small.json -o out.db -q
expect 2 "holds this run already" "$HEARSAY" run small.json -o out.db --append -q
expect 0 "" "$HEARSAY" run small.json -o out.db --append -q --seed 4
is "$(ls)" "$(printf 'out.db\nsaid\nsmall.json')" "files"

# ---- show
expect 0 "second" "$HEARSAY" show out.db
is "$("$HEARSAY" show out.db --csv | wc -l)" 5 "summaries of four runs and a head"
is "$("$HEARSAY" show out.db --run first --csv | wc -l)" 3 "summaries of one variant"
is "$("$HEARSAY" show out.db --run 2 --csv | tail -n 1 | cut -d, -f 4)" second "run 2"
expect 0 '"variant": "second"' "$HEARSAY" show out.db --json
expect 0 "blocked" "$HEARSAY" show out.db --blocked
expect 2 "no run \"third\"" "$HEARSAY" show out.db --run third
expect 2 "cannot read missing.db" "$HEARSAY" show missing.db
expect 2 "is no database" "$HEARSAY" show small.json
expect 2 "expects x, z, mean or w" "$HEARSAY" show out.db --parameters y

# The same run has the same rows, digit for digit, in another file.
expect 0 "" "$HEARSAY" run small.json -o again.db -q --threads 2
for what in --metrics --nodes "--parameters z" "--parameters x" "--parameters w"; do
    for variant in first second; do
        # shellcheck disable=SC2086
        "$HEARSAY" show out.db --run $variant $what >both
        # shellcheck disable=SC2086
        "$HEARSAY" show again.db --run $variant $what | sed 1d | cut -d, -f 2- >two
        # Rows of the first seed: those of runs 1 and 2.
        grep -E '^[12],' both | cut -d, -f 2- >one
        [ -s one ] || { echo "show $what --run $variant prints nothing"; status=1; }
        # shellcheck disable=SC2086
        case $what in
        --parameters*) "$HEARSAY" show again.db --run $variant $what | sed 1d >two ;;
        esac
        cmp -s one two || { echo "show $what --run $variant differs between files"; status=1; }
    done
done

# Rows of parameters: sequence,iteration,node,weight,v0,...; four nodes each.
head=$("$HEARSAY" show again.db --run first --parameters z | head -n 1 | cut -d, -f 1-5)
is "$head" "sequence,iteration,node,weight,v0" "head of parameters"
is "$("$HEARSAY" show again.db --run first --parameters z --at 1 | wc -l)" 5 "vectors of a metric"
expect 0 "" "$HEARSAY" show again.db --run first --parameters mean --at 1 -o mean.npy
is "$(head -c 6 mean.npy | tail -c 5)" NUMPY "magic of .npy"
expect 2 "several vectors" "$HEARSAY" show again.db --run first --parameters z -o z.npy
[ -e z.npy ] && { echo "a half-written z.npy is left"; status=1; }

# ---- plot
expect 2 "did you mean \"loss\"" "$HEARSAY" plot out.db los
expect 2 "expects FILE.png" "$HEARSAY" plot out.db loss -o out.db
expect 2 "cannot write" "$HEARSAY" plot out.db loss -o missing/loss.png
expect 1 "gnuplot was not found" env PATH="$folder" "$HEARSAY" plot out.db loss
[ -e out-loss.png ] && { echo "an empty out-loss.png is left"; status=1; }
if command -v gnuplot >/dev/null; then
    for kind in loss consensus timeline; do
        expect 0 "out-$kind.png" "$HEARSAY" plot out.db $kind
        is "$(wc -l <said)" 1 "lines that plot $kind says"
        is "$(head -c 4 out-$kind.png | tail -c 3)" PNG "magic of out-$kind.png"
    done
    expect 0 "two.svg" "$HEARSAY" plot out.db again.db loss --x iteration -o two.svg
    grep -q "first, again" two.svg || { echo "two.svg does not tell the databases apart"; status=1; }
    expect 0 "one.pdf" "$HEARSAY" plot out.db loss --run second --x bytes -o one.pdf
    is "$(head -c 4 one.pdf)" %PDF "magic of one.pdf"
    expect 2 "no run has a value of accuracy" "$HEARSAY" plot out.db accuracy
else
    echo "gnuplot is missing: nothing was drawn"
fi
exit $status
