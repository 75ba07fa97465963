/* SPDX-License-Identifier: MIT */
/*
 * ctbench sweep: a suite on several machines, started by GNU parallel or Slurm.
 *
 * sweep_folder.c makes the parts (run --shard) and the script that measures one
 * (tools/sweep-job.sh). At the end this file makes one run of all parts (ctbench merge) or a table
 * of the machines. The engine and tools/sweep.sh decide which machine measures a part, also after a
 * machine has failed.
 */
#include "harness/cli/sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "harness/base/interrupt.h"
#include "harness/base/memory.h"

/* clang-format off */
#define AT(field) offsetof(struct sweep_request, field)

const struct cmd_term sweep_engines[] = {
	{ "parallel", "GNU parallel: over ssh, or on this machine" },
	{ "slurm", "an array of jobs of Slurm" },
	{ NULL, NULL },
};

static const struct cmd_option operands[] = {
	{ "WORKLOAD", .type = CMD_LIST, .offset = AT(workloads),
	  .help = "as of ctbench run", .optional = true },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "engine", 0, CMD_CHOICE, AT(engine), "ENGINE",
	  .help = "the program that starts the parts (default: parallel)",
	  .choices = sweep_engines },
	{ "hosts", 0, CMD_TEXT, AT(hosts), "FILE",
	  .help = "one machine per line: for parallel as in its --sshloginfile (: is this "
		  "machine), for slurm a node (default: this machine; all nodes)" },
	{ "each", 0, CMD_SWITCH, AT(each), NULL,
	  .help = "measure everything on each machine, and compare the machines" },
	{ "parts", 0, CMD_COUNT, AT(parts), "N",
	  .help = "number of parts (default: a part for each workload)", .min = 1, .max = 9999 },
	{ "tries", 0, CMD_COUNT, AT(tries), "N",
	  .help = "attempts at a part that does not come back (default: 3)",
	  .min = 1, .max = 100 },
	{ "program", 0, CMD_TEXT, AT(program), "PATH",
	  .help = "where ctbench is on the machines (default: where it is here)" },
	{ "name", 0, CMD_TEXT, AT(name), "NAME", .help = "name of the results" },
	{ "resume", 0, CMD_TEXT, AT(resume), "NAME",
	  .help = "measure the missing parts of this sweep, with its own arguments" },
	CMD_RESULTS(struct sweep_request),
	{ .name = NULL },
};

