/* SPDX-License-Identifier: MIT */
/*
 * A page in a real browser, on a phone, a tablet and a desk, in both colour schemes: nothing is
 * wider than the screen, all text can be read, and the script does its work. Without Chromium (the
 * Debian package chromium) it is skipped.
 */
#include "harness/judge/matrix.h"
#include "tests/fixture/report_fixture.h"

#include <unistd.h>

#define LONG "a_table_whose_name_is_as_long_as_the_longest_of_them"

/* What looks at the page, in a document around it. */
static const char looks[] =
	"const list = document.getElementById('list');\n"
	"const say = t => { list.textContent += t + '\\n'; };\n"
	"const parts = t => (t.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);\n"
	"const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;\n"
	"const light = c => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);\n"
	"const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) /\n"
	"	(Math.min(light(a), light(b)) + 0.05);\n"
	"const name = e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, "
	"40);\n"
	"function behind(e, view) {\n"
	"	for (; e; e = e.parentElement) {\n"
	"		const c = parts(view.getComputedStyle(e).backgroundColor);\n"
	"		if (c.length < 4 || c[3] > 0)\n"
	"			return c;\n"
	"	}\n"
	"	return [255, 255, 255];\n"
	"}\n"
	"function look(doc, what) {\n"
	"	const view = doc.defaultView, width = doc.documentElement.clientWidth;\n"
	"	const dark = light(parts(view.getComputedStyle(doc.body).backgroundColor)) < 0.2;\n"
	"	let texts = 0;\n"
	"	if (doc.documentElement.scrollWidth > width)\n"
	"		say('BAD ' + what + ': wider than the screen, ' +\n"
	"			doc.documentElement.scrollWidth);\n"
	"	for (const e of doc.body.querySelectorAll('*')) {\n"
	"		const box = e.getBoundingClientRect();\n"
	"		if (e.closest('svg, script') || !box.width)\n"
	"			continue;\n"
	"		if (!e.closest('.scroll > *, nav.bar > *') && box.right > width + 1)\n"
	"			say('BAD ' + what + ': beyond the edge: ' + name(e));\n"
	"		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))\n"
	"			continue;\n"
	"		texts++;\n"
	"		const front = parts(view.getComputedStyle(e).color);\n"
	"		const grounds = [behind(e, view)];\n"
	"		if (e.closest('.open'))\n"
	"			grounds.push(parts(view.getComputedStyle(e.closest('.open'))\n"
	"				.backgroundImage.split('rgb').pop()));\n"
	"		for (const ground of grounds)\n"
	"			if (contrast(front, ground) < 4.5)\n"
	"				say('BAD ' + what + ': contrast ' +\n"
	"					contrast(front, ground).toFixed(2) + ': ' + "
	"name(e));\n"
	"	}\n"
	"	if (dark !== what.includes('dark'))\n"
	"		say('BAD ' + what + ': the other colours');\n"
	"	say('looked ' + what + (texts > 50 ? ' well' : ' in vain'));\n"
	"}\n"
	"function use(doc) {\n"
	"	const table = doc.querySelector('table.sort'), heads = table.tHead.rows[0].cells;\n"
	"	const column = [...heads].findIndex(h => h.textContent === 'ns/op');\n"
	"	const values = () => [...table.tBodies[0].rows].map(r =>\n"
	"		Number(r.cells[column].textContent));\n"
	"	const sorted = sign => values().every((v, i, all) => !i || sign * (v - all[i - 1]) "
	">= 0);\n"
	"	heads[column].querySelector('button').click();\n"
	"	say(sorted(1) && values().length > 2 ? 'sorted up' : 'BAD order ' + values());\n"
	"	heads[column].querySelector('button').click();\n"
	"	say(sorted(-1) ? 'sorted down' : 'BAD order ' + values());\n"
	"	const folds = () => [...doc.querySelectorAll('section > details')].map(d => "
	"d.open);\n"
	"	const fold = doc.querySelector('nav.bar button');\n"
	"	fold.click();\n"
	"	say(folds().some(open => open) ? 'BAD not folded' : 'folded');\n"
	"	fold.click();\n"
	"	say(folds().every(open => open) ? 'unfolded' : 'BAD not unfolded');\n"
	"}\n"
	"addEventListener('load', () => {\n"
	"	for (const frame of document.querySelectorAll('iframe'))\n"
	"		look(frame.contentDocument, frame.title);\n"
	"	use(document.querySelector('iframe').contentDocument);\n"
	"	say('all done');\n"
	"});\n";

