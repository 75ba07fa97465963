/* SPDX-License-Identifier: MIT */
/*
 * The worker loops for packets where threads share nothing.  A packet of another thread's
 * connection (ct_frame.owner; a card finds it by its hash) is put into that thread's ring; packets
 * in this thread's rings are taken before its own.  A packet is counted by the thread that passes
 * it through the hooks.
 *
 * If a ring stays full, its thread may have stopped: the batch then ends early, and the packet is
 * sent with the next one.
 */

/* How often the loop looks at a ring that stays full, before it gives up the batch. */
#define HANDOVER_PATIENCE 4096u

static __always_inline void
owned_packets(struct ct_packet_work *w, const struct ct_frame **frame, unsigned int nr)
{
	struct sk_buff skb[CT_BURST];
	uint16_t in[CT_BURST], out[CT_BURST];
	unsigned int verdict[CT_BURST];

	for (unsigned int i = 0; i < nr; i++) {
		skb[i] = frame_packet(frame[i]);
		in[i] = frame[i]->in;
		out[i] = frame[i]->out;
	}
	if (nr == 1)
		verdict[0] = ct_forward(w->net, &skb[0], in[0], out[0]);
	else
		ct_forward_burst(w->net, skb, nr, in, out, verdict);
	for (unsigned int i = 0; i < nr; i++)
		count_verdict(w, verdict[i]);
	w->done += nr;
}

/* Takes packets from this thread's rings, one ring after another. */
static __always_inline void
handed_packets(struct ct_packet_work *w, struct ct_handover *h, const unsigned int burst)
{
	const struct ct_frame *frame[CT_BURST];

	for (unsigned int from = 1; from <= h->workers; from++) {
		unsigned int nr;

		if (from == ct_this_cpu)
			continue;
		nr = handover_take(handover_ring(h, from, ct_this_cpu), frame, CT_BURST);
		for (unsigned int i = 0, n; i < nr; i += n) {
			n = nr - i < burst ? nr - i : burst;
			owned_packets(w, &frame[i], n);
		}
	}
}

static __always_inline void packets_loop(struct ct_packet_work *w, const unsigned int burst)
{
	struct ct_handover *h = ct_instance_of(w->net->core)->table.handover;
	const bool worker = ct_this_cpu - 1 < h->workers; /* CPU 0 has no rings */
	const struct ct_frame *frame[CT_BURST];
	unsigned int patience = HANDOVER_PATIENCE;

	for (size_t left = w->batch; left && patience;) {
		unsigned int nr = 0;
		bool full = false;

		if (worker)
			handed_packets(w, h, burst);
		while (nr < burst && left) {
			const struct ct_frame *next = &w->frames[w->pos];

			if (likely(!next->owner) || next->owner == ct_this_cpu) {
				frame[nr++] = next;
			} else if (!handover_put(handover_ring(h, ct_this_cpu, next->owner),
						 next)) {
				full = true;
				break;
			}
			if (unlikely(++w->pos == w->nr_frames))
				w->pos = 0;
			left--;
		}
		if (nr) {
			owned_packets(w, frame, nr);
		} else if (full) {
			patience--;
			cpu_relax();
		}
	}
	ct_rcu_quiescent();
}

void CT_PASTE(ct_run_packets_, CT_VARIANT)(struct ct_core *core, struct ct_packet_work *w);
void CT_PASTE(ct_run_packets_, CT_VARIANT)(struct ct_core *core __maybe_unused,
					   struct ct_packet_work *w)
{
	packets_loop(w, 1);
}

void CT_PASTE(ct_run_packets_burst_, CT_VARIANT)(struct ct_core *core, struct ct_packet_work *w);
void CT_PASTE(ct_run_packets_burst_, CT_VARIANT)(struct ct_core *core __maybe_unused,
						 struct ct_packet_work *w)
{
	packets_loop(w, (unsigned int)w->burst);
}
