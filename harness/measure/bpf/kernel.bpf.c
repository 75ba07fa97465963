/* SPDX-License-Identifier: MIT */
/*
 * The running kernel's own tables: nf_conntrack by its kfuncs for XDP (Linux 5.18), and the maps
 * that programs without netfilter track connections with.
 *
 * Each program does one kind of operation on many tuples in a bpf_loop(), which is not preempted,
 * and reads the clock around it.  do_empty does everything but the operation; its time is
 * subtracted.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "harness/measure/bpf/kernel.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The first 12 bytes of the kernel's, which all versions accept. */
struct bpf_ct_opts___first {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
};
/* Structs with a member: libbpf compares the kinds of types, and a declaration is another kind. */
struct nf_conn {
	unsigned long status;
};
struct nf_conn___init {
	struct nf_conn ct;
};

extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *, struct bpf_sock_tuple *, __u32,
					 struct bpf_ct_opts___first *, __u32) __ksym;
extern struct nf_conn___init *bpf_xdp_ct_alloc(struct xdp_md *, struct bpf_sock_tuple *, __u32,
					       struct bpf_ct_opts___first *, __u32) __ksym;
extern struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *) __ksym;
extern void bpf_ct_release(struct nf_conn *) __ksym;
extern void bpf_ct_set_timeout(struct nf_conn___init *, __u32) __ksym;
extern int bpf_ct_change_timeout(struct nf_conn *, __u32) __ksym;

#define DAY_MS (24 * 3600 * 1000)
#define UDP    17

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader sets these sizes */
	__type(key, __u32);
	__type(value, struct kernel_tuple);
} tuples SEC(".maps");

#define TABLE(name, kind, flags) \
	struct { \
		__uint(type, kind); \
		__uint(map_flags, flags); \
		__uint(max_entries, 1); \
		__type(key, struct kernel_key); \
		__type(value, struct kernel_value); \
	} name SEC(".maps");
TABLE(hash, BPF_MAP_TYPE_HASH, 0)
TABLE(hash_no_prealloc, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC)
TABLE(lru, BPF_MAP_TYPE_LRU_HASH, 0)
TABLE(lru_per_cpu, BPF_MAP_TYPE_LRU_HASH, BPF_F_NO_COMMON_LRU)

struct loop {
	struct xdp_md *ctx;
	__u32 first, start, mask, hits, sum;
};

static __always_inline struct kernel_tuple *tuple_at(struct loop *l, __u32 i)
{
	__u32 at = l->first + ((l->start + i) & l->mask);

	return bpf_map_lookup_elem(&tuples, &at);
}

/* --- nf_conntrack --- */

#define CONNTRACK(l, i) \
	struct kernel_tuple *t = tuple_at(l, i); \
	struct bpf_sock_tuple key = {}; \
	struct bpf_ct_opts___first opts = { .netns_id = -1, .l4proto = UDP }; \
	if (!t) \
		return 1; \
	key.ipv4.saddr = t->saddr; \
	key.ipv4.daddr = t->daddr; \
	key.ipv4.sport = t->sport; \
	key.ipv4.dport = t->dport

#define FIND(l) bpf_xdp_ct_lookup((l)->ctx, &key, sizeof(key.ipv4), &opts, sizeof(opts))

static long each_empty(__u32 i, struct loop *l)
{
	CONNTRACK(l, i);
	barrier_var(opts.l4proto);
	asm volatile("" : : "r"(&key), "r"(&opts) : "memory");
	l->hits++;
	return 0;
}

/* Eight calls and returns: their cost in a kernel with return mitigations. */
static __noinline int leaf(__u32 x)
{
	asm volatile("" : "+r"(x));
	return x;
}

static long each_calls(__u32 i, struct loop *l)
{
	__u32 x = i;

	CONNTRACK(l, i);
	asm volatile("" : : "r"(&key), "r"(&opts) : "memory");
	x = leaf(leaf(leaf(leaf(x))));
	x = leaf(leaf(leaf(leaf(x))));
	l->sum += x;
	l->hits++;
	return 0;
}

static long each_lookup(__u32 i, struct loop *l)
{
	CONNTRACK(l, i);
	struct nf_conn *ct = FIND(l);

	if (ct) {
		l->hits++;
		bpf_ct_release(ct);
	}
	return 0;
}

