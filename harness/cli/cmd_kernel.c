/* SPDX-License-Identifier: MIT */
/* ctbench kernel: the running kernel's tables compared with ours. */
#include "harness/cli/cmd.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/base/grid.h"
#include "harness/machine/topology.h"
#include "harness/measure/kernel.h"
#include "harness/numbers/quartiles.h"
#include "harness/numbers/stats.h"

struct request {
	struct kernel_request q;
	bool json;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option options[] = {
	{ "flows", 0, CMD_COUNT, AT(q.flows), "N", .min = 1024, .max = 1 << 23,
	  .help = "connections, a power of two (default: 65536)" },
	{ "buckets", 0, CMD_COUNT, AT(q.buckets), "N", .min = 0, .max = 1 << 27,
	  .help = "nf_conntrack_buckets during the measurement, for the whole machine (default: "
		  "unchanged)" },
	{ "rounds", 0, CMD_COUNT, AT(q.rounds), "N", .min = 1, .max = KERNEL_ROUNDS_MAX,
	  .help = "rounds over all tables (default: 9; 7 from 256 Ki connections, 5 from 1 Mi); "
		  "intervals need five" },
	{ "threads", 0, CMD_COUNT, AT(q.threads), "N", .min = 1, .max = 64,
	  .help = "threads that look up at the same time, a power of two (default: 1)" },
	{ "beside", 0, CMD_TEXT, AT(q.table), "VARIANT",
	  .help = "the variant of this program (default: linux_6_18)" },
	{ "packets", 0, CMD_SWITCH, AT(q.packets), NULL,
	  .help = "packets from one TUN device to another, without conntrack and with it, beside "
		  "the same packets through the hooks here" },
	{ "full", 0, CMD_SWITCH, AT(q.full), NULL,
	  .help = "maps that are full: the share of new connections that a flood evicts, and of "
		  "old ones" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print JSON" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "sudo ctbench kernel", NULL },
	{ "sudo ctbench kernel --flows 1048576 --buckets 1048576 --threads 2", NULL },
	{ "sudo ctbench kernel --packets", NULL },
	{ "sudo ctbench kernel --full", "beside it: ctbench run op_evict" },
	{ NULL, NULL },
};

/* A table here is near the kernel's if it takes this much more or less time. */
#define NEAR 0.25

static const char *const op_names[KERNEL_OPS] = { "hit", "miss", "insert", "delete" };
/* clang-format on */

/* The median of the rounds, and its interval if they are enough for one. */
static struct stats_interval interval_of(const double *values, size_t rounds)
{
	double sorted[KERNEL_ROUNDS_MAX];

	memcpy(sorted, values, rounds * sizeof(*sorted));
	return stats_median(sorted, rounds, STATS_SEED);
}

/* How long an operation takes here as a multiple of nf_conntrack's time in the same round. */
static struct stats_interval
ratio_of(const struct kernel_row *kernel, const struct kernel_row *here, enum kernel_op op,
	 size_t rounds)
{
	double ratio[KERNEL_ROUNDS_MAX];

	for (size_t k = 0; k < rounds; k++)
		ratio[k] = here->ns[op][k] / kernel->ns[op][k];
	return stats_median(ratio, rounds, STATS_SEED);
}

static void interval_json(json_t *o, const char *name, struct stats_interval i, size_t rounds)
{
	json_object_set_new(o, name,
			    rounds < STATS_LEAST ? json_pack("{s:f}", "median", i.value)
						 : json_pack("{s:f, s:f, s:f}", "median", i.value,
							     "low", i.low, "high", i.high));
}

static json_t *
row_json(const struct kernel_row *kernel, const struct kernel_row *row, size_t rounds)
{
	json_t *o = json_pack("{s:s, s:b}", "table", row->name, "in_kernel", row->in_kernel);

	for (unsigned int op = 0; op < KERNEL_OPS; op++) {
		json_t *ns = json_array(), *one;

		for (size_t i = 0; i < rounds; i++)
			json_array_append_new(ns, json_real(row->ns[op][i]));
		one = json_pack("{s:o, s:f}", "ns", ns, "done", row->done[op]);
		interval_json(one, "of_rounds", interval_of(row->ns[op], rounds), rounds);
		if (!row->in_kernel)
			interval_json(one, "of_nf_conntrack", ratio_of(kernel, row, op, rounds),
				      rounds);
		json_object_set_new(o, op_names[op], one);
	}
	return o;
}

static int put_json(json_t *all)
{
	if (!all)
		return -ENOMEM;
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(all);
	return 0;
}

static int print_json(const struct request *c, const struct kernel_result *r)
{
	json_t *rows = json_array(), *calls = json_array(), *all;

	for (unsigned int i = 0; i < KERNEL_TABLES; i++)
		json_array_append_new(rows, row_json(&r->row[0], &r->row[i], c->q.rounds));
	for (size_t i = 0; i < c->q.rounds; i++)
		json_array_append_new(calls, json_real(r->calls_ns[i]));
	all = json_pack("{s:I, s:I, s:I, s:f, s:o, s:o}", "flows", (json_int_t)c->q.flows,
			"buckets", (json_int_t)r->buckets, "threads", (json_int_t)c->q.threads,
			"huge_pages", r->huge[0], "eight_calls_ns", calls, "tables", rows);
	return put_json(all);
}

static void print_row(struct grid *g, const struct kernel_row *row, size_t rounds)
{
	char text[64] = "-";

	grid_add_row(g);
	grid_put(g, 0, row->name);
	grid_put(g, 1, row->in_kernel ? "kernel" : "here");
	for (unsigned int op = 0; op < KERNEL_OPS; op++) {
		const struct stats_interval s = interval_of(row->ns[op], rounds);

		snprintf(text, sizeof(text), "%.1f%s", s.value, row->done[op] < 1 ? " !" : "");
		grid_put(g, 2 + 2 * op, text);
		snprintf(text, sizeof(text), "%.1f..%.1f", s.low, s.high);
		grid_put(g, 3 + 2 * op, rounds < STATS_LEAST ? "-" : text);
	}
}

/* The time of a table here in relation to the kernel's. */
static void print_ratio(const struct kernel_row *kernel, const struct kernel_row *here,
			enum kernel_op op, size_t rounds)
{
	const struct stats_interval r = ratio_of(kernel, here, op, rounds);

	printf("%s: %s takes %.2f", op_names[op], here->name, r.value);
	if (rounds >= STATS_LEAST)
		printf(" [%.2f, %.2f]", r.low, r.high);
	printf(" of nf_conntrack's time in the same round");
	if (rounds < STATS_LEAST)
		printf("; an interval needs --rounds 5\n");
	else if (r.low >= 1 - NEAR && r.high <= 1 + NEAR)
		printf(", within 25 %%\n");
	else if (r.high < 1 - NEAR || r.low > 1 + NEAR)
		printf(", more than 25 %% apart\n");
	else
		printf("; more rounds would tell whether they are within 25 %%\n");
}

/* Parts of the difference that the machine explains. */
static void print_distance(const struct request *c, struct kernel_result *r)
{
	for (unsigned int i = 0; i < KERNEL_HERE; i++) {
		print_ratio(&r->row[0], &r->row[KERNEL_THERE + i], KERNEL_HIT, c->q.rounds);
		print_ratio(&r->row[0], &r->row[KERNEL_THERE + i], KERNEL_MISS, c->q.rounds);
	}
	printf("%.0f %% of the memory of %s is on huge pages, like all of the kernel's; %.0f %% "
	       "with 4k pages\n",
	       100 * r->huge[0], c->q.table, 100 * r->huge[1]);
	printf("eight calls and returns in the kernel take %.1f ns; a lookup has about twelve, and "
	       "here most are inlined\n",
	       quartiles_of(r->calls_ns, c->q.rounds).median);
}

static int print_text(const struct request *c, struct kernel_result *r)
{
	static const char *const header[] = { "table", "where",	 "hit ns", "95 %",   "miss ns",
					      "95 %",  "insert", "95 %",   "delete", "95 %" };
	struct grid g = { .columns = ARRAY_SIZE(header), .left = { true, true } };
	bool failed = false;

	printf("%llu connections, %llu buckets, %llu thread%s; ns without the loop, medians of "
	       "%llu rounds\n",
	       (unsigned long long)c->q.flows, (unsigned long long)r->buckets,
	       (unsigned long long)c->q.threads, c->q.threads == 1 ? "" : "s",
	       (unsigned long long)c->q.rounds);
	grid_add_row(&g);
	for (size_t i = 0; i < ARRAY_SIZE(header); i++)
		grid_put(&g, i, header[i]);
	print_distance(c, r);
	for (unsigned int i = 0; i < KERNEL_TABLES; i++) {
		print_row(&g, &r->row[i], c->q.rounds);
		for (unsigned int op = 0; op < KERNEL_OPS; op++)
			failed |= r->row[i].done[op] < 1;
	}
	grid_print(stdout, &g, GRID_TEXT);
	if (failed)
		printf("! some operations failed: an LRU evicted, or another program changed the "
		       "table\n");
	grid_free(&g);
	return 0;
}

/* ---- packets ---- */

static const char *const way_names[KERNEL_WAYS] = { "without_conntrack", "with_conntrack",
						    "hooks_here" };

/* The cost that conntrack adds to a packet's way; and the hooks here as a share of that. */
static void
packet_differences(const struct kernel_result *r, size_t rounds, double *added, double *share)
{
	for (size_t i = 0; i < rounds; i++) {
		added[i] = r->packet_ns[KERNEL_TRACKED][i] - r->packet_ns[KERNEL_PLAIN][i];
		share[i] = r->packet_ns[KERNEL_HOOKS][i] / added[i];
	}
}

static int print_packets_json(const struct request *c, const struct kernel_result *r)
{
	double added[KERNEL_ROUNDS_MAX], share[KERNEL_ROUNDS_MAX];
	json_t *all = json_pack("{s:I, s:I, s:s}", "flows", (json_int_t)c->q.flows, "buckets",
				(json_int_t)r->buckets, "beside", c->q.table);

	packet_differences(r, c->q.rounds, added, share);
	for (unsigned int way = 0; way < KERNEL_WAYS; way++) {
		json_t *ns = json_array(), *one;

		for (size_t i = 0; i < c->q.rounds; i++)
			json_array_append_new(ns, json_real(r->packet_ns[way][i]));
		one = json_pack("{s:o}", "ns", ns);
		interval_json(one, "of_rounds", interval_of(r->packet_ns[way], c->q.rounds),
			      c->q.rounds);
		json_object_set_new(all, way_names[way], one);
	}
	interval_json(all, "conntrack_adds_ns", interval_of(added, c->q.rounds), c->q.rounds);
	interval_json(all, "here_of_that", interval_of(share, c->q.rounds), c->q.rounds);
	return put_json(all);
}

static void
print_way(struct grid *g, const char *name, const char *where, const double *ns, size_t rounds)
{
	const struct stats_interval s = interval_of(ns, rounds);
	char text[64];

	grid_add_row(g);
	grid_put(g, 0, name);
	grid_put(g, 1, where);
	snprintf(text, sizeof(text), "%.1f", s.value);
	grid_put(g, 2, text);
	snprintf(text, sizeof(text), "%.1f..%.1f", s.low, s.high);
	grid_put(g, 3, rounds < STATS_LEAST ? "-" : text);
}

static int print_packets(const struct request *c, const struct kernel_result *r)
{
	static const char *const header[] = { "packets", "where", "ns", "95 %" };
	double added[KERNEL_ROUNDS_MAX], share[KERNEL_ROUNDS_MAX];
	struct grid g = { .columns = ARRAY_SIZE(header), .left = { true, true } };
	struct stats_interval s;

	packet_differences(r, c->q.rounds, added, share);
	printf("%llu connections, %llu buckets; ns of CPU for a UDP packet of a connection that "
	       "was answered, medians of %llu rounds\n",
	       (unsigned long long)c->q.flows, (unsigned long long)r->buckets,
	       (unsigned long long)c->q.rounds);
	grid_add_row(&g);
	for (size_t i = 0; i < ARRAY_SIZE(header); i++)
		grid_put(&g, i, header[i]);
	print_way(&g, "TUN to TUN", "kernel", r->packet_ns[KERNEL_PLAIN], c->q.rounds);
	print_way(&g, "TUN to TUN, conntrack", "kernel", r->packet_ns[KERNEL_TRACKED], c->q.rounds);
	print_way(&g, "what conntrack adds", "kernel", added, c->q.rounds);
	print_way(&g, "all hooks", c->q.table, r->packet_ns[KERNEL_HOOKS], c->q.rounds);
	grid_print(stdout, &g, GRID_TEXT);
	grid_free(&g);
	s = interval_of(share, c->q.rounds);
	printf("the hooks here take %.2f", s.value);
	if (c->q.rounds >= STATS_LEAST)
		printf(" [%.2f, %.2f]", s.low, s.high);
	printf(" of what conntrack adds there\n");
	return 0;
}

/* ---- full maps ---- */

static const struct {
	const char *name, *heading;
	size_t offset; /* of its shares */
} full_columns[] = {
	{ "refused", "refused %", offsetof(struct kernel_full, refused) },
	{ "fresh_lost", "new gone %", offsetof(struct kernel_full, fresh_lost) },
	{ "answered_lost", "answered gone %", offsetof(struct kernel_full, answered_lost) },
	{ "old_lost", "old gone %", offsetof(struct kernel_full, old_lost) },
};

/* In percent. */
static struct stats_interval share_of(const struct kernel_full *f, size_t column, size_t rounds)
{
	const double *list =
		(const double *)(const void *)((const char *)f + full_columns[column].offset);
	struct stats_interval s = interval_of(list, rounds);

	return (struct stats_interval){ 100 * s.value, 100 * s.low, 100 * s.high };
}

static int print_full_json(const struct request *c, const struct kernel_result *r)
{
	json_t *maps = json_array(), *one;

	for (unsigned int i = 1; i < KERNEL_THERE; i++) {
		one = json_pack("{s:s}", "map", r->row[i].name);
		for (size_t k = 0; k < ARRAY_SIZE(full_columns); k++)
			interval_json(one, full_columns[k].name,
				      share_of(&r->full[i], k, c->q.rounds), c->q.rounds);
		json_array_append_new(maps, one);
	}
	return put_json(json_pack("{s:I, s:I, s:I, s:s, s:o}", "flows", (json_int_t)c->q.flows,
				  "fresh", (json_int_t)KERNEL_FRESH, "flood",
				  (json_int_t)KERNEL_FLOOD(c->q.flows), "unit", "%", "maps", maps));
}

static int print_full(const struct request *c, const struct kernel_result *r)
{
	struct grid g = { .columns = 1 + 2 * ARRAY_SIZE(full_columns), .left = { true } };
	char text[64];

	printf("%llu connections fill a map, each was looked up once.\nThen %d new ones, half of "
	       "them looked up, and a flood of %llu; medians of %llu rounds\n",
	       (unsigned long long)c->q.flows, KERNEL_FRESH,
	       (unsigned long long)KERNEL_FLOOD(c->q.flows), (unsigned long long)c->q.rounds);
	grid_add_row(&g);
	grid_put(&g, 0, "map");
	for (size_t k = 0; k < ARRAY_SIZE(full_columns); k++) {
		grid_put(&g, 1 + 2 * k, full_columns[k].heading);
		grid_put(&g, 2 + 2 * k, "95 %");
	}
	for (unsigned int i = 1; i < KERNEL_THERE; i++) {
		grid_add_row(&g);
		grid_put(&g, 0, r->row[i].name);
		for (size_t k = 0; k < ARRAY_SIZE(full_columns); k++) {
			const struct stats_interval s = share_of(&r->full[i], k, c->q.rounds);

			snprintf(text, sizeof(text), "%.1f", s.value);
			grid_put(&g, 1 + 2 * k, text);
			snprintf(text, sizeof(text), "%.1f..%.1f", s.low, s.high);
			grid_put(&g, 2 + 2 * k, c->q.rounds < STATS_LEAST ? "-" : text);
		}
	}
	grid_print(stdout, &g, GRID_TEXT);
	grid_free(&g);
	printf("the same question here: ctbench run op_evict\n");
	return 0;
}

static bool is_power(uint64_t n)
{
	return n && !(n & (n - 1));
}

/*
 * A round fills and empties every table, which takes half a minute with a million connections. Not
 * fewer than an interval needs.
 */
static uint64_t usual_rounds(uint64_t flows)
{
	return flows >= 1 << 20 ? STATS_LEAST : flows >= 1 << 18 ? 7 : 9;
}

static int execute(void *request, struct ct_error *e)
{
	struct request *c = request;
	static struct kernel_result r;
	int err;

	if (!is_power(c->q.flows) || !is_power(c->q.threads))
		return ct_user_error(e, "--flows and --threads must be powers of two, as 65536 "
					"and 2");
	if (c->q.packets && c->q.full)
		return ct_user_error(e, "--packets and --full exclude each other");
	if (c->q.full && c->q.flows < 4 * KERNEL_FRESH)
		return ct_user_error(e, "--full needs --flows %d or more", 4 * KERNEL_FRESH);
	if (c->q.threads > topology_nr_cpus())
		return ct_fail(e, -EINVAL, CT_EXIT_SKIP,
			       "--threads %llu is more than this machine's %u CPUs",
			       (unsigned long long)c->q.threads, topology_nr_cpus());
	if (!c->q.rounds)
		c->q.rounds = usual_rounds(c->q.flows);
	err = kernel_measure(&c->q, &r, e);
	if (err)
		return err;
	if (c->q.full)
		return c->json ? print_full_json(c, &r) : print_full(c, &r);
	if (c->q.packets)
		return c->json ? print_packets_json(c, &r) : print_packets(c, &r);
	return c->json ? print_json(c, &r) : print_text(c, &r);
}

const struct command command_kernel = {
	.name = "kernel",
	.summary = "measure the running kernel's conntrack and BPF maps, and compare",
	.about =
		"Measures the kernel's own tables with BPF programs that the kernel runs on "
		"request (BPF_PROG_TEST_RUN): nf_conntrack through its functions for XDP, and the "
		"maps in which programs without netfilter track connections (HASH, HASH without "
		"preallocation, LRU_HASH, and LRU_HASH with a list per CPU; a key of 40 bytes and "
		"a value of 56). The same operations are measured in the same rounds on "
		"linux_6_18, or another variant, in this process: on huge pages, like the kernel's "
		"memory, and on small ones. A deletion from nf_conntrack is two lookups.\n\n"
		"--packets writes packets to a TUN device, from which the kernel forwards them to "
		"another, in a namespace without conntrack and in one with it: what conntrack "
		"adds, beside all hooks of this program. It needs root, /dev/net/tun and nft.\n\n"
		"--full asks maps without a place to spare which connections give way to a flood: "
		"new ones, or old ones that were looked up. "
		"'ctbench run op_evict' asks the tables here.\n\n"
		"The tables need root, Linux 5.18, BTF and conntrack. Both work in network "
		"namespaces "
		"of their own. --buckets and nf_conntrack_max hold for the whole machine "
		"meanwhile and are "
		"put back, also after Ctrl-C. Exit status 77: this machine, or this build, cannot "
		"do it; the sentence says what is missing.",
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults =
		&(const struct request){
			.q = { .flows = 65536, .threads = 1, .table = "linux_6_18" } },
	.run = execute,
};
