# Percentiles into the tail, a curve per variant with the 95 % interval of its median
# over the repeats.  Each step to the right is ten times as rare.
data = name.".tsv"
xlabel = narrow ? "% of the operations that took no longer\n(line: median, shaded: its 95 % interval)" : \
	"share of the operations that took no longer (line: median of the repeats, shaded: its 95 % interval)"
set xlabel xlabel
height = curve_picture(curves, graph_height, xlabel)
set logscale y 10
set yrange [y_from:y_to]
set xrange [0:xmax * 1.01]
if (narrow) {
	# With labels of seven characters for every nine, the labels would overlap.
	set xtics ("50" 0.30103, "90" 1, "99" 2, "99.9" 3, (xmax < 5.5 ? "99.99" : "") 4, "99.999" 5, "" 6, "" 7, "" 8)
} else {
	set xtics ("0" 0, "50 %%" 0.30103, "90 %%" 1, "99 %%" 2, "99.9 %%" 3, "99.99 %%" 4, "99.999 %%" 5, "99.9999 %%" 6, "" 7, "" 8)
}
set grid x y lc rgb light lw 0.6 lt 1
set style fill transparent solid 0.13 noborder
unset key
# "null: 0.31 [0.30, 0.32] at 99.9 %"
nines_tip(i, nines, v, low, high) = sprintf("%s: %s at %.6g %%", label[i], interval(v, low, high), 100 - 100 * 10**-nines)
do for [i=1:curves] { eval curve_names(i, 0) }

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval curve_frame(96, xlabel)
	plot for [i=1:curves] data index i - 1 using 1:3:4 with filledcurves lt style[i], \
		for [i=1:curves] data index i - 1 using 1:2 with lines lt style[i] lw 2, \
		for [i=1:narrow ? 0 : curves] data index i - 1 using 1:2:(nines_tip(i, $1, $2, $3, $4)) with labels hypertext @under_mouse
	unset output
}
