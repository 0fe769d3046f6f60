#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Read from the objects: every visible symbol carries the name of its file or folder, and no file
# keeps state of its own.
set -u
. "$LINT_DIR/sources.sh"
need nm binutils
need objdump binutils
if grep -q 'fsanitize\|--coverage' "$LINT_BUILD/Makefile"; then
    echo "needs a build without sanitizers and coverage"
    exit 1
fi
files=$(sources '*.c' | grep -E '^(sim|models|topologies)/')
some "$(echo "$files" | grep -c .)" "C files"

# objects_of FILE: its objects; numerics have one per precision.
objects_of()
{
    folder=$LINT_BUILD/$(dirname "$1")
    stem=$(basename "$1" .c)
    for object in "$folder/.libs/$stem.o" "$folder/.libs"/lib*_la-"$stem.o" \
        "$folder/$stem.o" "$folder"/hearsay-"$stem.o" "$folder"/lib*_la-"$stem.o"; do
        [ -f "$object" ] && echo "$object"
    done
}

# prefixes_of FILE: plan_exec.c -> plan_exec, plan; folders in the singular too.
prefixes_of()
{
    stem=$(basename "$1" .c | tr - _)
    while :; do
        echo "$stem"
        case $stem in
        *_*) stem=${stem%_*} ;;
        *) break ;;
        esac
    done
    dirname "$1" | tr / '\n' | tr - _ | grep -vx sim |
        sed -e 'p' -e 's/ies$/y/' -e 's/s$//'
    # run/ implements what algorithms/node.h declares, and its object is the node.
    case $1 in
    sim/run/*) echo node ;;
    esac
}

status=0
symbols=0
for file in $files; do
    objects=$(objects_of "$file")
    if [ -z "$objects" ]; then
        echo "$file: is in no local.mk: the build has no object of it"
        status=1
        continue
    fi
    pattern=$(prefixes_of "$file" | sort -u | paste -sd '|' -)
    for object in $objects; do
        names=$(nm --defined-only -g "$object" | awk 'NF == 3 { print $3 }')
        symbols=$((symbols + $(echo "$names" | grep -c .)))
        echo "$names" | grep . | grep -vx main | grep -vE "^(real(32|64)_)?($pattern)(32|64)?(_|\$)" |
            sed "s|^|$file: visible symbol without the file's or folder's name: |" | grep . && status=1
        # Constant tables with pointers lie in .data.rel.ro; what may change lies elsewhere.
        [ "$file" = sim/cli/process.c ] && continue
        objdump -t "$object" |
            awk '$0 ~ / O / && $0 ~ /[ \t](\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && !/\.data\.rel\.ro/ { print $NF }' |
            sed "s|^|$file: mutable state: |" | grep . && status=1
    done
done
some "$symbols" "visible symbols"
echo "$symbols symbols of $(echo "$files" | grep -c .) files"
exit $status
