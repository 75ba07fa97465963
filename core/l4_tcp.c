/* SPDX-License-Identifier: MIT */
/*
 * The TCP tracker: how a segment changes its connection.
 *
 * A device between the ends sees packets that may still be lost.  So it cannot
 * follow one state machine; it has to guess the states of two.  The table below says
 * which state a segment leads to.  The functions after it handle the cases that the
 * table cannot: segments that show that we are out of step with the ends, resets,
 * simultaneous opens.  States, transitions and special cases are those of
 * nf_conntrack_proto_tcp.c in Linux 6.18.
 */
#include "core/l4_tcp.h"

static const char *const state_names[] = {
	"NONE",	      "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
	"CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",	      "SYN_SENT2",
};
_Static_assert(ARRAY_SIZE(state_names) == TCP_CONNTRACK_MAX, "a name for every state");

const char *nf_ct_tcp_state_name(unsigned int state)
{
	return state < ARRAY_SIZE(state_names) ? state_names[state] : "UNKNOWN";
}

#define NO TCP_CONNTRACK_NONE
#define SS TCP_CONNTRACK_SYN_SENT
#define SR TCP_CONNTRACK_SYN_RECV
#define ES TCP_CONNTRACK_ESTABLISHED
#define FW TCP_CONNTRACK_FIN_WAIT
#define CW TCP_CONNTRACK_CLOSE_WAIT
#define LA TCP_CONNTRACK_LAST_ACK
#define TW TCP_CONNTRACK_TIME_WAIT
#define CL TCP_CONNTRACK_CLOSE
#define S2 TCP_CONNTRACK_SYN_SENT2
#define IV TCP_CONNTRACK_MAX	/* impossible: the packet is invalid */
#define IG TCP_CONNTRACK_IGNORE /* our state may be wrong: pass it and wait for the answer */

/*
 * The next state, by state and kind of segment.  8 columns, so that indexing needs a
 * shift and no multiplication; the last three are unused.
 */
static const uint8_t next_state[IP_CT_DIR_MAX][TCP_CONNTRACK_MAX][8] = {
	[IP_CT_DIR_ORIGINAL] = {
		/*	 SYN, SYN-ACK, FIN, ACK, RST */
		[NO] = { SS, IV, IV, ES, IV, IV, IV, IV },	/* ACK: mid-stream, if tcp_loose */
		[SS] = { SS, IV, IV, IV, CL, IV, IV, IV },
		[SR] = { IG, SR, FW, ES, CL, IV, IV, IV },	/* SYN-ACK: again */
		[ES] = { IG, IV, FW, ES, CL, IV, IV, IV },	/* SYN: restarted? */
		[FW] = { IG, IV, LA, CW, CL, IV, IV, IV },	/* FIN: the other's, or again */
		[CW] = { IG, IV, LA, CW, CL, IV, IV, IV },
		[LA] = { IG, IV, LA, TW, CL, IV, IV, IV },
		[TW] = { SS, IV, TW, TW, CL, IV, IV, IV },	/* SYN: reopened (RFC 1122) */
		[CL] = { SS, IV, CL, CL, CL, IV, IV, IV },
		[S2] = { S2, SR, IV, IV, CL, IV, IV, IV },
	},
	[IP_CT_DIR_REPLY] = {
		[NO] = { IV, IV, IV, IV, IV, IV, IV, IV },
		[SS] = { S2, SR, IV, IG, CL, IV, IV, IV },	/* ACK: to an old connection? */
		[SR] = { IV, IG, FW, SR, CL, IV, IV, IV },
		[ES] = { IV, IG, FW, ES, CL, IV, IV, IV },	/* SYN-ACK: to an ignored SYN? */
		[FW] = { IV, IG, LA, CW, CL, IV, IV, IV },
		[CW] = { IV, IG, LA, CW, CL, IV, IV, IV },
		[LA] = { IV, IG, LA, TW, CL, IV, IV, IV },
		[TW] = { SS, IG, TW, TW, CL, IV, IV, IV },	/* SYN: roles exchanged */
		[CL] = { IV, IG, CL, CL, CL, IV, IV, IV },
		[S2] = { S2, SR, IV, IG, CL, IV, IV, IV },
	},
};

