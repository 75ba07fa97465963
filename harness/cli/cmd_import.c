/* SPDX-License-Identifier: MIT */
/*
 * ctbench import: a live table as a key set that workloads can name.
 */
#include "harness/cli/import.h"
#include "harness/base/array.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/nf_conntrack_proto.h"
#include "harness/base/escape.h"
#include "harness/base/grid.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/progress.h"
#include "harness/cli/cmd.h"
#include "harness/results/results.h"
#include "harness/cli/anonymise.h"
#include "harness/traffic/key_set.h"
#include "harness/traffic/kernel_table.h"
#include "harness/workload/key_set_file.h"

#define DESIGNS "axis=hash axis=bucket cds_lfht flowline_memb"

struct request {
	const char *file, *out, *only, *key, *variants;
	bool live, anonymise, json;
	uint64_t buckets;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "FILE", .type = CMD_TEXT, .offset = AT(file), .optional = true,
	  .help = "output of 'conntrack -L', '-L -o extended' or '-L -o xml', or a copy of "
		  "/proc/net/nf_conntrack; - is standard input" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "live", 0, CMD_SWITCH, AT(live), NULL,
	  .help = "ask the kernel instead of reading a file (ctnetlink; nothing is changed; needs "
		  "root and the module nf_conntrack_netlink)" },
	{ "out", 'o', CMD_TEXT, AT(out), "TABLE.ct",
	  .help = "write a key set, which a workload names by 'flows: TABLE.ct'" },
	{ "anonymise", 0, CMD_SWITCH, AT(anonymise), NULL,
	  .help = "with --out: replace addresses, but keep their prefixes" },
	{ "key", 0, CMD_TEXT, AT(key), "HEX",
	  .help = "with --anonymise: a secret of 32 hexadecimal digits, so that several tables get "
		  "the same addresses (default: a new one each time)" },
	{ "only", 0, CMD_TEXT, AT(only), "PROTOCOLS",
	  .help = "keep only these protocols: tcp,udp (those that level: packets can send)" },
	{ "variants", 'v', CMD_TEXT, AT(variants), "SELECTION",
	  .help = "variants to try the table in, separated by blanks (default: '" DESIGNS
		  "')" },
	{ "buckets", 0, CMD_COUNT, AT(buckets), "N", .min = 1, .max = 1u << 30,
	  .help = "size of these tables (default: the number of connections, rounded up to a power "
		  "of two)" },
	{ "json", 0, CMD_SWITCH, AT(json), NULL, .help = "print JSON" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "conntrack -L -o extended | ctbench import - --out table.ct --anonymise", NULL },
	{ "sudo ctbench import --live --out table.ct", NULL },
	{ "ctbench run axes --flows table.ct --load-factor 1", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static const struct request defaults = { .variants = DESIGNS };

/* ---- reading ---- */

struct import {
	const struct request *q;
	bool wanted[256]; /* protocols */
	struct import_table table;
	struct progress progress;
	uint64_t left_out;	/* other protocols */
	uint64_t icmp_left_out; /* of XML */
};

static int add(void *arg, const struct conntrack_entry *entry, struct ct_error *e)
{
	struct import *i = arg;
	struct import_table *t = &i->table;
	char text[48];

	snprintf(text, sizeof(text), "%llu connections", (unsigned long long)t->nr);
	progress_update(&i->progress, 0, text);
	if (!i->wanted[entry->tuple[0].tuple.dst.protonum]) {
		i->left_out++;
		return 0;
	}
	if (!array_room(t->list, t->nr))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for more than %llu connections",
			       (unsigned long long)t->nr);
	t->list[t->nr++] = *entry;
	return 0;
}

static int read_file(struct import *i, struct ct_error *e)
{
	struct conntrack_text *text = calloc(1, sizeof(*text));
	struct conntrack_entry entry;
	bool standard = !strcmp(i->q->file, "-");
	int ret;

	if (!text)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory");
	text->name = i->q->file;
	text->in = standard ? stdin : fopen(i->q->file, "re");
	ret = text->in ? 1
		       : ct_user_error(e, "'%.400s' cannot be read: %s", i->q->file,
				       strerror(errno));
	while (ret > 0 && (ret = conntrack_text_next(text, &entry, e)) > 0 &&
	       !(ret = add(i, &entry, e)))
		ret = 1;
	i->icmp_left_out = text->icmp_left_out;
	if (text->in && !standard)
		fclose(text->in);
	free(text);
	return ret;
}

