/* SPDX-License-Identifier: MIT */
/*
 * A run: its workloads, their measurements, and the files made from these.
 *
 *	start.c		the folder, run.json, the machine
 *	input.c		workloads, and the one from standard input
 *	captures.c	the captures that cells name
 *	cells.c		cells (controls included) and their repeats
 *	session.c	Google Benchmark's callbacks: which repeat is measured next
 *	rounds.c	cells of a group measured side by side, in slices
 *	slices.c	the data of slices, and a repeat's result from them
 *	enough.c	when a workload is known well enough to stop
 *	other.c		another program that measures in the same run
 *	all_void.c	when a run is given up because nothing can be measured
 *	bounds.c	the machine's bounds, measured in between (results/bounds.h)
 *	report.c	all facts as JSON, and results.tsv from them
 *	finish.c	benchmark.json, tables, plots, the closing lines
 *
 * Not for several threads.
 */
#ifndef CTBENCH_HARNESS_RUN_RUN_H
#define CTBENCH_HARNESS_RUN_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/workload/cell.h"
#include "harness/base/error.h"
#include "harness/run/gbench_shim.h"
#include "harness/base/progress.h"
#include "harness/results/results.h"
#include "harness/workload/workload.h"

/* Threads up to which the least distance of CPUs is kept; of more it is forgotten. */
#define RUN_NEAREST 65

/* A void measurement is made again this often. */
#define RUN_RETRIES 2
/* In a search for a rate: one that stays void wastes some fifteen others. */
#define RUN_SEARCH_RETRIES 5

struct run_repeat {
	bool done; /* result is valid: good, void or failed */
	uint64_t seq;
	unsigned int pass; /* over the blocks, see struct run */
	/* In slices, by this process: its ratio to the first cell of its session (enough.h). */
	uint32_t rounds;	 /* that have one */
	double effect, variance; /* a logarithm: mean over rounds, and of a round */
	double opening, round;	 /* seconds: until its first slice; of a slice */
	struct json_t *slices;	 /* of its details; NULL: not by this process */
	struct cell_result result;
};

struct run_cell {
	const struct workload *workload;
	struct cell cell;
	char *name;
	uint64_t fingerprint; /* of name, parameters and seed: what --resume compares */
	bool selected;	      /* by --benchmark_filter */
	/*
	 * Measured in a separate window although it could be sliced, like the cells with events
	 * that it is compared with: a table without neighbours finds its memory warmer.
	 */
	bool undivided;
	uint32_t repeats; /* fewer than repeats_most if these were enough (enough.h) */
	uint32_t repeats_most;
	struct run_repeat *list; /* repeats_most of them */
	unsigned int voids;	 /* void attempts, including the repeated ones */
	bool gave_up;		 /* a repeat failed; the others would fail too */
	bool memory_is_short;	 /* for all cells of its group side by side */
	bool meets_target;	 /* so few more repeats are made (enough.h) */
	uint32_t longer;	 /* doublings of its slices, because shorter ones began cold */
	uint32_t likely;	 /* repeats, where it stops when it is known well enough */

	/* Of a search for the highest rate (ctbench saturate); both NULL in a run: */
	double *rates; /* result of each repeat, operations per second; 0: late at the lowest */
	struct json_t *saturation; /* more data, see saturate_run.c */
};

/* measure_cell() */
typedef int (*run_measure_fn)(const struct cell *cell, struct cell_result *result,
			      struct json_t **details, struct ct_error *e);

/* Another program that measures every cell too, in the same rounds (measure/protocol.h). */
struct run_other {
	const char *option, *value; /* as in the arguments: "against", "HEAD~1" */
	char name[CELL_PROGRAM_MAX];
	char path[PATH_MAX];
	struct json_t *about; /* protocol_ask() */
};
/* The name of this program in such a run. */
#define RUN_THIS "this"

struct run {
	struct workload_set set;
	/*
	 * Each workload's cells, then its control. With another program each cell is there twice,
	 * first for this program.
	 */
	struct run_cell *cells;
	const struct run_other *other; /* NULL: there is none */
	size_t nr_cells;
	struct gbench_flags flags;
	struct results results;
	const char *parent; /* folder of runs */
	char name[128];
	char started[40];
	struct json_t *start; /* run.json */
	char *input;	      /* the workload that came through standard input; NULL: none */

