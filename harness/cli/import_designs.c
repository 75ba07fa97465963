/* SPDX-License-Identifier: MIT */
/* ctbench import: the chains of an imported table in each design. */
#include "harness/cli/import.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/netns.h"
#include "harness/numbers/chains.h"
#include "harness/numbers/random.h"
#include "harness/workload/workload.h"
#include "variants/variant.h"

/* In ticks; nothing expires meanwhile. */
#define SETTLED (NF_CT_HZ * 3600u * 24u)

/* Connections that the table refused: duplicate, or no room. */
static uint64_t fill(const struct ct_variant *v, struct net *net, const struct import_table *table)
{
	uint64_t refused = 0;

	for (uint64_t i = 0; i < table->nr; i++) {
		const struct conntrack_entry *entry = &table->list[i];
		int err;
		struct nf_conn *ct = v->ops->alloc(net, &entry->zone, &entry->tuple[0].tuple,
						   &entry->tuple[1].tuple, &err);

		if (ct && !v->ops->insert(ct, SETTLED)) {
			v->ops->put(ct);
			continue;
		}
		refused++;
		if (ct)
			v->ops->put(ct);
	}
	return refused;
}

static json_t *
describe(const struct ct_variant *v, struct ct_core *core, uint64_t nr, uint64_t refused)
{
	struct ct_chains chains = { 0 };
	struct chains_test test = { 0 };
	struct ct_memory memory = { 0 };
	json_t *design;

	v->ops->memory(core, &memory);
	design = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "variant", v->name, "buckets",
			   (json_int_t)v->ops->buckets(core), "connections",
			   (json_int_t)(nr - refused), "refused", (json_int_t)refused,
			   "bucket_bytes", (json_int_t)(memory.bucket_bytes + memory.lock_bytes),
			   "node_bytes", (json_int_t)memory.node_bytes);
	if (v->ops->chains(core, &chains) || !chains.buckets)
		return design;
	chains_judge(&chains, 0, &test);
	json_object_set_new(design, "mean", json_real(test.mean));
	json_object_set_new(design, "longest", json_integer((json_int_t)chains.longest));
	if (isfinite(test.walk))
		json_object_set_new(design, "walk", json_real(test.walk));
	if (isfinite(test.p))
		json_object_set_new(design, "p", json_real(test.p));
	return design;
}

static uint64_t power_of_two(uint64_t n)
{
	uint64_t power = 1;

	while (power < n)
		power *= 2;
	return power;
}

static int every(struct nf_conn *ct, void *arg)
{
	(void)ct;
	(void)arg;
	return 1;
}

/* NULL: this machine cannot run the variant, which is no error. */
static json_t *try(const struct ct_variant *v, const struct import_table *table, uint64_t buckets)
{
	uint64_t seed = 1;
	struct ct_config config = {
		.buckets = v->bucket_rule(buckets) ? power_of_two(buckets) : buckets,
		.connections = table->nr,
		.threads = 1,
	};
	struct ct_core *core;
	struct net *net;
	json_t *design = NULL;

	config.hash_key[0] = splitmix64(&seed);
	config.hash_key[1] = splitmix64(&seed);
	if (v->create(&core, &config))
		return NULL;
	v->thread_begin(core, 0);
	if (!net_create(&net, core)) {
		uint64_t refused = fill(v, net, table);

		design = describe(v, core, table->nr, refused);
		v->ops->iterate(core, every, NULL);
		v->ops->barrier(core);
		net_destroy(net);
	}
	v->thread_end(core);
	v->destroy(core);
	return design;
}

json_t *import_designs(const struct import_table *table, const char *selection, uint64_t buckets,
		       struct ct_error *e)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	json_t *list = json_array();
	char copy[512], *rest = copy, *one;

	snprintf(copy, sizeof(copy), "%s", selection);
	/* Choices on axes have commas themselves. */
	while (chosen && (one = strsep(&rest, " ")))
		if (*one && variant_select(chosen, one, "--variants", e)) {
			json_decref(list);
			free(chosen);
			return NULL;
		}
	for (size_t i = 0; chosen && i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];
		json_t *design = NULL;

		if (chosen[i] && !(v->flags & (CT_V_NULL | CT_V_LOOKUPS)))
			design = try(v, table, buckets ? buckets : power_of_two(table->nr));
		if (design)
			json_array_append_new(list, design);
	}
	free(chosen);
	return list;
}
