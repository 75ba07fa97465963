# A timeline: panels below each other on one axis of time, a column per variant. Events are
# shaded; the band around a line is the interval of its medians. Narrow: the variants of a
# panel are below each other under its title.
if (!narrow) { width = 110 + 320 * cells < 1040 ? 1040 : 110 + 320 * cells }
row = narrow ? 88 : cells == 1 ? 190 : 170
names = 30			# above the first panel: two lines of events
head = below_subtitle + (narrow ? 8.0 : cells == 1 ? 40.0 : 62.0)
left = narrow ? 52.0 : 84.0
beside = narrow ? width - left + 12.0 : (width - left - 24.0) / cells
variant = cells > 1 ? 17 : 0	# narrow: a line for its name
apart = row + variant + 7
panel_height = narrow ? 22 + cells * apart + 22 : row + 26.0
height = head + panels * panel_height + (narrow ? cells * names + 30 + above_machine : 62.0)
top_of(p, c) = head + (p - 1) * panel_height + \
	(narrow ? 22 + (c - 1) * apart + variant + (p == 1 ? c : cells) * names : 0)
left_of(c) = narrow ? left : left + (c - 1) * beside
# Tics of a low graph: about three, at 1, 2 or 5 times a power of ten.
nice(x) = nice_in(x, 10.0**floor(log10(x)))
nice_in(x, decade) = (x < 1.5 * decade ? 1 : x < 3.5 * decade ? 2 : 5) * decade
data = name.".tsv"
set xrange [0:end_ms]
set key top right horizontal samplen 1.5 noenhanced

# Several curves of a panel: from best to worst.
array shade[4] = ["#0072B2", "#E69F00", "#D55E00", "#CC79A7"]
set style fill transparent solid 0.22 noborder
# A logarithmic axis has no 0: an interval that starts at 0 starts at the bottom of the graph. One that
# also ends at 0 is a gap in the band; both ends are left out, because gnuplot draws a wedge for one end.
low(n, p) = !panel_log[p] || column(n) > 0 ? column(n) : column(n + 1) > 0 ? panel_least[p] / 1.5 : NaN
high(n, p) = !panel_log[p] || column(n) > 0 ? column(n) : NaN
# The value under the mouse, for some 20 points of a line: one for each would make the picture five times as large.
tip(n, words) = sprintf("%s: %s at %.4g ms", words, wide > 1 ? interval(column(n), column(n + 1), column(n + 2)) : interval(column(n), 0, 0), $1)
tips = narrow ? 0 : 20
tip_every = tips && pieces > tips ? int(pieces / tips) : 1

do for [format in formats] {
	eval terminal(format, width, height)
	set output name.".".format
	set multiplot
	do for [c=1:cells] {
		do for [p=1:panels] {
			top = top_of(p, c)
			set tmargin at screen 1 - top / height
			set bmargin at screen 1 - (top + row) / height
			set lmargin at screen left_of(c) / width
			set rmargin at screen (left_of(c) + beside - 22.0) / width
			unset object
			unset label
			unset arrow
			if (c == 1 && p == 1) { eval frame(width, height) }
			if (cells > 1 && (narrow || p == 1)) {
				set label 900 label[c] at screen left_of(c) / width, screen 1 - (narrow ? top - 10.0 - (p == 1 ? names : 0) : head - 44.0) / height left textcolor lt style[c] font ",12"
			}
			if (narrow && c == 1) {
				set label 901 panel[p] at screen side / width, screen 1 - (top - variant - 12.0 - (p == 1 ? names : 0)) / height left font "DejaVu Sans Bold,12"
			}
			last = narrow ? c == cells : p == panels	# of those that share an axis
			first = narrow || c == 1
			shown = 0
			do for [e=1:events] {
				if (event_cell[e] == c) {
					x0 = event_begin[e] < end_ms ? event_begin[e] : end_ms
					x1 = event_end[e] < end_ms ? event_end[e] : end_ms
					set object 10 + e rect from x0, graph 0 to x1, graph 1 fc rgb "#E8E8E8" fs solid noborder behind
					set arrow 10 + e from x0, graph 0 to x0, graph 1 nohead lc rgb "#AAAAAA" lw 0.8 dt 1 back
					if (p == 1 && event_begin[e] < end_ms) {
						set label 10 + e event_name[e] at x0, graph 1.0 left offset 0.2, 0.5 + 0.9 * (shown % 2) font small textcolor rgb "#555555"
						shown = shown + 1
					}
				}
			}
			set ylabel (narrow || c > 1 ? "" : panel[p])
			if (panel_log[p]) {
				set logscale y 10
				if (narrow) { set ytics 10 }
				set yrange [panel_least[p] / 1.5:panel_top[p] * (panel_lines[p] > 1 ? 30 : 2)]
				set format y (first ? "%g" : "")
			} else {
				unset logscale y
				set yrange [0:1.12 * panel_top[p]]
				if (narrow) { set ytics nice(panel_top[p] / 3.0) }
				set format y (first ? "%g" : "")
			}
			set format x (last ? "%g" : "")
			set xlabel (last && p == panels ? "milliseconds since the window opened" : "")
			if (panel_lines[p] > 1) {
				set key top right horizontal samplen 1.5 noenhanced
				plot for [l=1:wide > 1 ? panel_lines[p] : 0] data index c - 1 \
						using 1:(low(panel_column[p] + wide * (l - 1) + 1, p)):(high(panel_column[p] + wide * (l - 1) + 2, p)) \
						with filledcurves fc rgb shade[l] notitle, \
					for [l=1:panel_lines[p]] data index c - 1 using 1:(column(panel_column[p] + wide * (l - 1))) \
						with lines lw 1.4 lc rgb shade[l] title line_label[panel_column[p] + wide * (l - 1)], \
					for [l=1:tips ? panel_lines[p] : 0] data index c - 1 every tip_every \
						using 1:(column(panel_column[p] + wide * (l - 1))):(tip(panel_column[p] + wide * (l - 1), line_label[panel_column[p] + wide * (l - 1)])) \
						with labels hypertext @under_mouse notitle
			} else {
				unset key
				plot for [l=1:wide > 1] data index c - 1 using 1:(low(panel_column[p] + 1, p)):(high(panel_column[p] + 2, p)) \
						with filledcurves lt style[c] notitle, \
					data index c - 1 using 1:(column(panel_column[p])) with lines lw 1.4 lt style[c] dt 1 notitle, \
					for [l=1:tips ? 1 : 0] data index c - 1 every tip_every \
						using 1:(column(panel_column[p])):(tip(panel_column[p], panel[p])) \
						with labels hypertext @under_mouse notitle
			}
		}
	}
	unset multiplot
	unset output
}