	/* measure_cell(); tests have their own; NULL: measure nothing (ctbench merge) */
	run_measure_fn measure;
	uint64_t seq; /* of the last measurement */
	/*
	 * A run measures its blocks once, in order.  Each --resume is a new pass, at another time.
	 * The key "resumed" of run.json lists the last seq before each pass; without it (ctbench
	 * merge) a new pass is recognised by a return to an earlier block.
	 */
	unsigned int pass;   /* of the last measurement, from 0 */
	uint32_t pass_block; /* where it is */
	uint64_t pass_seq;   /* its seq */
	struct run_cost {    /* seconds, of all measurements, void ones included */
		double elapsed, windows, warmups, builds;
	} cost;
	unsigned int measured, reused, to_do; /* repeats: by this process, by earlier ones, all */
	bool to_do_most;		      /* fewer may be enough */
	struct progress progress;
	double seconds_done;	      /* expected seconds of finished repeats */
	double seconds_to_do;	      /* of all that were missing at the start */
	bool no_bounds;		      /* --no-bounds */
	double nearest[RUN_NEAREST];  /* ns: the smallest distance of CPUs, by threads */
	const struct workload *asked; /* whether it is known well enough, before this repeat: */
	uint32_t asked_repeat;
	unsigned int bounds_done; /* how many times the machine's bounds were measured (bounds.h) */
	struct json_t *environment; /* env_json() before the first measurement */
	double stolen_before;	    /* env_steal_seconds() at that time */
	char *gbench;		    /* Google Benchmark's report, JSON; NULL: none yet */
	struct ct_error fatal;	    /* status not 0: nothing more can be kept */
};

/* ---- run_start.c ---- */

/* Make run->parent/NAME.  Without a name it is made of the time, kind ("saturate-", "") and suite.
 */
int run_create_folder(struct run *run, const char *name, const char *kind, struct ct_error *e);
/*
 * Append the workloads to run->set.  "-" is standard input or, for a run that --resume loaded, what
 * came through it then.  0 or a negative errno with a sentence.
 */
int run_load_workloads(struct run *run, const char *const *files, size_t nr,
		       const struct workload_overrides *overrides, struct ct_error *e);
/* That file in the folder of a run, kept from the text (NULL: nothing), and read, from malloc(). */
int run_keep_input(const char *dir, const char *text, struct ct_error *e);
char *run_read_input(const char *dir, struct ct_error *e);
/* Do a run's arguments include standard input? */
bool run_has_input(const struct json_t *arguments);

/*
 * Write run.json and the workload from standard input, with the facts of machine and build, so that
 * --resume does not mix machines or builds. Call it after run_look_around(). An argument that is
 * not UTF-8 is refused.
 */
int run_keep_start(struct run *run, const char *command, int argc, char **argv, struct ct_error *e);
/*
 * Load the run that --resume names: run->start, name and started, and its original argv.  The
 * strings of argv belong to run->start; free argv alone, also after an error.  Refused if another
 * command, revision or format made the run.
 */
int run_load_start(struct run *run, const char *command, const char *name, int *argc, char ***argv,
		   struct ct_error *e);
/* Note in run.json that the run is resumed here.  Call it after its rows were read. */
int run_keep_resumed(struct run *run, struct ct_error *e);
/* Can this program resume a run with that run.json?  0 or -EINVAL with a sentence. */
int run_start_format(const struct json_t *start, const char *dir, struct ct_error *e);
/* The command of a run.json. */
const char *run_start_command(const struct json_t *start);
/*
 * Collect the facts about the machine, and print warnings about disturbances on stderr. Refused if
 * the run was started on another machine or by another build.
 */
int run_look_around(struct run *run, struct ct_error *e);

/* ---- captures.c ---- */

/*
 * Read the captures of the cells to be measured, and print notes about them on stderr. 0, or a
 * negative errno if one is damaged or has nothing to send, before anything is measured.
 */
int run_look_at_captures(const struct run *run, struct ct_error *e);

/* ---- run_cells.c ---- */

/*
 * Make cells out of run->set; repetitions (not 0) replaces the workloads' repeats.
 * 0 or -ENOMEM.
 */
int run_make_cells(struct run *run, unsigned int repetitions, struct ct_error *e);
void run_free_cells(struct run *run);
/*
 * For results_resume(): take a row of cells.tsv; arg is the run.
 * -EINVAL if it is of another run.
 */
int run_take_row(void *arg, const struct measurement *m, struct ct_error *e);
/* Add a measurement to run->cost. */
void run_count_cost(struct run *run, const struct run_cell *c, const struct cell_result *r);
/* The likely seconds of a repeat, for the time left: none beyond the likely number of repeats. */
static inline double run_repeat_seconds(const struct run_cell *c, uint32_t repeat)
{
	return repeat < c->likely ? cell_expected_seconds(c->workload, &c->cell) : 0;
}
/* A hash of a cell's name, parameters and seed; --resume compares it. */
uint64_t run_cell_fingerprint(const struct run_cell *c);
/* Store a result in its repeat, in memory.  Call it in the order of measurements. */
void run_keep(struct run *run, struct run_cell *c, const struct measurement *m);

