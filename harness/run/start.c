/* SPDX-License-Identifier: MIT */
/*
 * Starting and resuming a run: its folder, run.json (for --resume), and the facts about the
 * machine. `command` is "run" or "saturate".
 */
#include "harness/run/run.h"

#include "harness/base/about.h"
#include "harness/base/escape.h"
#include "harness/machine/program.h"
#include "harness/measure/measure.h"
#include "harness/machine/env.h"
#include "harness/judge/facts.h"
#include "harness/results/check.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- run.json ---- */

/* The arguments without those about the folder: --resume has its own. */
static json_t *arguments_to_keep(int argc, char **argv)
{
	json_t *list = json_array();
	bool ours = true;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--"))
			ours = false;
		if (ours && (!strcmp(argv[i], "--name") || !strcmp(argv[i], "--results"))) {
			i++;
			continue;
		}
		if (ours &&
		    (!strncmp(argv[i], "--name=", 7) || !strncmp(argv[i], "--results=", 10)))
			continue;
		if (!text_is_plain(argv[i]) || json_array_append_new(list, json_string(argv[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

int run_keep_start(struct run *run, const char *command, int argc, char **argv, struct ct_error *e)
{
	json_t *arguments = arguments_to_keep(argc, argv);
	int err;

	if (!arguments)
		return ct_user_error(e,
				     "an argument is not plain UTF-8 (it may have a control "
				     "character), so --resume and the report could not repeat it");
	run->start =
		json_pack("{s:i, s:s, s:s, s:s, s:o, s:o}", "format", RESULTS_FORMAT, "command",
			  command, "started", run->started, "revision", about_revision(),
			  "arguments", arguments, "facts", facts_within_run(run->environment));
	if (!run->start)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for run.json");
	if (run->other)
		json_object_set_new(run->start, "other_program", run_other_json(run->other));
	err = run_keep_input(run->results.dir, run->input, e);
	return err ? err : results_write_json(run->results.dir, "run.json", run->start, e);
}

int run_keep_resumed(struct run *run, struct ct_error *e)
{
	json_t *resumed = json_object_get(run->start, "resumed");

	if (!json_is_array(resumed)) {
		json_object_set_new(run->start, "resumed", json_array());
		resumed = json_object_get(run->start, "resumed");
	}
	if (!resumed || json_array_append_new(resumed, json_integer((json_int_t)run->seq)))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for run.json");
	return results_write_json(run->results.dir, "run.json", run->start, e);
}

const char *run_start_command(const json_t *start)
{
	const char *command = json_string_value(json_object_get(start, "command"));

	return command ? command : "run";
}

int run_start_format(const json_t *start, const char *dir, struct ct_error *e)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/run.json", dir);
	if (json_integer_value(json_object_get(start, "format")) == RESULTS_FORMAT &&
	    json_is_array(json_object_get(start, "arguments")))
		return check_start(start, path, e);
	return ct_user_error(
		e,
		"'%.600s/run.json' is not of format %d, which this version writes: measure again",
		dir, RESULTS_FORMAT);
}

int run_load_start(struct run *run, const char *command, const char *name, int *argc, char ***argv,
		   struct ct_error *e)
{
	char dir[PATH_MAX], word[600];
	const char *revision, *started;
	json_t *arguments, *argument;
	size_t i;

	snprintf(run->name, sizeof(run->name), "%s", name);
	snprintf(dir, sizeof(dir), "%s/%s", run->parent, name);
	run->start = results_read_json(dir, "run.json", "--resume needs a run in this folder", e);
	if (!run->start)
		return -ENOENT;
	if (run_start_format(run->start, dir, e))
		return -EINVAL;
	if (json_unpack(run->start, "{s:s, s:s, s:o}", "revision", &revision, "started", &started,
			"arguments", &arguments))
		return ct_user_error(e, "'%s/run.json' lacks the run's arguments: measure again",
				     dir);
	if (strcmp(run_start_command(run->start), command))
		return ct_user_error(
			e,
			"'%s' was made by ctbench %.20s: continue with ctbench %.20s --resume %s",
			dir, run_start_command(run->start), run_start_command(run->start),
			escaped(word, sizeof(word), escape_shell, name));
	if (strcmp(revision, about_revision()))
		return ct_user_error(
			e,
			"'%s' was started by revision %s and this is %s: results of two programs "
			"cannot be mixed, so measure again under another --name",
			dir, revision, about_revision());
	if (run->measure && json_object_get(run->start, "merged"))
		return ct_user_error(e,
				     "'%s' was merged from other runs: resume those, and merge "
				     "them again under another name",
				     dir);
	snprintf(run->started, sizeof(run->started), "%s", started);
	*argv = calloc(json_array_size(arguments) + 2, sizeof(**argv));
	if (!*argv)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	(*argv)[0] = (char *)command;
	*argc = 1;
	json_array_foreach(arguments, i, argument) {
		if (!json_is_string(argument))
			return ct_user_error(
				e,
				"'%s/run.json' has an argument that is not a text: measure again",
				dir);
		(*argv)[(*argc)++] = (char *)json_string_value(argument);
	}
	return 0;
}

/* ---- the folder ---- */

int run_create_folder(struct run *run, const char *name, const char *kind, struct ct_error *e)
{
	time_t now = time(NULL);
	struct ct_error why;
	char stamp[32];
	struct tm tm;
	int err;

	results_time(run->started, sizeof(run->started));
	if (name) {
		snprintf(run->name, sizeof(run->name), "%s", name);
		if (strlen(name) >= sizeof(run->name))
			return ct_user_error(e,
					     "the name '%.40s...' is too long: at most %zu bytes",
					     name, sizeof(run->name) - 1);
		return results_create(&run->results, run->parent, run->name, e);
	}
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(run->name, sizeof(run->name), "%s-%s%s", stamp, kind, run->set.name);
	/* Several may be started within a second. */
	for (unsigned int nr = 2;; nr++) {
		why = (struct ct_error){ 0 };
		err = results_create(&run->results, run->parent, run->name, &why);
		if (err != -EEXIST || nr > 1000)
			break;
		snprintf(run->name, sizeof(run->name), "%s-%s%s-%u", stamp, kind, run->set.name,
			 nr);
	}
	if (err)
		*e = why;
	return err;
}

/* ---- the machine ---- */

/* Refuse to resume on another machine or build: the results would be mixed. */
static int check_facts(const struct run *run, struct ct_error *e)
{
	const json_t *facts = json_object_get(run->start, "facts");
	json_t *differences, *first;
	const char *what = "", *there = "", *here = "";
	int err = 0;

	if (!facts)
		return 0;
	differences = facts_differences_within_run(facts, run->environment, true);
	first = json_array_get(differences, 0);
	if (first && !json_unpack(first, "{s:s, s:s, s:s}", "what", &what, "a", &there, "b", &here))
		err = ct_user_error(
			e,
			"'%.400s/%.200s' was begun with another %.80s (%.80s then, %.80s now): "
			"cells of one run are compared with each other, so continue where it was "
			"begun, or measure again under another --name",
			run->parent, run->name, what, there, here);
	json_decref(differences);
	return err;
}

int run_look_around(struct run *run, struct ct_error *e)
{
	json_t *warnings, *warning;
	size_t i;

	/* A merged run keeps the facts of the machine that it was measured on. */
	if (!run->measure) {
		double stolen = json_number_value(json_object_get(run->start, "stolen_seconds"));

		run->environment = json_incref(json_object_get(run->start, "environment"));
		run->stolen_before = env_steal_seconds() - stolen;
		return 0;
	}
	if (!measure_program && !program_path(e))
		return -ENOENT;
	run->environment = env_json();
	if (!run->environment)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "no memory for the facts about this machine");
	if (check_facts(run, e))
		return -EINVAL;
	run->stolen_before = env_steal_seconds();
	warnings = env_warnings(run->environment);
	json_array_foreach(warnings, i, warning) {
		const char *grade = json_string_value(json_object_get(warning, "grade"));
		const char *what = json_string_value(json_object_get(warning, "what"));
		const char *mend = json_string_value(json_object_get(warning, "mend"));

		if (!what || !grade || strcmp(grade, "serious"))
			continue;
		fprintf(stderr, "ctbench: warning: %s%s%s\n", what, mend ? " " : "",
			mend ? mend : "");
		results_log(&run->results, "warning: %s", what);
	}
	json_decref(warnings);
	return 0;
}
