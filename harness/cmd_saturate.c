/* SPDX-License-Identifier: MIT */
/*
 * ctbench saturate: how much a table can take before it is late.
 *
 * Each search is a bisection over rates of an open loop (saturate.h), each
 * measurement in a process of its own; searches are repeated and the cells take
 * turns in random order within a repeat.  Measurements are rows of cells.tsv as in a
 * run.  A search depends on nothing but its measurements, so going on means
 * searching again with those that there are.
 */
#include "harness/about.h"
#include "harness/cmd.h"
#include "harness/interrupt.h"
#include "harness/measure.h"
#include "harness/metric.h"
#include "harness/random.h"
#include "harness/results.h"
#include "harness/run.h"
#include "harness/saturate.h"
#include "harness/workload_internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void print_help(void)
{
	puts("usage: ctbench saturate WORKLOAD... [OPTION]...\n"
	     "       ctbench saturate --resume NAME\n"
	     "\n"
	     "Finds, for each cell of the workloads, the highest rate of arrivals at which a percentile of\n"
	     "the times from the intended start stays under a bound.  Each search halves the ratio between\n"
	     "a rate that keeps the bound and one that does not, measuring each in a process of its own;\n"
	     "searches are repeated (the workload's repeats), and the result is their median with its 95 %\n"
	     "interval.  A control, the same cell twice, shows the noise.\n"
	     "\n"
	     "  --p99 TIME         the bound, as in 20us (the default); or --p50, --p999, --max\n"
	     "  --from RATE        where it begins, operations a second of all threads (10k)\n"
	     "  --to RATE          and ends (100M)\n"
	     "  --precision SHARE  a search ends when the two rates are that close (5%)\n"
	     "  --name NAME        of the results (default: the time and the suite's name)\n"
	     "  --results DIR      the folder of all runs (default: " RESULTS_DEFAULT_DIR ")\n"
	     "  --resume NAME      go on with an interrupted search\n"
	     "\n"
	     "Any parameter of the workload can be given here instead, as for ctbench run (--threads 1,all).\n"
	     "\n"
	     "Of what is in NAME/: saturation.json has the results and each search's path, cells.tsv a row\n"
	     "per measurement, details.jsonl its percentiles.\n"
	     "\n"
	     "Examples:\n"
	     "  ctbench saturate saturation\n"
	     "  ctbench saturate open --rate none --p999 100us --threads all --repeats 5");
}

enum { OPT_P50, OPT_P99, OPT_P999, OPT_MAX, OPT_FROM, OPT_TO, OPT_PRECISION, OPT_NAME, OPT_RESULTS,
       OPT_RESUME };
static const struct cmd_option options[] = {
	[OPT_P50] = { "p50", true },   [OPT_P99] = { "p99", true },
	[OPT_P999] = { "p999", true }, [OPT_MAX] = { "max", true },
	[OPT_FROM] = { "from", true }, [OPT_TO] = { "to", true },
	[OPT_PRECISION] = { "precision", true }, [OPT_NAME] = { "name", true },
	[OPT_RESULTS] = { "results", true }, [OPT_RESUME] = { "resume", true },
	{ NULL, false },
};

struct request {
	int percentile;		/* OPT_P50 .. OPT_MAX */
	double bound_ns, precision;
	uint64_t from, to;
	const char *name, *results, *resume;
	char **files;
	size_t nr_files;
	struct workload_overrides overrides;
	bool help;
};

/* A measurement that was made, or that there is already. */
struct point {
	char *name;
	uint32_t repeat;
	uint64_t fingerprint;
	double value_ns;
};

struct search_cell {
	struct run_cell c;	/* without a rate; its name with one is made for each measurement */
	double *found;		/* [repeats] rates; NAN: none yet */
	json_t *paths;		/* [repeats] of lists */
	unsigned int below, beyond;	/* searches that found the limit outside */
};

