/* SPDX-License-Identifier: MIT */
/*
 * Registration of hooks, and packets that leave the pipeline and return.
 *
 * The entries of one hook point are an array that is replaced as a whole
 * (net/netfilter/core.c).  Readers hold no lock and may walk an old array for
 * any time: a replaced array is kept until its namespace is destroyed.
 * Registrations are few, so this costs less than waiting for a grace period,
 * which not every variant has.
 */
#include "core/netns.h"

#include <errno.h>
#include <stdlib.h>

static _Atomic(struct nf_hook_entries *) *place(struct net *net, const struct nf_hook_ops *ops)
{
	int pf = nf_pf_index(ops->pf);

	return pf < 0 || ops->hooknum >= NF_INET_NUMHOOKS ? NULL : &net->hooks[pf][ops->hooknum];
}

static unsigned int accept_hook(void *priv __maybe_unused, struct sk_buff *skb __maybe_unused,
				const struct nf_hook_state *state __maybe_unused)
{
	return NF_ACCEPT;
}

static unsigned int find(const struct nf_hook_entries *e, const struct nf_hook_ops *ops)
{
	unsigned int i = 0;

	while (e && i < e->nr && e->hooks[i].ops != ops)
		i++;
	return i;
}

static void copy(struct nf_hook_entry *to, const struct nf_hook_entry *from)
{
	store_relaxed(&to->hook, load_relaxed(&from->hook));
	to->priv = from->priv;
	to->priority = from->priority;
	to->ops = from->ops;
}

static void fill(struct nf_hook_entry *to, const struct nf_hook_ops *ops)
{
	store_relaxed(&to->hook, ops->hook);
	to->priv = ops->priv;
	to->priority = ops->priority;
	to->ops = ops;
}

/* A copy of the array, without the entry at `without` (== nr: with all) and with ops added (NULL:
 * none). */
static struct nf_hook_entries *
rebuild(struct nf_hook_entries *old, unsigned int without, const struct nf_hook_ops *ops)
{
	unsigned int nr = old ? old->nr : 0, to = 0;
	struct nf_hook_entries *e = malloc(sizeof(*e) + (nr + 1) * sizeof(e->hooks[0]));

	if (!e)
		return NULL;
	for (unsigned int i = 0; i < nr; i++) {
		if (i == without || !old->hooks[i].ops)
			continue;
		if (ops && ops->priority < old->hooks[i].priority) {
			fill(&e->hooks[to++], ops);
			ops = NULL;
		}
		copy(&e->hooks[to++], &old->hooks[i]);
	}
	if (ops)
		fill(&e->hooks[to++], ops);
	e->nr = to;
	e->retired = old;
	return e;
}

int nf_register_net_hook(struct net *net, const struct nf_hook_ops *ops)
{
	_Atomic(struct nf_hook_entries *) *p = place(net, ops);
	struct nf_hook_entries *old, *e;
	int ret = 0;

	if (!p || !ops->hook)
		return -EINVAL;
	spin_lock(&net->hook_lock, CT_LOCK_HOOKS);
	old = load_relaxed(p);
	if (old && find(old, ops) < old->nr) {
		ret = -EEXIST;
	} else {
		e = rebuild(old, old ? old->nr : 0, ops);
		if (e)
			store_release(p, e); /* pairs with the acquire in nf_hook() */
		else
			ret = -ENOMEM;
	}
	spin_unlock(&net->hook_lock);
	return ret;
}

void nf_unregister_net_hook(struct net *net, const struct nf_hook_ops *ops)
{
	_Atomic(struct nf_hook_entries *) *p = place(net, ops);
	struct nf_hook_entries *old, *e;
	unsigned int i;

	if (!p)
		return;
	spin_lock(&net->hook_lock, CT_LOCK_HOOKS);
	old = load_relaxed(p);
	i = find(old, ops);
	if (old && i < old->nr) {
		e = rebuild(old, i, NULL);
		if (e) {
			store_release(p, e);
		} else {
			/*
			 * Removing a hook must not fail.  Without memory for a
	 * new array its slot stays, and accepts everything.
			 */
			old->hooks[i].ops = NULL; /* only read under hook_lock */
			store_relaxed(&old->hooks[i].hook, accept_hook);
		}
	}
	spin_unlock(&net->hook_lock);
}

int nf_register_net_hooks(struct net *net, const struct nf_hook_ops *ops, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		int ret = nf_register_net_hook(net, &ops[i]);

		if (ret) {
			nf_unregister_net_hooks(net, ops, i);
			return ret;
		}
	}
	return 0;
}

void nf_unregister_net_hooks(struct net *net, const struct nf_hook_ops *ops, size_t nr)
{
	while (nr--)
		nf_unregister_net_hook(net, &ops[nr]);
}

unsigned int nf_queue(struct sk_buff *skb, const struct nf_hook_state *state)
{
	return state->net->queue ? state->net->queue(state->net->queue_priv, skb, state) : NF_DROP;
}

unsigned int nf_reinject(struct sk_buff *skb, struct nf_hook_state *state, unsigned int verdict)
{
	const struct nf_hook_entries *e =
		load_acquire(&state->net->hooks[state->pf == NFPROTO_IPV6][state->hook]);

	if (verdict == NF_REPEAT)
		return e ? nf_hook_slow(skb, state, e, state->index) : NF_ACCEPT;
	if (verdict != NF_ACCEPT)
		return verdict;
	/* Hooks may have been added and removed meanwhile; the kernel takes the same risk. */
	return e ? nf_hook_slow(skb, state, e, state->index + 1) : NF_ACCEPT;
}
