/* SPDX-License-Identifier: MIT */
/* Settings by name; and the dump, whose lines must be the kernel's. */
#include <errno.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/one_fake.h"

static void settings(void **state)
{
	uint64_t value;
	const char *name;
	unsigned int nr = 0;

	(void)state;
	while ((name = nf_ct_sysctl_name(nr))) {
		nr++;
		if (!strcmp(name, "nf_conntrack_buckets"))
			continue; /* a setting of the table, which does not exist here */
		assert_int_equal(nf_ct_sysctl_get(&fake.net, name, &value), 0);
	}
	assert_true(nr > 30);
	assert_int_equal(
		nf_ct_sysctl_get(&fake.net, "nf_conntrack_tcp_timeout_established", &value), 0);
	assert_int_equal(value, 432000);
	assert_int_equal(load_relaxed(&fake.net.ct.timeouts.tcp[TCP_CONNTRACK_ESTABLISHED]),
			 432000 * NF_CT_HZ);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_udp_timeout_stream", 77), 0);
	assert_int_equal(load_relaxed(&fake.net.ct.timeouts.udp[UDP_CT_REPLIED]), 77 * NF_CT_HZ);
	assert_int_equal(load_relaxed(&fake.net.ct.timeouts.udp[UDP_CT_UNREPLIED]), 30 * NF_CT_HZ);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_tcp_loose", 1), 0);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_tcp_loose", 2), -ERANGE);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_tcp_max_retrans", 255), 0);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_tcp_max_retrans", 256), -ERANGE);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_icmp_timeout", 2147483), 0);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_icmp_timeout", 2147484),
			 -ERANGE);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_icmp_timeout", UINT64_MAX),
			 -ERANGE);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_max", 12), 0);
	assert_int_equal(load_relaxed(&fake.core.max), 12);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_count", 1), -EPERM);
	assert_int_equal(nf_ct_sysctl_set(&fake.net, "nf_conntrack_tcp_lose", 1), -ENOENT);
	assert_int_equal(nf_ct_sysctl_get(&fake.net, "", &value), -ENOENT);
}

/* --- The dump --- */

static void assert_line(const char *want)
{
	char buf[1024];

	/* the kernel holds a reference while it prints */
	refcount_inc(&fake.ct.use);
	assert_int_equal(nf_ct_snprint(buf, sizeof(buf), &fake.ct), strlen(want));
	fake_put(&fake.ct);
	assert_string_equal(buf, want);
}

/* The lines are those of a Linux 6.18 that saw such packets. */
static void dump_lines(void **state)
{
	struct nf_conn_acct *acct;
	struct sk_buff skb;
	struct packet p;

	packet_tcp(&p, false, CLIENT, &(struct tcp_spec){ .flags = 0x02, .win = 1 });
	assert_true(fake_connect(&fake, &p));
	skb = packet_skb(&p);
	assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
	assert_line(
		"ipv4     2 tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80 "
		"[UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=80 dport=40000 mark=0 zone=0 use=2\n");
	nf_ct_status_set(&fake.ct, IPS_SEEN_REPLY | IPS_ASSURED | CT_ZONE_ORIG_ONLY);
	store_relaxed(&fake.ct.zone_id, 5);
	store_relaxed(&fake.ct.mark, 0xffffffff);
	fake_later(&fake, 20);
	assert_line(
		"ipv4     2 tcp      6 100 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=40000 dport=80 "
		"zone-orig=5 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=40000 [ASSURED] "
		"mark=4294967295 use=2\n");

	setup(state);
	packet_icmp(&p, true, CLIENT, 128, 0, 7, NULL, 0);
	assert_true(fake_connect(&fake, &p));
	assert_non_null(nf_ct_ext_add(&fake.ct, NF_CT_EXT_ACCT));
	acct = nf_conn_acct_find(&fake.ct);
	store_relaxed(&acct->counter[0].packets, 2);
	store_relaxed(&acct->counter[0].bytes, 100);
	skb = packet_skb(&p);
	assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
	assert_line("ipv6     10 icmpv6   58 30 src=2001:0db8:0000:0000:0000:0000:0000:0001 "
		    "dst=2001:0db8:0000:0000:0000:0000:0000:0002 type=128 code=0 id=7 packets=3 "
		    "bytes=148 [UNREPLIED] "
		    "src=2001:0db8:0000:0000:0000:0000:0000:0002 "
		    "dst=2001:0db8:0000:0000:0000:0000:0000:0001 "
		    "type=129 code=0 id=7 packets=0 bytes=0 mark=0 zone=0 use=2\n");
	nf_ct_ext_free(&fake.ct);

	setup(state);
	packet_begin(&p, false, CLIENT, IPPROTO_GRE);
	packet_add(&p, "\0\0\10\0", 4);
	assert_true(fake_connect(&fake, &p));
	skb = packet_skb(&p);
	assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
	assert_line("ipv4     2 gre      47 30 timeout=30, stream_timeout=180 src=10.0.0.1 "
		    "dst=10.0.0.2 srckey=0x0 "
		    "dstkey=0x0 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 srckey=0x0 dstkey=0x0 mark=0 "
		    "zone=0 use=2\n");

	setup(state);
	packet_begin(&p, false, CLIENT, 33);
	assert_true(fake_connect(&fake, &p));
	nf_ct_status_set(&fake.ct, IPS_CONFIRMED | IPS_SEEN_REPLY);
	assert_line("ipv4     2 unknown  33 0 src=10.0.0.1 dst=10.0.0.2 src=10.0.0.2 dst=10.0.0.1 "
		    "mark=0 zone=0 use=2\n");
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static const struct CMUnitTest tests[] = {
	TEST(settings),
	TEST(dump_lines),
};
CT_TEST_MAIN(tests, NULL, NULL)
