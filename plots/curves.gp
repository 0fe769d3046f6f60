# SPDX-License-Identifier: GPL-3.0-or-later
# Axes of curves.  Set before: x_label, x_scale, x_max, y_log, y_min, y_max, runs; for run i
# label_i, group_i; for column c of the data has_c (any run has values); $data with one
# block a run.
label(i) = value(sprintf("label_%d", i))
curve(i) = colour(value(sprintf("group_%d", i)))

x_scale = 1.0 * x_scale # numbers without a point would divide as integers
set xlabel x_label offset 0, 0.3
set xrange [0:(x_max > 0 ? x_max / x_scale * 1.01 : 1)]
if (y_log) {
    set logscale y
    spread = 1.0 * y_max / y_min
    pad = spread > 1 ? spread ** 0.04 : 1.5
    set yrange [y_min / pad:y_max * pad]
    set format y "%g"
    set mytics 10
    if (spread < 1000) {
        # Too few decades for labels at decades alone.
        set ytics ()
        do for [decade = floor(log10(y_min / pad)):ceil(log10(y_max * pad))] {
            do for [digit in (spread < 8 ? "1 1.5 2 3 4 5 7" : "1 2 5")] {
                mark = digit * 10.0 ** decade
                if (mark >= y_min / pad && mark <= y_max * pad) {
                    set ytics add (sprintf("%g", mark) mark)
                }
            }
        }
    }
} else {
    pad = y_max > y_min ? 0.04 * (y_max - y_min) : 0.5 * abs(y_max) + 1e-12
    set yrange [(y_min >= 0 && y_min < pad ? 0 : y_min - pad):y_max + pad]
}
