/* SPDX-License-Identifier: MIT */
/*
 * A reader of pcapng files (draft-ietf-opsawg-pcapng), in place of libpcap's.
 *
 * libpcap (1.10) accepts a file only if all its sections have one byte order and
 * all its interfaces one link type and one snapshot length, used or not.  The
 * format does not require that, and mergecap, dumpcap with several interfaces, and
 * `cat` of two files make other files.  Here each packet has the link type and
 * the clock of its interface, and blocks that are not packets are skipped.
 *
 * Lengths are checked strictly: a block that does not fit into the file, or a
 * packet that does not fit into its block, ends the file with an error.
 */
#include "harness/traffic/capture_frame.h"

#include "harness/base/array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete; written until about 2010 */
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SECTION = PCAPNG_MAGIC,
	SECTION_MAGIC = 0x1a2b3c4d,

	BLOCK_HEADER = 8, /* type and length; the length follows the body again */
	BLOCK_MIN = 12,
	BLOCK_MAX = 16 * 1024 * 1024, /* of those that are read, not skipped */

	OPTION_END = 0,
	OPTION_FLAGS = 2,   /* of an enhanced packet */
	OPTION_TSRESOL = 9, /* of an interface, as all below */
	OPTION_FCSLEN = 13,
	OPTION_TSOFFSET = 14,

	BUFFER = 64 * 1024,
};

struct interface {
	linklayer_fn link;
	int dlt;
	uint32_t snaplen; /* 0: no limit */
	uint32_t fcs;	  /* bytes of frame check sequence at the end of each frame */
	uint8_t power;	  /* a unit of time is 10^-power s, or 2^-power s */
	bool binary;
	int64_t offset_s; /* to be added */
};

struct pcapng {
	struct capture_bytes *bytes;
	uint8_t *buf;
	size_t room, at, end; /* bytes at..end are read and not used yet */
	bool swapped;	      /* the section has the other byte order */
	struct interface *interfaces;
	size_t nr;
	const char *damage; /* why a block cannot be read */
};

/* --- Bytes --- */

static uint16_t get16(const struct pcapng *r, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return r->swapped ? __builtin_bswap16(v) : v;
}

static uint32_t get32(const struct pcapng *r, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return r->swapped ? __builtin_bswap32(v) : v;
}

static uint64_t get64(const struct pcapng *r, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return r->swapped ? __builtin_bswap64(v) : v;
}

/* Makes want bytes available at r->buf + r->at: 1; 0: the file ends before; negative: error. */
static int fill(struct pcapng *r, size_t want)
{
	if (r->end - r->at >= want)
		return 1;
	if (r->at) {
		memmove(r->buf, r->buf + r->at, r->end - r->at);
		r->end -= r->at;
		r->at = 0;
	}
	if (want > r->room) {
		uint8_t *more = realloc(r->buf, want);

		if (!more)
			return -ENOMEM;
		r->buf = more;
		r->room = want;
	}
	while (r->end < want) {
		ssize_t n = capture_bytes_read(r->bytes, r->buf + r->end, r->room - r->end);

		if (n < 0)
			return -EIO;
		if (!n)
			return 0;
		r->end += (size_t)n;
	}
	return 1;
}

static int skip(struct pcapng *r, size_t n)
{
	int ret;

	while (r->end - r->at < n) {
		n -= r->end - r->at;
		r->at = r->end;
		ret = fill(r, 1);
		if (ret <= 0)
			return ret;
	}
	r->at += n;
	return 1;
}

/* --- Blocks.  Each function gets the body; false, with r->damage: it is damaged. --- */

static bool damaged(struct pcapng *r, const char *why)
{
	r->damage = why;
	return false;
}

/* The next option's code, or OPTION_END; advances *at.  An option that does not fit is the end. */
static uint16_t option(const struct pcapng *r, const uint8_t **at, const uint8_t *end,
		       const uint8_t **value, uint16_t *len)
{
	uint16_t code;

	if (end - *at < 4)
		return OPTION_END;
	code = get16(r, *at);
	*len = get16(r, *at + 2);
	*value = *at + 4;
	if (end - *value < *len)
		return OPTION_END;
	*at = *value + ((size_t)*len + 3) / 4 * 4;
	if (*at > end)
		*at = end;
	return code;
}

