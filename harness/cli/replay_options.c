/* SPDX-License-Identifier: MIT */
/* Options and runs of the commands that replay a capture; see replay_options.h. */
#include "harness/cli/replay_options.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/nearest.h"
#include "harness/base/progress.h"

void replay_command_free(struct replay_command *c)
{
	for (size_t i = 0; i < c->nr_sets; i++)
		free(c->sets[i].name);
	c->nr_sets = 0;
}

/* --- Arguments --- */

static int
parse_variant(void *request, const struct cmd_option *option, const char *name, struct ct_error *e)
{
	struct replay_command *c = request;
	const char **names, *near;

	c->options.variant = ct_variant_find(name);
	if (c->options.variant && c->options.variant->flags & CT_V_LOOKUPS)
		return ct_user_error(e,
				     "--variant %s has no table, so that no packet can go through "
				     "it",
				     name);
	if (c->options.variant)
		return 0;
	names = calloc(ct_nr_variants, sizeof(*names));
	if (!names)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the names of variants");
	for (size_t i = 0; i < ct_nr_variants; i++)
		names[i] = ct_variants[i]->name;
	near = nearest_name(name, names, ct_nr_variants);
	free(names);
	return ct_user_error(e, "--%s: unknown variant '%.80s'%s%s%s; see ctbench list",
			     option->name, name, near ? " (did you mean '" : "", near ? near : "",
			     near ? "'?)" : "");
}

static int
parse_set(void *request, const struct cmd_option *option, const char *text, struct ct_error *e)
{
	struct replay_command *c = request;
	const char *equals = strchr(text, '=');

	if (c->nr_sets == REPLAY_COMMAND_SETS)
		return ct_user_error(e, "--set may be given at most %d times", REPLAY_COMMAND_SETS);
	if (!equals || equals == text || cmd_number(equals + 1, &c->sets[c->nr_sets].value))
		return cmd_bad_value(e, option, text, "NAME=NUMBER, as nf_conntrack_tcp_loose=0");
	c->sets[c->nr_sets].name = strndup(text, (size_t)(equals - text));
	if (!c->sets[c->nr_sets].name)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	c->nr_sets++;
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct replay_command, field)

static const struct cmd_term clocks[] = {
	{ "trace", "time passes as when the packets were captured (default)" },
	{ "frozen", "the clock does not advance: nothing expires" },
	{ NULL, NULL },
};

const struct cmd_option replay_command_options[] = {
	{ "variant", 'v', CMD_PARSE, 0, "VARIANT",
	  .help = "the table to use; ctbench list shows them (default: " REPLAY_VARIANT ")",
	  .parse = parse_variant },
	{ "buckets", 'b', CMD_COUNT, AT(options.buckets), "N",
	  .help = "size of the table (default: 262144, the kernel's above 4 GB of memory)",
	    .min = 1 },
	{ "set", 's', CMD_PARSE, 0, "NAME=VALUE",
	  .help = "a setting by the kernel's name: nf_conntrack_tcp_loose=0, "
	    "nf_conntrack_max=1000, "
	  "nf_conntrack_acct=1; timeouts in seconds", .parse = parse_set },
	{ "clock", 0, CMD_CHOICE, AT(clock), "CLOCK", .help = "how time passes",
	  .choices = clocks },
	{ "scenario", 0, CMD_TEXT, AT(scenario_path), "FILE",
	  .help = "a JSON file with settings, devices, zones, held packets and helpers (keys "
		  "sysctl, global, in, zones, notrack, helpers, hold, after, realtime); replay is "
		  "then as strict as with --json" },
	{ .name = NULL },
};
/* clang-format on */

/* --- The run --- */

static int took(const struct replay_visitor *v, struct replay *r, struct replay_result *res)
{
	int err = v->took(v->arg, r, res);

	replay_finish(r, res);
	return err;
}

static int
one_packet(const struct replay_visitor *v, struct replay *r, const struct capture_packet *p)
{
	const struct scenario *s = r->scenario;
	struct replay_result res;
	int err = v->before ? v->before(v->arg, r, p) : 0;

	if (err)
		return err;
	replay_packet(r, p, &res);
	err = took(v, r, &res);
	for (size_t i = 0; s && i < s->nr_after && !err; i++) {
		if (s->after[i].packet != p->index)
			continue;
		if (s->after[i].flush) {
			replay_flush(r);
			err = v->flushed ? v->flushed(v->arg, r) : 0;
			continue;
		}
		err = v->releasing ? v->releasing(v->arg, r, s->after[i].release) : 0;
		if (!err && replay_release(r, s->after[i].release, &res))
			err = took(v, r, &res);
	}
	return err;
}

static int write_error(int err, struct ct_error *e)
{
	return ct_user_error(e, "cannot write the output: %s", strerror(-err));
}

/* The reader of a pipe may close it early; that is no error. */
static bool reader_left(int err)
{
	return err < 0 && errno == EPIPE;
}

/*
 * Packets between two reads of the clock. Packets from a pipe may be live, with a second between
 * them.
 */
