/* SPDX-License-Identifier: MIT */
/*
 * The worker loops that measure latencies: like ops_loop() and ct_run_packets_*() of
 * loops.inc.h, around the same operations, but they read the clock before and after
 * each.  Included by variant.inc.h after loops.inc.h.
 *
 * They are separate loops, so that the loops that measure throughput consist of the
 * same instructions as if this file did not exist.
 */

static __always_inline void ops_loop_timed(struct ct_ops_work *w, const bool get)
{
	struct lookup_state s = { .pos = w->key_pos };
	struct ct_latency *latency = w->latency;
	struct net *net = w->net;
	struct ct_find f;
	size_t i;

	ct_find_init(&f, net, &nf_ct_zone_dflt);
	for (i = 0; i < w->batch; i++) {
		uint64_t begin = ct_latency_begin(latency), hits = s.hits;
		enum ct_latency_class class = CT_LATENCY_INSERT;
		uint8_t op;

		if (unlikely(!begin))
			break;
		op = w->ops[w->op_pos];
		if (unlikely(++w->op_pos == w->nr_ops))
			w->op_pos = 0;
		/* The layout of keys is checked for each: less than a tick of the clock. */
		if (op == CT_OP_INSERT) {
			op_insert(w, w->compact);
		} else if (op == CT_OP_DELETE) {
			op_delete(w, &f, w->compact);
			class = CT_LATENCY_DELETE;
		} else {
			op_lookup(w, net, &s, &f, w->compact, get);
			w->lookups++;
			class = s.hits > hits ? CT_LATENCY_HIT : CT_LATENCY_MISS;
		}
		ct_latency_end(latency, class, begin);
	}
	w->key_pos = s.pos;
	w->hits += s.hits;
	w->checksum += s.checksum;
	w->done += i;
}

static void run_ops_timed(struct ct_core *core __maybe_unused, struct ct_ops_work *w)
{
	if (w->refcount)
		ops_loop_timed(w, true);
	else
		ops_loop_timed(w, false);
	ct_rcu_quiescent();
}

static void run_packets_timed(struct ct_core *core __maybe_unused, struct ct_packet_work *w)
{
	struct ct_latency *latency = w->latency;
	size_t i;

	for (i = 0; i < w->batch; i++) {
		uint64_t begin = ct_latency_begin(latency);
		const struct ct_frame *frame = &w->frames[w->pos];
		struct sk_buff skb = frame_packet(frame);
		uintptr_t nfct = 0;
		unsigned int verdict;

		if (unlikely(!begin))
			break;
		if (unlikely(++w->pos == w->nr_frames))
			w->pos = 0;
		ct_read_lock();
		verdict = ct_forward_nfct(w->net, &skb, frame->in, frame->out, &nfct);
		ct_read_unlock();
		ct_latency_end(latency,
			       ct_latency_class_of(nfct & NFCT_INFOMASK, nfct & NFCT_PTRMASK),
			       begin);
		count_verdict(w, verdict);
	}
	w->done += i;
	ct_rcu_quiescent();
}
