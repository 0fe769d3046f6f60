#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Options that contradict each other or mean nothing are refused, and what they name is not touched;
# what goes to a terminal cannot steer it.
set -u
: "${HEARSAY:?names the program}" "${HS_SRCDIR:?names the sources}" "${HS_BUILDDIR:?names the build}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-options-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

complain() {
    echo "FAIL: $*"
    failed=1
}

# expect STATUS PATTERN [ARGUMENT]...: exit status, and an extended regular expression in the output, or ""
expect() {
    wanted=$1 pattern=$2
    shift 2
    "$HEARSAY" "$@" >out.txt 2>err.txt </dev/null
    got=$?
    cat out.txt err.txt >said.txt
    if [ $got -ne "$wanted" ] || { [ -n "$pattern" ] && ! grep -Eq -- "$pattern" said.txt; }; then
        complain "hearsay $*: status $got, expected $wanted and $pattern in:"
        sed 's/^/      /' said.txt | head -n 20
    fi
}

# unchanged FILE SUM WHAT
unchanged() {
    [ "$(cksum <"$1")" = "$2" ] || complain "$3: $1 was changed"
}

cat >small.json <<'EOF'
{ "name": "small", "nodes": 4, "algorithm": "sgp", "model": "quadratic",
  "stop": { "iterations": 5 }, "trace": { "level": "messages", "parameters": "final" } }
EOF
expect 0 "" run small.json -q -o t.db
database=$(cksum <t.db)

# ---- show and plot overwrite nothing unasked, and never what they read
echo mine >mine.csv
mine=$(cksum <mine.csv)
expect 2 'mine\.csv exists.*--force' show t.db --metrics -o mine.csv
unchanged mine.csv "$mine" "show -o"
expect 2 'no run "none"' show t.db --run none -o mine.csv --force
expect 2 'several vectors' show t.db --parameters z -o mine.npy
cp mine.csv mine.npy
expect 2 'several vectors' show t.db --parameters z -o mine.npy --force
unchanged mine.npy "$mine" "show --force that fails"
unchanged mine.csv "$mine" "show --force that fails"
expect 0 '' show t.db --metrics -o mine.csv --force
head -n 1 mine.csv | grep -q '^run,' || complain "show --force wrote $(head -n 1 mine.csv)"
ln t.db hard.csv
ln -s t.db soft.csv
ln -s nowhere dangling.csv
for name in t.db ./t.db hard.csv soft.csv; do
    expect 2 'exists|is read by this command' show t.db -o $name
    expect 2 'is read by this command' show t.db -o $name --force
    unchanged t.db "$database" "show -o $name"
done
expect 2 'exists' show t.db -o dangling.csv
expect 2 'no regular file' show t.db -o . --force
expect 2 'cannot write' show t.db -o nowhere/x.csv
expect 2 'expects the name' show t.db -o ''
expect 2 '--force needs an output' show t.db --force
expect 0 '^run,' show t.db --metrics -o -
"$HEARSAY" show t.db --metrics >plain.csv
cmp -s out.txt plain.csv || complain "show -o - is not standard output"
[ ! -e ./- ] || complain "show -o - made a file of that name"
expect 0 '' show t.db -o /dev/null
[ -c /dev/null ] || complain "/dev/null is gone"

ln t.db hard.png
echo mine >mine.png
echo mine >t-loss.png
mine=$(cksum <mine.png)
expect 2 'mine\.png exists.*--force' plot t.db loss -o mine.png
expect 2 't-loss\.png exists.*--force' plot t.db loss
expect 2 'is read by this command' plot t.db loss -o hard.png --force
PATH=$work "$HEARSAY" plot t.db loss -o mine.png --force >out.txt 2>err.txt && complain "drew without gnuplot"
unchanged mine.png "$mine" "plot"
unchanged t.db "$database" "plot"
if command -v gnuplot >/dev/null 2>&1; then
    expect 0 'mine\.png' plot t.db loss -o mine.png --force
    head -c 4 mine.png | grep -q PNG || complain "plot --force drew nothing"
fi
for left in *.new-*; do
    [ ! -e "$left" ] || complain "$left is left"
done

# ---- run: outputs, progress, threads
expect 2 'found an empty text' run small.json -o ''
expect 2 'cannot go to standard output' run small.json -o -
[ ! -s out.txt ] || complain "run -o - played"
expect 2 '--force needs an output' run small.json --force
expect 2 '--append needs an output' run small.json --append
expect 2 'auto, plain, none or json' run small.json --progress loud
expect 2 'auto, plain, none or json' run small.json --progress ''
expect 2 'from 1 to [0-9]+$' run small.json --threads 100000
expect 0 . run small.json --progress json
grep -Eqv '^\{"run":"small \(seed 1\)","time_s":[0-9.e+-]+,"fraction":1,"epoch":[0-9.e+-]+,"iterations":5,"loss":[0-9.e+-]+,"accuracy":null\}$' \
    err.txt && complain "--progress json says: $(cat err.txt)"
