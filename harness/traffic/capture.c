/* SPDX-License-Identifier: MIT */
/*
 * Captures through libpcap; see capture.h.
 *
 * libpcap reads from a stdio stream.  Ours is one made by fopencookie(3) over
 * capture_bytes, so that files, pipes, memory and zstd all come in by the
 * same door, without a helper process or a temporary file.
 */
#include "harness/traffic/capture.h"

#include "harness/traffic/capture_bytes.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#define NSEC_PER_SEC 1000000000u

/* Large enough to make refilling rare, small enough to stay in a second-level cache. */
#define STREAM_BUFFER (32 * 1024)

struct capture {
	struct capture_bytes *bytes;
	FILE *stream; /* over bytes; libpcap's, once pcap is set */
	pcap_t *pcap;
	linklayer_fn link;
	int dlt;
	uint64_t nr; /* packets delivered so far */
	int failed;  /* the errno of the error that ended it, and its sentence */
	struct ct_error error;
	char buffer[STREAM_BUFFER];
};

static ssize_t stream_read(void *cookie, char *buf, size_t size)
{
	ssize_t n = capture_bytes_read(cookie, buf, size);

	if (n < 0)
		errno = EIO; /* the sentence is in capture_bytes_error() */
	return n;
}

/* Why libpcap would not take the file. */
static int open_failed(const struct capture *c, const char *libpcap, struct ct_error *e)
{
	const struct ct_error *cause = capture_bytes_error(c->bytes);

	if (cause)
		return ct_fail(e, -EIO, cause->status, "%s", cause->text);
	return ct_user_error(e, "%s is not a pcap or pcapng capture (libpcap: %s)",
			     capture_bytes_name(c->bytes), libpcap);
}

static int unknown_link(const struct capture *c, struct ct_error *e)
{
	const char *name = pcap_datalink_val_to_name(c->dlt);
	const char *what = pcap_datalink_val_to_description(c->dlt);

	return ct_user_error(
		e, "%s has link type %d (%s%s%s), which cannot be decoded; known are %s",
		capture_bytes_name(c->bytes), c->dlt, name ? name : "unknown to libpcap",
		what ? ", " : "", what ? what : "", linklayer_supported);
}

/* Takes over bytes, in success and in failure. */
static int open_bytes(struct capture **out, struct capture_bytes *bytes, struct ct_error *e)
{
	char libpcap[PCAP_ERRBUF_SIZE] = "";
	struct capture *c = malloc(sizeof(*c));
	int err;

	if (!c) {
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to read it",
			      capture_bytes_name(bytes));
		capture_bytes_close(bytes);
		return err;
	}
	memset(c, 0, offsetof(struct capture, buffer));
	c->bytes = bytes;
	c->stream = fopencookie(bytes, "r", (cookie_io_functions_t){ .read = stream_read });
	if (!c->stream) {
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s: no memory to read it",
			      capture_bytes_name(bytes));
		goto out_close;
	}
	setvbuf(c->stream, c->buffer, _IOFBF, sizeof(c->buffer));
	/* A capture belongs to one thread, and two locked reads a packet are felt. */
	__fsetlocking(c->stream, FSETLOCKING_BYCALLER);
	c->pcap = pcap_fopen_offline_with_tstamp_precision(c->stream, PCAP_TSTAMP_PRECISION_NANO,
							   libpcap);
	if (!c->pcap) {
		err = open_failed(c, libpcap, e);
		goto out_close;
	}
	c->dlt = pcap_datalink(c->pcap);
	c->link = linklayer_find(c->dlt);
	if (!c->link) {
		err = unknown_link(c, e);
		goto out_close;
	}
	*out = c;
	return 0;

out_close:
	capture_close(c);
	return err;
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

/*
 * The reason for which libpcap stopped, in our words where it matters what to
 * do about it.  Its own words are all there is to tell the reasons apart.
 */
static void describe_failure(struct capture *c)
{
	const struct ct_error *cause = capture_bytes_error(c->bytes);
	const char *name = capture_bytes_name(c->bytes);
	unsigned long long nr = c->nr;
	const char *libpcap = pcap_geterr(c->pcap);

	if (cause)
		ct_fail(&c->error, 0, cause->status, "%s; %llu packets were read before that",
			cause->text, nr);
	else if (feof(c->stream))
		ct_user_error(&c->error,
			      "%s is cut off: it ends inside the packet after packet %llu; "
			      "tcpdump -r FILE -w NEW keeps those before (libpcap: %s)",
			      name, nr, libpcap);
	else if (strstr(libpcap, "an interface has a type"))
		ct_user_error(
			&c->error,
			"%s: after packet %llu begins an interface with a link type that libpcap "
			"does not read beside the first one's; give each interface a file of its "
			"own "
			"(tshark -r FILE -Y 'frame.interface_id == 0' -F pcap -w NEW keeps the "
			"first; "
			"libpcap: %s)",
			name, nr, libpcap);
	else if (strstr(libpcap, "an interface has a snapshot length"))
		ct_user_error(&c->error,
			      "%s: after packet %llu begins an interface with another snapshot "
			      "length, and "
			      "libpcap reads one length a file; make it one with editcap -F pcap "
			      "FILE NEW "
			      "(libpcap: %s)",
			      name, nr, libpcap);
	else
		ct_user_error(&c->error, "%s is damaged after packet %llu (libpcap: %s)", name, nr,
			      libpcap);
}

/*
 * libpcap reads classic pcap's unsigned 32-bit seconds as signed ones, which
 * puts what was captured after 2038 before 1970.
 */
static inline uint64_t time_of(const struct pcap_pkthdr *h)
{
	int64_t sec = h->ts.tv_sec;

	if (sec < 0)
		sec = (uint32_t)sec;
	return (uint64_t)sec * NSEC_PER_SEC + (uint64_t)h->ts.tv_usec;
}

int capture_next(struct capture *c, struct capture_packet *p, struct ct_error *e)
{
	struct link_payload payload;
	struct pcap_pkthdr *h;
	const u_char *frame;
	int ret;

	if (!c->failed) {
		ret = pcap_next_ex(c->pcap, &h, &frame);
		if (ret == PCAP_ERROR_BREAK)
			return 0;
		if (ret == 1) {
			uint32_t len = h->len > h->caplen ? h->len : h->caplen;

			payload = c->link(frame, h->caplen);
			p->l3 = frame + payload.offset;
			p->time_ns = time_of(h);
			p->index = c->nr++;
			p->caplen = h->caplen - payload.offset;
			p->len = len - payload.offset;
			p->l3proto = payload.l3proto;
			p->vlan = payload.vlan;
			return 1;
		}
		describe_failure(c);
		c->failed = -EBADMSG;
	}
	return ct_fail(e, c->failed, c->error.status, "%s", c->error.text);
}

const char *capture_link_name(const struct capture *c)
{
	const char *name = pcap_datalink_val_to_name(c->dlt);

	return name ? name : "unknown";
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->pcap)
		pcap_close(c->pcap); /* closes the stream as well */
	else if (c->stream)
		fclose(c->stream);
	capture_bytes_close(c->bytes);
	free(c);
}
