/* SPDX-License-Identifier: MIT */
/* What is not the same where two runs were measured: see judge_facts.h. */
#include "harness/judge_facts.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_passing(const char *key)
{
	static const char *const passing[] = {
		"memory_available_bytes",
		"swap_free_bytes",
		"free",
		"load",
		"running",
		"ticks_per_second",
		"stolen_share_of_busy_time",
		"power",
		"warnings",
	};

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (!strcmp(key, passing[i]))
			return true;
	return false;
}

static json_t *value_text(const json_t *value)
{
	char *text;
	json_t *json;

	if (!value || json_is_null(value))
		return json_string("-");
	if (json_is_string(value))
		return json_string(json_string_value(value));
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	json = json_string(text ? text : "");
	free(text);
	return json;
}

static void collect(json_t *list, const char *path, const json_t *a, const json_t *b)
{
	char name[512];
	const char *key;
	json_t *value;

	if (json_equal((json_t *)a, (json_t *)b) || (!a && !b))
		return;
	if (!json_is_object(a) || !json_is_object(b)) {
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "what", path, "a",
						      value_text(a), "b", value_text(b)));
		return;
	}
	json_object_foreach((json_t *)a, key, value) {
		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "", key);
		if (!is_passing(key))
			collect(list, name, value, json_object_get(b, key));
	}
	json_object_foreach((json_t *)b, key, value) {
		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "", key);
		if (!is_passing(key) && !json_object_get(a, key))
			collect(list, name, NULL, value);
	}
}

json_t *facts_differences(const json_t *a, const json_t *b)
{
	json_t *list = json_array();

	collect(list, "", a, b);
	return list;
}
