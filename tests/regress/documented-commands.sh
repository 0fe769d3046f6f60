#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The README's command lines work as they stand: every line that starts with `hearsay` or
# `./hearsay` in a ```sh block after <!-- tested -->, in order, in one folder with scenarios/.
set -u
: "${HEARSAY:?names the program}" "${HS_SRCDIR:?names the sources}"
readme=$HS_SRCDIR/README.md
[ -e "$readme" ] || { echo "FAIL: there is no README.md"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-readme-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
sources=$(cd "$HS_SRCDIR" && pwd) || exit 1
cd "$work" || exit 1
ln -s "$sources/scenarios" scenarios
ln -s "$HEARSAY" hearsay
PATH=$work:$PATH
export PATH

awk '/^<!-- tested -->/ { marked = 1; next }
     /^```sh/ && marked { inside = 1; marked = 0; next }
     /^```/ { inside = 0 }
     inside && /^(\.\/)?hearsay / { print }
     !inside && NF { marked = 0 }' "$readme" >commands.txt
[ -s commands.txt ] || { echo "FAIL: README.md marks no command lines as tested"; exit 1; }

if grep -q 'scenarios/' commands.txt && [ ! -d /usr/share/datasets/fashion-mnist ]; then
    echo "SKIP: Fashion-MNIST (Debian: dataset-fashion-mnist) is not installed"
    exit 77
fi
failed=0
played=0
while IFS= read -r line; do
    case $line in
    *'hearsay plot '*)
        command -v gnuplot >/dev/null 2>&1 || { echo "gnuplot is missing, not run: $line"; continue; }
        ;;
    esac
    played=$((played + 1))
    if ! timeout 300 sh -c "$line" >out.txt 2>&1 </dev/null; then
        echo "FAIL: $line"
        sed 's/^/      /' out.txt
        failed=1
    fi
    # what the line says it writes is there, and is not empty
    written=$(printf '%s\n' "$line" | sed -n 's/.* -o  *\([^ ]*\).*/\1/p')
    if [ -n "$written" ] && [ ! -s "$written" ]; then
        echo "FAIL: $line"
        echo "      wrote no $written"
        failed=1
    fi
done <commands.txt
echo "$played command lines of README.md run"
exit $failed
