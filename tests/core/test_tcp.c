/* SPDX-License-Identifier: MIT */
/*
 * The TCP tracker's states: transitions, resets, reopening, and headers that
 * are broken.  The expected values are those of Linux 6.18.
 */
#include "tests/fixture/tcp_fixture.h"

/* --- A connection from start to end --- */

static void life_and_death(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	ASSERT_STATE(SYN_SENT, 120);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK), ACCEPT);
	ASSERT_STATE(SYN_RECV, 60);
	assert_false(nf_ct_status(&fake.ct) & IPS_ASSURED);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 432000);
	assert_true(nf_ct_status(&fake.ct) & IPS_ASSURED);
	/* unacknowledged data: no timeout of days */
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK | PSH, .len = 100),
			 ACCEPT);
	ASSERT_STATE(ESTABLISHED, 300);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 101, .flags = ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 432000);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 101, .ack = S0 + 1, .flags = FIN | ACK), ACCEPT);
	ASSERT_STATE(FIN_WAIT, 120);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 102, .flags = ACK), ACCEPT);
	ASSERT_STATE(CLOSE_WAIT, 60);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 102, .flags = FIN | ACK), ACCEPT);
	ASSERT_STATE(LAST_ACK, 30);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 102, .ack = S0 + 2, .flags = ACK), ACCEPT);
	ASSERT_STATE(TIME_WAIT, 120);
	assert_int_equal(fake.kills, 0);
}

/*
 * Every transition, by kind of segment as the kernel's own table has them:
 * -- invalid, .. ignored (passes, nothing changes), RE reopened, else the state after.
 */
static const char *const transitions[IP_CT_DIR_MAX][5] = {
	/*	   SS SR ES FW CW LA TW CL S2 */
	{ "syn     SS .. .. .. .. .. RE RE S2", "synack  -- SR -- -- -- -- -- -- SR",
	  "fin     -- FW FW LA LA LA TW CL --", "ack     -- ES ES CW CW TW TW CL --",
	  "rst     CL CL CL CL CL CL CL CL CL" },
	{ "syn     S2 -- -- -- -- -- RE -- S2", "synack  SR .. .. .. .. .. .. .. SR",
	  "fin     -- FW FW LA LA LA TW CL --", "ack     .. SR ES CW CW TW TW CL ..",
	  "rst     CL CL CL CL CL CL CL CL CL" },
};

static const char *const short_names[] = { "NO", "SS", "SR", "ES", "FW",
					   "CW", "LA", "TW", "CL", "S2" };

/* An open connection, in any state, with room in both windows. */
static void force(unsigned int state)
{
	memset(tcp, 0, sizeof(*tcp));
	for (unsigned int i = 0; i < IP_CT_DIR_MAX; i++)
		tcp->seen[i] = (struct ip_ct_tcp_state){
			.td_end = 1000,
			.td_maxend = 9000,
			.td_maxwin = 8000,
			.flags = IP_CT_TCP_FLAG_CLOSE_INIT,
		};
	tcp->last_index = TCP_NONE_SET;
	tcp->last_win = 1;
	store_relaxed(&tcp->state, (uint8_t)state);
	store_relaxed(&fake.ct.status, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED);
	store_relaxed(&fake.ct.timeout, nfct_time_stamp(&fake.core) + 7);
}

static const char *outcome(int verdict)
{
	if (verdict == INVALID)
		return "--";
	if (verdict == REPEAT)
		return "RE";
	if (verdict != ACCEPT)
		return "??";
	/* ignored segments do not change the timeout */
	if (load_relaxed(&fake.ct.timeout) == nfct_time_stamp(&fake.core) + 7)
		return "..";
	return short_names[load_relaxed(&tcp->state)];
}

static void all_transitions(void **unused)
{
	static const uint8_t flags[] = { SYN, SYN | ACK, FIN | ACK, ACK, RST };

	(void)unused;
	for (int side = 0; side < 2; side++) {
		for (unsigned int kind = 0; kind < 5; kind++) {
			const char *row = transitions[side][kind] + 8;

			for (unsigned int state = 1; state < TCP_CONNTRACK_MAX; state++, row += 3) {
				char want[3] = { row[0], row[1], 0 };
				const char *is;

				force(state);
				is = outcome(
					SEND(side, .seq = 1000, .ack = 1000, .flags = flags[kind]));
				if (strcmp(is, want))
					print_error("%.7s in %s from side %d\n",
						    transitions[side][kind], short_names[state],
						    side);
				assert_string_equal(is, want);
			}
		}
	}
}

