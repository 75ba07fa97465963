/* SPDX-License-Identifier: MIT */
/*
 * Compares ctbench's claims about Linux with the running kernel.  As root, in a
 * new network namespace: settings, their defaults and ranges,
 * and the packets of the scenarios that docs/KERNEL-CLAIMS.md names.
 *
 * Root is not needed to build or test anything else; without it this skips.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/conntrack.h"
#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"

#define CONFORMANCE CTBENCH_SOURCE_DIR "/tests/conformance"

/* Only the initial namespace has them, and they should not be changed there. */
static const char *const of_first[] = { "nf_conntrack_max", "nf_conntrack_buckets",
					"nf_conntrack_expect_max", "nf_conntrack_count" };

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/%s",
		 strncmp(name, "ipfrag", 6) ? "netfilter" : "ipv4", name);
	return path;
}

static bool kernel_get(const char *name, uint64_t *value)
{
	FILE *f = fopen(path_of(name), "r");
	long long n;
	bool ok = f && fscanf(f, "%lld", &n) == 1;

	if (f)
		fclose(f);
	*value = ok ? (uint64_t)n : 0;
	return ok;
}

/* Does the kernel accept that value, and return it when it is read? */
static bool kernel_takes(const char *name, uint64_t value)
{
	FILE *f = fopen(path_of(name), "w");
	uint64_t got;
	bool ok;

	if (!f)
		return false;
	setbuf(f, NULL);
	ok = fprintf(f, "%llu\n", (unsigned long long)value) > 0;
	fclose(f);
	return ok && kernel_get(name, &got) && got == value;
}

static bool is_of_first(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(of_first); i++)
		if (!strcmp(name, of_first[i]))
			return true;
	return false;
}

static bool own_namespace(void)
{
	uint64_t value;

	if (geteuid() || unshare(CLONE_NEWNET)) {
		print_message("the kernel can only be asked by root, in a network namespace\n");
		return false;
	}
	if (!kernel_get("nf_conntrack_tcp_loose", &value)) {
		print_message("this kernel has no nf_conntrack (modprobe nf_conntrack)\n");
		return false;
	}
	return true;
}

static unsigned int wrong;

static void differs(const char *name, const char *what, uint64_t ours)
{
	print_error("%s: %s (%llu)\n", name, what, (unsigned long long)ours);
	wrong++;
}

/* One setting: its default, and the ends of its range. */
static void one_setting(const struct net *net, const char *name)
{
	const bool timeout = strstr(name, "timeout") || !strcmp(name, "ipfrag_time");
	const bool threshold = strstr(name, "_thresh");
	uint64_t kernel, ours = 0, min, max;

	if (!kernel_get(name, &kernel)) {
		differs(name, "this kernel has no such setting", 0);
		return;
	}
	if (is_of_first(name) || nf_ct_sysctl_get(net, name, &ours))
		return;
	if (kernel != ours)
		differs(name, "the default is another", kernel);
	if (nf_ct_sysctl_range(net, name, &min, &max)) {
		differs(name, "has no range", 0);
		return;
	}
	/* values accepted here are accepted there; Linux may accept more */
	if (!kernel_takes(name, min) || !kernel_takes(name, max))
		differs(name, "the kernel does not accept values that ctbench accepts, up to", max);
	if (min && kernel_takes(name, min - 1))
		differs(name, "the kernel accepts less", min - 1);
	if (!timeout && (!threshold || strstr(name, "low")) && kernel_takes(name, max + 1))
		differs(name, "the kernel accepts more", max + 1);
	kernel_takes(name, ours);
}

static void settings(void **state)
{
	static struct ct_core core;
	static struct net net;
	int status;
	pid_t pid;

	(void)state;
	net.core = &core;
	nf_ct_sysctl_init(&net);
	pid = fork();
	if (!pid) {
		const char *name;

		if (!own_namespace())
			_exit(CT_EXIT_SKIP);
		for (unsigned int i = 0; (name = nf_ct_sysctl_name(i)); i++)
			one_setting(&net, name);
		_exit(wrong ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CT_EXIT_SKIP)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* As REPLAY_BUCKETS and REPLAY_MAX say: above 4 GB of memory. */
static void sizes(void **state)
{
	uint64_t buckets = 0, max = 0;

	(void)state;
	if (!kernel_get("nf_conntrack_buckets", &buckets) || !kernel_get("nf_conntrack_max", &max))
		skip();
	if ((uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) <= UINT64_C(4)
											   << 30) {
		print_message("this machine has too little memory to tell\n");
		skip();
	}
	if (max != buckets) {
		print_message("somebody set nf_conntrack_max or nf_conntrack_buckets here\n");
		skip();
	}
	assert_int_equal(buckets, 262144);
}

/* The scenarios that the table names: does the kernel give the stored answers? */
static void packets(void **state)
{
	static const char command[] = "cd " CONFORMANCE " && python3 oracle.py --check expected"
				      " scenarios/ip_lengths.pcap.zst"
				      " scenarios/tcp_offload.pcap.zst"
				      " scenarios/udp_short.pcap.zst"
				      " scenarios/ip_headers_refused.pcap.zst"
				      " scenarios/ip_cut_packets.pcap.zst 2>&1";
	int status;

	(void)state;
	if (system("command -v python3 >/dev/null && command -v zstd >/dev/null")) {
		print_message("the kernel is asked by python3, with zstd: one is not installed\n");
		skip();
	}
	status = system(command);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CT_EXIT_SKIP)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings),
		cmocka_unit_test(sizes),
		cmocka_unit_test(packets),
	};

	if (geteuid()) {
		puts("the kernel can only be asked by root");
		return CT_EXIT_SKIP;
	}
	return cmocka_run_group_tests_name("kernel_claims", tests, NULL, NULL);
}
