# Draw again: gnuplot self_replica-effects.gp

name = "self_replica-effects"
title = "Is netfilter's scheme as fast here as a plain program that does nothing else?"
subtitle = "load factor inf to 0; measured once; noise (the same cell twice): 1.16 %"
unit = "million operations per second, all threads together"
machine = "AMD EPYC, 2 CPUs, Linux 6.18.44-fc-v657, ctbench 1deccd514f1c, 2026-11-23"
subtitle = "change of throughput with its 95 % interval; filled: a difference was seen, hollow: none was; grey: this workload's noise"
unit = "change of throughput in percent (right is better)"
rows = 2
longest = 36
least = -8.42282
most = 0
noise = 1.15864

# ---- plots/style.gp ----

# How all pictures look.  Comes behind the variables that ctbench writes
# (name, title, subtitle, unit, machine, ...) and before the script of the kind.
#
# Colours: Okabe and Ito, "Color Universal Design" (2008), which people with any
# colour vision can tell apart; without their yellow, which white paper swallows.
# Where there are more curves than colours, dashes and marks go on.

set encoding utf8
array colour[7] = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
array mark[7] = [7, 5, 9, 13, 11, 65, 69]
do for [i=1:28] {
	c = (i - 1) % 7 + 1
	d = (i - 1) / 7
	dash = d == 0 ? 1 : d == 1 ? 2 : d == 2 ? 4 : 3
	set linetype i lc rgb colour[c] lw 1.6 dt dash pt mark[(i + d - 1) % 7 + 1] ps 0.8
}

grey = "#777777"
light = "#DDDDDD"
set border 3 lc rgb grey
set tics nomirror textcolor rgb "#333333"
set grid y lc rgb light lw 0.6 lt 1
# Variant names have underscores, which mean no subscripts.
set termoption noenhanced

# The question on top, what was fixed below it, the machine at the bottom.
lines(text) = int(sum [k=1:strlen(text)] (text[k:k] eq "\n" ? 1 : 0)) + 1
below_title = 22 * lines(title) + 16
below_subtitle = below_title + 17 * lines(subtitle)

terminal(format, width, height) = format eq "svg" \
	? sprintf("set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,12' background rgb 'white'", \
		width, height) \
	: strstrt(GPVAL_TERMINALS, "pngcairo") \
	? sprintf("set terminal pngcairo size %d,%d noenhanced font 'DejaVu Sans,10' fontscale 1.4 linewidth 1.5 pointscale 1.5 background rgb 'white'", \
		1.5 * width, 1.5 * height) \
	: sprintf("set terminal png truecolor size %d,%d noenhanced font 'DejaVu Sans,10' fontscale 1.4 linewidth 1.5 pointscale 1.5 background rgb 'white'", \
		1.5 * width, 1.5 * height)

# To be evaluated for each format, since places are in pixels of the picture.
frame(width, height) = sprintf("\
set label 1001 title at screen %g, screen %g left font ',14' textcolor rgb '#000000';\
set label 1002 subtitle at screen %g, screen %g left textcolor rgb '#555555';\
set label 1003 machine at screen %g, screen %g left font ',9' textcolor rgb '#777777'", \
	16.0 / width, 1 - 20.0 / height, 16.0 / width, 1 - (below_title + 4.0) / height, \
	16.0 / width, 12.0 / height)

# ---- plots/effects.gp ----

# What each choice changes, in percent: a mark with its 95 % interval, filled
# where a difference was seen; grey behind them, the noise of the workload.
width = 1040
data = name.".tsv"
height = below_subtitle + 100 + 24 * rows
set ylabel ""
set xlabel unit
from = -noise < least ? -noise : least
to = noise > most ? noise : most
from = from > 0 ? 0 : from
to = to < 0 ? 0 : to
span = to - from > 0.1 ? to - from : 0.1
set xrange [from - 0.04 * span:to + 0.26 * span]
set yrange [rows + 0.7:0.3]
unset grid
set grid x lc rgb light lw 0.6 lt 1
set border 1 lc rgb grey
set tics scale 0.5
unset key
if (noise > 0) { set object 1 rectangle from -noise, graph 0 to noise, graph 1 behind fc rgb "#ECECEC" fs solid noborder }
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb "#777777" lw 1.2

do for [format in "svg png"] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	set tmargin at screen 1 - (below_subtitle + 14.0) / height
	set bmargin at screen 72.0 / height
	set lmargin at screen (40.0 + 6.6 * longest) / width < 0.55 ? (40.0 + 6.6 * longest) / width : 0.55
	set rmargin at screen 1 - 30.0 / width
	plot data index 0 using 3:1:4:5:ytic(2) with xerrorbars lc rgb colour[2] lw 1.6 pt 0, \
		data index 0 using ($6 > 0 ? $3 : NaN):1 with points lc rgb colour[2] pt 7 ps 1.1, \
		data index 0 using ($6 > 0 ? NaN : $3):1 with points lc rgb "#FFFFFF" pt 7 ps 1.0, \
		data index 0 using ($6 > 0 ? NaN : $3):1 with points lc rgb colour[2] pt 6 ps 1.1, \
		data index 0 using ($5 > $3 ? $5 : $3):1:7 with labels left offset 0.8, 0 textcolor rgb "#333333", \
		data index 1 using (from - 0.03 * span):1:2 with labels left offset 0, 0 font "DejaVu Sans Bold,12"
	unset output
}
