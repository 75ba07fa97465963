/* SPDX-License-Identifier: MIT */
/* Measures the running kernel's tables and ours in rounds: see kernel.h. */
#include "harness/measure/kernel_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/compiler.h"
#include "harness/base/progress.h"
#include "harness/machine/pool.h"
#include "harness/machine/topology.h"
#include "harness/numbers/quartiles.h"
#include "harness/numbers/random.h"

#define SETTINGS "/proc/sys/net/netfilter/nf_conntrack_"

/* Lookups of a pass: from some milliseconds on; of a larger table each round takes another part. */
#define LOOKUPS_LEAST (1u << 16)
#define LOOKUPS_MOST  (1u << 18)
/* Passes that the time of a loop without operations is the median of. */
#define EMPTY_PASSES 3

/* ---- settings of the whole machine ---- */

struct setting {
	const char *name; /* behind SETTINGS */
	long long before, now;
};

int kernel_setting_read(const char *name, long long *value)
{
	char path[128];
	FILE *f;
	int ok;

	snprintf(path, sizeof(path), SETTINGS "%s", name);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	ok = fscanf(f, "%lld", value) == 1;
	fclose(f);
	return ok ? 0 : -EIO;
}

int kernel_setting_write(const char *name, long long value)
{
	char path[128];
	FILE *f;
	int err;

	snprintf(path, sizeof(path), SETTINGS "%s", name);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	err = fprintf(f, "%lld\n", value) < 0 ? -EIO : 0;
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

static void settings_restore(const struct setting *s, size_t nr)
{
	while (nr--) {
		int err = s[nr].now == s[nr].before
				  ? 0
				  : kernel_setting_write(s[nr].name, s[nr].before);

		if (err)
			fprintf(stderr,
				"ctbench: cannot put back " SETTINGS
				"%s (%s): echo %lld > " SETTINGS "%s\n",
				s[nr].name, strerror(-err), s[nr].before, s[nr].name);
	}
}

static int settings_change(struct setting *s, size_t nr, struct ct_error *e)
{
	for (size_t i = 0; i < nr; i++) {
		int err = s[i].now == s[i].before ? 0 : kernel_setting_write(s[i].name, s[i].now);

		if (!err)
			continue;
		settings_restore(s, i);
		return ct_fail(e, err, CT_EXIT_SKIP, "cannot set " SETTINGS "%s to %lld: %s",
			       s[i].name, s[i].now, strerror(-err));
	}
	return 0;
}

/* ---- one pass ---- */

struct bench_kernel {
	const struct kernel_request *q;
	struct kernel_result *r;
	struct kernel_tuples tuples;
	struct pool *pool;
	struct progress progress;
	struct ct_error *e;
	/* of the pass that the pool runs: */
	unsigned int table, threads;
	enum kernel_step step;
	uint64_t begin;		     /* the tuple that the round's lookups begin at */
	struct kernel_pass each[64]; /* by thread */
	_Atomic int failed;
};

static bool is_user(const struct bench_kernel *b)
{
	return b->table >= KERNEL_THERE;
}

static void pass_thread(void *arg, struct pool_worker *w)
{
	struct bench_kernel *b = arg;
	struct kernel_pass *p = &b->each[w->index];
	struct ct_error e = { 0 };
	int err;

	if (w->index >= b->threads) {
		pool_start(w);
		return;
	}
	pool_start(w);
	err = is_user(b) ? kernel_user_pass(b->table - KERNEL_THERE, w->index, b->step, p)
			 : kernel_bpf_pass(b->table, b->step, p, &e);
	if (err && !atomic_exchange(&b->failed, err))
		*b->e = e;
}

/* ns per tuple, as each of the threads sees it; *done: the share that succeeded.  < 0: error. */
static double pass(struct bench_kernel *b, unsigned int table, enum kernel_step step,
		   uint64_t first, uint64_t count, unsigned int threads, double *done)
{
	double ns = 0, hits = 0;

	b->table = table;
	b->step = step;
	b->threads = threads;
	for (unsigned int i = 0; i < threads; i++)
		b->each[i] = (struct kernel_pass){
			.first = (uint32_t)first,
			.start = (uint32_t)((b->begin + i * b->tuples.flows / threads) &
					    (b->tuples.flows - 1)),
			.mask = (uint32_t)b->tuples.flows - 1,
			.count = (uint32_t)count,
		};
	pool_run(b->pool, pass_thread, b);
	if (load_relaxed(&b->failed))
		return -1;
	for (unsigned int i = 0; i < threads; i++) {
		ns += (double)b->each[i].ns;
		hits += b->each[i].hits;
	}
	if (done)
		*done = hits / (double)(count * threads);
	return ns / (double)(count * threads);
}

/* ---- a round ---- */

static uint64_t lookups(const struct bench_kernel *b)
{
	const uint64_t flows = b->tuples.flows;

	return flows < LOOKUPS_LEAST ? LOOKUPS_LEAST : flows > LOOKUPS_MOST ? LOOKUPS_MOST : flows;
}

static double empty_loop(struct bench_kernel *b, unsigned int table, unsigned int threads)
{
	double ns[EMPTY_PASSES];

	for (unsigned int i = 0; i < EMPTY_PASSES; i++)
		ns[i] = pass(b, table, STEP_EMPTY, b->tuples.flows, lookups(b), threads, NULL);
	return quartiles_of(ns, EMPTY_PASSES).median;
}

static int round_table(struct bench_kernel *b, unsigned int table, unsigned int round)
{
	static const struct {
		enum kernel_op op;
		enum kernel_step step;
		unsigned int part; /* of the tuples */
		double want;
	} parts[] = {
		{ KERNEL_INSERT, STEP_INSERT, 0, 1 },
		{ KERNEL_HIT, STEP_LOOKUP, 1, 1 },
		{ KERNEL_MISS, STEP_LOOKUP, 2, 0 },
		{ KERNEL_DELETE, STEP_DELETE, 1, 1 },
	};
	struct kernel_row *row = &b->r->row[table];
	const double one = empty_loop(b, table, 1);
	const double several =
		b->q->threads > 1 ? empty_loop(b, table, (unsigned int)b->q->threads) : one;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const bool looks = parts[i].step == STEP_LOOKUP;
		double done = 0, ns = pass(b, table, parts[i].step, parts[i].part * b->tuples.flows,
					   looks ? lookups(b) : b->tuples.flows,
					   looks ? (unsigned int)b->q->threads : 1, &done);

		if (ns < 0)
			return -EIO;
		done = parts[i].want > 0 ? done : 1 - done;
		row->ns[parts[i].op][round] = ns - (looks ? several : one);
		if (!round || done < row->done[parts[i].op])
			row->done[parts[i].op] = done;
	}
	return 0;
}

