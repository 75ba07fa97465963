/* SPDX-License-Identifier: MIT */
#include "harness/workload/parameters.h"

#include <string.h>

#include "core/nf_conntrack_find.h"
#include "harness/base/text.h"
#include "harness/workload/aims.h"
#include "harness/workload/quantity.h"
#include "harness/workload/size.h"
#include "harness/workload/workload.h"

#define FIELD(field) \
	.offset = offsetof(struct cell, field), .size = sizeof(((struct cell *)NULL)->field)
#define COUNT(field, least, most) \
	.type = &type_count, .min = (double)(least), .max = (double)(most), FIELD(field)
#define SECONDS(field, least, most) \
	.type = &type_seconds, .min = (least), .max = (most), FIELD(field)
#define SHARE(field)  .type = &type_share, .max = 1, FIELD(field)
#define SWITCH(field) .type = &type_switch, FIELD(field)
#define TEXT(field)   .type = &type_text, FIELD(field)
#define WORDS(...) \
	(const struct word_meaning[]) \
	{ \
		__VA_ARGS__, \
		{ \
			NULL, NULL \
		} \
	}
#define WORD(field, ...) .type = &type_word, .words = WORDS(__VA_ARGS__), FIELD(field)
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a field */
#define OWN(name) .type = &type_##name
#define FILE_KEY  .type = &type_file, .use = USE_FILE
#define FILE_LIST .type = &type_list, .use = USE_FILE
#define OR_NONE	  .none = true

const struct parameter parameters[NR_PARAMS] = {
#define PARAMETER(id, name_, default_, meaning_, ...) \
	[PARAM_##id] = { .name = name_, .fallback = default_, .meaning = meaning_, __VA_ARGS__ },
#include "harness/workload/parameters.def"
#undef PARAMETER
};

/* workload.varying has a bit for each. */
_Static_assert(NR_PARAMS - PARAM_FIRST_OF_CELL <= 64, "too many parameters");

int parameter_find(const char *name, size_t len)
{
	for (int i = 0; i < NR_PARAMS; i++) {
		const char *own = parameters[i].name;
		size_t j = 0;

		while (j < len && own[j] &&
		       (own[j] == name[j] || (own[j] == '_' && name[j] == '-')))
			j++;
		if (j == len && !own[j])
			return i;
	}
	return -1;
}

void parameter_list(char *buf, size_t size, bool only_overridable)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < NR_PARAMS; i++)
		if (!only_overridable || parameters[i].use != USE_FILE)
			text_add(buf, size, &at, "%s%s", at ? ", " : "", parameters[i].name);
}

const char *parameter_option(const struct parameter *p, char buf[40])
{
	snprintf(buf, 40, "%s", p->name);
	for (char *c = buf; *c; c++)
		if (*c == '_')
			*c = '-';
	return buf;
}

const char *parameter_column(const struct parameter *p)
{
	return p->column ? p->column : p->name;
}

const char *parameter_allowed(const struct parameter *p, char buf[ALLOWED_MAX])
{
	size_t at = 0;

	buf[0] = '\0';
	if (p->none)
		text_add(buf, ALLOWED_MAX, &at, "none or ");
	if (p->type->allow)
		p->type->allow(p, buf, ALLOWED_MAX, &at);
	if (p->allowed)
		text_add(buf, ALLOWED_MAX, &at, "%s%s", p->type->allow ? ", " : "", p->allowed);
	return buf;
}

int parameter_json(const struct parameter *p)
{
	return p->none ? JSON_TEXT : p->type->json;
}

unsigned int cell_nr_params(void)
{
	return NR_PARAMS - PARAM_FIRST_OF_CELL;
}

const char *cell_param_name(unsigned int i)
{
	return parameter_column(&parameters[PARAM_FIRST_OF_CELL + i]);
}

int cell_param_find(const char *column)
{
	for (unsigned int i = 0; i < cell_nr_params(); i++)
		if (!strcmp(cell_param_name(i), column))
			return (int)i;
	return -1;
}

int cell_param_text(const struct cell *cell, unsigned int i, char *buf, size_t size)
{
	const struct parameter *p = &parameters[PARAM_FIRST_OF_CELL + i];

	return p->type->print(p, cell, buf, size);
}
