/* SPDX-License-Identifier: MIT */
/* The kernel and its settings: version, parameters, mitigations, pages, load, limits. */
#include "harness/base/memory.h"
#include "harness/machine/cgroup.h"
#include "harness/machine/env_internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Long enough for some ten of the kernel's ticks (of 10 ms) per CPU. */
#define SAMPLE_NS 100000000L

/*
 * Parameters that change how fast or how evenly user space runs.  Only these are kept, because a
 * command line may also contain private data.
 */
static const char *const parameters[] = {
	"mitigations",
	"nosmt",
	"isolcpus",
	"nohz",
	"nohz_full",
	"rcu_nocbs",
	"irqaffinity",
	"maxcpus",
	"nr_cpus",
	"intel_pstate",
	"amd_pstate",
	"cpufreq.default_governor",
	"cpufreq.off",
	"idle",
	"processor.max_cstate",
	"intel_idle.max_cstate",
	"cpuidle.off",
	"cpuidle_haltpoll.force",
	"transparent_hugepage",
	"hugepages",
	"hugepagesz",
	"default_hugepagesz",
	"numa",
	"numa_balancing",
	"tsc",
	"clocksource",
	"pti",
	"nopti",
	"kpti",
	"nospectre_v1",
	"nospectre_v2",
	"spectre_v2",
	"spectre_bhi",
	"spec_store_bypass_disable",
	"l1tf",
	"mds",
	"tsx",
	"tsx_async_abort",
	"retbleed",
	"srbds",
	"gather_data_sampling",
	"spec_rstack_overflow",
	"reg_file_data_sampling",
	"kvm-intel.vmentry_l1d_flush",
	"preempt",
	"threadirqs",
	"skew_tick",
	"nowatchdog",
	"nmi_watchdog",
	"nosoftlockup",
	"audit",
	"init_on_alloc",
	"init_on_free",
	"page_poison",
	"slub_debug",
	"nokaslr",
	"norandmaps",
	"nopcid",
	"nosmap",
	"nosmep",
	"clearcpuid",
};

static bool parameter_matters(const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (strlen(parameters[i]) == len && !strncmp(parameters[i], word, len))
			return true;
	return false;
}

static json_t *command_line(const char *root)
{
	json_t *kept = json_array();
	char line[4096];

	if (!env_line(line, sizeof(line), root, "/proc/cmdline"))
		return kept;
	for (char *save, *word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		if (!strcmp(word, "--"))
			break; /* what follows is for init */
		if (parameter_matters(word))
			json_array_append_new(kept, env_text_or_null(true, word));
	}
	return kept;
}

/* /sys/devices/system/cpu/vulnerabilities: a file each, with a sentence; null without it. */
static json_t *mitigations(const char *root)
{
	static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
	json_t *all = json_object();
	char path[PATH_MAX], text[512];
	struct dirent **names = NULL;
	int nr;

	snprintf(path, sizeof(path), "%s%s", root, folder);
	nr = scandir(path, &names, NULL, alphasort);
	if (nr < 0) {
		memory_end_if(errno);
		json_decref(all);
		return json_null();
	}
	for (int i = 0; i < nr; i++) {
		if (*names[i]->d_name != '.' &&
		    env_line(text, sizeof(text), root, "%s/%s", folder, names[i]->d_name))
			json_object_set_new(all, names[i]->d_name, env_text_or_null(true, text));
		free(names[i]);
	}
	free(names);
	return all;
}

json_t *env_kernel(const char *root)
{
	struct utsname u;
	char source[64];
	int64_t randomize;
	bool named = !uname(&u);
	bool source_known =
		env_line(source, sizeof(source), root,
			 "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	bool randomize_known = env_number(&randomize, root, "/proc/sys/kernel/randomize_va_space");
	char line[64];
	json_t *kernel = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "release",
		env_text_or_null(named, u.release), "version", env_text_or_null(named, u.version),
		"architecture", env_text_or_null(named, u.machine), "parameters",
		command_line(root), "mitigations", mitigations(root), "clocksource",
		env_text_or_null(source_known, source), "randomize_va_space",
		env_number_or_null(randomize_known, randomize_known ? randomize : 0));

	/* files that every /proc and /sys has: reported only if one is missing */
	if (!env_line(line, sizeof(line), root, "/proc/stat"))
		json_object_set_new(kernel, "procfs", json_false());
	if (!env_line(line, sizeof(line), root, "/sys/devices/system/cpu/online"))
		json_object_set_new(kernel, "sysfs", json_false());
	return kernel;
}