/* Each table, in another order each time. */
static int take_round(struct bench_kernel *b, unsigned int round)
{
	double calls;

	b->begin = round * lookups(b);
	for (unsigned int i = 0; i < KERNEL_TABLES; i++) {
		const unsigned int table = (i + round) % KERNEL_TABLES;
		int err;

		progress_update(&b->progress, round * KERNEL_TABLES + i, b->r->row[table].name);
		err = round_table(b, table, round);
		if (err)
			return err;
	}
	calls = pass(b, 0, STEP_CALLS, b->tuples.flows, lookups(b), 1, NULL);
	b->r->calls_ns[round] = calls - empty_loop(b, 0, 1);
	return 0;
}

/* ---- in a process of its own ---- */

/* Distinct connections: the source is a bijection of their number; misses have another network. */
void kernel_make_tuples(struct kernel_tuple *list, uint64_t flows)
{
	struct kernel_tuple *shuffled = list + flows, *absent = shuffled + flows;
	struct rng rng;

	rng_seed(&rng, 1);
	for (uint64_t i = 0; i < flows; i++) {
		const uint32_t source = 0x0a000000 | ((uint32_t)i * 2654435761u & 0xffffff);

		list[i] = (struct kernel_tuple){
			.saddr = htonl(source),
			.daddr = htonl(0xc0a80000 | (uint32_t)rng_below(&rng, 0x10000)),
			.sport = htons((uint16_t)(1024 + rng_below(&rng, 64000))),
			.dport = htons(443),
		};
		shuffled[i] = absent[i] = list[i];
		absent[i].saddr = htonl(source ^ 0x01000000);
	}
	for (uint64_t i = flows - 1; i > 0; i--) {
		const uint64_t k = rng_below(&rng, i + 1);
		const struct kernel_tuple swap = shuffled[i];

		shuffled[i] = shuffled[k];
		shuffled[k] = swap;
	}
}

static int open_all(struct bench_kernel *b)
{
	unsigned int cpus[64];
	int err;

	if (unshare(CLONE_NEWNET))
		return ct_fail(b->e, -errno, CT_EXIT_SKIP, "no network namespace of its own: %s",
			       strerror(errno));
	/* Recent kernels have this limit for each namespace. */
	kernel_setting_write("max", 2 * (long long)b->q->flows + 1024);
	b->tuples.flows = b->q->flows;
	/* An LRU, whose CPUs keep some free entries in stock, evicts none of half as many. */
	err = kernel_bpf_open(&b->tuples, 2 * b->q->flows, b->e);
	if (err)
		return err;
	kernel_make_tuples(b->tuples.list, b->tuples.flows);
	err = kernel_user_open(&b->tuples, b->q, b->r->buckets, b->e);
	if (!err)
		err = topology_plan(PIN_COMPACT, NULL, (unsigned int)b->q->threads, false, cpus,
				    b->e);
	if (!err)
		err = pool_create(&b->pool, cpus, (unsigned int)b->q->threads, b->e);
	return err;
}

