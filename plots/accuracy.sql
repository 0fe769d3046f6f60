-- SPDX-License-Identifier: GPL-3.0-or-later
-- Curves of `hearsay plot ... accuracy`: x, accuracy of the mean model and of the worst node's own
-- model: on the test set where it was taken (then the third says so), on training data otherwise.
-- Parameters: :run (runs.run), :x (time, iteration, epoch or bytes).
SELECT CASE :x WHEN 'time' THEN time_s WHEN 'iteration' THEN iteration
               WHEN 'epoch' THEN epoch ELSE bytes END,
       coalesce(test_accuracy, accuracy), node_accuracy_min, test_accuracy
FROM v_metrics WHERE run = :run ORDER BY sequence;
