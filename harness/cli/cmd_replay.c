/* SPDX-License-Identifier: MIT */
/* ctbench replay: send a capture through the hooks, and report the results of conntrack. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/cli/replay_options.h"
#include "harness/base/seconds.h"

struct request {
	struct replay_command replay; /* first: see replay_command_options */
	bool table, json;
	unsigned int dump; /* of dumps; NO_DUMP */
	double start;
	struct replay_summary *summary;
};

/* --- Arguments --- */

enum { DUMP_PROC, DUMP_EXTENDED, NO_DUMP };

/* clang-format off */
static const struct cmd_term dumps[] = {
	[DUMP_PROC] = { "proc", "as /proc/net/nf_conntrack does" },
	[DUMP_EXTENDED] = { "extended", "as conntrack -L -o extended does" },
	{ NULL, NULL },
};

#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "FILE", .type = CMD_TEXT, .offset = AT(replay.file),
	  .help = "a capture: pcap or pcapng, plain or compressed with zstd; - is standard input" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "table", 't', CMD_SWITCH, AT(table), NULL,
	  .help = "print the connections at the end, as /proc/net/nf_conntrack does" },
	{ "dump", 'd', CMD_CHOICE, AT(dump), "FORMAT",
	  .help = "print only the connections at the end",
	  .choices = dumps },
	{ "json", 0, CMD_SWITCH, AT(json), NULL,
	  .help = "print a line of JSON for each packet and one for the end, in the format of the "
		  "conformance tests, without a summary; replay is then as strict as a router: it "
		  "verifies checksums, and packets whose TTL is used up are not forwarded" },
	{ "checksums", 0, CMD_SWITCH, AT(replay.options.checksums), NULL,
	  .help = "verify checksums; without it all are accepted, because network cards often fill "
		  "them in after the capture" },
	{ .name = NULL },
};

static const struct cmd_term columns[] = {
	{ "NEW", "packets of a connection that has not been answered yet" },
	{ "ESTABLISHED", "packets of an answered connection, in the direction of its first "
	  "packet" },
	{ "EST_REPLY", "packets against that direction" },
	{ "RELATED", "errors about a connection, or the first packet of an expected one" },
	{ "invalid", "packets that belong to no connection and cannot begin one" },
	{ NULL, NULL },
};

static const struct cmd_section sections[] = {
	{ "The summary's columns", NULL, columns },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench replay trace.pcap.zst", NULL },
	{ "ctbench replay --table --set nf_conntrack_acct=1 trace.pcap | sort -k3", NULL },
	{ "ctbench replay --dump extended trace.pcap | grep ESTABLISHED", NULL },
	{ "ctbench replay --json trace.pcap | jq -r 'select(.state == \"invalid\") | .i'", NULL },
	{ "tcpdump -w - -c 1000 | ctbench replay -", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static int check(struct request *c, struct ct_error *e)
{
	struct replay_options *o = &c->replay.options;

	if (c->json && (c->table || c->dump != NO_DUMP))
		return ct_user_error(e, "replay --json ends with the table already: leave out %s",
				     c->table ? "--table" : "--dump");
	if (c->table && c->dump != NO_DUMP)
		return ct_user_error(
			e, "replay --dump prints the table and nothing else: leave out --table");
	o->numbers = c->json;
	o->router = c->json || c->replay.scenario_path;
	o->checksums |= o->router;
	return 0;
}

/* --- The run --- */

static int took(void *arg, struct replay *r, struct replay_result *res)
{
	struct request *c = arg;

	replay_count(c->summary, r, res);
	return c->json ? replay_json_packet(r, res, stdout) : 0;
}

static void so_far(void *arg, struct replay *r, char *buf, size_t size)
{
	const struct request *c = arg;

	snprintf(buf, size, ", %u connections now, %llu made", replay_connections(r),
		 (unsigned long long)c->summary->made);
}

static int flushed(void *arg, struct replay *r)
{
	struct request *c = arg;

	return c->json ? replay_json_action(r, "flush", stdout) : 0;
}

static int end(void *arg, struct replay *r)
{
	struct request *c = arg;
	long lines = 0;
	int err = 0;

	replay_end(r);
	if (c->json) {
		err = replay_json_final(r, stdout);
	} else if (c->dump == NO_DUMP) {
		replay_print(c->summary, r, c->replay.file, seconds_now() - c->start, stdout);
		if (c->table)
			fputc('\n', stdout);
	}
	if (c->table || c->dump != NO_DUMP)
		lines = nf_ct_dump(r->core,
				   c->dump == DUMP_EXTENDED ? NF_CT_DUMP_EXTENDED : NF_CT_DUMP_PROC,
				   stdout);
	if (lines < 0)
		err = (int)lines;
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = errno ? -errno : -EIO;
	return err;
}

static int replay(void *request, struct ct_error *e)
{
	struct request *c = request;
	/* the lines of JSON show progress themselves */
	const struct replay_visitor v = {
		.took = took,
		.flushed = flushed,
		.end = end,
		.so_far = so_far,
		.arg = c,
		.quiet = c->json,
	};
	int err = check(c, e);

	if (err)
		return err;
	c->summary = calloc(1, sizeof(*c->summary));
	if (!c->summary)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the summary");
	c->start = seconds_now();
	err = replay_command_run(&c->replay, &v, e);
	free(c->summary);
	return err;
}

static void end_all(void *request)
{
	struct request *c = request;

	replay_command_free(&c->replay);
}

const struct command command_replay = {
	.name = "replay",
	.summary = "send a capture through conntrack, and report what happened",
	.about = "Sends every packet of a capture through conntrack as if a router forwarded it: "
		 "PRE_ROUTING, FORWARD, POST_ROUTING, by the capture's own clock. Reports packets "
		 "by protocol and by their relation to a connection, connections made and ended, "
		 "and statistics. A capture that is damaged in the middle is replayed up to the "
		 "damage, which is then reported as an error.",
	.operands = operands,
	.options = options,
	.more = replay_command_options,
	.sections = sections,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults = &(const struct request){ .replay = REPLAY_COMMAND_DEFAULTS, .dump = NO_DUMP },
	.run = replay,
	.end = end_all,
};
