/* SPDX-License-Identifier: MIT */
/*
 * ctbench merge: parts of one run, measured apart, become one run.
 *
 * The parts' rows and details go into a new folder, which is then finished as a run
 * that was measured in one piece.  Nothing is written before everything has been
 * looked at, and no part is changed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli/cmd.h"
#include "harness/run/merge.h"
#include "harness/run/run.h"

static void print_help(void)
{
	puts("usage: ctbench merge OUT IN... [--results DIR]\n"
	     "\n"
	     "Puts runs together that were started with --shard and otherwise the same arguments, "
	     "on one\n"
	     "machine or on several: OUT becomes a run like any other, with tables, verdicts and "
	     "plots.\n"
	     "OUT must not exist yet; IN are folders of runs, or names in results/runs, all N of "
	     "--shard\n"
	     "I/N, and stay as they are.  What must not be mixed is refused: other revisions, "
	     "builds,\n"
	     "arguments or parameters, cells that are compared with each other from two machines, "
	     "a cell's\n"
	     "repeat twice; and so is a part that is not finished or not whole.\n"
	     "\n"
	     "  --results DIR    the folder of all runs (default: " RESULTS_DEFAULT_DIR ")\n"
	     "\n"
	     "Examples:\n"
	     "  ctbench run full --shard 1/2 --name one       # on one machine\n"
	     "  ctbench run full --shard 2/2 --name two       # on another\n"
	     "  ctbench merge both one two");
}

enum { OPT_RESULTS };
static const struct cmd_option options[] = {
	[OPT_RESULTS] = { "results", true },
	{ NULL, false },
};

static int parse(struct merge *m, int argc, char **argv)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what;

	m->names = calloc((size_t)argc + 1, sizeof(*m->names));
	if (!m->names)
		return ct_fail(m->e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	while ((what = cmd_next(&args, options, m->e)) != CMD_END) {
		if (what < 0)
			return what;
		switch (what) {
		case OPT_RESULTS:
			m->results = args.value;
			break;
		case CMD_OPERAND:
			if (!m->out)
				m->out = args.value;
			else
				m->names[m->nr++] = args.value;
			break;
		case CMD_HELP:
			m->help = true;
			return 0;
		}
	}
	if (m->nr < 2)
		return ct_user_error(m->e, "merge needs the new run's name and two runs at least, "
					   "as in 'ctbench merge both one two'");
	return 0;
}
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
	free(m->names);
}

int cmd_merge(int argc, char **argv)
{
	struct ct_error e = { 0 };
	struct merge m = { .e = &e, .folder = { .cells_fd = -1 } };
	char *resume[] = { (char *)"run",	(char *)"--resume", m.name,
			   (char *)"--results", m.parent,	    NULL };
	int status = CT_EXIT_OK, err = parse(&m, argc, argv);
	char dir[PATH_MAX], path[PATH_MAX + 32];

	if (!err && m.help) {
		print_help();
		goto out;
	}
	/* A file that may not grow is a full disk: said, and cleaned up. */
	signal(SIGXFSZ, SIG_IGN);
	if (!err)
		err = merge_read(&m);
	if (!err)
		err = merge_write(&m);
	snprintf(dir, sizeof(dir), "%s", m.folder.dir);
	snprintf(path, sizeof(path), "%s/benchmark.json", dir);
	results_close(&m.folder);
	status = err ? ct_error_print(&e) : run_command(5, resume, NULL);
	/* The workloads are others by now, say. */
	if (!err && access(path, F_OK))
		merge_remove(dir);
out:
	free_merge(&m);
	return status;
}
