/* SPDX-License-Identifier: MIT */
/*
 * The table of parameters for programs: as a list, and as a JSON Schema of workload files, which
 * editors use to complete and check them.
 */
#include "harness/workload/internal.h"

#include <jansson.h>
#include <string.h>

static json_t *maybe_text(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *workload_parameters_json(void)
{
	static const char *const uses[] = {
		[USE_LIST] = "list", [USE_ONCE] = "once", [USE_FILE] = "file"
	};
	json_t *list = json_array();

	for (int i = 0; i < NR_PARAMS; i++) {
		const struct parameter *p = &parameters[i];
		char allowed[ALLOWED_MAX];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "name", p->name, "column",
					parameter_column(p), "use", uses[p->use], "default",
					maybe_text(p->fallback), "meaning", p->meaning, "allowed",
					parameter_allowed(p, allowed)));
	}
	return list;
}

/* ---- the schema ---- */

static json_t *words_schema(const struct parameter *p)
{
	json_t *words = json_array();

	for (size_t i = 0; p->words && p->words[i].word; i++)
		json_array_append_new(words, json_string(p->words[i].word));
	for (size_t i = 0; p->type == &type_plots && i < NR_PLOT_KINDS; i++)
		json_array_append_new(words, json_string(plot_kinds[i].name));
	return json_pack("{s:o}", "enum", words);
}

/* A value as text: all that the type's and the row's patterns allow. */
static json_t *text_schema(const struct parameter *p)
{
	const char *of_type = p->type->pattern, *of_row = p->pattern;
	char pattern[256];

	/* YAML reads `null` and `0` as no text. */
	if (!of_type && !of_row)
		return json_pack("{s:[s,s,s]}", "type", "string", "number", "null");
	snprintf(pattern, sizeof(pattern), "^(%s%s%s%s)$", p->none ? "none|" : "",
		 of_type ? of_type : "", of_type && of_row ? "|" : "", of_row ? of_row : "");
	/* A list of one CPU is a number to YAML. */
	return p->type == &type_pinning
		       ? json_pack("{s:[s,s], s:s}", "type", "string", "integer", "pattern",
				   pattern)
		       : json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *number_schema(const struct parameter *p)
{
	bool count = p->type->json == JSON_COUNT;
	json_t *number = json_pack("{s:s}", "type", count ? "integer" : "number");
	json_t *text = text_schema(p);

	json_object_set_new(number, "minimum",
			    count ? json_integer((json_int_t)p->min) : json_real(p->min));
	json_object_set_new(number, "maximum",
			    count ? json_integer((json_int_t)p->max) : json_real(p->max));
	return json_pack("{s:[o,o]}", "anyOf", number, text);
}

static json_t *value_schema(const struct parameter *p)
{
	if (p->words || p->type == &type_plots)
		return words_schema(p);
	if (p->type->json == JSON_SWITCH)
		return json_pack("{s:s}", "type", "boolean");
	/* A time is a number with a unit, so it is text. */
	if (p->type->json == JSON_COUNT ||
	    (p->type->json == JSON_NUMBER && p->type != &type_seconds))
		return number_schema(p);
	return text_schema(p);
}

static json_t *parameter_schema(const struct parameter *p)
{
	char allowed[ALLOWED_MAX], text[ALLOWED_MAX + 128];
	json_t *value = value_schema(p), *schema;
	bool list = p->use == USE_LIST || p->type == &type_plots || p->type == &type_list;

	snprintf(text, sizeof(text), "%s: %s", p->meaning, parameter_allowed(p, allowed));
	schema = list ? json_pack("{s:[O, {s:s, s:O, s:i}]}", "anyOf", value, "type", "array",
				  "items", value, "minItems", 1)
		      : json_incref(value);
	json_decref(value);
	json_object_set_new(schema, "description", json_string(text));
	if (p->fallback)
		json_object_set_new(schema, "default", json_string(p->fallback));
	return schema;
}

json_t *workload_schema(void)
{
	json_t *properties = json_object();

	for (int i = 0; i < NR_PARAMS; i++)
		json_object_set_new(properties, parameters[i].name,
				    parameter_schema(&parameters[i]));
	return json_pack("{s:s, s:s, s:s, s:[s], s:o, s:b}", "$schema",
			 "https://json-schema.org/draft/2020-12/schema", "title",
			 "ctbench workload file", "type", "object", "required", "question",
			 "properties", properties, "additionalProperties", 0);
}
