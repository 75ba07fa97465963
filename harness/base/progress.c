/* SPDX-License-Identifier: MIT */
/* Progress on a terminal or in a log; see progress.h. */
#include "harness/base/progress.h"

#include "harness/base/escape.h"
#include "harness/base/terminal.h"
#include "harness/base/seconds.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUIET_SECONDS  2.0
#define REDRAW_SECONDS 0.1
#define LOGGED_SECONDS 30.0
#define LOGGED_COLUMNS 200

void progress_begin(struct progress *p, const char *what, double total)
{
	*p = (struct progress){ .what = what,
				.total = total,
				.began = seconds_now(),
				.open = true,
				.terminal = isatty(STDERR_FILENO) };
	p->interval = p->terminal ? REDRAW_SECONDS : LOGGED_SECONDS;
	p->drawn = p->terminal ? 0 : p->began;
}

char *progress_duration(char *buf, size_t size, double seconds)
{
	/* Larger numbers would not fit into an unsigned long. */
	unsigned long s = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000ul;

	if (s < 60)
		snprintf(buf, size, "%lu s", s);
	else if (s < 3600)
		snprintf(buf, size, "%lu min %02lu s", s / 60, s % 60);
	else
		snprintf(buf, size, "%lu h %02lu min", s / 3600, s / 60 % 60);
	return buf;
}

/* Cut a text of UTF-8 to at most max characters. */
static void cut(char *text, unsigned int max)
{
	unsigned int n = 0;

	for (char *c = text; *c; c++) {
		if (((unsigned char)*c & 0xc0) == 0x80)
			continue; /* inside a character */
		if (n++ == max) {
			*c = '\0';
			return;
		}
	}
}

void progress_line(const struct progress *p, double now, double done, const char *detail,
		   unsigned int width, char *buf, size_t size)
{
	double spent = now - p->began, share, left;
	char text[48], line[512];
	int n;

	*buf = '\0';
	if (spent < QUIET_SECONDS)
		return;
	if (p->total > 0 && done > 0) {
		share = done < p->total ? done / p->total : 1;
		left = spent / share - spent;
		if (!p->visible && left < QUIET_SECONDS / 4)
			return;
		n = snprintf(line, sizeof(line), "%s: %u %%, %s left", p->what,
			     (unsigned int)(100 * share),
			     progress_duration(text, sizeof(text), left));
	} else {
		n = snprintf(line, sizeof(line), "%s: %s so far", p->what,
			     progress_duration(text, sizeof(text), spent));
	}
	if (detail && n >= 0 && (size_t)n < sizeof(line))
		snprintf(line + n, sizeof(line) - (size_t)n, " (%s)", detail);
	escaped(buf, size, escape_line, line);
	/* Leave the last column free: some terminals wrap when it is written to. */
	cut(buf, width ? width - 1 : 0);
}

void progress_update(struct progress *p, double done, const char *detail)
{
	char line[512], drawn[512 + 8];
	double now;

	if (!p->open)
		return;
	now = seconds_now();
	if (now - p->drawn < p->interval)
		return;
	progress_line(p, now, done, detail,
		      p->terminal ? terminal_columns(STDERR_FILENO, 80) : LOGGED_COLUMNS, line,
		      sizeof(line));
	if (!*line)
		return;
	p->drawn = now;
	if (!p->terminal) {
		fprintf(stderr, "ctbench: %s\n", line);
		fflush(stderr);
		return;
	}
	p->visible = true;
	snprintf(drawn, sizeof(drawn), "\r%s\033[K", line);
	terminal_draw(drawn);
}

void progress_wipe(struct progress *p)
{
	if (!p->visible)
		return;
	terminal_draw("\r\033[K");
	p->visible = false;
	p->drawn = 0;
}

void progress_end(struct progress *p)
{
	progress_wipe(p);
	p->open = false;
}
