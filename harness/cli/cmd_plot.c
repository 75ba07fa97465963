/* SPDX-License-Identifier: MIT */
/*
 * ctbench plot: draw the plots of a run again from its folder.
 */
#include "harness/cli/cmd.h"
#include "harness/show/plot/plot.h"
#include "harness/results/results.h"
#include "harness/show/shares.h"
#include "harness/workload/plots.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void print_help(void)
{
	puts("usage: ctbench plot RUN [--kind KIND]... [--out DIR] [--results DIR]\n"
	     "\n"
	     "Draws the plots of a run again, as SVG and PNG, from its benchmark.json; nothing is\n"
	     "measured.  RUN is the folder of a run, or its name in results/runs.\n"
	     "\n"
	     "  --kind KIND      only these, for every workload that has what they need:");
	for (size_t i = 0; i < NR_PLOT_KINDS; i++)
		printf("                     %-10s %s\n", plot_kinds[i].name, plot_kinds[i].help);
	puts("                   (without it: what each workload asks for)\n"
	     "  --of BOUND       throughput as a share of what this machine allows: " SHARES_NAMES
	     "\n"
	     "                   (ctbench bounds explains them; default: as measured)\n"
	     "  --out DIR        where to (default: RUN/plots, or RUN/plots-of-BOUND)\n"
	     "  --results DIR    the folder of all runs (default: " RESULTS_DEFAULT_DIR ")\n"
	     "\n"
	     "Beside each picture lie its data (NAME.tsv) and the whole gnuplot script (NAME.gp):\n"
	     "change them and draw again by 'gnuplot NAME.gp' in that folder.\n"
	     "\n"
	     "Examples:\n"
	     "  ctbench plot results/runs/20260101-120000-default\n"
	     "  ctbench plot myrun --kind bars --out /tmp/bars\n"
	     "  ctbench plot myrun --kind size --of dependent");
}

enum { OPT_KIND, OPT_OF, OPT_OUT, OPT_RESULTS };
static const struct cmd_option options[] = {
	[OPT_KIND] = { "kind", true },	     [OPT_OF] = { "of", true }, [OPT_OUT] = { "out", true },
	[OPT_RESULTS] = { "results", true }, { NULL, false },
};

struct request {
	const char *run, *of, *out, *results;
	unsigned int kinds;
	bool help;
};

/* KIND, or several with commas. */
static int add_kinds(unsigned int *kinds, const char *text, struct ct_error *e)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		char name[32];
		const struct plot_kind *kind;

		snprintf(name, sizeof(name), "%.*s", (int)len, text);
		kind = plot_kind_find(name);
		if (!kind) {
			char all[256];

			plot_kind_list(all, sizeof(all));
			return ct_user_error(e, "--kind '%s' is no kind of plot: it must be %s",
					     name, all);
		}
		*kinds |= kind->bit;
		text += len + (text[len] == ',');
	}
	return 0;
}

static int parse(struct request *q, int argc, char **argv, struct ct_error *e)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what, err;

	while ((what = cmd_next(&args, options, e)) != CMD_END) {
		if (what < 0)
			return what;
		switch (what) {
		case OPT_KIND:
			err = add_kinds(&q->kinds, args.value, e);
			if (err)
				return err;
			break;
		case OPT_OF:
			q->of = args.value;
			break;
		case OPT_OUT:
			q->out = args.value;
			break;
		case OPT_RESULTS:
			q->results = args.value;
			break;
		case CMD_OPERAND:
			if (q->run)
				return ct_user_error(e,
						     "plot draws one run at a time, and there are "
						     "two: '%s' and '%s'",
						     q->run, args.value);
			q->run = args.value;
			break;
		case CMD_HELP:
			q->help = true;
			return 0;
		}
	}
	if (!q->run)
		return ct_user_error(e, "plot needs a run, as in 'ctbench plot " RESULTS_DEFAULT_DIR
					"/NAME'");
	return 0;
}

static int draw(const struct request *q, struct ct_error *e)
{
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
		err = results_no_links(dir, out, e);
	if (!err)
		err = plot_run(benchmark, out, q->kinds, &drawn, e);
	json_decref(benchmark);
	if (err)
		return err;
	if (!drawn)
		return ct_user_error(e, "'%.500s' has nothing to draw%s", dir,
				     q->kinds ? " of this kind" : ": no cell has a result");
	printf("plots: %s (%zu, as SVG and PNG)\n", out, drawn);
	return 0;
}

int cmd_plot(int argc, char **argv)
{
	struct request q = { 0 };
	struct ct_error e = { 0 };
	int err = parse(&q, argc, argv, &e);

	if (!err && q.help)
		print_help();
	else if (!err)
		err = draw(&q, &e);
	return err ? ct_error_print(&e) : CT_EXIT_OK;
}
