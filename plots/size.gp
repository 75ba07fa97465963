# Throughput against the number of connections, a curve per variant, with the sizes of
# the caches.
height = curve_picture(curves, graph_height, xlabel)
set xlabel xlabel
set yrange [y_from:y_to]
set logscale x 2
set xrange [xmin / 1.4:xmax * 1.05]
unset key
do for [i=1:curves] { eval curve_names(i, 1) }
data = name.".tsv"

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval curve_frame(80, xlabel)
	do for [i=1:caches] {
		if (cache_x[i] > xmin / 1.4 && cache_x[i] < xmax * 1.05) {
			set arrow i from first cache_x[i], graph 0 to first cache_x[i], graph 1 nohead lc rgb grey dt 3
			set label i cache_label[i] at first cache_x[i], graph 0.03 left offset 0.4, 0 font small textcolor rgb grey
		}
	}
	# Draw the intervals first, so that no bar hides a mark.
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9, \
		for [i=1:curves] data index i - 1 using 1:2 with linespoints lt style[i], \
		for [i=1:narrow ? 0 : curves] data index i - 1 using 1:2:(curve_tip(i, $1, $2, $3, $4)) with labels hypertext @under_mouse
	unset output
}
