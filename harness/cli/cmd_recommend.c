/* SPDX-License-Identifier: MIT */
/*
 * ctbench recommend: the best variant of a run for a given load.
 */
#include "harness/cli/cmd.h"
#include "harness/judge/matrix.h"
#include "harness/results/results.h"
#include "harness/show/recommend.h"
#include "harness/workload/quantity.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>

struct request {
	const char *run, *base, *results;
	struct recommend_wish wish;
};

static double *field(void *request, const struct cmd_option *option)
{
	return (double *)((char *)request + option->offset);
}

static int parse_number_of(void *request, const struct cmd_option *option, const char *value,
			   struct ct_error *e)
{
	uint64_t n;

	if (!parse_count(value, option->min, option->max, &n))
		return cmd_bad_value(e, option, value, "a number such as 2, 64Ki or 1M");
	*field(request, option) = (double)n;
	return 0;
}

static int
parse_churn(void *request, const struct cmd_option *option, const char *value, struct ct_error *e)
{
	if (!parse_share(value, field(request, option)))
		return cmd_bad_value(e, option, value, "a share such as 5% or 0.05");
	return 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	CMD_RUN(struct request),
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "connections", 'c', CMD_PARSE, AT(wish.connections), "N",
	  .help = "connections in the table: 64Ki, 1M (default: any)",
	  .min = 1, .max = (uint64_t)1 << 40, .parse = parse_number_of },
	{ "churn", 0, CMD_PARSE, AT(wish.churn), "SHARE",
	  .help = "share of operations that insert or delete: 5% (default: any)",
	  .parse = parse_churn },
	{ "threads", 't', CMD_PARSE, AT(wish.threads), "N", .help = "threads (default: any)",
	  .min = 1, .max = 4096, .parse = parse_number_of },
	{ "base", 'b', CMD_TEXT, AT(base), "VARIANT",
	  .help = "what to compare with (default: the run's first variant)" },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench recommend myrun --connections 1M --churn 5% --threads 2", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static const struct request defaults = {
	.wish = { .connections = NAN, .churn = NAN, .threads = NAN },
};

static int recommend(void *request, struct ct_error *e)
{
	const struct request *q = request;
	json_t *benchmark, *report, *matrix;
	char dir[PATH_MAX];
	int err;

	benchmark = results_open(dir, sizeof(dir), q->results, q->run, e);
	if (!benchmark)
		return -ENOENT;
	report = json_object_get(benchmark, "ctbench");
	matrix = judge_matrix(report, q->base, e);
	err = matrix ? recommend_print(stdout, report, matrix, &q->wish, e) : -EINVAL;
	json_decref(matrix);
	json_decref(benchmark);
	return err;
}

const struct command command_recommend = {
	.name = "recommend",
	.summary = "name the best variant of a finished run for your load",
	.about = "Names the variant with the best proven throughput at the points of the run that "
		 "are nearest to your load, with its interval and the variants about which nothing "
		 "is proven. Only measured cells count. Threads must be equal; connections and "
		 "churn may differ by a factor of 2, and the measured ones are printed. If no "
		 "point is near, it prints the measured loads and exits with status 2.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults = &defaults,
	.run = recommend,
};
