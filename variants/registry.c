/* SPDX-License-Identifier: MIT */
#include "variants/variant.h"

#include <string.h>

/* Made of variants.def by cmake/variants.cmake. */
#define VARIANT(name) extern const struct ct_variant ct_variant_##name;
#include "variants/built.def"
#undef VARIANT

const struct ct_variant *const ct_variants[] = {
#define VARIANT(name) &ct_variant_##name,
#include "variants/built.def"
#undef VARIANT
};
const size_t ct_nr_variants = sizeof(ct_variants) / sizeof(ct_variants[0]);

const char *ct_axis_name(unsigned int i)
{
	static const char *const names[CT_NR_AXES] = {
#define AXIS(name, ...) #name,
#define CHOICE(axis, ...)
#include "variants/axes.def"
#undef AXIS
#undef CHOICE
	};

	return names[i];
}

const char *ct_axis_value(const struct ct_axes *a, unsigned int i)
{
	/* The fields are in the order of axes.def, and nothing else is in the struct. */
	const char *value = ((const char *const *)a)[i];

	_Static_assert(sizeof(*a) == CT_NR_AXES * sizeof(value), "a field that is not an axis");
	return value ? value : "-";
}

const struct ct_variant *ct_variant_find(const char *name)
{
	for (size_t i = 0; i < ct_nr_variants; i++)
		if (!strcmp(ct_variants[i]->name, name))
			return ct_variants[i];
	return NULL;
}
