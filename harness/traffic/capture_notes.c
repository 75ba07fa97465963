/* SPDX-License-Identifier: MIT */
#include "harness/traffic/capture_notes.h"

#include <inttypes.h>
#include <stdio.h>

/* clang-format off */
/* The sentence continues "N packets" or "1 packet"; "(first: packet N)" follows. */
static const struct {
	const char *many, *one; /* up to the number of the first packet */
	const char *then;	/* the consequence */
} sentences[CAPTURE_NOTES] = {
	[CAPTURE_BACK] = { "are earlier than the packet before them",
	  "is earlier than the packet before it",
		"the clock does not step back" },
	[CAPTURE_MENDED] = { "begin a jump of the clock", "begins a jump of the clock",
		"from there the clock advances by the gaps between packets" },
	[CAPTURE_NO_TIME] = { "have no time", "has no time",
		"they count as captured with the packet before them" },
	[CAPTURE_SILENCE] = { "come an hour or more after the packet before them",
		"comes an hour or more after the packet before it",
		"if another clock caused this, entries expire too early" },
	[CAPTURE_NANO] = { "have a million microseconds or more",
	  "has a million microseconds or more",
		"the file is read as if it had nanoseconds" },
	[CAPTURE_MICRO] = { "lie in the first millisecond of a second",
		"lies in the first millisecond of a second",
		"the file may store microseconds as nanoseconds; then its gaps are too short" },
	[CAPTURE_OFFLOAD] = { "have IPv4 total length 0", "has IPv4 total length 0",
		"taken as segmentation offload (TSO), as Linux does" },
	[CAPTURE_ZERO_IPV6] = { "have IPv6 payload length 0 before TCP data",
		"has IPv6 payload length 0 before TCP data",
		"probably segmentation offload; such packets are invalid in Linux 6.18" },
	[CAPTURE_ZERO] = { "have IPv4 total length 0 without TCP data",
	  "has IPv4 total length 0 without TCP data",
		"a router drops them before any hook" },
	[CAPTURE_BEYOND] = { "are shorter than their IP length", "is shorter than its IP length",
		"a router drops them before any hook; perhaps a program cut them" },
	[CAPTURE_BROKEN] = { "have an impossible IP header", "has an impossible IP header",
		"a router drops them before any hook" },
	[CAPTURE_CUT_IP] = { "end inside the IP header", "ends inside the IP header",
		"the capture cut them off; conntrack does not see them" },
	[CAPTURE_CUT_TRANSPORT] = { "end inside the transport header",
	  "ends inside the transport header",
		"the capture cut them off; conntrack finds them invalid, or lacks their TCP "
		  "options" },
	[CAPTURE_CUT_LINK] = { "end inside the link header", "ends inside the link header",
		"the capture cut them off; they count as not IP" },
	[CAPTURE_WIRE] = { "are longer in the file than on the wire",
	  "is longer in the file than on the wire",
		"the captured length counts" },
	[CAPTURE_LINK] = { "come from an interface whose link type cannot be decoded",
		"comes from an interface whose link type cannot be decoded",
		"they count as not IP" },
};
/* clang-format on */

void capture_notes_add(struct capture_notes *n, enum capture_note what, uint64_t index, uint64_t ns)
{
	if (!n->of[what].nr++)
		n->of[what].first = index;
	if (ns > n->of[what].most)
		n->of[what].most = ns;
}

static void sentence(const struct capture_notes *n, enum capture_note what, char *buf, size_t size)
{
	const uint64_t nr = n->of[what].nr, most = n->of[what].most;
	char step[48] = "";

	if (most)
		snprintf(step, sizeof(step), ", by up to %.6f s", (double)most / 1e9);
	snprintf(buf, size, "%" PRIu64 " packet%s %s%s (first: packet %" PRIu64 "): %s", nr,
		 nr == 1 ? "" : "s", nr == 1 ? sentences[what].one : sentences[what].many, step,
		 n->of[what].first, sentences[what].then);
}

const char *
capture_notes_text(const struct capture_notes *n, unsigned int *at, char *buf, size_t size)
{
	while (*at < CAPTURE_NOTES) {
		enum capture_note what = (*at)++;

		if (n->of[what].nr) {
			sentence(n, what, buf, size);
			return buf;
		}
	}
	if ((*at)++ > CAPTURE_NOTES || n->ip)
		return NULL;
	snprintf(buf, size,
		 n->packets ? "the capture has no IP packet" : "the capture has no packets");
	return buf;
}
