/* SPDX-License-Identifier: MIT */
/*
 * The hash functions against published answers, against plain
 * implementations of the publications, and for the requirements of a table:
 * that the direction does not matter, everything else does, and structured
 * tuples are distributed evenly.
 */
#include <string.h>

#include "harness/numbers/random.h"
#include "tests/variants/hash_units.h"

/* One unit has one ct_hash(); this test needs all. */
#define ct_hash jhash2_hash
#include "variants/hash/jhash2.h"
#undef ct_hash
#undef CT_HASH_NAME
#define ct_hash siphash_hash
#include "variants/hash/siphash.h"
#undef ct_hash
#undef CT_HASH_NAME
#define ct_hash folded_hash
#include "variants/hash/folded.h"
#undef ct_hash
#undef CT_HASH_NAME
#define ct_hash constant_hash
#include "variants/hash/constant.h"
#undef ct_hash
#undef CT_HASH_NAME

HASH_UNIT(jhash2)
HASH_UNIT(siphash)
HASH_UNIT(folded)
HASH_UNIT(constant)

/*
 * From here to pop_options with the CRC instruction, called only where the CPU has one.  clang
 * has no such pragma: its build tests the table-driven form instead.
 */
#if defined(__x86_64__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("sse4.2")
#endif
#define ct_hash crc32c_hash
#include "tests/fixture/cmocka.h"
#include "variants/hash/crc32c.h"
#undef ct_hash
#undef CT_HASH_NAME

static uint32_t crc32c_instruction(const union ct_tuple_words *t, const uint64_t key[2],
				   uint32_t zone_id, uint32_t net_mix)
{
	return crc32c_hash(t, key, zone_id, net_mix);
}

/* CRC-32C of whole words as RFC 3720 has it, by the instruction. */
static uint32_t crc32c_of(const void *data, size_t words)
{
	uint64_t crc = ~0u;

	for (size_t i = 0; i < words; i++) {
		uint64_t w;

		memcpy(&w, (const char *)data + 8 * i, 8);
		crc = ct_crc32c_word(crc, w);
	}
	return ~(uint32_t)crc;
}

/* A separate function, because always_inline does not work across the pragma. */
static uint32_t crc32c_finish(uint32_t crc)
{
	return ct_crc32c_finish(crc);
}
#if defined(__x86_64__) && !defined(__clang__)
#pragma GCC pop_options
#endif

static bool crc32c_supported(void)
{
#ifdef CT_HASH_CHECK_CPU
	return ct_hash_supported();
#else
	return true;
#endif
}

/* The same hash by the table. */
static uint32_t crc32c_table(const union ct_tuple_words *t, const uint64_t key[2], uint32_t zone_id,
			     uint32_t net_mix)
{
	uint32_t crc = ct_crc32c_word_table((uint32_t)key[0] ^ net_mix, key[1] ^ zone_id);

	for (unsigned int i = 0; i < 4; i++)
		crc = ct_crc32c_word_table(crc, t->w[i]);
	crc = ct_crc32c_word_table(crc, t->w[4] & ct_tuple_last_mask());
	return crc32c_finish(crc);
}

static void random_tuple(struct rng *r, union ct_tuple_words *t)
{
	for (int i = 0; i < CT_TUPLE_WORDS; i++)
		t->w[i] = rng_next(r);
}

/* --- jhash2 --- */

/*
 * hashword() again, from its description: the state as an array, each step of
 * mix and final the same with the roles moved on by one.
 */
static uint32_t hashword_plain(const uint32_t *k, size_t length, uint32_t initval)
{
	static const unsigned int mix[] = { 4, 6, 8, 16, 19, 4 };
	static const unsigned int final[] = { 14, 11, 25, 16, 4, 14, 24 };
	uint32_t s[3];

	s[0] = s[1] = s[2] = 0xdeadbeef + 4 * (uint32_t)length + initval;
	if (!length)
		return s[2];
	while (length > 3) {
		for (int i = 0; i < 3; i++, length--)
			s[i] += *k++;
		for (unsigned int i = 0; i < ARRAY_SIZE(mix); i++) {
			uint32_t *x = &s[i % 3], *y = &s[(i + 1) % 3], *z = &s[(i + 2) % 3];

			*x = (*x - *z) ^ (*z << mix[i] | *z >> (32 - mix[i]));
			*z += *y;
		}
	}
	for (size_t i = 0; i < length; i++)
		s[i] += *k++;
	for (unsigned int i = 0; i < ARRAY_SIZE(final); i++) {
		uint32_t *x = &s[(i + 2) % 3], *z = &s[(i + 1) % 3];

		*x = (*x ^ *z) - (*z << final[i] | *z >> (32 - final[i]));
	}
	return s[2];
}

