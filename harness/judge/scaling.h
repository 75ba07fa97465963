/* SPDX-License-Identifier: MIT */
/*
 * How far a table scales, beyond the CPUs that this machine has: a model, fitted to what was
 * measured with several numbers of threads.
 *
 * Gunther's universal scalability law (Guerrilla Capacity Planning, 2007): with N threads the
 * throughput is N / (1 + contention (N - 1) + coherence N (N - 1)) times that of one.  Contention
 * is the part that only one thread at a time can do, which limits the gain to 1 / contention
 * (Amdahl 1967); coherence is what each pair of threads costs, which makes throughput fall beyond
 * sqrt((1 - contention) / coherence) threads.  With one and one other number of threads the two
 * cannot be told apart, and coherence is taken as none: the limit is then the higher one.
 */
#ifndef CTBENCH_HARNESS_JUDGE_SCALING_H
#define CTBENCH_HARNESS_JUDGE_SCALING_H

#include <stddef.h>

struct json_t;

/*
 * Of workloads that were measured with one thread and with others, put "scaling" into the report: a
 * list of {workload, variant, at (the other parameters that vary), threads (those measured),
 * contention, coherence, peak_threads, most_times}, each of the last four with _low and _high (95 %
 * bootstrap over repeats); without a limit the number is missing.  0 or -ENOMEM.
 */
int judge_scaling(struct json_t *report);

/*
 * The limits of a workload in which only threads and variants vary, as a sentence that says it is a
 * model; an empty text otherwise.
 */
void judge_scaling_text(char *buf, size_t size, const struct json_t *report, const char *workload);

#endif
