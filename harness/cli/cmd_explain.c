/* SPDX-License-Identifier: MIT */
/* ctbench explain: one packet of a capture on its way through conntrack, step by step. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/terminal.h"
#include "harness/base/array.h"
#include "harness/explain/explain.h"
#include "harness/cli/replay_options.h"

/* An earlier fragment. */
struct part {
	uint64_t index;
	struct explain_fragment fragment;
	bool done; /* its datagram was reassembled */
};

struct request {
	struct replay_command replay; /* first: see replay_command_options */
	bool all, json, loose;
	uint64_t n;
	uint64_t seen; /* packets */
	uint64_t last_ns;
	struct explain_fragment now; /* of the current packet */
	struct part *parts;
	size_t nr_parts;
	uint64_t behind; /* the last packet */
	bool told;
	struct explain x;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "FILE", .type = CMD_TEXT, .offset = AT(replay.file), .help = "a capture, as for replay" },
	{ "N", .type = CMD_COUNT, .offset = AT(n),
	  .help = "which packet; the first is 0, as in replay --json" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "all", 'a', CMD_SWITCH, AT(all), NULL, .help = "show every node of long chains" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print the same facts as one JSON "
	  "object" },
	{ "loose", 'l', CMD_SWITCH, AT(loose), NULL,
	  .help = "accept all checksums, and forward whatever the addresses and the TTL: for "
		  "captures from a machine whose network card fills in checksums, and of a host's "
		  "own packets" },
	{ .name = NULL },
};

static const struct cmd_term parts[] = {
	{ "-200  ipv4_conntrack_in             ACCEPT", "a hook, its priority and its verdict" },
	{ "      Begins connection 1; ...", "its effect" },
	{ "      tuple     src=10.0.0.1 dst=...", "the key that is looked up" },
	{ "      hash      0x5b0c3d1e", "its hash" },
	{ "      bucket    91151 = 0x5b0c3d1e * 262144 >> 32", "the bucket of that hash" },
	{ "      chain     empty; nulls marker of ...", "the entries of that bucket" },
	{ "      ctinfo    NEW: the packet made the ...", "the packet's relation to the "
							  "connection, for later hooks" },
	{ NULL, NULL },
};

static const struct cmd_section sections[] = {
	{ "How to read it", NULL, parts },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench explain trace.pcap 0", "how a connection begins" },
	{ "ctbench explain trace.pcap 1 --buckets 4", "an answer, in a crowded bucket" },
	{ "ctbench explain trace.pcap 7 --variant cds_lfht", "another table" },
	{ "ctbench replay --json trace.pcap | jq 'select(.state == \"invalid\") | .i'",
	  "which packets are invalid?" },
	{ "ctbench explain trace.pcap 52", "why is that one invalid?" },
	{ NULL, NULL },
};
/* clang-format on */

/* --- Fragments before it --- */

static int remember_part(struct request *c, uint64_t index)
{
	if (!array_room(c->parts, c->nr_parts))
		return -ENOMEM;
	c->parts[c->nr_parts++] = (struct part){ .index = index, .fragment = c->now };
	return 0;
}

static void forget_parts(struct request *c)
{
	for (size_t i = 0; i < c->nr_parts; i++)
		if (explain_same_datagram(&c->parts[i].fragment, &c->now))
			c->parts[i].done = true;
}

static int name_parts(struct request *c)
{
	struct explain *x = &c->x;

	x->parts = calloc(c->nr_parts + 1, sizeof(*x->parts));
	if (!x->parts)
		return -ENOMEM;
	for (size_t i = 0; i < c->nr_parts; i++)
		if (!c->parts[i].done && explain_same_datagram(&c->parts[i].fragment, &c->now))
			x->parts[x->nr_parts++] = c->parts[i].index;
	return 0;
}

/* --- The run --- */

static int before(void *arg, struct replay *r, const struct capture_packet *p)
{
	struct request *c = arg;
	struct explain_packet *packet = &c->x.packet;

	int err;

	if (!c->seen++) {
		c->last_ns = p->clock_ns;
		err = explain_listen(&c->x, r);
		if (err)
			return err;
	}
	c->behind = p->index;
	explain_fragment(&c->now, p);
	if (p->index == c->n) {
		explain_packet(packet, p);
		packet->since_start_ns = p->clock_ns;
		packet->since_last_ns = p->clock_ns - c->last_ns;
		packet->expired = r->expired; /* took_it() computes the difference */
		c->x.file = c->replay.file;
		c->x.completed_by = -1;
		explain_watch(&c->x, r);
	}
	c->last_ns = p->clock_ns;
	return 0;
}

