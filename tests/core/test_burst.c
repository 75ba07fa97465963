/* SPDX-License-Identifier: MIT */
/*
 * Packets in bursts, over every registered variant: the connections of all are looked up
 * before the first of them passes the hooks, and the result is the same as if each had
 * been looked up at its turn.
 */
#include "core/nf_conntrack_find.h"
#include "tests/fixture/flow_fixture.h"

/* Packets that arrive together, and the result of each. */
struct burst {
	struct packet packet[CT_BURST];
	unsigned int nr;
	unsigned int verdict[CT_BURST];
};

static void burst_add(struct burst *b, uint32_t key, bool reply, int flags)
{
	assert_true(b->nr < CT_BURST);
	key_packet(&b->packet[b->nr++], key, reply, (enum frame_tcp)flags);
}

static void burst_send(struct fixture *fx, struct burst *b)
{
	uint16_t in[CT_BURST] = { 0 }, out[CT_BURST];
	struct sk_buff skb[CT_BURST];

	for (unsigned int i = 0; i < b->nr; i++) {
		skb[i] = b->packet[i].skb;
		out[i] = 1;
	}
	fx->v->ops->forward_burst(fx->net, skb, b->nr, in, out, b->verdict);
	for (unsigned int i = 0; i < b->nr; i++)
		assert_null(skb[i].ahead);
}

static struct nf_ct_stat_sum stat_of(struct fixture *fx)
{
	struct nf_ct_stat_sum stat;

	nf_ct_stat_sum(fx->net, &stat);
	return stat;
}

/* The packet of key, looked up ahead, after nf_conntrack_in(); the caller releases it. */
static struct nf_conn *
in_ahead(struct fixture *fx, struct packet *p, uint32_t key, bool reply, int flags)
{
	enum ip_conntrack_info info;

	key_packet(p, key, reply, (enum frame_tcp)flags);
	fx->v->ops->find_ahead(fx->net, &p->skb, 1);
	assert_non_null(p->skb.ahead);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p->skb, 0, 0), NF_ACCEPT);
	assert_null(p->skb.ahead);
	return nf_ct_get(&p->skb, &info);
}

static uint32_t references(struct fixture *fx, uint32_t key)
{
	struct nf_conntrack_tuple t = fixture_tuple(key);
	struct nf_conntrack_tuple_hash *h = fx->v->ops->find_get(fx->net, &nf_ct_zone_dflt, &t);
	struct nf_conn *ct;
	uint32_t refs;

	assert_non_null(h);
	ct = nf_ct_tuplehash_to_ctrack(h);
	fx->v->ops->put(ct);
	refs = load_relaxed(&ct->use.refs);
	return refs;
}

/* --- A new flow with more than one packet in a burst --- */

/*
 * Neither packet's connection existed when the burst was looked up; the second must find the one
 * that the first inserted, or two connections clash at confirm.
 */
static void first_two(struct fixture *fx)
{
	static const uint32_t keys[] = { 1, 2, 3, 4 }; /* UDP and TCP, IPv4 and IPv6 */
	struct nf_ct_stat_sum stat;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		struct burst b = { 0 };

		burst_add(&b, keys[k], false, FRAME_SYN);
		burst_add(&b, keys[k], false, FRAME_SYN);
		burst_add(&b, keys[k], true, FRAME_SYN_ACK);
		burst_add(&b, keys[k], false, FRAME_ACK);
		burst_send(fx, &b);
		for (unsigned int i = 0; i < b.nr; i++)
			assert_int_equal(b.verdict[i], NF_ACCEPT);
		assert_int_equal(nf_conntrack_count(fx->net), k + 1);
		assert_true(fixture_has(fx, keys[k]));
		assert_int_equal(references(fx, keys[k]), 1);
	}
	stat = stat_of(fx);
	assert_int_equal(stat.insert_failed, 0);
	assert_int_equal(stat.clash_resolve, 0);
	assert_int_equal(stat.drop, 0);
}

/* --- Entries that were found ahead and are no longer right --- */

/* The entry that was found is used: a second lookup would take another reference. */
static void taken(struct fixture *fx)
{
	struct packet p;
	struct nf_conn *ct;

	assert_int_equal(fixture_put_key(fx, 1), 0);
	ct = in_ahead(fx, &p, 1, true, 0);
	assert_non_null(ct);
	assert_int_equal(load_relaxed(&ct->use.refs), 2);
	fx->v->ops->release(&p.skb);
	assert_int_equal(references(fx, 1), 1);
}

