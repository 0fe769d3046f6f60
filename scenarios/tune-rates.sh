#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# tune-rates.sh SCENARIO.json [VARIANT]...: finds the learning rate with which each variant (of those
# named, or all) gets to the scenario's target first, and writes it into the file.
#
# Rates are 0.4 x 2^k.  0.1, 0.4 and 1.6 come first; then, around the best so far, its double
# and its half, until the best has both neighbours: an edge is never the answer.  Best is the least
# median time to the target over the seeds, a run that does not get there counting as infinitely
# long; where that does not decide, the least median of the last losses.
#
#   SEEDS    the seeds to tune on, not those to report on (default: 101,102,103)
#   JOBS     programs at a time (default: 2); each uses one thread
#   HEARSAY  the program (default: hearsay)
#   LOG      keeps every try in this file of comma-separated values
#
# The file has a variant's `    { "name": "...",` at the start of a line and its "learning_rate"
# once, in whatever line of the variant.
set -u
[ $# -ge 1 ] && [ -f "$1" ] || { echo "usage: tune-rates.sh SCENARIO.json [VARIANT]..." >&2; exit 2; }
scenario=$1
shift
: "${HEARSAY:=hearsay}" "${SEEDS:=101,102,103}" "${JOBS:=2}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-tune-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
tries=$work/tries.db

query() {
    sqlite3 -bail "$tries" "$@" || exit 1
}

query 'CREATE TABLE runs (variant, k, seed, time_s, loss, PRIMARY KEY (variant, k, seed));
       CREATE VIEW ranked AS
           SELECT *, count(*) OVER (PARTITION BY variant, k) AS total,
                  row_number() OVER (PARTITION BY variant, k ORDER BY time_s) AS by_time,
                  row_number() OVER (PARTITION BY variant, k ORDER BY loss) AS by_loss FROM runs;
       CREATE VIEW medians AS
           SELECT variant, k, sum(time_s < 1e300) || '\''/'\'' || total AS reached,
                  max(CASE by_time WHEN total / 2 + 1 THEN time_s END) AS time_s,
                  max(CASE by_loss WHEN total / 2 + 1 THEN loss END) AS loss
           FROM ranked GROUP BY variant, k;
       CREATE VIEW best AS
           SELECT variant, k, time_s, loss, reached FROM
               (SELECT *, row_number() OVER (PARTITION BY variant ORDER BY time_s, loss, k) AS place
                FROM medians) WHERE place = 1;'

# The variants' names, a line each.
names() {
    sed -n 's/^    { "name": "\([^"]*\)".*/\1/p' "$scenario"
}

# scenario_of PART: the base, and every wanted variant of that part of the work under the name
# "VARIANT @K", with its rate.  Reads "VARIANT<tab>K" lines.
scenario_of() {
    awk -F '\t' -v part="$1" -v parts="$JOBS" '
        NR == FNR { if (FNR % parts == part) ks[$1] = ks[$1] " " $2; next }
        /^    \{ "name": "/ { split($0, quoted, "\""); name = quoted[4]; block = "" }
        /^  \]/ { flush_block(); print "  ]"; name = ""; tail = 1; next }
        /^    \/\// || /^ *$/ { next }
        name == "" { print; next }
        { block = block $0 "\n" }
        /\}[,]?$/ && depth_of(block) == 0 { flush_block() }
        function depth_of(text,    opened, closed) {
            opened = gsub(/\{/, "{", text)
            closed = gsub(/\}/, "}", text)
            return opened - closed
        }
        function flush_block(    i, n, list, copy) {
            if (block == "")
                return
            sub(/,\n$/, "\n", block)
            n = split(ks[name], list, " ")
            for (i = 1; i <= n; i++) {
                copy = block
                sub(/"name": "[^"]*/, "& @" list[i], copy)
                sub(/"learning_rate": [-+.e0-9]*/, "\"learning_rate\": " 0.4 * 2 ^ list[i], copy)
                printf "%s%s", some++ ? "    ,\n" : "", copy
            }
            block = ""
        }' "$work/asked" "$scenario"
}

# Plays one part of what is asked; a run that diverges is an answer, too.
play_part() {
    scenario_of "$1" >"$work/part-$1.json"
    grep -q ' @' "$work/part-$1.json" || return 0
    "$HEARSAY" run "$work/part-$1.json" -q -j 1 --set "seed=[$SEEDS]" --set 'expect={}' --force \
        --set trace.level=metrics -o "$work/part-$1.db" >"$work/log-$1" 2>&1
    [ $? -le 1 ] && [ -s "$work/part-$1.db" ]
}

play_asked() {
    part=0
    pids=
    while [ $part -lt "$JOBS" ]; do
        rm -f "$work/part-$part.db"
        play_part $part &
        pids="$pids $!"
        part=$((part + 1))
    done
    for pid in $pids; do
        wait "$pid" || { cat "$work"/log-*; exit 1; } >&2
    done
    for db in "$work"/part-*.db; do
        query "ATTACH '$db' AS part;
               INSERT INTO runs
               SELECT substr(variant, 1, instr(variant, ' @') - 1),
                      CAST(substr(variant, instr(variant, ' @') + 2) AS INTEGER), seed,
                      ifnull(time_to_target_s, 1e300),
                      CASE WHEN status = 'done' THEN ifnull(mean_model_loss, 1e300) ELSE 1e300 END
               FROM part.v_summary;"
    done
}

if [ $# -gt 0 ]; then printf '%s\n' "$@"; else names; fi |
    awk '{ for (k = -2; k <= 2; k += 2) printf "%s\t%d\n", $0, k }' >"$work/asked"
round=1
while [ -s "$work/asked" ]; do
    echo "round $round: $(wc -l <"$work/asked") pairs of a variant and a rate, seeds $SEEDS" >&2
    play_asked
    query -separator "$(printf '\t')" "
        SELECT variant, k + step FROM best, (SELECT 1 AS step UNION SELECT -1)
        WHERE k + step BETWEEN -20 AND 10
          AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.variant = best.variant AND r.k = best.k + step);
        " >"$work/asked"
    round=$((round + 1))
done
[ -z "${LOG-}" ] || query -header -csv "
    SELECT variant, 0.4 * pow(2, k) AS learning_rate, seed, nullif(time_s, 1e300) AS time_s,
           nullif(loss, 1e300) AS loss FROM runs ORDER BY variant, k, seed;" >"$LOG"

query -separator "$(printf '\t')" 'SELECT variant, k FROM best' >"$work/best"
awk -F '\t' '
    NR == FNR { best[$1] = 0.4 * 2 ^ $2; next }
    /^    \{ "name": "/ { split($0, quoted, "\""); name = quoted[4] }
    /^  \]/ { name = "" }
    name in best { sub(/"learning_rate": [-+.e0-9]*/, "\"learning_rate\": " best[name]) }
    { print }' "$work/best" "$scenario" >"$work/tuned.json" && cat "$work/tuned.json" >"$scenario"
query -header -column "
    SELECT variant, 0.4 * pow(2, k) AS learning_rate, reached, round(nullif(time_s, 1e300), 1) AS median_s
    FROM best ORDER BY time_s, loss;"
