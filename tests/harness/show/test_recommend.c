/* SPDX-License-Identifier: MIT */
/* Recommendations of a run: only measured points count, and only proven variants are chosen. */
#include "harness/judge/judge.h"
#include "harness/judge/matrix.h"
#include "harness/show/recommend.h"

#include "tests/fixture/cmocka.h"
#include "tests/fixture/fake_report.h"

#include <stdio.h>
#include <stdlib.h>

#define BASE "nulls_rcu_jhash2_scale_seqcount"

/* 1 and 2 threads, 64Ki connections, 10 % churn, and one variant that is better by a factor. */
static json_t *made(double better)
{
	struct fake_run run;
	json_t *report, *cell;
	const char *name;

	fake_axes(&run);
	for (unsigned int i = 0; i < run.nr; i++)
		if (!strcmp(run.cells[i].variant, "locked_jhash2_mask_seqcount"))
			run.cells[i].truth *= better;
	fake_measure(&run, FAKE_LOGNORMAL, 5);
	report = fake_report(&run);
	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		json_t *parameters = json_object_get(cell, "parameters");

		json_object_set_new(parameters, "mix", json_string("lookup=90,insert=5,delete=5"));
		json_object_set_new(parameters, "level", json_string("ops"));
	}
	assert_int_equal(judge_run(report), 0);
	return report;
}

/* The answer for that load, for free(), or the refusal. */
static char *asked(json_t *report, double connections, double churn, double threads, int *err)
{
	const struct recommend_wish wish = { connections, churn, threads };
	struct ct_error e = { 0 };
	json_t *matrix = judge_matrix(report, NULL, &e);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	*err = recommend_print(out, report, matrix, &wish, &e);
	fclose(out);
	json_decref(matrix);
	if (!*err)
		return text;
	assert_string_equal(text, "");
	assert_int_equal(e.status, CT_EXIT_USER);
	free(text);
	return strdup(e.text);
}

static void says(json_t *report, double connections, double churn, double threads, bool answer,
		 const char *wanted)
{
	int err;
	char *text = asked(report, connections, churn, threads, &err);

	if (!!err == answer || !strstr(text, wanted))
		fail_msg("'%s' is not in: %s", wanted, text);
	free(text);
}

static void the_best_that_is_proven(void **state)
{
	json_t *report = made(1.5);
	int err;
	char *text;

	(void)state;
	says(report, 65536, 0.1, 2, true,
	     "locked_jhash2_mask_seqcount, because its throughput is 1.");
	says(report, 65536, 0.1, 2, true, "For 10 % churn, 64Ki connections, 2 threads:");
	/* Both numbers of threads, if any will do. */
	text = asked(report, 65536, NAN, NAN, &err);
	assert_int_equal(err, 0);
	assert_non_null(strstr(text, "1 thr, measured at"));
	assert_non_null(strstr(text, "2 thr, measured at"));
	free(text);
	json_decref(report);
}

/* A variant that only its own interval supports is not chosen: it was picked among many. */
static void without_the_correction(void **state)
{
	char choice[RECOMMEND_TEXT], open[RECOMMEND_TEXT];
	json_t *report = made(1.5), *matrix, *cell;
	struct ct_error e = { 0 };
	size_t i;

	(void)state;
	matrix = judge_matrix(report, NULL, &e);
	assert_true(recommend_at(report, matrix, 0, choice, open));
	assert_non_null(strstr(choice, "locked_jhash2_mask_seqcount, because"));
	assert_string_equal(open, "");
	json_array_foreach(json_object_get(matrix, "cells"), i, cell)
		json_object_set_new(cell, "outcome", json_string("none"));
	assert_true(recommend_at(report, matrix, 0, choice, open));
	assert_non_null(strstr(choice, BASE ", because no other"));
	assert_non_null(strstr(open, "locked_jhash2_mask_seqcount (1."));
	json_decref(matrix);
	json_decref(report);
}

static void nothing_is_proven(void **state)
{
	json_t *report = made(1);

	(void)state;
	says(report, 65536, 0.1, 2, true, BASE ", because no other");
	says(report, 65536, 0.1, 2, true, "Not proven: ");
	json_decref(report);
}

/* A little off is near, and the measured point is named; beyond that there is no answer. */
static void near_and_far(void **state)
{
	json_t *report = made(1.5);

	(void)state;
	says(report, 100000, 0.1, 2, true, "64Ki connections, 2 threads:");
	says(report, 100000, 0.06, 2, true, "10 % churn");
	says(report, 1e6, 0.1, 2, false, "64Ki connections");
	says(report, 65536, 0.01, 2, false, "10 % churn");
	says(report, 65536, 0, 2, false, "10 % churn");
	says(report, 65536, 0.1, 3, false, "1 thread, 2 threads");
	json_decref(report);
}

/* Tails, resizes and captures are no steady load. */
static void not_steady(void **state)
{
	json_t *report = made(1.5), *cell;
	const char *name;

	(void)state;
	json_object_foreach(json_object_get(report, "cells"), name, cell)
		json_object_set_new(json_object_get(cell, "parameters"), "resize",
				    json_string("128Ki@50ms"));
	says(report, 65536, 0.1, 2, false, "no steady load");
	json_decref(report);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_that_is_proven),
		cmocka_unit_test(without_the_correction),
		cmocka_unit_test(nothing_is_proven),
		cmocka_unit_test(near_and_far),
		cmocka_unit_test(not_steady),
	};

	stats_resamples = 300;
	return cmocka_run_group_tests_name("recommend", tests, NULL, NULL);
}
