/* SPDX-License-Identifier: MIT */
/* ctbench replay: a capture through the hooks, and what conntrack made of it. */
#include "harness/cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/nearest.h"
#include "harness/progress.h"
#include "harness/replay.h"

#define MAX_SETS 64

enum {
	OPT_VARIANT,
	OPT_BUCKETS,
	OPT_TABLE,
	OPT_JSON,
	OPT_CLOCK,
	OPT_SET,
	OPT_SCENARIO,
	OPT_CHECKSUMS,
};

static const struct cmd_option options[] = {
	[OPT_VARIANT] = { "variant", true },
	[OPT_BUCKETS] = { "buckets", true },
	[OPT_TABLE] = { "table", false },
	[OPT_JSON] = { "json", false },
	[OPT_CLOCK] = { "clock", true },
	[OPT_SET] = { "set", true },
	[OPT_SCENARIO] = { "scenario", true },
	[OPT_CHECKSUMS] = { "checksums", false },
	{ NULL, false },
};

static void print_help(void)
{
	fputs("usage: ctbench replay FILE [--variant NAME] [--table | --json] [--set NAME=VALUE]...\n"
	      "\n"
	      "Sends every packet of a capture through conntrack as if a router forwarded it -\n"
	      "PRE_ROUTING, FORWARD, POST_ROUTING - by the capture's own clock, and tells what became\n"
	      "of them: packets by protocol and by how they relate to a connection, connections made\n"
	      "and ended, statistics.\n"
	      "\n"
	      "FILE is pcap or pcapng, plain or packed with zstd; - is standard input. A capture that\n"
	      "is damaged in the middle is replayed up to there; then comes the error.\n"
	      "\n"
	      "  --table           print the connections of the end, as /proc/net/nf_conntrack does\n"
	      "  --json            print a line of JSON for each packet and one for the end, in the\n"
	      "                    format of the conformance tests, and no summary. All is then as\n"
	      "                    strict as in a router: checksums are verified, a TTL can end\n"
	      "  --checksums       verify checksums; else they are taken to be right, for captures\n"
	      "                    often come from where the network card makes them\n"
	      "  --variant NAME    the table to use (ctbench list shows them);\n"
	      "                    without: " REPLAY_VARIANT "\n"
	      "  --buckets N       its size; without: 262144, the kernel's above 4 GB of memory\n"
	      "  --set NAME=VALUE  a setting by the kernel's name: nf_conntrack_tcp_loose=0,\n"
	      "                    nf_conntrack_max=1000, nf_conntrack_acct=1; timeouts in seconds\n"
	      "  --clock trace     time passes as when the packets were captured (the default)\n"
	      "  --clock frozen    time stands still: nothing expires\n"
	      "  --scenario FILE   how the packets arrive, as JSON: settings, devices, zones, packets\n"
	      "                    held back, helpers (keys sysctl, global, in, zones, notrack, helpers,\n"
	      "                    hold, after, realtime); as strict as --json\n"
	      "\n"
	      "The summary's columns: NEW packets belong to a connection that was not answered yet,\n"
	      "ESTABLISHED and EST_REPLY to one that was (in the direction of its first packet, and\n"
	      "against it); RELATED ones are errors about a connection, or begin one that another\n"
	      "announced; invalid ones fit none, or none that could be.\n"
	      "\n"
	      "Examples:\n"
	      "  ctbench replay trace.pcap.zst\n"
	      "  ctbench replay --table --set nf_conntrack_acct=1 trace.pcap | sort -k3\n"
	      "  ctbench replay --json trace.pcap | jq -r 'select(.state == \"invalid\") | .i'\n"
	      "  tcpdump -w - -c 1000 | ctbench replay -\n",
	      stdout);
}

struct command {
	const char *file;
	const char *scenario_path;
	bool table, json;
	struct replay_options options;
	struct {
		char *name;
		uint64_t value;
	} sets[MAX_SETS];
	size_t nr_sets;
};

/* --- Arguments --- */

static int parse_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno ? -EINVAL : 0;
}

