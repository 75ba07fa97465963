/* SPDX-License-Identifier: MIT */
/*
 * Packets from captures; see capture.h.  The first bytes of a file choose its
 * reader.  Then all packets are treated alike: the link layer is removed, the
 * clock is corrected, and oddities are counted.
 */
#include "harness/traffic/capture.h"

#include "harness/base/escape.h"
#include "harness/traffic/capture_clock.h"
#include "harness/traffic/capture_frame.h"
#include "harness/traffic/ip_length.h"

#include "core/nf_conntrack_proto.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_NS (UINT64_C(3600) * 1000000000)
/* Ethernet's: a shorter frame ends inside it. */
#define LINK_HEADER 14u
/* If this many packets of a nanosecond file are in the first ms of a second, its unit is wrong. */
#define MICRO_CERTAIN 20

/* Packets that were read ahead, in order; their bytes are in data. */
struct ahead {
	struct capture_packet packets[CAPTURE_CLOCK_AHEAD];
	size_t offset[CAPTURE_CLOCK_AHEAD];
	unsigned int at, nr; /* at..nr are to be delivered */
	uint8_t *data;
	size_t bytes, room;
};

struct capture {
	struct capture_bytes *bytes;
	struct pcap_reader *pcap; /* one of the two */
	struct pcapng *ng;
	int strange; /* the first link type without a decoder, or -1 */
	uint64_t nr; /* packets read so far */
	int failed;  /* the errno of the error that ended reading, and its sentence */
	struct ct_error error;
	struct capture_clock clock;
	uint64_t last_ns; /* captured time of the previous packet, if it had one */
	struct capture_notes notes;
	struct ahead ahead;
};

/* --- Errors --- */

int capture_unknown_link(struct ct_error *e, const struct capture_bytes *bytes, int dlt)
{
	const char *name = pcap_datalink_val_to_name(dlt);
	const char *what = pcap_datalink_val_to_description(dlt);

	return ct_user_error(e,
			     "%s has link type %d (%s%s%s), which cannot be decoded; known are %s",
			     capture_bytes_name(bytes), dlt, name ? name : "unknown to libpcap",
			     what ? ", " : "", what ? what : "", linklayer_supported);
}

int capture_stopped(struct ct_error *e, const struct capture_bytes *bytes, uint64_t nr, bool cut,
		    const char *why)
{
	const struct ct_error *cause = capture_bytes_error(bytes);
	const char *name = capture_bytes_name(bytes);
	unsigned long long read = nr;
	char command[512];

	capture_bytes_command(bytes, "editcap", " whole.pcap", command, sizeof(command));
	if (cause)
		ct_fail(e, 0, cause->status, "%s; %llu packets were read before that", cause->text,
			read);
	else if (cut)
		ct_user_error(e, "%s is cut off inside the packet after packet %llu (%s)%s%s", name,
			      read, why, *command ? "; to keep those before: " : "", command);
	else
		ct_user_error(e, "%s is damaged after packet %llu (%s)%s%s", name, read, why,
			      *command ? "; to keep those before: " : "", command);
	return -EBADMSG;
}

/* --- Opening and closing --- */

/* Takes over bytes, in success and in failure. */
static int open_bytes(struct capture **out, struct capture_bytes *bytes, struct ct_error *e)
{
	struct capture *c = calloc(1, sizeof(*c));
	int err;

	if (!c) {
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to read it",
			      capture_bytes_name(bytes));
		capture_bytes_close(bytes);
		return err;
	}
	c->bytes = bytes;
	c->strange = -1;
	err = capture_bytes_magic(bytes) == PCAPNG_MAGIC ? pcapng_open(&c->ng, bytes, e)
							 : pcap_reader_open(&c->pcap, bytes, e);
	if (err) {
		capture_close(c);
		return err;
	}
	*out = c;
	return 0;
}

int capture_open(struct capture **out, const char *path, struct ct_error *e)
{
	struct capture_bytes *bytes;
	int err;

	*out = NULL;
	err = capture_bytes_open(&bytes, path, e);
	return err ? err : open_bytes(out, bytes, e);
}

int capture_open_memory(struct capture **out, const void *data, size_t size, const char *name,
			struct ct_error *e)
{
	struct capture_bytes *bytes;
	int err;

	*out = NULL;
	err = capture_bytes_memory(&bytes, data, size, name, e);
	return err ? err : open_bytes(out, bytes, e);
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	pcap_reader_close(c->pcap);
	pcapng_close(c->ng);
	capture_bytes_close(c->bytes);
	free(c->ahead.data);
	free(c);
}

