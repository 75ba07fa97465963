# The effect of each choice in percent: a mark with its 95 % interval, filled if a difference
# was seen. The grey band is the noise of the workload.
data = name.".tsv"
height = rows_picture(row(24))
set ylabel ""
set xlabel unit
from = -noise < least ? -noise : least
to = noise > most ? noise : most
from = from > 0 ? 0 : from
to = to < 0 ? 0 : to
span = to - from > 0.1 ? to - from : 0.1
set xrange [from - 0.04 * span:to + (narrow ? 0.04 : 0.26) * span]
set yrange [rows + (narrow ? 0.5 : 0.7):0.3]
unset grid
set grid x lc rgb light lw 0.6 lt 1
set border 1 lc rgb grey
set tics scale 0.5
if (narrow) { set ytics scale 0 }
unset key
if (noise > 0) { set object 1 rectangle from -noise, graph 0 to noise, graph 1 behind fc rgb "#ECECEC" fs solid noborder }
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb "#777777" lw 1.2

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval rows_frame(rows_left(40.0 + 6.6 * longest))
	plot for [n=1:narrow] data index 0 using (from - 0.03 * span):(rows_label($1, $8)):9 with labels left, \
		data index 0 using 3:1:4:5:ytic(2) with xerrorbars lc rgb colour[2] lw 1.6 pt 0, \
		data index 0 using ($6 > 0 ? $3 : NaN):1 with points lc rgb colour[2] pt 7 ps 1.1, \
		data index 0 using ($6 > 0 ? NaN : $3):1 with points lc rgb "#FFFFFF" pt 7 ps 1.0, \
		data index 0 using ($6 > 0 ? NaN : $3):1 with points lc rgb colour[2] pt 6 ps 1.1, \
		data index 0 using ($5 > $3 ? $5 : $3):1:7 with labels left offset 0.8, 0 textcolor rgb "#333333", \
		for [n=1:!narrow] data index 0 using 3:1:(row_tip(stringcolumn(2), $3, $4, $5)." %") \
			with labels hypertext @under_mouse, \
		data index 1 using (from - 0.03 * span):1:2 with labels left offset 0, 0 font "DejaVu Sans Bold,12"
	unset output
}
