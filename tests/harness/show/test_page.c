/* SPDX-License-Identifier: MIT */
/*
 * The page of a real run of the default suite: its size, its number of pictures, and a value
 * under the mouse in each of them.
 */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/plot_fixture.h"
#include "tests/fixture/reference.h"

#include <string.h>
#include <sys/stat.h>

#define PAGE_MAX     1500000
#define PICTURES_MAX 14

static void default_suite(void **state)
{
	json_t *run = reference("default");
	static char page[PAGE_MAX + 1];
	unsigned int nr = 0;
	struct stat st;
	char *at = page, *end;

	(void)state;
	assert_int_equal(json_dump_file(run, "run/benchmark.json", JSON_COMPACT), 0);
	json_decref(run);
	assert_int_equal(call_shell(CTBENCH_BINARY " report run --out page.html"), CT_EXIT_OK);
	assert_int_equal(stat("page.html", &st), 0);
	if (st.st_size > PAGE_MAX)
		fail_msg("the page of the default suite has %lld bytes", (long long)st.st_size);
	read_text("page.html", page, sizeof(page));
	expect(page, "</html>");
	for (; (at = strstr(at, "<figure")); at = end) {
		nr++;
		end = strstr(at, "</figure>");
		assert_non_null(end);
		*end++ = '\0';
		if (!strstr(at, "<title>") || !strstr(at, "class=\"narrow\""))
			fail_msg("no value on hover, or no form for phones: %.300s", at);
	}
	/* One for each question at least. */
	assert_in_range(nr, 12, PICTURES_MAX);
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("page") || mkdir("run", 0777);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(default_suite) };

	if (!have_gnuplot())
		return CT_EXIT_SKIP;
	return cmocka_run_group_tests_name("page", tests, begin, own_folder_leave);
}
