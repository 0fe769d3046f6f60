-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where `hearsay plot ... timeline` ends when --to does not say: when the eighth iteration does.
-- Parameters: :run (runs.run), :nodes (how many are drawn).
SELECT max(end_ps) * 1e-12 FROM spans
WHERE run = :run AND node < :nodes
  AND iteration < (SELECT min(iteration) FROM spans WHERE run = :run) + 8;
