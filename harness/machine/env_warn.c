/* SPDX-License-Identifier: MIT */
/*
 * Warnings about settings of a machine that disturb measurements, each with a remedy.
 *
 * They are made from the facts of env_json(), so they also work for a result from another machine.
 * A fact that is null gives no warning.
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

/* Without /proc and /sys most other checks are impossible, which must not look like success. */
static void look_at_files(struct warnings *w, const json_t *env)
{
	if (json_is_false(within(env, "kernel", "procfs")))
		warn(w, SERIOUS, "procfs", "mount -t proc proc /proc",
		     "/proc is not mounted: other load on this machine is unknown.");
	if (json_is_false(within(env, "kernel", "sysfs")))
		warn(w, SERIOUS, "sysfs", "mount -t sysfs sysfs /sys",
		     "/sys is not mounted: the frequency of CPUs, and which of them share cores "
		     "and caches, are unknown.");
}

static void look_at_build(struct warnings *w, const json_t *env)
{
	const char *sanitizer = json_string_value(within(env, "build", "sanitizer"));

	if (sanitizer)
		warn(w, SERIOUS, "sanitizer",
		     "Use the release build (make build; build/release/ctbench).",
		     "This ctbench is built with the %s sanitizer, which makes it several times "
		     "slower.",
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
		     "The time-stamp counter does not run at the same speed on all cores, or the "
		     "kernel does not trust it: times are unreliable.");
}

static void look_at_virtual(struct warnings *w, const json_t *env)
{
	const char *name = json_string_value(within(env, "virtual", "hypervisor"));
	double stolen = json_real_value(within(env, "virtual", "stolen_share_of_busy_time"));

	if (is_true(within(env, "virtual", "is")))
		warn(w, NOTE, "virtual",
		     "Compare figures within one run only; for figures to publish, measure on "
		     "dedicated hardware.",
		     "This is a virtual machine%s%s%s: other guests may share its cores, caches "
		     "and memory, and it cannot control its clock frequency.",
		     name ? " (" : "", name ? name : "", name ? ")" : "");
	if (is_true(within(env, "virtual", "gives_memory_back")))
		warn(w, NOTE, "balloon",
		     "Start the guest without free page reporting, or with its memory on huge "
		     "pages of the host.",
		     "This machine returns free memory to its host (free page reporting), so the "
		     "first access to memory waits for the host. ctbench touches a table's memory "
		     "before it builds the table, but cannot do so for all other memory.");
	if (stolen >= 0.005)
		warn(w, stolen >= 0.02 ? SERIOUS : NOTE, "steal",
		     "Ask for dedicated CPUs, or measure when the host is quiet. The repeats and "
		     "the A/A control show how large the effect is.",
		     "The hypervisor stole %.1f %% of the busy time since boot (steal).",
		     100 * stolen);
}

static void look_at_frequency(struct warnings *w, const json_t *env)
{
	const json_t *governors = within(env, "frequency", "governors"), *governor;
	size_t i;

	json_array_foreach(governors, i, governor) {
		if (!strcmp(text(governor), "performance"))
			continue;
		warn(w, SERIOUS, "governor",
		     "echo performance | sudo tee "
		     "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
		     "The frequency governor is '%s': the clock frequency follows the load, so "
		     "short windows and few threads run slower.",
		     text(governor));
		break;
	}
	if (is_true(within(env, "frequency", "boost")))
		warn(w, NOTE, "boost",
		     !strncmp(text(within(env, "frequency", "driver")), "intel_", 6)
			     ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
			     : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
		     "Boost is on: a few busy cores run at a higher frequency than many, which "
		     "distorts curves over threads, and heat changes it.");
	if (is_true(within(env, "power", "on_battery")))
		warn(w, SERIOUS, "battery", "Connect the machine to mains power.",
		     "The machine runs on battery, which slows it down.");
}

