/* SPDX-License-Identifier: MIT */
/*
 * ctbench list: variants and their axes, what the axes mean, workload files.
 */
#include "harness/workload/axis_text.h"
#include "harness/cli/cmd.h"
#include "harness/workload/workload.h"
#include "variants/variant.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_JSON, OPT_AXES, OPT_WORKLOADS };

static const struct cmd_option options[] = {
	[OPT_JSON] = { "json", false },
	[OPT_AXES] = { "axes", false },
	[OPT_WORKLOADS] = { "workloads", false },
	{ NULL, false },
};

static const struct {
	unsigned int flag;
	const char *name; /* in JSON */
	const char *note; /* in the table */
} flags[] = {
	{ CT_V_RESIZE, "resize", "resizes" },
	{ CT_V_NULL, "null", "no table at all" },
	{ CT_V_PEER, "peer", "by others" },
	{ CT_V_WORST, "worst", "worst case" },
};
#define NR_FLAGS (sizeof(flags) / sizeof(flags[0]))

static void print_help(void)
{
	fputs("usage: ctbench list [--json] [SELECTION...]\n"
	      "       ctbench list --axes [--json]\n"
	      "       ctbench list --workloads [--json] [FILE...]\n"
	      "\n"
	      "Without options: every variant of the table with its choice on each axis. A dash "
	      "means\n"
	      "that the axis does not apply. With selections: those variants, each with a "
	      "sentence.\n"
	      "\n"
	      "  --axes       the axes, and what each choice on them means\n"
	      "  --workloads  the workload files, the question each answers, and its expected "
	      "time\n"
	      "  --json       the same for programs\n"
	      "\n"
	      "A selection is what the key `variants` of a workload file takes:\n"
	      "  nulls_rcu_siphash                       a name\n"
	      "  'locked*'                               a glob (in quotes, against the shell)\n"
	      "  hash=jhash2,chain=nulls_rcu             all that have these choices\n"
	      "  axis=resize                             the baseline (the first variant listed) "
	      "and all\n"
	      "                                          that differ from it on this axis alone\n"
	      "  axis=lock,base=locked_jhash2_scale_seqcount    the same from another baseline\n"
	      "What is degenerate on purpose (worst case, no table at all) is chosen by its name "
	      "only.\n"
	      "\n"
	      "Examples:\n"
	      "  ctbench list axis=rcu\n"
	      "  ctbench list --json 'nulls*' | jq -r '.[].name'\n"
	      "  ctbench list --workloads\n",
	      stdout);
}

/* ---- variants ---- */

static json_t *variant_to_json(const struct ct_variant *v)
{
	json_t *axes = json_object(), *names = json_array();

	for (unsigned int i = 0; i < CT_NR_AXES; i++)
		json_object_set_new(axes, ct_axis_name(i), json_string(ct_axis_value(&v->axes, i)));
	for (size_t i = 0; i < NR_FLAGS; i++)
		if (v->flags & flags[i].flag)
			json_array_append_new(names, json_string(flags[i].name));
	return json_pack("{s:s, s:s, s:o, s:o, s:b}", "name", v->name, "summary", v->summary,
			 "axes", axes, "flags", names, "baseline", v == ct_variants[0]);
}

static int print_json(json_t *root)
{
	int failed = json_dumpf(root, stdout, JSON_INDENT(1));

	fputc('\n', stdout);
	json_decref(root);
	/* What went wrong with the output, main() says. */
	return failed && !ferror(stdout) ? CT_EXIT_INTERNAL : CT_EXIT_OK;
}