/* Killed between the lookup and the packet's turn: the packet opens another connection. */
static void killed(struct fixture *fx)
{
	enum ip_conntrack_info info;
	struct packet p;
	struct nf_conn *ct;

	assert_int_equal(fixture_put_key(fx, 1), 0);
	key_packet(&p, 1, false, 0);
	fx->v->ops->find_ahead(fx->net, &p.skb, 1);
	assert_non_null(p.skb.ahead);
	assert_true(fixture_kill(fx, 1));
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	ct = nf_ct_get(&p.skb, &info);
	assert_non_null(ct);
	assert_int_equal(info, IP_CT_NEW);
	assert_false(nf_ct_is_confirmed(ct));
	fx->v->ops->release(&p.skb);
	assert_int_equal(fixture_live_nodes(fx), 0);
}

/* Expired meanwhile: it is found at the packet's turn, and removed. */
static void expired(struct fixture *fx)
{
	struct nf_conntrack_tuple t = fixture_tuple(1);
	enum ip_conntrack_info info;
	struct packet p;

	assert_int_equal(fixture_insert(fx, fx->net, &nf_ct_zone_dflt, &t, 10), 0);
	key_packet(&p, 1, false, 0);
	fx->v->ops->find_ahead(fx->net, &p.skb, 1);
	assert_non_null(p.skb.ahead);
	atomic_store(&fx->core->now, 10);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	assert_false(nf_ct_is_confirmed(nf_ct_get(&p.skb, &info)));
	assert_int_equal(info, IP_CT_NEW);
	assert_int_equal(nf_conntrack_count(fx->net), 1);
	fx->v->ops->release(&p.skb);
	atomic_store(&fx->core->now, 0);
}

/* A hook before conntrack puts the packet into another zone than it was looked up in. */
static void other_zone(struct fixture *fx)
{
	static const struct nf_conntrack_tuple none;
	const struct nf_conntrack_zone zone = { .id = 7, .dir = NF_CT_DEFAULT_ZONE_DIR };
	enum ip_conntrack_info info;
	struct nf_conn *tmpl, *ct;
	struct packet p;
	int err;

	tmpl = fx->v->ops->alloc(fx->net, &zone, &none, &none, &err);
	assert_non_null(tmpl);
	nf_ct_status_set(tmpl, IPS_TEMPLATE);
	assert_int_equal(fixture_put_key(fx, 1), 0);
	key_packet(&p, 1, false, 0);
	fx->v->ops->find_ahead(fx->net, &p.skb, 1);
	assert_non_null(p.skb.ahead);
	nf_ct_set(&p.skb, tmpl, IP_CT_NEW); /* with our reference */
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &p.skb, 0, 0), NF_ACCEPT);
	ct = nf_ct_get(&p.skb, &info);
	assert_non_null(ct);
	assert_int_equal(info, IP_CT_NEW);
	assert_int_equal(nf_ct_zone(ct).id, 7);
	fx->v->ops->release(&p.skb);
	assert_int_equal(references(fx, 1), 1);
}

/* A packet that never reaches its lookup drops the reference that was taken ahead. */
static void untracked(struct fixture *fx)
{
	struct packet p;

	assert_int_equal(fixture_put_key(fx, 1), 0);
	key_packet(&p, 1, false, 0);
	fx->v->ops->find_ahead(fx->net, &p.skb, 1);
	assert_non_null(p.skb.ahead);
	nf_ct_set(&p.skb, NULL, IP_CT_UNTRACKED);
	assert_int_equal(forward(fx, &p), NF_ACCEPT);
	assert_int_equal(references(fx, 1), 1);
}

/* Each packet gets its own connection, also after one that is not looked up ahead. */
static void each_its_own(struct fixture *fx)
{
	struct sk_buff skb[4];
	struct packet p[4];

	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(fixture_put_key(fx, i), 0);
	for (uint32_t i = 0; i < 4; i++) {
		key_packet(&p[i], i ? i : 1, i & 1, 0);
		skb[i] = p[i].skb;
	}
	skb[0].headlen = 12;
	fx->v->ops->find_ahead(fx->net, skb, 4);
	assert_null(skb[0].ahead);
	for (uint32_t i = 1; i < 4; i++) {
		struct nf_conntrack_tuple t = fixture_tuple(i), r = fixture_reply(&t);

		assert_non_null(skb[i].ahead);
		assert_int_equal(NF_CT_DIRECTION(skb[i].ahead), i & 1);
		assert_true(nf_ct_tuple_equal(&skb[i].ahead->tuple, i & 1 ? &r : &t));
		fx->v->ops->release(&skb[i]);
		assert_int_equal(references(fx, i), 1);
	}
}

