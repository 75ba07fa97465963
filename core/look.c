/* SPDX-License-Identifier: MIT */
/* Watching hooks, and walking a chain: see nf_conntrack_look.h. */
#include "core/nf_conntrack_look.h"

#include <stdarg.h>

enum ct_look nf_ct_look_at(const struct nf_conntrack_tuple_hash *h, const struct nf_conn *ct,
			   const struct ct_find *f, bool insertion)
{
	enum ip_conntrack_dir dir = NF_CT_DIRECTION(h);
	const struct nf_conntrack_zone zone = nf_ct_zone(ct);
	union ct_tuple_words t;

	if (!insertion && nf_ct_is_expired(ct, f->now))
		return CT_LOOK_EXPIRED;
	if (nf_ct_key_equal(h, ct, f))
		return CT_LOOK_MATCH;
	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++)
		t.w[i] = load_relaxed(&h->tuple_w[i]);
	if (!nf_ct_tuple_equal(&t.tuple, &f->key.tuple))
		return CT_LOOK_OTHER_TUPLE;
	if (!nf_ct_is_confirmed(ct))
		return CT_LOOK_UNCONFIRMED;
	if (nf_ct_is_dying(ct))
		return CT_LOOK_DYING;
	if (nf_ct_is_hidden(nf_ct_status(ct), dir))
		return CT_LOOK_HIDDEN;
	if (nf_ct_zone_id(&zone, dir) != f->zone_id[dir])
		return CT_LOOK_OTHER_ZONE;
	return CT_LOOK_OTHER_NET;
}

void ct_walk_visit(struct ct_walk *w, const struct nf_conntrack_tuple_hash *h)
{
	const struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

	w->node(w, h, ct, nf_ct_look_at(h, ct, &w->find, w->insertion));
}

unsigned int nf_hook_watched(struct net *net, enum nf_inet_hooks hook, struct sk_buff *skb,
			     uint16_t in, uint16_t out, struct nf_hook_watch *w)
{
	const uint8_t pf = skb->protocol == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct nf_hook_state state = { .hook = hook, .pf = pf, .in = in, .out = out, .net = net };
	/* acquire: pairs with the release in nf_register_net_hook() */
	const struct nf_hook_entries *e = load_acquire(&net->hooks[nf_pf_index(pf)][hook]);

	w->place(w, &state, skb, e ? e->nr : 0);
	for (unsigned int i = 0; e && i < e->nr; i++) {
		const struct nf_hook_entry *entry = &e->hooks[i];
		unsigned int verdict;

		do {
			w->before(w, &state, entry, skb);
			verdict = net->core->ops->call(load_relaxed(&entry->hook), entry->priv, skb,
						       &state);
			w->after(w, &state, entry, skb, verdict);
		} while (verdict == NF_REPEAT);
		if (verdict == NF_ACCEPT)
			continue;
		if (verdict == NF_QUEUE) {
			state.index = (uint16_t)i;
			return nf_queue(skb, &state);
		}
		return verdict;
	}
	return NF_ACCEPT;
}

void nf_ct_l4proto_log_invalid(const struct net *net, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (!net->log_invalid)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	net->log_invalid(net->log_priv, text);
}
