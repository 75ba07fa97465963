/* SPDX-License-Identifier: MIT */
/*
 * ctbench new: ask four questions, and write a workload file.
 */
#include "harness/cli/cmd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/workload/parameters.h"
#include "harness/workload/workload.h"

#define SCHEMA "workload.schema.json"

struct request {
	const char *file, *question, *variants, *traffic, *vary;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ "FILE", .type = CMD_TEXT, .offset = AT(file),
	  .help = "the file to write, which must not exist; - for standard output" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "question", 'q', CMD_TEXT, AT(question), "TEXT",
	  .help = "the question that the workload answers" },
	{ "variants", 0, CMD_TEXT, AT(variants), "SELECTION",
	  .help = "the tables to compare, as ctbench list takes them" },
	{ "traffic", 0, CMD_TEXT, AT(traffic), "KIND",
	  .help = "lookups, churn (connections come and go), packets or fill" },
	{ "vary", 0, CMD_TEXT, AT(vary), "KEY=VALUES",
	  .help = "a parameter and its values, as in threads=1,all; or none" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench new mine.yaml", NULL },
	{ "ctbench new c.yaml --variants axis=chain --traffic churn --vary flows=1Ki,1Mi", NULL },
	{ NULL, NULL },
};

/* The questions, in their order. */
static const struct question {
	size_t at; /* of the answer in the request */
	const char *text, *fallback; /* NULL: an answer is needed */
} questions[] = {
	{ AT(question), "What is the question, in one sentence?", NULL },
	{ AT(variants), "Which tables should be compared (see ctbench list)?", "axis=chain" },
	{ AT(traffic), "Which traffic: lookups, churn, packets or fill?", "lookups" },
	{ AT(vary), "Which parameter varies? (KEY=VALUES, or none)", "threads=1,all" },
};
/* clang-format on */
#define NR_QUESTIONS (sizeof(questions) / sizeof(questions[0]))

static const char **answer_to(struct request *q, size_t nr)
{
	return (const char **)((char *)q + questions[nr].at);
}

/*
 * Where editors find the schema: that of `make install`, wherever the program is now; else a file
 * beside the workload.
 */
static const char *schema_path(void)
{
	static const char relative[] = "share/ctbench/" SCHEMA;
	static char path[PATH_MAX + sizeof(relative)];
	char *slash;
	int up = 0;

	if (realpath("/proc/self/exe", path)) {
		for (; up < 2 && (slash = strrchr(path, '/')); up++)
			*slash = '\0';
		strcat(path, "/");
		strcat(path, relative);
		/* A line end in the path would end the comment. */
		if (up == 2 && !strchr(path, '\n') && !access(path, R_OK))
			return path;
	}
	return SCHEMA;
}