static const char *const kind_names[TCP_NONE_SET] = { "SYN", "SYN-ACK", "FIN", "ACK", "RST" };

/*
 * A segment's kind by its flags without PSH, ECE and CWR, plus one; 0 for
 * combinations that only scanners send.
 */
static const uint8_t kind_of[64] = {
	[TCPHDR_SYN] = TCP_SYN_SET + 1,
	[TCPHDR_SYN | TCPHDR_URG] = TCP_SYN_SET + 1,
	[TCPHDR_SYN | TCPHDR_ACK] = TCP_SYNACK_SET + 1,
	[TCPHDR_FIN | TCPHDR_ACK] = TCP_FIN_SET + 1,
	[TCPHDR_FIN | TCPHDR_ACK | TCPHDR_URG] = TCP_FIN_SET + 1,
	[TCPHDR_ACK] = TCP_ACK_SET + 1,
	[TCPHDR_ACK | TCPHDR_URG] = TCP_ACK_SET + 1,
	[TCPHDR_RST] = TCP_RST_SET + 1,
	[TCPHDR_RST | TCPHDR_ACK] = TCP_RST_SET + 1,
};

/*
 * Reads the packet's header; false if it is broken (tcp_error): too short, an
 * impossible length, or invalid flags.
 */
static __always_inline bool tcp_segment_read(struct tcp_segment *seg, const struct sk_buff *skb,
					     unsigned int dataoff, const struct net *net)
{
	const struct tcphdr_view *th = skb_header_pointer(skb, dataoff, sizeof(*th));
	unsigned int len = skb->len - dataoff, hdrlen;
	uint8_t kind;

	if (unlikely(!th)) {
		nf_ct_l4proto_log_invalid(net, "its header has only %u bytes", len);
		return false;
	}
	hdrlen = (th->doff_res >> 4) * 4u;
	kind = kind_of[th->flags & (ARRAY_SIZE(kind_of) - 1) & ~TCPHDR_PSH];
	if (unlikely(hdrlen < sizeof(*th) || hdrlen > len || !kind)) {
		if (kind)
			nf_ct_l4proto_log_invalid(net, "its header claims %u bytes of %u", hdrlen,
						  len);
		else
			nf_ct_l4proto_log_invalid(net, "it has the invalid flags 0x%02x",
						  th->flags);
		return false;
	}
	seg->kind = kind - 1;
	seg->flags = th->flags;
	seg->seq = ntohl(th->seq);
	seg->ack = ntohl(th->ack_seq);
	seg->win = ntohs(th->window);
	seg->end =
		seg->seq + (len - hdrlen) + !!(th->flags & TCPHDR_SYN) + (th->flags & TCPHDR_FIN);
	seg->optlen = (uint8_t)(hdrlen - sizeof(*th));
	seg->opt = (const uint8_t *)(th + 1);
	/* a capture may have the header without its options */
	if (unlikely(seg->optlen && !skb_header_pointer(skb, dataoff, hdrlen)))
		seg->optlen = 0;
	return true;
}

/*
 * The first packet of a connection (tcp_new), which no other thread can see yet.
 * False: such a segment cannot open one.
 */
static __cold bool tcp_new(struct nf_conn *ct, const struct tcp_segment *seg, const struct net *net)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	struct ip_ct_tcp_state *client = &tcp->seen[IP_CT_DIR_ORIGINAL];
	unsigned int state = next_state[IP_CT_DIR_ORIGINAL][TCP_CONNTRACK_NONE][seg->kind];

	if (state >= TCP_CONNTRACK_MAX) {
		nf_ct_l4proto_log_invalid(net, "a %s cannot open a connection",
					  kind_names[seg->kind]);
		return false;
	}
	if (state != TCP_CONNTRACK_SYN_SENT && !load_relaxed(&net->ct.nf_conntrack_tcp_loose)) {
		nf_ct_l4proto_log_invalid(
			net, "with nf_conntrack_tcp_loose=0 no connection is picked up mid-stream");
		return false;
	}
	memset(tcp, 0, sizeof(*tcp));
	tcp->last_index = TCP_NONE_SET;
	client->td_end = client->td_maxend = seg->end;
	client->td_maxwin = seg->win ? seg->win : 1;
	if (state == TCP_CONNTRACK_SYN_SENT) {
		tcp_options(seg, client);
		return true;
	}
	/* Mid-stream: we did not see whether windows are scaled and SACK is permitted. */
	client->td_maxend += client->td_maxwin;
	tcp->seen[0].flags = tcp->seen[1].flags =
		IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL;
	return true;
}

