/* SPDX-License-Identifier: MIT */
#include "harness/base/escape.h"

#include "harness/base/memory.h"

#include <ctype.h>
#include <string.h>

/* ---- characters ---- */

size_t utf8_next(const char *text, size_t len, uint32_t *code)
{
	const unsigned char *p = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : 4;
	uint32_t c = p[0];

	if (n > 1) {
		if (p[0] < 0xc2 || p[0] > 0xf4)
			goto invalid;
		c &= 0x7f >> n;
	}
	for (size_t i = 1; i < n; i++) {
		if (i == len)
			return 0;
		if (p[i] >> 6 != 2)
			goto invalid;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* Overlong, a UTF-16 surrogate, or above U+10FFFF. */
	if (c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		goto invalid;
	*code = c;
	return n;
invalid:
	*code = UTF8_INVALID;
	return 1;
}

bool utf8_shown(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} acting[] = {
		{ 0, 0x1f },
		{ 0x7f, 0x9f }, /* C0, DEL, C1 */
		{ 0x61c, 0x61c },
		{ 0x200e, 0x200f }, /* direction marks */
		{ 0x2028, 0x202e }, /* line separators, directions */
		{ 0x2066, 0x2069 }, /* isolates of a direction */
		{ 0xfdd0, 0xfdef },
		{ 0xfeff, 0xfeff }, /* noncharacters; byte order mark */
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f }, /* annotations; tags */
		{ 0x110000, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof(acting) / sizeof(acting[0]); i++)
		if (c >= acting[i].from && c <= acting[i].to)
			return false;
	return (c & 0xfffe) != 0xfffe;
}

size_t utf8_visible(char buf[ESCAPED_MAX], uint32_t code, unsigned char byte)
{
	int n;

	/* As in JSON strings, so that JSON output stays valid. */
	if (code == UTF8_INVALID)
		n = snprintf(buf, ESCAPED_MAX, "\\x%02x", byte);
	else if (code < 0x10000)
		n = snprintf(buf, ESCAPED_MAX, "\\u%04x", (unsigned int)code);
	else
		n = snprintf(buf, ESCAPED_MAX, "\\u%04x\\u%04x",
			     (unsigned int)(0xd7c0 + (code >> 10)),
			     (unsigned int)(0xdc00 | (code & 0x3ff)));
	return (size_t)n;
}

bool text_is_plain(const char *text)
{
	for (size_t left = strlen(text), n; left; text += n, left -= n) {
		uint32_t code;

		n = utf8_next(text, left, &code);
		if (!n || !utf8_shown(code))
			return false;
	}
	return true;
}

/* ---- targets ---- */

/* The characters with a meaning in the target's syntax, and what replaces them. */
struct target {
	const char *special;	/* characters */
	const char *instead[4]; /* the replacement of each */
	const char *newline;	/* its replacement; NULL: a blank */
	/* Used in place of the above where that is not enough; both may be NULL. */
	void (*put)(FILE *out, const char *p, size_t n);
	void (*bad)(FILE *out, uint32_t code, unsigned char byte);
};

/* Writes a character that may be shown. */
static void put(FILE *out, const struct target *t, const char *p, size_t n)
{
	const char *at = t->special ? strchr(t->special, *p) : NULL;

	if (t->put)
		t->put(out, p, n);
	else if (at)
		fputs(t->instead[at - t->special], out);
	else
		fwrite(p, 1, n, out);
}

/* Writes the replacement of a character that may not be shown. */
static void replace(FILE *out, const struct target *t, uint32_t code, unsigned char byte)
{
	if (t->bad)
		t->bad(out, code, byte);
	else if (code == '\n' && t->newline)
		fputs(t->newline, out);
	else
		fputs(code == '\n' || code == '\t' ? " " : "\xef\xbf\xbd", out);
}

/* Writes the whole text, character by character. */
static void each(FILE *out, const char *text, const struct target *t)
{
	for (size_t left = strlen(text), n; left; text += n, left -= n) {
		uint32_t code;

		n = utf8_next(text, left, &code);
		if (!n) {
			n = 1;
			code = UTF8_INVALID;
		}
		if (utf8_shown(code))
			put(out, t, text, n);
		else
			replace(out, t, code, (unsigned char)*text);
	}
}

static const struct target as_it_is = { .special = NULL };

static void visible(FILE *out, uint32_t code, unsigned char byte)
{
	char buf[ESCAPED_MAX];

	fwrite(buf, 1, utf8_visible(buf, code, byte), out);
}

void escape_line(FILE *out, const char *text)
{
	each(out, text, &(const struct target){ .bad = visible });
}

static const struct target html = {
	.special = "&<>\"",
	.instead = { "&amp;", "&lt;", "&gt;", "&quot;" },
};

void escape_html(FILE *out, const char *text)
{
	each(out, text, &html);
}

static void put_markdown(FILE *out, const char *p, size_t n)
{
	/* Markdown passes HTML through, and GitHub notifies the user named after '@'. */
	if (*p == '&' || *p == '<' || *p == '>')
		put(out, &html, p, n);
	else if (*p == '@')
		fputs("&#64;", out);
	/* A lone ']' is harmless; before one of these it would end the text of a link. */
	else if (strchr("\\`*|~", *p) || (*p == ']' && p[1] && strchr("([:", p[1])))
		fprintf(out, "\\%c", *p);
	else
		fwrite(p, 1, n, out);
}

void escape_markdown(FILE *out, const char *text)
{
	each(out, text, &(const struct target){ .put = put_markdown });
}

void escape_markdown_code(FILE *out, const char *text)
{
	size_t longest = 0;

	/* The delimiter is one backquote longer than any row of them in the text. */
	for (const char *p = text; (p = strchr(p, '`'));) {
		size_t row = strspn(p, "`");

		longest = row > longest ? row : longest;
		p += row;
	}
	for (size_t i = 0; i <= longest; i++)
		fputc('`', out);
	if (longest)
		fputc(' ', out);
	each(out, text, &as_it_is);
	if (longest)
		fputc(' ', out);
	for (size_t i = 0; i <= longest; i++)
		fputc('`', out);
}

/*
 * Inside single quotes gnuplot interprets nothing but the quote itself.  A quote is written in
 * double quotes and joined with '.'; a doubled quote would end the string if it were its first
 * character.  Double quotes alone would not do: gnuplot executes backquoted text in them.
 */
void escape_gnuplot(FILE *out, const char *text)
{
	static const struct target quoted = {
		.special = "'",
		.instead = { "'.\"'\".'" },
		.newline = "'.\"\\n\".'",
	};

	fputc('\'', out);
	each(out, text, &quoted);
	fputc('\'', out);
}

void escape_gnuplot_comment(FILE *out, const char *text)
{
	size_t len = strlen(text);

	each(out, text, &as_it_is);
	/* A backslash at the end would continue the comment on the next line. */
	if (len && text[len - 1] == '\\')
		fputc(' ', out);
}

void escape_gnuplot_data(FILE *out, const char *text)
{
	static const struct target quoted = {
		.special = "\"\\",
		.instead = { "'", "\\\\" },
		.newline = "\\n",
	};

	fputc('"', out);
	each(out, text, &quoted);
	fputc('"', out);
}

void escape_file_name(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		bool fits = isalnum((unsigned char)*p) || *p == '_' ||
			    (p != text && (*p == '-' || *p == '.'));

		fputc(fits ? *p : '_', out);
	}
	if (!*text)
		fputc('_', out);
}