[ -s err.txt ] || complain "--progress json says nothing"
expect 0 'verified: 1 of 1 runs .* same digests' run small.json --verify

# ---- what excludes each other; the command is named
expect 2 '^hearsay run: unrecognized option' run small.json --bogus
expect 2 '^hearsay show: option .--run. requires' show t.db --run
expect 2 'exclude each other' topology ring --dot --json
expect 2 'exclude each other' show t.db --csv --json
expect 0 '^run,' show t.db --csv --csv
expect 2 'exclude each other' show t.db --metrics --nodes
expect 2 'exclude each other' plot t.db loss --log --linear
expect 2 'is a directory' show .
expect 2 'is a directory' plot . loss

# ---- a run without spans: the advice fits
expect 0 "" run small.json -q -o short.db --set 'stop={"time":"1 ms"}'
expect 2 'none had finished a computation' plot short.db timeline -o short.png
expect 0 "" run small.json -q -o bare.db --set trace.level=metrics
expect 2 'trace\.level=messages' plot bare.db timeline -o bare.png
expect 2 'they lie between' plot t.db timeline --from 1000 --to 1001 -o late.png

# ---- --force replaces traces, no other databases
if command -v sqlite3 >/dev/null 2>&1; then
    sqlite3 other.db 'CREATE TABLE mine (x); INSERT INTO mine VALUES (1)'
    other=$(cksum <other.db)
    expect 2 'no trace of Hearsay; it is not replaced' run small.json -q -o other.db --force
    unchanged other.db "$other" "run --force"
else
    echo "sqlite3 is missing: --force over another database was not tried"
fi

# ---- names with control characters
escape=$(printf '\033')
cat >steer.json <<'EOF'
{ "name": "a\u001b[31m\u009b2Jb\tc\u00e9", "nodes": 4, "algorithm": "sgp", "model": "quadratic",
  "optimizer": { "name": "sgd", "learning_rate": 1e30 }, "stop": { "iterations": 90 } }
EOF
expect 1 'a\\x1B\[31m\\xC2\\x9B2Jb\\x09cé' run steer.json -o steer.db --progress plain
grep -q "$escape" said.txt && complain "run prints escapes"
grep -Eiq -- '-nan' said.txt && complain "a loss is -nan"
for what in --summary "--metrics --table" "--nodes --table"; do
    # shellcheck disable=SC2086
    expect 0 'x1B' show steer.db $what
    grep -q "$escape" said.txt && complain "show $what prints escapes"
done
expect 0 'x1B' check steer.json
grep -q "$escape" said.txt && complain "check prints escapes"

# ---- NaN has no sign
expect 1 'no finite number' run steer.json -q -o nan.db --set 'metrics.every=50 iterations' \
    --set trace.parameters=final
expect 1 'no finite number' run steer.json --progress json --set 'metrics.every=50 iterations'
grep -Eiq '[-+]nan|: *nan' said.txt && complain "a loss has the wrong form: $(cat said.txt)"
expect 0 'nan' show nan.db --parameters z
grep -Eq -- '-nan' said.txt && complain "a parameter is -nan"
expect 0 . show nan.db --metrics
grep -Eq -- '-nan' said.txt && complain "a metric is -nan"

# ---- a run that fails before its first metric has no values
expect 1 '^small \(seed 1\) +(no_memory|failed) +-  +[0-9.e-]+( +-){9}$' \
    run small.json --set 'plan_memory=40 B'

# ---- the library refuses an index out of range
library=$HS_BUILDDIR/.libs/libhearsay.so
cat >index.c <<'EOF'
#include <stdio.h>
#include <string.h>
#include "hearsay.h"
int main(void)
{
    static const char text[] = "{\"nodes\":2,\"algorithm\":\"sgp\",\"model\":\"quadratic\","
                               "\"stop\":{\"iterations\":1}}";
    struct hearsay_scenario *scenario;
    struct hearsay_error error = {0};
    struct hearsay_result result;
    if (hearsay_scenario_parse("text", text, strlen(text), &scenario, &error) != 0)
        return 3;
    int status = hearsay_run(scenario, 1, NULL, &result, &error);
    printf("%d %d %s\n", status, error.status, error.text);
    hearsay_scenario_free(scenario);
    return 0;
}
EOF
if [ ! -e "$library" ] || ${NM:-nm} -D "$library" | grep -Eq '__(asan|tsan|ubsan|gcov)_'; then
    echo "no plain shared library was built: its interface was not tried"
elif ${CC:-cc} -I"$HS_SRCDIR/sim" -o index index.c "$library" 2>err.txt; then
    said=$(LD_LIBRARY_PATH=$HS_BUILDDIR/.libs ./index)
    [ "$said" = "2 2 found run 1, expected one from 0 to 0" ] || complain "hearsay_run says: $said"
else
    complain "cannot link against the library: $(cat err.txt)"
fi
exit $failed
