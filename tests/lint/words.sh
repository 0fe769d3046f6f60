#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing in the tree speaks of the place where it was written: paths of one machine, hosts of
# package registries, and the like mean nothing to the reader.  (The brackets keep each pattern
# from finding itself.)
set -u
. "$LINT_DIR/sources.sh"
files=$(sources '*')
some "$(echo "$files" | grep -c .)" "files"
echo "$files" | tr '\n' '\0' | xargs -0 grep -nIiE \
    -e '\bsess[i]ons?\b' \
    -e '(^|[^a-z0-9_.])/wor[k]/' -e '/hom[e]/[a-z]' -e '\.\./share[d]\b' \
    -e 'pyp[i]\.org' -e 'npm[j]s\.(org|com)' -e 'crate[s]\.io' -e 'deb\.debia[n]\.org' \
    -e 'proxy\.golan[g]\.org' -e 'artifact[o]ry' -e 'file[s]\.pythonhosted' && exit 1
exit 0
