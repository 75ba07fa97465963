/* SPDX-License-Identifier: MIT */
/* Words and sentences that text and JSON share. */
#include "core/l4_tcp.h"
#include "core/text.h"
#include "harness/explain/explain.h"

const char *explain_verdict(unsigned int verdict)
{
	static const char *const names[] = { "DROP", "ACCEPT", "STOLEN", "QUEUE", "REPEAT" };

	return verdict < ARRAY_SIZE(names) ? names[verdict] : "?";
}

const char *explain_place(unsigned int hook)
{
	static const char *const names[NF_INET_NUMHOOKS] = {
		[NF_INET_PRE_ROUTING] = "PRE_ROUTING",	 [NF_INET_LOCAL_IN] = "LOCAL_IN",
		[NF_INET_FORWARD] = "FORWARD",		 [NF_INET_LOCAL_OUT] = "LOCAL_OUT",
		[NF_INET_POST_ROUTING] = "POST_ROUTING",
	};

	return hook < ARRAY_SIZE(names) ? names[hook] : "?";
}

const char *explain_look(enum ct_look look)
{
	switch (look) {
	case CT_LOOK_MATCH:
		return "match";
	case CT_LOOK_EXPIRED:
		return "expired";
	case CT_LOOK_OTHER_TUPLE:
		return "other tuple";
	case CT_LOOK_UNCONFIRMED:
		return "unconfirmed";
	case CT_LOOK_DYING:
		return "dying";
	case CT_LOOK_HIDDEN:
		return "lost a clash";
	case CT_LOOK_OTHER_ZONE:
		return "other zone";
	case CT_LOOK_OTHER_NET:
		return "other namespace";
	}
	return "?";
}

const char *explain_end(const struct explain *x)
{
	switch (x->verdict) {
	case REPLAY_ACCEPT:
		return "accepted: sent by the other device";
	case REPLAY_DROP:
		return "dropped in PRE_ROUTING";
	case REPLAY_DROP_CONFIRM:
		if (!explain_came_to(x, NF_INET_LOCAL_IN))
			return "dropped after PRE_ROUTING";
		return "delivered to this host itself, not forwarded";
	case REPLAY_STOLEN:
		return "stolen: a hook keeps the packet";
	case REPLAY_HELD:
		return "held by the scenario, after PRE_ROUTING";
	case REPLAY_UNSEEN:
		return "dropped before the first hook: its IP header is broken";
	case REPLAY_NOT_IP:
		return "not IP: it reaches no hook of IPv4 or IPv6";
	default:
		return "?";
	}
}

const char *explain_protocol(int protonum)
{
	const struct nf_conntrack_l4proto *l4;

	if (protonum < 0)
		return NULL;
	if (protonum == IPPROTO_DCCP)
		return "dccp";
	if (protonum == IPPROTO_ESP)
		return "esp";
	l4 = nf_ct_l4proto_find((uint8_t)protonum);
	return l4 == &nf_conntrack_l4proto_generic ? NULL : l4->name;
}

static const char *
flag_names(char *buf, size_t size, unsigned int flags, const char *const *names, unsigned int nr)
{
	struct ct_text t = { buf, size, 0 };

	*buf = '\0';
	for (unsigned int i = 0; i < nr; i++)
		if (flags & 1u << i && names[i])
			ct_text_add(&t, "%s%s", t.len ? " " : "", names[i]);
	return buf;
}

const char *explain_tcp_flags(char *buf, size_t size, uint8_t flags)
{
	static const char *const names[] = {
		"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"
	};

	return flag_names(buf, size, flags, names, ARRAY_SIZE(names));
}

const char *explain_tcp_side_flags(char *buf, size_t size, uint8_t flags)
{
	static const char *const names[] = {
		"WINDOW_SCALE",	       "SACK_PERM",  "CLOSE_INIT",    "BE_LIBERAL",
		"DATA_UNACKNOWLEDGED", "MAXACK_SET", "CHALLENGE_ACK", "SIMULTANEOUS_OPEN",
	};

	return flag_names(buf, size, flags, names, ARRAY_SIZE(names));
}

