/* SPDX-License-Identifier: MIT */
#include "harness/numbers/trend.h"

#include "harness/numbers/quartiles.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Without a correction for ties: they make z smaller, which is conservative for a limit. */
static double kendall_z(long s, size_t n)
{
	const double variance = (double)n * (double)(n - 1) * (double)(2 * n + 5) / 18;

	return s ? (double)(s > 0 ? s - 1 : s + 1) / sqrt(variance) : 0;
}

int trend_of(const double *values, size_t n, struct trend *out)
{
	const size_t pairs = n * (n - 1) / 2;
	double *slopes;
	size_t k = 0;
	long s = 0;

	if (n < 8)
		return -EINVAL;
	slopes = malloc((pairs + n) * sizeof(*slopes));
	if (!slopes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			slopes[k++] = (values[j] - values[i]) / (double)(j - i);
			s += (values[j] > values[i]) - (values[j] < values[i]);
		}
	out->slope = quartiles_of(slopes, pairs).median;
	out->z = kendall_z(s, n);
	memcpy(slopes, values, n * sizeof(*slopes));
	out->median = quartiles_of(slopes, n).median;
	free(slopes);
	return 0;
}
