#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every C file is as clang-format would write it.
set -u
. "$LINT_DIR/sources.sh"
need clang-format clang-format
files=$(sources '*.c' '*.h' '*.cu')
some "$(echo "$files" | grep -c .)" "C files"
echo "$files" | xargs clang-format --dry-run -Werror
