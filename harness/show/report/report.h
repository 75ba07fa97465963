/* SPDX-License-Identifier: MIT */
/*
 * A run as a page: the questions, the answers in words, pictures, tables, the machine, the noise,
 * and how to repeat it.
 *
 *	report.c	writes the file
 *	html.c		a web page
 *	page.c		what every page begins and ends with
 *	machines.c	a page that compares machines
 *	matrix.c	the page's first table: variants down, questions across
 *	markdown.c	for a comment on a change
 *	text.c		for a terminal, and JSON
 *	parts.c		shared: machines, noise, verdicts, command
 *	answer.c	the answer to a question in a line or two
 *	svg.c		prepares an SVG picture for a page with others
 *	pictures.c	draws the pictures
 */
#ifndef CTBENCH_HARNESS_SHOW_REPORT_REPORT_H
#define CTBENCH_HARNESS_SHOW_REPORT_REPORT_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/base/error.h"

struct json_t;

/* A picture: the name of its file, without extension. */
struct report_picture {
	char *workload, *name;
};

/* The pictures of a page. */
struct report_pictures {
	char wide[PATH_MAX], narrow[PATH_MAX]; /* the folders; "" : none */
	struct report_picture *list;
	size_t nr;
	bool failed;
};

/* The sources of a report. */
struct report_source {
	const struct json_t *benchmark;		/* benchmark.json */
	const struct json_t *report;		/* its key "ctbench" */
	const struct report_pictures *pictures; /* NULL: none */
	const struct json_t *matrix;		/* judge_matrix(); NULL: none */
	unsigned int plots;			/* enum workload_plot bits; 0: the default */
};

/*
 * A form of the report: a page, Markdown, text for a terminal, JSON. 0, or a negative errno with a
 * sentence: a style sheet or a picture cannot be read.
 */
typedef int report_form(FILE *out, const struct report_source *s, struct ct_error *e);
report_form report_html, report_markdown, report_text, report_json;

/*
 * Write it into a file (results_write_file()). Missing pictures are left out. On an error nothing
 * is written.
 */
int report_write(const struct report_source *s, const char *path, report_form *form,
		 struct ct_error *e);

/* ---- matrix.c, for html.c ---- */

/* The disturbances of the run; the matrix, if there is one. */
void report_badges(FILE *out, const struct report_source *s);
void report_matrix(FILE *out, const struct report_source *s);
/* The last section: what to choose at each point. False if no point has an answer. */
bool report_choose(FILE *out, const struct report_source *s);

/* How the style sheet colours a ratio: "better strong", "worse", "open" (not proven), ... */
const char *report_shade(const struct json_t *cell);

/* ---- machines.c ---- */

/* A web page of ctbench machines --json: variants down, machines across, for each workload. */
int report_machines_page(FILE *out, const struct json_t *result, struct ct_error *e);

/* ---- parts.c ---- */

/* The text at a key path ("build", "revision") of the report's environment; "" if none. */
const char *report_fact(const struct report_source *s, const char *group, const char *key);
/*
 * The number of machines that measured it (more than 1 after ctbench merge); the machine of a
 * workload, from 0; and a machine in words: "AMD EPYC, 2 CPUs, Linux 6.18, a guest of KVM", with
 * the name of its run if there are several.
 */
size_t report_machines(const struct report_source *s);
size_t report_machine_of(const struct report_source *s, const char *workload);
void report_machine(char *buf, size_t size, const struct report_source *s, size_t machine);
/* All machines, with "; " between them. */
void report_all_machines(char *buf, size_t size, const struct report_source *s);
/* A sentence about the workload's noise; "" without a control. */
void report_noise(char *buf, size_t size, const struct report_source *s, const char *workload);
/* The command that repeats the run. */
void report_command(char *buf, size_t size, const struct report_source *s);
/*
 * Call fn for each verdict on the workload, with its sentence and its outcome as in judge.h
 * ("better", "worse", "none", ...). Interactions that were not seen share one sentence. Without any
 * verdict the sentence says why ("unjudged").
 */
void report_each_verdict(const struct report_source *s, const char *workload,
			 void (*fn)(void *arg, const char *text, const char *outcome), void *arg);

/* Why there is no verdict on the workload. */
const char *report_no_verdict(const struct report_source *s, const char *workload);

/* ---- answer.c ---- */

/*
 * Call fn for each line of the answer to the workload's question, with "seen", "none" (no
 * difference seen) or "unjudged". There is at least one line.
 */
void report_answer(const struct report_source *s, const char *workload,
		   void (*fn)(void *arg, const char *text, const char *outcome), void *arg);

/* ---- pictures.c ---- */

/*
 * Draw the pictures of s->benchmark for its page, wide and for phones, into p and s->pictures. If
 * they cannot be drawn, the reason is printed and the page does without them. 0, or -EINTR with a
 * sentence after a signal.
 */
int report_draw(struct report_source *s, struct report_pictures *p, struct ct_error *e);
/* Remove them. May be called twice, and after a failure. */
void report_pictures_free(struct report_pictures *p);

/* ---- svg.c ---- */

/*
 * Copy an SVG file without its XML header. Ids get the prefix, so that several pictures can be
 * in one page; label describes it for people who cannot see it. -errno with a sentence.
 */
int report_svg(FILE *out, const char *path, const char *prefix, const char *label,
	       struct ct_error *e);

#endif
