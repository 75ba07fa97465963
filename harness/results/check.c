/* SPDX-License-Identifier: MIT */
#include "harness/results/check.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/escape.h"
#include "harness/base/names.h"

#define TEXT_MAX  4096
#define DEPTH_MAX 16
#define COUNT_MAX 1e15
/* Above any time, size or rate; sums and products of such numbers still fit into integers. */
#define NUMBER_MAX 1e18

enum kind { ANY, OBJECT, ARRAY, TEXT, WORD, WORKLOAD, CELL, RUN, NUMBER, COUNT, SWITCH };

static const char *const kinds[] = {
	[ANY] = "plain text, a number, true or false",
	[OBJECT] = "an object",
	[ARRAY] = "a list",
	[TEXT] = "a line of plain text",
	[WORD] = "a word of letters, digits, _, -, . and +",
	[WORKLOAD] = ("a workload's name: " WORKLOAD_NAME_RULE),
	[CELL] = "a cell's name, WORKLOAD/VARIANT...",
	[RUN] = ("a run's name: " RUN_NAME_RULE),
	[NUMBER] = "a number",
	[COUNT] = "a whole number from 0 to 1e15",
	[SWITCH] = "true or false",
};

/* The allowed value of an object's key, or of each item of an array. */
struct rule {
	const char *key; /* "*": any other; of an array's rule: "[]" */
	enum kind kind;
	const struct rule *inside; /* of an object or array */
	enum kind keys;		   /* of an object: what its keys are */
	bool or_null;
};

/* clang-format off */
/* A value; one that may be null; an array of items; an object with these keys,
 * and keys like these. */
#define VALUE(key, kind)	     { key, kind, NULL, ANY, false }
#define OR_NULL(key, kind)	     { key, kind, NULL, ANY, true }
#define LIST(key, items)	     { key, ARRAY, items, ANY, false }
#define PARTS(key, inside, keys)     { key, OBJECT, inside, keys, false }
#define PARTS_OR_NULL(key, inside)   { key, OBJECT, inside, ANY, true }
#define END			     { NULL, ANY, NULL, ANY, false }

static const struct rule texts[] = { VALUE("[]", TEXT), END };
static const struct rule words[] = { VALUE("[]", WORD), END };
static const struct rule workload_names[] = { VALUE("[]", WORKLOAD), END };
static const struct rule counts[] = { VALUE("[]", COUNT), VALUE("*", COUNT), END };
static const struct rule numbers[] = { OR_NULL("[]", NUMBER), OR_NULL("*", NUMBER), END };
static const struct rule by_word[] = { VALUE("*", WORD), END };

static const struct rule metric[] = {
	VALUE("unit", TEXT), VALUE("better", TEXT), VALUE("n", COUNT), LIST("values", numbers),
	OR_NULL("*", NUMBER), END
};
static const struct rule metrics[] = { PARTS("*", metric, ANY), END };

static const struct rule event[] = {
	VALUE("name", TEXT), VALUE("kind", WORD), OR_NULL("*", NUMBER), END
};
static const struct rule events[] = { PARTS("[]", event, ANY), END };
static const struct rule series[] = { LIST("*", numbers), END };
static const struct rule timeline[] = {
	LIST("events", events), PARTS("series", series, WORD), PARTS("series_low", series, WORD),
	PARTS("series_high", series, WORD), VALUE("n", COUNT), VALUE("*", NUMBER), END
};

/* In slices: of a cell's repeat, and all columns of a measurement (run/slices.h). */
static const struct rule taken[] = {
	VALUE("repeat", COUNT), VALUE("session", COUNT), LIST("round", counts),
	LIST("*", numbers), END
};
static const struct rule slices[] = { PARTS("[]", taken, ANY), END };
static const struct rule reasons[] = { OR_NULL("[]", TEXT), END };
static const struct rule columns[] = {
	VALUE("session", COUNT), LIST("why", reasons), LIST("*", numbers), END
};

/* judge/budget.h */
static const struct rule term[] = { OR_NULL("*", NUMBER), END };
static const struct rule budget[] = {
	VALUE("ns", NUMBER), VALUE("lines", NUMBER), VALUE("together", SWITCH),
	PARTS("*", term, WORD), END
};

