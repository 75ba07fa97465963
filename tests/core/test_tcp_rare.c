/* SPDX-License-Identifier: MIT */
/* The TCP tracker at the edges of its rules: one number more or less decides. */
#include "tests/fixture/tcp_fixture.h"

/* --- Windows --- */

/* The oldest byte that the receiver's window still reaches (condition II). */
static void oldest_data(void **state)
{
	const uint32_t sent = C0 + 20001;

	(void)state;
	establish();
	tcp->seen[CLIENT].td_end = sent;
	tcp->seen[CLIENT].td_maxend = sent + 8192;
	assert_true(RENEWS(CLIENT, .seq = sent - 8192 - 100, .ack = S0 + 1, .len = 100));
	assert_false(RENEWS(CLIENT, .seq = sent - 8192 - 101, .ack = S0 + 1, .len = 100));
}

/* Data that end beyond the known window show that it was larger. */
static void window_was_larger(void **state)
{
	(void)state;
	establish();
	assert_true(RENEWS(CLIENT, .seq = C0 + 8193, .ack = S0 + 1, .len = 100));
	assert_int_equal(tcp->seen[SERVER].td_maxwin, 8192 + 100);
}

static void highest_acknowledgment(void **state)
{
	(void)state;
	establish();
	assert_int_equal(SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .len = 100),
			 ACCEPT);
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 101));
	assert_int_equal(tcp->seen[CLIENT].td_maxack, S0 + 101);
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 1)); /* late */
	assert_int_equal(tcp->seen[CLIENT].td_maxack, S0 + 101);
}

/* Only a segment that is the same in all fields is a retransmission. */
static void what_is_retransmitted(void **state)
{
	(void)state;
	establish();
	for (unsigned int i = 0; i < 3; i++)
		assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .len = 100));
	assert_int_equal(tcp->retrans, 2);
	tcp->seen[SERVER].td_end += 50; /* data that we did not see */
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 51, .len = 100));
	assert_int_equal(tcp->retrans, 0);
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 51, .len = 100));
	assert_int_equal(tcp->retrans, 1);
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 51, .len = 100, .win = 8000));
	assert_int_equal(tcp->retrans, 0);
	assert_true(RENEWS(CLIENT, .seq = C0 + 1, .ack = S0 + 51, .len = 101, .win = 8000));
	assert_int_equal(tcp->retrans, 0);
	assert_true(RENEWS(CLIENT, .seq = C0 + 2, .ack = S0 + 51, .len = 100, .win = 8000));
	assert_int_equal(tcp->retrans, 0);
}

/* --- Options --- */

/* A later SYN says all again: what it does not offer is not offered. */
static void options_of_the_last_syn(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, OPT("\4\2\1\3\3\7\1\1")), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].flags,
			 IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_WINDOW_SCALE);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 10, .flags = SYN, OPT("\2\4\5\xb4")), ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].flags, 0);
	assert_int_equal(tcp->seen[CLIENT].td_scale, 0);
}

/* RFC 7323: more than 14 is 14. */
static void largest_scale(void **state)
{
	static const char opt[][5] = { "\1\3\3\15", "\1\3\3\16", "\1\3\3\17", "\1\3\3\377" };

	for (unsigned int i = 0; i < ARRAY_SIZE(opt); i++) {
		setup(state);
		assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, .opt = opt[i], .optlen = 4),
				 ACCEPT);
		assert_int_equal(tcp->seen[CLIENT].td_scale, i ? 14 : 13);
	}
}

static void with_sack(void)
{
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN, OPT("\4\2\1\1")), ACCEPT);
	assert_int_equal(
		SEND(SERVER, .seq = S0, .ack = C0 + 1, .flags = SYN | ACK, OPT("\4\2\1\1")),
		ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1, .ack = S0 + 1, .flags = ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = C0 + 1001, .ack = S0 + 1, .flags = ACK, .len = 4000),
			 ACCEPT);
}

/* The highest block counts, also if it is the last of them. */
static void highest_sack_last(void **state)
{
	char opt[20] = "\1\1\5\22";

	(void)state;
	with_sack();
	put32((uint8_t *)opt + 4, C0 + 1001);
	put32((uint8_t *)opt + 8, C0 + 2001);
	put32((uint8_t *)opt + 12, C0 + 4001);
	put32((uint8_t *)opt + 16, C0 + 5001);
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 20),
		ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_maxend, C0 + 5001 + 8192);
}

/* Blocks have eight bytes: an option of another length is not read. */
static void sack_of_odd_length(void **state)
{
	char opt[16] = "\1\1\5\13";

	(void)state;
	with_sack();
	put32((uint8_t *)opt + 8, C0 + 90000);
	assert_int_equal(
		SEND(SERVER, .seq = S0 + 1, .ack = C0 + 1, .flags = ACK, .opt = opt, .optlen = 16),
		ACCEPT);
	assert_int_equal(tcp->seen[CLIENT].td_maxend, C0 + 1 + 8192);
}

/* --- Resets, and connections in doubt --- */

/* The number 0 is a closed port's answer to a SYN, and of no use in an open connection. */
static void reset_of_number_0(void **state)
{
	(void)state;
	establish();
	assert_int_equal(SEND(SERVER, .seq = 0, .flags = RST), INVALID);
	ASSERT_STATE(ESTABLISHED, 432000);
}

/* A reset answers the challenge of a SYN only with the number that the challenge asked for. */
static void reset_of_the_challenge(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .flags = SYN), ACCEPT);
	assert_int_equal(SEND(SERVER, .seq = 800000, .ack = 600000, .flags = ACK), ACCEPT);
	assert_int_equal(SEND(CLIENT, .seq = 600001, .flags = RST), INVALID);
	ASSERT_STATE(SYN_SENT, 120);
	assert_int_equal(SEND(CLIENT, .seq = 600000, .flags = RST), ACCEPT);
	ASSERT_STATE(CLOSE, 10);
}

/* Doubt shortens a timeout; one that is short already stays. */
static void doubt_makes_nothing_longer(void **state)
{
	static const uint32_t left[] = { 119, 299, 301 };

	for (unsigned int i = 0; i < ARRAY_SIZE(left); i++) {
		setup(state);
		establish();
		fake_later(&fake, 432000 - left[i]);
		assert_int_equal(SEND(CLIENT, .seq = C0 + 90000, .ack = S0 + 1, .flags = FIN | ACK),
				 INVALID);
		assert_int_equal(SEND(SERVER, .seq = S0 + 90000, .ack = C0 + 1, .flags = FIN | ACK),
				 INVALID);
		ASSERT_STATE(ESTABLISHED, left[i] < 300 ? left[i] : 300);
	}
}

/*
 * A connection that was picked up without data, too, waits for an answer before it lives for days.
 */
static void picked_up_without_data(void **state)
{
	(void)state;
	assert_int_equal(SEND(CLIENT, .seq = C0, .ack = S0, .flags = ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 300);
	set("nf_conntrack_tcp_timeout_unacknowledged", 77);
	assert_int_equal(SEND(CLIENT, .seq = C0, .ack = S0, .flags = ACK), ACCEPT);
	ASSERT_STATE(ESTABLISHED, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(oldest_data),
		TEST(window_was_larger),
		TEST(highest_acknowledgment),
		TEST(what_is_retransmitted),
		TEST(options_of_the_last_syn),
		TEST(largest_scale),
		TEST(highest_sack_last),
		TEST(sack_of_odd_length),
		TEST(reset_of_number_0),
		TEST(reset_of_the_challenge),
		TEST(doubt_makes_nothing_longer),
		TEST(picked_up_without_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
