/* SPDX-License-Identifier: MIT */
/*
 * Threads insert, find and delete few keys on few nodes in few buckets and record the results; then
 * linear.h searches for an order that explains them.
 *
 * Each thread inserts another entry directly after a kill, so that nodes move between chains while
 * readers use them.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/torture/internal.h"
#include "harness/torture/linear.h"

#define KEYS  4u   /* in few buckets */
#define ROUND 120u /* operations of a thread; each key has some of them */

struct record {
	struct linear_op op;
	uint32_t key;
	bool beside; /* a resize may have run, or another insertion */
	bool unsaid; /* it proves nothing about the key */
};

struct history {
	_Atomic uint64_t clock;
	_Atomic uint32_t last_id, ready;
	_Atomic int inserting[KEYS];
	struct record records[LINEAR_THREADS][ROUND];
	uint32_t nr[LINEAR_THREADS];
	uint32_t there[KEYS]; /* between rounds */
};

/* One at a time. */
static struct history history;

/* ---- threads ---- */

static uint64_t tick(void)
{
	return atomic_fetch_add(&history.clock, 1) + 1;
}

static void insert(struct scene *s, struct record *r)
{
	const struct nf_conntrack_ops *ops = s->variant->ops;
	struct nf_conntrack_tuple t = torture_tuple(LEDGER, r->key), reply;
	const uint32_t id = atomic_fetch_add(&history.last_id, 1) + 1;
	struct nf_conn *ct;
	int err;

	nf_ct_invert_tuple(&reply, &t);
	r->op.kind = LINEAR_INSERT;
	r->beside = atomic_fetch_add(&history.inserting[r->key], 1) > 0;
	r->op.begin = tick();
	ct = ops->alloc(s->net, &nf_ct_zone_dflt, &t, &reply, &err);
	if (!ct) {
		torture_fault(s, "a connection was refused: %s", strerror(-err));
		r->op.end = tick();
		atomic_fetch_sub(&history.inserting[r->key], 1);
		return;
	}
	/* Relaxed: insertion publishes the connection. */
	store_relaxed(&ct->mark, id);
	nf_ct_status_set(ct, IPS_SEEN_REPLY | IPS_ASSURED | IPS_FIXED_TIMEOUT);
	err = ops->insert(ct, LONG_TICKS);
	r->op.end = tick();
	r->beside |= atomic_fetch_sub(&history.inserting[r->key], 1) > 1;
	r->op.id = err ? 0 : id;
	if (err == -ENOSPC || err == -ENOMEM) /* no room until a grace period has passed */
		r->unsaid = true;
	else if (err && err != -EEXIST)
		torture_fault(s, "an insertion failed: %s", strerror(-err));
	ops->put(ct);
}

/* With a reference; its number is in the record. */
static struct nf_conn *find(struct scene *s, struct record *r, unsigned int dir)
{
	const unsigned int before = atomic_load(&s->resizing);
	struct nf_conn *ct;

	r->op.kind = LINEAR_FIND;
	r->op.begin = tick();
	ct = torture_find(s, LEDGER, r->key, dir);
	r->op.id = ct ? load_relaxed(&ct->mark) : 0;
	r->op.end = tick();
	r->beside = before & 1 || atomic_load(&s->resizing) != before;
	return ct;
}

static struct record *next_record(unsigned int thread, uint32_t key)
{
	struct record *r = &history.records[thread][history.nr[thread]++];

	*r = (struct record){ .key = key };
	return r;
}

/* Threads begin together, or one would be done before another has started. */
static void wait_for_all(struct scene *s)
{
	atomic_fetch_add(&history.ready, 1);
	while (atomic_load(&history.ready) < LINEAR_THREADS && !atomic_load(&s->stop))
		sched_yield();
}

static void act_in_history(struct actor *a)
{
	struct scene *s = a->scene;
	const unsigned int thread = a->cpu - 1;
	bool elsewhere = false;
	uint32_t key = 0;

	history.nr[thread] = 0;
	wait_for_all(s);
	while (history.nr[thread] + 2 <= ROUND) {
		const uint64_t r = rng_next(&a->rng);
		struct record *record;
		struct nf_conn *ct;

		key = elsewhere ? (key + 1 + (uint32_t)(r >> 8) % (KEYS - 1)) % KEYS
				: (uint32_t)(r >> 8) % KEYS;
		record = next_record(thread, key);
		if (elsewhere || r % 4 == 0) {
			insert(s, record);
			a->counts.inserts++;
			elsewhere = false;
			continue;
		}
		ct = find(s, record, r >> 4 & 1);
		a->counts.lookups++;
		if (!ct)
			continue;
		if (r % 4 == 1) {
			const uint32_t id = record->op.id;

			record = next_record(thread, key);
			record->op.kind = LINEAR_DELETE;
			record->op.id = id;
			record->op.begin = tick();
			record->op.done = s->variant->ops->kill(ct);
			record->op.end = tick();
			a->counts.deletes++;
			elsewhere = true;
		}
		s->variant->ops->put(ct);
	}
	s->variant->thread_offline(s->core);
	s->variant->thread_online(s->core);
}