const char *explain_events(char *buf, size_t size, const struct explain_event *event)
{
	static const char *const connection[] = {
		[IPCT_NEW] = "NEW",	    [IPCT_RELATED] = "RELATED",
		[IPCT_DESTROY] = "DESTROY", [IPCT_REPLY] = "REPLY",
		[IPCT_ASSURED] = "ASSURED", [IPCT_PROTOINFO] = "PROTOINFO",
		[IPCT_HELPER] = "HELPER",   [IPCT_MARK] = "MARK",
		[IPCT_SEQADJ] = "SEQADJ",   [IPCT_SECMARK] = "SECMARK",
		[IPCT_LABEL] = "LABEL",	    [IPCT_SYNPROXY] = "SYNPROXY",
	};
	static const char *const expectation[] = {
		[IPEXP_NEW] = "NEW", [IPEXP_DESTROY] = "DESTROY"
	};

	if (event->expectation)
		return flag_names(buf, size, event->events, expectation, ARRAY_SIZE(expectation));
	return flag_names(buf, size, event->events, connection, ARRAY_SIZE(connection));
}

const char *explain_ctinfo_why(const struct explain_hook *h)
{
	const enum ip_conntrack_info ctinfo = h->nfct_after & NFCT_INFOMASK;

	if (!h->after.there)
		return NULL;
	if (h->quoting)
		return ctinfo == IP_CT_RELATED ? "an error in the original direction"
					       : "an error in the reply direction";
	switch (ctinfo) {
	case IP_CT_ESTABLISHED_REPLY:
		return "the reply node was found: this is an answer";
	case IP_CT_ESTABLISHED:
		return "the original node was found, and an answer was seen before";
	case IP_CT_RELATED:
		return "another connection expected this one, and no answer was seen yet";
	case IP_CT_NEW:
		return h->after.status & IPS_CONFIRMED
			       ? "the original node was found, but no answer was seen yet"
			       : "the packet created the entry";
	default:
		return NULL;
	}
}

/* --- Sentences --- */

static void defrag_outcome(const struct explain *x, const struct explain_hook *h, struct ct_text *t)
{
	const struct explain_fragment *f = &x->packet.fragment;

	if (h->verdict == NF_STOLEN) {
		if (h->kept_after > h->kept_before)
			ct_text_add(t, "a fragment, kept until the datagram is complete");
		else if (h->kept_after < h->kept_before)
			ct_text_add(
				t,
				"a fragment that overlaps or contradicts others: the datagram is "
				"dropped");
		else
			ct_text_add(t, "a duplicate or impossible fragment: dropped");
	} else if (h->whole) {
		ct_text_add(t, "the last missing fragment: the datagram continues as one packet");
	} else if (f->family) {
		ct_text_add(t, "a fragment, passed on unchanged");
	} else {
		ct_text_add(t, "not a fragment: passed on unchanged");
	}
}

static void mark_outcome(const struct explain_hook *h, struct ct_text *t)
{
	if (h->nfct_after == h->nfct_before)
		ct_text_add(t, "no rule for packets of this device");
	else if (h->nfct_after == IP_CT_UNTRACKED)
		ct_text_add(t, "notrack: conntrack ignores packets of this device");
	else
		ct_text_add(t, "a template puts the packet into zone %u%s", h->zone.id,
			    h->zone.dir == NF_CT_ZONE_DIR_ORIG	 ? " (original direction only)"
			    : h->zone.dir == NF_CT_ZONE_DIR_REPL ? " (reply direction only)"
								 : "");
}

static void invalid_outcome(const struct explain_hook *h, struct ct_text *t)
{
	ct_text_add(t, "INVALID: ");
	if (h->nr_reasons)
		ct_text_add(t, "%s", h->reasons[h->nr_reasons - 1]);
	else if (h->protonum < 0)
		ct_text_add(t, "no transport header was found");
	else if (!h->has_tuple)
		ct_text_add(t, "its header is too short to make a tuple");
	else if (!h->has_answer && !h->found.there)
		ct_text_add(t, "such a packet has no answer, so it opens no connection");
	else
		ct_text_add(t, "its protocol's tracker refused it");
}

