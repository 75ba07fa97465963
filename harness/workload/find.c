/* SPDX-License-Identifier: MIT */
/*
 * Where the project's own workload files are.
 */
#include "harness/workload/internal.h"

#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int workload_folder(char *buf, size_t size, struct ct_error *e)
{
	/* As seen from the program: in the source tree itself, in build/, in build/PRESET/. */
	static const char *const above[] = { "workloads", "../workloads", "../../workloads" };
	char program[PATH_MAX];
	ssize_t len;

	snprintf(buf, size, "workloads");
	if (is_folder(buf))
		return 0;
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (len > 0) {
		program[len] = '\0';
		*strrchr(program, '/') = '\0';
		for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++)
			if (snprintf(buf, size, "%s/%s", program, above[i]) < (int)size &&
			    is_folder(buf))
				return 0;
	}
	return ct_fail(e, -ENOENT, CT_EXIT_USER,
		       "there is no folder workloads/ here or near the program; go to the source "
		       "tree, or name workload files by their path");
}

static int by_path(const FTSENT **a, const FTSENT **b)
{
	/* A folder's files before its folders. */
	bool x = (*a)->fts_info == FTS_D, y = (*b)->fts_info == FTS_D;

	return x != y ? x - y : strcmp((*a)->fts_name, (*b)->fts_name);
}

int workload_find_files(char ***paths, size_t *nr, struct ct_error *e)
{
	char folder[PATH_MAX], *roots[] = { folder, NULL };
	int err = workload_folder(folder, sizeof(folder), e);
	FTSENT *f;
	FTS *fts;

	*paths = NULL;
	*nr = 0;
	if (err)
		return err;
	fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_path);
	if (!fts)
		goto no_memory;
	while ((f = fts_read(fts))) {
		const char *dot = strrchr(f->fts_name, '.');
		char **list;

		if (f->fts_info != FTS_F || !dot || strcmp(dot, ".yaml"))
			continue;
		list = reallocarray(*paths, *nr + 1, sizeof(*list));
		if (!list)
			goto no_memory;
		*paths = list;
		list[*nr] = strdup(f->fts_path);
		if (!list[*nr])
			goto no_memory;
		++*nr;
	}
	fts_close(fts);
	return 0;
no_memory:
	if (fts)
		fts_close(fts);
	while (*nr)
		free((*paths)[--*nr]);
	free(*paths);
	*paths = NULL;
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to look for workload files");
}

int workload_resolve(char *buf, size_t size, const char *path)
{
	static const char *const places[] = { "suites/", "", "self/" };
	struct ct_error ignored = { 0 };
	char folder[PATH_MAX];

	snprintf(buf, size, "%s", path);
	if (!access(path, F_OK) || strpbrk(path, "./"))
		return 0;
	if (workload_folder(folder, sizeof(folder), &ignored))
		return 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (snprintf(buf, size, "%s/%s%s.yaml", folder, places[i], path) < (int)size &&
		    !access(buf, F_OK))
			return 0;
	snprintf(buf, size, "%s", path);
	return -ENOENT;
}

/* Take DIR/.. out of a path, which says the same in fewer words unless DIR is a link. */
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
	if (access(shorter, F_OK) && !access(plain, F_OK)) {
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

	workload_resolve(resolved, sizeof(resolved), path);
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
