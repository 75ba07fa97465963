# A soak: gnuplot -e "data='FILE.tsv'; out='FILE.svg'; name='VARIANT'" tools/soak.gp
# Five panels below each other on one axis of time; the first quarter is not judged.
set terminal svg size 760,760 font "DejaVu Sans,11" background rgb "#FFFFFF" noenhanced
set output out
set datafile separator "\t"
stats data using 1 skip 1 nooutput name "TIME"
set multiplot layout 5,1 title name.": churn, resizes and floods" font ",13" margins 0.11,0.97,0.07,0.94 spacing 0.05
set border 3 lc rgb "#666666"
set tics nomirror scale 0.5
set grid ytics lc rgb "#DDDDDD" lt 1
set xrange [0:TIME_max]
set yrange [0:*]
set format x ""
unset key
set object 1 rect from 0, graph 0 to TIME_max / 4, graph 1 fc rgb "#F0F0F0" fs solid noborder behind
array column[5] = [2, 3, 4, 5, 6]
array title[5] = ["entries", "live entries, KiB", "pool, KiB", "waiting for a grace period, KiB", "resident, MiB"]
array unit[5] = [1, 1024.0, 1024.0, 1024.0, 1048576.0]
do for [i=1:5] {
	set label 1 title[i] at graph 0, graph 1.1 left front
	if (i == 5) {
		set format x "%g"
		set xlabel "seconds"
	}
	plot data using 1:(column(column[i]) / unit[i]) skip 1 with lines lc rgb "#0072B2" lw 1.2
}
unset multiplot
