#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every C file is as clang-format would write it.
set -u
. "$LINT_DIR/sources.sh"
need clang-format clang-format
files=$(sources '*.c' '*.h' '*.cu')
some "$(echo "$files" | grep -c .)" "C files"

status=0
for file in $files; do
    clang-format --dry-run -Werror "$file" 2>/dev/null && continue
    echo "$file: clang-format -i would change it"
    status=1
done
exit $status
