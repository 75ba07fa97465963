/* SPDX-License-Identifier: MIT */
/*
 * Pictures for a page that has many of them. gnuplot uses the same ids in every picture, which must
 * be unique within a page; and it writes a group for each change of pen, most of them empty,
 * default attributes, and all its marks. Without these a picture is a third as large.
 */
#include "harness/show/report/report.h"

#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/base/memory.h"
#include "harness/show/plot/plot.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

static char *read_file(const char *path)
{
	FILE *in = file_read(path, PICTURE_MAX), *copy;
	char *text = NULL, buf[4096];
	size_t len = 0, n;

	if (!in)
		return NULL;
	copy = memory_stream(&text, &len);
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, copy);
	memory_stream_close(copy, &text);
	if (ferror(in)) {
		free(text);
		text = NULL;
	}
	fclose(in);
	return text;
}

/* ---- inside a tag ---- */

/* Shorter forms of attributes; plots/report.css has the classes. */
static const struct {
	const char *from, *to;
} shorter[] = {
	{ " fill=\"none\" color=\"black\" stroke=\"currentColor\"", " class=\"k\"" },
	{ " stroke-linecap=\"butt\"", "" },
	{ " stroke-linejoin=\"miter\"", "" },
	{ " stroke-width=\"1.00\"", "" },
	{ " stroke=\"none\" fill=\"rgb(51,51,51)\" font-family=\"sans-serif\" font-size=\"12.00\"",
	  " class=\"t\"" },
	{ " font-family=\"sans-serif\"", "" },
	{ " text-anchor=\"start\"", "" },
	{ " class=\"gridline\"", "" },
	{ "xlink:href", "href" },
	{ " = '", "='" },
};

/* Text before an id, or before a reference to one. */
static const char *const before_id[] = { " id='", " id=\"", "href='#", "href=\"#", "url(#" };

/* Text before coordinates in pixels; a tenth of one is enough. */
static const char *const before_pixels[] = { " d='", "points='", "translate(", " x='", " y='" };

static size_t starts(const char *p, const char *const *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strncmp(p, list[i], strlen(list[i])))
			return strlen(list[i]);
	return 0;
}

#define STARTS(p, list) starts(p, list, sizeof(list) / sizeof((list)[0]))

/* A number with decimals at p, in fewer digits; returns its length, or 0: there is none. */
static size_t number(FILE *out, const char *p, bool pixels)
{
	size_t whole = strspn(p, "0123456789"), decimals;
	char text[64];

	if (!whole || p[whole] != '.')
		return 0;
	decimals = strspn(p + whole + 1, "0123456789");
	if (!decimals || whole + decimals > 40)
		return 0;
	snprintf(text, sizeof(text), "%.*f", pixels ? 1 : (int)decimals, strtod(p, NULL));
	for (size_t n = strlen(text); text[n - 1] == '0' || text[n - 1] == '.';) {
		bool point = text[--n] == '.';

		text[n] = '\0';
		if (point)
			break;
	}
	fputs(text, out);
	return whole + 1 + decimals;
}

/* rgb(119, 119, 119) at p as #777777; returns its length, or 0. */
static size_t colour(FILE *out, const char *p)
{
	unsigned int r, g, b;
	int len = 0;

	if (strncmp(p, "rgb(", 4) || sscanf(p, "rgb(%3u , %3u , %3u )%n", &r, &g, &b, &len) != 3 ||
	    !len || r > 255 || g > 255 || b > 255)
		return 0;
	if (r % 17 || g % 17 || b % 17)
		fprintf(out, "#%02x%02x%02x", r, g, b);
	else
		fprintf(out, "#%x%x%x", r / 17, g / 17, b / 17);
	return (size_t)len;
}

static size_t replaced(FILE *out, const char *p)
{
	for (size_t i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++)
		if (!strncmp(p, shorter[i].from, strlen(shorter[i].from))) {
			fputs(shorter[i].to, out);
			return strlen(shorter[i].from);
		}
	return 0;
}