static int measure_all(const struct kernel_request *q, struct kernel_result *r, struct ct_error *e)
{
	struct bench_kernel b = { .q = q, .r = r, .e = e };
	int err = open_all(&b);

	for (unsigned int i = 0; i < KERNEL_TABLES; i++) {
		struct kernel_row *row = &r->row[i];

		row->in_kernel = i < KERNEL_THERE;
		snprintf(row->name, sizeof(row->name), "%s%s",
			 row->in_kernel ? kernel_bpf_name(i) : q->table,
			 i == KERNEL_TABLES - 1 ? ", 4k pages" : "");
	}
	progress_begin(&b.progress, "measuring", (double)(q->rounds * KERNEL_TABLES));
	for (unsigned int i = 0; i < q->rounds && !err; i++)
		err = take_round(&b, i);
	progress_end(&b.progress);
	for (unsigned int i = 0; i < KERNEL_HERE && !err; i++)
		r->huge[i] = kernel_user_huge(i);
	pool_destroy(b.pool);
	return err;
}

/* The results that the process leaves for its parent. */
struct shared {
	struct kernel_result result;
	struct ct_error error;
	int err;
};

/*
 * Waits for the process while signals that would end this one are blocked; passes the first on, and
 * returns it.
 */
static int wait_for(pid_t pid, const sigset_t *signals)
{
	int ended_by = 0, got;

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		got = sigwaitinfo(signals, NULL);
		if (got <= 0 || got == SIGCHLD)
			continue;
		ended_by = ended_by ? ended_by : got;
		kill(pid, SIGKILL);
	}
	return ended_by;
}

static int run_apart(const struct kernel_request *q, struct shared *s, const sigset_t *signals,
		     const sigset_t *before, int *signal_got)
{
	const pid_t parent = getpid();
	pid_t pid;

	s->err = -EIO;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(CT_EXIT_INTERNAL);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		sigprocmask(SIG_SETMASK, before, NULL);
		s->err = q->packets ? kernel_tun_measure(q, &s->result, &s->error)
			 : q->full  ? kernel_full_measure(q, &s->result, &s->error)
				    : measure_all(q, &s->result, &s->error);
		_exit(0);
	}
	*signal_got = wait_for(pid, signals);
	return s->err;
}

static int check_machine(const struct kernel_request *q, struct setting s[2], struct ct_error *e)
{
	int err = q->packets ? 0 : kernel_bpf_built(e);

	if (err)
		return err;
	if (geteuid())
		return ct_fail(e, -EPERM, CT_EXIT_SKIP, "this needs root: sudo ctbench kernel");
	if (!q->packets && access("/sys/kernel/btf/vmlinux", R_OK))
		return ct_fail(e, -ENOENT, CT_EXIT_SKIP,
			       "this kernel has no BTF (/sys/kernel/btf/vmlinux)");
	if (kernel_setting_read("buckets", &s[0].before) ||
	    kernel_setting_read("max", &s[1].before))
		return ct_fail(e, -ENOENT, CT_EXIT_SKIP,
			       "conntrack is not loaded: modprobe nf_conntrack");
	s[0].now = q->buckets ? (long long)q->buckets : s[0].before;
	s[1].now = 2 * (long long)q->flows + 1024;
	if (s[1].now < s[1].before)
		s[1].now = s[1].before;
	return 0;
}

int kernel_measure(const struct kernel_request *q, struct kernel_result *r, struct ct_error *e)
{
	struct setting settings[] = { { "buckets", 0, 0 }, { "max", 0, 0 } };
	struct shared *s;
	sigset_t signals, before;
	int err = check_machine(q, settings, e), signal_got = 0;

	if (err)
		return err;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return ct_fail(e, -errno, CT_EXIT_USER, "no memory");
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	err = settings_change(settings, ARRAY_SIZE(settings), e);
	if (!err) {
		long long buckets = settings[0].now;

		kernel_setting_read("buckets", &buckets); /* the kernel may round it */
		s->result.buckets = (uint64_t)buckets;
		err = run_apart(q, s, &signals, &before, &signal_got);
		settings_restore(settings, ARRAY_SIZE(settings));
		*r = s->result;
		if (err && s->error.status)
			*e = s->error;
		else if (err)
			ct_fail(e, err, CT_EXIT_INTERNAL, "the measuring process ended early");
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	munmap(s, sizeof(*s));
	if (signal_got)
		raise(signal_got);
	return err;
}
