#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# scenarios/tune-rates.sh finds the rates that theory gives, writes them and nothing else.
#
# Gradient descent on a quadratic of curvature c comes closer by |1 - c rate| a step.  Among the
# rates 0.4 x 2^k that is least for 0.8 where c = 1 (0.2; 0.6 for both neighbours) and for 0.2 where
# c = 4; for c = 0.01 it is 102.4 (0.024), far beyond where the search starts.  The fourth variant
# has nothing to find: no rate brings it to a loss below its optimum, and the least last loss decides.
set -u
: "${HEARSAY:?names the program}" "${HS_SRCDIR:?names the sources}"
command -v sqlite3 >/dev/null 2>&1 || { echo "SKIP: sqlite3 (the program) is not installed"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/hearsay-tuned-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

cat >scenario.json <<'END'
{
  "nodes": 2, "precision": "float64", "initial": "random",
  "compute": { "gradient_time": { "distribution": "constant", "mean": "100 ms" } },
  "algorithm": "ar-sgd",
  "optimizer": { "name": "sgd", "learning_rate": 3 },
  "stop": { "target_loss": 1e-6, "patience": 1, "time": "20 s" },
  "variants": [
    // untouched: { "name": "one", "learning_rate": 7 }
    { "name": "one", "model": { "name": "quadratic", "L": 1, "mu": 1, "zeta": 0, "sigma": 0 },
      "optimizer": { "learning_rate": 5 } },

    { "name": "four", "optimizer": { "learning_rate": 5e-2 },
      "model": { "name": "quadratic", "L": 4, "mu": 4, "zeta": 0, "sigma": 0 } },
    { "name": "flat", "optimizer": { "learning_rate": 5 },
      "model": { "name": "quadratic", "L": 0.01, "mu": 0.01, "zeta": 0, "sigma": 0 } },
    { "name": "never", "stop": { "target_loss": -1, "time": "0.2 s" },
      "model": { "name": "quadratic", "L": 1, "mu": 1, "zeta": 0, "sigma": 0 },
      "optimizer": { "learning_rate": 5 } }
  ]
}
END
rate() { # NAME RATE: the first rate at or after the line of a variant
    sed "/^    { \"name\": \"$1\"/,/learning_rate/ s/\"learning_rate\": [0-9.e-]*/\"learning_rate\": $2/"
}
rate one 0.8 <scenario.json | rate four 0.2 | rate flat 102.4 | rate never 0.8 >expected.json
if ! sh "$HS_SRCDIR/scenarios/tune-rates.sh" scenario.json >out.txt 2>&1; then
    echo "FAIL: tune-rates.sh"
    sed 's/^/      /' out.txt
    exit 1
fi
if ! diff expected.json scenario.json; then
    echo "FAIL: other rates than theory's"
    sed 's/^/      /' out.txt
    exit 1
fi
