#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Dependencies point one way.  gcc -MM names every header that a file reaches, so an upward
# dependency is found however long its path is.
set -u
. "$LINT_DIR/sources.sh"
need gcc gcc
files=$(sources '*.c' '*.h' | grep -E '^(sim|models|topologies|gpu)/')
some "$(echo "$files" | grep -c .)" "C files"

reached=$(mktemp) || exit 1
trap 'rm -f "$reached"' EXIT
echo "$files" | xargs gcc -MM -MG -DREAL_BITS=32 -Isim -I. >"$reached" || exit 1

sed -e ':join' -e '/\\$/{N;s/\\\n//;bjoin' -e '}' "$reached" | awk '
function room(path) {
    if (path ~ /^sim\/hearsay\.[ch]$/)
        return "hearsay"
    if (path == "sim/main.c")
        return "main"
    sub(/^sim\//, "", path)
    sub(/\/.*/, "", path)
    return path
}
BEGIN {
    split("core:0 numerics:1 topologies:1 trace:1 models:2 cluster:2 gpu:2 collectives:3 " \
          "algorithms:4 run:5 scenario:6 sweep:7 hearsay:8 cli:9 main:10", pairs, " ")
    for (i in pairs) {
        split(pairs[i], pair, ":")
        height[pair[1]] = pair[2]
    }
}
{
    file = $2
    from = room(file)
    if (!(from in height)) {
        print file ": its folder has no place in the order of layers.sh"
        bad = 1
    }
    for (i = 3; i <= NF; i++) {
        to = room($i)
        if (!(to in height) || to == from)
            continue
        checked++
        wrong = height[to] >= height[from]
        if (from == "gpu" && to != "numerics" && to != "core")
            wrong = 1
        if (wrong) {
            print file ": reaches " $i ", and " from " may not depend on " to
            bad = 1
        }
    }
}
END {
    print checked + 0 " dependencies of " NR " files"
    exit bad || checked == 0
}' || exit 1

status=0
# A node program knows what algorithm.h and the headers of its family offer, and nothing else.
for file in $(echo "$files" | grep '^sim/algorithms/.*\.c$'); do
    grep -nE '^[ \t]*#[ \t]*include' "$file" |
        grep -vE '"algorithms/[a-z_]+\.h"|<(assert|float|inttypes|limits|math|stdbool|stddef|stdint|string)\.h>' |
        sed "s|^|$file:|; s|\$|: a node program includes only algorithm.h|" | grep . && status=1
done
# main.c dispatches.
if [ -f sim/main.c ]; then
    grep -nE '^#include "' sim/main.c | grep -v '"cli/' && status=1
fi
exit $status
