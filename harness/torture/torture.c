/* SPDX-License-Identifier: MIT */
/* Scenes, and the threads that act in them; see torture.h. */
#include "harness/torture/torture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/nf_conntrack_filter.h"
#include "harness/numbers/random.h"
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
	/* Early drop leaves those that were answered alone. */
	if (kind != SHORT)
		nf_ct_status_set(ct, IPS_SEEN_REPLY | IPS_ASSURED | IPS_FIXED_TIMEOUT);
	err = ops->insert(ct, ticks);
	ops->put(ct);
	return err;
}

/* ---- lookups ---- */

/* Tables that promise less: a lookup beside a resize may miss what is there. */
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

/* The entry of a key, by one of its directions, with a reference; NULL: not there. */
static struct nf_conn *find(struct scene *s, enum key_kind kind, uint32_t i, unsigned int dir)
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

/* Entries that a thread holds for a while: they stay what they are. */
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
	struct nf_conn *ct = find(s, kind, i, r >> 8 & 1), *other;

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
	/* Both directions of what stays are of one entry. */
	if (kind == FIXED && r >> 9 & 1) {
		other = find(s, kind, i, !(r >> 8 & 1));
		if (other && other != ct)
			torture_fault(s, "fixed key %u has two entries", i);
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

static void reader(struct actor *a)
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

static void delete_one(struct actor *a, enum key_kind kind, uint32_t i)
{
	struct scene *s = a->scene;
	struct nf_conn *ct = find(s, kind, i, 0);

	if (!ct)
		return;
	if (s->variant->ops->kill(ct)) {
		a->counts.deletes++;
		if (kind == LEDGER)
			atomic_fetch_sub(&s->ledger[i], 1);
	}
	s->variant->ops->put(ct);
}

/* Inserts and deletes; biased one way for a while, so that the table fills and empties. */
static void writer(struct actor *a)
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

			if ((r >> 4) % 8 >= bias) {
				delete_one(a, kind, i);
			} else if (!torture_insert(s, kind, i, ticks)) {
				a->counts.inserts++;
				if (kind == LEDGER)
					atomic_fetch_add(&s->ledger[i], 1);
			}
		}
		bias = 1 + (unsigned int)rng_below(&a->rng, 7);
		breathe(a);
	}
}

/* Packets in bursts through the hooks: they insert, refresh, and look up ahead. */
static void bursts(struct actor *a)
{
	struct scene *s = a->scene;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		torture_burst(a);
		a->counts.bursts++;
		breathe(a);
	}
}

/* ---- walks, gc, flushes, resizes: one thread ---- */

struct seen {
	struct scene *s;
	uint32_t fixed, ledger, all;
	uint8_t times[KEYS_MAX];
};