/* Nothing is looked up ahead if the lookup would differ, or the packet is kept. */
static void not_ahead(struct fixture *fx)
{
	struct sk_buff skb[4];
	struct packet p[4];

	assert_int_equal(fixture_put_key(fx, 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		key_packet(&p[i], 1, false, 0);
	p[0].data[6] = 0x20; /* a first fragment */
	p[1].data[9] = IPPROTO_ICMP;
	p[1].data[20] = 8; /* an echo request, of an existing connection */
	p[1].data[21] = 0;
	assert_int_equal(forward(fx, &p[1]), NF_ACCEPT);
	assert_int_equal(nf_conntrack_count(fx->net), 2);
	p[2].skb.headlen = 12;
	nf_ct_set(&p[3].skb, NULL, IP_CT_UNTRACKED);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		skb[i] = p[i].skb;
	fx->v->ops->find_ahead(fx->net, skb, ARRAY_SIZE(p));
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		assert_null(skb[i].ahead);
	fx->v->ops->find_ahead(fx->net, skb, 0); /* and of no packets nothing */
	assert_int_equal(references(fx, 1), 1);
}

/* --- A stream of packets, one by one and in bursts --- */

#define STREAM 1500u
#define KEYS   24u

struct outcome {
	uint8_t verdict[STREAM];
	uint8_t from[KEYS]; /* 0: no connection; else the side that opened it */
	struct nf_ct_stat_sum stat;
	uint32_t count;
};

/* Packet number i of the stream: few flows that open, answer, reset and open again. */
static void stream_packet(struct burst *b, uint64_t *seed)
{
	static const int flags[] = { FRAME_SYN, FRAME_SYN, FRAME_SYN_ACK, FRAME_ACK,
				     FRAME_ACK, 0x14,	   0x11,	  0x03 };
	uint64_t r = fixture_random(seed);

	burst_add(b, (uint32_t)(r >> 32) % KEYS, r & 1, flags[r >> 8 & 7]);
	if (r >> 16 & 1) /* exactly the next sequence number: the reset is accepted */
		b->packet[b->nr - 1].data[27]++;
}

/* 0, or 1 plus the direction of key i's tuple: either end may have opened the connection. */
static uint8_t opened(struct fixture *fx, uint32_t i)
{
	struct nf_conntrack_tuple t = fixture_tuple(i);
	struct nf_conntrack_tuple_hash *h = fx->v->ops->find_get(fx->net, &nf_ct_zone_dflt, &t);
	uint8_t dir;

	if (!h)
		return 0;
	dir = (uint8_t)(1 + NF_CT_DIRECTION(h));
	fx->v->ops->put(nf_ct_tuplehash_to_ctrack(h));
	return dir;
}

static void send_stream(struct fixture *fx, unsigned int burst, struct outcome *o)
{
	uint64_t seed = 4711;

	memset(o, 0, sizeof(*o));
	for (unsigned int sent = 0; sent < STREAM;) {
		struct burst b = { 0 };

		while (b.nr < burst && sent + b.nr < STREAM)
			stream_packet(&b, &seed);
		if (burst == 1)
			b.verdict[0] = forward(fx, &b.packet[0]);
		else
			burst_send(fx, &b);
		for (unsigned int i = 0; i < b.nr; i++)
			o->verdict[sent + i] = (uint8_t)b.verdict[i];
		sent += b.nr;
	}
	for (uint32_t i = 0; i < KEYS; i++)
		o->from[i] = opened(fx, i);
	nf_ct_stat_sum(fx->net, &o->stat);
	o->stat.search_restart = 0; /* the number of restarted walks is not part of the result */
	o->count = nf_conntrack_count(fx->net);
}

static void test_stream(void **state)
{
	static const unsigned int bursts[] = { 1, 2, 7, 32, CT_BURST };
	static struct outcome one, many;

	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		if (ct_variants[i]->flags & (CT_V_NULL | CT_V_LOOKUPS))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(bursts); k++) {
			struct fixture fx;

			fixture_open(&fx, ct_variants[i], 64, 1);
			send_stream(&fx, bursts[k], k ? &many : &one);
			if (k && memcmp(&one, &many, sizeof(one)))
				fail_msg("%s: bursts of %u end otherwise", ct_variants[i]->name,
					 bursts[k]);
			fixture_close(&fx);
		}
		/* The test had something to detect. */
		assert_true(one.count > 5 && one.stat.invalid > 10);
	}
}

OVER_VARIANTS(first_two)
OVER_VARIANTS(taken)
OVER_VARIANTS(killed)
OVER_VARIANTS(expired)
OVER_VARIANTS(other_zone)
OVER_VARIANTS(untracked)
OVER_VARIANTS(each_its_own)
OVER_VARIANTS(not_ahead)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_two),    cmocka_unit_test(test_taken),
		cmocka_unit_test(test_killed),	     cmocka_unit_test(test_expired),
		cmocka_unit_test(test_other_zone),   cmocka_unit_test(test_untracked),
		cmocka_unit_test(test_each_its_own), cmocka_unit_test(test_not_ahead),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests_name("burst", tests, NULL, NULL);
}
