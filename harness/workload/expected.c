/* SPDX-License-Identifier: MIT */
/*
 * How long measurements take: for --dry-run, and for the time left of a run.
 *
 * The constants are fitted to whole runs on a quiet machine with two CPUs; tests/harness/workload/
 * test_workload_expected.c has their records. After a change of how long slices are, or when they
 * are repeated, fit them again: `ctbench run` ends with what it took.
 */
#include <math.h>
#include <string.h>

#include "harness/numbers/stats.h"
#include "harness/workload/internal.h"

/*
 * Starting a process and joining its threads; claiming memory for a connection, inserting it, and
 * giving its memory back; making the key streams of one thread, a key of a long one, packets;
 * reading a capture.
 */
#define START_SECONDS	   0.02
#define CONNECTION_SECONDS 1.0e-6
#define STREAM_SECONDS	   0.025
#define KEY_SECONDS	   0.1e-6
#define PACKETS_SECONDS	   0.05
#define CAPTURE_SECONDS	   0.02

/*
 * Cells of a group are measured in slices (harness/run/rounds.c), and each slice warms up again.
 * Where several others have their slices in between, a table that no core's own cache can hold has
 * left the caches by then: slices become longer until they no longer begin cold, the shorter ones
 * before are lost, and some measurements are made again.
 */
#define SLICE_WARMUP 0.85 /* of the windows */
#define COLD_FLOWS   (32.0 * 1024)
#define COLD_TABLES  5
#define COLD_SLICES  3.0

/*
 * A void measurement is made again with all of its group, unless its cell has repeats to spare. A
 * table that just fits into the shared cache is void most often.
 */
#define AGAIN	    1.25
#define AGAIN_OFTEN 2.0
#define LARGE_FLOWS (512.0 * 1024)

#define BOUNDS_SHARE 0.05 /* of the measurements: the machine's bounds, and plots */

static unsigned int tables_of(const struct workload *w)
{
	unsigned int n = 0;

	for (size_t i = 0; i < w->nr_cells; i++) {
		size_t before = 0;

		while (before < i && strcmp(w->cells[before].variant, w->cells[i].variant))
			before++;
		n += before == i;
	}
	return n;
}

static bool in_slices(const struct cell *cell)
{
	return cell->kind == KIND_STEADY && !cell->nr_events && cell->timeline <= 0 &&
	       cell_latency(cell) == LATENCY_NONE;
}

/* With a budget windows are as short as precision allows, which makes up for cold tables. */
static bool is_cold(const struct workload *w, const struct cell *cell)
{
	return in_slices(cell) && cell->budget <= 0 && (double)cell->flows >= COLD_FLOWS &&
	       tables_of(w) >= COLD_TABLES;
}

static double again(const struct workload *w, const struct cell *cell)
{
	return w->repeats <= STATS_LEAST && (double)cell->flows < LARGE_FLOWS ? AGAIN_OFTEN : AGAIN;
}

double cell_expected_seconds(const struct workload *w, const struct cell *cell)
{
	double build = (double)cell->flows * CONNECTION_SECONDS;
	double streams = STREAM_SECONDS + (double)cell->flows * KEY_SECONDS;
	double windows = cell->seconds, begin;

	if (cell->capture[0])
		streams += CAPTURE_SECONDS;
	if (cell->level == LEVEL_PACKETS)
		streams += PACKETS_SECONDS;
	begin = START_SECONDS + build + streams;
	/* For these, filling the table is the measurement. */
	if (cell->kind == KIND_FILL)
		return begin;
	if (cell->kind == KIND_DECODE)
		return START_SECONDS + CAPTURE_SECONDS + cell->seconds;
	if (in_slices(cell))
		windows *= 1 + SLICE_WARMUP;
	if (is_cold(w, cell))
		return again(w, cell) * (begin + cell->warmup + COLD_SLICES * windows);
	return begin + cell->warmup + windows;
}

static double seconds_of_a_repeat(const struct workload *w)
{
	double sum = cell_expected_seconds(w, &w->cells[w->control]);

	for (size_t i = 0; i < w->nr_cells; i++)
		sum += cell_expected_seconds(w, &w->cells[i]);
	return sum;
}

double expected_repeats(const struct workload *w, double seconds)
{
	double budget = w->cells[0].budget;

	return budget > 0 ? fmax(budget / seconds, STATS_LEAST) : w->repeats;
}

double workload_expected_repeats(const struct workload *w)
{
	return expected_repeats(w, seconds_of_a_repeat(w));
}

double workload_expected_seconds(const struct workload *w)
{
	return seconds_of_a_repeat(w) * workload_expected_repeats(w);
}

double expected_with_bounds(double seconds)
{
	return seconds * (1 + BOUNDS_SHARE);
}

double workload_set_expected_seconds(const struct workload_set *set)
{
	double sum = 0;

	for (size_t i = 0; i < set->nr; i++)
		sum += workload_expected_seconds(&set->list[i]);
	return expected_with_bounds(sum);
}
