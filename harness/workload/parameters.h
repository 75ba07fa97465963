/* SPDX-License-Identifier: MIT */
/*
 * The table of parameters: all keys of a workload file, and how each value is read, checked,
 * printed and described.  The rows are in parameters.def.
 *
 * Adding a parameter means a field in struct cell (cell.h), a row in parameters.def, and a row
 * in the table of workloads/README.md.  The command line, --help, ctbench list --parameters, the
 * JSON schema, the columns of results and the names of cells follow from the table.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_PARAMETERS_H
#define CTBENCH_HARNESS_WORKLOAD_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/workload/cell.h"

enum parameter_id {
#define PARAMETER(id, ...) PARAM_##id,
#include "harness/workload/parameters.def"
#undef PARAMETER
	NR_PARAMS,
	PARAM_FIRST_FIELD = PARAM_REPEATS,    /* from here on each has a field in struct cell */
	PARAM_FIRST_OF_CELL = PARAM_VARIANTS, /* from here on each cell has its own value */
};

enum parameter_use {
	USE_LIST, /* several values multiply the cells */
	USE_ONCE, /* one value for all cells of a workload */
	USE_FILE, /* about the file itself: the command line cannot override it */
};

struct parameter;
struct json_t;

/* The type of a parameter's values. */
struct parameter_type {
	/*
	 * Reads one value into the cell.  NULL if it is valid, "" if parameter_allowed() is
	 * sufficient as the reason, else another clause.
	 */
	const char *(*parse)(const struct parameter *p, struct cell *cell, const char *text);
	/* Writes the cell's value as in a workload file; returns as snprintf() does. */
	int (*print)(const struct parameter *p, const struct cell *cell, char *buf, size_t size);
	/* Describes the allowed values; NULL: the row's `allowed` describes all. */
	void (*allow)(const struct parameter *p, char *buf, size_t size, size_t *at);
	/* The type of a value in results and in a JSON schema. */
	enum { JSON_TEXT, JSON_COUNT, JSON_NUMBER, JSON_SWITCH } json;
	const char *pattern; /* for a schema: the regular expression of its texts; NULL: any */
};

/* One word that a value may be, and its meaning. */
struct word_meaning {
	const char *word, *meaning;
};

struct parameter {
	const char *name;
	const char *column;   /* in results; NULL: as its name */
	const char *fallback; /* the value where none is given; NULL: none */
	const char *meaning;  /* what it is: "lookups that find a connection" */
	enum parameter_use use;
	const struct parameter_type *type;
	const char *allowed; /* further allowed values; for types OWN: all allowed values */

	/* For the general types. */
	size_t offset, size; /* of the field in struct cell */
	double min, max;
	bool none;    /* 0 (of texts: empty) is written "none" */
	bool decimal; /* a count printed with k, M, G instead of Ki, Mi, Gi */
	bool choice;  /* a number that is a way to do the same work: its values are compared */
	const struct word_meaning *words; /* in the order of the enum; ends with a NULL */
	const char *pattern; /* for a schema: texts that `allowed` adds to those of the type */
};

extern const struct parameter parameters[NR_PARAMS];

/* General types; the rows use them by COUNT(), SHARE(), SECONDS(), SWITCH(), WORD(), TEXT(). */
extern const struct parameter_type type_count, type_share, type_seconds, type_switch, type_word,
	type_text;
/* Those of a single parameter. */
extern const struct parameter_type type_flows, type_load_factor, type_pinning, type_popularity,
	type_mix, type_split, type_resize, type_events;
/* Those about the file, which no cell has: a text, several texts, plots. */
extern const struct parameter_type type_file, type_list, type_plots;

/* PARAM_* of a name with underscores or dashes, or -1. */
int parameter_find(const char *name, size_t len);
/* "flows, buckets, ...": their names, those that may be overridden or all. */
void parameter_list(char *buf, size_t size, bool only_overridable);
const char *parameter_column(const struct parameter *p);
/* Its name as an option, without the dashes before it: "load-factor".  Returns buf. */
const char *parameter_option(const struct parameter *p, char buf[40]);

#define ALLOWED_MAX 768
/* The allowed values: "a share from 0 to 1 or from 0% to 100%".  Returns buf. */
const char *parameter_allowed(const struct parameter *p, char buf[ALLOWED_MAX]);

/* The JSON type of its values; a number that may also be "none" is text there. */
int parameter_json(const struct parameter *p);
double parameter_number(const struct parameter *p, const struct cell *cell);

/* The most buckets that a value may ask for. */
#define BUCKETS_MAX (UINT64_C(1) << 32)
#define FLOWS_MAX   (UINT64_C(1) << 30)

#endif
