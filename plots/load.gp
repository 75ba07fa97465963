# Throughput against connections per bucket, a curve per variant.
width = 1040
height = 560
set xlabel xlabel
set ylabel unit
set yrange [0:1.08 * ymax]
set logscale x 2
set xrange [xmin / 1.3:xmax * 1.3]
set key outside right center vertical Left reverse samplen 2.5 spacing 1.25 noenhanced
data = name.".tsv"

do for [format in "svg png"] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	set tmargin at screen 1 - (below_subtitle + 14.0) / height
	set bmargin at screen 78.0 / height
	set lmargin at screen 80.0 / width

	# The intervals first, so that no bar hides a mark.
	plot for [i=1:curves] data index i - 1 using 1:2:3:4 with yerrorbars lt style[i] dt 1 pt 0 lw 0.9 notitle, \
		for [i=1:curves] data index i - 1 using 1:2 with linespoints lt style[i] title label[i]
	unset output
}
