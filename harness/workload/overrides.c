/* SPDX-License-Identifier: MIT */
/*
 * Parameters on the command line: --KEY VALUE and --set KEY=VALUE.
 */
#include "harness/base/escape.h"
#include "harness/base/nearest.h"
#include "harness/base/text.h"
#include "harness/workload/internal.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER,
		       "no memory for the parameters of the command line");
}

static bool is_overridable(int id)
{
	return id >= 0 && parameters[id].use != USE_FILE;
}

static int unknown_override(const char *option, const char *key, struct ct_error *e)
{
	const char *names[NR_PARAMS], *near;
	size_t nr = 0;
	char all[512];

	for (int i = 0; i < NR_PARAMS; i++)
		if (is_overridable(i))
			names[nr++] = parameters[i].name;
	near = nearest_name(key, names, nr);
	parameter_list(all, sizeof(all), true);
	return ct_user_error(e, "%s: unknown parameter '%.64s'%s%s%s; the parameters are %s",
			     option, key, near ? " (did you mean '" : "", near ? near : "",
			     near ? "'?)" : "", all);
}

static int add_override(struct workload_overrides *o, int id, const char *value, bool by_set,
			struct ct_error *e)
{
	const struct parameter *p = &parameters[id];
	char *source = o->sources[o->nr], allowed[ALLOWED_MAX], option[40];

	if (!*value)
		return ct_user_error(e, "%s%s has no value; it must be %s",
				     by_set ? "--set " : "--", p->name,
				     parameter_allowed(p, allowed));
	if (o->nr == WORKLOAD_MAX_OVERRIDES)
		return ct_user_error(e, "more than %d parameters on the command line",
				     WORKLOAD_MAX_OVERRIDES);
	if (by_set)
		snprintf(source, sizeof(o->sources[0]), "--set %s", p->name);
	else
		snprintf(source, sizeof(o->sources[0]), "--%s", parameter_option(p, option));
	o->list[o->nr++] = (struct workload_override){ p->name, value, source };
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
	id = parameter_find(key, strlen(key));
	if (!is_overridable(id))
		return unknown_override("--set", key, e);
	return add_override(o, id, equals + 1, true, e);
}

int workload_take_option(struct workload_overrides *o, int argc, char **argv, int *i,
			 struct ct_error *e)
{
	const char *name, *equals, *value;
	char allowed[ALLOWED_MAX];
	bool is_set, bare;
	size_t len;
	int id, err;

	if (*i >= argc || strncmp(argv[*i], "--", 2))
		return 0;
	name = argv[*i] + 2;
	len = strcspn(name, "=");
	equals = name[len] ? name + len : NULL;
	is_set = len == 3 && !strncmp(name, "set", 3);
	id = parameter_find(name, len);
	if (!is_set && !is_overridable(id))
		return 0;

	value = equals ? equals + 1 : *i + 1 < argc ? argv[*i + 1] : NULL;
	/* --oversubscribe alone means true */
	bare = !is_set && !equals && parameter_json(&parameters[id]) == JSON_SWITCH &&
	       (!value || (strncmp(value, "true", 4) && strncmp(value, "false", 5)));
	if (bare)
		value = "true";
	if (is_set)
		err = take_set(o, value, e);
	else if (!value)
		err = ct_user_error(e, "%s needs a value: %s", argv[*i],
				    parameter_allowed(&parameters[id], allowed));
	else
		err = add_override(o, id, value, false, e);
	if (err > 0)
		*i += equals || bare ? 1 : 2;
	return err;
}

/*
 * Does the piece after a comma belong to the one before?  Choices that follow each other make one
 * selection (hash=jhash2,chain=nulls_rcu), and numbers of CPUs make one list (0,2,4-7).
 */
static bool joins(int id, const char *before, const char *piece, size_t len)
{
	if (id == PARAM_VARIANTS)
		return strchr(before, '=') && memchr(piece, '=', len) && strncmp(piece, "axis=", 5);
	if (id == PARAM_PINNING)
		return before[strspn(before, "0123456789-,")] == '\0' && *piece >= '0' &&
		       *piece <= '9';
	return false;
}

int workload_split_value(struct words *out, int id, const char *value, const char *source,
			 struct ct_error *e)
{
	for (const char *p = value;; p++) {
		size_t len = strcspn(p, ",");
		struct word *last = out->nr ? &out->list[out->nr - 1] : NULL;

		if (!len)
			return ct_user_error(e, "%s: an empty value in '%s'", source, value);
		if (!text_is_plain(value))
			return ct_user_error(
				e, "%s: the value holds control characters; remove them", source);
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
		int id = parameter_find(v->key, strlen(v->key));
		int err;

		if (!is_overridable(id))
			return unknown_override(v->source, v->key, e);
		words_free(&t->keys[id]); /* the last one counts */
		err = workload_split_value(&t->keys[id], id, v->value, v->source, e);
		if (err)
			return err;
	}
	return 0;
}