/* Allocates, looks for both tuples, and inserts both directions. */
static long each_insert(__u32 i, struct loop *l)
{
	CONNTRACK(l, i);
	struct nf_conn___init *new =
		bpf_xdp_ct_alloc(l->ctx, &key, sizeof(key.ipv4), &opts, sizeof(opts));
	struct nf_conn *ct;

	if (!new)
		return 0;
	bpf_ct_set_timeout(new, DAY_MS);
	ct = bpf_ct_insert_entry(new);
	if (ct) {
		l->hits++;
		bpf_ct_release(ct);
	}
	return 0;
}

/* The next lookup in its chain deletes it. */
static long each_expire(__u32 i, struct loop *l)
{
	CONNTRACK(l, i);
	struct nf_conn *ct = FIND(l);

	if (ct) {
		if (!bpf_ct_change_timeout(ct, 0))
			l->hits++;
		bpf_ct_release(ct);
	}
	return 0;
}

/* --- Maps --- */

#define MAP_KEY(l, i) \
	struct kernel_tuple *t = tuple_at(l, i); \
	struct kernel_key key = {}; \
	if (!t) \
		return 1; \
	key.saddr[0] = t->saddr; \
	key.daddr[0] = t->daddr; \
	key.sport = t->sport; \
	key.dport = t->dport; \
	key.protonum = UDP

static long each_key(__u32 i, struct loop *l)
{
	MAP_KEY(l, i);
	asm volatile("" : : "r"(&key) : "memory");
	l->hits++;
	return 0;
}

#define MAP_LOOPS(map) \
	static long each_##map##_lookup(__u32 i, struct loop *l) \
	{ \
		struct kernel_value *v; \
\
		MAP_KEY(l, i); \
		v = bpf_map_lookup_elem(&map, &key); \
		if (v) { \
			l->hits++; \
			l->sum += v->words[0]; \
		} \
		return 0; \
	} \
	static long each_##map##_insert(__u32 i, struct loop *l) \
	{ \
		struct kernel_value v = { .words = { i } }; \
\
		MAP_KEY(l, i); \
		if (!bpf_map_update_elem(&map, &key, &v, BPF_NOEXIST)) \
			l->hits++; \
		return 0; \
	} \
	static long each_##map##_delete(__u32 i, struct loop *l) \
	{ \
		MAP_KEY(l, i); \
		if (!bpf_map_delete_elem(&map, &key)) \
			l->hits++; \
		return 0; \
	}
MAP_LOOPS(hash)
MAP_LOOPS(hash_no_prealloc)
MAP_LOOPS(lru)
MAP_LOOPS(lru_per_cpu)

/* --- Programs --- */

#define PROGRAM(what) \
	SEC("xdp") int do_##what(struct xdp_md *ctx) \
	{ \
		struct kernel_pass *p = (void *)(long)ctx->data; \
		struct loop l = { .ctx = ctx }; \
		__u64 begin, end; \
		long done; \
\
		if ((void *)(p + 1) > (void *)(long)ctx->data_end) \
			return XDP_ABORTED; \
		l.first = p->first; \
		l.start = p->start; \
		l.mask = p->mask; \
		begin = bpf_ktime_get_ns(); \
		done = bpf_loop(p->count, each_##what, &l, 0); \
		end = bpf_ktime_get_ns(); \
		p = (void *)(long)ctx->data; \
		if ((void *)(p + 1) > (void *)(long)ctx->data_end) \
			return XDP_ABORTED; \
		p->ns = end - begin; \
		p->done = done; \
		p->hits = l.hits; \
		return XDP_PASS; \
	}
PROGRAM(empty)
PROGRAM(calls)
PROGRAM(lookup)
PROGRAM(insert)
PROGRAM(expire)
PROGRAM(key)
PROGRAM(hash_lookup)
PROGRAM(hash_insert)
PROGRAM(hash_delete)
PROGRAM(hash_no_prealloc_lookup)
PROGRAM(hash_no_prealloc_insert)
PROGRAM(hash_no_prealloc_delete)
PROGRAM(lru_lookup)
PROGRAM(lru_insert)
PROGRAM(lru_delete)
PROGRAM(lru_per_cpu_lookup)
PROGRAM(lru_per_cpu_insert)
PROGRAM(lru_per_cpu_delete)
