/* SPDX-License-Identifier: MIT */
/*
 * The work that a worker passes to a variant: one batch of operations or packets.
 *
 * There is one structure per worker, which only that worker writes.  A batch runs
 * without leaving the variant's unit; between batches the worker reads the clock.
 */
#ifndef CTBENCH_VARIANTS_WORK_H
#define CTBENCH_VARIANTS_WORK_H

#include "core/conntrack.h"

struct ct_latency;

/* An IPv4 key as stored in streams, network byte order: 16 bytes instead of 40. */
struct ct_key4 {
	uint32_t saddr, daddr;
	uint16_t sport, dport;
	uint8_t protonum;
	uint8_t pad[3];
};

enum ct_op {
	CT_OP_LOOKUP,
	CT_OP_INSERT,
	CT_OP_DELETE,
};

struct ct_ops_work {
	/* Given: */
	struct net *net;
	/* The keys to look up, in order, in a circle: struct ct_key4 or union ct_tuple_words. */
	const void *keys;
	size_t nr_keys;
	bool compact;	    /* keys are struct ct_key4 */
	bool refcount;	    /* lookups take and drop a reference */
	const uint8_t *ops; /* enum ct_op [nr_ops], in a circle; NULL: lookups only */
	size_t nr_ops;
	/*
	 * Connections that this worker inserts and deletes: a ring of keys as above.
	 * Those from tail up to head are in the table.
	 */
	const void *churn;
	size_t nr_churn;
	uint32_t timeout; /* ticks, of inserted connections */
	size_t batch;	  /* operations per call */

	/* Preserved between batches: */
	size_t key_pos, op_pos, head, tail;

	/* Counters: */
	uint64_t done, lookups, hits, inserts, insert_failed, deletes, delete_failed;
	uint64_t checksum; /* of the results, so that the compiler cannot remove lookups */

	struct ct_latency *latency; /* given, for run_ops_timed() */
	size_t burst;		    /* given, for run_ops_burst(): operations at once */
} __cacheline_aligned;

/* A packet ready to be sent through the hooks. */
struct ct_frame {
	const uint8_t *data; /* network header */
	uint32_t len;	     /* struct sk_buff.len */
	uint32_t headlen;    /* struct sk_buff.headlen */
	uint16_t protocol;   /* ETH_P_IP or ETH_P_IPV6 */
	uint16_t in, out;    /* devices */
	/*
	 * The "CPU" whose connection it belongs to, where threads share none (CT_V_UNSHARED);
	 * 0: the thread that has the frame.  A card finds it by a hash of the packet.
	 */
	uint16_t owner;
};

struct ct_packet_work {
	/* Given: */
	struct net *net;
	const struct ct_frame *frames; /* in order, in a circle */
	size_t nr_frames;
	size_t batch;

	size_t pos; /* preserved */

	uint64_t done, accepted, dropped, kept; /* counters; kept: stolen or queued */
	uint64_t checksum;			/* of conntrack's results: ctinfo and connection */

	struct ct_latency *latency; /* given, for run_packets_timed() */
	size_t burst;		    /* given, for run_packets_burst(): packets at once */
} __cacheline_aligned;

#endif
