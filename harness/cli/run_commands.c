/* SPDX-License-Identifier: MIT */
/* Shared by the commands that measure; see run_commands.h. */
#include "harness/cli/run_commands.h"

#include "harness/base/about.h"
#include "harness/base/interrupt.h"
#include "harness/results/details.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>

/* The command's name in run.json: ctbench compare also starts runs. */
static const char *command_of(const struct run *run, const struct run_kind *kind)
{
	return run->other ? "compare" : kind->command->name;
}

int run_read(struct run *run, const struct run_kind *kind, const struct run_request *q,
	     struct ct_error *e)
{
	if (!q->files.nr)
		return ct_user_error(e,
				     "%s: WORKLOAD is missing, as in '%s'; see ctbench list "
				     "--workloads",
				     kind->command->name, kind->command->examples[0].name);
	return run_load_workloads(run, q->files.list, q->files.nr, &q->overrides, e);
}

int run_begin(struct run *run, const struct run_kind *kind, const struct run_request *q, int argc,
	      char **argv, int (*take)(void *arg, const struct measurement *m, struct ct_error *e),
	      void *arg, struct ct_error *e)
{
	int err = run_look_at_captures(run, e);

	if (err)
		return err;
	if (q->resume)
		err = results_resume(&run->results, run->parent, run->name, take, arg, e);
	else
		err = run_create_folder(run, q->name, kind->prefix, e);
	/* A report without details.jsonl must not replace the present one. */
	if (!err && q->resume)
		err = details_complete(run->results.dir, e);
	if (!err)
		err = run_bounds_count(run->results.dir, &run->bounds_done, e);
	if (err)
		return err;
	results_log(&run->results, "%s; ctbench %s, revision %s",
		    q->resume ? "going on" : "started", about_version(), about_revision());
	err = run_look_around(run, e);
	if (!err && q->resume)
		err = run_keep_resumed(run, e);
	else if (!err)
		err = run_keep_start(run, command_of(run, kind), argc, argv, e);
	if (err)
		return err;
	/* Makes a limit on file sizes an error like a full disk, instead of a signal. */
	signal(SIGXFSZ, SIG_IGN);
	interrupt_catch();
	return 0;
}

static int
parse(const struct run_kind *kind, struct run_request *q, int argc, char **argv, struct ct_error *e)
{
	int err = cmd_parse(kind->command, q, argc, argv, e);

	return err || !kind->check ? err : kind->check(q, e);
}

/* The run that --resume names, with the arguments it was started with. */
static int resume(struct run *run, const struct run_kind *kind, const char *name, int *status,
		  struct ct_error *e)
{
	struct run_request *q = cmd_request(kind->command);
	char **argv = NULL;
	int argc = 0, err;

	if (!q)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	err = run_load_start(run, command_of(run, kind), name, &argc, &argv, e);
	if (!err)
		err = run_other_check(run, e);
	if (!err)
		err = parse(kind, q, argc, argv, e);
	q->resume = name;
	if (!err)
		err = kind->execute(run, q, argc, argv, status, e);
	free(argv);
	cmd_free(kind->command, q);
	free(q);
	return err;
}

static int make(struct run *run, const struct run_kind *kind, struct run_request *q, int argc,
		char **argv, int *status, struct ct_error *e)
{
	int err = parse(kind, q, argc, argv, e);

	if (err)
		return err;
	run->parent = q->results ? q->results : RESULTS_DEFAULT_DIR;
	if (!q->resume)
		return kind->execute(run, q, argc, argv, status, e);
	if (q->files.nr || q->overrides.nr || q->name || (kind->asks_more && kind->asks_more(q)))
		return ct_user_error(e, "--resume continues with the arguments that the run was "
					"started with: leave out all others but --results");
	return resume(run, kind, q->resume, status, e);
}

int run_whole(const struct run_kind *kind, struct run *run, int argc, char **argv, char *dir)
{
	struct run_request *q = cmd_request(kind->command);
	struct ct_error e = { 0 };
	int status = CT_EXIT_OK, err;

	run->results.cells_fd = run->results.details_fd = -1;
	err = q ? make(run, kind, q, argc, argv, &status, &e)
		: ct_fail(&e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	if (err < 0)
		status = ct_error_print(&e);
	if (dir)
		snprintf(dir, PATH_MAX, "%s", run->results.dir);
	results_close(&run->results);
	run_free_cells(run);
	workload_set_free(&run->set);
	json_decref(run->start);
	free(run->input);
	json_decref(run->environment);
	if (q)
		cmd_free(kind->command, q);
	free(q);
	return status;
}
