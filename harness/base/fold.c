/* SPDX-License-Identifier: MIT */
#include "harness/base/fold.h"

#include <string.h>

/* A line that begins with this word is a command to paste, or input of a program. */
static bool is_kept(const char *word, size_t len)
{
	static const char *const commands[] = { "ctbench", "sudo", "conntrack", "$" };

	if (word[0] && strchr("{}[]\"|<#.", word[0]))
		return true;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strncmp(commands[i], word, len) && !commands[i][len])
			return true;
	return false;
}

static int put_blanks(struct fold *f, unsigned int nr)
{
	static const char blanks[] = "                                ";
	int err = 0;

	f->column += nr;
	for (unsigned int n; nr && !err; nr -= n) {
		n = nr < sizeof(blanks) - 1 ? nr : sizeof(blanks) - 1;
		err = f->write(f->arg, blanks, n);
	}
	return err;
}

/* The indentation of continuation lines. */
static void set_indent(struct fold *f)
{
	unsigned int here = f->column + f->blanks;

	if (!f->body)
		f->indent = here + 2;
	else if (f->blanks >= 2)
		f->indent = here;
	else
		return;
	if (f->indent > f->columns / 2)
		f->indent = f->body ? 4 : f->columns / 4;
}

/* Write the word, and the blanks or the new line before it. */
static int put_word(struct fold *f)
{
	int err;

	if (!f->nr)
		return 0;
	if (!f->body)
		f->keep = is_kept(f->word, f->nr);
	set_indent(f);
	if (f->body && !f->keep && f->column + f->blanks + f->width > f->columns) {
		f->column = 0;
		err = f->write(f->arg, "\n", 1);
		err = err ? err : put_blanks(f, f->indent);
	} else {
		err = put_blanks(f, f->blanks);
	}
	err = err ? err : f->write(f->arg, f->word, f->nr);
	f->column += f->width;
	f->body = true;
	f->nr = f->width = f->blanks = 0;
	return err;
}

/* A newline or tab: 0 or a negative errno. */
static int put_mark(struct fold *f, char mark)
{
	int err = put_word(f);

	if (mark == '\t') {
		err = err ? err : put_blanks(f, f->blanks);
		f->column = (f->column / 8 + 1) * 8;
	} else {
		f->column = 0;
		f->body = f->keep = false;
	}
	f->blanks = 0;
	return err ? err : f->write(f->arg, &mark, 1);
}

/* Bytes of a tone take no columns, nor do bytes of a character after its first. */
static unsigned int width_of(const struct fold *f, char c)
{
	const char *tone = memrchr(f->word, '\033', f->nr);

	if (c == '\033' || (tone && !memchr(tone, 'm', (size_t)(f->word + f->nr - tone))))
		return 0;
	return ((unsigned char)c & 0xc0) != 0x80;
}

int fold_put(struct fold *f, const char *text, size_t len)
{
	int err = 0;

	if (!f->columns)
		return f->write(f->arg, text, len);
	for (size_t i = 0; i < len && !err; i++) {
		if (text[i] == '\n' || text[i] == '\t') {
			err = put_mark(f, text[i]);
		} else if (text[i] == ' ') {
			err = put_word(f);
			f->blanks++;
		} else {
			if (f->nr == sizeof(f->word))
				err = put_word(f);
			f->width += width_of(f, text[i]);
			f->word[f->nr++] = text[i];
		}
	}
	/* A question to the user ends with a blank and has no newline. */
	err = err ? err : put_word(f);
	if (!err && f->blanks) {
		err = put_blanks(f, f->blanks);
		f->blanks = 0;
	}
	return err;
}