static const struct rule cell[] = {
	VALUE("workload", WORKLOAD), VALUE("variant", WORD), PARTS("parameters", NULL, WORD),
	PARTS("axes", by_word, WORD), VALUE("control", SWITCH), VALUE("worst_case", SWITCH),
	VALUE("skipped", SWITCH), VALUE("unit", TEXT), VALUE("error", TEXT),
	VALUE("repeats", COUNT), VALUE("n", COUNT), VALUE("void", COUNT), VALUE("failed", COUNT),
	LIST("passes", counts), PARTS_OR_NULL("ns_per_op", numbers),
	PARTS_OR_NULL("mops", numbers), PARTS("metrics", metrics, WORD),
	PARTS("timeline", timeline, ANY), PARTS("latency", NULL, ANY),
	PARTS("saturation", NULL, ANY), LIST("slices", slices), PARTS("budget", budget, WORD), END
};
static const struct rule cells[] = { PARTS("*", cell, ANY), END };

static const struct rule workload[] = {
	VALUE("name", WORKLOAD), VALUE("question", TEXT), VALUE("path", TEXT),
	LIST("plots", words), LIST("varying", words), PARTS("parameters", NULL, WORD),
	VALUE("cells", ARRAY), END
};
static const struct rule workloads[] = { PARTS("[]", workload, ANY), END };

static const struct rule choice[] = {
	VALUE("factor", WORD), VALUE("choice", TEXT), VALUE("base", TEXT), END
};
static const struct rule verdict[] = {
	VALUE("workload", WORKLOAD), VALUE("metric", WORD), VALUE("kind", WORD),
	VALUE("factor", WORD), VALUE("choice", TEXT), VALUE("base", TEXT),
	PARTS("by", choice, ANY), VALUE("outcome", WORD), VALUE("word", TEXT),
	VALUE("text", TEXT), VALUE("pairs", COUNT), VALUE("pairs_left_out", COUNT),
	VALUE("n", COUNT), END
};
static const struct rule verdicts[] = { PARTS("[]", verdict, ANY), END };

static const struct rule pair[] = {
	VALUE("workload", WORKLOAD), VALUE("cell", CELL), VALUE("control", CELL),
	VALUE("metric", WORD), VALUE("n", COUNT), VALUE("program", WORD),
	OR_NULL("*", NUMBER), END
};
static const struct rule pairs[] = { PARTS("[]", pair, ANY), END };
static const struct rule noise[] = { LIST("pairs", pairs), OR_NULL("percent", NUMBER), END };

static const struct rule bound[] = {
	VALUE("bound", WORD), VALUE("hash", WORD), VALUE("percentile", WORD), VALUE("hint", WORD),
	VALUE("variant", WORD),
	LIST("cpus", counts), OR_NULL("*", NUMBER), END
};
static const struct rule bounds[] = { PARTS("[]", bound, ANY), END };

static const struct rule part[] = {
	VALUE("path", TEXT), VALUE("name", RUN), LIST("workloads", workload_names),
	VALUE("machine", COUNT), VALUE("cpus", COUNT), END
};
static const struct rule parts[] = { PARTS("[]", part, ANY), END };

static const struct rule report[] = {
	VALUE("format", COUNT), VALUE("name", RUN), VALUE("command", WORD),
	LIST("arguments", texts), VALUE("started", TEXT), VALUE("ended", TEXT),
	VALUE("interrupted", SWITCH), VALUE("interleaved", SWITCH),
	PARTS_OR_NULL("environment", NULL), VALUE("stolen_seconds", NUMBER),
	PARTS("cost", numbers, ANY), PARTS("counts", counts, ANY), LIST("merged", parts),
	PARTS("statistics", NULL, ANY), PARTS_OR_NULL("noise", noise),
	LIST("verdicts", verdicts), LIST("bounds", bounds), LIST("workloads", workloads),
	PARTS("cells", cells, CELL), END
};
static const struct rule benchmark_file[] = { PARTS("ctbench", report, ANY), END };

static const struct rule start_file[] = {
	VALUE("format", COUNT), VALUE("command", WORD), VALUE("started", TEXT),
	VALUE("revision", TEXT), LIST("arguments", texts), PARTS_OR_NULL("facts", NULL),
	LIST("resumed", counts), LIST("merged", parts), PARTS_OR_NULL("environment", NULL),
	VALUE("stolen_seconds", NUMBER), END
};

static const struct rule details_line[] = {
	VALUE("seq", COUNT), VALUE("name", CELL), VALUE("repeat", COUNT),
	PARTS("metrics", numbers, WORD), PARTS("timeline", NULL, ANY),
	PARTS("latency", NULL, ANY), PARTS("slices", columns, ANY), END
};
/* clang-format on */

/* The present position: a chain from a value up to the whole document. */
struct place {
	const struct place *up;
	const char *key; /* NULL: of an array, the index */
	size_t index;
	unsigned int depth;
};

struct check {
	const char *file;
	struct ct_error *e;
};

