/* SPDX-License-Identifier: MIT */
/*
 * ctbench: finds the command and gives it its arguments.
 */
#include "harness/base/about.h"
#include "harness/base/memory.h"
#include "harness/base/terminal.h"
#include "harness/cli/cmd.h"
#include "harness/run/gbench_shim.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_version(FILE *out)
{
	fprintf(out, "ctbench %s (revision %s)\n", about_version(), about_revision());
	fprintf(out, "compiler: %s, %s\n", about_compiler(), about_build());
	fprintf(out, "allocator: %s\n", about_allocator());
}

static int run_command(int argc, char **argv)
{
	const struct command *command;
	struct ct_error e = { 0 };

	if (argc < 2) {
		cmd_print_overview(stderr);
		return CT_EXIT_USER;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		print_version(stdout);
		return CT_EXIT_OK;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		cmd_print_overview(stdout);
		return CT_EXIT_OK;
	}
	command = command_find(argv[1], &e);
	return command ? cmd_main(command, argc - 1, argv + 1) : ct_error_print(&e);
}

/*
 * If standard descriptors are closed, the next file to be opened would get their number, and
 * messages would be written into it.
 */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* A full disk must not look like success.  A reader that closes the pipe early is no error. */
static int finish_output(int status)
{
	struct ct_error e = { 0 };
	int failed = ferror(stdout);

	errno = 0;
	if (!fflush(stdout) && !failed)
		return status;
	/* Longer output failed earlier, and errno is lost: writing one more byte sets it again. */
	if (!errno) {
		clearerr(stdout);
		if (fputc('\n', stdout) != EOF && !fflush(stdout))
			errno = EIO;
	}
	if (errno == EPIPE || status)
		return status;
	ct_user_error(&e, "cannot write to standard output: %s", strerror(errno));
	return ct_error_print(&e);
}

/* The output is filtered for people; what a measuring process sends to its parent is no text. */
static int filter_output(int argc, char **argv)
{
	const bool measures = argc > 1 && !strcmp(argv[1], command_measure.name);

	return measures ? 0 : terminal_filter();
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	memory_guard();
	gbench_without_memory(memory_end);
	if (filter_output(argc, argv)) {
		fputs("ctbench: no memory to begin with\n", stderr);
		return CT_EXIT_USER;
	}
	/* A run must outlive the pager that shows its progress; see finish_output(). */
	signal(SIGPIPE, SIG_IGN);
	return finish_output(run_command(argc, argv));
}
