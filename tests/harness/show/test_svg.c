/* SPDX-License-Identifier: MIT */
/* A picture is made smaller for a page, and shows the same. */
#include "harness/show/report/report.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The picture with this between its tags, as a page has it. */
static void becomes(const char *inside, const char *wanted)
{
	static const char head[] = "<svg role=\"img\" aria-label=\"a&lt;b\" viewBox=\"0 0 9 9\">";
	struct ct_error e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = fopen("picture.svg", "w");

	fprintf(out, "<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 9 9\">%s</svg>\n", inside);
	fclose(out);
	out = open_memstream(&text, &len);
	assert_int_equal(report_svg(out, "picture.svg", "p-", "a<b", &e), 0);
	fclose(out);
	assert_int_equal(strncmp(text, head, strlen(head)), 0);
	assert_true(len >= strlen(head) + strlen("</svg>"));
	assert_string_equal(text + len - strlen("</svg>"), "</svg>");
	text[len - strlen("</svg>")] = '\0';
	assert_string_equal(text + strlen(head), wanted);
	free(text);
}

#define PEN \
	"<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\" " \
	"stroke-linecap=\"butt\" stroke-linejoin=\"miter\">\n"

static void what_draws_nothing(void **state)
{
	(void)state;
	becomes("<title>Gnuplot</title>\n<desc>made by</desc>\n<!-- <g> -->\n", "");
	becomes(PEN "</g>\n<g>" PEN "\t<text></text>\n</g></g>", "");
	becomes(PEN "<path d='M12.00,13.00 M1,1'/></g>", "");
	becomes(PEN "<path d='M12.00,13.00 L14.00,13.00  '/></g>",
		"<g class=\"k\"><path d='M12,13 L14,13'/></g>");
	becomes("<g><g></g><text>x</text></g>", "<g><text>x</text></g>");
}

static void numbers_and_colours(void **state)
{
	(void)state;
	/* Pixels to a tenth; other numbers keep their value, names and texts their letters. */
	becomes("<g transform=\"translate(75.61,307.96)\" fill-opacity=\"0.15\" "
		"stroke-width=\"0.60\" font-size=\"11.50\"><text> 1.250 rgb(1,2,3)</text></g>",
		"<g transform=\"translate(75.6,308)\" fill-opacity=\"0.15\" stroke-width=\"0.6\" "
		"font-size=\"11.5\"><text> 1.250 rgb(1,2,3)</text></g>");
	becomes("<rect fill='rgb(119, 119, 119)' stroke=\"rgb(1,2,255)\" points = '1.04,2.05 '/>",
		"<rect fill='#777' stroke=\"#0102ff\" points='1,2'/>");
	becomes("<g stroke-width=\"10.00\"><title>x 1.50</title></g>",
		"<g stroke-width=\"10\"><title>x 1.50</title></g>");
}

static void definitions(void **state)
{
	(void)state;
	becomes("<defs><circle id='a' r='0.5'/><rect id='b'/><use href='#a' id='c'/>"
		"<filter id='f'><feFlood/></filter></defs><use xlink:href='#c'/>",
		"<defs><circle id='p-a' r='0.5'/><use href='#p-a' id='p-c'/></defs>"
		"<use href='#p-c'/>");
	becomes("<defs><circle id='a'/></defs><rect/>", "<rect/>");
	becomes("<defs><filter id='f'><feFlood/></filter></defs><g filter=\"url(#f)\"><rect/></g>",
		"<defs><filter id='p-f'><feFlood/></filter></defs><g "
		"filter=\"url(#p-f)\"><rect/></g>");
}

static void damaged(void **state)
{
	static const char *const texts[] = {
		"",
		"<svg",
		"<svg><defs>",
		"<svg><g><g><text>x",
		"</g></g><svg></g></g>",
		"<svg a='",
		"<svg><!--",
		"<svg><defs><",
		"<svg><desc>",
		"<svg><defs><filter id='x'>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ct_error e = { 0 };
		char *text = NULL;
		size_t len;
		FILE *out = fopen("picture.svg", "w");
		int err;

		fputs(texts[i], out);
		fclose(out);
		out = open_memstream(&text, &len);
		err = report_svg(out, "picture.svg", "p-", "", &e);
		fclose(out);
		assert_int_equal(err ? e.status : CT_EXIT_USER, CT_EXIT_USER);
		free(text);
	}
}

static int enter(void **state)
{
	(void)state;
	return own_folder_enter("svg");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_draws_nothing),
	cmocka_unit_test(numbers_and_colours),
	cmocka_unit_test(definitions),
	cmocka_unit_test(damaged),
};
CT_TEST_MAIN(tests, enter, NULL)
