/* SPDX-License-Identifier: MIT */
#include "harness/traffic/capture_clock.h"

#include <string.h>

#define HOUR_NS (UINT64_C(3600) * 1000000000)
#define YEAR_NS (UINT64_C(365) * 24 * HOUR_NS)

/*
 * How far ahead of now time_ns is with that offset.  Negative: it is in the past.
 * Differences of more than 292 years do not matter.
 */
static int64_t ahead_by(const struct capture_clock *c, unsigned int i, uint64_t time_ns)
{
	return (int64_t)(time_ns - c->start[i] - c->now);
}

/*
 * The offset for time_ns: the last one if time_ns then follows within a second or
 * so, else the one with which it follows soonest.  CAPTURE_CLOCKS: none, because
 * it is in the past with all of them.
 */
static unsigned int best(const struct capture_clock *c, uint64_t time_ns)
{
	unsigned int found = CAPTURE_CLOCKS;
	int64_t least = INT64_MAX;

	for (unsigned int i = 0; i < c->nr; i++) {
		int64_t ahead = ahead_by(c, i, time_ns);

		if (ahead < -(int64_t)CAPTURE_CLOCK_DISORDER_NS || ahead >= least)
			continue;
		least = ahead;
		found = i;
		if (!i && ahead <= (int64_t)CAPTURE_CLOCK_DISORDER_NS)
			break;
	}
	return found;
}

/* Move offset i to the front; i == nr: insert a new one there. */
static void use(struct capture_clock *c, unsigned int i, uint64_t start)
{
	if (i == c->nr && c->nr < CAPTURE_CLOCKS)
		c->nr++;
	if (i == CAPTURE_CLOCKS)
		i--;
	memmove(c->start + 1, c->start, i * sizeof(*c->start));
	c->start[0] = start;
}

/* The first packet had time 0, which is now known to mean none: the clock starts here. */
static bool begins_late(const struct capture_clock *c, uint64_t time_ns)
{
	return c->nr == 1 && !c->start[0] && !c->now && time_ns > YEAR_NS;
}

uint64_t capture_clock_at(struct capture_clock *c, uint64_t time_ns, bool alone, bool *mended)
{
	unsigned int i;
	int64_t ahead;

	*mended = false;
	if (capture_clock_lacks(c, time_ns))
		return c->now;
	if (begins_late(c, time_ns)) {
		c->start[0] = time_ns;
		*mended = true;
		return c->now;
	}
	i = alone ? CAPTURE_CLOCKS : best(c, time_ns);
	if (i == CAPTURE_CLOCKS) {
		*mended = c->nr > 0;
		use(c, c->nr, time_ns - c->now);
		return c->now;
	}
	ahead = ahead_by(c, i, time_ns);
	if (ahead > 0 && c->now + (uint64_t)ahead > c->now)
		c->now += (uint64_t)ahead;
	use(c, i, c->start[i]);
	return c->now;
}

bool capture_clock_lacks(const struct capture_clock *c, uint64_t time_ns)
{
	return !time_ns && c->nr && c->start[0];
}

bool capture_clock_leaps(const struct capture_clock *c, uint64_t time_ns, struct capture_leap *leap)
{
	unsigned int i = begins_late(c, time_ns) ? CAPTURE_CLOCKS : best(c, time_ns);
	int64_t ahead = i == CAPTURE_CLOCKS ? 0 : ahead_by(c, i, time_ns);

	if (ahead <= (int64_t)CAPTURE_CLOCK_LEAP_NS)
		return false;
	*leap = (struct capture_leap){
		.from = time_ns - (uint64_t)ahead,
		.size = (uint64_t)ahead,
		.last = time_ns,
	};
	return true;
}

int capture_leap_returns(struct capture_leap *leap, uint64_t time_ns)
{
	int64_t late;

	if (!time_ns)
		return 0;
	/* what the time would be without the leap, if this packet followed without a gap */
	late = (int64_t)(time_ns - leap->from - leap->progress);
	if (time_ns < leap->last && leap->last - time_ns >= leap->size / 2) {
		if (late < -(int64_t)CAPTURE_CLOCK_DISORDER_NS)
			return -1;
		if (late < (int64_t)(leap->size / 2))
			return 1;
		/* it returns from another time */
	} else if (time_ns > leap->last && time_ns - leap->last < HOUR_NS) {
		leap->progress += time_ns - leap->last;
	}
	leap->last = time_ns;
	return 0;
}
