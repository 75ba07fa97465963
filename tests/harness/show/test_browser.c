/* SPDX-License-Identifier: MIT */
/*
 * The page of a run and that of machines in a real browser, on a phone, a tablet and a desk, in
 * both colour schemes: nothing is wider than the screen, all text can be read, links stay in view,
 * values appear on hover, and the script does its work; without the script, and on paper,
 * everything is still there. Without Chromium (the Debian package chromium) it is skipped.
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
	"	const heads_of = t => t.querySelectorAll('th button').length;\n"
	"	if (![...doc.querySelectorAll('table.sort')].every(heads_of))\n"
	"		say('BAD: a table that cannot be sorted');\n"
	"	const folds = () => [...doc.querySelectorAll('section > details')].map(d => "
	"d.open);\n"
	"	const fold = doc.querySelector('nav.bar button');\n"
	"	fold.click();\n"
	"	say(folds().some(open => open) ? 'BAD not folded' : 'folded');\n"
	"	fold.click();\n"
	"	say(folds().every(open => open) ? 'unfolded' : 'BAD not unfolded');\n"
	"}\n"
	"function stick(doc, what) {\n"
	"	const view = doc.defaultView, bar = doc.querySelector('nav.bar');\n"
	"	view.scrollTo(0, 400);\n"
	"	const box = bar.getBoundingClientRect();\n"
	"	if (view.scrollY < 300 || box.top < 0 || box.top > 1 || box.height < 20)\n"
	"		say('BAD ' + what + ': links out of view at ' + box.top);\n"
	"	view.scrollTo(0, 0);\n"
	"}\n"
	"function hover(doc, what) {\n"
	"	const values = [...doc.querySelectorAll('.matrix td')].filter(d =>\n"
	"		!d.matches('.base, .at, .verdict') && d.textContent.trim() &&\n"
	"		!d.querySelector('svg'));\n"
	"	const title = d => (d.querySelector('a') || d).title;\n"
	"	const dots = [...doc.querySelectorAll('.dots g')];\n"
	"	const said = t => /[0-9].* repeats/.test(t);\n"
	"	if (values.length < 10 || !values.every(d => said(title(d))) ||\n"
	"	    !dots.every(d => said(d.querySelector('title').textContent)))\n"
	"		say('BAD ' + what + ': nothing on hover');\n"
	"}\n"
	"function whole(doc, what) {\n"
	"	if ([...doc.querySelectorAll('section > details')].some(d => !d.open))\n"
	"		say('BAD ' + what + ': folded');\n"
	"	for (const table of doc.querySelectorAll('section > details > * > table'))\n"
	"		if (!table.getBoundingClientRect().height)\n"
	"			say('BAD ' + what + ': a table is hidden');\n"
	"}\n"
	"function quiet(doc, what) {\n"
	"	if (doc.querySelector('button'))\n"
	"		say('BAD ' + what + ': the script ran');\n"
	"	whole(doc, what);\n"
	"	say('read ' + what);\n"
	"}\n"
	"function paper(doc, what) {\n"
	"	const view = doc.defaultView, fold = doc.querySelector('nav.bar button');\n"
	"	if (fold)\n"
	"		fold.click();\n"
	"	view.dispatchEvent(new Event('beforeprint'));\n"
	"	for (const sheet of doc.styleSheets)\n"
	"		for (const rule of [...sheet.cssRules].filter(r => r.media)) {\n"
	"			if (/print/.test(rule.media.mediaText))\n"
	"				rule.media.mediaText = 'all';\n"
	"			else if (/screen/.test(rule.media.mediaText))\n"
	"				rule.media.mediaText = 'not all';\n"
	"		}\n"
	"	const width = doc.documentElement.clientWidth;\n"
	"	whole(doc, what);\n"
	"	for (const e of doc.querySelectorAll('nav.bar, nav.bar button'))\n"
	"		if (e.getBoundingClientRect().height)\n"
	"			say('BAD ' + what + ': of no use on paper: ' + name(e));\n"
	"	for (const e of doc.querySelectorAll('th, summary'))\n"
	"		if (e.textContent.trim() && (!e.innerText.trim() || "
	"!e.getClientRects().length))\n"
	"			say('BAD ' + what + ': a text is hidden: ' + name(e));\n"
	/* As if there were many columns. */
	"	doc.body.style.width = '200px';\n"
	"	for (const e of doc.querySelectorAll('.matrix tbody th'))\n"
	"		if (e.getBoundingClientRect().height > 60)\n"
	"			say('BAD ' + what + ': a name is broken: ' + name(e));\n"
	"	doc.body.style.width = '';\n"
	"	for (const e of doc.body.querySelectorAll('*')) {\n"
	"		const box = e.getBoundingClientRect(), style = view.getComputedStyle(e);\n"
	"		if (box.width && box.right > width + 1)\n"
	"			say('BAD ' + what + ': beyond the paper: ' + box.right + ' ' + "
	"name(e));\n"
	"		if (e.matches('.scroll') && style.overflowX !== 'visible')\n"
	"			say('BAD ' + what + ': scrolls');\n"
	"	}\n"
	"	say('printed ' + what);\n"
	"}\n"
	"addEventListener('load', () => {\n"
	"	for (const frame of document.querySelectorAll('iframe')) {\n"
	"		const doc = frame.contentDocument, what = frame.title;\n"
	"		if (what.includes('paper')) {\n"
	"			paper(doc, what);\n"
	"		} else if (what.includes('script')) {\n"
	"			quiet(doc, what);\n"
	"		} else {\n"
	"			look(doc, what);\n"
	"			stick(doc, what);\n"
	"			hover(doc, what);\n"
	"		}\n"
	"	}\n"
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