struct saturation {
	const struct request *q;
	struct workload_set set;
	struct results results;
	char name[128], started[40];
	struct search_cell *cells;
	size_t nr_cells;
	struct point *points;
	size_t nr_points, room;
	uint64_t seq;
	run_measure_fn measure;
};

/* ---- arguments ---- */

static int bad_value(struct ct_error *e, const char *option, const char *value, const char *must)
{
	return ct_user_error(e, "--%s is '%.60s', but must be %s", option, value, must);
}

static int take(struct request *q, int what, const char *value, struct ct_error *e)
{
	double seconds;

	switch (what) {
	case OPT_P50: case OPT_P99: case OPT_P999: case OPT_MAX:
		if (!parse_seconds(value, &seconds) || seconds <= 0)
			return bad_value(e, options[what].name, value, "a time with its unit, as in 20us");
		q->percentile = what;
		q->bound_ns = seconds * 1e9;
		return 0;
	case OPT_FROM:
	case OPT_TO:
		if (!parse_count(value, 1000, UINT64_C(10000000000),
				 what == OPT_FROM ? &q->from : &q->to))
			return bad_value(e, options[what].name, value,
					 "operations a second from 1k to 10G");
		return 0;
	case OPT_PRECISION:
		if (!parse_share(value, &q->precision) || q->precision < 0.005)
			return bad_value(e, "precision", value, "a share from 0.5% to 100%");
		return 0;
	case OPT_NAME:
		q->name = value;
		return 0;
	case OPT_RESULTS:
		q->results = value;
		return 0;
	default:
		q->resume = value;
		return 0;
	}
}

static int parse(struct request *q, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what, err;

	*q = (struct request){ .percentile = OPT_P99, .bound_ns = 20e3, .precision = 0.05,
			       .from = 10000, .to = 100000000, .results = RESULTS_DEFAULT_DIR };
	args.more = workload_option_names(&args.nr_more);
	q->files = calloc((size_t)argc + 1, sizeof(*q->files));
	if (!q->files)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	for (;;) {
		what = workload_take_option(&q->overrides, argc, argv, &args.at, e);
		if (what > 0)
			continue;
		if (what == 0)
			what = cmd_next(&args, options, e);
		if (what < 0)
			return what;
		if (what == CMD_HELP) {
			q->help = true;
			return 0;
		}
		if (what == CMD_END)
			break;
		if (what == CMD_OPERAND) {
			q->files[q->nr_files++] = argv[args.at - 1];
			continue;
		}
		err = take(q, what, args.value, e);
		if (err)
			return err;
	}
	if (q->from >= q->to)
		return ct_user_error(e, "--from %llu is not below --to %llu",
				     (unsigned long long)q->from, (unsigned long long)q->to);
	return 0;
}

/* ---- cells ---- */

static int add_cell(struct saturation *s, struct workload *w, const struct cell *cell, bool control,
		    struct ct_error *e)
{
	struct search_cell *sc = &s->cells[s->nr_cells];
	char name[CELL_NAME_MAX];

	if (cell->kind != KIND_STEADY || cell->oversubscribe)
		return ct_user_error(e, "workload '%s': a search for the highest rate needs kind: steady and oversubscribe: false",
				     w->name);
	if (cell->rate)
		return ct_user_error(e, "workload '%s' has a rate already: leave it out, or say --rate none",
				     w->name);
	sc->c.workload = w;
	sc->c.cell = *cell;
	sc->c.cell.latency = LATENCY_NONE;
	sc->c.cell.control = control;
	sc->c.repeats = w->repeats;
	cell_name(w, &sc->c.cell, name, sizeof(name));
	sc->c.name = strdup(name);
	sc->found = calloc(w->repeats, sizeof(*sc->found));
	sc->paths = json_array();
	if (!sc->c.name || !sc->found || !sc->paths)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
	s->nr_cells++;
	return 0;
}

