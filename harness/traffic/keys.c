/* SPDX-License-Identifier: MIT */
/* Plans and streams: see keys.h. */
#include "harness/traffic/keys.h"

#include "harness/traffic/key_set.h"

#include <math.h>
#include <stdlib.h>

#include "variants/mem.h"

/*
 * Short streams would repeat within the window, and branch predictors would learn
 * them.  Long ones take memory, and cache lines from the table.
 */
#define KEYS_LEAST (1u << 18)
#define KEYS_MOST  (1u << 24)
/* All streams together stay below this, unless each then had less than the minimum. */
#define KEYS_BUDGET (2ull << 30)
#define KEYS_FLOOR  (1u << 16)

#define OPS_LEAST (1u << 17)
#define OPS_MOST  (1u << 24)
/* Inserts and deletes that a stream of operations should have at least. */
#define OPS_CHANGES 32

/* The purposes of seeds, so that each has its own random numbers. */
enum purpose {
	SEED_FLOWS = 1,
	SEED_PLACE,
	SEED_PICK,
	SEED_KIND,
	SEED_OPS,
	SEED_REPLIES,
};

/* Of the first i, how many have a property that this share of all have. */
static uint64_t share_upto(double share, uint64_t i)
{
	return (uint64_t)llround(share * (double)i);
}

static size_t key_size(const struct key_plan *plan)
{
	return plan->compact ? sizeof(struct ct_key4) : sizeof(union ct_tuple_words);
}

/* --- The plan --- */

static size_t plan_stream_keys(const struct key_plan *plan)
{
	uint64_t n = plan->stable, most = KEYS_BUDGET / plan->threads / key_size(plan);

	if (n < KEYS_LEAST)
		n = KEYS_LEAST;
	if (n > KEYS_MOST)
		n = KEYS_MOST;
	if (n > most)
		n = most;
	if (n < KEYS_FLOOR)
		n = KEYS_FLOOR;
	return (n + KEY_BLOCK - 1) / KEY_BLOCK * KEY_BLOCK;
}

/* At most a quarter of the flows come and go, so that lookups can hit among the others. */
static int plan_churn(struct key_plan *plan, const struct cell *cell, struct ct_error *e)
{
	plan->churn_share = cell->insert + cell->del;
	if (plan->churn_share <= 0)
		return 0;
	if (fabs(cell->insert - cell->del) > 1e-6)
		return ct_user_error(e,
				     "inserts (%g) and deletes (%g) need the same share of the "
				     "mix, or the table would fill up or run empty",
				     cell->insert, cell->del);
	plan->churn = plan->present / 4 / plan->threads;
	if (!plan->churn)
		return ct_user_error(e,
				     "%llu flows are too few for %u threads that insert and "
				     "delete: each needs 4",
				     (unsigned long long)plan->present, plan->threads);
	plan->stream_ops = OPS_LEAST;
	while (plan->stream_ops < OPS_MOST &&
	       (double)plan->stream_ops * plan->churn_share < OPS_CHANGES)
		plan->stream_ops *= 2;
	if ((double)plan->stream_ops * plan->churn_share < 2)
		return ct_user_error(e,
				     "inserts and deletes with a share of %g are fewer than one in "
				     "%u: give them more, or none",
				     cell->insert, OPS_MOST);
	plan->stable -= plan->churn * plan->threads;
	return 0;
}

