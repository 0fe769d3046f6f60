# SPDX-License-Identifier: GPL-3.0-or-later
# Distance of the nodes' models from their mean; a curve a run.  See style.gp and curves.gp.
set ylabel "consensus: mean squared distance to the mean model"
plot for [i = 1:runs] $data index i - 1 using ($1 / x_scale):2 \
    with lines lw 2.5 lc rgb curve(i) title label(i)
