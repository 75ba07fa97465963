/* SPDX-License-Identifier: MIT */
#include "harness/traffic/frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/numbers/random.h"
#include "harness/traffic/ip_length.h"
#include "variants/mem.h"

#define OPENER_SEQ 1000u
#define ANSWER_SEQ 5000u
#define WINDOW	   16384u

bool frame_set_alloc(struct frame_set *set, size_t nr, size_t data_bytes)
{
	set->frames = nr ? ct_mem_alloc(nr * sizeof(*set->frames), CT_PAGES_THP) : NULL;
	set->data = nr ? ct_mem_alloc(data_bytes, CT_PAGES_THP) : NULL;
	return !nr || (set->frames && set->data);
}

void frame_set_free(struct frame_set *set)
{
	free(set->frames);
	free(set->data);
	free(set->time_ns);
	memset(set, 0, sizeof(*set));
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static unsigned int
make_tcp(uint8_t *p, const struct nf_conntrack_tuple *t, enum frame_tcp flags, bool from_opener)
{
	/* A SYN counts one, so later segments have higher sequence numbers. */
	uint32_t seq = (from_opener ? OPENER_SEQ : ANSWER_SEQ) + (flags == FRAME_ACK);
	uint32_t ack = flags == FRAME_SYN ? 0 : (from_opener ? ANSWER_SEQ : OPENER_SEQ) + 1;

	memset(p, 0, 20);
	memcpy(p, &t->src.u.all, 2);
	memcpy(p + 2, &t->dst.u.all, 2);
	put32(p + 4, seq);
	put32(p + 8, ack);
	p[12] = 5 << 4;
	p[13] = (uint8_t)flags;
	put16(p + 14, WINDOW);
	return 20;
}

static unsigned int make_udp(uint8_t *p, const struct nf_conntrack_tuple *t)
{
	memcpy(p, &t->src.u.all, 2);
	memcpy(p + 2, &t->dst.u.all, 2);
	put16(p + 4, 8);
	put16(p + 6, 0);
	return 8;
}

void frame_make(struct ct_frame *frame, uint8_t *data, const struct nf_conntrack_tuple *t,
		enum frame_tcp flags, bool from_opener)
{
	bool v4 = t->src.l3num == NFPROTO_IPV4;
	unsigned int header = v4 ? 20 : 40, len;

	memset(data, 0, header);
	len = t->dst.protonum == IPPROTO_TCP ? make_tcp(data + header, t, flags, from_opener)
					     : make_udp(data + header, t);
	if (v4) {
		data[0] = 0x45;
		put16(data + 2, (uint16_t)(header + len));
		data[8] = 64;
		data[9] = t->dst.protonum;
		memcpy(data + 12, &t->src.u3.ip, 4);
		memcpy(data + 16, &t->dst.u3.ip, 4);
	} else {
		data[0] = 0x60;
		put16(data + 4, (uint16_t)len);
		data[6] = t->dst.protonum;
		data[7] = 64;
		memcpy(data + 8, t->src.u3.ip6, 16);
		memcpy(data + 24, t->dst.u3.ip6, 16);
	}
	*frame = (struct ct_frame){
		.data = data,
		.len = header + len,
		.headlen = header + len,
		.protocol = v4 ? ETH_P_IP : ETH_P_IPV6,
		.in = 0,
		.out = 1,
	};
}

/* --- Captures --- */

/* The addresses of the IP header at p: where they are, and how long. */
static unsigned int addresses(uint8_t *p, uint32_t len, uint8_t **src, uint8_t **dst)
{
	if (len >= 20 && p[0] >> 4 == 4) {
		*src = p + 12;
		*dst = p + 16;
		return 4;
	}
	if (len >= 40 && p[0] >> 4 == 6) {
		*src = p + 8;
		*dst = p + 24;
		return 16;
	}
	return 0;
}

/* Mixes the copy's number k into an address, in the same way everywhere, so flows stay intact. */
static void shift(uint8_t *address, unsigned int bytes, uint32_t k)
{
	uint8_t *at = bytes == 4 ? address + 1 : address + 4;

	at[0] ^= (uint8_t)(k >> 8);
	at[1] ^= (uint8_t)k;
}

static void shift_packet(uint8_t *p, uint32_t len, uint32_t k)
{
	uint8_t *src, *dst;
	unsigned int bytes = addresses(p, len, &src, &dst);
	uint32_t inner;

	if (!bytes || !k)
		return;
	shift(src, bytes, k);
	shift(dst, bytes, k);
	/* An ICMP error quotes a packet of the same connection behind its 8 bytes. */
	if (bytes == 4 && p[9] == IPPROTO_ICMP) {
		inner = (p[0] & 15u) * 4;
		if (inner + 8 < len && (p[inner] == 3 || p[inner] == 4 || p[inner] == 5 ||
					p[inner] == 11 || p[inner] == 12))
			shift_packet(p + inner + 8, len - inner - 8, k);
	} else if (bytes == 16 && p[6] == IPPROTO_ICMPV6) {
		inner = 40;
		if (inner + 8 < len && p[inner] < 128)
			shift_packet(p + inner + 8, len - inner - 8, k);
	}
}

/*
 * The same value for both directions of a flow; *turned distinguishes them.  ICMP errors belong to
 * the flow of the packet that they quote, in the other direction.
 */
static uint32_t flow_number(const uint8_t *p, uint32_t len, bool *turned)
{
	uint8_t *src, *dst, proto;
	uint64_t h = 0;
	unsigned int bytes = addresses((uint8_t *)p, len, &src, &dst);
	uint32_t l4;
	uint16_t ports[2];
	int order;

	*turned = false;
	if (!bytes)
		return 0;
	l4 = bytes == 4 ? (p[0] & 15u) * 4 : 40;
	proto = bytes == 4 ? p[9] : p[6];
	if ((proto == IPPROTO_ICMP && bytes == 4 && l4 + 8 < len &&
	     (p[l4] == 3 || p[l4] == 11 || p[l4] == 12)) ||
	    (proto == IPPROTO_ICMPV6 && bytes == 16 && l4 + 8 < len && p[l4] < 128)) {
		uint32_t number = flow_number(p + l4 + 8, len - l4 - 8, turned);

		*turned = !*turned;
		return number;
	}
	order = memcmp(src, dst, bytes);
	for (unsigned int i = 0; i < bytes; i++)
		h = h * 31 + (uint64_t)(src[i] ^ dst[i]);
	h = h << 8 | proto;
	if ((proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP) &&
	    l4 + 4 <= len) {
		memcpy(ports, p + l4, 4);
		h ^= (uint64_t)(ports[0] ^ ports[1]) << 40;
		if (!order)
			order = memcmp(&ports[0], &ports[1], sizeof(ports[0]));
	}
	*turned = order > 0;
	return (uint32_t)(splitmix64(&h) >> 32);
}

/* Headers end well before this, and conntrack reads only headers. */
#define KEEP_BYTES 256u

/* A packet of the capture as the hooks get it, copy 0; false: a router drops it earlier. */
static bool arrives(struct ct_frame *f, const struct capture_packet *p)
{
	uint32_t len;

	if (!p->l3proto || !ip_length_passes(ip_length(p->l3, p->caplen, p->len, p->l3proto, &len)))
		return false;
	*f = (struct ct_frame){
		.data = p->l3,
		.len = len,
		.headlen = p->caplen < len ? p->caplen : len,
		.protocol = p->l3proto,
		.in = 0,
		.out = 1,
	};
	if (f->headlen > KEEP_BYTES)
		f->headlen = KEEP_BYTES;
	return true;
}

/* The packets that a worker gets. */
struct share {
	enum split_policy split;
	unsigned int thread, threads;
};

static bool is_mine(const struct share *s, const struct ct_frame *f, size_t i)
{
	bool turned = false;
	size_t number = i;

	if (s->split == SPLIT_FLOW || s->split == SPLIT_DIRECTION)
		number = flow_number(f->data, f->headlen, &turned);
	return (number + (turned && s->split == SPLIT_DIRECTION)) % s->threads == s->thread;
}

static size_t padded(uint32_t bytes)
{
	return (bytes + 7u) & ~(size_t)7;
}

/* Count packets and bytes of the share, and set->whole_nr and whole_ns.  Returns the packets. */
static size_t count_frames(struct frame_set *set, const struct capture_set *capture,
			   uint32_t copies, const struct share *share, size_t *bytes)
{
	uint64_t first = 0, last = 0;
	struct ct_frame f;
	size_t nr = 0;

	for (size_t i = 0; i < capture->nr; i++) {
		if (!arrives(&f, &capture->packets[i]))
			continue;
		if (!set->whole_nr)
			first = capture->packets[i].clock_ns;
		set->whole_nr += copies;
		last = capture->packets[i].clock_ns;
		if (!is_mine(share, &f, i))
			continue;
		nr++;
		*bytes += padded(f.headlen);
	}
	/* The gap from the last packet to the first of the next copy is the mean gap. */
	if (set->whole_nr > copies)
		set->whole_ns =
			((last - first) + (last - first) / (set->whole_nr / copies - 1) + 1) *
			copies;
	return nr;
}

/* Makes copy number k of the share's packets; *at bytes of set->data are used. */
static void copy_frames(struct frame_set *set, const struct capture_set *capture,
			const struct share *share, uint64_t begin_ns, uint32_t k, size_t *at)
{
	uint64_t first = 0;
	bool any = false;
	struct ct_frame f;

	for (size_t i = 0; i < capture->nr; i++) {
		const struct capture_packet *p = &capture->packets[i];

		if (!arrives(&f, p))
			continue;
		if (!any)
			first = p->clock_ns;
		any = true;
		if (!is_mine(share, &f, i))
			continue;
		memcpy(set->data + *at, f.data, f.headlen);
		f.data = set->data + *at;
		shift_packet(set->data + *at, f.headlen, k);
		set->time_ns[set->nr] = begin_ns + p->clock_ns - first;
		set->frames[set->nr++] = f;
		*at += padded(f.headlen);
	}
}

int frames_from_capture(struct frame_set *set, const struct capture_set *capture, uint32_t copies,
			enum split_policy split, unsigned int thread, unsigned int threads,
			struct ct_error *e)
{
	const struct share share = { split, thread, threads };
	size_t nr, bytes = 0, at = 0;

	memset(set, 0, sizeof(*set));
	nr = count_frames(set, capture, copies, &share, &bytes);
	set->time_ns = nr ? malloc(nr * copies * sizeof(*set->time_ns)) : NULL;
	if (!frame_set_alloc(set, nr * copies, bytes * copies) || (nr && !set->time_ns)) {
		frame_set_free(set);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER,
			       "no memory for %u copies of the capture: ask for fewer", copies);
	}
	for (uint32_t k = 0; k < copies && nr; k++)
		copy_frames(set, capture, &share, set->whole_ns / copies * k, k, &at);
	set->bytes = nr * copies * (sizeof(*set->frames) + sizeof(*set->time_ns)) + bytes * copies;
	return 0;
}
