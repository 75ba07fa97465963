/* SPDX-License-Identifier: MIT */
/*
 * SCTP (RFC 9260).  A packet is a header with a verification tag, which shows that
 * the sender knows the association, and chunks, some of which change its state.  An
 * association may use more addresses, whose paths start with a heartbeat; and both
 * ends may start at the same time (INIT collision, 5.2.1).  States and transitions
 * are those of nf_conntrack_proto_sctp.c in Linux 6.18.
 */
#include "core/conntrack.h"

struct sctphdr_view {
	uint16_t source, dest;
	uint32_t vtag, checksum;
} __attribute__((packed));

struct sctp_chunk_view {
	uint8_t type, flags;
	uint16_t length; /* of the chunk with this header, without padding */
} __attribute__((packed));

#define CHUNK_FLAG_T 0x01 /* the tag is the other direction's, because the sender has none */

enum {
	CID_DATA = 0,
	CID_INIT = 1,
	CID_INIT_ACK = 2,
	CID_HEARTBEAT = 4,
	CID_HEARTBEAT_ACK = 5,
	CID_ABORT = 6,
	CID_SHUTDOWN = 7,
	CID_SHUTDOWN_ACK = 8,
	CID_ERROR = 9,
	CID_COOKIE_ECHO = 10,
	CID_COOKIE_ACK = 11,
	CID_SHUTDOWN_COMPLETE = 14,
	CIDS,
};
#define BIT(cid) (1u << (cid))

#define HEARTBEAT_VTAG_FAILED 1 /* ip_ct_sctp.flags */

#define NO SCTP_CONNTRACK_NONE
#define CL SCTP_CONNTRACK_CLOSED
#define CW SCTP_CONNTRACK_COOKIE_WAIT
#define CE SCTP_CONNTRACK_COOKIE_ECHOED
#define ES SCTP_CONNTRACK_ESTABLISHED
#define SS SCTP_CONNTRACK_SHUTDOWN_SENT
#define SR SCTP_CONNTRACK_SHUTDOWN_RECD
#define SA SCTP_CONNTRACK_SHUTDOWN_ACK_SENT
#define HS SCTP_CONNTRACK_HEARTBEAT_SENT
#define IV SCTP_CONNTRACK_MAX

/* The columns of the table below, plus one; other chunks change nothing. */
static const uint8_t column[CIDS] = {
	[CID_INIT] = 1,	       [CID_INIT_ACK] = 2,	 [CID_ABORT] = 3,
	[CID_SHUTDOWN] = 4,    [CID_SHUTDOWN_ACK] = 5,	 [CID_ERROR] = 6,
	[CID_COOKIE_ECHO] = 7, [CID_COOKIE_ACK] = 8,	 [CID_SHUTDOWN_COMPLETE] = 9,
	[CID_HEARTBEAT] = 10,  [CID_HEARTBEAT_ACK] = 11,
};

static const uint8_t next_state[IP_CT_DIR_MAX][SCTP_CONNTRACK_MAX][11] = {
	[IP_CT_DIR_ORIGINAL] = {
		/*    INIT IACK ABRT SHUT SACK ERR  ECHO CACK COMP HB  HBACK */
		[NO] = { CL, CL, CL, CL, SA, CL, CL, CL, CL, HS, CL },
		[CL] = { CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL },
		[CW] = { CW, CW, CL, CW, CW, CW, CE, CW, CW, CW, CW },
		[CE] = { CE, CE, CL, CE, CE, CE, CE, ES, CE, CE, CE },
		[ES] = { ES, ES, CL, SS, ES, ES, ES, ES, ES, ES, ES },
		[SS] = { CL, SS, CL, SS, SA, SS, SS, SS, SS, SS, SS },
		[SR] = { CL, SR, CL, SR, SA, SR, SR, SR, SR, SR, SR },
		[SA] = { SA, SA, CL, SA, SA, SA, SA, SA, CL, SA, SA },
		[HS] = { CW, CL, CL, CL, SA, CL, CL, CL, CL, HS, HS },
	},
	[IP_CT_DIR_REPLY] = {
		[NO] = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
		[CL] = { CL, CW, CL, CL, CL, CL, CL, CL, CL, CL, CL },
		[CW] = { CW, CW, CL, CW, CW, CW, CE, CW, CW, CW, CW },
		[CE] = { CE, CE, CL, CE, CE, CL, CE, ES, CE, CE, CE },
		[ES] = { ES, ES, CL, SR, ES, ES, ES, ES, ES, ES, ES },
		[SS] = { SS, SS, CL, SS, SA, SS, SS, SS, SS, SS, SS },
		[SR] = { SR, SR, CL, SR, SA, SR, SR, SR, SR, SR, SR },
		[SA] = { SA, SA, CL, SA, SA, SA, SA, SA, CL, SA, SA },
		[HS] = { IV, IV, IV, IV, IV, IV, IV, IV, IV, HS, ES },
	},
};

