/* SPDX-License-Identifier: MIT */
/* Keys, and the operations of each kind of thread; see torture.h. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/nf_conntrack_filter.h"
#include "harness/torture/internal.h"

/* ---- faults ---- */

void torture_fault(struct scene *s, const char *fmt, ...)
{
	va_list args;

	if (atomic_fetch_add(&s->faults, 1))
		return;
	va_start(args, fmt);
	vsnprintf(s->fault, sizeof(s->fault), fmt, args);
	va_end(args);
}

/* ---- keys ---- */

/* Both directions are different from all other keys'. */
struct nf_conntrack_tuple torture_tuple(enum key_kind kind, uint32_t i)
{
	struct nf_conntrack_tuple t = { 0 };

	t.src.u3.all[0] = htonl(0x0a000000 + i);
	t.dst.u3.all[0] = htonl(0xc0a80001);
	if (i % 4 == 3) {
		t.src.l3num = NFPROTO_IPV6;
		t.src.u3.all[3] = htonl(i);
		t.dst.u3.all[1] = htonl(1);
	} else {
		t.src.l3num = NFPROTO_IPV4;
	}
	t.src.u.all = htons((uint16_t)(1024 + i % 1000));
	t.dst.u.all = htons((uint16_t)(1 + kind));
	t.dst.protonum = IPPROTO_UDP;
	return t;
}

/* The kind and number of an entry, by its original tuple. */
static enum key_kind key_of(const struct nf_conn *ct, uint32_t *i)
{
	struct nf_conntrack_tuple t = *nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);

	*i = ntohl(t.src.u3.all[0]) - 0x0a000000;
	return (enum key_kind)(ntohs(t.dst.u.all) - 1);
}

static struct nf_conntrack_tuple reply_of(const struct nf_conntrack_tuple *t)
{
	struct nf_conntrack_tuple reply;

	nf_ct_invert_tuple(&reply, t);
	return reply;
}

int torture_insert(struct scene *s, enum key_kind kind, uint32_t i, uint32_t ticks)
{
	const struct nf_conntrack_ops *ops = s->variant->ops;
	struct nf_conntrack_tuple t = torture_tuple(kind, i), reply = reply_of(&t);
	struct nf_conn *ct;
	int err;

	ct = ops->alloc(s->net, &nf_ct_zone_dflt, &t, &reply, &err);
	if (!ct)
		return err;
	/* Early drop does not remove replied ones. */
	if (kind != SHORT)
		nf_ct_status_set(ct, IPS_SEEN_REPLY | IPS_ASSURED | IPS_FIXED_TIMEOUT);
	err = ops->insert(ct, ticks);
	ops->put(ct);
	return err;
}

/* ---- lookups ---- */

/* Tables with weaker guarantees: a lookup during a resize may miss an existing entry. */
static const struct {
	const char *chain, *resize, *reason;
} misses_beside_resize[] = {
	{ "nulls_rcu", "seqcount",
	  "a resize may carry a walk into the new table, and only a reader that looks at the "
	  "counter again would notice; Linux has it so" },
};

const char *torture_excuse(const struct ct_variant *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(misses_beside_resize); i++)
		if (v->axes.chain && v->axes.resize &&
		    !strcmp(v->axes.chain, misses_beside_resize[i].chain) &&
		    !strcmp(v->axes.resize, misses_beside_resize[i].resize))
			return misses_beside_resize[i].reason;
	return NULL;
}

static bool excused(struct scene *s, unsigned int resizes_before)
{
	return torture_excuse(s->variant) &&
	       (resizes_before & 1 || atomic_load(&s->resizing) != resizes_before);
}

struct nf_conn *torture_find(struct scene *s, enum key_kind kind, uint32_t i, unsigned int dir)
{
	struct nf_conntrack_tuple t = torture_tuple(kind, i), asked = dir ? reply_of(&t) : t;
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct;

