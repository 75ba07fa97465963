/* SPDX-License-Identifier: MIT */
/* The hardware, real or virtual: CPU, memory, clock speed, power, hypervisor. */
#include "harness/base/memory.h"
#include "harness/machine/env_internal.h"

#include "harness/base/json_read.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

/* A line of /proc/meminfo in bytes. */
static json_t *meminfo(const char *root, const char *key)
{
	char text[64];
	bool known = env_field(text, sizeof(text), root, "/proc/meminfo", key);

	return env_number_or_null(known, known ? strtoll(text, NULL, 10) * 1024 : 0);
}

static json_t *cpuinfo(const char *root, const char *key)
{
	char text[256];
	bool known = env_field(text, sizeof(text), root, "/proc/cpuinfo", key);

	return env_text_or_null(known, text);
}

json_t *env_machine(const char *root)
{
	char model[256], smt[32];
	bool model_known, smt_known;
	int64_t active;

	/* aarch64 has no model name, but the numbers of an implementer and a part */
	model_known = env_field(model, sizeof(model), root, "/proc/cpuinfo", "model name");
	if (!model_known &&
	    env_field(model, sizeof(model), root, "/proc/cpuinfo", "CPU implementer")) {
		char part[64] = "?";

		env_field(part, sizeof(part), root, "/proc/cpuinfo", "CPU part");
		snprintf(model + strlen(model), sizeof(model) - strlen(model),
			 "/%s (implementer/part)", part);
		model_known = true;
	}
	smt_known = env_line(smt, sizeof(smt), root, "/sys/devices/system/cpu/smt/control");
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "cpu",
			 env_text_or_null(model_known, model), "vendor", cpuinfo(root, "vendor_id"),
			 "family", cpuinfo(root, "cpu family"), "model", cpuinfo(root, "model"),
			 "stepping", cpuinfo(root, "stepping"), "microcode",
			 cpuinfo(root, "microcode"), "smt", env_text_or_null(smt_known, smt),
			 "smt_active",
			 env_number(&active, root, "/sys/devices/system/cpu/smt/active")
				 ? json_boolean(active)
				 : json_null(),
			 "memory_bytes", meminfo(root, "MemTotal"), "memory_available_bytes",
			 meminfo(root, "MemAvailable"), "swap_bytes", meminfo(root, "SwapTotal"),
			 "swap_free_bytes", meminfo(root, "SwapFree"));
}

/* The governors of all CPUs, each once: usually one. */
static json_t *governors(const char *root)
{
	json_t *found = json_array();
	long nr = sysconf(_SC_NPROCESSORS_CONF);
	char text[64];

	for (long cpu = 0; cpu < nr; cpu++)
		if (env_line(text, sizeof(text), root,
			     "/sys/devices/system/cpu/cpu%ld/cpufreq/scaling_governor", cpu) &&
		    !list_has(found, text))
			json_array_append_new(found, env_text_or_null(true, text));
	return found;
}

/* Two drivers, two files, one the opposite of the other. */
static json_t *boost(const char *root)
{
	int64_t value;

	if (env_number(&value, root, "/sys/devices/system/cpu/intel_pstate/no_turbo"))
		return json_boolean(!value);
	if (env_number(&value, root, "/sys/devices/system/cpu/cpufreq/boost"))
		return json_boolean(value);
	return json_null();
}

json_t *env_frequency(const char *root)
{
	static const char first_cpu[] = "/sys/devices/system/cpu/cpu0/cpufreq";
	char driver[64];
	int64_t min = 0, max = 0;
	bool driver_known = env_line(driver, sizeof(driver), root, "%s/scaling_driver", first_cpu);
	bool min_known = env_number(&min, root, "%s/scaling_min_freq", first_cpu);
	bool max_known = env_number(&max, root, "%s/scaling_max_freq", first_cpu);

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "driver",
			 env_text_or_null(driver_known, driver), "governors", governors(root),
			 "boost", boost(root), "min_khz", env_number_or_null(min_known, min),
			 "max_khz", env_number_or_null(max_known, max));
}

/* Laptops: do we run on battery?  Null without a mains supply. */
json_t *env_power(const char *root)
{
	static const char *const names[] = { "AC", "AC0", "ACAD", "ADP0", "ADP1", "Mains" };
	int64_t online;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (env_number(&online, root, "/sys/class/power_supply/%s/online", names[i]))
			return json_pack("{s:b}", "on_battery", !online);
	return json_pack("{s:n}", "on_battery");
}

