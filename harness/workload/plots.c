/* SPDX-License-Identifier: MIT */
#include "harness/workload/plots.h"

#include <string.h>

#include "harness/base/text.h"

const struct plot_kind plot_kinds[NR_PLOT_KINDS] = {
#define PLOT(id, name_, help_, ...) \
	[PLOT_NR_##id] = { .bit = PLOT_##id, .name = name_, .help = help_, __VA_ARGS__ },
#include "harness/workload/plots.def"
#undef PLOT
};

const struct plot_kind *plot_kind_find(const char *name)
{
	for (size_t i = 0; i < NR_PLOT_KINDS; i++)
		if (!strcmp(plot_kinds[i].name, name))
			return &plot_kinds[i];
	return NULL;
}

int plot_kind_list(char *buf, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < NR_PLOT_KINDS; i++)
		text_add(buf, size, &at, "%s%s",
			 i == 0			 ? ""
			 : i + 1 < NR_PLOT_KINDS ? ", "
						 : " or ",
			 plot_kinds[i].name);
	return (int)at;
}
