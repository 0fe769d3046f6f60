#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# lint.sh BUILD: every rule of the house that a machine can check.  BUILD is a finished build
# without sanitizers: symbols are read from its objects.  A rule whose tool is missing fails.
set -u
if [ $# -ne 1 ] || [ ! -f "$1/config.status" ]; then
    echo "usage: lint.sh BUILD (a configured and built folder)" >&2
    exit 2
fi
LINT_BUILD=$(cd "$1" && pwd)
LINT_DIR=$(cd "$(dirname "$0")" && pwd)
LINT_TOP=$(cd "$LINT_DIR/../.." && pwd)
export LINT_BUILD LINT_DIR LINT_TOP
cd "$LINT_TOP" || exit 2

failed=0
for rule in format layers listed symbols sizes words cppcheck; do
    if sh "$LINT_DIR/$rule.sh"; then
        echo "lint: $rule: ok"
    else
        echo "lint: $rule: FAILED"
        failed=$((failed + 1))
    fi
done
[ $failed = 0 ] || { echo "lint: $failed rules failed"; exit 1; }
echo "lint: all rules hold"
