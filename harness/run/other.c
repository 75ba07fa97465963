/* SPDX-License-Identifier: MIT */
/* Another program that measures in the same run as this one; see run.h. */
#include "harness/run/run.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/measure/protocol.h"

/* Its name becomes part of the names of cells: other characters become '_'. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+";

static void name_other(struct run_other *other)
{
	bool revision = !strcmp(other->option, "against");

	snprintf(other->name, sizeof(other->name), "%s", revision ? other->value : "other");
	for (char *c = other->name; *c; c++)
		if (!strchr(plain, *c))
			*c = '_';
	if (!strcmp(other->name, RUN_THIS))
		snprintf(other->name, sizeof(other->name), "other");
}

int run_other_open(struct run_other *other, const char *option, const char *value, const char *path,
		   struct ct_error *e)
{
	*other = (struct run_other){ .option = option, .value = value };
	name_other(other);
	if (!realpath(path, other->path))
		return ct_user_error(e, "--%s %.300s: cannot find '%.300s': %s", option, value,
				     path, strerror(errno));
	other->about = protocol_ask(other->path, value, e);
	return other->about ? 0 : -EINVAL;
}

void run_other_close(struct run_other *other)
{
	json_decref(other->about);
	other->about = NULL;
}

int run_other_select(struct run *run, struct ct_error *e)
{
	const char *last = "";
	size_t left = 0;

	for (size_t i = 0; i < run->nr_cells; i++) {
		struct run_cell *c = &run->cells[i];

		if (!c->selected ||
		    list_has(json_object_get(run->other->about, "variants"), c->cell.variant)) {
			left += c->selected;
			continue;
		}
		c->selected = false;
		if (strcmp(last, c->cell.variant))
			fprintf(stderr,
				"ctbench: warning: %s is not measured: '%s' has no such variant\n",
				c->cell.variant, run->other->value);
		last = c->cell.variant;
	}
	return left ? 0
		    : ct_user_error(e,
				    "'%.300s' has none of the variants of this run: choose others "
				    "with --variants",
				    run->other->value);
}

json_t *run_other_json(const struct run_other *other)
{
	return json_pack("{s:s, s:O}", "name", other->name, "build",
			 json_object_get(other->about, "build"));
}

int run_other_check(const struct run *run, struct ct_error *e)
{
	const json_t *then = json_object_get(run->start, "other_program");
	json_t *now = run->other ? run_other_json(run->other) : NULL;
	bool same = then ? json_equal(then, now) : !now;

	json_decref(now);
	if (same)
		return 0;
	return ct_user_error(
		e,
		"'%s' was started with another program than '%.300s' (%.100s, revision "
		"%.80s): name that one, or measure again under another --name",
		run->name, run->other ? run->other->value : "none", text_of(then, "name"),
		text_of(json_object_get(then, "build"), "revision"));
}