	h = s->variant->ops->find_get(s->net, &nf_ct_zone_dflt, &asked);
	if (!h)
		return NULL;
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (NF_CT_DIRECTION(h) != dir ||
	    !nf_ct_tuple_equal(nf_ct_tuple(ct, (enum ip_conntrack_dir)dir), &asked))
		torture_fault(s, "a lookup of %s key %u gave another one", kind_names[kind], i);
	if (load_relaxed(&ct->use.refs) < 1)
		torture_fault(s, "%s key %u was found without a reference", kind_names[kind], i);
	return ct;
}

/* Entries that a thread holds for a while: they must not change. */
struct held {
	struct nf_conn *ct;
	enum key_kind kind;
	uint32_t i;
};

static void let_go(struct scene *s, struct held *h)
{
	struct nf_conntrack_tuple t;

	if (!h->ct)
		return;
	t = torture_tuple(h->kind, h->i);
	if (!nf_ct_tuple_equal(nf_ct_tuple(h->ct, IP_CT_DIR_ORIGINAL), &t))
		torture_fault(s, "%s key %u became another one while it was held",
			      kind_names[h->kind], h->i);
	s->variant->ops->put(h->ct);
	h->ct = NULL;
}

static void look_up(struct actor *a, struct held *held)
{
	struct scene *s = a->scene;
	const uint64_t r = rng_next(&a->rng);
	const enum key_kind kind = (enum key_kind)(r % KINDS);
	const uint32_t i = (uint32_t)(r >> 32) % s->keys[kind];
	const unsigned int before = atomic_load(&s->resizing);
	struct nf_conn *ct = torture_find(s, kind, i, r >> 8 & 1), *other;

	a->counts.lookups++;
	if (kind == NEVER && ct)
		torture_fault(s, "key %u, which was never put in, was found", i);
	if (kind == FIXED && !ct) {
		if (excused(s, before))
			a->counts.excused++;
		else
			torture_fault(s, "fixed key %u was not found", i);
	}
	if (!ct)
		return;
	/* Both directions belong to one entry, unless it was removed meanwhile. */
	if (r >> 9 & 1) {
		other = torture_find(s, kind, i, !(r >> 8 & 1));
		if (other && other != ct && !nf_ct_is_dying(ct))
			torture_fault(s, "%s key %u has two entries", kind_names[kind], i);
		if (other)
			s->variant->ops->put(other);
	}
	held = &held[r >> 16 & (HELD - 1)];
	let_go(s, held);
	*held = (struct held){ ct, kind, i };
}

/* ---- threads ---- */

/* Between batches a thread may be idle for a while. */
static void breathe(struct actor *a)
{
	struct scene *s = a->scene;

	s->variant->thread_offline(s->core);
	s->variant->thread_online(s->core);
}

void torture_reader(struct actor *a)
{
	struct held held[HELD] = { 0 };

	while (!atomic_load_explicit(&a->scene->stop, memory_order_relaxed)) {
		for (unsigned int i = 0; i < 64; i++)
			look_up(a, held);
		breathe(a);
	}
	for (unsigned int i = 0; i < HELD; i++)
		let_go(a->scene, &held[i]);
}

static bool delete_one(struct actor *a, enum key_kind kind, uint32_t i)
{
	struct scene *s = a->scene;
	struct nf_conn *ct = torture_find(s, kind, i, 0);
	bool mine;

	if (!ct)
		return false;
	mine = s->variant->ops->kill(ct);
	if (mine) {
		a->counts.deletes++;
		if (kind == LEDGER)
			atomic_fetch_sub(&s->ledger[i], 1);
	}
	s->variant->ops->put(ct);
	return mine;
}

static void insert_one(struct actor *a, enum key_kind kind, uint32_t i, uint32_t ticks)
{
	if (torture_insert(a->scene, kind, i, ticks))
		return;
	a->counts.inserts++;
	if (kind == LEDGER)
		atomic_fetch_add(&a->scene->ledger[i], 1);
}