static const struct cmd_section sections[] = {
	{ "What must be the same on all machines",
	  "The program, at the same path, and the files that you name (workloads, captures, "
	  "tables); the project's own files are in the program. A part with another revision is "
	  "refused before it measures.", NULL },
	{ "Parts",
	  "A part has whole workloads, since cells that are compared must come from one machine. "
	  "An incomplete part is thrown away and measured again, perhaps elsewhere. ctbench merge "
	  "makes one run of all parts. Until then they are in NAME-sweep, in the folder of runs, "
	  "and --resume continues. A machine measures one part at a time.",
	  NULL },
	{ "The engine's own settings",
	  "Both engines read theirs from the environment: PARALLEL and PARALLEL_SSH; "
	  "SBATCH_PARTITION, SBATCH_TIMELIMIT and the others of sbatch. Slurm needs the folder of "
	  "the results on all nodes.", NULL },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench sweep full --name wide --hosts machines.txt", "each machine measures some "
								 "workloads" },
	{ "ctbench sweep axes size --name models --each --hosts machines.txt",
	  "everything on each machine; then ctbench machines" },
	{ "ctbench sweep full --name wide --engine slurm -- --threads 1,all --repeats 9",
	  "after --: options of ctbench run" },
	{ "ctbench sweep --resume wide", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static const struct sweep_request defaults = { .tries = 3 };

/* ---- the arguments ---- */

static int check(const struct sweep_request *q, struct ct_error *e)
{
	if (q->resume) {
		if (q->workloads.nr || q->rest.argc || q->name || q->hosts || q->each || q->parts)
			return ct_user_error(e,
					     "sweep --resume goes on with what was asked for: "
					     "leave out all but --results, --tries and --program");
		return 0;
	}
	if (!q->workloads.nr)
		return ct_user_error(e, "sweep: WORKLOAD is missing, as in '%s'", examples[0].name);
	for (size_t i = 0; i < q->workloads.nr; i++)
		if (!strcmp(q->workloads.list[i], "-"))
			return ct_user_error(e, "sweep: a workload from standard input cannot be "
						"sent to other machines: name a file");
	if (!q->name)
		return ct_user_error(e, "sweep: --name is missing, as in '%s'", examples[0].name);
	if (!sweep_name_fits(q->name))
		return ct_user_error(e, "--name is '%.80s', but it must be " SWEEP_NAME_RULE,
				     q->name);
	if (q->each && !q->hosts)
		return ct_user_error(e, "--each needs --hosts FILE: a machine a line");
	if (q->each && q->parts)
		return ct_user_error(e, "--each measures everything on each machine: leave out "
					"--parts");
	return 0;
}

/* ---- the result ---- */

/* ctbench COMMAND [NAME] with the folders of all parts. */
static int
with_parts(const struct sweep *s, const struct command *c, const char *name, const char *before)
{
	char **argv = calloc(s->parts + 5, sizeof(*argv));
	int argc = 0, status;

	if (!argv)
		memory_end();
	argv[argc++] = (char *)c->name;
	argv[argc++] = (char *)"--results";
	argv[argc++] = (char *)s->parent;
	if (name)
		argv[argc++] = (char *)name;
	for (unsigned int i = 1; i <= s->parts; i++) {
		if (asprintf(&argv[argc], "%s%s-%u", before, s->name, i) < 0)
			memory_end();
		argc++;
	}
	status = cmd_main(c, argc, argv);
	for (int i = name ? 4 : 3; i < argc; i++)
		free(argv[i]);
	free(argv);
	return status;
}

/* Each machine measured everything: each part is a separate run. */
static int finish_each(const struct sweep *s, struct ct_error *e)
{
	char from[PATH_MAX + 160], to[PATH_MAX + 160];

	for (unsigned int i = 1; i <= s->parts; i++) {
		snprintf(from, sizeof(from), "%s/%s-%u", s->dir, s->name, i);
		snprintf(to, sizeof(to), "%s/%s-%u", s->parent, s->name, i);
		if (!access(to, F_OK) && access(from, F_OK))
			continue; /* by an earlier call */
		if (!access(to, F_OK) || rename(from, to))
			return ct_user_error(e, "'%.300s' cannot become '%.300s': %s", from, to,
					     access(to, F_OK) ? strerror(errno) : "it exists");
		printf("results: %s\n", to);
	}
	return with_parts(s, &command_machines, NULL, "");
}

static int finish(const struct sweep *s, struct ct_error *e)
{
	char before[PATH_MAX + 2];

	if (s->each)
		return finish_each(s, e);
	snprintf(before, sizeof(before), "%s/", s->dir);
	if (s->parts == 1) { /* nothing to merge with */
		char from[PATH_MAX + 160], to[PATH_MAX + 160];

		snprintf(from, sizeof(from), "%s/%s-1", s->dir, s->name);
		snprintf(to, sizeof(to), "%s/%s", s->parent, s->name);
		if (rename(from, to))
			return ct_user_error(e, "'%.300s' cannot become '%.300s': %s", from, to,
					     strerror(errno));
		printf("results: %s\n", to);
		return 0;
	}
	return with_parts(s, &command_merge, s->name, before);
}

static int sweep(void *request, struct ct_error *e)
{
	const struct sweep_request *q = request;
	struct sweep s = { .q = q };
	char command[SWEEP_COMMAND];
	int err = check(q, e);

	if (!err)
		err = q->resume ? sweep_resume(&s, e) : sweep_begin(&s, e);
	if (!err)
		err = sweep_measure(&s, e);
	if (err == -EINTR || err == -EAGAIN)
		fprintf(stderr, "ctbench: %s; the finished parts are in '%s'; continue with: %s\n",
			err == -EINTR ? "interrupted" : "some parts are missing", s.dir,
			sweep_resume_command(&s, command));
	if (!err)
		err = finish(&s, e);
	json_decref(s.plan);
	return err == -EINTR ? CT_EXIT_INTERRUPTED : err == -EAGAIN ? CT_EXIT_USER : err;
}

const struct command command_sweep = {
	.name = "sweep",
	.summary = "measure a suite on several machines, with GNU parallel or Slurm",
	.about = "Spreads the workloads of a suite over machines, collects the results, and makes "
		 "one run of them; or measures the whole suite on each machine and compares the "
		 "machines. Options after -- are those of ctbench run.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.rest = AT(rest) + 1,
	.rest_name = "RUN-OPTION...",
	.request_size = sizeof(struct sweep_request),
	.defaults = &defaults,
	.run = sweep,
};
