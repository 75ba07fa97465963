/* SPDX-License-Identifier: MIT */
/*
 * Fragments through the hooks of real tables: which are reassembled, which are
 * not, when they expire, and that no memory is left.
 */
#include <pthread.h>

#include "core/nf_defrag.h"
#include "tests/fixture/variant_fixture.h"
#include "tests/fixture/packets.h"

static const char *const names[] = {
	"nulls_rcu_jhash2_scale_seqcount",
	"locked_global",
	"plain_rcu_deferred",
};

struct bytes {
	uint8_t b[1600];
	unsigned int len;
	bool ipv6;
};

/* Payload bytes off .. off + n of a whole packet as a fragment of packet id. */
static struct sk_buff fragment(struct bytes *f, const struct packet *p, uint32_t id,
			       unsigned int off, unsigned int n, bool more)
{
	unsigned int hdr = p->l4;

	memcpy(f->b, p->b, hdr);
	if (p->ipv6) {
		uint8_t fh[8] = { p->b[6] };

		f->b[6] = IPPROTO_FRAGMENT;
		put16(fh + 2, off | more);
		put32(fh + 4, id);
		memcpy(f->b + hdr, fh, sizeof(fh));
		hdr += 8;
		put16(f->b + 4, 8 + n);
	} else {
		put16(f->b + 4, id);
		put16(f->b + 6, off / 8 | (unsigned int)more << 13);
		put16(f->b + 2, hdr + n);
	}
	memcpy(f->b + hdr, p->b + p->l4 + off, n);
	return (struct sk_buff){ .data = f->b,
				 .len = hdr + n,
				 .headlen = hdr + n,
				 .protocol = p->ipv6 ? ETH_P_IPV6 : ETH_P_IP };
}

static unsigned int send_one(struct fixture *fx, struct sk_buff *skb)
{
	return fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, skb, 0, 0);
}

static unsigned int send_piece(struct fixture *fx, const struct packet *p, uint32_t id,
			       unsigned int off, unsigned int n, bool more)
{
	struct bytes f;
	struct sk_buff skb = fragment(&f, p, id, off, n, more);
	unsigned int verdict = send_one(fx, &skb);

	if (verdict != NF_STOLEN)
		fx->v->ops->release(&skb);
	assert_false(skb.own_data);
	return verdict;
}

