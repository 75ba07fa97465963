/* SPDX-License-Identifier: MIT */
/*
 * The types of single parameters, which are more than one field of struct cell: from the user's
 * words into a cell, and back.  See struct parameter_type for what parsers take and return.
 */
#include <math.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/workload/internal.h"
#include "variants/variant.h"

static const char wrong[] = "";

/* ---- which thread meets which connection ---- */

/* The last word of the row is an alias for another one. */
static const char *parse_split(const struct parameter *p, struct cell *cell, const char *text)
{
	const char *why = parse_word(p, cell, text);

	if (!why && cell->split == SPLIT_AUTO)
		cell->split = cell->capture[0] ? SPLIT_FLOW : SPLIT_ANY;
	return why;
}

const struct parameter_type type_split = {
	.parse = parse_split,
	.print = print_word,
	.allow = allow_words,
};

/* ---- pinning ---- */

static const struct word_meaning pins[] = {
	{ "compact", "fill a core's hardware threads, then the next core" },
	{ "scatter", "as far apart as possible" },
	{ "core", "one thread per core" },
	{ "llc", "one thread per last-level cache" },
};

static const char *parse_pinning(const struct parameter *p, struct cell *cell, const char *text)
{
	(void)p;
	memset(cell->cpus, 0, sizeof(cell->cpus));
	for (size_t i = 0; i < ARRAY_SIZE(pins); i++)
		if (!strcmp(text, pins[i].word)) {
			cell->pin = i;
			return NULL;
		}
	/* check_threads() asks the topology whether there are such CPUs. */
	if (strlen(text) >= sizeof(cell->cpus) || text[strspn(text, "0123456789,-")])
		return wrong;
	cell->pin = PIN_LIST;
	strcpy(cell->cpus, text);
	return NULL;
}

static int print_pinning(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	(void)p;
	return snprintf(buf, size, "%s", cell->pin == PIN_LIST ? cell->cpus : pins[cell->pin].word);
}

static void allow_pinning(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	(void)p;
	for (size_t i = 0; i < ARRAY_SIZE(pins); i++)
		text_add(buf, size, at, "%s (%s), ", pins[i].word, pins[i].meaning);
	text_add(buf, size, at, "or a list of CPUs as in \"0,2,4-7\"");
}

const struct parameter_type type_pinning = {
	.parse = parse_pinning,
	.print = print_pinning,
	.allow = allow_pinning,
	.pattern = "compact|scatter|core|llc|[0-9,-]+",
};

/* ---- the size of the table ---- */

static uint64_t nearest_power_of_two(double n)
{
	uint64_t power = 1;

	/* The nearest by ratio: above sqrt(2) times a power of two the next one is nearer. */
	while (power < BUCKETS_MAX && (double)power * M_SQRT2 < n)
		power *= 2;
	return power;
}

static const char *parse_load_factor(const struct parameter *p, struct cell *cell, const char *text)
{
	const struct ct_variant *v = ct_variant_find(cell->variant);
	double load, buckets;

	if (!parse_number(text, p->min, p->max, &load))
		return wrong;
	buckets = round((double)cell->flows / load);
	if (buckets > (double)BUCKETS_MAX)
		return "no table can have this many buckets";
	cell->buckets = buckets < 1 ? 1 : (uint64_t)buckets;
	if (v && v->bucket_rule && v->bucket_rule(cell->buckets)) {
		cell->buckets = nearest_power_of_two(buckets);
		cell->buckets_rounded = true;
	}
	return NULL;
}

static int
print_load_factor(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	(void)p;
	return snprintf(buf, size, "%.4g", cell->load_factor);
}

const struct parameter_type type_load_factor = {
	.parse = parse_load_factor,
	.print = print_load_factor,
	.json = JSON_NUMBER,
	.pattern = "[0-9]+([.][0-9]+)?",
};

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

static const char *parse_zipf(struct cell *cell, const char *text)
{
	const char *phrase;
	char value[64];
	size_t len = next_phrase(&text, &phrase);

	cell->popularity = POP_ZIPF;
	if (!phrase_is(phrase, len, "s", value) || !parse_number(value, 0.01, 10, &cell->zipf_s))
		return "zipf needs its exponent: zipf s=0.99, from 0.01 to 10";
	return next_phrase(&text, &phrase) ? wrong : NULL;
}

static const char *parse_hot(struct cell *cell, const char *text)
{
	const char *phrase;
	char value[64];
	size_t len;

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

static const char *parse_popularity(const struct parameter *p, struct cell *cell, const char *text)
{
	const char *phrase;
	size_t len = next_phrase(&text, &phrase);

	(void)p;
	cell->zipf_s = 0;
	cell->hot_flows = 0;
	cell->hot_share = 0;
	if (phrase_equals(phrase, len, "zipf"))
		return parse_zipf(cell, text);
	if (phrase_equals(phrase, len, "hot"))
		return parse_hot(cell, text);
	cell->popularity = POP_UNIFORM;
	return phrase_equals(phrase, len, "uniform") && !next_phrase(&text, &phrase) ? NULL : wrong;
}

static int
print_popularity(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	char flows[32];

	(void)p;
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

const struct parameter_type type_popularity = {
	.parse = parse_popularity,
	.print = print_popularity,
	.pattern = "uniform|zipf +s=[0-9.]+|hot( +(flows|share)=[0-9.]+(k|M|G|Ki|Mi|Gi)?%?){2}",
};

static const char *parse_mix(const struct parameter *p, struct cell *cell, const char *text)
{
	double parts[3] = { 0, 0, 0 }, sum;
	bool seen[3] = { false, false, false };
	static const char *const names[3] = { "lookup", "insert", "delete" };
	const char *phrase;
	char value[64];
	size_t len;

	(void)p;
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

static int print_mix(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	(void)p;
	if (cell->insert <= 0 && cell->del <= 0)
		return snprintf(buf, size, "lookup=%g", 100 * cell->lookup);
	return snprintf(buf, size, "lookup=%g insert=%g delete=%g", 100 * cell->lookup,
			100 * cell->insert, 100 * cell->del);
}

const struct parameter_type type_mix = {
	.parse = parse_mix,
	.print = print_mix,
	.pattern = "((lookup|insert|delete)=[0-9.]+ *){1,3}",
};
