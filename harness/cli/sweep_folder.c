/* SPDX-License-Identifier: MIT */
/*
 * The folder NAME-sweep: what is to be measured (sweep.json), the script that measures a part
 * (job.sh, from tools/sweep-job.sh), and what came back.
 */
#include "harness/cli/sweep.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "core/compiler.h"
#include "harness/base/about.h"
#include "harness/base/built_in.h"
#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/names.h"
#include "harness/base/output_of.h"
#include "harness/base/text.h"
#include "harness/machine/program.h"
#include "harness/results/results.h"

#define SWEEP_FILE  "sweep.json"
#define JOB	    "ctbench:tools/sweep-job.sh"
#define NAMES_BYTES ((size_t)16 << 20) /* of all cells' names */

/* ---- what is measured ---- */

/* Only what a sweep does not choose itself. */
static int check_arguments(const json_t *arguments, struct ct_error *e)
{
	static const char *const ours[] = { "--name", "--results", "--resume", "--shard",
					    "--",     "--dry-run", "-n" };
	const json_t *word;
	size_t i;

	json_array_foreach(arguments, i, word)
		for (size_t k = 0; k < ARRAY_SIZE(ours); k++) {
			const char *text = json_string_value(word);
			size_t len = strlen(ours[k]);

			if (text && (strncmp(text, ours[k], len) != 0 ||
				     (text[len] && (len == 2 || text[len] != '='))))
				continue;
			return ct_user_error(e, "sweep: %s cannot follow --: sweep chooses it",
					     ours[k]);
		}
	return 0;
}

/* The arguments of ctbench run: the workloads and what followed "--"; NULL if one is not UTF-8. */
static json_t *arguments_of(const struct sweep_request *q, struct ct_error *e)
{
	json_t *all = json_array();
	int err = 0;

	for (size_t i = 0; i < q->workloads.nr; i++)
		err |= json_array_append_new(all, json_string(q->workloads.list[i]));
	for (int i = 0; i < q->rest.argc; i++)
		err |= json_array_append_new(all, json_string(q->rest.argv[i]));
	if (!err)
		return all;
	ct_user_error(e, "sweep: the arguments must be UTF-8");
	json_decref(all);
	return NULL;
}

/* ctbench run with these arguments, then `more`; for free(). */
static char **run_words(const json_t *arguments, const char *const *more)
{
	size_t nr = 0, nr_more = 0, i;
	const json_t *word;
	char **words;

	while (more[nr_more])
		nr_more++;
	words = calloc(json_array_size(arguments) + nr_more + 3, sizeof(*words));
	if (!words)
		memory_end();
	words[nr++] = (char *)"ctbench";
	words[nr++] = (char *)"run";
	json_array_foreach(arguments, i, word)
		words[nr++] = (char *)json_string_value(word);
	for (i = 0; i < nr_more; i++)
		words[nr++] = (char *)more[i];
	return words;
}

/* The number of workloads that the arguments name.  Also checks the arguments. */
static int count_workloads(const json_t *arguments, size_t *nr, struct ct_error *e)
{
	static const char *const list[] = { "--", "--benchmark_list_tests", NULL };
	const char *program = program_path(e);
	char *names = malloc(NAMES_BYTES), **words = run_words(arguments, list), *at, *line;
	const char *before = "";
	size_t len = 0;
	int status;

	if (!names)
		memory_end();
	status = program ? output_of(program, words, -1, false, 0, names, NAMES_BYTES) : -ENOENT;
	*nr = 0;
	at = names;
	while (!status && (line = strsep(&at, "\n")) && *line) {
		if (strcspn(line, "/") != len || strncmp(line, before, len) != 0)
			(*nr)++;
		before = line;
		len = strcspn(line, "/");
	}
	if (status > 0) /* it has printed the reason */
		ct_fail(e, -EINVAL, (enum ct_exit)status,
			"these arguments cannot be swept: see above");
	else if (status < 0)
		ct_user_error(e, "cannot list the cells of the suite: %s", strerror(-status));
	else if (!*nr)
		ct_user_error(e, "sweep: these workloads have no cells");
	free(names);
	free(words);
	return status || !*nr ? -EINVAL : 0;
}

/* ---- its files ---- */

/* Lines of a file of machines. */
static int count_hosts(const char *path, unsigned int *nr, struct ct_error *e)
{
	FILE *in = file_read(path, 1 << 20);
	char *line = NULL;
	size_t room = 0;

	if (!in)
		return ct_user_error(e, "--hosts: cannot read '%.300s': %s", path,
				     file_error(errno));
	*nr = 0;
	while (file_line(in, &line, &room) > 0) {
		const char *word = line + strspn(line, " \t\n");

		*nr += *word && *word != '#';
	}
	free(line);
	fclose(in);
	return *nr ? 0 : ct_user_error(e, "--hosts: there is no machine in '%.300s'", path);
}

