/* SPDX-License-Identifier: MIT */
/*
 * Hooks: the points in a packet's path at which functions are called, their order,
 * and their verdicts (include/linux/netfilter.h, net/netfilter/core.c).
 */
#ifndef CTBENCH_CORE_NETFILTER_H
#define CTBENCH_CORE_NETFILTER_H

#include "core/skbuff.h"

struct net;

enum nf_inet_hooks {
	NF_INET_PRE_ROUTING,
	NF_INET_LOCAL_IN,
	NF_INET_FORWARD,
	NF_INET_LOCAL_OUT,
	NF_INET_POST_ROUTING,
	NF_INET_NUMHOOKS,
};

#define NF_DROP	  0u
#define NF_ACCEPT 1u
#define NF_STOLEN 2u /* the hook keeps the packet */
#define NF_QUEUE  3u /* to net->queue; returns by nf_reinject() */
#define NF_REPEAT 4u /* call this hook again */

enum nf_ip_hook_priorities {
	NF_IP_PRI_FIRST = INT32_MIN,
	NF_IP_PRI_CONNTRACK_DEFRAG = -400,
	NF_IP_PRI_RAW = -300,
	NF_IP_PRI_CONNTRACK = -200,
	NF_IP_PRI_MANGLE = -150,
	NF_IP_PRI_FILTER = 0,
	NF_IP_PRI_CONNTRACK_HELPER = 300,
	NF_IP_PRI_CONNTRACK_CONFIRM = INT32_MAX,
	NF_IP_PRI_LAST = INT32_MAX,
};

struct nf_hook_state {
	uint8_t hook;	  /* enum nf_inet_hooks */
	uint8_t pf;	  /* NFPROTO_IPV4 or NFPROTO_IPV6 */
	uint16_t index;	  /* which entry is being called; for nf_reinject() */
	uint16_t in, out; /* device indices */
	struct net *net;
};

/*
 * Called inside a read-side section of the table's RCU flavour, if it has one.
 * Must not block.  Returns a verdict.  With NF_STOLEN or NF_QUEUE the new owner of
 * the packet also owns its reference to the connection.
 */
typedef unsigned int nf_hookfn(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

struct nf_hook_ops {
	nf_hookfn *hook;
	void *priv;
	uint8_t pf;
	uint8_t hooknum;
	int priority; /* ascending order; equal ones in order of registration */
};

/*
 * All hooks of one hook point, in order.  Once it is visible to others only a
 * hook's function may change, and only to one that accepts everything (see
 * nf_unregister_net_hook()).
 */
struct nf_hook_entries {
	struct nf_hook_entries *retired; /* the array that this one replaced */
	unsigned int nr;
	struct nf_hook_entry {
		_Atomic(nf_hookfn *) hook;
		void *priv;
		int priority;
		const struct nf_hook_ops *ops; /* NULL: removed */
	} hooks[];
};

/*
 * 0, -ENOMEM, -EINVAL (no such pf or hook number), -EEXIST (these ops are
 * registered).  Any thread, while packets flow: a packet sees the old order or
 * the new one.  ops must stay valid until nf_unregister_net_hook() has returned and
 * every packet that was in the hooks then has left them.
 */
int nf_register_net_hook(struct net *net, const struct nf_hook_ops *ops);
/* Registers all or none. */
int nf_register_net_hooks(struct net *net, const struct nf_hook_ops *ops, size_t nr);
void nf_unregister_net_hook(struct net *net, const struct nf_hook_ops *ops);
void nf_unregister_net_hooks(struct net *net, const struct nf_hook_ops *ops, size_t nr);

/* NFPROTO_* -> index, or -1 */
static __always_inline int nf_pf_index(uint8_t pf)
{
	return pf == NFPROTO_IPV4 ? 0 : pf == NFPROTO_IPV6 ? 1 : -1;
}

/* Pass the packet to net->queue; NF_DROP without a queue, as in the kernel. */
unsigned int nf_queue(struct sk_buff *skb, const struct nf_hook_state *state);

/*
 * The verdict loop (nf_hook_slow): calls the hooks from number `first` on.  Returns
 * NF_ACCEPT if all accept, else the verdict that ended it.  The kernel also has
 * this indirect call per hook.
 */
static __always_inline unsigned int
nf_hook_slow(struct sk_buff *skb, struct nf_hook_state *state, const struct nf_hook_entries *e,
	     unsigned int first)
{
	for (unsigned int i = first; i < e->nr; i++) {
		unsigned int verdict;

		do {
			verdict = load_relaxed(&e->hooks[i].hook)(e->hooks[i].priv, skb, state);
		} while (unlikely(verdict == NF_REPEAT));
		if (likely(verdict == NF_ACCEPT))
			continue;
		if (verdict == NF_QUEUE) {
			state->index = i;
			return nf_queue(skb, state);
		}
		return verdict;
	}
	return NF_ACCEPT;
}

#endif
