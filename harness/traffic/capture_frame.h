/* SPDX-License-Identifier: MIT */
/*
 * A frame of a capture file, and the two readers of such files:
 * libpcap's for classic pcap, our own for pcapng.  Private to capture.c, which
 * chooses between them by the file's first bytes.
 */
#ifndef CTBENCH_HARNESS_TRAFFIC_CAPTURE_FRAME_H
#define CTBENCH_HARNESS_TRAFFIC_CAPTURE_FRAME_H

#include "harness/base/error.h"
#include "harness/traffic/capture_bytes.h"
#include "harness/traffic/linklayer.h"

#include <stdbool.h>
#include <stdint.h>

struct capture_frame {
	const uint8_t *data; /* valid until the next frame is read */
	uint32_t caplen;
	uint32_t len;	   /* as the file says: may be below caplen */
	uint64_t time_ns;  /* since 1970; 0: none */
	linklayer_fn link; /* NULL: no decoder for dlt */
	int dlt;
};

/* Removes a frame check sequence of that many bytes, which is not part of the packet. */
static inline void capture_frame_take_fcs(struct capture_frame *f, uint32_t fcs)
{
	if (!fcs || f->len <= fcs)
		return;
	f->len -= fcs;
	if (f->caplen > f->len)
		f->caplen = f->len;
}

/*
 * Both readers: open uses bytes, and does not own them.  next returns 1 with
 * *f filled in, 0 at the end, or a negative errno with a sentence; nr is the
 * number of frames read before.  close takes NULL.
 */
struct pcap_reader;
int pcap_reader_open(struct pcap_reader **out, struct capture_bytes *bytes, struct ct_error *e);
int pcap_reader_next(struct pcap_reader *r, struct capture_frame *f, uint64_t nr,
		     struct ct_error *e);
void pcap_reader_close(struct pcap_reader *r);
/* Does a file that claims microseconds contain nanoseconds?  A fraction of a million or more shows
 * it. */
bool pcap_reader_nano(const struct pcap_reader *r);
/* Does it claim nanoseconds, and no frame so far has a million of them or more? */
bool pcap_reader_micro(const struct pcap_reader *r);

#define PCAPNG_MAGIC 0x0a0d0d0au /* the first bytes, in either byte order */
struct pcapng;
int pcapng_open(struct pcapng **out, struct capture_bytes *bytes, struct ct_error *e);
int pcapng_next(struct pcapng *r, struct capture_frame *f, uint64_t nr, struct ct_error *e);
void pcapng_close(struct pcapng *r);

/*
 * Sets e: reading stopped after nr packets, because of capture_bytes_error(), or
 * because the file is cut off or damaged, with the reader's reason.
 * Returns -EBADMSG.
 */
int capture_stopped(struct ct_error *e, const struct capture_bytes *bytes, uint64_t nr, bool cut,
		    const char *why);
/* Sets e: there is no decoder for that link type.  Returns a negative errno. */
int capture_unknown_link(struct ct_error *e, const struct capture_bytes *bytes, int dlt);

#endif
