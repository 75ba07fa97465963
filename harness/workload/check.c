/* SPDX-License-Identifier: MIT */
/*
 * Values that are each fine but do not go together.  Every refusal says where
 * the value stands, why it cannot be, and what could be instead.
 */
#include "harness/machine/topology.h"
#include "harness/workload/values.h"

#include <string.h>
#include <unistd.h>

/* Where a key's value in the present cell stands. */
static const char *place_of(const struct workload_product *p, int id, char place[WORD_PLACE])
{
	return word_place(&p->keys[id].list[p->at[id]], place);
}

static int check_threads(const struct workload_product *p, const struct cell *cell)
{
	/* The policy or the number of threads: what was chosen less freely is to blame. */
	bool pinned = cell->pin != PIN_COMPACT && cell->pin != PIN_SCATTER && cell->threads == 1;
	unsigned int cpus[CT_MAX_THREADS];
	struct ct_error why = { 0 };
	char place[WORD_PLACE];
	int err;

	err = topology_plan(cell->pin, cell->cpus, cell->threads, cell->oversubscribe, cpus, &why);
	if (!err)
		return 0;
	return ct_fail(p->e, err, why.status, "%.300s: %s",
		       place_of(p, pinned ? KEY_PINNING : KEY_THREADS, place), why.text);
}

static const char *bucket_rule(const struct cell *cell, uint64_t buckets)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);

	return v && v->bucket_rule ? v->bucket_rule(buckets) : NULL;
}

/* "64 or 128" for 100: what a rule that asks for a power of two would take. */
static void bucket_remedy(const struct cell *cell, uint64_t buckets, char *buf, size_t size)
{
	uint64_t below = UINT64_C(1) << (63 - __builtin_clzll(buckets));

	buf[0] = '\0';
	if (!bucket_rule(cell, below) && !bucket_rule(cell, 2 * below))
		snprintf(buf, size, ", as %llu or %llu", (unsigned long long)below,
			 (unsigned long long)(2 * below));
	else if (!bucket_rule(cell, below))
		snprintf(buf, size, ", as %llu", (unsigned long long)below);
}

static int check_buckets(const struct workload_product *p, const struct cell *cell)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);
	const char *why = bucket_rule(cell, cell->buckets);
	char place[WORD_PLACE], remedy[64];

	if (why) {
		bucket_remedy(cell, cell->buckets, remedy, sizeof(remedy));
		return ct_user_error(
			p->e,
			"%s: %s cannot have %llu buckets: %s%s; or give load_factor, which is "
			"rounded for such variants",
			place_of(p, p->keys[KEY_BUCKETS].nr ? KEY_BUCKETS : KEY_LOAD_FACTOR, place),
			cell->variant, (unsigned long long)cell->buckets, why, remedy);
	}
	if (cell->nr_resizes && v && !(v->flags & CT_V_RESIZE))
		return ct_user_error(
			p->e,
			"%s: %s cannot be resized; leave it out of variants, or set resize: none",
			place_of(p, KEY_RESIZE, place), cell->variant);
	if (cell->nr_resizes && cell->kind != KIND_STEADY)
		return ct_user_error(
			p->e, "%s: resize events need kind: steady, which has a window for them",
			place_of(p, KEY_RESIZE, place));
	for (uint32_t i = 0; i < cell->nr_resizes; i++) {
		const struct cell_resize *r = &cell->resizes[i];

		if (r->at >= cell->seconds)
			return ct_user_error(
				p->e,
				"%s: a resize at %gs comes after the window of %gs has closed",
				place_of(p, KEY_RESIZE, place), r->at, cell->seconds);
		why = bucket_rule(cell, r->buckets);
		if (why) {
			bucket_remedy(cell, r->buckets, remedy, sizeof(remedy));
			return ct_user_error(p->e, "%s: %s cannot be resized to %llu buckets: %s%s",
					     place_of(p, KEY_RESIZE, place), cell->variant,
					     (unsigned long long)r->buckets, why, remedy);
		}
	}
	return 0;
}

static int check_events(const struct workload_product *p, const struct cell *cell)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);
	char place[WORD_PLACE];

	if (cell->nr_events && cell->kind != KIND_STEADY)
		return ct_user_error(p->e,
				     "%s: events need kind: steady, which has a window for them",
				     place_of(p, KEY_EVENTS, place));
	for (uint32_t i = 0; i < cell->nr_events; i++) {
		const struct cell_event *event = &cell->events[i];
		const char *why =
			event->kind == EVENT_RESIZE ? bucket_rule(cell, event->count) : NULL;

		if (event->at >= cell->seconds)
			return ct_user_error(
				p->e,
				"%s: an event at %gs comes after the window of %gs has closed",
				place_of(p, KEY_EVENTS, place), event->at, cell->seconds);
		if (event->kind == EVENT_RESIZE && v && !(v->flags & CT_V_RESIZE))
			return ct_user_error(p->e,
					     "%s: %s cannot be resized; leave it out of variants, "
					     "or the resize out of events",
					     place_of(p, KEY_EVENTS, place), cell->variant);
		if (why)
			return ct_user_error(p->e, "%s: %s cannot be resized to %llu buckets: %s",
					     place_of(p, KEY_EVENTS, place), cell->variant,
					     (unsigned long long)event->count, why);
		if ((event->kind == EVENT_FLOOD || event->kind == EVENT_STALL) &&
		    event->at + event->seconds > cell->seconds)
			return ct_user_error(
				p->e, "%s: a %s of %gs from %gs on goes beyond the window of %gs",
				place_of(p, KEY_EVENTS, place),
				event->kind == EVENT_FLOOD ? "flood" : "stall", event->seconds,
				event->at, cell->seconds);
		if (event->kind == EVENT_FLOOD && cell->capture[0])
			return ct_user_error(p->e,
					     "%s: a flood is of synthetic connections, which do "
					     "not go with a capture",
					     place_of(p, KEY_EVENTS, place));
	}
	if (cell->timeline > 0 && cell->kind != KIND_STEADY)
		return ct_user_error(
			p->e, "%s: a timeline needs kind: steady, which has a window to divide",
			place_of(p, KEY_TIMELINE, place));
	if (cell->timeline > cell->seconds ||
	    cell->timeline * 20000 < cell->seconds * (cell->timeline > 0))
		return ct_user_error(p->e, "%s: a window of %gs in pieces of %gs makes %s",
				     place_of(p, KEY_TIMELINE, place), cell->seconds,
				     cell->timeline,
				     cell->timeline > cell->seconds ? "not one piece"
								    : "more than 20000 of them");
	return 0;
}

