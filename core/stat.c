/* SPDX-License-Identifier: MIT */
/* A namespace's counters: their sum, and the text of /proc/net/stat/nf_conntrack. */
#include <errno.h>

#include "core/conntrack.h"

void nf_ct_stat_sum(const struct net *net, struct nf_ct_stat_sum *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (unsigned int cpu = 0; cpu < net->core->nr_cpus; cpu++) {
#define CT_STAT_FIELD(name) sum->name += load_relaxed(&net->stat[cpu].name);
		CT_STAT_FIELDS(CT_STAT_FIELD)
#undef CT_STAT_FIELD
	}
}

uint32_t nf_conntrack_count(const struct net *net)
{
	uint32_t count = load_relaxed(&net->count);

	for (unsigned int cpu = 0; cpu < net->core->nr_cpus; cpu++)
		count += load_relaxed(&net->stat[cpu].count);
	return count;
}

/*
 * The columns of Linux 6.18.  Kernels no longer count new, ignore and delete.  The
 * number of entries is not per CPU and is the same in every line.
 */
int nf_ct_stat_dump(const struct net *net, FILE *out)
{
	fputs("entries  clashres found new invalid ignore delete chainlength insert insert_failed "
	      "drop early_drop icmp_error  expect_new expect_create expect_delete "
	      "search_restart\n",
	      out);
	for (unsigned int cpu = 0; cpu < net->core->nr_cpus; cpu++) {
		const struct ip_conntrack_stat *st = &net->stat[cpu];
		const uint32_t columns[] = {
			load_relaxed(&st->clash_resolve),
			load_relaxed(&st->found),
			0,
			load_relaxed(&st->invalid),
			0,
			0,
			load_relaxed(&st->chaintoolong),
			load_relaxed(&st->insert),
			load_relaxed(&st->insert_failed),
			load_relaxed(&st->drop),
			load_relaxed(&st->early_drop),
			load_relaxed(&st->error),
			load_relaxed(&st->expect_new),
			load_relaxed(&st->expect_create),
			load_relaxed(&st->expect_delete),
			load_relaxed(&st->search_restart),
		};

		fprintf(out, "%08x ", nf_conntrack_count(net));
		for (unsigned int i = 0; i < ARRAY_SIZE(columns); i++)
			fprintf(out, "%s%08x", i == 12 ? "  " : " ", columns[i]);
		fputc('\n', out);
	}
	return ferror(out) ? -EIO : 0;
}
