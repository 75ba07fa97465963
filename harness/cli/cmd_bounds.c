/* SPDX-License-Identifier: MIT */
/* ctbench bounds: what no table on this machine can beat. */
#include "harness/cli/cmd.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/machine/memory_limit.h"
#include "harness/machine/topology.h"
#include "harness/measure/bounds_measure.h"
#include "harness/results/bounds.h"
#include "harness/show/table/table.h"
#include "harness/workload/quantity.h"
#include "harness/workload/workload.h"

#define REPEATS_MAX 1000

static void print_help(void)
{
	fputs("usage: ctbench bounds [OPTIONS]\n"
	      "\n"
	      "Measures what no table on this machine can beat: a random line of memory that must "
	      "be\n"
	      "waited for (at several footprints) and several asked for at once, hashes alone, "
	      "atomic\n"
	      "additions, and how long the machine keeps a CPU for something else, which is in "
	      "every\n"
	      "response time. A lookup that finds its connection in the first node of a chain "
	      "waits for two\n"
	      "lines, its bucket's and the node's. A run measures the same beside its cells and "
	      "keeps\n"
	      "them in its report; its table shows each operation's time in such lines (column "
	      "misses).\n"
	      "\n"
	      "  --threads LIST    numbers of threads, all at once each: 1,2 or 1,all (without: "
	      "1,all)\n"
	      "  --bytes SIZE      the largest footprint, in bytes or as 64Mi, 1Gi (without: "
	      "256Mi)\n"
	      "  --pages SIZE      auto, thp, 4k or hugetlb, as in workloads (without: auto)\n"
	      "  --pinning POLICY  compact, scatter, core, llc or a list of CPUs (without: "
	      "compact)\n"
	      "  --window SECONDS  of each figure (without: 0.05)\n"
	      "  --repeats N       processes, one after the other (without: 5)\n"
	      "  --json            one measurement, in this process, as JSON\n"
	      "\n"
	      "Times are ns as one thread sees them, medians with 95 % intervals (of five repeats "
	      "or more).\n",
	      stdout);
}

enum { OPT_THREADS, OPT_BYTES, OPT_PAGES, OPT_PINNING, OPT_WINDOW, OPT_REPEATS, OPT_JSON };
static const struct cmd_option options[] = {
	[OPT_THREADS] = { "threads", true }, [OPT_BYTES] = { "bytes", true },
	[OPT_PAGES] = { "pages", true },     [OPT_PINNING] = { "pinning", true },
	[OPT_WINDOW] = { "window", true },   [OPT_REPEATS] = { "repeats", true },
	[OPT_JSON] = { "json", false },	     { NULL, false },
};

struct command {
	struct bounds_request q;
	unsigned long repeats;
	bool json;
};

static int parse_thread_list(struct bounds_request *q, const char *text, struct ct_error *e)
{
	const char *at = text;

	q->nr_threads = 0;
	do {
		char *end;
		unsigned long n = strtoul(at, &end, 10);

		if (!strncmp(at, "all", 3)) {
			n = topology_nr_cpus();
			end = (char *)at + 3;
		}
		if (end == at || (*end && *end != ',') || !n || n > CT_MAX_THREADS || *at == '-' ||
		    q->nr_threads == BOUNDS_MAX_THREADS)
			return ct_user_error(e,
					     "--threads is '%.40s': it is a list of at most %d "
					     "numbers, as 1,2 or 1,all",
					     text, BOUNDS_MAX_THREADS);
		/* where there is but one CPU, 1,all is 1 */
		if (!q->nr_threads || q->threads[q->nr_threads - 1] != n)
			q->threads[q->nr_threads++] = (unsigned int)n;
		at = end + (*end == ',');
	} while (*at);
	return 0;
}

