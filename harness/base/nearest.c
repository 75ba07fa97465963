/* SPDX-License-Identifier: MIT */
/*
 * The distance of two words is the number of typing errors between them: the optimal string
 * alignment distance (Damerau 1964, Wagner and Fischer 1974).
 */
#include "harness/base/nearest.h"

#include <string.h>

#define NEAREST_MAX 96 /* of longer words only the beginning is compared */
#define NOT_NEAR    1000u

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int slips(const char *a, const char *b)
{
	unsigned int row[3][NEAREST_MAX + 1];
	size_t na = strnlen(a, NEAREST_MAX), nb = strnlen(b, NEAREST_MAX);

	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned int *now = row[i % 3], *before = row[(i - 1) % 3];
		const unsigned int *earlier = row[(i + 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= nb; j++) {
			now[j] = least(before[j - 1] + (a[i - 1] != b[j - 1]),
				       least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return row[na % 3][nb];
}

static unsigned int distance(const char *word, const char *name)
{
	size_t nw = strlen(word), nn = strlen(name);
	unsigned int d;

	if (!nw)
		return NOT_NEAR;
	if (!strncmp(word, name, nw))
		return 0;
	d = slips(word, name);
	/* Errors allowed: one in a short word, one per three letters in a long one. */
	if (d <= 1 + (nw < nn ? nw : nn) / 3)
		return d;
	/* People remember a part of a long name. */
	if (nw >= 4 && strstr(name, word))
		return (unsigned int)nn;
	return NOT_NEAR;
}

size_t
nearest_names(const char *word, const char *const *names, size_t nr, const char **out, size_t max)
{
	size_t found = 0;

	for (unsigned int last = 0; found < max && last < NOT_NEAR;) {
		unsigned int next = NOT_NEAR;

		/* Take all at this distance, and find the next distance. */
		for (size_t i = 0; i < nr; i++) {
			unsigned int d = distance(word, names[i]);

			if (d == last && found < max)
				out[found++] = names[i];
			else if (d > last)
				next = least(next, d);
		}
		last = next;
	}
	return found;
}

const char *nearest_name(const char *word, const char *const *names, size_t nr)
{
	const char *name;

	return nearest_names(word, names, nr, &name, 1) ? name : NULL;
}
