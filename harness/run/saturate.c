/* SPDX-License-Identifier: MIT */
#include "harness/run/saturate.h"

#include <math.h>

/* Rounded, so that rates are readable and a resumed search tries the same ones. */
static uint64_t three_digits(double rate)
{
	double unit = pow(10, floor(log10(rate)) - 2);

	return unit > 1 ? (uint64_t)(round(rate / unit) * unit) : (uint64_t)round(rate);
}

void saturate_begin(struct saturate *s, uint64_t from, uint64_t to, double precision, double shift)
{
	double down = pow(1 + precision, -shift);

	*s = (struct saturate){ .from = three_digits(down * (double)from),
				.to = three_digits(down * (double)to),
				.precision = precision };
}

/* The lowest rate that was late, or 0. */
static uint64_t high(const struct saturate *s)
{
	return s->nr_late ? s->late[s->nr_late - 1].rate : 0;
}

uint64_t saturate_next(struct saturate *s)
{
	uint64_t middle;

	if (!s->nr_late)
		return !s->low ? s->from : s->low == s->to ? 0 : s->to;
	if (s->low) {
		middle = three_digits(sqrt((double)s->low * (double)high(s)));
		if ((double)high(s) > (double)s->low * (1 + s->precision) && middle > s->low &&
		    middle < high(s))
			return middle;
	}
	return s->late[s->nr_late - 1].tries < SATURATE_TRIES ? high(s) : 0;
}

void saturate_tell(struct saturate *s, uint64_t rate, enum saturate_outcome outcome)
{
	if (outcome == SATURATE_KEPT) {
		if (rate > s->low)
			s->low = rate;
		/* A higher rate just passed, so failures below it were disturbances: discard them.
		 */
		while (s->nr_late && high(s) <= s->low)
			s->nr_late--;
		return;
	}
	if (high(s) != rate && s->nr_late < SATURATE_LATE_MAX)
		s->late[s->nr_late++] = (struct saturate_late){ rate, 0 };
	s->late[s->nr_late - 1].tries += outcome == SATURATE_OUTRUN ? SATURATE_TRIES : 1;
}

uint64_t saturate_found(const struct saturate *s, bool *at_least)
{
	*at_least = s->low && !s->nr_late;
	/* The limit is between the two: return their geometric mean. */
	return s->low && s->nr_late ? three_digits(sqrt((double)s->low * (double)high(s))) : s->low;
}
