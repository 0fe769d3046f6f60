#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How long functions and files are, and how much of them is comment.  Fails over 100 lines a
# function or 1000 a file; the rest is a report.
set -u
. "$LINT_DIR/sources.sh"
need ctags universal-ctags
ctags --version | grep -q Universal || { echo "ctags is not Universal Ctags"; exit 1; }
files=$(sources '*.c' '*.h' '*.cu')
some "$(echo "$files" | grep -c .)" "C files"

# figures WHAT LIMIT, from lines "length name": count, median, p90, max; fails over the limit.
figures()
{
    sort -n | awk -v what="$1" -v limit="$2" '
    { length_[NR] = $1; if ($1 > limit) { print $2 ": " $1 " lines, over " limit; bad = 1 } }
    END {
        printf "%s: %d, median %d, p90 %d, max %d lines\n", what, NR, length_[int((NR + 1) / 2)],
               length_[int(NR * 0.9 + 0.999)], length_[NR]
        exit bad || NR == 0
    }'
}

status=0
echo "$files" |
    ctags -L - --languages=C,C++,CUDA --kinds-C=f --kinds-C++=f --kinds-CUDA=f --fields=+ne -o - |
    awk -F '\t' '{
        begin = end = 0
        for (i = 4; i <= NF; i++) {
            if ($i ~ /^line:/) begin = substr($i, 6)
            if ($i ~ /^end:/) end = substr($i, 5)
        }
        if (end) print end - begin + 1, $2 ":" $1
    }' | figures functions 100 || status=1
for kind in c h; do
    echo "$files" | grep "\.$kind\$" | while read -r file; do
        echo "$(wc -l <"$file") $file"
    done | figures ".$kind files" 1000 || status=1
    echo "$files" | grep "\.$kind\$" | xargs cat | awk -v kind="$kind" '
    { all++; comment = inside }
    /\/\*/ { comment = 1; inside = 1 }
    /\/\// { comment = 1 }
    /\*\// { inside = 0 }
    comment { comments++ }
    END { printf ".%s files: %d lines, comment on %d %%\n", kind, all, 100 * comments / all }'
done
exit $status
