/* SPDX-License-Identifier: MIT */
/* ctbench report on a made-up run: the page is complete, escapes texts, and loads nothing. */
#include "harness/base/grid.h"
#include "harness/judge/matrix.h"
#include "harness/show/table/table.h"
#include "tests/fixture/report_fixture.h"

static void test_page(void **state)
{
	struct report_source s = { benchmark, json_object_get(benchmark, "ctbench"), &pictures,
				   NULL, 0 };
	static char page[1 << 16];
	struct ct_error e = { 0 };

	(void)state;
	assert_int_equal(report_write(&s, "run/report.html", report_html, &e), 0);
	read_text("run/report.html", page, sizeof(page));
	expect(page, "<h1>a&lt;b</h1>");
	expect(page, "Is 1 &lt; 2 &amp; &quot;so&quot;?");
	expect(page, "<li class=\"none\">mask &amp; none instead of ");
	expect(page, "<li class=\"different\">yet it depends");
	assert_null(strstr(page, "what nobody asked"));
	expect(page, "2 possible interactions");
	expect(page, "<td class=\"l\">x|y&lt;z</td>");
	expect(page, "up to 12 %");
	expect(page, "+1.2 % [-3.0, +12]");
	expect(page, "ctbench run size 'it'\\''s'");
	expect(page, "Some &lt;CPU&gt;, 2 CPUs, Linux 6.1");
	/* Only columns with values. */
	assert_int_equal(count(page, "<summary>Behind the figures"), 1);
	assert_true(strstr(page, "Behind the figures") < strstr(page, "id=\"w1\""));
	expect(page, "longest chain");
	expect(page, "RSS MiB");
	expect(page, ">13.5<");
	expect(page, ">7.00<");
	assert_null(strstr(page, "restarts"));
	expect(page, "<section id=\"bounds\">");
	expect(page, ">12.5<");
	/* Each picture once, in its own workload's section. */
	assert_int_equal(count(page, "<svg "), 4);
	/* Pictures of effects come first. */
	assert_true(strstr(page, "Plot size-effects") < strstr(page, "Plot size-bars"));
	assert_true(strstr(page, "Plot size-big-bars") > strstr(page, "id=\"w1\""));
	assert_true(strstr(page, "Plot size-lines") < strstr(page, "id=\"w1\""));
	assert_null(strstr(page, "Gnuplot"));
	/* Nothing is loaded; ids are unique. */
	assert_null(strstr(page, "://"));
	assert_null(strstr(page, "src="));
	assert_int_equal(count(page, "id='w0p0-gpDot'"), 1);
	assert_int_equal(count(page, "#w0p0-gpDot'"), 1);
	assert_int_equal(count(page, "url(#w0p0-gpFill)"), 1);
	assert_int_equal(count(page, "gpDot'"), count(page, "-gpDot'"));
	expect(page, "</html>");
}

/*
 * Both forms of a picture are there, with unique ids, and the style sheet shows one; without the
 * narrow one the page has a hint.
 */
static void test_narrow(void **state)
{
	struct report_source s = { benchmark, json_object_get(benchmark, "ctbench"), &pictures,
				   NULL, 0 };
	static char page[1 << 16];
	struct ct_error e = { 0 };

	(void)state;
	strcpy(pictures.narrow, "narrow");
	assert_int_equal(mkdir("narrow", 0777), 0);
	write_text("narrow/size-bars.svg", PICTURE);
	write_text("narrow/other-bars.svg", PICTURE);
	assert_int_equal(report_write(&s, "run/narrow.html", report_html, &e), 0);
	read_text("run/narrow.html", page, sizeof(page));
	assert_int_equal(count(page, "<svg "), 5);
	assert_int_equal(count(page, "<figure class=\"both\">"), 1);
	assert_int_equal(
		count(page,
		      "<div class=\"narrow\">\n<svg role=\"img\" aria-label=\"Plot size-bars"),
		1);
	assert_int_equal(count(page, "<div class=\"scroll wide\""), 4);
	assert_int_equal(count(page, "</figcaption>"), 3);
	for (int p = 0; p < 3; p++) {
		char id[32];

		snprintf(id, sizeof(id), "id='w0p%d-gpDot'", p);
		assert_int_equal(count(page, id), 1);
	}
	assert_int_equal(count(page, "id='w0p1n-gpDot'"), 1);
	expect(page, ".narrow, .hint { display: none; }");
	expect(page, "@media screen and (max-width: 46rem)");
	expect(page, ".both .wide { display: none; }");

	/* A broken picture makes no page. */
	write_text("narrow/size-bars.svg", "no picture");
	assert_int_not_equal(report_write(&s, "run/narrow.html", report_html, &e), 0);
	assert_int_equal(e.status, CT_EXIT_USER);
	pictures.narrow[0] = '\0';
}

