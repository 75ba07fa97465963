/* SPDX-License-Identifier: MIT */
#include "harness/torture/linear.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the model of a table ---- */

/* Is op possible now?  *state is the connection in the table, before and after op. */
static bool serve(const struct linear_op *op, uint32_t *state)
{
	switch (op->kind) {
	case LINEAR_INSERT:
		if (!op->id)
			return *state != 0;
		if (*state)
			return false;
		*state = op->id;
		return true;
	case LINEAR_FIND:
		return *state == op->id;
	default:
		if (op->done != (*state == op->id))
			return false;
		*state = op->done ? 0 : *state;
		return true;
	}
}

/* ---- the states tried so far ---- */

/*
 * A thread's operations are in order, so the number of served operations of each thread, and the
 * state, describe the past completely.
 */
struct place {
	uint16_t at[LINEAR_THREADS];
	uint32_t state;
	bool used;
};

struct tried {
	struct place *slots;
	size_t size, nr; /* size: a power of two */
};

static size_t slot_of(const struct tried *t, const struct place *p)
{
	uint64_t hash = p->state;

	for (unsigned int i = 0; i < LINEAR_THREADS; i++)
		hash = (hash ^ p->at[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(hash >> 20) & (t->size - 1);
}

static bool same(const struct place *a, const struct place *b)
{
	return a->state == b->state && !memcmp(a->at, b->at, sizeof(a->at));
}

static int grow(struct tried *t)
{
	struct tried bigger = { .size = t->size ? 2 * t->size : 1024, .nr = t->nr };

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->size; i++) {
		size_t at = slot_of(&bigger, &t->slots[i]);

		if (!t->slots[i].used)
			continue;
		while (bigger.slots[at].used)
			at = (at + 1) & (bigger.size - 1);
		bigger.slots[at] = t->slots[i];
	}
	free(t->slots);
	*t = bigger;
	return 0;
}

/* 1: it is new, and remembered; 0: it was tried; -ENOMEM */
static int remember(struct tried *t, const struct place *p)
{
	size_t at;

	if (2 * t->nr >= t->size && grow(t))
		return -ENOMEM;
	for (at = slot_of(t, p); t->slots[at].used; at = (at + 1) & (t->size - 1))
		if (same(&t->slots[at], p))
			return 0;
	t->slots[at] = *p;
	t->slots[at].used = true;
	t->nr++;
	return 1;
}

/* ---- the search ---- */

static const struct linear_op *
next_of(const struct linear_history *h, const struct place *p, unsigned int thread)
{
	return p->at[thread] < h->nr[thread] ? &h->ops[thread][p->at[thread]] : NULL;
}

/* Did all operations not yet served end after op began?  Else one of them must be served first. */
static bool
may_be_next(const struct linear_history *h, const struct place *p, const struct linear_op *op)
{
	for (unsigned int i = 0; i < LINEAR_THREADS; i++) {
		const struct linear_op *other = next_of(h, p, i);

		if (other && other->end < op->begin)
			return false;
	}
	return true;
}

static uint32_t served(const struct place *p)
{
	uint32_t nr = 0;

	for (unsigned int i = 0; i < LINEAR_THREADS; i++)
		nr += p->at[i];
	return nr;
}

/* Depth first, with an explicit stack, because histories are long. */
struct way {
	struct place place;
	unsigned int next; /* the thread to try next */
};

static int search(const struct linear_history *h, struct tried *t, struct way *way, uint32_t all,
		  uint32_t stuck[LINEAR_THREADS])
{
	uint32_t depth = 0, best = 0;

	way[0] = (struct way){ .place.state = h->first };
	for (;;) {
		struct way *w = &way[depth];
		const struct linear_op *op;
		struct place to = w->place;
		int new;

		if (depth == all)
			return 1;
		if (w->next == LINEAR_THREADS) {
			if (!depth--)
				return 0;
			continue;
		}
		op = next_of(h, &w->place, w->next);
		to.at[w->next]++;
		w->next++;
		if (!op || !may_be_next(h, &w->place, op) || !serve(op, &to.state))
			continue;
		new = remember(t, &to);
		if (new < 0)
			return new;
		if (!new)
			continue;
		way[++depth] = (struct way){ .place = to };
		if (served(&to) > best) {
			best = served(&to);
			for (unsigned int i = 0; i < LINEAR_THREADS; i++)
				stuck[i] = to.at[i];
		}
	}
}

int linear_check(const struct linear_history *h, uint32_t stuck[LINEAR_THREADS])
{
	struct tried t = { 0 };
	struct way *way;
	uint32_t all = 0;
	int ret;

	for (unsigned int i = 0; i < LINEAR_THREADS; i++) {
		stuck[i] = 0;
		all += h->nr[i];
		if (h->nr[i] > LINEAR_OPS)
			return -EINVAL;
	}
	way = calloc(all + 1, sizeof(*way));
	ret = way ? search(h, &t, way, all, stuck) : -ENOMEM;
	free(way);
	free(t.slots);
	return ret;
}
