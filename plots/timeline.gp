# SPDX-License-Identifier: GPL-3.0-or-later
# What every node does, as bars over simulated time; a panel a run.  Set before: runs, from, to,
# nodes_i, label_i, hidden_i (too many messages), kinds, kind_k (name), used_k, any_arrows; $spans
# with kinds blocks a run (kind, node, begin, end), $arrows with one block a run (source,
# destination, start, arrival).
nodes(i) = value(sprintf("nodes_%d", i))
label(i) = value(sprintf("label_%d", i)) . \
           (value(sprintf("hidden_%d", i)) ? "  (more than 300 messages: not drawn)" : "")
kind(k) = value(sprintf("kind_%d", k))
used(k) = value(sprintf("used_%d", k))
# in the order of the kinds; the sixth and seventh (parts of gradients) are not drawn
array fills[9] = ["#0072B2", "#E69F00", "#009E73", "#D6D6D6", "#F0C4DB", "#0072B2", "#0072B2", \
                  "#56B4E9", "#D55E00"]

# Collectives go on beside computation, so they lie behind it and reach beyond it.  White edges
# part computations that follow one another at once.
wide(k) = kind(k) eq "all-reduce" ? 0.42 : 0.32
first(k) = k == 1 ? 5 : k <= 5 ? k - 1 : k
edge(k) = kind(k) eq "gradient" ? "#FFFFFF" : fills[k]

x_scale = 1.0 * x_scale # numbers without a point would divide as integers
set xrange [from / x_scale:to / x_scale]
set grid noytics nomytics
set ylabel "node" offset 1, 0
set xlabel x_label offset 0, 0.3
unset key
set bmargin at screen 100.0 / height
if (runs > 1) {
    unset title
    set multiplot layout runs, 1 title title font ",16" \
        margins 0.075, 0.975, 100.0 / height, 1 - 75.0 / height spacing 0, 46.0 / height
} else {
    set title (title eq "" || title eq label(1) ? label(1) : title . " – " . label(1))
}
do for [i = 1:runs] {
    set yrange [nodes(i) - 0.4:-0.6]
    set ytics 0, (nodes(i) > 40 ? 10 : nodes(i) > 20 ? 4 : nodes(i) > 10 ? 2 : 1)
    if (runs > 1) {
        set label 1 label(i) at graph 0, graph 1 left offset 0, 0.6
        if (i == runs) { set xlabel x_label offset 0, 0.3 } else { set xlabel "" }
        if (i == runs) { set format x "%g" } else { set format x "" }
    }
    if (i == runs) {
        set key at screen 0.5, 22.0 / height center center horizontal Left reverse samplen 1.5 \
            width 2
    }
    plot for [j = 1:kinds] $spans index (i - 1) * kinds + first(j) - 1 \
             using ($3 / x_scale):2:($3 / x_scale):($4 / x_scale): \
                   ($2 - wide(first(j))):($2 + wide(first(j))) \
             with boxxyerror lw 0.8 fs solid 1.0 border lc rgb edge(first(j)) \
             fc rgb fills[first(j)] title (used(first(j)) ? kind(first(j)) : ""), \
         $arrows index i - 1 using ($3 / x_scale):1:(($4 - $3) / x_scale):($2 - $1) \
             with vectors head filled size screen 0.006, 18 lw 0.9 lc rgb "#80202020" \
             title (any_arrows ? "message" : "")
}
if (runs > 1) { unset multiplot }