int key_plan_init(struct key_plan *plan, const struct cell *cell, struct ct_error *e)
{
	int ret;

	*plan = (struct key_plan){
		.present = cell->flows,
		.stable = cell->flows,
		.threads = cell->threads,
		.compact = cell->ipv6_share <= 0,
		.huge = cell->pages != PAGES_4K,
		.split = cell->split,
		.popularity = cell->popularity,
		.zipf_s = cell->zipf_s,
		.hot_flows = cell->hot_flows,
		.hot_share = cell->hot_share,
		.hit_share = cell->hit_share,
		.reply_share = cell->reply_share,
		.seed = cell->seed,
	};
	if (!plan->threads || !plan->present || plan->present > FLOW_ABSENT / 2)
		return ct_user_error(e,
				     "%llu flows and %u threads: both must be at least 1, and "
				     "flows at most %llu",
				     (unsigned long long)plan->present, plan->threads,
				     (unsigned long long)FLOW_ABSENT / 2);
	ret = plan_churn(plan, cell, e);
	if (ret)
		return ret;
	if (plan->popularity == POP_HOT && (!plan->hot_flows || plan->hot_flows > plan->stable))
		return ct_user_error(e,
				     "hot_flows is %llu: must be from 1 to %llu, the flows that "
				     "stay in the table",
				     (unsigned long long)plan->hot_flows,
				     (unsigned long long)plan->stable);
	if (plan->split != SPLIT_ANY && plan->stable < plan->threads)
		return ct_user_error(e,
				     "%llu flows that stay in the table are too few to share among "
				     "%u threads: use more flows, or split: any",
				     (unsigned long long)plan->stable, plan->threads);
	plan->stream_keys = plan_stream_keys(plan);
	flow_set_init(&plan->flows, cell->ipv6_share, seed_derive(plan->seed, SEED_FLOWS, 0));
	flow_set_land(&plan->flows, cell->land_share);
	if (cell->key_set[0]) {
		plan->flows.recorded = key_set_load(cell->key_set, e);
		if (!plan->flows.recorded)
			return -EINVAL;
		plan->compact &= !plan->flows.recorded->ipv6;
	}
	permutation_init(&plan->place, plan->present, seed_derive(plan->seed, SEED_PLACE, 0));
	return 0;
}

/* Zero if all lookups hit: then the stream needs none. */
static size_t hit_bytes(const struct key_plan *plan)
{
	return plan->hit_share < 1 ? plan->stream_keys / 8 : 0;
}

static size_t before_bytes(const struct key_plan *plan)
{
	return plan->hit_share < 1 ? plan->stream_keys / KEY_BLOCK * sizeof(uint64_t) : 0;
}

uint64_t key_plan_bytes(const struct key_plan *plan)
{
	return (plan->stream_keys + 2 * plan->churn) * key_size(plan) + plan->stream_ops +
	       hit_bytes(plan) + before_bytes(plan);
}

static uint64_t owned_stable(const struct key_plan *plan, unsigned int thread)
{
	return (plan->stable + plan->threads - 1 - thread) / plan->threads;
}

uint64_t key_plan_owned(const struct key_plan *plan, unsigned int thread)
{
	return owned_stable(plan, thread) + plan->churn;
}

uint64_t key_plan_owned_flow(const struct key_plan *plan, unsigned int thread, uint64_t i)
{
	const uint64_t stable = owned_stable(plan, thread);

	/* As in picker_init() and make_churn(). */
	return permutation_at(&plan->place,
			      i < stable ? thread + i * plan->threads
					 : plan->stable + thread * plan->churn + i - stable);
}

/* --- Lookups --- */

/* The kind of a lookup: two bits. */
#define LOOKUP_REPLY 1
#define LOOKUP_MISS  2

/*
 * Draws connections by the plan's popularity, from all that stay in the table or from those of one
 * thread: the ranks first, first + stride, first + 2 * stride, ..., n of them.  Popularity then
 * holds among these n.
 */
struct picker {
	const struct key_plan *plan;
	struct rng rng;
	uint64_t first, stride, n;
	uint64_t hot; /* POP_HOT: how many of the n are hot, the first ones */
	struct zipf zipf;
	struct permutation order; /* POP_UNIFORM: this pass over all n */
	uint64_t pos, step, pass;
	uint64_t seed;
};

static void begin_pass(struct picker *p)
{
	permutation_init(&p->order, p->n, seed_derive(p->seed, SEED_PICK, p->pass++));
}

/* How many of the first n ranks are among first, first + stride, ... */
static uint64_t ranks_below(const struct picker *p, uint64_t n)
{
	return n > p->first ? (n - p->first + p->stride - 1) / p->stride : 0;
}