/* A report in one form (report_html(), report_markdown()); free it. */
static char *
text_as(int (*form)(FILE *out, const struct report_source *s, struct ct_error *e), const json_t *of)
{
	struct report_source s = { of, json_object_get(of, "ctbench"), NULL, NULL, 0 };
	struct ct_error e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(form(out, &s, &e), 0);
	fclose(out);
	return text;
}

static void test_markdown(void **state)
{
	char *text = text_as(report_markdown, benchmark);

	(void)state;
	expect(text, "- mask &amp; none instead of ");
	expect(text, "| x\\|y&lt;z | 4.00 |");
	assert_int_equal(count(text, "<details>"), count(text, "</details>"));
	free(text);
}

/* ---- the answers at the top ---- */

static void add(json_t *report, const char *workload, const char *kind, const char *choice,
		double effect, const char *outcome, const char *word)
{
	json_t *v = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "workload", workload,
			      "metric", "mops", "kind", kind, "choice", choice, "base", "base",
			      "outcome", outcome, "word", word, "pairs", 8, "n", 3);

	if (strcmp(outcome, "unjudged")) {
		json_object_set_new(v, "effect_percent", json_real(effect));
		json_object_set_new(v, "visible_percent", json_real(2.84));
	}
	json_array_append_new(json_object_get(report, "verdicts"), v);
}

static json_t *with_answers(void)
{
	static const char *const names[] = { "mixed", "calm", "early", "alone", "nothing", "many" };
	json_t *report = json_pack("{s:i, s:s, s:s, s:[], s:[], s:{}}", "format", 1, "name", "n",
				   "started", "-", "workloads", "verdicts", "cells"),
	       *v;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_array_append_new(json_object_get(report, "workloads"),
				      workload(names[i], "So?"));
	add(report, "mixed", "axis", "weak", 2.9, "better", "faster");
	add(report, "mixed", "axis", "less", 1.5, "none", "");
	/* the largest, but not seen */
	add(report, "mixed", "axis", "a<b", -80, "none", "");
	add(report, "mixed", "axis", "half", -50, "worse", "slower");
	add(report, "mixed", "variant", "other", 60, "better", "faster");
	add(report, "mixed", "interaction", "half", -90, "different", "different");
	add(report, "mixed", "interaction", "weak", 70, "different", "different");
	add(report, "mixed", "interaction", "less", 40, "none", "");
	add(report, "calm", "axis", "mask", 0.5, "none", "");
	add(report, "calm", "interaction", "mask", 9, "different", "different");
	add(report, "early", "axis", "mask", 0, "unjudged", "");
	for (int i = 0; i < 7; i++)
		add(report, "many", "axis", "one", 3 + i, "better", "faster");
	v = json_array_get(json_object_get(report, "verdicts"), 0);
	json_object_set_new(v, "pairs_left_out", json_integer(2));
	json_object_set_new(json_object_get(report, "cells"), "alone/x", cell("alone", "x", 4));
	json_object_set_new(json_object_get(report, "cells"), "nothing/x", cell("nothing", "x", 4));
	json_object_set_new(json_object_get(json_object_get(report, "cells"), "nothing/x"), "n",
			    json_integer(0));
	return report;
}

static void one_line(void *arg, const char *text, const char *outcome)
{
	char *all = arg;

	snprintf(all + strlen(all), 2048 - strlen(all), "[%s] %s\n", outcome, text);
}

