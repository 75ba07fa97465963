/* SPDX-License-Identifier: MIT */
/*
 * One value of one parameter: from the user's words into a cell, and back.
 * workload_keys.c says which parser belongs to which key.
 *
 * A parser returns NULL, or "" (the value is not what the key's `allowed`
 * says), or a clause that says more.  Parameters are applied in the order of
 * enum workload_key_id, so a parser may use what stands before it: percentages
 * of the flows, multiples of the buckets, fractions of the window.
 */
#include "harness/workload/values.h"

#include <math.h>
#include <string.h>

#define FLOWS_MAX (UINT64_C(1) << 30)

static const char wrong[] = "";

/* The index of text among names, or -1. */
static int choice(const char *text, const char *const *names, int nr)
{
	for (int i = 0; i < nr; i++)
		if (!strcmp(text, names[i]))
			return i;
	return -1;
}

#define CHOICE(field, ...) \
	const char *parse_##field(struct cell *cell, const char *text) \
	{ \
		static const char *const names[] = { __VA_ARGS__ }; \
		int i = choice(text, names, (int)(sizeof(names) / sizeof(names[0]))); \
\
		if (i < 0) \
			return wrong; \
		cell->field = i; \
		return NULL; \
	} \
	int text_##field(const struct cell *cell, char *buf, size_t size) \
	{ \
		static const char *const names[] = { __VA_ARGS__ }; \
\
		return snprintf(buf, size, "%s", names[cell->field]); \
	}

/* In the order of the enums in cell.h. */
CHOICE(level, "ops", "packets")
CHOICE(kind, "steady", "fill", "decode")
CHOICE(split, "flow", "round_robin")
CHOICE(pages, "auto", "thp", "4k", "hugetlb")
CHOICE(refcount, "false", "true")
CHOICE(oversubscribe, "false", "true")
CHOICE(latency, "none", "service")
CHOICE(arrivals, "constant", "poisson", "capture")

const char *parse_open_rate(struct cell *cell, const char *text)
{
	cell->rate = 0;
	if (!strcmp(text, "none"))
		return NULL;
	return parse_count(text, 1000, UINT64_C(10000000000), &cell->rate) ? NULL : wrong;
}

int text_open_rate(const struct cell *cell, char *buf, size_t size)
{
	static const struct {
		uint64_t unit;
		char suffix[2];
	} units[] = {
		{ 1000000000, "G" },
		{ 1000000, "M" },
		{ 1000, "k" },
	};

	if (!cell->rate)
		return snprintf(buf, size, "none");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!(cell->rate % units[i].unit))
			return snprintf(buf, size, "%llu%s",
					(unsigned long long)(cell->rate / units[i].unit),
					units[i].suffix);
	return snprintf(buf, size, "%llu", (unsigned long long)cell->rate);
}

#define COUNT(field, min, max) \
	const char *parse_##field(struct cell *cell, const char *text) \
	{ \
		uint64_t n; \
\
		if (!parse_count(text, min, max, &n)) \
			return wrong; \
		cell->field = n; \
		return NULL; \
	} \
	int text_##field(const struct cell *cell, char *buf, size_t size) \
	{ \
		return print_count(buf, size, cell->field); \
	} \
	double number_##field(const struct cell *cell) \
	{ \
		return (double)cell->field; \
	}

COUNT(threads, 1, CT_MAX_THREADS)
COUNT(flows, 1, FLOWS_MAX)
COUNT(copies, 1, 1 << 20)
COUNT(repeats, 1, 1000)
COUNT(seed, 0, UINT64_C(1) << 53) /* JSON readers keep 53 bits */

#define SHARE(field) \
	const char *parse_##field(struct cell *cell, const char *text) \
	{ \
		return parse_share(text, &cell->field) ? NULL : wrong; \
	} \
	int text_##field(const struct cell *cell, char *buf, size_t size) \
	{ \
		return snprintf(buf, size, "%g", cell->field); \
	} \
	double number_##field(const struct cell *cell) \
	{ \
		return cell->field; \
	}