/* A word for any sh; escape_shell() is for those that people type into. */
static void put_word(FILE *out, const char *word)
{
	fputc('\'', out);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (const char[]){ *word, '\0' }, out);
	fputc('\'', out);
}

static void put_setting(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=", name);
	put_word(out, value);
	fputc('\n', out);
}

/* The script that measures a part: settings, then the text that all sweeps share. */
static int write_job(const struct sweep *s, struct ct_error *e)
{
	static const char *const none[] = { NULL };
	const struct built_in *body = built_in_find(&JOB[strlen(BUILT_IN_PREFIX)]);
	const char *named = s->q->program;
	char path[PATH_MAX], build[200], parts[24], *text = NULL, **words;
	size_t len = 0;
	FILE *out;
	int err;

	if (!named && !realpath("/proc/self/exe", path))
		return ct_user_error(e, "cannot find where this program is: name it with --program "
					"PATH");
	if (!body)
		return ct_fail(e, -ENOENT, CT_EXIT_INTERNAL, "the program lacks " JOB);
	out = memory_stream(&text, &len);
	snprintf(build, sizeof(build), "ctbench %s (revision %s)", about_version(),
		 about_revision());
	snprintf(parts, sizeof(parts), "%u", s->parts);
	put_setting(out, "program", named ? named : path);
	put_setting(out, "build", build);
	put_setting(out, "work", text_of(s->plan, "work"));
	put_setting(out, "name", s->name);
	put_setting(out, "parts", parts);
	fputs("measure() {\n\t\"$program\"", out);
	words = run_words(json_object_get(s->plan, "arguments"), none);
	for (size_t i = 1; words[i]; i++) {
		fputc(' ', out);
		put_word(out, words[i]);
	}
	free(words);
	if (!s->each)
		fprintf(out, " --shard \"$part\"/%u", s->parts);
	fputs(" \"$@\"\n}\n", out);
	fwrite(body->data, 1, (size_t)(body->end - body->data), out);
	memory_stream_close(out, &text);
	err = results_write_text(s->dir, "job.sh", text, len, e);
	free(text);
	return err;
}

bool sweep_name_fits(const char *name)
{
	return name_fits_run(name) && name_fits_word(name);
}

/* The paths; name: of the sweep. */
static int find_folder(struct sweep *s, const char *name, struct ct_error *e)
{
	const char *parent = s->q->results ? s->q->results : RESULTS_DEFAULT_DIR;
	char here[PATH_MAX] = "";
	int n;

	if (*parent != '/' && !getcwd(here, sizeof(here)))
		return ct_user_error(e, "cannot find the current folder: %s", strerror(errno));
	n = snprintf(s->parent, sizeof(s->parent), "%s%s%s", here, *here ? "/" : "", parent);
	s->name = name;
	if (n >= (int)sizeof(s->parent))
		return ct_user_error(e, "the path '%.100s...' is too long", parent);
	snprintf(s->dir, sizeof(s->dir), "%s/%s-sweep", s->parent, name);
	return 0;
}

/* ---- a new one ---- */

const char *sweep_resume_command(const struct sweep *s, char *buf)
{
	const char *program = s->q->program, *results = s->q->results;
	char word[PATH_MAX + 64];
	size_t at = 0;

	text_add(buf, SWEEP_COMMAND, &at, "ctbench sweep --resume %s", s->name);
	if (program)
		text_add(buf, SWEEP_COMMAND, &at, " --program %s",
			 escaped(word, sizeof(word), escape_shell, program));
	if (results)
		text_add(buf, SWEEP_COMMAND, &at, " --results %s",
			 escaped(word, sizeof(word), escape_shell, results));
	return buf;
}

static int check_new(const struct sweep *s, struct ct_error *e)
{
	char taken[PATH_MAX + 32], command[SWEEP_COMMAND];

	snprintf(taken, sizeof(taken), "%s/%s", s->parent, s->name);
	if (!access(s->dir, F_OK))
		return ct_fail(
			e, -EEXIST, CT_EXIT_USER,
			"the sweep '%.200s' exists: choose another --name, or continue it: %s",
			s->dir, sweep_resume_command(s, command));
	if (!access(taken, F_OK))
		return ct_fail(e, -EEXIST, CT_EXIT_USER,
			       "the run '%.200s' exists, and results are never overwritten: choose "
			       "another --name",
			       taken);
	return 0;
}

static json_t *
make_plan(const struct sweep *s, const char *hosts, json_t *arguments, struct ct_error *e)
{
	const struct sweep_request *q = s->q;
	char work[PATH_MAX];
	json_t *plan;

	if (!getcwd(work, sizeof(work))) {
		ct_user_error(e, "cannot find the current folder: %s", strerror(errno));
		return NULL;
	}
	plan = json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:b, s:i}", "name", s->name, "engine",
			 sweep_engines[q->engine].name, "hosts", hosts, "program",
			 q->program ? q->program : "", "work", work, "arguments", arguments, "each",
			 s->each, "parts", (int)s->parts);
	if (!plan)
		ct_user_error(e,
			      "sweep: the paths of this folder, the hosts and the program must be "
			      "UTF-8");
	return plan;
}

