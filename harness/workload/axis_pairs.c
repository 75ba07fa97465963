/* SPDX-License-Identifier: MIT */
#include "harness/workload/axis_pairs.h"

#include "variants/variant.h"

#include <jansson.h>
#include <string.h>

const char *axis_choice(const json_t *cell, unsigned int axis)
{
	const char *choice = json_string_value(
		json_object_get(json_object_get(cell, "axes"), ct_axis_name(axis)));

	return choice ? choice : "";
}

bool axis_absent(const char *choice)
{
	return !*choice || !strcmp(choice, "-") || !strcmp(choice, "none");
}

static bool is_axis(unsigned int axis, const char *name)
{
	return !strcmp(ct_axis_name(axis), name);
}

bool axis_follows(unsigned int axis, unsigned int other)
{
	return is_axis(axis, "chain") && (is_axis(other, "rcu") || is_axis(other, "node"));
}

bool axis_beside(const json_t *a, const json_t *b, unsigned int axis)
{
	for (unsigned int i = 0; i < CT_NR_AXES; i++) {
		const char *x = axis_choice(a, i), *y = axis_choice(b, i);

		if (i != axis && !axis_follows(axis, i) && !axis_absent(x) && !axis_absent(y) &&
		    strcmp(x, y))
			return false;
	}
	return true;
}

bool axis_takes_part(const json_t *cell, unsigned int axis)
{
	return !axis_absent(axis_choice(cell, axis)) &&
	       !json_is_true(json_object_get(cell, "worst_case"));
}