/*
 * The lookups of a thread.  A connection of rank r belongs to thread r % threads.  Ranks are
 * random, so this works like a symmetric hash over the tuple, but with equally many connections
 * for each thread.
 */
static void
picker_init(struct picker *p, const struct key_plan *plan, unsigned int thread, bool reply)
{
	uint64_t seed = seed_derive(plan->seed, reply ? SEED_REPLIES : SEED_PICK, thread);

	*p = (struct picker){ .plan = plan, .seed = seed, .stride = 1, .step = 1 };
	rng_seed(&p->rng, seed);
	if (plan->split == SPLIT_FLOW || plan->split == SPLIT_DIRECTION) {
		p->stride = plan->threads;
		p->first = thread;
	}
	/* A connection's replies are on the next thread. */
	if (plan->split == SPLIT_DIRECTION && reply)
		p->first = (thread + plan->threads - 1) % plan->threads;
	p->n = ranks_below(p, plan->stable);
	p->hot = ranks_below(p, plan->hot_flows);
	if (plan->popularity == POP_ZIPF)
		zipf_init(&p->zipf, p->n, plan->zipf_s);
	/* All threads share one order; each takes every threads-th lookup. */
	if (plan->split == SPLIT_ROUND_ROBIN) {
		p->seed = seed_derive(plan->seed, SEED_PICK, 0);
		p->step = plan->threads;
		p->pos = thread;
	}
	begin_pass(p);
}

/*
 * The pick_ functions fill a block with ranks (0 the most popular) at a time:
 * short loops of one kind of step, whose iterations the CPU can overlap.
 */

/* Each flow once, in random order, then each again in another order. */
static void pick_uniform(struct picker *p, uint64_t *ranks, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		while (p->pos >= p->n) {
			p->pos -= p->n;
			begin_pass(p);
		}
		ranks[i] = permutation_at(&p->order, p->pos);
		p->pos += p->step;
	}
}

static void pick_zipf(struct picker *p, uint64_t *ranks, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		ranks[i] = zipf_draw(&p->zipf, &p->rng) - 1;
}

static void pick_hot(struct picker *p, uint64_t *ranks, unsigned int nr)
{
	uint64_t hot = p->hot, rest = p->n - hot;

	for (unsigned int i = 0; i < nr; i++) {
		if (hot && (!rest || rng_double(&p->rng) < p->plan->hot_share))
			ranks[i] = rng_below(&p->rng, hot);
		else
			ranks[i] = hot + rng_below(&p->rng, rest);
	}
}

/* The next nr flows. */
static void pick_flows(struct picker *p, uint64_t *flows, unsigned int nr)
{
	if (p->plan->popularity == POP_ZIPF)
		pick_zipf(p, flows, nr);
	else if (p->plan->popularity == POP_HOT)
		pick_hot(p, flows, nr);
	else
		pick_uniform(p, flows, nr);
	for (unsigned int i = 0; i < nr; i++)
		flows[i] = permutation_at(&p->plan->place, p->first + p->stride * flows[i]);
}

/* The flows of a block's lookups, if all hit; with `direction` replies have a separate picker. */
static void
pick_block(struct picker picker[2], const uint8_t kinds[KEY_BLOCK], uint64_t flows[KEY_BLOCK])
{
	uint64_t replies[KEY_BLOCK];
	unsigned int nr = 0;

	pick_flows(&picker[0], flows, KEY_BLOCK);
	if (picker[0].plan->split != SPLIT_DIRECTION)
		return;
	for (unsigned int i = 0; i < KEY_BLOCK; i++)
		nr += kinds[i] & LOOKUP_REPLY;
	pick_flows(&picker[1], replies, nr);
	for (unsigned int i = 0; i < KEY_BLOCK; i++)
		if (kinds[i] & LOOKUP_REPLY)
			flows[i] = replies[--nr];
}

