# The effect of each choice in percent: a mark with its 95 % interval, filled if a difference
# was seen. The grey band is the noise of the workload. Interactions, which may be much larger, are
# a panel of their own below, with a scale of their own.
data = name.".tsv"
between = narrow ? 30 : 34
height = rows_picture(row(24)) + between * (panels - 1)
set ylabel ""
unset grid
set grid x lc rgb light lw 0.6 lt 1
set border 1 lc rgb grey
set tics scale 0.5
if (narrow) { set ytics scale 0 }
unset key
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb "#777777" lw 1.2

# The pixels from the picture's top to the end of panel p, and to its begin.
panel_end(p) = below_subtitle + 14 + (narrow ? 20 : 14) + row(24) * last[p] + between * (p - 1)
panel_begin(p) = p == 1 ? below_subtitle + 14 : panel_end(p - 1) + between
first_row(p) = p == 1 ? 0 : last[p - 1]
scale_from(p) = least[p] < -noise ? least[p] : -noise
scale_to(p) = most[p] > noise ? most[p] : noise

do for [format in formats] {
	eval terminal(format, width, height)
	set output name.".".format
	eval rows_frame(rows_left(40.0 + 6.6 * longest))
	set multiplot
	eval frame(width, height)
	do for [p=1:panels] {
		from = scale_from(p)
		to = scale_to(p)
		span = to - from > 0.1 ? to - from : 0.1
		set xrange [from - 0.04 * span:to + (narrow ? 0.04 : 0.26) * span]
		set yrange [last[p] + (narrow ? 0.5 : 0.7):first_row(p) + 0.3]
		set tmargin at screen 1 - 1.0 * panel_begin(p) / height
		set bmargin at screen 1 - 1.0 * panel_end(p) / height
		set xlabel (p == panels ? unit : "")
		if (noise > 0) { set object 1 rectangle from -noise, graph 0 to noise, graph 1 behind fc rgb "#ECECEC" fs solid noborder }
		begin = p == 1 ? 0 : count[p - 1]
		end = count[p] - 1
		here(y) = y > first_row(p) && y <= last[p] ? y : NaN
		plot for [n=1:narrow] data index 0 every ::begin::end using (from - 0.03 * span):(rows_label($1, $8)):9 with labels left, \
			data index 0 every ::begin::end using 3:1:4:5:ytic(2) with xerrorbars lc rgb colour[2] lw 1.6 pt 0, \
			data index 0 every ::begin::end using ($6 > 0 ? $3 : NaN):1 with points lc rgb colour[2] pt 7 ps 1.1, \
			data index 0 every ::begin::end using ($6 > 0 ? NaN : $3):1 with points lc rgb "#FFFFFF" pt 7 ps 1.0, \
			data index 0 every ::begin::end using ($6 > 0 ? NaN : $3):1 with points lc rgb colour[2] pt 6 ps 1.1, \
			data index 0 every ::begin::end using ($5 > $3 ? $5 : $3):1:7 with labels left offset 0.8, 0 textcolor rgb "#333333", \
			for [n=1:!narrow] data index 0 every ::begin::end using 3:1:(row_tip(stringcolumn(2), $3, $4, $5)." %") \
				with labels hypertext @under_mouse, \
			data index 1 using (from - 0.03 * span):(here($1)):2 with labels left offset 0, 0 font "DejaVu Sans Bold,12"
		unset label 1001
		unset label 1002
		unset label 1003
	}
	unset multiplot
	unset output
}