static size_t path_of(char *buf, size_t size, const struct place *p)
{
	size_t at = p->up ? path_of(buf, size, p->up) : 0;
	int n = 0;

	if (!p->up || at + 1 >= size)
		return at;
	if (p->key)
		n = snprintf(buf + at, size - at, "%s%.80s", at ? "." : "", p->key);
	else
		n = snprintf(buf + at, size - at, "[%zu]", p->index);
	return n > 0 && (size_t)n < size - at ? at + (size_t)n : size - 1;
}

static int refuse(const struct check *c, const struct place *p, const char *what)
{
	char path[400] = "";

	path_of(path, sizeof(path), p);
	return ct_user_error(c->e,
			     "%.300s: %s%s%s is not what ctbench writes there (%s): get the file "
			     "again from where it was measured, or measure again",
			     c->file, *path ? "'" : "", *path ? path : "it", *path ? "'" : "",
			     what);
}

static bool text_fits(enum kind kind, const char *text)
{
	switch (kind) {
	case WORD:
		return name_fits_word(text);
	case WORKLOAD:
		return name_fits_workload(text, strlen(text));
	case CELL:
		return name_fits_cell(text);
	case RUN:
		return name_fits_run(text);
	default:
		return strlen(text) <= TEXT_MAX && text_is_plain(text);
	}
}

static bool fits(enum kind kind, const json_t *value)
{
	double number = json_number_value(value);

	if (json_is_string(value))
		return (kind == ANY || (kind >= TEXT && kind <= RUN)) &&
		       strlen(json_string_value(value)) == json_string_length(value) &&
		       text_fits(kind, json_string_value(value));
	if (json_is_number(value))
		return kind == COUNT
			       ? json_is_integer(value) && number >= 0 && number <= COUNT_MAX
			       : (kind == ANY || kind == NUMBER) && isfinite(number) &&
					 (json_is_integer(value) || fabs(number) <= NUMBER_MAX);
	if (json_is_object(value))
		return kind == ANY || kind == OBJECT;
	if (json_is_array(value))
		return kind == ANY || kind == ARRAY;
	return kind == ANY || (kind == SWITCH && json_is_boolean(value));
}

static const struct rule *rule_for(const struct rule *rules, const char *key)
{
	const struct rule *other = NULL;

	for (; rules && rules->key; rules++) {
		if (!strcmp(rules->key, key))
			return rules;
		if (!strcmp(rules->key, "*"))
			other = rules;
	}
	return other;
}

static int check_value(const struct check *c, const struct place *p, const json_t *value,
		       const struct rule *rule)
{
	static const struct rule any = VALUE("*", ANY);
	const json_t *item;
	const char *key;
	size_t i;
	int err = 0;

	if (!rule)
		rule = &any;
	if (p->depth > DEPTH_MAX)
		return refuse(c, p, "less deep");
	if (!fits(rule->kind, value) && !(rule->or_null && json_is_null(value)))
		return refuse(c, p, kinds[rule->kind]);
	json_object_foreach((json_t *)value, key, item) {
		struct place inside = { p, key, 0, p->depth + 1 };

		if (!text_fits(rule->keys, key))
			return refuse(c, &inside, rule->keys ? kinds[rule->keys] : kinds[TEXT]);
		err = check_value(c, &inside, item, rule_for(rule->inside, key));
		if (err)
			return err;
	}
	json_array_foreach(value, i, item) {
		struct place inside = { p, NULL, i, p->depth + 1 };

		err = check_value(c, &inside, item, rule_for(rule->inside, "[]"));
		if (err)
			return err;
	}
	return 0;
}

static int check(const json_t *json, const char *file, const struct rule *inside, enum kind kind,
		 struct ct_error *e)
{
	const struct rule whole = { "", kind, inside, ANY, false };

	return check_value(&(struct check){ file, e }, &(struct place){ 0 }, json, &whole);
}

int check_benchmark(const json_t *benchmark, const char *path, struct ct_error *e)
{
	return check(benchmark, path, benchmark_file, OBJECT, e);
}

int check_start(const json_t *start, const char *path, struct ct_error *e)
{
	return check(start, path, start_file, OBJECT, e);
}

int check_details(const json_t *line, const char *where, struct ct_error *e)
{
	return check(line, where, details_line, OBJECT, e);
}

int check_bounds(const json_t *line, const char *where, struct ct_error *e)
{
	return check(line, where, bounds, ARRAY, e);
}

int check_json(const json_t *json, const char *where, struct ct_error *e)
{
	return check(json, where, NULL, ANY, e);
}