static int parse_variant(struct command *c, const char *name, struct ct_error *e)
{
	const char **names, *near;

	c->options.variant = ct_variant_find(name);
	if (c->options.variant && c->options.variant->flags & CT_V_LOOKUPS)
		return ct_user_error(e, "%s has no table: there is nothing to send packets through",
				     name);
	if (c->options.variant)
		return 0;
	names = calloc(ct_nr_variants, sizeof(*names));
	if (!names)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory left");
	for (size_t i = 0; i < ct_nr_variants; i++)
		names[i] = ct_variants[i]->name;
	near = nearest_name(name, names, ct_nr_variants);
	free(names);
	if (near)
		return ct_user_error(e, "no variant is called %.80s; did you mean %s?", name, near);
	return ct_user_error(e, "no variant is called %.80s; ctbench list shows those there are",
			     name);
}

static int parse_set(struct command *c, const char *text, struct ct_error *e)
{
	const char *equals = strchr(text, '=');

	if (c->nr_sets == MAX_SETS)
		return ct_user_error(e, "replay takes --set at most %d times", MAX_SETS);
	if (!equals || equals == text || parse_number(equals + 1, &c->sets[c->nr_sets].value))
		return ct_user_error(
			e,
			"replay --set %.80s: it is NAME=NUMBER, such as nf_conntrack_tcp_loose=0",
			text);
	c->sets[c->nr_sets].name = strndup(text, (size_t)(equals - text));
	if (!c->sets[c->nr_sets].name)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory left");
	c->nr_sets++;
	return 0;
}

static int parse_clock(struct command *c, const char *text, struct ct_error *e)
{
	c->options.frozen = !strcmp(text, "frozen");
	if (!c->options.frozen && strcmp(text, "trace"))
		return ct_user_error(e, "replay --clock %.40s: it is trace or frozen", text);
	return 0;
}

static int parse_option(struct command *c, int what, const char *value, struct ct_error *e)
{
	switch (what) {
	case OPT_VARIANT:
		return parse_variant(c, value, e);
	case OPT_BUCKETS:
		if (parse_number(value, &c->options.buckets) || !c->options.buckets)
			return ct_user_error(e, "replay --buckets %.40s: it is a number from 1 on",
					     value);
		return 0;
	case OPT_TABLE:
		c->table = true;
		return 0;
	case OPT_JSON:
		c->json = true;
		return 0;
	case OPT_CLOCK:
		return parse_clock(c, value, e);
	case OPT_SET:
		return parse_set(c, value, e);
	case OPT_SCENARIO:
		c->scenario_path = value;
		return 0;
	case OPT_CHECKSUMS:
		c->options.checksums = true;
		return 0;
	case CMD_OPERAND:
		if (c->file)
			return ct_user_error(
				e, "replay takes one capture, and was given %.200s and %.200s",
				c->file, value);
		c->file = value;
		return 0;
	case CMD_REST:
		return ct_user_error(e, "replay has nobody to hand what follows -- to");
	default:
		return what;	/* an error, told already */
	}
}

/* 1: help was asked for and given. */
static int parse(struct command *c, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what, err;

	c->options.variant = ct_variant_find(REPLAY_VARIANT);
	c->options.buckets = REPLAY_BUCKETS;
	while ((what = cmd_next(&args, options, e)) != CMD_END) {
		if (what == CMD_HELP) {
			print_help();
			return 1;
		}
		err = parse_option(c, what, args.value, e);
		if (err)
			return err;
	}
	if (!c->file)
		return ct_user_error(e, "replay needs a capture: ctbench replay FILE");
	if (c->json && c->table)
		return ct_user_error(
			e, "replay --json ends with the table already; leave --table out");
	c->options.numbers = c->json;
	c->options.router = c->json || c->scenario_path;
	c->options.checksums |= c->options.router;
	return 0;
}

/* --- The run --- */

struct run {
	struct command *command;
	struct replay *replay;
	struct replay_summary *summary;
};

static int took(struct run *run, struct replay_result *res)
{
	int err = 0;

	replay_count(run->summary, run->replay, res);
	if (run->command->json)
		err = replay_json_packet(run->replay, res, stdout);
	replay_finish(run->replay, res);
	return err;
}

