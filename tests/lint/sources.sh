# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the rules.

# sources PATTERN...: the project's files (what git tracks; everything in a released tree).
sources()
{
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -- "$@"
    else
        for pattern; do
            find sim models topologies gpu tests -path "*${pattern#\*}" -type f 2>/dev/null
        done | sort -u
    fi | while read -r file; do
        [ -e "$file" ] && echo "$file"
    done
}

# need COMMAND PACKAGE: a rule that can not run has not passed.
need()
{
    command -v "$1" >/dev/null 2>&1 && return
    echo "$1 was not found (Debian: $2; ./bootstrap tools installs it)"
    exit 1
}

# some COUNT WHAT: a rule that looked at nothing has not passed either.
some()
{
    [ "$1" -gt 0 ] && return
    echo "found no $2 to look at"
    exit 1
}
