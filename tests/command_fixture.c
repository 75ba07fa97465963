/* SPDX-License-Identifier: MIT */
/* Running commands in a folder of their own; see the header. */
#include "tests/command_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 40

struct said said;
unsigned int program_seconds = 120;

static char folder[64], left[4096];
static FILE *program_out, *program_err;

/* ---- the folder and its files ---- */

int own_folder_enter(const char *test)
{
	snprintf(folder, sizeof(folder), "/tmp/ctbench-%s-XXXXXX", test);
	return getcwd(left, sizeof(left)) && mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

int own_folder_leave(void **state)
{
	(void)state;
	return chdir(left) || remove_all(folder) ? -1 : 0;
}

const char *own_path(const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int remove_all(const char *path)
{
	return access(path, F_OK) ? 0 : nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void write_bytes(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "w");

	if (!f)
		fail_msg("cannot write %s", path);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static size_t read_rest(FILE *f, const char *what, char *text, size_t size)
{
	size_t n = fread(text, 1, size - 1, f);

	text[n] = '\0';
	if (fgetc(f) != EOF)
		fail_msg("%s is longer than %zu bytes", what, size - 1);
	fclose(f);
	return n;
}

size_t read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("there is no %s", path);
	return read_rest(f, path, text, size);
}

/* ---- commands ---- */

/* The words of line behind the first one in argv, and NULL. */
static int split(char *line, char *argv[WORDS_MAX])
{
	int argc = 1;

	for (char *word, *rest = line; (word = strsep(&rest, " ")); ) {
		if (!*word)
			continue;
		assert_true(argc + 1 < WORDS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

/* Let fd's descriptor be a new file for now; returns what it was. */
static int divert(int fd, const char *path)
{
	int kept = dup(fd), file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	assert_true(kept >= 0 && file >= 0);
	dup2(file, fd);
	close(file);
	return kept;
}

static void restore(int fd, int kept)
{
	dup2(kept, fd);
	close(kept);
}

int call_command(int (*command)(int argc, char **argv), const char *name, const char *arguments)
{
	char line[1024], *argv[WORDS_MAX] = { (char *)name };
	int argc, old_out, old_err;

	assert_true(strlen(arguments) < sizeof(line));
	strcpy(line, arguments);
	argc = split(line, argv);
	fflush(stdout);
	fflush(stderr);
	old_out = divert(STDOUT_FILENO, "out");
	old_err = divert(STDERR_FILENO, "err");
	said.status = command(argc, argv);
	fflush(stdout);
	fflush(stderr);
	restore(STDOUT_FILENO, old_out);
	restore(STDERR_FILENO, old_err);
	read_text("out", said.out, sizeof(said.out));
	read_text("err", said.err, sizeof(said.err));
	return said.status;
}

pid_t program_start(const struct program_limits *limits, char *const *args)
{
	const struct rlimit space = { limits->address_space, limits->address_space };
	char *argv[WORDS_MAX] = { (char *)"ctbench" };
	pid_t pid;

	for (unsigned int i = 0; args[i]; i++) {
		assert_true(i + 2 < WORDS_MAX);
		argv[i + 1] = args[i];
	}
	assert_non_null(program_out = tmpfile());
	assert_non_null(program_err = tmpfile());
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid)
		return pid;
	signal(SIGINT, SIG_DFL);	/* whatever started the tests may ignore it */
	alarm(program_seconds);		/* outlives exec */
	if (dup2(fileno(program_out), STDOUT_FILENO) < 0 ||
	    dup2(fileno(program_err), STDERR_FILENO) < 0)
		_exit(99);
	if (limits->address_space && setrlimit(RLIMIT_AS, &space))
		_exit(99);
	if (limits->user && setuid(limits->user))
		_exit(99);
	execv(CTBENCH_BINARY, argv);
	_exit(98);
}

int program_finish(pid_t pid)
{
	struct rusage usage;
	int status;

	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	said.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	said.peak_kib = usage.ru_maxrss;
	rewind(program_out);
	rewind(program_err);
	read_rest(program_out, "what it prints", said.out, sizeof(said.out));
	read_rest(program_err, "what it complains of", said.err, sizeof(said.err));
	return said.status;
}

int program_run(const struct program_limits *limits, char *const *args)
{
	return program_finish(program_start(limits, args));
}

int run_sized(const char *command, const char *const *args, const char *buckets)
{
	const char *argv[WORDS_MAX] = { command };
	bool sized = !buckets;
	unsigned int nr;

	for (nr = 0; args[nr]; nr++) {
		assert_true(nr + 4 < WORDS_MAX);
		argv[nr + 1] = args[nr];
		sized |= !strcmp(args[nr], "--buckets") || !strcmp(args[nr], "--help");
	}
	if (!sized && nr) {
		argv[nr + 1] = "--buckets";
		argv[nr + 2] = buckets;
	}
	return program_run(&(struct program_limits){ 0 }, (char *const *)argv);
}

int run_line(const char *format, ...)
{
	char line[1024], *argv[WORDS_MAX];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof(line));
	split(line, argv);
	return program_run(&(struct program_limits){ 0 }, argv + 1);
}

/* ---- what is said ---- */

void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not said in:\n%s", part, text);
}

bool have_gnuplot(void)
{
	if (!system("command -v gnuplot >/dev/null"))
		return true;
	puts("no gnuplot here: skipped");
	return false;
}
