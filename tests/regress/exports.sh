#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The shared library shows the functions of hearsay.h and nothing else.
set -u
library=$HS_BUILDDIR/.libs/libhearsay.so
[ -e "$library" ] || { echo "SKIP: no shared library was built"; exit 77; }
[ -e "$HS_SRCDIR/sim/hearsay.h" ] || { echo "SKIP: no public header yet"; exit 77; }

# NM may be a command with options.
shown=$(${NM:-nm} -D --defined-only "$library" | awk '$2 ~ /^[TDBRVW]$/ { print $3 }' | sort)
declared=$(grep -oE '\bhearsay_[a-z0-9_]+ *\(' "$HS_SRCDIR/sim/hearsay.h" | tr -d ' (' | sort -u)
status=0
for name in $shown; do
    case $name in
    hearsay_* | __asan_* | __odr_asan* | __gcov* | mangle_path) ;;
    *) echo "exported although it is internal: $name"; status=1 ;;
    esac
done
[ -n "$declared" ] || { echo "hearsay.h declares no function"; status=1; }
for name in $declared; do
    echo "$shown" | grep -qx "$name" || { echo "declared but not exported: $name"; status=1; }
done
exit $status
