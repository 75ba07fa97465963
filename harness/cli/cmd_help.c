/* SPDX-License-Identifier: MIT */
/*
 * ctbench help, ctbench --help and ctbench COMMAND --help, from the tables of cmd.h.
 */
#include "harness/cli/cmd.h"

#include "harness/base/terminal.h"
#include "harness/base/text.h"

#include <string.h>
#include <unistd.h>

#define COLUMN	   24u /* column of the text after an option */
#define COLUMN_MAX 50u /* ... behind a term: longer ones have it on the next line */
#define WIDTH	   80u /* where there is no terminal */
#define WIDTH_MAX  100u

struct page {
	FILE *out;
	unsigned int width;
};

static struct page page_begin(FILE *out)
{
	unsigned int width = terminal_columns(out == stdout ? STDOUT_FILENO : STDERR_FILENO, WIDTH);

	return (struct page){ out, width < 60 ? 60 : width > WIDTH_MAX ? WIDTH_MAX : width };
}

/* name, and its text to the right or, if name is too long, below. */
static void put_term(const struct page *p, unsigned int indent, unsigned int column,
		     const char *name, const char *text)
{
	unsigned int at = indent + text_columns(name);

	fprintf(p->out, "%*s%s", (int)indent, "", name);
	if (!text || !*text) {
		fputc('\n', p->out);
		return;
	}
	if (at + 2 > column) {
		fputc('\n', p->out);
		at = 0;
	}
	fprintf(p->out, "%*s", (int)(column - at), "");
	text_wrap(p->out, text, column, column, p->width);
}

/* The texts begin in one column, after the longest name. */
static void put_terms(const struct page *p, unsigned int indent, const struct cmd_term *terms)
{
	unsigned int column = 0;

	for (const struct cmd_term *t = terms; t && t->name; t++) {
		unsigned int end = indent + text_columns(t->name) + 2;

		if (t->text && end > column && end <= COLUMN_MAX)
			column = end;
	}
	for (; terms && terms->name; terms++)
		put_term(p, indent, column, terms->name, terms->text);
}

/* Paragraphs, separated by empty lines. */
static void put_paragraphs(const struct page *p, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		char paragraph[2048];
		size_t len = end ? (size_t)(end - text) : strlen(text);

		snprintf(paragraph, sizeof(paragraph), "%.*s", (int)len, text);
		text_wrap(p->out, paragraph, 0, 0, p->width);
		if (end)
			fputc('\n', p->out);
		text = end ? end + 2 : NULL;
	}
}

static void put_option(void *arg, const struct cmd_option *option)
{
	const struct page *p = arg;
	char letter[8] = "    ", name[80];

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(name, sizeof(name), "%s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	put_term(p, 2, COLUMN, name, option->help);
	if (option->choices && option->choices[0].text)
		put_terms(p, COLUMN, option->choices);
}

void cmd_print_help(FILE *out, const struct command *c)
{
	struct page p = page_begin(out);
	char usage[256];

	fprintf(out, "usage: %s\n\n", cmd_usage(usage, sizeof(usage), c));
	put_paragraphs(&p, c->about);
	if (c->operands && c->operands->name)
		fputc('\n', out);
	for (const struct cmd_option *o = c->operands; o && o->name; o++)
		put_term(&p, 2, COLUMN, o->name, o->help);
	fputs("\nOptions:\n", out);
	cmd_each_option(c, put_option, &p);
	if (c->overrides) {
		fputs("\nParameters that replace those of the workload file; several values with "
		      "commas:\n",
		      out);
		cmd_each_parameter(c, put_option, &p);
	}
	for (const struct cmd_section *s = c->sections; s && s->title; s++) {
		fprintf(out, "\n%s:\n", s->title);
		put_paragraphs(&p, s->text);
		put_terms(&p, 2, s->terms);
	}
	if (c->examples)
		fputs("\nExamples:\n", out);
	put_terms(&p, 2, c->examples);
}

const char cmd_overview[] =
	"ctbench measures what a choice in a connection-tracking hash table costs or gains. A "
	"conntrack core like that of Linux netfilter runs on tables that differ in one choice at a "
	"time: hash, buckets, chains with or without locks for readers, online resize, RCU "
	"flavour. Table operations and whole packets are measured side by side on this machine.";

const struct cmd_term cmd_overview_examples[] = {
	{ "ctbench list --axes", "the choices, each with a sentence" },
	{ "ctbench run axes --dry-run", "what would be measured, and for how long" },
	{ "ctbench run axes --variants axis=resize", "the cost of the online resize for readers" },
	{ NULL, NULL },
};

void cmd_print_overview(FILE *out)
{
	struct page p = page_begin(out);

	fputs("usage: ctbench COMMAND [ARGUMENT]...\n\n", out);
	put_paragraphs(&p, cmd_overview);
	fputs("\nCommands:\n", out);
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->summary)
			put_term(&p, 2, 14, commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "  ctbench COMMAND --help   explains a command\n"
	      "  ctbench --version        version, revision, compiler and allocator\n"
	      "\nExamples:\n",
	      out);
	put_terms(&p, 2, cmd_overview_examples);
	fputs("\nExit status:\n", out);
	put_terms(&p, 2, cmd_exit_statuses);
}

/* ---- ctbench help ---- */

struct request {
	const char *command;
};

static const struct cmd_option operands[] = {
	{ .name = "COMMAND",
	  .type = CMD_TEXT,
	  .offset = offsetof(struct request, command),
	  .help = "the command to explain; without it: a line for each command",
	  .optional = true },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench help run", NULL },
	{ NULL, NULL },
};

static int print_help(void *request, struct ct_error *e)
{
	const struct request *q = request;
	const struct command *c = q->command ? command_find(q->command, e) : NULL;

	if (q->command && !c)
		return -EINVAL;
	if (c)
		cmd_print_help(stdout, c);
	else
		cmd_print_overview(stdout);
	return CT_EXIT_OK;
}

const struct command command_help = {
	.name = "help",
	.summary = "explain a command",
	.about = "Prints the same as ctbench COMMAND --help.",
	.operands = operands,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = print_help,
};
