/* SPDX-License-Identifier: MIT */
/*
 * Each check of torture and of the soak, seen to fail: a table whose operations lie, one lie at a
 * time, and the sentence that reports it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/torture/internal.h"
#include "tests/fixture/cmocka.h"

/* A table whose readers take locks, so that no answer beside a resize is excused. */
#define HONEST "locked_jhash2_scale_seqcount"

static const struct ct_variant *honest;
static struct nf_conntrack_ops ops;
static struct ct_variant liar;

static enum lie {
	TRUTH,
	FIXED_MISSED,
	NEVER_FOUND,
	ANOTHER_FOUND,
	OTHER_DIRECTION,
	NO_REFERENCE,
	TWO_ENTRIES,
	HELD_CHANGES,
	NOT_KILLED,
	NOT_INSERTED,
	WALK_TWICE,
	WALK_MISSES_FIXED,
	WALK_MISSES_LEDGER,
	WALK_MEETS_NEVER,
	ONE_MORE_LIVES,
	ONE_IS_LEFT,
	RESIZE_FAILS,
	HISTORY_MISSES,
	HISTORY_LATE,
	LIES
} lie;

static _Atomic bool fixed_there; /* the scene has fixed keys: it is not one of histories */
static _Atomic bool emptied;
static _Atomic unsigned int asked;

/* ---- lookups ---- */

/* Its kind by either direction, and its number. */
static enum key_kind kind_of(const struct nf_conntrack_tuple *t, bool *reply, uint32_t *i)
{
	const uint16_t to = ntohs(t->dst.u.all), from = ntohs(t->src.u.all);

	*reply = from <= KINDS; /* clients' ports are higher */
	*i = ntohl(*reply ? t->dst.u3.all[0] : t->src.u3.all[0]) - 0x0a000000;
	return (enum key_kind)((*reply ? from : to) - 1);
}

static void make_up(struct nf_conn *ct, enum key_kind kind, uint32_t i, unsigned int refs)
{
	struct nf_conntrack_tuple t = torture_tuple(kind, i), r;

	nf_ct_invert_tuple(&r, &t);
	memset(ct, 0, sizeof(*ct));
	ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple = t;
	ct->tuplehash[IP_CT_DIR_REPLY].tuple = r;
	ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.dir = IP_CT_DIR_ORIGINAL;
	ct->tuplehash[IP_CT_DIR_REPLY].tuple.dst.dir = IP_CT_DIR_REPLY;
	store_relaxed(&ct->use.refs, (int)refs);
	store_relaxed(&ct->status, IPS_CONFIRMED);
}

/* Entries that are in no table: one for all threads, and one for each. */
static struct nf_conn common;
static _Thread_local struct nf_conn own;

static bool is_made_up(const struct nf_conn *ct)
{
	return ct == &common || ct == &own;
}

static struct nf_conntrack_tuple_hash *
find_get(struct net *net, const struct nf_conntrack_zone *zone, const struct nf_conntrack_tuple *t)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple asked_for = *t, back;
	bool reply;
	uint32_t i;
	const enum key_kind kind = kind_of(t, &reply, &i);

	if (lie == ANOTHER_FOUND && kind == FIXED && i)
		asked_for = torture_tuple(FIXED, 0);
	if ((lie == NO_REFERENCE || lie == TWO_ENTRIES) && kind == FIXED && !i &&
	    (reply || lie == NO_REFERENCE))
		return &common.tuplehash[reply];
	if (lie == HELD_CHANGES && kind == FIXED && i < 2) {
		make_up(&own, FIXED, i, 1);
		return &own.tuplehash[reply];
	}
	if (lie == NEVER_FOUND && kind == NEVER && !i && !reply) {
		struct nf_conn *ct;
		int err;

		nf_ct_invert_tuple(&back, t);
		ct = honest->ops->alloc(net, zone, t, &back, &err);
		if (ct) {
			honest->ops->insert(ct, LONG_TICKS);
			honest->ops->put(ct);
		}
	}
	h = honest->ops->find_get(net, zone, &asked_for);
	if (h && lie == OTHER_DIRECTION && kind == FIXED)
		h = &nf_ct_tuplehash_to_ctrack(h)->tuplehash[!reply];
	if (h &&
	    ((lie == FIXED_MISSED && kind == FIXED) ||
	     (lie == HISTORY_MISSES && !fixed_there && atomic_fetch_add(&asked, 1) % 16 == 9))) {
		honest->ops->put(nf_ct_tuplehash_to_ctrack(h));
		return NULL;
	}
	return h;
}

static void put(struct nf_conn *ct)
{
	if (!is_made_up(ct))
		honest->ops->put(ct);
}

/* ---- changes ---- */