static int variants_json(const bool *chosen)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ct_nr_variants; i++)
		if (chosen[i])
			json_array_append_new(list, variant_to_json(ct_variants[i]));
	return print_json(list);
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static int variants_table(const bool *chosen, bool sentences)
{
	int name_width = (int)strlen("variant"), width[CT_NR_AXES];

	for (unsigned int a = 0; a < CT_NR_AXES; a++)
		width[a] = (int)strlen(ct_axis_name(a));
	for (size_t i = 0; i < ct_nr_variants; i++) {
		if (!chosen[i])
			continue;
		name_width = max(name_width, (int)strlen(ct_variants[i]->name));
		for (unsigned int a = 0; a < CT_NR_AXES; a++)
			width[a] =
				max(width[a], (int)strlen(ct_axis_value(&ct_variants[i]->axes, a)));
	}

	printf("%-*s", name_width, "variant");
	for (unsigned int a = 0; a < CT_NR_AXES; a++)
		printf("  %-*s", width[a], ct_axis_name(a));
	printf("  notes\n");
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];
		const char *comma = "  ";

		if (!chosen[i])
			continue;
		printf("%-*s", name_width, v->name);
		for (unsigned int a = 0; a < CT_NR_AXES; a++)
			printf("  %-*s", width[a], ct_axis_value(&v->axes, a));
		if (!i) {
			printf("%sbaseline", comma);
			comma = ", ";
		}
		for (size_t f = 0; f < NR_FLAGS; f++) {
			if (v->flags & flags[f].flag) {
				printf("%s%s", comma, flags[f].note);
				comma = ", ";
			}
		}
		printf("\n");
		if (sentences)
			printf("    %s\n", v->summary);
	}
	if (!sentences)
		printf("\nctbench list NAME says more about one, ctbench list --axes what the "
		       "columns mean.\n");
	return CT_EXIT_OK;
}

static int list_variants(const char *const *selections, size_t nr, bool json)
{
	bool *chosen = calloc(ct_nr_variants, sizeof(*chosen));
	struct ct_error e = { 0 };
	int status;

	if (!chosen) {
		ct_user_error(&e, "no memory for the list");
		return ct_error_print(&e);
	}
	for (size_t i = 0; i < ct_nr_variants && !nr; i++)
		chosen[i] = true;
	for (size_t i = 0; i < nr; i++) {
		if (variant_select(chosen, selections[i], "list", &e)) {
			free(chosen);
			return ct_error_print(&e);
		}
	}
	status = json ? variants_json(chosen) : variants_table(chosen, nr > 0);
	free(chosen);
	return status;
}

/* ---- axes ---- */

static bool first_with_value(size_t variant, unsigned int axis)
{
	const char *value = ct_axis_value(&ct_variants[variant]->axes, axis);

	if (!strcmp(value, "-"))
		return false;
	for (size_t i = 0; i < variant; i++)
		if (!strcmp(ct_axis_value(&ct_variants[i]->axes, axis), value))
			return false;
	return true;
}

