/* SPDX-License-Identifier: MIT */
/*
 * The worker loops of a variant, which measure throughput: a batch of table operations
 * (struct ct_ops_work) or of packets (struct ct_packet_work).  Each is one body whose
 * constant arguments make a copy for each kind of work.  Included by variant.inc.h;
 * timed.inc.h has the loops that measure latencies, around the same operations.
 *
 * A thread that is registered with the variant (thread_begin) calls them, outside
 * read-side sections; at the end it is quiescent.
 */

static __always_inline void
key_load(union ct_tuple_words *to, const void *keys, size_t i, const bool compact)
{
	if (compact) {
		const struct ct_key4 *k = (const struct ct_key4 *)keys + i;

		ct_tuple_set_ipv4(to, k->saddr, k->daddr, k->sport, k->dport, k->protonum);
	} else {
		*to = ((const union ct_tuple_words *)keys)[i];
	}
}

/* The values that a lookup changes; kept in registers while a batch runs. */
struct lookup_state {
	size_t pos;
	uint64_t hits, checksum;
};

static __always_inline void
op_lookup(const struct ct_ops_work *w, struct net *net, struct lookup_state *s, struct ct_find *f,
	  const bool compact, const bool get)
{
	struct nf_conntrack_tuple_hash *h;
	union ct_tuple_words key; /* in registers: hashed without waiting for the copy in f */
	uint32_t hash;

	key_load(&key, w->keys, s->pos, compact);
	if (unlikely(++s->pos == w->nr_keys))
		s->pos = 0;
	f->key = key;
	f->now = nfct_time_stamp(net->core);
	f->restarts = 0;
	ct_read_lock();
	hash = hash_conntrack_raw(&key, NF_CT_DEFAULT_ZONE_ID, net);
	s->checksum += hash;
	h = __nf_conntrack_find(net, f, hash, get);
	if (h) {
		s->hits++;
		s->checksum += (uintptr_t)h;
		if (get)
			nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(h));
	}
	ct_read_unlock();
}

/* Inserts a connection like confirm (nf_conntrack_alloc, nf_conntrack_hash_check_insert). */
static void op_insert(struct ct_ops_work *w, const bool compact)
{
	struct nf_conntrack_tuple reply;
	union ct_tuple_words orig;
	struct ct_insert ins;
	struct nf_conn *ct;
	uint32_t hash;
	int err;

	if (unlikely(w->head - w->tail == w->nr_churn))
		return; /* all are in the table; impossible while inserts and deletes alternate */
	key_load(&orig, w->churn, w->head % w->nr_churn, compact);
	w->inserts++;
	hash = hash_conntrack_raw(&orig, NF_CT_DEFAULT_ZONE_ID, w->net);
	ct = nf_ct_invert_tuple(&reply, &orig.tuple)
		     ? __nf_conntrack_alloc(w->net, &nf_ct_zone_dflt, &orig.tuple, &reply, hash,
					    &err)
		     : NULL;
	if (unlikely(!ct)) {
		w->insert_failed++;
		return;
	}
	nf_conntrack_set_live(ct);
	store_relaxed(&ct->timeout, w->timeout);
	err = table_insert(&ct_instance_of(w->net->core)->table, ct, hash,
			   nf_ct_dir_hash(ct, IP_CT_DIR_REPLY), nfct_time_stamp(w->net->core),
			   &ins);
	if (unlikely(err)) {
		if (ins.clash)
			nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(ins.clash));
		w->insert_failed++;
	} else {
		w->head++;
	}
	nf_ct_put_fast(ct);
}

