# Throughput against threads, a curve per variant.
# Perfect scaling is a straight line from the origin.
height = curve_picture(curves, graph_height, xlabel)
set xlabel xlabel
set yrange [y_from:y_to]
# A linear axis, so that this line is straight.
set xrange [(xmax > xmin ? 0 : 0.5 * xmin):(xmax > xmin ? 1.03 * xmax : 1.5 * xmax)]
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
