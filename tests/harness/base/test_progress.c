/* SPDX-License-Identifier: MIT */
/* The progress line: its text over time, and that it is erased completely at the end. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/progress.h"
#include "tests/fixture/cmocka.h"

static const char *
line(struct progress *p, double seconds, double done, const char *detail, unsigned int width)
{
	static char text[256];

	progress_line(p, p->began + seconds, done, detail, width, text, sizeof(text));
	return text;
}

static void what_it_says(void **state)
{
	struct progress p = { .what = "reading", .total = 1000, .began = 50 };

	(void)state;
	/* quiet at first, and where all is nearly done */
	assert_string_equal(line(&p, 1.9, 10, NULL, 80), "");
	assert_string_equal(line(&p, 10, 990, NULL, 80), "");
	assert_string_equal(line(&p, 10, 250, NULL, 80), "reading: 25 %, 30 s left");
	assert_string_equal(line(&p, 10, 100, "mix.pcap", 80),
			    "reading: 10 %, 1 min 30 s left (mix.pcap)");
	assert_string_equal(line(&p, 10, 1, NULL, 80), "reading: 0 %, 2 h 46 min left");
	/* the line is updated to the end, even beyond a wrong estimate */
	p.visible = true;
	assert_string_equal(line(&p, 10, 999, NULL, 80), "reading: 99 %, 0 s left");
	assert_string_equal(line(&p, 10, 2000, NULL, 80), "reading: 100 %, 0 s left");
	/* no estimate yet, or never one */
	assert_string_equal(line(&p, 65, 0, NULL, 80), "reading: 1 min 05 s so far");
	p.total = 0;
	assert_string_equal(line(&p, 3, 77, NULL, 80), "reading: 3 s so far");
}

static void how_wide_it_is(void **state)
{
	struct progress p = { .what = "reading", .total = 1000 };

	(void)state;
	assert_string_equal(line(&p, 10, 250, NULL, 13), "reading: 25 ");
	assert_string_equal(line(&p, 10, 250, NULL, 1), "");
	assert_string_equal(line(&p, 10, 250, NULL, 0), "");
	/* characters are counted, not bytes, and never cut in two */
	p.what = "\xc3\xa9t\xc3\xa9";
	assert_string_equal(line(&p, 10, 250, NULL, 4), "\xc3\xa9t\xc3\xa9");
	assert_string_equal(line(&p, 10, 250, NULL, 3), "\xc3\xa9t");
}

static void durations(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(progress_duration(text, sizeof(text), 0), "0 s");
	assert_string_equal(progress_duration(text, sizeof(text), 59.4), "59 s");
	assert_string_equal(progress_duration(text, sizeof(text), 59.6), "1 min 00 s");
	assert_string_equal(progress_duration(text, sizeof(text), 3599.6), "1 h 00 min");
	assert_string_equal(progress_duration(text, sizeof(text), 7380), "2 h 03 min");
	assert_string_equal(progress_duration(text, sizeof(text), 1e300), "277777 h 46 min");
}

/* The output of fd: a pseudo terminal delivers it in pieces and with delay. */
static void assert_comes(int fd, const char *expected)
{
	char got[512] = "";
	size_t n = 0;

	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t more;

		/* wait long for missing output, briefly for surplus output */
		if (poll(&ready, 1, n < strlen(expected) ? 10000 : 50) <= 0 || n == sizeof(got) - 1)
			break;
		more = read(fd, got + n, sizeof(got) - 1 - n);
		if (more <= 0)
			break;
		n += (size_t)more;
		got[n] = '\0';
	}
	assert_string_equal(got, expected);
}

/*
 * A whole life of a progress that began age seconds ago, with standard error going to fd; interval:
 * seconds between two lines, 0: the usual.
 */
static void live_at(int fd, double age, double interval)
{
	struct progress p;
	int saved;

	fflush(stderr);
	saved = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	progress_begin(&p, "reading", 100);
	p.began -= age;
	if (interval > 0) {
		p.interval = interval;
		p.drawn -= interval;
	}
	progress_update(&p, 10, "first");
	progress_update(&p, 11, "second"); /* too soon after the first */
	progress_end(&p);
	progress_end(&p);
	progress_update(&p, 12, "late");
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void live(int fd, double age)
{
	live_at(fd, age, 0);
}

static void on_a_terminal(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), slave;

	(void)state;
	if (master < 0)
		skip();
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	live(slave, 10);
	assert_comes(master, "\rreading: 10 %, 1 min 30 s left (first)\033[K\r\033[K");
	live(slave, 0);
	assert_comes(master, "");
	close(slave);
	close(master);
}

static void elsewhere(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	live(ends[1], 10);
	assert_comes(ends[0], "");
	/* the interval of 1000 s suppresses the second update */
	live_at(ends[1], 10, 1000);
	assert_comes(ends[0], "ctbench: reading: 10 %, 1 min 30 s left (first)\n");
	live_at(ends[1], 10, 1e-9);
	assert_comes(ends[0], "ctbench: reading: 10 %, 1 min 30 s left (first)\n"
			      "ctbench: reading: 11 %, 1 min 21 s left (second)\n");
	close(ends[0]);
	close(ends[1]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_it_says), cmocka_unit_test(how_wide_it_is),
	cmocka_unit_test(durations),	cmocka_unit_test(on_a_terminal),
	cmocka_unit_test(elsewhere),
};
CT_TEST_MAIN(tests, NULL, NULL)
