/* SPDX-License-Identifier: MIT */
/*
 * Connections outside the table are in lists of the CPU that inserted them, as up to
 * Linux 5.18: new ones in its unconfirmed list until confirm, deleted ones in its dying
 * list until the last reference is dropped.  So all can be found; it costs each
 * connection two more locks and two insertions.
 *
 * They are chained by the ORIGINAL node, which is in no bucket then.  A reader on a node
 * that is moved is carried into the list.  As with another bucket's chain it notices
 * that by the end marker, which no bucket has.  struct nf_conn.cpu says whose list it
 * is; only the thread that moves the connection writes it: the one with its packet,
 * then the one that deletes it, then the one that drops the last reference.
 */
#include <stdlib.h>

#define CT_LISTS_NAME "percpu"

#define UNCONFIRMED_NULLS_VAL (1u << 30)
#define DYING_NULLS_VAL	      ((1u << 30) + 1)

_Static_assert(CT_CHAIN_NEEDS_TYPESAFE || CT_CHAIN_READERS_LOCK,
	       "lists/percpu.h moves a node to another list at once: a reader notices by nulls "
	       "(chain/nulls_rcu.h), or holds the lock (chain/locked.h)");

struct ct_pcpu {
	spinlock_t lock;
	_Atomic uintptr_t unconfirmed, dying;
} __cacheline_aligned;

struct ct_lists {
	struct ct_pcpu *cpu;
	unsigned int nr;
};

static int ct_lists_init(struct ct_lists *l, unsigned int cpus)
{
	l->cpu = aligned_alloc(CT_CACHE_LINE, cpus * sizeof(*l->cpu));
	if (!l->cpu)
		return -ENOMEM;
	l->nr = cpus;
	memset((void *)l->cpu, 0, cpus * sizeof(*l->cpu));
	for (unsigned int i = 0; i < cpus; i++) {
		store_relaxed(&l->cpu[i].unconfirmed, chain_end(UNCONFIRMED_NULLS_VAL));
		store_relaxed(&l->cpu[i].dying, chain_end(DYING_NULLS_VAL));
	}
	return 0;
}

static void ct_lists_destroy(struct ct_lists *l)
{
	free(l->cpu);
}

static void ct_list_unconfirmed(struct ct_lists *l, struct nf_conn *ct)
{
	struct ct_pcpu *p = &l->cpu[ct_this_cpu];

	ct->cpu = (uint16_t)ct_this_cpu;
	spin_lock(&p->lock, CT_LOCK_LEAF);
	chain_add(&p->unconfirmed, &ct->tuplehash[IP_CT_DIR_ORIGINAL]);
	spin_unlock(&p->lock);
}

static void ct_list_dying(struct ct_lists *l, struct nf_conn *ct)
{
	struct ct_pcpu *p = &l->cpu[ct_this_cpu];

	ct->cpu = (uint16_t)ct_this_cpu;
	spin_lock(&p->lock, CT_LOCK_LEAF);
	chain_add(&p->dying, &ct->tuplehash[IP_CT_DIR_ORIGINAL]);
	spin_unlock(&p->lock);
}

/* Removes it from either list, if it is in one. */
static void ct_list_del(struct ct_lists *l, struct nf_conn *ct)
{
	struct ct_pcpu *p;

	if (ct->cpu == CT_NO_LIST)
		return;
	p = &l->cpu[ct->cpu];
	spin_lock(&p->lock, CT_LOCK_LEAF);
	chain_del(&ct->tuplehash[IP_CT_DIR_ORIGINAL]);
	spin_unlock(&p->lock);
	ct->cpu = CT_NO_LIST;
}

static int ct_lists_collect(struct ct_lists *l, bool dying, struct ct_collect *c)
{
	for (unsigned int i = 0; i < l->nr; i++) {
		struct ct_pcpu *p = &l->cpu[i];

		spin_lock(&p->lock, CT_LOCK_LEAF);
		for (uintptr_t n = load_relaxed(dying ? &p->dying : &p->unconfirmed);
		     !chain_is_end(n);) {
			struct nf_conntrack_tuple_hash *h = chain_entry(n);

			ct_collect_visit(c, h, nf_ct_tuplehash_to_ctrack(h));
			n = load_relaxed(&h->hnnode.next);
		}
		spin_unlock(&p->lock);
	}
	return 0;
}
