/* SPDX-License-Identifier: MIT */
/*
 * A network namespace: its hooks, settings and counters.  It shares the conntrack
 * core, with the table, with other namespaces, as in the kernel.
 */
#ifndef CTBENCH_CORE_NETNS_H
#define CTBENCH_CORE_NETNS_H

#include <stdio.h>

#include "core/netfilter.h"
#include "core/nf_conntrack.h"
#include "core/nf_conntrack_ecache.h"
#include "core/nf_conntrack_expect.h"
#include "core/nf_conntrack_stat.h"

struct ct_core;

enum tcp_conntrack {
	TCP_CONNTRACK_NONE,
	TCP_CONNTRACK_SYN_SENT,
	TCP_CONNTRACK_SYN_RECV,
	TCP_CONNTRACK_ESTABLISHED,
	TCP_CONNTRACK_FIN_WAIT,
	TCP_CONNTRACK_CLOSE_WAIT,
	TCP_CONNTRACK_LAST_ACK,
	TCP_CONNTRACK_TIME_WAIT,
	TCP_CONNTRACK_CLOSE,
	TCP_CONNTRACK_SYN_SENT2, /* simultaneous open */
	TCP_CONNTRACK_MAX,
	TCP_CONNTRACK_IGNORE,
	TCP_CONNTRACK_RETRANS, /* not states: timeouts for special cases */
	TCP_CONNTRACK_UNACK,
	TCP_CONNTRACK_TIMEOUT_MAX,
};

enum sctp_conntrack {
	SCTP_CONNTRACK_NONE,
	SCTP_CONNTRACK_CLOSED,
	SCTP_CONNTRACK_COOKIE_WAIT,
	SCTP_CONNTRACK_COOKIE_ECHOED,
	SCTP_CONNTRACK_ESTABLISHED,
	SCTP_CONNTRACK_SHUTDOWN_SENT,
	SCTP_CONNTRACK_SHUTDOWN_RECD,
	SCTP_CONNTRACK_SHUTDOWN_ACK_SENT,
	SCTP_CONNTRACK_HEARTBEAT_SENT,
	SCTP_CONNTRACK_MAX,
};

enum udp_conntrack { UDP_CT_UNREPLIED, UDP_CT_REPLIED, UDP_CT_MAX };
enum gre_conntrack { GRE_CT_UNREPLIED, GRE_CT_REPLIED, GRE_CT_MAX };

/* Written rarely, read by every packet: relaxed loads of a cache line that all CPUs share. */
struct nf_ct_sysctl {
#define SYSCTL(name, dflt, max) _Atomic uint32_t name;
#define SYSCTL_TIMEOUT(name, array, index, seconds)
#include "core/sysctl.def"
#undef SYSCTL
#undef SYSCTL_TIMEOUT
	struct nf_ct_timeouts { /* ticks */
		_Atomic uint32_t generic[1], icmp[1], icmpv6[1];
		_Atomic uint32_t udp[UDP_CT_MAX], gre[GRE_CT_MAX];
		_Atomic uint32_t tcp[TCP_CONNTRACK_TIMEOUT_MAX];
		_Atomic uint32_t sctp[SCTP_CONNTRACK_MAX];
		_Atomic uint32_t frag[2]; /* [nf_pf_index()] */
	} timeouts;
};

/*
 * Called for a packet with the verdict NF_QUEUE: keeps a copy and returns NF_QUEUE, or refuses
 * with NF_DROP.
 */
