# SPDX-License-Identifier: GPL-3.0-or-later
# Accuracy: the mean model solid, the worst node's own model dashed, the mean model on the test set
# as small circles where it was taken.  See style.gp and curves.gp.
set ylabel "accuracy"
sparse(i) = rows(i) > 24 ? ceil(rows(i) / 24.0) : 1
plot for [i = 1:runs] $data index i - 1 using ($1 / x_scale):2 \
         with lines lw 2.5 lc rgb curve(i) title label(i), \
     for [i = 1:has_3 ? runs : 0] $data index i - 1 using ($1 / x_scale):3 \
         with lines lw 1.6 dt "-" lc rgb curve(i) notitle, \
     for [i = 1:has_4 ? runs : 0] $data index i - 1 every sparse(i) using ($1 / x_scale):4 \
         with points pt 6 ps 0.9 lw 1.4 lc rgb curve(i) notitle, \
     NaN with lines lw 2.5 lc rgb "#606060" title "mean model", \
     NaN with lines lw 1.6 dt "-" lc rgb "#606060" title has_3 ? "worst node" : "", \
     NaN with points pt 6 ps 0.9 lw 1.4 lc rgb "#606060" title has_4 ? "mean model, test set" : ""
