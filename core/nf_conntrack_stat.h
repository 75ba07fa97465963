/* SPDX-License-Identifier: MIT */
/* Per-CPU counters, named and ordered as the columns of /proc/net/stat/nf_conntrack. */
#ifndef CTBENCH_CORE_NF_CONNTRACK_STAT_H
#define CTBENCH_CORE_NF_CONNTRACK_STAT_H

#include "core/compiler.h"

/* clang-format off */
#define CT_STAT_FIELDS(F) \
	F(found) F(invalid) F(insert) F(insert_failed) F(drop) F(early_drop) F(error) \
	F(expect_new) F(expect_create) F(expect_delete) \
	F(search_restart) F(clash_resolve) F(chaintoolong)
/* clang-format on */

struct ip_conntrack_stat {
#define CT_STAT_FIELD(name) _Atomic uint32_t name;
	CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
	/* connections, in variants whose threads share nothing; may be below zero by wrapping */
	_Atomic uint32_t count;
} __cacheline_aligned;

/* The calling thread's "CPU": set by a variant's thread_begin, unique among registered threads. */
extern _Thread_local unsigned int ct_this_cpu;

/* Only its own CPU counts here, so no locked instruction is needed. */
#define NF_CT_STAT_ADD(net, field, n) count_own(&(net)->stat[ct_this_cpu].field, (n))
#define NF_CT_STAT_INC(net, field)    NF_CT_STAT_ADD(net, field, 1)

#endif
