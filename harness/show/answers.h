/* SPDX-License-Identifier: MIT */
/*
 * The answer to a workload's question in one sentence of measured figures: "38 ns at 4Ki, 358 ns at
 * 1Mi". It stands above the table and at the top of its section in a report. Verdicts, which
 * compare choices, follow.
 */
#ifndef CTBENCH_HARNESS_SHOW_ANSWERS_H
#define CTBENCH_HARNESS_SHOW_ANSWERS_H

#include <stddef.h>

struct json_t;

#define ANSWER_MAX 2048

/*
 * workload: of the report's list. The text depends on the parameters that vary, not on the
 * workload's name: a rate, a load factor, a size, a resize, a split; latencies; packets with and
 * without conntrack. Empty if nothing was measured, or if figures are shares of a bound.
 */
void answer_of(char buf[ANSWER_MAX], const struct json_t *report, const struct json_t *workload);

#endif
