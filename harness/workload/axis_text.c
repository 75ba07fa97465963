/* SPDX-License-Identifier: MIT */
#include "harness/workload/axis_text.h"

#include <stddef.h>
#include <string.h>

static const struct text {
	const char *axis;
	const char *value; /* NULL: about the axis itself */
	const char *text;
} texts[] = {
#define AXIS(name, text)	   { #name, NULL, text },
#define CHOICE(axis, choice, text) { #axis, choice, text },
#include "variants/axes.def"
#undef AXIS
#undef CHOICE
};

static const char *find(const char *axis, const char *value)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(texts[i].axis, axis) &&
		    (value ? texts[i].value && !strcmp(texts[i].value, value) : !texts[i].value))
			return texts[i].text;
	return NULL;
}

const char *axis_text(const char *axis)
{
	return find(axis, NULL);
}

const char *axis_value_text(const char *axis, const char *value)
{
	return find(axis, value);
}
