/* SPDX-License-Identifier: MIT */
/*
 * The SCTP tracker: states, timeouts, verification tags, chunks.  Expected are those of Linux
 * 6.18.
 */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/one_fake.h"

/* One chunk with its flags and, if it is an INIT, its tag. */
static int send_sctp(int side, uint32_t vtag, uint8_t type, uint8_t flags, uint32_t init_tag)
{
	uint8_t b[8 + 20] = { 0 };
	unsigned int n = type == 1 || type == 2 ? 20 : 8;
	struct sk_buff skb;
	struct packet p;

	packet_begin(&p, false, side, IPPROTO_SCTP);
	packet_ports(&p, side);
	put32(b, vtag);
	b[8] = type;
	b[9] = flags;
	put16(b + 10, n);
	put32(b + 12, init_tag);
	packet_add(&p, b, 8 + n);
	packet_end(&p);
	skb = packet_skb(&p);
	skb.ip_summed = CHECKSUM_UNNECESSARY;
	return fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, side);
}

static const char *sctp_state(void)
{
	return nf_conntrack_l4proto_sctp.state_name(&fake.ct);
}

static void sctp_association(void **state)
{
	enum {
		DATA,
		INIT,
		INIT_ACK,
		ABORT = 6,
		SHUTDOWN,
		SHUTDOWN_ACK,
		ECHO = 10,
		COOKIE_ACK,
		COMPLETE = 14
	};
	const uint32_t c = 111, s = 222; /* tags of the packets the client and the server send */

	assert_int_equal(send_sctp(CLIENT, 0, INIT, 0, s), ACCEPT);
	assert_string_equal(sctp_state(), "CLOSED");
	assert_int_equal(send_sctp(SERVER, 1, INIT_ACK, 0, c), INVALID); /* an unknown tag */
	assert_int_equal(send_sctp(SERVER, s, INIT_ACK, 0, c), ACCEPT);
	assert_string_equal(sctp_state(), "COOKIE_WAIT");
	assert_int_equal(send_sctp(CLIENT, s, ECHO, 0, 0), INVALID);
	assert_int_equal(send_sctp(CLIENT, c, ECHO, 0, 0), ACCEPT);
	assert_string_equal(sctp_state(), "COOKIE_ECHOED");
	assert_int_equal(send_sctp(SERVER, s, COOKIE_ACK, 0, 0), ACCEPT);
	assert_string_equal(sctp_state(), "ESTABLISHED");
	assert_true(nf_ct_status(&fake.ct) & IPS_ASSURED);
	assert_int_equal(fake_seconds_left(&fake), 210);
	/* a late INIT ACK with another tag: the client's INIT was answered before */
	assert_int_equal(send_sctp(SERVER, s, INIT_ACK, 0, 999), INVALID);
	assert_int_equal(send_sctp(CLIENT, c, DATA, 3, 0), ACCEPT);
	assert_int_equal(send_sctp(CLIENT, s, DATA, 3, 0), INVALID);
	assert_int_equal(send_sctp(CLIENT, c, SHUTDOWN, 0, 0), ACCEPT);
	assert_string_equal(sctp_state(), "SHUTDOWN_SENT");
	assert_int_equal(send_sctp(SERVER, s, SHUTDOWN_ACK, 0, 0), ACCEPT);
	assert_string_equal(sctp_state(), "SHUTDOWN_ACK_SENT");
	assert_int_equal(send_sctp(CLIENT, s, COMPLETE, 0, 0), INVALID);
	assert_int_equal(send_sctp(CLIENT, s, COMPLETE, 1, 0), ACCEPT); /* T: the other's tag */
	assert_string_equal(sctp_state(), "CLOSED");
	/* these open no association */
	setup(state);
	assert_int_equal(send_sctp(CLIENT, c, ABORT, 0, 0), INVALID);
	assert_int_equal(send_sctp(CLIENT, c, COOKIE_ACK, 0, 0), INVALID);
	assert_int_equal(send_sctp(CLIENT, c, DATA, 3, 0), INVALID);
	assert_int_equal(send_sctp(CLIENT, c, INIT, 0, s), INVALID); /* an INIT with a tag */
	/* a path of an association that we did not see begin */
	assert_int_equal(send_sctp(CLIENT, c, 4, 0, 0), ACCEPT);
	assert_string_equal(sctp_state(), "HEARTBEAT_SENT");
	assert_int_equal(send_sctp(SERVER, s, 5, 0, 0), ACCEPT);
	assert_string_equal(sctp_state(), "ESTABLISHED");
}

