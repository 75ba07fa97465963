/* SPDX-License-Identifier: MIT */
/* ctbench replay: a capture through the hooks, and what conntrack made of it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/cli/replay_options.h"

enum {
	OPT_TABLE = REPLAY_OPTS,
	OPT_DUMP,
	OPT_JSON,
	OPT_CHECKSUMS,
};

static const struct cmd_option options[] = {
	REPLAY_COMMAND_OPTIONS,
	[OPT_TABLE] = { "table", false },
	[OPT_DUMP] = { "dump", true },
	[OPT_JSON] = { "json", false },
	[OPT_CHECKSUMS] = { "checksums", false },
	{ NULL, false },
};

static void print_help(void)
{
	fputs("usage: ctbench replay FILE [--variant NAME] [--table | --dump FORMAT | --json]\n"
	      "                      [--set NAME=VALUE]...\n"
	      "\n"
	      "Sends every packet of a capture through conntrack as if a router forwarded it -\n"
	      "PRE_ROUTING, FORWARD, POST_ROUTING - by the capture's own clock, and tells what "
	      "became\n"
	      "of them: packets by protocol and by how they relate to a connection, connections "
	      "made\n"
	      "and ended, statistics.\n"
	      "\n"
	      "FILE is pcap or pcapng, plain or packed with zstd; - is standard input. A capture "
	      "that\n"
	      "is damaged in the middle is replayed up to there; then comes the error.\n"
	      "\n"
	      "  --table           print the connections of the end, as /proc/net/nf_conntrack "
	      "does\n"
	      "  --dump FORMAT     print them and nothing else: proc as /proc/net/nf_conntrack "
	      "does,\n"
	      "                    extended as conntrack -L -o extended does\n"
	      "  --json            print a line of JSON for each packet and one for the end, in "
	      "the\n"
	      "                    format of the conformance tests, and no summary. All is then "
	      "as\n"
	      "                    strict as in a router: checksums are verified, a TTL can end\n"
	      "  --checksums       verify checksums; else they are taken to be right, for "
	      "captures\n"
	      "                    often come from where the network card makes them\n"
	      "  --variant NAME    the table to use (ctbench list shows them);\n"
	      "                    without: " REPLAY_VARIANT "\n"
	      "  --buckets N       its size; without: 262144, the kernel's above 4 GB of memory\n"
	      "  --set NAME=VALUE  a setting by the kernel's name: nf_conntrack_tcp_loose=0,\n"
	      "                    nf_conntrack_max=1000, nf_conntrack_acct=1; timeouts in "
	      "seconds\n"
	      "  --clock trace     time passes as when the packets were captured (the default)\n"
	      "  --clock frozen    time stands still: nothing expires\n"
	      "  --scenario FILE   how the packets arrive, as JSON: settings, devices, zones, "
	      "packets\n"
	      "                    held back, helpers (keys sysctl, global, in, zones, notrack, "
	      "helpers,\n"
	      "                    hold, after, realtime); as strict as --json\n"
	      "\n"
	      "The summary's columns: NEW packets belong to a connection that was not answered "
	      "yet,\n"
	      "ESTABLISHED and EST_REPLY to one that was (in the direction of its first packet, "
	      "and\n"
	      "against it); RELATED ones are errors about a connection, or begin one that another\n"
	      "announced; invalid ones fit none, or none that could be.\n"
	      "\n"
	      "Examples:\n"
	      "  ctbench replay trace.pcap.zst\n"
	      "  ctbench replay --table --set nf_conntrack_acct=1 trace.pcap | sort -k3\n"
	      "  ctbench replay --dump extended trace.pcap | grep ESTABLISHED\n"
	      "  ctbench replay --json trace.pcap | jq -r 'select(.state == \"invalid\") | .i'\n"
	      "  tcpdump -w - -c 1000 | ctbench replay -\n",
	      stdout);
}

struct command {
	struct replay_command replay;
	bool table, json;
	bool only_dump; /* --dump: no summary */
	enum nf_ct_dump_format format;
	double start;
	struct replay_summary *summary;
};

