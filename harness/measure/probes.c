/* SPDX-License-Identifier: MIT */
/*
 * Events that insert additional connections: one tuple in many zones, and the deletion of one zone;
 * fresh connections, and how many of them a full table drops.
 *
 * A hash that includes the zone spreads one tuple's entries over the buckets.  Without the zone all
 * are in one chain, and each insertion and lookup walks half of it.  The thread of the events times
 * both while workers continue.  Operations of workers have no zone.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/nf_conntrack_filter.h"
#include "harness/measure/events.h"
#include "harness/numbers/random.h"
#include "harness/traffic/flows.h"

/* Flows that nothing else uses; floods use those from half of FLOW_ABSENT on. */
#define PROBE_FLOW (FLOW_ABSENT / 4 * 3)
/* In ticks: nothing expires in the window. */
#define SETTLED (NF_CT_HZ * 3600u * 24u)
/* The zone that is deleted. */
#define ZONE_DELETED 1

/* An entry: a flow in a zone. */
struct probe {
	union ct_tuple_words original, reply;
	struct nf_conntrack_zone zone;
};

static struct probe probe_of(const struct bench *b, uint64_t flow, uint64_t zone)
{
	struct probe p = { .zone = { .id = (uint16_t)zone, .dir = NF_CT_DEFAULT_ZONE_DIR } };

	flow_tuple(b->flows, flow, false, &p.original);
	flow_tuple(b->flows, flow, true, &p.reply);
	return p;
}

/* True: it is in the table, as an unreplied connection. */
static bool insert(const struct bench *b, const struct probe *p)
{
	int err;
	struct nf_conn *ct =
		b->v->ops->alloc(b->net, &p->zone, &p->original.tuple, &p->reply.tuple, &err);
	bool in = ct && !b->v->ops->insert(ct, SETTLED);

	if (ct)
		b->v->ops->put(ct);
	return in;
}

/* True: it was found. */
static bool look_up(const struct bench *b, const struct probe *p)
{
	struct nf_conntrack_tuple_hash *h =
		b->v->ops->find_get(b->net, &p->zone, &p->original.tuple);

	if (h)
		b->v->ops->put(nf_ct_tuplehash_to_ctrack(h));
	return h;
}

/* ---- zones ---- */

static bool nothing_else(const struct cell *c)
{
	return cell_nr_events(c, EVENT_ZONES) + cell_nr_events(c, EVENT_FLUSH_ZONE) == c->nr_events;
}

int bench_zones_fill(struct bench *b, struct bench_event *e)
{
	uint64_t nr = e->what.count, begin = tsc_now(), found = 0;
	struct permutation order;

	for (uint64_t i = 1; i <= nr; i++) {
		const struct probe p = probe_of(b, PROBE_FLOW, i);

		e->made += insert(b, &p);
	}
	e->refused = nr - e->made;
	e->insert_s = tsc_to_seconds(tsc_now() - begin) / (double)nr;

	/* Not in the order of insertion. */
	permutation_init(&order, nr, b->cell->seed);
	begin = tsc_now();
	for (uint64_t i = 0; i < nr; i++) {
		const struct probe p = probe_of(b, PROBE_FLOW, 1 + permutation_at(&order, i));

		found += look_up(b, &p);
	}
	e->lookup_s = tsc_to_seconds(tsc_now() - begin) / (double)nr;
	/* All except refused ones can be found, unless another event deletes them. */
	if (found > e->made ||
	    (found < e->made && nothing_else(b->cell) && !(b->v->flags & CT_V_NULL)))
		return -ENOENT;
	return 0;
}

int bench_zones_flush(struct bench *b, struct bench_event *e)
{
	const struct nf_ct_filter filter = {
		.dir[IP_CT_DIR_ORIGINAL] = { .fields = CT_FILTER_ZONE, .zone_id = ZONE_DELETED },
	};
	long n = nf_ct_flush_net(b->net, &filter, 0, false);

	e->made = n > 0 ? (uint64_t)n : 0;
	return n < 0 ? (int)n : 0;
}

/* ---- fresh connections ---- */

/* Waits in between, so later events of this thread may be late; floods are not. */
int bench_fresh(struct bench *b, struct bench_event *e)
{
	uint64_t nr = e->what.count;

	for (uint64_t i = 1; i <= nr; i++) {
		const struct probe p = probe_of(b, PROBE_FLOW + i, 0);

		e->made += insert(b, &p);
	}
	e->refused = nr - e->made;
	b->v->thread_offline(b->core);
	bench_sleep_until(tsc_now() + tsc_from_seconds(e->what.seconds));
	b->v->thread_online(b->core);
	for (uint64_t i = 1; i <= nr; i++) {
		const struct probe p = probe_of(b, PROBE_FLOW + i, 0);

		e->found += look_up(b, &p);
	}
	return e->found > e->made ? -ENOENT : 0;
}

void bench_probe_metrics(struct bench *b, const struct bench_event *e)
{
	if (e->what.kind == EVENT_FLUSH_ZONE)
		bench_metric(b, "zone_flush_s", tsc_to_seconds(e->end - e->begin));
	if (e->what.kind == EVENT_FRESH && e->made)
		bench_metric(b, "fresh_lost_percent",
			     100 * (double)(e->made - e->found) / (double)e->made);
	if (e->what.kind == EVENT_FRESH)
		bench_metric(b, "fresh_refused", (double)e->refused);
	if (e->what.kind != EVENT_ZONES)
		return;
	bench_metric(b, "zone_insert_ns", 1e9 * e->insert_s);
	bench_metric(b, "zone_lookup_ns", 1e9 * e->lookup_s);
	bench_metric(b, "zone_refused", (double)e->refused);
}
