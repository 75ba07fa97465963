/* SPDX-License-Identifier: MIT */
#include "variants/variant.h"

#include <string.h>

#define VARIANT(name) extern const struct ct_variant ct_variant_##name;
#include "variants/variants.def"
#undef VARIANT

const struct ct_variant *const ct_variants[] = {
#define VARIANT(name) &ct_variant_##name,
#include "variants/variants.def"
#undef VARIANT
};
const size_t ct_nr_variants = sizeof(ct_variants) / sizeof(ct_variants[0]);

static const struct {
	const char *name;
	size_t offset;
} axes[CT_NR_AXES] = {
	{ "hash", offsetof(struct ct_axes, hash) },
	{ "bucket", offsetof(struct ct_axes, bucket) },
	{ "chain", offsetof(struct ct_axes, chain) },
	{ "lock", offsetof(struct ct_axes, lock) },
	{ "resize", offsetof(struct ct_axes, resize) },
	{ "rcu", offsetof(struct ct_axes, rcu) },
	{ "node", offsetof(struct ct_axes, node) },
	{ "cap", offsetof(struct ct_axes, cap) },
	{ "lists", offsetof(struct ct_axes, lists) },
	{ "l4", offsetof(struct ct_axes, l4) },
	{ "gc", offsetof(struct ct_axes, gc) },
};

const char *ct_axis_name(unsigned int i)
{
	return axes[i].name;
}

const char *ct_axis_value(const struct ct_axes *a, unsigned int i)
{
	return *(const char *const *)((const char *)a + axes[i].offset);
}

const struct ct_variant *ct_variant_find(const char *name)
{
	for (size_t i = 0; i < ct_nr_variants; i++)
		if (!strcmp(ct_variants[i]->name, name))
			return ct_variants[i];
	return NULL;
}
