/* SPDX-License-Identifier: MIT */
#include "harness/show/report/page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/built_in.h"
#include "harness/base/escape.h"
#include "harness/base/sha256.h"

void element(FILE *out, const char *tag, const char *fmt, ...)
{
	char text[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(out, "<%s>", tag);
	escape_html(out, text);
	/* The end tag has no attributes. */
	fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

/* A file of this program as the text of an element: after a newline, which its hash includes. */
static char *inlined(const char *name, char hash[SHA256_BASE64], struct ct_error *e)
{
	const struct built_in *file = built_in_find(name);
	size_t len = file ? (size_t)(file->end - file->data) : 0;
	char *text = len ? malloc(len + 2) : NULL;

	if (!text) {
		if (len)
			ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the page");
		else
			ct_fail(e, -ENOENT, CT_EXIT_INTERNAL, "%s is missing in this program",
				name);
		return NULL;
	}
	text[0] = '\n';
	memcpy(text + 1, file->data, len);
	text[len + 1] = '\0';
	sha256_base64(hash, text, len + 1);
	return text;
}

/*
 * The style sheet, after a policy that allows this style sheet and the script at the end only: the
 * browser runs no injected script.
 */
int page_begin(FILE *out, struct page *page, const char *title, struct ct_error *e)
{
	char style_hash[SHA256_BASE64], script_hash[SHA256_BASE64];
	char *style = inlined("plots/report.css", style_hash, e);

	page->script = style ? inlined("plots/report.js", script_hash, e) : NULL;
	if (!page->script) {
		free(style);
		return -ENOENT;
	}
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n",
	      out);
	element(out, "title", "ctbench: %s", title);
	fprintf(out,
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action "
		"'none'\">\n<style>%s</style>\n</head>\n<body>\n",
		style_hash, script_hash, style);
	free(style);
	return 0;
}

void page_end(FILE *out, struct page *page)
{
	fprintf(out, "</main>\n<script>%s</script>\n</body>\n</html>\n", page->script);
	free(page->script);
}
