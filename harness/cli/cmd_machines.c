/* SPDX-License-Identifier: MIT */
/*
 * ctbench machines: the same questions on several machines, variants down and machines across.
 *
 * Each machine's figures come from its own matrix (judge_matrix()): nanoseconds of two machines are
 * never divided by each other; ratios to the same variant are shown side by side.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/terminal.h"
#include "harness/base/text.h"
#include "harness/cli/cmd.h"
#include "harness/judge/matrix.h"
#include "harness/results/results.h"
#include "harness/show/matrix.h"
#include "harness/show/report/report.h"

/* Columns of a table besides those of machines. */
enum { POINT, VARIANT, FIRST_MACHINE };
#define MACHINES_MAX (GRID_COLUMNS_MAX - FIRST_MACHINE - 1)

struct request {
	struct cmd_words runs;
	const char *base, *results;
	const char *html;
	bool json, markdown;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "RUN", .type = CMD_LIST, .offset = AT(runs),
	  .help = "runs of the same workloads on several machines" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "base", 'b', CMD_TEXT, AT(base), "VARIANT",
	  .help = "what to compare with (default: the first variant of the first run)" },
	{ "html", 0, CMD_TEXT, AT(html), "FILE",
	  .help = "write a web page with pictures, - for standard output" },
	{ "markdown", 0, CMD_SWITCH, AT(markdown), NULL, .help = "print Markdown" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print JSON" },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench machines models-1 models-2", NULL },
	{ "ctbench machines models-1 models-2 --html machines.html", NULL },
	{ "ctbench machines xeon epyc ampere --base nulls_rcu_siphash --markdown", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* A run: its report and matrix. */
struct machine {
	json_t *benchmark, *matrix;
	const json_t *report;
};

struct machines {
	struct machine list[MACHINES_MAX];
	size_t nr;
};

/* ---- the same question elsewhere ---- */

static const json_t *questions_of(const struct machine *m)
{
	return json_object_get(m->matrix, "questions");
}

static json_int_t cpus_of(const struct machine *m)
{
	return json_integer_value(
		json_object_get(within(m->report, "environment", "topology"), "cpus"));
}

/* Its point; if all CPUs had a thread (`threads: all`), "all" replaces their number. */
static json_t *point_with_all(const struct machine *m, const json_t *question)
{
	json_t *point = json_copy(json_object_get(question, "point"));
	json_int_t threads = json_integer_value(json_object_get(point, "threads"));

	if (threads > 1 && threads == cpus_of(m))
		json_object_set_new(point, "threads", json_string("all"));
	return point;
}

static bool same_question(const struct machine *a, const json_t *x, const struct machine *b,
			  const json_t *y, bool with_all)
{
	json_t *p, *q;
	bool same;

	if (strcmp(text_of(x, "workload"), text_of(y, "workload")) != 0 ||
	    strcmp(text_of(x, "metric"), text_of(y, "metric")) != 0)
		return false;
	if (!with_all)
		return json_equal(json_object_get(x, "point"), json_object_get(y, "point"));
	p = point_with_all(a, x);
	q = point_with_all(b, y);
	same = json_equal(p, q);
	json_decref(p);
	json_decref(q);
	return same;
}

/* The place of a question of a among those of b; SIZE_MAX: it is not there. */
static size_t
find_question(const struct machine *a, const json_t *question, const struct machine *b)
{
	const json_t *other;
	size_t i;

	for (int with_all = 0; with_all < 2; with_all++)
		json_array_foreach(questions_of(b), i, other)
			if (same_question(a, question, b, other, with_all))
				return i;
	return SIZE_MAX;
}

static size_t find_design(const struct machine *m, const char *variant)
{
	const json_t *designs = json_object_get(m->matrix, "designs"), *design;
	size_t i;

	json_array_foreach(designs, i, design)
		if (!strcmp(json_string_value(design), variant))
			return i;
	return SIZE_MAX;
}

/* ---- the comparison ---- */

/*
 * "agree": proven in the same direction on all; "differ": in both directions; "": on some, or on
 * none.
 */
static const char *agreement(const json_t *row)
{
	size_t better = 0, worse = 0, asked = 0, i;
	const json_t *cell;

	json_array_foreach(json_object_get(row, "machines"), i, cell) {
		double ratio = number_of(cell, "ratio");

		asked += !json_is_null(cell);
		better += matrix_apart(cell) && ratio > 1;
		worse += matrix_apart(cell) && ratio < 1;
	}
	return better && worse ? "differ" : asked > 1 && better + worse == asked ? "agree" : "";
}

/* Variant `variant` at a question of machine `at`, on all machines. */
static void add_row(const struct machines *all, size_t at, const json_t *question,
		    const char *variant, json_t *rows)
{
	const struct machine *m = &all->list[at];
	json_t *row, *cells = json_array();
	bool is_base = !strcmp(variant, text_of(question, "base"));
	char point[200];

	for (size_t i = 0; i < all->nr; i++) {
		const struct machine *other = &all->list[i];
		size_t q = find_question(m, question, other), d = find_design(other, variant);
		const json_t *there = json_array_get(questions_of(other), q);
		const json_t *cell =
			d == SIZE_MAX || !there ? NULL : matrix_cell(other->matrix, q, d);

		if (there && is_base)
			json_array_append_new(cells, json_pack("{s:O}", "value",
							       json_object_get(there, "value")));
		else
			json_array_append_new(cells,
					      cell ? json_copy((json_t *)cell) : json_null());
	}
	matrix_point(point, sizeof(point), question);
	row = json_pack("{s:s, s:s, s:s, s:O, s:s, s:b, s:o}", "workload",
			text_of(question, "workload"), "metric", text_of(question, "metric"),
			"words", point, "point", json_object_get(question, "point"), "variant",
			variant, "base", is_base, "machines", cells);
	json_object_set_new(row, "verdict", json_string(is_base ? "" : agreement(row)));
	json_array_append_new(rows, row);
}

/* The questions of machine `at` that no earlier machine has, with all variants. */
static void add_questions(const struct machines *all, size_t at, json_t *rows)
{
	const struct machine *m = &all->list[at];
	const json_t *question, *design;
	size_t i, k;

	json_array_foreach(questions_of(m), i, question) {
		bool known = false;

		for (size_t before = 0; before < at; before++)
			known |= find_question(m, question, &all->list[before]) != SIZE_MAX;
		if (known || !matrix_shows(m->matrix, i))
			continue;
		json_array_foreach(json_object_get(m->matrix, "designs"), k, design) {
			const char *variant = json_string_value(design);

			if (matrix_cell(m->matrix, i, k) ||
			    !strcmp(variant, text_of(question, "base")))
				add_row(all, at, question, variant, rows);
		}
	}
}

static json_t *machine_json(const struct machine *m, const char *run)
{
	const json_t *facts = json_object_get(m->report, "environment");

	return json_pack("{s:s, s:s, s:s, s:I, s:s}", "run", run, "cpu",
			 text_of(json_object_get(facts, "machine"), "cpu"), "kernel",
			 text_of(json_object_get(facts, "kernel"), "release"), "cpus", cpus_of(m),
			 "hypervisor", text_of(json_object_get(facts, "virtual"), "hypervisor"));
}

static json_t *compare(const struct machines *all, const char *const *runs)
{
	json_t *rows = json_array(), *machines = json_array();

	for (size_t i = 0; i < all->nr; i++) {
		json_array_append_new(machines, machine_json(&all->list[i], runs[i]));
		add_questions(all, i, rows);
	}
	return json_pack("{s:s, s:o, s:o}", "base", text_of(all->list[0].matrix, "base"),
			 "machines", machines, "rows", rows);
}

/* ---- text ---- */

static const char legend[] =
	"The row of the baseline has its figures. The others are ratios to it on the same machine; "
	"more than 1 is better. In brackets: not proven (the 95 % interval includes 1, or the "
	"ratio is within the noise). agree: proven on all machines, in the same direction; differ: "
	"proven in both directions.";

static void put_row(struct grid *g, const json_t *row)
{
	const json_t *cell;
	char text[64];
	size_t i;

	if (!grid_add_row(g))
		return;
	grid_put(g, POINT, text_of(row, "words"));
	grid_put(g, VARIANT, text_of(row, "variant"));
	json_array_foreach(json_object_get(row, "machines"), i, cell) {
		matrix_machine_text(text, sizeof(text), row, cell);
		grid_put(g, FIRST_MACHINE + i, text);
	}
	grid_put(g, g->columns - 1, text_of(row, "verdict"));
}

/* The rows of one workload, from `at` on; returns where the next one begins. */
static size_t print_workload(const json_t *result, size_t at, enum grid_format format, bool *failed)
{
	const json_t *rows = json_object_get(result, "rows");
	const char *name = text_of(json_array_get(rows, at), "workload");
	size_t nr = json_array_size(json_object_get(result, "machines"));
	struct grid g = { .columns = FIRST_MACHINE + nr + 1, .left = { true, true } };

	g.left[g.columns - 1] = true;
	grid_add_row(&g);
	if (!g.failed) {
		grid_put(&g, POINT, "at");
		grid_put(&g, VARIANT, "variant");
	}
	for (size_t i = 0; i < nr && !g.failed; i++)
		grid_put(&g, FIRST_MACHINE + i, (char[]){ (char)('A' + i % 26), '\0' });
	for (; at < json_array_size(rows); at++) {
		const json_t *row = json_array_get(rows, at);

		if (strcmp(text_of(row, "workload"), name) != 0 || g.failed)
			break;
		put_row(&g, row);
	}
	printf("\n%s%s%s\n%s", format == GRID_MARKDOWN ? "### " : "", name,
	       format == GRID_MARKDOWN ? "" : ":", format == GRID_MARKDOWN ? "\n" : "");
	*failed |= g.failed;
	if (!g.failed)
		grid_print(stdout, &g, format);
	grid_free(&g);
	return at;
}

static int print(const json_t *result, enum grid_format format, struct ct_error *e)
{
	const json_t *machine;
	bool failed = false;
	size_t i, rows = json_array_size(json_object_get(result, "rows"));

	json_array_foreach(json_object_get(result, "machines"), i, machine)
		printf("%s%c: %s, %lld CPUs, Linux %s%s%s (run %s)\n",
		       format == GRID_MARKDOWN ? "* " : "", (int)('A' + i % 26),
		       text_of(machine, "cpu"),
		       (long long)json_integer_value(json_object_get(machine, "cpus")),
		       text_of(machine, "kernel"), *text_of(machine, "hypervisor") ? ", " : "",
		       text_of(machine, "hypervisor"), text_of(machine, "run"));
	putchar('\n');
	text_wrap(stdout, legend, 0, 0, terminal_columns(STDOUT_FILENO, 100));
	for (i = 0; i < rows;)
		i = print_workload(result, i, format, &failed);
	return failed ? ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the tables") : 0;
}

/* ---- the command ---- */

static int read_runs(struct machines *all, const struct request *q, struct ct_error *e)
{
	const char *base = q->base;

	for (size_t i = 0; i < q->runs.nr; i++) {
		struct machine *m = &all->list[i];
		char dir[PATH_MAX];

		m->benchmark = results_open(dir, sizeof(dir), q->results, q->runs.list[i], e);
		if (!m->benchmark)
			return -ENOENT;
		m->report = json_object_get(m->benchmark, "ctbench");
		m->matrix = judge_matrix(m->report, base, e);
		if (!m->matrix)
			return -EINVAL;
		if (!base)
			base = text_of(m->matrix, "base");
		all->nr++;
	}
	return 0;
}

static int write_page(const json_t *result, const char *path, struct ct_error *e)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = memory_stream(&text, &len);
	int err = report_machines_page(out, result, e);

	memory_stream_close(out, &text);
	if (!err && strcmp(path, "-"))
		err = results_write_file(path, text, len, e);
	else if (!err)
		fwrite(text, 1, len, stdout);
	free(text);
	if (!err && strcmp(path, "-"))
		printf("page: %s\n", path);
	return err;
}

