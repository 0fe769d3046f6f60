#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# installcheck.sh SOURCE BINDIR LIBDIR DATADIR: after `make install', a stranger's program finds
# the library through pkg-config, and the installed program its data.
set -eu
source=$1 bindir=$2 libdir=$3 datadir=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
# The flags are words.
# shellcheck disable=SC2046
${CC:-cc} -o "$scratch/embed" "$source/tests/install/embed.c" $(pkg-config --cflags --libs hearsay)
LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$scratch/embed"

cd "$scratch"
"$bindir/hearsay" --version
test -f "$datadir/scenarios/quickstart.json"
"$bindir/hearsay" check "$datadir/scenarios/quickstart.json"