/* Has these in this order; the last one ends it. */
static void in_order(const char *text, const char *const wanted[])
{
	const char *at = text;

	for (; *wanted; wanted++) {
		const char *found = strstr(at, *wanted);

		if (!found)
			fail_msg("there is no '%s' in '%s' of '%s'", *wanted, at, text);
		at = found + strlen(*wanted);
	}
	assert_string_equal(at, "");
}

#define ANSWER_HAS(source, workload, ...) \
	do { \
		char text_[2048] = ""; \
\
		report_answer(source, workload, one_line, text_); \
		in_order(text_, (const char *const[]){ __VA_ARGS__, "\n", NULL }); \
	} while (0)

static void test_answers(void **state)
{
	json_t *report = with_answers();
	struct report_source s = { report, report, NULL, NULL, 0 };
	static char page[1 << 16];
	struct ct_error e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	/* The largest effect first: -50 % before +60 %. No direction without a difference. */
	ANSWER_HAS(&s, "mixed", "[seen] half ", "-50 %, slower; other ", "+60 %, faster; weak ",
		   "+2.9 % ", "6 of 8 ", "faster; and 2 interactions\n[none] ", " less ",
		   "(smallest detectable: -2.8 % / +2.9 %), a<b ", "(-2.8 % / +2.9 %)");
	ANSWER_HAS(&s, "calm", "[none] ", " mask ",
		   "(smallest detectable: -2.8 % / +2.9 %); and 1 interaction");
	ANSWER_HAS(&s, "early", "[unjudged] ", " mask ", "3 repeats", "5 needed");
	ANSWER_HAS(&s, "alone", "[unjudged] Nothing ", "one choice", ".");
	ANSWER_HAS(&s, "nothing", "[unjudged] Nothing ", "no cell ", ".");
	ANSWER_HAS(&s, "many", "[seen] one ", "+9.0 %, faster; one ", "+8.0 %, faster; one ",
		   "+7.0 %, faster; one ", "+6.0 %, faster; one ", "+5.0 %, faster; and 2 more");

	/* In both forms, at the top; a section without verdicts has an answer, too. */
	assert_int_equal(report_write(&s, "run/answers.html", report_html, &e), 0);
	read_text("run/answers.html", page, sizeof(page));
	expect(page, "So?</a>\n<p class=\"answer seen\">half ");
	assert_int_equal(count(page, "<p class=\"answer none\">"), 2);
	expect(page, "a&lt;b ");
	assert_int_equal(count(page, "differ in one choice"), 2);
	assert_int_equal(report_markdown(out, &s, &e), 0);
	fclose(out);
	expect(text, "1. So?\n   - half ");
	expect(text, "2. So?\n   - ");
	assert_int_equal(count(text, "differ in one choice"), 2);
	free(text);
	json_decref(report);
}

/* ---- the matrix, and the text around it ---- */

static void add_values(json_t *report, const char *of, const char *variant, double value)
{
	json_t *c = cell(of, variant, value), *values = json_array();
	char name[128];

	for (int i = 0; i < 9; i++)
		json_array_append_new(values, json_real(value * (1 + 0.001 * (i * 5 % 9))));
	json_object_set_new(c, "metrics",
			    json_pack("{s:{s:f, s:i, s:o}}", "mops", "median", value, "n", 9,
				      "values", values));
	json_object_set_new(c, "axes", json_pack("{s:s}", "hash", variant));
	json_object_set_new(c, "void", json_integer(strcmp(of, "size") ? 0 : 3));
	snprintf(name, sizeof(name), "%s/%s", of, variant);
	json_object_set_new(json_object_get(report, "cells"), name, c);
}

