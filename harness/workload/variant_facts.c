/* SPDX-License-Identifier: MIT */
#include "harness/workload/variant_facts.h"

#include <jansson.h>

#include "variants/variant.h"

json_t *variant_axes_to_json(const char *variant)
{
	const struct ct_variant *v = ct_variant_find(variant);
	json_t *axes = json_object();

	for (unsigned int i = 0; v && i < CT_NR_AXES; i++)
		json_object_set_new(axes, ct_axis_name(i), json_string(ct_axis_value(&v->axes, i)));
	return axes;
}

const char *variant_axis_name(unsigned int i)
{
	return i < CT_NR_AXES ? ct_axis_name(i) : NULL;
}

bool variant_is_worst_case(const char *variant)
{
	const struct ct_variant *v = ct_variant_find(variant);

	return v && v->flags & CT_V_WORST;
}
