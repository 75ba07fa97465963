/* SPDX-License-Identifier: MIT */
/*
 * gnuplot uses the same ids for the marks of every picture, and refers to them by "#id" and
 * "url(#id)". Within a page ids must be unique.
 */
#include "harness/show/report/report.h"

#include "harness/base/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "re"), *copy;
	char *text = NULL, buf[4096];
	size_t len = 0, n;

	if (!in)
		return NULL;
	copy = open_memstream(&text, &len);
	while (copy && (n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, copy);
	if (ferror(in) && copy) {
		fclose(copy);
		free(text);
		copy = NULL;
		text = NULL;
	}
	if (copy)
		fclose(copy);
	fclose(in);
	return text;
}

/* Text before an id, or before a reference to one. */
static const char *const before_id[] = { " id='", " id=\"", "href='#", "href=\"#", "url(#" };

static size_t id_follows(const char *p)
{
	for (size_t i = 0; i < sizeof(before_id) / sizeof(before_id[0]); i++)
		if (!strncmp(p, before_id[i], strlen(before_id[i])))
			return strlen(before_id[i]);
	return 0;
}

int report_svg(FILE *out, const char *path, const char *prefix, const char *label,
	       struct ct_error *e)
{
	char *text = read_file(path), *p;
	const char *skip;

	if (!text)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot read the picture '%.500s': %s",
			       path, strerror(errno));
	p = strstr(text, "<svg");
	if (!p) {
		free(text);
		return ct_user_error(
			e, "'%.500s' is not an SVG picture: draw it again with 'ctbench plot'",
			path);
	}
	fputs("<svg role=\"img\" aria-label=\"", out);
	escape_html(out, label);
	fputs("\"", out);
	p += strlen("<svg");
	/* The title "Gnuplot" would be shown as a tooltip. */
	skip = strstr(p, "<title>Gnuplot</title>");
	while (*p) {
		size_t n = id_follows(p);

		if (p == skip) {
			p += strlen("<title>Gnuplot</title>");
		} else if (n) {
			fwrite(p, 1, n, out);
			fputs(prefix, out);
			p += n;
		} else {
			fputc(*p++, out);
		}
	}
	free(text);
	return 0;
}