/* --- Arguments --- */

static int parse_dump(struct command *c, const char *format, struct ct_error *e)
{
	if (!strcmp(format, "proc"))
		c->format = NF_CT_DUMP_PROC;
	else if (!strcmp(format, "extended"))
		c->format = NF_CT_DUMP_EXTENDED;
	else
		return ct_user_error(e, "replay --dump %.40s: it is proc or extended", format);
	c->only_dump = true;
	return 0;
}

static int parse_option(struct command *c, int what, const char *value, struct ct_error *e)
{
	switch (what) {
	case OPT_TABLE:
		c->table = true;
		return 0;
	case OPT_DUMP:
		return parse_dump(c, value, e);
	case OPT_JSON:
		c->json = true;
		return 0;
	case OPT_CHECKSUMS:
		c->replay.options.checksums = true;
		return 0;
	case CMD_OPERAND:
		if (c->replay.file)
			return ct_user_error(
				e, "replay takes one capture, and was given %.200s and %.200s",
				c->replay.file, value);
		c->replay.file = value;
		return 0;
	default:
		return replay_command_option(&c->replay, what, value, e);
	}
}

/* 1: help was asked for and given. */
static int parse(struct command *c, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	struct replay_options *o = &c->replay.options;
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
	if (!c->replay.file)
		return ct_user_error(e, "replay needs a capture: ctbench replay FILE");
	if (c->json && (c->table || c->only_dump))
		return ct_user_error(e, "replay --json ends with the table already; leave %s out",
				     c->table ? "--table" : "--dump");
	if (c->table && c->only_dump)
		return ct_user_error(
			e, "replay --dump prints the table and nothing else; leave --table out");
	o->numbers = c->json;
	o->router = c->json || c->replay.scenario_path;
	o->checksums |= o->router;
	return 0;
}

/* --- The run --- */

static double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int took(void *arg, struct replay *r, struct replay_result *res)
{
	struct command *c = arg;

	replay_count(c->summary, r, res);
	return c->json ? replay_json_packet(r, res, stdout) : 0;
}

static int flushed(void *arg, struct replay *r)
{
	struct command *c = arg;

	return c->json ? replay_json_action(r, "flush", stdout) : 0;
}

static int end(void *arg, struct replay *r)
{
	struct command *c = arg;
	long lines = 0;
	int err = 0;

	replay_end(r);
	if (c->json) {
		err = replay_json_final(r, stdout);
	} else if (!c->only_dump) {
		replay_print(c->summary, r, c->replay.file, now_seconds() - c->start, stdout);
		if (c->table)
			fputc('\n', stdout);
	}
	if (c->table || c->only_dump)
		lines = nf_ct_dump(r->core, c->format, stdout);
	if (lines < 0)
		err = (int)lines;
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = errno ? -errno : -EIO;
	return err;
}

static int replay(struct command *c, struct ct_error *e)
{
	/* lines of JSON on the same terminal are progress enough */
	const struct replay_visitor v = {
		.took = took,
		.flushed = flushed,
		.end = end,
		.arg = c,
		.quiet = c->json,
	};
	int err;

	c->summary = calloc(1, sizeof(*c->summary));
	if (!c->summary)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory left");
	c->start = now_seconds();
	err = replay_command_run(&c->replay, &v, e);
	free(c->summary);
	return err;
}

int cmd_replay(int argc, char **argv)
{
	struct command c = { 0 };
	struct ct_error e = { 0 };
	int err;

	replay_command_init(&c.replay, "replay");
	err = parse(&c, argc, argv, &e);
	if (!err)
		err = replay(&c, &e);
	replay_command_free(&c.replay);
	return err < 0 ? ct_error_print(&e) : CT_EXIT_OK;
}