static void in_outcome(const struct explain_hook *h, struct ct_text *t)
{
	const struct explain_ct *ct = &h->after;

	if (h->skipped)
		ct_text_add(t, "marked already (untracked): conntrack ignores it");
	else if (h->verdict == NF_DROP && h->counters.drop && !h->found.there)
		ct_text_add(t,
			    "no room: %u connections, nf_conntrack_max is %u, and early_drop found "
			    "none to drop in this bucket and the next seven",
			    h->count, h->max);
	else if (h->nfct_after == IP_CT_UNTRACKED)
		ct_text_add(t, "untracked: neighbour and listener discovery open no connections");
	else if (!ct->there)
		invalid_outcome(h, t);
	else if (h->quoting)
		ct_text_add(t, "an error about a packet of connection %u, to which it belongs",
			    ct->number);
	else if (ct->status & IPS_CONFIRMED)
		ct_text_add(t, "belongs to connection %u, which is in the table%s", ct->number,
			    ct->status & IPS_DYING ? "; the packet ends it" : "");
	else if (h->found.there)
		ct_text_add(t,
			    "connection %u had ended (%s): it is removed, and the packet begins "
			    "connection %u",
			    h->found.number, h->found.state, ct->number);
	else if (ct->master)
		ct_text_add(t, "begins connection %u, which connection %u expected", ct->number,
			    ct->master);
	else
		ct_text_add(t, "begins connection %u, which is not in the table until confirm",
			    ct->number);
	if (h->counters.early_drop)
		ct_text_add(t, " (the table was full: early_drop removed %llu other)",
			    (unsigned long long)h->counters.early_drop);
}

static void help_outcome(const struct explain_hook *h, struct ct_text *t)
{
	if (!h->before.there || !h->before.helper)
		ct_text_add(t, "this connection has no helper");
	else if (h->expected_after > h->expected_before)
		ct_text_add(t, "helper %s read it and expects a connection", h->before.helper);
	else if (h->counters.expect_new || h->counters.expect_create || h->counters.expect_delete)
		ct_text_add(t, "helper %s read it and changed its expectations", h->before.helper);
	else
		ct_text_add(t, "helper %s read it and expects no connection", h->before.helper);
}

static const struct explain_walk *clashing(const struct explain_hook *h)
{
	for (unsigned int i = 0; i < h->nr_walks; i++)
		if (h->walks[i].match >= 0)
			return &h->walks[i];
	return NULL;
}

static size_t longest_chain(const struct explain_hook *h)
{
	size_t longest = 0;

	for (unsigned int i = 0; i < h->nr_walks; i++)
		if (h->walks[i].nr > longest)
			longest = h->walks[i].nr;
	return longest;
}

static void
confirm_outcome(const struct explain *x, const struct explain_hook *h, struct ct_text *t)
{
	const struct explain_walk *clash = clashing(h);

	if (!h->before.there)
		ct_text_add(t, "no connection, so nothing to confirm");
	else if (h->before.status & IPS_CONFIRMED)
		ct_text_add(t, "connection %u is in the table already: nothing to do",
			    h->before.number);
	else if (h->verdict == NF_ACCEPT && h->after.there && h->after.address != h->before.address)
		ct_text_add(t,
			    "a clash: connection %u with the same tuple was confirmed first; the "
			    "packet joins it",
			    h->after.number);
	else if (h->after.status & IPS_CONFIRMED && h->verdict == NF_ACCEPT)
		ct_text_add(t, "connection %u is inserted into the table, under both tuples",
			    h->after.number);
	else if (h->verdict == NF_ACCEPT)
		ct_text_add(t, "not the packet that created the entry: it stays unconfirmed");
	else if (clash && nf_ct_l4proto_find(h->before.tuple[0].dst.protonum)->allow_clash)
		ct_text_add(t,
			    "refused: connection %u has that tuple already, and the two "
			    "connections differ too much to be joined",
			    clash->nodes[clash->match].number);
	else if (clash)
		ct_text_add(t,
			    "refused: connection %u has that tuple already, and %s packets cannot "
			    "join another packet's entry",
			    clash->nodes[clash->match].number,
			    nf_ct_l4proto_find(h->before.tuple[0].dst.protonum)->name);
	else if (h->counters.chaintoolong)
		ct_text_add(t, "refused: the chain has %zu nodes already (cap: %s)",
			    longest_chain(h), x->replay->options.variant->axes.cap);
	else if (h->before.status & IPS_DYING)
		ct_text_add(t, "refused: the entry was killed before it was confirmed");
	else
		ct_text_add(t, "refused");
}

const char *
explain_outcome(const struct explain *x, const struct explain_hook *h, char *buf, size_t size)
{
	struct ct_text t = { buf, size, 0 };

	*buf = '\0';
	switch (h->kind) {
	case EXPLAIN_DEFRAG:
		defrag_outcome(x, h, &t);
		break;
	case EXPLAIN_MARK:
		mark_outcome(h, &t);
		break;
	case EXPLAIN_IN:
		in_outcome(h, &t);
		break;
	case EXPLAIN_HELP:
		help_outcome(h, &t);
		break;
	case EXPLAIN_CONFIRMS:
		confirm_outcome(x, h, &t);
		break;
	case EXPLAIN_OTHER:
		break;
	}
	return buf;
}
