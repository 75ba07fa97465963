# A figure or an effect over runs in the order of time, a curve per series; a vertical line where
# a series changed its level, in its colour.
height = curve_picture(curves, graph_height, xlabel) + 12
set xlabel xlabel offset 0, -0.5
set yrange [y_from:y_to]
set xrange [0.5:xmax + 0.5]
unset key
do for [i=1:curves] { eval curve_names(i, 1) }
do for [i=1:changes] {
	set arrow 500 + i from first change_x[i] - 0.5, graph 0 to first change_x[i] - 0.5, graph 1 nohead lt change_style[i] lw 1.4 dt 3
	set label 500 + i change_text[i] at first change_x[i] - 0.5, graph 0.02 left offset 0.4, 0.3 + 0.95 * ((i - 1) % 6) font small textcolor lt change_style[i]
}
data = name.".tsv"

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval curve_frame(80, xlabel)
	set bmargin at screen 1.0 * (curve_foot(curves, xlabel) + 12) / height
	# Draw the intervals first, so that no bar hides a mark.
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9, \
		for [i=1:curves] data index i - 1 using 1:2 with linespoints lt style[i], \
		for [i=1:curves] data index i - 1 using 1:2:(sprintf("%s: %s, %s", label[i], interval($2, $3, $4), stringcolumn(5))) with labels hypertext @under_mouse
	unset output
}