/* Between two sizes, so that chains are split and joined under the others. */
static void resize_in_history(struct actor *a)
{
	struct scene *s = a->scene;

	do {
		uint64_t size = 1 + rng_below(&a->rng, 8);

		while (s->variant->bucket_rule(size))
			size++;
		atomic_fetch_add(&s->resizing, 1);
		if (s->variant->ops->resize(s->core, size))
			torture_fault(s, "a resize failed");
		atomic_fetch_add(&s->resizing, 1);
		a->counts.resizes++;
		s->variant->thread_offline(s->core);
		sched_yield();
		s->variant->thread_online(s->core);
	} while (!atomic_load_explicit(&s->stop, memory_order_relaxed));
}

/* ---- the check ---- */

static bool left_out(const struct scene *s, const struct record *r)
{
	if (r->unsaid || !r->beside)
		return r->unsaid;
	if (r->op.kind == LINEAR_FIND)
		return !r->op.id && torture_excuse(s->variant);
	return r->op.kind == LINEAR_INSERT && !r->op.id && s->variant->flags & CT_V_HALF_IN;
}

static void describe(char *buf, size_t size, const struct linear_op *op)
{
	static const char *const kinds[] = { "insert", "find", "delete" };

	if (op->kind == LINEAR_DELETE)
		snprintf(buf, size, "delete %u: %s", op->id, op->done ? "done" : "was not there");
	else
		snprintf(buf, size, "%s: %s %u", kinds[op->kind],
			 op->id			     ? "connection"
			 : op->kind == LINEAR_INSERT ? "refused,"
						     : "none,",
			 op->id);
}

static void
complain(struct scene *s, uint32_t key, const struct linear_history *h, const uint32_t *stuck)
{
	char text[160] = "";

	for (unsigned int i = 0; i < LINEAR_THREADS; i++) {
		char one[64];

		if (stuck[i] == h->nr[i])
			continue;
		describe(one, sizeof(one), &h->ops[i][stuck[i]]);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			 *text ? "; " : "", one);
	}
	torture_fault(s, "no order explains the results of key %u; stuck before: %s", key, text);
}

static int check_key(struct scene *s, uint32_t key, struct torture_counts *counts)
{
	static struct linear_op ops[LINEAR_THREADS][ROUND];
	struct linear_history h = { .first = history.there[key] };
	uint32_t stuck[LINEAR_THREADS];
	int ok;

	for (unsigned int i = 0; i < LINEAR_THREADS; i++) {
		h.ops[i] = ops[i];
		for (uint32_t k = 0; k < history.nr[i]; k++) {
			const struct record *r = &history.records[i][k];

			if (r->key != key)
				continue;
			if (left_out(s, r))
				counts->excused++;
			else
				ops[i][h.nr[i]++] = r->op;
		}
	}
	ok = linear_check(&h, stuck);
	if (!ok)
		complain(s, key, &h, stuck);
	return ok < 0 ? ok : 0;
}

/* The entry that exists between rounds; it is also the beginning of the next history. */
static void note_there(struct scene *s)
{
	for (uint32_t key = 0; key < KEYS; key++) {
		struct nf_conn *ct = torture_find(s, LEDGER, key, 0);

		history.there[key] = ct ? load_relaxed(&ct->mark) : 0;
		if (ct)
			s->variant->ops->put(ct);
	}
}

int torture_histories(struct scene *s, double seconds, struct torture_counts *counts)
{
	static torture_role *const roles[LINEAR_THREADS + 1] = { act_in_history, act_in_history,
								 act_in_history, act_in_history,
								 resize_in_history };
	const unsigned int nr = LINEAR_THREADS + s->resizes;
	struct timespec begin;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		note_there(s);
		atomic_store(&history.ready, 0);
		err = torture_act(s, roles, nr, 0.001, NULL, NULL, counts);
		for (uint32_t key = 0; key < KEYS && !err; key++)
			err = check_key(s, key, counts);
		counts->histories += KEYS;
	} while (!err && !atomic_load(&s->faults) && torture_seconds_since(&begin) < seconds);
	return err;
}
