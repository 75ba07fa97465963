# Throughput against threads, a curve per variant.
# A straight line from the origin would be perfect scaling.
width = 1040
height = curve_picture(graph_height)
set xlabel xlabel
set ylabel unit
set yrange [y_from:y_to]
# Linear, for the sake of that straight line.
set xrange [(xmax > xmin ? 0 : 0.5 * xmin):(xmax > xmin ? 1.03 * xmax : 1.5 * xmax)]
unset key
do for [i=1:curves] { eval curve_names(i, 1) }
data = name.".tsv"

do for [format in "svg png"] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	set tmargin at screen 1 - (below_subtitle + 14.0) / height
	set bmargin at screen 78.0 / height
	set lmargin at screen 80.0 / width
	set rmargin at screen 1 - (44.0 + 7.2 * longest) / width

	# The intervals first, so that no bar hides a mark.
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9, \
		for [i=1:curves] data index i - 1 using 1:2 with linespoints lt style[i]
	unset output
}
