/* SPDX-License-Identifier: MIT */
/* The commands; see cmd.h. */
#include "harness/cli/cmd.h"

#include "harness/base/nearest.h"

#include <string.h>

/* clang-format off */
const struct command *const commands[] = {
	&command_list,
	&command_new,
	&command_run,
	&command_saturate,
	&command_import,
	&command_replay,
	&command_explain,
	&command_plot,
	&command_report,
	&command_recommend,
	&command_compare,
	&command_history,
	&command_merge,
	&command_sweep,
	&command_machines,
	&command_env,
	&command_bounds,
	&command_kernel,
	&command_torture,
	&command_completion,
	&command_man,
	&command_help,
	&command_measure,
	NULL,
};
/* clang-format on */

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]) - 1)

const struct command *command_find(const char *name, struct ct_error *e)
{
	const char *names[NR_COMMANDS], *near;
	size_t nr = 0;

	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
		if (commands[i]->summary)
			names[nr++] = commands[i]->name;
	}
	near = nearest_name(name, names, nr);
	ct_user_error(e, "unknown %s '%.64s'%s%s%s; see ctbench --help",
		      *name == '-' ? "option" : "command", name, near ? " (did you mean '" : "",
		      near ? near : "", near ? "'?)" : "");
	return NULL;
}
