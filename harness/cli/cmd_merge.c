/* SPDX-License-Identifier: MIT */
/*
 * ctbench merge: makes one run of parts that were measured separately.
 *
 * The parts' rows and details go into a new folder, which is then finished like any run.  All
 * parts are checked before anything is written, and no part is changed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli/cmd.h"
#include "harness/run/merge.h"
#include "harness/cli/run_commands.h"

struct request {
	const char *out, *results;
	struct cmd_words in;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "OUT", .type = CMD_TEXT, .offset = AT(out),
	  .help = "the new run: a folder that does not exist yet, or a name for results/runs" },
	{ "IN", .type = CMD_LIST, .offset = AT(in),
	  .help = "runs: all N of --shard I/N; they are not changed" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench merge both one two", "one run of these two parts" },
	{ "ctbench run full --shard 1/2 --name one", "measures the first part" },
	{ "ctbench run full --shard 2/2 --name two", "measures the second, here or elsewhere" },
	{ NULL, NULL },
};
/* clang-format on */

static void free_merge(struct merge *m)
{
	for (size_t i = 0; i < m->nr && m->parts; i++) {
		json_decref(m->parts[i].start);
		json_decref(m->parts[i].benchmark);
		json_decref(m->parts[i].arguments);
		json_decref(m->parts[i].details);
	}
	free(m->parts);
	free(m->rows);
}

static int merge(struct merge *m)
{
	char *resume[] = { (char *)"run",	(char *)"--resume", m->name,
			   (char *)"--results", m->parent,	    NULL };
	char dir[PATH_MAX], path[PATH_MAX + 32];
	int err, status;

	/* Makes a limit on file sizes an error that is reported and cleaned up, like a full disk.
	 */
	signal(SIGXFSZ, SIG_IGN);
	err = merge_read(m);
	if (!err)
		err = merge_write(m);
	snprintf(dir, sizeof(dir), "%s", m->folder.dir);
	snprintf(path, sizeof(path), "%s/benchmark.json", dir);
	results_close(&m->folder);
	status = err ? ct_error_print(m->e) : run_command(5, resume, NULL);
	/* It can fail here if the workload files have changed since, for example. */
	if (!err && access(path, F_OK))
		results_remove(dir);
	return status;
}

static int merge_parts(void *request, struct ct_error *e)
{
	const struct request *q = request;
	struct merge m = {
		.e = e,
		.folder = { .cells_fd = -1 },
		.out = q->out,
		.results = q->results,
		.names = q->in.list,
		.nr = q->in.nr,
	};
	int status;

	if (q->in.nr < 2)
		return ct_user_error(e, "merge: IN must be at least two runs, as in '%s'",
				     examples[0].name);
	status = merge(&m);
	free_merge(&m);
	return status;
}

const struct command command_merge = {
	.name = "merge",
	.summary = "make one run of parts that were measured separately (run --shard)",
	.about = "Merges runs that were started with --shard and otherwise the same arguments, on "
		 "one machine or on several. OUT becomes a normal run, with tables, verdicts and "
		 "plots.\n\n"
		 "Merge refuses different revisions, builds, arguments or parameters, a workload "
		 "from two machines, a repeat that exists twice, and parts that are unfinished or "
		 "incomplete.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = merge_parts,
};
