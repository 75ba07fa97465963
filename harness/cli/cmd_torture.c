/* SPDX-License-Identifier: MIT */
/* ctbench torture: checks a table's promises while all operations run at once. */
#include "harness/cli/cmd.h"

#include "harness/torture/torture.h"
#include "harness/workload/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	struct cmd_words selections;
	double seconds; /* 0: the default */
	uint64_t seed, patience;
	const char *soak;
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
	  .parse = take_seconds, .help = "how long for each table (default: 10, a soak 3600)" },
	{ .name = "seed", .type = CMD_COUNT, .offset = AT(seed), .argument = "N", .min = 0,
	  .max = UINT32_MAX, .help = "seed of all random choices (default: 1)" },
	{ .name = "soak", .type = CMD_TEXT, .offset = AT(soak), .argument = "FILE",
	  .help = "one table: churn, resizes and floods; fails if memory, entries or deferred "
		  "frees grow; figures go to FILE" },
	{ .name = "patience", .type = CMD_COUNT, .offset = AT(patience), .argument = "SECONDS",
	  .min = 1, .max = 86400,
	  .help = "a thread that makes no progress for this time is stuck (default: 60)" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench torture cds_lfht --seconds 60", NULL },
	{ "ctbench torture 'nulls*'", NULL },
	{ "ctbench torture flowline_qsbr --soak soak.tsv --seconds 1200", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static void print_counts(const struct ct_variant *v, const struct torture_counts *c)
{
	printf("%s: %llu lookups, %llu bursts, %llu inserts, %llu deletes, %llu flushed, %llu "
	       "collected, %llu walks, %llu resizes, %llu comparisons, %llu histories\n",
	       v->name, (unsigned long long)c->lookups, (unsigned long long)c->bursts,
	       (unsigned long long)c->inserts, (unsigned long long)c->deletes,
	       (unsigned long long)c->flushed, (unsigned long long)c->collected,
	       (unsigned long long)c->walks, (unsigned long long)c->resizes,
	       (unsigned long long)c->quiet, (unsigned long long)c->histories);
	if (c->excused && torture_excuse(v))
		printf("    allowed: %llu answers (during a resize: %s)\n",
		       (unsigned long long)c->excused, torture_excuse(v));
	else if (c->excused)
		printf("    allowed: %llu insertions that another one made fail (the table inserts "
		       "the two directions one after the other)\n",
		       (unsigned long long)c->excused);
	fflush(stdout);
}

static struct torture what_of(const struct ct_variant *v, const struct request *q)
{
	return (struct torture){
		.variant = v,
		.seconds = q->seconds > 0 ? q->seconds
			   : q->soak	  ? 3600
					  : 10,
		.seed = q->seed,
		.patience = (unsigned int)q->patience,
	};
}

/* The exit status for one table. */
static int torture_one(const struct ct_variant *v, const struct request *q)
{
	const struct torture t = what_of(v, q);
	struct torture_counts c;
	struct ct_error e = { 0 };
	int err = torture_run(&t, &c, &e);

	if (err == -EOPNOTSUPP)
		return CT_EXIT_OK;
	if (err)
		return ct_error_print(&e);
	print_counts(v, &c);
	return CT_EXIT_OK;
}

static int soak_one(const struct ct_variant *v, const struct request *q, struct ct_error *e)
{
	const struct torture t = what_of(v, q);
	struct torture_counts c;
	FILE *out = fopen(q->soak, "wxe");
	int err;

	if (!out)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot make the new file '%s': %s",
			       q->soak, strerror(errno));
	err = torture_soak(&t, out, &c, e);
	if (fclose(out) && !err)
		err = ct_fail(e, -EIO, CT_EXIT_USER, "cannot write '%s': %s", q->soak,
			      strerror(errno));
	if (!err)
		print_counts(v, &c);
	return err;
}

static int torture_all(void *request, struct ct_error *e)
{
	const struct request *q = request;
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	const struct ct_variant *only = NULL;
	int err = 0, status = CT_EXIT_OK;
	size_t nr = 0;

	if (!chosen)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to choose tables");
	for (size_t i = 0; i < q->selections.nr && !err; i++)
		err = variant_select(chosen, q->selections.list[i], "torture", e);
	for (size_t i = 0; i < ct_nr_variants; i++) {
		nr += chosen[i];
		only = chosen[i] ? ct_variants[i] : only;
	}
	if (!err && q->soak) {
		err = nr == 1 ? soak_one(only, q, e)
			      : ct_fail(e, -EINVAL, CT_EXIT_USER,
					"--soak takes one table, not %zu: name one of "
					"'ctbench list'",
					q->selections.nr ? nr : ct_nr_variants);
		free(chosen);
		return err;
	}
	for (size_t i = 0; i < ct_nr_variants && !err; i++) {
		int one = chosen[i] || !q->selections.nr ? torture_one(ct_variants[i], q) : 0;

		status = one ? one : status;
	}
	free(chosen);
	return err ? err : status;
}

static const struct request defaults = { .seed = 1, .patience = 60 };

const struct command command_torture = {
	.name = "torture",
	.summary = "check a table's promises while all operations run at once",
	.about = "Several threads look up, insert, delete, expire, drop early, collect garbage, "
		 "flush, walk and resize at once, with few and with many keys. A key that is "
		 "always in the table must never be missed. A key that was never inserted must "
		 "never be found. A lookup must return the connection with its key. In quiet "
		 "moments the counts, a walk and the live entries must agree. At the end the table "
		 "must be empty.\n\n"
		 "Nothing is measured. Exit status 1: a table broke a promise; the sentence says "
		 "which.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults = &defaults,
	.run = torture_all,
};
