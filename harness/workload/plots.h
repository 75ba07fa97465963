/* SPDX-License-Identifier: MIT */
/* The kinds of plots: the data that each shows and needs.  The table is plots.def. */
#ifndef CTBENCH_HARNESS_WORKLOAD_PLOTS_H
#define CTBENCH_HARNESS_WORKLOAD_PLOTS_H

#include <stdbool.h>
#include <stddef.h>

enum plot_number {
#define PLOT(id, ...) PLOT_NR_##id,
#include "harness/workload/plots.def"
#undef PLOT
	NR_PLOT_KINDS
};

/* A set of plots is the sum of such bits: PLOT_THREADS | PLOT_BARS. */
enum workload_plot {
#define PLOT(id, ...) PLOT_##id = 1 << PLOT_NR_##id,
#include "harness/workload/plots.def"
#undef PLOT
};

/* The shape of a plot; it decides which function of harness/show/plot/ writes the data. */
enum plot_shape {
	PLOT_CURVES,	  /* a figure over the parameter x, a curve for each variant */
	PLOT_ROWS,	  /* a bar for each variant */
	PLOT_CHOICES,	  /* a bar for each choice on an axis */
	PLOT_VERDICTS,	  /* an interval for each verdict */
	PLOT_TIME,	  /* series over the window */
	PLOT_PERCENTILES, /* latencies: over the percentile or, with x, over that parameter */
	PLOT_SEARCH,	  /* rates that were tried */
};

/* Which cells it can show. */
enum plot_needs {
	PLOT_NEEDS_THROUGHPUT, /* a timeline also shows cells that take latencies */
	PLOT_NEEDS_LATENCY,
	PLOT_NEEDS_SEARCH,
};

/* When it is drawn for a workload that does not name its plots. */
enum plot_default {
	PLOT_IF_ASKED,
	PLOT_IF_X_VARIES,
	PLOT_IF_TIMELINE,
	PLOT_IF_LATENCY,
	PLOT_ALWAYS, /* also of a workload that asks for others, where there is anything to draw */
};

struct plot_kind {
	enum workload_plot bit;
	const char *name; /* in workload files, and of the script: plots/NAME.gp */
	const char *help;
	enum plot_shape shape;
	const char *x;	   /* the parameter (a cell's column) on the x axis, or NULL */
	const char *label; /* of the x axis of curves */
	const char *y;	   /* of curves and bars: the metric that is drawn; NULL: the throughput */
	bool log;	   /* a logarithmic x axis */
	bool caches;	   /* mark the sizes of the caches on it */
	enum plot_needs needs;
	enum plot_default default_when;
};

extern const struct plot_kind plot_kinds[NR_PLOT_KINDS];

/* NULL if there is none of this name. */
const struct plot_kind *plot_kind_find(const char *name);
/* "threads, size, ... or saturation"; returns as snprintf() does. */
int plot_kind_list(char *buf, size_t size);

#endif