static int read_table(struct import *i, struct ct_error *e)
{
	int err;

	progress_begin(&i->progress, "reading", 0);
	err = i->q->live ? kernel_table_each(add, i, e) : read_file(i, e);
	progress_end(&i->progress);
	return err;
}

static int choose_protocols(struct import *i, struct ct_error *e)
{
	char copy[256], *rest = copy, *name;

	memset(i->wanted, !i->q->only, sizeof(i->wanted));
	snprintf(copy, sizeof(copy), "%s", i->q->only ? i->q->only : "");
	while (i->q->only && (name = strsep(&rest, ","))) {
		unsigned int n = 0;

		while (n < 256 && strcmp(nf_ct_l4proto_find((uint8_t)n)->name, name))
			n++;
		if (n == 256 || !strcmp(name, "unknown"))
			return ct_user_error(e,
					     "--only: unknown protocol '%.64s'; write names of "
					     "conntrack with commas between, as in tcp,udp",
					     name);
		i->wanted[n] = true;
	}
	return 0;
}

/* ---- what is in it ---- */

static bool is_natted(const struct conntrack_entry *entry)
{
	struct nf_conntrack_tuple inverse;

	return nf_ct_invert_tuple(&inverse, &entry->tuple[0].tuple) &&
	       !nf_ct_tuple_equal(&inverse, &entry->tuple[1].tuple);
}

static json_t *protocols_of(const struct import_table *t)
{
	json_int_t count[256] = { 0 };
	json_t *list = json_array();

	for (uint64_t i = 0; i < t->nr; i++)
		count[t->list[i].tuple[0].tuple.dst.protonum]++;
	for (;;) {
		unsigned int most = 0;

		for (unsigned int n = 1; n < 256; n++)
			if (count[n] > count[most])
				most = n;
		if (!count[most])
			return list;
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:I}", "name",
						nf_ct_l4proto_find((uint8_t)most)->name, "number",
						(int)most, "connections", count[most]));
		count[most] = 0;
	}
}

static json_t *summary(const struct import *i, struct ct_error *e)
{
	const struct import_table *t = &i->table;
	uint32_t *zone = memory_array(UINT16_MAX + 1, sizeof(*zone));
	json_int_t ipv6 = 0, nat = 0, zones = 0, largest = 0;
	json_t *designs = import_designs(t, i->q->variants, i->q->buckets, e);

	for (uint64_t k = 0; k < t->nr; k++) {
		const struct conntrack_entry *entry = &t->list[k];

		ipv6 += entry->tuple[0].tuple.src.l3num == NFPROTO_IPV6;
		nat += is_natted(entry);
		zones += !zone[entry->zone.id]++;
		if (zone[entry->zone.id] > largest)
			largest = zone[entry->zone.id];
	}
	free(zone);
	return designs ? json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:o}", "connections",
				   (json_int_t)t->nr, "left_out", (json_int_t)i->left_out,
				   "icmp_left_out", (json_int_t)i->icmp_left_out, "protocols",
				   protocols_of(t), "ipv6", ipv6, "nat", nat, "zones", zones,
				   "largest_zone", largest, "designs", designs)
		       : NULL;
}

/* ---- the key set ---- */

static int read_key(const struct request *q, uint64_t key[2], struct ct_error *e)
{
	char half[17] = "";

	if (!q->key)
		return getrandom(key, 16, 0) == 16
			       ? 0
			       : ct_user_error(e, "no random key: give one with --key HEX");
	if (strlen(q->key) != 32 || q->key[strspn(q->key, "0123456789abcdefABCDEF")])
		return ct_user_error(e, "--key must be 32 hexadecimal digits, as 'openssl rand "
					"-hex 16' prints them");
	for (int i = 0; i < 2; i++) {
		memcpy(half, q->key + (size_t)16 * i, 16);
		key[i] = strtoull(half, NULL, 16);
	}
	return 0;
}

/*
 * Select the entries that a workload can use, in the order of the table; count the reasons for the
 * others.
 */
