/* SPDX-License-Identifier: MIT */
/*
 * Rules of judging: the compared cells, the figure, noise, few repeats, and the printed text.
 */
#include "tests/fixture/judged.h"

#include <stdlib.h>

/* The control differs by 10 %: 5 % is then no difference, even if it is steady. */
static void never_faster_within_the_noise(void **state)
{
	struct fake_run run;
	json_t *report, *v;

	(void)state;
	fake_axes(&run);
	plant(&run, "_mask_", 1.05);
	run.cells[run.nr - 1].truth *= 1.1;
	for (unsigned int i = 0; i < run.nr; i++)
		for (unsigned int k = 0; k < run.repeats; k++)
			run.cells[i].values[k] = run.cells[i].truth * (1 + 0.0001 * ((k + i) % 3));
	report = judged(&run);
	v = verdict_on(report, "mask", NULL);
	assert_string_equal(text(v, "outcome"), "none");
	assert_non_null(strstr(text(v, "text"), "+5.0 % [+5.0, +5.0]"));
	assert_non_null(strstr(text(v, "text"), "-9.1 % / +10 %"));
	assert_true(number(v, "visible_percent") > 9.9);
	assert_int_equal(seen(report), 0);
	json_decref(report);

	run.cells[run.nr - 1].truth /= 1.1;
	for (unsigned int k = 0; k < run.repeats; k++)
		run.cells[run.nr - 1].values[k] /= 1.1;
	report = judged(&run);
	v = verdict_on(report, "mask", NULL);
	assert_string_equal(text(v, "outcome"), "better");
	assert_non_null(
		strstr(text(v, "text"), "throughput +5.0 % [+5.0, +5.0], faster (p < 0.0001); "));
	json_decref(report);
}

/*
 * The noise is the far end of the A/A pair's interval: equal medians mean little if the repeats
 * scatter.
 */
static void noise_is_the_far_end(void **state)
{
	struct fake_run run;
	json_t *report, *pair, *v;
	double low, high;

	(void)state;
	fake_axes(&run);
	plant(&run, "_mask_", 1.03);
	for (unsigned int i = 0; i < run.nr; i++)
		for (unsigned int k = 0; k < run.repeats; k++)
			run.cells[i].values[k] = run.cells[i].truth * (1 + 0.0001 * ((k + i) % 3));
	/* Alternately 10 % above and 10 % below the cell. */
	for (unsigned int k = 0; k < run.repeats; k++)
		run.cells[run.nr - 1].values[k] *= k == 0 ? 1 : k % 2 ? 1.1 : 1 / 1.1;
	report = judged(&run);
	pair = json_array_get(json_object_get(json_object_get(report, "noise"), "pairs"), 0);
	low = number(pair, "ci_low_percent");
	high = number(pair, "ci_high_percent");
	assert_true(fabs(number(pair, "effect_percent")) < 2);
	assert_true(fabs(number(pair, "percent") - fmax(high, 100 * (1 / (1 + low / 100) - 1))) <
		    1e-6);
	assert_true(number(pair, "percent") > 4);
	v = verdict_on(report, "mask", NULL);
	assert_string_equal(text(v, "outcome"), "none");
	assert_true(number(v, "visible_percent") >= number(pair, "percent") - 1e-9);
	json_decref(report);
}

/* Percentages up to a factor of two, with both directions; ratios beyond it. */
static void effects_in_words(void **state)
{
	char buf[96];

	(void)state;
	judge_detectable(buf, sizeof(buf), log(1.24));
	assert_string_equal(buf, "-20 % / +24 %");
	judge_detectable(buf, sizeof(buf), log(1.021));
	assert_string_equal(buf, "-2.1 % / +2.1 %");
	judge_detectable(buf, sizeof(buf), log(2.5));
	assert_string_equal(buf, "x0.4 / x2.5");
	assert_false(judge_in_ratios(log(0.6), log(0.55), log(0.65)));
	assert_true(judge_in_ratios(log(0.6), log(0.45), log(0.65)));
	judge_effect(buf, sizeof(buf), log(0.4), true);
	assert_string_equal(buf, "x0.4");
	judge_effect(buf, sizeof(buf), log(0.6), false);
	assert_string_equal(buf, "-40 %");
	judge_interval(buf, sizeof(buf), log(2.1), log(11), true);
	assert_string_equal(buf, "[x2.1, x11]");
	judge_noise_text(buf, sizeof(buf), log(1.00807));
	assert_string_equal(buf, "0.9 %");
	judge_noise_text(buf, sizeof(buf), log(1.1234));
	assert_string_equal(buf, "13 %");
	judge_noise_text(buf, sizeof(buf), log(290));
	assert_string_equal(buf, "x290"); /* no exponent */
}