SHARE(ipv6_share)
SHARE(hit_share)
SHARE(reply_share)

/* ---- the variant: globs and axes were resolved before ---- */

const char *parse_variant(struct cell *cell, const char *text)
{
	if (strlen(text) >= sizeof(cell->variant))
		return wrong;
	strcpy(cell->variant, text);
	return NULL;
}

int text_variant(const struct cell *cell, char *buf, size_t size)
{
	return snprintf(buf, size, "%s", cell->variant);
}

/* ---- pinning ---- */

static const char *const pin_names[] = { "compact", "scatter", "core", "llc" };

const char *parse_pin(struct cell *cell, const char *text)
{
	int i = choice(text, pin_names, 4);

	memset(cell->cpus, 0, sizeof(cell->cpus));
	if (i >= 0) {
		cell->pin = i;
		return NULL;
	}
	/* Whether there are such CPUs, workload_check.c asks the topology. */
	if (strlen(text) >= sizeof(cell->cpus) || text[strspn(text, "0123456789,-")])
		return wrong;
	cell->pin = PIN_LIST;
	strcpy(cell->cpus, text);
	return NULL;
}

int text_pin(const struct cell *cell, char *buf, size_t size)
{
	return snprintf(buf, size, "%s", cell->pin == PIN_LIST ? cell->cpus : pin_names[cell->pin]);
}

/* ---- the table ---- */

const char *parse_buckets(struct cell *cell, const char *text)
{
	if (!parse_count(text, 1, BUCKETS_MAX, &cell->buckets))
		return wrong;
	cell->load_factor = (double)cell->flows / (double)cell->buckets;
	cell->buckets_rounded = false;
	return NULL;
}

int text_buckets(const struct cell *cell, char *buf, size_t size)
{
	return print_count(buf, size, cell->buckets);
}

double number_buckets(const struct cell *cell)
{
	return (double)cell->buckets;
}

static uint64_t nearest_power_of_two(double n)
{
	uint64_t power = 1;

	/* Nearest by ratio: beyond sqrt(2) times a power the next one is nearer. */
	while (power < BUCKETS_MAX && (double)power * M_SQRT2 < n)
		power *= 2;
	return power;
}

const char *parse_load_factor(struct cell *cell, const char *text)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);
	double load, buckets;

	if (!parse_number(text, 1e-3, 1e6, &load))
		return wrong;
	buckets = round((double)cell->flows / load);
	if (buckets > (double)BUCKETS_MAX)
		return "so many buckets no table can have";
	cell->buckets = buckets < 1 ? 1 : (uint64_t)buckets;
	cell->buckets_rounded = false;
	if (v && v->bucket_rule && v->bucket_rule(cell->buckets)) {
		cell->buckets = nearest_power_of_two(buckets);
		cell->buckets_rounded = true;
	}
	cell->load_factor = (double)cell->flows / (double)cell->buckets;
	return NULL;
}

int text_load_factor(const struct cell *cell, char *buf, size_t size)
{
	return snprintf(buf, size, "%.4g", cell->load_factor);
}

double number_load_factor(const struct cell *cell)
{
	return cell->load_factor;
}

/* ---- phrases: NAME=VALUE ... ---- */

/*
 * If the phrase is NAME=VALUE, VALUE goes into value, ended by a null byte.
 */
static bool phrase_is(const char *phrase, size_t len, const char *name, char value[64])
{
	size_t n = strlen(name);

	if (len <= n + 1 || strncmp(phrase, name, n) || phrase[n] != '=' || len - n - 1 >= 64)
		return false;
	memcpy(value, phrase + n + 1, len - n - 1);
	value[len - n - 1] = '\0';
	return true;
}