static void key_put(const struct key_plan *plan, void *keys, size_t i, uint64_t flow, bool reply)
{
	if (plan->compact)
		flow_key4(&plan->flows, flow, reply, (struct ct_key4 *)keys + i);
	else
		flow_tuple(&plan->flows, flow, reply, (union ct_tuple_words *)keys + i);
}

/*
 * The kinds of one block's lookups, with exact numbers of each, in random
 * order; hits and misses have the counts of the blocks before and are advanced.
 */
static void block_kinds(const struct key_plan *plan, struct rng *rng, uint64_t *hits,
			uint64_t *misses, uint8_t kinds[KEY_BLOCK])
{
	uint64_t hits_after = share_upto(plan->hit_share, *hits + *misses + KEY_BLOCK);
	uint64_t misses_after = *hits + *misses + KEY_BLOCK - hits_after;
	uint64_t nr[4], n = 0;

	nr[LOOKUP_REPLY] =
		share_upto(plan->reply_share, hits_after) - share_upto(plan->reply_share, *hits);
	nr[0] = hits_after - *hits - nr[LOOKUP_REPLY];
	nr[LOOKUP_MISS | LOOKUP_REPLY] = share_upto(plan->reply_share, misses_after) -
					 share_upto(plan->reply_share, *misses);
	nr[LOOKUP_MISS] = misses_after - *misses - nr[LOOKUP_MISS | LOOKUP_REPLY];
	for (uint8_t kind = 0; kind < 4; kind++)
		for (uint64_t i = 0; i < nr[kind]; i++)
			kinds[n++] = kind;
	if (nr[0] < KEY_BLOCK)
		rng_shuffle(rng, kinds, KEY_BLOCK);
	*hits = hits_after;
	*misses = misses_after;
}

/* Replaces the flows of misses by absent ones; sets the bits of hits. */
static void block_misses(struct key_stream *s, struct rng *rng, size_t at,
			 const uint8_t kinds[KEY_BLOCK], uint64_t flows[KEY_BLOCK])
{
	for (unsigned int i = 0; i < KEY_BLOCK; i++) {
		if (kinds[i] & LOOKUP_MISS)
			flows[i] = FLOW_ABSENT + rng_below(rng, FLOW_ABSENT);
		else
			s->hit_bits[(at + i) / 64] |= 1ull << i % 64;
	}
}

static void make_keys(struct key_stream *s, const struct key_plan *plan, unsigned int thread)
{
	uint64_t hits = 0, misses = 0, flows[KEY_BLOCK];
	uint8_t kinds[KEY_BLOCK];
	struct picker picker[2]; /* of the original direction, and of replies */
	struct rng rng;

	picker_init(&picker[0], plan, thread, false);
	picker_init(&picker[1], plan, thread, true);
	rng_seed(&rng, seed_derive(plan->seed, SEED_KIND, thread));
	for (size_t at = 0; at < s->nr_keys; at += KEY_BLOCK) {
		if (s->hits_before)
			s->hits_before[at / KEY_BLOCK] = hits;
		block_kinds(plan, &rng, &hits, &misses, kinds);
		pick_block(picker, kinds, flows);
		if (s->hit_bits)
			block_misses(s, &rng, at, kinds, flows);
		for (unsigned int i = 0; i < KEY_BLOCK; i++)
			key_put(plan, s->keys, at + i, flows[i], kinds[i] & LOOKUP_REPLY);
	}
	s->hits = hits;
}

/* --- Operations --- */

