# The style of all plots.  Comes after the variables that ctbench writes
# (name, title, subtitle, unit, machine, ...) and before the script of the kind.
#
# Colours: Okabe and Ito, "Color Universal Design" (2008), distinguishable with any
# colour vision; without their yellow, which is too light on white.
# Dashes and marks distinguish the curves when there are more than colours.

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
# The underscores of variant names are not subscripts.
set termoption noenhanced

# Narrow plots (narrow = 1) are for phones of 340 to 420 pixels: no text is smaller than 11.5, and
# labels are above a row instead of left of it, below a curve instead of right of it. They are used
# only in the page of a run, whose text has the question and the machine.
width = narrow ? 380 : 1040
side = narrow ? 8.0 : 16.0
small = narrow ? ",11.5" : ",9"

# The question at the top, the fixed parameters below it, the machine at the bottom.
lines(text) = int(sum [k=1:strlen(text)] (text[k:k] eq "\n" ? 1 : 0)) + 1
below_title = narrow ? 2 : 22 * lines(title) + 16
below_subtitle = below_title + 17 * lines(subtitle)
above_machine = narrow ? 8 : 23

terminal(format, width, height) = format eq "svg" \
	? sprintf("set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,12' background rgb 'white'", \
		width, height) \
	: strstrt(GPVAL_TERMINALS, "pngcairo") \
	? sprintf("set terminal pngcairo size %d,%d noenhanced font 'DejaVu Sans,10' fontscale 1.4 linewidth 1.5 pointscale 1.5 background rgb 'white'", \
		1.5 * width, 1.5 * height) \
	: sprintf("set terminal png truecolor size %d,%d noenhanced font 'DejaVu Sans,10' fontscale 1.4 linewidth 1.5 pointscale 1.5 background rgb 'white'", \
		1.5 * width, 1.5 * height)

# For eval, once per format, because positions are in pixels of the plot.
frame(width, height) = sprintf("\
set label 1001 title at screen %g, screen %g left font ',14' textcolor rgb '#000000';\
set label 1002 subtitle at screen %g, screen %g left textcolor rgb '#555555';\
set label 1003 machine at screen %g, screen %g left font '%s' textcolor rgb '#777777'", \
	side / width, 1 - 20.0 / height, side / width, 1 - (below_title + 4.0) / height, \
	side / width, 12.0 / height, small)

# ---- values under the mouse ----

# Drawn as `with labels hypertext @under_mouse`: invisible. ctbench makes <title> elements of them, which
# browsers show as tooltips (harness/show/plot/tooltips.c).
under_mouse = "point pt 7 ps 1.6 lc rgb '#FF000000'"
interval(v, low, high) = low == high ? sprintf("%.4g", v) : sprintf("%.4g [%.4g, %.4g]", v, low, high)
curve_tip(i, x, v, low, high) = sprintf("%s: %s at %.10g", label[i], interval(v, low, high), x)
row_tip(text, v, low, high) = sprintf("%s: %s", text, interval(v, low, high))

# ---- rows: bars, axes, effects, saturation ----

# A row's label is left of it; in a narrow plot it is above it, and a row has 36 pixels
# (PLOT_NARROW_LINE in harness/show/plot/internal.h). n lines of label begin at rows_label().
row(pixels) = narrow ? 36 : pixels
rows_foot = narrow ? 46 + 16 * lines(unit) + above_machine : 72
rows_picture(row) = below_subtitle + 14 + (narrow ? 20 : 14) + rows_foot + row * rows
rows_label(y, n) = y - (0.47 + 16.0 / 36 * (n - 1))
rows_left(pixels) = narrow ? 12.0 : pixels < 0.55 * width ? pixels : 0.55 * width
rows_frame(left) = sprintf("\
set tmargin at screen %g; set bmargin at screen %g; set lmargin at screen %g; set rmargin at screen %g;", \
	1 - (below_subtitle + 14.0) / height, 1.0 * rows_foot / height, left / width, \
	1 - (narrow ? 12.0 : 30.0) / width)

# The variant null does nothing: its bar would be so long that all others look equal. A bar of more than
# 1.6 times the longest of the others (xmax_others) is hatched and cut; its label still has the value.
is_null(text) = text eq "null" || text[1:5] eq "null "
too_long(v) = v > 1.6 * xmax_others
drawn(v) = too_long(v) ? 1.6 * xmax_others : v

# ---- curves: threads, size, load, latency, rate ----

# A name is at the right end of its curve (harness/show/plot/ends.c computes the height), with a thin
# line if it had to be moved; the curve's mark precedes it if there are more curves than colours. Narrow:
# a legend below the axis, and the unit above the graph.
curve_head = below_subtitle + 14 + (narrow ? 17 * lines(unit) + 4 : 0)
curve_legend(curves) = 17 * curves + 6
curve_foot(curves, xlabel) = narrow ? 46 + 16 * lines(xlabel) + curve_legend(curves) + above_machine : 78
curve_picture(curves, graph, xlabel) = curve_head + (narrow ? 250 : graph) + curve_foot(curves, xlabel)
curve_frame(left, xlabel) = sprintf("\
set tmargin at screen %g; set bmargin at screen %g; set lmargin at screen %g; set rmargin at screen %g;", \
	1 - 1.0 * curve_head / height, 1.0 * curve_foot(curves, xlabel) / height, \
	(narrow ? 52.0 : 1.0 * left) / width, 1 - (narrow ? 14.0 : 44.0 + 7.2 * longest) / width).\
	(narrow ? sprintf("set ylabel ''; set label 1004 unit at screen %g, screen %g left", \
		side / width, 1 - (below_subtitle + 16.0) / height) : "set ylabel unit")

legend_y(i) = (above_machine + 17 * (curves - rank[i]) + 12.0) / height
legend_line(i, marks) = sprintf("\
set arrow %d from screen %g, screen %g to screen %g, screen %g nohead lt %d lw 1.6;\
set label %d label[%d] at screen %g, screen %g left textcolor lt %d;", \
	100 + i, side / width, legend_y(i), (side + 26) / width, legend_y(i), style[i], \
	100 + i, i, (side + 34) / width, legend_y(i), style[i]).\
	(marks ? sprintf("set label %d '' at screen %g, screen %g point lt %d ps 0.8", 200 + i, \
		(side + 13) / width, legend_y(i), style[i]) : "")
curve_name(i, marks) = sprintf("set label %d label[%d] at graph 1.025, graph %g left textcolor lt %d%s;", \
	100 + i, i, label_y[i], style[i], \
	marks && curves > 7 ? sprintf(" point lt %d ps 0.8 offset 1, 0", style[i]) : "")
curve_leader(i) = !leader[i] ? "" : \
	sprintf("set arrow %d from first %.10g, first %.10g to graph 1.02, graph %g nohead lt %d lw 0.6 dt 1", \
		100 + i, end_x[i], end_y[i], label_y[i], style[i])
curve_names(i, marks) = narrow ? legend_line(i, marks) : curve_name(i, marks).curve_leader(i)
