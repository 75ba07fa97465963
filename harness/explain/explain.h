/* SPDX-License-Identifier: MIT */
/*
 * The path of one packet: what each hook read, found and changed.
 *
 *	replay with explain_watch()	watches hooks from outside (core/nf_conntrack_look.h)
 *		-> struct explain	the facts, in order of time
 *		-> explain_facts()	the same facts as JSON
 *		-> explain_json()	which is printed for programs
 *		-> explain_text()	and put into words for people
 *
 * One thread, the replay's.
 */
#ifndef CTBENCH_HARNESS_EXPLAIN_EXPLAIN_H
#define CTBENCH_HARNESS_EXPLAIN_EXPLAIN_H

#include <jansson.h>

#include "core/nf_conntrack_ecache.h"
#include "core/nf_conntrack_look.h"
#include "harness/replay/replay.h"

/* The state of a connection at one moment. */
struct explain_ct {
	bool there;
	uintptr_t address; /* for comparison only */
	uint32_t number, status, use;
	uint32_t timeout; /* ticks left; unconfirmed: ticks from confirm on */
	bool expired;
	struct nf_conntrack_zone zone;
	struct nf_conntrack_tuple tuple[IP_CT_DIR_MAX];
	union nf_conntrack_proto proto;
	char state[24];	    /* the protocol's; "" if it has none */
	const char *helper; /* NULL: none */
	uint32_t master;    /* its number; 0: none */
};

/* A node of a chain. */
struct explain_node {
	uintptr_t address; /* of its connection */
	uint32_t number;   /* its connection's */
	enum ip_conntrack_dir dir;
	enum ct_look look;
	bool beyond; /* behind the match: not examined */
	struct nf_conntrack_tuple tuple;
	uint16_t zone_id, net_id;
	int32_t left; /* ticks; negative: expired since */
};

enum explain_purpose {
	EXPLAIN_LOOKUP,	      /* of a packet's tuple */
	EXPLAIN_LOOKUP_AGAIN, /* the same under the other direction's zone */
	EXPLAIN_QUOTED,	      /* of the answer to the packet that an ICMP error quotes */
	EXPLAIN_CONFIRM,      /* before insertion: the ORIGINAL tuple, then the REPLY tuple */
};

struct explain_walk {
	enum explain_purpose purpose;
	enum ip_conntrack_dir dir; /* of EXPLAIN_CONFIRM */
	struct nf_conntrack_tuple tuple;
	uint32_t zone_id;  /* the zone of the lookup */
	bool zone_in_hash; /* the hash includes the zone */
	struct ct_walk told;
	struct explain_node *nodes;
	size_t nr;
	int match;	 /* index, -1: none */
	int inserted_at; /* EXPLAIN_CONFIRM: index of our node after insertion, -1: none */
	size_t nr_after; /* number of nodes after insertion */
};

/* An event sent to a subscriber. */
struct explain_event {
	bool expectation;    /* about an expectation, not a connection */
	uint32_t number;     /* of the connection; for an expectation, of its master */
	unsigned int events; /* 1 << IPCT_*, IPEXP_* */
};

#define EXPLAIN_WALKS	2
#define EXPLAIN_REASONS 4
#define EXPLAIN_EVENTS	8

enum explain_kind {
	EXPLAIN_DEFRAG,
	EXPLAIN_MARK,
	EXPLAIN_IN,
	EXPLAIN_HELP,
	EXPLAIN_CONFIRMS,
	EXPLAIN_OTHER,
};

/* A call of a hook. */
struct explain_hook {
	enum explain_kind kind;
	char name[32];
	int priority;
	unsigned int verdict;
	uintptr_t nfct_before, nfct_after;
	struct explain_ct before, after;      /* the packet's connection */
	struct explain_ct found, found_after; /* EXPLAIN_IN: the entry that the lookup finds */
	struct nf_ct_stat_sum counters;	      /* the change of each counter */
	char reasons[EXPLAIN_REASONS][256];
	unsigned int nr_reasons;
	struct explain_event events[EXPLAIN_EVENTS];
	unsigned int nr_events;

	/* EXPLAIN_IN: */
	bool skipped;		       /* seen before, or untracked: conntrack ignores it */
	struct nf_conntrack_zone zone; /* of the packet's template, or the default */
	int protonum;		       /* -1: no transport header */
	bool has_tuple, has_answer, quoting;
	struct nf_conntrack_tuple tuple, quoted;
	struct explain_walk walks[EXPLAIN_WALKS];
	unsigned int nr_walks;
	uint32_t count, max;			  /* connections before, and nf_conntrack_max */
	uint32_t expected_before, expected_after; /* pending expectations */

	/* EXPLAIN_DEFRAG: */
	uint64_t kept_before, kept_after; /* bytes of fragments */
	bool whole;			  /* the packet was reassembled from fragments */
};

