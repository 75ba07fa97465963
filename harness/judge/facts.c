/* SPDX-License-Identifier: MIT */
/* Differences between the environments of two runs: see facts.h. */
#include "harness/judge/facts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"

/* path: of the object that holds the key */
static bool is_passing(const char *path, const char *key)
{
	static const char *const passing[] = {
		"memory_available_bytes",
		"swap_free_bytes",
		"free",
		"load",
		"running",
		"busy_cpus",
		"ticks_per_second",
		"stolen_share_of_busy_time",
		"power",
		"warnings",
	};

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (!strcmp(key, passing[i]))
			return true;
	/* A node's memory, unlike the machine's, changes as the kernel learns about it. */
	return !strncmp(path, "topology.nodes[", strlen("topology.nodes[")) &&
	       !strcmp(key, "memory_bytes");
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
	size_t i;

	if (json_equal((json_t *)a, (json_t *)b) || (!a && !b))
		return;
	if (json_is_array(a) && json_array_size(a) == json_array_size(b)) {
		json_array_foreach((json_t *)a, i, value) {
			snprintf(name, sizeof(name), "%s[%zu]", path, i);
			collect(list, name, value, json_array_get(b, i));
		}
		return;
	}
	if (!json_is_object(a) || !json_is_object(b)) {
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "what", path, "a",
						      value_text(a), "b", value_text(b)));
		return;
	}
	json_object_foreach((json_t *)a, key, value) {
		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "", key);
		if (!is_passing(path, key))
			collect(list, name, value, json_object_get(b, key));
	}
	json_object_foreach((json_t *)b, key, value) {
		snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "", key);
		if (!is_passing(path, key) && !json_object_get(a, key))
			collect(list, name, NULL, value);
	}
}

json_t *facts_differences(const json_t *a, const json_t *b)
{
	json_t *list = json_array();

	collect(list, "", a, b);
	return list;
}

static const char *const machine_facts[] = { "machine", "topology", "kernel", "virtual",
					     "frequency" };
static const char *const build_facts[] = { "build", "allocator", "libraries" };

static void
collect_facts(json_t *list, const json_t *a, const json_t *b, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		collect(list, names[i], json_object_get(a, names[i]), json_object_get(b, names[i]));
}

json_t *facts_differences_within_run(const json_t *a, const json_t *b, bool build)
{
	json_t *list = json_array();

	collect_facts(list, a, b, machine_facts, ARRAY_SIZE(machine_facts));
	if (build)
		collect_facts(list, a, b, build_facts, ARRAY_SIZE(build_facts));
	return list;
}

json_t *facts_within_run(const json_t *environment)
{
	json_t *facts = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(machine_facts); i++)
		json_object_set(facts, machine_facts[i],
				json_object_get(environment, machine_facts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(build_facts); i++)
		json_object_set(facts, build_facts[i],
				json_object_get(environment, build_facts[i]));
	return facts;
}

/* ---- parameters of cells ---- */

/*
 * Searches for different percentiles or bounds are different questions; the precision and start of
 * a search do not matter.
 */
static const char *asks_otherwise(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "percentile", "bound_ns" };
	const json_t *x = json_object_get(a, "saturation"), *y = json_object_get(b, "saturation");

	for (size_t i = 0; i < ARRAY_SIZE(keys) && x && y; i++)
		if (!json_equal(json_object_get(x, keys[i]), json_object_get(y, keys[i])))
			return keys[i];
	return NULL;
}

/*
 * Runs older than `distance` say split: flow also for synthetic flows, though every thread used all
 * of them.
 */
static const char *split_of(const json_t *parameters)
{
	const char *capture = json_string_value(json_object_get(parameters, "capture"));
	const char *split = json_string_value(json_object_get(parameters, "split"));
	bool old = !json_object_get(parameters, "distance");

	return old && capture && !strcmp(capture, "none") ? "any" : split ? split : "";
}

const char *facts_cells_differ(const json_t *a, const json_t *b)
{
	const json_t *x = json_object_get(a, "parameters"), *y = json_object_get(b, "parameters");
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)x, key, value) {
		const json_t *other = json_object_get(y, key);
		const char *p, *q;

		if (!strcmp(key, "repeats") || !strcmp(key, "seed") || !strcmp(key, "name") ||
		    !strcmp(key, "precision") || !strcmp(key, "budget") ||
		    !strncmp(key, "detect", 6))
			continue;
		/* A key that one version lacks has its default there. */
		if (!other || (json_equal(value, other) && strcmp(key, "split")))
			continue;
		p = json_is_string(value) ? strrchr(json_string_value(value), '/') : NULL;
		q = json_is_string(other) ? strrchr(json_string_value(other), '/') : NULL;
		if (!strcmp(key, "capture") && p && q && !strcmp(p, q))
			continue;
		if (!strcmp(key, "split") && !strcmp(split_of(x), split_of(y)))
			continue;
		return key;
	}
	return asks_otherwise(a, b);
}
