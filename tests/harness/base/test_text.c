/* SPDX-License-Identifier: MIT */
/* Lines broken between words, and texts put together. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/text.h"
#include "tests/fixture/cmocka.h"

static void wraps(const char *text, unsigned int column, unsigned int indent, unsigned int width,
		  const char *lines)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	text_wrap(f, text, column, indent, width);
	fclose(f);
	assert_string_equal(out, lines);
	free(out);
}

static void test_wrap(void **state)
{
	(void)state;
	wraps("", 0, 2, 10, "\n");
	wraps("one two three", 0, 0, 80, "one two three\n");
	/* exactly as wide as the line, and one more */
	wraps("one two three", 0, 0, 7, "one two\nthree\n");
	wraps("one two three", 1, 0, 7, "one\ntwo\nthree\n");
	wraps("one two three", 4, 2, 9, "one\n  two\n  three\n");
	/* newlines and rows of blanks are as good as a blank */
	wraps("  one\n two   three ", 0, 0, 80, "one two three\n");
	/* a long word has a line of its own */
	wraps("a wonderful b", 0, 1, 5, "a\n wonderful\n b\n");
	/* columns are characters */
	wraps("\xc3\xa4\xc3\xb6\xc3\xbc ab", 0, 0, 6, "\xc3\xa4\xc3\xb6\xc3\xbc ab\n");
	assert_int_equal(text_columns("\xe2\x82\xac 5"), 3);
}

static void test_add(void **state)
{
	char buf[8];
	size_t at = 0;

	(void)state;
	text_add(buf, sizeof(buf), &at, "%d", 1234);
	text_add(buf, sizeof(buf), &at, "%s", "abcdef");
	assert_string_equal(buf, "1234abc");
	assert_int_equal(at, 10);
	text_add(buf, sizeof(buf), &at, "more");
	assert_string_equal(buf, "1234abc");
	assert_int_equal(at, 14);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_wrap),
	cmocka_unit_test(test_add),
};
CT_TEST_MAIN(tests, NULL, NULL)
