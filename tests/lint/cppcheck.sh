#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Static analysis.  A finding that is wrong is suppressed where it stands, with the reason:
# /* cppcheck-suppress id ; reason */, or in cppcheck-suppressions.txt.
set -u
. "$LINT_DIR/sources.sh"
need cppcheck cppcheck
files=$(sources '*.c' | grep -E '^(sim|models|topologies)/')
some "$(echo "$files" | grep -c .)" "C files"
echo "$files" | xargs cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --language=c \
    -j "$(nproc 2>/dev/null || echo 1)" -DREAL_BITS=32 -DHAVE_OPENBLAS=1 -I sim -I . \
    --enable=warning,performance,portability \
    --suppressions-list="$LINT_DIR/cppcheck-suppressions.txt" \
    --suppress=missingInclude --suppress=missingIncludeSystem --suppress=unusedStructMember
