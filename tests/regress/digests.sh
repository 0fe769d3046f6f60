#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Both digests are the same for any number of threads and any plan memory; the timeline's also
# without numerics; another seed gives others; --verify plays twice and agrees.
set -u
: "${HEARSAY:?names the program}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-digests-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

complain() {
    echo "FAIL: $*" >&2
    failed=1
}

cat >scenario.json <<'EOF'
{ "nodes": 6, "seed": 7,
  "compute": { "gradient_time": { "distribution": "lognormal", "mean": "40 ms", "cv": 0.3 },
               "stragglers": [ { "probability": 0.1, "slowdown": 5 } ] },
  "network": { "bandwidth": "1 Gbps" }, "wire": { "message_size": "4 MB" },
  "model": { "name": "mlp", "hidden": [40, 20] },
  "data": { "name": "gaussian-blobs", "samples": 1200, "batch_size": 16,
            "partition": { "name": "dirichlet", "alpha": 0.5 } },
  "optimizer": { "name": "nesterov", "learning_rate": 0.05, "momentum": 0.9 },
  "metrics": { "every": "0.5 epochs" }, "stop": { "epochs": 2 },
  "variants": [
    { "name": "sgp", "algorithm": "sgp" },
    { "name": "d-psgd", "algorithm": "d-psgd", "topology": "ring" },
    { "name": "ar-sgd", "algorithm": "ar-sgd", "precision": "float64" },
    { "name": "push-sum", "algorithm": "push-sum", "model": "quadratic", "data": "none",
      "initial": "random", "metrics": { "every": "1 iteration" }, "stop": { "epochs": null, "iterations": 9 } } ] }
EOF

# digests COLUMNS [ARGUMENT]...: a line a run
digests() {
    columns=$1
    shift
    rm -f out.db
    "$HEARSAY" run scenario.json -q -o out.db "$@" || { complain "run $*"; return; }
    "$HEARSAY" show out.db --csv | awk -F, -v names="$columns" '
        NR == 1 { n = split(names, want, " ")
                  for (i = 1; i <= NF; i++) for (j = 1; j <= n; j++) if ($i == want[j]) at[j] = i
                  next }
        { for (j = 1; j <= n; j++) printf "%s ", $at[j]; print "" }'
}

both="timeline_digest metrics_digest"
digests "$both" --threads 1 >reference.txt
grep -Ecq '^[0-9a-f]{32} [0-9a-f]{32} $' reference.txt || complain "no digests: $(cat reference.txt)"
[ "$(sort -u reference.txt | wc -l)" -eq 4 ] || complain "runs share digests"

same() {
    name=$1
    shift
    digests "$both" "$@" >other.txt
    cmp -s reference.txt other.txt || complain "$name changes the digests"
}
same "1 thread again" --threads 1
same "2 threads" --threads 2
same "8 threads" --threads 8
same "a small plan memory" --threads 2 --set 'plan_memory=110 kB'
same "another plan memory" --threads 1 --set 'plan_memory=1 MiB'
same "a large plan memory" --threads 8 --set 'plan_memory=4 GiB'
same "the trace level" --set trace.level=none
same "storing parameters" --set trace.parameters=metrics

digests timeline_digest --threads 1 >reference.txt
digests timeline_digest --device none >other.txt
cmp -s reference.txt other.txt || complain "the timeline depends on the numerics"

# another seed: nothing in common but push-sum's timeline, which draws nothing
digests "$both" --seed 8 >eight.txt
digests "$both" --seed 7 >seven.txt
tr ' ' '\n' <eight.txt | grep . | sort >other.txt
tr ' ' '\n' <seven.txt | grep . | sort >reference.txt
shared=$(comm -12 reference.txt other.txt | wc -l)
[ "$shared" -eq 1 ] || complain "seeds 7 and 8 share $shared digests, expected 1"

"$HEARSAY" run scenario.json -q --verify --threads 2 || complain "--verify"
"$HEARSAY" run scenario.json --progress none >table.txt || complain "run with a table"
while read -r digest; do
    grep -q "$digest" table.txt || complain "the closing table lacks $digest"
done <reference.txt
exit $failed
