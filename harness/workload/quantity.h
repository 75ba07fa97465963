/* SPDX-License-Identifier: MIT */
/*
 * Counts, shares and times as people write them.  Each parser takes the whole text and returns
 * false if it is not such a quantity, or out of range.
 */
#ifndef CTBENCH_HARNESS_WORKLOAD_QUANTITY_H
#define CTBENCH_HARNESS_WORKLOAD_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECONDS_MAX (24 * 3600)

/* 65536, 64Ki, 1.5M */
bool parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* 0.25, 25% */
bool parse_share(const char *text, double *out);
/* Digits and a point: no sign, exponent, hexadecimal, infinity or NaN. */
bool parse_number(const char *text, double min, double max, double *out);
/* 200ms, 1.5s, 2min; at most SECONDS_MAX */
bool parse_seconds(const char *text, double *out);

/* Each returns as snprintf() does. */
int print_count(char *buf, size_t size, uint64_t n);   /* with Ki, Mi or Gi where exact */
int print_decimal(char *buf, size_t size, uint64_t n); /* with k, M or G where exact */
int print_seconds(char *buf, size_t size, double seconds);

#endif