static bool phrase_equals(const char *phrase, size_t len, const char *name)
{
	return len == strlen(name) && !strncmp(phrase, name, len);
}

/* A count, or a percentage of whole (at least 1). */
static bool parse_part(const char *text, uint64_t whole, uint64_t *out)
{
	double share;

	if (!strchr(text, '%'))
		return parse_count(text, 1, FLOWS_MAX, out);
	if (!parse_share(text, &share))
		return false;
	*out = (uint64_t)llround(share * (double)whole);
	if (!*out)
		*out = 1;
	return true;
}

const char *parse_popularity(struct cell *cell, const char *text)
{
	const char *phrase;
	char value[64];
	size_t len = next_phrase(&text, &phrase);

	cell->zipf_s = 0;
	cell->hot_flows = 0;
	cell->hot_share = 0;
	if (phrase_equals(phrase, len, "uniform")) {
		cell->popularity = POP_UNIFORM;
		return next_phrase(&text, &phrase) ? wrong : NULL;
	}
	if (phrase_equals(phrase, len, "zipf")) {
		cell->popularity = POP_ZIPF;
		len = next_phrase(&text, &phrase);
		if (!phrase_is(phrase, len, "s", value) ||
		    !parse_number(value, 0.01, 10, &cell->zipf_s))
			return "zipf needs its exponent: zipf s=0.99, from 0.01 to 10";
		return next_phrase(&text, &phrase) ? wrong : NULL;
	}
	if (!phrase_equals(phrase, len, "hot"))
		return wrong;
	cell->popularity = POP_HOT;
	while ((len = next_phrase(&text, &phrase))) {
		if (phrase_is(phrase, len, "flows", value) && !cell->hot_flows) {
			if (!parse_part(value, cell->flows, &cell->hot_flows))
				return wrong;
		} else if (!phrase_is(phrase, len, "share", value) || cell->hot_share > 0 ||
			   !parse_share(value, &cell->hot_share)) {
			return wrong;
		}
	}
	if (!cell->hot_flows || cell->hot_share <= 0)
		return "hot needs both its flows and their share of the operations: hot flows=1% "
		       "share=90%";
	return NULL;
}

int text_popularity(const struct cell *cell, char *buf, size_t size)
{
	char flows[32];

	switch (cell->popularity) {
	case POP_ZIPF:
		return snprintf(buf, size, "zipf s=%g", cell->zipf_s);
	case POP_HOT:
		print_count(flows, sizeof(flows), cell->hot_flows);
		return snprintf(buf, size, "hot flows=%s share=%g", flows, cell->hot_share);
	case POP_UNIFORM:
		break;
	}
	return snprintf(buf, size, "uniform");
}

const char *parse_mix(struct cell *cell, const char *text)
{
	double parts[3] = { 0, 0, 0 }, sum;
	bool seen[3] = { false, false, false };
	static const char *const names[3] = { "lookup", "insert", "delete" };
	const char *phrase;
	char value[64];
	size_t len;

	while ((len = next_phrase(&text, &phrase))) {
		int i = 0;

		while (i < 3 && !phrase_is(phrase, len, names[i], value))
			i++;
		if (i == 3 || seen[i] || !parse_number(value, 0, 1e12, &parts[i]))
			return wrong;
		seen[i] = true;
	}
	sum = parts[0] + parts[1] + parts[2];
	if (sum <= 0)
		return "all its parts are 0";
	cell->lookup = parts[0] / sum;
	cell->insert = parts[1] / sum;
	cell->del = parts[2] / sum;
	return NULL;
}

int text_mix(const struct cell *cell, char *buf, size_t size)
{
	if (cell->insert <= 0 && cell->del <= 0)
		return snprintf(buf, size, "lookup=%g", 100 * cell->lookup);
	return snprintf(buf, size, "lookup=%g insert=%g delete=%g", 100 * cell->lookup,
			100 * cell->insert, 100 * cell->del);
}

/* ---- time ---- */

