/* SPDX-License-Identifier: MIT */
/*
 * Replay: passes the packets of a capture, one by one, through a new namespace, as if a
 * router forwarded them between two devices, and reports the fate of each.
 *
 *	capture -> replay_receive() -> PRE_ROUTING -> (held) -> FORWARD -> POST_ROUTING
 *
 * Time is the capture's: before each packet the core's clock is set to its time of
 * capture, and as time passes the gc worker removes expired entries.  One thread only: the
 * one that created the replay.
 */
#ifndef CTBENCH_HARNESS_REPLAY_REPLAY_H
#define CTBENCH_HARNESS_REPLAY_REPLAY_H

#include <jansson.h>
#include <stdio.h>

#include "core/conntrack.h"
#include "core/nf_conntrack_look.h"
#include "harness/traffic/capture.h"
#include "harness/base/error.h"
#include "harness/replay/scenario.h"
#include "variants/variant.h"

#define REPLAY_VARIANT "nulls_rcu_jhash2_scale_seqcount"
#define REPLAY_BUCKETS 262144 /* as the kernel chooses above 4 GB of memory */
#define REPLAY_MAX     262144 /* nf_conntrack_max, likewise */

struct replay_options {
	const struct ct_variant *variant;
	uint64_t buckets;
	bool frozen;	/* the clock does not advance, except in a scenario's real gaps */
	bool router;	/* check packets as a router does: addresses and TTL */
	bool checksums; /* verify them; in captures they are often wrong */
	bool numbers;	/* number the connections, for replay_number(), and note events */
	/*
	 * Look up the connections of this many packets together, at most CT_BURST, before the first
	 * of them passes; 0: one by one.  The results are the same.
	 */
	unsigned int burst;
};

enum replay_verdict {
	REPLAY_ACCEPT,
	REPLAY_DROP,	     /* by nf_conntrack_in */
	REPLAY_DROP_CONFIRM, /* after PRE_ROUTING: by confirm, or not forwarded */
	REPLAY_STOLEN,	     /* kept by a hook: a fragment */
	REPLAY_HELD,	     /* by the scenario */
	REPLAY_UNSEEN,	     /* its header is broken: no hook sees it */
	REPLAY_NOT_IP,
	REPLAY_VERDICTS,
};

/* Conntrack's state of a packet. */
enum replay_state {
	REPLAY_NO_STATE, /* it did not reach conntrack: dropped, stolen, unseen */
	REPLAY_INVALID,
	REPLAY_UNTRACKED,
	REPLAY_TRACKED, /* ctinfo has the details */
};

struct replay_result {
	uint64_t i; /* which packet */
	enum replay_verdict verdict;
	bool released;		 /* the result is about a held packet that was released */
	int protocol;		 /* IPPROTO_*, -1: no transport header */
	enum replay_state state; /* after PRE_ROUTING */
	enum ip_conntrack_info ctinfo;
	uint32_t number, number_after; /* of the connection then, and after POST_ROUTING; 0: none */
	uint32_t status_in, status;    /* its status bits then, and after POST_ROUTING */
	bool made;		       /* a connection was put into the table */
	bool killed;		       /* the packet ended its connection */
	struct nf_conn *ct;	       /* at the end; NULL: none.  Until replay_finish() */
	struct sk_buff skb;
};

struct replay {
	struct replay_options options;
	const struct scenario *scenario; /* NULL: none */
	struct ct_core *core;
	struct net *net;
	uint32_t nr_templates; /* templates count as connections in the core, but are none */
	struct nf_conn *templates[SCENARIO_ZONES];
	struct nf_hook_ops marks[2]; /* zones and notrack, at the raw priority */
	bool marks_on;
	struct nf_ct_event_notifier notifier;
	/* What ctnetlink would have sent about the last packet or action; the first few. */
	enum replay_event { REPLAY_EV_NEW, REPLAY_EV_UPDATE, REPLAY_EV_DESTROY } events[64];
	size_t nr_events;
	int number_ext; /* extension id of the connections' numbers */
	uint32_t last_number;

	struct nf_hook_watch *watch; /* is called around each hook; NULL: none */

	bool started;
	uint64_t last_ns;    /* captured time of the last packet */
	uint64_t elapsed;    /* ticks since the first packet */
	uint64_t timers_ran; /* elapsed when timers last ran */
	uint64_t gc_due;     /* elapsed when the gc worker runs next */
	uint64_t expired;    /* connections that the gc ended */
	uint64_t refused;    /* packets dropped because there was no memory for a connection */

