/* SPDX-License-Identifier: MIT */
/*
 * The commands of ctbench. Each has one description, which is used to read its arguments (cmd.c),
 * for --help (cmd_help.c), manual pages (cmd_man.c) and completion in shells (cmd_completion.c).
 *
 * To add an option, add a row to the command's table in cmd_NAME.c; to add a command, write its
 * struct command there and name it in commands.c.
 *
 * SIGPIPE is ignored, so that a run continues when the pager with its output ends. A command that
 * prints endlessly must stop if ferror(stdout) is true.
 */
#ifndef CTBENCH_HARNESS_CLI_CMD_H
#define CTBENCH_HARNESS_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/error.h"

/* The kind of an argument, and the type of its field in the request. */
enum cmd_type {
	CMD_SWITCH, /* bool: an option without a value sets it */
	CMD_TEXT,   /* const char *, into argv */
	CMD_COUNT,  /* uint64_t within min and max, decimal */
	CMD_CHOICE, /* unsigned int: the index of one of choices */
	CMD_PARSE,  /* parse() sets the field */
	CMD_LIST,   /* struct cmd_words: an operand that may be given several times */
	CMD_HELP,   /* --help itself */
};

struct cmd_words {
	const char **list; /* into argv; the list itself is freed by cmd_free() */
	size_t nr;
};

/* The arguments after "--", for another program. */
struct cmd_rest {
	char **argv;
	int argc;
};

/* A term and what it means: a choice of an option, an example, a line of a list. */
struct cmd_term {
	const char *name; /* an array of them ends where it is NULL */
	const char *text; /* may be NULL */
};

/* An option, or an operand; an array of them ends with one whose name is NULL. */
struct cmd_option {
	const char *name; /* "dry-run"; an operand: "RUN" */
	char letter;	  /* -n, or '\0' */
	enum cmd_type type;
	size_t offset;	      /* of the field in the command's request */
	const char *argument; /* of an option with a value: "DIR" */
	const char *help;     /* begins with a lower-case letter, has no full stop */
	uint64_t min, max;    /* of CMD_COUNT */
	/*
	 * The values; more are possible if the type is CMD_PARSE.  The help lists them if they have
	 * texts.
	 */
	const struct cmd_term *choices;
	int (*parse)(void *request, const struct cmd_option *option, const char *value,
		     struct ct_error *e);
	bool optional; /* an operand that may be left out */
	bool hidden;   /* not in the help: for checks of the harness itself */
};

/* A part of the help after the options. */
struct cmd_section {
	const char *title;	      /* an array of them ends where it is NULL */
	const char *text;	      /* paragraphs; may be NULL */
	const struct cmd_term *terms; /* may be NULL */
};

struct command {
	const char *name;
	const char *summary; /* a line of ctbench --help; NULL: internal */
	const char *about;   /* sentences; an empty line separates paragraphs */
	const struct cmd_option *operands, *options;
	const struct cmd_option *more; /* options that several commands share */
	const struct cmd_section *sections;
	const struct cmd_term *examples; /* command lines */
	/* Offsets in the request, plus 1; 0: the command takes none. */
	size_t overrides; /* struct workload_overrides: parameters of workloads are options */
	/* struct cmd_rest: what follows "--", rest_name in the usage line; 0: operands follow. */
	size_t rest;
	const char *rest_name;
	size_t request_size;  /* of the struct that the arguments go to */
	const void *defaults; /* the request before any argument; NULL: all zeros */
	/*
	 * Carries out the command: an exit status, or a negative errno with a sentence in e.
	 */
	int (*run)(void *request, struct ct_error *e);
	/* Frees the request's memory; may be NULL. */
	void (*end)(void *request);
	/* Instead of these, for a command that reads its arguments itself.  argv[0] is its name. */
	int (*whole)(int argc, char **argv);
};

/* The command, with its error on stderr; returns the exit status. */
int cmd_main(const struct command *c, int argc, char **argv);

/* All of them, the most useful first; NULL ends the list. */
extern const struct command *const commands[];

extern const struct command command_list, command_new, command_run, command_saturate,
	command_import, command_replay, command_explain, command_plot, command_report,
	command_recommend, command_compare, command_history, command_merge, command_sweep,
	command_machines, command_env, command_bounds, command_kernel, command_torture,
	command_completion, command_man, command_help, command_measure;

/* The command of that name; or NULL with a sentence in e that suggests the nearest name. */
const struct command *command_find(const char *name, struct ct_error *e);

/* Rows that several commands share.  T is the type of the command's request. */
#define CMD_RUN(T) \
	{ \
		.name = "RUN", .type = CMD_TEXT, .offset = offsetof(T, run), \
		.help = "folder of a run, or its name in results/runs" \
	}
#define CMD_RESULTS(T) CMD_RESULTS_AT(offsetof(T, results))
#define CMD_RESULTS_AT(offset_) \
	{ \
		.name = "results", .type = CMD_TEXT, .offset = (offset_), .argument = "DIR", \
		.help = "folder of all runs (default: results/runs)" \
	}
#define CMD_OF(T, help_) \
	{ \
		.name = "of", .type = CMD_TEXT, .offset = offsetof(T, of), .argument = "BOUND", \
		.help = (help_), .choices = cmd_bounds_choices \
	}
extern const struct cmd_term cmd_bounds_choices[];
/* The kinds of plots, as a set of enum workload_plot bits in the field kinds. */
#define CMD_KINDS(T, help_) \
	{ \
		.name = "kind", .letter = 'k', .type = CMD_PARSE, .offset = offsetof(T, kinds), \
		.argument = "KIND", .help = (help_), .choices = cmd_plot_kinds, \
		.parse = cmd_parse_kinds \
	}
extern const struct cmd_term cmd_plot_kinds[];
int cmd_parse_kinds(void *request, const struct cmd_option *option, const char *value,
		    struct ct_error *e);

/* A request with the defaults, for free(); NULL without memory. */
void *cmd_request(const struct command *c);
/*
 * Read the arguments into the request.  0; 1: --help was asked for and printed; or a negative
 * errno with a sentence in e.  cmd_free() afterwards in each case.
 */
int cmd_parse(const struct command *c, void *request, int argc, char **argv, struct ct_error *e);
void cmd_free(const struct command *c, void *request);

/* A number from 0 on, decimal: 0 or -EINVAL. */
int cmd_number(const char *text, uint64_t *out);

/* "--NAME is 'VALUE', but it must be MUST": -EINVAL. */
int cmd_bad_value(struct ct_error *e, const struct cmd_option *option, const char *value,
		  const char *must);

/* ---- cmd_help.c ---- */

void cmd_print_help(FILE *out, const struct command *c);
/* ctbench --help */
void cmd_print_overview(FILE *out);
extern const char cmd_overview[];
extern const struct cmd_term cmd_overview_examples[];

/* ---- for the help, manual pages and completion ---- */

/* Calls see() for each documented option: the command's own, shared ones, --help. */
void cmd_each_option(const struct command *c,
		     void (*see)(void *arg, const struct cmd_option *option), void *arg);
/* ... for each parameter of workloads, if the command takes them. */
void cmd_each_parameter(const struct command *c,
			void (*see)(void *arg, const struct cmd_option *option), void *arg);
/* "ctbench plot RUN [OPTION]..."; returns buf. */
char *cmd_usage(char *buf, size_t size, const struct command *c);
/* The exit statuses of all commands. */
extern const struct cmd_term cmd_exit_statuses[];

#endif
