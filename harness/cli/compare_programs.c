/* SPDX-License-Identifier: MIT */
/* ctbench compare --against and --program: two programs measured in one run. */
#include "harness/cli/compare.h"

#include "harness/base/built_in.h"
#include "harness/base/output_of.h"
#include "harness/base/terminal.h"
#include "harness/cli/run_commands.h"
#include "harness/machine/program.h"
#include "harness/measure/measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUILD_SCRIPT "ctbench:tools/build-revision.sh"

/* ---- the other program ---- */

/* The folder of this program: the build folder unless it is installed. */
static int own_folder(char folder[PATH_MAX], struct ct_error *e)
{
	const char *program = measure_program ? measure_program : program_path(e);

	if (!program)
		return -ENOENT;
	if (!realpath(program, folder))
		return ct_user_error(e, "cannot find the folder of '%.300s': %s", program,
				     strerror(errno));
	*strrchr(folder, '/') = '\0';
	return 0;
}

static int build_revision(const char *revision, char path[PATH_MAX], struct ct_error *e)
{
	char folder[PATH_MAX], *const argv[] = { (char *)"sh", (char *)"-s",	 (char *)"--",
						 folder,       (char *)revision, NULL };
	int script, status, err = own_folder(folder, e);

	if (err)
		return err;
	script = built_in_open(BUILD_SCRIPT);
	if (script < 0)
		return ct_fail(e, -errno, CT_EXIT_INTERNAL, "%s: %s", BUILD_SCRIPT,
			       strerror(errno));
	status = output_of("/bin/sh", argv, script, false, 0, path, PATH_MAX);
	close(script);
	if (status < 0)
		return ct_fail(e, status, CT_EXIT_USER, "cannot build '%.200s': %s", revision,
			       strerror(-status));
	path[strcspn(path, "\n")] = '\0';
	if (!status)
		return 0;
	return ct_user_error(e, "--against: %.800s", *path ? path : "the build was ended");
}

/* ---- the run ---- */

/* Is it an option of compare only? *value: it takes the next argument. */
static bool is_ours(const char *arg, bool *value)
{
	static const char *const with_value[] = { "--against", "--program",	  "--metric",
						  "--bound",   "--require-power", "-m" };
	static const char *const switches[] = { "--json", "--markdown" };
	size_t len = strcspn(arg, "=");

	*value = false;
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (!strcmp(arg, switches[i]))
			return true;
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		if (strlen(with_value[i]) != len || strncmp(arg, with_value[i], len))
			continue;
		*value = !arg[len];
		return true;
	}
	return false;
}

/* The arguments of ctbench compare that go to ctbench run; they are checked already. */
static char **run_arguments(int argc, char **argv, int *nr)
{
	char **list = calloc((size_t)argc + 1, sizeof(*list));
	bool ours = true, value;

	*nr = 0;
	for (int i = 0; i < argc && list; i++) {
		ours = ours && strcmp(argv[i], "--") != 0;
		if (!i)
			list[(*nr)++] = (char *)"run";
		else if (ours && is_ours(argv[i], &value))
			i += value;
		else
			list[(*nr)++] = argv[i];
	}
	return list;
}

static int
measure_both(const struct run_other *other, int argc, char **argv, bool quiet, char dir[PATH_MAX])
{
	/* Then the output of compare is for programs. */
	int out = quiet ? terminal_divert() : -1;
	int status = run_programs(argc, argv, measure_cell, other, dir);

	if (quiet)
		terminal_restore(out);
	return status;
}

int compare_measure(const struct compare_other *other, int argc, char **argv, bool quiet,
		    char dir[PATH_MAX], struct ct_error *e)
{
	struct run_other *program = calloc(1, sizeof(*program));
	char path[PATH_MAX], **arguments = NULL;
	int nr = 0, err;

	if (!program)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for another program");
	if (other->against)
		err = build_revision(other->against, path, e);
	else
		err = snprintf(path, sizeof(path), "%s", other->program) < PATH_MAX ? 0 : -EINVAL;
	if (!err)
		err = run_other_open(program, other->against ? "against" : "program",
				     other->against ? other->against : other->program, path, e);
	if (!err) {
		arguments = run_arguments(argc, argv, &nr);
		err = arguments ? 0 : ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to measure");
	}
	if (!err)
		err = measure_both(program, nr, arguments, quiet, dir);
	free(arguments);
	run_other_close(program);
	free(program);
	return err;
}