	struct capture_notes notes; /* of the whole capture, after it was read */

	struct replay_ahead {
		uint64_t i;
		struct nf_conntrack_tuple_hash *found; /* with a reference; NULL: taken */
	} ahead[CT_BURST];
	unsigned int nr_ahead;

	struct replay_held {
		uint64_t i;
		struct sk_buff skb;
	} * held;
	size_t nr_held;
};

/*
 * Creates a table and a namespace in it with the kernel's settings, then those of the
 * scenario (may be NULL; must stay valid).  0 or a negative errno with *e set.
 */
int replay_create(struct replay **out, const struct replay_options *options,
		  const struct scenario *scenario, struct ct_error *e);
/* NULL is accepted. */
void replay_destroy(struct replay *r);

/* Changes a setting by the kernel's name; for an unknown name *e suggests the nearest one. */
int replay_set(struct replay *r, const char *name, uint64_t value, struct ct_error *e);

/* With options.burst: looks up the next nr packets, at most options.burst.  Their bytes must stay
 * valid. */
void replay_look_ahead(struct replay *r, const struct capture_packet *p, unsigned int nr);
/* Passes one packet through all hooks.  p's bytes must stay valid while the packet is held. */
void replay_packet(struct replay *r, const struct capture_packet *p, struct replay_result *res);
/* Releases a held packet; false if packet i is not held. */
bool replay_release(struct replay *r, uint64_t i, struct replay_result *res);
/* Release the packet's connection, once the result was read. */
void replay_finish(struct replay *r, struct replay_result *res);
/* Deletes all connections in the table. */
void replay_flush(struct replay *r);
/* After the last packet: remove expired entries from the table. */
void replay_end(struct replay *r);

/*
 * The checks of a router before the first hook (the kernel's ip_rcv and ip6_rcv).  False if it
 * would drop the packet for a broken IP header; else skb is the packet, trimmed to its IP length.
 */
bool replay_receive(const struct capture_packet *p, const struct replay_options *options,
		    struct sk_buff *skb);
/*
 * Where a router sends a packet: it drops it because of its TTL, IPv4 options or
 * addresses; it delivers broadcasts of the link to itself; it forwards all others.
 */
enum replay_route { REPLAY_LOST, REPLAY_LOCAL, REPLAY_FORWARD };
enum replay_route replay_route(const struct sk_buff *skb);
/* Does the kernel's trace, which the oracle reads, show that packet? */
bool replay_traced(const struct sk_buff *skb);
/*
 * The destination port that a rule after conntrack sees, and its protocol in *protonum; -1: none.
 */
int replay_rule_port(const struct sk_buff *skb, uint8_t *protonum);
/* The oracle looks up entries by tuple and zone: would it find this one? */
bool replay_found(const struct replay *r, struct nf_conn *ct);
/* The oracle recognises fragments by reading the packet: would it recognise this one? */
bool replay_known_fragment(const struct capture_packet *p);

/* The connection's number, from 1 in order of appearance; needs options.numbers. */
uint32_t replay_number(const struct replay *r, const struct nf_conn *ct);
/* The number of connections, without templates. */
uint32_t replay_connections(const struct replay *r);

/* The counters of a replay, and printing them. */
enum { REPLAY_COLUMNS = 9 };

struct replay_summary {
	uint64_t packets;
	uint64_t by_protocol[256][REPLAY_COLUMNS];
	uint64_t no_transport[REPLAY_COLUMNS];
	uint64_t unseen, not_ip;
	uint64_t made, killed;
	uint32_t peak;
};

void replay_count(struct replay_summary *s, const struct replay *r,
		  const struct replay_result *res);
void replay_print(const struct replay_summary *s, const struct replay *r, const char *name,
		  double seconds, FILE *out);

/* The formats' names of enum ip_conntrack_info ("NEW") and of the status bits ("seen_reply"). */
extern const char *const replay_ctinfo_names[], *const replay_status_names[16];
/* The names of the bits that are set: a new list. */
json_t *replay_status_json(uint32_t status);

/* Lines in the format of the conformance tests; 0 or -ENOMEM, -EIO. */
int replay_json_packet(const struct replay *r, const struct replay_result *res, FILE *out);
int replay_json_action(const struct replay *r, const char *what, FILE *out);
/* The counters and the whole table. */
int replay_json_final(const struct replay *r, FILE *out);

#endif
