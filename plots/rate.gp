# A percentile against the rate of arrivals, a curve per variant. A hollow mark: the loop fell behind
# and did not start all operations.
data = name.".tsv"
xlabel = "operations arriving per second".(narrow ? "\n" : " ").\
	"(bars: 95 %; hollow: more ".(narrow ? "" : "arrived ")."than could be begun)"
set xlabel xlabel
height = curve_picture(curves, graph_height, xlabel)
set logscale y 10
set logscale x 10
set yrange [y_from:y_to]
set xrange [xmin / 1.1:xmax * 1.03]
unset key
if (away > y_from && away < y_to) {
	set arrow 900 from graph 0, first away to graph 1, first away nohead lc rgb grey dt 2 lw 1 back
	set label 900 (narrow ? "CPU stolen" : "CPU stolen: so long arrivals wait on this machine without a table") at graph 0.988, first away right offset 0, 0.55 textcolor rgb grey
}
do for [i=1:curves] { eval curve_names(i, 0) }

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval curve_frame(96, xlabel)
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9, \
		for [i=1:curves] data index i - 1 using 1:2 with lines lt style[i], \
		for [i=1:curves] data index i - 1 using 1:2 with points lc rgb colour[(style[i] - 1) % 7 + 1] pt 7 ps 1, \
		for [i=1:curves] data index i - 1 using ($5 > 0 ? $1 : NaN):2 with points lc rgb "#FFFFFF" pt 7 ps 0.55, \
		for [i=1:narrow ? 0 : curves] data index i - 1 using 1:2:(curve_tip(i, $1, $2, $3, $4)) with labels hypertext @under_mouse
	unset output
}