/* Two addresses, an old association and a new one, whose heartbeats have other tags. */
static void sctp_heartbeats(void **state)
{
	enum { HEARTBEAT = 4, HEARTBEAT_ACK };
	uint32_t before;

	(void)state;
	assert_int_equal(send_sctp(CLIENT, 111, HEARTBEAT, 0, 0), ACCEPT);
	assert_int_equal(send_sctp(SERVER, 222, HEARTBEAT_ACK, 0, 0), ACCEPT);
	/* an answer without a request */
	assert_int_equal(send_sctp(SERVER, 999, HEARTBEAT_ACK, 0, 0), INVALID);
	fake_later(&fake, 10);
	before = load_relaxed(&fake.ct.timeout);
	assert_int_equal(send_sctp(CLIENT, 333, HEARTBEAT, 0, 0), ACCEPT);
	assert_int_equal(load_relaxed(&fake.ct.timeout), before);
	assert_int_equal(fake.ct.proto.sctp.vtag[CLIENT], 111);
	assert_int_equal(send_sctp(CLIENT, 444, HEARTBEAT_ACK, 0, 0),
			 INVALID); /* from the same side */
	assert_int_equal(send_sctp(SERVER, 444, HEARTBEAT_ACK, 0, 0), ACCEPT);
	assert_int_equal(fake.ct.proto.sctp.vtag[SERVER], 444);
	assert_int_equal(fake.ct.proto.sctp.vtag[CLIENT], 0); /* until the next packet changes it */
	assert_int_equal(send_sctp(CLIENT, 333, HEARTBEAT, 0, 0), ACCEPT);
	assert_int_equal(fake.ct.proto.sctp.vtag[CLIENT], 333);
}

/* INIT from both sides (5.2.1), and INIT ACKs that come too late. */
static void sctp_collision(void **state)
{
	uint32_t before;

	assert_int_equal(send_sctp(CLIENT, 0, 1, 0, 222), ACCEPT);
	assert_int_equal(send_sctp(SERVER, 0, 1, 0, 111), ACCEPT);
	assert_int_equal(send_sctp(SERVER, 222, 2, 0, 555),
			 INVALID); /* not the tag it gave before */
	assert_int_equal(send_sctp(SERVER, 222, 2, 0, 111), ACCEPT);
	/* without a collision another tag is of an old INIT */
	setup(state);
	assert_int_equal(send_sctp(CLIENT, 0, 1, 0, 222), ACCEPT);
	assert_int_equal(send_sctp(SERVER, 222, 2, 0, 111), ACCEPT);
	assert_int_equal(send_sctp(SERVER, 222, 2, 0, 777),
			 ACCEPT); /* the client's INIT is valid */
	assert_int_equal(send_sctp(CLIENT, 777, 2, 0, 888), INVALID);
	/* the same INIT again keeps nothing alive */
	setup(state);
	assert_int_equal(send_sctp(CLIENT, 0, 1, 0, 222), ACCEPT);
	fake_later(&fake, 3);
	before = load_relaxed(&fake.ct.timeout);
	assert_int_equal(send_sctp(CLIENT, 0, 1, 0, 222), ACCEPT);
	assert_int_equal(load_relaxed(&fake.ct.timeout), before);
}

/* Chunks that may not be combined, and invalid lengths. */
static void sctp_bundles(void **state)
{
	static const struct {
		const char *chunks;
		unsigned int n;
		int verdict;
	} bundles[] = {
		{ "\4\0\0\4\5\0\0\4", 8, ACCEPT },	 /* heartbeats */
		{ "\4\0\0\5xyz\0\5\0\0\4", 12, ACCEPT }, /* padding is not counted */
		{ "\4\0\0\7xyz\0\5\0\0\4", 12, ACCEPT },
		{ "\4\0\0\4\13\0\0\4", 8, INVALID }, /* a cookie that is not first */
		{ "\16\0\0\4\4\0\0\4", 8, INVALID }, /* SHUTDOWN COMPLETE is alone */
		{ "\4\0\0\4\16\0\0\4", 8, INVALID },
		{ "\4\0\0\0", 4, INVALID },
		{ "", 0, INVALID },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bundles); i++) {
		struct sk_buff skb;
		struct packet p;
		uint8_t h[8] = { 0, 0, 0, 111 };

		setup(state);
		assert_int_equal(send_sctp(CLIENT, 111, 4, 0, 0), ACCEPT);
		packet_begin(&p, false, CLIENT, IPPROTO_SCTP);
		packet_ports(&p, CLIENT);
		packet_add(&p, h, sizeof(h));
		packet_add(&p, bundles[i].chunks, bundles[i].n);
		packet_end(&p);
		skb = packet_skb(&p);
		skb.ip_summed = CHECKSUM_UNNECESSARY;
		assert_int_equal(fake_packet(&fake, &skb, NF_INET_PRE_ROUTING, CLIENT),
				 bundles[i].verdict);
	}
}

