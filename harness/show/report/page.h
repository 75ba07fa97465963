/* SPDX-License-Identifier: MIT */
/*
 * A web page in one file that loads nothing: plots/report.css is its style, plots/report.js its
 * script. Between page_begin() and page_end() stand a <nav class="bar"> and <main>, which
 * page_end() closes.
 */
#ifndef CTBENCH_HARNESS_SHOW_REPORT_PAGE_H
#define CTBENCH_HARNESS_SHOW_REPORT_PAGE_H

#include <stdio.h>

#include "harness/base/error.h"

struct page {
	char *script; /* from malloc() */
};

/* Up to <body>. 0, or a negative errno with a sentence, and then no page_end(). */
int page_begin(FILE *out, struct page *page, const char *title, struct ct_error *e);
void page_end(FILE *out, struct page *page);

/* An element with an escaped text; tag may have attributes ("p class=\"sub\""). */
__attribute__((format(printf, 3, 4))) void
element(FILE *out, const char *tag, const char *fmt, ...);

#endif
