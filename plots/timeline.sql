-- SPDX-License-Identifier: GPL-3.0-or-later
-- Bars of `hearsay plot ... timeline`: kind (span_kinds), node, begin and end in seconds, cut to
-- the window.
-- Parameters: :run (runs.run), :from and :to (seconds), :nodes (how many are drawn).
SELECT kind, node, max(begin_ps * 1e-12, :from), min(end_ps * 1e-12, :to)
FROM spans JOIN lanes USING (lane)
WHERE lanes.name <> 'pass' AND run = :run AND node < :nodes AND end_ps * 1e-12 > :from AND begin_ps * 1e-12 < :to
  AND end_ps > begin_ps
ORDER BY kind, node, begin_ps;
