/* SPDX-License-Identifier: MIT */
/* Options and runs of the commands that replay a capture; see replay_command.h. */
#include "harness/cli/replay_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/nearest.h"
#include "harness/base/progress.h"

void replay_command_init(struct replay_command *c, const char *name)
{
	memset(c, 0, sizeof(*c));
	c->name = name;
	c->options.variant = ct_variant_find(REPLAY_VARIANT);
	c->options.buckets = REPLAY_BUCKETS;
}

void replay_command_free(struct replay_command *c)
{
	for (size_t i = 0; i < c->nr_sets; i++)
		free(c->sets[i].name);
	c->nr_sets = 0;
}

/* --- Arguments --- */

int replay_command_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno ? -EINVAL : 0;
}

static int parse_variant(struct replay_command *c, const char *name, struct ct_error *e)
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

static int parse_set(struct replay_command *c, const char *text, struct ct_error *e)
{
	const char *equals = strchr(text, '=');

	if (c->nr_sets == REPLAY_COMMAND_SETS)
		return ct_user_error(e, "%s takes --set at most %d times", c->name,
				     REPLAY_COMMAND_SETS);
	if (!equals || equals == text ||
	    replay_command_number(equals + 1, &c->sets[c->nr_sets].value))
		return ct_user_error(
			e, "%s --set %.80s: it is NAME=NUMBER, such as nf_conntrack_tcp_loose=0",
			c->name, text);
	c->sets[c->nr_sets].name = strndup(text, (size_t)(equals - text));
	if (!c->sets[c->nr_sets].name)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory left");
	c->nr_sets++;
	return 0;
}

static int parse_clock(struct replay_command *c, const char *text, struct ct_error *e)
{
	c->options.frozen = !strcmp(text, "frozen");
	if (!c->options.frozen && strcmp(text, "trace"))
		return ct_user_error(e, "%s --clock %.40s: it is trace or frozen", c->name, text);
	return 0;
}

int replay_command_option(struct replay_command *c, int what, const char *value, struct ct_error *e)
{
	switch (what) {
	case REPLAY_OPT_VARIANT:
		return parse_variant(c, value, e);
	case REPLAY_OPT_BUCKETS:
		if (replay_command_number(value, &c->options.buckets) || !c->options.buckets)
			return ct_user_error(e, "%s --buckets %.40s: it is a number from 1 on",
					     c->name, value);
		return 0;
	case REPLAY_OPT_CLOCK:
		return parse_clock(c, value, e);
	case REPLAY_OPT_SET:
		return parse_set(c, value, e);
	case REPLAY_OPT_SCENARIO:
		c->scenario_path = value;
		return 0;
	default:
		return what; /* an error, told already */
	}
}

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
	return ct_user_error(e, "the output cannot be written: %s", strerror(-err));
}

/* A reader of the output that has seen enough may leave: that is no failure. */
static bool reader_left(int err)
{
	return err < 0 && errno == EPIPE;
}

/* Packet by packet from the file; whatever comes before damage is replayed.  1: enough. */
static int run_stream(const char *file, const struct replay_visitor *v, struct replay *r,
		      uint64_t *packets, struct ct_error *e)
{
	struct capture_packet p;
	struct progress progress;
	struct capture *capture;
	char detail[32];
	bool left = false;
	int err = capture_open(&capture, file, e);

	if (err)
		return err;
	progress_begin(&progress, "replaying", 0);
	while ((err = capture_next(capture, &p, e)) > 0) {
		err = one_packet(v, r, &p);
		left = reader_left(err);
		if (err)
			break;
		(*packets)++;
		if (!(p.index % 4096) && !v->quiet) {
			snprintf(detail, sizeof(detail), "%" PRIu64 " packets", p.index);
			progress_update(&progress, 0, detail);
		}
	}
	progress_end(&progress);
	capture_close(capture);
	if (left)
		return 1;
	return err < 0 && !e->status ? write_error(err, e) : err;
}

/* A scenario's packets may be held while others pass, so all are in memory. */
static int run_loaded(const struct capture_set *set, const struct replay_visitor *v,
		      struct replay *r, uint64_t *packets, struct ct_error *e)
{
	int err = 0;

	for (; *packets < set->nr && !err; ++*packets)
		err = one_packet(v, r, &set->packets[*packets]);
	if (reader_left(err))
		return 1;
	return err < 0 ? write_error(err, e) : err;
}

static int run(const struct replay_command *c, const struct scenario *scenario,
	       const struct capture_set *set, const struct replay_visitor *v, struct ct_error *e)
{
	struct ct_error damage = { 0 };
	struct replay *r = NULL;
	uint64_t packets = 0;
	int bad, err = replay_create(&r, &c->options, scenario, e);

	for (size_t i = 0; i < c->nr_sets && !err; i++)
		err = replay_set(r, c->sets[i].name, c->sets[i].value, e);
	if (err)
		goto out;
	bad = scenario ? run_loaded(set, v, r, &packets, &damage)
		       : run_stream(c->file, v, r, &packets, &damage);
	/* What came before the damage is told; where nothing came, there is nothing to tell. */
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
