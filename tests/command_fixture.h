/* SPDX-License-Identifier: MIT */
/*
 * For tests that run a command in a folder of their own and read what it says.
 * There is one folder and one thing said at a time, for the whole test program;
 * one thread.  What cannot be done fails the running test, with its reason.
 */
#ifndef CTBENCH_TESTS_COMMAND_FIXTURE_H
#define CTBENCH_TESTS_COMMAND_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SAID_MAX (1 << 23)

/* What the last command left behind: by call_command(), program_finish() and what calls them. */
struct said {
	int status;		/* exit status; of a program that a signal ended 128 + signal */
	char out[SAID_MAX], err[SAID_MAX];
	long peak_kib;		/* memory of a program and its children */
};
extern struct said said;

/* ---- the folder and its files; paths are relative to it ---- */

/* Make /tmp/ctbench-TEST-*, and go there.  For a group's setup: 0, or -1. */
int own_folder_enter(const char *test);

/* A group's teardown: back to where we were; the folder and all in it are gone. */
int own_folder_leave(void **state);

/* Its file's absolute path, for the next three calls. */
const char *own_path(const char *name);

void write_bytes(const char *path, const void *data, size_t size);
void write_text(const char *path, const char *text);

/* A whole file into text, which ends with a zero; returns its length.  It must fit. */
size_t read_text(const char *path, char *text, size_t size);

/* Remove path and what is in it, if it is there.  For a test's setup: 0, or -1. */
int remove_all(const char *path);

/* ---- commands ---- */

/*
 * A command of ctbench's in this process, so that it may measure what a test
 * makes up.  arguments: words with blanks between; name: argv[0].  Its outputs
 * stay in the files out and err.  Returns what it returns.
 */
int call_command(int (*command)(int argc, char **argv), const char *name, const char *arguments);

struct program_limits {
	uint64_t address_space;	/* bytes; 0: no limit */
	uid_t user;		/* 0: who we are */
};

/* A program that hangs is ended after so long; 120 unless a test says otherwise. */
extern unsigned int program_seconds;

/*
 * ctbench itself with arguments up to NULL, in a process of its own.  One at a
 * time: program_finish() waits for it, fills said and returns its status.
 */
pid_t program_start(const struct program_limits *limits, char *const *args);
int program_finish(pid_t pid);

int program_run(const struct program_limits *limits, char *const *args);
#define RUN_LIMITED(limits, ...) program_run(limits, (char *[]){ __VA_ARGS__, NULL })
#define RUN(...) RUN_LIMITED(&(struct program_limits){ 0 }, __VA_ARGS__)

/*
 * ctbench COMMAND with arguments up to NULL, and --buckets N if they name no
 * number of buckets, nor ask for help; N may be NULL.
 */
int run_sized(const char *command, const char *const *args, const char *buckets);

/* ctbench with words of a formatted line, with blanks between. */
int run_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- what is said ---- */

/* Fails, with the whole text, if part is not in it. */
void expect(const char *text, const char *part);

/* Whether pictures can be drawn; if not, says that the test is skipped. */
bool have_gnuplot(void);

#endif