static void first_packets(void **state)
{
	static const struct {
		uint8_t flags;
		int loose, strict;
	} firsts[] = {
		{ SYN, ACCEPT, ACCEPT },	 { SYN | ACK, INVALID, INVALID },
		{ FIN | ACK, INVALID, INVALID }, { ACK, ACCEPT, INVALID },
		{ RST, INVALID, INVALID },	 { RST | ACK, INVALID, INVALID },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(firsts); i++) {
		setup(state);
		assert_int_equal(SEND(CLIENT, .seq = 1, .ack = 1, .flags = firsts[i].flags),
				 firsts[i].loose);
		setup(state);
		set("nf_conntrack_tcp_loose", 0);
		assert_int_equal(SEND(CLIENT, .seq = 1, .ack = 1, .flags = firsts[i].flags),
				 firsts[i].strict);
	}
}

/* --- Broken packets --- */

static void flag_combinations(void **state)
{
	unsigned int valid = 0;

	for (unsigned int flags = 0; flags < 256; flags++) {
		const uint8_t core = flags & (FIN | SYN | RST | ACK | URG);
		bool want = core == SYN || core == (SYN | URG) || core == (SYN | ACK) ||
			    core == RST || core == (RST | ACK) || core == (FIN | ACK) ||
			    core == (FIN | ACK | URG) || core == ACK || core == (ACK | URG);

		setup(state);
		force(TCP_CONNTRACK_CLOSE); /* where everything but a SYN-ACK may pass */
		set("nf_conntrack_tcp_be_liberal", 1);
		if (core & SYN && !(core & ~(SYN | URG | ACK)))
			force(core & ACK ? TCP_CONNTRACK_SYN_RECV : TCP_CONNTRACK_SYN_SENT);
		assert_int_equal(SEND(CLIENT, .seq = 1000, .ack = 1000, .flags = (uint8_t)flags) ==
					 ACCEPT,
				 want);
		valid += want;
	}
	assert_int_equal(valid, 9 * 8); /* PSH, ECE and CWR do not matter */
}

/* doff: in words, as in the header; have: captured bytes of the transport header */
static int send_header(unsigned int doff, unsigned int len, unsigned int have)
{
	struct sk_buff skb;
	struct packet p;

	packet_tcp(&p, false, CLIENT, &(struct tcp_spec){ .flags = SYN, .len = len });
	p.b[p.l4 + 12] = (uint8_t)(doff << 4);
	skb = packet_skb(&p);
	skb.headlen = p.l4 + have;
	skb.ip_summed = CHECKSUM_UNNECESSARY;
	return fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT);
}

static void broken_headers(void **state)
{
	static const struct {
		unsigned int doff, len, have;
		int verdict;
	} headers[] = {
		{ 5, 0, 20, ACCEPT },	{ 5, 0, 19, INVALID },	 { 5, 0, 4, INVALID },
		{ 4, 8, 28, INVALID },	{ 0, 8, 28, INVALID },	 /* shorter than a header can be */
		{ 6, 0, 20, INVALID },	{ 15, 39, 59, INVALID }, /* longer than the packet */
		{ 15, 40, 60, ACCEPT }, { 6, 4, 20, ACCEPT },	 /* options not captured */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(headers); i++) {
		setup(state);
		assert_int_equal(send_header(headers[i].doff, headers[i].len, headers[i].have),
				 headers[i].verdict);
	}
}

static void checksums(void **state)
{
	struct packet p;
	struct sk_buff skb;

	for (int v6 = 0; v6 <= 1; v6++) {
		setup(state);
		packet_tcp(&p, v6, CLIENT, &(struct tcp_spec){ .flags = SYN, .win = 1, .len = 3 });
		skb = packet_skb(&p);
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
		p.b[p.len - 1] ^= 1;
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), INVALID);
		/* only at PRE_ROUTING, if not verified before, if enabled, if complete */
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_LOCAL_OUT, CLIENT), ACCEPT);
		skb.ip_summed = CHECKSUM_UNNECESSARY;
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
		skb.ip_summed = CHECKSUM_NONE;
		skb.headlen--;
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
		skb.headlen++;
		set("nf_conntrack_checksum", 0);
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT), ACCEPT);
	}
}

/* --- Out of the ordinary --- */

static void picked_up(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .ack = S0, .flags = ACK, .len = 10), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 300);
	assert_int_equal(tcp->seen[SERVER].flags,
			 IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL);
	/* the first answer still finds it unreplied; the next packet makes it assured */
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 10, .flags = ACK), ACCEPT);
	assert_false(nf_ct_status(&fake.ct) & IPS_ASSURED);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 10, .ack = S0, .flags = ACK), ACCEPT);
	assert_true(nf_ct_status(&fake.ct) & IPS_ASSURED);
	ASSERT_STATE(ESTABLISHED, 432000);
	/* windows are guesses: nothing is out of them */
	assert_true(RENEWS(CLIENT, .seq = C0 + 900000, .ack = S0, .len = 10));
}