/* A transition from one state to the next. */
struct tcp_move {
	const struct tcp_segment *seg;
	enum ip_conntrack_dir dir;
	uint32_t status; /* the connection's, read once */
	uint8_t old, new;
};

/* What to do with the segment. */
enum tcp_step {
	TCP_TO_WINDOW, /* check the windows, then accept it */
	TCP_TAKE,      /* accept it without that check */
	TCP_PASS,      /* pass it, change nothing more */
	TCP_REFUSE,    /* invalid */
	TCP_REOPEN,    /* the entry is of an earlier connection: kill it, look up again */
};

/* The SYN-ACK to a SYN that we had ignored: the ends agree, so start again with that SYN. */
static void resynchronise(struct ip_ct_tcp *tcp, struct tcp_move *m)
{
	struct ip_ct_tcp_state *client = &tcp->seen[tcp->last_dir], *server = &tcp->seen[m->dir];

	m->old = TCP_CONNTRACK_SYN_SENT;
	m->new = TCP_CONNTRACK_SYN_RECV;
	tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;
	client->td_end = client->td_maxend = tcp->last_end;
	client->td_maxwin = tcp->last_win ? tcp->last_win : 1;
	client->td_scale = tcp->last_wscale;
	client->flags = tcp->last_flags;
	*server = (struct ip_ct_tcp_state){ .flags = server->flags & IP_CT_TCP_FLAG_BE_LIBERAL };
}

/* A SYN that does not fit: remember it, because the server may know more than we do. */
static void remember_syn(struct ip_ct_tcp *tcp, const struct tcp_move *m)
{
	struct ip_ct_tcp_state said = { 0 };

	tcp_options(m->seg, &said);
	tcp->last_wscale = said.td_scale;
	tcp->last_flags = said.flags & (IP_CT_TCP_FLAG_WINDOW_SCALE | IP_CT_TCP_FLAG_SACK_PERM);
	/* If the server challenges it (RFC 5961, 4.2), that ACK is not for the last FIN. */
	if (m->old == TCP_CONNTRACK_LAST_ACK)
		tcp->last_flags |= IP_CT_EXP_CHALLENGE_ACK;
}

/*
 * Segments for which either they or our state may be wrong: a SYN in an open
 * connection, an unexpected SYN-ACK or ACK.
 */
static enum tcp_step tcp_out_of_step(struct ip_ct_tcp *tcp, struct tcp_move *m)
{
	const struct tcp_segment *seg = m->seg;

	if (seg->kind == TCP_SYNACK_SET && tcp->last_index == TCP_SYN_SET &&
	    tcp->last_dir != m->dir && seg->ack == tcp->last_end) {
		resynchronise(tcp, m);
		return TCP_TO_WINDOW;
	}
	tcp->last_index = seg->kind;
	tcp->last_dir = m->dir;
	tcp->last_seq = seg->seq;
	tcp->last_end = seg->end;
	tcp->last_win = seg->win;
	if (seg->kind == TCP_SYN_SET && m->dir == IP_CT_DIR_ORIGINAL)
		remember_syn(tcp, m);
	/* A challenge to the client's SYN: its RST will have this number. */
	if (m->old == TCP_CONNTRACK_SYN_SENT && seg->kind == TCP_ACK_SET &&
	    m->dir == IP_CT_DIR_REPLY)
		tcp->last_ack = seg->ack;
	return TCP_PASS;
}

/* A SYN after a connection that was closed in order, or that its sender has reset. */
static bool may_reopen(const struct ip_ct_tcp *tcp, const struct tcp_move *m)
{
	return (tcp->seen[0].flags | tcp->seen[1].flags) & IP_CT_TCP_FLAG_CLOSE_INIT ||
	       (tcp->last_dir == m->dir && tcp->last_index == TCP_RST_SET);
}

/* Closing states have nothing left to protect. */
static bool is_closing(unsigned int state)
{
	return state == TCP_CONNTRACK_FIN_WAIT || state == TCP_CONNTRACK_CLOSE_WAIT ||
	       state == TCP_CONNTRACK_LAST_ACK || state == TCP_CONNTRACK_TIME_WAIT ||
	       state == TCP_CONNTRACK_CLOSE;
}

