-- SPDX-License-Identifier: GPL-3.0-or-later
-- Curves of `hearsay plot ... consensus`: x, mean squared distance of the nodes' models from
-- their mean.
-- Parameters: :run (runs.run), :x (time, iteration, epoch or bytes).
SELECT CASE :x WHEN 'time' THEN time_s WHEN 'iteration' THEN iteration
               WHEN 'epoch' THEN epoch ELSE bytes END,
       consensus
FROM v_metrics WHERE run = :run ORDER BY sequence;
