/* SPDX-License-Identifier: MIT */
/*
 * The clock of a replay, and what happens as time passes: the gc worker's runs,
 * and the timers of fragments and expectations.  It is never real time, so that
 * a replay is the same every time.  For replay.c and replay_packet.c; by the
 * thread that created the replay, outside read-side sections.
 */
#ifndef CTBENCH_HARNESS_REPLAY_CLOCK_H
#define CTBENCH_HARNESS_REPLAY_CLOCK_H

#include "harness/replay/replay.h"

/* Sets the clock of a new table to its start. */
void replay_clock_start(struct replay *r);

/* Advances the clock to the packet's time on the clock that never steps back. */
void replay_clock_follow(struct replay *r, const struct capture_packet *p);

/* Releases what replay_look_ahead() found for packets that were not replayed. */
void replay_forget_ahead(struct replay *r);

#endif