static const char *const widths[] = { "390", "768", "1280" };
static const char *const schemes[] = { "light", "dark" };

static void add_variant(json_t *report, const char *of, const char *variant, double value)
{
	json_t *c = cell(of, variant, value), *values = json_array();
	char name[128];

	for (int i = 0; i < 9; i++)
		json_array_append_new(values, json_real(value * (1 + 0.004 * (i * 5 % 9))));
	json_object_set_new(c, "metrics",
			    json_pack("{s:{s:f, s:i, s:o}}", "mops", "median", value, "n", 9,
				      "values", values));
	json_object_set_new(c, "axes", json_pack("{s:s}", "hash", variant));
	json_object_set_new(c, "void", json_integer(4));
	snprintf(name, sizeof(name), "%s/%s", of, variant);
	json_object_set_new(json_object_get(report, "cells"), name, c);
}

/* The page of a run with many variants and workloads, as report_html() writes it; for free(). */
static char *page(void)
{
	json_t *copy = json_deep_copy(benchmark), *report = json_object_get(copy, "ctbench");
	struct report_source s = { copy, report, &pictures, NULL, 0 };
	struct ct_error e = { 0 };
	json_t *matrix;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	json_object_set_new(report, "cells", json_object());
	for (int i = 0; i < 6; i++) {
		char of[32];

		snprintf(of, sizeof(of), i > 1 ? "workload_%d" : i ? "size-big" : "size", i);
		if (i > 1)
			json_array_append_new(json_object_get(report, "workloads"),
					      workload(of, "How many words may a question have?"));
		add_variant(report, of, "first", 4);
		add_variant(report, of, LONG, 8);
		add_variant(report, of, "half", 2);
		add_variant(report, of, "same", 4);
		add_variant(report, of, "nearly", 4.1);
	}
	s.matrix = matrix = judge_matrix(report, NULL, &e);
	assert_int_equal(report_html(out, &s, &e), 0);
	fclose(out);
	json_decref(matrix);
	json_decref(copy);
	return text;
}

/* Nothing else may change: the policy of the page has the hashes of its style and script. */
static void attribute(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '&' || *text == '"')
			fputs(*text == '&' ? "&amp;" : "&quot;", out);
		else
			fputc(*text, out);
}

/* A document with the page in a frame for each width and scheme. */
static void write_look(void)
{
	char *text = page();
	FILE *out = fopen("look.html", "w");

	fprintf(out, "<!doctype html><meta charset=\"utf-8\"><pre id=\"list\"></pre>\n");
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
			fprintf(out,
				"<iframe width=\"%s\" height=\"900\" style=\"color-scheme: %s\" "
				"title=\"%s %s\" srcdoc=\"",
				widths[w], schemes[i], widths[w], schemes[i]);
			attribute(out, text);
			fputs("\"></iframe>\n", out);
		}
	fprintf(out, "<script>%s</script>\n", looks);
	fclose(out);
	free(text);
}

static void in_a_browser(void **state)
{
	char wanted[64];

	(void)state;
	write_look();
	if (call_shell("timeout 100 chromium --headless --no-sandbox --disable-gpu --no-first-run "
		       "--disable-dev-shm-usage "
		       "--user-data-dir=\"$PWD/chromium\" --dump-dom \"file://$PWD/look.html\" "
		       "2>chromium.log"))
		fail_msg("chromium ended with status %d", said.status);
	if (strstr(said.out, "\nBAD"))
		fail_msg("%.4000s", strstr(said.out, "\nBAD"));
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
			snprintf(wanted, sizeof(wanted), "looked %s %s well\n", widths[w],
				 schemes[i]);
			expect(said.out, wanted);
		}
	expect(said.out, "sorted up\nsorted down\nfolded\nunfolded\nall done\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(in_a_browser) };

	if (system("command -v chromium >/dev/null")) {
		puts("no chromium: apt-get install chromium, to see pages in a browser");
		return 77;
	}
	return cmocka_run_group_tests_name("browser", tests, setup, teardown);
}
