/* SPDX-License-Identifier: MIT */
/* ctbench explain: the way of one packet of a capture, in words and numbers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/terminal.h"
#include "harness/explain/explain.h"
#include "harness/cli/replay_options.h"

enum {
	OPT_ALL = REPLAY_OPTS,
	OPT_JSON,
	OPT_LOOSE,
};

static const struct cmd_option options[] = {
	REPLAY_COMMAND_OPTIONS,
	[OPT_ALL] = { "all", false },
	[OPT_JSON] = { "json", false },
	[OPT_LOOSE] = { "loose", false },
	{ NULL, false },
};

static void print_help(void)
{
	fputs("usage: ctbench explain FILE N [--variant NAME] [--all] [--json] [--set "
	      "NAME=VALUE]...\n"
	      "\n"
	      "Replays a capture up to packet N, counted from 0 as replay --json does, and tells "
	      "that\n"
	      "packet's way through conntrack: every hook in order of priority with its verdict; "
	      "the\n"
	      "tuple, its hash, the table's size and the bucket; the chain as it is walked, entry "
	      "by\n"
	      "entry; what was found or made, and the packet's ctinfo; the protocol's state and "
	      "windows,\n"
	      "status and timeout, before and after; what confirm did; events and counters that "
	      "moved.\n"
	      "\n"
	      "A packet is treated as strictly as replay --json treats it.\n"
	      "\n"
	      "  --all             show every node of long chains\n"
	      "  --json            the same facts as one JSON object\n"
	      "  --loose           take checksums to be right, and forward whatever the addresses "
	      "and\n"
	      "                    the TTL: for captures from where the network card makes "
	      "checksums,\n"
	      "                    and of a host's own packets\n"
	      "  --variant NAME    the table to use (ctbench list shows them): each has its own "
	      "hash,\n"
	      "                    buckets and chains; without: " REPLAY_VARIANT "\n"
	      "  --buckets N       its size; few buckets make long chains to look at\n"
	      "  --set NAME=VALUE, --clock, --scenario FILE\n"
	      "                    as for replay (ctbench replay --help)\n"
	      "\n"
	      "How to read it:\n"
	      "\n"
	      "  -200  ipv4_conntrack_in             ACCEPT     a hook, its priority and its "
	      "verdict\n"
	      "        Begins connection 1; until confirm ...   what came of it\n"
	      "        tuple     src=10.0.0.1 dst=...           the key that is looked up\n"
	      "        hash      0x5b0c3d1e                     of it\n"
	      "        bucket    91151 = 0x5b0c3d1e * 262144 >> 32\n"
	      "        chain     empty; nulls marker of ...     what hangs there\n"
	      "        ctinfo    NEW: the packet made the ...   what hooks behind see in the "
	      "packet\n"
	      "\n"
	      "Examples:\n"
	      "  ctbench explain trace.pcap 0                        how a connection begins\n"
	      "  ctbench explain trace.pcap 1 --buckets 4            an answer, in a crowded "
	      "bucket\n"
	      "  ctbench explain trace.pcap 7 --variant cds_lfht     another table\n"
	      "  ctbench replay --json trace.pcap | jq 'select(.state == \"invalid\") | .i'\n"
	      "  ctbench explain trace.pcap 52                       why is that one invalid?\n",
	      stdout);
}

/* A fragment that came before. */
struct part {
	uint64_t index;
	struct explain_fragment fragment;
	bool done; /* its datagram was put together */
};

struct command {
	struct replay_command replay;
	bool has_n, all, json, loose;
	uint64_t n;
	uint64_t seen; /* packets */
	uint64_t start_ns, last_ns;
	struct explain_fragment now; /* of the packet on its way */
	struct part *parts;
	size_t nr_parts, max_parts;
	uint64_t behind; /* the packet that came last */
	bool told;
	struct explain x;
};

/* --- Arguments --- */

static int parse_operand(struct command *c, const char *value, struct ct_error *e)
{
	if (!c->replay.file) {
		c->replay.file = value;
		return 0;
	}
	if (c->has_n)
		return ct_user_error(
			e, "explain takes one capture and one packet's number; %.80s is more",
			value);
	if (replay_command_number(value, &c->n))
		return ct_user_error(e,
				     "explain: %.80s is no packet's number; they count from 0, as "
				     "in replay --json",
				     value);
	c->has_n = true;
	return 0;
}