static void retransmissions(void **state)
{
	(void)state;
	set("nf_conntrack_tcp_timeout_max_retrans", 250);
	establish();
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(
			SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK, .len = 100),
			ACCEPT);
		assert_int_equal(tcp->retrans, i);
		ASSERT_STATE(ESTABLISHED, i < 3 ? 300 : 250);
	}
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 101, .flags = ACK), ACCEPT);
	assert_int_equal(tcp->retrans, 0);
	ASSERT_STATE(ESTABLISHED, 432000);
	/* a closed window: it is probed forever */
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 101, .flags = ACK, .win = 0),
			 ACCEPT);
	ASSERT_STATE(ESTABLISHED, 250);
}

static void syn_sent_again(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	fake_later(&fake, 20);
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	ASSERT_STATE(SYN_SENT, 100); /* its timeout does not change */
	/* with other numbers: another attempt, whose windows are used from now on */
	assert_int_equal(SEND(CLIENT, .seq = C0 + 5000, .flags = SYN), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 + 5001);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 5001, .flags = SYN | ACK), ACCEPT);
	ASSERT_STATE(SYN_RECV, 60);
}

static void simultaneous_open(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = S0, .flags = SYN), ACCEPT);
	ASSERT_STATE(SYN_SENT2, 120);
	assert_int_equal(SEND(CLIENT, .seq = C0, .ack = S0 + 1, .flags = SYN | ACK), ACCEPT);
	ASSERT_STATE(SYN_RECV, 60);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK), ACCEPT);
	ASSERT_STATE(SYN_RECV, 60);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 432000);
}

/* --- Resets --- */

static void refused(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = 0, .ack = C0 + 1, .flags = RST | ACK), ACCEPT);
	assert_int_equal(fake.kills, 1); /* the entry is not needed */
	assert_true(nf_ct_is_dying(&fake.ct));
}

static void resets_of_the_established(void **state)
{
	/* exactly the next number: closed */
	establish();
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .flags = RST), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
	/* another one in the window: the other end will challenge it, so we wait */
	setup(state);
	establish();
	assert_int_equal(SEND(SERVER, .seq = S0 + 100, .flags = RST), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 10);
	/* below the acknowledged number: forged, or of an earlier connection */
	setup(state);
	establish();
	assert_int_equal(SEND(SERVER, .seq = S0, .flags = RST), INVALID);
	ASSERT_STATE(ESTABLISHED, 432000);
	set("nf_conntrack_tcp_ignore_invalid_rst", 1);
	assert_int_equal(SEND(SERVER, .seq = S0, .flags = RST), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 10);
	/* directly after data that may not have arrived yet */
	setup(state);
	establish();
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .len = 100),
			 ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = S0 + 101, .flags = RST), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
}

/* Answers to segments that we passed without accepting them. */
static void resets_that_answer(void **state)
{
	/* a SYN into a living connection, refused: by the other side only, and by its number */
	establish();
	assert_int_equal(SEND(CLIENT, .seq = 700000, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = 0, .ack = 700001, .flags = RST | ACK), INVALID);
	assert_int_equal(SEND(CLIENT, .seq = 700000, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = 0, .ack = 700002, .flags = RST | ACK), INVALID);
	ASSERT_STATE(ESTABLISHED, 432000);
	assert_int_equal(SEND(CLIENT, .seq = 700000, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = 0, .ack = 700001, .flags = RST | ACK), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
	/* an ACK of an old connection, which the client knows nothing of */
	setup(state);
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = 800000, .ack = 600000, .flags = ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = 5, .ack = 800000, .flags = RST | ACK), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
}

/* Closing states accept any reset. */
static void resets_while_closing(void **state)
{
	static const uint8_t closing[] = {
		TCP_CONNTRACK_FIN_WAIT,	 TCP_CONNTRACK_CLOSE_WAIT, TCP_CONNTRACK_LAST_ACK,
		TCP_CONNTRACK_TIME_WAIT, TCP_CONNTRACK_CLOSE,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(closing); i++) {
		setup(state);
		force(closing[i]);
		tcp->seen[SERVER].flags |= IP_CT_TCP_FLAG_MAXACK_SET;
		tcp->seen[SERVER].td_maxack = 1000;
		assert_int_equal(SEND(CLIENT, .seq = 1, .flags = RST), ACCEPT);
		ASSERT_STATE(CLOSE, 10);
	}
	setup(state);
	force(TCP_CONNTRACK_SYN_RECV);
	tcp->seen[SERVER].flags |= IP_CT_TCP_FLAG_MAXACK_SET;
	tcp->seen[SERVER].td_maxack = 1000;
	assert_int_equal(SEND(CLIENT, .seq = 1, .flags = RST), INVALID);
}

