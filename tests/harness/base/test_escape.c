/* SPDX-License-Identifier: MIT */
/* Untrusted text, escaped for a terminal, a page, a picture, a shell, a file name. */
#include "harness/base/escape.h"
#include "harness/base/terminal.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void gives(void (*escape)(FILE *, const char *), const char *text, const char *right)
{
	char buf[256];

	assert_string_equal(escaped(buf, sizeof(buf), escape, text), right);
}

static void what_is_a_character(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, n;
		uint32_t code;
	} cases[] = {
		{ "a", 1, 1, 'a' },
		{ "\xc3\xa4", 2, 2, 0xe4 },
		{ "\xe2\x82\xac", 3, 3, 0x20ac },
		{ "\xf0\x9f\x94\xb4", 4, 4, 0x1f534 },
		{ "\xe2\x82\xac", 2, 0, 0 }, /* not all there */
		{ "\xf0\x9f\x94\xb4", 1, 0, 0 },
		{ "\x80", 1, 1, UTF8_INVALID }, /* inside a character */
		{ "\xc3"
		  "A",
		  2, 1, UTF8_INVALID },			    /* cut off */
		{ "\xc0\xaf", 2, 1, UTF8_INVALID },	    /* '/' in two bytes */
		{ "\xe0\x80\xaf", 3, 1, UTF8_INVALID },	    /* in three */
		{ "\xed\xa0\x80", 3, 1, UTF8_INVALID },	    /* half of a UTF-16 pair */
		{ "\xf4\x90\x80\x80", 4, 1, UTF8_INVALID }, /* beyond the last */
		{ "\xff", 1, 1, UTF8_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t code = 0;

		assert_int_equal(utf8_next(cases[i].bytes, cases[i].len, &code), cases[i].n);
		if (cases[i].n)
			assert_int_equal(code, cases[i].code);
	}
}

static void terminals(void **state)
{
	(void)state;
	gives(escape_line, "größer \xe2\x82\xac 5 \\", "größer \xe2\x82\xac 5 \\");
	gives(escape_line, "a\033[31mb\a\r\n\tc\x7f",
	      "a\\u001b[31mb\\u0007\\u000d\\u000a\\u0009c\\u007f");
	gives(escape_line,
	      "\xc2\x9b"
	      "2J",
	      "\\u009b2J"); /* CSI in one character */
	gives(escape_line,
	      "\x9b"
	      "2J\xe2\x82",
	      "\\x9b2J\\xe2\\x82"); /* and in one byte */
	gives(escape_line,
	      "\xe2\x80\xae"
	      "fdp.exe\xe2\x81\xa6",
	      "\\u202efdp.exe\\u2066");
	gives(escape_line, "\xf3\xa0\x81\x81", "\\udb40\\udc41"); /* a tag: a pair, as in JSON */
}

static void pages(void **state)
{
	(void)state;
	gives(escape_html, "<script>\"x\" & 'y'\033\n",
	      "&lt;script&gt;&quot;x&quot; &amp; 'y'\xef\xbf\xbd ");
	gives(escape_markdown, "`a` [b](javascript:c) <d> *e* @f a_b|c\n# g",
	      "\\`a\\` [b\\](javascript:c) &lt;d&gt; \\*e\\* &#64;f a_b\\|c # g");
	gives(escape_markdown_code, "ls -l", "`ls -l`");
	gives(escape_markdown_code, "`a` ``b``", "``` `a` ``b`` ```");
}

static void pictures(void **state)
{
	(void)state;
	gives(escape_gnuplot, "`touch x` \"q\" it's \\n @m",
	      "'`touch x` \"q\" it'.\"'\".'s \\n @m'");
	/* Doubled, a quote in front would end the string. */
	gives(escape_gnuplot, "'a", "''.\"'\".'a'");
	gives(escape_gnuplot, "a\nb\033c",
	      "'a'.\"\\n\".'b\xef\xbf\xbd"
	      "c'");
	gives(escape_gnuplot_data, "say \"a\\b\"\nc\r", "\"say 'a\\\\b'\\nc\xef\xbf\xbd\"");
	gives(escape_gnuplot_comment, "a\nplot x\\", "a plot x\\ ");
}

static void files(void **state)
{
	(void)state;
	gives(escape_file_name, "../../etc/passwd", "_._.._etc_passwd");
	gives(escape_file_name, "-rf", "_rf");
	gives(escape_file_name, "<|`$(x)`ä\n", "_____x_____");
	gives(escape_file_name, "axes-2.5_x", "axes-2.5_x");
	gives(escape_file_name, "", "_");
	gives(escape_tsv, "a\tb\nc", "a b c");
}

