/* SPDX-License-Identifier: MIT */
/*
 * Counts, shares and durations, as people write them.
 *
 * The grammar is checked by hand and strtod() only converts, because strtod()
 * itself takes signs, blanks, hexadecimal, "inf" and "nan".
 */
#include "harness/workload/quantity.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits with at most one point; returns the rest of the text, or NULL. */
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
		{ "", 1 },	  { "k", 1e3 },	    { "M", 1e6 },     { "G", 1e9 },
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
	} units[] = { { "s", 1 },    { "ms", 1e3 },	  { "us", 1e6 },
		      { "ns", 1e9 }, { "min", 1.0 / 60 }, { "h", 1.0 / 3600 } };
	const char *end = number_end(text);

	if (!end)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		/* Divide: 200 / 1e3 is the double nearest to 0.2, 200 * 1e-3 need not be. */
		*out = strtod(text, NULL) / units[i].per_second;
		return *out <= SECONDS_MAX;
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

int print_decimal(char *buf, size_t size, uint64_t n)
{
	static const char *const units[] = { "", "k", "M", "G" };
	unsigned int i = 0;

	while (n && !(n % 1000) && i < 3) {
		n /= 1000;
		i++;
	}
	return snprintf(buf, size, "%llu%s", (unsigned long long)n, units[i]);
}