/*
 * Percentiles in one bucket, or in two that touch, are no proof of anything smaller than a bucket.
 */
static void no_finer_than_a_histogram(void **state)
{
	struct fake_run run;
	json_t *report, *v;

	(void)state;
	fake_axes(&run);
	run.metric = "p99_ns";
	for (unsigned int step = 0; step < 2; step++) {
		for (unsigned int i = 0; i < run.nr; i++)
			for (unsigned int k = 0; k < run.repeats; k++)
				run.cells[i].values[k] =
					step && strstr(run.cells[i].variant, "_mask_") ? 1031
										       : 1023;
		report = judged(&run);
		v = verdict_on(report, "mask", NULL);
		assert_string_equal(text(v, "outcome"), "none");
		assert_true(number(v, "visible_percent") > 0.78);
		assert_true(number(json_object_get(report, "noise"), "percent") > 0.78);
		assert_true(judge_noise(judge_noise_pair(report, text(v, "workload"))) > 0.0077);
		json_decref(report);
	}
}

static void more_nanoseconds_are_slower(void **state)
{
	struct fake_run run;
	json_t *report, *v;

	(void)state;
	fake_axes(&run);
	run.metric = "p99_ns";
	plant(&run, "locked", 1.5);
	fake_measure(&run, FAKE_LOGNORMAL, 9);
	report = judged(&run);
	v = verdict_on(report, "locked", NULL);
	assert_string_equal(text(v, "outcome"), "worse");
	assert_string_equal(text(v, "word"), "slower");
	assert_string_equal(text(v, "metric"), "p99_ns");
	json_decref(report);
}

static void too_few_repeats(void **state)
{
	struct fake_run run;
	json_t *report, *v, *pair;

	(void)state;
	fake_axes(&run);
	plant(&run, "_mask_", 0.5);
	run.repeats = 4;
	fake_measure(&run, FAKE_LOGNORMAL, 9);
	report = judged(&run);
	v = verdict_on(report, "mask", NULL);
	assert_string_equal(text(v, "outcome"), "unjudged");
	assert_non_null(strstr(text(v, "text"), "4 repeats, at least 5"));
	/* The control's medians are there, but one difference of medians is no noise. */
	pair = json_array_get(json_object_get(json_object_get(report, "noise"), "pairs"), 0);
	assert_true(number(pair, "effect_percent") != 0);
	assert_null(json_object_get(pair, "percent"));
	assert_true(json_is_null(json_object_get(json_object_get(report, "noise"), "percent")));
	json_decref(report);
}

/* A void repeat removes its pair only. */
static void a_missing_repeat(void **state)
{
	struct fake_run run;
	json_t *report, *v;

	(void)state;
	fake_axes(&run);
	plant(&run, "_mask_", 0.8);
	fake_measure(&run, FAKE_DRIFT, 4);
	run.cells[4].values[2] = NAN;
	report = judged(&run);
	v = verdict_on(report, "mask", NULL);
	assert_int_equal(number(v, "n"), 8);
	assert_string_equal(text(v, "outcome"), "worse");
	assert_true(fabs(number(v, "effect_percent") + 20) < 3);
	json_decref(report);
}

/* Without a control the noise is unknown, and each verdict states that. */
static void without_a_control(void **state)
{
	struct fake_run run;
	json_t *report, *cell;
	const char *name;
	void *next;

	(void)state;
	fake_axes(&run);
	plant(&run, "_rwlock", 0.8);
	fake_measure(&run, FAKE_LOGNORMAL, 5);
	report = fake_report(&run);
	assert_int_equal(judge_run(report), 0);
	assert_null(strstr(text(verdict_on(report, "rwlock", NULL), "text"), "without a control"));
	json_object_foreach_safe(json_object_get(report, "cells"), next, name, cell)
		if (json_is_true(json_object_get(cell, "control")))
			json_object_del(json_object_get(report, "cells"), name);
	assert_int_equal(judge_run(report), 0);
	assert_non_null(
		strstr(text(verdict_on(report, "rwlock", NULL), "text"), " %; without a control"));
	assert_true(json_is_null(json_object_get(report, "noise")));
	json_decref(report);
}

/*
 * An hour later the machine is slower: repeats measured by --resume do not belong to their old
 * block.
 */