static int count_value(unsigned int axis, const char *value)
{
	int n = 0;

	for (size_t i = 0; i < ct_nr_variants; i++)
		n += !strcmp(ct_axis_value(&ct_variants[i]->axes, axis), value);
	return n;
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static int list_axes(bool json)
{
	json_t *axes = json_array();

	for (unsigned int a = 0; a < CT_NR_AXES; a++) {
		const char *axis = ct_axis_name(a);
		json_t *values = json_array();

		if (!json)
			printf("%s%s: %s\n", a ? "\n" : "", axis, or_dash(axis_text(axis)));
		for (size_t i = 0; i < ct_nr_variants; i++) {
			const char *value = ct_axis_value(&ct_variants[i]->axes, a);
			const char *text = axis_value_text(axis, value);

			if (!first_with_value(i, a))
				continue;
			if (!json)
				printf("  %-18s%s\n", value, or_dash(text));
			json_array_append_new(values, json_pack("{s:s, s:s, s:i}", "name", value,
								"meaning", or_dash(text),
								"variants", count_value(a, value)));
		}
		json_array_append_new(axes, json_pack("{s:s, s:s, s:o}", "name", axis, "meaning",
						      or_dash(axis_text(axis)), "values", values));
	}
	if (json)
		return print_json(axes);
	json_decref(axes);
	return CT_EXIT_OK;
}

/* ---- workloads ---- */

static void print_time(double seconds)
{
	if (seconds < 90)
		printf("about %.0f s", seconds < 1 ? 1 : seconds);
	else
		printf("about %.0f min", seconds / 60);
}

/* One file or suite; json is NULL for the table. */
static int list_workload(const char *path, json_t *json)
{
	struct workload_set set = { 0 };
	struct workload_info info = { 0 };
	struct ct_error e = { 0 };
	double seconds;
	size_t cells = 0;

	if (workload_info_read(&info, path, &e))
		return ct_error_print(&e);
	if (workload_load(&set, path, NULL, &e)) {
		workload_info_free(&info);
		return ct_error_print(&e);
	}
	for (size_t i = 0; i < set.nr; i++)
		cells += set.list[i].nr_cells;
	seconds = workload_set_expected_seconds(&set);
	if (json) {
		json_array_append_new(json,
				      json_pack("{s:s, s:s, s:s, s:b, s:i, s:i, s:f}", "name",
						set.name, "path", path, "question", info.question,
						"suite", info.is_suite, "workloads", (int)set.nr,
						"cells", (int)cells, "expected_seconds", seconds));
	} else {
		printf("%s\n    %s\n    ", path, info.question);
		if (info.is_suite)
			printf("a suite of %zu workloads, ", set.nr);
		printf("%zu cell%s, ", cells, cells == 1 ? "" : "s");
		print_time(seconds);
		printf("\n");
	}
	workload_info_free(&info);
	workload_set_free(&set);
	return CT_EXIT_OK;
}

static int list_workloads(const char *const *paths, size_t nr, bool json)
{
	char **found = NULL;
	struct ct_error e = { 0 };
	json_t *list = json ? json_array() : NULL;
	int status = CT_EXIT_OK;

	if (!nr) {
		if (workload_find_files(&found, &nr, &e)) {
			json_decref(list);
			return ct_error_print(&e);
		}
		paths = (const char *const *)found;
	}
	/* One bad file must not hide the others. */
	for (size_t i = 0; i < nr; i++) {
		int s = list_workload(paths[i], list);

		if (s)
			status = s;
	}
	for (size_t i = 0; found && i < nr; i++)
		free(found[i]);
	free(found);
	if (json && print_json(list))
		status = CT_EXIT_INTERNAL;
	return status;
}

int cmd_list(int argc, char **argv)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1, .takes_rest = true };
	const char **operands = calloc((size_t)argc + 1, sizeof(*operands));
	bool on[3] = { false, false, false };
	struct ct_error e = { 0 };
	size_t nr = 0;
	int what, status;

	if (!operands) {
		ct_user_error(&e, "no memory for the arguments");
		return ct_error_print(&e);
	}
	while ((what = cmd_next(&args, options, &e)) != CMD_END) {
		switch (what) {
		case OPT_JSON:
		case OPT_AXES:
		case OPT_WORKLOADS:
			on[what] = true;
			break;
		case CMD_OPERAND:
			operands[nr++] = args.value;
			break;
		case CMD_HELP:
			print_help();
			status = CT_EXIT_OK;
			goto out;
		case CMD_REST:
			while (args.at < argc)
				operands[nr++] = argv[args.at++];
			break;
		default:
			status = ct_error_print(&e);
			goto out;
		}
	}
	if (on[OPT_AXES] && (on[OPT_WORKLOADS] || nr)) {
		ct_user_error(
			&e,
			"list --axes shows all axes and takes neither a selection nor --workloads");
		status = ct_error_print(&e);
	} else if (on[OPT_AXES]) {
		status = list_axes(on[OPT_JSON]);
	} else if (on[OPT_WORKLOADS]) {
		status = list_workloads(operands, nr, on[OPT_JSON]);
	} else {
		status = list_variants(operands, nr, on[OPT_JSON]);
	}
out:
	free(operands);
	return status;
}