typedef unsigned int
nf_queue_fn(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

/* A tracker's reason to refuse a packet, as a clause; see nf_ct_l4proto_log_invalid(). */
typedef void nf_log_fn(void *priv, const char *why);

struct net {
	uint16_t id;		  /* unique among living namespaces */
	uint32_t hash_mix;	  /* the kernel's net_hash_mix() */
	_Atomic uint32_t new_ext; /* enum nf_ct_new_ext: the extensions of new connections */
	struct ct_core *core;
	_Atomic(struct nf_hook_entries *) hooks[2][NF_INET_NUMHOOKS]; /* [nf_pf_index()][hook] */
	spinlock_t hook_lock;					      /* registration */
	nf_queue_fn *queue;					      /* set before packets flow */
	void *queue_priv;
	/* gets the reasons for refused packets; set before packets flow; may be NULL */
	nf_log_fn *log_invalid;
	void *log_priv;
	struct ip_conntrack_stat *stat; /* [core->nr_cpus] */
	struct nf_defrag *defrag;	/* incomplete packets */
	struct nf_ct_ecache_net ecache; /* the subscriber of events */
	_Atomic uint32_t labels_used;	/* number of users of labels */
	spinlock_t new_ext_lock;	/* nf_ct_new_ext_update() */
	struct nf_ct_sysctl ct __cacheline_aligned;
	/* every new connection reads the count, so it is apart from fields that change often */
	struct nf_ct_expect_net expect __cacheline_aligned;
	/*
	 * connections, including unconfirmed ones: changed by every new one, so it has a
	 * separate cache line; nf_conntrack_count() adds those that are counted per CPU
	 */
	_Atomic uint32_t count __cacheline_aligned;
};

/*
 * A namespace on that core with the kernel's default settings and conntrack's
 * hooks registered.  0 or -ENOMEM, -ENOSPC (65535 namespaces).  Any thread.
 */
int net_create(struct net **out, struct ct_core *core);
/* Kills the namespace's connections first.  No packets may be under way.  NULL is accepted. */
void net_destroy(struct net *net);

/* Sets the defaults of sysctl.def in a namespace under construction. */
void nf_ct_sysctl_init(struct net *net);

/*
 * Changes a setting by the kernel's name, timeouts in seconds: 0, -ENOENT (no such
 * name), -ERANGE.  nf_conntrack_max and nf_conntrack_buckets belong to the table,
 * so they hold for all its namespaces; the latter resizes it (errors of
 * nf_conntrack_ops.resize).  nf_conntrack_count can only be read (-EPERM).
 * Any registered thread.
 */
int nf_ct_sysctl_set(struct net *net, const char *name, uint64_t value);
int nf_ct_sysctl_get(const struct net *net, const char *name, uint64_t *value); /* 0, -ENOENT */
/*
 * The range of a setting: 0, or -ENOENT if it has no simple range
 * (nf_conntrack_buckets, nf_conntrack_count, no such name).
 */
int nf_ct_sysctl_range(const struct net *net, const char *name, uint64_t *min, uint64_t *max);
/* All names: i from 0, NULL after the last. */
const char *nf_ct_sysctl_name(unsigned int i);

/* The namespace's connections, including unconfirmed ones; exact while none come or go. */
uint32_t nf_conntrack_count(const struct net *net);

/* Sum over CPUs. */
struct nf_ct_stat_sum {
#define CT_STAT_FIELD(name) uint64_t name;
	CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
};
void nf_ct_stat_sum(const struct net *net, struct nf_ct_stat_sum *sum);
/* The text of /proc/net/stat/nf_conntrack of Linux 6.18: a line per CPU.  0 or -EIO. */
int nf_ct_stat_dump(const struct net *net, FILE *out);

/*
 * Pass a packet through the hooks of one hook point (NF_HOOK).  The caller is in a
 * read-side section of the core's flavour and still owns the packet afterwards,
 * except with NF_STOLEN and NF_QUEUE.
 */
static __always_inline unsigned int nf_hook(struct net *net, uint8_t pf, enum nf_inet_hooks hook,
					    struct sk_buff *skb, uint16_t in, uint16_t out)
{
	struct nf_hook_state state = { .hook = hook, .pf = pf, .in = in, .out = out, .net = net };
	/* acquire: pairs with the release in nf_register_net_hook() */
	const struct nf_hook_entries *e = load_acquire(&net->hooks[pf == NFPROTO_IPV6][hook]);

	return e ? nf_hook_slow(skb, &state, e, 0) : NF_ACCEPT;
}

/*
 * The packet returns from net->queue: it continues after the hook that queued it, or ends with
 * verdict.
 */
unsigned int nf_reinject(struct sk_buff *skb, struct nf_hook_state *state, unsigned int verdict);

#endif