/*
 * lookup3.c ends with answers for hashlittle(), which takes bytes.  Of a
 * string's bytes in little-endian words, padded with zeroes, hashword() makes
 * the same, but for the length in the initial state: 30 bytes there, 8 words
 * (32) here.  So an initval lower by two gives the published value.
 */
static void jhash2_known_answers(void **state)
{
	static const char text[32] = "Four score and seven years ago";
	uint32_t k[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		k[i] = (uint32_t)(uint8_t)text[4 * i] | (uint32_t)(uint8_t)text[4 * i + 1] << 8 |
		       (uint32_t)(uint8_t)text[4 * i + 2] << 16 |
		       (uint32_t)(uint8_t)text[4 * i + 3] << 24;
	/* hashlittle("Four score and seven years ago", 30, 0 and 1), driver5() of lookup3.c */
	assert_int_equal(ct_jhash2(k, 8, 0u - 2), 0x17770551);
	assert_int_equal(ct_jhash2(k, 8, 1u - 2), 0xcd628161);
	/* hashlittle("", 0, 0 and 0xdeadbeef), ibidem: nothing to add, nothing to pad */
	assert_int_equal(ct_jhash2(k, 0, 0), 0xdeadbeef);
	assert_int_equal(ct_jhash2(k, 0, 0xdeadbeef), 0xbd5b7dde);
}

static void jhash2_as_published(void **state)
{
	uint32_t k[40];
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int round = 0; round < 100; round++) {
		uint32_t initval = (uint32_t)rng_next(&r);

		for (size_t i = 0; i < ARRAY_SIZE(k); i++)
			k[i] = (uint32_t)rng_next(&r);
		for (uint32_t n = 0; n <= ARRAY_SIZE(k); n++)
			assert_int_equal(ct_jhash2(k, n, initval), hashword_plain(k, n, initval));
	}
}

/* hash_conntrack_raw() of 4.11: nine words of the tuple, port and protocol in the seed. */
static void jhash2_of_a_tuple(void **state)
{
	union ct_tuple_words t;
	struct rng r;

	(void)state;
	rng_seed(&r, 2);
	for (int i = 0; i < 1000; i++) {
		uint64_t key[2] = { rng_next(&r), rng_next(&r) };
		uint32_t k[9], mix = (uint32_t)rng_next(&r);
		uint32_t seed;

		random_tuple(&r, &t);
		memcpy(k, &t.tuple, sizeof(k));
		seed = (uint32_t)key[0] ^ mix ^
		       ((uint32_t)t.tuple.dst.u.all << 16 | t.tuple.dst.protonum);
		assert_int_equal(jhash2(&t, key, 7, mix), hashword_plain(k, 9, seed));
		/* one tuple, with any zone */
		assert_int_equal(jhash2(&t, key, 7, mix), jhash2(&t, key, 8, mix));
	}
}

/* --- SipHash --- */

/*
 * The 64 answers of the authors' reference implementation (vectors_sip64) as
 * numbers: key 00 01 .. 0f, message 00 01 .. of lengths 0 to 63.
 */
static const uint64_t siphash_answers[64] = {
	0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
	0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
	0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
	0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
	0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794, 0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd,
	0xbed65cf21aa2ee98, 0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8,
	0xb8ad50c6f649af94, 0xbce192de8a85b8ea, 0x17d835b85bbb15f3, 0x2f2e6163076bcfad,
	0xde4daaaca71dc9a5, 0xa6a2506687956571, 0xad87a3535c49ef28, 0x32d892fad841c342,
	0x7127512f72f27cce, 0xa7f32346f95978e3, 0x12e0b01abb051238, 0x15e034d40fa197ae,
	0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d, 0x9abfd8766a33735c,
	0x0e3ea96b5304a7d0, 0xad0c42d6fc585992, 0x187306c89bc215a9, 0xd4a60abcf3792b95,
	0xf935451de4f21df2, 0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb,
	0xe612a3cb9ecba951, 0xc766e62cfcadaf96, 0xee64435a9752fe72, 0xa192d576b245165a,
	0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f, 0x7fa8220ba3b2ecea, 0x245731c13ca42499,
	0xb78dbfaf3a8d83bd, 0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
	0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57, 0x958a324ceb064572,
};

