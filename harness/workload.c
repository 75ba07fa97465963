/* SPDX-License-Identifier: MIT */
/*
 * Workload files, suites and what overrides them.
 *
 * Values come in layers: the command line above the suite, that above the
 * suite it names, that above the workload file.  The highest layer that
 * gives a key decides it.
 */
#include "harness/nearest.h"
#include "harness/workload_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUITE_DEPTH 8

static const struct {
	const char *name;
	enum workload_plot plot;
	int varies;		/* drawn by default if this parameter varies */
} plots[] = {
	{ "threads", PLOT_THREADS, KEY_THREADS },
	{ "size", PLOT_SIZE, KEY_FLOWS },
	{ "load", PLOT_LOAD, KEY_LOAD_FACTOR },
	{ "axes", PLOT_AXES, -1 },
	{ "bars", PLOT_BARS, -1 },
};
#define NR_PLOTS (sizeof(plots) / sizeof(plots[0]))

const char *workload_plot_name(enum workload_plot plot)
{
	for (size_t i = 0; i < NR_PLOTS; i++)
		if (plots[i].plot == plot)
			return plots[i].name;
	return "";
}

static int no_memory(struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the workload");
}

/* ---- overrides ---- */

static int unknown_override(const char *option, const char *key, struct ct_error *e)
{
	const char *names[NR_KEYS], *near;
	size_t nr = 0;
	char all[512];

	for (int i = 0; i < NR_KEYS; i++)
		if (workload_keys[i].use != USE_TEXT)
			names[nr++] = workload_keys[i].name;
	near = nearest_name(key, names, nr);
	workload_key_list(all, sizeof(all), true);
	return ct_user_error(e, "%s: '%.64s' is no parameter%s%s%s; there are %s", option, key,
			     near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", all);
}

static int add_override(struct workload_overrides *o, int id, const char *value, bool by_set,
			struct ct_error *e)
{
	const char *name = workload_keys[id].name;

	if (!*value)
		return ct_user_error(e, "%s%s has no value; it must be %s", by_set ? "--set " : "--", name,
				     workload_keys[id].allowed);
	if (o->nr == WORKLOAD_MAX_OVERRIDES)
		return ct_user_error(e, "more than %d parameters on the command line", WORKLOAD_MAX_OVERRIDES);
	snprintf(o->sources[o->nr], sizeof(o->sources[o->nr]), "%s%s", by_set ? "--set " : "--", name);
	for (char *p = o->sources[o->nr]; !by_set && *p; p++)
		if (*p == '_')
			*p = '-';
	o->list[o->nr] = (struct workload_override){ name, value, o->sources[o->nr] };
	o->nr++;
	return 1;
}

static int take_set(struct workload_overrides *o, const char *assignment, struct ct_error *e)
{
	const char *equals = assignment ? strchr(assignment, '=') : NULL;
	char key[64];
	int id;

	if (!equals || equals == assignment)
		return ct_user_error(e, "--set needs KEY=VALUE, as in --set flows=64Ki");
	snprintf(key, sizeof(key), "%.*s", (int)(equals - assignment), assignment);
	id = workload_key_find(key, strlen(key));
	if (id < 0 || workload_keys[id].use == USE_TEXT)
		return unknown_override("--set", key, e);
	return add_override(o, id, equals + 1, true, e);
}

int workload_take_option(struct workload_overrides *o, int argc, char **argv, int *i, struct ct_error *e)
{
	const char *name = argv[*i], *equals, *value;
	bool is_set;
	size_t len;
	int id, err;

	if (strncmp(name, "--", 2))
		return 0;
	name += 2;
	len = strcspn(name, "=");
	equals = name[len] ? name + len : NULL;
	is_set = len == 3 && !strncmp(name, "set", 3);
	id = workload_key_find(name, len);
	if (!is_set && (id < 0 || workload_keys[id].use == USE_TEXT))
		return 0;

	value = equals ? equals + 1 : *i + 1 < argc ? argv[*i + 1] : NULL;
	if (is_set)
		err = take_set(o, value, e);
	else if (!value)
		err = ct_user_error(e, "%s needs a value: %s", argv[*i], workload_keys[id].allowed);
	else
		err = add_override(o, id, value, false, e);
	if (err > 0)
		*i += equals ? 1 : 2;
	return err;
}

const char *const *workload_option_names(size_t *nr)
{
	static const char *names[NR_KEYS + 1];
	static char text[NR_KEYS][32];
	size_t n = 0;

	names[n++] = "set";
	for (int i = 0; i < NR_KEYS; i++) {
		if (workload_keys[i].use == USE_TEXT)
			continue;
		snprintf(text[i], sizeof(text[i]), "%s", workload_keys[i].name);
		for (char *p = text[i]; *p; p++)
			if (*p == '_')
				*p = '-';
		names[n++] = text[i];
	}
	*nr = n;
	return names;
}

void workload_help_options(FILE *out)
{
	fprintf(out, "Parameters, which override those of the workload files; values of a list are\n"
		     "parted by commas, and the run is the product of all lists:\n");
	for (int i = 0; i < NR_KEYS; i++) {
		char option[32];
		const char *text = workload_keys[i].allowed;
		size_t width = 54;

		if (workload_keys[i].use == USE_TEXT)
			continue;
		snprintf(option, sizeof(option), "--%s", workload_keys[i].name);
		for (char *p = option; *p; p++)
			if (*p == '_')
				*p = '-';
		/* Wrapped by hand: printf() has no notion of a column. */
		for (bool first = true; *text; first = false) {
			size_t len = strlen(text);

			if (len > width) {
				len = width;
				while (len && text[len] != ' ')
					len--;
			}
			fprintf(out, "  %-18s %.*s\n", first ? option : "", (int)len, text);
			text += len;
			text += *text == ' ';
		}
	}
	fprintf(out, "  %-18s %s\n", "--set KEY=VALUE", "the same for any of them");
}

/*
 * Does the piece after a comma belong to the one before?  Axis values that
 * follow each other make one selection (hash=jhash2,chain=nulls_rcu), numbers
 * of CPUs one list (0,2,4-7).
 */
static bool joins(int id, const char *before, const char *piece, size_t len)
{
	if (id == KEY_VARIANTS)
		return strchr(before, '=') && memchr(piece, '=', len) && strncmp(piece, "axis=", 5);
	if (id == KEY_PINNING)
		return before[strspn(before, "0123456789-,")] == '\0' && *piece >= '0' && *piece <= '9';
	return false;
}

static int split_value(struct words *out, int id, const char *value, const char *source, struct ct_error *e)
{
	for (const char *p = value;; p++) {
		size_t len = strcspn(p, ",");
		struct word *last = out->nr ? &out->list[out->nr - 1] : NULL;

		if (!len)
			return ct_user_error(e, "%s: an empty value in '%s'", source, value);
		if (last && joins(id, last->text, p, len)) {
			char *joined;

			if (asprintf(&joined, "%s,%.*s", last->text, (int)len, p) < 0)
				return no_memory(e);
			free(last->text);
			last->text = joined;
		} else if (words_add(out, p, len, 0, source)) {
			return no_memory(e);
		}
		p += len;
		if (!*p)
			return 0;
	}
}

/* The command line as the uppermost layer. */
static int overrides_as_text(struct workload_text *t, const struct workload_overrides *o, struct ct_error *e)
{
	for (size_t i = 0; o && i < o->nr; i++) {
		const struct workload_override *v = &o->list[i];
		int id = workload_key_find(v->key, strlen(v->key));
		int err;

		if (id < 0 || workload_keys[id].use == USE_TEXT)
			return unknown_override(v->source, v->key, e);
		words_free(&t->keys[id]);	/* the last one counts */
		err = split_value(&t->keys[id], id, v->value, v->source, e);
		if (err)
			return err;
	}
	return 0;
}

/* What above gives replaces what t has. */
static int overlay(struct workload_text *t, const struct workload_text *above)
{
	bool table = above->keys[KEY_BUCKETS].nr || above->keys[KEY_LOAD_FACTOR].nr;

	if (table) {
		words_free(&t->keys[KEY_BUCKETS]);
		words_free(&t->keys[KEY_LOAD_FACTOR]);
	}
	for (int id = 0; id < NR_KEYS; id++)
		if (workload_keys[id].use != USE_TEXT && above->keys[id].nr &&
		    words_copy(&t->keys[id], &above->keys[id]))
			return -ENOMEM;
	return 0;
}

/* ---- one file ---- */

static int text_of(const struct workload_text *t, int id, const char **out, struct ct_error *e)
{
	const struct words *w = &t->keys[id];

	*out = NULL;
	if (w->nr > 1)
		return ct_user_error(e, "%s:%d: %s cannot be a list", t->path, w->list[1].line,
				     workload_keys[id].name);
	if (w->nr)
		*out = w->list[0].text;
	return 0;
}

/* The name, given or from the file's, into buf. */
static int name_of(const struct workload_text *t, char *buf, size_t size, struct ct_error *e)
{
	const char *name, *slash = strrchr(t->path, '/');
	bool given;
	size_t len;
	int err = text_of(t, KEY_NAME, &name, e);

	if (err)
		return err;
	given = name != NULL;
	if (!given)
		name = slash ? slash + 1 : t->path;
	len = given ? strlen(name) : strcspn(name, ".");
	if (!len || len >= size || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") < len) {
		if (given)
			return ct_user_error(e, "%s:%d: name is '%.64s', but must be %s", t->path,
					     t->keys[KEY_NAME].list[0].line, name, workload_keys[KEY_NAME].allowed);
		return ct_user_error(e, "%s has no name, and its file's name is none: a name is %s", t->path,
				     workload_keys[KEY_NAME].allowed);
	}
	memcpy(buf, name, len);
	buf[len] = '\0';
	return 0;
}

static int read_plots(struct workload *w, const struct words *in, struct ct_error *e)
{
	for (size_t i = 0; i < in->nr; i++) {
		char place[WORD_PLACE];
		size_t p = 0;

		while (p < NR_PLOTS && strcmp(plots[p].name, in->list[i].text))
			p++;
		if (p == NR_PLOTS)
			return ct_user_error(e, "%s: plots holds '%.64s', but must be %s",
					     word_place(&in->list[i], place), in->list[i].text,
					     workload_keys[KEY_PLOTS].allowed);
		w->plots |= plots[p].plot;
	}
	return 0;
}

static void default_plots(struct workload *w)
{
	for (size_t i = 0; i < NR_PLOTS; i++)
		if (plots[i].varies >= 0 && w->varying >> (plots[i].varies - KEY_FIRST_OF_CELL) & 1)
			w->plots |= plots[i].plot;
	if (!w->plots)
		w->plots = PLOT_BARS;
}

static void workload_free(struct workload *w)
{
	free(w->question);
	free(w->path);
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
	struct workload w = { 0 }, *list;
	const char *question;
	int err = name_of(t, w.name, sizeof(w.name), e);

	for (size_t i = 0; i < set->nr && !err; i++)
		if (!strcmp(set->list[i].name, w.name))
			err = ct_user_error(e, "%s and %s are both named %s; results are kept by name, so give one another (name: ...)",
					    set->list[i].path, t->path, w.name);
	if (!err)
		err = text_of(t, KEY_QUESTION, &question, e);
	if (!err && !question)
		err = ct_user_error(e, "%s: question is missing: %s", t->path, workload_keys[KEY_QUESTION].allowed);
	if (err)
		return err;

	w.path = strdup(t->path);
	w.question = strdup(question);
	if (!w.path || !w.question)
		err = no_memory(e);
	if (!err)
		err = read_plots(&w, &t->keys[KEY_PLOTS], e);
	if (!err)
		err = workload_make_cells(&w, t, e);
	if (err)
		goto fail;
	if (!w.plots)
		default_plots(&w);
	list = reallocarray(set->list, set->nr + 1, sizeof(*list));
	if (!list) {
		err = no_memory(e);
		goto fail;
	}
	set->list = list;
	list[set->nr++] = w;
	return 0;
fail:
	workload_free(&w);
	return err;
}

/* ---- suites ---- */

static int load_file(struct workload_set *set, const char *path, const struct workload_text *above,
		     int depth, struct ct_error *e);

static int load_suite(struct workload_set *set, const struct workload_text *t, int depth, struct ct_error *e)
{
	const struct words *members = &t->keys[KEY_WORKLOADS];
	const char *slash = strrchr(t->path, '/');
	int folder = slash ? (int)(slash - t->path) + 1 : 0;
	int err = 0;

	if (depth == SUITE_DEPTH)
		return ct_user_error(e, "%s:%d: suites name each other %d deep; does one name itself?", t->path,
				     members->list[0].line, SUITE_DEPTH);
	for (size_t i = 0; i < members->nr && !err; i++) {
		const struct word *w = &members->list[i];
		char *path;

		if (asprintf(&path, "%.*s%s", *w->text == '/' ? 0 : folder, t->path, w->text) < 0)
			return no_memory(e);
		if (access(path, R_OK))
			err = ct_user_error(e, "%s:%d: the workload %s cannot be read: %s; its path is relative to the suite",
					    t->path, w->line, path, strerror(errno));
		else
			err = load_file(set, path, t, depth + 1, e);
		free(path);
	}
	return err;
}

static int load_file(struct workload_set *set, const char *path, const struct workload_text *above,
		     int depth, struct ct_error *e)
{
	struct workload_text t;
	int err = workload_text_read(&t, path, e);

	if (err)
		return err;
	if (overlay(&t, above)) {
		err = no_memory(e);
	} else if (t.keys[KEY_WORKLOADS].nr) {
		if (!depth && !set->name[0])
			err = name_of(&t, set->name, sizeof(set->name), e);
		if (!err)
			err = load_suite(set, &t, depth, e);
	} else {
		err = add_workload(set, &t, e);
	}
	workload_text_free(&t);
	return err;
}

int workload_load(struct workload_set *set, const char *path, const struct workload_overrides *overrides,
		  struct ct_error *e)
{
	struct workload_text above = { 0 };
	size_t before = set->nr;
	char name[sizeof(set->name)];
	int err;

	memcpy(name, set->name, sizeof(name));
	err = overrides_as_text(&above, overrides, e);
	if (!err)
		err = load_file(set, path, &above, 0, e);
	workload_text_free(&above);
	if (err) {
		while (set->nr > before)
			workload_free(&set->list[--set->nr]);
		memcpy(set->name, name, sizeof(name));
		return err;
	}
	/* Of several files none gives the set its name. */
	if (before)
		strcpy(set->name, "run");
	else if (!set->name[0])
		strcpy(set->name, set->list[0].name);
	return 0;
}