static int make_cells(struct saturation *s, struct ct_error *e)
{
	size_t nr = 0;
	int err = 0;

	for (size_t i = 0; i < s->set.nr; i++)
		nr += s->set.list[i].nr_cells + 1;
	s->cells = calloc(nr, sizeof(*s->cells));
	if (!s->cells)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
	for (size_t i = 0; i < s->set.nr && !err; i++) {
		struct workload *w = &s->set.list[i];

		for (size_t k = 0; k < w->nr_cells && !err; k++)
			err = add_cell(s, w, &w->cells[k], false, e);
		if (!err)
			err = add_cell(s, w, &w->cells[w->control], true, e);
		/* From here on names have the rate in them. */
		w->varying |= UINT64_C(1) << (KEY_RATE - KEY_FIRST_OF_CELL);
	}
	return err;
}

/* ---- measurements ---- */

static int add_point(struct saturation *s, const char *name, uint32_t repeat, uint64_t fingerprint,
		     double value_ns)
{
	if (s->nr_points == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		struct point *more = reallocarray(s->points, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->points = more;
		s->room = room;
	}
	s->points[s->nr_points] = (struct point){ strdup(name), repeat, fingerprint, value_ns };
	return s->points[s->nr_points].name ? (s->nr_points++, 0) : -ENOMEM;
}

static double value_of(const struct request *q, const struct cell_result *r)
{
	return q->percentile == OPT_P50	 ? r->latency_p50_ns :
	       q->percentile == OPT_P999 ? r->latency_p999_ns :
	       q->percentile == OPT_MAX	 ? r->latency_max_ns :
					   r->latency_p99_ns;
}

static int take_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	struct saturation *s = arg;

	if (m->seq > s->seq)
		s->seq = m->seq;
	if (m->result.status || m->result.void_reason[0])
		return 0;
	if (add_point(s, m->name, m->repeat, m->fingerprint, value_of(s->q, &m->result)))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for a run's measurements");
	return 0;
}

/* The value of the percentile, from an earlier process or measured now; or a negative errno. */
static int measure_point(struct saturation *s, const struct run_cell *c, uint32_t repeat,
			 double *value_ns, struct ct_error *e)
{
	struct measurement *m = calloc(1, sizeof(*m));
	struct cell cell = c->cell;
	int err = -ENOMEM;

	if (!m)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to go on measuring");
	cell.repeat = repeat;
	snprintf(m->name, sizeof(m->name), "%s", c->name);
	m->fingerprint = c->fingerprint;
	m->repeat = repeat;
	for (size_t i = 0; i < s->nr_points; i++) {
		const struct point *p = &s->points[i];

		if (p->repeat != repeat || strcmp(p->name, c->name))
			continue;
		err = p->fingerprint == c->fingerprint ? 0 :
			ct_user_error(e, "'%.300s' was measured with other parameters than the workload has now: search anew under another --name",
				      c->name);
		*value_ns = p->value_ns;
		goto out;
	}
	for (m->attempt = 1; m->attempt <= 1 + RUN_RETRIES; m->attempt++) {
		json_t *details = NULL;

		m->seq = s->seq + 1;
		results_time(m->started, sizeof(m->started));
		memset(&m->result, 0, sizeof(m->result));
		err = s->measure(&cell, &m->result, &details, e);
		if (!err)
			err = results_append(&s->results, m, details, e);
		json_decref(details);
		if (err)
			break;
		s->seq = m->seq;
		if (m->result.status) {
			err = ct_fail(e, -EIO, m->result.status, "%s: %.400s", c->name, m->result.error);
			break;
		}
		if (!m->result.void_reason[0])
			break;
	}
	if (!err && m->result.void_reason[0])
		err = ct_fail(e, -EIO, CT_EXIT_INTERNAL, "%s was void %d times: %s; try again with --resume %s",
			      c->name, 1 + RUN_RETRIES, m->result.void_reason, s->name);
	*value_ns = value_of(s->q, &m->result);
out:
	free(m);
	return err;
}