static bool new_section(struct pcapng *r, const uint8_t *body, size_t size)
{
	if (size < 16)
		return damaged(r, "a section header is too short");
	/* the byte order was found with the block's length */
	if (get16(r, body + 4) != 1)
		return damaged(r, "a section has a version other than 1");
	r->nr = 0; /* interfaces belong to their section */
	return true;
}

static bool new_interface(struct pcapng *r, const uint8_t *body, size_t size)
{
	struct interface *i;
	const uint8_t *at = body + 8, *end = body + size, *value;
	uint16_t code, len;

	if (size < 8)
		return damaged(r, "an interface block is too short");
	if (!array_room(r->interfaces, r->nr))
		return damaged(r, "there is no memory for its interfaces");
	i = &r->interfaces[r->nr++];
	*i = (struct interface){
		.dlt = get16(r, body),
		.snaplen = get32(r, body + 4),
		.power = 6,
	};
	i->link = linklayer_find(i->dlt);
	while ((code = option(r, &at, end, &value, &len)) != OPTION_END) {
		if (code == OPTION_TSRESOL && len >= 1) {
			i->power = *value & 0x7f;
			i->binary = *value & 0x80;
		} else if (code == OPTION_TSOFFSET && len >= 8) {
			i->offset_s = (int64_t)get64(r, value);
		} else if (code == OPTION_FCSLEN && len >= 1) {
			i->fcs = *value < 8 ? *value : *value / 8u; /* bytes, or bits */
		}
	}
	return true;
}

