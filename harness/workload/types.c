/* SPDX-License-Identifier: MIT */
/*
 * The general types of parameters: a value that is one field of struct cell.  The row of the
 * table has the place of the field and its allowed values.
 */
#include <math.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/workload/internal.h"
#include "harness/workload/key_set_file.h"

static void *field(const struct parameter *p, struct cell *cell)
{
	return (char *)cell + p->offset;
}

static const void *field_of(const struct parameter *p, const struct cell *cell)
{
	return (const char *)cell + p->offset;
}

/* Fields of integers are of one, four or eight bytes (bool, enum and uint32_t, uint64_t). */
static void store(const struct parameter *p, struct cell *cell, uint64_t n)
{
	uint32_t word = (uint32_t)n;
	bool flag = n != 0;

	memcpy(field(p, cell),
	       p->size == 8		 ? (const void *)&n
	       : p->size == sizeof(word) ? (const void *)&word
					 : (const void *)&flag,
	       p->size);
}

static uint64_t load(const struct parameter *p, const struct cell *cell)
{
	uint64_t n = 0;
	uint32_t word;
	bool flag;

	if (p->size == sizeof(n)) {
		memcpy(&n, field_of(p, cell), sizeof(n));
		return n;
	}
	if (p->size == sizeof(word)) {
		memcpy(&word, field_of(p, cell), sizeof(word));
		return word;
	}
	memcpy(&flag, field_of(p, cell), sizeof(flag));
	return flag;
}

static double load_double(const struct parameter *p, const struct cell *cell)
{
	double value;

	memcpy(&value, field_of(p, cell), sizeof(value));
	return value;
}

static bool is_none(const struct parameter *p, const char *text)
{
	return p->none && !strcmp(text, "none");
}

/* ---- counts ---- */

static const char *parse_count_value(const struct parameter *p, struct cell *cell, const char *text)
{
	uint64_t n = 0;

	if (!is_none(p, text) && !parse_count(text, (uint64_t)p->min, (uint64_t)p->max, &n))
		return "";
	store(p, cell, n);
	return NULL;
}

static int
print_count_value(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	uint64_t n = load(p, cell);

	if (p->none && !n)
		return snprintf(buf, size, "none");
	return p->decimal ? print_decimal(buf, size, n) : print_count(buf, size, n);
}

static const char *limit_text(const struct parameter *p, double limit, char buf[32])
{
	if (limit < 10000 && !p->decimal)
		snprintf(buf, 32, "%.0f", limit);
	else if (limit >= 0x1p43)
		snprintf(buf, 32, "2^%d", ilogb(limit));
	else if (p->decimal)
		print_decimal(buf, 32, (uint64_t)limit);
	else
		print_count(buf, 32, (uint64_t)limit);
	return buf;
}

static void allow_count(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	char least[32], most[32];

	text_add(buf, size, at, "a number from %s to %s", limit_text(p, p->min, least),
		 limit_text(p, p->max, most));
	if (p->max >= 10000)
		text_add(buf, size, at, " (64Ki is 65536, 64k is 64000)");
}

const struct parameter_type type_count = {
	.parse = parse_count_value,
	.print = print_count_value,
	.allow = allow_count,
	.json = JSON_COUNT,
	.pattern = "[0-9]+([.][0-9]+)?(k|M|G|Ki|Mi|Gi)?",
};

/* Connections: a count, or a file of them. */
static const char *parse_flows(const struct parameter *p, struct cell *cell, const char *text)
{
	memset(cell->key_set, 0, sizeof(cell->key_set));
	if (!key_set_is_file(text))
		return parse_count_value(p, cell, text);
	if (strlen(text) >= sizeof(cell->key_set))
		return "the path is too long";
	strcpy(cell->key_set, text);
	return key_set_count(text, &cell->flows);
}

static int print_flows(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	return cell->key_set[0] ? snprintf(buf, size, "%s", cell->key_set)
				: print_count_value(p, cell, buf, size);
}

const struct parameter_type type_flows = {
	.parse = parse_flows,
	.print = print_flows,
	.allow = allow_count,
	.json = JSON_COUNT,
	.pattern = "[0-9]+([.][0-9]+)?(k|M|G|Ki|Mi|Gi)?",
};

/* ---- shares and times ---- */

static const char *parse_share_value(const struct parameter *p, struct cell *cell, const char *text)
{
	double share = 0;

	if (!is_none(p, text) && (!parse_share(text, &share) || (p->none && share <= 0)))
		return "";
	memcpy(field(p, cell), &share, sizeof(share));
	return NULL;
}