/* What happens, in order. */
enum explain_what {
	EXPLAIN_PLACE, /* the packet reaches a hook point, such as PRE_ROUTING */
	EXPLAIN_HOOK,
	EXPLAIN_HELPER,	  /* the scenario's rule gives the connection a helper */
	EXPLAIN_HELD,	  /* the scenario holds the packet */
	EXPLAIN_RELEASED, /* and releases it */
	EXPLAIN_LOST,	  /* the router does not forward it */
};

struct explain_step {
	enum explain_what what;
	struct nf_hook_state state; /* of PLACE and HOOK */
	unsigned int hooks;	    /* of PLACE */
	struct explain_hook *hook;
	uint64_t packet; /* of RELEASED: the packet after which it is released */
	char helper[32];
};

/* The fields that decide which fragments belong together. */
struct explain_fragment {
	uint8_t family; /* 4 or 6; 0: none */
	uint8_t protonum;
	uint8_t addr[32];
	uint32_t id;
	uint32_t offset, len;
	bool more;
};

struct explain_packet {
	uint64_t index, time_ns, since_start_ns, since_last_ns;
	uint32_t len, headlen;
	uint16_t l3proto, dev, vlan;
	uint64_t expired; /* entries that the gc removed just before */
	uint32_t ticks;	  /* the core's clock */
	struct explain_fragment fragment;
	bool has_ip;
	int protonum;	   /* -1: no transport header */
	bool whole_header; /* the header of the protocols below is complete */
	char src[64], dst[64];
	int sport, dport; /* -1: the protocol has none */
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id;
	struct {
		uint32_t seq, ack, end;
		uint16_t win;
		uint8_t flags;
		uint32_t data; /* bytes */
		bool sack;     /* carries SACK blocks */
	} tcp;
};

struct explain {
	const char *file;
	struct replay *replay;
	struct explain_packet packet;
	struct explain_step *steps;
	size_t nr;
	bool failed; /* no memory for some of the facts */
	enum replay_verdict verdict;
	enum replay_state state;
	enum ip_conntrack_info ctinfo;
	uint32_t number;

	/* A reassembled packet: its fragments.  A fragment: the packet that completes it. */
	uint64_t *parts;
	size_t nr_parts;
	int64_t completed_by; /* -1: none */
	bool look_ahead;      /* completed_by was searched for */
	bool untold;	      /* replay --json reports another end, as Linux's trace does */

	struct nf_ct_event_notifier notifier;
	struct nf_hook_watch watch;
	struct nf_ct_stat_sum counters; /* before the hook that is running */
	struct explain_hook *running;
	struct explain_ct passed; /* the packet's connection after the last hook */
};

/*
 * Records events of connections.  Call it before the first packet: only connections made from
 * then on send events.  0 or -EBUSY.  Until explain_deafen().
 */
int explain_listen(struct explain *x, struct replay *r);
void explain_deafen(struct explain *x);
/* From here on x records every hook call of the replay. */
void explain_watch(struct explain *x, struct replay *r);
/* Stops recording; the facts stay. */
void explain_unwatch(struct explain *x);
void explain_free(struct explain *x);

/* Adds a step that is not a hook call. */
struct explain_step *explain_step(struct explain *x, enum explain_what what);

/* Did the packet reach that hook point? */
bool explain_came_to(const struct explain *x, unsigned int place);
/* Sets the end from the hooks' verdicts; res is the replay's result. */
void explain_conclude(struct explain *x, const struct replay_result *res);

/* Reads the headers of a packet of the capture. */
void explain_packet(struct explain_packet *to, const struct capture_packet *p);
void explain_fragment(struct explain_fragment *f, const struct capture_packet *p);
bool explain_same_datagram(const struct explain_fragment *a, const struct explain_fragment *b);

/* The facts as a JSON object, which is the caller's; NULL: no memory for some of them. */
json_t *explain_facts(const struct explain *x);
/* Print the facts.  all: do not abbreviate chains.  0 or -EIO, -ENOMEM. */
int explain_text(const struct explain *x, bool all, bool colour, FILE *out);
int explain_json(const struct explain *x, FILE *out);

/* --- Words that text and JSON share --- */

const char *explain_verdict(unsigned int verdict);
const char *explain_place(unsigned int hook);
const char *explain_look(enum ct_look look);
const char *explain_end(const struct explain *x);
/* The name of a protocol number: "tcp", or NULL. */
const char *explain_protocol(int protonum);
/* "SYN ACK" and the like into buf. */
const char *explain_tcp_flags(char *buf, size_t size, uint8_t flags);
const char *explain_tcp_side_flags(char *buf, size_t size, uint8_t flags);
/* "NEW ASSURED" and the like. */
const char *explain_events(char *buf, size_t size, const struct explain_event *event);
/* One sentence: what a hook did. */
const char *
explain_outcome(const struct explain *x, const struct explain_hook *h, char *buf, size_t size);
/* Why the ctinfo is what it is. */
const char *explain_ctinfo_why(const struct explain_hook *h);

#endif