/* Can no number begin behind this character?  One can behind "M" and "L". */
static bool in_word(char last)
{
	return last == '.' || (isalnum((unsigned char)last) && !strchr("ML", last));
}

/* The form of a tag after all replacements of texts, so that numbers are found in one form. */
static void write_tag(FILE *out, const char *tag, size_t len, const char *prefix)
{
	char *text = NULL;
	size_t size = 0, n;
	FILE *copy = memory_stream(&text, &size);
	bool pixels = false;

	for (const char *p = tag; p < tag + len; p += n) {
		n = isspace((unsigned char)*p) && isspace((unsigned char)p[1]) ? 1
									       : replaced(copy, p);
		if (!n && isspace((unsigned char)*p)) {
			n = 1;
			if (!strchr("'\"/>", p[1]))
				fputc(' ', copy);
		} else if (!n) {
			fputc(*p, copy);
			n = 1;
		}
	}
	memory_stream_close(copy, &text);
	for (const char *p = text; *p; p += n) {
		const char last = p > text ? p[-1] : '\0';

		pixels = pixels ? !strchr("'\")", *p) : false;
		if ((n = STARTS(p, before_id))) {
			fwrite(p, 1, n, out);
			fputs(prefix, out);
		} else if ((n = STARTS(p, before_pixels))) {
			fwrite(p, 1, n, out);
			pixels = true;
		} else if (!(n = colour(out, p)) &&
			   (in_word(last) || !(n = number(out, p, pixels)))) {
			fputc(*p, out);
			n = 1;
		}
	}
	free(text);
}

/* ---- the elements ---- */

struct copy {
	FILE *out;
	const char *prefix;
	struct {
		const char *tag;
		size_t len;
	} open[DEPTH_MAX];  /* elements around p */
	size_t nr, written; /* of these the tags that are in out already */
};

static bool is(const char *tag, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(tag + 1, name, n) && !isalnum((unsigned char)tag[1 + n]);
}

/* The end of the tag at p, behind its '>'. */
static const char *tag_end(const char *p)
{
	char quote = '\0';

	for (; *p; p++) {
		if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '>')
			return p + 1;
	}
	return p;
}

static void flush(struct copy *c)
{
	for (; c->written < c->nr; c->written++)
		write_tag(c->out, c->open[c->written].tag, c->open[c->written].len, c->prefix);
}

/* A path that only moves the pen. */
static bool draws_nothing(const char *tag, size_t len)
{
	const char *d = memmem(tag, len, " d='", 4), *end;

	if (!is(tag, "path") || !d)
		return false;
	end = memchr(d + 4, '\'', len - (size_t)(d + 4 - tag));
	return end && !memchr(d, 'L', (size_t)(end - d)) && !memchr(d, 'h', (size_t)(end - d)) &&
	       !memchr(d, 'l', (size_t)(end - d));
}

/* Is the id of the definition at `def` used behind the definitions, or by a used definition? */
static bool is_used(const char *def, const char *from, const char *to, int depth)
{
	const char *id = strstr(def, " id='"), *end = tag_end(def);
	char name[64], reference[2][80];

	if (!id || id >= end || sscanf(id, " id='%60[^']", name) != 1)
		return true;
	snprintf(reference[0], sizeof(reference[0]), "#%s'", name);
	snprintf(reference[1], sizeof(reference[1]), "#%s)", name);
	for (int i = 0; i < 2; i++)
		if (strstr(to, reference[i]))
			return true;
	for (const char *p = end; depth && p < to && (p = strchr(p, '<')) && p < to; p = tag_end(p))
		if (memmem(p, (size_t)(tag_end(p) - p), reference[0], strlen(reference[0])) &&
		    is_used(p, from, to, depth - 1))
			return true;
	return false;
}

