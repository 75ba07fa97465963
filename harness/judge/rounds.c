/* SPDX-License-Identifier: MIT */
/* Effects within rounds of slices; see judge.h. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/judge/judge.h"

/* The slices of a cell's repeat: {session, round, ns, ...}; NULL if there are none. */
static const json_t *slices_of(const json_t *cell, size_t repeat)
{
	json_t *list = json_object_get(cell, "slices"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if ((size_t)json_integer_value(json_object_get(one, "repeat")) == repeat)
			return one;
	return NULL;
}

static bool side_by_side(const json_t *a, const json_t *b)
{
	const json_t *session = json_object_get(a, "session");

	return json_is_integer(session) && json_equal(session, json_object_get(b, "session"));
}

long long judge_first_session(const json_t *cell)
{
	const json_t *first = json_array_get(json_object_get(cell, "slices"), 0);

	return json_integer_value(json_object_get(first, "session"));
}

/* A slice without a distance has one thread. */
static bool apart(const json_t *slices, size_t at, double from, double to)
{
	double ns = number_at(json_object_get(slices, "distance_ns"), at);

	return !(ns < from) && !(ns > to);
}

bool judge_within_rounds(const json_t *base, const json_t *other, const char *metric, size_t repeat,
			 double from, double to, double *effect)
{
	const json_t *a = slices_of(base, repeat), *b = slices_of(other, repeat);
	double sign = !strcmp(metric, "mops") ? -1 : 1, *values;
	size_t na, nb, n = 0;

	if ((strcmp(metric, "mops") && strcmp(metric, "ns_per_op")) || !side_by_side(a, b))
		return false;
	na = json_array_size(json_object_get(a, "round"));
	nb = json_array_size(json_object_get(b, "round"));
	values = memory_array(na + 1, sizeof(*values));
	/* Both lists are sorted by round; a refused slice's round is missing. */
	for (size_t i = 0, k = 0; i < na && k < nb;) {
		double ra = number_at(json_object_get(a, "round"), i);
		double rb = number_at(json_object_get(b, "round"), k);
		double x = number_at(json_object_get(a, "ns"), i);
		double y = number_at(json_object_get(b, "ns"), k);

		if (ra == rb && x > 0 && y > 0 && apart(a, i, from, to) && apart(b, k, from, to))
			values[n++] = sign * log(y / x);
		i += ra <= rb;
		k += rb <= ra;
	}
	if (n)
		*effect = stats_trimmed_mean(values, n);
	free(values);
	return n > 0;
}
