/* SPDX-License-Identifier: MIT */
/*
 * A run for people: one page with the question, the answer in words, pictures,
 * tables, the machine, the noise, and how to repeat it.
 *
 *	report.c	writes the file
 *	html.c		a web page in one file
 *	markdown.c	for a comment on a change
 *	parts.c		the parts that both have: machines, noise, verdicts, command
 *	answer.c	the answer to a question in a line or two
 *	svg.c		makes a picture's SVG ready to stand among others
 *	pictures.c	draws the pictures
 */
#ifndef CTBENCH_HARNESS_SHOW_REPORT_REPORT_H
#define CTBENCH_HARNESS_SHOW_REPORT_REPORT_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/base/error.h"

struct json_t;

/* A picture: its file's name without extension. */
struct report_picture {
	char *workload, *name;
};

/* Those of a page. */
struct report_pictures {
	char wide[PATH_MAX], narrow[PATH_MAX]; /* the folders; "" : none */
	struct report_picture *list;
	size_t nr;
	bool failed;
};

/* What a report is made of. */
struct report_source {
	const struct json_t *benchmark;		/* benchmark.json */
	const struct json_t *report;		/* its key "ctbench" */
	const struct report_pictures *pictures; /* NULL: none */
};

/*
 * The page into out.  0, or a negative errno with a sentence: a style sheet or a
 * picture that cannot be read.
 */
int report_html(FILE *out, const struct report_source *s, struct ct_error *e);
int report_markdown(FILE *out, const struct report_source *s, struct ct_error *e);

/*
 * The page, or the Markdown, into a file (results_write_file()); pictures that are not there are
 * left out.  Nothing is written of what cannot be made whole.
 */
int report_write(const struct report_source *s, const char *path, bool markdown,
		 struct ct_error *e);

/* ---- parts.c ---- */

/* The text at a key path ("build", "revision") of the report's environment; "" if none. */
const char *report_fact(const struct report_source *s, const char *group, const char *key);
/*
 * How many machines it was measured on: 1, or more if ctbench merge made it of several; the one
 * of a workload, from 0; and what each is: "AMD EPYC, 2 CPUs, Linux 6.18, a guest of KVM", of
 * several with the name of its run.
 */
size_t report_machines(const struct report_source *s);
size_t report_machine_of(const struct report_source *s, const char *workload);
void report_machine(char *buf, size_t size, const struct report_source *s, size_t machine);
/* All of them, with "; " between. */
void report_all_machines(char *buf, size_t size, const struct report_source *s);
/* The noise in a sentence for this workload; "" where there was no control. */
void report_noise(char *buf, size_t size, const struct report_source *s, const char *workload);
/* The command that measures the same again. */
void report_command(char *buf, size_t size, const struct report_source *s);
/*
 * Calls fn for each verdict on the workload: its sentence and its outcome as in judge.h
 * ("better", "worse", "none", ...).  Interactions that were not seen become one sentence.
 * Where there is no verdict at all the sentence says why, "unjudged".
 */
void report_each_verdict(const struct report_source *s, const char *workload,
			 void (*fn)(void *arg, const char *text, const char *outcome), void *arg);

/* Why there is no verdict on the workload. */
const char *report_no_verdict(const struct report_source *s, const char *workload);

/* ---- answer.c ---- */

/*
 * Calls fn for each line of the answer to the workload's question, with its kind: "seen",
 * "none" (no difference seen), "unjudged".  At least one.
 */
void report_answer(const struct report_source *s, const char *workload,
		   void (*fn)(void *arg, const char *text, const char *outcome), void *arg);

/* ---- pictures.c ---- */

/*
 * Draw the pictures of s->benchmark for its page, wide and for phones: into p and s->pictures.
 * Where they cannot be drawn the reason is printed, and the page is whole without them.  0, or
 * -EINTR with a sentence: a signal came.
 */
int report_draw(struct report_source *s, struct report_pictures *p, struct ct_error *e);
/* They are gone; also twice, and after a failure. */
void report_pictures_free(struct report_pictures *p);

/* ---- svg.c ---- */

/*
 * An SVG file's picture without its XML header, its ids prefixed so that several can stand in one
 * page, described by `label` for those who cannot see it.  -errno with a sentence.
 */
int report_svg(FILE *out, const char *path, const char *prefix, const char *label,
	       struct ct_error *e);

#endif