/*
 * A reset ends a connection only if its receiver will accept it.  In an established
 * connection it must have exactly the next sequence number (RFC 5961, 3.2); others
 * are challenged, so the state stays and only the timeout is reduced.
 */
static enum tcp_step tcp_reset(const struct nf_conn *ct, struct tcp_move *m, const struct net *net)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;
	const struct ip_ct_tcp_state *receiver = &tcp->seen[!m->dir];
	bool established = m->old == TCP_CONNTRACK_ESTABLISHED && m->status & IPS_ASSURED;
	uint32_t seq = m->seg->seq;

	if (is_closing(m->old))
		return TCP_TAKE;
	/* after a SYN that we passed, td_maxack may be of an earlier connection */
	if (receiver->flags & IP_CT_TCP_FLAG_MAXACK_SET && tcp->last_index != TCP_SYN_SET) {
		if (!seq && !established)
			return TCP_TO_WINDOW; /* a closed port's answer to a SYN */
		if (tcp_before(seq, receiver->td_maxack) &&
		    !load_relaxed(&net->ct.nf_conntrack_tcp_ignore_invalid_rst)) {
			nf_ct_l4proto_log_invalid(
				net,
				"the reset's number %u is below %u, which was acknowledged already",
				seq, receiver->td_maxack);
			return TCP_REFUSE;
		}
		if (!established || seq == receiver->td_maxack)
			return TCP_TO_WINDOW;
		/* directly after data of the same sender, which may not have arrived yet */
		if (tcp->last_index == TCP_ACK_SET && tcp->last_dir == m->dir &&
		    seq == tcp->last_end)
			return TCP_TO_WINDOW;
		m->new = m->old;
	}
	/* The answer to a SYN or an ACK that we passed without accepting it. */
	if (((m->status & IPS_SEEN_REPLY && tcp->last_index == TCP_SYN_SET &&
	      tcp->last_dir != m->dir) ||
	     (!(m->status & IPS_ASSURED) && tcp->last_index == TCP_ACK_SET)) &&
	    m->seg->ack == tcp->last_end)
		return TCP_TAKE;
	/* The client's answer to the challenge of its SYN. */
	if (m->old == TCP_CONNTRACK_SYN_SENT && tcp->last_index == TCP_ACK_SET &&
	    tcp->last_dir == IP_CT_DIR_REPLY && seq == tcp->last_ack)
		return TCP_TAKE;
	return TCP_TO_WINDOW;
}

/* Everything that the table alone cannot decide. */
static __cold enum tcp_step
tcp_special(struct nf_conn *ct, struct tcp_move *m, const struct net *net)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;

	switch (m->new) {
	case TCP_CONNTRACK_SYN_SENT:
		if (m->old < TCP_CONNTRACK_TIME_WAIT)
			return TCP_TO_WINDOW;
		return may_reopen(tcp, m) ? TCP_REOPEN : tcp_out_of_step(tcp, m);
	case TCP_CONNTRACK_IGNORE:
		return tcp_out_of_step(tcp, m);
	case TCP_CONNTRACK_MAX:
		nf_ct_l4proto_log_invalid(net, "a %s from the %s is invalid in state %s",
					  kind_names[m->seg->kind], m->dir ? "server" : "client",
					  state_names[m->old]);
		return TCP_REFUSE;
	case TCP_CONNTRACK_TIME_WAIT:
		if (m->old == TCP_CONNTRACK_LAST_ACK && m->seg->kind == TCP_ACK_SET &&
		    tcp->last_dir != m->dir && tcp->last_index == TCP_SYN_SET &&
		    tcp->last_flags & IP_CT_EXP_CHALLENGE_ACK) {
			tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;
			return TCP_PASS;
		}
		return TCP_TO_WINDOW;
	case TCP_CONNTRACK_SYN_SENT2:
		tcp->last_flags |= IP_CT_TCP_SIMULTANEOUS_OPEN;
		return TCP_TO_WINDOW;
	case TCP_CONNTRACK_SYN_RECV:
		/* both have sent SYN and SYN-ACK: the ACK of either completes it */
		if (m->dir == IP_CT_DIR_REPLY && m->seg->kind == TCP_ACK_SET &&
		    tcp->last_flags & IP_CT_TCP_SIMULTANEOUS_OPEN)
			m->new = TCP_CONNTRACK_ESTABLISHED;
		return TCP_TO_WINDOW;
	case TCP_CONNTRACK_CLOSE:
		return m->seg->kind == TCP_RST_SET ? tcp_reset(ct, m, net) : TCP_TO_WINDOW;
	default:
		return TCP_TO_WINDOW;
	}
}

