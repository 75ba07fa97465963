/* SPDX-License-Identifier: MIT */
/*
 * Limits of control groups: version 2, version 1, both at once, and as
 * containers see them; on made-up machines, and on this one if a group can
 * be created.
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/machine/cgroup.h"
#include "harness/machine/memory_limit.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/fake_machine.h"

#define GIB	 (UINT64_C(1) << 30)
#define V2_MOUNT "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

static void expect_limits(double cpus, uint64_t memory, uint64_t left)
{
	struct cgroups *g = cgroups_find(root);

	assert_non_null(g);
	assert_true(cgroups_cpus(g) > cpus - 1e-9 && cgroups_cpus(g) < cpus + 1e-9);
	assert_int_equal(cgroups_memory(g), memory);
	assert_int_equal(cgroups_memory_left(g), left);
	cgroups_free(g);
}

static void expect_throttled(uint64_t times, double seconds)
{
	struct cgroups *g = cgroups_find(root);
	struct cgroup_throttled t = cgroups_throttled(g);

	assert_int_equal(t.times, times);
	assert_true(t.seconds > seconds - 1e-9 && t.seconds < seconds + 1e-9);
	cgroups_free(g);
}

static void nothing(void **state)
{
	(void)state;
	expect_limits(0, UINT64_MAX, UINT64_MAX);
	expect_throttled(0, 0);
	put("/proc/self/cgroup", "nonsense\n::\n0:\n");
	put("/proc/self/mountinfo", "1 2 3\n\n - - -\n1 2 0:1 / /sys/fs/cgroup rw -\n");
	expect_limits(0, UINT64_MAX, UINT64_MAX);
	cgroups_free(NULL);
}

/* The tightest limit of all groups above us counts; "max" is none. */
static void version_2(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
	put("/sys/fs/cgroup/cpu.max", "400000 100000\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	put("/sys/fs/cgroup/a/memory.max", "1073741824\n");
	put("/sys/fs/cgroup/memory.max", "2147483648\n");
	for (int mountinfo = 0; mountinfo <= 1; mountinfo++) {
		expect_limits(1.5, GIB, GIB);
		put("/proc/self/mountinfo", V2_MOUNT);
	}
	/* use counts, except cached files that can be dropped */
	put("/sys/fs/cgroup/a/memory.current", "1000000000\n");
	put("/sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 900000000\n");
	expect_limits(1.5, GIB, GIB - 100000000);
	put("/sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 0\n");
	put("/sys/fs/cgroup/memory.current", "2147483640\n");
	expect_limits(1.5, GIB, 8);
	put("/sys/fs/cgroup/memory.current", "2147483999\n");
	expect_limits(1.5, GIB, 0);
	put("/sys/fs/cgroup/a/b/cpu.stat", "usage_usec 9\nnr_periods 9\nnr_throttled 2\n"
					   "throttled_usec 1500000\n");
	put("/sys/fs/cgroup/a/cpu.stat", "nr_throttled 1\nthrottled_usec 500000\n");
	expect_throttled(3, 2);
}

static const char v1_groups[] = "9:name=systemd:/s\n4:memory:/m/one\n3:cpuset:/x\n"
				"2:cpu,cpuacct:/c/two\n0::/unified\n";

static void version_1(void **state)
{
	(void)state;
	put("/proc/self/cgroup", v1_groups);
	put("/proc/self/mountinfo",
	    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
	    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
	    "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
	    "35 31 0:32 / /mem\\040ory rw shared:1 master:2 - cgroup cgroup rw,memory\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/two/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/two/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "20000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/c/cpu.shares", "2\n");
	put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
	put("/mem ory/m/one/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
	expect_limits(0.2, UINT64_MAX, UINT64_MAX);
	put("/mem ory/m/memory.limit_in_bytes", "1073741824\n");
	put("/mem ory/m/memory.usage_in_bytes", "73741824\n");
	expect_limits(0.2, GIB, 1000000000);
	put("/sys/fs/cgroup/cpu,cpuacct/c/cpu.stat",
	    "nr_periods 38\nnr_throttled 36\nthrottled_time 2500000000\n");
	expect_throttled(36, 2.5);
}

/* systemd's hybrid: controllers in version 1, and version 2 in addition without any. */
static void hybrid(void **state)
{
	(void)state;
	put("/proc/self/cgroup", v1_groups);
	put("/proc/self/mountinfo",
	    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
	    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	put("/sys/fs/cgroup/cpu/c/two/cpu.cfs_quota_us", "50000\n");
	put("/sys/fs/cgroup/cpu/c/two/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/unified/unified/cpu.max", "25000 100000\n");
	put("/sys/fs/cgroup/unified/unified/memory.max", "1073741824\n");
	put("/sys/fs/cgroup/memory/m/one/memory.limit_in_bytes", "2147483648\n");
	expect_limits(0.25, GIB, GIB);
}

/* A container without a namespace of groups sees the part that its group is, mounted as the top. */
static void container(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "4:memory:/docker/abc/in\n2:cpu,cpuacct:/docker/abc\n");
	put("/proc/self/mountinfo",
	    "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n"
	    "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/memory/in/memory.limit_in_bytes", "1073741824\n");
	put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "1\n"); /* another's */
	expect_limits(0.5, GIB, GIB);
	/* or another part than that named */
	put("/proc/self/cgroup", "4:memory:/elsewhere\n2:cpu,cpuacct:/docker/abcdef\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
	expect_limits(0.5, 2 * GIB, 2 * GIB);
}

/* --- This machine --- */

static char group[128];

static bool write_to(const char *file, const char *text)
{
	char path[256];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	f = fopen(path, "w");
	ok = f && fputs(text, f) >= 0;
	return f && !fclose(f) && ok;
}

/* A group with a quota of a fifth of a CPU, and ctbench in it. */
static void quota_here(void **state)
{
	const bool v2 = !access("/sys/fs/cgroup/cgroup.controllers", F_OK);
	bool made;
	int status;
	pid_t pid;

	(void)state;
	snprintf(group, sizeof(group), "/sys/fs/cgroup/%s/ctbench-test-%d", v2 ? "." : "cpu",
		 (int)getpid());
	made = !mkdir(group, 0755) && (v2 ? write_to("cpu.max", "20000 100000")
					  : write_to("cpu.cfs_period_us", "100000") &&
						       write_to("cpu.cfs_quota_us", "20000"));
	if (!made) {
		rmdir(group);
		print_message("no control group with a CPU quota can be made here: %s\n",
			      strerror(errno));
		skip();
	}
	pid = fork();
	if (!pid) {
		char number[16];

		snprintf(number, sizeof(number), "%d", (int)getpid());
		if (!write_to("cgroup.procs", number))
			_exit(99);
		RUN("env");
		if (said.status || !strstr(said.out, "0.20 CPUs"))
			_exit(1);
		/* A timeline takes one window of three periods, which the quota must stop; slices
		 * may all fit in before it does. */
		write_text("quota.yaml", "question: Is the quota named?\nvariants: null\n"
					 "threads: 1\nflows: 1Ki\nload_factor: 1\n"
					 "duration: 300ms\ntimeline: 100ms\nrepeats: 1\n");
		RUN("run", "quota.yaml", "--no-bounds", "--results", "runs");
		_exit(!strstr(said.err, "void: ") ? 2 : strstr(said.err, "CPU quota") ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	while (rmdir(group) && errno == EBUSY)
		usleep(1000);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 3) {
		print_message("other programs kept the CPUs so busy that they made the run void\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("cgroup");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(nothing, make_root, remove_root),
	cmocka_unit_test_setup_teardown(version_2, make_root, remove_root),
	cmocka_unit_test_setup_teardown(version_1, make_root, remove_root),
	cmocka_unit_test_setup_teardown(hybrid, make_root, remove_root),
	cmocka_unit_test_setup_teardown(container, make_root, remove_root),
	cmocka_unit_test(quota_here),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
