/* SPDX-License-Identifier: MIT */
/*
 * What about a machine disturbs a measurement, in words, and how to mend it.
 *
 * Works on the facts as env_json() tells them, so that it can be asked about a
 * result from another machine as well.  A fact that is null warns of nothing.
 */
#include "harness/base/json_read.h"
#include "harness/machine/env_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct warnings {
	json_t *serious, *notes;
};

#define SERIOUS true
#define NOTE	false

__attribute__((format(printf, 5, 6))) static void
warn(struct warnings *w, bool serious, const char *id, const char *mend, const char *fmt, ...)
{
	char what[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	json_array_append_new(serious ? w->serious : w->notes,
			      json_pack("{s:s, s:s, s:s, s:s?}", "id", id, "grade",
					serious ? "serious" : "note", "what", what, "mend", mend));
}

static bool is_true(const json_t *value)
{
	return json_is_true(value);
}

static const char *text(const json_t *value)
{
	const char *s = json_string_value(value);

	return s ? s : "";
}

/* Without them nothing below can be told, and silence would be no praise. */
static void look_at_files(struct warnings *w, const json_t *env)
{
	if (json_is_false(within(env, "kernel", "procfs")))
		warn(w, SERIOUS, "procfs", "mount -t proc proc /proc",
		     "/proc is not mounted: what else runs here, and what it takes, is unknown.");
	if (json_is_false(within(env, "kernel", "sysfs")))
		warn(w, SERIOUS, "sysfs", "mount -t sysfs sysfs /sys",
		     "/sys is not mounted: which CPUs share cores and caches, and how fast they "
		     "run, is unknown.");
}

static void look_at_build(struct warnings *w, const json_t *env)
{
	const char *sanitizer = json_string_value(within(env, "build", "sanitizer"));

	if (sanitizer)
		warn(w, SERIOUS, "sanitizer",
		     "Use the release build (make build; build/release/ctbench).",
		     "This ctbench is built with the %s sanitizer, which costs several times the "
		     "work itself.",
		     sanitizer);
	else if (json_is_false(within(env, "build", "optimized")))
		warn(w, SERIOUS, "optimization",
		     "Use the release build (make build; build/release/ctbench).",
		     "This ctbench was compiled without optimization.");
}

static void look_at_clock(struct warnings *w, const json_t *env)
{
	if (json_is_false(within(env, "clock", "reliable")))
		warn(w, SERIOUS, "clock",
		     "Measure on a CPU with an invariant TSC; look for 'tsc' in "
		     "/sys/devices/system/clocksource/clocksource0/available_clocksource.",
		     "The time-stamp counter does not run at one speed on all cores, or the kernel "
		     "does not trust it: windows cannot be timed well.");
}

static void look_at_virtual(struct warnings *w, const json_t *env)
{
	const char *name = json_string_value(within(env, "virtual", "hypervisor"));
	double stolen = json_real_value(within(env, "virtual", "stolen_share_of_busy_time"));

	if (is_true(within(env, "virtual", "is")))
		warn(w, NOTE, "virtual",
		     "Compare figures within one run; for figures to publish, measure on hardware "
		     "of your own.",
		     "This is a virtual machine%s%s%s: others may share its cores, caches and "
		     "memory, and its clock speed is out of our hands.",
		     name ? " (" : "", name ? name : "", name ? ")" : "");
	if (is_true(within(env, "virtual", "gives_memory_back")))
		warn(w, NOTE, "balloon",
		     "Start the guest without free page reporting, or with its memory on huge "
		     "pages of the host.",
		     "This machine gives free memory back to its host (free page reporting): what "
		     "is touched first waits for the host. ctbench touches what a table needs "
		     "before it builds it; what others left is beyond it.");
	if (stolen >= 0.005)
		warn(w, stolen >= 0.02 ? SERIOUS : NOTE, "steal",
		     "Ask for dedicated CPUs, or measure when the host is quiet; repeats and the "
		     "A/A control show how much it matters.",
		     "The hypervisor gave %.1f %% of the busy time since boot to others (steal).",
		     100 * stolen);
}

static void look_at_frequency(struct warnings *w, const json_t *env)
{
	const json_t *governors = within(env, "frequency", "governors"), *governor;
	size_t i;

	json_array_foreach(governors, i, governor)
	{
		if (!strcmp(text(governor), "performance"))
			continue;
		warn(w, SERIOUS, "governor",
		     "echo performance | sudo tee "
		     "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
		     "The frequency governor is '%s': the clock follows the load, so short windows "
		     "and few threads run slower.",
		     text(governor));
		break;
	}
	if (is_true(within(env, "frequency", "boost")))
		warn(w, NOTE, "boost",
		     !strncmp(text(within(env, "frequency", "driver")), "intel_", 6)
			     ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
			     : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
		     "Boost is on: few busy cores clock higher than many, which bends curves over "
		     "threads, and heat changes it.");
	if (is_true(within(env, "power", "on_battery")))
		warn(w, SERIOUS, "battery", "Plug it in.",
		     "The machine runs on battery, which slows it down.");
}

static void look_at_threads(struct warnings *w, const json_t *env)
{
	json_int_t cpus = json_integer_value(within(env, "topology", "cpus")), allowed = 0;
	const json_t *place;
	size_t i;

	json_array_foreach(within(env, "topology", "cpu_places"), i, place) allowed +=
		is_true(json_object_get(place, "allowed"));
	if (is_true(within(env, "machine", "smt_active")))
		warn(w, NOTE, "smt",
		     "Pin one thread per core (pinning: core), or switch siblings off: echo off | "
		     "sudo tee /sys/devices/system/cpu/smt/control",
		     "Hardware threads share cores (SMT): two threads on one core slow each other "
		     "down, and so does whatever else the kernel puts there.");
	if (allowed && allowed < cpus)
		warn(w, NOTE, "cpuset",
		     "Look at taskset, the container's limits and isolcpus if that is not meant.",
		     "This process may use %lld of the %lld CPUs.", (long long)allowed,
		     (long long)cpus);
}

static void look_at_load(struct warnings *w, const json_t *env)
{
	double load = json_real_value(json_array_get(within(env, "load", "average"), 0));
	const json_t *busy = within(env, "load", "busy_cpus");
	json_int_t cpus = json_integer_value(within(env, "topology", "cpus"));
	const double limit = 0.25 * (double)cpus;

	if (!cpus)
		return;
	if (json_is_number(busy) && json_number_value(busy) >= (limit < 0.5 ? limit : 0.5))
		warn(w, SERIOUS, "load", "End what else is running: top shows it.",
		     "Other work runs on this machine: it keeps %.1f of %lld CPUs busy.",
		     json_number_value(busy), (long long)cpus);
	else if (load >= limit)
		warn(w, json_is_number(busy) ? NOTE : SERIOUS, "load",
		     "End what else is running (top shows it) and wait a minute.",
		     "The load average is %.2f on %lld CPUs%s.", load, (long long)cpus,
		     json_is_number(busy) ? ", though hardly anything runs just now"
					  : ": other work runs on this machine");
}

static void look_at_limits(struct warnings *w, const json_t *env)
{
	const json_t *quota = within(env, "limits", "cpu_quota");

	if (json_is_real(quota))
		warn(w, SERIOUS, "quota",
		     "Start the container without a CPU limit (no --cpus, cpu.max or "
		     "cpu.cfs_quota_us), and give it CPUs of its own with a cpuset.",
		     "The control group may use %.2f CPUs' worth of time and is stopped for the "
		     "rest of each period.",
		     json_real_value(quota));
}

static void look_at_memory(struct warnings *w, const json_t *env)
{
	const double mib = 1 << 20;
	double available =
		(double)json_integer_value(within(env, "machine", "memory_available_bytes"));
	double limit = (double)json_integer_value(within(env, "limits", "memory_bytes"));
	double swap = (double)json_integer_value(within(env, "machine", "swap_bytes"));
	double used = swap - (double)json_integer_value(within(env, "machine", "swap_free_bytes"));

	if (limit > 0 && (limit < available || available <= 0))
		available = limit;
	if (available > 0 && available < 2048 * mib)
		warn(w, NOTE, "memory",
		     "Leave out tables of millions of connections (--flows), or free some.",
		     "%.0f MiB of memory are available: the largest tables will not fit.",
		     available / mib);
	if (swap > 0)
		warn(w, used > 0 ? SERIOUS : NOTE, "swap", "sudo swapoff -a",
		     "Swap is on (%.0f MiB, %.0f MiB used): a table that does not fit will be "
		     "swapped and measured all the same.",
		     swap / mib, used / mib);
	if (!strcmp(text(within(env, "pages", "transparent")), "never"))
		warn(w, NOTE, "thp",
		     "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
		     "Transparent huge pages are off (never): tables lie on small pages, large "
		     "ones pay for it in the TLB, and 'pages: thp' cannot be measured.");
	if (json_integer_value(within(env, "pages", "numa_balancing")) &&
	    json_integer_value(within(env, "topology", "numa_nodes")) > 1)
		warn(w, NOTE, "numa_balancing", "echo 0 | sudo tee /proc/sys/kernel/numa_balancing",
		     "The kernel moves pages between NUMA nodes and takes page faults to find out "
		     "which (NUMA balancing).");
}

static void look_at_mitigations(struct warnings *w, const json_t *env)
{
	const json_t *parameters = within(env, "kernel", "parameters"), *value;
	unsigned int active = 0;
	const char *name;
	size_t i;

	json_array_foreach(parameters, i, value) if (!strcmp(text(value), "mitigations=off"))
		warn(w, NOTE, "mitigations", "Compare only with machines that are set alike.",
		     "The kernel's mitigations are off, which few machines in service have.");
	json_object_foreach((json_t *)within(env, "kernel", "mitigations"), name, value) active +=
		!strncmp(text(value), "Mitigation", 10);
	if (active)
		warn(w, NOTE, "mitigations", NULL,
		     "%u CPU vulnerabilities are mitigated by the kernel. That makes system calls "
		     "and switches dearer, not the loops that are measured; machines set otherwise "
		     "still compare badly.",
		     active);
}

json_t *env_warnings(const json_t *env)
{
	struct warnings w = { json_array(), json_array() };

	look_at_files(&w, env);
	look_at_build(&w, env);
	look_at_clock(&w, env);
	look_at_virtual(&w, env);
	look_at_frequency(&w, env);
	look_at_threads(&w, env);
	look_at_load(&w, env);
	look_at_limits(&w, env);
	look_at_memory(&w, env);
	look_at_mitigations(&w, env);
	json_array_extend(w.serious, w.notes);
	json_decref(w.notes);
	return w.serious;
}