/*
 * FINs or RSTs from both sides, all out of window: the connection has probably
 * ended and we have lost track.  Do not keep the entry for days
 * (nf_tcp_handle_invalid).
 */
static __cold void tcp_doubt(struct nf_conn *ct, const struct tcp_move *m, const struct net *net)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	uint8_t kind = m->seg->kind;
	uint32_t now, left, timeout;

	if (!(m->status & IPS_ASSURED) || m->status & IPS_FIXED_TIMEOUT)
		return;
	if (kind != TCP_FIN_SET && kind != TCP_RST_SET)
		return;
	if (tcp->last_dir == m->dir ||
	    (tcp->last_index != TCP_FIN_SET && tcp->last_index != TCP_RST_SET)) {
		tcp->last_index = kind;
		tcp->last_dir = m->dir;
		return;
	}
	now = nfct_time_stamp(net->core);
	left = nf_ct_expires(ct, now);
	timeout = load_relaxed(&net->ct.timeouts.tcp[TCP_CONNTRACK_UNACK]);
	if (left >= 120 * NF_CT_HZ && left > timeout)
		store_relaxed(&ct->timeout, timeout + now);
}

/* The connection's timeout after this segment. */
static __always_inline uint32_t tcp_timeout(const struct ip_ct_tcp *tcp, const struct tcp_move *m,
					    const struct net *net)
{
	const _Atomic uint32_t *timeouts = net->ct.timeouts.tcp;
	uint32_t timeout = load_relaxed(&timeouts[m->new]), less;

	if (unlikely(tcp->retrans >= load_relaxed(&net->ct.nf_conntrack_tcp_max_retrans))) {
		less = load_relaxed(&timeouts[TCP_CONNTRACK_RETRANS]);
		if (less < timeout)
			return less;
	}
	if (unlikely(m->seg->kind == TCP_RST_SET))
		return load_relaxed(&timeouts[TCP_CONNTRACK_CLOSE]);
	if ((tcp->seen[0].flags | tcp->seen[1].flags) & IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED) {
		less = load_relaxed(&timeouts[TCP_CONNTRACK_UNACK]);
		if (less < timeout)
			return less;
	}
	if (unlikely(!tcp->last_win)) {
		less = load_relaxed(&timeouts[TCP_CONNTRACK_RETRANS]);
		if (less < timeout)
			return less;
	}
	return timeout;
}

/* Before any answer.  True: the timeout does not change. */
static __cold bool tcp_unreplied(struct nf_conn *ct, const struct sk_buff *skb,
				 const struct tcp_move *m, const struct net *net, uint32_t *timeout)
{
	uint32_t unack = load_relaxed(&net->ct.timeouts.tcp[TCP_CONNTRACK_UNACK]);

	/* The first answer is a refusal: the entry is not needed. */
	if (m->seg->kind == TCP_RST_SET) {
		nf_ct_acct_add(ct, m->dir, 1, skb->len);
		nf_ct_kill(ct);
		return true;
	}
	/* A retransmitted SYN does not refresh the timeout. */
	if (m->seg->kind == TCP_SYN_SET && m->old == TCP_CONNTRACK_SYN_SENT)
		return true;
	/* Picked up mid-stream: no timeout of days before the other side has answered. */
	if (m->new == TCP_CONNTRACK_ESTABLISHED &&*timeout > unack)
		*timeout = unack;
	return false;
}

