#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every file of the project is in some local.mk: a suite that is not listed would never run, a
# header that is not listed would be missing from a release.
set -u
. "$LINT_DIR/sources.sh"
files=$(sources '*' | grep -vE '(^|/)\.gitignore$')
some "$(echo "$files" | grep -c .)" "files"

released=$(mktemp) || exit 1
trap 'rm -f "$released"' EXIT
make -s -C "$LINT_BUILD" print-released | tr ' ' '\n' | sed "s|^$LINT_TOP/||; s|^\.\./||" |
    sort -u >"$released"
some "$(wc -l <"$released")" "released files"

status=0
for file in $files; do
    grep -qxF "$file" "$released" && continue
    echo "$file: is in no local.mk"
    status=1
done
exit $status