static void another_pass(void **state)
{
	struct fake_run run;
	json_t *report, *v, *cell;
	const char *name;

	(void)state;
	fake_axes(&run);
	fake_measure(&run, FAKE_LOGNORMAL, 5);
	for (unsigned int i = 0; i < run.nr; i++)
		for (unsigned int n = 5; n < 9 && strstr(run.cells[i].variant, "_mask_"); n++)
			run.cells[i].values[n] *= 0.5;
	report = fake_report(&run);
	json_object_foreach(json_object_get(report, "cells"), name, cell)
		if (strstr(name, "_mask_"))
			json_object_set_new(
				cell, "passes",
				json_pack("[i,i,i,i,i,i,i,i,i]", 0, 0, 0, 0, 0, 1, 1, 1, 1));
	assert_int_equal(judge_run(report), 0);
	v = verdict_on(report, "mask", NULL);
	assert_int_equal(number(v, "n"), 5);
	assert_string_equal(text(v, "outcome"), "none");
	assert_true(fabs(number(v, "effect_percent")) < 3);
	/* Both of the same pass are a pair. */
	v = verdict_on(report, "locked", NULL);
	assert_int_equal(number(v, "n"), 9);
	json_decref(report);
}

/* A result with one thread is not valid for two threads, where hardly anything was measured. */
static void pairs_left_out(void **state)
{
	static const unsigned int good[] = { 4, 0 };
	struct fake_run run;
	json_t *report, *v;

	(void)state;
	fake_axes(&run);
	plant(&run, "_rwlock", 0.8);
	for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
		fake_measure(&run, FAKE_LOGNORMAL, 8);
		for (unsigned int i = 0; i < run.nr; i++)
			for (unsigned int n = good[k]; n < run.repeats; n++)
				if (strstr(run.cells[i].variant, "_rwlock") &&
				    run.cells[i].threads == 2)
					run.cells[i].values[n] = NAN;
		report = judged(&run);
		v = verdict_on(report, "rwlock", NULL);
		assert_string_equal(text(v, "outcome"), "worse");
		assert_int_equal(number(v, "pairs"), 8);
		assert_int_equal(number(v, "pairs_left_out"), 4);
		assert_non_null(strstr(text(v, "text"), "] over 4 of 8 pairs (4 "));
		/* An interaction needs both sides. */
		v = verdict_on(report, "rwlock", "threads");
		assert_string_equal(text(v, "outcome"), "unjudged");
		v = verdict_on(report, "mask", NULL);
		assert_int_equal(number(v, "pairs_left_out"), 2);
		json_decref(report);
	}
}

/* Without blocks, repeat 3 of one cell is not paired with repeat 3 of another. */
static void not_interleaved(void **state)
{
	struct fake_run run;
	json_t *report;
	double paired, unpaired;

	(void)state;
	fake_axes(&run);
	plant(&run, "_mask_", 0.9);
	fake_measure(&run, FAKE_DRIFT, 4);
	report = judged(&run);
	paired = number(verdict_on(report, "mask", NULL), "visible_percent");
	json_decref(report);
	report = fake_report(&run);
	json_object_set_new(report, "interleaved", json_false());
	assert_int_equal(judge_run(report), 0);
	unpaired = number(verdict_on(report, "mask", NULL), "visible_percent");
	/* Drift is noise now. */
	assert_true(unpaired > 1.5 * paired);
	json_decref(report);
}

/* Which cells are compared: one choice at a time; the worst case and null are not. */
static void what_is_compared(void **state)
{
	static const char *const names[] = { "nulls_rcu_jhash2_scale_seqcount",
					     "nulls_rcu_siphash",
					     "nulls_rcu_constant",
					     "cds_lfht",
					     "null",
					     "plain_rcu_deferred" };
	static const char *const expected[] = { "siphash", "plain_rcu", "cds_lfht" };
	struct fake_run run = { .repeats = 9, .metric = "mops" };
	unsigned int nr = 0;
	json_t *report, *v;
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++)
		run.cells[run.nr++] =
			(struct fake_cell){ names[i], 1, false, 1 + (double)i, { 0 } };
	fake_measure(&run, FAKE_LOGNORMAL, 1);
	report = judged(&run);
	json_array_foreach(json_object_get(report, "verdicts"), i, v) {
		print_message("%s\n", text(v, "text"));
		assert_true(nr < 3);
		assert_string_equal(text(v, "choice"), expected[nr]);
		nr++;
	}
	assert_int_equal(nr, 3);
	assert_true(json_is_null(json_object_get(report, "noise")));
	json_decref(report);
}

/*
 * Locks in buckets need RCU sections: the verdict on the locks compares with the variant that has
 * them.
 */
