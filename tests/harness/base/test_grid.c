/* SPDX-License-Identifier: MIT */
/* Tables within a width. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/grid.h"
#include "tests/fixture/cmocka.h"

static void row(struct grid *g, const char *a, const char *b, const char *c, const char *d)
{
	const char *const texts[] = { a, b, c, d };

	assert_true(grid_add_row(g));
	for (size_t i = 0; i < 4; i++)
		grid_put(g, i, texts[i]);
}

static void prints(const struct grid *g, unsigned int columns, const char *lines)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	grid_print_within(f, g, columns);
	fclose(f);
	assert_string_equal(out, lines);
	free(out);
}

static void test_widths(void **state)
{
	struct grid g = { .columns = 4, .left = { true, false, false, true } };

	(void)state;
	row(&g, "variant", "ns/op", "B/conn", "");
	row(&g, "nulls_rcu_jhash2_scale", "1.5", "320", "");
	row(&g, "null", "0.5", "", "");
	assert_int_equal(grid_width(&g), 24 + 7 + 8);
	/* no limit, and just enough; an empty column is none */
	for (unsigned int columns = 0; columns < 80; columns += 39)
		prints(&g, columns,
		       "  variant                 ns/op  B/conn\n"
		       "  nulls_rcu_jhash2_scale    1.5     320\n"
		       "  null                      0.5\n");
	/* words are broken */
	prints(&g, 33,
	       "  variant           ns/op  B/conn\n"
	       "  nulls_rcu_          1.5     320\n"
	       "  jhash2_scale\n"
	       "  null                0.5\n");
	/* numbers are not: they go into a block of their own */
	prints(&g, 27,
	       "  variant             ns/op\n"
	       "  nulls_rcu_jhash2_     1.5\n"
	       "  scale\n"
	       "  null                  0.5\n"
	       "\n"
	       "  variant            B/conn\n"
	       "  nulls_rcu_jhash2_     320\n"
	       "  scale\n"
	       "  null\n");
	grid_free(&g);
}

/* A block has one column at least, however narrow; and no line ends with blanks. */
static void test_extremes(void **state)
{
	struct grid g = { .columns = 4, .left = { true, false, false, true } };
	char *out = NULL;
	size_t size;
	FILE *f;

	(void)state;
	row(&g, "name", "figure", "another", "a remark of some words");
	row(&g, "x", "123456789", "1", "");
	for (unsigned int columns = 1; columns < 60; columns++) {
		f = open_memstream(&out, &size);
		assert_non_null(f);
		grid_print_within(f, &g, columns);
		fclose(f);
		assert_null(strstr(out, " \n"));
		assert_non_null(strstr(out, "123456789"));
		assert_non_null(strstr(out, "another"));
		assert_non_null(strstr(out, "words"));
		for (char *line = out; columns >= 30 && *line; line = strchr(line, '\n') + 1)
			if (strcspn(line, "\n") > columns)
				fail_msg("wider than %u:\n%s", columns, out);
		free(out);
	}
	grid_free(&g);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_widths),
	cmocka_unit_test(test_extremes),
};
CT_TEST_MAIN(tests, NULL, NULL)
