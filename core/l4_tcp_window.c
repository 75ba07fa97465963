/* SPDX-License-Identifier: MIT */
/*
 * Is a TCP segment inside the windows of the two ends?
 *
 * The idea is Guido van Rooij's ("Real Stateful TCP Packet Filtering in IP
 * Filter", SANE 2000): a device between the ends knows of each of them
 *
 *	td_end		the highest sequence number it has sent, plus one
 *	td_maxend	the highest one its peer has allowed (ack + window)
 *	td_maxwin	the largest window it has offered
 *
 * and considers a segment of the sender valid if
 *
 *	I	seq  <= sender.td_maxend			not beyond what the receiver allows
 *	II	end  >= sender.td_end - receiver.td_maxwin	not older than the receiver's window
 *	III	sack <= receiver.td_end				acknowledges only sent data
 *	IV	sack >= receiver.td_end - MAXACKWINDOW(sender)	not much too old
 *
 * where sack is the acknowledgment, or the right edge of the highest SACK
 * block (RFC 2018) if that is more.  As in netfilter (tcp_in_window()) a segment
 * need only overlap the window.  A segment that fails II or IV, like an old
 * duplicate, is passed but changes no state.
 */
#include "core/l4_tcp.h"

#define TCP_MAX_WSCALE 14     /* RFC 7323, 2.3 */
#define MAXACKWINCONST 66000u /* an acknowledgment may lag by that much with any window */

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_WSCALE = 3,
	OPT_SACK_PERM = 4,
	OPT_SACK = 5,
	OPT_TIMESTAMP = 8
};

/*
 * Reads the option at *at and advances *at: returns its kind, with its length and
 * bytes at *opt.  0 at the end of the options or at a malformed one.
 */
static uint8_t
next_option(const struct tcp_segment *seg, unsigned int *at, const uint8_t **opt, unsigned int *len)
{
	while (*at < seg->optlen && seg->opt[*at] == OPT_NOP)
		(*at)++;
	if (*at + 2 > seg->optlen || seg->opt[*at] == OPT_END)
		return 0;
	*opt = seg->opt + *at;
	*len = (*opt)[1];
	if (*len < 2 || *len > seg->optlen - *at)
		return 0;
	*at += *len;
	return (*opt)[0];
}

void tcp_options(const struct tcp_segment *seg, struct ip_ct_tcp_state *side)
{
	unsigned int at = 0, len;
	const uint8_t *opt;
	uint8_t kind;

	if (!seg->optlen)
		return; /* keep the values of an earlier SYN */
	side->td_scale = 0;
	side->flags &= IP_CT_TCP_FLAG_BE_LIBERAL;
	while ((kind = next_option(seg, &at, &opt, &len))) {
		if (kind == OPT_SACK_PERM && len == 2) {
			side->flags |= IP_CT_TCP_FLAG_SACK_PERM;
		} else if (kind == OPT_WSCALE && len == 3) {
			side->td_scale = opt[2] < TCP_MAX_WSCALE ? opt[2] : TCP_MAX_WSCALE;
			side->flags |= IP_CT_TCP_FLAG_WINDOW_SCALE;
		}
	}
}

/* Only a timestamp with the usual padding (RFC 7323, appendix A): the common case. */
static __always_inline bool only_timestamp(const struct tcp_segment *seg)
{
	static const uint8_t usual[4] = { OPT_NOP, OPT_NOP, OPT_TIMESTAMP, 10 };

	return seg->optlen == 12 && !memcmp(seg->opt, usual, sizeof(usual));
}

/* The right edge of the highest block in the first SACK option, if above ack. */
static uint32_t highest_sack(const struct tcp_segment *seg, uint32_t ack)
{
	unsigned int at = 0, len;
	const uint8_t *opt;
	uint8_t kind;

	while ((kind = next_option(seg, &at, &opt, &len))) {
		if (kind != OPT_SACK || len < 10 || (len - 2) % 8)
			continue;
		for (unsigned int i = 2; i < len; i += 8) {
			uint32_t right;

			memcpy(&right, opt + i + 4, sizeof(right));
			right = ntohl(right);
			if (tcp_after(right, ack))
				ack = right;
		}
		break;
	}
	return ack;
}

/*
 * The sender's SYN (or SYN-ACK) gives its first sequence number, its window and its
 * scale; scaling is used only if both ends offered it (RFC 7323).
 */
