# SPDX-License-Identifier: GPL-3.0-or-later
# Accuracy: the mean model solid, the worst node's own model dashed.  See style.gp and curves.gp.
set ylabel has_4 ? "accuracy on the test set" : "accuracy on training data"
plot for [i = 1:runs] $data index i - 1 using ($1 / x_scale):2 \
         with lines lw 2.5 lc rgb curve(i) title label(i), \
     for [i = 1:has_3 ? runs : 0] $data index i - 1 using ($1 / x_scale):3 \
         with lines lw 1.6 dt "-" lc rgb curve(i) notitle, \
     NaN with lines lw 2.5 lc rgb "#606060" title has_3 ? "mean model" : "", \
     NaN with lines lw 1.6 dt "-" lc rgb "#606060" title has_3 ? "worst node" : ""
