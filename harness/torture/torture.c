/* SPDX-License-Identifier: MIT */
/* Scenes and their threads; see torture.h. */
#include "harness/torture/torture.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/progress.h"
#include "harness/base/seconds.h"
#include "harness/numbers/random.h"
#include "harness/torture/internal.h"

/* ---- quiet moments ---- */

void torture_compare(struct scene *s)
{
	static struct torture_seen seen;
	struct ct_memory memory;
	uint32_t in = 0, count;

	s->variant->ops->gc(s->core, s->variant->ops->scan_size(s->core));
	torture_walk(s, &seen);
	for (uint32_t i = 0; i < s->keys[LEDGER]; i++) {
		const int balance = atomic_load(&s->ledger[i]);
		struct nf_conn *ct = torture_find(s, LEDGER, i, i & 1);

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

static void *act(void *arg)
{
	struct actor *a = arg;
	struct scene *s = a->scene;

	s->variant->thread_begin(s->core, a->cpu);
	a->role(a);
	s->variant->thread_end(s->core);
	return NULL;
}

/* ---- the watchdog ---- */

static char stuck[160];

/* On any thread, wherever it is. */
static void end_stuck(int signal)
{
	(void)signal;
	if (write(STDERR_FILENO, stuck, strlen(stuck)) < 0)
		_exit(CT_EXIT_INTERNAL);
	_exit(CT_EXIT_INTERNAL);
}

void torture_alive(const struct scene *s, double seconds)
{
	alarm(s->patience + (unsigned int)seconds + 1);
}

static void watch_begin(struct scene *s, const struct torture *t)
{
	snprintf(stuck, sizeof(stuck),
		 "ctbench: %s: a thread has not come back for %u s (--seed %llu)\n",
		 t->variant->name, t->patience, (unsigned long long)t->seed);
	signal(SIGALRM, end_stuck);
	s->patience = t->patience;
	torture_alive(s, 0);
}

static void watch_end(void)
{
	alarm(0);
	signal(SIGALRM, SIG_DFL);
}

double torture_seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

int torture_act(struct scene *s, torture_role *const *roles, unsigned int nr_roles, double seconds,
		void (*before_end)(struct scene *s, void *arg), void *arg,
		struct torture_counts *counts)
{
	const struct timespec nap = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };
	struct actor actors[ACTORS_MAX];
	unsigned int nr = 0;
	int err = 0;

	torture_alive(s, seconds);
	atomic_store(&s->stop, false);
	s->variant->thread_offline(s->core);
	for (; nr < nr_roles && !err; nr++) {
		actors[nr] = (struct actor){ .scene = s, .cpu = nr + 1, .role = roles[nr] };
		rng_seed(&actors[nr].rng, seed_derive(s->seed, nr, s->rounds));
		err = pthread_create(&actors[nr].thread, NULL, act, &actors[nr]);
	}
	nr -= !!err;
	if (!err)
		nanosleep(&nap, NULL);
	if (before_end)
		before_end(s, arg);
	atomic_store(&s->stop, true);
	torture_alive(s, 0);
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t *to = (uint64_t *)counts, *from = (uint64_t *)&actors[i].counts;

		pthread_join(actors[i].thread, NULL);
		for (size_t k = 0; k < sizeof(*counts) / sizeof(*to); k++)
			to[k] += from[k];
	}
	s->variant->thread_online(s->core);
	s->rounds++;
	return -err;
}

/* ---- scenes ---- */

static int every(struct nf_conn *ct, void *arg)
{
	(void)ct;
	(void)arg;
	return 1;
}

int torture_open(struct scene *s, const struct torture *t, const struct scene_plan *plan,
		 struct ct_error *e)
{
	struct ct_config config = {
		.buckets = plan->buckets,
		.connections = (uint64_t)KEYS_MAX * 3,
		.hash_key = { seed_derive(t->seed, 1, 0), seed_derive(t->seed, 2, 0) },
		.threads = ACTORS_MAX,
	};
	const unsigned int room = t->variant->chain_room / IP_CT_DIR_MAX;
	int err;

	while (t->variant->bucket_rule(config.buckets))
		config.buckets *= 2;
	memset(s, 0, sizeof(*s));
	s->variant = t->variant;
	s->seed = t->seed;
	watch_begin(s, t);
	s->resizes = plan->resizes && t->variant->flags & CT_V_RESIZE;
	for (int k = 0; k < KINDS; k++)
		s->keys[k] = plan->keys;
	/* Capped chains and a constant hash allow only few keys. */
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
	/* There is room for half of the short keys. */
	if (!err && plan->limited)
		store_relaxed(&s->core->max, s->keys[FIXED] + s->keys[LEDGER] + s->keys[SHORT] / 2);
	return err ? ct_fail(e, err, CT_EXIT_INTERNAL, "%s does not take %u keys: %s",
			     t->variant->name, s->keys[FIXED], strerror(-err))
		   : 0;
}