/* CRC-32C of an INIT that Linux's conntrack found right. */
static void sctp_checksum(void **state)
{
	static const uint8_t init[] = {
		0x75, 0x30, 0x9c, 0x40, 0x00, 0x00, 0x00, 0x00, 0xa1, 0x7a, 0x7f,
		0x23, 0x01, 0x00, 0x00, 0x14, 0x11, 0x11, 0x11, 0x11, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	};
	struct sk_buff skb;
	struct packet p;

	(void)state;
	packet_begin(&p, false, CLIENT, IPPROTO_SCTP);
	packet_add(&p, init, sizeof(init));
	skb = packet_skb(&p);
	assert_true(nf_checksum_ok_sctp(&skb, p.l4));
	p.b[p.l4 + 20] ^= 4;
	assert_false(nf_checksum_ok_sctp(&skb, p.l4));
}

/* --- Every transition --- */

/*
 * By kind of chunk, as the kernel's own table has them: -- invalid, .. passes but does not refresh
 * the timeout, else the state after.
 */
static const struct row {
	uint8_t type;
	const char *next[IP_CT_DIR_MAX];
} transitions[] = {
	/*	   CL CW CE ES SS SR SA HS		     CL CW CE ES SS SR SA HS */
	{ 0, { "CL CW CE ES SS SR SA HS", "CL CW CE ES SS SR SA HS" } },  /* DATA */
	{ 1, { ".. CW CE ES CL CL SA CW", ".. CW CE ES SS SR SA --" } },  /* INIT */
	{ 2, { "CL CW CE ES SS SR SA CL", "CW CW CE ES SS SR SA --" } },  /* INIT ACK */
	{ 4, { "CL CW CE ES SS SR SA HS", "CL CW CE ES SS SR SA HS" } },  /* HEARTBEAT */
	{ 5, { "CL CW CE ES SS SR SA HS", "CL CW CE ES SS SR SA ES" } },  /* HEARTBEAT ACK */
	{ 6, { "CL CL CL CL CL CL CL CL", "CL CL CL CL CL CL CL --" } },  /* ABORT */
	{ 7, { "CL CW CE SS SS SR SA CL", "CL CW CE SR SS SR SA --" } },  /* SHUTDOWN */
	{ 8, { "CL CW CE ES SA SA SA SA", "CL CW CE ES SA SA SA --" } },  /* SHUTDOWN ACK */
	{ 9, { "CL CW CE ES SS SR SA CL", "CL CW CL ES SS SR SA --" } },  /* ERROR */
	{ 10, { "CL CE CE ES SS SR SA CL", "CL CE CE ES SS SR SA --" } }, /* COOKIE ECHO */
	{ 11, { "CL CW ES ES SS SR SA CL", "CL CW ES ES SS SR SA --" } }, /* COOKIE ACK */
	{ 14, { "CL CW CE ES SS SR CL CL", "CL CW CE ES SS SR CL --" } }, /* SHUTDOWN COMPLETE */
	{ 64, { "CL CW CE ES SS SR SA HS", "CL CW CE ES SS SR SA HS" } }, /* unknown */
};

/* The state after a first packet with this chunk. */
static const struct {
	uint8_t type;
	const char *state;
} first_chunks[] = {
	{ 0, "--" }, { 1, "CL" }, { 2, "CL" }, { 4, "HS" },  { 5, "CL" },  { 6, "--" },
	{ 7, "CL" }, { 8, "SA" }, { 9, "CL" }, { 10, "CL" }, { 11, "--" }, { 14, "--" },
};

