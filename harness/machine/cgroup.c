/* SPDX-License-Identifier: MIT */
#include "harness/machine/cgroup.h"
#include "harness/base/array.h"
#include "harness/base/files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/machine/env_internal.h"

/* Version 1 reports "no limit" as a number near the maximum. */
#define NO_LIMIT (INT64_MAX / 2)

enum { CPU, MEMORY, HIERARCHIES, V2 = HIERARCHIES };

/* A group to examine: its full path, and the hierarchy whose files it has. */
struct level {
	char *folder;
	unsigned int hierarchy; /* CPU or MEMORY of version 1, or V2 */
};

struct cgroups {
	char *root;
	struct level *levels;
	unsigned int nr;
};

static const char *const controllers[HIERARCHIES] = { "cpu", "memory" };

/* ---- finding them ---- */

/* Is word in list, a comma-separated list of words? */
static bool among(const char *list, const char *word)
{
	const size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (!strncmp(at, word, len) && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* Our group in that hierarchy, from /proc/self/cgroup; "/" if unknown. */
static void group_of(const char *root, unsigned int hierarchy, char *group, size_t size)
{
	char path[PATH_MAX], line[PATH_MAX + 256];
	FILE *f;

	snprintf(group, size, "/");
	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	f = file_fact(path);
	while (f && fgets(line, sizeof(line), f)) {
		char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;

		if (!at)
			continue;
		*at++ = '\0';
		at[strcspn(at, "\n")] = '\0';
		if (hierarchy == V2 ? !list[1] : among(list + 1, controllers[hierarchy]))
			snprintf(group, size, "%s", at);
	}
	if (f)
		fclose(f);
}

/* "\040" in a path of mountinfo is a blank, and so on. */
static void unescape(char *text)
{
	unsigned int code;
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1 && strlen(text) >= 4) {
			*to++ = (char)code;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/*
 * Parses a line of mountinfo: which part of which hierarchy is mounted where.  false: it is not
 * about a hierarchy of control groups.
 */
static bool mount_line(char *line, unsigned int hierarchy, char **part, char **at)
{
	char *save, *field, *fields[5], *type, *options = NULL;
	unsigned int n = 0;

	for (field = strtok_r(line, " \n", &save); field && n < 5;
	     field = strtok_r(NULL, " \n", &save))
		fields[n++] = field;
	while (field && strcmp(field, "-"))
		field = strtok_r(NULL, " \n", &save);
	type = field ? strtok_r(NULL, " \n", &save) : NULL;
	for (int i = 0; type && i < 2; i++) /* the source, then the hierarchy's own options */
		options = strtok_r(NULL, " \n", &save);
	if (n < 5 || !options)
		return false;
	*part = fields[3];
	*at = fields[4];
	unescape(*part);
	unescape(*at);
	return hierarchy == V2 ? !strcmp(type, "cgroup2")
			       : !strcmp(type, "cgroup") && among(options, controllers[hierarchy]);
}

/* A group's path relative to that part of the hierarchy; NULL: it is outside. */
static const char *below(const char *group, const char *part)
{
	const size_t len = strcmp(part, "/") ? strlen(part) : 0;

	if (strncmp(group, part, len) || (group[len] && group[len] != '/'))
		return NULL;
	return group + len;
}

/*
 * Where the hierarchy is mounted, and our group's path below that.  A container may see another
 * part of the hierarchy than /proc/self/cgroup names; then its top is the best guess.  Without
 * mountinfo the usual mount point is tried.
 */
static void place_of(const char *root, unsigned int hierarchy, const char *group, char *mount,
		     char *rest, size_t size)
{
	char path[PATH_MAX], *line = NULL, *part, *at;
	size_t room = 0;
	FILE *f;

	snprintf(mount, size, "/sys/fs/cgroup%s%s", hierarchy == V2 ? "" : "/",
		 hierarchy == V2 ? "" : controllers[hierarchy]);
	snprintf(rest, size, "%s", group);
	snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root);
	f = file_fact(path);
	while (f && file_line(f, &line, &room) > 0) {
		const char *left;

		if (!mount_line(line, hierarchy, &part, &at))
			continue;
		left = below(group, part);
		snprintf(mount, size, "%s", at);
		snprintf(rest, size, "%s", left ? left : "");
		if (left)
			break;
	}
	free(line);
	if (f)
		fclose(f);
}

static bool
add_level(struct cgroups *g, unsigned int hierarchy, const char *mount, const char *rest)
{
	char *folder = NULL;

	if (!array_room(g->levels, g->nr) || asprintf(&folder, "%s%s", mount, rest) < 0)
		return false;
	g->levels[g->nr++] = (struct level){ folder, hierarchy };
	return true;
}

/* Our group in that hierarchy and all above it. */
static bool add_hierarchy(struct cgroups *g, unsigned int hierarchy)
{
	char group[PATH_MAX], mount[PATH_MAX], rest[PATH_MAX];

	group_of(g->root, hierarchy, group, sizeof(group));
	place_of(g->root, hierarchy, group, mount, rest, sizeof(rest));
	for (;;) {
		char *slash = strrchr(rest, '/');

		if (slash && !slash[1])
			*slash = '\0';
		if (!add_level(g, hierarchy, mount, rest))
			return false;
		slash = strrchr(rest, '/');
		if (!slash)
			return true;
		*slash = '\0';
	}
}

struct cgroups *cgroups_find(const char *root)
{
	struct cgroups *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->root = strdup(root);
	if (g->root && add_hierarchy(g, CPU) && add_hierarchy(g, MEMORY) && add_hierarchy(g, V2))
		return g;
	cgroups_free(g);
	return NULL;
}

void cgroups_free(struct cgroups *g)
{
	if (!g)
		return;
	for (unsigned int i = 0; i < g->nr; i++)
		free(g->levels[i].folder);
	free(g->levels);
	free(g->root);
	free(g);
}

/* ---- reading them ---- */

/* The number in a file of that level; false: there is none, or it is "max". */
static bool number_in(const struct cgroups *g, const struct level *l, const char *file, int64_t *n)
{
	return env_number(n, g->root, "%s/%s", l->folder, file);
}

static double quota(const struct cgroups *g, const struct level *l)
{
	int64_t allowed, of;
	double a, b;
	char line[64];

	if (l->hierarchy == V2)
		return env_line(line, sizeof(line), g->root, "%s/cpu.max", l->folder) &&
				       sscanf(line, "%lf %lf", &a, &b) == 2 && b > 0
			       ? a / b
			       : 0;
	return l->hierarchy == CPU && number_in(g, l, "cpu.cfs_quota_us", &allowed) &&
			       number_in(g, l, "cpu.cfs_period_us", &of) && allowed > 0 && of > 0
		       ? (double)allowed / (double)of
		       : 0;
}

double cgroups_cpus(const struct cgroups *g)
{
	double least = 0, here;

	for (unsigned int i = 0; i < g->nr; i++) {
		here = quota(g, &g->levels[i]);
		if (here > 0 && (!least || here < least))
			least = here;
	}
	return least;
}

/* Limit and use of a level with a limit on memory; false: it has none. */
static bool memory_of(const struct cgroups *g, const struct level *l, int64_t *limit, int64_t *used)
{
	const bool v2 = l->hierarchy == V2;
	char path[PATH_MAX], text[32];

	if (l->hierarchy == CPU ||
	    !number_in(g, l, v2 ? "memory.max" : "memory.limit_in_bytes", limit) ||
	    *limit >= NO_LIMIT)
		return false;
	if (!number_in(g, l, v2 ? "memory.current" : "memory.usage_in_bytes", used))
		*used = 0;
	snprintf(path, sizeof(path), "%s/memory.stat", l->folder);
	if (env_field(text, sizeof(text), g->root, path,
		      v2 ? "inactive_file" : "total_inactive_file"))
		*used -= strtoll(text, NULL, 10);
	return true;
}

uint64_t cgroups_memory(const struct cgroups *g)
{
	uint64_t least = UINT64_MAX;
	int64_t limit, used;

	for (unsigned int i = 0; i < g->nr; i++)
		if (memory_of(g, &g->levels[i], &limit, &used) && (uint64_t)limit < least)
			least = (uint64_t)limit;
	return least;
}

uint64_t cgroups_memory_left(const struct cgroups *g)
{
	uint64_t least = UINT64_MAX;
	int64_t limit, used;

	for (unsigned int i = 0; i < g->nr; i++) {
		uint64_t left;

		if (!memory_of(g, &g->levels[i], &limit, &used))
			continue;
		left = used < 0 ? (uint64_t)limit : limit > used ? (uint64_t)(limit - used) : 0;
		if (left < least)
			least = left;
	}
	return least;
}

struct cgroup_throttled cgroups_throttled(const struct cgroups *g)
{
	struct cgroup_throttled sum = { 0 };
	char path[PATH_MAX], text[32];

	for (unsigned int i = 0; i < g->nr; i++) {
		const struct level *l = &g->levels[i];

		snprintf(path, sizeof(path), "%s/cpu.stat", l->folder);
		if (l->hierarchy == MEMORY ||
		    !env_field(text, sizeof(text), g->root, path, "nr_throttled"))
			continue;
		sum.times += strtoull(text, NULL, 10);
		if (env_field(text, sizeof(text), g->root, path,
			      l->hierarchy == V2 ? "throttled_usec" : "throttled_time"))
			sum.seconds += strtod(text, NULL) / (l->hierarchy == V2 ? 1e6 : 1e9);
	}
	return sum;
}