static void siphash_known_answers(void **state)
{
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	unsigned char m[64];

	(void)state;
	for (unsigned int i = 0; i < 64; i++)
		m[i] = (unsigned char)i;
	/* the worked example of the paper's appendix A */
	assert_true(ct_siphash24(m, 15, key) == 0xa129ca6149be45e5);
	for (unsigned int n = 0; n < 64; n++)
		assert_true(ct_siphash24(m, n, key) == siphash_answers[n]);
}

static void siphash_of_a_tuple(void **state)
{
	union ct_tuple_words t;
	struct rng r;

	(void)state;
	rng_seed(&r, 3);
	for (int i = 0; i < 1000; i++) {
		uint64_t key[2] = { rng_next(&r), rng_next(&r) }, mixed[2];
		uint32_t zone = (uint16_t)rng_next(&r), mix = (uint32_t)rng_next(&r);

		random_tuple(&r, &t);
		mixed[0] = key[0] ^ zone;
		mixed[1] = key[1] ^ mix;
		assert_int_equal(siphash(&t, key, zone, mix),
				 (uint32_t)ct_siphash24(&t, 39, mixed));
	}
}

/* --- CRC-32C --- */

static uint32_t crc32c_of_table(const void *data, size_t bytes)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < bytes; i++)
		crc = ct_crc32c_byte(crc, ((const uint8_t *)data)[i]);
	return ~crc;
}

/* RFC 3720, appendix B.4, where the bytes are the number's in little-endian order. */
static void crc32c_known_answers(void **state)
{
	static const uint8_t read_pdu[48] = {
		/* "An iSCSI - SCSI Read (10) Command PDU" */
		0x01,	     0xc0,	  [16] = 0x14, [22] = 0x04,
		[27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02,
	};
	uint8_t zeroes[32] = { 0 }, ones[32], up[32], down[32];
	const struct {
		const void *data;
		size_t bytes;
		uint32_t crc;
	} answers[] = {
		{ zeroes, 32, 0x8a9136aa }, { ones, 32, 0x62a8ab43 },	  { up, 32, 0x46dd794e },
		{ down, 32, 0x113fdb5c },   { read_pdu, 48, 0xd9963a56 },
	};

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++) {
		up[i] = i;
		down[i] = 31 - i;
	}
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		assert_int_equal(crc32c_of_table(answers[i].data, answers[i].bytes),
				 answers[i].crc);
		if (crc32c_supported())
			assert_int_equal(crc32c_of(answers[i].data, answers[i].bytes / 8),
					 answers[i].crc);
	}
	/* the usual check value, which no whole number of words can test */
	assert_int_equal(crc32c_of_table("123456789", 9), 0xe3069283);
}

static void crc32c_instruction_and_table(void **state)
{
	union ct_tuple_words t;
	struct rng r;

	(void)state;
	if (!crc32c_supported())
		skip();
	rng_seed(&r, 4);
	for (int i = 0; i < 1000; i++) {
		uint64_t key[2] = { rng_next(&r), rng_next(&r) };
		uint32_t zone = (uint16_t)rng_next(&r), mix = (uint32_t)rng_next(&r);

		random_tuple(&r, &t);
		assert_int_equal(crc32c_instruction(&t, key, zone, mix),
				 crc32c_table(&t, key, zone, mix));
	}
}

/* --- All of them --- */

static const struct hash {
	const char *name;
	hash_fn *fn;
	bool second_key, zone; /* hashed as well */
} hashes[] = {
	{ "jhash2", jhash2, false, false },
	{ "siphash", siphash, true, true },
	{ "crc32c", crc32c_table, true, true },
	{ "folded", folded, true, true },
};

