/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON that may have been edited: a value that is missing, or has another type, reads
 * as nothing.  Any thread; object may be NULL.
 */
#ifndef CTBENCH_HARNESS_BASE_JSON_READ_H
#define CTBENCH_HARNESS_BASE_JSON_READ_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* "" if there is no such text.  Belongs to object. */
static inline const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* NAN if there is no such number. */
static inline double number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The same of an array. */
static inline double number_at(const json_t *array, size_t i)
{
	const json_t *value = json_array_get(array, i);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* Does the list contain that text? */
static inline bool list_has(const json_t *list, const char *text)
{
	const json_t *value;
	size_t i;

	json_array_foreach(list, i, value) {
		const char *one = json_string_value(value);

		if (one && !strcmp(one, text))
			return true;
	}
	return false;
}

/* The value two keys deep; NULL if it is missing.  Belongs to object. */
static inline json_t *within(const json_t *object, const char *outer, const char *key)
{
	return json_object_get(json_object_get(object, outer), key);
}

#endif
