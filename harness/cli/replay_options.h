/* SPDX-License-Identifier: MIT */
/*
 * Shared by the commands that send a capture through the hooks: options, and the run from the first
 * packet to the last.
 */
#ifndef CTBENCH_HARNESS_CLI_REPLAY_OPTIONS_H
#define CTBENCH_HARNESS_CLI_REPLAY_OPTIONS_H

#include "harness/cli/cmd.h"
#include "harness/replay/replay.h"

#define REPLAY_COMMAND_SETS 64

/* The options; a command's request begins with a struct replay_command. */
extern const struct cmd_option replay_command_options[];

struct replay_command {
	const char *file;
	const char *scenario_path;
	struct replay_options options;
	unsigned int clock; /* index of the choices of --clock */
	struct {
		char *name;
		uint64_t value;
	} sets[REPLAY_COMMAND_SETS];
	size_t nr_sets;
};

#define REPLAY_COMMAND_DEFAULTS \
	{ \
		.options = {.buckets = REPLAY_BUCKETS } \
	}

void replay_command_free(struct replay_command *c);

/*
 * A command's functions for a run. Functions return 0 to continue, 1 to stop, or a negative errno
 * of the output, for which replay_command_run() writes the sentence.
 */
struct replay_visitor {
	/* Before packet p; may be NULL. */
	int (*before)(void *arg, struct replay *r, const struct capture_packet *p);
	/* The result of a packet, or of a held one that was released (res->released). */
	int (*took)(void *arg, struct replay *r, struct replay_result *res);
	/* Before the scenario releases the held packet i; may be NULL. */
	int (*releasing)(void *arg, struct replay *r, uint64_t i);
	/* The scenario emptied the table; may be NULL. */
	int (*flushed)(void *arg, struct replay *r);
	/*
	 * After the last packet, or after some packets and before damage in the capture.  The
	 * replay still exists.
	 */
	int (*end)(void *arg, struct replay *r);
	/* Append counts so far to the line of progress; may be NULL. */
	void (*so_far)(void *arg, struct replay *r, char *buf, size_t size);
	void *arg;
	bool quiet; /* show no progress: the command prints a line per packet */
};

/*
 * Replays the command's capture with its scenario and settings: 0, or a negative errno with a
 * sentence in e.
 */
int replay_command_run(const struct replay_command *c, const struct replay_visitor *v,
		       struct ct_error *e);

#endif
