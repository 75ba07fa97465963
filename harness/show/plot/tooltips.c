/* SPDX-License-Identifier: MIT */
/*
 * gnuplot's SVG calls a script to show a value under the mouse, which standalone pictures and pages
 * do not have, and gives every other element the <title> "gnuplot_plot_1" or the columns it was
 * drawn from, which browsers show as a tooltip.  Here the values become titles, and the other
 * titles go.
 */
#include "harness/show/plot/internal.h"

#include "harness/base/files.h"
#include "harness/base/memory.h"

#include <stdlib.h>
#include <string.h>

/*
 * gnuplot's markup around a mouse text. A text cannot contain it, because gnuplot writes "<" as
 * "&lt;". Quotes are not escaped, so a text ends only at the complete `behind`.
 */
static const char before[] = "<g onmousemove=\"gnuplot_svg.showHypertext(evt,'";
static const char behind[] = "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title>";
static const char title[] = "<title>", title_end[] = "</title>";

static char *read_whole(const char *path)
{
	FILE *in = file_read(path, PICTURE_MAX);
	off_t size = in && !fseeko(in, 0, SEEK_END) ? ftello(in) : -1;
	char *text = size >= 0 ? memory_array((size_t)size + 1, 1) : NULL;

	if (text) {
		rewind(in);
		text[fread(text, 1, (size_t)size, in)] = '\0';
	}
	if (in)
		fclose(in);
	return text;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static void rewrite(FILE *out, const char *p)
{
	while (*p) {
		const char *end = NULL;

		if (begins(p, before) && (end = strstr(p, behind))) {
			p += strlen(before);
			fprintf(out, "<g>%s%.*s%s", title, (int)(end - p), p, title_end);
			p = end + strlen(behind);
		} else if (begins(p, title) && (end = strstr(p, title_end))) {
			p = end + strlen(title_end);
		} else {
			fputc(*p++, out);
		}
	}
}

int plot_tooltips(const char *folder, const char *name)
{
	char path[PATH_MAX + 300], file[300], *text, *changed = NULL;
	size_t len = 0;
	FILE *out;
	int err = -ENOMEM;

	snprintf(file, sizeof(file), "%s.svg", name);
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	text = read_whole(path);
	out = memory_stream(&changed, &len);
	if (text)
		rewrite(out, text);
	memory_stream_close(out, &changed);
	if (text)
		err = file_write_new(folder, file, changed, len);
	free(changed);
	free(text);
	return err;
}
