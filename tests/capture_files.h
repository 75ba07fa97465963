/* SPDX-License-Identifier: MIT */
/*
 * Captures put together byte by byte in memory, for the tests of the capture
 * reader: classic pcap in all its four forms, pcapng, and zstd around them.
 */
#ifndef CTBENCH_TESTS_CAPTURE_FILES_H
#define CTBENCH_TESTS_CAPTURE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* A growing block of bytes, freed by blob_free(). */
struct blob {
	uint8_t *data;
	size_t size;
	size_t room;
};

static inline void blob_add(struct blob *b, const void *data, size_t size)
{
	if (b->size + size >= b->room) {
		b->room = 2 * (b->size + size) + 64;
		b->data = realloc(b->data, b->room);
		if (!b->data)
			abort();
	}
	if (size)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

static inline void blob_free(struct blob *b)
{
	free(b->data);
	*b = (struct blob){ 0 };
}

static inline void blob_u16(struct blob *b, uint16_t v, bool big)
{
	v = big ? __builtin_bswap16(v) : v;
	blob_add(b, &v, sizeof(v));
}

static inline void blob_u32(struct blob *b, uint32_t v, bool big)
{
	v = big ? __builtin_bswap32(v) : v;
	blob_add(b, &v, sizeof(v));
}

/* Classic pcap: nano chooses the magic number, big the byte order. */
static inline void pcap_begin(struct blob *b, uint32_t linktype, bool nano, bool big)
{
	blob_u32(b, nano ? 0xa1b23c4d : 0xa1b2c3d4, big);
	blob_u16(b, 2, big);
	blob_u16(b, 4, big);
	blob_u32(b, 0, big);
	blob_u32(b, 0, big);
	blob_u32(b, 4096, big);
	blob_u32(b, linktype, big);
}

/* caplen bytes at frame; fraction in the file's own unit. */
static inline void pcap_packet(struct blob *b, bool big, uint32_t sec, uint32_t fraction,
			       const void *frame, uint32_t caplen, uint32_t len)
{
	blob_u32(b, sec, big);
	blob_u32(b, fraction, big);
	blob_u32(b, caplen, big);
	blob_u32(b, len, big);
	blob_add(b, frame, caplen);
}

static inline void pcapng_begin(struct blob *b)
{
	blob_u32(b, 0x0a0d0d0a, false);
	blob_u32(b, 28, false);
	blob_u32(b, 0x1a2b3c4d, false);
	blob_u16(b, 1, false);
	blob_u16(b, 0, false);
	blob_u32(b, 0xffffffff, false);
	blob_u32(b, 0xffffffff, false);
	blob_u32(b, 28, false);
}

/* An interface with time stamps in nanoseconds. */
static inline void pcapng_interface(struct blob *b, uint16_t linktype, uint32_t snaplen)
{
	blob_u32(b, 1, false);
	blob_u32(b, 32, false);
	blob_u16(b, linktype, false);
	blob_u16(b, 0, false);
	blob_u32(b, snaplen, false);
	blob_u16(b, 9, false);		/* if_tsresol */
	blob_u16(b, 1, false);
	blob_u32(b, 9, false);
	blob_u32(b, 0, false);		/* end of options */
	blob_u32(b, 32, false);
}

static inline void pcapng_packet(struct blob *b, uint32_t interface, uint64_t time_ns,
				 const void *frame, uint32_t caplen, uint32_t len)
{
	uint32_t padding = -caplen & 3;

	blob_u32(b, 6, false);
	blob_u32(b, 32 + caplen + padding, false);
	blob_u32(b, interface, false);
	blob_u32(b, (uint32_t)(time_ns >> 32), false);
	blob_u32(b, (uint32_t)time_ns, false);
	blob_u32(b, caplen, false);
	blob_u32(b, len, false);
	blob_add(b, frame, caplen);
	blob_add(b, "\0\0\0", padding);
	blob_u32(b, 32 + caplen + padding, false);
}

/* Append what is in data as one zstd frame. */
static inline void zstd_frame(struct blob *b, const void *data, size_t size)
{
	size_t room = ZSTD_compressBound(size);
	uint8_t *packed = malloc(room);
	size_t n = ZSTD_compress(packed, room, data, size, 3);

	if (ZSTD_isError(n))
		abort();
	blob_add(b, packed, n);
	free(packed);
}

/* The smallest whole packets: a UDP header after IPv4, after IPv6. */
static const uint8_t ipv4_packet[28] = {
	0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
	0x12, 0x34, 0, 53, 0, 8, 0, 0,
};
static const uint8_t ipv6_packet[48] = {
	0x60, 0, 0, 0, 0, 8, 17, 64,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0x12, 0x34, 0, 53, 0, 8, 0, 0,
};

#endif
