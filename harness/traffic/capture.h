/* SPDX-License-Identifier: MIT */
/*
 * Packets from captures: pcap and pcapng files, plain or compressed with zstd,
 * with the link layer removed.
 *
 *	struct capture *c;
 *	struct capture_packet p;
 *
 *	err = capture_open(&c, "trace.pcapng.zst", e);
 *	while (!err && (err = capture_next(c, &p, e)) > 0)
 *		use p.l3, p.caplen, ...
 *	capture_close(c);
 *
 * One packet at a time for replay; all of them in memory (capture_load) for
 * benchmarks, which must not read files while they measure.
 *
 * Nothing in a capture can be trusted, not even the lengths inside p.l3: only
 * p.caplen bytes exist, and ip_length.h says how long the packet is.
 *
 * Thread-safety: one thread at a time per struct capture; different captures
 * are independent.  A loaded capture_set is only read and may be shared.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_CAPTURE_H
#define CTBENCH_HARNESS_TRAFFIC_CAPTURE_H

#include "harness/base/error.h"
#include "harness/traffic/capture_notes.h"
#include "harness/traffic/linklayer.h"

#include <stddef.h>
#include <stdint.h>

struct capture;

struct capture_packet {
	/*
	 * From the network header on.  Where l3proto is 0: from wherever the
	 * link headers stopped making sense.
	 */
	const uint8_t *l3;
	uint64_t time_ns; /* since 1970, as captured: may step back from packet to packet */
	/* Since the first packet, on a clock that never steps back (capture_clock.h). */
	uint64_t clock_ns;
	uint64_t index;	 /* in the file, from 0 */
	uint32_t caplen; /* number of bytes at l3; may be 0 */
	/* Bytes at l3 when it was on the wire, at least caplen; Ethernet's padding counts. */
	uint32_t len;
	uint16_t l3proto; /* LINK_PROTO_IPV4 (0x0800), LINK_PROTO_IPV6 (0x86dd), or 0 */
	uint16_t vlan;	  /* outermost VLAN id; 0: none */
};

/*
 * Open the capture at path, or standard input for "-".  0 or a negative errno;
 * e then names the file and its fault (CT_EXIT_USER): absent, unreadable, a
 * directory, empty, not a capture, damaged zstd, or a link type without a
 * decoder.  (Each interface of a pcapng file has a link type; such a file fails
 * at its end, if no packet could be decoded.)
 */
int capture_open(struct capture **out, const char *path, struct ct_error *e);

/*
 * Open a capture (compressed or not) in memory, size bytes at data, which must
 * stay valid until capture_close(); errors show name instead of a path.
 */
int capture_open_memory(struct capture **out, const void *data, size_t size, const char *name,
			struct ct_error *e);

/*
 * The next packet: 1 and *p filled in, 0 at the end, or a negative errno.
 * p->l3 is valid until the next call or capture_close().  A damaged or cut-off
 * file gives all packets before the damage and then an error with their number;
 * every later call returns the same error.
 */
int capture_next(struct capture *c, struct capture_packet *p, struct ct_error *e);

/* The oddities of the packets so far; complete at the end. */
const struct capture_notes *capture_notes(const struct capture *c);

/* The share of the file that was read, from 0 to 1, to show progress; NAN for a pipe. */
double capture_share(const struct capture *c);

void capture_close(struct capture *c);

/* A whole capture in memory. */
struct capture_set {
	struct capture_packet *packets; /* their l3 points into data */
	size_t nr;
	uint8_t *data; /* each packet begins at a multiple of 8 bytes */
	size_t data_bytes;
	struct capture_notes notes;
};

/*
 * Load all packets of path, those that are not IP included, so that index
 * equals the place in the array.  0 or a negative errno; any error, also in
 * the middle of the file, leaves *set empty.
 */
int capture_load(const char *path, struct capture_set *set, struct ct_error *e);

/* Takes an empty (zeroed) set and NULL too. */
void capture_set_free(struct capture_set *set);

/*
 * The whole file, decompressed but not decoded, in one block from malloc, to
 * decode the same bytes more than once.
 */
int capture_slurp(const char *path, uint8_t **data, size_t *size, struct ct_error *e);

/*
 * Speed of decoding alone: decompresses the file into memory, then opens and
 * reads it from there repeatedly for about seconds of the calling thread's CPU
 * time (at least once), with the same code as capture_next().
 * Returns packets per second of that CPU time, or a negative errno (as a
 * double) with *e set.  decoded, if not NULL: how many packets were decoded.
 */
double capture_decode_rate(const char *path, double seconds, uint64_t *decoded, struct ct_error *e);

#endif
