# Draw again: gnuplot self_replica-size.gp

name = "self_replica-size"
title = "Is netfilter's scheme as fast here as a plain program that does nothing else?"
subtitle = "1 thread; median and quartiles of 9 repeats; noise (the same cell twice): 1.16 %"
unit = "million operations per second, all threads together"
machine = "AMD EPYC, 2 CPUs, Linux 6.18.44-fc-v657, ctbench 1deccd514f1c, 2026-11-23"
xlabel = "connections in the table"
xmin = 65536
xmax = 1048576
ymax = 3.31487
curves = 2
array label[2]
array style[2]
label[1] = "nulls_rcu_siphash"
style[1] = 1
label[2] = "replica"
style[2] = 2
set xtics ("64Ki" 65536, "256Ki" 262144, "1Mi" 1048576)
caches = 1
array cache_x[1] = [127092]
array cache_label[1] = ["L3 32 MiB"]

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

# ---- plots/size.gp ----

# Throughput against the number of connections, a curve per variant: as the
# table outgrows one cache after the other.
width = 1040
height = 560
set xlabel xlabel
set ylabel unit
set yrange [0:1.08 * ymax]
set logscale x 2
set xrange [xmin / 1.4:xmax * 1.4]
set key outside right center vertical Left reverse samplen 2.5 spacing 1.25 noenhanced
data = name.".tsv"

do for [format in "svg png"] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	set tmargin at screen 1 - (below_subtitle + 14.0) / height
	set bmargin at screen 78.0 / height
	set lmargin at screen 80.0 / width
	do for [i=1:caches] {
		if (cache_x[i] > xmin / 1.4 && cache_x[i] < xmax * 1.4) {
			set arrow i from first cache_x[i], graph 0 to first cache_x[i], graph 1 nohead lc rgb grey dt 3
			set label i cache_label[i] at first cache_x[i], graph 0.03 left offset 0.4, 0 font ',9' textcolor rgb grey
		}
	}
	# The quartiles first, so that no bar hides a mark.
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9 notitle, \
		for [i=1:curves] data index i - 1 using 1:2 with linespoints lt style[i] title label[i]
	unset output
}
