-- SPDX-License-Identifier: GPL-3.0-or-later
-- Why `hearsay plot ... timeline` has nothing to draw: begin and end of all spans in seconds (NULL:
-- there are none), and whether the run's scenario asks for spans.
-- Parameters: :run (runs.run).
SELECT min(begin_ps) * 1e-12, max(end_ps) * 1e-12,
       (SELECT coalesce(json_extract(scenario, '$.trace.level'), '') IN ('messages', 'full')
        FROM runs WHERE run = :run)
FROM spans
WHERE run = :run;