/* The packet went as far as possible without later packets.  1: its way is complete. */
static int took_it(struct request *c, struct replay *r, struct replay_result *res)
{
	struct explain *x = &c->x;

	explain_unwatch(x);
	if (!res->released) {
		x->packet.expired = r->expired - x->packet.expired;
		x->packet.ticks = nfct_time_stamp(r->core);
		x->packet.dev = res->skb.dev;
		x->number = res->number;
	}
	explain_conclude(x, res);
	c->told = true;
	if (x->verdict == REPLAY_HELD) {
		explain_step(x, EXPLAIN_HELD);
		x->look_ahead = true;
		return 0;
	}
	if (x->verdict == REPLAY_DROP_CONFIRM && !explain_came_to(x, NF_INET_FORWARD) &&
	    !explain_came_to(x, NF_INET_LOCAL_IN))
		explain_step(x, EXPLAIN_LOST);
	if (c->now.family && !res->released && x->verdict == REPLAY_STOLEN) {
		x->look_ahead = true;
		return 0;
	}
	return 1;
}

static int took(void *arg, struct replay *r, struct replay_result *res)
{
	struct request *c = arg;
	const bool whole = c->now.family && !res->released && res->skb.own_data;
	int err;

	if (res->i == c->n) {
		err = whole ? name_parts(c) : 0;
		return err ? err : took_it(c, r, res);
	}
	if (c->told) {
		if (!whole || !explain_same_datagram(&c->x.packet.fragment, &c->now))
			return 0;
		c->x.completed_by = (int64_t)res->i;
		return 1;
	}
	if (whole)
		forget_parts(c);
	else if (c->now.family && res->verdict == REPLAY_STOLEN && !res->released)
		return remember_part(c, res->i);
	return 0;
}

static int releasing(void *arg, struct replay *r, uint64_t i)
{
	struct request *c = arg;

	if (i == c->n && c->told) {
		explain_step(&c->x, EXPLAIN_RELEASED)->packet = c->behind;
		explain_watch(&c->x, r);
	}
	return 0;
}

static int end(void *arg, struct replay *r)
{
	struct request *c = arg;
	bool colour = terminal_colour(STDOUT_FILENO);

	(void)r;
	explain_deafen(&c->x);
	if (!c->told)
		return 0;
	if (c->json)
		return explain_json(&c->x, stdout);
	if (colour)
		terminal_allow_tones();
	return explain_text(&c->x, c->all, colour, stdout);
}

static int explain(void *request, struct ct_error *e)
{
	struct request *c = request;
	const struct replay_visitor v = {
		.before = before,
		.took = took,
		.releasing = releasing,
		.end = end,
		.arg = c,
	};
	int err;

	c->replay.options.numbers = true;
	c->replay.options.router = c->replay.options.checksums = !c->loose;
	err = replay_command_run(&c->replay, &v, e);
	if (err || c->told)
		return err;
	if (!c->seen)
		return ct_user_error(e, "%s has no packets", c->replay.file);
	return ct_user_error(e, "%s has no packet %" PRIu64 ": its packets are 0 to %" PRIu64,
			     c->replay.file, c->n, c->seen - 1);
}

static void end_all(void *request)
{
	struct request *c = request;

	explain_free(&c->x);
	free(c->parts);
	replay_command_free(&c->replay);
}

const struct command command_explain = {
	.name = "explain",
	.summary = "show one packet's way through conntrack, step by step",
	.about =
		"Replays a capture up to packet N and shows that packet's way through conntrack: "
		"every hook in the order of priority, with its verdict; the tuple, its hash, the "
		"table's size and the bucket; the walk along the chain, entry by entry; the "
		"connection that was found or made, and the packet's ctinfo; the protocol's state "
		"and windows, status and timeout, before and after; the result of confirm; events, "
		"and counters that changed.\n\n"
		"The packet is treated as strictly as by replay --json. Each table (--variant) has "
		"its own hash, buckets and chains; few --buckets make long chains.",
	.operands = operands,
	.options = options,
	.more = replay_command_options,
	.sections = sections,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults = &(const struct request){ .replay = REPLAY_COMMAND_DEFAULTS },
	.run = explain,
	.end = end_all,
};
