/* SPDX-License-Identifier: MIT */
/* Shared by the programs in kernel.bpf.c and their loader (kernel_bpf.c). */
#ifndef CTBENCH_HARNESS_MEASURE_BPF_KERNEL_H
#define CTBENCH_HARNESS_MEASURE_BPF_KERNEL_H

#include <linux/types.h>

/* A connection of UDP over IPv4, network byte order; 16 bytes, as an array map lays it out. */
struct kernel_tuple {
	__u32 saddr, daddr;
	__u16 sport, dport;
	__u32 pad;
};

/* The "packet" of BPF_PROG_TEST_RUN: which tuples to use, and what came of it. */
struct kernel_pass {
	__u32 first, start, mask; /* tuple first + ((start + i) & mask), for i < count */
	__u32 count;
	__u32 done, hits;
	__u64 ns;
};

/* As in Cilium's tables of connections. */
struct kernel_key {
	__u32 saddr[4], daddr[4];
	__u16 sport, dport;
	__u8 protonum, flags;
	__u8 pad[2];
};
struct kernel_value {
	__u64 words[7];
};

#endif