/* The file's text from the answers so far, with defaults for the others. */
static char *compose(const struct request *q, struct workload_set *set, struct ct_error *e)
{
	struct request with = *q;
	struct workload_answers a;
	char *text;

	for (size_t i = 0; i < NR_QUESTIONS; i++)
		if (!*answer_to(&with, i))
			*answer_to(&with, i) = questions[i].fallback ? questions[i].fallback : "?";
	a = (struct workload_answers){ with.question, with.variants, with.traffic, with.vary,
				       schema_path() };
	text = workload_new_text(&a, e);
	if (text && workload_load_text(set, strcmp(q->file, "-") ? q->file : WORKLOAD_STDIN, text,
				       NULL, e)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Is the file valid with this answer?  0 or a negative errno with the sentence in e. */
static int check(const struct request *q, struct ct_error *e)
{
	struct workload_set set = { 0 };
	char *text = compose(q, &set, e);
	int err = text ? 0 : -EINVAL;

	free(text);
	workload_set_free(&set);
	return err;
}

/* A line of standard input without its end, from malloc(); NULL at its end, and for an empty line.
 */
static char *read_line(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len = file_line(stdin, &line, &room);

	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		line[--len] = '\0';
	if (len > 0)
		return line;
	free(line);
	return NULL;
}

/*
 * Ask a question that no option answered. *line holds the answer, for free(). On a terminal a wrong
 * answer is asked for again; a script's next line would be for the next question.
 */
static int ask(struct request *q, size_t nr, char **line, struct ct_error *e)
{
	const struct question *ask = &questions[nr];

	for (;;) {
		bool person = isatty(STDIN_FILENO);

		fprintf(stderr, "%s%s%s%s ", ask->text, ask->fallback ? " [" : "",
			ask->fallback ? ask->fallback : "", ask->fallback ? "]" : "");
		fflush(stderr);
		*line = read_line();
		if (!person)
			fputc('\n', stderr);
		*answer_to(q, nr) = *line ? *line : ask->fallback;
		if (!*answer_to(q, nr) && (!person || feof(stdin)))
			return ct_user_error(e,
					     "new: the question is missing; give --question TEXT");
		if (*answer_to(q, nr) && !check(q, e))
			return 0;
		if (!person || feof(stdin))
			return -EINVAL;
		if (*answer_to(q, nr))
			ct_error_print(e);
		*e = (struct ct_error){ 0 };
		free(*line);
		*line = NULL;
		*answer_to(q, nr) = NULL;
	}
}

static int write_file(const char *path, const char *text, struct ct_error *e)
{
	int fd = file_append(path, O_WRONLY | O_CREAT | O_EXCL), err;

	if (fd < 0)
		return ct_fail(e, fd, CT_EXIT_USER, "cannot write %s: %s%s", path, file_error(fd),
			       fd == -EEXIST ? "; choose another name" : "");
	err = file_write_all(fd, text, strlen(text));
	if (close(fd) && !err)
		err = -errno;
	if (!err)
		return 0;
	unlink(path);
	return ct_fail(e, err, CT_EXIT_USER, "cannot write %s: %s", path, file_error(err));
}

static int finish(const struct request *q, struct ct_error *e)
{
	struct workload_set set = { 0 };
	char *text = compose(q, &set, e), word[PATH_MAX];
	bool to_stdout = !strcmp(q->file, "-");
	int err = text ? 0 : -EINVAL;

	if (!err && to_stdout)
		fputs(text, stdout);
	else if (!err)
		err = write_file(q->file, text, e);
	if (!err && !to_stdout) {
		printf("%s: %zu cells, about %.0f s.  To measure them:\n  ctbench run %s\n",
		       q->file, set.list[0].nr_cells, 1 + workload_set_expected_seconds(&set),
		       escaped(word, sizeof(word), escape_shell_path, q->file));
		if (!strcmp(schema_path(), SCHEMA))
			puts("For completion in an editor, in the file's folder:\n"
			     "  ctbench list --schema >" SCHEMA);
	}
	free(text);
	workload_set_free(&set);
	return err;
}

static int make_file(void *request, struct ct_error *e)
{
	struct request *q = request;
	char *lines[NR_QUESTIONS] = { NULL };
	int err;

	/* Before anything is asked. */
	if (strcmp(q->file, "-") && !access(q->file, F_OK))
		return ct_user_error(e, "%s exists already; choose another name", q->file);
	err = check(q, e);
	for (size_t i = 0; i < NR_QUESTIONS && !err; i++)
		if (!*answer_to(q, i))
			err = ask(q, i, &lines[i], e);
	if (!err)
		err = finish(q, e);
	for (size_t i = 0; i < NR_QUESTIONS; i++)
		free(lines[i]);
	return err;
}

const struct command command_new = {
	.name = "new",
	.summary = "ask four questions and write a workload file",
	.about = "Asks for the question that the workload answers, the tables to compare, the "
		 "traffic, and the parameter that varies. An option answers its question in "
		 "advance. The file is checked like by ctbench run, and written only if it is "
		 "valid.\n\n"
		 "workloads/README.md and ctbench list --parameters describe all other keys.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = make_file,
};
