/* SPDX-License-Identifier: MIT */
/*
 * How far a table scales beyond the CPUs of this machine: a model, fitted to measurements with
 * several numbers of threads.
 *
 * Gunther's universal scalability law (Guerrilla Capacity Planning, 2007): with N threads the
 * throughput is N / (1 + contention (N - 1) + coherence N (N - 1)) times that of one. Contention is
 * the serial part, which limits the gain to 1 / contention (Amdahl 1967). Coherence is the cost per
 * pair of threads: throughput falls beyond sqrt((1 - contention) / coherence) threads. With one
 * thread and only one other number of threads the two cannot be separated, and coherence is taken
 * as 0: the limit is then the higher one.
 */
#ifndef CTBENCH_HARNESS_JUDGE_SCALING_H
#define CTBENCH_HARNESS_JUDGE_SCALING_H

#include <stddef.h>

struct json_t;

/*
 * For workloads that were measured with one thread and with more, put "scaling" into the report: a
 * list of {workload, variant, at (the other parameters that vary), threads (those measured),
 * contention, coherence, peak_threads, most_times}, each of the last four with _low and _high (95 %
 * bootstrap over repeats); without a limit the number is missing. 0 or -ENOMEM.
 */
int judge_scaling(struct json_t *report);

/*
 * The limits of a workload in which only threads and variants vary, as a sentence that calls them a
 * model; otherwise an empty text.
 */
void judge_scaling_text(char *buf, size_t size, const struct json_t *report, const char *workload);

#endif
