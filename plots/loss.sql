-- SPDX-License-Identifier: GPL-3.0-or-later
-- Curves of `hearsay plot ... loss`: x, loss of the mean model.
-- Parameters: :run (runs.run), :x (time, iteration, epoch or bytes).
SELECT CASE :x WHEN 'time' THEN time_s WHEN 'iteration' THEN iteration
               WHEN 'epoch' THEN epoch ELSE bytes END,
       loss
FROM v_metrics WHERE run = :run ORDER BY sequence;