const char *parse_duration(struct cell *cell, const char *text)
{
	return parse_seconds(text, &cell->seconds) && cell->seconds >= 1e-4 ? NULL : wrong;
}

int text_duration(const struct cell *cell, char *buf, size_t size)
{
	return print_seconds(buf, size, cell->seconds);
}

double number_duration(const struct cell *cell)
{
	return cell->seconds;
}

const char *parse_warmup(struct cell *cell, const char *text)
{
	return parse_seconds(text, &cell->warmup) ? NULL : wrong;
}

int text_warmup(const struct cell *cell, char *buf, size_t size)
{
	return print_seconds(buf, size, cell->warmup);
}

double number_warmup(const struct cell *cell)
{
	return cell->warmup;
}

/* BUCKETS or xFACTOR (of the buckets at the start) */
bool parse_resize_target(const char *text, uint64_t buckets, uint64_t *out)
{
	double factor, target;

	if (*text != 'x')
		return parse_count(text, 1, BUCKETS_MAX, out);
	if (!parse_number(text + 1, 1e-6, 1e6, &factor))
		return false;
	target = round(factor * (double)buckets);
	if (target < 1 || target > (double)BUCKETS_MAX)
		return false;
	*out = (uint64_t)target;
	return true;
}

bool parse_moment(const char *text, double window, double *out)
{
	double share;

	if (!strchr(text, '%'))
		return parse_seconds(text, out);
	if (!parse_share(text, &share))
		return false;
	*out = share * window;
	return true;
}

const char *parse_resize(struct cell *cell, const char *text)
{
	const char *phrase;
	char event[64];
	size_t len;

	cell->nr_resizes = 0;
	memset(cell->resizes, 0, sizeof(cell->resizes));
	if (!strcmp(text, "none"))
		return NULL;
	while ((len = next_phrase(&text, &phrase))) {
		struct cell_resize *r = &cell->resizes[cell->nr_resizes];
		const char *at;

		if (cell->nr_resizes == CT_MAX_RESIZES)
			return "it has more than 16 events";
		if (len >= sizeof(event))
			return wrong;
		memcpy(event, phrase, len);
		event[len] = '\0';
		if (!strchr(event, '@'))
			return wrong;
		*strchr(event, '@') = '\0';
		at = event + strlen(event) + 1;
		if (!parse_resize_target(event, cell->buckets, &r->buckets))
			return wrong;
		if (!parse_moment(at, cell->seconds, &r->at))
			return wrong;
		if (cell->nr_resizes && r->at < r[-1].at)
			return "its events are not in the order of time";
		cell->nr_resizes++;
	}
	return cell->nr_resizes ? NULL : wrong;
}

int text_resize(const struct cell *cell, char *buf, size_t size)
{
	size_t at = 0;

	if (!cell->nr_resizes)
		return snprintf(buf, size, "none");
	for (uint32_t i = 0; i < cell->nr_resizes; i++) {
		char buckets[32], seconds[32];

		print_count(buckets, sizeof(buckets), cell->resizes[i].buckets);
		print_seconds(seconds, sizeof(seconds), cell->resizes[i].at);
		at += (size_t)snprintf(buf + (at < size ? at : size), at < size ? size - at : 0,
				       "%s%s@%s", i ? " " : "", buckets, seconds);
	}
	return (int)at;
}

/* ---- capture: the path was made relative to the caller's folder before ---- */

const char *parse_capture(struct cell *cell, const char *text)
{
	if (strlen(text) >= sizeof(cell->capture))
		return "its path is longer than 511 bytes";
	memset(cell->capture, 0, sizeof(cell->capture));
	if (strcmp(text, "none"))
		strcpy(cell->capture, text);
	return NULL;
}

int text_capture(const struct cell *cell, char *buf, size_t size)
{
	return snprintf(buf, size, "%s", cell->capture[0] ? cell->capture : "none");
}