static bool of_ledger(const struct nf_conn *ct)
{
	bool reply;
	uint32_t i;

	return kind_of(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), &reply, &i) == LEDGER;
}

static bool kill_entry(struct nf_conn *ct)
{
	if (is_made_up(ct))
		return false;
	if (lie == NOT_KILLED && fixed_there && of_ledger(ct))
		return true;
	/* It is told that another thread was first, but it killed it. */
	if (lie == HISTORY_LATE && !fixed_there && atomic_fetch_add(&asked, 1) % 16 == 9) {
		honest->ops->kill(ct);
		return false;
	}
	return honest->ops->kill(ct);
}

static int insert(struct nf_conn *ct, uint32_t timeout)
{
	bool reply;
	uint32_t i;

	if (kind_of(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), &reply, &i) == FIXED)
		atomic_store(&fixed_there, true);
	if (lie == NOT_INSERTED && fixed_there && of_ledger(ct))
		return 0;
	return honest->ops->insert(ct, timeout);
}

/* ---- walks ---- */

struct walk {
	ct_iterate_fn *fn;
	void *arg;
	bool lied;
};

static int walk_one(struct nf_conn *ct, void *arg)
{
	struct walk *w = arg;
	bool reply;
	uint32_t i;
	const enum key_kind kind = kind_of(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), &reply, &i);

	if ((lie == WALK_MISSES_FIXED && kind == FIXED && !i) ||
	    (lie == WALK_MISSES_LEDGER && kind == LEDGER) ||
	    (lie == NEVER_FOUND && kind == NEVER)) /* that is a lookup's to find */
		return 0;
	if (lie == WALK_MEETS_NEVER && !w->lied) {
		struct nf_conn strange;

		make_up(&strange, NEVER, 1, 1);
		w->fn(&strange, w->arg);
	}
	if (lie == WALK_TWICE && kind == FIXED && !i)
		w->fn(ct, w->arg);
	w->lied = true;
	return w->fn(ct, w->arg);
}

static long iterate(struct ct_core *core, ct_iterate_fn *fn, void *arg)
{
	struct walk w = { fn, arg, false };
	/* The last walk takes everything out. */
	const long killed = honest->ops->iterate(core, walk_one, &w);

	if (killed > 0)
		atomic_store(&emptied, true);
	return killed;
}

static void memory(struct ct_core *core, struct ct_memory *m)
{
	honest->ops->memory(core, m);
	if (lie == ONE_MORE_LIVES || (lie == ONE_IS_LEFT && emptied))
		m->node_bytes += sizeof(struct nf_conn);
}

static int resize(struct ct_core *core, uint64_t buckets)
{
	return lie == RESIZE_FAILS ? -EINVAL : honest->ops->resize(core, buckets);
}

static int create(struct ct_core **core, const struct ct_config *config)
{
	atomic_store(&fixed_there, false);
	atomic_store(&emptied, false);
	return honest->create(core, config);
}

/* ---- tests ---- */

static int open_liar(void **state)
{
	(void)state;
	honest = ct_variant_find(HONEST);
	assert_non_null(honest);
	ops = *honest->ops;
	ops.find_get = find_get;
	ops.put = put;
	ops.kill = kill_entry;
	ops.insert = insert;
	ops.iterate = iterate;
	ops.memory = memory;
	ops.resize = resize;
	liar = *honest;
	liar.ops = &ops;
	liar.create = create;
	return 0;
}

/* The sentence of every lie has this in it. */
static const char *const says[LIES] = {
	[FIXED_MISSED] = "was not found",
	[NEVER_FOUND] = "never put in, was found",
	[ANOTHER_FOUND] = "another one",
	[OTHER_DIRECTION] = "another one",
	[NO_REFERENCE] = "without a reference",
	[TWO_ENTRIES] = "fixed key 0 has two entries",
	[HELD_CHANGES] = "while it was held",
	[NOT_KILLED] = "is there",
	[NOT_INSERTED] = "is not there",
	[WALK_TWICE] = "twice",
	[WALK_MISSES_FIXED] = "fixed keys",
	[WALK_MISSES_LEDGER] = "ledger keys",
	[WALK_MEETS_NEVER] = "met what was never",
	[ONE_MORE_LIVES] = "are live",
	[ONE_IS_LEFT] = "are left",
	[RESIZE_FAILS] = "a resize",
	[HISTORY_MISSES] = "no order explains",
	[HISTORY_LATE] = "no order explains",
};

/* On a busy machine a scene may be over before its threads have begun. */
#define TRIES 100

