/* SPDX-License-Identifier: MIT */
/*
 * ctbench run and ctbench saturate: shared parts, and both commands with another way to measure,
 * for ctbench merge and for tests.
 */
#ifndef CTBENCH_HARNESS_CLI_RUN_COMMANDS_H
#define CTBENCH_HARNESS_CLI_RUN_COMMANDS_H

#include "harness/cli/cmd.h"
#include "harness/run/run.h"

/* The arguments of both; the first field of each command's request. */
struct run_request {
	const char *name, *results, *resume;
	struct cmd_words files;
	struct workload_overrides overrides;
};

/* Their operand, and the rows of their options.  T is the type of the command's request. */
#define RUN_WORKLOAD(T) \
	{ \
		.name = "WORKLOAD", .type = CMD_LIST, .offset = offsetof(T, run.files), \
		.help = "a workload file or a suite (YAML), or the name of one of the project's " \
			"own (see ctbench list --workloads), or - for standard input", \
		.optional = true \
	}
#define RUN_NAME(T) \
	{ \
		.name = "name", .type = CMD_TEXT, .offset = offsetof(T, run.name), \
		.argument = "NAME", \
		.help = "name of the results (default: the time and the suite's name)" \
	}
#define RUN_RESULTS(T) CMD_RESULTS_AT(offsetof(T, run.results))
#define RUN_RESUME(T, help_) \
	{ \
		.name = "resume", .type = CMD_TEXT, .offset = offsetof(T, run.resume), \
		.argument = "RUN", .help = (help_) \
	}

struct run_kind {
	const struct command *command;
	const char *prefix; /* of the names of its folders */
	/* --resume excludes these too, beside the ones in struct run_request; may be NULL. */
	bool (*asks_more)(const void *request);
	/* Checks the arguments together.  May be NULL. */
	int (*check)(const void *request, struct ct_error *e);
	/* *status: the command's exit status; the arguments are for run_begin(). */
	int (*execute)(struct run *run, const void *request, int argc, char **argv, int *status,
		       struct ct_error *e);
};

/*
 * The whole command, with its error on stderr; returns the exit status.  All of run is zero but
 * measure and other.  dir, if not NULL: room for the run's folder, PATH_MAX bytes.
 */
int run_whole(const struct run_kind *kind, struct run *run, int argc, char **argv, char *dir);
/* Read the workloads. */
int run_read(struct run *run, const struct run_kind *kind, const struct run_request *q,
	     struct ct_error *e);
/*
 * Make or resume the folder, and do everything else before the first measurement. take gets the
 * rows of a resumed run. From here on signals and a limit on file sizes do not end the program:
 * call interrupt_restore() after the last measurement.
 */
int run_begin(struct run *run, const struct run_kind *kind, const struct run_request *q, int argc,
	      char **argv, int (*take)(void *arg, const struct measurement *m, struct ct_error *e),
	      void *arg, struct ct_error *e);

/* ctbench run; measure NULL: only write the files of existing measurements. */
int run_command(int argc, char **argv, run_measure_fn measure);

/*
 * The same by two programs; other may be NULL.  dir, if not NULL: room for the run's folder, which
 * is empty if nothing was measured.
 */
int run_programs(int argc, char **argv, run_measure_fn measure, const struct run_other *other,
		 char dir[PATH_MAX]);

/* ctbench saturate */
int saturate_command(int argc, char **argv, run_measure_fn measure);

#endif
