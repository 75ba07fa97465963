/* SPDX-License-Identifier: MIT */
/* Shared by the files of torture/; not for other rooms. */
#ifndef CTBENCH_HARNESS_TORTURE_INTERNAL_H
#define CTBENCH_HARNESS_TORTURE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "harness/numbers/random.h"
#include "harness/torture/torture.h"

enum key_kind { FIXED, LEDGER, SHORT, NEVER, KINDS };
static const char *const kind_names[KINDS] = { "fixed", "ledger", "short", "absent" };

#define KEYS_MAX    2000u /* of a kind */
#define HELD	    8u	  /* entries that a reader holds; a power of two */
#define ACTORS_MAX  8u
#define SHORT_TICKS (2 * NF_CT_HZ)
#define LONG_TICKS  (1u << 30) /* beyond what time passes here */

struct scene_plan {
	const char *name;
	uint64_t buckets;
	uint32_t keys; /* of each kind */
	bool resizes, limited;
	enum { EVERYTHING, HISTORIES, STORM } what;
};

struct scene {
	const struct ct_variant *variant;
	struct ct_core *core;
	struct net *net;
	uint64_t seed, rounds;
	unsigned int patience; /* seconds until a thread is stuck */
	uint32_t keys[KINDS];
	bool resizes;
	_Atomic bool stop;
	_Atomic unsigned int resizing; /* odd: one is under way */
	_Atomic int ledger[KEYS_MAX];  /* inserts less deletes */
	_Atomic unsigned int faults;
	char fault[200]; /* the first */
};

struct actor {
	struct scene *scene;
	pthread_t thread;
	unsigned int cpu;
	void (*role)(struct actor *a);
	struct rng rng;
	struct torture_counts counts;
};

/* What a walk met. */
struct torture_seen {
	struct scene *s;
	uint32_t fixed, ledger, all;
	uint8_t times[KEYS_MAX];
};

/* ---- actors.c ---- */

/* Any thread. */
__attribute__((format(printf, 2, 3))) void torture_fault(struct scene *s, const char *fmt, ...);

struct nf_conntrack_tuple torture_tuple(enum key_kind kind, uint32_t i);
/* 0 or the error of alloc or insert; keeps only the table's reference. */
int torture_insert(struct scene *s, enum key_kind kind, uint32_t i, uint32_t ticks);

/* The entry of a key, by one of its directions, with a reference; NULL: not there. */
struct nf_conn *torture_find(struct scene *s, enum key_kind kind, uint32_t i, unsigned int dir);
/* Walks over the whole table, which must meet every fixed key once. */
void torture_walk(struct scene *s, struct torture_seen *seen);

/* The function of a thread until scene->stop. */
typedef void torture_role(struct actor *a);
torture_role torture_reader, torture_writer, torture_storm, torture_bursts, torture_manager;

/* Up to CT_BURST packets of fixed and short keys, by either direction, through all hooks. */
void torture_burst(struct actor *a);

/* ---- torture.c ---- */

/* Makes the table and its fixed keys.  Call torture_close() also after an error. */
int torture_open(struct scene *s, const struct torture *t, const struct scene_plan *plan,
		 struct ct_error *e);
/* Removes all entries and destroys the table. */
void torture_close(struct scene *s);

/*
 * Threads with these roles, fewer than ACTORS_MAX, for a while; before they are stopped,
 * before_end, unless NULL, is called.  0 or a negative errno (no thread).
 */
int torture_act(struct scene *s, torture_role *const *roles, unsigned int nr, double seconds,
		void (*before_end)(struct scene *s, void *arg), void *arg,
		struct torture_counts *counts);
/*
 * A watchdog: if this is not called again within the scene's patience plus so many seconds, the
 * process ends with a sentence.  Then a thread, or the caller, waits for ever for a lock or the end
 * of a grace period, and no other thread could end that.
 */
void torture_alive(const struct scene *s, double seconds);
/* By the monotonic clock. */
double torture_seconds_since(const struct timespec *begin);
/* In a quiet moment: counts, ledger, walk and live entries agree. */
void torture_compare(struct scene *s);
/* The sentence about the first fault of a scene; 0 if there was none. */
int torture_verdict(const struct scene *s, const char *scene, struct ct_error *e);

/* ---- history.c ---- */

/* Rounds of recorded operations on few keys, each checked; 0 or a negative errno. */
int torture_histories(struct scene *s, double seconds, struct torture_counts *counts);

/* ---- soak.c ---- */

#define SOAK_FIGURES	 5u /* of each sample */
#define SOAK_SAMPLES_MAX 240u

/*
 * Which of the figures grew over the last three quarters of nr samples, as a sentence; "": none.
 * 0 or a negative errno (no memory, too few samples).
 */
int torture_soak_judge(const double (*values)[SOAK_SAMPLES_MAX], unsigned int nr, char *says,
		       size_t size);

#endif
