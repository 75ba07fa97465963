/* SPDX-License-Identifier: MIT */
/* The report of a run as a web page, with its pictures inside. */
#include "harness/show/report/report.h"
#include "harness/show/report/page.h"

#include "harness/machine/env.h"
#include "harness/base/escape.h"
#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/show/plot/plot.h"
#include "harness/show/answers.h"
#include "harness/show/matrix.h"
#include "harness/show/table/table.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the top ---- */

static json_int_t count_of(const struct report_source *s, const char *what)
{
	return json_integer_value(within(s->report, "counts", what));
}

static void answer(void *arg, const char *text, const char *outcome)
{
	FILE *out = arg;

	fprintf(out, "<p class=\"answer %s\">", outcome);
	escape_html(out, text);
	fputs("</p>\n", out);
}

static void top(FILE *out, const struct report_source *s)
{
	char machine[2048];

	report_all_machines(machine, sizeof(machine), s);
	element(out, "h1", "%s", text_of(s->report, "name"));
	element(out, "p class=\"sub\"", "%s · ctbench %s · %.16s", machine,
		report_fact(s, "build", "revision"), text_of(s->report, "started"));
	element(out, "p class=\"sub\"",
		"%" JSON_INTEGER_FORMAT " cells, %" JSON_INTEGER_FORMAT
		" good measurements; %" JSON_INTEGER_FORMAT " void, %" JSON_INTEGER_FORMAT
		" failed.%s",
		count_of(s, "cells"), count_of(s, "good"), count_of(s, "void"),
		count_of(s, "failed"),
		json_is_true(json_object_get(s->report, "interrupted"))
			? " The run was interrupted: some cells were not measured."
			: "");
	report_badges(out, s);
}

/* The questions with their answers, if there are several. */
static void answers(FILE *out, const struct report_source *s)
{
	const json_t *workloads = json_object_get(s->report, "workloads"), *workload;
	size_t i;

	if (json_array_size(workloads) < 2)
		return;
	fputs("<section id=\"answers\">\n<h2>The answers</h2>\n<nav><ol>\n", out);
	json_array_foreach(workloads, i, workload) {
		fprintf(out, "<li><a href=\"#w%zu\">", i);
		escape_html(out, text_of(workload, "question"));
		fputs("</a>\n", out);
		report_answer(s, text_of(workload, "name"), answer, out);
		fputs("</li>\n", out);
	}
	fputs("</ol></nav>\n</section>\n", out);
}

/* Links to all sections, which stay in view. */
static void bar(FILE *out, const struct report_source *s)
{
	const json_t *workloads = json_object_get(s->report, "workloads"), *workload;
	size_t i;

	fputs("<nav class=\"bar\" aria-label=\"Sections\">", out);
	if (matrix_says(s->matrix))
		fputs("<a href=\"#matrix\">Matrix</a>", out);
	if (json_array_size(workloads) > 1)
		fputs("<a href=\"#answers\">Answers</a>", out);
	json_array_foreach(workloads, i, workload) {
		fprintf(out, "<a href=\"#w%zu\">", i);
		escape_html(out, text_of(workload, "name"));
		fputs("</a>", out);
	}
	if (json_array_size(json_object_get(s->report, "bounds")))
		fputs("<a href=\"#bounds\">Bounds</a>", out);
	fputs("<a href=\"#machine\">Machine</a><a href=\"#again\">Repeat it</a>", out);
	if (matrix_says(s->matrix))
		fputs("<a href=\"#choose\">Choose</a>", out);
	fputs("</nav>\n", out);
}

static void warnings(FILE *out, const struct report_source *s)
{
	json_t *list = env_warnings(json_object_get(s->report, "environment")), *warning;
	size_t i;

	if (json_array_size(list)) {
		element(out, "h3", "What disturbed it");
		fputs("<ul class=\"warnings\">\n", out);
		json_array_foreach(list, i, warning) {
			fprintf(out, "<li class=\"%s\">",
				strcmp(text_of(warning, "grade"), "serious") ? "note" : "serious");
			escape_html(out, text_of(warning, "what"));
			if (*text_of(warning, "mend")) {
				fputs(" <span class=\"mend\">", out);
				escape_html(out, text_of(warning, "mend"));
				fputs("</span>", out);
			}
			fputs("</li>\n", out);
		}
		fputs("</ul>\n", out);
	}
	json_decref(list);
}

/* ---- a workload ---- */

struct verdicts {
	FILE *out;
	size_t nr;
};

static void verdict(void *arg, const char *text, const char *outcome)
{
	struct verdicts *v = arg;

	if (!v->nr++)
		fputs("<ul class=\"verdicts\">\n", v->out);
	fputs("<li class=\"", v->out);
	escape_html(v->out, outcome);
	fputs("\">", v->out);
	escape_html(v->out, text);
	fputs("</li>\n", v->out);
}