static int search(struct saturation *s, struct search_cell *sc, uint32_t repeat, struct ct_error *e)
{
	struct saturate search;
	json_t *path = json_array();
	char number[32], time[32];
	bool at_least;
	uint64_t rate;
	int err = 0;

	saturate_begin(&search, s->q->from, s->q->to, s->q->precision);
	printf("%s, search %u of %u:", sc->c.name, repeat + 1, sc->c.repeats);
	while (!err && (rate = saturate_next(&search))) {
		char name[CELL_NAME_MAX];
		struct run_cell c = sc->c;
		double value = 0;
		bool kept;

		c.cell.rate = rate;
		cell_name(c.workload, &c.cell, name, sizeof(name));
		c.name = name;
		c.fingerprint = run_cell_fingerprint(&c);
		err = measure_point(s, &c, repeat, &value, e);
		if (err)
			break;
		kept = value <= s->q->bound_ns;
		saturate_tell(&search, rate, kept);
		json_array_append_new(path, json_pack("{s:I, s:f, s:b}", "rate_per_s", (json_int_t)rate,
						      "value_ns", value, "kept", (int)kept));
		snprintf(number, sizeof(number), "%.3g", (double)rate / 1e6);
		print_seconds(time, sizeof(time), value / 1e9);
		printf(" %s%s", number, kept ? "+" : "-");
		fflush(stdout);
		err = ct_interrupted ? -EINTR : 0;
	}
	json_array_append_new(sc->paths, path);
	if (err) {
		puts("");
		return err;
	}
	sc->found[repeat] = (double)saturate_found(&search, &at_least);
	sc->beyond += at_least;
	sc->below += sc->found[repeat] == 0;
	printf(" -> %s%.3g M/s\n", at_least ? "at least " : !sc->found[repeat] ? "below " : "",
	       (sc->found[repeat] ? sc->found[repeat] : (double)s->q->from) / 1e6);
	return 0;
}

/* Cells take turns in an order of its own for each repeat. */
static int search_all(struct saturation *s, struct ct_error *e)
{
	size_t *order = calloc(s->nr_cells, sizeof(*order));
	uint32_t repeats = 0;
	int err = order ? 0 : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the cells");
	struct rng r;

	for (size_t i = 0; i < s->nr_cells; i++)
		repeats = s->cells[i].c.repeats > repeats ? s->cells[i].c.repeats : repeats;
	rng_seed(&r, s->nr_cells ? s->cells[0].c.cell.seed : 1);
	printf("Highest rates with %s of at most %g us; tried in millions a second, + kept it, - did not.\n",
	       options[s->q->percentile].name, s->q->bound_ns / 1e3);
	for (uint32_t k = 0; k < repeats && !err; k++) {
		for (size_t i = 0; i < s->nr_cells; i++) {
			size_t j = (size_t)rng_below(&r, i + 1);

			order[i] = order[j];
			order[j] = i;
		}
		for (size_t i = 0; i < s->nr_cells && !err; i++)
			if (k < s->cells[order[i]].c.repeats)
				err = search(s, &s->cells[order[i]], k, e);
	}
	free(order);
	return err;
}

/* ---- what came of it ---- */

