/* SPDX-License-Identifier: MIT */
/* Entries as ctnetlink messages: see nf_conntrack_netlink.h. */
#include "core/nf_conntrack_netlink.h"

#include <errno.h>

#include "core/nf_conntrack_extend_print.h"
#include "core/nf_conntrack_filter.h"
#include "core/nf_conntrack_labels.h"

/* --- Tuples --- */

static int dump_addresses(struct nl_buf *msg, const struct nf_conntrack_tuple *t)
{
	const bool v4 = t->src.l3num == NFPROTO_IPV4;
	size_t nest, bytes = v4 ? sizeof(t->src.u3.ip) : sizeof(t->src.u3);

	if (nla_nest_start(msg, CTA_TUPLE_IP, &nest) ||
	    nla_put(msg, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, &t->src.u3, bytes) ||
	    nla_put(msg, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, &t->dst.u3, bytes))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

int ctnetlink_dump_tuples(struct nl_buf *msg, const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(tuple->dst.protonum);
	size_t nest;

	if (dump_addresses(msg, tuple) || nla_nest_start(msg, CTA_TUPLE_PROTO, &nest) ||
	    nla_put_u8(msg, CTA_PROTO_NUM, tuple->dst.protonum) ||
	    (l4->tuple_to_nlattr && l4->tuple_to_nlattr(msg, tuple)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* A zone is written for the direction in which it holds; the default zone is not written. */
static int
dump_zone(struct nl_buf *msg, uint16_t type, const struct nf_conntrack_zone *zone, uint8_t dir)
{
	if (zone->id == NF_CT_DEFAULT_ZONE_ID || zone->dir != dir)
		return 0;
	return nla_put_be16(msg, type, htons(zone->id));
}

static int dump_direction(struct nl_buf *msg, const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	size_t nest;

	if (nla_nest_start(msg, dir == IP_CT_DIR_ORIGINAL ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY,
			   &nest) ||
	    ctnetlink_dump_tuples(msg, nf_ct_tuple(ct, dir)) ||
	    dump_zone(msg, CTA_TUPLE_ZONE, &zone, (uint8_t)(1 << dir)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int dump_master(struct nl_buf *msg, const struct nf_conn *ct)
{
	size_t nest;

	if (!(nf_ct_status(ct) & IPS_EXPECTED) || !ct->master)
		return 0;
	if (nla_nest_start(msg, CTA_TUPLE_MASTER, &nest) ||
	    ctnetlink_dump_tuples(msg, nf_ct_tuple(ct->master, IP_CT_DIR_ORIGINAL)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* --- The rest of an entry --- */

/*
 * The id is made of the entry's tuple, zone and namespace, mixed with the table's
 * secret (splitmix64's finish, Steele, Lea & Flood, OOPSLA 2014).  The kernel also
 * hashes the entry's address; without it a replay gives the same ids each time.
 */
uint32_t nf_ct_get_id(const struct nf_conn *ct)
{
	const union ct_tuple_words w = { .tuple = *nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL) };
	uint64_t id = ct->net->core->hash_key[0] ^ (uint64_t)load_relaxed(&ct->zone_id) << 16 ^
		      load_relaxed(&ct->net_id);

	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++) {
		id = (id ^ w.w[i]) + ct->net->core->hash_key[1];
		id = (id ^ id >> 30) * 0xbf58476d1ce4e5b9;
		id = (id ^ id >> 27) * 0x94d049bb133111eb;
		id ^= id >> 31;
	}
	return (uint32_t)(id ^ id >> 32);
}

static int dump_timeout(struct nl_buf *msg, const struct nf_conn *ct)
{
	uint32_t ticks = nf_ct_is_confirmed(ct) ? nf_ct_expires(ct, nfct_time_stamp(ct->net->core))
						: load_relaxed(&ct->timeout);

	return nla_put_be32(msg, CTA_TIMEOUT, htonl(ticks / NF_CT_HZ));
}

static int dump_protoinfo(struct nl_buf *msg, struct nf_conn *ct, bool destroy)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	size_t nest;

	if (!l4->to_nlattr)
		return 0;
	if (nla_nest_start(msg, CTA_PROTOINFO, &nest) || l4->to_nlattr(msg, ct, destroy))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int dump_info(struct nl_buf *msg, struct nf_conn *ct, const struct ctnetlink_how *how)
{
	const uint32_t status = nf_ct_status(ct);
	uint32_t use = load_relaxed(&ct->use.refs);

	if (how->own_reference)
		use--;
	if (nla_put_be32(msg, CTA_STATUS, htonl(status & IPS_KERNEL_MASK)) ||
	    nla_put_be32(msg, CTA_MARK, htonl(load_relaxed(&ct->mark))) ||
	    nla_put_be32(msg, CTA_ID, nf_ct_get_id(ct)) || nla_put_be32(msg, CTA_USE, htonl(use)) ||
	    dump_master(msg, ct))
		return -EMSGSIZE;
	/* for an offloaded connection only the code that handles its packets knows these */
	if (!(status & IPS_OFFLOAD) && (dump_timeout(msg, ct) || dump_protoinfo(msg, ct, false)))
		return -EMSGSIZE;
	return 0;
}

/* --- Extensions --- */

static uint64_t counter_read(_Atomic uint64_t *counter, bool zero)
{
	return zero ? atomic_exchange_explicit(counter, 0, memory_order_relaxed)
		    : load_relaxed(counter);
}

static int
dump_counters(struct nl_buf *msg, struct nf_conn *ct, enum ip_conntrack_dir dir, bool zero)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	size_t nest;

	if (!acct)
		return 0;
	if (nla_nest_start(msg, dir == IP_CT_DIR_ORIGINAL ? CTA_COUNTERS_ORIG : CTA_COUNTERS_REPLY,
			   &nest) ||
	    nla_put_be64(msg, CTA_COUNTERS_PACKETS,
			 htobe64(counter_read(&acct->counter[dir].packets, zero))) ||
	    nla_put_be64(msg, CTA_COUNTERS_BYTES,
			 htobe64(counter_read(&acct->counter[dir].bytes, zero))))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int dump_helper(struct nl_buf *msg, const struct nf_conn *ct)
{
	const struct nf_conntrack_helper *helper = nf_ct_helper_of(ct);
	size_t nest;

	if (!helper)
		return 0;
	if (nla_nest_start(msg, CTA_HELP, &nest) ||
	    nla_put_string(msg, CTA_HELP_NAME, helper->name))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* The core's clock in nanoseconds, the unit of CTA_TIMESTAMP. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks * (1000000000u / NF_CT_HZ);
}

static int dump_timestamp(struct nl_buf *msg, const struct nf_conn *ct)
{
	struct nf_conn_tstamp *ts = nf_conn_tstamp_find(ct);
	uint64_t stop;
	size_t nest;

	if (!ts)
		return 0;
	stop = load_relaxed(&ts->stop);
	if (nla_nest_start(msg, CTA_TIMESTAMP, &nest) ||
	    nla_put_be64(msg, CTA_TIMESTAMP_START,
			 htobe64(ticks_to_ns(load_relaxed(&ts->start)))) ||
	    (stop && nla_put_be64(msg, CTA_TIMESTAMP_STOP, htobe64(ticks_to_ns(stop)))))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* Not written if no label is set. */
static int dump_labels(struct nl_buf *msg, const struct nf_conn *ct)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	uint32_t bits[NF_CT_LABEL_WORDS], any = 0;

	if (!labels)
		return 0;
	for (unsigned int i = 0; i < NF_CT_LABEL_WORDS; i++)
		any |= bits[i] = load_relaxed(&labels->bits[i]);
	return any ? nla_put(msg, CTA_LABELS, bits, sizeof(bits)) : 0;
}

static int dump_acct(struct nl_buf *msg, struct nf_conn *ct, bool zero)
{
	if (dump_counters(msg, ct, IP_CT_DIR_ORIGINAL, zero))
		return -EMSGSIZE;
	return dump_counters(msg, ct, IP_CT_DIR_REPLY, zero);
}

/* The texts of users' extensions. */
static int dump_ext_text(struct nl_buf *msg, const struct nf_conn *ct)
{
	char text[NF_CT_EXT_TEXT_MAX];
	size_t len = nf_ct_ext_snprint(text, ct);

	if (!len)
		return 0;
	text[len - 1] = '\0'; /* without the last blank */
	return nla_put_string(msg, CTA_EXT_TEXT, text);
}

static int dump_extinfo(struct nl_buf *msg, struct nf_conn *ct, bool zero)
{
	if (dump_acct(msg, ct, zero) || dump_timestamp(msg, ct) || dump_helper(msg, ct) ||
	    dump_labels(msg, ct) || dump_ext_text(msg, ct))
		return -EMSGSIZE;
	return 0;
}

/* --- A message --- */

static int put_header(struct nl_buf *msg, const struct nf_conn *ct, uint8_t type, uint16_t flags,
		      const struct ctnetlink_how *how)
{
	const struct nlmsghdr nlh = {
		.nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type),
		.nlmsg_flags = flags,
		.nlmsg_seq = how->seq,
		.nlmsg_pid = how->portid,
	};
	const struct nfgenmsg nfmsg = { .nfgen_family = (uint8_t)nf_ct_l3num(ct),
					.version = NFNETLINK_V0 };

	if (msg->size - msg->len < sizeof(nlh) + sizeof(nfmsg))
		return -EMSGSIZE;
	memcpy(msg->data + msg->len, &nlh, sizeof(nlh));
	memcpy(msg->data + msg->len + sizeof(nlh), &nfmsg, sizeof(nfmsg));
	msg->len += sizeof(nlh) + sizeof(nfmsg);
	return 0;
}

/* The start of every message: its family and ids. */
static int put_key(struct nl_buf *msg, const struct nf_conn *ct)
{
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);

	if (dump_direction(msg, ct, IP_CT_DIR_ORIGINAL) || dump_direction(msg, ct, IP_CT_DIR_REPLY))
		return -EMSGSIZE;
	return dump_zone(msg, CTA_ZONE, &zone, NF_CT_DEFAULT_ZONE_DIR);
}

/* Completes the message that starts at start; with an error, removes it. */
static int end_message(struct nl_buf *msg, size_t start, int err)
{
	uint32_t len = (uint32_t)(msg->len - start);

	if (err)
		msg->len = start;
	else
		memcpy(msg->data + start + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
	return err;
}

int ctnetlink_fill_info(struct nl_buf *msg, struct nf_conn *ct, const struct ctnetlink_how *how)
{
	const uint16_t flags = (uint16_t)(how->flags | (how->portid ? NLM_F_MULTI : 0));
	const size_t start = msg->len;
	int err = put_header(msg, ct, IPCTNL_MSG_CT_NEW, flags, how);

	if (!err)
		err = put_key(msg, ct);
	if (!err)
		err = dump_info(msg, ct, how);
	if (!err)
		err = dump_extinfo(msg, ct, how->zero_counters);
	return end_message(msg, start, err);
}

/* --- Events --- */

/* The end of a connection, with its final counters. */
static int dump_destroyed(struct nl_buf *msg, struct nf_conn *ct)
{
	if (nf_ct_expires(ct, nfct_time_stamp(ct->net->core)) / NF_CT_HZ && dump_timeout(msg, ct))
		return -EMSGSIZE;
	if (dump_acct(msg, ct, false) || dump_timestamp(msg, ct) || dump_protoinfo(msg, ct, true) ||
	    dump_ext_text(msg, ct))
		return -EMSGSIZE;
	return 0;
}

static int dump_changed(struct nl_buf *msg, struct nf_conn *ct, unsigned int events)
{
	if (dump_timeout(msg, ct) ||
	    (events & 1 << IPCT_PROTOINFO && dump_protoinfo(msg, ct, false)) ||
	    dump_helper(msg, ct) || (events & 1 << IPCT_LABEL && dump_labels(msg, ct)) ||
	    (events & 1 << IPCT_RELATED && dump_master(msg, ct)))
		return -EMSGSIZE;
	return 0;
}

int ctnetlink_fill_event(struct nl_buf *msg, unsigned int events, const struct nf_ct_event *item)
{
	const struct ctnetlink_how how = { .portid = item->portid };
	const bool destroy = events & 1 << IPCT_DESTROY;
	const bool new = events &(1 << IPCT_NEW | 1 << IPCT_RELATED);
	struct nf_conn *ct = item->ct;
	const uint32_t mark = load_relaxed(&ct->mark);
	const size_t start = msg->len;
	int err = put_header(msg, ct, destroy ? IPCTNL_MSG_CT_DELETE : IPCTNL_MSG_CT_NEW,
			     new && !destroy ? NLM_F_CREATE | NLM_F_EXCL : 0, &how);

	if (!err)
		err = put_key(msg, ct);
	if (!err)
		err = nla_put_be32(msg, CTA_ID, nf_ct_get_id(ct));
	if (!err)
		err = nla_put_be32(msg, CTA_STATUS, htonl(nf_ct_status(ct) & IPS_KERNEL_MASK));
	if (!err)
		err = destroy ? dump_destroyed(msg, ct) : dump_changed(msg, ct, events);
	if (!err && (mark || events & 1 << IPCT_MARK))
		err = nla_put_be32(msg, CTA_MARK, htonl(mark));
	return end_message(msg, start, err);
}

size_t ctnetlink_nlmsg_size(const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	size_t address = nf_ct_l3num(ct) == NFPROTO_IPV4 ? 4 : 16;
	size_t tuple = nla_total_size(0) /* CTA_TUPLE_ORIG, _REPLY, _MASTER */
		       + nla_total_size(0) + 2 * nla_total_size(address) /* CTA_TUPLE_IP */
		       + nla_total_size(0) + nla_total_size(1) /* CTA_TUPLE_PROTO, CTA_PROTO_NUM */
		       + nla_total_size(2);		       /* CTA_TUPLE_ZONE */
	size_t counters = nla_total_size(0) + 2 * nla_total_size(8);

	/* the tuple of a master with another protocol needs at most ports */
	tuple += l4->nlattr_tuple_size ? l4->nlattr_tuple_size() : 0;
	if (tuple < nf_ct_port_nlattr_tuple_size())
		tuple += nf_ct_port_nlattr_tuple_size();
	return sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg) + 3 * tuple + nla_total_size(2) +
	       5 * nla_total_size(4) /* status, timeout, mark, id, use */
	       + nla_total_size(0) + l4->nlattr_size + (nf_conn_acct_find(ct) ? 2 * counters : 0) +
	       (nf_conn_tstamp_find(ct) ? counters : 0) + nla_total_size(0) +
	       nla_total_size(NF_CT_HELPER_NAME_LEN) +
	       (nf_ct_labels_find(ct) ? nla_total_size(NF_CT_LABELS_MAX_SIZE) : 0) +
	       (ct->ext ? nla_total_size(NF_CT_EXT_TEXT_MAX) : 0);
}

/* --- Requests --- */

struct dump {
	struct net *net;
	struct ctnetlink_filter filter;
	struct ctnetlink_how how;
	struct nl_buf msg;
	ctnetlink_reply_fn *reply;
	void *arg;
};

/* An entry's message is below 700 bytes; see ctnetlink_nlmsg_size(). */
#define MESSAGE_ROOM 1024

static int send_entry(struct dump *d, struct nf_conn *ct)
{
	int err;

	d->msg.len = 0;
	err = ctnetlink_fill_info(&d->msg, ct, &d->how);
	return err ? err : d->reply ? d->reply(d->msg.data, d->msg.len, d->arg) : 0;
}

static int dump_one(struct nf_conn *ct, void *arg)
{
	struct dump *d = arg;
	int err;

	/* an entry that lost a clash has no ORIGINAL node, and only these are listed */
	if (ct->net != d->net || nf_ct_is_expired(ct, nfct_time_stamp(ct->net->core)) ||
	    nf_ct_status(ct) & IPS_NAT_CLASH || !ctnetlink_filter_match(&d->filter, ct))
		return 0;
	err = send_entry(d, ct);
	return err < 0 ? err : 0;
}

static int dump_table(struct dump *d, const struct nlmsghdr *nlh)
{
	struct {
		struct nlmsghdr nlh;
		int32_t err;
	} done = { { sizeof(done), NLMSG_DONE, NLM_F_MULTI, nlh->nlmsg_seq, nlh->nlmsg_pid }, 0 };
	long ret;

	d->how.flags = NLM_F_MULTI;
	d->how.own_reference = true; /* the walk's */
	ret = d->net->core->ops->iterate(d->net->core, dump_one, d);
	if (ret < 0)
		return (int)ret;
	return d->reply ? d->reply(&done, sizeof(done), d->arg) : 0;
}

/* The entry with the tuple in the request, with a reference; NULL: *err says why. */
static struct nf_conn *find_asked(struct net *net, const struct nla *cda, uint8_t family, int *err)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;

	*err = ctnetlink_parse_zone(cda[CTA_ZONE], &zone);
	if (*err)
		return NULL;
	*err = ctnetlink_parse_tuple(cda, &tuple,
				     cda[CTA_TUPLE_ORIG].data ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY,
				     family, &zone);
	if (*err)
		return NULL;
	h = net->core->ops->find_get(net, &zone, &tuple);
	if (!h)
		*err = -ENOENT;
	return h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
}

static int
get_conntrack(struct dump *d, const struct nlmsghdr *nlh, uint8_t family, const struct nla *cda)
{
	struct nf_conn *ct;
	int err;

	if (nlh->nlmsg_flags & NLM_F_DUMP) {
		err = ctnetlink_parse_filter(&d->filter, cda, family);
		return err ? err : dump_table(d, nlh);
	}
	if (!cda[CTA_TUPLE_ORIG].data && !cda[CTA_TUPLE_REPLY].data)
		return -EINVAL;
	ct = find_asked(d->net, cda, family, &err);
	if (!ct)
		return err;
	err = send_entry(d, ct);
	nf_ct_put(ct);
	return err < 0 ? err : 0;
}

static bool flush_one(struct nf_conn *ct, void *arg)
{
	const struct dump *d = arg;

	return ctnetlink_filter_match(&d->filter, ct);
}

static int del_conntrack(struct dump *d, const struct nlmsghdr *nlh, const struct nfgenmsg *nfmsg,
			 const struct nla *cda)
{
	const bool report = nlh->nlmsg_flags & NLM_F_ECHO;
	struct nf_conn *ct;
	long ret;
	int err;

	if (cda[CTA_FILTER].data || (!cda[CTA_TUPLE_ORIG].data && !cda[CTA_TUPLE_REPLY].data)) {
		/* old programs do not set the family, and mean all */
		bool family = nfmsg->version || cda[CTA_FILTER].data;

		err = ctnetlink_parse_filter(&d->filter, cda, family ? nfmsg->nfgen_family : 0);
		if (err)
			return err;
		ret = nf_ct_iterate_cleanup_net(d->net, flush_one, d, nlh->nlmsg_pid, report);
		return ret < 0 ? (int)ret : 0;
	}
	ct = find_asked(d->net, cda, nfmsg->nfgen_family, &err);
	if (!ct)
		return err;
	if (cda[CTA_ID].data && nla_get_be32(cda[CTA_ID]) != nf_ct_get_id(ct))
		err = -ENOENT;
	else
		d->net->core->ops->del(ct, nlh->nlmsg_pid, report);
	nf_ct_put(ct);
	return err;
}

int ctnetlink_rcv(struct net *net, const void *msg, size_t len, ctnetlink_reply_fn *reply,
		  void *arg)
{
	const size_t head = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	uint8_t room[MESSAGE_ROOM];
	struct dump d = {
		.net = net, .msg = { room, sizeof(room), 0 }, .reply = reply, .arg = arg
	};
	struct nla cda[CT_CTA_MAX + 1];
	struct nlmsghdr nlh;
	struct nfgenmsg nfmsg;
	int err;

	if (len < head)
		return -EINVAL;
	memcpy(&nlh, msg, sizeof(nlh));
	memcpy(&nfmsg, (const uint8_t *)msg + sizeof(nlh), sizeof(nfmsg));
	if (nlh.nlmsg_len < head || nlh.nlmsg_len > len ||
	    nlh.nlmsg_type >> 8 != NFNL_SUBSYS_CTNETLINK)
		return -EINVAL;
	err = nla_parse(cda, CT_CTA_MAX,
			(struct nla){ (const uint8_t *)msg + head, nlh.nlmsg_len - head },
			ct_nla_policy);
	if (err)
		return err;
	d.how.portid = nlh.nlmsg_pid;
	d.how.seq = nlh.nlmsg_seq;
	switch (nlh.nlmsg_type & 0xff) {
	case IPCTNL_MSG_CT_NEW:
		return ctnetlink_new_conntrack(net, &nlh, nfmsg.nfgen_family, cda);
	case IPCTNL_MSG_CT_GET_CTRZERO:
		d.how.zero_counters = true;
		/* fall through */
	case IPCTNL_MSG_CT_GET:
		return get_conntrack(&d, &nlh, nfmsg.nfgen_family, cda);
	case IPCTNL_MSG_CT_DELETE:
		return del_conntrack(&d, &nlh, &nfmsg, cda);
	default:
		return -EOPNOTSUPP;
	}
}
