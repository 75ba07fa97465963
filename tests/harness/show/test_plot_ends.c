/* SPDX-License-Identifier: MIT */
/*
 * Names at the ends of curves: without overlap, within the graph, in the order of the curves, and
 * at the curve's own height where there is room.
 */
#include "harness/show/plot/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/random.h"
#include "tests/fixture/cmocka.h"

#define CURVES_MAX 28

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void alone(void **state)
{
	struct plot_end one = { .name = "a", .style = 1, .x = 1, .y = 5 };
	const struct plot_scale linear = { 0, 20, false }, decades = { 1, 1e4, true };

	(void)state;
	assert_int_equal(plot_place_ends(&one, 1, &linear, 0.05), 0);
	assert_true(near(one.place, 0.25));
	one.y = 100;
	assert_int_equal(plot_place_ends(&one, 1, &decades, 0.05), 0);
	assert_true(near(one.place, 0.5));
	/* Half of it would be outside. */
	one.y = 1;
	assert_int_equal(plot_place_ends(&one, 1, &decades, 0.05), 0);
	assert_true(near(one.place, 0.025));
	one.y = 1e4;
	assert_int_equal(plot_place_ends(&one, 1, &decades, 0.05), 0);
	assert_true(near(one.place, 0.975));
	/* A curve without points has a name, too. */
	one.y = NAN;
	assert_int_equal(plot_place_ends(&one, 1, &decades, 0.05), 0);
	assert_true(near(one.place, 0.025));
	assert_int_equal(plot_place_ends(NULL, 0, &decades, 0.05), 0);
}

/* Two labels at one place move by half each; a third, far away, does not move. */
static void as_little_as_it_takes(void **state)
{
	struct plot_end e[] = {
		{ .name = "b", .style = 2, .y = 50 },
		{ .name = "c", .style = 3, .y = 90 },
		{ .name = "a", .style = 1, .y = 50 },
	};
	const struct plot_scale y = { 0, 100, false };

	(void)state;
	assert_int_equal(plot_place_ends(e, 3, &y, 0.06), 0);
	assert_true(near(e[2].place, 0.47));
	assert_true(near(e[0].place, 0.53));
	assert_true(near(e[1].place, 0.9));
	/* At the bottom both move up. */
	e[0].y = e[2].y = 0;
	assert_int_equal(plot_place_ends(e, 3, &y, 0.06), 0);
	assert_true(near(e[2].place, 0.03));
	assert_true(near(e[0].place, 0.09));
}

static void check(const struct plot_end *e, size_t nr, double line)
{
	for (size_t i = 0; i < nr; i++) {
		assert_true(e[i].place >= line / 2 - 1e-9 && e[i].place <= 1 - line / 2 + 1e-9);
		for (size_t k = 0; k < nr; k++) {
			if (e[i].y < e[k].y)
				assert_true(e[i].place < e[k].place);
			assert_true(i == k || fabs(e[i].place - e[k].place) >= line - 1e-9);
		}
	}
}

/* For any number of curves, at any places, on either kind of axis. */
static void never_upon_another(void **state)
{
	struct plot_end e[CURVES_MAX];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (int round = 0; round < 2000; round++) {
		size_t nr = 1 + (size_t)round % CURVES_MAX;
		struct plot_scale y = { round & 1 ? 1 : 0, 1e6, round & 1 };
		/* far apart, together, and all but together */
		double spread = round % 3 ? 1e6 : 10, line = 15 / plot_graph_height(nr);

		for (size_t i = 0; i < nr; i++)
			e[i] = (struct plot_end){ .name = "v",
						  .style = (unsigned int)i + 1,
						  .y = 1 + (double)rng_below(&rng, 1000) / 1000 *
								   (spread - 1) };
		if (round % 5 == 0)
			for (size_t i = 0; i < nr; i++)
				e[i].y = round % 2 ? 1 : 1e6;
		assert_int_equal(plot_place_ends(e, nr, &y, line), 0);
		check(e, nr, line);
	}
}

/* The script has each name by number, and a line to those that moved or end early. */
static void script(void **state)
{
	struct plot_end e[] = {
		{ .name = "long \"name\"", .style = 1, .x = 4, .y = 50 },
		{ .name = "\u00fc", .style = 9, .x = 2, .y = 10 },
		{ .name = "same", .style = 3, .x = 4, .y = 50 },
		{ .name = "free", .style = 3, .x = 4, .y = 80 },
	};
	const struct plot_scale y = { 0, 100, false };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(plot_write_ends(out, e, 4, &y), 0);
	fclose(out);
	assert_non_null(strstr(text, "label[1] = 'long \"name\"'"));
	assert_non_null(strstr(text, "leader[1] = 1"));
	assert_non_null(strstr(text, "leader[2] = 1")); /* ends before the others */
	assert_non_null(strstr(text, "leader[3] = 1"));
	assert_non_null(strstr(text, "leader[4] = 0"));
	assert_non_null(strstr(text, "label_y[4] = 0.8\n"));
	assert_non_null(strstr(text, "end_x[2] = 2\nend_y[2] = 10\n"));
	assert_non_null(strstr(text, "longest = 11\n"));
	assert_true(plot_graph_height(28) > 28 * 15 &&
		    plot_graph_height(2) == plot_graph_height(3));
	free(text);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(alone),
	cmocka_unit_test(as_little_as_it_takes),
	cmocka_unit_test(never_upon_another),
	cmocka_unit_test(script),
};
CT_TEST_MAIN(tests, NULL, NULL)
