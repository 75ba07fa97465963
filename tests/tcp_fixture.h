/* SPDX-License-Identifier: MIT */
/* One TCP connection on the fake core, and segments of it: for tests of the tracker. */
#ifndef CTBENCH_TESTS_TCP_FIXTURE_H
#define CTBENCH_TESTS_TCP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/l4_tcp.h"
#include "tests/packets.h"

#define FIN TCPHDR_FIN
#define SYN TCPHDR_SYN
#define RST TCPHDR_RST
#define PSH TCPHDR_PSH
#define ACK TCPHDR_ACK
#define URG TCPHDR_URG

#define DROPPED	 0	/* -NF_DROP */
#define INVALID	 -1	/* -NF_ACCEPT */
#define REPEAT	 -4	/* -NF_REPEAT */
#define ACCEPT	 1

#define C0 1000u	/* the client's and the server's initial sequence numbers */
#define S0 5000u

static struct fake fake;
static struct ip_ct_tcp *const tcp = &fake.ct.proto.tcp;

static inline int setup(void **state)
{
	struct packet p;

	(void)state;
	fake_open(&fake);
	packet_tcp(&p, false, CLIENT, &(struct tcp_spec){ .flags = SYN });
	return fake_connect(&fake, &p) ? 0 : -1;
}

static inline int send_spec(int side, const struct tcp_spec *s)
{
	struct sk_buff skb;
	struct packet p;

	packet_tcp(&p, false, side, s);
	skb = packet_skb(&p);
	return fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, side);
}

/* a window of 8192 unless the call says otherwise */
#pragma GCC diagnostic ignored "-Woverride-init"
#define SEND(side, ...) send_spec(side, &(struct tcp_spec){ .win = 8192, __VA_ARGS__ })

static inline void set(const char *name, uint64_t value)
{
	assert_int_equal(nf_ct_sysctl_set(&fake.net, name, value), 0);
}

static inline void assert_state_at(unsigned int want, uint32_t seconds, unsigned int line)
{
	unsigned int is = load_relaxed(&tcp->state);

	if (is != want || fake_seconds_left(&fake) != seconds)
		print_error("line %u: %s for %u s instead of %s for %u s\n", line,
			    nf_ct_tcp_state_name(is), fake_seconds_left(&fake),
			    nf_ct_tcp_state_name(want), seconds);
	assert_int_equal(is, want);
	assert_int_equal(fake_seconds_left(&fake), seconds);
}
#define ASSERT_STATE(want, seconds) assert_state_at(TCP_CONNTRACK_##want, seconds, __LINE__)

static inline void establish(void)
{
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 432000);
}

/* Sends when the connection is fresh, 10 s old; true if it was taken, so lives longer again. */
static inline bool renews(int side, const struct tcp_spec *s)
{
	uint32_t before;

	fake_later(&fake, 10);
	before = load_relaxed(&fake.ct.timeout);
	assert_int_equal(send_spec(side, s), ACCEPT);
	return load_relaxed(&fake.ct.timeout) != before;
}
#define RENEWS(side, ...) renews(side, &(struct tcp_spec){ .win = 8192, .flags = ACK, __VA_ARGS__ })

/* Options of a segment, from a string. */
#define OPT(s) .opt = s, .optlen = sizeof(s) - 1

#define TEST(f) cmocka_unit_test_setup(f, setup)

#endif