static void locks_are_one_choice(void **state)
{
	static const char *const names[] = { "locked_jhash2_scale_seqcount", "locked_global",
					     "locked_per_bucket", "locked_memb" };

	(void)state;
	for (unsigned int nr = 3; nr <= 4; nr++) {
		struct fake_run run = { .repeats = 9, .metric = "mops" };
		json_t *report, *v;

		for (unsigned int i = 0; i < nr; i++)
			run.cells[run.nr++] =
				(struct fake_cell){ names[i], 1, false, i == 2 ? 2 : 4, { 0 } };
		fake_measure(&run, FAKE_LOGNORMAL, 1);
		report = judged(&run);
		assert_string_equal(text(verdict_on(report, "global", NULL), "kind"), "axis");
		v = verdict_on(report, nr == 4 ? "per_bucket" : "locked_per_bucket", NULL);
		assert_non_null(v);
		assert_string_equal(text(v, "kind"), nr == 4 ? "axis" : "variant");
		assert_string_equal(text(v, "base"), nr == 4 ? "striped" : names[0]);
		assert_string_equal(text(v, "outcome"), "worse");
		json_decref(report);
	}
}

/* Instead of two threads, those cells have the other value of that parameter. */
static json_t *with_values(const char *name, json_t *of_one, json_t *of_two)
{
	struct fake_run run;
	json_t *report, *cell, *parameters;
	const char *key;

	fake_axes(&run);
	fake_measure(&run, FAKE_LOGNORMAL, 5);
	report = fake_report(&run);
	json_object_foreach(json_object_get(report, "cells"), key, cell) {
		parameters = json_object_get(cell, "parameters");
		json_object_set(parameters, name,
				number(parameters, "threads") == 1 ? of_one : of_two);
		json_object_set_new(parameters, "threads", json_integer(1));
	}
	json_decref(of_one);
	json_decref(of_two);
	json_array_append_new(
		json_object_get(json_array_get(json_object_get(report, "workloads"), 0), "varying"),
		json_string(name));
	assert_int_equal(judge_run(report), 0);
	return report;
}

static json_t *with_parameter(const char *name, const char *of_one, const char *of_two)
{
	return with_values(name, json_string(of_one), json_string(of_two));
}

/* Huge pages are a choice; a rate or a capture is not. */
static void which_parameters_are_choices(void **state)
{
	static const struct {
		const char *name, *of_one, *of_two;
		bool choice;
	} cases[] = {
		{ "pages", "thp", "4k", true },
		{ "rate", "250k", "1M", false },
		{ "mix", "lookup=100", "lookup=90 insert=5 delete=5", false },
		{ "capture", "a.pcap", "b.pcap", false },
	};
	json_t *report, *v;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		report = with_parameter(cases[i].name, cases[i].of_one, cases[i].of_two);
		v = verdict_on(report, cases[i].of_two, NULL);
		if (!!v != cases[i].choice)
			fail_msg("%s is taken for %s choice", cases[i].name, v ? "a" : "no");
		json_decref(report);
	}
	/* The sentence names a parameter that is on or off. */
	report = with_parameter("refcount", "yes", "no");
	v = verdict_on(report, "refcount no", NULL);
	assert_non_null(v);
	assert_ptr_equal(strstr(text(v, "text"), "refcount no instead of yes: "), text(v, "text"));
	json_decref(report);
	/* Among the numbers, bursts are a choice; a number of flows is a quantity. */
	report = with_values("burst", json_integer(1), json_integer(64));
	v = verdict_on(report, "burst 64", NULL);
	assert_non_null(v);
	assert_ptr_equal(strstr(text(v, "text"), "burst 64 instead of 1: "), text(v, "text"));
	json_decref(report);
	report = with_values("flows", json_integer(1), json_integer(64));
	assert_null(verdict_on(report, "flows 64", NULL));
	json_decref(report);
}

/* The metric of a workload's question: with latencies not the throughput. */
static void by_which_metric(void **state)
{
	static const char *const order[] = { "mops", "p99_ns", "saturation_per_s" };
	struct fake_run run;
	json_t *report, *cell, *v;
	const char *key;
	size_t k;

	(void)state;
	fake_axes(&run);
	fake_measure(&run, FAKE_LOGNORMAL, 6);
	report = fake_report(&run);
	for (size_t i = 0; i < 3; i++) {
		json_object_foreach(json_object_get(report, "cells"), key, cell) {
			json_t *metrics = json_object_get(cell, "metrics");

			json_object_set(metrics, order[i], json_object_get(metrics, "mops"));
		}
		assert_int_equal(judge_run(report), 0);
		assert_true(json_array_size(json_object_get(report, "verdicts")) > 0);
		json_array_foreach(json_object_get(report, "verdicts"), k, v)
			assert_string_equal(text(v, "metric"), order[i]);
	}
	json_decref(report);
}