/*
 * A picture, and one for narrow screens; report.css shows one of them. Without the narrow one a
 * hint says that the picture must be scrolled, because a part of it looks complete.
 */
static int picture(FILE *out, const struct report_source *s, const char *name, const char *id,
		   struct ct_error *e)
{
	char wide[PATH_MAX + 300], narrow[PATH_MAX + 300] = "", prefix[80], label[512];
	int err;

	snprintf(wide, sizeof(wide), "%s/%s.svg", s->pictures->wide, name);
	if (*s->pictures->narrow)
		snprintf(narrow, sizeof(narrow), "%s/%s.svg", s->pictures->narrow, name);
	if (*narrow && access(narrow, R_OK))
		narrow[0] = '\0';
	snprintf(prefix, sizeof(prefix), "%s-", id);
	snprintf(label, sizeof(label), "Plot %s; the table below has the same figures", name);
	fprintf(out, "<figure%s><div class=\"scroll wide\" tabindex=\"0\">\n",
		*narrow ? " class=\"both\"" : "");
	err = report_svg(out, wide, prefix, label, e);
	fputs("</div>\n", out);
	if (!err && *narrow) {
		snprintf(prefix, sizeof(prefix), "%sn-", id);
		fputs("<div class=\"narrow\">\n", out);
		err = report_svg(out, narrow, prefix, label, e);
		fputs("</div>\n", out);
	} else if (!err) {
		element(out, "figcaption class=\"hint\"",
			"The picture is wider than the screen: scroll it sideways.");
	}
	fputs("</figure>\n", out);
	return err;
}

static int pictures(FILE *out, const struct report_source *s, const char *workload, size_t number,
		    struct ct_error *e)
{
	size_t nr = 0;
	char id[64];
	int err = 0;

	for (size_t i = 0; s->pictures && i < s->pictures->nr && !err; i++) {
		if (strcmp(s->pictures->list[i].workload, workload))
			continue;
		snprintf(id, sizeof(id), "w%zup%zu", number, nr++);
		err = picture(out, s, s->pictures->list[i].name, id, e);
	}
	return err;
}

static int folded_budget(FILE *out, const struct report_source *s, const json_t *workload)
{
	struct grid g;
	int err = table_budget(&g, s->report, workload);

	if (!err && g.rows > 1) {
		fputs("<details><summary>Where the time goes</summary><div class=\"scroll\" "
		      "tabindex=\"0\">\n",
		      out);
		grid_print(out, &g, GRID_HTML);
		element(out, "p", "%s", TABLE_BUDGET_REMARK);
		fputs("</div></details>\n", out);
	}
	grid_free(&g);
	return err;
}

static int workload_section(FILE *out, const struct report_source *s, const json_t *workload,
			    size_t number, struct ct_error *e)
{
	struct verdicts v = { .out = out };
	const char *name = text_of(workload, "name");
	char noise[256], remark[512], machine[512], answer_text[ANSWER_MAX];
	struct grid g;
	int err;

	fprintf(out, "<section id=\"w%zu\">\n", number);
	fputs("<details open><summary class=\"fold\">", out);
	element(out, "span class=\"name\"", "%s", name);
	element(out, "h2", "%s", text_of(workload, "question"));
	fputs("</summary>\n", out);
	if (report_machines(s) > 1) {
		report_machine(machine, sizeof(machine), s, report_machine_of(s, name));
		element(out, "p class=\"sub\"", "Measured on %s.", machine);
	}
	answer_of(answer_text, s->report, workload);
	if (*answer_text)
		element(out, "p class=\"answer\"", "%s.", answer_text);
	report_noise(noise, sizeof(noise), s, name);
	if (*noise)
		element(out, "p class=\"noise\"", "%s", noise);
	report_each_verdict(s, name, verdict, &v);
	if (v.nr)
		fputs("</ul>\n", out);
	table_budget_text(answer_text, sizeof(answer_text), s->report, workload);
	if (*answer_text)
		element(out, "p class=\"answer\"", "%s", answer_text);
	err = pictures(out, s, name, number, e);
	if (!err)
		err = table_of(&g, s->report, workload);
	if (err)
		return err < 0 && !e->status
			       ? ct_fail(e, err, CT_EXIT_USER, "no memory for the report")
			       : err;
	if (g.rows > 1) {
		fputs("<details open><summary>All figures</summary><div class=\"scroll\" "
		      "tabindex=\"0\">\n",
		      out);
		grid_print(out, &g, GRID_HTML);
		table_remark(remark, sizeof(remark), s->report, workload);
		if (*remark)
			element(out, "p", "%s", remark);
		fputs("</div></details>\n", out);
	} else {
		element(out, "p", "Nothing was measured.");
	}
	grid_free(&g);
	err = folded_budget(out, s, workload);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "no memory for the report");
	err = table_inside(&g, s->report, workload);
	if (!err && g.rows > 1) {
		fputs("<details><summary>Behind the figures</summary><div class=\"scroll\" "
		      "tabindex=\"0\">\n",
		      out);
		grid_print(out, &g, GRID_HTML);
		element(out, "p",
			"Medians. p is that of a chi-square test of the chain lengths against "
			"Poisson's distribution: if it is small, the hash spreads keys worse or "
			"better than chance.");
		fputs("</div></details>\n", out);
	}
	grid_free(&g);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "no memory for the report");
	fputs("</details>\n</section>\n", out);
	return 0;
}

