/* SPDX-License-Identifier: MIT */
#include "harness/base/terminal.h"

#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/base/fold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

static const char *const tones[] = {
	[TONE_PLAIN] = "\033[0m", [TONE_HEAD] = "\033[1m", [TONE_DIM] = "\033[2m",
	[TONE_GOOD] = "\033[32m", [TONE_BAD] = "\033[31m", [TONE_NOTE] = "\033[33m",
};
#define NR_TONES (sizeof(tones) / sizeof(tones[0]))

static bool tones_allowed;

void terminal_allow_tones(void)
{
	tones_allowed = true;
}

const char *terminal_tone(enum tone tone)
{
	return tones[tone];
}

unsigned int terminal_columns(int fd, unsigned int otherwise)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col ? otherwise : size.ws_col;
}

bool terminal_colour(int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(fd) && (!no_color || !*no_color) && term && strcmp(term, "dumb");
}

int terminal_divert(void)
{
	int out;

	fflush(stdout);
	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	return out;
}

void terminal_restore(int diverted)
{
	fflush(stdout);
	if (diverted < 0)
		return;
	dup2(diverted, STDOUT_FILENO);
	close(diverted);
}

void terminal_draw(const char *text)
{
	fflush(stderr);
	file_write_all(STDERR_FILENO, text,
		       strlen(text)); /* losing a line of progress does no harm */
}

/* A stream's other side. */
struct filter {
	int fd;
	char in[2048]; /* not written yet: at most the beginning of a character or tone */
	size_t nr_in;
	struct fold fold;
};

static int write_out(void *arg, const char *text, size_t len)
{
	const struct filter *f = arg;

	return file_write_all(f->fd, text, len);
}

/* The length of the tone that text begins with; 0: none; -1: more bytes are needed. */
static int tone_at(const char *text, size_t len)
{
	for (size_t i = 0; i < NR_TONES && tones_allowed; i++) {
		size_t n = strlen(tones[i]);

		if (!memcmp(text, tones[i], n < len ? n : len))
			return n <= len ? (int)n : -1;
	}
	return 0;
}

/*
 * What begins at text, as it is to be written: at most ESCAPED_MAX bytes in shown.  Returns how
 * many bytes of text it is; 0: more are needed.
 */
static size_t pass(const char *text, size_t len, char shown[ESCAPED_MAX], size_t *nr_shown)
{
	int tone = *text == '\033' ? tone_at(text, len) : 0;
	uint32_t code = 0;
	size_t n;

	if (tone < 0)
		return 0;
	n = tone ? (size_t)tone : utf8_next(text, len, &code);
	if (tone || code == '\n' || code == '\t' || (n && utf8_shown(code))) {
		memcpy(shown, text, n);
		*nr_shown = n;
	} else if (n) {
		*nr_shown = utf8_visible(shown, code, (unsigned char)*text);
	}
	return n;
}

/* Write what is in f->in; the beginning of a character stays there. */
static int drain(struct filter *f)
{
	char out[2048 + ESCAPED_MAX];
	size_t at = 0, nr_out = 0, n, nr_shown;
	int err = 0;

	while (at < f->nr_in && (n = pass(f->in + at, f->nr_in - at, out + nr_out, &nr_shown))) {
		at += n;
		nr_out += nr_shown;
		if (nr_out + ESCAPED_MAX > sizeof(out)) {
			err |= fold_put(&f->fold, out, nr_out);
			nr_out = 0;
		}
	}
	f->nr_in -= at;
	memmove(f->in, f->in + at, f->nr_in);
	return fold_put(&f->fold, out, nr_out) | err;
}

static ssize_t filter_write(void *cookie, const char *text, size_t len)
{
	struct filter *f = cookie;

	/* Messages are not folded, because they may contain a command to paste. */
	if (f->fd == STDOUT_FILENO)
		f->fold.columns = terminal_columns(f->fd, 0);
	for (size_t taken = 0, n; taken < len; taken += n) {
		n = sizeof(f->in) - f->nr_in;
		n = n < len - taken ? n : len - taken;
		memcpy(f->in + f->nr_in, text + taken, n);
		f->nr_in += n;
		if (drain(f))
			return 0;
	}
	return (ssize_t)len;
}

static FILE *filtered(struct filter *f, int fd, int buffering)
{
	FILE *stream = fopencookie(f, "w", (cookie_io_functions_t){ .write = filter_write });

	f->fd = fd;
	f->fold = (struct fold){ .write = write_out, .arg = f };
	if (stream)
		setvbuf(stream, NULL, buffering, 0);
	return stream;
}

int terminal_filter(void)
{
	static struct filter filters[2];
	FILE *out = filtered(&filters[0], STDOUT_FILENO, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
	FILE *err = filtered(&filters[1], STDERR_FILENO, _IONBF);

	if (!out || !err)
		return -ENOMEM;
	stdout = out;
	stderr = err;
	return 0;
}