static int finish(struct saturation *s, struct ct_error *e)
{
	json_t *cells = json_object(), *all;
	double base = 0;
	int err;

	printf("\nsaturation, in M/s (median and 95 %% interval):\n");
	for (size_t i = 0; i < s->nr_cells; i++) {
		struct search_cell *sc = &s->cells[i];
		json_t *cell = json_object(), *metric;
		double median, low, high;

		metric_put(cell, "saturation_per_s", sc->found, sc->c.repeats);
		metric = json_object_get(cell, "saturation_per_s");
		median = json_number_value(json_object_get(metric, "median"));
		low = json_number_value(json_object_get(metric, "ci_low"));
		high = json_number_value(json_object_get(metric, "ci_high"));
		printf("  %-56s %8.3g  [%.3g, %.3g]  %u search%s", sc->c.name, median / 1e6, low / 1e6,
		       high / 1e6, sc->c.repeats, sc->c.repeats == 1 ? "" : "es");
		if (sc->beyond)
			printf("; %u found no limit up to %.3g", sc->beyond, (double)s->q->to / 1e6);
		if (sc->below)
			printf("; %u were late even at %.3g", sc->below, (double)s->q->from / 1e6);
		puts("");
		if (i + 1 < s->nr_cells && !sc->c.cell.control &&
		    !strcmp(sc->c.cell.variant,
			    s->set.list[0].cells[s->set.list[0].control].variant) &&
		    sc->c.cell.threads == s->set.list[0].cells[s->set.list[0].control].threads)
			base = median;
		if (sc->c.cell.control && base > 0 && s->set.nr == 1)
			printf("  noise (the same cell twice): %.1f %%\n",
			       100 * (median > base ? median / base - 1 : base / median - 1));
		json_object_set_new(cell, "parameters", cell_to_json(&sc->c.cell));
		json_object_set_new(cell, "control", json_boolean(sc->c.cell.control));
		json_object_set(cell, "paths", sc->paths);
		json_object_set_new(cells, sc->c.name, cell);
	}
	all = json_pack("{s:i, s:s, s:s, s:f, s:I, s:I, s:f, s:o}", "format", RESULTS_FORMAT, "started", s->started,
			"percentile", options[s->q->percentile].name, "bound_ns", s->q->bound_ns,
			"from_per_s", (json_int_t)s->q->from, "to_per_s", (json_int_t)s->q->to,
			"precision", s->q->precision, "cells", cells);
	err = all ? results_write_json(s->results.dir, "saturation.json", all, e)
		  : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for saturation.json");
	json_decref(all);
	if (!err)
		printf("results: %s (saturation.json, cells.tsv, details.jsonl)\n", s->results.dir);
	return err;
}

/* ---- the folder ---- */

/* Arguments without the two that say where. */
static int keep_start(struct saturation *s, int argc, char **argv, struct ct_error *e)
{
	json_t *list = json_array(), *start;
	int err;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--name") || !strcmp(argv[i], "--results")) {
			i++;
			continue;
		}
		if (strncmp(argv[i], "--name=", 7) && strncmp(argv[i], "--results=", 10) &&
		    json_array_append_new(list, json_string(argv[i]))) {
			json_decref(list);
			return ct_user_error(e, "an argument is not valid UTF-8, so that the search could not be gone on with");
		}
	}
	start = json_pack("{s:i, s:s, s:s, s:s, s:o}", "format", RESULTS_FORMAT, "command", "saturate", "started",
			  s->started, "revision", about_revision(), "arguments", list);
	err = start ? results_write_json(s->results.dir, "run.json", start, e)
		    : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for run.json");
	json_decref(start);
	return err;
}

static int begin(struct saturation *s, int argc, char **argv, struct ct_error *e)
{
	const struct request *q = s->q;
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	int err;

	if (q->resume)
		return results_resume(&s->results, q->results, s->name, take_row, s, e);
	results_time(s->started, sizeof(s->started));
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	if (q->name)
		snprintf(s->name, sizeof(s->name), "%s", q->name);
	else
		snprintf(s->name, sizeof(s->name), "%s-saturate-%s", stamp, s->set.name);
	err = results_create(&s->results, q->results, s->name, e);
	return err ? err : keep_start(s, argc, argv, e);
}

static int execute(struct saturation *s, int argc, char **argv, struct ct_error *e)
{
	const struct request *q = s->q;
	int err = 0;

	if (!q->nr_files)
		return ct_user_error(e, "saturate needs a workload, as in 'ctbench saturate saturation'; any YAML file will do");
	for (size_t i = 0; i < q->nr_files && !err; i++)
		err = workload_load(&s->set, q->files[i], &q->overrides, e);
	if (!err)
		err = make_cells(s, e);
	if (!err)
		err = begin(s, argc, argv, e);
	if (err)
		return err;
	interrupt_catch();
	err = search_all(s, e);
	interrupt_restore();
	if (!err)
		return finish(s, e);
	printf("\n%s: what was measured is kept.  To go on:\n  %s saturate --resume %s%s%s\n",
	       ct_interrupted ? "Interrupted" : "Stopped", program_invocation_name, s->name,
	       strcmp(q->results, RESULTS_DEFAULT_DIR) ? " --results " : "",
	       strcmp(q->results, RESULTS_DEFAULT_DIR) ? q->results : "");
	return err;
}

