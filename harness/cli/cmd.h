/* SPDX-License-Identifier: MIT */
/*
 * The commands of ctbench, and what they share in reading their arguments.
 *
 * Each command is a function of its own in harness/cmd_NAME.c.  It gets the
 * arguments from its own name on (argv[0] is "run", "list", ...), answers
 * --help itself and returns an exit status (enum ct_exit).
 *
 * SIGPIPE is ignored, so that a run outlives the pager that shows its progress;
 * a command that prints without end must stop when ferror(stdout) says so.
 */
#ifndef CTBENCH_HARNESS_CLI_CMD_H
#define CTBENCH_HARNESS_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/error.h"

int cmd_list(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_saturate(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_report_run(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_env(int argc, char **argv);
int cmd_bounds(int argc, char **argv);
/* Not for people: measures the one cell that comes through a pipe (harness/workload/cell.h). */
int cmd_measure(int argc, char **argv);

/* An option of a command; the array ends with one whose name is NULL. */
struct cmd_option {
	const char *name; /* without the dashes: "dry-run" */
	bool takes_value; /* --name VALUE or --name=VALUE */
};

enum {			   /* beside the index of an option, what cmd_next() may return */
       CMD_OPERAND = 1000, /* value is an argument that is no option */
       CMD_REST,	   /* "--": what follows from args.at on is somebody else's */
       CMD_HELP,	   /* --help or -h */
       CMD_END,
};

struct cmd_args {
	int argc;
	char **argv;
	int at;		   /* the argument to look at next; start with 1 */
	const char *value; /* of the option, or the operand */
	bool takes_rest;   /* else "--" is refused, with a sentence */
	/* Further options, which the command takes before it calls cmd_next(); for suggestions. */
	const char *const *more;
	size_t nr_more;
};

/*
 * The next argument: the index into options, one of the above, or a negative
 * errno with a sentence in e that offers the nearest name.
 *
 *	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
 *	while ((what = cmd_next(&args, options, &e)) != CMD_END)
 *		switch (what) { ... }
 */
int cmd_next(struct cmd_args *args, const struct cmd_option *options, struct ct_error *e);

#endif
