/* SPDX-License-Identifier: MIT */
/*
 * The matrix of a run (judge_matrix()) as text. report/matrix.c makes the one of the page.
 */
#ifndef CTBENCH_HARNESS_SHOW_MATRIX_H
#define CTBENCH_HARNESS_SHOW_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json_t;

/* Maximum of shown points per workload; of more, the first, the last and some between them. */
#define MATRIX_POINTS 6
/* A question with at least this share of void measurements is marked as disturbed. */
#define MATRIX_VOID_SHARE 0.10

/* Is there anything to compare? */
bool matrix_says(const struct json_t *matrix);
/* Is a question (its place in the list) shown? */
bool matrix_shows(const struct json_t *matrix, size_t question);
/* The cell of a design at a question; NULL if it was not measured there. */
const struct json_t *matrix_cell(const struct json_t *matrix, size_t question, size_t design);
/* "2 thr, 1Mi, flow": the point of a question, and its metric if it is not the throughput. */
void matrix_point(char *buf, size_t size, const struct json_t *question);
/* "1.28", "0.052", "17"; "void" without a measurement. */
void matrix_ratio(char *buf, size_t size, const struct json_t *cell);
/*
 * A row of ctbench machines, on one of the machines: "25.3 ns/op" for the baseline, else the ratio,
 * in brackets if it is not proven; "" if it was not measured there.
 */
void matrix_machine_text(char *buf, size_t size, const struct json_t *row,
			 const struct json_t *cell);
/*
 * Does the cell differ from the baseline by its own interval, and with the correction for all
 * comparisons of the matrix?
 */
bool matrix_apart(const struct json_t *cell);
bool matrix_proven(const struct json_t *cell);
/* The share of void measurements of a question, 0 to 1. */
double matrix_void(const struct json_t *question);

/* The whole matrix as text, with a line that says how to read it. 0 or -ENOMEM. */
int matrix_print(FILE *out, const struct json_t *matrix);
/* The fastest variants at each question, with their intervals. */
void matrix_print_leaders(FILE *out, const struct json_t *matrix);

#endif