/* Each choice at each point by itself, with the target of its number of threads. */
static void what_is_detectable(void **state)
{
	struct fake_run run;
	json_t *report, *cell, *row;
	char *printed = NULL;
	const char *name;
	size_t i, met = 0, len;
	FILE *out;

	(void)state;
	fake_axes(&run);
	run.repeats = 20;
	for (unsigned int k = 0; k < run.nr; k++)
		if (run.cells[k].threads == 2 && strstr(run.cells[k].variant, "mask"))
			run.cells[k].truth *= 0.8;
	fake_measure(&run, FAKE_LOGNORMAL, 7);
	report = fake_report(&run);
	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		json_t *parameters = json_object_get(cell, "parameters");

		json_object_set_new(parameters, "detect", json_string("50%"));
		json_object_set_new(parameters, "detect_several", json_string("0.1%"));
	}
	assert_int_equal(judge_run(report), 0);
	/* Three axes, with one thread and with two; no interactions. */
	assert_int_equal(json_array_size(json_object_get(report, "power")), 6);
	json_array_foreach(json_object_get(report, "power"), i, row) {
		bool one = number(row, "threads") == 1;
		bool slower = !one && !strcmp(text(row, "choice"), "mask");

		assert_true(number(row, "target_percent") == (one ? 50 : 0.1));
		assert_int_equal(json_is_true(json_object_get(row, "met")), one);
		assert_true(number(row, "visible_percent") > 0.1 &&
			    number(row, "visible_percent") < 50);
		assert_true(fabs(number(row, "effect_percent") - (slower ? -20 : 0)) < 4);
		assert_string_equal(text(row, "point"), "");
		met += one;
	}
	assert_int_equal(met, 3);
	/* 64Ki connections of 264 bytes are half a cache of 33 MiB. */
	json_object_set_new(report, "environment",
			    json_pack("{s:{s:[{s:i}, {s:i}]}}", "topology", "caches", "bytes",
				      1 << 20, "bytes", 33 << 20));
	out = open_memstream(&printed, &len);
	judge_print_power(out, report);
	fclose(out);
	assert_non_null(strstr(printed, "3 of 6"));
	assert_non_null(strstr(printed, "0.5 times"));
	assert_non_null(strstr(printed, "NOT MET"));
	free(printed);
	json_decref(report);
	/* No target, no table. */
	report = judged(&run);
	assert_null(json_object_get(report, "power"));
	json_decref(report);
}

static void what_is_printed(void **state)
{
	struct fake_run run;
	json_t *report;
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	(void)state;
	fake_axes(&run);
	plant(&run, "locked", 0.7);
	fake_measure(&run, FAKE_LOGNORMAL, 3);
	report = judged(&run);
	judge_print_noise(out, report);
	judge_print_verdicts(out, report);
	fclose(out);
	print_message("%s", printed);
	assert_non_null(strstr(printed, "noise:"));
	assert_non_null(strstr(printed, "locked instead of nulls_rcu: throughput -"));
	assert_non_null(strstr(printed, ", slower (p < 0.0001); smallest detectable: -"));
	assert_non_null(strstr(printed, "no difference seen"));
	assert_non_null(strstr(printed, "9 interactions: none seen"));
	assert_non_null(strstr(printed, "12 comparisons"));
	free(printed);
	json_decref(report);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(never_faster_within_the_noise),
	cmocka_unit_test(noise_is_the_far_end),
	cmocka_unit_test(effects_in_words),
	cmocka_unit_test(no_finer_than_a_histogram),
	cmocka_unit_test(more_nanoseconds_are_slower),
	cmocka_unit_test(too_few_repeats),
	cmocka_unit_test(a_missing_repeat),
	cmocka_unit_test(without_a_control),
	cmocka_unit_test(another_pass),
	cmocka_unit_test(pairs_left_out),
	cmocka_unit_test(not_interleaved),
	cmocka_unit_test(what_is_compared),
	cmocka_unit_test(locks_are_one_choice),
	cmocka_unit_test(which_parameters_are_choices),
	cmocka_unit_test(by_which_metric),
	cmocka_unit_test(what_is_detectable),
	cmocka_unit_test(what_is_printed),
};
CT_TEST_MAIN(tests, fewer_resamples, NULL)
