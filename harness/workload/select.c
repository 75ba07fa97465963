/* SPDX-License-Identifier: MIT */
/* Selections of variants; variant_select() in workload.h describes their forms. */
#include "harness/base/nearest.h"
#include "harness/workload/internal.h"
#include "variants/variant.h"

#include <fnmatch.h>
#include <string.h>

#define NEAR_MAX 3

/* The parts of a selection by axes. */
struct selection {
	const char *value[CT_NR_AXES]; /* the wanted choice on each axis, NULL: any */
	size_t len[CT_NR_AXES];
	int axis;		       /* of axis=NAME, or -1 */
	const struct ct_variant *base; /* that it differs from */
	bool has_values;
};

static int axis_find(const char *name, size_t len)
{
	for (unsigned int i = 0; i < CT_NR_AXES; i++)
		if (strlen(ct_axis_name(i)) == len && !strncmp(ct_axis_name(i), name, len))
			return (int)i;
	return -1;
}

static bool same(const char *value, const char *text, size_t len)
{
	return strlen(value) == len && !strncmp(value, text, len);
}

/* Does the axis not apply to this variant? */
static bool absent(const char *value)
{
	return !strcmp(value, "-") || !strcmp(value, "none");
}

/* Is it chosen only by its name, not by globs and axes? */
static bool only_by_name(const struct ct_variant *v)
{
	return v->flags & (CT_V_NULL | CT_V_WORST | CT_V_LOOKUPS);
}

static bool differs_only_in(const struct ct_variant *v, const struct ct_variant *base, int axis)
{
	bool differs = false;

	if (v == base)
		return true;
	if (v->flags & CT_V_PEER)
		return false;
	for (unsigned int i = 0; i < CT_NR_AXES; i++) {
		const char *a = ct_axis_value(&v->axes, i), *b = ct_axis_value(&base->axes, i);

		if (!strcmp(a, b))
			continue;
		if ((int)i == axis && !absent(a) && !absent(b))
			differs = true;
		else if (!absent(a) && !absent(b))
			return false;
	}
	return differs;
}

static bool selected(const struct ct_variant *v, const struct selection *s)
{
	if (only_by_name(v))
		return false;
	for (unsigned int i = 0; i < CT_NR_AXES; i++)
		if (s->value[i] && !same(ct_axis_value(&v->axes, i), s->value[i], s->len[i]))
			return false;
	return s->axis < 0 || differs_only_in(v, s->base, s->axis);
}

static int no_such_variant(const char *where, const char *name, struct ct_error *e)
{
	const char *names[256], *near[NEAR_MAX];
	size_t nr = 0, found;
	char text[512] = "";

	for (; nr < ct_nr_variants && nr < 256; nr++)
		names[nr] = ct_variants[nr]->name;
	found = nearest_names(name, names, nr, near, NEAR_MAX);
	for (size_t i = 0, at = 0; i < found && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? ", " : "",
				       near[i]);
	return ct_user_error(e, "%s: no variant matches '%.128s'%s%s%s; ctbench list shows all",
			     where, name, found ? " (did you mean " : "", text, found ? "?)" : "");
}

static int no_such_axis(const char *where, const char *name, size_t len, struct ct_error *e)
{
	char text[256] = "";

	for (unsigned int i = 0, at = 0; i < CT_NR_AXES && at < sizeof(text); i++)
		at += (unsigned int)snprintf(text + at, sizeof(text) - at, "%s%s", i ? ", " : "",
					     ct_axis_name(i));
	return ct_user_error(e, "%s: unknown axis '%.*s'; the axes are %s", where,
			     (int)(len < 64 ? len : 64), name, text);
}

/* No variant has this choice; the message lists the existing choices. */
static int no_such_value(const char *where, unsigned int axis, const char *value, size_t len,
			 struct ct_error *e)
{
	char text[512] = "";
	size_t at = 0;

	for (size_t i = 0; i < ct_nr_variants && at < sizeof(text); i++) {
		const char *have = ct_axis_value(&ct_variants[i]->axes, axis);
		bool again = !strcmp(have, "-");

		for (size_t j = 0; j < i && !again; j++)
			again = !strcmp(have, ct_axis_value(&ct_variants[j]->axes, axis));
		if (!again)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? ", " : "",
					       have);
	}
	return ct_user_error(e, "%s: no variant has %s=%.*s; there is %s", where,
			     ct_axis_name(axis), (int)(len < 64 ? len : 64), value, text);
}

static bool value_exists(unsigned int axis, const char *value, size_t len)
{
	for (size_t i = 0; i < ct_nr_variants; i++)
		if (same(ct_axis_value(&ct_variants[i]->axes, axis), value, len))
			return true;
	return false;
}

static int
parse_term(struct selection *s, const char *term, size_t len, const char *where, struct ct_error *e)
{
	const char *value = memchr(term, '=', len);
	size_t value_len, name_len;
	char name[128];
	int axis;

	if (!value)
		return ct_user_error(
			e,
			"%s: '%.*s' is not AXIS=VALUE; write each name and each glob as "
			"a separate value",
			where, (int)(len < 64 ? len : 64), term);
	name_len = (size_t)(value - term);
	value++;
	value_len = len - name_len - 1;

	if (same("base", term, name_len)) {
		snprintf(name, sizeof(name), "%.*s", (int)value_len, value);
		s->base = ct_variant_find(name);
		return s->base ? 0 : no_such_variant(where, name, e);
	}
	if (same("axis", term, name_len)) {
		s->axis = axis_find(value, value_len);
		return s->axis >= 0 ? 0 : no_such_axis(where, value, value_len, e);
	}
	axis = axis_find(term, name_len);
	if (axis < 0)
		return no_such_axis(where, term, name_len, e);
	if (!value_exists((unsigned int)axis, value, value_len))
		return no_such_value(where, (unsigned int)axis, value, value_len, e);
	s->value[axis] = value;
	s->len[axis] = value_len;
	s->has_values = true;
	return 0;
}

static int select_by_axes(bool *chosen, const char *text, const char *where, struct ct_error *e)
{
	struct selection s = { .axis = -1, .base = ct_variants[0] };
	bool any = false;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ", \t");
		int err = len ? parse_term(&s, p, len, where, e) : 0;

		if (err)
			return err;
		p += len;
		p += strspn(p, ", \t");
	}
	if (s.axis < 0 && !s.has_values)
		return ct_user_error(e, "%s: base=VARIANT needs axis=NAME, too", where);
	for (size_t i = 0; i < ct_nr_variants; i++) {
		if (selected(ct_variants[i], &s)) {
			chosen[i] = true;
			any = true;
		}
	}
	if (!any)
		return ct_user_error(e,
				     "%s: no variant has all of '%.128s'; ctbench list shows the "
				     "choices of each",
				     where, text);
	return 0;
}

int variant_select(bool *chosen, const char *selection, const char *where, struct ct_error *e)
{
	bool any = false;

	if (strchr(selection, '='))
		return select_by_axes(chosen, selection, where, e);
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];

		if (!strcmp(v->name, selection) ||
		    (!only_by_name(v) && !fnmatch(selection, v->name, 0))) {
			chosen[i] = true;
			any = true;
		}
	}
	return any ? 0 : no_such_variant(where, selection, e);
}
