/* SPDX-License-Identifier: MIT */
/* TCP windows: segments inside and outside, and options. */
#include "tests/fixture/tcp_fixture.h"

static void four_bounds(void **state)
{
	(void)state;
	establish();
	/* I: the server allows the client up to C0 + 1 + 8192 */
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .len = 1));
	assert_true(RENEWS(CLIENT, .seq = C0 + 8193, .ack = S0 + 1));
	assert_int_equal(SEND(CLIENT, .seq = C0 + 30000, .ack = S0 + 1, .flags = ACK), INVALID);
	/* III: an acknowledgment of data that were never sent */
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 8194, .flags = ACK), INVALID);
	assert_true(RENEWS(SERVER, .seq = S0 + 1, .ack = C0 + 2));
	/* II: data older than the window: passed, but it changes nothing */
	setup(state);
	establish();
	for (uint32_t seq = C0 + 1; seq < C0 + 20001; seq += 1000) {
		assert_int_equal(SEND(CLIENT, .seq = seq, .ack = S0 + 1, .flags = ACK, .len = 1000),
				 ACCEPT);
		assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = seq + 1000, .flags = ACK),
				 ACCEPT);
	}
	assert_true(RENEWS(CLIENT, .seq = C0 + 15000, .ack = S0 + 1, .len = 100));
	assert_false(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .len = 100));
	/* IV: an acknowledgment that lags more than 66000 */
	assert_true(RENEWS(SERVER, .seq = S0 + 1, .ack = C0 + 1));
	tcp->seen[CLIENT].td_end += 66000;
	tcp->seen[CLIENT].td_maxend += 66000;
	assert_false(RENEWS(SERVER, .seq = S0 + 1, .ack = C0 + 1));
}

/* Slightly too far: it changes no state, but its acknowledgment must not be invalid. */
static void overshoot(void **state)
{
	(void)state;
	establish();
	assert_false(RENEWS(CLIENT, .seq = C0 + 8194, .ack = S0 + 1, .len = 100));
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 + 8294);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 8294, .flags = ACK), ACCEPT);
	/* by more than a window: nothing of it */
	assert_int_equal(SEND(CLIENT, .seq = C0 + 40000, .ack = S0 + 1, .flags = ACK, .len = 100),
			 INVALID);
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 + 8294);
}

static void liberal(void **state)
{
	(void)state;
	establish();
	assert_int_equal(SEND(CLIENT, .seq = C0 + 300000, .ack = S0 + 1, .flags = ACK, .len = 10),
			 INVALID);
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 300000, .flags = ACK), INVALID);
	set("nf_conntrack_tcp_be_liberal", 1);
	assert_true(RENEWS(CLIENT, .seq = C0 + 300000, .ack = S0 + 1, .len = 10));
	assert_true(RENEWS(SERVER, .seq = S0 + 1, .ack = C0 + 300000));
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 + 1); /* passed, but not believed */
}

/* Sequence numbers wrap in the middle of everything. */
static void wrapping(void **state)
{
	const uint32_t c = 0xffffff00, s = 0xfffffff0;

	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = c, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = s, .ack = c + 1, .flags = SYN | ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = c + 1, .ack = s + 1, .flags = ACK), ACCEPT);
	for (uint32_t n = 0; n < 3000; n += 1000) {
		assert_true(RENEWS(CLIENT, .seq = c + 1 + n, .ack = s + 1, .len = 1000));
		assert_true(RENEWS(SERVER, .seq = s + 1, .ack = c + 1 + n + 1000));
	}
	ASSERT_STATE(ESTABLISHED, 432000);
	assert_int_equal(SEND(SERVER, .seq = s + 1, .ack = c + 5000, .flags = ACK), INVALID);
}

/* --- Options --- */

static void window_scaling(void **state)
{
	/* only if both ends offer it; a SYN's window is never scaled */
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, OPT("\1\3\3\7")), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_scale, 7);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK, .win = 100,
			      OPT("\1\3\3\4")),
			 ACCEPT);
	assert_int_equal(tcp->seen[SERVER].td_scale, 4);
	assert_int_equal(tcp->seen[SERVER].td_maxwin, 100);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK, .win = 100),
			 ACCEPT);
	assert_int_equal(tcp->seen[SERVER].td_maxend, S0 + 1 + (100 << 7));

	setup(state);
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, OPT("\1\3\3\7")), ACCEPT);
	assert_int_equal(
		SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK, OPT("\2\4\5\xb4")),
		ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_scale, 0);
	assert_int_equal(tcp->seen[SERVER].td_scale, 0);

	setup(state); /* RFC 7323: more than 14 is 14 */
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, OPT("\1\3\3\377")), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_scale, 14);
}

