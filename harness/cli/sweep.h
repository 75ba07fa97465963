/* SPDX-License-Identifier: MIT */
/*
 * The parts of ctbench sweep: cmd_sweep.c has the command, sweep_folder.c the folder NAME-sweep
 * with what is to be measured, sweep_machines.c the machines that do it.
 */
#ifndef CTBENCH_HARNESS_CLI_SWEEP_H
#define CTBENCH_HARNESS_CLI_SWEEP_H

#include <limits.h>

#include "harness/cli/cmd.h"

struct json_t;

enum sweep_engine { SWEEP_PARALLEL, SWEEP_SLURM };

struct sweep_request {
	struct cmd_words workloads;
	struct cmd_rest rest; /* for ctbench run */
	const char *name, *results, *hosts, *program, *resume;
	unsigned int engine; /* enum sweep_engine */
	bool each;
	uint64_t parts, tries;
};

/* A sweep: its arguments and paths. */
struct sweep {
	const struct sweep_request *q;
	/* {name, engine, hosts, program, work, arguments: [of ctbench run], each, parts} */
	struct json_t *plan;
	char parent[PATH_MAX - 300], dir[PATH_MAX];
	const char *name;
	unsigned int parts;
	bool each;
};

/* It goes through shells, GNU parallel and Slurm, and each has characters of its own. */
#define SWEEP_NAME_RULE \
	"1 to 100 letters, digits and _ + - . and begin with a letter, a digit, _ or +"

/* What "--engine" may be; ends with NULL. */
extern const struct cmd_term sweep_engines[];

/* ---- sweep_folder.c ---- */

/* Does SWEEP_NAME_RULE hold? */
bool sweep_name_fits(const char *name);
/* A new folder for what the request asks for.  0 or a negative errno. */
int sweep_begin(struct sweep *s, struct ct_error *e);
/*
 * The folder that the request resumes.  What it holds may come from somebody else: nothing in it is
 * run, and nothing is written through a symlink in it.
 */
int sweep_resume(struct sweep *s, struct ct_error *e);
/* What continues it, for a shell; up to SWEEP_COMMAND bytes into buf, which is returned. */
#define SWEEP_COMMAND ((size_t)4 * PATH_MAX)
const char *sweep_resume_command(const struct sweep *s, char *buf);

/* ---- sweep_machines.c ---- */

/* Lets the engine measure the missing parts: 0, -EAGAIN if some are still missing, -EINTR. */
int sweep_measure(const struct sweep *s, struct ct_error *e);

#endif