/*
 * The bytes of a character's UTF-8: shells turn \u into characters only where the locale has them.
 */
static void bad_shell(FILE *out, uint32_t code, unsigned char byte)
{
	unsigned int more = code < 0x80 || code == UTF8_INVALID ? 0
			    : code < 0x800			? 1
			    : code < 0x10000			? 2
								: 3;

	fprintf(out, "\\x%02x", byte);
	while (more--)
		fprintf(out, "\\x%02x", 0x80 | (code >> 6 * more & 0x3f));
}

void escape_shell(FILE *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+-./:=@_,";
	static const struct target quoted = {
		.special = "'",
		.instead = { "'\\''" },
	};
	/* Between $' and ': the notation of shells for characters that cannot be typed. */
	static const struct target odd = {
		.special = "'\\",
		.instead = { "\\'", "\\\\" },
		.bad = bad_shell,
	};
	const bool whole = text_is_plain(text);

	/* zsh expands a leading '=' to the path of a program. */
	if (*text && *text != '=' && !text[strspn(text, plain)]) {
		fputs(text, out);
		return;
	}
	fputs(whole ? "'" : "$'", out);
	each(out, text, whole ? &quoted : &odd);
	fputc('\'', out);
}

void escape_shell_path(FILE *out, const char *path)
{
	if (*path == '-')
		fputs("./", out);
	escape_shell(out, path);
}

void escape_tsv(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, out);
}

char *escaped(char *buf, size_t size, void (*escape)(FILE *out, const char *text), const char *text)
{
	FILE *out = fmemopen(buf, size, "w");
	size_t end, at;

	if (!out)
		memory_end();
	buf[0] = '\0';
	escape(out, text);
	fclose(out);
	buf[size - 1] = '\0';
	/* If it did not fit, the last character may be incomplete. */
	end = strlen(buf);
	for (at = end; at && end - at < UTF8_MAX;) {
		uint32_t code;

		if (((unsigned char)buf[--at] & 0xc0) == 0x80)
			continue;
		if (!utf8_next(buf + at, end - at, &code))
			buf[at] = '\0';
		break;
	}
	return buf;
}
