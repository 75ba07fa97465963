/* SPDX-License-Identifier: MIT */
#include "harness/numbers/quartiles.h"

#include <stdlib.h>

int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double at_share(const double *sorted, size_t n, double share)
{
	double place = share * (double)(n - 1);
	size_t below = (size_t)place;

	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

struct quartiles quartiles_of(double *values, size_t n)
{
	struct quartiles q = { .n = n };

	if (!n)
		return q;
	qsort(values, n, sizeof(*values), by_value);
	q.min = values[0];
	q.q1 = at_share(values, n, 0.25);
	q.median = at_share(values, n, 0.5);
	q.q3 = at_share(values, n, 0.75);
	q.max = values[n - 1];
	return q;
}