/* ---- the end ---- */

static void fact(FILE *out, const char *name, const char *value)
{
	if (!*value)
		return;
	element(out, "dt", "%s", name);
	element(out, "dd", "%s", value);
}

static void machine(FILE *out, const struct report_source *s)
{
	static const struct {
		const char *name, *group, *key;
	} facts[] = {
		{ "kernel", "kernel", "release" },
		{ "hypervisor", "virtual", "hypervisor" },
		{ "frequency driver", "frequency", "driver" },
		{ "transparent huge pages", "pages", "transparent" },
		{ "compiler", "build", "compiler" },
		{ "flags", "build", "flags" },
		{ "revision", "build", "revision" },
		{ "liburcu", "libraries", "liburcu" },
	};
	const json_t *environment = json_object_get(s->report, "environment");
	size_t nr = report_machines(s);
	char text[512];

	fputs("<section id=\"machine\">\n", out);
	element(out, "h2", nr > 1 ? "The machines" : "The machine");
	if (nr > 1)
		element(out, "p",
			"The facts below are those of the first machine, except how ctbench was "
			"built; the pages of the merged runs have those of the others.");
	fputs("<dl>\n", out);
	for (size_t i = 0; i < nr; i++) {
		report_machine(text, sizeof(text), s, i);
		fact(out, "machine", text);
	}
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		fact(out, facts[i].name, report_fact(s, facts[i].group, facts[i].key));
	fact(out, "allocator", text_of(environment, "allocator"));
	snprintf(text, sizeof(text), "%.3g s during the run",
		 json_number_value(json_object_get(s->report, "stolen_seconds")));
	fact(out, "CPU time stolen by the hypervisor", text);
	fputs("</dl>\n", out);
	warnings(out, s);
	fputs("</section>\n", out);
}

/* The bounds of this machine. */
static void bounds(FILE *out, const struct report_source *s)
{
	const json_t *list = json_object_get(s->report, "bounds");

	if (!json_array_size(list))
		return;
	fputs("<section id=\"bounds\">\n", out);
	element(out, "h2", "Bounds of this machine");
	element(out, "p",
		"Limits of any table, measured between the cells with the same threads and "
		"pages.%s",
		table_has_misses(s->report) ? " The column misses is ns/op as a multiple of a "
					      "dependent random line in the table's footprint."
					    : "");
	fputs("<div class=\"scroll\" tabindex=\"0\">\n", out);
	table_bounds(out, list, GRID_HTML);
	fputs("</div>\n</section>\n", out);
}

static void again(FILE *out, const struct report_source *s)
{
	char command[2048];

	report_command(command, sizeof(command), s);
	fputs("<section id=\"again\">\n", out);
	element(out, "h2", "How to repeat it");
	element(out, "p", "In a source tree of revision %s, after make build:",
		report_fact(s, "build", "revision"));
	element(out, "pre", "build/release/%s", command);
	element(out, "p",
		"Each repeat of each cell ran in a separate process; figures are medians of the "
		"repeats. Seeds, parameters, all measurements and the facts about the machine are "
		"in cells.tsv and benchmark.json next to this page; columns.tsv explains each "
		"column. docs/METHOD.md explains how figures are made. ctbench compare judges this "
		"run against another.");
	fputs("</section>\n", out);
}

int report_html(FILE *out, const struct report_source *s, struct ct_error *e)
{
	const json_t *workload;
	struct page page;
	size_t i;
	int err = page_begin(out, &page, text_of(s->report, "name"), e);

	if (err)
		return err;
	bar(out, s);
	fputs("<main>\n<header>\n", out);
	top(out, s);
	fputs("</header>\n", out);
	report_matrix(out, s);
	answers(out, s);
	json_array_foreach(json_object_get(s->report, "workloads"), i, workload)
		err = err ? err : workload_section(out, s, workload, i, e);
	bounds(out, s);
	machine(out, s);
	again(out, s);
	report_choose(out, s);
	page_end(out, &page);
	return err;
}
