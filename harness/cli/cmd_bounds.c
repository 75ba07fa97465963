/* SPDX-License-Identifier: MIT */
/* ctbench bounds: the limits that this machine sets to any table. */
#include "harness/cli/cmd.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/base/progress.h"
#include "harness/machine/memory_limit.h"
#include "harness/machine/topology.h"
#include "harness/measure/bounds_measure.h"
#include "harness/results/bounds.h"
#include "harness/show/table/table.h"
#include "harness/workload/quantity.h"
#include "harness/workload/workload.h"

#define REPEATS_MAX 1000
#define TEXT(x)	    #x
#define NUMBER(x)   TEXT(x)

struct request {
	struct bounds_request q;
	uint64_t repeats;
	bool json;
};

static int
take_threads(void *request, const struct cmd_option *option, const char *text, struct ct_error *e)
{
	struct bounds_request *q = &((struct request *)request)->q;
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
			return cmd_bad_value(
				e, option, text,
				"a list of at most " NUMBER(
					BOUNDS_MAX_THREADS) " numbers, as 1,2 or 1,all");
		/* on one CPU, 1,all is 1 */
		if (!q->nr_threads || q->threads[q->nr_threads - 1] != n)
			q->threads[q->nr_threads++] = (unsigned int)n;
		at = end + (*end == ',');
	} while (*at);
	return 0;
}

static int
take_bytes(void *request, const struct cmd_option *option, const char *text, struct ct_error *e)
{
	struct bounds_request *q = &((struct request *)request)->q;
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
					     "--bytes %s is more than half of the free memory: ask "
					     "for less",
					     text);
		return 0;
	}
	return cmd_bad_value(e, option, text, "a size from 4Ki, as 64Mi or 1Gi");
}

/* --pages and --pinning have the values of workload files. */
static int take_parameter(void *request, const struct cmd_option *option, const char *value,
			  struct ct_error *e)
{
	struct bounds_request *q = &((struct request *)request)->q;
	static struct cell cell;
	char place[32];
	int err;

	cell.pages = q->pages;
	cell.pin = q->pin;
	memcpy(cell.cpus, q->cpus, sizeof(cell.cpus));
	snprintf(place, sizeof(place), "--%s", option->name);
	err = cell_param_set(&cell, option->name, value, place, e);
	q->pages = cell.pages;
	q->pin = cell.pin;
	memcpy(q->cpus, cell.cpus, sizeof(q->cpus));
	return err;
}

static int
take_window(void *request, const struct cmd_option *option, const char *value, struct ct_error *e)
{
	struct bounds_request *q = &((struct request *)request)->q;
	char *end;

	q->window = strtod(value, &end);
	if (end == value || *end || !(q->window >= 1e-4 && q->window <= 60))
		return cmd_bad_value(e, option, value, "seconds, from 0.0001 to 60");
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_term page_sizes[] = {
	{ "auto", NULL }, { "thp", NULL }, { "4k", NULL }, { "hugetlb", NULL }, { NULL, NULL },
};

static const struct cmd_option options[] = {
	{ "threads", 0, CMD_PARSE, 0, "LIST",
	  .help = "numbers of threads that run at once: 1,2 (default: 1,all)",
	  .parse = take_threads },
	{ "bytes", 0, CMD_PARSE, 0, "SIZE",
	  .help = "the largest footprint, in bytes or as 64Mi, 1Gi (default: 256Mi)",
	  .parse = take_bytes },
	{ "pages", 0, CMD_PARSE, 0, "SIZE", .help = "memory pages: auto, thp, 4k or hugetlb, as "
	  "in workloads (default: auto)",
	  .choices = page_sizes, .parse = take_parameter },
	{ "pinning", 0, CMD_PARSE, 0, "POLICY",
	  .help = "compact, scatter, core, llc or a list of CPUs (default: compact)",
	  .parse = take_parameter },
	{ "window", 0, CMD_PARSE, 0, "SECONDS", .help = "length of each measurement (default: "
	  "0.05)",
	  .parse = take_window },
	{ "repeats", 0, CMD_COUNT, AT(repeats), "N",
	  .help = "processes, one after the other (default: 5)", .min = 1, .max = REPEATS_MAX },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "measure once, in this process, and "
	  "print JSON" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench bounds", NULL },
	{ "ctbench bounds --threads 1 --bytes 1Gi", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static int print_repeats(const struct request *c, struct ct_error *e)
{
	json_t *all = json_array(), *merged = NULL;
	struct progress progress;
	int err = 0;

	progress_begin(&progress, "measuring", (double)c->repeats);
	for (uint64_t i = 0; i < c->repeats && !err; i++) {
		json_t *one = bounds_child(&c->q, e);

		err = one ? json_array_append_new(all, one) : -EIO;
		progress_update(&progress, (double)i + 1, NULL);
	}
	progress_end(&progress);
	if (!err) {
		merged = bounds_merge(all);
		err = merged ? table_bounds(stdout, merged, GRID_TEXT) : -ENOMEM;
	}
	json_decref(merged);
	json_decref(all);
	return err;
}

static int execute(void *request, struct ct_error *e)
{
	struct request *c = request;
	json_t *one;
	int err = c->q.nr_threads ? 0 : take_threads(c, &options[0], "1,all", e);

	if (err)
		return err;
	if (!c->json) {
		err = print_repeats(c, e);
	} else if (!(one = bounds_measure(&c->q, e))) {
		err = -EIO;
	} else {
		json_dumpf(one, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
		putchar('\n');
		json_decref(one);
	}
	/* No sentence: Ctrl-C, or the measuring process printed the error. */
	return err && !e->status ? CT_EXIT_USER : err;
}

const struct command command_bounds = {
	.name = "bounds",
	.summary = "measure this machine's bounds: memory, hashes, atomics",
	.about = "Measures the limits that this machine sets to any table: a dependent random line "
		 "of memory, at several footprints; several lines at once; hashes alone; atomic "
		 "additions; and the time that interrupts and the hypervisor take from a CPU, "
		 "which is part of every response time. A lookup that finds its connection in the "
		 "first node of a "
		 "chain waits for two lines: its bucket's and the node's. A run measures the same "
		 "between its cells and shows it in its report; the column misses is each "
		 "operation's time in such lines.\n\n"
		 "Times are ns as one thread sees them: medians, with 95 % intervals from five "
		 "repeats on.",
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults =
		&(const struct request){
			.repeats = 5,
			.q = { .pages = PAGES_AUTO, .bytes = 256 << 20, .window = 0.05 } },
	.run = execute,
};