static unsigned int sctp_next(enum ip_conntrack_dir dir, unsigned int state, uint8_t type)
{
	return type < CIDS && column[type] ? next_state[dir][state][column[type] - 1] : state;
}

/* The chunk at *off; advances *off to the next; NULL: no more. */
static const struct sctp_chunk_view *next_chunk(const struct sk_buff *skb, unsigned int *off)
{
	const struct sctp_chunk_view *ch;

	if (*off >= skb->len)
		return NULL;
	ch = skb_header_pointer(skb, *off, sizeof(*ch));
	if (ch)
		*off += (ntohs(ch->length) + 3u) & ~3u;
	return ch;
}

/*
 * The chunks of the packet, as bits; 0 if the packet is malformed: no chunk, INIT,
 * INIT ACK or SHUTDOWN COMPLETE together with others (6.10), a cookie that is not
 * first, or a chunk without a length, after which the next cannot be found.
 */
static uint32_t chunks_in(const struct sk_buff *skb, unsigned int off)
{
	const uint32_t alone = BIT(CID_INIT) | BIT(CID_INIT_ACK) | BIT(CID_SHUTDOWN_COMPLETE);
	const uint32_t first = BIT(CID_COOKIE_ECHO) | BIT(CID_COOKIE_ACK);
	const struct sctp_chunk_view *ch;
	uint32_t seen = 0;

	for (bool begin = true; (ch = next_chunk(skb, &off)); begin = false) {
		uint32_t bit = ch->type < CIDS ? BIT(ch->type) : BIT(CIDS);

		if (!ch->length || (!begin && (bit & first || (bit | seen) & alone)))
			return 0;
		seen |= bit;
	}
	return seen;
}

/* The tag that an INIT or INIT ACK at off tells the other side to use. */
static bool init_tag(const struct sk_buff *skb, const struct sctp_chunk_view *ch, uint32_t *tag)
{
	unsigned int off = (unsigned int)((const uint8_t *)ch - skb->data);
	const uint8_t *init = skb_header_pointer(skb, off + sizeof(*ch), 16);

	if (!init)
		return false;
	memcpy(tag, init, sizeof(*tag));
	*tag = ntohl(*tag);
	return true;
}

/* The first packet: false if it cannot open an association. */
static bool sctp_new(struct nf_conn *ct, const struct sk_buff *skb, unsigned int off, uint32_t vtag)
{
	struct ip_ct_sctp *sctp = &ct->proto.sctp;
	const struct sctp_chunk_view *ch;

	memset(sctp, 0, sizeof(*sctp));
	while ((ch = next_chunk(skb, &off))) {
		if (sctp_next(IP_CT_DIR_ORIGINAL, SCTP_CONNTRACK_NONE, ch->type) ==
		    SCTP_CONNTRACK_NONE)
			return false;
		if (ch->type == CID_INIT) {
			if (vtag || !init_tag(skb, ch, &sctp->vtag[IP_CT_DIR_REPLY]))
				return false;
		} else if (ch->type == CID_HEARTBEAT) {
			sctp->vtag[IP_CT_DIR_ORIGINAL] = vtag;
		} else if (ch->type == CID_SHUTDOWN_ACK) {
			/* out of the blue (8.4): its answer will have the same tag */
			sctp->vtag[IP_CT_DIR_REPLY] = vtag;
		}
	}
	return true;
}

/* The state of walking through the chunks of a packet. */
struct sctp_walk {
	const struct sk_buff *skb;
	enum ip_conntrack_dir dir;
	uint32_t vtag; /* of the packet */
	uint32_t chunks;
	bool ignore; /* valid, but does not refresh the timeout */
};

enum sctp_step { SCTP_TAKE, SCTP_SKIP, SCTP_REFUSE };

/*
 * A heartbeat or its answer.  An unknown tag may be a new association between the
 * same addresses: the first such heartbeat is accepted, and if the answer comes, its
 * tag is stored.
 */
static enum sctp_step heartbeat(struct ip_ct_sctp *sctp, struct sctp_walk *w, bool ack)
{
	enum ip_conntrack_dir dir = w->dir;

