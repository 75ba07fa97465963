# Throughput against connections per bucket, a curve per variant.
height = curve_picture(curves, graph_height, xlabel)
set xlabel xlabel
set yrange [y_from:y_to]
set logscale x 2
set xrange [xmin / 1.3:xmax * 1.05]
unset key
do for [i=1:curves] { eval curve_names(i, 1) }
data = name.".tsv"

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval curve_frame(80, xlabel)

	# Draw the intervals first, so that no bar hides a mark.
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9, \
		for [i=1:curves] data index i - 1 using 1:2 with linespoints lt style[i], \
		for [i=1:narrow ? 0 : curves] data index i - 1 using 1:2:(curve_tip(i, $1, $2, $3, $4)) with labels hypertext @under_mouse
	unset output
}
