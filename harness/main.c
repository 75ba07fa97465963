/* SPDX-License-Identifier: MIT */
/*
 * ctbench: the front door.  Finds the command and hands it its arguments.
 */
#include "harness/base/about.h"
#include "harness/cli/cmd.h"
#include "harness/base/nearest.h"
#include "harness/base/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary; /* NULL: not for people */
} commands[] = {
	{ "list", cmd_list, "what can be measured: variants, their axes, workloads" },
	{ "run", cmd_run, "measure workloads and keep, tabulate and plot the results" },
	{ "saturate", cmd_saturate,
	  "find the highest rate at which a percentile stays under a bound" },
	{ "replay", cmd_replay,
	  "send a capture through the hooks and tell what conntrack made of it" },
	{ "explain", cmd_explain, "tell one packet's way through conntrack, step by step" },
	{ "plot", cmd_plot, "draw the plots of a finished run again" },
	{ "report", cmd_report_run, "a finished run as one page: answers, plots, tables, machine" },
	{ "compare", cmd_compare, "judge one run beside another: is it better or worse?" },
	{ "merge", cmd_merge,
	  "put parts of a run together that were measured apart (run --shard)" },
	{ "env", cmd_env, "what this machine is, and what about it will disturb a measurement" },
	{ "bounds", cmd_bounds,
	  "what no table on this machine can beat: lines of memory, hashes, atomics" },
	{ "measure", cmd_measure, NULL },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void print_help(FILE *out)
{
	fputs("ctbench: what does a choice in a connection-tracking hash table cost or gain?\n"
	      "\n"
	      "A conntrack core in the manner of Linux netfilter runs on top of tables that "
	      "differ\n"
	      "in one choice at a time: the hash, how a hash becomes a bucket, chains with or "
	      "without\n"
	      "locks for readers, how the table is replaced while it is in use, the flavour of "
	      "RCU.\n"
	      "ctbench measures them side by side, table operations and whole packets, on this "
	      "machine.\n"
	      "\n"
	      "usage: ctbench COMMAND [ARGUMENTS]\n"
	      "\n",
	      out);
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (commands[i].summary)
			fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "  ctbench COMMAND --help   explains a command\n"
	      "  ctbench --version        version, revision, compiler, allocator\n"
	      "\n"
	      "Three things to try:\n"
	      "  ctbench list --axes                        the choices, each with a sentence\n"
	      "  ctbench run --dry-run workloads/axes.yaml  what would be measured, and for how "
	      "long\n"
	      "  ctbench run workloads/axes.yaml --variants axis=resize --threads 1,all\n"
	      "                                             what do readers pay for the online "
	      "resize?\n"
	      "\n"
	      "Exit status: 0 done; 1 a fault of ctbench, or a check that failed; 2 something to "
	      "mend in\n"
	      "the arguments or files, or permission or memory is missing (stderr says what); 3 a "
	      "proven\n"
	      "regression; 77 this machine cannot do it.\n",
	      out);
}

static void print_version(FILE *out)
{
	fprintf(out, "ctbench %s (revision %s)\n", about_version(), about_revision());
	fprintf(out, "compiler: %s, %s\n", about_compiler(), about_build());
	fprintf(out, "allocator: %s\n", about_allocator());
}

static int unknown_command(const char *name)
{
	const char *names[NR_COMMANDS], *near;
	struct ct_error e = { 0 };
	size_t nr = 0;

	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (commands[i].summary)
			names[nr++] = commands[i].name;
	near = nearest_name(name, names, nr);
	ct_user_error(&e, "'%.64s' is no %s of ctbench%s%s%s; ctbench --help tells what there is",
		      name, *name == '-' ? "option" : "command", near ? " (did you mean '" : "",
		      near ? near : "", near ? "'?)" : "");
	return ct_error_print(&e);
}

static int run_command(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return CT_EXIT_USER;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		print_version(stdout);
		return CT_EXIT_OK;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    (!strcmp(argv[1], "help") && argc == 2)) {
		print_help(stdout);
		return CT_EXIT_OK;
	}
	if (!strcmp(argv[1], "help")) {
		char help[] = "--help", *args[] = { argv[2], help, NULL };

		command = command_find(argv[2]);
		return command ? command->run(2, args) : unknown_command(argv[2]);
	}
	command = command_find(argv[1]);
	return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}

/*
 * Where standard descriptors are closed, the next file opened would take
 * their number, and messages would end up in it.
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

/* A full disk must not look like success; a reader that has seen enough may leave. */
static int finish_output(int status)
{
	struct ct_error e = { 0 };
	int failed = ferror(stdout);

	errno = 0;
	if (!fflush(stdout) && !failed)
		return status;
	/* Output longer than its buffer failed on the way; one more byte tells why. */
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

/* What people read is filtered; what a measuring process sends to its parent is no text. */
static int filter_output(int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;

	return command && !command->summary ? 0 : terminal_filter();
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	if (filter_output(argc, argv)) {
		fputs("ctbench: no memory to begin with\n", stderr);
		return CT_EXIT_USER;
	}
	/* A run must outlive the pager that shows its progress; see finish_output(). */
	signal(SIGPIPE, SIG_IGN);
	return finish_output(run_command(argc, argv));
}
