/* SPDX-License-Identifier: MIT */
/*
 * ctbench plot: draw the plots of a run again.
 */
#include "harness/cli/cmd.h"
#include "harness/show/plot/plot.h"
#include "harness/results/results.h"
#include "harness/show/shares.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct request {
	const char *run, *of, *out, *results;
	unsigned int kinds;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	CMD_RUN(struct request),
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	CMD_KINDS(struct request, "only plots of these kinds, separated by commas, for all "
				  "workloads with the data (default: those that a workload asks "
				  "for, without plots that show no more than tables)"),
	CMD_OF(struct request, "throughput as a share of a bound of this machine (see ctbench "
			       "bounds; default: as measured)"),
	{ "out", 'o', CMD_TEXT, AT(out), "DIR",
	  .help = "where to write (default: RUN/plots, or RUN/plots-of-BOUND)" },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench plot results/runs/20260101-120000-default", NULL },
	{ "ctbench plot myrun --kind bars --out bars", NULL },
	{ "ctbench plot myrun --kind size --of dependent", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static int draw(void *request, struct ct_error *e)
{
	const struct request *q = request;
	char dir[PATH_MAX], out[PATH_MAX + 64];
	json_t *benchmark;
	size_t drawn = 0;
	int err;

	benchmark = results_open(dir, sizeof(dir), q->results, q->run, e);
	if (!benchmark)
		return -ENOENT;
	err = q->of ? shares_of(json_object_get(benchmark, "ctbench"), q->of, e) : 0;
	snprintf(out, sizeof(out), "%s/plots%s%s", dir, q->of ? "-of-" : "", q->of ? q->of : "");
	if (q->out)
		snprintf(out, sizeof(out), "%s", q->out);
	if (!err)
		err = results_only_files(dir, out, e);
	if (!err)
		err = plot_run(benchmark, out, q->kinds, &drawn, e);
	json_decref(benchmark);
	if (err)
		return err;
	if (!drawn)
		return ct_user_error(e, "'%.500s' has nothing to draw%s", dir,
				     q->kinds ? " of this kind"
					      : " by default; --kind bars draws its figures");
	printf("plots: %s (%zu, as SVG and PNG)\n", out, drawn);
	return 0;
}

const struct command command_plot = {
	.name = "plot",
	.summary = "draw the plots of a finished run again",
	.about = "Draws the plots of a run again, as SVG and PNG, from its benchmark.json. "
		 "Nothing is measured.\n\n"
		 "Beside each picture are its data (NAME.tsv) and the whole gnuplot script "
		 "(NAME.gp). To change a picture, edit them and run 'gnuplot NAME.gp' in that "
		 "folder.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = draw,
};
