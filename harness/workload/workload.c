/* SPDX-License-Identifier: MIT */
/*
 * Workload files and suites.
 *
 * Values come in layers: the command line is above a suite, a suite above the suites and files that
 * it names.  The highest layer that gives a key decides its value.
 */
#include "harness/workload/aims.h"
#include "harness/base/array.h"
#include "harness/base/built_in.h"
#include "harness/base/files.h"
#include "harness/workload/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUITE_DEPTH 8

static int no_memory(struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the workload");
}

/*
 * The values of the layer above replace those of t.  A workload with a capture ignores the
 * number of flows and the load factor of the layer above, since the capture has its own flows.
 * A number of repeats from the layer above is exact: t's conditions for stopping are dropped.
 */
static int overlay(struct workload_text *t, const struct workload_text *above)
{
	const struct words *capture = above->keys[PARAM_CAPTURE].nr ? &above->keys[PARAM_CAPTURE]
								    : &t->keys[PARAM_CAPTURE];
	bool captured = capture->nr && strcmp(capture->list[0].text, "none");

	if (!captured && (above->keys[PARAM_BUCKETS].nr || above->keys[PARAM_LOAD_FACTOR].nr)) {
		words_free(&t->keys[PARAM_BUCKETS]);
		words_free(&t->keys[PARAM_LOAD_FACTOR]);
	}
	if (above->keys[PARAM_REPEATS].nr) {
		words_free(&t->keys[PARAM_BUDGET]);
		words_free(&t->keys[PARAM_PRECISION]);
	}
	for (int id = 0; id < NR_PARAMS; id++) {
		if (parameters[id].use == USE_FILE || !above->keys[id].nr)
			continue;
		if (captured && (id == PARAM_FLOWS || id == PARAM_LOAD_FACTOR))
			continue;
		if (words_copy(&t->keys[id], &above->keys[id]))
			return -ENOMEM;
	}
	return 0;
}

/* ---- one file ---- */

static int text_of(const struct workload_text *t, int id, const char **out, struct ct_error *e)
{
	const struct words *w = &t->keys[id];

	*out = NULL;
	if (w->nr > 1)
		return ct_user_error(e, "%s:%d: %s cannot be a list", t->path, w->list[1].line,
				     parameters[id].name);
	if (w->nr)
		*out = w->list[0].text;
	return 0;
}

/* The name that the file gives, or else that of the file itself. */
static int name_of(const struct workload_text *t, char *buf, size_t size, struct ct_error *e)
{
	const char *name, *slash = strrchr(t->path, '/');
	bool given;
	size_t len;
	int err = text_of(t, PARAM_NAME, &name, e);

	if (err)
		return err;
	given = name != NULL;
	if (!given)
		name = slash ? slash + 1 : t->path;
	len = given ? strlen(name) : strcspn(name, ".");
	if (len >= size || !name_fits_workload(name, len)) {
		if (given)
			return ct_user_error(e, "%s:%d: name is '%.64s', but must be %s", t->path,
					     t->keys[PARAM_NAME].list[0].line, name,
					     parameters[PARAM_NAME].allowed);
		return ct_user_error(e,
				     "%s gives no name, and the name of the file cannot be used: "
				     "add 'name: ...', with %s",
				     t->path, parameters[PARAM_NAME].allowed);
	}
	memcpy(buf, name, len);
	buf[len] = '\0';
	return 0;
}

static int read_plots(struct workload *w, const struct words *in, struct ct_error *e)
{
	for (size_t i = 0; i < in->nr; i++) {
		const struct plot_kind *kind = plot_kind_find(in->list[i].text);
		char place[WORD_PLACE], kinds[256];

		if (!kind) {
			plot_kind_list(kinds, sizeof(kinds));
			return ct_user_error(e, "%s: plots holds '%.64s', but must be %s",
					     word_place(&in->list[i], place), in->list[i].text,
					     kinds);
		}
		w->plots |= kind->bit;
	}
	return 0;
}

static int read_aims(struct workload *w, const struct words *in, struct ct_error *e)
{
	w->aims = in->nr ? calloc(in->nr, sizeof(*w->aims)) : NULL;
	if (in->nr && !w->aims)
		return no_memory(e);
	for (size_t i = 0; i < in->nr; i++) {
		char place[WORD_PLACE];

		if (!aim_parse(&w->aims[i], in->list[i].text))
			return ct_user_error(e, "%s: aims holds '%.100s', but must be %s",
					     word_place(&in->list[i], place), in->list[i].text,
					     AIM_FORM);
		w->nr_aims++;
	}
	return 0;
}

static bool drawn_by_default(const struct workload *w, const struct plot_kind *kind)
{
	switch (kind->default_when) {
	case PLOT_IF_X_VARIES:
		return w->varying >> cell_param_find(kind->x) & 1;
	case PLOT_IF_TIMELINE:
	case PLOT_IF_LATENCY:
		for (size_t i = 0; i < w->nr_cells; i++)
			if (kind->default_when == PLOT_IF_TIMELINE
				    ? w->cells[i].timeline > 0
				    : cell_latency(&w->cells[i]) != LATENCY_NONE)
				return true;
		break;
	case PLOT_IF_ASKED:
	case PLOT_ALWAYS:
		break;
	}
	return false;
}

