/* SPDX-License-Identifier: MIT */
/*
 * ctbench man: manual pages from the tables of cmd.h, in roff with the macros of man(7).
 */
#include "harness/cli/cmd.h"

#include "core/version.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A text as part of a line of roff. */
static void put(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '"')
			fputs("\\(dq", out);
		else if (*text == '\'')
			fputs("\\(aq", out);
		else
			fputc(*text, out);
}

/* Whole lines of text: a '.' or '\'' that begins a line would be a request. */
static void put_line(FILE *out, const char *text)
{
	fputs("\\&", out);
	put(out, text);
	fputc('\n', out);
}

static void put_paragraphs(FILE *out, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		char paragraph[2048];

		snprintf(paragraph, sizeof(paragraph), "%.*s",
			 end ? (int)(end - text) : (int)strlen(text), text);
		put_line(out, paragraph);
		text = end ? end + 2 : NULL;
		if (text && *text)
			fputs(".PP\n", out);
	}
}

static void put_term(FILE *out, const char *name, const char *text)
{
	fputs(".TP\n.B \"", out);
	put(out, name);
	fputs("\"\n", out);
	if (text)
		put_line(out, text);
}

/* Terms without texts are separate lines, like examples. */
static void put_terms(FILE *out, const struct cmd_term *terms)
{
	bool texts = false;

	for (const struct cmd_term *t = terms; t->name; t++)
		texts |= t->text != NULL;
	if (!texts)
		fputs(".nf\n", out);
	for (; terms->name; terms++)
		if (texts)
			put_term(out, terms->name, terms->text ? terms->text : "");
		else
			put_line(out, terms->name);
	if (!texts)
		fputs(".fi\n", out);
}

static void put_option(void *arg, const struct cmd_option *option)
{
	FILE *out = arg;
	char letter[16] = "";

	if (option->letter)
		snprintf(letter, sizeof(letter), "\\fB\\-%c\\fR, ", option->letter);
	fprintf(out, ".TP\n%s\\fB\\-\\-", letter);
	put(out, option->name);
	fputs("\\fR", out);
	if (option->argument) {
		fputs(" \\fI", out);
		put(out, option->argument);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	put_line(out, option->help);
	if (option->choices && option->choices[0].text) {
		fputs(".RS\n", out);
		put_terms(out, option->choices);
		fputs(".RE\n", out);
	}
}

static void put_title(FILE *out, const char *name, const char *summary)
{
	fputs(".TH ", out);
	for (const char *p = name; *p; p++)
		fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, out);
	fprintf(out, " 1 \"\" \"ctbench %s\" \"User Commands\"\n.nh\n.ad l\n.SH NAME\n",
		CTBENCH_VERSION);
	put(out, name);
	fputs(" \\- ", out);
	put(out, summary);
	fputc('\n', out);
}

static void put_see_also(FILE *out, const struct command *but)
{
	bool first = true;

	fputs(".SH SEE ALSO\n", out);
	if (but) {
		fputs(".BR ctbench (1)", out);
		first = false;
	}
	for (size_t i = 0; commands[i]; i++) {
		if (!commands[i]->summary || commands[i] == but)
			continue;
		fprintf(out, "%s.BR ctbench\\-%s (1)", first ? "" : ",\n", commands[i]->name);
		first = false;
	}
	fputc('\n', out);
}