const struct capture_notes *capture_notes(const struct capture *c)
{
	return &c->notes;
}

double capture_share(const struct capture *c)
{
	return capture_bytes_share(c->bytes);
}

/* --- Packets as they are in the file --- */

static void note(struct capture *c, enum capture_note what, const struct capture_packet *p)
{
	capture_notes_add(&c->notes, what, p->index, 0);
}

/* At the end of the file, when every packet is known. */
static int file_ends(struct capture *c)
{
	const struct capture_notes *n = &c->notes;

	if (c->pcap && pcap_reader_micro(c->pcap) && n->packets >= MICRO_CERTAIN) {
		c->notes.of[CAPTURE_MICRO].nr = n->packets;
		c->notes.of[CAPTURE_MICRO].first = 0;
	}
	if (n->packets && n->of[CAPTURE_LINK].nr == n->packets)
		return capture_unknown_link(&c->error, c->bytes, c->strange);
	return 0;
}

/* The next packet of the file, without its corrected time.  1, 0, or negative. */
static int read_packet(struct capture *c, struct capture_packet *p)
{
	struct link_payload payload = { 0 };
	struct capture_frame f;
	uint32_t len;
	int ret;

	if (c->failed)
		return c->failed;
	ret = c->ng ? pcapng_next(c->ng, &f, c->nr, &c->error)
		    : pcap_reader_next(c->pcap, &f, c->nr, &c->error);
	if (!ret)
		ret = file_ends(c);
	if (ret < 0)
		c->failed = ret;
	if (ret <= 0)
		return ret;
	if (f.link)
		payload = f.link(f.data, f.caplen);
	len = f.len > f.caplen ? f.len : f.caplen;
	*p = (struct capture_packet){
		.l3 = f.data + payload.offset,
		.time_ns = f.time_ns,
		.index = c->nr++,
		.caplen = f.caplen - payload.offset,
		.len = len - payload.offset,
		.l3proto = payload.l3proto,
		.vlan = payload.vlan,
	};
	c->notes.packets++;
	if (!f.link) {
		note(c, CAPTURE_LINK, p);
		c->strange = c->strange < 0 ? f.dlt : c->strange;
	}
	if (f.len < f.caplen)
		note(c, CAPTURE_WIRE, p);
	if (f.link && !payload.l3proto && f.caplen < f.len && f.caplen < LINK_HEADER)
		note(c, CAPTURE_CUT_LINK, p);
	if (c->pcap && pcap_reader_nano(c->pcap) && !c->notes.of[CAPTURE_NANO].nr)
		note(c, CAPTURE_NANO, p);
	return 1;
}

/* --- Lengths --- */

/* Bytes that conntrack needs of a transport header. */
static uint32_t transport_header(uint8_t protonum)
{
	switch (protonum) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 12;
	default:
		return 0;
	}
}

/* Was the transport header complete on the wire, but is not in the capture? */
static bool cut_transport(const struct capture_packet *p, uint32_t len)
{
	const struct sk_buff skb = {
		.data = p->l3,
		.len = len,
		.headlen = p->caplen,
		.protocol = p->l3proto,
	};
	const uint8_t pf = p->l3proto == LINK_PROTO_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	unsigned int off;
	uint8_t protonum;
	uint32_t want;

	if (p->caplen >= len || get_l4proto(&skb, 0, pf, &off, &protonum))
		return false;
	want = transport_header(protonum);
	if (protonum == IPPROTO_TCP && off + 13 <= p->caplen && p->l3[off + 12] >> 4 > 5)
		want = (p->l3[off + 12] >> 4) * 4u;
	return off + want > p->caplen && off + want <= len;
}

static void look_at_lengths(struct capture *c, const struct capture_packet *p)
{
	static const enum capture_note notes[] = {
		[IP_LENGTH_OFFLOAD] = CAPTURE_OFFLOAD, [IP_LENGTH_ZERO_IPV6] = CAPTURE_ZERO_IPV6,
		[IP_LENGTH_CUT] = CAPTURE_CUT_IP,      [IP_LENGTH_ZERO] = CAPTURE_ZERO,
		[IP_LENGTH_BEYOND] = CAPTURE_BEYOND,   [IP_LENGTH_BROKEN] = CAPTURE_BROKEN,
	};
	enum ip_length kind;
	uint32_t len;

	if (!p->l3proto)
		return;
	c->notes.ip++;
	kind = ip_length(p->l3, p->caplen, p->len, p->l3proto, &len);
	if (kind != IP_LENGTH_OK && kind != IP_LENGTH_JUMBO)
		note(c, notes[kind], p);
	if (ip_length_passes(kind) && cut_transport(p, len))
		note(c, CAPTURE_CUT_TRANSPORT, p);
}