static int see(struct nf_conn *ct, void *arg)
{
	struct seen *seen = arg;
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

/* Every fixed key once. */
static void walk(struct scene *s, struct seen *seen)
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

static void manager(struct actor *a)
{
	struct scene *s = a->scene;
	static _Thread_local struct seen seen;
	long n;

	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		/* Time passes: what is short expires. */
		store_relaxed(&s->core->now, load_relaxed(&s->core->now) +
						     (uint32_t)rng_below(&a->rng, SHORT_TICKS / 8));
		switch (rng_below(&a->rng, 8)) {
		case 0:
			walk(s, &seen);
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

static void *act(void *arg)
{
	struct actor *a = arg;
	struct scene *s = a->scene;

	s->variant->thread_begin(s->core, a->cpu);
	a->role(a);
	s->variant->thread_end(s->core);
	return NULL;
}

/* ---- quiet moments ---- */

#define STUCK_SECONDS 60

static void compare(struct scene *s)
{
	static struct seen seen;
	struct ct_memory memory;
	uint32_t in = 0, count;

	s->variant->ops->gc(s->core, s->variant->ops->scan_size(s->core));
	walk(s, &seen);
	for (uint32_t i = 0; i < s->keys[LEDGER]; i++) {
		const int balance = atomic_load(&s->ledger[i]);
		struct nf_conn *ct = find(s, LEDGER, i, i & 1);

		if (balance < 0 || balance > 1 || balance != !!ct)
			torture_fault(s, "ledger key %u is %s, with %d more inserts than deletes",
				      i, ct ? "there" : "not there", balance);
		in += (uint32_t)balance;
		if (ct)
			s->variant->ops->put(ct);
	}
	s->variant->ops->barrier(s->core);
	s->variant->ops->memory(s->core, &memory);
	count = nf_conntrack_count(s->net);
	if (seen.ledger != in)
		torture_fault(s, "a walk met %u of %u ledger keys", seen.ledger, in);
	if (count != seen.all || memory.node_bytes != seen.all * sizeof(struct nf_conn))
		torture_fault(s, "%u entries are counted, a walk met %u, and %llu are live", count,
			      seen.all,
			      (unsigned long long)(memory.node_bytes / sizeof(struct nf_conn)));
}

/*
 * A thread that waits for a lock or for the end of a grace period that never comes cannot be ended
 * from outside, so the program ends.
 */
static void join_or_die(const struct scene *s, pthread_t thread)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STUCK_SECONDS;
	if (!pthread_timedjoin_np(thread, NULL, &until))
		return;
	fprintf(stderr, "ctbench: %s: a thread has not come back for %d s (--seed %llu)\n",
		s->variant->name, STUCK_SECONDS, (unsigned long long)s->seed);
	_exit(CT_EXIT_INTERNAL);
}

/* A while of everything at once, then a comparison. */
static int act_once(struct scene *s, double seconds, struct torture_counts *counts)
{
	static void (*const roles[])(struct actor * a) = { reader, reader, writer,
							   writer, bursts, manager };
	const struct timespec nap = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };
	struct actor actors[ARRAY_SIZE(roles)];
	unsigned int nr = 0;
	int err = 0;

	atomic_store(&s->stop, false);
	s->variant->thread_offline(s->core);
	for (; nr < ARRAY_SIZE(roles) && !err; nr++) {
		actors[nr] = (struct actor){ .scene = s, .cpu = nr + 1, .role = roles[nr] };
		rng_seed(&actors[nr].rng, seed_derive(s->seed, nr, s->rounds));
		err = pthread_create(&actors[nr].thread, NULL, act, &actors[nr]);
	}
	nr -= !!err;
	if (!err)
		nanosleep(&nap, NULL);
	atomic_store(&s->stop, true);
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t *to = (uint64_t *)counts, *from = (uint64_t *)&actors[i].counts;

		join_or_die(s, actors[i].thread);
		for (size_t k = 0; k < sizeof(*counts) / sizeof(*to); k++)
			to[k] += from[k];
	}
	s->variant->thread_online(s->core);
	s->rounds++;
	if (!err)
		compare(s);
	counts->quiet++;
	return -err;
}

/* ---- scenes ---- */

static int every(struct nf_conn *ct, void *arg)
{
	(void)ct;
	(void)arg;
	return 1;
}

static int open_scene(struct scene *s, const struct torture *t, const struct scene_plan *plan,
		      struct ct_error *e)
{
	const struct ct_config config = {
		.buckets = plan->buckets,
		.connections = KEYS_MAX * 3,
		.hash_key = { seed_derive(t->seed, 1, 0), seed_derive(t->seed, 2, 0) },
		.threads = ACTORS_MAX,
	};
	const unsigned int room = t->variant->chain_room / IP_CT_DIR_MAX;
	int err;