#define PROGRESS_PACKETS      4096
#define PROGRESS_PACKETS_LIVE 1

/* share: of the packets, 0 if unknown.  On a terminal the lines of JSON show progress. */
static void show_progress(struct progress *p, const struct replay_visitor *v, struct replay *r,
			  uint64_t packets, double share)
{
	char detail[160];
	size_t n;

	if (packets % (p->total > 0 ? PROGRESS_PACKETS : PROGRESS_PACKETS_LIVE) ||
	    (v->quiet && p->terminal))
		return;
	n = (size_t)snprintf(detail, sizeof(detail), "%" PRIu64 " packets", packets);
	if (v->so_far)
		v->so_far(v->arg, r, detail + n, sizeof(detail) - n);
	progress_update(p, share, detail);
}

/* Packet by packet from the file, up to the first damage.  1: stopped early. */
static int run_stream(const char *file, const struct replay_visitor *v, struct replay *r,
		      uint64_t *packets, struct ct_error *e)
{
	struct capture_packet p;
	struct progress progress;
	struct capture *capture;
	bool left = false;
	int err = capture_open(&capture, file, e);

	if (err)
		return err;
	progress_begin(&progress, "replaying", isfinite(capture_share(capture)) ? 1 : 0);
	while ((err = capture_next(capture, &p, e)) > 0) {
		err = one_packet(v, r, &p);
		left = reader_left(err);
		if (err)
			break;
		(*packets)++;
		show_progress(&progress, v, r, *packets,
			      progress.total > 0 ? capture_share(capture) : 0);
	}
	progress_end(&progress);
	r->notes = *capture_notes(capture);
	capture_close(capture);
	if (left)
		return 1;
	return err < 0 && !e->status ? write_error(err, e) : err;
}

/* A scenario may hold packets while others pass, so all are in memory. */
static int run_loaded(const struct capture_set *set, const struct replay_visitor *v,
		      struct replay *r, uint64_t *packets, struct ct_error *e)
{
	const unsigned int burst = r->options.burst;
	struct progress progress;
	int err = 0;

	r->notes = set->notes;
	progress_begin(&progress, "replaying", (double)set->nr);
	for (; *packets < set->nr && !err; ++*packets) {
		uint64_t left = set->nr - *packets;

		if (burst && !(*packets % burst))
			replay_look_ahead(r, &set->packets[*packets],
					  left < burst ? (unsigned int)left : burst);
		err = one_packet(v, r, &set->packets[*packets]);
		show_progress(&progress, v, r, *packets, (double)*packets);
	}
	progress_end(&progress);
	if (reader_left(err))
		return 1;
	return err < 0 ? write_error(err, e) : err;
}

/*
 * A packet is dropped if there is no memory for its connection; that must not look like a verdict.
 */
static int memory_sufficed(const struct replay *r, struct ct_error *e)
{
	if (!r->refused)
		return 0;
	return ct_fail(e, -ENOMEM, CT_EXIT_USER,
		       "out of memory: %llu packets were dropped: end other programs, or replay a "
		       "shorter capture",
		       (unsigned long long)r->refused);
}

static int run(const struct replay_command *c, const struct scenario *scenario,
	       const struct capture_set *set, const struct replay_visitor *v, struct ct_error *e)
{
	struct ct_error damage = { 0 };
	struct replay_options options = c->options;
	struct replay *r = NULL;
	uint64_t packets = 0;
	int bad, err;

	options.frozen |= c->clock != 0;
	if (!options.variant)
		options.variant = ct_variant_find(REPLAY_VARIANT);
	err = replay_create(&r, &options, scenario, e);
	for (size_t i = 0; i < c->nr_sets && !err; i++)
		err = replay_set(r, c->sets[i].name, c->sets[i].value, e);
	if (err)
		goto out;
	bad = scenario ? run_loaded(set, v, r, &packets, &damage)
		       : run_stream(c->file, v, r, &packets, &damage);
	/* Report the packets before the damage, if there were any. */
	if (bad >= 0 || packets)
		err = v->end(v->arg, r);
	if (reader_left(err))
		err = 0;
	if (err < 0)
		err = write_error(err, e);
	if (bad < 0) {
		*e = damage;
		err = bad;
	}
	if (!err)
		err = memory_sufficed(r, e);
out:
	replay_destroy(r);
	return err;
}

int replay_command_run(const struct replay_command *c, const struct replay_visitor *v,
		       struct ct_error *e)
{
	struct capture_set set = { 0 };
	struct scenario scenario = { 0 };
	int err;

	if (!c->scenario_path)
		return run(c, NULL, NULL, v, e);
	err = scenario_load(&scenario, c->scenario_path, e);
	if (err)
		return err;
	err = capture_load(c->file, &set, e);
	if (!err)
		err = scenario_check(&scenario, set.nr, e);
	if (!err)
		err = run(c, &scenario, &set, v, e);
	capture_set_free(&set);
	scenario_free(&scenario);
	return err;
}
