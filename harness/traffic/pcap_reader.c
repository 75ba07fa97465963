/* SPDX-License-Identifier: MIT */
/*
 * Classic pcap files through libpcap, in all their forms: either byte order,
 * microseconds or nanoseconds, and Kuznetzov's longer packet headers.
 *
 * libpcap reads from a stdio stream.  fopencookie(3) makes one from
 * capture_bytes, so that files, pipes, memory and zstd are read in the same way,
 * without a helper process or a temporary file.
 */
#include "harness/traffic/capture_frame.h"

#include "core/compiler.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#define NSEC_PER_SEC 1000000000u
#define MILLION	     1000000u

/* Nanosecond files, in either byte order. */
#define MAGIC		   0xa1b2c3d4u
#define MAGIC_NANO	   0xa1b23c4du
#define MAGIC_NANO_SWAPPED 0x4d3cb2a1u

/* Large enough for few refills, small enough for a second-level cache. */
#define STREAM_BUFFER (32 * 1024)

/*
 * Bits of the file header's link type (pcap_datalink_ext()): is the length of
 * the frame check sequence known, and how long is it, in units of two bytes?
 */
#define FCS_KNOWN      0x04000000u
#define FCS_BYTES(ext) (((uint32_t)(ext) >> 28) * 2)

struct pcap_reader {
	struct capture_bytes *bytes;
	FILE *stream; /* over bytes; libpcap's, once pcap is set */
	pcap_t *pcap;
	linklayer_fn link;
	int dlt;
	uint32_t fcs;
	bool nano; /* the unit of fractions of a second: by the file's header, */
	bool more_than_micro;
	bool less_than_nano; /* and by the packets so far */
	char buffer[STREAM_BUFFER];
};

static ssize_t stream_read(void *cookie, char *buf, size_t size)
{
	ssize_t n = capture_bytes_read(cookie, buf, size);

	if (n < 0)
		errno = EIO; /* the sentence is in capture_bytes_error() */
	return n;
}

static int no_memory(const struct capture_bytes *bytes, struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to read it",
		       capture_bytes_name(bytes));
}

/* libpcap refused the file. */
static int open_failed(const struct capture_bytes *bytes, const char *libpcap, struct ct_error *e)
{
	const struct ct_error *cause = capture_bytes_error(bytes);
	char command[512];

	if (cause)
		return ct_fail(e, -EIO, cause->status, "%s", cause->text);
	capture_bytes_command(bytes, "editcap -F pcap", " converted.pcap", command,
			      sizeof(command));
	return ct_user_error(e, "%s is not a pcap or pcapng capture (libpcap: %s)%s%s",
			     capture_bytes_name(bytes), libpcap,
			     *command ? "; if it is one of another format: " : "", command);
}

static int open_stream(struct pcap_reader *r, struct ct_error *e)
{
	char libpcap[PCAP_ERRBUF_SIZE] = "";

	r->stream = fopencookie(r->bytes, "r", (cookie_io_functions_t){ .read = stream_read });
	if (!r->stream)
		return no_memory(r->bytes, e);
	setvbuf(r->stream, r->buffer, _IOFBF, sizeof(r->buffer));
	/* A capture belongs to one thread, and two locked reads per packet would be slow. */
	__fsetlocking(r->stream, FSETLOCKING_BYCALLER);
	/* In the file's own unit, so that fractions in another unit can be detected. */
	r->pcap = pcap_fopen_offline_with_tstamp_precision(
		r->stream, r->nano ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO,
		libpcap);
	return r->pcap ? 0 : open_failed(r->bytes, libpcap, e);
}

int pcap_reader_open(struct pcap_reader **out, struct capture_bytes *bytes, struct ct_error *e)
{
	struct pcap_reader *r = malloc(sizeof(*r));
	uint32_t magic = capture_bytes_magic(bytes);
	int err;

	if (!r)
		return no_memory(bytes, e);
	memset(r, 0, offsetof(struct pcap_reader, buffer));
	r->bytes = bytes;
	r->nano = magic == MAGIC_NANO || magic == MAGIC_NANO_SWAPPED;
	r->less_than_nano = r->nano;
	err = open_stream(r, e);
	if (err)
		goto out_close;
	r->dlt = pcap_datalink(r->pcap);
	r->link = linklayer_find(r->dlt);
	if ((uint32_t)pcap_datalink_ext(r->pcap) & FCS_KNOWN)
		r->fcs = FCS_BYTES(pcap_datalink_ext(r->pcap));
	if (!r->link) {
		err = capture_unknown_link(e, bytes, r->dlt);
		goto out_close;
	}
	*out = r;
	return 0;

out_close:
	pcap_reader_close(r);
	return err;
}

/*
 * libpcap reads unsigned 32-bit seconds as signed, so packets captured after 2038
 * would get times before 1970.
 */
static uint64_t time_of(struct pcap_reader *r, const struct pcap_pkthdr *h)
{
	const uint32_t sec = (uint32_t)h->ts.tv_sec, fraction = (uint32_t)h->ts.tv_usec;

	if (fraction >= MILLION) {
		r->more_than_micro = true;
		r->less_than_nano = false;
	}
	return (uint64_t)sec * NSEC_PER_SEC +
	       (r->nano || r->more_than_micro ? fraction : (uint64_t)fraction * 1000);
}

/* The header of a file where that of a packet should be: two captures, joined by cat. */
static bool is_file_header(const struct pcap_pkthdr *h)
{
	static const uint32_t magics[] = { MAGIC, MAGIC_NANO };
	const uint32_t sec = (uint32_t)h->ts.tv_sec, version = (uint32_t)h->ts.tv_usec;

	if (h->caplen || h->len) /* time zone and accuracy, which nobody sets */
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (sec == magics[i] || sec == __builtin_bswap32(magics[i]))
			/* 2.4, in either order of bytes */
			return version == 0x00040002 || version == 0x00020004 ||
			       version == 0x02000400 || version == 0x04000200;
	return false;
}

int pcap_reader_next(struct pcap_reader *r, struct capture_frame *f, uint64_t nr,
		     struct ct_error *e)
{
	struct pcap_pkthdr *h;
	char why[PCAP_ERRBUF_SIZE + 16];
	const u_char *data;
	int ret = pcap_next_ex(r->pcap, &h, &data);

	if (ret == PCAP_ERROR_BREAK)
		return 0;
	if (ret == 1 && is_file_header(h))
		return capture_stopped(e, r->bytes, nr, false,
				       "there another capture begins: join such files by mergecap "
				       "-a, not by cat");
	if (ret == 1) {
		*f = (struct capture_frame){
			.data = data,
			.caplen = h->caplen,
			.len = h->len,
			.time_ns = time_of(r, h),
			.link = r->link,
			.dlt = r->dlt,
		};
		capture_frame_take_fcs(f, r->fcs);
		return 1;
	}
	snprintf(why, sizeof(why), "libpcap: %s", pcap_geterr(r->pcap));
	return capture_stopped(e, r->bytes, nr, feof(r->stream), why);
}

bool pcap_reader_nano(const struct pcap_reader *r)
{
	return !r->nano && r->more_than_micro;
}

bool pcap_reader_micro(const struct pcap_reader *r)
{
	return r->less_than_nano;
}

void pcap_reader_close(struct pcap_reader *r)
{
	if (!r)
		return;
	if (r->pcap)
		pcap_close(r->pcap); /* closes the stream as well */
	else if (r->stream)
		fclose(r->stream);
	free(r);
}
