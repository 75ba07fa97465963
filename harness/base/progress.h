/* SPDX-License-Identifier: MIT */
/*
 * Progress on standard error: how much is done, and how long the rest will take.
 *
 *	struct progress p;
 *
 *	progress_begin(&p, "reading FILE", size_in_bytes);
 *	while (...)
 *		progress_update(&p, bytes_done, NULL);
 *	progress_end(&p);
 *
 * On a terminal it is one line, redrawn at most ten times a second and erased at the end.  In a log
 * or CI a line is appended every 30 seconds, which shows that a long run is still alive.
 * Nothing is shown in the first two seconds, or if the end is near.  An update that shows nothing
 * costs one reading of the clock.
 *
 * Thread-safety: one thread per struct progress.  Call progress_wipe() before you print on the
 * terminal.
 */
#ifndef CTBENCH_HARNESS_BASE_PROGRESS_H
#define CTBENCH_HARNESS_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
	const char *what;    /* two or three words; the pointer is kept */
	double total;	     /* of the work, in any unit: bytes, expected seconds; 0: unknown */
	double began, drawn; /* seconds of a monotonic clock */
	double interval;     /* seconds between two lines, or two drawings of the line */
	bool open;	     /* from progress_begin() to progress_end() */
	bool terminal;
	bool visible; /* the line is on the terminal now */
};

void progress_begin(struct progress *p, const char *what, double total);

/* So much of the total is done; detail (may be NULL) names the current part. */
void progress_update(struct progress *p, double done, const char *detail);

/* Wipe the line, so that others can print; the next update draws it again. */
void progress_wipe(struct progress *p);

/* Wipe the line for good; may be called at any time, and twice. */
void progress_end(struct progress *p);

/*
 * The line itself, of at most size - 1 bytes and width - 1 characters:
 * "reading mix.pcap: 42 %, 1 min 05 s left (detail)".  now is a time of the same clock as began.
 * The line is empty if it is too early to show one.
 */
void progress_line(const struct progress *p, double now, double done, const char *detail,
		   unsigned int width, char *buf, size_t size);

/* "7 s", "1 min 05 s", "2 h 03 min"; returns buf. */
char *progress_duration(char *buf, size_t size, double seconds);

#endif