static int show(const struct request *q, const json_t *result, struct ct_error *e)
{
	if (q->html)
		return write_page(result, q->html, e);
	if (!q->json)
		return print(result, q->markdown ? GRID_MARKDOWN : GRID_TEXT, e);
	json_dumpf(result, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	putchar('\n');
	return 0;
}

static int machines(void *request, struct ct_error *e)
{
	const struct request *q = request;
	struct machines all = { .nr = 0 };
	json_t *result = NULL;
	int err = 0;

	if (q->runs.nr > MACHINES_MAX)
		err = ct_user_error(e, "machines: at most %d runs fit a table", (int)MACHINES_MAX);
	else if (!!q->html + q->json + q->markdown > 1)
		err = ct_user_error(
			e, "--html, --json and --markdown exclude each other: give one of them");
	else
		err = read_runs(&all, q, e);
	if (!err) {
		result = compare(&all, q->runs.list);
		err = result ? 0 : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to compare");
	}
	if (!err)
		err = show(q, result, e);
	json_decref(result);
	for (size_t i = 0; i < q->runs.nr && i < MACHINES_MAX; i++) {
		json_decref(all.list[i].matrix);
		json_decref(all.list[i].benchmark);
	}
	return err;
}

const struct command command_machines = {
	.name = "machines",
	.summary = "compare runs of the same workloads on several machines",
	.about = "Prints a table for each workload, with a row per variant and a column per "
		 "machine: ratios to one variant on the same machine, because nanoseconds of two "
		 "machines cannot be compared. It shows where machines agree that a variant is "
		 "better or worse, and where they differ. Points with a thread on every CPU are "
		 "compared even if machines have different numbers of CPUs.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = machines,
};
