/* SPDX-License-Identifier: MIT */
/*
 * Names at the ends of curves, in the curve's colour and at the height of its last point, so that
 * no legend is needed. Names that would overlap are moved apart as little as possible; a thin line
 * connects a moved name with its curve.
 *
 * Many curves make the graph higher: a smaller font could not be read, and a legend of 28 lines
 * would be as high.
 *
 * A narrow picture for phones has no room next to the graph, so it has a legend below it, in the
 * order of the ends.
 */
#include "harness/show/plot/internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_PX	 15  /* a line of names */
#define GRAPH_PX 420 /* the graph, unless the names need more */
#define MOVED_PX 3   /* a smaller distance is not visible */

double plot_graph_height(size_t curves)
{
	double names = LINE_PX * (double)(curves + 1);

	return names > GRAPH_PX ? names : GRAPH_PX;
}

/* The place of a value in the graph: 0 at the bottom, 1 at the top. */
static double share_of(const struct plot_scale *y, double value)
{
	double share = y->log ? log(value / y->from) / log(y->to / y->from)
			      : (value - y->from) / (y->to - y->from);

	/* A curve without points has no end. */
	return share >= 0 ? fmin(share, 1) : 0;
}

/* Names that touch, from first on: they are centred on the mean of the places that they want. */
struct block {
	size_t first, nr;
	double sum; /* of the lowest name's places, if each name had its own */
};

static int by_height(const void *a, const void *b)
{
	const struct plot_end *x = *(struct plot_end *const *)a, *y = *(struct plot_end *const *)b;

	return x->place != y->place ? (x->place > y->place) - (x->place < y->place)
				    : (x->style > y->style) - (x->style < y->style);
}

int plot_place_ends(struct plot_end *ends, size_t nr, const struct plot_scale *y, double line)
{
	struct plot_end **order = calloc(nr ? nr : 1, sizeof(*order));
	struct block *blocks = calloc(nr ? nr : 1, sizeof(*blocks));
	size_t n = 0;

	if (!order || !blocks) {
		free(order);
		free(blocks);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr; i++) {
		ends[i].place = share_of(y, ends[i].y);
		order[i] = &ends[i];
	}
	qsort(order, nr, sizeof(*order), by_height);
	/*
	 * Least squares, each name at least a line above the one before: neighbours that are too
	 * close become one block at their mean, until none are (pool adjacent violators).
	 */
	for (size_t i = 0; i < nr; i++) {
		blocks[n++] = (struct block){ i, 1, order[i]->place - line * (double)i };
		while (n > 1 && blocks[n - 2].sum / (double)blocks[n - 2].nr >=
					blocks[n - 1].sum / (double)blocks[n - 1].nr) {
			blocks[n - 2].nr += blocks[n - 1].nr;
			blocks[n - 2].sum += blocks[n - 1].sum;
			n--;
		}
	}
	for (size_t k = 0; k < n; k++) {
		/* Within the graph, with room for the names below and above. */
		double low = line / 2, high = 1 - line / 2 - line * (double)(nr - 1);
		double at = fmax(low, fmin(high, blocks[k].sum / (double)blocks[k].nr));

		for (size_t i = blocks[k].first; i < blocks[k].first + blocks[k].nr; i++)
			order[i]->place = at + line * (double)i;
	}
	for (size_t i = 0; i < nr; i++)
		order[i]->rank = nr - i;
	free(order);
	free(blocks);
	return 0;
}

int plot_write_ends(FILE *script, struct plot_end *ends, size_t nr, const struct plot_scale *y)
{
	double height = plot_graph_height(nr), most = -INFINITY;
	int err = plot_place_ends(ends, nr, y, LINE_PX / height);
	size_t longest = 0;

	for (size_t i = 0; i < nr; i++)
		most = fmax(most, ends[i].x);
	fprintf(script, "graph_height = %.0f\ny_from = %.6g\ny_to = %.6g\n", height, y->from,
		y->to);
	fprintf(script,
		"curves = %zu\narray label[%zu]\narray style[%zu]\narray label_y[%zu]\n"
		"array end_x[%zu]\narray end_y[%zu]\narray leader[%zu]\narray rank[%zu]\n",
		nr, nr, nr, nr, nr, nr, nr, nr);
	for (size_t i = 0; i < nr; i++) {
		double moved = height * fabs(ends[i].place - share_of(y, ends[i].y));
		char variable[32];
		size_t len = 0;

		for (const char *p = ends[i].name; *p; p++)
			len += ((unsigned char)*p & 0xc0) != 0x80;
		longest = len > longest ? len : longest;
		snprintf(variable, sizeof(variable), "label[%zu]", i + 1);
		plot_set_text(script, variable, ends[i].name);
		fprintf(script,
			"style[%zu] = %u\nlabel_y[%zu] = %.5g\nrank[%zu] = %zu\nleader[%zu] = %d\n",
			i + 1, ends[i].style, i + 1, ends[i].place, i + 1, ends[i].rank, i + 1,
			isfinite(ends[i].x) && (moved > MOVED_PX || ends[i].x < most));
		if (isfinite(ends[i].x))
			fprintf(script, "end_x[%zu] = %.10g\nend_y[%zu] = %.6g\n", i + 1, ends[i].x,
				i + 1, ends[i].y);
	}
	fprintf(script, "longest = %zu\n", longest);
	return err;
}