/* bash, and dash where it can, read a quoted word back as the same text. */
static void shells(void **state)
{
	static const char *const texts[] = { "plain-1.2/x", "",		  "a b",
					     "it's",	    "$(touch x)", "`touch x`",
					     "\\'\"",	    "=ls",	  "a;b&c|d>e<f*?[]{}~#!" },
				 *const odd[] = { "a\nb",
						  "\033[31m'\\",
						  ("\xc2\x9b"
						   "2J"),
						  "\xff",
						  "\xe2\x80\xae",
						  "\xf3\xa0\x81\x81" };
	char word[256], command[512], out[256];

	(void)state;
	gives(escape_shell, "plain-1.2/x", "plain-1.2/x");
	gives(escape_shell, "a b", "'a b'");
	gives(escape_shell, "it's", "'it'\\''s'");
	gives(escape_shell, "a\nb\033", "$'a\\x0ab\\x1b'");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		escaped(word, sizeof(word), escape_shell, texts[i]);
		snprintf(command, sizeof(command), "printf %%s %s >out", word);
		assert_int_equal(system(command), 0);
		read_text("out", out, sizeof(out));
		assert_string_equal(out, texts[i]);
	}
	if (access("/bin/bash", X_OK))
		return;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		escaped(word, sizeof(word), escape_shell, odd[i]);
		assert_true(text_is_plain(word));
		snprintf(command, sizeof(command), "printf %%s %s >out\n", word);
		write_text("script", command);
		assert_int_equal(system("LC_ALL=C /bin/bash script"), 0);
		read_text("out", out, sizeof(out));
		assert_string_equal(out, odd[i]);
	}
}

static void too_small(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(escaped(buf, sizeof(buf), escape_line, "1234567890"), "1234567");
	assert_string_equal(escaped(buf, sizeof(buf), escape_line, "123456\xc3\xa4"), "123456");
	assert_string_equal(escaped(buf, sizeof(buf), escape_line, "12345\xc3\xa4"),
			    "12345\xc3\xa4");
	assert_string_equal(escaped(buf, 1, escape_line, "1"), "");
}

static void plain(void **state)
{
	(void)state;
	assert_true(text_is_plain(""));
	assert_true(text_is_plain("größer `x` <y> \xf0\x9f\x94\xb4"));
	assert_false(text_is_plain("a\nb"));
	assert_false(text_is_plain("a\tb"));
	assert_false(text_is_plain("\033"));
	assert_false(text_is_plain("\xc2\x85"));
	assert_false(text_is_plain("\xff"));
	assert_false(text_is_plain("a\xc3"));
	assert_false(text_is_plain("\xe2\x80\xae"));
	assert_false(text_is_plain("\xef\xbf\xbf"));
}

/* Whatever a command quotes, no byte of it acts on the terminal. */
static void what_a_command_prints(void **state)
{
	(void)state;
	assert_int_equal(RUN((char *)"a\033]0;x\ab\x9b\xc2\x9b\xe2\x80\xae\n"), 2);
	expect(said.err, "a\\u001b]0;x\\u0007b\\x9b\\u009b\\u202e\\u000a");
	assert_int_equal(RUN((char *)"list", (char *)"x\033[2J\xff"), 2);
	assert_null(strchr(said.err, '\033'));
	assert_null(strchr(said.err, '\xff'));
}

/* Text written in pieces through the filter of standard output, in a separate process. */
static void filters(bool colours, const char *const *pieces, const char *right)
{
	char got[256] = "";
	size_t len = 0;
	ssize_t n;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (dup2(ends[1], STDOUT_FILENO) < 0 || terminal_filter())
			_exit(1);
		if (colours)
			terminal_allow_tones();
		for (; *pieces; pieces++)
			if (fputs(*pieces, stdout) == EOF || fflush(stdout))
				_exit(2);
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(got, right);
}

static void through_the_filter(void **state)
{
	(void)state;
	filters(false, (const char *[]){ "a\tb\n\xe2", "\x82", "\xac", "\r\n", NULL },
		"a\tb\n\xe2\x82\xac\\u000d\n");
	filters(false,
		(const char *[]){ "\xe2\x82", "A", "\xf0\x9f", "\xf0\x9f", "\x94\xb4", NULL },
		"\\xe2\\x82A\\xf0\\x9f\xf0\x9f\x94\xb4");
	filters(false, (const char *[]){ "\033[1mx\033[0m", NULL }, "\\u001b[1mx\\u001b[0m");
	/* Ours, and none that only begins like one of ours. */
	filters(true,
		(const char *[]){ "\033[1mx\033[", "0m\033[31", "m\033[3", "8m\033", "]", NULL },
		"\033[1mx\033[0m\033[31m\\u001b[38m\\u001b]");
}

static int setup(void **state)
{
	(void)state;
	return own_folder_enter("escape");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_a_character),
	cmocka_unit_test(terminals),
	cmocka_unit_test(pages),
	cmocka_unit_test(pictures),
	cmocka_unit_test(files),
	cmocka_unit_test(shells),
	cmocka_unit_test(too_small),
	cmocka_unit_test(plain),
	cmocka_unit_test(what_a_command_prints),
	cmocka_unit_test(through_the_filter),
};
CT_TEST_MAIN(tests, setup, own_folder_leave)
