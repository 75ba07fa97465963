/* SPDX-License-Identifier: MIT */
/* Two packets of a new flow at once, over every registered variant: the race at confirm. */
#include "tests/fixture/flow_fixture.h"

/*
 * The second packet of a flow whose first is not confirmed yet: of the same end,
 * or of both ends at the same time.  Each has its own connection until one is confirmed.
 */
static void two_at_once(struct fixture *fx, bool both_ends)
{
	struct nf_ct_stat_sum stat;
	enum ip_conntrack_info info;
	struct packet a, b;
	struct nf_conn *winner;

	for (unsigned int udp = 0; udp < 2; udp++) {
		uint32_t key = udp ? 1 : 2;

		key_packet(&a, key, false, FRAME_SYN);
		key_packet(&b, key, both_ends, FRAME_SYN);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0),
				 NF_ACCEPT);
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &b.skb, 0, 0),
				 NF_ACCEPT);
		winner = nf_ct_get(&a.skb, &info);
		assert_ptr_not_equal(winner, nf_ct_get(&b.skb, &info));
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &a.skb, 0, 1),
				 NF_ACCEPT);
		/* UDP's second packet joins the first's entry; TCP's is lost and will be sent
		 * again. */
		assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &b.skb, 0, 1),
				 udp ? NF_ACCEPT : NF_DROP);
		assert_int_equal(nf_ct_get(&b.skb, &info) == winner, udp);
		fx->v->ops->release(&a.skb);
		fx->v->ops->release(&b.skb);
		nf_ct_stat_sum(fx->net, &stat);
		assert_int_equal(stat.clash_resolve, udp);
		assert_int_equal(stat.insert_failed, 1);
		assert_int_equal(stat.drop, 1);
		assert_int_equal(nf_conntrack_count(fx->net), udp + 1);
		assert_true(fixture_has(fx, key));
	}
}

static void clash(struct fixture *fx)
{
	two_at_once(fx, false);
}

static void clash_of_both_ends(struct fixture *fx)
{
	two_at_once(fx, true);
}

/* The loser's counts are added to the winner's. */
static void clash_accounting(struct fixture *fx)
{
	enum ip_conntrack_info info;
	struct nf_conn_acct *acct;
	struct packet a, b;

	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_acct", 1), 0);
	key_packet(&a, 1, false, 0);
	key_packet(&b, 1, false, 0);
	b.skb.len += 5;
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &a.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_PRE_ROUTING, &b.skb, 0, 0), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &a.skb, 0, 1), NF_ACCEPT);
	assert_int_equal(fx->v->ops->hook(fx->net, NF_INET_POST_ROUTING, &b.skb, 0, 1), NF_ACCEPT);
	acct = nf_conn_acct_find(nf_ct_get(&a.skb, &info));
	assert_non_null(acct);
	assert_int_equal(atomic_load(&acct->counter[0].packets), 2);
	assert_int_equal(atomic_load(&acct->counter[0].bytes), 2 * 28 + 5);
	assert_int_equal(atomic_load(&acct->counter[1].packets), 0);
	fx->v->ops->release(&a.skb);
	fx->v->ops->release(&b.skb);
	assert_int_equal(nf_ct_sysctl_set(fx->net, "nf_conntrack_acct", 0), 0);
}

OVER_VARIANTS(clash)
OVER_VARIANTS(clash_of_both_ends)
OVER_VARIANTS(clash_accounting)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clash),
		cmocka_unit_test(test_clash_of_both_ends),
		cmocka_unit_test(test_clash_accounting),
	};

	return cmocka_run_group_tests_name("clash", tests, NULL, NULL);
}
