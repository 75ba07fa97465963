/* SPDX-License-Identifier: MIT */
/*
 * ctbench measure: the child process of a measurement. It reads a cell from standard input, and
 * writes a result and its details to standard output. Internal.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/cmd.h"
#include "harness/measure/bench.h"
#include "harness/measure/bounds_measure.h"
#include "harness/measure/protocol.h"
#include "harness/measure/slices.h"
#include "harness/measure/replica.h"
#include "harness/machine/topology.h"
#include "harness/machine/tsc.h"

/* The replica has no workers: this thread is pinned and does all the work. */
static int measure_replica(const struct cell *cell, struct cell_result *r, struct ct_error *e)
{
	unsigned int cpu;
	int err;

	if (cell->threads != 1)
		return ct_user_error(e, "%s looks up with one thread only: `threads: 1`",
				     REPLICA_NAME);
	err = topology_plan(cell->pin, cell->cpus, 1, cell->oversubscribe, &cpu, e);
	if (!err)
		err = topology_pin(cpu, e);
	if (err)
		return err;
	err = replica_run(cell, r);
	if (err)
		return ct_fail(e, err, r->status, "%s", r->error);
	if (!topology_pin_holds(cpu))
		snprintf(r->void_reason, sizeof(r->void_reason), "the thread left CPU %u", cpu);
	return 0;
}

static int read_all(void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = read(STDIN_FILENO, (char *)data + at, size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		at += (size_t)n;
	}
	return 0;
}

/* The request follows the cell: see bounds_child(). */
static int measure_bounds(json_t *details, struct ct_error *e)
{
	struct bounds_request q;
	json_t *list;

	if (read_all(&q, sizeof(q)))
		return -EIO;
	list = bounds_measure(&q, e);
	if (!list || json_object_set_new(details, "bounds", list))
		return -ENOMEM;
	return 0;
}

static int
measure(const struct cell *cell, struct cell_result *r, json_t *details, struct ct_error *e)
{
	struct bench b = { .cell = cell, .r = r, .e = e, .details = details };
	int err;

	if (cell->kind == KIND_BOUNDS)
		return measure_bounds(details, e);
	if (cell->kind == KIND_DECODE)
		return bench_decode(cell, r, e);
	if (!strcmp(cell->variant, REPLICA_NAME))
		return measure_replica(cell, r, e);
	err = cell->level == LEVEL_PACKETS ? bench_packets(&b) : bench_ops(&b);
	bench_close(&b);
	return err;
}

/*
 * The length of a JSON text and the text; a length of 0 after a failure. A cell without details
 * sends an empty object, so a missing line means lost data (details_complete()).
 */
static int send_details(const json_t *details, bool failed)
{
	char *text = failed ? NULL : json_dumps(details, JSON_COMPACT | JSON_REAL_PRECISION(12));
	uint64_t len = text ? strlen(text) : 0;
	int err = 0;

	if ((!failed && !text) || fwrite(&len, sizeof(len), 1, stdout) != 1 ||
	    (len && fwrite(text, len, 1, stdout) != 1) || fflush(stdout))
		err = -EIO;
	free(text);
	return err;
}

/* A parent that takes slices must distinguish this from other messages. */
static int send_kind(const struct cell *cell)
{
	const uint32_t kind = MEASURE_RESULT;

	return !cell->sliced || fwrite(&kind, sizeof(kind), 1, stdout) == 1 ? 0 : -EIO;
}

struct request {
	bool protocol;
};

static const struct cmd_option options[] = {
	{ "protocol", 0, CMD_SWITCH, offsetof(struct request, protocol), NULL,
	  .help = "print this program's build and protocol as JSON, and end" },
	{ .name = NULL },
};

static int print_protocol(void)
{
	json_t *about = protocol_about();
	int err = json_dumpf(about, stdout, JSON_COMPACT);

	json_decref(about);
	return err || putchar('\n') == EOF || fflush(stdout) ? CT_EXIT_INTERNAL : CT_EXIT_OK;
}

static int cmd_measure(int argc, char **argv)
{
	static struct cell cell;
	static struct cell_result r;
	struct ct_error e = { 0 };
	json_t *details;
	struct request q = { 0 };
	int err = cmd_parse(&command_measure, &q, argc, argv, &e);

	if (!err && q.protocol)
		return print_protocol();
	if (!err && (isatty(STDIN_FILENO) || read_all(&cell, sizeof(cell))))
		err = ct_user_error(&e, "ctbench run starts 'ctbench measure' for each "
					"measurement: use ctbench run");
	if (err)
		return err < 0 ? ct_error_print(&e) : CT_EXIT_OK;
	details = json_object();
	tsc_set_per_second(cell.ticks_per_second);
	if (measure(&cell, &r, details, &e)) {
		memset(&r, 0, sizeof(r));
		r.status = e.status ? e.status : CT_EXIT_INTERNAL;
		snprintf(r.error, sizeof(r.error), "%.*s", (int)sizeof(r.error) - 1,
			 e.status ? e.text : "a fault of ctbench");
	}
	err = !send_kind(&cell) && fwrite(&r, sizeof(r), 1, stdout) == 1
		      ? send_details(details, r.status)
		      : -EIO;
	json_decref(details);
	return err ? CT_EXIT_INTERNAL : CT_EXIT_OK; /* the parent has ended */
}

const struct command command_measure = {
	.name = "measure",
	.about = "Measures one cell. Internal: ctbench run starts it for each measurement, writes "
		 "the cell to its standard input, and reads the result from its standard output.",
	.options = options,
	.whole = cmd_measure,
};