static const struct {
	const char *name;
	uint32_t seconds;
} states[] = { { "NO", 0 }, { "CL", 10 }, { "CW", 3 }, { "CE", 3 }, { "ES", 210 },
	       { "SS", 3 }, { "SR", 3 },  { "SA", 3 }, { "HS", 30 } };

/* An association in any state, with the tags 111 and 222. */
static void force(unsigned int state)
{
	struct ip_ct_sctp *sctp = &fake.ct.proto.sctp;

	memset(sctp, 0, sizeof(*sctp));
	sctp->vtag[CLIENT] = 111;
	sctp->vtag[SERVER] = 222;
	store_relaxed(&sctp->state, (uint8_t)state);
	store_relaxed(&fake.ct.status, IPS_CONFIRMED | IPS_SEEN_REPLY);
	store_relaxed(&fake.ct.timeout, nfct_time_stamp(&fake.core) + 7);
}

static const char *outcome(int verdict)
{
	const unsigned int state = load_relaxed(&fake.ct.proto.sctp.state);

	if (verdict == INVALID)
		return "--";
	if (verdict != ACCEPT)
		return "??";
	if (load_relaxed(&fake.ct.timeout) == nfct_time_stamp(&fake.core) + 7)
		return "..";
	assert_int_equal(fake_seconds_left(&fake), states[state].seconds);
	return states[state].name;
}

static void sctp_transitions(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(transitions); i++) {
		const struct row *row = &transitions[i];

		for (int side = 0; side < 2; side++) {
			const uint32_t mine = side ? 222 : 111, others = side ? 111 : 222;

			for (unsigned int state = 1; state < SCTP_CONNTRACK_MAX; state++) {
				const char *want = row->next[side] + 3 * (state - 1), *is;

				force(state);
				is = outcome(send_sctp(side, row->type == 1 ? 0 : mine, row->type,
						       0, others));
				if (strncmp(is, want, 2))
					fail_msg("chunk %u in %s from side %d: %s, not %.2s",
						 row->type, states[state].name, side, is, want);
			}
		}
	}
}

static void sctp_first_chunks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(first_chunks); i++) {
		setup(state);
		assert_string_equal(outcome(send_sctp(CLIENT, 0, first_chunks[i].type, 0, 222)),
				    first_chunks[i].state);
	}
}

/* Chunks with rules of their own for the tag, and chunks without. */
static void sctp_tags(void **unused)
{
	static const struct {
		uint8_t type, flags;
		uint32_t good; /* the only tag from the client; 1: any */
	} chunks[] = {
		{ 0, 0, 111 },	{ 1, 0, 0 },	{ 2, 0, 111 }, { 6, 0, 111 },  { 6, 1, 222 },
		{ 7, 0, 111 },	{ 8, 0, 1 },	{ 9, 0, 111 }, { 10, 0, 111 }, { 11, 0, 111 },
		{ 14, 0, 111 }, { 14, 1, 222 }, { 5, 0, 111 },
	};
	static const uint32_t tags[] = { 0, 111, 222, 333 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(tags); k++) {
			const bool want = chunks[i].good == 1 || chunks[i].good == tags[k];

			force(SCTP_CONNTRACK_ESTABLISHED);
			if ((send_sctp(CLIENT, tags[k], chunks[i].type, chunks[i].flags, 222) ==
			     ACCEPT) != want)
				fail_msg("chunk %u with flags %u and the tag %u", chunks[i].type,
					 chunks[i].flags, tags[k]);
		}
	}
}

/* An association that may be dropped when the table is full: one that ends. */
static void sctp_early_drop(void **unused)
{
	(void)unused;
	for (unsigned int state = 0; state < SCTP_CONNTRACK_MAX; state++) {
		force(state);
		assert_int_equal(nf_conntrack_l4proto_sctp.can_early_drop(&fake.ct),
				 state == SCTP_CONNTRACK_SHUTDOWN_SENT ||
					 state == SCTP_CONNTRACK_SHUTDOWN_RECD ||
					 state == SCTP_CONNTRACK_SHUTDOWN_ACK_SENT);
	}
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

static const struct CMUnitTest tests[] = {
	TEST(sctp_association),	 TEST(sctp_heartbeats), TEST(sctp_collision),
	TEST(sctp_bundles),	 TEST(sctp_checksum),	TEST(sctp_transitions),
	TEST(sctp_first_chunks), TEST(sctp_tags),	TEST(sctp_early_drop),
};
CT_TEST_MAIN(tests, NULL, NULL)