static bool *usable(const struct import_table *t, json_t *result, struct ct_error *e)
{
	bool *keep = calloc(t->nr + 1, sizeof(*keep));
	json_int_t count[KEY_SET_NO_MEMORY + 1] = { 0 };
	struct key_set k = { 0 };

	for (uint64_t i = 0; i < t->nr && keep; i++) {
		enum key_set_verdict verdict = key_set_add(&k, &t->list[i].tuple[0]);

		keep[i] = verdict == KEY_SET_ADDED;
		count[verdict]++;
	}
	key_set_free(&k);
	if (!keep || count[KEY_SET_NO_MEMORY]) {
		free(keep);
		ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the key set");
		return NULL;
	}
	json_object_set_new(result, "key_set",
			    json_pack("{s:I, s:I, s:I, s:I}", "connections", count[KEY_SET_ADDED],
				      "doubles_without_zones", count[KEY_SET_DOUBLE],
				      "without_answer", count[KEY_SET_NO_ANSWER], "synthetic",
				      count[KEY_SET_SYNTHETIC]));
	return keep;
}

static int write_key_set(const struct import *i, json_t *result, struct ct_error *e)
{
	const struct import_table *t = &i->table;
	bool *keep = usable(t, result, e);
	json_int_t nr = json_integer_value(within(result, "key_set", "connections"));
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int err;

	if (!keep)
		return -ENOMEM;
	if (!nr) {
		free(keep);
		return ct_user_error(e, "no connection is left for a key set");
	}
	out = memory_stream(&text, &len);
	fprintf(out, KEY_SET_HEADER, (unsigned long long)nr);
	for (uint64_t k = 0; k < t->nr; k++)
		if (keep[k])
			conntrack_text_write(out, &t->list[k]);
	memory_stream_close(out, &text);
	err = results_write_file(i->q->out, text, len, e);
	free(text);
	free(keep);
	return err;
}

static int anonymise(struct import *i, struct ct_error *e)
{
	uint64_t key[2];
	int err = read_key(i->q, key, e);

	for (uint64_t k = 0; k < i->table.nr && !err; k++)
		for (int dir = 0; dir < 2; dir++)
			anonymise_tuple(&i->table.list[k].tuple[dir].tuple, key);
	return err;
}

/* ---- text ---- */

enum { VARIANT, BUCKETS, MEAN, LONGEST, WALK, POISSON, REFUSED, TABLE, NODES, COLUMNS };

static void
put_number(struct grid *g, size_t column, const json_t *design, const char *key, const char *format)
{
	double value = number_of(design, key);
	char text[32];

	if (!isfinite(value))
		return;
	snprintf(text, sizeof(text), format, value);
	grid_put(g, column, text);
}

static bool print_designs(const json_t *designs)
{
	static const char *const titles[COLUMNS] = {
		"variant",   "buckets", "mean",	     "longest",	  "walk",
		"Poisson p", "refused", "table KiB", "nodes KiB",
	};
	struct grid g = { .columns = COLUMNS, .left = { [VARIANT] = true } };
	json_t *design;
	bool failed;
	size_t i;

	grid_add_row(&g);
	for (i = 0; i < COLUMNS && !g.failed; i++)
		grid_put(&g, i, titles[i]);
	json_array_foreach((json_t *)designs, i, design) {
		char kib[32];

		if (!grid_add_row(&g))
			break;
		grid_put(&g, VARIANT, text_of(design, "variant"));
		put_number(&g, BUCKETS, design, "buckets", "%.0f");
		put_number(&g, MEAN, design, "mean", "%.3g");
		put_number(&g, LONGEST, design, "longest", "%.0f");
		put_number(&g, WALK, design, "walk", "%.3g");
		put_number(&g, POISSON, design, "p", "%.2g");
		if (number_of(design, "refused") > 0)
			put_number(&g, REFUSED, design, "refused", "%.0f");
		snprintf(kib, sizeof(kib), "%.0f", number_of(design, "bucket_bytes") / 1024);
		grid_put(&g, TABLE, kib);
		snprintf(kib, sizeof(kib), "%.0f", number_of(design, "node_bytes") / 1024);
		grid_put(&g, NODES, kib);
	}
	failed = g.failed;
	if (!failed)
		grid_print(stdout, &g, GRID_TEXT);
	grid_free(&g);
	return !failed;
}

