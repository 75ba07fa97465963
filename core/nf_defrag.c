/* SPDX-License-Identifier: MIT */
/*
 * Incomplete packets: finding, filling, expiring and reassembling them
 * (net/ipv4/inet_fragment.c).
 *
 * There is one lock per family of a namespace, because fragments are rare; copying
 * is done outside it.
 */
#include "core/nf_defrag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAG_BUCKETS 1024
#define PEER_BUCKETS 256

/* The number of fragments that a source has sent, while some of them are kept. */
struct frag_peer {
	struct frag_peer *next;
	uint32_t saddr, rid, users;
};

struct frags {
	spinlock_t lock;
	uint64_t bytes;
	struct frag_queue *oldest, *youngest;
	struct frag_queue *buckets[FRAG_BUCKETS];
	struct frag_peer *peers[PEER_BUCKETS];
};

struct nf_defrag {
	struct frags frags[2]; /* [nf_pf_index()] */
};

int nf_defrag_net_init(struct net *net)
{
	net->defrag = calloc(1, sizeof(*net->defrag));
	return net->defrag ? 0 : -ENOMEM;
}

/* --- Sessions --- */

static void pieces_free(struct frag_queue *q)
{
	for (uint32_t i = 0; i < q->nr_runs; i++) {
		struct frag_piece *p = q->runs[i].first;

		while (p) {
			struct frag_piece *next = p->next;

			free(p);
			p = next;
		}
	}
	q->nr_runs = 0;
}

void frag_queue_free(struct frag_queue *q)
{
	pieces_free(q);
	free(q->runs);
	free(q);
}

static void expire(struct frag_session *s)
{
	struct frag_queue *q;

	while ((q = s->frags->oldest) && (int32_t)(q->expires - s->now) <= 0)
		frag_kill(s, q);
}

void frag_begin(struct frag_session *s, struct net *net, uint8_t pf)
{
	bool ipv6 = pf == NFPROTO_IPV6;

	s->frags = &net->defrag->frags[ipv6];
	s->dead = NULL;
	s->now = nfct_time_stamp(net->core);
	s->timeout = load_relaxed(&net->ct.timeouts.frag[ipv6]);
	s->high_thresh = load_relaxed(ipv6 ? &net->ct.nf_conntrack_frag6_high_thresh
					   : &net->ct.ipfrag_high_thresh);
	spin_lock(&s->frags->lock, CT_LOCK_LEAF);
	expire(s);
}

void frag_end(struct frag_session *s)
{
	spin_unlock(&s->frags->lock);
	while (s->dead) {
		struct frag_queue *next = s->dead->next;

		frag_queue_free(s->dead);
		s->dead = next;
	}
}

static void each_family(struct net *net, void (*fn)(struct frag_session *s))
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct frag_session s;

		frag_begin(&s, net, families[i]);
		fn(&s);
		frag_end(&s);
	}
}

void nf_defrag_expire(struct net *net)
{
	each_family(net, expire);
}

static void kill_all(struct frag_session *s)
{
	while (s->frags->oldest)
		frag_kill(s, s->frags->oldest);
}

void nf_defrag_net_exit(struct net *net)
{
	if (!net->defrag)
		return;
	each_family(net, kill_all);
	free(net->defrag);
	net->defrag = NULL;
}

uint64_t nf_defrag_memory(struct net *net, uint8_t pf)
{
	struct frags *f = &net->defrag->frags[pf == NFPROTO_IPV6];
	uint64_t bytes;

	spin_lock(&f->lock, CT_LOCK_LEAF);
	bytes = f->bytes;
	spin_unlock(&f->lock);
	return bytes;
}

/* --- Queues --- */

/* Multiply and fold.  An attacker who fills one bucket causes walks bounded by high_thresh. */
static uint32_t hash_key(const struct frag_key *key)
{
	const uint32_t *w = (const uint32_t *)key;
	uint64_t h = 0x736f6d6570736575;

	for (size_t i = 0; i < sizeof(*key) / sizeof(*w); i++) {
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32);
}

static void charge(struct frag_session *s, struct frag_queue *q, uint64_t bytes)
{
	q->bytes += bytes;
	s->frags->bytes += bytes;
}

static void append_youngest(struct frags *f, struct frag_queue *q)
{
	q->younger = NULL;
	q->older = f->youngest;
	if (f->youngest)
		f->youngest->younger = q;
	else
		f->oldest = q;
	f->youngest = q;
}

