/* SPDX-License-Identifier: MIT */
/*
 * Counts, shares, durations and CPU lists, as people write them.
 *
 * The grammar is checked by hand and strtod() only converts, because strtod()
 * itself takes signs, blanks, hexadecimal, "inf" and "nan".
 */
#include "harness/workload_internal.h"

#include <ctype.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Digits with at most one point among them; returns what follows, or NULL. */
static const char *number_end(const char *text)
{
	const char *p = text;

	while (isdigit((unsigned char)*p))
		p++;
	if (p == text)
		return NULL;
	if (*p == '.') {
		if (!isdigit((unsigned char)p[1]))
			return NULL;
		p++;
		while (isdigit((unsigned char)*p))
			p++;
	}
	return p - text <= 40 ? p : NULL;
}

bool parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	static const struct {
		const char *suffix;
		double factor;
	} suffixes[] = {
		{ "", 1 }, { "k", 1e3 }, { "M", 1e6 }, { "G", 1e9 },
		{ "Ki", 0x1p10 }, { "Mi", 0x1p20 }, { "Gi", 0x1p30 },
	};
	const char *end = number_end(text);
	long double n;

	if (!end)
		return false;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strcmp(end, suffixes[i].suffix))
			continue;
		/* 64 bits of mantissa: every count below 2^64 is exact */
		n = strtold(text, NULL) * suffixes[i].factor;
		if (n != floorl(n) || n < (long double)min || n > (long double)max)
			return false;
		*out = (uint64_t)n;
		return true;
	}
	return false;
}

bool parse_number(const char *text, double min, double max, double *out)
{
	const char *end = number_end(text);

	if (!end || *end)
		return false;
	*out = strtod(text, NULL);
	return *out >= min && *out <= max;
}

bool parse_share(const char *text, double *out)
{
	const char *end = number_end(text);

	if (!end)
		return false;
	*out = strtod(text, NULL);
	if (!strcmp(end, "%"))
		*out /= 100;
	else if (*end)
		return false;
	return *out <= 1;
}

bool parse_seconds(const char *text, double *out)
{
	static const struct {
		const char *unit;
		double per_second;
	} units[] = { { "s", 1 }, { "ms", 1e3 }, { "us", 1e6 }, { "ns", 1e9 }, { "min", 1.0 / 60 } };
	const char *end = number_end(text);

	if (!end)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		/* Divide: 200 / 1e3 is the double nearest to 0.2, 200 * 1e-3 need not be. */
		*out = strtod(text, NULL) / units[i].per_second;
		return *out <= 24 * 3600;
	}
	return false;
}

int print_count(char *buf, size_t size, uint64_t n)
{
	static const char *const units[] = { "", "Ki", "Mi", "Gi" };
	unsigned int i = 0;

	while (n && !(n & 1023) && i < 3) {
		n >>= 10;
		i++;
	}
	return snprintf(buf, size, "%llu%s", (unsigned long long)n, units[i]);
}

int print_seconds(char *buf, size_t size, double seconds)
{
	if (seconds >= 1 || seconds == 0)
		return snprintf(buf, size, "%gs", seconds);
	if (seconds >= 1e-3)
		return snprintf(buf, size, "%gms", seconds * 1e3);
	return snprintf(buf, size, "%gus", seconds * 1e6);
}

size_t next_phrase(const char **text, const char **phrase)
{
	const char *p = *text + strspn(*text, " \t");
	size_t len = strcspn(p, " \t");

	*phrase = p;
	*text = p + len;
	return len;
}

void cpus_allowed(struct cpu_bits *set)
{
	memset(set, 0, sizeof(*set));
	/* The C library's cpu_set_t ends at 1024 CPUs; the call itself does not. */
	if (sched_getaffinity(0, sizeof(set->bits), (cpu_set_t *)set->bits))
		set->bits[0] = 1;
}

unsigned int cpus_count(const struct cpu_bits *set)
{
	unsigned int n = 0;

	for (size_t i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++)
		n += (unsigned int)__builtin_popcountl(set->bits[i]);
	return n;
}

bool cpus_parse(const char *text, struct cpu_bits *set)
{
	memset(set, 0, sizeof(*set));
	for (const char *p = text;; p++) {
		unsigned long first, last;
		char *end;

		if (!isdigit((unsigned char)*p))
			return false;
		first = last = strtoul(p, &end, 10);
		p = end;
		if (*p == '-') {
			if (!isdigit((unsigned char)p[1]))
				return false;
			last = strtoul(p + 1, &end, 10);
			p = end;
		}
		if (last < first || last >= CPU_BITS)
			return false;
		for (unsigned long cpu = first; cpu <= last; cpu++) {
			unsigned long bit = 1ul << cpu % CPU_BITS_PER_LONG;
			unsigned long *word = &set->bits[cpu / CPU_BITS_PER_LONG];

			if (*word & bit)	/* twice */
				return false;
			*word |= bit;
		}
		if (!*p)
			return true;
		if (*p != ',')
			return false;
	}
}

int cpus_first_missing(const struct cpu_bits *wanted, const struct cpu_bits *allowed)
{
	for (size_t i = 0; i < sizeof(wanted->bits) / sizeof(wanted->bits[0]); i++) {
		unsigned long missing = wanted->bits[i] & ~allowed->bits[i];

		if (missing)
			return (int)(i * CPU_BITS_PER_LONG) + __builtin_ctzl(missing);
	}
	return -1;
}