void torture_close(struct scene *s)
{
	struct ct_memory memory;

	torture_alive(s, 0);
	if (!s->core)
		goto out;
	if (s->net) {
		s->variant->ops->iterate(s->core, every, NULL);
		s->variant->ops->barrier(s->core);
		s->variant->ops->memory(s->core, &memory);
		if (memory.node_bytes || nf_conntrack_count(s->net))
			torture_fault(s, "%llu bytes of entries are left after all were removed",
				      (unsigned long long)memory.node_bytes);
		net_destroy(s->net);
	}
	s->variant->thread_end(s->core);
	s->variant->destroy(s->core);
out:
	watch_end();
}

static const struct scene_plan plans[] = {
	{ "few keys", 256, 16, false, false, EVERYTHING },
	{ "few keys in one bucket", 1, 12, false, true, EVERYTHING },
	{ "many keys", 1024, KEYS_MAX, false, true, EVERYTHING },
	{ "many keys and resizes", 64, 400, true, false, EVERYTHING },
	{ "few keys and resizes, at the limit", 8, 24, true, true, EVERYTHING },
	{ "a storm on few nodes in few buckets", 4, 6, false, false, STORM },
	{ "histories of few keys", 2, 0, false, false, HISTORIES },
	{ "histories of few keys beside resizes", 2, 0, true, false, HISTORIES },
};

int torture_verdict(const struct scene *s, const char *scene, struct ct_error *e)
{
	if (!atomic_load(&s->faults))
		return 0;
	return ct_fail(e, -EILSEQ, CT_EXIT_INTERNAL, "%s: %s (%u such faults; %s; --seed %llu)",
		       s->variant->name, s->fault, atomic_load(&s->faults), scene,
		       (unsigned long long)s->seed);
}

static int
run_scene(struct scene *s, const struct torture *t, const struct scene_plan *plan, double seconds,
	  struct progress *progress, struct torture_counts *counts, struct ct_error *e)
{
	static torture_role *const everything[] = {
		torture_reader, torture_reader, torture_writer,
		torture_writer, torture_bursts, torture_manager
	};
	static torture_role *const storm[] = { torture_reader, torture_reader, torture_reader,
					       torture_storm,  torture_storm,  torture_bursts };
	torture_role *const *roles = plan->what == STORM ? storm : everything;
	/* Quiet moments, several a second. */
	const unsigned int rounds = seconds > 0.4 ? (unsigned int)(seconds / 0.2) : 1;
	int err = torture_open(s, t, plan, e);

	if (!err && plan->what == HISTORIES)
		err = torture_histories(s, seconds, counts);
	for (unsigned int k = 0;
	     k < rounds && plan->what != HISTORIES && !err && !atomic_load(&s->faults); k++) {
		err = torture_act(s, roles, ARRAY_SIZE(everything), seconds / rounds, NULL, NULL,
				  counts);
		if (!err)
			torture_compare(s);
		counts->quiet++;
		progress_update(progress, seconds_now() - progress->began, plan->name);
	}
	torture_close(s);
	return err ? err : torture_verdict(s, plan->name, e);
}

int torture_keeps(const struct torture *t, struct ct_error *e)
{
	if (t->variant->flags & (CT_V_LOOKUPS | CT_V_NULL))
		return ct_fail(e, -EOPNOTSUPP, CT_EXIT_SKIP, "%s keeps nothing", t->variant->name);
	if (t->variant->flags & CT_V_UNSHARED)
		return ct_fail(e, -EOPNOTSUPP, CT_EXIT_SKIP, "threads of %s share no connection",
			       t->variant->name);
	return 0;
}

int torture_run(const struct torture *t, struct torture_counts *counts, struct ct_error *e)
{
	static struct scene s;
	const size_t scenes = ARRAY_SIZE(plans);
	struct progress progress;
	int err;

	*counts = (struct torture_counts){ 0 };
	err = torture_keeps(t, e);
	progress_begin(&progress, t->variant->name, t->seconds);
	for (size_t i = 0; i < scenes && !err; i++)
		err = run_scene(&s, t, &plans[i], t->seconds / (double)scenes, &progress, counts,
				e);
	progress_end(&progress);
	if (err && !e->status)
		ct_fail(e, err, CT_EXIT_USER, "cannot start a thread: %s", strerror(-err));
	return err;
}
