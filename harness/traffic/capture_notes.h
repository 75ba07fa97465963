/* SPDX-License-Identifier: MIT */
/*
 * Oddities of a capture that can change a figure: clocks that jump, length fields
 * that are wrong or 0, packets that were cut off.  They are counted while a capture
 * is read (capture_next()) and printed with the results.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_CAPTURE_NOTES_H
#define CTBENCH_HARNESS_TRAFFIC_CAPTURE_NOTES_H

#include <stddef.h>
#include <stdint.h>

enum capture_note {
	/* times */
	CAPTURE_BACK,	 /* earlier than the packet before */
	CAPTURE_MENDED,	 /* the clock jumped: it advances by gaps from there (capture_clock.h) */
	CAPTURE_NO_TIME, /* 0 although others have times, or a kind of block without one */
	CAPTURE_SILENCE, /* an hour or more after the packet before */
	CAPTURE_NANO,	 /* a million microseconds or more: they are nanoseconds */
	CAPTURE_MICRO,	 /* all of a nanosecond file's have less than a million ns */
	/* lengths; see ip_length.h */
	CAPTURE_OFFLOAD,
	CAPTURE_ZERO_IPV6,
	CAPTURE_ZERO,
	CAPTURE_BEYOND,
	CAPTURE_BROKEN,
	CAPTURE_CUT_IP,
	CAPTURE_CUT_TRANSPORT, /* the transport header is incomplete in the file */
	CAPTURE_CUT_LINK,
	CAPTURE_WIRE, /* captured longer than it was on the wire */
	/* links */
	CAPTURE_LINK, /* of an interface whose link type has no decoder */
	CAPTURE_NOTES,
};

struct capture_notes {
	uint64_t packets, ip; /* read, and IP among them */
	struct {
		uint64_t nr;	/* packets of which it is true */
		uint64_t first; /* the first one's number */
		uint64_t most;	/* the largest step, where that matters; ns */
	} of[CAPTURE_NOTES];
};

/* Packet number index has this oddity, with a step of ns (0 if none). */
void capture_notes_add(struct capture_notes *n, enum capture_note what, uint64_t index,
		       uint64_t ns);

/*
 * Writes the next sentence about the capture to buf, without a newline.  *at: 0 at
 * first, kept by the caller.  NULL after the last one; a good capture has none.
 */
const char *
capture_notes_text(const struct capture_notes *n, unsigned int *at, char *buf, size_t size);

#endif