/* Inserts and deletes; biased one way for a while, so that the table fills and empties. */
void torture_writer(struct actor *a)
{
	struct scene *s = a->scene;
	unsigned int bias = 4;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		for (unsigned int n = 0; n < 64; n++) {
			const uint64_t r = rng_next(&a->rng);
			const enum key_kind kind = r & 1 ? LEDGER : SHORT;
			const uint32_t i = (uint32_t)(r >> 32) % s->keys[kind];
			uint32_t ticks =
				kind == SHORT ? (uint32_t)(r >> 8) % SHORT_TICKS : LONG_TICKS;

			if ((r >> 4) % 8 >= bias)
				delete_one(a, kind, i);
			else
				insert_one(a, kind, i, ticks);
		}
		bias = 1 + (unsigned int)rng_below(&a->rng, 7);
		breathe(a);
	}
}

/*
 * Inserts another entry directly after each kill: the node that was just freed goes into another
 * chain while readers use it.
 */
void torture_storm(struct actor *a)
{
	struct scene *s = a->scene;
	const uint32_t keys = s->keys[LEDGER];

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		for (unsigned int n = 0; n < 64; n++) {
			const uint64_t r = rng_next(&a->rng);
			const uint32_t here = (uint32_t)(r >> 32) % keys;
			const uint32_t there = (here + 1 + (uint32_t)r % (keys - 1)) % keys;

			insert_one(a, LEDGER, delete_one(a, LEDGER, here) ? there : here,
				   LONG_TICKS);
		}
		breathe(a);
	}
}

/* Packets in bursts through the hooks: they insert, refresh, and look up ahead. */
void torture_bursts(struct actor *a)
{
	struct scene *s = a->scene;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		torture_burst(a);
		a->counts.bursts++;
		breathe(a);
	}
}

/* ---- walks, gc, flushes, resizes: one thread ---- */

static int see(struct nf_conn *ct, void *arg)
{
	struct torture_seen *seen = arg;
	uint32_t i;
	enum key_kind kind = key_of(ct, &i);

	seen->all++;
	if (kind == FIXED && i < seen->s->keys[FIXED]) {
		seen->fixed++;
		if (seen->times[i]++)
			torture_fault(seen->s, "a walk met fixed key %u twice", i);
	} else if (kind == LEDGER) {
		seen->ledger++;
	} else if (kind != SHORT) {
		torture_fault(seen->s, "a walk met what was never put in");
	}
	return 0;
}

void torture_walk(struct scene *s, struct torture_seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	seen->s = s;
	s->variant->ops->iterate(s->core, see, seen);
	if (seen->fixed != s->keys[FIXED])
		torture_fault(s, "a walk met %u of %u fixed keys", seen->fixed, s->keys[FIXED]);
}

static bool is_short(struct nf_conn *ct, void *arg)
{
	uint32_t i;

	(void)arg;
	return key_of(ct, &i) == SHORT;
}

static void resize(struct actor *a)
{
	struct scene *s = a->scene;
	const uint64_t size = 1 + rng_below(&a->rng, rng_below(&a->rng, 4) ? 64 : 3000);
	int err;

	if (!s->resizes || s->variant->bucket_rule(size))
		return;
	atomic_fetch_add(&s->resizing, 1);
	err = s->variant->ops->resize(s->core, size);
	atomic_fetch_add(&s->resizing, 1);
	if (err)
		torture_fault(s, "a resize to %llu failed: %s", (unsigned long long)size,
			      strerror(-err));
	a->counts.resizes++;
}

void torture_manager(struct actor *a)
{
	struct scene *s = a->scene;
	static _Thread_local struct torture_seen seen;
	long n;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		/* Advances the clock: short entries expire. */
		store_relaxed(&s->core->now, load_relaxed(&s->core->now) +
						     (uint32_t)rng_below(&a->rng, SHORT_TICKS / 8));
		switch (rng_below(&a->rng, 8)) {
		case 0:
			torture_walk(s, &seen);
			a->counts.walks++;
			break;
		case 1:
			n = nf_ct_iterate_cleanup_net(s->net, is_short, NULL, 0, false);
			a->counts.flushed += n > 0 ? (uint64_t)n : 0;
			break;
		case 2:
			nf_conntrack_gc_worker(s->core, 1);
			break;
		case 3:
			a->counts.collected += s->variant->ops->gc(s->core, rng_below(&a->rng, 40));
			break;
		default:
			resize(a);
		}
		breathe(a);
	}
}
