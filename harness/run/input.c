/* SPDX-License-Identifier: MIT */
/*
 * The workloads of a run. A workload from standard input is kept in the run's folder, for --resume
 * and ctbench merge.
 */
#include "harness/run/run.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/files.h"

char *run_read_input(const char *dir, struct ct_error *e)
{
	char path[PATH_MAX + 32], *text;
	FILE *f;

	snprintf(path, sizeof(path), "%s/" RESULTS_INPUT_FILE, dir);
	f = file_read(path, RESULTS_FILE_MAX);
	if (!f) {
		ct_user_error(e,
			      "cannot read %s, the workload that came through standard input: %s; "
			      "measure again under another --name",
			      path, file_error(-errno));
		return NULL;
	}
	text = workload_read_text(f, path, e);
	fclose(f);
	return text;
}

bool run_has_input(const json_t *arguments)
{
	json_t *argument;
	size_t i;

	json_array_foreach((json_t *)arguments, i, argument) {
		if (!strcmp(json_string_value(argument), "--"))
			return false;
		if (!strcmp(json_string_value(argument), "-"))
			return true;
	}
	return false;
}

int run_keep_input(const char *dir, const char *text, struct ct_error *e)
{
	return text ? results_write_text(dir, RESULTS_INPUT_FILE, text, strlen(text), e) : 0;
}

/* From standard input, or from the run's folder. */
static int
load_input(struct run *run, const struct workload_overrides *overrides, struct ct_error *e)
{
	char dir[PATH_MAX];

	if (run->input)
		return ct_user_error(e, "standard input (-) can be only one of the workloads");
	snprintf(dir, sizeof(dir), "%s/%s", run->parent, run->name);
	run->input =
		run->start ? run_read_input(dir, e) : workload_read_text(stdin, WORKLOAD_STDIN, e);
	return run->input ? workload_load_text(&run->set, WORKLOAD_STDIN, run->input, overrides, e)
			  : -EINVAL;
}

int run_load_workloads(struct run *run, const char *const *files, size_t nr,
		       const struct workload_overrides *overrides, struct ct_error *e)
{
	int err = 0;

	for (size_t i = 0; i < nr && !err; i++)
		err = strcmp(files[i], "-") ? workload_load(&run->set, files[i], overrides, e)
					    : load_input(run, overrides, e);
	return err;
}
