-- SPDX-License-Identifier: GPL-3.0-or-later
-- Arrows of `hearsay plot ... timeline`: source, destination, start and arrival in seconds, of
-- messages that lie in the window; more than 300 are a carpet and not drawn.
-- Parameters: :run (runs.run), :from and :to (seconds), :nodes (how many are drawn).
SELECT src, dst, started_ps * 1e-12, arrived_ps * 1e-12
FROM messages
WHERE run = :run AND src < :nodes AND dst < :nodes AND src <> dst
  AND started_ps * 1e-12 >= :from AND arrived_ps * 1e-12 <= :to AND arrived_ps >= started_ps
  AND started_ps >= 0
ORDER BY started_ps LIMIT 301;
