/* SPDX-License-Identifier: MIT */
/* Synthetic flows: all different, found again by their tuples, and like real ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "harness/traffic/flows.h"
#include "tests/fixture/cmocka.h"

/* Twice n numbers' worth of open addressing: false if x (not 0) is there already. */
static bool set_add(uint64_t *set, uint64_t mask, uint64_t x)
{
	for (uint64_t i = x & mask;; i = (i + 1) & mask) {
		if (set[i] == x)
			return false;
		if (!set[i]) {
			set[i] = x;
			return true;
		}
	}
}

/* A tuple by 64 bits; that two of some millions agree by chance is next to impossible. */
static uint64_t fingerprint(const union ct_tuple_words *t)
{
	uint64_t sum = 0;

	for (int i = 0; i < CT_TUPLE_WORDS; i++) {
		sum ^= t->w[i];
		sum = splitmix64(&sum);
	}
	return sum | 1ull << 63;
}

/* 8 Mi connections, and some that are absent: no tuple twice. */
static void flows_are_unique(void **state)
{
	const uint64_t n = 8ull << 20, absent = 1ull << 19, slots = 1ull << 24;
	uint64_t *set = calloc(slots, sizeof(*set));
	union ct_tuple_words t;
	struct flow_set fs;

	(void)state;
	assert_non_null(set);
	flow_set_init(&fs, 0.25, 42);
	for (uint64_t i = 0; i < n + absent; i++) {
		flow_tuple(&fs, i < n ? i : FLOW_ABSENT + i - n, false, &t);
		assert_true(set_add(set, slots - 1, fingerprint(&t)));
	}
	/* nor the other direction's */
	for (uint64_t i = 0; i < absent; i++) {
		flow_tuple(&fs, i * 16, true, &t);
		assert_true(set_add(set, slots - 1, fingerprint(&t)));
	}
	free(set);
}

static void flows_are_found_again(void **state)
{
	static const double shares[] = { 0, 0.25, 1 };
	union ct_tuple_words t;
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (size_t k = 0; k < ARRAY_SIZE(shares); k++) {
		struct flow_set fs;
		uint64_t i, found;
		bool reply;

		flow_set_init(&fs, shares[k], k);
		for (int round = 0; round < 100000; round++) {
			i = round < 1000 ? (uint64_t)round : rng_below(&r, 1ull << FLOW_BITS);
			flow_tuple(&fs, i, round % 2, &t);
			assert_true(flow_find(&fs, &t.tuple, &found, &reply));
			assert_true(found == i);
			assert_int_equal(reply, round % 2);
		}
		/* not a tuple that is not a flow's */
		for (unsigned int byte = 0; byte < CT_TUPLE_KEY_BYTES; byte++) {
			flow_tuple(&fs, 7, false, &t);
			((uint8_t *)&t)[byte] ^= 0x80;
			assert_true(!flow_find(&fs, &t.tuple, &found, &reply) || found != 7);
		}
	}
}

/* Flows whose ends are equal: so many of them, each another, and found again. */
static void land_flows(void **state)
{
	struct flow_set fs;
	uint64_t found, nr = 0;
	bool reply;

	(void)state;
	flow_set_init(&fs, 0.5, 5);
	flow_set_land(&fs, 0.25);
	for (uint64_t i = 0; i < 20000; i++) {
		union ct_tuple_words orig, back;
		const struct nf_conntrack_tuple *t = &orig.tuple;

		flow_tuple(&fs, i, false, &orig);
		flow_tuple(&fs, i, true, &back);
		assert_true(flow_find(&fs, t, &found, &reply));
		assert_true(found == i);
		if (!nf_ct_tuple_equal(t, &back.tuple))
			continue;
		nr++;
		assert_int_equal(t->src.u3.ip, t->dst.u3.ip);
		assert_int_equal(t->src.u.all, t->dst.u.all);
		assert_int_equal(t->src.l3num, NFPROTO_IPV4);
		assert_false(reply || flow_is_ipv6(&fs, i));
	}
	assert_int_equal(nr, 5000);
}

