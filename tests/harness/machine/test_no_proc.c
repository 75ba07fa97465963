/* SPDX-License-Identifier: MIT */
/*
 * A machine without /proc, without /sys, and without both, as in a chroot or a
 * small sandbox: everything works, and unknown facts are reported.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/replay_fixture.h"

enum { NO_PROC = 1, NO_SYS = 2 };
enum { CANNOT = 99 };

static bool hide(const char *path)
{
	return !mount("none", path, "tmpfs", 0, NULL);
}

/* In a separate process with its own mounts. */
static int without(int what)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    (what & NO_PROC && !hide("/proc")) || (what & NO_SYS && !hide("/sys"))) {
		print_message("/proc and /sys cannot be hidden here: %s\n", strerror(errno));
		return CANNOT;
	}
	RUN("env");
	if (said.status || !strstr(said.out, "is not mounted"))
		return 1;
	RUN("run", "tiny.yaml", "--results", "runs", "--no-bounds");
	if (said.status || !strstr(said.err, "is not mounted"))
		return 2;
	/* printed once, not for each measurement */
	if (strstr(strstr(said.err, "is not mounted") + 1, "is not mounted") &&
	    what != (NO_PROC | NO_SYS))
		return 3;
	REPLAY(own("wan.pcap"));
	return said.status ? 4 : 0;
}

static void hidden(void **state)
{
	(void)state;
	for (int what = NO_PROC; what <= (NO_PROC | NO_SYS); what++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			status = without(what);
			if (status && status != CANNOT)
				fprintf(stderr, "without %d: %d, %s\n%s", what, status, said.err,
					said.out);
			_exit(status);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == CANNOT)
			skip();
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* Neither /proc nor a path to find itself by: one sentence, before anything is measured. */
static void nameless(void **state)
{
	char text[4096];
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		char *const args[] = { (char *)"ctbench",   (char *)"run",  (char *)"tiny.yaml",
				       (char *)"--results", (char *)"runs", NULL };
		int fd = open(CTBENCH_BINARY, O_RDONLY);

		if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    !hide("/proc") || !freopen("nameless", "w", stderr))
			_exit(CANNOT);
		execveat(fd, "", args, environ, AT_EMPTY_PATH);
		_exit(CANNOT);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CT_EXIT_USER);
	read_text("nameless", text, sizeof(text));
	expect(text, "mount -t proc proc /proc");
	assert_null(strstr(text, "fault of ctbench"));
}

static int begin(void **state)
{
	(void)state;
	if (own_folder_enter("no-proc"))
		return -1;
	write_text("tiny.yaml", "question: Does it run?\nvariants: null\nthreads: 1\nflows: 1Ki\n"
				"load_factor: 1\nduration: 2ms\nwarmup: 0s\nrepeats: 2\n");
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(hidden),
	cmocka_unit_test(nameless),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