static int one_packet(struct run *run, const struct capture_packet *p)
{
	const struct scenario *s = run->replay->scenario;
	struct replay_result res;
	int err;

	replay_packet(run->replay, p, &res);
	err = took(run, &res);
	for (size_t i = 0; s && i < s->nr_after && !err; i++) {
		if (s->after[i].packet != p->index)
			continue;
		if (s->after[i].flush) {
			replay_flush(run->replay);
			if (run->command->json)
				err = replay_json_action("flush", stdout);
		} else if (replay_release(run->replay, s->after[i].release, &res)) {
			err = took(run, &res);
		}
	}
	return err;
}

static int write_error(int err, struct ct_error *e)
{
	return ct_user_error(e, "the output cannot be written: %s", strerror(-err));
}

/* Packet by packet from the file; whatever comes before damage is replayed. */
static int run_stream(struct run *run, struct ct_error *e)
{
	struct capture_packet p;
	struct progress progress;
	struct capture *capture;
	char detail[32];
	int err = capture_open(&capture, run->command->file, e);

	if (err)
		return err;
	progress_begin(&progress, "replaying", 0);
	while ((err = capture_next(capture, &p, e)) > 0) {
		err = one_packet(run, &p);
		if (err) {
			err = write_error(err, e);
			break;
		}
		/* lines of JSON on the same terminal are progress enough */
		if (!(p.index % 4096) && !run->command->json) {
			snprintf(detail, sizeof(detail), "%" PRIu64 " packets", p.index);
			progress_update(&progress, 0, detail);
		}
	}
	progress_end(&progress);
	capture_close(capture);
	return err;
}

/* A scenario's packets may be held while others pass, so all are in memory. */
static int run_loaded(struct run *run, const struct capture_set *set, struct ct_error *e)
{
	int err = 0;

	for (size_t i = 0; i < set->nr && !err; i++)
		err = one_packet(run, &set->packets[i]);
	return err ? write_error(err, e) : 0;
}

static double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int print_end(struct run *run, double seconds, struct ct_error *e)
{
	int err = 0;
	long lines;

	if (run->command->json) {
		err = replay_json_final(run->replay, stdout);
	} else {
		replay_print(run->summary, run->replay, run->command->file, seconds, stdout);
		if (run->command->table) {
			fputc('\n', stdout);
			lines = nf_ct_dump(run->replay->core, stdout);
			err = lines < 0 ? (int)lines : 0;
		}
	}
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = errno ? -errno : -EIO;
	return err ? write_error(err, e) : 0;
}

static int replay(struct command *c, const struct scenario *scenario, const struct capture_set *set,
		  struct ct_error *e)
{
	struct run run = { .command = c };
	struct ct_error damage = { 0 };
	double start;
	int err, bad;

	run.summary = calloc(1, sizeof(*run.summary));
	if (!run.summary)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory left");
	err = replay_create(&run.replay, &c->options, scenario, e);
	for (size_t i = 0; i < c->nr_sets && !err; i++)
		err = replay_set(run.replay, c->sets[i].name, c->sets[i].value, e);
	if (err)
		goto out;
	start = now_seconds();
	bad = scenario ? run_loaded(&run, set, &damage) : run_stream(&run, &damage);
	replay_end(run.replay);
	/* What came before the damage is told; where nothing came, there is nothing to tell. */
	if (!bad || run.summary->packets)
		err = print_end(&run, now_seconds() - start, e);
	if (bad) {
		*e = damage;
		err = bad;
	}
out:
	replay_destroy(run.replay);
	free(run.summary);
	return err;
}

static int replay_with_scenario(struct command *c, struct ct_error *e)
{
	struct capture_set set = { 0 };
	struct scenario scenario = { 0 };
	int err = scenario_load(&scenario, c->scenario_path, e);

	if (err)
		return err;
	err = capture_load(c->file, &set, e);
	if (!err)
		err = scenario_check(&scenario, set.nr, e);
	if (!err)
		err = replay(c, &scenario, &set, e);
	capture_set_free(&set);
	scenario_free(&scenario);
	return err;
}

int cmd_replay(int argc, char **argv)
{
	struct command c = { 0 };
	struct ct_error e = { 0 };
	int err = parse(&c, argc, argv, &e);

	if (!err)
		err = c.scenario_path ? replay_with_scenario(&c, &e) : replay(&c, NULL, NULL, &e);
	for (size_t i = 0; i < c.nr_sets; i++)
		free(c.sets[i].name);
	return err < 0 ? cmd_report(&e) : CT_EXIT_OK;
}
