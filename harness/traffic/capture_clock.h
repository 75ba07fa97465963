/* SPDX-License-Identifier: MIT */
/*
 * Converts the times in a capture to a clock that never runs backwards.
 *
 * Capture times jump: a packet has the time of another machine, files were
 * joined in the wrong order, a clock was set while tcpdump ran.  Each time is
 * therefore read with the offset that fits: the one with which it follows next
 * after the packet before it.  If none of the offsets seen so far fits, a new
 * one starts at the present time, so that time continues by the gaps between
 * packets, as on the wire.
 *
 * A leap ahead may be a real silence.  Only later packets can show that, so the
 * reader of the capture examines the next packets (capture_clock_leaps()): if
 * they return to the time before the leap, the packet had another clock.
 *
 * Thread-safety: one thread at a time per struct capture_clock.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_CAPTURE_CLOCK_H
#define CTBENCH_HARNESS_TRAFFIC_CAPTURE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CAPTURE_CLOCKS 8 /* offsets remembered; a new one replaces the least recently used */

/* Packets may be out of order in a file by this much; the clock then does not advance. */
#define CAPTURE_CLOCK_DISORDER_NS UINT64_C(1000000000)
/* A longer gap is checked against the next packets. */
#define CAPTURE_CLOCK_LEAP_NS UINT64_C(10000000000)
/* At most this many of them. */
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
 * alone: the packets after it were examined, and return to earlier times.
 * *mended: a new offset is used from here on.
 */
uint64_t capture_clock_at(struct capture_clock *c, uint64_t time_ns, bool alone, bool *mended);

/* Is time_ns missing?  It is 0 though others are not; the clock then does not advance. */
bool capture_clock_lacks(const struct capture_clock *c, uint64_t time_ns);

/* A leap ahead, and the times of the packets after it. */
struct capture_leap {
	uint64_t from, size; /* captured time that it starts at, and ns */
	uint64_t last;	     /* captured time of the latest packet seen after it */
	uint64_t progress;   /* from the leap to there */
};

/* Would time_ns be a leap ahead? */
bool capture_clock_leaps(const struct capture_clock *c, uint64_t time_ns,
			 struct capture_leap *leap);

/*
 * Examines the next packet after the leap.  1: it returns to the time that would be without the
 * leap, so the leap was another clock's.  0: undecided, the next packet may decide.  -1: no packet
 * can decide, because time jumps back beyond the leap.
 */
int capture_leap_returns(struct capture_leap *leap, uint64_t time_ns);

#endif
