/* SPDX-License-Identifier: MIT */
/*
 * A figure, such as the throughput, against a parameter (threads, connections, the load factor),
 * one curve per variant, with the 95 % interval of each median as a bar.
 */
#include "harness/show/plot/internal.h"

#include "harness/base/memory.h"
#include "harness/show/table/table.h"
#include "harness/numbers/quartiles.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void value_words(char *buf, size_t size, double x)
{
	json_t *value = x == floor(x) ? json_integer((json_int_t)x) : json_real(x);

	table_value(buf, size, value);
	json_decref(value);
}

/*
 * Lines at the sizes of the caches, as connections: a cache's size divided by the memory of one
 * connection, for the median variant.
 */
static void write_caches(FILE *script, const struct plot_group *g, const struct plot_curves *c)
{
	const json_t *facts = within(g->benchmark, "ctbench", "environment");
	const json_t *caches = within(facts, "topology", "caches");
	double *bytes = memory_array(g->nr, sizeof(*bytes));
	char places[512] = "", labels[512] = "";
	size_t nr = 0, at = 0, lat = 0, i;
	int found = 0;
	json_t *cache;

	for (i = 0; i < g->nr; i++) {
		double node = number_of(g->cells[i], "node_bytes_per_connection");
		double bucket = number_of(g->cells[i], "bucket_bytes_per_connection");

		if (node + bucket > 0)
			bytes[nr++] = node + bucket;
	}
	if (nr)
		qsort(bytes, nr, sizeof(*bytes), by_value);
	json_array_foreach(caches, i, cache) {
		double size = number_of(cache, "bytes"), x = nr ? size / bytes[nr / 2] : NAN;

		/* Only near the curves. */
		if (!strcmp(text_of(cache, "kind"), "instruction") || !(x > c->xmin / 4) ||
		    !(x < c->xmax * 4) || at > 400 || lat > 400)
			continue;
		at += (size_t)snprintf(places + at, sizeof(places) - at, "%s%.6g",
				       found ? ", " : "", x);
		lat += (size_t)snprintf(labels + lat, sizeof(labels) - lat, "%s\"L%.0f %.4g %s\"",
					found ? ", " : "", number_of(cache, "level"),
					size < 1048576 ? size / 1024 : size / 1048576,
					size < 1048576 ? "KiB" : "MiB");
		found++;
	}
	fprintf(script, "caches = %d\n", found);
	if (found)
		fprintf(script, "array cache_x[%d] = [%s]\narray cache_label[%d] = [%s]\n", found,
			places, found, labels);
	free(bytes);
}

int plot_lines(struct plot_file *f, const struct plot_group *g)
{
	const struct plot_kind *kind = g->kind;
	struct plot_curves c;
	int err = plot_curves_begin(&c, g);

	for (size_t i = 0; i < g->nr && !err; i++) {
		double x = number_of(plot_parameters(g->cells[i]), kind->x);

		if (isfinite(x) && x > 0)
			err = plot_curves_add(
				&c, g, g->cells[i],
				(struct plot_point){ x, plot_value(g->cells[i], g->y), false });
	}
	if (!err && !c.nr)
		err = 1;
	if (!err) {
		const struct plot_scale y = { 0, 1.08 * c.ymax, false };

		plot_curves_sort(&c);
		plot_begin(f, g, "%s, median, its 95 %% interval, in %s", kind->x, plot_unit(g->y));
		err = plot_curves_write(f, &c, &y, false);
		plot_set_text(f->script, "xlabel", kind->label);
		if (!err)
			err = plot_curves_tics(f, &c, kind->log, f->narrow ? 0.1 : 0.022,
					       value_words);
		if (kind->caches)
			write_caches(f->script, g, &c);
	}
	plot_curves_free(&c);
	return err;
}