static void unlink_age(struct frags *f, struct frag_queue *q)
{
	if (q->older)
		q->older->younger = q->younger;
	else
		f->oldest = q->younger;
	if (q->younger)
		q->younger->older = q->older;
	else
		f->youngest = q->older;
}

static void peer_put(struct frags *f, struct frag_queue *q)
{
	struct frag_peer *peer = q->peer, **p;

	if (!peer || --peer->users)
		return;
	for (p = &f->peers[peer->saddr % PEER_BUCKETS]; *p != peer; p = &(*p)->next)
		;
	*p = peer->next;
	free(peer);
}

void frag_take(struct frag_session *s, struct frag_queue *q)
{
	*q->pprev = q->next;
	if (q->next)
		q->next->pprev = q->pprev;
	unlink_age(s->frags, q);
	peer_put(s->frags, q);
	q->peer = NULL;
	s->frags->bytes -= q->bytes;
}

void frag_kill(struct frag_session *s, struct frag_queue *q)
{
	frag_take(s, q);
	q->next = s->dead;
	s->dead = q;
}

struct frag_queue *frag_find(struct frag_session *s, const struct frag_key *key)
{
	struct frag_queue **head = &s->frags->buckets[hash_key(key) % FRAG_BUCKETS], *q;

	if (!s->high_thresh || s->frags->bytes > s->high_thresh)
		return NULL;
	for (q = *head; q; q = q->next) {
		if (memcmp(&q->key, key, sizeof(*key)))
			continue;
		if ((int32_t)(q->expires - s->now) > 0)
			return q;
		/* expired but not the oldest: the timeout setting was changed meanwhile */
		frag_kill(s, q);
		break;
	}
	q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->key = *key;
	q->expires = s->now + s->timeout;
	q->pprev = head;
	q->next = *head;
	if (q->next)
		q->next->pprev = &q->next;
	*head = q;
	append_youngest(s->frags, q);
	charge(s, q, sizeof(*q));
	return q;
}

static struct frag_peer *peer_get(struct frags *f, uint32_t saddr)
{
	struct frag_peer **head = &f->peers[saddr % PEER_BUCKETS], *peer;

	for (peer = *head; peer && peer->saddr != saddr; peer = peer->next)
		;
	if (!peer) {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			return NULL;
		peer->saddr = saddr;
		peer->next = *head;
		*head = peer;
	}
	peer->users++;
	return peer;
}

/* ip_frag_reinit */
static void start_anew(struct frag_session *s, struct frag_queue *q)
{
	uint64_t bytes = q->bytes - sizeof(*q) - q->max_runs * sizeof(*q->runs);

	q->bytes -= bytes;
	s->frags->bytes -= bytes;
	pieces_free(q);
	q->len = q->meat = 0;
	q->flags = q->ecn = 0;
	q->verify = false;
	q->expires = s->now + s->timeout;
	unlink_age(s->frags, q);
	append_youngest(s->frags, q);
}

void frag_check_distance(struct frag_session *s, struct frag_queue *q, uint32_t max_dist)
{
	uint32_t start = q->rid;

	if (!q->peer && max_dist && !q->nr_runs)
		q->peer = peer_get(s->frags, q->key.saddr[0]);
	if (!q->peer || !max_dist)
		return;
	q->rid = ++q->peer->rid;
	if (q->nr_runs && q->rid - start > max_dist)
		start_anew(s, q);
}

/* --- Pieces --- */

struct frag_piece *frag_piece_new(const struct sk_buff *skb, unsigned int hdrlen,
				  unsigned int dataoff, uint32_t offset, uint32_t len)
{
	uint32_t there = skb->headlen > dataoff ? skb->headlen - dataoff : 0;
	struct frag_piece *p;

	if (there > len)
		there = len;
	p = malloc(sizeof(*p) + hdrlen + there);
	if (!p)
		return NULL;
	*p = (struct frag_piece){ .offset = offset, .len = len, .there = there, .hdrlen = hdrlen };
	if (hdrlen)
		memcpy(p->bytes, skb->data, hdrlen);
	if (there)
		memcpy(p->bytes + hdrlen, skb->data + dataoff, there);
	return p;
}

