/* SPDX-License-Identifier: MIT */
/* Facts about made-up machines, the warnings, and `ctbench env` on this one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/machine/env_internal.h"
#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/fake_machine.h"

/* A value by a path of keys: "machine.cpu". */
static const json_t *at(const json_t *json, const char *path)
{
	char copy[128], *save;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *key = strtok_r(copy, ".", &save); key; key = strtok_r(NULL, ".", &save))
		json = json_object_get(json, key);
	return json;
}

static void assert_text(const json_t *json, const char *path, const char *expected)
{
	const char *text = json_string_value(at(json, path));

	if (!text || strcmp(text, expected))
		fail_msg("%s is '%s', not '%s'", path, text ? text : "no text", expected);
}

static void assert_number(const json_t *json, const char *path, double expected)
{
	const json_t *value = at(json, path);

	if (!json_is_number(value) || json_number_value(value) < expected - 1e-9 ||
	    json_number_value(value) > expected + 1e-9)
		fail_msg("%s is %g, not %g", path, json_number_value(value), expected);
}

static void make_laptop(void)
{
	put("/proc/cpuinfo",
	    "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 158\n"
	    "model name\t: Some CPU @ 2.80GHz\nstepping\t: 9\nmicrocode\t: 0xf4\nflags\t\t: fpu "
	    "vme tsc hypervisor2\n");
	put("/proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000000 "
			     "kB\nMemAvailable:    1500000 kB\n"
			     "SwapCached:            7 kB\nSwapTotal:       2000000 kB\nSwapFree:  "
			     "      1500000 kB\n");
	put("/proc/loadavg", "3.50 2.25 1.00 4/512 12345\n");
	put("/proc/stat", "cpu  600 100 200 8000 500 0 50 50 0 0\ncpu0 1 2 3\n");
	put("/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=UUID=secret mitigations=off n iso=1 tsc2=x "
			     "isolcpus=2,3 quiet -- nosmt\n");
	put("/proc/sys/kernel/randomize_va_space", "2\n");
	put("/proc/sys/kernel/numa_balancing", "1\n");
	put("/sys/devices/system/cpu/smt/control", "on\n");
	put("/sys/devices/system/cpu/smt/active", "1\n");
	put("/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
	put("/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
	put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", "intel_pstate\n");
	put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
	put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq", "800000\n");
	put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "3800000\n");
	put("/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
	put("/sys/kernel/mm/transparent_hugepage/defrag",
	    "always defer defer+madvise [madvise] never\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "12\n");
	put("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "5\n");
	put("/sys/class/power_supply/AC/online", "0\n");
}

static void facts_of_a_laptop(void **state)
{
	json_t *env;

	(void)state;
	make_laptop();
	env = env_json_in(root);
	assert_non_null(env);
	assert_text(env, "machine.cpu", "Some CPU @ 2.80GHz");
	assert_text(env, "machine.vendor", "GenuineIntel");
	assert_text(env, "machine.model", "158"); /* and not the model name */
	assert_text(env, "machine.microcode", "0xf4");
	assert_number(env, "machine.memory_bytes", 16000000 * 1024.);
	assert_number(env, "machine.memory_available_bytes", 1500000 * 1024.);
	assert_number(env, "machine.swap_bytes", 2000000 * 1024.);
	assert_text(env, "machine.smt", "on");
	assert_true(json_is_true(at(env, "machine.smt_active")));
	assert_int_equal(json_array_size(at(env, "kernel.parameters")), 2);
	assert_string_equal(json_string_value(json_array_get(at(env, "kernel.parameters"), 0)),
			    "mitigations=off");
	assert_string_equal(json_string_value(json_array_get(at(env, "kernel.parameters"), 1)),
			    "isolcpus=2,3");
	assert_text(env, "kernel.mitigations.meltdown", "Mitigation: PTI");
	assert_text(env, "kernel.clocksource", "hpet");
	assert_number(env, "kernel.randomize_va_space", 2);
	assert_text(env, "frequency.driver", "intel_pstate");
	assert_int_equal(json_array_size(at(env, "frequency.governors")), 1);
	assert_true(json_is_true(at(env, "frequency.boost")));
	assert_number(env, "frequency.max_khz", 3800000);
	assert_text(env, "pages.transparent", "never");
	assert_text(env, "pages.transparent_defrag", "madvise");
	assert_number(env, "pages.pools_kib.2048.free", 5);
	assert_true(json_is_false(at(env, "virtual.is")));
	assert_true(json_is_null(at(env, "virtual.hypervisor")));
	assert_number(env, "virtual.stolen_share_of_busy_time", 0.05);
	assert_true(json_is_true(at(env, "power.on_battery")));
	assert_number(json_array_get(at(env, "load.average"), 1), "", 2.25);
	assert_number(env, "load.running", 3);
	assert_number(env, "load.busy_cpus", 0); /* a file that does not change */
	assert_true(json_is_null(at(env, "limits.cpu_quota")));
	json_decref(env);
}

static void boost_by_the_other_driver(void **state)
{
	json_t *frequency;

	(void)state;
	put("/sys/devices/system/cpu/cpufreq/boost", "0\n");
	frequency = env_frequency(root);
	assert_true(json_is_false(at(frequency, "boost")));
	json_decref(frequency);
}

static void a_guest(void **state)
{
	json_t *virt;

	(void)state;
	put("/proc/cpuinfo", "flags\t\t: fpu hypervisor tsc\n");
	put("/sys/class/dmi/id/sys_vendor", "Some Cloud\n");
	virt = env_virtual(root);
	assert_true(json_is_true(at(virt, "is")));
	assert_text(virt, "hypervisor", "Some Cloud");
	assert_true(json_is_false(at(virt, "gives_memory_back")));
	json_decref(virt);
	/* Bit 5, of a balloon and of nothing else. */
	put("/sys/bus/virtio/devices/virtio0/device", "0x0002\n");
	put("/sys/bus/virtio/devices/virtio0/features", "1111111100\n");
	put("/sys/bus/virtio/devices/virtio1/device", "0x0005\n");
	put("/sys/bus/virtio/devices/virtio1/features", "1111101111\n");
	virt = env_virtual(root);
	assert_true(json_is_false(at(virt, "gives_memory_back")));
	json_decref(virt);
	put("/sys/bus/virtio/devices/virtio1/features", "0000010000\n");
	virt = env_virtual(root);
	assert_true(json_is_true(at(virt, "gives_memory_back")));
	json_decref(virt);
}

/* Unknown facts are null and give no warning. */
static void a_machine_that_tells_nothing(void **state)
{
	json_t *env, *warnings, *w;
	size_t i;

	(void)state;
	env = env_json_in(root);
	assert_non_null(env);
	assert_true(json_is_null(at(env, "machine.cpu")));
	assert_true(json_is_null(at(env, "machine.memory_bytes")));
	assert_true(json_is_null(at(env, "machine.smt_active")));
	assert_true(json_is_null(at(env, "frequency.boost")));
	assert_true(json_is_null(at(env, "pages.transparent")));
	assert_true(json_is_null(at(env, "virtual.is")));
	assert_true(json_is_null(at(env, "load.average")));
	assert_true(json_is_null(at(env, "load.busy_cpus")));
	assert_true(json_is_null(at(env, "power.on_battery")));
	warnings = env_warnings(env);
	json_array_foreach(warnings, i, w) {
		const char *id = json_string_value(json_object_get(w, "id"));

		/* these are about this process, or say that files are missing */
		if (strcmp(id, "sanitizer") && strcmp(id, "optimization") && strcmp(id, "clock") &&
		    strcmp(id, "cpuset") && strcmp(id, "procfs") && strcmp(id, "sysfs"))
			fail_msg("warns of %s without a fact", id);
	}
	json_decref(warnings);
	json_decref(env);
}

static void small_files(void **state)
{
	char text[16];
	int64_t n;

	(void)state;
	put("/x", " 12 \nsecond\n");
	assert_true(env_number(&n, root, "/x"));
	assert_int_equal(n, 12);
	put("/x", "12 13\n");
	assert_false(env_number(&n, root, "/x"));
	put("/x", "99999999999999999999\n");
	assert_false(env_number(&n, root, "/x"));
	put("/x", "");
	assert_false(env_line(text, sizeof(text), root, "/x"));
	assert_false(env_line(text, sizeof(text), root, "/none"));
	put("/x", "0123456789abcdefghij\n");
	assert_true(env_line(text, sizeof(text), root, "/%s", "x"));
	assert_string_equal(text, "0123456789abcde");
	put("/x", "Keys: 1\nKey\t: two words \nKey: 3\n");
	assert_true(env_field(text, sizeof(text), root, "/x", "Key"));
	assert_string_equal(text, "two words");
	put("/x", "no brackets\n");
	assert_false(env_chosen(text, sizeof(text), root, "/x"));
}

/* ---- warnings from facts ---- */

/* The grade of warning id among those for env: "serious", "note", or "-" for none; all of them must
 * be whole. */
static const char *grade(const char *facts, const char *id)
{
	json_error_t error;
	json_t *env = json_loads(facts, 0, &error), *warnings, *w;
	static char found[16];
	bool notes = false;
	size_t i;

	if (!env)
		fail_msg("%s: %s", facts, error.text);
	warnings = env_warnings(env);
	strcpy(found, "-");
	json_array_foreach(warnings, i, w) {
		const char *g = json_string_value(json_object_get(w, "grade"));

		assert_true(json_string_length(json_object_get(w, "what")) > 10);
		assert_true(!strcmp(g, "serious") || !strcmp(g, "note"));
		assert_false(notes && !strcmp(g, "serious")); /* serious ones come first */
		notes |= !strcmp(g, "note");
		if (!strcmp(json_string_value(json_object_get(w, "id")), id))
			strcpy(found, g);
	}
	json_decref(warnings);
	json_decref(env);
	return found;
}

static void what_is_warned_of(void **state)
{
	static const struct {
		const char *id, *grade, *facts;
	} cases[] = {
		{ "sanitizer", "serious",
		  "{\"build\": {\"sanitizer\": \"thread\", \"optimized\": true}}" },
		{ "optimization", "serious",
		  "{\"build\": {\"sanitizer\": null, \"optimized\": false}}" },
		{ "optimization", "-", "{\"build\": {\"sanitizer\": null, \"optimized\": true}}" },
		{ "clock", "serious", "{\"clock\": {\"reliable\": false}}" },
		{ "clock", "-", "{\"clock\": {\"reliable\": true}}" },
		{ "virtual", "note", "{\"virtual\": {\"is\": true, \"hypervisor\": null}}" },
		{ "virtual", "-", "{\"virtual\": {\"is\": false}}" },
		{ "balloon", "note", "{\"virtual\": {\"gives_memory_back\": true}}" },
		{ "balloon", "-", "{\"virtual\": {\"gives_memory_back\": false}}" },
		{ "steal", "-", "{\"virtual\": {\"stolen_share_of_busy_time\": 0.001}}" },
		{ "steal", "note", "{\"virtual\": {\"stolen_share_of_busy_time\": 0.01}}" },
		{ "steal", "serious", "{\"virtual\": {\"stolen_share_of_busy_time\": 0.03}}" },
		{ "governor", "serious",
		  "{\"frequency\": {\"governors\": [\"performance\", \"schedutil\"]}}" },
		{ "governor", "-", "{\"frequency\": {\"governors\": [\"performance\"]}}" },
		{ "governor", "-", "{\"frequency\": {\"governors\": []}}" },
		{ "boost", "note",
		  "{\"frequency\": {\"boost\": true, \"driver\": \"acpi-cpufreq\"}}" },
		{ "boost", "-", "{\"frequency\": {\"boost\": false}}" },
		{ "battery", "serious", "{\"power\": {\"on_battery\": true}}" },
		{ "battery", "-", "{\"power\": {\"on_battery\": null}}" },
		{ "smt", "note", "{\"machine\": {\"smt_active\": true}}" },
		{ "smt", "-", "{\"machine\": {\"smt_active\": false}}" },
		{ "cpuset", "note",
		  "{\"topology\": {\"cpus\": 2, \"cpu_places\": [{\"allowed\": true}, "
		  "{\"allowed\": false}]}}" },
		{ "cpuset", "-",
		  "{\"topology\": {\"cpus\": 1, \"cpu_places\": [{\"allowed\": true}]}}" },
		{ "load", "serious",
		  "{\"load\": {\"average\": [1.0, 0, 0]}, \"topology\": {\"cpus\": 4}}" },
		{ "load", "note",
		  "{\"load\": {\"average\": [4.0, 0, 0], \"busy_cpus\": 0.2}, \"topology\": "
		  "{\"cpus\": 4}}" },
		{ "load", "serious",
		  "{\"load\": {\"average\": [0.0, 0, 0], \"busy_cpus\": 0.5}, \"topology\": "
		  "{\"cpus\": 64}}" },
		{ "load", "serious",
		  "{\"load\": {\"average\": [0.0, 0, 0], \"busy_cpus\": 0.3}, \"topology\": "
		  "{\"cpus\": 1}}" },
		{ "load", "-",
		  "{\"load\": {\"average\": [0.0, 0, 0], \"busy_cpus\": 0.4}, \"topology\": "
		  "{\"cpus\": 64}}" },
		{ "load", "-",
		  "{\"load\": {\"average\": [0.9, 9.0, 9.0]}, \"topology\": {\"cpus\": 4}}" },
		{ "procfs", "serious", "{\"kernel\": {\"procfs\": false}}" },
		{ "procfs", "-", "{\"kernel\": {\"procfs\": true}}" },
		{ "sysfs", "serious", "{\"kernel\": {\"sysfs\": false}}" },
		{ "quota", "serious", "{\"limits\": {\"cpu_quota\": 1.5}}" },
		{ "quota", "-", "{\"limits\": {\"cpu_quota\": null}}" },
		{ "memory", "note", "{\"machine\": {\"memory_available_bytes\": 1000000000}}" },
		{ "memory", "note",
		  "{\"machine\": {\"memory_available_bytes\": 9000000000}, \"limits\": "
		  "{\"memory_bytes\": 1000000000}}" },
		{ "memory", "-", "{\"machine\": {\"memory_available_bytes\": 9000000000}}" },
		{ "swap", "note",
		  "{\"machine\": {\"swap_bytes\": 1000000, \"swap_free_bytes\": 1000000}}" },
		{ "swap", "serious",
		  "{\"machine\": {\"swap_bytes\": 1000000, \"swap_free_bytes\": 999}}" },
		{ "swap", "-", "{\"machine\": {\"swap_bytes\": 0, \"swap_free_bytes\": 0}}" },
		{ "thp", "note", "{\"pages\": {\"transparent\": \"never\"}}" },
		{ "thp", "-", "{\"pages\": {\"transparent\": \"madvise\"}}" },
		{ "numa_balancing", "note",
		  "{\"pages\": {\"numa_balancing\": 1}, \"topology\": {\"numa_nodes\": 2}}" },
		{ "numa_balancing", "-",
		  "{\"pages\": {\"numa_balancing\": 1}, \"topology\": {\"numa_nodes\": 1}}" },
		{ "mitigations", "note",
		  "{\"kernel\": {\"mitigations\": {\"x\": \"Mitigation: y\"}}}" },
		{ "mitigations", "note", "{\"kernel\": {\"parameters\": [\"mitigations=off\"]}}" },
		{ "mitigations", "-",
		  "{\"kernel\": {\"mitigations\": {\"x\": \"Not affected\"}, \"parameters\": "
		  "[]}}" },
		{ "swap", "note",
		  "{\"clock\": {\"reliable\": false}, \"machine\": {\"swap_bytes\": 5, "
		  "\"swap_free_bytes\": 5}, "
		  "\"limits\": {\"cpu_quota\": 1.5}}" },
		{ "anything", "-", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(grade(cases[i].facts, cases[i].id), cases[i].grade))
			fail_msg("%s: '%s', not '%s', for %s", cases[i].id,
				 grade(cases[i].facts, cases[i].id), cases[i].grade,
				 cases[i].facts);
}

/* ---- the command ---- */

static int run(const char *arguments, char *out, size_t size)
{
	char command[1024];
	size_t n;
	int status;
	FILE *f;

	snprintf(command, sizeof(command), "'%s' %s 2>&1", CTBENCH_BINARY, arguments);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_command(void **state)
{
	static char out[1 << 20];
	static const char *const keys[] = { "machine",	 "topology", "clock",	"kernel",
					    "frequency", "pages",    "virtual", "limits",
					    "load",	 "power",    "build",	"allocator",
					    "libraries", "warnings" };
	json_error_t error;
	json_t *env;

	(void)state;
	assert_int_equal(run("env", out, sizeof(out)), CT_EXIT_OK);
	assert_non_null(strstr(out, "allocator"));
	assert_non_null(strstr(out, "revision"));
	assert_int_equal(run("env --json", out, sizeof(out)), CT_EXIT_OK);
	env = json_loads(out, 0, &error);
	if (!env)
		fail_msg("env --json: %s", error.text);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!json_object_get(env, keys[i]))
			fail_msg("env --json has no %s", keys[i]);
	assert_true(json_is_true(at(env, "build.optimized")) ||
		    json_is_false(at(env, "build.optimized")));
	assert_string_not_equal(json_string_value(at(env, "libraries.liburcu")), "unknown");
	assert_string_not_equal(json_string_value(at(env, "libraries.benchmark")), "unknown");
	assert_true(json_number_value(at(env, "clock.ticks_per_second")) > 1e6);
	json_decref(env);

	assert_int_equal(run("env --help", out, sizeof(out)), CT_EXIT_OK);
	assert_non_null(strstr(out, "usage: ctbench env"));
	assert_int_equal(run("env --jsn", out, sizeof(out)), CT_EXIT_USER);
	assert_non_null(strstr(out, "--json?"));
	assert_int_equal(run("env more", out, sizeof(out)), CT_EXIT_USER);
	assert_non_null(strstr(out, "'more'"));
	assert_int_equal(run("env -- x", out, sizeof(out)), CT_EXIT_USER);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(facts_of_a_laptop, make_root, remove_root),
	cmocka_unit_test_setup_teardown(boost_by_the_other_driver, make_root, remove_root),
	cmocka_unit_test_setup_teardown(a_guest, make_root, remove_root),
	cmocka_unit_test_setup_teardown(a_machine_that_tells_nothing, make_root, remove_root),
	cmocka_unit_test_setup_teardown(small_files, make_root, remove_root),
	cmocka_unit_test(what_is_warned_of),
	cmocka_unit_test(the_command),
};
CT_TEST_MAIN(tests, NULL, NULL)
