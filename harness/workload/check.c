/* SPDX-License-Identifier: MIT */
/*
 * Values that are each allowed but not together.  Every message says where the value is,
 * why it is refused, and what to write instead.
 */
#include "harness/machine/topology.h"
#include "harness/base/built_in.h"
#include "harness/base/files.h"
#include "harness/workload/internal.h"
#include "variants/variant.h"

#include <string.h>
#include <unistd.h>

/* The place of a parameter's value in the present cell. */
static const char *place_of(const struct workload_product *p, int id, char place[WORD_PLACE])
{
	return word_place(&p->keys[id].list[p->at[id]], place);
}

static int check_threads(const struct workload_product *p, const struct cell *cell)
{
	/* Names the place that the user should change: the policy or the number of threads. */
	bool pinned = cell->pin != PIN_COMPACT && cell->pin != PIN_SCATTER && cell->threads == 1;
	unsigned int cpus[CT_MAX_THREADS];
	struct ct_error why = { 0 };
	char place[WORD_PLACE];
	int err;

	err = topology_plan(cell->pin, cell->cpus, cell->threads, cell->oversubscribe, cpus, &why);
	if (!err)
		return 0;
	return ct_fail(p->e, err, why.status, "%.300s: %s",
		       place_of(p, pinned ? PARAM_PINNING : PARAM_THREADS, place), why.text);
}

/* ---- the table ---- */

static const char *bucket_rule(const struct cell *cell, uint64_t buckets)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);

	return v && v->bucket_rule ? v->bucket_rule(buckets) : NULL;
}

/* ", as 64 or 128" for 100: the next powers of two, for a rule that requires one. */
static void bucket_remedy(const struct cell *cell, uint64_t buckets, char *buf, size_t size)
{
	uint64_t below = UINT64_C(1) << (63 - __builtin_clzll(buckets));

	buf[0] = '\0';
	if (!bucket_rule(cell, below) && !bucket_rule(cell, 2 * below))
		snprintf(buf, size, ", as %llu or %llu", (unsigned long long)below, 2ULL * below);
	else if (!bucket_rule(cell, below))
		snprintf(buf, size, ", as %llu", (unsigned long long)below);
}

static int check_buckets(const struct workload_product *p, const struct cell *cell)
{
	const char *why = bucket_rule(cell, cell->buckets);
	int key = p->keys[PARAM_BUCKETS].nr ? PARAM_BUCKETS : PARAM_LOAD_FACTOR;
	char place[WORD_PLACE], remedy[64];

	if (!why)
		return 0;
	bucket_remedy(cell, cell->buckets, remedy, sizeof(remedy));
	return ct_user_error(p->e,
			     "%s: %s cannot have %llu buckets: %s%s; or give load_factor, which is "
			     "rounded for such variants",
			     place_of(p, key, place), cell->variant,
			     (unsigned long long)cell->buckets, why, remedy);
}

/* ---- what happens during the window ---- */

static int check_resize(const struct workload_product *p, const struct cell *cell,
			const struct cell_event *event, const char *place)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);
	const char *why = bucket_rule(cell, event->count);
	char remedy[64];

	if (v && !(v->flags & CT_V_RESIZE))
		return ct_user_error(p->e,
				     "%s: %s cannot be resized; remove it from variants, or remove "
				     "the resize",
				     place, cell->variant);
	if (!why)
		return 0;
	bucket_remedy(cell, event->count, remedy, sizeof(remedy));
	return ct_user_error(p->e, "%s: %s cannot be resized to %llu buckets: %s%s", place,
			     cell->variant, (unsigned long long)event->count, why, remedy);
}

static int check_event(const struct workload_product *p, const struct cell *cell,
		       const struct cell_event *event)
{
	const char *name = cell_event_name(event);
	char buf[WORD_PLACE];
	const char *place = place_of(p, event->short_form ? PARAM_RESIZE : PARAM_EVENTS, buf);

	if (cell->kind != KIND_STEADY)
		return ct_user_error(p->e,
				     "%s: events happen in a window, and only kind: steady has one",
				     place);
	if (event->at >= cell->seconds)
		return ct_user_error(p->e, "%s: a %s at %gs is after the end of the window of %gs",
				     place, name, event->at, cell->seconds);
	if (event->at + event->seconds > cell->seconds)
		return ct_user_error(p->e,
				     "%s: a %s of %gs from %gs on is longer than the window of %gs",
				     place, name, event->seconds, event->at, cell->seconds);
	if (event_is_synthetic(event) && cell->capture[0])
		return ct_user_error(p->e,
				     "%s: a %s makes synthetic connections and does not go with a "
				     "capture",
				     place, name);
	return event->kind == EVENT_RESIZE ? check_resize(p, cell, event, place) : 0;
}

static int check_timeline(const struct workload_product *p, const struct cell *cell)
{
	char place[WORD_PLACE];

	if (cell->timeline <= 0)
		return 0;
	if (cell->kind != KIND_STEADY)
		return ct_user_error(p->e,
				     "%s: a timeline cuts a window, and only kind: steady has one",
				     place_of(p, PARAM_TIMELINE, place));
	if (cell->timeline > cell->seconds || cell->timeline * 20000 < cell->seconds)
		return ct_user_error(p->e,
				     "%s: a window of %gs in pieces of %gs makes %s; at most 20000 "
				     "are kept",
				     place_of(p, PARAM_TIMELINE, place), cell->seconds,
				     cell->timeline,
				     cell->timeline > cell->seconds ? "less than one piece"
								    : "more than 20000 pieces");
	return 0;
}

static int check_window(const struct workload_product *p, const struct cell *cell)
{
	int err = 0;

	for (uint32_t i = 0; i < cell->nr_events && !err; i++)
		err = check_event(p, cell, &cell->events[i]);
	return err ? err : check_timeline(p, cell);
}