/* argv as the search was started with; start keeps its strings. */
static int load_start(struct saturation *s, const struct request *q, json_t **start, int *argc,
		      char ***argv, struct ct_error *e)
{
	const char *revision = NULL, *command = "", *started = "";
	json_t *arguments, *argument;
	char dir[PATH_MAX];
	size_t i;

	snprintf(dir, sizeof(dir), "%s/%s", q->results, q->resume);
	*start = results_read_json(dir, "run.json", "--resume needs a search that was started there", e);
	if (!*start)
		return -ENOENT;
	if (json_unpack(*start, "{s?s, s:s, s:s, s:o}", "command", &command, "started", &started,
			"revision", &revision, "arguments", &arguments) ||
	    strcmp(command, "saturate") || !json_is_array(arguments))
		return ct_user_error(e, "'%s/run.json' is not of a search: `ctbench run --resume` goes on with runs",
				     dir);
	if (strcmp(revision, about_revision()))
		return ct_user_error(e, "'%s' was started by revision %s and this is %s: results of two programs do not mix, so search anew under another --name",
				     dir, revision, about_revision());
	snprintf(s->name, sizeof(s->name), "%s", q->resume);
	snprintf(s->started, sizeof(s->started), "%s", started);
	*argv = calloc(json_array_size(arguments) + 2, sizeof(**argv));
	if (!*argv)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	(*argv)[(*argc)++] = (char *)"saturate";
	json_array_foreach(arguments, i, argument)
		if (json_is_string(argument))
			(*argv)[(*argc)++] = (char *)json_string_value(argument);
	return 0;
}

int saturate_command(int argc, char **argv, run_measure_fn measure)
{
	struct request *q = calloc(2, sizeof(*q)), *old = q + 1;
	struct saturation s = { .q = q, .measure = measure,
				.results = { .cells_fd = -1, .details_fd = -1 } };
	struct ct_error e = { 0 };
	json_t *start = NULL;
	char **old_argv = NULL;
	int status = CT_EXIT_OK, err, old_argc = 0;

	if (!q)
		return CT_EXIT_USER;
	err = parse(q, argc, argv, &e);
	if (!err && q->help) {
		print_help();
	} else if (!err && q->resume) {
		if (q->nr_files || q->overrides.nr || q->name)
			err = ct_user_error(&e, "--resume %s goes on with the arguments that search was started with: only --results goes with it",
					    q->resume);
		if (!err)
			err = load_start(&s, q, &start, &old_argc, &old_argv, &e);
		if (!err)
			err = parse(old, old_argc, old_argv, &e);
		old->resume = q->resume;
		old->results = q->results;
		s.q = old;
		if (!err)
			err = execute(&s, old_argc, old_argv, &e);
	} else if (!err) {
		err = execute(&s, argc, argv, &e);
	}
	if (err)
		status = ct_interrupted ? CT_EXIT_INTERRUPTED : cmd_report(&e);
	results_close(&s.results);
	for (size_t i = 0; i < s.nr_cells; i++) {
		free(s.cells[i].c.name);
		free(s.cells[i].found);
		json_decref(s.cells[i].paths);
	}
	for (size_t i = 0; i < s.nr_points; i++)
		free(s.points[i].name);
	free(s.points);
	free(s.cells);
	workload_set_free(&s.set);
	json_decref(start);
	free(old_argv);
	free(q->files);
	free(old->files);
	free(q);
	return status;
}

int cmd_saturate(int argc, char **argv)
{
	return saturate_command(argc, argv, measure_cell);
}
