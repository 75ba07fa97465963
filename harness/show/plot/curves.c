/* SPDX-License-Identifier: MIT */
/*
 * What pictures of curves share: points by variant, their data, the ranges of both axes, and tics.
 *
 * Data: a block per curve, separated by two empty lines (gnuplot's `index`), with the columns x,
 * median, both ends of its interval, and in some kinds a mark.
 */
#include "harness/show/plot/internal.h"
#include "harness/base/array.h"
#include "harness/numbers/quartiles.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int plot_curves_begin(struct plot_curves *c, const struct plot_group *g)
{
	*c = (struct plot_curves){ .xmin = INFINITY, .xmax = -INFINITY, .ymin = INFINITY };
	c->ends = calloc(g->nr ? g->nr : 1, sizeof(*c->ends));
	return c->ends ? 0 : -ENOMEM;
}

void plot_curves_free(struct plot_curves *c)
{
	for (size_t i = 0; i < c->nr; i++)
		free(c->ends[i].points);
	free(c->ends);
}

static struct plot_end *
curve_of(struct plot_curves *c, const struct plot_group *g, const json_t *cell)
{
	const char *variant = text_of(cell, "variant");
	size_t k = 0;

	while (k < c->nr && strcmp(c->ends[k].name, variant))
		k++;
	if (k == c->nr)
		c->ends[c->nr++] = (struct plot_end){ .name = variant,
						      .style = plot_variant_index(g, cell) + 1,
						      .x = -INFINITY };
	return &c->ends[k];
}

static void see(struct plot_curves *c, struct plot_end *end, const struct plot_point *p)
{
	if (!isfinite(p->x) || !(p->y.low > 0) || !(p->y.high > 0))
		return;
	c->xmin = fmin(c->xmin, p->x);
	c->xmax = fmax(c->xmax, p->x);
	c->ymin = fmin(c->ymin, p->y.low);
	c->ymax = fmax(c->ymax, fmax(p->y.value, p->y.high));
	if (p->x > end->x) {
		end->x = p->x;
		end->y = p->y.value;
	}
}

int plot_curves_add(struct plot_curves *c, const struct plot_group *g, const json_t *cell,
		    struct plot_point point)
{
	struct plot_end *end = curve_of(c, g, cell);
	struct plot_point *points;
	size_t at = end->nr;

	if (!array_room(end->points, end->nr))
		return -ENOMEM;
	points = end->points;
	/* Sorted by x; equal ones in the order of the cells. */
	for (; at && points[at - 1].x > point.x; at--)
		points[at] = points[at - 1];
	points[at] = point;
	end->nr++;
	see(c, end, &point);
	return 0;
}

static int by_last(const void *a, const void *b)
{
	const struct plot_end *x = a, *y = b;

	return x->y != y->y ? (x->y < y->y) - (x->y > y->y)
			    : (x->style > y->style) - (x->style < y->style);
}

void plot_curves_sort(struct plot_curves *c)
{
	qsort(c->ends, c->nr, sizeof(*c->ends), by_last);
}

int plot_curves_write(struct plot_file *f, struct plot_curves *c, const struct plot_scale *y,
		      bool marks)
{
	for (size_t i = 0; i < c->nr; i++) {
		plot_write_comment(f->data, c->ends[i].name);
		for (size_t k = 0; k < c->ends[i].nr; k++) {
			const struct plot_point *p = &c->ends[i].points[k];

			fprintf(f->data, "%.10g\t%.6g\t%.6g\t%.6g", p->x, p->y.value, p->y.low,
				p->y.high);
			fprintf(f->data, marks ? "\t%d\n" : "\n", p->marked);
		}
		fputs("\n\n", f->data);
	}
	fprintf(f->script, "xmin = %.10g\nxmax = %.10g\n", c->xmin, c->xmax);
	return plot_write_ends(f->script, c->ends, c->nr, y);
}

int plot_curves_tics(struct plot_file *f, const struct plot_curves *c, bool log, double room,
		     void (*words)(char *buf, size_t size, double x))
{
	double gap = log ? log2(c->xmax / c->xmin) : c->xmax - c->xmin, last = -INFINITY, *xs;
	size_t nr = 0, n = 0;

	for (size_t i = 0; i < c->nr; i++)
		n += c->ends[i].nr;
	xs = calloc(n ? n : 1, sizeof(*xs));
	if (!xs)
		return -ENOMEM;
	for (size_t i = 0; i < c->nr; i++)
		for (size_t k = 0; k < c->ends[i].nr; k++)
			xs[nr++] = c->ends[i].points[k].x;
	qsort(xs, nr, sizeof(*xs), by_value);
	fputs("set xtics (", f->script);
	for (size_t i = 0; i < nr; i++) {
		double place = log ? log2(xs[i]) : xs[i];
		bool fits = !(place - last < room * gap);
		char text[64];

		if (i && xs[i] == xs[i - 1])
			continue;
		words(text, sizeof(text), xs[i]);
		fprintf(f->script, "%s\"%s\" %.10g", i ? ", " : "", fits ? text : "", xs[i]);
		if (fits)
			last = place;
	}
	fputs(")\n", f->script);
	free(xs);
	return 0;
}
