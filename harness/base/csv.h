/* SPDX-License-Identifier: MIT */
/* Comma-separated values (RFC 4180, with newlines of this system), as pandas and R read them. */
#ifndef CTBENCH_HARNESS_BASE_CSV_H
#define CTBENCH_HARNESS_BASE_CSV_H

#include <stdio.h>

/* Converts lines of fields separated by tabs to CSV.  0, or a negative errno of reading. */
int csv_of_tsv(FILE *out, FILE *in);

#endif
