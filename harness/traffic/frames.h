/* SPDX-License-Identifier: MIT */
/*
 * Packets prepared for the measured loop, in the order in which they will be
 * sent.  Their headers are adjacent in memory, so reading them costs as much as
 * reading from a network card's ring, and not a random access each.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_FRAMES_H
#define CTBENCH_HARNESS_TRAFFIC_FRAMES_H

#include "harness/traffic/capture.h"
#include "harness/workload/cell.h"
#include "harness/base/error.h"
#include "variants/work.h"

/* Bytes that one synthetic packet takes: IPv6 and TCP headers fit. */
#define FRAME_BYTES 64

struct frame_set {
	struct ct_frame *frames;
	size_t nr;
	uint8_t *data;
	size_t bytes; /* of both, for accounting */
	/*
	 * With a capture: the time of each packet, in ns since the first one, on a clock that never
 * steps back (capture_clock.h), copies one after another; and the time and the number of
 * packets of all copies, over all workers.
	 */
	uint64_t *time_ns;
	uint64_t whole_ns, whole_nr;
};

/*
 * Room for that many packets, and for their headers one after another.  On huge pages, as a
 * network card's buffers are, even if the table's pages are small: so a difference between kinds of
 * pages comes from the table.  False without memory.
 */
bool frame_set_alloc(struct frame_set *set, size_t nr, size_t data_bytes);
void frame_set_free(struct frame_set *set); /* a zeroed one is accepted */

/* TCP flags of a synthetic packet; ignored for UDP. */
enum frame_tcp {
	FRAME_SYN = 0x02,
	FRAME_SYN_ACK = 0x12,
	FRAME_ACK = 0x10,
};

/*
 * Writes a packet with that tuple (TCP or UDP, IPv4 or IPv6, no payload) into
 * data[FRAME_BYTES].  All packets of a connection have the same sequence numbers,
 * so a SYN, a SYN-ACK and any number of ACKs establish it and keep it
 * established.  from_opener: the direction of the side that opened it.
 */
void frame_make(struct ct_frame *frame, uint8_t *data, const struct nf_conntrack_tuple *t,
		enum frame_tcp flags, bool from_opener);

/*
 * The IP packets of a capture for one of `threads` workers, in several copies.
 * Copy k has k mixed into the second and third octet of IPv4 addresses and the
 * matching part of IPv6 ones, also inside the packets that ICMP errors quote, so
 * that each copy has its own connections.  split: a worker gets both
 * directions of its flows (flow), one direction of its flows and the other one of
 * its neighbour's (direction), or every threads-th packet (round_robin, any).  Each packet is cut
 * to the length that IP says, and those that a router drops before any hook are left out
 * (ip_length.h).  0 or -ENOMEM.
 */
int frames_from_capture(struct frame_set *set, const struct capture_set *capture, uint32_t copies,
			enum split_policy split, unsigned int thread, unsigned int threads,
			struct ct_error *e);

#endif
