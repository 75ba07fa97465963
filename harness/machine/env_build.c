/* SPDX-License-Identifier: MIT */
/* How this ctbench was built, and what it is linked with. */
#include "harness/machine/env.h"
#include "harness/machine/env_internal.h"

#include <cyaml/cyaml.h>
#include <gnu/libc-version.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "harness/base/about.h"

/* Set by the build system: versions of libraries that do not report them at run time. */
#ifndef CTBENCH_HWLOC_VERSION
#define CTBENCH_HWLOC_VERSION "unknown"
#endif
#ifndef CTBENCH_URCU_VERSION
#define CTBENCH_URCU_VERSION "unknown"
#endif
#ifndef CTBENCH_BENCHMARK_VERSION
#define CTBENCH_BENCHMARK_VERSION "unknown"
#endif

static const char *sanitizer(void)
{
#if defined(__SANITIZE_THREAD__)
	return "thread";
#elif defined(__SANITIZE_ADDRESS__)
	return "address";
#else
	return NULL;
#endif
}

json_t *env_build(void)
{
#ifdef __OPTIMIZE__
	bool optimized = true;
#else
	bool optimized = false;
#endif

	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s?}", "version", about_version(), "revision",
			 about_revision(), "compiler", about_compiler(), "flags", about_build(),
			 "optimized", optimized, "sanitizer", sanitizer());
}

json_t *env_libraries(void)
{
	char pcap[128];

	/* "libpcap version 1.10.3 (with TPACKET_V3)" */
	if (sscanf(pcap_lib_version(), "libpcap version %127[0-9.]", pcap) != 1)
		snprintf(pcap, sizeof(pcap), "%s", pcap_lib_version());
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "glibc",
			 gnu_get_libc_version(), "hwloc", CTBENCH_HWLOC_VERSION, "liburcu",
			 CTBENCH_URCU_VERSION, "benchmark", CTBENCH_BENCHMARK_VERSION, "libpcap",
			 pcap, "zstd", ZSTD_versionString(), "libcyaml", cyaml_version_str,
			 "jansson", jansson_version_str());
}
