/* SPDX-License-Identifier: MIT */
/* Each variant vs the baseline at each point: planted ratios come back with the right sign. */
#include "harness/judge/judge.h"
#include "harness/judge/matrix.h"
#include "harness/show/matrix.h"

#include "harness/base/json_read.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/fake_report.h"

#include <stdio.h>
#include <stdlib.h>

#define BASE "nulls_rcu_jhash2_scale_seqcount"

static json_t *matrix_by(const struct fake_run *run, const char *base)
{
	json_t *report = fake_report(run), *matrix;
	struct ct_error e = { 0 };

	assert_int_equal(judge_run(report), 0);
	matrix = judge_matrix(report, base, &e);
	assert_non_null(matrix);
	json_decref(report);
	return matrix;
}

static size_t place(const json_t *matrix, const char *variant)
{
	const json_t *designs = json_object_get(matrix, "designs");
	size_t i = 0;

	while (strcmp(json_string_value(json_array_get(designs, i)), variant) != 0)
		i++;
	return i;
}

/* Rwlocks are half as good, masks a tenth better, at both points. */
static void plant(struct fake_run *run)
{
	for (unsigned int i = 0; i < run->nr; i++) {
		run->cells[i].truth *= strstr(run->cells[i].variant, "rwlock") ? 0.5 : 1;
		run->cells[i].truth *= strstr(run->cells[i].variant, "mask") ? 1.1 : 1;
	}
}

static void planted_ratios(void **state)
{
	struct fake_run run;
	json_t *matrix;
	size_t i;
	const json_t *cell;

	(void)state;
	fake_axes(&run);
	plant(&run);
	fake_measure(&run, FAKE_LOGNORMAL, 1);
	matrix = matrix_by(&run, NULL);
	assert_string_equal(text_of(matrix, "base"), BASE);
	assert_int_equal(json_array_size(json_object_get(matrix, "designs")), 8);
	assert_int_equal(json_array_size(json_object_get(matrix, "questions")), 2);
	assert_int_equal(json_array_size(json_object_get(matrix, "cells")), 14);
	json_array_foreach(json_object_get(matrix, "cells"), i, cell) {
		const char *name = text_of(cell, "cell");
		double truth =
			(strstr(name, "rwlock") ? 0.5 : 1) * (strstr(name, "mask") ? 1.1 : 1);
		double ratio = number_of(cell, "ratio");

		assert_true(fabs(log(ratio / truth)) < 0.05);
		assert_true(number_of(cell, "low") < ratio && ratio < number_of(cell, "high"));
		if (truth < 1) {
			assert_true(matrix_apart(cell) && matrix_proven(cell));
			assert_string_equal(text_of(cell, "outcome"), "worse");
		}
	}
	/* The control is no design, and the base is not compared with itself. */
	assert_null(matrix_cell(matrix, 0, 0));
	json_decref(matrix);
}

/* In noise few cells differ by themselves, and none with the correction. */
static void noise(void **state)
{
	size_t apart = 0, proven = 0, all = 0, i;
	struct fake_run run;
	const json_t *cell;

	(void)state;
	fake_axes(&run);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		json_t *matrix;

		fake_measure(&run, FAKE_HEAVY, seed);
		matrix = matrix_by(&run, NULL);
		json_array_foreach(json_object_get(matrix, "cells"), i, cell) {
			all++;
			apart += matrix_apart(cell);
			proven += matrix_proven(cell);
		}
		json_decref(matrix);
	}
	assert_true(apart <= all / 10);
	assert_true(proven <= 2);
}

/* Half the time is a ratio of 2; another base turns the ratios over. */
static void better_is_more(void **state)
{
	struct fake_run run;
	json_t *matrix;
	const json_t *cell;

	(void)state;
	fake_axes(&run);
	plant(&run);
	run.metric = "p99_ns";
	fake_measure(&run, FAKE_LOGNORMAL, 2);
	matrix = matrix_by(&run, NULL);
	cell = matrix_cell(matrix, 0, place(matrix, "nulls_rcu_jhash2_scale_rwlock"));
	assert_true(fabs(number_of(cell, "ratio") - 2) < 0.1);
	assert_string_equal(text_of(cell, "outcome"), "better");
	json_decref(matrix);
	matrix = matrix_by(&run, "nulls_rcu_jhash2_scale_rwlock");
	assert_int_equal(place(matrix, "nulls_rcu_jhash2_scale_rwlock"), 0);
	cell = matrix_cell(matrix, 0, place(matrix, BASE));
	assert_true(fabs(number_of(cell, "ratio") - 0.5) < 0.03);
	json_decref(matrix);
}

static void few_repeats(void **state)
{
	struct fake_run run;
	json_t *matrix;
	const json_t *cell;

	(void)state;
	fake_axes(&run);
	plant(&run);
	run.repeats = 3;
	fake_measure(&run, FAKE_LOGNORMAL, 3);
	matrix = matrix_by(&run, NULL);
	cell = matrix_cell(matrix, 1, place(matrix, "locked_jhash2_mask_rwlock"));
	assert_true(fabs(number_of(cell, "ratio") - 0.55) < 0.05);
	assert_false(matrix_apart(cell));
	assert_null(json_object_get(cell, "low"));
	json_decref(matrix);
}

static void unknown_base(void **state)
{
	struct fake_run run;
	struct ct_error e = { 0 };
	json_t *report;

	(void)state;
	fake_axes(&run);
	report = fake_report(&run);
	assert_null(judge_matrix(report, "locked_jhash2_scale_seqcoun", &e));
	assert_int_equal(e.status, CT_EXIT_USER);
	assert_non_null(strstr(e.text, "'locked_jhash2_scale_seqcount'"));
	json_decref(report);
}

/* As text: an indented row for each variant, what is not proven in brackets. */
static void as_text(void **state)
{
	struct fake_run run;
	json_t *matrix;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	fake_axes(&run);
	for (unsigned int i = 0; i < run.nr; i++)
		run.cells[i].truth *= strstr(run.cells[i].variant, "rwlock") ? 0.01 : 1;
	fake_measure(&run, FAKE_LOGNORMAL, 4);
	matrix = matrix_by(&run, NULL);
	assert_int_equal(matrix_print(out, matrix), 0);
	fclose(out);
	assert_non_null(strstr(text, "w 1 thr  w 2 thr\n"));
	assert_non_null(strstr(text, "\n  " BASE "        1        1\n"));
	assert_non_null(strstr(text, "0.010    0.010\n"));
	assert_non_null(strstr(strstr(text, "mask_seqcount"), "("));
	free(text);
	json_decref(matrix);
}

/* Of many points the first, the last and some between are shown. */
static void many_points(void **state)
{
	json_t *matrix = json_pack("{s:[], s:[]}", "questions", "cells");
	size_t shown = 0;

	(void)state;
	for (int i = 0; i < 11; i++)
		json_array_append_new(json_object_get(matrix, "questions"),
				      json_pack("{s:i}", "section", i == 10));
	for (size_t i = 0; i < 10; i++)
		shown += matrix_shows(matrix, i);
	assert_int_equal(shown, MATRIX_POINTS);
	assert_true(matrix_shows(matrix, 0) && matrix_shows(matrix, 9) && matrix_shows(matrix, 10));
	json_decref(matrix);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(planted_ratios), cmocka_unit_test(noise),
		cmocka_unit_test(better_is_more), cmocka_unit_test(few_repeats),
		cmocka_unit_test(unknown_base),	  cmocka_unit_test(as_text),
		cmocka_unit_test(many_points),
	};

	stats_resamples = 300;
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