static inline bool run_repeat_good(const struct run_repeat *r)
{
	return r->done && !r->result.status && !r->result.void_reason[0];
}

/*
 * Throughput of all threads in millions per second, and time per operation in ns.  NAN where
 * latencies were taken: the clock is read around each operation there.
 */
double result_mops(const struct cell_result *r);
/* "Mops/s", "Mpkt/s", "Mconn/s" */
const char *cell_unit(const struct cell *cell);

/* ---- run_session.c ---- */

/*
 * Measure one repeat, and again if it is void.  Each attempt is kept in c->list[repeat] and in
 * cells.tsv.  Returns whether the last one was good.  If it could not be written, run->fatal is
 * set.
 */
bool run_measure_repeat(struct run *run, struct run_cell *c, uint32_t repeat);
/*
 * Write a measurement's row and details, and keep it in memory, in its repeat.  0, or an error in
 * run->fatal.
 */
int run_keep_measurement(struct run *run, struct run_cell *c, struct measurement *m,
			 const struct json_t *details);
/* Measure all that is selected and not done, then have Google Benchmark write its report. */
int run_session(struct run *run, struct ct_error *e);

/* ---- other.c ---- */

/*
 * Ask the program at path whether it has the same protocol; option and value must outlive it. 0, or
 * a negative errno with a sentence.
 */
int run_other_open(struct run_other *other, const char *option, const char *value, const char *path,
		   struct ct_error *e);
void run_other_close(struct run_other *other);
/*
 * Leave out the cells whose variant it lacks, with a warning on stderr. -EINVAL with a sentence if
 * none is left.
 */
int run_other_select(struct run *run, struct ct_error *e);
/* For run.json and the report: {name, build}.  New reference. */
struct json_t *run_other_json(const struct run_other *other);
/*
 * Was the resumed run started with the same other program, or with none? 0 or -EINVAL with a
 * sentence.
 */
int run_other_check(const struct run *run, struct ct_error *e);

/* ---- all_void.c ---- */

/*
 * Set run->fatal (CT_EXIT_VOID, with the remedy) if every measurement so far was void: after enough
 * attempts, or at the end of the run.
 */
void run_give_up_if_void(struct run *run, bool ended);

/* ---- run_aims.c ---- */

/*
 * Each aim of the run's workloads at each of its points: the figure with its quartiles, the bound,
 * and whether the median reaches it. Prints nothing if no workload has aims.
 */
void run_print_aims(FILE *out, const struct run *run);

/* ---- run_report.c ---- */

/*
 * Everything about the run as a JSON object; see the comment in run_report.c for its
 * fields.  New reference, or NULL without memory.
 */
struct json_t *run_report(const struct run *run);
/*
 * The same for the cells of one group (rounds.h) that this process has measured in slices, without
 * verdicts, bounds and details, to decide when to stop. NULL without memory.
 */
struct json_t *run_group_report(const struct run *run, const struct run_cell *like);
/* results.tsv out of that object, for free(). */
char *run_report_tsv(const struct json_t *report, size_t *len);

/* ---- bounds.c ---- */

#define BOUNDS_TIMES 5 /* evenly spread over a run: as many as an interval needs */

/*
 * Measure the bounds again if they are due; share_done: the finished part of the run, 0 to 1. An
 * error is logged and has no other effect.
 */
void run_bounds_step(struct run *run, double share_done);
/* The bounds measured so far, merged by bounds_merge().  New reference; NULL if there are none. */
struct json_t *run_bounds_read(const char *dir);
/* Count the measurements of the bounds in the folder (--resume): 0 or a negative errno. */
int run_bounds_count(const char *dir, unsigned int *nr, struct ct_error *e);
/* A line of the file at path; NULL if it is not one of ctbench's.  New reference. */
struct json_t *run_bounds_line(const char *line, const char *path);
/*
 * The report's "bounds", and in each cell of it "footprint_bytes" and "misses": ns per operation
 * in dependent lines.
 */
void run_bounds_report(struct json_t *report, const char *dir);

/* ---- run_finish.c ---- */

/* Write all files, print tables and say how to resume.  Returns the exit status. */
int run_finish(struct run *run);

#endif
