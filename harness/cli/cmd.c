/* SPDX-License-Identifier: MIT */
/*
 * Arguments of commands; see cmd.h.
 */
#include "harness/cli/cmd.h"

#include "harness/base/nearest.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 64

static int unknown_option(const struct cmd_args *a, const struct cmd_option *options,
			  const char *name, size_t len, struct ct_error *e)
{
	const char *names[NAMES_MAX], *near;
	char word[64];
	size_t nr = 0;

	for (; options[nr].name && nr < NAMES_MAX; nr++)
		names[nr] = options[nr].name;
	for (size_t i = 0; i < a->nr_more && nr < NAMES_MAX; i++)
		names[nr++] = a->more[i];
	snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
	near = nearest_name(word, names, nr);
	return ct_user_error(e, "%s has no option --%s%s%s%s; ctbench %s --help tells which it has",
			     a->argv[0], word, near ? " (did you mean --" : "", near ? near : "",
			     near ? "?)" : "", a->argv[0]);
}

int cmd_next(struct cmd_args *a, const struct cmd_option *options, struct ct_error *e)
{
	const char *arg, *name, *equals;
	size_t len;

	a->value = NULL;
	if (a->at >= a->argc)
		return CMD_END;
	arg = a->argv[a->at++];
	/* "-" alone is standard input */
	if (arg[0] != '-' || !arg[1]) {
		a->value = arg;
		return CMD_OPERAND;
	}
	if (!strcmp(arg, "--"))
		return a->takes_rest ? CMD_REST
				     : ct_user_error(e,
						     "%s takes nothing after --; ctbench %s --help "
						     "tells what it takes",
						     a->argv[0], a->argv[0]);
	if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
		return CMD_HELP;
	if (arg[1] != '-')
		return ct_user_error(e,
				     "%s has no option %.64s; options begin with two dashes, and "
				     "ctbench %s --help tells which there are",
				     a->argv[0], arg, a->argv[0]);

	name = arg + 2;
	len = strcspn(name, "=");
	equals = name[len] ? name + len : NULL;
	for (int i = 0; options[i].name; i++) {
		if (strlen(options[i].name) != len || strncmp(options[i].name, name, len))
			continue;
		if (!options[i].takes_value) {
			if (equals)
				return ct_user_error(e, "%s --%s takes no value", a->argv[0],
						     options[i].name);
			return i;
		}
		if (equals)
			a->value = equals + 1;
		else if (a->at < a->argc)
			a->value = a->argv[a->at++];
		if (!a->value || !*a->value)
			return ct_user_error(e,
					     "%s --%s needs a value; ctbench %s --help tells which",
					     a->argv[0], options[i].name, a->argv[0]);
		return i;
	}
	return unknown_option(a, options, name, len, e);
}
