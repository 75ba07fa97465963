# A bar per variant with the 95 % interval of its median; a heading for each value of the
# other parameters that vary.
data = name.".tsv"
height = rows_picture(row(24))
set ylabel ""
set xlabel unit
# The longest bar except null's, or of all if there are no others.
stats data index 0 using (is_null(stringcolumn(narrow ? 8 : 2)) ? NaN : $5) nooutput name "OTHERS"
xmax_others = exists("OTHERS_records") && OTHERS_records > 0 ? OTHERS_max : xmax
cut = too_long(xmax)
set xrange [0:1.22 * drawn(xmax)]
set yrange [rows + (narrow ? 0.5 : 0.7):0.3]
unset grid
set grid x lc rgb light lw 0.6 lt 1
set border 1 lc rgb grey
set tics scale 0.5
if (narrow) { set ytics scale 0 }
unset key
thick = narrow ? 0.18 : 0.36

do for [format in formats] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	eval rows_frame(rows_left(40.0 + 7.6 * longest))
	plot for [n=1:narrow] data index 0 using (0):(rows_label($1, 1)):8 with labels left, \
		data index 0 using (0.5 * drawn($3)):1:(0):(drawn($3)):($1 - thick):($1 + thick):(too_long($3) ? -2 : 2):ytic(2) \
			with boxxyerror fs solid noborder lc variable, \
		for [n=1:cut] data index 0 using (0.5 * drawn($3)):1:(0):(too_long($3) ? drawn($3) : NaN):($1 - thick):($1 + thick) \
			with boxxyerror fs pattern 5 noborder lc rgb grey, \
		data index 0 using (too_long($5) ? NaN : $3):1:4:5 with xerrorbars lc rgb "#000000" lw 1.2 pt 0, \
		data index 3 using (too_long($2) ? NaN : $2):($1 + 0.6 * thick) with points pt 7 ps 0.2 lc rgb "#000000", \
		data index 0 using (drawn($5 > $3 ? $5 : $3)):1:(stringcolumn(7).(too_long($3) ? " (cut)" : "")) \
			with labels left offset 0.8, 0 textcolor rgb "#333333", \
		for [n=1:!narrow] data index 0 using (drawn($3)):1:(row_tip(stringcolumn(2), $3, $4, $5)) \
			with labels hypertext @under_mouse, \
		data index 1 using (0):1:2 with labels left offset 0, 0 font "DejaVu Sans Bold,12"
	unset output
}