	memset(s, 0, sizeof(*s));
	s->variant = t->variant;
	s->seed = t->seed;
	s->resizes = plan->resizes && t->variant->flags & CT_V_RESIZE;
	for (int k = 0; k < KINDS; k++)
		s->keys[k] = plan->keys;
	/* A capped chain, or a hash that is constant, does not take many. */
	if (room && (plan->buckets < 16 || s->resizes))
		s->keys[FIXED] = room / 2 < plan->keys ? room / 2 : plan->keys;
	if (t->variant->flags & CT_V_WORST)
		s->keys[FIXED] = s->keys[LEDGER] = s->keys[SHORT] = 8;
	err = t->variant->create(&s->core, &config);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "cannot make a table of %s: %s",
			       t->variant->name, strerror(-err));
	t->variant->thread_begin(s->core, 0);
	err = net_create(&s->net, s->core);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "no memory for a namespace");
	for (uint32_t i = 0; i < s->keys[FIXED] && !err; i++)
		err = torture_insert(s, FIXED, i, LONG_TICKS);
	/* Half of what is short has room. */
	if (!err && plan->limited)
		store_relaxed(&s->core->max, s->keys[FIXED] + s->keys[LEDGER] + s->keys[SHORT] / 2);
	return err ? ct_fail(e, err, CT_EXIT_INTERNAL, "%s does not take %u keys: %s",
			     t->variant->name, s->keys[FIXED], strerror(-err))
		   : 0;
}

static void close_scene(struct scene *s)
{
	struct ct_memory memory;

	if (!s->core)
		return;
	if (s->net) {
		s->variant->ops->iterate(s->core, every, NULL);
		s->variant->ops->barrier(s->core);
		s->variant->ops->memory(s->core, &memory);
		if (memory.node_bytes || nf_conntrack_count(s->net))
			torture_fault(s, "%llu bytes of entries are left when all are out",
				      (unsigned long long)memory.node_bytes);
		net_destroy(s->net);
	}
	s->variant->thread_end(s->core);
	s->variant->destroy(s->core);
}

static const struct scene_plan plans[] = {
	{ "few keys", 256, 16, false, false },
	{ "few keys in one bucket", 1, 12, false, true },
	{ "many keys", 1024, KEYS_MAX, false, true },
	{ "many keys and resizes", 64, 400, true, false },
	{ "few keys and resizes, at the limit", 8, 24, true, true },
};

int torture_run(const struct torture *t, struct torture_counts *counts, struct ct_error *e)
{
	static struct scene s;
	const double each = t->seconds / ARRAY_SIZE(plans);
	/* Quiet moments, several a second. */
	const unsigned int rounds = each > 0.4 ? (unsigned int)(each / 0.2) : 1;
	int err = 0;

	*counts = (struct torture_counts){ 0 };
	if (t->variant->flags & (CT_V_LOOKUPS | CT_V_NULL))
		return ct_fail(e, -EOPNOTSUPP, CT_EXIT_SKIP, "%s keeps nothing", t->variant->name);
	if (t->variant->flags & CT_V_UNSHARED)
		return ct_fail(e, -EOPNOTSUPP, CT_EXIT_SKIP, "threads of %s share no connection",
			       t->variant->name);
	for (size_t i = 0; i < ARRAY_SIZE(plans) && !err; i++) {
		uint64_t buckets = plans[i].buckets;
		struct scene_plan plan = plans[i];

		while (t->variant->bucket_rule(buckets))
			buckets *= 2;
		plan.buckets = buckets;
		err = open_scene(&s, t, &plan, e);
		for (unsigned int k = 0; k < rounds && !err && !atomic_load(&s.faults); k++)
			err = act_once(&s, each / rounds, counts);
		close_scene(&s);
		if (!err && atomic_load(&s.faults))
			err = ct_fail(e, -EILSEQ, CT_EXIT_INTERNAL,
				      "%s: %s (%u such faults; %s; --seed %llu)", t->variant->name,
				      s.fault, atomic_load(&s.faults), plan.name,
				      (unsigned long long)t->seed);
	}
	if (err && !e->status)
		ct_fail(e, err, CT_EXIT_USER, "cannot start a thread: %s", strerror(-err));
	return err;
}
