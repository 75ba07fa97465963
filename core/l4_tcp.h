/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of the TCP tracker: a segment as read from the packet, and the
 * flags of struct ip_ct_tcp_state.  Not for other files, except tools that show a
 * connection's state.
 */
#ifndef CTBENCH_CORE_L4_TCP_H
#define CTBENCH_CORE_L4_TCP_H

#include "core/conntrack.h"

/* ip_ct_tcp_state.flags and ip_ct_tcp.last_flags; values as in the kernel's uapi headers */
#define IP_CT_TCP_FLAG_WINDOW_SCALE 0x01 /* sent the option */
#define IP_CT_TCP_FLAG_SACK_PERM    0x02 /* sent the option */
#define IP_CT_TCP_FLAG_CLOSE_INIT   0x04 /* its FIN came first */
#define IP_CT_TCP_FLAG_BE_LIBERAL   0x08 /* picked up in mid-stream, windows guessed */
#define IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED \
	0x10			       /* sent data that the other side has not acknowledged */
#define IP_CT_TCP_FLAG_MAXACK_SET 0x20 /* td_maxack is valid */
#define IP_CT_EXP_CHALLENGE_ACK \
	0x40 /* last_flags: a SYN in LAST_ACK may be challenged (RFC 5961) */
#define IP_CT_TCP_SIMULTANEOUS_OPEN 0x80 /* last_flags: both sides sent a SYN */

/* The header's flags. */
#define TCPHDR_FIN 0x01
#define TCPHDR_SYN 0x02
#define TCPHDR_RST 0x04
#define TCPHDR_PSH 0x08
#define TCPHDR_ACK 0x10
#define TCPHDR_URG 0x20

/* The kind of a segment for the state machine: RST before SYN, SYN before FIN, FIN before ACK. */
enum tcp_bit_set {
	TCP_SYN_SET,
	TCP_SYNACK_SET,
	TCP_FIN_SET,
	TCP_ACK_SET,
	TCP_RST_SET,
	TCP_NONE_SET, /* a combination of flags that is not allowed */
};

/* A segment in host byte order. */
struct tcp_segment {
	uint32_t seq, ack;
	uint32_t end;  /* the sequence number after it: SYN, data and FIN count */
	uint16_t win;  /* as in the header, not scaled */
	uint8_t flags; /* TCPHDR_* */
	uint8_t kind;  /* enum tcp_bit_set */
	uint8_t optlen;
	const uint8_t *opt; /* optlen bytes */
};

/* Sequence numbers wrap: a comes before b if the distance from a to b is the shorter one. */
static __always_inline bool tcp_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static __always_inline bool tcp_after(uint32_t a, uint32_t b)
{
	return tcp_before(b, a);
}

enum tcp_window {
	TCP_WINDOW_ACCEPT,
	TCP_WINDOW_IGNORE, /* harmless but without information: pass it, change nothing */
	TCP_WINDOW_INVALID,
};

/*
 * Is the segment, sent in direction dir, inside the windows of the two ends?  If so,
 * updates tcp from it.  Under the connection's lock.
 */
enum tcp_window tcp_in_window(struct ip_ct_tcp *tcp, enum ip_conntrack_dir dir,
			      const struct tcp_segment *seg, const struct net *net);

/* Reads window scale and SACK permitted from the options, if any, into side->td_scale and flags. */
void tcp_options(const struct tcp_segment *seg, struct ip_ct_tcp_state *side);

#endif