static void test_lies(void **state)
{
	(void)state;
	for (lie = TRUTH; lie < LIES; lie++) {
		struct torture t = { &liar, 0.02, 1, 30 };
		struct torture_counts counts;
		struct ct_error e = { 0 };
		int err = 0;

		make_up(&common, FIXED, 0, lie == TWO_ENTRIES);
		for (int i = 0; i < TRIES && !err; i++) {
			err = torture_run(&t, &counts, &e);
			if (lie == TRUTH)
				break;
		}
		if (lie == TRUTH) {
			assert_int_equal(err, 0);
			continue;
		}
		if (err != -EILSEQ || !strstr(e.text, says[lie]))
			fail_msg("lie %d, '%s': %d, '%s'", lie, says[lie], err, e.text);
		assert_int_equal(e.status, CT_EXIT_INTERNAL);
	}
	lie = TRUTH;
}

/* A thread that waits for ever. */
static int never_returns(struct nf_conn *ct, uint32_t timeout)
{
	(void)ct;
	(void)timeout;
	while (pause())
		;
	return 0;
}

/* In a process of its own, which the watchdog ends; before this one has made a table. */
static void test_stuck(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child) {
		struct torture t = { &liar, 0.02, 1, 1 };
		struct torture_counts counts;
		struct ct_error e = { 0 };

		ops.insert = never_returns;
		if (freopen("/dev/null", "w", stderr))
			torture_run(&t, &counts, &e);
		_exit(CT_EXIT_OK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CT_EXIT_INTERNAL);
}

/* ---- the soak ---- */

#define SAMPLES 80u
static double series[SOAK_FIGURES][SOAK_SAMPLES_MAX];

/* About a median, in no order. */
static void flat(double median, double spread)
{
	for (size_t f = 0; f < SOAK_FIGURES; f++)
		for (unsigned int i = 0; i < SAMPLES; i++)
			series[f][i] = median + spread * ((i * 37 % 11) / 5.0 - 1);
}

static const char *judged(unsigned int nr)
{
	static char text[200];

	assert_int_equal(torture_soak_judge(series, nr, text, sizeof(text)), 0);
	return text;
}

static void test_flat(void **state)
{
	(void)state;
	flat(1e8, 1e7);
	assert_string_equal(judged(SAMPLES), "");
}

/* Each figure, and only that, by twice what it may. */
static void test_grows(void **state)
{
	static const struct {
		const char *says;
		double may;
	} figures[SOAK_FIGURES] = {
		{ "number of entries", 0.1 * 1e8 },
		{ "memory of live", 0.1 * 1e8 + (1 << 16) },
		{ "memory of the pool", 0.1 * 1e8 + (1 << 18) },
		{ "grace periods", 0.5 * 1e8 + (1 << 20) },
		{ "resident memory", 0.05 * 1e8 + (4 << 20) },
	};

	(void)state;
	for (size_t f = 0; f < SOAK_FIGURES; f++) {
		const double judged_part = SAMPLES - SAMPLES / 4 - 1;

		for (int much = -2; much <= 2; much++) {
			/* half of what it may, or 1.5 times, up and down */
			const double by = figures[f].may * much * 0.75;

			flat(1e8, 1e4);
			for (unsigned int i = 0; i < SAMPLES; i++)
				series[f][i] += by * (i - SAMPLES * 0.625) / judged_part;
			if (much < 2)
				assert_string_equal(judged(SAMPLES), "");
			else
				assert_non_null(strstr(judged(SAMPLES), figures[f].says));
		}
	}
}

/* What grows in the first quarter, and then no more, is warming up; a single step is no growth. */
static void test_warms_up(void **state)
{
	(void)state;
	flat(1e8, 1e4);
	for (unsigned int i = 0; i < SAMPLES / 4; i++)
		series[2][i] = 5e6 * i;
	assert_string_equal(judged(SAMPLES), "");
	series[2][SAMPLES - 1] = 9e8;
	assert_string_equal(judged(SAMPLES), "");
	/* At the very end of that time it is judged. */
	flat(1e8, 0);
	for (unsigned int i = SAMPLES / 4; i < SAMPLES; i++)
		series[4][i] = 1e8 + 1e7 * i;
	assert_non_null(strstr(judged(SAMPLES), "resident"));
}

/* Large values that come and go are chance: the trend is not sure. */
static void test_unsure(void **state)
{
	(void)state;
	flat(1e8, 0);
	for (unsigned int i = 0; i < SAMPLES; i++)
		series[1][i] += (i * 37 % 41) * 5e6 + i * 1.2e6;
	assert_string_equal(judged(SAMPLES), "");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_stuck),	 cmocka_unit_test(test_lies),
	cmocka_unit_test(test_flat),	 cmocka_unit_test(test_grows),
	cmocka_unit_test(test_warms_up), cmocka_unit_test(test_unsure),
};

CT_TEST_MAIN(tests, open_liar, NULL)
