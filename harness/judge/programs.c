/* SPDX-License-Identifier: MIT */
/* Splits a run of two programs into two runs, to compare them; see compare.h. */
#include "harness/judge/compare.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/results/results.h"

/* "axes/VARIANT/program:old/control" without the part about the program. */
static void plain_name(char *buf, size_t size, const char *name)
{
	const char *at = strstr(name, "/program:");
	const char *rest = at ? strchr(at + 1, '/') : NULL;

	snprintf(buf, size, "%.*s%s", at ? (int)(at - name) : (int)strlen(name), name,
		 rest ? rest : "");
}

static json_t *cells_of(const json_t *report, const char *program, bool others)
{
	json_t *cells = json_object(), *cell;
	const char *name;
	char plain[1100];

	json_object_foreach(json_object_get(report, "cells"), name, cell) {
		json_t *copy, *parameters;
		const char *by = text_of(json_object_get(cell, "parameters"), "program");

		if (others == !strcmp(by, program))
			continue;
		copy = json_copy(cell);
		parameters = json_copy(json_object_get(cell, "parameters"));
		json_object_del(parameters, "program");
		json_object_set_new(copy, "parameters", parameters);
		plain_name(plain, sizeof(plain), name);
		json_object_set_new(cells, plain, copy);
	}
	return cells;
}

static json_t *side_of(const json_t *report, const char *name, bool others)
{
	json_t *side = json_copy((json_t *)report);
	json_t *environment = json_copy(json_object_get(report, "environment"));
	json_t *build = within(report, "other_program", "build");

	if (!others && build)
		json_object_set(environment, "build", build);
	json_object_set_new(side, "environment", environment);
	json_object_set_new(side, "cells", cells_of(report, name, others));
	return json_pack("{s:o}", "ctbench", side);
}

int judge_programs(const json_t *benchmark, const char *path, json_t *sides[2], struct ct_error *e)
{
	const json_t *report = results_report(benchmark, path, e);
	const char *name = text_of(json_object_get(report, "other_program"), "name");

	if (!report)
		return -EINVAL;
	if (!*name)
		return ct_user_error(
			e,
			"'%.400s' is a run of one program: name another run to compare "
			"it with",
			path);
	sides[0] = side_of(report, name, false);
	sides[1] = side_of(report, name, true);
	if (sides[0] && sides[1])
		return 0;
	json_decref(sides[0]);
	json_decref(sides[1]);
	sides[0] = sides[1] = NULL;
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to compare the programs");
}