static int parse_option(struct command *c, int what, const char *value, struct ct_error *e)
{
	switch (what) {
	case OPT_ALL:
		c->all = true;
		return 0;
	case OPT_JSON:
		c->json = true;
		return 0;
	case OPT_LOOSE:
		c->loose = true;
		return 0;
	case CMD_OPERAND:
		return parse_operand(c, value, e);
	default:
		return replay_command_option(&c->replay, what, value, e);
	}
}

/* 1: help was asked for and given. */
static int parse(struct command *c, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what, err;

	while ((what = cmd_next(&args, options, e)) != CMD_END) {
		if (what == CMD_HELP) {
			print_help();
			return 1;
		}
		err = parse_option(c, what, args.value, e);
		if (err)
			return err;
	}
	if (!c->replay.file || !c->has_n)
		return ct_user_error(
			e, "explain needs a capture and a packet's number: ctbench explain FILE N");
	c->replay.options.numbers = true;
	c->replay.options.router = c->replay.options.checksums = !c->loose;
	return 0;
}

/* --- Fragments before it --- */

static int remember_part(struct command *c, uint64_t index)
{
	if (c->nr_parts == c->max_parts) {
		size_t max = c->max_parts ? c->max_parts * 2 : 64;
		struct part *parts = realloc(c->parts, max * sizeof(*parts));

		if (!parts)
			return -ENOMEM;
		c->parts = parts;
		c->max_parts = max;
	}
	c->parts[c->nr_parts++] = (struct part){ .index = index, .fragment = c->now };
	return 0;
}

static void forget_parts(struct command *c)
{
	for (size_t i = 0; i < c->nr_parts; i++)
		if (explain_same_datagram(&c->parts[i].fragment, &c->now))
			c->parts[i].done = true;
}

static int name_parts(struct command *c)
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
	struct command *c = arg;
	struct explain_packet *packet = &c->x.packet;

	int err;

	if (!c->seen++) {
		c->start_ns = c->last_ns = p->time_ns;
		err = explain_listen(&c->x, r);
		if (err)
			return err;
	}
	c->behind = p->index;
	explain_fragment(&c->now, p);
	if (p->index == c->n) {
		explain_packet(packet, p);
		packet->since_start_ns = p->time_ns > c->start_ns ? p->time_ns - c->start_ns : 0;
		packet->since_last_ns = p->time_ns > c->last_ns ? p->time_ns - c->last_ns : 0;
		packet->expired = r->expired; /* the difference, later */
		c->x.file = c->replay.file;
		c->x.completed_by = -1;
		explain_watch(&c->x, r);
	}
	c->last_ns = p->time_ns;
	return 0;
}

/* The packet has come as far as it comes by itself.  1: the story is whole. */
static int took_it(struct command *c, struct replay *r, struct replay_result *res)
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
	struct command *c = arg;
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
	struct command *c = arg;

	if (i == c->n && c->told) {
		explain_step(&c->x, EXPLAIN_RELEASED)->packet = c->behind;
		explain_watch(&c->x, r);
	}
	return 0;
}

static int end(void *arg, struct replay *r)
{
	struct command *c = arg;
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool colour =
		isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term && strcmp(term, "dumb");

	(void)r;
	explain_deafen(&c->x);
	if (!c->told)
		return 0;
	if (colour)
		terminal_allow_tones();
	return c->json ? explain_json(&c->x, stdout) : explain_text(&c->x, c->all, colour, stdout);
}

int cmd_explain(int argc, char **argv)
{
	struct command c = { 0 };
	const struct replay_visitor v = {
		.before = before,
		.took = took,
		.releasing = releasing,
		.end = end,
		.arg = &c,
	};
	struct ct_error e = { 0 };
	int err;

	replay_command_init(&c.replay, "explain");
	err = parse(&c, argc, argv, &e);
	if (!err) {
		err = replay_command_run(&c.replay, &v, &e);
		if (!err && !c.told)
			err = c.seen ? ct_user_error(&e,
						     "%s has no packet %" PRIu64 ": its %" PRIu64
						     " packets are 0 to %" PRIu64,
						     c.replay.file, c.n, c.seen, c.seen - 1)
				     : ct_user_error(&e, "%s has no packets", c.replay.file);
	}
	explain_free(&c.x);
	free(c.parts);
	replay_command_free(&c.replay);
	return err < 0 ? ct_error_print(&e) : CT_EXIT_OK;
}
