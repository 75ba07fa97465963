/* SPDX-License-Identifier: MIT */
/*
 * From the times in a capture to a clock that runs forward.
 *
 * Capture times jump: a packet has the time of another machine, files were
 * joined in the wrong order, a clock was set while tcpdump ran.  Each time is
 * therefore read by the clock it fits: an offset under which it comes next
 * after the packet before it.  Where none of the offsets seen so far fits, a
 * new one begins at the present, so that time goes on by the gaps between
 * packets, as on the wire.
 *
 * A leap ahead may be a real silence.  Only what follows can tell, so
 * the reader of the capture looks at the next packets (capture_clock_leaps()):
 * when they return to the time before the leap, the packet had another clock.
 *
 * Thread-safety: one thread at a time per struct capture_clock.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_CAPTURE_CLOCK_H
#define CTBENCH_HARNESS_TRAFFIC_CAPTURE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CAPTURE_CLOCKS 8 /* offsets remembered; the least recently used one gives way */

/* Packets may overtake each other on the way into a file by so much: time stands still then. */
#define CAPTURE_CLOCK_DISORDER_NS UINT64_C(1000000000)
/* A longer gap is checked against the next packets. */
#define CAPTURE_CLOCK_LEAP_NS UINT64_C(10000000000)
/* So many of them. */
#define CAPTURE_CLOCK_AHEAD 64

struct capture_clock {
	uint64_t now; /* ns since the first packet with a time */
	unsigned int nr;
	uint64_t
		start[CAPTURE_CLOCKS]; /* captured time at now == 0, modulo 2^64; last used first */
};

/*
 * The capture's clock at a packet captured at time_ns, in ns since the first
 * packet; never less than for the packet before.
 *
 * alone: the packets behind it were looked at, and return to earlier times.
 * *mended: time goes on by a new offset from here on.
 */
uint64_t capture_clock_at(struct capture_clock *c, uint64_t time_ns, bool alone, bool *mended);

/* Is time_ns no time?  It is 0 though others are not: the clock stands still. */
bool capture_clock_lacks(const struct capture_clock *c, uint64_t time_ns);

/* A leap ahead, and how time went on behind it. */
struct capture_leap {
	uint64_t from, size; /* captured time that it starts at, and ns */
	uint64_t last;	     /* captured time of the packet behind it that was seen last */
	uint64_t progress;   /* from the leap to there */
};

/* Would time_ns be a leap ahead? */
bool capture_clock_leaps(const struct capture_clock *c, uint64_t time_ns,
			 struct capture_leap *leap);

/*
 * The next packet behind the leap: 1 if it returns to where time would be
 * without the leap, which was therefore another clock's; 0 if the packet behind it may tell;
 * -1 if none can, for time jumps back beyond the leap.
 */
int capture_leap_returns(struct capture_leap *leap, uint64_t time_ns);

#endif