/* Deletes and inserts alternate, at random places of each block. */
static void make_ops(struct key_stream *s, const struct key_plan *plan, unsigned int thread)
{
	uint64_t total = share_upto(plan->churn_share, s->nr_ops) & ~1ull;
	uint8_t change[KEY_BLOCK];
	uint64_t done = 0;
	struct rng rng;

	rng_seed(&rng, seed_derive(plan->seed, SEED_OPS, thread));
	for (size_t i = 0; i < s->nr_ops; i++) {
		unsigned int at = i % KEY_BLOCK;

		if (!at) {
			/* An even total, so that the next round begins with a delete too. */
			uint64_t upto = share_upto(plan->churn_share, i + KEY_BLOCK);

			memset(change, 0, sizeof(change));
			memset(change, 1, (upto < total ? upto : total) - done);
			rng_shuffle(&rng, change, KEY_BLOCK);
		}
		if (!change[at])
			s->ops[i] = CT_OP_LOOKUP;
		else
			s->ops[i] = done++ % 2 ? CT_OP_INSERT : CT_OP_DELETE;
	}
	s->deletes = s->inserts = done / 2;
	s->lookups = s->nr_ops - done;
}

/* First those in the table, oldest first, then as many that are not in it yet. */
static void make_churn(struct key_stream *s, const struct key_plan *plan, unsigned int thread)
{
	uint64_t first = thread * plan->churn;

	for (uint64_t i = 0; i < plan->churn; i++) {
		uint64_t in = permutation_at(&plan->place, plan->stable + first + i);

		key_put(plan, s->churn, i, in, false);
		key_put(plan, s->churn, plan->churn + i, plan->present + first + i, false);
	}
	s->head = plan->churn;
}

/* --- Streams --- */

static void *stream_alloc(const struct key_plan *plan, size_t bytes, bool *failed)
{
	void *p = bytes ? ct_mem_alloc(bytes, plan->huge) : NULL;

	if (bytes && !p)
		*failed = true;
	return p;
}

int key_stream_make(struct key_stream *s, const struct key_plan *plan, unsigned int thread,
		    struct ct_error *e)
{
	bool failed = false;

	*s = (struct key_stream){
		.compact = plan->compact,
		.nr_keys = plan->stream_keys,
		.nr_ops = plan->stream_ops,
		.nr_churn = 2 * plan->churn,
		.bytes = key_plan_bytes(plan),
	};
	s->keys = stream_alloc(plan, s->nr_keys * key_size(plan), &failed);
	s->ops = stream_alloc(plan, s->nr_ops, &failed);
	s->churn = stream_alloc(plan, s->nr_churn * key_size(plan), &failed);
	s->hit_bits = stream_alloc(plan, hit_bytes(plan), &failed);
	s->hits_before = stream_alloc(plan, before_bytes(plan), &failed);
	if (failed) {
		key_stream_free(s);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "no memory for a thread's key stream of %llu MiB: ask for fewer "
			       "flows or threads",
			       (unsigned long long)(key_plan_bytes(plan) >> 20));
	}
	if (s->hit_bits)
		memset(s->hit_bits, 0, hit_bytes(plan));
	make_keys(s, plan, thread);
	if (s->ops)
		make_ops(s, plan, thread);
	if (s->churn)
		make_churn(s, plan, thread);
	return 0;
}

void key_stream_free(struct key_stream *s)
{
	free(s->keys);
	free(s->ops);
	free(s->churn);
	free(s->hit_bits);
	free(s->hits_before);
	*s = (struct key_stream){ 0 };
}

/* Among keys[0 .. n - 1]. */
static uint64_t hits_upto(const struct key_stream *s, size_t n)
{
	uint64_t hits;

	if (!s->hit_bits)
		return n;
	if (n == s->nr_keys)
		return s->hits;
	hits = s->hits_before[n / KEY_BLOCK];
	for (size_t i = n / KEY_BLOCK * KEY_BLOCK; i < n; i += 64) {
		uint64_t word = s->hit_bits[i / 64];

		if (n - i < 64)
			word &= (1ull << (n - i)) - 1;
		hits += (uint64_t)__builtin_popcountll(word);
	}
	return hits;
}

uint64_t key_stream_hits(const struct key_stream *s, uint64_t from, uint64_t count)
{
	uint64_t to = from + count;

	return to / s->nr_keys * s->hits + hits_upto(s, to % s->nr_keys) -
	       from / s->nr_keys * s->hits - hits_upto(s, from % s->nr_keys);
}