static void begin_with_syn(struct ip_ct_tcp_state *sender, struct ip_ct_tcp_state *receiver,
			   enum ip_conntrack_dir dir, const struct tcp_segment *seg)
{
	sender->td_end = sender->td_maxend = seg->end;
	sender->td_maxwin = seg->win ? seg->win : 1;
	tcp_options(seg, sender);
	if (dir == IP_CT_DIR_REPLY &&
	    !(sender->flags & receiver->flags & IP_CT_TCP_FLAG_WINDOW_SCALE))
		sender->td_scale = receiver->td_scale = 0;
}

/* Nothing of this sender was seen before, and this is not a SYN: trust its values. */
static void begin_in_the_middle(struct ip_ct_tcp_state *sender, struct ip_ct_tcp_state *receiver,
				const struct tcp_segment *seg, uint32_t sack)
{
	uint32_t win = (uint32_t)seg->win << sender->td_scale;

	sender->td_end = seg->end;
	sender->td_maxwin = win ? win : 1;
	sender->td_maxend = seg->end + sender->td_maxwin;
	if (!receiver->td_maxwin)
		receiver->td_end = receiver->td_maxend =
			sack; /* so that III and IV hold until it sends */
	else if (sack == receiver->td_end + 1)
		receiver->td_end++; /* the answer to a keepalive, whose byte was below td_end */
}

/* The same segment several times and nothing new from the other side: packets get lost. */
static __always_inline void
count_retransmission(struct ip_ct_tcp *tcp, enum ip_conntrack_dir dir, uint16_t win, uint32_t seq,
		     uint32_t ack, uint32_t end)
{
	if (unlikely(tcp->last_seq == seq && tcp->last_end == end && tcp->last_dir == dir &&
		     tcp->last_ack == ack && tcp->last_win == win)) {
		tcp->retrans++;
		return;
	}
	tcp->last_dir = dir;
	tcp->last_seq = seq;
	tcp->last_ack = ack;
	tcp->last_end = end;
	tcp->last_win = win;
	tcp->retrans = 0;
}

/* Updates the sender's values from a valid segment. */
static __always_inline void learn_sender(struct ip_ct_tcp_state *sender, bool has_ack, uint32_t ack,
					 uint32_t offer, uint32_t end)
{
	if (sender->td_maxwin < offer)
		sender->td_maxwin = offer;
	if (tcp_after(end, sender->td_end)) {
		sender->td_end = end;
		sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	}
	if (has_ack &&
	    (!(sender->flags & IP_CT_TCP_FLAG_MAXACK_SET) || tcp_after(ack, sender->td_maxack))) {
		sender->td_maxack = ack;
		sender->flags |= IP_CT_TCP_FLAG_MAXACK_SET;
	}
}