/* The folder and its files. */
static int make_folder(struct sweep *s, const char *hosts, json_t *arguments, struct ct_error *e)
{
	int err;

	s->plan = make_plan(s, hosts, arguments, e);
	if (!s->plan)
		return -EINVAL;
	err = results_make_dir(s->dir, e);
	if (!err)
		err = write_job(s, e);
	/* Last: a folder with this file can be resumed. */
	return err ? err : results_write_json(s->dir, SWEEP_FILE, s->plan, e);
}

int sweep_begin(struct sweep *s, struct ct_error *e)
{
	const struct sweep_request *q = s->q;
	json_t *arguments = arguments_of(q, e);
	char hosts[PATH_MAX] = "";
	size_t workloads;
	int err = arguments ? check_arguments(arguments, e) : -EINVAL;

	if (!err)
		err = find_folder(s, q->name, e);
	if (!err)
		err = count_workloads(arguments, &workloads, e);
	s->each = q->each;
	if (!err && q->hosts)
		err = count_hosts(q->hosts, &s->parts, e);
	if (!err && q->hosts && !realpath(q->hosts, hosts))
		err = ct_user_error(e, "--hosts: cannot find '%.300s': %s", q->hosts,
				    strerror(errno));
	if (!err && !q->each)
		s->parts = (unsigned int)(q->parts && q->parts < workloads ? q->parts : workloads);
	if (!err)
		err = check_new(s, e);
	if (!err)
		err = make_folder(s, hosts, arguments, e);
	json_decref(arguments);
	return err;
}

/* ---- one that is there ---- */

static int is_foreign(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)type;
	(void)ftw;
	return !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode);
}

/* Sweeps make neither symlinks nor pipes, and write to files of these names. */
static int check_files(const struct sweep *s, struct ct_error *e)
{
	int found = nftw(s->dir, is_foreign, 16, FTW_PHYS);

	if (found > 0)
		return ct_user_error(
			e,
			"'%.300s' holds a symlink, a pipe or a device, and sweep makes "
			"none: remove it",
			s->dir);
	return found ? ct_user_error(e, "cannot read '%.300s': %s", s->dir, strerror(errno)) : 0;
}

/* What says which programs run: from the folder only if ctbench may have written it. */
static int check_plan(struct sweep *s, struct ct_error *e)
{
	const char *engine = text_of(s->plan, "engine"), *hosts = text_of(s->plan, "hosts");
	const char *program = text_of(s->plan, "program");
	double parts = number_of(s->plan, "parts");
	char real[PATH_MAX], dir[PATH_MAX];
	size_t i = 0;

	if (!(parts >= 1 && parts <= 9999))
		return ct_user_error(e, "'%.300s/" SWEEP_FILE "': parts must be from 1 to 9999",
				     s->dir);
	s->parts = (unsigned int)parts;
	s->each = json_is_true(json_object_get(s->plan, "each"));
	while (sweep_engines[i].name && strcmp(sweep_engines[i].name, engine) != 0)
		i++;
	if (!sweep_engines[i].name)
		return ct_user_error(e, "'%.300s/" SWEEP_FILE "': unknown engine '%.80s'", s->dir,
				     engine);
	/* A line of it may name a program instead of ssh. */
	if (*hosts && (!realpath(hosts, real) || !realpath(s->dir, dir) ||
		       strcmp(hosts, real) != 0 || !strncmp(real, dir, strlen(dir))))
		return ct_user_error(e,
				     "'%.300s/" SWEEP_FILE "': cannot take the machines from "
				     "'%.300s': it is missing, or not outside of this folder",
				     s->dir, hosts);
	if (*program && !s->q->program)
		return ct_user_error(e,
				     "this sweep was started with --program '%.300s': name the "
				     "program again",
				     program);
	return check_arguments(json_object_get(s->plan, "arguments"), e);
}

int sweep_resume(struct sweep *s, struct ct_error *e)
{
	int err;

	if (!sweep_name_fits(s->q->resume))
		return ct_user_error(e, "--resume is '%.80s', but it must be " SWEEP_NAME_RULE,
				     s->q->resume);
	err = find_folder(s, s->q->resume, e);
	if (err)
		return err;
	s->plan = results_read_json(s->dir, SWEEP_FILE,
				    "ctbench sweep writes it, and --resume takes its name", e);
	if (!s->plan)
		return -EINVAL;
	err = check_files(s, e);
	if (!err)
		err = check_plan(s, e);
	/* Anew: a machine runs it. */
	return err ? err : write_job(s, e);
}