/* --- The clock --- */

/* Keep a packet and its bytes for later.  Without memory the capture ends here. */
static bool keep(struct capture *c, const struct capture_packet *p)
{
	struct ahead *a = &c->ahead;

	if (!a->data || a->bytes + p->caplen > a->room) {
		size_t room = 2 * (a->bytes + p->caplen) + 64;
		uint8_t *data = realloc(a->data, room);

		if (!data) {
			c->failed =
				ct_fail(&c->error, -ENOMEM, CT_EXIT_USER,
					"%s: no memory to read it", capture_bytes_name(c->bytes));
			return false;
		}
		a->data = data;
		a->room = room;
	}
	if (p->caplen) /* else l3 may be invalid; NOLINTNEXTLINE(*-core.NonNullParamChecker) */
		memcpy(a->data + a->bytes, p->l3, p->caplen);
	a->offset[a->nr] = a->bytes;
	a->packets[a->nr++] = *p;
	a->bytes += p->caplen;
	return true;
}

/* The next packet: read ahead already, or from the file. */
static int take(struct capture *c, struct capture_packet *p)
{
	struct ahead *a = &c->ahead;

	if (a->at == a->nr) {
		a->at = a->nr = 0;
		a->bytes = 0;
		return read_packet(c, p);
	}
	*p = a->packets[a->at];
	p->l3 = a->data + a->offset[a->at++];
	return 1;
}

/* Move the packet taken last, and those read after it, to the front. */
static void to_front(struct ahead *a)
{
	const size_t skipped = a->offset[--a->at];

	a->nr -= a->at;
	a->bytes -= skipped;
	if (a->bytes)
		memmove(a->data, a->data + skipped, a->bytes);
	memmove(a->packets, a->packets + a->at, a->nr * sizeof(*a->packets));
	memmove(a->offset, a->offset + a->at, a->nr * sizeof(*a->offset));
	for (unsigned int i = 0; i < a->nr; i++)
		a->offset[i] -= skipped;
}

/*
 * p, taken last, leaps ahead in time.  Do the packets after it return to earlier
 * times?  They are kept for later, and so are p's bytes.
 */
static bool others_return(struct capture *c, struct capture_packet *p, struct capture_leap *leap)
{
	struct ahead *a = &c->ahead;
	struct capture_packet next = { 0 };
	int returns = 0;

	if (a->at)
		to_front(a);
	else if (!keep(c, p))
		return false;
	a->at = 1;
	for (unsigned int i = 1; i < CAPTURE_CLOCK_AHEAD && !returns; i++) {
		if (i == a->nr && (read_packet(c, &next) <= 0 || !keep(c, &next)))
			break;
		returns = capture_leap_returns(leap, a->packets[i].time_ns);
	}
	p->l3 = a->data;
	return returns > 0;
}

static void
look_at_time(struct capture *c, const struct capture_packet *p, uint64_t before, bool mended)
{
	uint64_t back = c->last_ns > p->time_ns ? c->last_ns - p->time_ns : 0;

	if (capture_clock_lacks(&c->clock, p->time_ns)) {
		note(c, CAPTURE_NO_TIME, p);
		return;
	}
	if (back)
		capture_notes_add(&c->notes, CAPTURE_BACK, p->index, back);
	if (mended)
		note(c, CAPTURE_MENDED, p);
	if (p->clock_ns - before >= HOUR_NS)
		capture_notes_add(&c->notes, CAPTURE_SILENCE, p->index, p->clock_ns - before);
	c->last_ns = p->time_ns;
}

int capture_next(struct capture *c, struct capture_packet *p, struct ct_error *e)
{
	uint64_t before = c->clock.now;
	struct capture_leap leap;
	bool alone = false, mended;
	int ret = take(c, p);

	if (ret < 0)
		return ct_fail(e, ret, c->error.status, "%s", c->error.text);
	if (!ret)
		return 0;
	if (capture_clock_leaps(&c->clock, p->time_ns, &leap))
		alone = others_return(c, p, &leap);
	p->clock_ns = capture_clock_at(&c->clock, p->time_ns, alone, &mended);
	look_at_time(c, p, before, mended);
	look_at_lengths(c, p);
	return 1;
}