/* ---- traffic ---- */

static int check_traffic(const struct workload_product *p, const struct cell *cell)
{
	char place[WORD_PLACE];
	double drift = cell->insert - cell->del;

	if (cell->kind == KIND_STEADY && (drift > 1e-9 || drift < -1e-9))
		return ct_user_error(
			p->e,
			"%s: insert and delete must be equal parts of a steady mix (they are %g%% "
			"and %g%%), else the population drifts while it is measured",
			place_of(p, PARAM_MIX, place), 100 * cell->insert, 100 * cell->del);
	if (cell->popularity == POP_HOT && !cell->capture[0] && cell->hot_flows > cell->flows)
		return ct_user_error(p->e, "%s: %llu hot flows are more than all flows (%llu)",
				     place_of(p, PARAM_POPULARITY, place),
				     (unsigned long long)cell->hot_flows,
				     (unsigned long long)cell->flows);
	if (cell->land_share > 0 && (cell->level != LEVEL_OPS || cell->capture[0]))
		return ct_user_error(p->e,
				     "%s: land_share needs level: ops and no capture, because "
				     "packets whose ends are equal have no direction",
				     place_of(p, PARAM_LAND_SHARE, place));
	if (cell->level != LEVEL_PACKETS || cell->kind != KIND_STEADY)
		return 0;
	/* The packets decide what happens to the table. */
	if (cell->hit_share < 1)
		return ct_user_error(p->e,
				     "%s: at level: packets hit_share must be 1: a packet without "
				     "a connection makes one, and the population would drift",
				     place_of(p, PARAM_HIT_SHARE, place));
	if (!cell->refcount)
		return ct_user_error(p->e,
				     "%s: at level: packets each lookup takes a reference; remove "
				     "refcount, or use level: ops",
				     place_of(p, PARAM_REFCOUNT, place));
	if (cell->lookup < 1)
		return ct_user_error(
			p->e,
			"%s: at level: packets mix must be lookup=100, because the "
			"packets decide what is inserted; use level: ops, or a capture",
			place_of(p, PARAM_MIX, place));
	return 0;
}

static int check_capture(const struct workload_product *p, const struct cell *cell)
{
	char place[WORD_PLACE];

	if (cell->kind == KIND_DECODE && !cell->capture[0])
		return ct_user_error(p->e,
				     "%s: kind: decode measures the decoding of a capture; name "
				     "one (capture: FILE)",
				     place_of(p, PARAM_KIND, place));
	if (!cell->capture[0])
		return 0;
	if (cell->level == LEVEL_OPS && cell->kind != KIND_DECODE)
		return ct_user_error(p->e, "%s: a capture holds packets and needs level: packets",
				     place_of(p, PARAM_CAPTURE, place));
	if (!built_in_exists(cell->capture))
		return ct_user_error(p->e,
				     "%s: the capture %s cannot be read: %s; its path is relative "
				     "to the file that names it",
				     place_of(p, PARAM_CAPTURE, place), cell->capture,
				     file_error(errno));
	return 0;
}

/* ---- latencies ---- */

static int check_latency(const struct workload_product *p, const struct cell *cell)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);
	int key = cell->rate ? PARAM_RATE : PARAM_LATENCY;
	char place[WORD_PLACE];

	if (cell->arrivals == ARRIVALS_CAPTURE && !cell->capture[0])
		return ct_user_error(p->e,
				     "%s: arrivals: capture takes a capture's own times; name one "
				     "(capture: FILE)",
				     place_of(p, PARAM_ARRIVALS, place));
	if (cell_latency(cell) == LATENCY_NONE)
		return 0;
	if (cell->rate && cell->latency != LATENCY_NONE)
		return ct_user_error(
			p->e,
			"%s: latency: service is of a closed loop, which has no rate; remove "
			"latency (an open loop measures response times) or set rate: none",
			place_of(p, PARAM_LATENCY, place));
	if (cell->kind != KIND_STEADY)
		return ct_user_error(
			p->e, "%s: latencies are taken in a window, and only kind: steady has one",
			place_of(p, key, place));
	if (v && v->flags & CT_V_LOOKUPS)
		return ct_user_error(p->e,
				     "%s: %s cannot measure latencies; remove it from variants",
				     place_of(p, key, place), cell->variant);
	if (cell->oversubscribe)
		return ct_user_error(p->e,
				     "%s: threads that share a CPU would measure the scheduler's "
				     "latencies; set oversubscribe: false",
				     place_of(p, key, place));
	return 0;
}

/* ---- bursts ---- */

static int check_burst(const struct workload_product *p, const struct cell *cell)
{
	char place[WORD_PLACE];

	if (cell->burst <= 1)
		return 0;
	if (cell_latency(cell) != LATENCY_NONE)
		return ct_user_error(p->e,
				     "%s: latencies are measured of one operation at a time; set "
				     "burst: 1, or latency: none and rate: none",
				     place_of(p, PARAM_BURST, place));
	if (cell->kind == KIND_DECODE || (cell->kind == KIND_FILL && cell->level == LEVEL_OPS))
		return ct_user_error(p->e,
				     "%s: nothing is looked up here, so there are no bursts; set "
				     "burst: 1, or kind: steady%s",
				     place_of(p, PARAM_BURST, place),
				     cell->kind == KIND_FILL ? ", or level: packets" : "");
	return 0;
}

int workload_check_cell(const struct workload_product *p, const struct cell *cell)
{
	static int (*const checks[])(const struct workload_product *, const struct cell *) = {
		check_threads, check_buckets, check_window, check_traffic,
		check_capture, check_latency, check_burst,
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(checks) && !err; i++)
		err = checks[i](p, cell);
	return err;
}
