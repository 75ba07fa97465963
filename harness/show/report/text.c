/* SPDX-License-Identifier: MIT */
/* A report for terminals and for programs. */
#include "harness/show/report/report.h"

#include <errno.h>
#include <jansson.h>

#include "harness/judge/judge.h"
#include "harness/show/matrix.h"
#include "harness/show/table/table.h"

int report_text(FILE *out, const struct report_source *s, struct ct_error *e)
{
	int err = matrix_print(out, s->matrix);

	matrix_print_leaders(out, s->matrix);
	if (!err)
		err = table_print(out, s->report);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "no memory for the report");
	judge_print_verdicts(out, s->report);
	judge_print_power(out, s->report);
	if (table_print_budgets(out, s->report))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the report");
	return 0;
}

int report_json(FILE *out, const struct report_source *s, struct ct_error *e)
{
	json_t *all = json_copy((json_t *)s->report);
	int err = all ? json_object_set(all, "matrix", (json_t *)s->matrix) : -1;

	if (!err)
		err = json_dumpf(all, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	json_decref(all);
	if (err)
		return ct_fail(e, -EIO, CT_EXIT_USER, "cannot write the report as JSON");
	fputc('\n', out);
	return 0;
}