static void test_matrix(void **state)
{
	json_t *copy = json_deep_copy(benchmark), *report = json_object_get(copy, "ctbench");
	struct report_source s = { copy, report, NULL, NULL, 0 };
	static char page[1 << 17];
	struct ct_error e = { 0 };
	json_t *matrix;

	(void)state;
	json_object_set_new(report, "cells", json_object());
	add_values(report, "size", "first", 4);
	add_values(report, "size", "double", 8);
	add_values(report, "size", "same", 4);
	add_values(report, "size-big", "first", 4);
	add_values(report, "size-big", "a<b", 1);
	s.matrix = matrix = judge_matrix(report, NULL, &e);
	assert_non_null(matrix);
	assert_int_equal(report_write(&s, "run/matrix.html", report_html, &e), 0);
	read_text("run/matrix.html", page, sizeof(page));
	/* Before all else but the name of the run. */
	assert_true(strstr(page, "id=\"matrix\"") < strstr(page, "id=\"answers\""));
	assert_true(strstr(page, "id=\"answers\"") < strstr(page, "id=\"w0\""));
	/* Each cell links to its section; unproven differences are hatched and in brackets. */
	expect(page, "<td class=\"better strong\"><a href=\"#w0\"");
	expect(page, ">2.00</a></td>");
	expect(page, "<td class=\"open\"><a href=\"#w0\"");
	expect(page, ">(1.00)</a></td>");
	expect(page, "<td class=\"worse strong\"><a href=\"#w1\"");
	expect(page, ">0.25</a></td>");
	expect(page, "<th scope=\"row\" class=\"l\">a&lt;b</th>");
	expect(page, "9 of 36 measurements were void");
	assert_int_equal(count(page, "measurements were void"), 2);
	/* All sections can be reached from the bar, and folded. */
	expect(page, "<a href=\"#matrix\">Matrix</a><a href=\"#answers\">Answers</a>"
		     "<a href=\"#w0\">size</a><a href=\"#w1\">size-big</a>");
	assert_int_equal(count(page, "<details open><summary class=\"fold\">"), 3);
	/* The last section says what to choose. */
	expect(strstr(page, "id=\"choose\""),
	       "<dd>double, because its throughput is 2.00 times that of first");
	expect(strstr(page, "id=\"choose\""), "<dd>first, because no other");
	assert_int_equal(count(page, "<details"), count(page, "</details>"));
	/* One script, whose hash is in the policy. */
	assert_int_equal(count(page, "<script"), 1);
	assert_int_equal(count(page, "script-src 'sha256-"), 1);
	json_decref(matrix);
	json_decref(copy);
}

static json_t *metric(double median, int n)
{
	return json_pack("{s:f, s:f, s:f, s:i}", "median", median, "ci_low", median * 0.9,
			 "ci_high", median * 1.1, "n", n);
}

/* Fewer than five repeats have no interval: no "-6.5 % [?, ?]" and no "0.189..0.189". */
static void test_few_repeats(void **state)
{
	(void)state;
	for (int n = 1; n <= 5; n++) {
		json_t *copy = json_deep_copy(benchmark),
		       *report = json_object_get(copy, "ctbench");
		json_t *x = json_object_get(json_object_get(report, "cells"), "size/x");
		json_t *y = json_object_get(json_object_get(report, "cells"), "size-big/x");
		json_t *pair = json_array_get(
			json_object_get(json_object_get(report, "noise"), "pairs"), 0);
		char *text;

		json_object_set_new(x, "latency",
				    json_pack("{s:s, s:{s:i, s:i}}", "kind", "service", "classes",
					      "all", 9, "lookup_hit", 9));
		json_object_set_new(json_object_get(x, "metrics"), "p99_ns", metric(2000, n));
		json_object_set_new(y, "saturation", json_pack("{s:s}", "percentile", "p99"));
		json_object_set_new(y, "metrics",
				    json_pack("{s:o}", "saturation_per_s", metric(3e6, n)));
		if (n < 5) {
			json_object_del(pair, "ci_low_percent");
			json_object_del(pair, "ci_high_percent");
			json_object_del(pair, "visible_percent");
		}
		text = text_as(report_markdown, copy);
		expect(text, "| 2.00 |");
		if (n < 5) {
			expect(text, "fewer than 5 repeats");
			expect(text, "differed by +1.2 %.");
			assert_null(strstr(text, "95 %"));
			assert_null(strstr(text, ".."));
			assert_null(strstr(text, "?,"));
		} else {
			expect(text, "+1.2 % [-3.0, +12]");
			expect(text, "1.80..2.20");
			expect(text, "2.70..3.30");
			assert_int_equal(count(text, "| 95 % |"), 2);
			/* The number of searches has no decimals. */
			expect(text, "| 2.70..3.30 | 5 |");
		}
		free(text);
		json_decref(copy);
	}
}

