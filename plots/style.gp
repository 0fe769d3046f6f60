# SPDX-License-Identifier: GPL-3.0-or-later
# Look of every plot.  Set before: output, extension (png, svg, pdf), title, panels.
#
# Colours: Okabe and Ito, told apart by every kind of colour vision.
array palette[8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", \
                    "#8A6D3B"]
colour(i) = palette[1 + (i - 1) % 8]

height = panels > 1 ? 190 + 290 * panels : 750
if (extension eq "svg") {
    set terminal svg size 1200,height font "DejaVu Sans,16" background "white" noenhanced
} else { if (extension eq "pdf") {
    set terminal pdfcairo size 12in,(height / 100.0)*1in font "DejaVu Sans,16" noenhanced
} else { if (strstrt(GPVAL_TERMINALS, "pngcairo") > 0) {
    set terminal pngcairo size 1200,height font "DejaVu Sans,14" noenhanced
} else {
    set terminal png truecolor size 1200,height font "DejaVuSans,14" noenhanced
}}}
set output output
set encoding utf8

set border 3 lw 1.2 lc rgb "#404040"
set tics nomirror out textcolor rgb "#303030"
set grid xtics ytics mytics lt 1 lw 1 lc rgb "#D4D4D4", lt 1 lw 1 lc rgb "#EDEDED"
set key below center horizontal Left reverse samplen 3 spacing 1.25 width -3 height 0.7
set datafile missing "NaN"
set lmargin 11
set rmargin 4
if (title ne "") { set title title font ",16" offset 0, 0.2 }