static int print(const struct request *q, const json_t *r, struct ct_error *e)
{
	const json_t *set = json_object_get(r, "key_set");
	char word[PATH_MAX];
	json_t *protocol;
	size_t i;

	printf("%.0f connections: %.0f IPv6, %.0f with NAT, %.0f zone%s (%.0f in the largest)\n",
	       number_of(r, "connections"), number_of(r, "ipv6"), number_of(r, "nat"),
	       number_of(r, "zones"), number_of(r, "zones") == 1 ? "" : "s",
	       number_of(r, "largest_zone"));
	json_array_foreach(json_object_get(r, "protocols"), i, protocol)
		printf("%s%s (%.0f) %.0f", i ? ", " : "", text_of(protocol, "name"),
		       number_of(protocol, "number"), number_of(protocol, "connections"));
	printf("\n");
	if (number_of(r, "left_out") > 0)
		printf("%.0f of other protocols are left out (--only)\n", number_of(r, "left_out"));
	if (number_of(r, "icmp_left_out") > 0)
		printf("%.0f of ICMP are left out: XML has neither their types nor their ids; use "
		       "-o extended\n",
		       number_of(r, "icmp_left_out"));
	if (json_array_size(json_object_get(r, "designs"))) {
		printf("\nEntries per bucket (two per connection) in each variant; walk: mean "
		       "number of entries\nbefore the one that is looked up; p < 0.001: the hash "
		       "does not spread like chance.\n\n");
		if (!print_designs(json_object_get(r, "designs")))
			return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the table");
	}
	if (!set)
		return 0;
	printf("\nkey set: %s, %.0f connections", q->out, number_of(set, "connections"));
	if (number_of(set, "doubles_without_zones") > 0)
		printf("; %.0f left out: they differ in their zone only",
		       number_of(set, "doubles_without_zones"));
	if (number_of(set, "without_answer") + number_of(set, "synthetic") > 0)
		printf("; %.0f left out: no answer, or ctbench's own addresses",
		       number_of(set, "without_answer") + number_of(set, "synthetic"));
	printf("\nmeasure with it: ctbench run axes --flows %s\n",
	       escaped(word, sizeof(word), escape_shell, q->out));
	return 0;
}

/* ---- the command ---- */

static int check(const struct request *q, struct ct_error *e)
{
	if (!q->file == !q->live)
		return ct_user_error(e, "import: name a file, - for standard input, or --live, as "
					"in 'conntrack -L -o extended | ctbench import - --out "
					"table.ct'");
	if (q->out && !key_set_is_file(q->out))
		return ct_user_error(e, "--out must end in " KEY_SET_SUFFIX ", the suffix of key "
					"sets");
	if (q->out && strchr(q->out, ','))
		return ct_user_error(e, "--out must have no comma: in 'flows' commas separate "
					"several values");
	if (q->anonymise && !q->out)
		return ct_user_error(e,
				     "--anonymise changes what --out writes: add --out TABLE.ct");
	if (q->key && !q->anonymise)
		return ct_user_error(e, "--key is for --anonymise");
	return 0;
}

static int import(void *request, struct ct_error *e)
{
	struct import i = { .q = request };
	json_t *result = NULL;
	int err = check(i.q, e);

	if (!err)
		err = choose_protocols(&i, e);
	if (!err)
		err = read_table(&i, e);
	if (!err && !i.table.nr)
		err = ct_user_error(e, "%s has no connection%s",
				    i.q->live		      ? "the kernel's table"
				    : !strcmp(i.q->file, "-") ? "standard input"
							      : i.q->file,
				    i.left_out ? " of these protocols" : "");
	/*
	 * Before anything is printed, so that the table of designs is about the key set's
	 * addresses.
	 */
	if (!err && i.q->anonymise)
		err = anonymise(&i, e);
	if (!err) {
		result = summary(&i, e);
		err = result ? 0 : -EINVAL;
	}
	if (!err && i.q->out)
		err = write_key_set(&i, result, e);
	if (!err && i.q->json) {
		json_dumpf(result, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
	} else if (!err) {
		err = print(i.q, result, e);
	}
	json_decref(result);
	free(i.table.list);
	return err;
}

const struct command command_import = {
	.name = "import",
	.summary = "make a key set of a live table, and show its chains in each design",
	.about = "Reads the connections of a kernel's table, describes them, prints the length of "
		 "chains in each design, and writes them as a key set that any workload can name "
		 "instead of a number of flows.\n\n"
		 "A key set keeps the tuples of the original direction. Workloads have neither "
		 "zones nor NAT, so connections that differ in their zone only are left out of it. "
		 "The designs are shown with both.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults = &defaults,
	.run = import,
};