/* Updates the receiver's: what it may send, and what of its data has arrived. */
static __always_inline void
learn_receiver(struct ip_ct_tcp_state *receiver, const struct ip_ct_tcp_state *sender, uint32_t ack,
	       uint32_t sack, uint32_t win, uint32_t end)
{
	/* the sender exceeded the window that we knew, so it was larger */
	if (receiver->td_maxwin && tcp_after(end, sender->td_maxend))
		receiver->td_maxwin += end - sender->td_maxend;
	if (tcp_after(sack + win, receiver->td_maxend - 1))
		receiver->td_maxend =
			sack + win + !win; /* a closed window may be probed with a byte */
	if (ack == receiver->td_end)
		receiver->flags &= ~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

static __always_inline bool above_td_end_lag(const struct ip_ct_tcp_state *sender,
					     const struct ip_ct_tcp_state *receiver, uint32_t sack)
{
	uint32_t lag = sender->td_maxwin > MAXACKWINCONST ? sender->td_maxwin : MAXACKWINCONST;

	return tcp_after(sack, receiver->td_end - lag - 1);
}

/* Condition II; always true if the receiver's window is unknown. */
static __always_inline bool
in_reach(const struct ip_ct_tcp_state *sender, const struct ip_ct_tcp_state *receiver, uint32_t end)
{
	return tcp_after(end, sender->td_end - receiver->td_maxwin - 1);
}

/* A segment that breaks a rule, unless the rules are unreliable here or switched off. */
static __cold enum tcp_window
unless_liberal(const struct ip_ct_tcp_state *sender, const struct net *net, enum tcp_window verdict,
	       const char *why, uint32_t is, uint32_t bound)
{
	bool liberal = sender->flags & IP_CT_TCP_FLAG_BE_LIBERAL ||
		       load_relaxed(&net->ct.nf_conntrack_tcp_be_liberal);

	nf_ct_l4proto_log_invalid(net, "%s (%u, bound %u)%s", why, is, bound,
				  liberal ? ": accepted, because windows are not enforced"
				  : verdict == TCP_WINDOW_IGNORE ? ": passed, but ignored"
								 : "");
	return liberal ? TCP_WINDOW_ACCEPT : verdict;
}

/*
 * Above what the receiver allows (I).  The peer may accept data that exceed the limit
 * by less than a window.  The end is then remembered; otherwise the acknowledgment of
 * these bytes, and all later segments, would be invalid.
 */
static __cold enum tcp_window
beyond_window(struct ip_ct_tcp_state *sender, const struct ip_ct_tcp_state *receiver, uint32_t sack,
	      uint32_t end, const struct net *net)
{
	uint32_t overshot = end - sender->td_maxend + 1;

	if (receiver->td_maxwin && in_reach(sender, receiver, end) &&
	    overshot <= receiver->td_maxwin && above_td_end_lag(sender, receiver, sack) &&
	    !tcp_after(sack, receiver->td_end)) {
		sender->td_end = end;
		sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
		return unless_liberal(sender, net, TCP_WINDOW_IGNORE,
				      "I: slightly beyond what the receiver allows", end,
				      sender->td_maxend);
	}
	return unless_liberal(sender, net, TCP_WINDOW_INVALID, "I: beyond what the receiver allows",
			      end, sender->td_maxend);
}

enum tcp_window tcp_in_window(struct ip_ct_tcp *tcp, enum ip_conntrack_dir dir,
			      const struct tcp_segment *seg, const struct net *net)
{
	struct ip_ct_tcp_state *sender = &tcp->seen[dir], *receiver = &tcp->seen[!dir];
	uint32_t seq = seg->seq, end = seg->end, ack = seg->ack, sack = ack, win = seg->win;
	uint8_t state = load_relaxed(&tcp->state);

	if (receiver->flags & IP_CT_TCP_FLAG_SACK_PERM && seg->optlen && !only_timestamp(seg))
		sack = highest_sack(seg, ack);

	if (unlikely(!sender->td_maxwin)) {
		if (!(seg->flags & TCPHDR_SYN)) {
			begin_in_the_middle(sender, receiver, seg, sack);
		} else {
			begin_with_syn(sender, receiver, dir, seg);
			if (!(seg->flags & TCPHDR_ACK))
				return TCP_WINDOW_ACCEPT; /* simultaneous open */
		}
	} else if (unlikely(seg->flags & TCPHDR_SYN) && tcp_after(end, sender->td_end) &&
		   (state == TCP_CONNTRACK_SYN_SENT || state == TCP_CONNTRACK_SYN_RECV)) {
		/* The sender starts again, above its old numbers (RFC 9293, 3.4.3). */
		begin_with_syn(sender, receiver, dir, seg);
		if (dir == IP_CT_DIR_REPLY && !(seg->flags & TCPHDR_ACK))
			return TCP_WINDOW_ACCEPT;
	}

	/* No acknowledgment, or the 0 that some stacks put into a RST: treat it as right. */
	if (unlikely(!(seg->flags & TCPHDR_ACK) || (seg->flags & TCPHDR_RST && !ack)))
		ack = sack = receiver->td_end;
	/* A closed port answers a SYN with a RST of sequence number 0 (RFC 9293, 3.10.7.1). */
	if (unlikely(seg->flags & TCPHDR_RST && !seq && state == TCP_CONNTRACK_SYN_SENT))
		seq = end = sender->td_end;

	if (unlikely(tcp_after(seq, sender->td_maxend)))
		return beyond_window(sender, receiver, sack, end, net);
	if (unlikely(tcp_after(sack, receiver->td_end)))
		return unless_liberal(sender, net, TCP_WINDOW_INVALID,
				      "III: acknowledges data that were never sent", sack,
				      receiver->td_end);
	if (unlikely(receiver->td_maxwin && !in_reach(sender, receiver, end)))
		return unless_liberal(sender, net, TCP_WINDOW_IGNORE,
				      "II: data older than the receiver's window", end,
				      sender->td_end - receiver->td_maxwin);
	if (unlikely(!above_td_end_lag(sender, receiver, sack)))
		return unless_liberal(sender, net, TCP_WINDOW_IGNORE, "IV: acknowledgment too old",
				      sack, receiver->td_end);

	if (likely(!(seg->flags & TCPHDR_SYN)))
		win <<= sender->td_scale; /* a SYN's window is never scaled */
	learn_sender(sender, seg->flags & TCPHDR_ACK, ack, win + (sack - ack), end);
	learn_receiver(receiver, sender, ack, sack, win, end);
	if (seg->kind == TCP_ACK_SET)
		count_retransmission(tcp, dir, seg->win, seq, ack, end);
	return TCP_WINDOW_ACCEPT;
}