/* The size of a piece on the wire, so that cut captures reach the limit like complete ones. */
static uint64_t weight(const struct frag_piece *p)
{
	return sizeof(*p) + p->hdrlen + p->len;
}

/* Makes room for another run at index at. */
static bool open_run(struct frag_session *s, struct frag_queue *q, uint32_t at)
{
	if (q->nr_runs == q->max_runs) {
		uint32_t max = q->max_runs ? q->max_runs * 2 : 2;
		struct frag_run *runs = realloc(q->runs, max * sizeof(*runs));

		if (!runs)
			return false;
		charge(s, q, (max - q->max_runs) * sizeof(*runs));
		q->runs = runs;
		q->max_runs = max;
	}
	memmove(&q->runs[at + 1], &q->runs[at], (q->nr_runs - at) * sizeof(q->runs[0]));
	q->nr_runs++;
	return true;
}

enum frag_insert frag_insert(struct frag_session *s, struct frag_queue *q, struct frag_piece *piece)
{
	uint32_t end = piece->offset + piece->len, at = 0, past = q->nr_runs;
	struct frag_run *last = q->nr_runs ? &q->runs[q->nr_runs - 1] : NULL, *run;

	/* The first run that does not end before the start of the piece. */
	while (at < past) {
		uint32_t mid = (at + past) / 2;

		if (q->runs[mid].offset + q->runs[mid].len <= piece->offset)
			at = mid + 1;
		else
			past = mid;
	}
	if (at < q->nr_runs && q->runs[at].offset < end) {
		run = &q->runs[at];
		if (piece->offset >= run->offset && end <= run->offset + run->len)
			return FRAG_DUP;
		return FRAG_OVERLAP;
	}
	if (last && last->offset + last->len == piece->offset) {
		last->last->next = piece;
		last->last = piece;
		last->len += piece->len;
	} else {
		if (!open_run(s, q, at))
			return FRAG_NOMEM;
		q->runs[at] = (struct frag_run){ piece->offset, piece->len, piece, piece };
	}
	charge(s, q, weight(piece));
	q->meat += piece->len;
	if (!piece->offset)
		q->flags |= FRAG_FIRST_IN;
	return FRAG_OK;
}

uint8_t *frag_reassemble(const struct frag_queue *q, struct sk_buff *skb, uint32_t *hdrlen)
{
	uint32_t have = q->runs[0].first->hdrlen, at = 0;
	uint8_t *data = malloc(have + q->len);
	bool whole = true;

	if (!data)
		return NULL;
	*hdrlen = have;
	for (uint32_t i = 0; i < q->nr_runs && whole; i++) {
		for (const struct frag_piece *p = q->runs[i].first; p && whole; p = p->next) {
			memcpy(data + at, p->bytes, p->hdrlen + p->there);
			at += p->hdrlen + p->there;
			whole = p->there == p->len;
		}
	}
	skb_release_data(skb);
	skb->data = data;
	skb->own_data = true;
	skb->len = *hdrlen + q->len;
	skb->headlen = at;
	skb->mark = q->mark;
	skb->ip_summed = q->verify ? CHECKSUM_NONE : CHECKSUM_UNNECESSARY;
	return data;
}

int frag_ecn(uint8_t seen)
{
	enum { NOT_ECT = 1 << 0, ECT = 1 << 1 | 1 << 2, CE = 1 << 3 };

	if (seen & NOT_ECT)
		return seen == NOT_ECT ? 0 : -1;
	return seen & CE && seen & ECT ? 3 : 0;
}

uint32_t frag_user(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *tmpl = nf_ct_get(skb, &ctinfo);
	uint32_t zone = NF_CT_DEFAULT_ZONE_ID;

	if (tmpl) {
		const struct nf_conntrack_zone z = nf_ct_zone(tmpl);

		zone = nf_ct_zone_id(&z, IP_CT_DIR_ORIGINAL);
	}
	return (uint32_t)state->hook << 16 | zone;
}

unsigned int frag_steal(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *tmpl = nf_ct_get(skb, &ctinfo);

	skb->_nfct = 0;
	if (tmpl)
		nf_ct_put(tmpl);
	skb_release_data(skb);
	return NF_STOLEN;
}

void skb_free_data(struct sk_buff *skb)
{
	free((void *)(uintptr_t)skb->data);
	skb->data = NULL;
	skb->len = skb->headlen = 0;
	skb->own_data = false;
}