static int parse_bytes(struct bounds_request *q, const char *text, struct ct_error *e)
{
	static const struct {
		const char *unit;
		unsigned int shift;
	} units[] = { { "", 0 }, { "Ki", 10 }, { "Mi", 20 }, { "Gi", 30 } };
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit) || end == text || errno || *text == '-' || n >> 34)
			continue;
		q->bytes = n << units[i].shift;
		if (q->bytes < 4096)
			break;
		if (q->bytes > memory_limit() / 2)
			return ct_user_error(e,
					     "--bytes %s is more than half of the memory that is "
					     "free: ask for less",
					     text);
		return 0;
	}
	return ct_user_error(e, "--bytes is '%.40s': it is a size from 4Ki on, as 64Mi or 1Gi",
			     text);
}

static int parse_cell(struct bounds_request *q, int what, const char *value, struct ct_error *e)
{
	static struct cell cell;
	int err;

	if (what == OPT_PAGES) {
		err = cell_param_set(&cell, "pages", value, "--pages", e);
		q->pages = cell.pages;
		return err;
	}
	err = cell_param_set(&cell, "pinning", value, "--pinning", e);
	if (err)
		return err;
	q->pin = cell.pin;
	memcpy(q->cpus, cell.cpus, sizeof(q->cpus));
	return 0;
}

static int parse_option(struct command *c, int what, const char *value, struct ct_error *e)
{
	char *end = NULL;

	switch (what) {
	case OPT_THREADS:
		return parse_thread_list(&c->q, value, e);
	case OPT_BYTES:
		return parse_bytes(&c->q, value, e);
	case OPT_PAGES:
	case OPT_PINNING:
		return parse_cell(&c->q, what, value, e);
	case OPT_WINDOW:
		c->q.window = strtod(value, &end);
		if (end == value || *end || !(c->q.window >= 1e-4 && c->q.window <= 60))
			return ct_user_error(
				e, "--window is '%.40s': it is seconds, from 0.0001 to 60", value);
		return 0;
	case OPT_REPEATS:
		c->repeats = strtoul(value, &end, 10);
		if (end == value || *end || !c->repeats || c->repeats > REPEATS_MAX ||
		    *value == '-')
			return ct_user_error(e, "--repeats is '%.40s': it is a number from 1 to %d",
					     value, REPEATS_MAX);
		return 0;
	case OPT_JSON:
		c->json = true;
		return 0;
	case CMD_OPERAND:
		return ct_user_error(e, "bounds takes options only: ctbench bounds --help");
	default:
		return what;
	}
}

static int print_repeats(const struct command *c, struct ct_error *e)
{
	json_t *all = json_array(), *merged = NULL;
	int err = 0;

	for (unsigned long i = 0; i < c->repeats && !err; i++) {
		json_t *one = bounds_child(&c->q, e);

		err = one ? json_array_append_new(all, one) : -EIO;
	}
	if (!err) {
		merged = bounds_merge(all);
		err = merged ? table_bounds(stdout, merged, GRID_TEXT) : -ENOMEM;
	}
	json_decref(merged);
	json_decref(all);
	return err;
}

static int execute(const struct command *c, struct ct_error *e)
{
	json_t *one;

	if (!c->json)
		return print_repeats(c, e);
	one = bounds_measure(&c->q, e);
	if (!one)
		return -EIO;
	json_dumpf(one, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(one);
	return 0;
}

int cmd_bounds(int argc, char **argv)
{
	struct command c = { .repeats = 5,
			     .q = { .pages = PAGES_AUTO, .bytes = 256 << 20, .window = 0.05 } };
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	struct ct_error e = { 0 };
	int what, err = parse_thread_list(&c.q, "1,all", &e);

	while (!err && (what = cmd_next(&args, options, &e)) != CMD_END) {
		if (what == CMD_HELP) {
			print_help();
			return CT_EXIT_OK;
		}
		err = parse_option(&c, what, args.value, &e);
	}
	if (!err)
		err = execute(&c, &e);
	if (err && !e.status)
		return CT_EXIT_USER; /* Ctrl-C, or the process that measures has said it */
	return err ? ct_error_print(&e) : CT_EXIT_OK;
}
