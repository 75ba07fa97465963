/* SPDX-License-Identifier: MIT */
#include "harness/workload/size.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/machine/topology.h"
#include "harness/workload/parameters.h"
#include "harness/workload/quantity.h"

/* If the machine does not report it: most cores of today have at least this. */
#define OWN_CACHE  (1u << 20)
#define LAST_LEVEL (32u << 20)
#define TIMES_MAX  1000
#define DIGITS	   "0123456789"

uint64_t size_in_cache(uint64_t own_cache)
{
	double most = SIZE_SHARE * (double)(own_cache ? own_cache : OWN_CACHE) / SIZE_BYTES;

	return UINT64_C(1) << (int)log2(fmax(most, 1));
}

uint64_t size_beyond(double times, uint64_t last_level_cache)
{
	double bytes = times * (double)(last_level_cache ? last_level_cache : LAST_LEVEL);
	double power = ceil(log2(fmax(bytes / SIZE_BYTES, 1)));

	return power >= log2((double)FLOWS_MAX) ? FLOWS_MAX : UINT64_C(1) << (int)power;
}

uint64_t size_resolve(const char *text)
{
	size_t digits = strspn(text, DIGITS);
	uint64_t times, most = FLOWS_MAX, size;
	const char *rest = text + digits;
	char number[8];

	if (!strcmp(text, "cache"))
		return size_in_cache(topology_cache_bytes(2));
	if (!digits || digits >= sizeof(number) || strncmp(rest, "xLLC", 4))
		return 0;
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	rest += 4;
	if (!parse_count(number, 1, TIMES_MAX, &times) ||
	    (*rest && (strncmp(rest, "<=", 2) || !parse_count(rest + 2, 1, FLOWS_MAX, &most))))
		return 0;
	size = size_beyond((double)times, topology_llc_bytes());
	return size < most ? size : most;
}
