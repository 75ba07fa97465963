# What happened when: panels below each other on one axis of time, a column per
# variant, events shaded behind, each line upon a band: the interval of its medians.
width = 110 + 320 * cells < 1040 ? 1040 : 110 + 320 * cells
row = cells == 1 ? 190 : 170
head = below_subtitle + (cells == 1 ? 40.0 : 62.0)
height = head + panels * (row + 26.0) + 62.0
left = 84.0
beside = (width - left - 24.0) / cells
data = name.".tsv"
set xrange [0:end_ms]
set key top right horizontal samplen 1.5 noenhanced

# Several curves of a panel: from calm to worst.
array shade[4] = ["#0072B2", "#E69F00", "#D55E00", "#CC79A7"]
set style fill transparent solid 0.22 noborder
# A logarithm has no place for an interval that begins at 0: it begins at the bottom.
low(column_low, p) = panel_log[p] && column(column_low) <= 0 ? panel_least[p] / 1.5 : column(column_low)

do for [format in "svg png"] {
	eval terminal(format, width, height)
	set output name.".".format
	set multiplot
	do for [c=1:cells] {
		do for [p=1:panels] {
			top = head + (p - 1) * (row + 26.0)
			set tmargin at screen 1 - top / height
			set bmargin at screen 1 - (top + row) / height
			set lmargin at screen (left + (c - 1) * beside) / width
			set rmargin at screen (left + c * beside - 22.0) / width
			unset object
			unset label
			unset arrow
			if (c == 1 && p == 1) { eval frame(width, height) }
			if (p == 1 && cells > 1) {
				set label 900 label[c] at screen (left + (c - 1) * beside) / width, screen 1 - (head - 44.0) / height left textcolor lt style[c] font ",12"
			}
			shown = 0
			do for [e=1:events] {
				if (event_cell[e] == c) {
					x0 = event_begin[e] < end_ms ? event_begin[e] : end_ms
					x1 = event_end[e] < end_ms ? event_end[e] : end_ms
					set object 10 + e rect from x0, graph 0 to x1, graph 1 fc rgb "#E8E8E8" fs solid noborder behind
					set arrow 10 + e from x0, graph 0 to x0, graph 1 nohead lc rgb "#AAAAAA" lw 0.8 dt 1 back
					if (p == 1 && event_begin[e] < end_ms) {
						set label 10 + e event_name[e] at x0, graph 1.0 left offset 0.2, 0.5 + 0.9 * (shown % 2) font ",9" textcolor rgb "#555555"
						shown = shown + 1
					}
				}
			}
			set ylabel (c == 1 ? panel[p] : "")
			if (panel_log[p]) {
				set logscale y 10
				set yrange [panel_least[p] / 1.5:panel_top[p] * (panel_lines[p] > 1 ? 30 : 2)]
				set format y (c == 1 ? "%g" : "")
			} else {
				unset logscale y
				set yrange [0:1.12 * panel_top[p]]
				set format y (c == 1 ? "%g" : "")
			}
			set format x (p == panels ? "%g" : "")
			set xlabel (p == panels ? "milliseconds since the window opened" : "")
			if (panel_lines[p] > 1) {
				set key top right horizontal samplen 1.5 noenhanced
				plot for [l=1:wide > 1 ? panel_lines[p] : 0] data index c - 1 \
						using 1:(low(panel_column[p] + wide * (l - 1) + 1, p)):(column(panel_column[p] + wide * (l - 1) + 2)) \
						with filledcurves fc rgb shade[l] notitle, \
					for [l=1:panel_lines[p]] data index c - 1 using 1:(column(panel_column[p] + wide * (l - 1))) \
						with lines lw 1.4 lc rgb shade[l] title line_label[panel_column[p] + wide * (l - 1)]
			} else {
				unset key
				plot for [l=1:wide > 1] data index c - 1 using 1:(low(panel_column[p] + 1, p)):(column(panel_column[p] + 2)) \
						with filledcurves lt style[c] notitle, \
					data index c - 1 using 1:(column(panel_column[p])) with lines lw 1.4 lt style[c] dt 1 notitle
			}
		}
	}
	unset multiplot
	unset output
}