/* The hypervisor's own name, if the facts are about this machine. */
static bool hypervisor_name(char *buf, size_t size, const char *root)
{
#if defined(__x86_64__) || defined(__i386__)
	static const struct {
		const char *signature, *name;
	} known[] = {
		{ "KVMKVMKVM", "KVM" },
		{ "Microsoft Hv", "Hyper-V" },
		{ "VMwareVMware", "VMware" },
		{ "XenVMMXenVMM", "Xen" },
		{ "TCGTCGTCGTCG", "QEMU without KVM (emulated)" },
		{ "bhyve bhyve ", "bhyve" },
		{ "VBoxVBoxVBox", "VirtualBox" },
		{ "ACRNACRNACRN", "ACRN" },
	};
	unsigned int a, regs[4] = { 0 };

	if (!*root) {
		__cpuid(0x40000000, a, regs[0], regs[1], regs[2]);
		snprintf(buf, size, "%.12s", (char *)regs);
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (!strcmp(buf, known[i].signature))
				snprintf(buf, size, "%s", known[i].name);
		if (*buf)
			return true;
	}
#endif
	return env_line(buf, size, root, "/sys/hypervisor/type") ||
	       env_line(buf, size, root, "/sys/class/dmi/id/sys_vendor");
}

/* x86: CPUID's hypervisor bit, as the kernel reports it.  Elsewhere: as firmware reports it. */
static bool is_virtual(const char *root, bool *known)
{
	char flags[8192], text[128];

	*known = true;
	if (env_field(flags, sizeof(flags), root, "/proc/cpuinfo", "flags")) {
		for (char *save, *flag = strtok_r(flags, " ", &save); flag;
		     flag = strtok_r(NULL, " ", &save))
			if (!strcmp(flag, "hypervisor"))
				return true;
		return false;
	}
	if (env_line(text, sizeof(text), root, "/sys/hypervisor/type") ||
	    env_line(text, sizeof(text), root, "/proc/device-tree/hypervisor/compatible"))
		return true;
	if (env_line(text, sizeof(text), root, "/sys/class/dmi/id/product_name"))
		return strstr(text, "KVM") || strstr(text, "Virtual");
	*known = false;
	return false;
}

bool env_cpu_times(const char *root, double *all, double *stolen)
{
	unsigned long long t[8] = { 0 };
	char line[256];
	int n;

	if (!env_line(line, sizeof(line), root, "/proc/stat"))
		return false;
	n = sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		   &t[4], &t[5], &t[6], &t[7]);
	*all = 0;
	for (int i = 0; i < 8; i++)
		*all += (double)t[i];
	/* Time can be stolen only from a busy CPU. */
	*all -= (double)(t[3] + t[4]);
	*stolen = (double)t[7];
	return n == 8;
}

double env_steal_seconds(void)
{
	double all, stolen;

	return env_cpu_times("", &all, &stolen) ? stolen / (double)sysconf(_SC_CLK_TCK) : 0;
}

#define VIRTIO_BALLOON		   5
#define VIRTIO_BALLOON_F_REPORTING 5

static bool gives_memory_back(const char *root)
{
	char path[PATH_MAX], features[128];
	struct dirent **names = NULL;
	bool gives = false;
	int nr;

	snprintf(path, sizeof(path), "%s/sys/bus/virtio/devices", root);
	nr = scandir(path, &names, NULL, alphasort);
	if (nr < 0)
		memory_end_if(errno);
	for (int i = 0; i < nr; i++) {
		const char *device = names[i]->d_name;
		char id[32];

		/* A digit for each bit, the first one first. */
		if (*device != '.' &&
		    env_line(id, sizeof(id), root, "/sys/bus/virtio/devices/%s/device", device) &&
		    strtol(id, NULL, 16) == VIRTIO_BALLOON &&
		    env_line(features, sizeof(features), root,
			     "/sys/bus/virtio/devices/%s/features", device))
			gives |= strlen(features) > VIRTIO_BALLOON_F_REPORTING &&
				 features[VIRTIO_BALLOON_F_REPORTING] == '1';
		free(names[i]);
	}
	free(names);
	return gives;
}

bool env_gives_memory_back(void)
{
	return gives_memory_back("");
}

json_t *env_virtual(const char *root)
{
	char name[128];
	double busy, stolen;
	bool known, yes = is_virtual(root, &known);
	bool timed = env_cpu_times(root, &busy, &stolen);

	return json_pack("{s:o, s:o, s:o, s:b}", "is", env_flag_or_null(known, yes), "hypervisor",
			 env_text_or_null(yes && hypervisor_name(name, sizeof(name), root), name),
			 "stolen_share_of_busy_time",
			 timed ? json_real(busy > 0 ? stolen / busy : 0) : json_null(),
			 "gives_memory_back", gives_memory_back(root));
}