/* Each once before the first section, and once within its own. */
static void in_its_section(const char *text, const char *first, const char *second,
			   const char *const machines[2])
{
	const char *a = strstr(text, first), *b = a ? strstr(a, second) : NULL;

	assert_true(a && b);
	for (int i = 0; i < 2; i++) {
		const char *at = strstr(text, machines[i]), *on;
		char words[256];

		assert_true(at && at < a);
		snprintf(words, sizeof(words), "Measured on %s.", machines[i]);
		assert_int_equal(count(text, words), 1);
		on = strstr(text, words);
		assert_true(i ? on > b : on > a && on < b);
	}
}

/* Only tables with the column misses have its explanation above them. */
static void test_misses(void **state)
{
	static const struct {
		bool has, latency, told;
	} cases[] = { { false, false, false }, { true, false, true }, { true, true, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *copy = json_deep_copy(benchmark),
		       *report = json_object_get(copy, "ctbench");
		json_t *x = json_object_get(json_object_get(report, "cells"), "size/x");
		char *text = NULL, *page;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		if (cases[i].has)
			json_object_set_new(x, "misses", json_real(2.5));
		if (cases[i].latency)
			json_object_set_new(x, "latency", json_object());
		assert_int_equal(table_print(out, report), 0);
		fclose(out);
		assert_int_equal(count(text, "misses: ns/op as "), cases[i].told);
		assert_int_equal(count(text, "misses"), 2 * cases[i].told);
		page = text_as(report_html, copy);
		assert_int_equal(count(page, "column misses"), cases[i].told);
		free(page);
		free(text);
		json_decref(copy);
	}
}

/* A run merged from two machines names both. */
static void test_two_machines(void **state)
{
	static const char *const plain[] = {
		"Some CPU, 2 CPUs, Linux 6.1 (run a)",
		"Other CPU, 1 CPU, Linux 6.2, a guest of KVM (run b)"
	};
	json_t *copy = json_deep_copy(benchmark), *report = json_object_get(copy, "ctbench");
	json_t *parts = json_pack(
		"[{s:s, s:s, s:s, s:i, s:i, s:s, s:[s]}, {s:s, s:s, s:s, s:i, s:i, s:s, s:[s]}]",
		"name", "a", "cpu", "Some CPU", "kernel", "6.1", "machine", 0, "cpus", 2,
		"hypervisor", "", "workloads", "size", "name", "b", "cpu", "Other CPU", "kernel",
		"6.2", "machine", 1, "cpus", 1, "hypervisor", "KVM", "workloads", "size-big");
	char *text;

	(void)state;
	json_object_set(report, "merged", parts);
	text = text_as(report_markdown, copy);
	in_its_section(text, "### Is 1", "### And big?", plain);
	free(text);
	text = text_as(report_html, copy);
	in_its_section(text, "<section id=\"w0\"", "<section id=\"w1\"", plain);
	expect(strstr(text, "<h2>The machines</h2>"), plain[0]);
	expect(strstr(text, "<h2>The machines</h2>"), plain[1]);
	free(text);
	/* A run of one machine names it once. */
	json_object_set_new(json_array_get(parts, 1), "machine", json_integer(0));
	text = text_as(report_html, copy);
	expect(text, "<h2>The machine</h2>");
	expect(text, "Some &lt;CPU&gt;, 2 CPUs, Linux 6.1");
	assert_null(strstr(text, "Measured on"));
	free(text);
	json_decref(parts);
	json_decref(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),	     cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_markdown),     cmocka_unit_test(test_answers),
		cmocka_unit_test(test_few_repeats),  cmocka_unit_test(test_misses),
		cmocka_unit_test(test_two_machines), cmocka_unit_test(test_matrix),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
