/* SPDX-License-Identifier: MIT */
/*
 * The worker loops of loops.inc.h for programs that have several operations or packets at once,
 * such as those that poll a network card: work->burst at a time, with their lookups together.
 * Included by variant.inc.h after loops.inc.h.  They are separate loops, so that the loops without
 * bursts consist of the same instructions as if this file did not exist.
 */

/* The lookups of a burst, after all its keys were gathered. */
static __always_inline void burst_lookups(struct net *net, struct ct_find *f, struct ct_burst *b,
					  struct lookup_state *s, const bool get)
{
	__nf_conntrack_find_burst(net, f, b, get);
	for (unsigned int i = 0; i < b->nr; i++) {
		struct nf_conntrack_tuple_hash *h = b->found[i];

		s->checksum += b->hash[i];
		if (!h)
			continue;
		s->hits++;
		s->checksum += (uintptr_t)h;
		if (get)
			nf_ct_put_fast(nf_ct_tuplehash_to_ctrack(h));
	}
}

/*
 * One burst: gathers its lookups and does its other operations in order.  Those have other keys, so
 * their order relative to the lookups does not matter.
 */
static __always_inline void
ops_burst(struct ct_ops_work *w, struct ct_burst *b, struct lookup_state *s, struct ct_find *f,
	  size_t nr, const bool compact, const bool get, const bool mixed)
{
	struct net *net = w->net;
	struct ct_table *t = &ct_instance_of(net->core)->table;

	b->nr = 0;
	ct_read_lock();
	for (size_t i = 0; i < nr; i++) {
		union ct_tuple_words key;

		if (mixed) {
			uint8_t op = w->ops[w->op_pos];

			if (unlikely(++w->op_pos == w->nr_ops))
				w->op_pos = 0;
			if (op != CT_OP_LOOKUP) {
				op == CT_OP_INSERT ? op_insert(w, compact)
						   : op_delete(w, f, compact);
				continue;
			}
		}
		key_load(&key, w->keys, s->pos, compact);
		if (unlikely(++s->pos == w->nr_keys))
			s->pos = 0;
		b->key[b->nr] = key;
		b->hash[b->nr] = hash_conntrack_raw(&key, NF_CT_DEFAULT_ZONE_ID, net);
		table_prefetch(t, b->hash[b->nr++]);
	}
	w->lookups += b->nr;
	f->now = nfct_time_stamp(net->core);
	burst_lookups(net, f, b, s, get);
	ct_read_unlock();
}

static __always_inline void
ops_burst_loop(struct ct_ops_work *w, const bool compact, const bool get, const bool mixed)
{
	struct lookup_state s = { .pos = w->key_pos };
	struct ct_burst b;
	struct ct_find f;

	ct_find_init(&f, w->net, &nf_ct_zone_dflt);
	for (size_t left = w->batch, nr; left; left -= nr) {
		nr = left < w->burst ? left : w->burst;
		ops_burst(w, &b, &s, &f, nr, compact, get, mixed);
	}
	w->key_pos = s.pos;
	w->hits += s.hits;
	w->checksum += s.checksum;
	w->done += w->batch;
}

void CT_PASTE(ct_run_ops_burst_, CT_VARIANT)(struct ct_core *core, struct ct_ops_work *w);
void CT_PASTE(ct_run_ops_burst_, CT_VARIANT)(struct ct_core *core __maybe_unused,
					     struct ct_ops_work *w)
{
	if (w->ops) /* the layout of keys is checked for each: the mix has costlier branches */
		w->refcount ? ops_burst_loop(w, w->compact, true, true)
			    : ops_burst_loop(w, w->compact, false, true);
	else if (w->compact)
		w->refcount ? ops_burst_loop(w, true, true, false)
			    : ops_burst_loop(w, true, false, false);
	else
		w->refcount ? ops_burst_loop(w, false, true, false)
			    : ops_burst_loop(w, false, false, false);
	ct_rcu_quiescent();
}

#ifndef CT_PACKET_LOOPS
void CT_PASTE(ct_run_packets_burst_, CT_VARIANT)(struct ct_core *core, struct ct_packet_work *w);
void CT_PASTE(ct_run_packets_burst_, CT_VARIANT)(struct ct_core *core __maybe_unused,
						 struct ct_packet_work *w)
{
	struct sk_buff skb[CT_BURST];
	uint16_t in[CT_BURST], out[CT_BURST];
	unsigned int verdict[CT_BURST];

	for (size_t left = w->batch, nr; left; left -= nr) {
		nr = left < w->burst ? left : w->burst;
		for (size_t i = 0; i < nr; i++) {
			const struct ct_frame *frame = &w->frames[w->pos];

			skb[i] = frame_packet(frame);
			in[i] = frame->in;
			out[i] = frame->out;
			if (unlikely(++w->pos == w->nr_frames))
				w->pos = 0;
		}
		ct_read_lock();
		ct_forward_burst(w->net, skb, (unsigned int)nr, in, out, verdict);
		ct_read_unlock();
		for (size_t i = 0; i < nr; i++)
			count_verdict(w, verdict[i]);
	}
	w->done += w->batch;
	ct_rcu_quiescent();
}
#endif
