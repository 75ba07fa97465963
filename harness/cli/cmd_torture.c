/* SPDX-License-Identifier: MIT */
/* ctbench torture: does a table keep its promises when everything happens at once? */
#include "harness/cli/cmd.h"

#include "harness/torture/torture.h"
#include "harness/workload/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	struct cmd_words selections;
	double seconds;
	uint64_t seed;
};

static int
take_seconds(void *request, const struct cmd_option *option, const char *value, struct ct_error *e)
{
	double *seconds = &((struct request *)request)->seconds;
	char *end;

	*seconds = strtod(value, &end);
	if (end == value || *end || !(*seconds >= 0.01 && *seconds <= 86400))
		return cmd_bad_value(e, option, value, "seconds, from 0.01 to 86400");
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ .name = "VARIANT", .type = CMD_LIST, .offset = AT(selections), .optional = true,
	  .help = "tables, as in the key 'variants' of a workload (default: all)" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ .name = "seconds", .letter = 't', .type = CMD_PARSE, .argument = "N",
	  .parse = take_seconds, .help = "how long for each table (default: 10)" },
	{ .name = "seed", .type = CMD_COUNT, .offset = AT(seed), .argument = "N", .min = 0,
	  .max = UINT32_MAX, .help = "seed of all random choices (default: 1)" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench torture cds_lfht --seconds 60", NULL },
	{ "ctbench torture 'nulls*'", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* The exit status of one. */
static int torture_one(const struct ct_variant *v, const struct request *q)
{
	const struct torture t = { v, q->seconds, q->seed };
	struct torture_counts c;
	struct ct_error e = { 0 };
	int err = torture_run(&t, &c, &e);

	if (err == -EOPNOTSUPP)
		return CT_EXIT_OK;
	if (err)
		return ct_error_print(&e);
	printf("%s: %llu lookups, %llu bursts, %llu inserts, %llu deletes, %llu flushed, %llu "
	       "collected, %llu walks, %llu resizes, %llu comparisons\n",
	       v->name, (unsigned long long)c.lookups, (unsigned long long)c.bursts,
	       (unsigned long long)c.inserts, (unsigned long long)c.deletes,
	       (unsigned long long)c.flushed, (unsigned long long)c.collected,
	       (unsigned long long)c.walks, (unsigned long long)c.resizes,
	       (unsigned long long)c.quiet);
	if (c.excused)
		printf("    excused: missed %llu times beside a resize (%s)\n",
		       (unsigned long long)c.excused, torture_excuse(v));
	fflush(stdout);
	return CT_EXIT_OK;
}

static int torture_all(void *request, struct ct_error *e)
{
	const struct request *q = request;
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	int err = 0, status = CT_EXIT_OK;

	if (!chosen)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to choose tables");
	for (size_t i = 0; i < q->selections.nr && !err; i++)
		err = variant_select(chosen, q->selections.list[i], "torture", e);
	for (size_t i = 0; i < ct_nr_variants && !err; i++) {
		int one = chosen[i] || !q->selections.nr ? torture_one(ct_variants[i], q) : 0;

		status = one ? one : status;
	}
	free(chosen);
	return err ? err : status;
}

static const struct request defaults = { .seconds = 10, .seed = 1 };

const struct command command_torture = {
	.name = "torture",
	.summary = "do everything to a table at once: does it keep its promises?",
	.about =
		"Looks up, inserts, deletes, lets entries expire, drops early, collects garbage, "
		"flushes, walks and resizes, from several threads at once, over few and many keys. "
		"A key that is there throughout must never be missed, one that was never put in "
		"never be found, what is found be what was asked for; in quiet moments counts, a "
		"walk and the live entries must agree, and in the end nothing may be left.\n\n"
		"Nothing is measured. Exit status 1: a table broke a promise; the sentence says "
		"which.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults = &defaults,
	.run = torture_all,
};