int nf_conntrack_tcp_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
			    enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	const struct net *net = state->net;
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	struct tcp_segment seg;
	struct tcp_move m = { .seg = &seg, .dir = CTINFO2DIR(ctinfo) };
	enum tcp_window window;
	uint32_t timeout;

	if (unlikely(!tcp_segment_read(&seg, skb, dataoff, net)))
		return -NF_ACCEPT;
	if (nf_ct_checksum_wanted(skb, state) &&
	    unlikely(!nf_checksum_ok(skb, dataoff, IPPROTO_TCP))) {
		nf_ct_l4proto_log_invalid(net, "its checksum is wrong");
		return -NF_ACCEPT;
	}
	m.status = nf_ct_status(ct);
	if (unlikely(!(m.status & IPS_CONFIRMED)) && !tcp_new(ct, &seg, net))
		return -NF_ACCEPT;

	spin_lock(&ct->lock, CT_LOCK_CONN);
	m.old = load_relaxed(&tcp->state);
	m.new = next_state[m.dir][m.old][seg.kind];
	if (unlikely(m.new != TCP_CONNTRACK_ESTABLISHED)) {
		switch (tcp_special(ct, &m, net)) {
		case TCP_TO_WINDOW:
			break;
		case TCP_TAKE:
			goto take;
		case TCP_PASS:
			spin_unlock(&ct->lock);
			nf_ct_l4proto_log_invalid(
				net, "a %s does not fit state %s: passed, to wait for the answer",
				kind_names[seg.kind], state_names[m.old]);
			return NF_ACCEPT;
		case TCP_REFUSE:
			spin_unlock(&ct->lock);
			return -NF_ACCEPT;
		case TCP_REOPEN:
			spin_unlock(&ct->lock);
			/* If not, another thread removes it: the next packet will not find it. */
			return nf_ct_kill(ct) ? -(int)NF_REPEAT : -(int)NF_DROP;
		}
	}
	window = tcp_in_window(tcp, m.dir, &seg, net);
	if (unlikely(window != TCP_WINDOW_ACCEPT)) {
		if (window == TCP_WINDOW_INVALID)
			tcp_doubt(ct, &m, net);
		spin_unlock(&ct->lock);
		return window == TCP_WINDOW_IGNORE ? (int)NF_ACCEPT : -(int)NF_ACCEPT;
	}
take:
	tcp->last_index = seg.kind;
	tcp->last_dir = m.dir;
	if (unlikely(m.new != m.old)) {
		store_relaxed(&tcp->state, m.new);
		if (m.new == TCP_CONNTRACK_FIN_WAIT)
			tcp->seen[m.dir].flags |= IP_CT_TCP_FLAG_CLOSE_INIT;
	}
	timeout = tcp_timeout(tcp, &m, net);
	spin_unlock(&ct->lock);
	if (unlikely(m.new != m.old))
		nf_conntrack_event_cache(ct, IPCT_PROTOINFO);

	if (unlikely(!(m.status & IPS_SEEN_REPLY))) {
		if (tcp_unreplied(ct, skb, &m, net, &timeout))
			return NF_ACCEPT;
	} else if (unlikely(!(m.status & IPS_ASSURED)) && m.new == TCP_CONNTRACK_ESTABLISHED &&
		   (m.old == TCP_CONNTRACK_SYN_RECV || m.old == TCP_CONNTRACK_ESTABLISHED)) {
		nf_ct_set_assured(ct);
	}
	nf_ct_refresh_acct(ct, net, ctinfo, skb, timeout);
	return NF_ACCEPT;
}

static const char *tcp_state_name(const struct nf_conn *ct)
{
	return nf_ct_tcp_state_name(load_relaxed(&ct->proto.tcp.state));
}

static bool tcp_can_early_drop(const struct nf_conn *ct)
{
	return is_closing(load_relaxed(&ct->proto.tcp.state));
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_tcp = {
	.l4proto = IPPROTO_TCP,
	.name = "tcp",
	.pkt_to_tuple = nf_ct_ports_pkt_to_tuple,
	.invert_tuple = nf_ct_ports_invert_tuple,
	.print_tuple = nf_ct_ports_print_tuple,
	.state_name = tcp_state_name,
	.packet = nf_conntrack_tcp_packet,
	NF_CT_PORT_NLATTR,
	.to_nlattr = nf_ct_tcp_to_nlattr,
	.from_nlattr = nf_ct_tcp_from_nlattr,
	.nlattr_size = NF_CT_TCP_NLATTR_SIZE,
	.can_early_drop = tcp_can_early_drop,
};
