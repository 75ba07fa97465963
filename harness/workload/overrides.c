/* SPDX-License-Identifier: MIT */
/*
 * Parameters on the command line: --KEY VALUE and --set KEY=VALUE.
 */
#include "harness/base/nearest.h"
#include "harness/workload/internal.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER,
		       "no memory for the parameters of the command line");
}

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
			     near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "",
			     all);
}

static int add_override(struct workload_overrides *o, int id, const char *value, bool by_set,
			struct ct_error *e)
{
	const char *name = workload_keys[id].name;

	if (!*value)
		return ct_user_error(e, "%s%s has no value; it must be %s",
				     by_set ? "--set " : "--", name, workload_keys[id].allowed);
	if (o->nr == WORKLOAD_MAX_OVERRIDES)
		return ct_user_error(e, "more than %d parameters on the command line",
				     WORKLOAD_MAX_OVERRIDES);
	snprintf(o->sources[o->nr], sizeof(o->sources[o->nr]), "%s%s", by_set ? "--set " : "--",
		 name);
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

int workload_take_option(struct workload_overrides *o, int argc, char **argv, int *i,
			 struct ct_error *e)
{
	const char *name, *equals, *value;
	bool is_set, bare;
	size_t len;
	int id, err;

	if (*i >= argc || strncmp(argv[*i], "--", 2))
		return 0;
	name = argv[*i] + 2;
	len = strcspn(name, "=");
	equals = name[len] ? name + len : NULL;
	is_set = len == 3 && !strncmp(name, "set", 3);
	id = workload_key_find(name, len);
	if (!is_set && (id < 0 || workload_keys[id].use == USE_TEXT))
		return 0;

	value = equals ? equals + 1 : *i + 1 < argc ? argv[*i + 1] : NULL;
	/* --oversubscribe alone says true */
	bare = !is_set && !equals && workload_keys[id].json == JSON_SWITCH &&
	       (!value || (strncmp(value, "true", 4) && strncmp(value, "false", 5)));
	if (bare)
		value = "true";
	if (is_set)
		err = take_set(o, value, e);
	else if (!value)
		err = ct_user_error(e, "%s needs a value: %s", argv[*i], workload_keys[id].allowed);
	else
		err = add_override(o, id, value, false, e);
	if (err > 0)
		*i += equals || bare ? 1 : 2;
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
	fprintf(out,
		"Parameters, which override those of the workload files; values of a list are\n"
		"parted by commas, and the run is the product of all lists. Defaults in "
		"brackets:\n");
	for (int i = 0; i < NR_KEYS; i++) {
		char option[32];
		const char *fallback = workload_keys[i].fallback, *text;
		char line[512];
		size_t width = 72;

		if (workload_keys[i].use == USE_TEXT)
			continue;
		snprintf(option, sizeof(option), "--%s", workload_keys[i].name);
		for (char *p = option; *p; p++)
			if (*p == '_')
				*p = '-';
		snprintf(line, sizeof(line), "%s: %s%s%s%s", workload_keys[i].meaning,
			 workload_keys[i].allowed, fallback ? " [" : "", fallback ? fallback : "",
			 fallback ? "]" : "");
		text = line;
		/* Wrapped by hand: printf() has no notion of a column. */
		for (bool first = true; *text; first = false) {
			size_t len = strlen(text);

			if (len > width) {
				len = width;
				while (len && text[len] != ' ')
					len--;
				if (!len)
					len = width;
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
		return before[strspn(before, "0123456789-,")] == '\0' && *piece >= '0' &&
		       *piece <= '9';
	return false;
}

static int
split_value(struct words *out, int id, const char *value, const char *source, struct ct_error *e)
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

int workload_overrides_read(struct workload_text *t, const struct workload_overrides *o,
			    struct ct_error *e)
{
	for (size_t i = 0; o && i < o->nr; i++) {
		const struct workload_override *v = &o->list[i];
		int id = workload_key_find(v->key, strlen(v->key));
		int err;

		if (id < 0 || workload_keys[id].use == USE_TEXT)
			return unknown_override(v->source, v->key, e);
		words_free(&t->keys[id]); /* the last one counts */
		err = split_value(&t->keys[id], id, v->value, v->source, e);
		if (err)
			return err;
	}
	return 0;
}