static void look_at_threads(struct warnings *w, const json_t *env)
{
	json_int_t cpus = json_integer_value(within(env, "topology", "cpus")), allowed = 0;
	const json_t *place;
	size_t i;

	json_array_foreach(within(env, "topology", "cpu_places"), i, place)
		allowed += is_true(json_object_get(place, "allowed"));
	if (is_true(within(env, "machine", "smt_active")))
		warn(w, NOTE, "smt",
		     "Pin one thread per core (pinning: core), or switch SMT off: echo off | "
		     "sudo tee /sys/devices/system/cpu/smt/control",
		     "Hardware threads share cores (SMT): two threads on one core slow each other "
		     "down, and so does other work that the kernel schedules there.");
	if (allowed && allowed < cpus)
		warn(w, NOTE, "cpuset",
		     "If this is not intended, check taskset, the container's limits and isolcpus.",
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
		warn(w, SERIOUS, "load", "Stop other programs; top lists them.",
		     "Other programs keep %.1f of %lld CPUs busy.", json_number_value(busy),
		     (long long)cpus);
	else if (load >= limit)
		warn(w, json_is_number(busy) ? NOTE : SERIOUS, "load",
		     "Stop other programs (top lists them) and wait a minute.",
		     "The load average is %.2f on %lld CPUs%s.", load, (long long)cpus,
		     json_is_number(busy) ? ", although little is running at present"
					  : ": other programs are running");
}

static void look_at_limits(struct warnings *w, const json_t *env)
{
	const json_t *quota = within(env, "limits", "cpu_quota");

	if (json_is_real(quota))
		warn(w, SERIOUS, "quota",
		     "Start the container without a CPU limit (no --cpus, cpu.max or "
		     "cpu.cfs_quota_us), and reserve CPUs for it with a cpuset.",
		     "The control group may use the time of %.2f CPUs and is stopped for the rest "
		     "of each period.",
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
		     "Omit tables of millions of connections (--flows), or free memory.",
		     "%.0f MiB of memory are available: the largest tables will not fit.",
		     available / mib);
	if (swap > 0)
		warn(w, used > 0 ? SERIOUS : NOTE, "swap", "sudo swapoff -a",
		     "Swap is on (%.0f MiB, %.0f MiB used): a table that does not fit is swapped, "
		     "and its figures are wrong without an error.",
		     swap / mib, used / mib);
	if (!strcmp(text(within(env, "pages", "transparent")), "never"))
		warn(w, NOTE, "thp",
		     "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
		     "Transparent huge pages are off (never): tables use small pages, large tables "
		     "have more TLB misses, and 'pages: thp' cannot be measured.");
	if (json_integer_value(within(env, "pages", "numa_balancing")) &&
	    json_integer_value(within(env, "topology", "numa_nodes")) > 1)
		warn(w, NOTE, "numa_balancing", "echo 0 | sudo tee /proc/sys/kernel/numa_balancing",
		     "NUMA balancing is on: the kernel moves pages between NUMA nodes, and causes "
		     "page faults to decide which.");
}

static void look_at_mitigations(struct warnings *w, const json_t *env)
{
	const json_t *parameters = within(env, "kernel", "parameters"), *value;
	unsigned int active = 0;
	const char *name;
	size_t i;

	json_array_foreach(parameters, i, value)
		if (!strcmp(text(value), "mitigations=off"))
			warn(w, NOTE, "mitigations",
			     "Compare only with machines that have the same setting.",
			     "The kernel's mitigations are off, as on few machines in service.");
	json_object_foreach((json_t *)within(env, "kernel", "mitigations"), name, value)
		active += !strncmp(text(value), "Mitigation", 10);
	if (active)
		warn(w, NOTE, "mitigations", NULL,
		     "The kernel mitigates %u CPU vulnerabilities. That slows system calls and "
		     "context switches, not the measured loops. Still, do not compare with "
		     "machines "
		     "that have other settings.",
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