static void put_command(FILE *out, const struct command *c)
{
	char name[64], usage[256];

	snprintf(name, sizeof(name), "ctbench-%s", c->name);
	put_title(out, name, c->summary ? c->summary : "for ctbench itself");
	fputs(".SH SYNOPSIS\n", out);
	put_line(out, cmd_usage(usage, sizeof(usage), c));
	fputs(".SH DESCRIPTION\n", out);
	put_paragraphs(out, c->about);
	for (const struct cmd_option *o = c->operands; o && o->name; o++)
		put_term(out, o->name, o->help);
	fputs(".SH OPTIONS\n", out);
	cmd_each_option(c, put_option, out);
	if (c->overrides) {
		fputs(".SH PARAMETERS\nThey replace those of the workload file. Several values are "
		      "separated by commas.\n",
		      out);
		cmd_each_parameter(c, put_option, out);
	}
	for (const struct cmd_section *s = c->sections; s && s->title; s++) {
		fputs(".SH \"", out);
		put(out, s->title);
		fputs("\"\n", out);
		put_paragraphs(out, s->text);
		if (s->terms)
			put_terms(out, s->terms);
	}
	fputs(".SH EXIT STATUS\n", out);
	put_terms(out, cmd_exit_statuses);
	if (c->examples) {
		fputs(".SH EXAMPLES\n", out);
		put_terms(out, c->examples);
	}
	put_see_also(out, c);
}

static void put_overview(FILE *out)
{
	put_title(out, "ctbench", "measure choices in connection-tracking hash tables");
	fputs(".SH SYNOPSIS\n.B ctbench\n.I COMMAND\n.RI [ ARGUMENT ]...\n.SH DESCRIPTION\n", out);
	put_paragraphs(out, cmd_overview);
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->summary)
			put_term(out, commands[i]->name, commands[i]->summary);
	fputs(".SH OPTIONS\n", out);
	put_term(out, "-h, --help", "print a line for each command");
	put_term(out, "-V, --version", "print version, revision, compiler and allocator");
	fputs(".SH EXIT STATUS\n", out);
	put_terms(out, cmd_exit_statuses);
	fputs(".SH EXAMPLES\n", out);
	put_terms(out, cmd_overview_examples);
	put_see_also(out, NULL);
}

/* ---- the command ---- */

struct request {
	const char *command, *out;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_option operands[] = {
	{ .name = "COMMAND", .type = CMD_TEXT, .offset = AT(command), .optional = true,
	  .help = "the command; without it: the page of ctbench itself" },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "out", 'o', CMD_TEXT, AT(out), "DIR",
	  .help = "write all pages (ctbench.1, ctbench-run.1 and so on) into this folder" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench man run | man -l -", NULL },
	{ "ctbench man --out ~/.local/share/man/man1", NULL },
	{ NULL, NULL },
};
/* clang-format on */

/* c NULL: of ctbench itself. */
static int write_page(const char *dir, const struct command *c, struct ct_error *e)
{
	char path[PATH_MAX];
	FILE *out;
	int failed;

	snprintf(path, sizeof(path), "%s/ctbench%s%s.1", dir, c ? "-" : "", c ? c->name : "");
	out = fopen(path, "we");
	if (!out)
		return ct_user_error(e, "cannot write '%.900s': %s", path, strerror(errno));
	if (c)
		put_command(out, c);
	else
		put_overview(out);
	failed = ferror(out);
	if (fclose(out) || failed)
		return ct_user_error(e, "cannot write '%.900s': %s", path, strerror(errno));
	return 0;
}

static int write_pages(const char *dir, struct ct_error *e)
{
	int err = 0;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return ct_user_error(e, "cannot make the folder '%.900s': %s", dir,
				     strerror(errno));
	err = write_page(dir, NULL, e);
	for (size_t i = 0; commands[i] && !err; i++)
		if (commands[i]->summary)
			err = write_page(dir, commands[i], e);
	return err;
}

static int print_pages(void *request, struct ct_error *e)
{
	const struct request *q = request;
	const struct command *c = q->command ? command_find(q->command, e) : NULL;

	if (q->command && !c)
		return -EINVAL;
	if (c && q->out)
		return ct_user_error(e, "--out writes all pages: leave out %s", q->command);
	if (q->out)
		return write_pages(q->out, e);
	if (c)
		put_command(stdout, c);
	else
		put_overview(stdout);
	return CT_EXIT_OK;
}

const struct command command_man = {
	.name = "man",
	.summary = "print manual pages",
	.about = "Prints the manual page of a command, or of ctbench itself, in the format of "
		 "man(7). It says the same as --help.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = print_pages,
};