/* The page of two machines with two workloads, as ctbench machines writes it; for free(). */
static char *page_of_machines(void)
{
	static const char *const variants[] = { "first", LONG, "half", "same", "nearly", "sixth" };
	json_t *rows = json_array(), *result;
	struct ct_error e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (int i = 0; i < 24; i++) {
		double ratio = 0.2 * (i % 12);
		json_t *one = json_pack("{s:f, s:f, s:f, s:f, s:i}", "value", 4e-9, "ratio", ratio,
					"low", ratio * 0.9, "high", ratio * 1.2, "n", 9);
		json_t *row =
			json_pack("{s:s, s:s, s:s, s:s, s:b, s:[o, O, n], s:s}", "workload",
				  i < 12 ? "size" : "load", "metric", "mops", "words",
				  i % 12 < 6 ? "2 thr, 64Ki"
					     : "2 thr, 1Mi, events resize=x2@25% flood=10k:1ms@50%",
				  "variant", variants[i % 6], "base", i % 6 == 0, "machines",
				  json_incref(one), one, "verdict", i % 6 ? "differ" : "");

		json_decref(one);
		json_array_append_new(rows, row);
	}
	result = json_pack(
		"{s:s, s:o, s:[o, o, o]}", "base", "first", "rows", rows, "machines",
		json_pack("{s:s, s:s}", "run", "a", "cpu", "Some <CPU>"),
		json_pack("{s:s, s:s, s:s}", "run", "b", "cpu", LONG, "hypervisor", "KVM"),
		json_pack("{s:s}", "run", "c"));
	assert_non_null(result);
	assert_int_equal(report_machines_page(out, result, &e), 0);
	fclose(out);
	json_decref(result);
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

static void frame(FILE *out, const char *text, const char *width, const char *what, const char *how,
		  const char *attributes)
{
	fprintf(out, "<iframe width=\"%s\" height=\"900\" %s title=\"%s %s\" srcdoc=\"", width,
		attributes, what, how);
	attribute(out, text);
	fputs("\"></iframe>\n", out);
}

/* Both pages in a frame for each width and scheme, for paper of A4, and without a script. */
static const char *const names[] = { "run", "machines" };
#define NR_PAGES   2
#define NR_WIDTHS  (sizeof(widths) / sizeof(widths[0]))
#define NR_SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

/* The second page has the same style: half of the schemes will do. */
static bool is_left_out(size_t page, size_t width, size_t scheme)
{
	return page && (width + scheme) % 2;
}

static void write_look(void)
{
	char *texts[NR_PAGES] = { page(), page_of_machines() }, how[32], colours[64];
	FILE *out = fopen("look.html", "w");

	fprintf(out, "<!doctype html><meta charset=\"utf-8\"><pre id=\"list\"></pre>\n");
	for (size_t p = 0; p < NR_PAGES; p++) {
		for (size_t w = 0; w < NR_WIDTHS; w++)
			for (size_t i = 0; i < NR_SCHEMES; i++) {
				if (is_left_out(p, w, i))
					continue;
				snprintf(how, sizeof(how), "%s %s", widths[w], schemes[i]);
				snprintf(colours, sizeof(colours), "style=\"color-scheme: %s\"",
					 schemes[i]);
				frame(out, texts[p], widths[w], names[p], how, colours);
			}
		frame(out, texts[p], "718", names[p], "on paper", "");
		frame(out, texts[p], "768", names[p], "without script",
		      "sandbox=\"allow-same-origin\"");
		free(texts[p]);
	}
	fprintf(out, "<script>%s</script>\n", looks);
	fclose(out);
}

static void in_a_browser(void **state)
{
	char wanted[64];

	(void)state;
	write_look();
	/* Four seconds; on a loaded machine Chromium sometimes hangs at its start. */
	for (int tries = 0; tries < 3; tries++)
		if (!call_shell("timeout 60 chromium --headless --no-sandbox --disable-gpu "
				"--no-first-run --disable-dev-shm-usage "
				"--user-data-dir=\"$PWD/chromium\" "
				"--dump-dom \"file://$PWD/look.html\" 2>chromium.log"))
			break;
	if (said.status)
		fail_msg("chromium ended with status %d", said.status);
	if (strstr(said.out, "\nBAD"))
		fail_msg("%.4000s", strstr(said.out, "\nBAD"));
	for (size_t p = 0; p < NR_PAGES; p++) {
		for (size_t w = 0; w < NR_WIDTHS; w++)
			for (size_t i = 0; i < NR_SCHEMES; i++) {
				if (is_left_out(p, w, i))
					continue;
				snprintf(wanted, sizeof(wanted), "looked %s %s %s well\n", names[p],
					 widths[w], schemes[i]);
				expect(said.out, wanted);
			}
		snprintf(wanted, sizeof(wanted), "printed %s on paper\nread %s without script\n",
			 names[p], names[p]);
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