/* The answer's tuple is the core's inverse of the first; 16 bytes are equivalent to 40. */
static void replies_and_compact_keys(void **state)
{
	struct flow_set fs, fs4;

	(void)state;
	flow_set_init(&fs, 0.5, 3);
	flow_set_init(&fs4, 0, 3);
	for (uint64_t i = 0; i < 10000; i++) {
		union ct_tuple_words orig, reply;
		struct nf_conntrack_tuple inverse;
		struct ct_key4 k;

		flow_tuple(&fs, i, false, &orig);
		flow_tuple(&fs, i, true, &reply);
		assert_true(nf_ct_invert_tuple(&inverse, &orig.tuple));
		assert_true(nf_ct_tuple_equal(&inverse, &reply.tuple));
		assert_int_equal(orig.tuple.dst.dir, 0);
		assert_int_equal(orig.tuple.src.l3num == NFPROTO_IPV6, flow_is_ipv6(&fs, i));
		if (orig.tuple.src.l3num == NFPROTO_IPV4)
			assert_true(!orig.w[1] && !orig.w[3]);

		for (int r = 0; r < 2; r++) {
			flow_tuple(&fs4, i, r, &orig);
			flow_key4(&fs4, i, r, &k);
			ct_tuple_set_ipv4(&reply, k.saddr, k.daddr, k.sport, k.dport, k.protonum);
			assert_memory_equal(&orig, &reply, sizeof(orig));
		}
	}
}

/* Statistics of many flows; they must not distinguish misses from hits. */
struct looks {
	double ipv6, tcp, web, clients, servers;
};

static void look(const struct flow_set *fs, uint64_t first, struct looks *l)
{
	enum { N = 20000 };
	uint64_t *clients = calloc(1 << 16, sizeof(*clients));
	uint64_t *servers = calloc(1 << 16, sizeof(*servers));

	assert_non_null(clients);
	assert_non_null(servers);
	memset(l, 0, sizeof(*l));
	for (uint64_t i = first; i < first + N; i++) {
		union ct_tuple_words t, side = { .w = { 0 } };

		flow_tuple(fs, i, false, &t);
		l->ipv6 += (t.tuple.src.l3num == NFPROTO_IPV6) / (double)N;
		l->tcp += (t.tuple.dst.protonum == IPPROTO_TCP) / (double)N;
		l->web += (t.tuple.dst.u.all == htons(443)) / (double)N;
		assert_true(ntohs(t.tuple.src.u.all) >= 32768 && ntohs(t.tuple.src.u.all) <= 60999);
		side.tuple.src.u3 = t.tuple.src.u3;
		l->clients += set_add(clients, 0xffff, fingerprint(&side));
		side.tuple.src.u3 = t.tuple.dst.u3;
		l->servers += set_add(servers, 0xffff, fingerprint(&side));
	}
	free(clients);
	free(servers);
}

static void flows_look_real(void **state)
{
	struct looks in, out;
	struct flow_set fs;

	(void)state;
	flow_set_init(&fs, 0.3, 5);
	look(&fs, 0, &in);
	look(&fs, FLOW_ABSENT + 12345, &out);
	assert_true(fabs(in.ipv6 - 0.3) < 1e-3 && fabs(out.ipv6 - 0.3) < 1e-3);
	assert_true(in.tcp > 0.7 && in.tcp < 0.8);
	assert_true(fabs(in.tcp - out.tcp) < 0.03);
	assert_true(in.web > 0.4 && fabs(in.web - out.web) < 0.03);
	/* 20000 draws from 65536 clients of two families, and from all of some 600 servers */
	assert_true(in.clients > 10000 && fabs(in.clients - out.clients) < 500);
	assert_true(in.servers > 500 && in.servers < 700 && in.servers == out.servers);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(flows_are_unique),	 cmocka_unit_test(land_flows),
	cmocka_unit_test(flows_are_found_again), cmocka_unit_test(replies_and_compact_keys),
	cmocka_unit_test(flows_look_real),
};
CT_TEST_MAIN(tests, NULL, NULL)