static uint64_t kept(struct fixture *fx, bool ipv6)
{
	return nf_defrag_memory(fx->net, ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
}

/* 48 bytes in three pieces: whole again in every order, byte for byte. */
static void every_order(struct fixture *fx, bool ipv6)
{
	static const unsigned int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct packet p;

	packet_udp(&p, ipv6, CLIENT, 40);
	for (uint32_t i = 0; i < ARRAY_SIZE(orders); i++) {
		for (unsigned int k = 0; k < 3; k++) {
			unsigned int at = orders[i][k];
			enum ip_conntrack_info ctinfo;
			struct bytes f;
			struct sk_buff skb = fragment(&f, &p, i, at * 16, 16, at < 2);

			assert_int_equal(send_one(fx, &skb), k < 2 ? NF_STOLEN : NF_ACCEPT);
			if (k < 2) {
				assert_true(kept(fx, ipv6) > 0);
				continue;
			}
			assert_int_equal(kept(fx, ipv6), 0);
			assert_true(skb.own_data);
			assert_int_equal(skb.len, p.len);
			assert_int_equal(skb.headlen, p.len);
			assert_memory_equal(skb.data + p.l4, p.b + p.l4, 48);
			if (ipv6)
				assert_memory_equal(skb.data, p.b, 40);
			else
				assert_int_equal(sum_end(sum16(0, skb.data, 20)), 0);
			assert_non_null(nf_ct_get(&skb, &ctinfo));
			assert_int_equal(ctinfo, IP_CT_NEW);
			fx->v->ops->release(&skb);
		}
	}
}

static void faults(struct fixture *fx, bool ipv6)
{
	struct packet p;

	packet_udp(&p, ipv6, CLIENT, 40);
	/* a duplicate does no harm */
	assert_int_equal(send_piece(fx, &p, 1, 0, 16, true), NF_STOLEN);
	assert_int_equal(send_piece(fx, &p, 1, 0, 16, true), NF_STOLEN);
	assert_int_equal(send_piece(fx, &p, 1, 16, 32, false), NF_ACCEPT);
	/* an overlap drops the packet: the missing fragment then starts another one */
	assert_int_equal(send_piece(fx, &p, 2, 0, 24, true), NF_STOLEN);
	assert_int_equal(send_piece(fx, &p, 2, 16, 32, false), NF_STOLEN);
	assert_int_equal(kept(fx, ipv6), 0);
	assert_int_equal(send_piece(fx, &p, 2, 24, 24, false), NF_STOLEN);
	assert_int_equal(send_piece(fx, &p, 2, 0, 24, true), NF_ACCEPT);
	/* other ids and other places are other packets */
	assert_int_equal(send_piece(fx, &p, 3, 0, 24, true), NF_STOLEN);
	assert_int_equal(send_piece(fx, &p, 4, 24, 24, false), NF_STOLEN);
	assert_int_equal(send_piece(fx, &p, 3, 24, 24, false), NF_ACCEPT);
	assert_int_equal(send_piece(fx, &p, 4, 0, 24, true), NF_ACCEPT);
	assert_int_equal(kept(fx, ipv6), 0);
}

static void timeouts(struct fixture *fx, bool ipv6)
{
	const uint32_t ticks = (ipv6 ? 60 : 30) * NF_CT_HZ;
	uint32_t now = load_relaxed(&fx->core->now);
	struct packet p;

	packet_udp(&p, ipv6, CLIENT, 40);
	assert_int_equal(send_piece(fx, &p, 1, 0, 24, true), NF_STOLEN);
	store_relaxed(&fx->core->now, now + ticks - 1);
	assert_int_equal(send_piece(fx, &p, 1, 24, 24, false), NF_ACCEPT);
	assert_int_equal(send_piece(fx, &p, 1, 0, 24, true), NF_STOLEN);
	store_relaxed(&fx->core->now, now + 2 * ticks - 1);
	assert_int_equal(send_piece(fx, &p, 1, 24, 24, false), NF_STOLEN);
	store_relaxed(&fx->core->now, now + 3 * ticks - 1);
	nf_defrag_expire(fx->net);
	assert_int_equal(kept(fx, ipv6), 0);
}

/* Never more is kept than the setting allows, except the fragment that reached it. */
static void memory(struct fixture *fx, bool ipv6)
{
	const char *name = ipv6 ? "nf_conntrack_frag6_high_thresh" : "ipfrag_high_thresh";
	const char *low = ipv6 ? "nf_conntrack_frag6_low_thresh" : "ipfrag_low_thresh";
	struct packet p;

	packet_udp(&p, ipv6, CLIENT, 1000);
	assert_int_equal(nf_ct_sysctl_set(fx->net, name, 20000), -ERANGE);
	assert_int_equal(nf_ct_sysctl_set(fx->net, low, 20000), 0);
	assert_int_equal(nf_ct_sysctl_set(fx->net, name, 20000), 0);
	for (uint32_t id = 0; id < 200; id++) {
		assert_int_equal(send_piece(fx, &p, id, 0, 960, true), NF_STOLEN);
		assert_true(kept(fx, ipv6) < 20000 + 2000);
	}
	assert_true(kept(fx, ipv6) > 20000);
	assert_int_equal(nf_ct_sysctl_set(fx->net, name, kept(fx, ipv6) - 1), 0);
	assert_int_equal(send_piece(fx, &p, 0, 960, 48, false), NF_STOLEN);
	assert_int_equal(nf_ct_sysctl_set(fx->net, name, kept(fx, ipv6)), 0);
	assert_int_equal(send_piece(fx, &p, 1, 960, 48, false), NF_ACCEPT);
	assert_int_equal(nf_ct_sysctl_set(fx->net, name, 4 << 20), 0);
	/* the first is still there; the rest is freed with the namespace */
	assert_int_equal(send_piece(fx, &p, 0, 960, 48, false), NF_ACCEPT);
}

/* A capture has 60 bytes of each packet: the first bytes are there, including ports. */
static void cut_captures(struct fixture *fx, bool ipv6)
{
	struct sk_buff skb;
	struct packet p;
	struct bytes f;

	packet_udp(&p, ipv6, CLIENT, 1000);
	skb = fragment(&f, &p, 9, 0, 960, true);
	skb.headlen = 60;
	assert_int_equal(send_one(fx, &skb), NF_STOLEN);
	skb = fragment(&f, &p, 9, 960, 48, false);
	skb.headlen = 60;
	skb.ip_summed = CHECKSUM_UNNECESSARY;
	assert_int_equal(send_one(fx, &skb), NF_ACCEPT);
	assert_int_equal(skb.len, p.len);
	assert_int_equal(skb.headlen, ipv6 ? 52 : 60);
	fx->v->ops->release(&skb);
}

/* Two fragments of a packet of 65535 bytes in all and more behind its IP header, cut by the
 * capture. */
static void longest(struct fixture *fx, bool ipv6)
{
	const uint32_t half = 32768, fits = 65535 - (ipv6 ? 0 : 20);
	struct packet p;

	packet_udp(&p, ipv6, CLIENT, 100);
	for (uint32_t more = 0; more < 2; more++) {
		const uint32_t n[] = { half, fits + more - half };
		unsigned int verdict = 0;

		for (unsigned int i = 0; i < 2; i++) {
			struct bytes f;
			struct sk_buff skb = fragment(&f, &p, 7 + more, 0, 8, !i);

			skb.len += n[i] - 8;
			put16(f.b + (ipv6 ? 4 : 2), skb.len - (ipv6 ? 40 : 0));
			if (i)
				put16(f.b + (ipv6 ? 42 : 6), ipv6 ? half : half / 8);
			skb.ip_summed = CHECKSUM_UNNECESSARY;
			verdict = send_one(fx, &skb);
			if (verdict != NF_STOLEN)
				fx->v->ops->release(&skb);
		}
		assert_int_equal(verdict, more ? NF_STOLEN : NF_ACCEPT);
		assert_int_equal(kept(fx, ipv6) > 0,
				 more && ipv6); /* IPv6: its last one was not kept */
	}
}

/* A queue restarts if too many other fragments of its source came: size and timeout start again. */
static void distance(struct fixture *fx, bool ipv6)
{
	uint32_t now = load_relaxed(&fx->core->now);
	struct packet p;
	uint64_t one;

	if (ipv6)
		return;
	packet_udp(&p, ipv6, CLIENT, 100);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "ipfrag_max_dist", 2), 0);
	assert_int_equal(send_piece(fx, &p, 1, 0, 56, true), NF_STOLEN);
	one = kept(fx, ipv6);
	store_relaxed(&fx->core->now, now + 10 * NF_CT_HZ);
	for (uint32_t id = 2; id < 5; id++)
		assert_int_equal(send_piece(fx, &p, id, 0, 56, true), NF_STOLEN);
	assert_int_equal(kept(fx, ipv6), 4 * one);
	store_relaxed(&fx->core->now, now + 20 * NF_CT_HZ);
	assert_int_equal(send_piece(fx, &p, 1, 0, 56, true), NF_STOLEN);
	assert_int_equal(kept(fx, ipv6), 4 * one); /* in place of the first */
	store_relaxed(&fx->core->now, now + 45 * NF_CT_HZ);
	nf_defrag_expire(fx->net);
	assert_int_equal(kept(fx, ipv6), one); /* the others are older now */
	assert_int_equal(send_piece(fx, &p, 1, 56, 52, false), NF_ACCEPT);
	store_relaxed(&fx->core->now, now);
}

