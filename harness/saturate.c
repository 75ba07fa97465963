/* SPDX-License-Identifier: MIT */
#include "harness/saturate.h"

#include <math.h>

void saturate_begin(struct saturate *s, uint64_t from, uint64_t to, double precision)
{
	*s = (struct saturate){ .from = from, .to = to, .precision = precision };
}

/* So that rates have names people can read, and a search that is gone on with meets the same. */
static uint64_t three_digits(double rate)
{
	double unit = pow(10, floor(log10(rate)) - 2);

	return unit > 1 ? (uint64_t)(round(rate / unit) * unit) : (uint64_t)round(rate);
}

uint64_t saturate_next(struct saturate *s)
{
	uint64_t middle;

	if (s->done)
		return 0;
	if (!s->low && !s->high)
		return s->from;
	if (!s->low)		/* not even the lowest */
		return 0;
	if (!s->high)
		return s->low == s->to ? 0 : s->to;
	middle = three_digits(sqrt((double)s->low * (double)s->high));
	if ((double)s->high <= (double)s->low * (1 + s->precision) || middle <= s->low ||
	    middle >= s->high) {
		s->done = true;
		return 0;
	}
	return middle;
}

void saturate_tell(struct saturate *s, uint64_t rate, bool kept)
{
	if (kept && rate > s->low)
		s->low = rate;
	if (!kept && (!s->high || rate < s->high))
		s->high = rate;
}

uint64_t saturate_found(const struct saturate *s, bool *at_least)
{
	*at_least = s->low && !s->high;
	/* The truth is between the two: their geometric middle. */
	return s->low && s->high ? three_digits(sqrt((double)s->low * (double)s->high)) : s->low;
}