static void only_the_direction_is_left_out(void **state)
{
	const uint64_t key[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	const uint64_t key0[2] = { key[0] ^ 1, key[1] }, key1[2] = { key[0], key[1] ^ 1 };

	(void)state;
	for (const struct hash *h = hashes; h < hashes + ARRAY_SIZE(hashes); h++) {
		union ct_tuple_words t, other;
		struct rng r;
		uint32_t is;

		rng_seed(&r, 5);
		random_tuple(&r, &t);
		t.tuple.dst.dir = IP_CT_DIR_ORIGINAL;
		is = h->fn(&t, key, 3, 4);
		for (unsigned int bit = 0; bit < 8 * sizeof(t.tuple); bit++) {
			other = t;
			((uint8_t *)&other)[bit / 8] ^= 1 << bit % 8;
			if (bit / 8 == offsetof(struct nf_conntrack_tuple, dst.dir))
				assert_int_equal(h->fn(&other, key, 3, 4), is);
			else
				assert_int_not_equal(h->fn(&other, key, 3, 4), is);
		}
		assert_int_not_equal(h->fn(&t, key0, 3, 4), is);
		assert_int_equal(h->fn(&t, key1, 3, 4) != is, h->second_key);
		assert_int_equal(h->fn(&t, key, 2, 4) != is, h->zone);
		assert_int_not_equal(h->fn(&t, key, 3, 5), is);
	}
}

static void constant_is_constant(void **state)
{
	union ct_tuple_words t;
	struct rng r;

	(void)state;
	rng_seed(&r, 6);
	for (int i = 0; i < 100; i++) {
		uint64_t key[2] = { rng_next(&r), rng_next(&r) };

		random_tuple(&r, &t);
		assert_int_equal(constant(&t, key, (uint16_t)rng_next(&r), (uint32_t)rng_next(&r)),
				 CT_HASH_CONSTANT);
	}
}

#define SPREAD_BITS 16

/* Mean number of entries in an entry's bucket, for n entries by the hash's high or low bits. */
static double crowd(const uint32_t *hash, size_t n, bool high)
{
	static uint32_t count[1 << SPREAD_BITS];
	double sum = 0;

	memset(count, 0, sizeof(count));
	for (size_t i = 0; i < n; i++)
		count[high ? hash[i] >> (32 - SPREAD_BITS) : hash[i] % (1 << SPREAD_BITS)]++;
	for (size_t i = 0; i < ARRAY_SIZE(count); i++)
		sum += (double)count[i] * count[i];
	return sum / (double)n;
}

/* Tuple i of a pattern as real traffic has them. */
static void pattern_tuple(unsigned int pattern, uint32_t i, union ct_tuple_words *t)
{
	uint32_t client = 0x0a000000, server = 0xc6120001, port = 1024;

	switch (pattern) {
	case 0: /* one client, ports in a row */
		port = i;
		break;
	case 1: /* a network, one port */
		client += i;
		break;
	case 2: /* 256 hosts, 256 ports in a row */
		client += i >> 8;
		port += i & 0xff;
		break;
	case 3: /* 16 clients, 64 ports that are even, 64 servers */
		client += i >> 12;
		port += 2 * (i & 63);
		server += i >> 6 & 63;
		break;
	}
	/* network byte order, the same on every machine */
	ct_tuple_set_ipv4(t, __builtin_bswap32(client), __builtin_bswap32(server),
			  __builtin_bswap16((uint16_t)port), __builtin_bswap16(443), 6);
}

/*
 * 2^16 tuples of each pattern into as many buckets, by either bucket rule:
 * random placement puts an entry in company of one other on average (a crowd
 * of 2, with a standard deviation of 0.006).  Better than random is welcome.
 */
static void pattern_spreads(const struct hash *h, unsigned int pattern, uint64_t seed)
{
	const uint64_t key[2] = { seed_derive(seed, 1, 0), seed_derive(seed, 2, 0) };
	static uint32_t hash[1 << SPREAD_BITS];

	for (uint32_t i = 0; i < ARRAY_SIZE(hash); i++) {
		union ct_tuple_words t;

		pattern_tuple(pattern, i, &t);
		hash[i] = h->fn(&t, key, 0, 0);
	}
	for (int high = 0; high < 2; high++) {
		double c = crowd(hash, ARRAY_SIZE(hash), high);

		if (c > 2.06)
			fail_msg("%s, pattern %u, seed %u, %s bits: %g in a bucket, random has 2",
				 h->name, pattern, (unsigned int)seed, high ? "high" : "low", c);
	}
}

static void structured_tuples_spread(void **state)
{
	(void)state;
	for (const struct hash *h = hashes; h < hashes + ARRAY_SIZE(hashes); h++)
		for (unsigned int pattern = 0; pattern < 4; pattern++)
			for (uint64_t seed = 0; seed < 8; seed++)
				pattern_spreads(h, pattern, seed);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(jhash2_known_answers),
	cmocka_unit_test(jhash2_as_published),
	cmocka_unit_test(jhash2_of_a_tuple),
	cmocka_unit_test(siphash_known_answers),
	cmocka_unit_test(siphash_of_a_tuple),
	cmocka_unit_test(crc32c_known_answers),
	cmocka_unit_test(crc32c_instruction_and_table),
	cmocka_unit_test(only_the_direction_is_left_out),
	cmocka_unit_test(constant_is_constant),
	cmocka_unit_test(structured_tuples_spread),
};
CT_TEST_MAIN(tests, NULL, NULL)
