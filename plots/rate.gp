# A percentile against the rate of arrivals, a curve per variant; hollow where the loop fell
# behind and did not begin all that arrived.
width = 1040
height = curve_picture(graph_height)
data = name.".tsv"
set xlabel "operations arriving per second (bars: 95 %; hollow: more arrived than could be begun)"
set ylabel unit
set logscale y 10
set logscale x 10
set yrange [y_from:y_to]
set xrange [xmin / 1.1:xmax * 1.03]
unset key
do for [i=1:curves] { eval curve_names(i, 0) }

do for [format in "svg png"] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	set tmargin at screen 1 - (below_subtitle + 14.0) / height
	set bmargin at screen 78.0 / height
	set lmargin at screen 96.0 / width
	set rmargin at screen 1 - (44.0 + 7.2 * longest) / width
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9, \
		for [i=1:curves] data index i - 1 using 1:2 with lines lt style[i], \
		for [i=1:curves] data index i - 1 using 1:2 with points lc rgb colour[(style[i] - 1) % 7 + 1] pt 7 ps 1, \
		for [i=1:curves] data index i - 1 using ($5 > 0 ? $1 : NaN):2 with points lc rgb "#FFFFFF" pt 7 ps 0.55
	unset output
}
