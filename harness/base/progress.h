/* SPDX-License-Identifier: MIT */
/*
 * One line on the terminal about something that takes long: how far it is and
 * how long it will still take.
 *
 *	struct progress p;
 *
 *	progress_begin(&p, "reading FILE", size_in_bytes);
 *	while (...)
 *		progress_update(&p, bytes_done, NULL);
 *	progress_end(&p);
 *
 * Nothing appears where standard error is no terminal, nor in the first two
 * seconds, nor when all would be over soon after; the line is redrawn at most
 * ten times a second and wiped at the end.  An update that draws nothing costs
 * a look at the clock.
 *
 * Thread-safety: one thread per struct progress.  Whoever prints on the
 * terminal meanwhile calls progress_wipe() first.
 */
#ifndef CTBENCH_HARNESS_BASE_PROGRESS_H
#define CTBENCH_HARNESS_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
	const char *what; /* what goes on, in two or three words; kept, not copied */
	double total; /* all that is to do, in any unit: bytes, expected seconds; 0: not known */
	double began, drawn; /* seconds on a clock that never goes back */
	bool terminal;
	bool visible; /* a line stands there now */
};

void progress_begin(struct progress *p, const char *what, double total);

/* done of total is done; detail (may be NULL) says what is being done now. */
void progress_update(struct progress *p, double done, const char *detail);

/* Wipe the line, so that others can print; the next update draws it again. */
void progress_wipe(struct progress *p);

/* It is over.  Also right after progress_begin() and twice. */
void progress_end(struct progress *p);

/*
 * The line itself, of at most size - 1 bytes and width - 1 characters:
 * "reading mix.pcap: 42 %, 1 min 05 s left (detail)".  now is on the clock of
 * began.  An empty line where it is too early to show one.
 */
void progress_line(const struct progress *p, double now, double done, const char *detail,
		   unsigned int width, char *buf, size_t size);

/* "7 s", "1 min 05 s", "2 h 03 min"; returns buf. */
char *progress_duration(char *buf, size_t size, double seconds);

#endif