/* The pools of huge pages: size in KiB -> how many, how many free. */
static json_t *huge_page_pools(const char *root)
{
	json_t *pools = json_object();
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/kernel/mm/hugepages", root);
	dir = opendir(path);
	if (!dir)
		memory_end_if(errno);
	while (dir && (entry = readdir(dir))) {
		int64_t nr = 0, nr_free = 0;
		char size[32];

		if (sscanf(entry->d_name, "hugepages-%31[0-9]kB", size) != 1)
			continue;
		env_number(&nr, root, "/sys/kernel/mm/hugepages/%s/nr_hugepages", entry->d_name);
		env_number(&nr_free, root, "/sys/kernel/mm/hugepages/%s/free_hugepages",
			   entry->d_name);
		json_object_set_new(pools, size,
				    json_pack("{s:I, s:I}", "pages", (json_int_t)nr, "free",
					      (json_int_t)nr_free));
	}
	if (dir)
		closedir(dir);
	return pools;
}

json_t *env_pages(const char *root)
{
	char thp[32], defrag[32];
	bool thp_known =
		env_chosen(thp, sizeof(thp), root, "/sys/kernel/mm/transparent_hugepage/enabled");
	bool defrag_known = env_chosen(defrag, sizeof(defrag), root,
				       "/sys/kernel/mm/transparent_hugepage/defrag");
	int64_t balancing = 0;
	bool balancing_known = env_number(&balancing, root, "/proc/sys/kernel/numa_balancing");

	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "page_bytes",
			 (json_int_t)sysconf(_SC_PAGESIZE), "transparent",
			 env_text_or_null(thp_known, thp), "transparent_defrag",
			 env_text_or_null(defrag_known, defrag), "pools_kib", huge_page_pools(root),
			 "numa_balancing", env_number_or_null(balancing_known, balancing));
}

/*
 * How many CPUs other programs keep busy at present.  The load average covers the last minute, so
 * right after a build it shows only the compiler.  We sleep while measuring; null if unknown.
 */
static json_t *busy_cpus(const char *root)
{
	const struct timespec sample = { .tv_nsec = SAMPLE_NS };
	double before, after, stolen;

	if (!env_cpu_times(root, &before, &stolen))
		return json_null();
	nanosleep(&sample, NULL);
	if (!env_cpu_times(root, &after, &stolen))
		return json_null();
	return json_real((after - before) / (double)sysconf(_SC_CLK_TCK) / (SAMPLE_NS * 1e-9));
}

json_t *env_load(const char *root)
{
	double one, five, fifteen;
	unsigned int running;
	char line[128];

	if (!env_line(line, sizeof(line), root, "/proc/loadavg") ||
	    sscanf(line, "%lf %lf %lf %u/", &one, &five, &fifteen, &running) != 4)
		return json_pack("{s:n, s:n, s:n}", "average", "running", "busy_cpus");
	/* One of the running threads is this one. */
	return json_pack("{s:[f, f, f], s:i, s:o}", "average", one, five, fifteen, "running",
			 running ? (int)running - 1 : 0, "busy_cpus", busy_cpus(root));
}

json_t *env_limits(const char *root)
{
	struct cgroups *g = cgroups_find(root);
	double cpus = g ? cgroups_cpus(g) : 0;
	uint64_t memory = g ? cgroups_memory(g) : UINT64_MAX;

	cgroups_free(g);
	return json_pack("{s:o, s:o}", "cpu_quota", cpus > 0 ? json_real(cpus) : json_null(),
			 "memory_bytes", env_number_or_null(memory != UINT64_MAX, (int64_t)memory));
}