	if (!sctp->vtag[dir]) {
		sctp->vtag[dir] = w->vtag;
		return SCTP_TAKE;
	}
	if (w->vtag == sctp->vtag[dir]) {
		sctp->flags &= ~HEARTBEAT_VTAG_FAILED;
		return SCTP_TAKE;
	}
	if (w->chunks & BIT(CID_DATA) || w->ignore)
		return SCTP_REFUSE;
	if (!ack) {
		sctp->flags |= HEARTBEAT_VTAG_FAILED;
		sctp->last_dir = dir;
		w->ignore = true;
		return SCTP_SKIP;
	}
	if (!(sctp->flags & HEARTBEAT_VTAG_FAILED) || sctp->last_dir == dir)
		return SCTP_REFUSE;
	sctp->flags &= ~HEARTBEAT_VTAG_FAILED;
	sctp->vtag[dir] = w->vtag;
	sctp->vtag[!dir] = 0;
	return SCTP_TAKE;
}

/* Chunks with special rules for the tag (8.5.1). */
static enum sctp_step
check_tag(struct ip_ct_sctp *sctp, struct sctp_walk *w, const struct sctp_chunk_view *ch)
{
	bool right;

	switch (ch->type) {
	case CID_INIT:
		right = !w->vtag;
		break;
	case CID_ABORT:
	case CID_SHUTDOWN_COMPLETE:
		right = w->vtag == sctp->vtag[ch->flags & CHUNK_FLAG_T ? !w->dir : w->dir];
		break;
	case CID_COOKIE_ECHO:
		right = w->vtag == sctp->vtag[w->dir];
		break;
	case CID_COOKIE_ACK:
		sctp->init[0] = sctp->init[1] = 0; /* the collision has ended */
		right = true;
		break;
	case CID_HEARTBEAT:
	case CID_HEARTBEAT_ACK:
		return heartbeat(sctp, w, ch->type == CID_HEARTBEAT_ACK);
	default:
		right = true;
	}
	return right ? SCTP_TAKE : SCTP_REFUSE;
}

/* INIT: packets to its sender will have this tag. */
static bool take_init(struct nf_conn *ct, struct sctp_walk *w, const struct sctp_chunk_view *ch,
		      unsigned int old, unsigned int new)
{
	struct ip_ct_sctp *sctp = &ct->proto.sctp;
	uint32_t tag;

	if (!init_tag(w->skb, ch, &tag))
		return false;
	/* a retransmitted or late one is not the other half of a collision */
	if (old == SCTP_CONNTRACK_NONE || sctp->vtag[!w->dir] != tag) {
		if (sctp->init[w->dir])
			sctp->init[!w->dir] = 0; /* after a collision: start again */
		sctp->init[w->dir] = 1;
	}
	sctp->vtag[!w->dir] = tag;
	/* retransmissions do not refresh the timeout */
	if (old == SCTP_CONNTRACK_CLOSED && new == SCTP_CONNTRACK_CLOSED && nf_ct_is_confirmed(ct))
		w->ignore = true;
	return true;
}

/* INIT ACK: false for a late one, of an INIT that lost a collision or of an earlier association. */
static bool
take_init_ack(struct ip_ct_sctp *sctp, const struct sctp_walk *w, const struct sctp_chunk_view *ch)
{
	uint32_t tag, known = sctp->vtag[!w->dir];

	if (!init_tag(w->skb, ch, &tag))
		return false;
	if (tag != known &&
	    ((known && !sctp->init[!w->dir]) || (sctp->init[w->dir] && sctp->init[!w->dir])))
		return false;
	sctp->vtag[!w->dir] = tag;
	return true;
}

/* Chunk by chunk, under the lock; false: the packet is invalid.  *state: after the last chunk. */
static bool
sctp_walk_chunks(struct nf_conn *ct, struct sctp_walk *w, unsigned int off, unsigned int *state)
{
	struct ip_ct_sctp *sctp = &ct->proto.sctp;
	const struct sctp_chunk_view *ch;

	*state = SCTP_CONNTRACK_NONE;
	while ((ch = next_chunk(w->skb, &off))) {
		unsigned int old = load_relaxed(&sctp->state), new;
		enum sctp_step step = check_tag(sctp, w, ch);

		if (step == SCTP_REFUSE)
			return false;
		if (step == SCTP_SKIP)
			continue;
		new = sctp_next(w->dir, old, ch->type);
		if (new == SCTP_CONNTRACK_MAX)
			return false;
		if (ch->type == CID_INIT && !take_init(ct, w, ch, old, new))
			return false;
		if (ch->type == CID_INIT_ACK && !take_init_ack(sctp, w, ch))
			return false;
		store_relaxed(&sctp->state, (uint8_t) new);
		if (old != new) {
			nf_conntrack_event_cache(ct, IPCT_PROTOINFO);
			if (new == SCTP_CONNTRACK_ESTABLISHED)
				nf_ct_set_assured(ct);
		}
		*state = new;
	}
	return true;
}

