/* SPDX-License-Identifier: MIT */
/* Network namespaces: creating, destroying, counting. */
#include "core/nf_defrag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Thread_local unsigned int ct_this_cpu;

const struct nf_conntrack_zone nf_ct_zone_dflt = {
	.id = NF_CT_DEFAULT_ZONE_ID,
	.dir = NF_CT_DEFAULT_ZONE_DIR,
};

/* Ids in use, so that an entry's net_id identifies its namespace. */
#define NET_IDS 65536
static spinlock_t ids_lock;
static uint64_t ids[NET_IDS / 64];

static int id_get(void)
{
	int id = -ENOSPC;

	spin_lock(&ids_lock, CT_LOCK_LEAF);
	for (unsigned int i = 0; i < NET_IDS / 64; i++) {
		if (~ids[i]) {
			unsigned int bit = (unsigned int)__builtin_ctzll(~ids[i]);

			ids[i] |= 1ull << bit;
			id = (int)(i * 64 + bit);
			break;
		}
	}
	spin_unlock(&ids_lock);
	return id;
}

static void id_put(unsigned int id)
{
	spin_lock(&ids_lock, CT_LOCK_LEAF);
	ids[id / 64] &= ~(1ull << (id % 64));
	spin_unlock(&ids_lock);
}

int net_create(struct net **out, struct ct_core *core)
{
	struct net *net = aligned_alloc(CT_CACHE_LINE, sizeof(*net));
	size_t stat_bytes = core->nr_cpus * sizeof(struct ip_conntrack_stat);
	int ret = -ENOMEM;

	if (!net)
		return ret;
	memset(net, 0, sizeof(*net));
	net->core = core;
	net->stat = aligned_alloc(CT_CACHE_LINE, stat_bytes);
	if (!net->stat)
		goto err_net;
	memset(net->stat, 0, stat_bytes);
	nf_ct_sysctl_init(net);
	nf_ct_new_ext_update(net);
	ret = nf_defrag_net_init(net);
	if (ret)
		goto err_stat;
	ret = id_get();
	if (ret < 0)
		goto err_defrag;
	net->id = (uint16_t)ret;
	/* The kernel mixes in the address; a number does as well and is the same in every run. */
	net->hash_mix = (uint32_t)net->id * 0x9e3779b9u;
	ret = nf_register_net_hooks(net, core->ops->hooks, core->ops->nr_hooks);
	if (ret)
		goto err_id;
	*out = net;
	return 0;

err_id:
	id_put(net->id);
err_defrag:
	nf_defrag_net_exit(net);
err_stat:
	free(net->stat);
err_net:
	free(net);
	return ret;
}

static int of_net(struct nf_conn *ct, void *net)
{
	return ct->net == net;
}

void net_destroy(struct net *net)
{
	if (!net)
		return;
	net->core->ops->iterate(net->core, of_net, net);
	nf_ct_ecache_net_fini(net);
	nf_unregister_net_hooks(net, net->core->ops->hooks, net->core->ops->nr_hooks);
	for (unsigned int pf = 0; pf < 2; pf++) {
		for (unsigned int h = 0; h < NF_INET_NUMHOOKS; h++) {
			struct nf_hook_entries *e = load_relaxed(&net->hooks[pf][h]);

			while (e) {
				struct nf_hook_entries *retired = e->retired;

				free(e);
				e = retired;
			}
		}
	}
	nf_defrag_net_exit(net);
	nf_ct_expect_net_fini(net);
	id_put(net->id);
	free(net->stat);
	free(net);
}