/* The definitions from p on that are used; returns where they end. */
static const char *definitions(struct copy *c, const char *p)
{
	const char *end = strstr(p, "</defs>"), *first = p = tag_end(p), *next, *close;
	size_t kept = 0;

	if (!end)
		return p;
	while ((p = strchr(p, '<')) && p < end) {
		next = tag_end(p);
		if (next[-2] != '/') { /* with elements inside: a filter */
			char name[32];

			sscanf(p, "<%29[a-zA-Z]", name);
			close = strstr(next, "</");
			while (close && close < end && strncmp(close + 2, name, strlen(name)) != 0)
				close = strstr(close + 2, "</");
			next = close && close < end ? tag_end(close) : end;
		}
		if (is_used(p, first, end, 3)) {
			if (!kept++) {
				flush(c);
				fputs("<defs>", c->out);
			}
			while (p < next) {
				const char *after = tag_end(p);

				write_tag(c->out, p, (size_t)(after - p), c->prefix);
				p = strchr(after, '<');
				p = p ? p : next;
			}
		}
		p = next;
	}
	if (kept)
		fputs("</defs>", c->out);
	return end + strlen("</defs>");
}

/* An element's start or end, or an empty element; returns where it ends. */
static const char *element(struct copy *c, const char *p)
{
	const char *end = tag_end(p), *behind;

	if (!strncmp(p, "<!--", 4)) {
		behind = strstr(p, "-->");
		return behind ? behind + 3 : end;
	}
	if (is(p, "desc") && (behind = strstr(p, "</desc>")))
		return behind + strlen("</desc>");
	if (is(p, "defs") && end[-2] != '/')
		return definitions(c, p);
	if (p[1] == '/') {
		if (c->nr && c->written == c->nr)
			c->written--;
		else if (c->nr) { /* nothing was in it */
			c->nr--;
			return end;
		}
		c->nr -= c->nr > 0;
		fwrite(p, 1, (size_t)(end - p), c->out);
	} else if (end[-2] == '/') {
		if (draws_nothing(p, (size_t)(end - p)))
			return end;
		flush(c);
		write_tag(c->out, p, (size_t)(end - p), c->prefix);
	} else {
		if (c->nr == DEPTH_MAX)
			return NULL;
		c->open[c->nr].tag = p;
		c->open[c->nr++].len = (size_t)(end - p);
		if (!is(p, "g") && !is(p, "text"))
			flush(c);
	}
	return end;
}

/* Text is content only in <text> and <title>. */
static const char *text(struct copy *c, const char *p)
{
	size_t len = strcspn(p, "<");
	bool inside = c->nr && (!is(c->open[c->nr - 1].tag, "g"));

	if (inside || strspn(p, " \t\n") < len) {
		flush(c);
		fwrite(p, 1, len, c->out);
	}
	return p + len;
}

int report_svg(FILE *out, const char *path, const char *prefix, const char *label,
	       struct ct_error *e)
{
	static const char gnuplots[] = "<title>Gnuplot</title>";
	struct copy c = { .out = out, .prefix = prefix };
	char *all = read_file(path);
	const char *p, *end;

	if (!all)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot read the picture '%.500s': %s",
			       path, strerror(errno));
	p = strstr(all, "<svg");
	if (p) {
		fputs("<svg role=\"img\" aria-label=\"", out);
		escape_html(out, label);
		fputs("\"", out);
		p += strlen("<svg");
		end = tag_end(p);
		write_tag(out, p, (size_t)(end - p), prefix);
		p = end;
	}
	while (p && *p) {
		if (!strncmp(p, gnuplots, strlen(gnuplots))) /* a tooltip in browsers */
			p += strlen(gnuplots);
		else
			p = *p == '<' ? element(&c, p) : text(&c, p);
	}
	free(all);
	return p ? 0
		 : ct_user_error(e,
				 "'%.500s' is not an SVG picture: draw it again with 'ctbench "
				 "plot'",
				 path);
}