static int
print_share_value(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	double share = load_double(p, cell);

	if (p->none && share <= 0)
		return snprintf(buf, size, "none");
	return snprintf(buf, size, "%g", share);
}

static void allow_share(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	text_add(buf, size, at, "a share %s",
		 p->none ? "up to 1 or 100%" : "from 0 to 1 or from 0% to 100%");
}

const struct parameter_type type_share = {
	.parse = parse_share_value,
	.print = print_share_value,
	.allow = allow_share,
	.json = JSON_NUMBER,
	.pattern = "[0-9]+([.][0-9]+)?%?",
};

static const char *parse_time(const struct parameter *p, struct cell *cell, const char *text)
{
	double seconds = 0;

	if (!is_none(p, text) &&
	    (!parse_seconds(text, &seconds) || seconds < p->min || seconds > p->max))
		return "";
	memcpy(field(p, cell), &seconds, sizeof(seconds));
	return NULL;
}

static int print_time(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	double seconds = load_double(p, cell);

	if (p->none && seconds <= 0)
		return snprintf(buf, size, "none");
	return print_seconds(buf, size, seconds);
}

static void allow_time(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	char least[32], most[32];

	print_seconds(least, sizeof(least), p->min);
	print_seconds(most, sizeof(most), p->max);
	text_add(buf, size, at, "a time with its unit from %s to %s, as in %s",
		 p->min > 0 ? least : "0s", p->max < SECONDS_MAX ? most : "24h",
		 !p->none && p->fallback ? p->fallback
		 : p->min < 1		 ? "2ms"
					 : "60s");
}

const struct parameter_type type_seconds = {
	.parse = parse_time,
	.print = print_time,
	.allow = allow_time,
	.json = JSON_NUMBER,
	.pattern = "[0-9]+([.][0-9]+)?(ns|us|ms|s|min|h)",
};

/* ---- words ---- */

const char *parse_word(const struct parameter *p, struct cell *cell, const char *text)
{
	for (uint64_t i = 0; p->words[i].word; i++)
		if (!strcmp(text, p->words[i].word)) {
			store(p, cell, i);
			return NULL;
		}
	return "";
}

int print_word(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	return snprintf(buf, size, "%s", p->words[load(p, cell)].word);
}

void allow_words(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	for (size_t i = 0; p->words[i].word; i++)
		text_add(buf, size, at, "%s%s (%s)",
			 !i			? ""
			 : p->words[i + 1].word ? ", "
						: " or ",
			 p->words[i].word, p->words[i].meaning);
}

const struct parameter_type type_word = {
	.parse = parse_word,
	.print = print_word,
	.allow = allow_words,
};

static const char *parse_switch(const struct parameter *p, struct cell *cell, const char *text)
{
	bool on = !strcmp(text, "true");

	if (!on && strcmp(text, "false"))
		return "";
	store(p, cell, on);
	return NULL;
}

static int print_switch(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	return snprintf(buf, size, "%s", load(p, cell) ? "true" : "false");
}

static void allow_switch(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	(void)p;
	text_add(buf, size, at, "true or false");
}

const struct parameter_type type_switch = {
	.parse = parse_switch,
	.print = print_switch,
	.allow = allow_switch,
	.json = JSON_SWITCH,
};

/* ---- text ---- */

static const char *parse_text(const struct parameter *p, struct cell *cell, const char *text)
{
	if (strlen(text) >= p->size)
		return "it is too long";
	memset(field(p, cell), 0, p->size);
	if (!is_none(p, text))
		strcpy(field(p, cell), text);
	return NULL;
}

static int print_text(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	const char *text = field_of(p, cell);

	return snprintf(buf, size, "%s", p->none && !*text ? "none" : text);
}

const struct parameter_type type_text = { .parse = parse_text, .print = print_text };
const struct parameter_type type_file = { .parse = NULL };
const struct parameter_type type_list = { .parse = NULL };

static void allow_plots(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	char kinds[256];

	(void)p;
	plot_kind_list(kinds, sizeof(kinds));
	text_add(buf, size, at, "a list of %s", kinds);
}

const struct parameter_type type_plots = { .allow = allow_plots };

/* ---- numbers ---- */

double parameter_number(const struct parameter *p, const struct cell *cell)
{
	return p->type->json == JSON_COUNT ? (double)load(p, cell) : load_double(p, cell);
}