/* A malformed option ends the list; later ones are ignored, and nothing beyond it is read. */
static void silly_options(void **state)
{
	static const struct {
		const char *opt;
		uint8_t scale, flags;
	} lists[] = {
		{ "\1\1\1\1\1\3\3\5", 5, IP_CT_TCP_FLAG_WINDOW_SCALE },
		{ "\0\1\1\1\1\3\3\5", 0, 0 },				  /* the end comes first */
		{ "\x63\0\1\1\1\3\3\5", 0, 0 },				  /* length 0 */
		{ "\x63\1\1\1\1\3\3\5", 0, 0 },				  /* length 1 */
		{ "\x63\x09\1\1\1\3\3\5", 0, 0 },			  /* beyond the header */
		{ "\x63\4\1\1\1\3\3\5", 5, IP_CT_TCP_FLAG_WINDOW_SCALE }, /* unknown: skipped */
		{ "\3\4\7\1\1\3\3\5", 5,
		  IP_CT_TCP_FLAG_WINDOW_SCALE },		     /* a scale of a wrong length */
		{ "\4\2\1\1\1\1\1\3", 0, IP_CT_TCP_FLAG_SACK_PERM }, /* cut off */
		{ "\4\3\1\1\1\3\3\1", 1,
		  IP_CT_TCP_FLAG_WINDOW_SCALE }, /* SACK permitted of a wrong length */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
		setup(state);
		assert_int_equal(
			SEND(CLIENT, .seq = C0, .flags = SYN, .opt = lists[i].opt, .optlen = 8),
			ACCEPT);
		assert_int_equal(tcp->seen[CLIENT].td_scale, lists[i].scale);
		assert_int_equal(tcp->seen[CLIENT].flags, lists[i].flags);
	}
}

/* A SACK block counts as an acknowledgment in conditions III and IV, and raises the limit. */
static void sack(void **state)
{
	static const char permitted[] = "\4\2\1\1";
	char opt[] = "\1\1\5\12LLLLRRRR";

	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, .opt = permitted, .optlen = 4),
			 ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK,
			      .opt = permitted, .optlen = 4),
			 ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1001, .ack = S0 + 1, .flags = ACK, .len = 1000),
			 ACCEPT);
	put32((uint8_t *)opt + 4, C0 + 1001);
	put32((uint8_t *)opt + 8, C0 + 2001);
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 12),
		ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_maxend, C0 + 2001 + 8192);
	assert_int_equal(tcp->seen[SERVER].td_maxwin, 8192 + 2000);
	/* a block of data that were never sent */
	put32((uint8_t *)opt + 8, C0 + 2002);
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 12),
		INVALID);
	/* an invalid length: ignored */
	opt[3] = 9;
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 12),
		ACCEPT);
}

/* The highest block counts, at any position; only of the first SACK option. */
static void sack_blocks(void **state)
{
	static const char permitted[] = "\4\2\1\1";
	char opt[36] = "\10\12ttttTTTT\1\1\1\5\22";

	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, .opt = permitted, .optlen = 4),
			 ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK,
			      .opt = permitted, .optlen = 4),
			 ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1001, .ack = S0 + 1, .flags = ACK, .len = 4000),
			 ACCEPT);
	put32((uint8_t *)opt + 15, C0 + 4001);
	put32((uint8_t *)opt + 19, C0 + 5001); /* the higher one first */
	put32((uint8_t *)opt + 23, C0 + 2001);
	put32((uint8_t *)opt + 27, C0 + 3001);
	opt[31] = 5; /* another option, cut off */
	opt[32] = 10;
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 36),
		ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_maxend, C0 + 5001 + 8192);
	/* ignored if SACK was not permitted */
	tcp->seen[CLIENT].flags &= ~IP_CT_TCP_FLAG_SACK_PERM;
	put32((uint8_t *)opt + 19, C0 + 90000);
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 36),
		ACCEPT);
	tcp->seen[CLIENT].flags |= IP_CT_TCP_FLAG_SACK_PERM;
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 36),
		INVALID);
}

/* A keepalive's byte is below td_end; its answer acknowledges one more than we know. */
static void keepalive_picked_up(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0 - 1, .ack = S0, .flags = ACK), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 - 1);
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0, .flags = ACK), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_end, C0);
	assert_int_equal(tcp->seen[SERVER].td_end, S0);
	assert_int_equal(tcp->seen[SERVER].td_maxend, S0 + 8192);
}

/* Repeated SYNs: higher numbers change the windows, lower ones do not. */
static void syn_numbers(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 - 500, .flags = SYN), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 + 1);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 500, .flags = SYN, .win = 100), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 + 501);
	assert_int_equal(tcp->seen[CLIENT].td_maxwin, 100);
	/* a window of 0 is one of 1 */
	assert_int_equal(SEND(CLIENT, .seq = C0 + 900, .flags = SYN, .win = 0), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_maxwin, 1);
	/* a SYN in an established connection changes nothing */
	assert_int_equal(SEND(SERVER, .seq = S0, .ack = C0 + 901, .flags = SYN | ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 901, .ack = S0 + 1, .flags = ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 2000, .flags = SYN), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_end, C0 + 901);
}

/* A closed window may be probed with one byte, not with more. */
static void closed_window(void **state)
{
	(void)state;
	establish();
	tcp->seen[CLIENT].td_maxend = C0 + 1;
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .win = 0),
			 ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_maxend, C0 + 2);
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .len = 1));
	assert_false(RENEWS(CLIENT, .seq = C0 + 3, .ack = S0 + 1, .len = 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(four_bounds), TEST(overshoot),	 TEST(liberal),
		TEST(wrapping),	   TEST(window_scaling), TEST(silly_options),
		TEST(sack),	   TEST(sack_blocks),	 TEST(keepalive_picked_up),
		TEST(syn_numbers), TEST(closed_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