#define THREADS 4
#define PACKETS 2000u

struct sender {
	struct fixture *fx;
	pthread_t thread;
	unsigned int cpu;
	_Atomic unsigned int *whole;
};

/* The third piece is one thread's, the others another's: which one completes is chance. */
static void *send_thirds(void *arg)
{
	struct sender *me = arg;
	struct packet p;

	me->fx->v->thread_begin(me->fx->core, me->cpu);
	packet_udp(&p, me->cpu / 2 % 2, CLIENT, 40);
	for (uint32_t id = 0; id < PACKETS; id++) {
		for (unsigned int at = me->cpu % 2; at < 3; at += 2) {
			struct bytes f;
			struct sk_buff skb = fragment(&f, &p, id, at * 16, 16, at < 2);

			if (send_one(me->fx, &skb) == NF_ACCEPT) {
				atomic_fetch_add(me->whole, 1);
				me->fx->v->ops->release(&skb);
			}
		}
	}
	me->fx->v->thread_end(me->fx->core);
	return NULL;
}

static void threads(struct fixture *fx)
{
	struct sender s[THREADS];
	_Atomic unsigned int whole = 0;

	/* how far one thread gets ahead of the other is not the point here */
	assert_int_equal(nf_ct_sysctl_set(fx->net, "ipfrag_max_dist", 0), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		s[i] = (struct sender){ .fx = fx, .cpu = i + 1, .whole = &whole };
		assert_int_equal(pthread_create(&s[i].thread, NULL, send_thirds, &s[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(s[i].thread, NULL);
	assert_int_equal(whole, 2 * PACKETS);
	assert_int_equal(kept(fx, false) + kept(fx, true), 0);
}

static void
each_of_names(void (*fn)(struct fixture *fx, bool ipv6), void (*once)(struct fixture *fx))
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct ct_variant *v = ct_variant_find(names[i]);
		struct fixture fx;

		assert_non_null(v);
		fixture_open(&fx, v, 64, THREADS + 1);
		if (fn) {
			fn(&fx, false);
			fn(&fx, true);
		} else {
			v->thread_offline(fx.core);
			once(&fx);
			v->thread_online(fx.core);
		}
		fixture_close(&fx);
	}
}

#define TEST(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		each_of_names(name, NULL); \
	}
TEST(every_order)
TEST(faults)
TEST(timeouts)
TEST(memory)
TEST(cut_captures)
TEST(longest)
TEST(distance)

static void test_threads(void **state)
{
	(void)state;
	each_of_names(NULL, threads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order),  cmocka_unit_test(test_faults),
		cmocka_unit_test(test_timeouts),     cmocka_unit_test(test_memory),
		cmocka_unit_test(test_cut_captures), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_distance),     cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