/* FINs out of window from both sides: the connection has probably ended. */
static void doubt(void **state)
{
	(void)state;
	establish();
	assert_int_equal(SEND(CLIENT, .seq = C0 + 90000, .ack = S0 + 1, .flags = FIN | ACK),
			 INVALID);
	ASSERT_STATE(ESTABLISHED, 432000);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 90000, .ack = S0 + 1, .flags = FIN | ACK),
			 INVALID);
	ASSERT_STATE(ESTABLISHED, 432000);
	assert_int_equal(SEND(SERVER, .seq = S0 + 90000, .ack = C0 + 1, .flags = FIN | ACK),
			 INVALID);
	ASSERT_STATE(ESTABLISHED, 300);
}

/* --- One connection after another --- */

static void close_in_order(void)
{
	establish();
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = FIN | ACK), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 2, .flags = FIN | ACK), ACCEPT);
	ASSERT_STATE(LAST_ACK, 30);
}

static void reopened(void **state)
{
	for (int side = 0; side < 2; side++) {
		setup(state);
		close_in_order();
		assert_int_equal(SEND(CLIENT, .seq = C0 + 2, .ack = S0 + 2, .flags = ACK), ACCEPT);
		ASSERT_STATE(TIME_WAIT, 120);
		assert_int_equal(SEND(side, .seq = 900000, .flags = SYN), REPEAT);
		assert_int_equal(fake.kills, 1);
	}
	/* another thread is killing it: this packet is dropped, the next one passes */
	setup(state);
	force(TCP_CONNTRACK_TIME_WAIT);
	fake.kill_fails = true;
	assert_int_equal(SEND(CLIENT, .seq = 900000, .flags = SYN), DROPPED);
	/* after a reset only the one that reset may begin again */
	setup(state);
	establish();
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .flags = RST), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
	assert_int_equal(SEND(CLIENT, .seq = 900000, .flags = SYN), REPEAT);
	setup(state);
	establish();
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .flags = RST), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = 900000, .flags = SYN), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
}

/* We hold an old connection, the ends begin a new one: the SYN-ACK proves them right. */
static void out_of_step(void **state)
{
	(void)state;
	establish();
	assert_int_equal(SEND(CLIENT, .seq = 700000, .flags = SYN, OPT("\1\3\3\5")), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 432000);
	assert_int_equal(SEND(SERVER, .seq = 800000, .ack = 700002, .flags = SYN | ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 432000); /* not the answer to that SYN */
	assert_int_equal(SEND(CLIENT, .seq = 700000, .flags = SYN, OPT("\1\3\3\5")), ACCEPT);
	assert_int_equal(
		SEND(SERVER, .seq = 800000, .ack = 700001, .flags = SYN | ACK, OPT("\1\3\3\2")),
		ACCEPT);
	ASSERT_STATE(SYN_RECV, 60);
	assert_int_equal(tcp->seen[CLIENT].td_scale, 5);
	assert_int_equal(tcp->seen[SERVER].td_scale, 2);
	assert_int_equal(SEND(CLIENT, .seq = 700001, .ack = 800001, .flags = ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 432000);
}

/* RFC 5961: a SYN into an old connection is challenged; the ACK that does so closes nothing. */
static void challenges(void **state)
{
	(void)state;
	close_in_order();
	assert_int_equal(SEND(CLIENT, .seq = 700000, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = S0 + 2, .ack = C0 + 2, .flags = ACK), ACCEPT);
	ASSERT_STATE(LAST_ACK, 30);
	assert_int_equal(SEND(SERVER, .seq = S0 + 2, .ack = C0 + 2, .flags = ACK), ACCEPT);
	ASSERT_STATE(TIME_WAIT, 120); /* only the first is forgiven */

	/* in SYN_SENT the client's reset answers it, then it repeats its SYN */
	setup(state);
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = 800000, .ack = 600000, .flags = ACK), ACCEPT);
	ASSERT_STATE(SYN_SENT, 120);
	assert_int_equal(SEND(CLIENT, .seq = 600000, .flags = RST), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), REPEAT);
}

static void fixed_timeout(void **state)
{
	(void)state;
	establish();
	nf_ct_status_set(&fake.ct, IPS_FIXED_TIMEOUT);
	fake_later(&fake, 1000);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .flags = RST), ACCEPT);
	ASSERT_STATE(CLOSE, 431000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(life_and_death),
		TEST(all_transitions),
		TEST(first_packets),
		TEST(flag_combinations),
		TEST(broken_headers),
		TEST(checksums),
		TEST(picked_up),
		TEST(retransmissions),
		TEST(syn_sent_again),
		TEST(simultaneous_open),
		TEST(refused),
		TEST(resets_of_the_established),
		TEST(resets_that_answer),
		TEST(resets_while_closing),
		TEST(doubt),
		TEST(reopened),
		TEST(out_of_step),
		TEST(challenges),
		TEST(fixed_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