static int check_traffic(const struct workload_product *p, const struct cell *cell)
{
	char place[WORD_PLACE];
	double drift = cell->insert - cell->del;

	if (cell->kind == KIND_STEADY && (drift > 1e-9 || drift < -1e-9))
		return ct_user_error(
			p->e,
			"%s: insert and delete must be equal parts of a steady mix (they are %g%% "
			"and %g%%), or the population would drift while it is measured",
			place_of(p, KEY_MIX, place), 100 * cell->insert, 100 * cell->del);
	if (cell->popularity == POP_HOT && !cell->capture[0] && cell->hot_flows > cell->flows)
		return ct_user_error(p->e, "%s: %llu hot flows are more than all flows (%llu)",
				     place_of(p, KEY_POPULARITY, place),
				     (unsigned long long)cell->hot_flows,
				     (unsigned long long)cell->flows);
	if (cell->level != LEVEL_PACKETS || cell->kind != KIND_STEADY)
		return 0;
	/* What packets do to the table is theirs to say. */
	if (cell->hit_share < 1)
		return ct_user_error(p->e,
				     "%s: at level packets hit_share must be 1: a packet without a "
				     "connection makes one, and the population would drift",
				     place_of(p, KEY_HIT_SHARE, place));
	if (cell->lookup < 1)
		return ct_user_error(
			p->e,
			"%s: at level packets mix must be lookup=100: packets themselves say what "
			"they insert; use level: ops, or a capture",
			place_of(p, KEY_MIX, place));
	return 0;
}

static int check_capture(const struct workload_product *p, const struct cell *cell)
{
	char place[WORD_PLACE];

	if (cell->kind == KIND_DECODE && !cell->capture[0])
		return ct_user_error(p->e,
				     "%s: kind decode measures the decoding of a capture; name one "
				     "(capture: FILE)",
				     place_of(p, KEY_KIND, place));
	if (!cell->capture[0])
		return 0;
	if (cell->level == LEVEL_OPS && cell->kind != KIND_DECODE)
		return ct_user_error(p->e, "%s: a capture holds packets and needs level: packets",
				     place_of(p, KEY_CAPTURE, place));
	if (access(cell->capture, R_OK))
		return ct_user_error(p->e,
				     "%s: the capture %s cannot be read: %s; its path is relative "
				     "to the file that names it",
				     place_of(p, KEY_CAPTURE, place), cell->capture,
				     strerror(errno));
	return 0;
}

static int check_latency(const struct workload_product *p, const struct cell *cell)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);
	int key = cell->rate ? KEY_RATE : KEY_LATENCY;
	char place[WORD_PLACE];

	if (cell->arrivals == ARRIVALS_CAPTURE && !cell->capture[0])
		return ct_user_error(p->e,
				     "%s: arrivals: capture takes a capture's own times; name one "
				     "(capture: FILE)",
				     place_of(p, KEY_ARRIVALS, place));
	if (cell_latency(cell) == LATENCY_NONE)
		return 0;
	if (cell->rate && cell->latency != LATENCY_NONE)
		return ct_user_error(
			p->e,
			"%s: service times are a closed loop's, which has no rate: leave out "
			"latency (an open loop tells response times) or set rate: none",
			place_of(p, KEY_LATENCY, place));
	if (cell->kind != KIND_STEADY)
		return ct_user_error(p->e,
				     "%s: latencies are taken in a window: they need kind: steady",
				     place_of(p, key, place));
	if (v && v->flags & CT_V_LOOKUPS)
		return ct_user_error(p->e, "%s: %s tells no latencies; leave it out of variants",
				     place_of(p, key, place), cell->variant);
	if (cell->oversubscribe)
		return ct_user_error(p->e,
				     "%s: threads that take turns on a CPU have the scheduler's "
				     "latencies: set oversubscribe: false",
				     place_of(p, key, place));
	return 0;
}

int workload_check_cell(const struct workload_product *p, const struct cell *cell)
{
	int err = check_threads(p, cell);

	if (!err)
		err = check_buckets(p, cell);
	if (!err)
		err = check_events(p, cell);
	if (!err)
		err = check_traffic(p, cell);
	if (!err)
		err = check_capture(p, cell);
	if (!err)
		err = check_latency(p, cell);
	return err;
}
