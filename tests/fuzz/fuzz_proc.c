/* SPDX-License-Identifier: MIT */
/* Files of /proc and /sys, each as a byte that selects it, two bytes of length, and its text. */
#include "harness/machine/cgroup.h"
#include "harness/machine/env_internal.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

static const char *const files[] = {
	"proc/cpuinfo",
	"proc/meminfo",
	"proc/stat",
	"proc/loadavg",
	"proc/cmdline",
	"proc/version",
	"proc/self/cgroup",
	"proc/self/mountinfo",
	"proc/self/status",
	"sys/fs/cgroup/cpu.max",
	"sys/fs/cgroup/memory.max",
	"sys/fs/cgroup/cpu.stat",
	"sys/fs/cgroup/cpu/cpu.cfs_quota_us",
	"sys/fs/cgroup/cpu/cpu.cfs_period_us",
	"sys/devices/system/cpu/smt/control",
	"sys/devices/system/cpu/vulnerabilities/meltdown",
	"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
	"sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq",
	"sys/kernel/mm/transparent_hugepage/enabled",
	"sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
};
#define NR_FILES (sizeof(files) / sizeof(files[0]))

static void facts(const char *root)
{
	json_t *(*const parts[])(const char *root) = {
		env_machine, env_frequency, env_power,	env_virtual,
		env_kernel,  env_pages,	    env_limits,
	};
	double busy, stolen;

	/* env_load() takes a while to see what others do. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_t *part = parts[i](root);

		fuzz_check(part);
		json_decref(part);
	}
	env_cpu_times(root, &busy, &stolen);
}

static void groups(const char *root)
{
	struct cgroups *g = cgroups_find(root);

	fuzz_check(g);
	fuzz_check(!(cgroups_cpus(g) < 0));
	cgroups_memory(g);
	cgroups_memory_left(g);
	cgroups_throttled(g);
	cgroups_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *root = fuzz_folder();

	for (size_t i = 0; i < NR_FILES; i++)
		fuzz_write(root, files[i], "", 0);
	while (size > 3) {
		const char *name = files[data[0] % NR_FILES];
		size_t len;
		const uint8_t *at;

		data++;
		size--;
		len = fuzz_u16(&data, &size);
		at = fuzz_take(&data, &size, &len);
		fuzz_write(root, name, at, len);
	}
	facts(root);
	groups(root);
	return 0;
}
