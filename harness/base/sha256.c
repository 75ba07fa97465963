/* SPDX-License-Identifier: MIT */
#include "harness/base/sha256.h"

#include <stdint.h>
#include <string.h>

/* The first 32 bits of the fraction of a root of n, exactly, with integers alone. */
static uint32_t fraction_of_root(unsigned int n, int degree)
{
	unsigned __int128 root = 0;

	/* The largest root of 40 bits, 32 of them after the point, whose power is not above n. */
	for (int bit = 39; bit >= 0; bit--) {
		unsigned __int128 r = root | (unsigned __int128)1 << bit;
		unsigned __int128 power = degree == 2 ? r * r : r * r * r;

		if (power <= (unsigned __int128)n << (32 * degree))
			root = r;
	}
	return (uint32_t)root;
}

struct constants {
	uint32_t start[8], round[64];
};

/* Square roots of the first 8 primes, cubic roots of the first 64. */
static void make_constants(struct constants *c)
{
	size_t nr = 0;

	for (unsigned int n = 2; nr < 64; n++) {
		unsigned int divisor = 2;

		while (divisor < n && n % divisor)
			divisor++;
		if (divisor < n)
			continue;
		if (nr < 8)
			c->start[nr] = fraction_of_root(n, 2);
		c->round[nr++] = fraction_of_root(n, 3);
	}
}

static uint32_t turned(uint32_t x, int by)
{
	return x >> by | x << (32 - by);
}

static void block(uint32_t h[8], const unsigned char *p, const uint32_t round[64])
{
	uint32_t w[64], s[8];

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, h, sizeof(s));
	for (int i = 0; i < 64; i++) {
		uint32_t a = s[0], e = s[4];
		uint32_t t1 = s[7] + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
			      ((e & s[5]) ^ (~e & s[6])) + round[i] + w[i];
		uint32_t t2 = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) +
			      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(&s[1], &s[0], 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += s[i];
}

void sha256_base64(char out[SHA256_BASE64], const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	unsigned char last[128] = { 0 }, digest[33] = { 0 };
	const unsigned char *p = data;
	size_t rest = len % 64, end = rest < 56 ? 64 : 128;
	struct constants c;

	make_constants(&c);
	for (size_t i = 0; i < len / 64; i++)
		block(c.start, p + 64 * i, c.round);
	if (rest)
		memcpy(last, p + len - rest, rest);
	last[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		last[end - 1 - (size_t)i] = (unsigned char)((uint64_t)len * 8 >> 8 * i);
	for (size_t at = 0; at < end; at += 64)
		block(c.start, last + at, c.round);
	for (int i = 0; i < 32; i++)
		digest[i] = (unsigned char)(c.start[i / 4] >> (24 - 8 * (i % 4)));
	for (int i = 0; i < 33; i += 3) {
		uint32_t three =
			(uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | digest[i + 2];

		for (int k = 0; k < 4; k++)
			*out++ = digits[three >> (18 - 6 * k) & 63];
	}
	/* 32 bytes are one short of a multiple of three. */
	out[-1] = '=';
	*out = '\0';
}