static void op_delete(struct ct_ops_work *w, struct ct_find *f, const bool compact)
{
	struct nf_conntrack_tuple_hash *h;

	if (unlikely(w->head == w->tail))
		return;
	key_load(&f->key, w->churn, w->tail++ % w->nr_churn, compact);
	w->deletes++;
	f->now = nfct_time_stamp(w->net->core);
	f->restarts = 0;
	ct_read_lock();
	h = __nf_conntrack_find(w->net, f,
				hash_conntrack_raw(&f->key, NF_CT_DEFAULT_ZONE_ID, w->net), true);
	ct_read_unlock();
	if (unlikely(!h || !nf_ct_kill_direct(nf_ct_tuplehash_to_ctrack(h))))
		w->delete_failed++;
	if (likely(h))
		nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(h));
}

static __always_inline void
ops_loop(struct ct_ops_work *w, const bool compact, const bool get, const bool mixed)
{
	struct lookup_state s = { .pos = w->key_pos };
	struct net *net = w->net;
	size_t batch = w->batch, lookups = mixed ? 0 : batch;
	struct ct_find f;

	ct_find_init(&f, net, &nf_ct_zone_dflt);
	for (size_t i = 0; i < batch; i++) {
		if (mixed) {
			uint8_t op = w->ops[w->op_pos];

			if (unlikely(++w->op_pos == w->nr_ops))
				w->op_pos = 0;
			if (op == CT_OP_INSERT) {
				op_insert(w, compact);
				continue;
			}
			if (op == CT_OP_DELETE) {
				op_delete(w, &f, compact);
				continue;
			}
			lookups++;
		}
		op_lookup(w, net, &s, &f, compact, get);
	}
	w->key_pos = s.pos;
	w->hits += s.hits;
	w->checksum += s.checksum;
	w->lookups += lookups;
	w->done += batch;
}

void CT_PASTE(ct_run_ops_, CT_VARIANT)(struct ct_core *core, struct ct_ops_work *w);
void CT_PASTE(ct_run_ops_, CT_VARIANT)(struct ct_core *core __maybe_unused, struct ct_ops_work *w)
{
	/*
	 * One body, a copy for each kind of stream, so that no loop tests the same condition for
	 * every operation.
	 */
	if (w->ops) {
		if (w->compact)
			w->refcount ? ops_loop(w, true, true, true)
				    : ops_loop(w, true, false, true);
		else
			w->refcount ? ops_loop(w, false, true, true)
				    : ops_loop(w, false, false, true);
	} else {
		if (w->compact)
			w->refcount ? ops_loop(w, true, true, false)
				    : ops_loop(w, true, false, false);
		else
			w->refcount ? ops_loop(w, false, true, false)
				    : ops_loop(w, false, false, false);
	}
	ct_rcu_quiescent();
}

static __always_inline void count_verdict(struct ct_packet_work *w, unsigned int verdict)
{
	if (likely(verdict == NF_ACCEPT))
		w->accepted++;
	else if (verdict == NF_DROP)
		w->dropped++;
	else
		w->kept++;
	w->checksum += verdict;
}

static __always_inline struct sk_buff frame_packet(const struct ct_frame *frame)
{
	return (struct sk_buff){
		.data = frame->data,
		.len = frame->len,
		.headlen = frame->headlen,
		.protocol = frame->protocol,
		.dev = frame->in,
		.ip_summed = CHECKSUM_UNNECESSARY,
	};
}

#ifndef CT_PACKET_LOOPS
void CT_PASTE(ct_run_packets_, CT_VARIANT)(struct ct_core *core, struct ct_packet_work *w);
void CT_PASTE(ct_run_packets_, CT_VARIANT)(struct ct_core *core __maybe_unused,
					   struct ct_packet_work *w)
{
	for (size_t i = 0; i < w->batch; i++) {
		const struct ct_frame *frame = &w->frames[w->pos];
		struct sk_buff skb = frame_packet(frame);
		unsigned int verdict;

		if (unlikely(++w->pos == w->nr_frames))
			w->pos = 0;
		ct_read_lock();
		verdict = ct_forward(w->net, &skb, frame->in, frame->out);
		ct_read_unlock();
		count_verdict(w, verdict);
	}
	w->done += w->batch;
	ct_rcu_quiescent();
}
#endif
