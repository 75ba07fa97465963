# The highest rates found: a row per variant (and point), a small dot per search, and a mark with its
# 95 % interval for their median. A hollow dot: late even at the lowest rate.
data = name.".tsv"
height = rows_picture(row(34))
set ylabel ""
set xlabel unit
# A logarithmic axis has labels only at powers of ten; rates close together would have none.
if (xmax > 20 * xmin) {
	set logscale x 10
	set format x "%.0s%c"
	set xrange [xmin / 1.25:xmax * (narrow ? 1.25 : 1.6)]
	left_end = xmin / 1.2
} else {
	span = xmax > xmin ? xmax - xmin : 0.2 * xmax
	set format x "%.".(span < 0.2 * xmax ? "2" : span < 2 * xmin ? "1" : "0")."s%c"
	set xrange [xmin - 0.3 * span:xmax + (narrow ? 0.3 : 0.9) * span]
	left_end = xmin - 0.28 * span
}
set yrange [rows + (narrow ? 0.5 : 0.7):0.3]
unset grid
set grid x lc rgb light lw 0.6 lt 1
set border 1 lc rgb grey
set tics scale 0.5
if (narrow) { set ytics scale 0 }
unset key

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval rows_frame(rows_left(40.0 + 6.6 * longest))
	plot for [n=1:narrow] data index 0 using (left_end):(rows_label($1, 1)):7 with labels left, \
		data index 1 using ($3 > 0 ? $2 : NaN):($1 + 0.22) with points lc rgb grey pt 7 ps 0.45, \
		data index 1 using ($3 > 0 ? NaN : $2):($1 + 0.22) with points lc rgb grey pt 6 ps 0.55, \
		data index 0 using 3:1:4:5:ytic(2) with xerrorbars lc rgb colour[2] lw 1.6 pt 0, \
		data index 0 using 3:1 with points lc rgb colour[2] pt 7 ps 1.2, \
		data index 0 using ($5 > $3 ? $5 : $3):1:6 with labels left offset 0.8, 0 textcolor rgb "#333333", \
		for [n=1:!narrow] data index 0 using 3:1:(row_tip(stringcolumn(2), $3, $4, $5)) \
			with labels hypertext @under_mouse
	unset output
}