/* Converts a time in units of the interface to ns since 1970, limited to 0 .. UINT64_MAX. */
static uint64_t to_ns(const struct interface *i, uint64_t units)
{
	static const uint64_t second = 1000000000;
	__int128 ns = (__int128)((unsigned __int128)units * second);

	if (i->binary) {
		ns >>= i->power;
	} else {
		for (unsigned int n = 0; n < i->power && ns; n++)
			ns /= 10;
	}
	ns += (__int128)i->offset_s * (int64_t)second;
	return ns < 0 ? 0 : ns > (__int128)UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

static bool frame_of(struct pcapng *r, struct capture_frame *f, uint32_t interface,
		     const uint8_t *data, size_t room, uint32_t caplen, uint32_t len)
{
	const struct interface *i;

	if (interface >= r->nr)
		return damaged(r, "a packet names an interface that its section does not have");
	if (caplen > room)
		return damaged(r, "a packet is longer than its block");
	i = &r->interfaces[interface];
	*f = (struct capture_frame){
		.data = data,
		.caplen = caplen,
		.len = len,
		.link = i->link,
		.dlt = i->dlt,
	};
	return true;
}

/* Both kinds have the same layout except for the interface's number. */
static bool timed_packet(struct pcapng *r, struct capture_frame *f, const uint8_t *body,
			 size_t size, bool enhanced)
{
	const uint8_t *at, *end = body + size, *value;
	uint32_t interface, caplen, fcs;
	uint16_t code, len;

	if (size < 20)
		return damaged(r, "a packet block is too short");
	interface = enhanced ? get32(r, body) : get16(r, body);
	caplen = get32(r, body + 12);
	if (!frame_of(r, f, interface, body + 20, size - 20, caplen, get32(r, body + 16)))
		return false;
	f->time_ns = to_ns(&r->interfaces[interface],
			   (uint64_t)get32(r, body + 4) << 32 | get32(r, body + 8));
	fcs = r->interfaces[interface].fcs;
	at = body + 20 + ((size_t)caplen + 3) / 4 * 4;
	while (at < end && (code = option(r, &at, end, &value, &len)) != OPTION_END)
		if (code == OPTION_FLAGS && len >= 4 && get32(r, value) >> 5 & 15)
			fcs = get32(r, value) >> 5 & 15;
	capture_frame_take_fcs(f, fcs);
	return true;
}

/* No time and no captured length: it is the minimum of wire and snapshot length and block. */
static bool
simple_packet(struct pcapng *r, struct capture_frame *f, const uint8_t *body, size_t size)
{
	uint32_t len, caplen;

	if (size < 4)
		return damaged(r, "a packet block is too short");
	len = caplen = get32(r, body);
	if (r->nr && r->interfaces[0].snaplen && caplen > r->interfaces[0].snaplen)
		caplen = r->interfaces[0].snaplen;
	if (!frame_of(r, f, 0, body + 4, size - 4, caplen, len))
		return false;
	capture_frame_take_fcs(f, r->interfaces[0].fcs);
	return true;
}

/* --- The file --- */

static bool is_read(uint32_t type)
{
	return type == BLOCK_SECTION || type == BLOCK_INTERFACE || type == BLOCK_PACKET ||
	       type == BLOCK_SIMPLE_PACKET || type == BLOCK_ENHANCED_PACKET;
}

/* 1: f is filled in; 0: no packet in that block; negative: damaged. */
static int read_block(struct pcapng *r, struct capture_frame *f, uint32_t type, const uint8_t *body,
		      size_t size)
{
	bool ok;

	switch (type) {
	case BLOCK_SECTION:
		return new_section(r, body, size) ? 0 : -EBADMSG;
	case BLOCK_INTERFACE:
		return new_interface(r, body, size) ? 0 : -EBADMSG;
	case BLOCK_SIMPLE_PACKET:
		ok = simple_packet(r, f, body, size);
		break;
	default:
		ok = timed_packet(r, f, body, size, type == BLOCK_ENHANCED_PACKET);
	}
	return ok ? 1 : -EBADMSG;
}

/* Type and length of the block at r->at; sets the byte order of a section.  Returns as fill(). */
static int block_header(struct pcapng *r, uint32_t *type, uint32_t *size)
{
	int ret = fill(r, BLOCK_HEADER);

	if (ret <= 0)
		return ret;
	*type = get32(r, r->buf + r->at);
	if (*type == BLOCK_SECTION) {
		ret = fill(r, BLOCK_MIN);
		if (ret <= 0)
			return ret;
		r->swapped = false;
		r->swapped = get32(r, r->buf + r->at + BLOCK_HEADER) != SECTION_MAGIC;
		if (get32(r, r->buf + r->at + BLOCK_HEADER) != SECTION_MAGIC) {
			damaged(r, "a section has no byte order");
			return -EBADMSG;
		}
	}
	*size = get32(r, r->buf + r->at + 4);
	if (*size < BLOCK_MIN || *size % 4 || (is_read(*type) && *size > BLOCK_MAX)) {
		damaged(r, "a block has an impossible length");
		return -EBADMSG;
	}
	return 1;
}

/* Reads blocks up to the next packet.  Returns as pcapng_next(), and 0 with r->damage if the file
 * is cut off. */
static int next_packet(struct pcapng *r, struct capture_frame *f)
{
	uint32_t type = 0, size = 0;
	int ret;

	do {
		ret = block_header(r, &type, &size);
		if (!ret && r->end == r->at)
			return 0;
		if (ret > 0)
			ret = is_read(type) ? fill(r, size) : skip(r, size);
		if (!ret)
			damaged(r, "it ends inside a block");
		if (ret <= 0)
			return ret;
		if (!is_read(type))
			continue;
		if (get32(r, r->buf + r->at + size - 4) != size) {
			damaged(r, "the two lengths of a block differ");
			return -EBADMSG;
		}
		ret = read_block(r, f, type, r->buf + r->at + BLOCK_HEADER, size - BLOCK_MIN);
		r->at += size;
	} while (!ret || !is_read(type));
	return ret;
}

int pcapng_next(struct pcapng *r, struct capture_frame *f, uint64_t nr, struct ct_error *e)
{
	int ret = next_packet(r, f);

	if (ret > 0 || (!ret && !r->damage))
		return ret;
	if (ret == -ENOMEM)
		return ct_fail(e, ret, CT_EXIT_USER, "%s: no memory to read it",
			       capture_bytes_name(r->bytes));
	return capture_stopped(e, r->bytes, nr, !ret, r->damage);
}

int pcapng_open(struct pcapng **out, struct capture_bytes *bytes, struct ct_error *e)
{
	struct pcapng *r = calloc(1, sizeof(*r));

	if (r)
		r->buf = malloc(BUFFER);
	if (!r || !r->buf) {
		free(r);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to read it",
			       capture_bytes_name(bytes));
	}
	r->bytes = bytes;
	r->room = BUFFER;
	*out = r;
	return 0;
}

void pcapng_close(struct pcapng *r)
{
	if (!r)
		return;
	free(r->interfaces);
	free(r->buf);
	free(r);
}