static int sctp_packet(struct nf_conn *ct, struct sk_buff *skb, unsigned int dataoff,
		       enum ip_conntrack_info ctinfo, const struct nf_hook_state *state)
{
	/* chunks that check the tag themselves */
	const uint32_t own_rules = BIT(CID_INIT) | BIT(CID_SHUTDOWN_COMPLETE) |
				   BIT(CID_COOKIE_ECHO) | BIT(CID_ABORT) | BIT(CID_SHUTDOWN_ACK) |
				   BIT(CID_HEARTBEAT) | BIT(CID_HEARTBEAT_ACK);
	/* out of the blue they must be discarded (8.4) */
	const uint32_t never_first =
		BIT(CID_ABORT) | BIT(CID_SHUTDOWN_COMPLETE) | BIT(CID_COOKIE_ACK);
	const struct sctphdr_view *sh = skb_header_pointer(skb, dataoff, sizeof(*sh));
	struct sctp_walk w = { .skb = skb, .dir = CTINFO2DIR(ctinfo) };
	unsigned int first = dataoff + sizeof(*sh), new;
	bool valid;

	if (!sh || (nf_ct_checksum_wanted(skb, state) && !nf_checksum_ok_sctp(skb, dataoff))) {
		nf_ct_l4proto_log_invalid(state->net, "%s",
					  sh ? "its checksum is wrong"
					     : "its header is incomplete");
		return -NF_ACCEPT;
	}
	w.vtag = ntohl(sh->vtag);
	w.chunks = chunks_in(skb, first);
	if (!w.chunks) {
		nf_ct_l4proto_log_invalid(state->net,
					  "it has no chunks, or chunks that may not be combined");
		return -NF_ACCEPT;
	}
	if (!nf_ct_is_confirmed(ct) &&
	    (w.chunks & never_first || !sctp_new(ct, skb, first, w.vtag))) {
		nf_ct_l4proto_log_invalid(state->net, "its chunks cannot open an association");
		return -NF_ACCEPT;
	}

	spin_lock(&ct->lock, CT_LOCK_CONN);
	valid = w.chunks & own_rules || w.vtag == ct->proto.sctp.vtag[w.dir];
	if (valid)
		valid = sctp_walk_chunks(ct, &w, first, &new);
	spin_unlock(&ct->lock);
	if (!valid) {
		nf_ct_l4proto_log_invalid(
			state->net,
			"its verification tag 0x%x or a chunk does not match the association",
			w.vtag);
		return -NF_ACCEPT;
	}
	if (!w.ignore)
		nf_ct_refresh_acct(ct, state->net, ctinfo, skb,
				   load_relaxed(&state->net->ct.timeouts.sctp[new]));
	return NF_ACCEPT;
}

static const char *sctp_state_name(const struct nf_conn *ct)
{
	static const char *const names[] = {
		"NONE",		  "CLOSED",	   "COOKIE_WAIT",   "COOKIE_ECHOED",
		"ESTABLISHED",	  "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT",
		"HEARTBEAT_SENT",
	};
	unsigned int state = load_relaxed(&ct->proto.sctp.state);

	return state < ARRAY_SIZE(names) ? names[state] : "UNKNOWN";
}

static bool sctp_can_early_drop(const struct nf_conn *ct)
{
	unsigned int state = load_relaxed(&ct->proto.sctp.state);

	return state == SCTP_CONNTRACK_SHUTDOWN_SENT || state == SCTP_CONNTRACK_SHUTDOWN_RECD ||
	       state == SCTP_CONNTRACK_SHUTDOWN_ACK_SENT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_sctp = {
	.l4proto = IPPROTO_SCTP,
	.name = "sctp",
	.pkt_to_tuple = nf_ct_ports_pkt_to_tuple,
	.invert_tuple = nf_ct_ports_invert_tuple,
	.print_tuple = nf_ct_ports_print_tuple,
	.state_name = sctp_state_name,
	.packet = sctp_packet,
	NF_CT_PORT_NLATTR,
	.to_nlattr = nf_ct_sctp_to_nlattr,
	.from_nlattr = nf_ct_sctp_from_nlattr,
	.nlattr_size = NF_CT_SCTP_NLATTR_SIZE,
	.can_early_drop = sctp_can_early_drop,
};
