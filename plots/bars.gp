# A bar per variant, with the 95 % interval of its median, under a heading for each
# value of whatever else varies.
width = 1040
data = name.".tsv"
height = below_subtitle + 100 + 24 * rows
set ylabel ""
set xlabel unit
set xrange [0:1.22 * xmax]
set yrange [rows + 0.7:0.3]
unset grid
set grid x lc rgb light lw 0.6 lt 1
set border 1 lc rgb grey
set tics scale 0.5
unset key
thick = 0.36

do for [format in "svg png"] {
	eval terminal(format, width, height)
	eval frame(width, height)
	set output name.".".format
	set tmargin at screen 1 - (below_subtitle + 14.0) / height
	set bmargin at screen 72.0 / height
	set lmargin at screen (40.0 + 7.6 * longest) / width
	set rmargin at screen 1 - 30.0 / width
	plot data index 0 using (0.5 * $3):1:(0):3:($1 - thick):($1 + thick):(2):ytic(2) \
			with boxxyerror fs solid noborder lc variable, \
		data index 0 using 3:1:4:5 with xerrorbars lc rgb "#000000" lw 1.2 pt 0, \
		data index 0 using ($5 > $3 ? $5 : $3):1:7 with labels left offset 0.8, 0 textcolor rgb "#333333", \
		data index 1 using (0):1:2 with labels left offset 0, 0 font "DejaVu Sans Bold,12"
	unset output
}
