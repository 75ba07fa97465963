/* SPDX-License-Identifier: MIT */
/*
 * Finds the project's own workload files: in the folder workloads/ here, if there is one, so that
 * a change in the source tree needs no build; else in the program (built_in.h).
 */
#include "harness/workload/internal.h"

#include "harness/base/array.h"
#include "harness/base/built_in.h"
#include "harness/base/nearest.h"

#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool are_here(void)
{
	struct stat st;

	return !stat("workloads", &st) && S_ISDIR(st.st_mode);
}

static int add_path(char ***paths, size_t *nr, const char *prefix, const char *path)
{
	if (!array_room(*paths, *nr) || asprintf(&(*paths)[*nr], "%s%s", prefix, path) < 0)
		return -ENOMEM;
	++*nr;
	return 0;
}

static int find_here(char ***paths, size_t *nr)
{
	glob_t found = { 0 };
	int err = glob("workloads/*.yaml", 0, NULL, &found);

	if (err != GLOB_NOSPACE)
		err = glob("workloads/*/*.yaml", GLOB_APPEND, NULL, &found);
	err = err == GLOB_NOSPACE ? -ENOMEM : 0;
	for (size_t i = 0; i < found.gl_pathc && !err; i++)
		err = add_path(paths, nr, "", found.gl_pathv[i]);
	globfree(&found);
	return err;
}

static int find_built_in(char ***paths, size_t *nr)
{
	int err = 0;

	for (size_t i = 0; i < built_in_nr_files && !err; i++) {
		const char *name = built_in_files[i].name, *dot = strrchr(name, '.');

		if (dot && !strcmp(dot, ".yaml"))
			err = add_path(paths, nr, BUILT_IN_PREFIX, name);
	}
	return err;
}

int workload_find_files(char ***paths, size_t *nr, struct ct_error *e)
{
	*paths = NULL;
	*nr = 0;
	if (!(are_here() ? find_here(paths, nr) : find_built_in(paths, nr)))
		return 0;
	while (*nr)
		free((*paths)[--*nr]);
	free(*paths);
	*paths = NULL;
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to look for workload files");
}

/* The name of a file without folders and ".yaml", in place. */
static char *bare_name(char *path)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	name[strcspn(name, ".")] = '\0';
	return name;
}

static int unknown(const char *name, struct ct_error *e)
{
	struct ct_error ignored = { 0 };
	const char *near = NULL, **names = NULL;
	char **paths = NULL;
	size_t nr = 0;

	if (!workload_find_files(&paths, &nr, &ignored))
		names = calloc(nr + 1, sizeof(*names));
	for (size_t i = 0; i < nr && names; i++)
		names[i] = bare_name(paths[i]);
	if (names)
		near = nearest_name(name, names, nr);
	ct_fail(e, -ENOENT, CT_EXIT_USER,
		"unknown workload '%.80s'%s%s%s; see ctbench list --workloads, or name a file",
		name, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	for (size_t i = 0; i < nr; i++)
		free(paths[i]);
	free(paths);
	free(names);
	return -ENOENT;
}

int workload_resolve(char *buf, size_t size, const char *path, struct ct_error *e)
{
	static const char *const places[] = { "suites/", "", "self/" };
	const char *prefix = are_here() ? "" : BUILT_IN_PREFIX;

	snprintf(buf, size, "%s", path);
	if (!access(path, F_OK) || strpbrk(path, "./"))
		return 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (snprintf(buf, size, "%sworkloads/%s%s.yaml", prefix, places[i], path) <
			    (int)size &&
		    built_in_exists(buf))
			return 0;
	return unknown(path, e);
}

/* Removes DIR/.. from a path, which does not change it unless DIR is a link. */
static void shorten(char *path)
{
	char *up;

	while ((up = strstr(path, "/../")) && up != path) {
		char *dir = up;

		while (dir > path && dir[-1] != '/')
			dir--;
		if (!strncmp(dir, "..", 2) || !strncmp(dir, "./", 2))
			return;
		memmove(dir, up + 4, strlen(up + 4) + 1);
	}
}

char *workload_relative(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *plain, *shorter;

	if (*path == '/' || !slash)
		return strdup(path);
	if (asprintf(&plain, "%.*s/%s", (int)(slash - file), file, path) < 0)
		return NULL;
	shorter = strdup(plain);
	if (!shorter)
		return plain;
	shorten(shorter);
	if (!built_in_exists(shorter) && built_in_exists(plain)) {
		free(shorter);
		return plain;
	}
	free(plain);
	return shorter;
}

int workload_info_read(struct workload_info *info, const char *path, struct ct_error *e)
{
	char resolved[PATH_MAX];
	struct workload_text t;
	const struct words *question = &t.keys[PARAM_QUESTION];
	char allowed[ALLOWED_MAX];
	int err;

	err = workload_resolve(resolved, sizeof(resolved), path, e);
	if (!err)
		err = workload_text_read(&t, resolved, e);
	if (err)
		return err;
	info->is_suite = t.keys[PARAM_WORKLOADS].nr > 0;
	if (!question->nr)
		err = ct_user_error(e, "%s: question is missing: %s", resolved,
				    parameter_allowed(&parameters[PARAM_QUESTION], allowed));
	else if (!(info->question = strdup(question->list[0].text)))
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to read %s", resolved);
	workload_text_free(&t);
	return err;
}

void workload_info_free(struct workload_info *info)
{
	free(info->question);
	info->question = NULL;
}
