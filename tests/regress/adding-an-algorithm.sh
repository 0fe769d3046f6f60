#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/adding-an-algorithm.md is true: its file, its registry line and its build line, and nothing
# else, make the built program into one with a new algorithm; its scenario meets its numbers.
#
# The page's three parts go into a copy of sim/algorithms.  What local.mk then lists and the build
# does not have in this form is compiled as the build compiles, and linked with all the rest.
set -u
: "${HS_SRCDIR:?names the sources}" "${HS_BUILDDIR:?names the build folder}"
page=$HS_SRCDIR/docs/adding-an-algorithm.md
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-adding-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS # of the make that runs this suite
failed=0

complain() {
    echo "FAIL: $*"
    failed=1
}

give_up() {
    complain "$*"
    [ ! -s "$work/log" ] || sed 's/^/      /' "$work/log"
    exit 1
}

# block INFO: the text of the page's only block that opens with ```INFO
block() {
    awk -v open="\`\`\`$1" '$0 == open { inside = 1; blocks++; next }
                            /^```/ { inside = 0 }
                            inside { print }
                            END { exit blocks != 1 }' "$page" || give_up "not one \`\`\`$1 block: $page"
}

lines() {
    [ "$(wc -l <"$1")" -eq "$2" ] || give_up "the page's $1 has $(wc -l <"$1") lines, expected $2"
}

cd "$work" || exit 1
name=$(sed -n 's/^`sim\/algorithms\/\([a-z_]*\.c\)`.*/\1/p' "$page")
[ -n "$name" ] || give_up "the page names no new file"
[ ! -e "$HS_SRCDIR/sim/algorithms/$name" ] || give_up "$name is there already: show another one"
mkdir -p sim/algorithms
cp "$HS_SRCDIR"/sim/algorithms/registry.c "$HS_SRCDIR"/sim/algorithms/local.mk sim/algorithms/
chmod u+w sim/algorithms/* # sources may be read-only
block c >"sim/algorithms/$name"
block "c registry" >registry-line
block make >build-line
block json >scenario.json
lines registry-line 1
lines build-line 1
program=$(awk 'below && NF { n++ } /^#include/ { below = 1 } END { print n + 0 }' \
    "sim/algorithms/$name")
[ "$program" -gt 0 ] && [ "$program" -le 40 ] || complain "$name has $program lines, expected 40"

sed -i.before '/^#define ALGORITHM_LIST/r registry-line' sim/algorithms/registry.c
cat build-line >>sim/algorithms/local.mk
sed -n 's/^libhearsay_la_SOURCES += \(.*\.c\)$/\1/p' sim/algorithms/local.mk >listed

cd "$HS_BUILDDIR" || exit 1
objects=
while IFS= read -r source; do
    if [ -e "$work/$source" ]; then
        object=$work/$(basename "$source" .c).o
        SOURCE=$work/$source OBJECT=$object make -s added-object >"$work/log" 2>&1 ||
            give_up "$source does not compile"
        objects="$objects $object"
    elif [ ! -e "$HS_SRCDIR/$source" ]; then
        give_up "listed but not there: $source"
    fi
done <"$work/listed"
# The changed registry stands before the library's, which is not taken then.
PROGRAM=$work/hearsay OBJECTS=$objects make -s added-program >"$work/log" 2>&1 ||
    give_up "the program does not link"

cd "$work" || exit 1
algorithm=$(basename "$name" .c | tr _ -)
./hearsay list algorithms >list.txt || complain "list algorithms"
grep -q "^ *$algorithm " list.txt || complain "list algorithms does not name $algorithm"
./hearsay list --matrix 2>&1 | grep -q "$algorithm" || complain "list --matrix does not name $algorithm"
! "$HS_BUILDDIR/hearsay" check scenario.json >log 2>&1 || complain "the built program knows $algorithm"
rm -f log
./hearsay run scenario.json --progress none -o runs.db >table.txt 2>&1 ||
    complain "the page's scenario: $(cat table.txt)"
# With period 1 its events and its values are those of D-PSGD.
./hearsay show runs.db --csv | awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { both[$at["variant"]] = $at["timeline_digest"] " " $at["metrics_digest"] }
    END { if (both["period 1"] !~ /^[0-9a-f]+ [0-9a-f]+$/ || both["period 1"] != both["D-PSGD"] ||
              both["period 1"] == both["period 4"]) { print "FAIL: digests"; exit 1 } }' || failed=1
exit $failed
