# How all pictures look.  Comes behind the variables that ctbench writes
# (name, title, subtitle, unit, machine, ...) and before the script of the kind.
#
# Colours: Okabe and Ito, "Color Universal Design" (2008), which people with any
# colour vision can tell apart; without their yellow, which white paper swallows.
# Where there are more curves than colours, dashes and marks go on.

set encoding utf8
array colour[7] = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
array mark[7] = [7, 5, 9, 13, 11, 65, 69]
do for [i=1:28] {
	c = (i - 1) % 7 + 1
	d = (i - 1) / 7
	dash = d == 0 ? 1 : d == 1 ? 2 : d == 2 ? 4 : 3
	set linetype i lc rgb colour[c] lw 1.6 dt dash pt mark[(i + d - 1) % 7 + 1] ps 0.8
}

grey = "#777777"
light = "#DDDDDD"
set border 3 lc rgb grey
set tics nomirror textcolor rgb "#333333"
set grid y lc rgb light lw 0.6 lt 1
# Variant names have underscores, which mean no subscripts.
set termoption noenhanced

# The question on top, what was fixed below it, the machine at the bottom.
lines(text) = int(sum [k=1:strlen(text)] (text[k:k] eq "\n" ? 1 : 0)) + 1
below_title = 22 * lines(title) + 16
below_subtitle = below_title + 17 * lines(subtitle)

terminal(format, width, height) = format eq "svg" \
	? sprintf("set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,12' background rgb 'white'", \
		width, height) \
	: strstrt(GPVAL_TERMINALS, "pngcairo") \
	? sprintf("set terminal pngcairo size %d,%d noenhanced font 'DejaVu Sans,10' fontscale 1.4 linewidth 1.5 pointscale 1.5 background rgb 'white'", \
		1.5 * width, 1.5 * height) \
	: sprintf("set terminal png truecolor size %d,%d noenhanced font 'DejaVu Sans,10' fontscale 1.4 linewidth 1.5 pointscale 1.5 background rgb 'white'", \
		1.5 * width, 1.5 * height)

# To be evaluated for each format, since places are in pixels of the picture.
frame(width, height) = sprintf("\
set label 1001 title at screen %g, screen %g left font ',14' textcolor rgb '#000000';\
set label 1002 subtitle at screen %g, screen %g left textcolor rgb '#555555';\
set label 1003 machine at screen %g, screen %g left font ',9' textcolor rgb '#777777'", \
	16.0 / width, 1 - 20.0 / height, 16.0 / width, 1 - (below_title + 4.0) / height, \
	16.0 / width, 12.0 / height)

# Curves with their names at their right ends (harness/plot_ends.c says how high), and a thin line to
# those that had to move. Where there are more curves than colours, the curve's mark comes first.
curve_picture(graph) = below_subtitle + 14 + graph + 78
curve_name(i, marks) = sprintf("set label %d label[%d] at graph 1.025, graph %g left textcolor lt %d%s", \
	100 + i, i, label_y[i], style[i], \
	marks && curves > 7 ? sprintf(" point lt %d ps 0.8 offset 1, 0", style[i]) : "")
curve_leader(i) = !leader[i] ? "" : \
	sprintf("set arrow %d from first %.10g, first %.10g to graph 1.02, graph %g nohead lt %d lw 0.6 dt 1", \
		100 + i, end_x[i], end_y[i], label_y[i], style[i])
curve_names(i, marks) = curve_name(i, marks).";".curve_leader(i)
