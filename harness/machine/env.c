/* SPDX-License-Identifier: MIT */
/* All facts together; see env.h. */
#include "harness/machine/env_internal.h"

#include "harness/machine/memstat.h"
#include "harness/machine/topology.h"
#include "harness/machine/tsc.h"

json_t *env_json_in(const char *root)
{
	char allocator[96];
	json_t *topology = topology_json();

	return json_pack(
		"{s:o, s:o, s:{s:s, s:f, s:b}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}",
		"machine", env_machine(root), "topology", topology ? topology : json_null(),
		"clock", "name", tsc_name(), "ticks_per_second", tsc_per_second(), "reliable",
		tsc_reliable(), "kernel", env_kernel(root), "frequency", env_frequency(root),
		"pages", env_pages(root), "virtual", env_virtual(root), "limits", env_limits(root),
		"load", env_load(root), "power", env_power(root), "build", env_build(), "allocator",
		memstat_allocator(allocator, sizeof(allocator)), "libraries", env_libraries());
}

json_t *env_json(void)
{
	return env_json_in("");
}