static void default_plots(struct workload *w)
{
	for (size_t i = 0; i < NR_PLOT_KINDS; i++)
		if (drawn_by_default(w, &plot_kinds[i]))
			w->plots |= plot_kinds[i].bit;
	if (!w->plots)
		w->plots = PLOT_BARS;
}

static void workload_free(struct workload *w)
{
	free(w->question);
	free(w->path);
	free(w->aims);
	free(w->cells);
}

void workload_set_free(struct workload_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->nr; i++)
		workload_free(&set->list[i]);
	free(set->list);
	*set = (struct workload_set){ 0 };
}

static int add_workload(struct workload_set *set, const struct workload_text *t, struct ct_error *e)
{
	struct workload w = { 0 };
	const char *question;
	int err = name_of(t, w.name, sizeof(w.name), e);

	for (size_t i = 0; i < set->nr && !err; i++)
		if (!strcmp(set->list[i].name, w.name))
			err = ct_user_error(e,
					    "%s and %s are both named %s; results are kept by "
					    "name, so give one another (name: ...)",
					    set->list[i].path, t->path, w.name);
	if (!err)
		err = text_of(t, PARAM_QUESTION, &question, e);
	if (!err && !question)
		err = ct_user_error(e, "%s: question is missing: %s", t->path,
				    parameters[PARAM_QUESTION].allowed);
	if (err)
		return err;

	w.path = strdup(t->path);
	w.question = strdup(question);
	if (!w.path || !w.question)
		err = no_memory(e);
	if (!err)
		err = read_plots(&w, &t->keys[PARAM_PLOTS], e);
	if (!err)
		err = read_aims(&w, &t->keys[PARAM_AIMS], e);
	if (!err)
		err = workload_make_cells(&w, t, e);
	if (err)
		goto fail;
	if (!w.plots)
		default_plots(&w);
	if (!array_room(set->list, set->nr)) {
		err = no_memory(e);
		goto fail;
	}
	set->list[set->nr++] = w;
	return 0;
fail:
	workload_free(&w);
	return err;
}

/* ---- suites ---- */

static int load_file(struct workload_set *set, const char *path, const struct workload_text *above,
		     int depth, struct ct_error *e);

static int
load_suite(struct workload_set *set, const struct workload_text *t, int depth, struct ct_error *e)
{
	const struct words *members = &t->keys[PARAM_WORKLOADS];
	int err = 0;

	if (depth == SUITE_DEPTH)
		return ct_user_error(e,
				     "%s:%d: suites name each other %d deep; does one name itself?",
				     t->path, members->list[0].line, SUITE_DEPTH);
	for (size_t i = 0; i < members->nr && !err; i++) {
		const struct word *w = &members->list[i];
		char *path = workload_relative(t->path, w->text);

		if (!path)
			return no_memory(e);
		if (!built_in_exists(path))
			err = ct_user_error(e,
					    "%s:%d: the workload %s cannot be read: %s; its path "
					    "is relative to the suite",
					    t->path, w->line, path, file_error(errno));
		else
			err = load_file(set, path, t, depth + 1, e);
		free(path);
	}
	return err;
}

/* t is freed. */
static int load_parsed(struct workload_set *set, struct workload_text *t,
		       const struct workload_text *above, int depth, struct ct_error *e)
{
	int err = 0;

	if (overlay(t, above)) {
		err = no_memory(e);
	} else if (t->keys[PARAM_WORKLOADS].nr) {
		if (!depth && !set->name[0])
			err = name_of(t, set->name, sizeof(set->name), e);
		if (!err)
			err = load_suite(set, t, depth, e);
	} else {
		err = add_workload(set, t, e);
	}
	workload_text_free(t);
	return err;
}

static int load_file(struct workload_set *set, const char *path, const struct workload_text *above,
		     int depth, struct ct_error *e)
{
	struct workload_text t;
	int err = workload_text_read(&t, path, e);

	return err ? err : load_parsed(set, &t, above, depth, e);
}

/* A file by its path, or one of the project's own by its bare name. */
static int read_own(struct workload_text *t, const char *path, struct ct_error *e)
{
	char resolved[PATH_MAX];
	int err = workload_resolve(resolved, sizeof(resolved), path, e);

	return err ? err : workload_text_read(t, resolved, e);
}

int workload_load_text(struct workload_set *set, const char *path, const char *text,
		       const struct workload_overrides *overrides, struct ct_error *e)
{
	struct workload_text above = { 0 }, t = { 0 };
	size_t before = set->nr;
	char name[sizeof(set->name)];
	int err;

	memcpy(name, set->name, sizeof(name));
	err = workload_overrides_read(&above, overrides, e);
	if (!err && text)
		err = workload_text_parse(&t, path, text, strlen(text), e);
	else if (!err)
		err = read_own(&t, path, e);
	if (!err)
		err = load_parsed(set, &t, &above, 0, e);
	workload_text_free(&above);
	if (err) {
		while (set->nr > before)
			workload_free(&set->list[--set->nr]);
		if (!before) {
			free(set->list);
			set->list = NULL;
		}
		memcpy(set->name, name, sizeof(name));
		return err;
	}
	/* A set of several files does not get the name of one of them. */
	if (before)
		strcpy(set->name, "run");
	else if (!set->name[0])
		strcpy(set->name, set->list[0].name);
	return 0;
}

int workload_load(struct workload_set *set, const char *path,
		  const struct workload_overrides *overrides, struct ct_error *e)
{
	return workload_load_text(set, path, NULL, overrides, e);
}
