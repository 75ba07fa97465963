/* SPDX-License-Identifier: MIT */
/*
 * Reading the arguments of a command by its table; see cmd.h.
 */
#include "harness/cli/cmd.h"

#include "harness/workload/plots.h"

#include "harness/base/nearest.h"
#include "harness/base/text.h"
#include "harness/workload/parameters.h"
#include "harness/workload/workload.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 96

const struct cmd_term cmd_exit_statuses[] = {
	{ "0", "done" },
	{ "1", "a fault of ctbench, or a check that failed" },
	{ "2", "an error that the user can mend: arguments, files, permission or memory" },
	{ "3", "a proven regression (ctbench compare)" },
	{ "4", "the comparison could not detect the change that --require-power names" },
	{ "5", "every measurement was void, because something else used the machine" },
	{ "77", "this machine cannot do it" },
	{ "130", "interrupted; what was finished is kept" },
	{ NULL, NULL },
};

const struct cmd_term cmd_bounds_choices[] = {
	{ "dependent", "a random line of memory, waited for" },
	{ "independent", "random lines of memory with many in flight" },
	{ "random", "random lines of memory whose addresses are known" },
	{ "prefetched", "the same behind the best prefetch" },
	{ "prefetched_update", "atomic additions to such lines" },
	{ "in_cache", "the same lookups with all of the table in the cache" },
	{ "hash", "the table's hash alone" },
	{ "atomic", "one atomic addition" },
	{ "null", "the harness: a lookup without a table" },
	{ NULL, NULL },
};

const struct cmd_term cmd_plot_kinds[] = {
#define PLOT(id, name, help, ...) { name, help },
#include "harness/workload/plots.def"
#undef PLOT
	{ NULL, NULL },
};

int cmd_parse_kinds(void *request, const struct cmd_option *option, const char *value,
		    struct ct_error *e)
{
	unsigned int *kinds = (unsigned int *)((char *)request + option->offset);

	for (size_t len; *value; value += len + (value[len] == ',')) {
		char name[32];
		const struct plot_kind *kind;

		len = strcspn(value, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, value);
		kind = plot_kind_find(name);
		if (!kind) {
			char all[256];

			plot_kind_list(all, sizeof(all));
			return cmd_bad_value(e, option, name, all);
		}
		*kinds |= kind->bit;
	}
	return 0;
}

int cmd_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	/* An option of type number has an argument.  NOLINTNEXTLINE(*-core.NonNullParamChecker) */
	*out = strtoull(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno ? -EINVAL : 0;
}

int cmd_bad_value(struct ct_error *e, const struct cmd_option *option, const char *value,
		  const char *must)
{
	return ct_user_error(e, "%s%s is '%.80s', but it must be %s", option->argument ? "--" : "",
			     option->name, value, must);
}

/* ---- the table ---- */

static const struct cmd_option help_option = { "help", 'h', CMD_HELP, .help = "print this text" };

static const struct cmd_option *row_of(const struct cmd_option *rows, size_t i)
{
	return rows && rows[i].name ? &rows[i] : NULL;
}

/* The options of a command, one after the other; NULL after the last. */
static const struct cmd_option *option_at(const struct command *c, size_t i)
{
	size_t own = 0, more = 0;

	while (row_of(c->options, own))
		own++;
	while (row_of(c->more, more))
		more++;
	if (i < own)
		return &c->options[i];
	if (i < own + more)
		return &c->more[i - own];
	return i == own + more ? &help_option : NULL;
}

void cmd_each_option(const struct command *c,
		     void (*see)(void *arg, const struct cmd_option *option), void *arg)
{
	const struct cmd_option *option;

	for (size_t i = 0; (option = option_at(c, i)); i++)
		if (!option->hidden)
			see(arg, option);
}

/*
 * The row that arg names (not a parameter), or NULL.  *value points to the value if it is in the
 * same word, or is NULL.
 */
static const struct cmd_option *
find_option(const struct command *c, const char *arg, const char **value)
{
	const struct cmd_option *option;
	size_t len = strcspn(arg, "=");

	for (size_t i = 0; (option = option_at(c, i)); i++) {
		if (arg[1] != '-' && option->letter && arg[1] == option->letter) {
			*value = arg[2] ? arg + 2 : NULL;
			return option;
		}
		if (arg[1] == '-' && strlen(option->name) == len - 2 &&
		    !strncmp(option->name, arg + 2, len - 2)) {
			*value = arg[len] ? arg + len + 1 : NULL;
			return option;
		}
	}
	return NULL;
}

/* "--load-factor": the option of parameter i. */
static const char *option_word(int i, char word[44])
{
	char name[40];

	snprintf(word, 44, "--%s", parameter_option(&parameters[i], name));
	return word;
}

#define CHOICES_MAX 32

/* A parameter as an option. */
static void see_parameter(const struct parameter *p,
			  void (*see)(void *arg, const struct cmd_option *option), void *arg)
{
	struct cmd_term choices[CHOICES_MAX + 1] = { { NULL, NULL } };
	char name[40], allowed[ALLOWED_MAX], help[ALLOWED_MAX + 256];
	const struct cmd_option option = { .name = name,
					   .argument = "VALUE",
					   .help = help,
					   .choices = p->words ? choices : NULL };
	size_t at = 0;

	for (size_t i = 0; p->words && p->words[i].word && i < CHOICES_MAX; i++)
		choices[i].name = p->words[i].word;
	parameter_option(p, name);
	text_add(help, sizeof(help), &at, "%s: %s", p->meaning, parameter_allowed(p, allowed));
	if (p->fallback)
		text_add(help, sizeof(help), &at, " (default: %s)", p->fallback);
	see(arg, &option);
}

void cmd_each_parameter(const struct command *c,
			void (*see)(void *arg, const struct cmd_option *option), void *arg)
{
	static const struct cmd_option set = { .name = "set",
					       .argument = "KEY=VALUE",
					       .help = "the same for any parameter" };
	const char *value;
	char word[44];

	if (!c->overrides)
		return;
	for (int i = 0; i < NR_PARAMS; i++)
		if (parameters[i].use != USE_FILE && !find_option(c, option_word(i, word), &value))
			see_parameter(&parameters[i], see, arg);
	see(arg, &set);
}

char *cmd_usage(char *buf, size_t size, const struct command *c)
{
	const struct cmd_option *operand;
	int n = snprintf(buf, size, "ctbench %s", c->name);

	for (size_t i = 0; (operand = row_of(c->operands, i)) && n < (int)size; i++)
		n += snprintf(buf + n, size - (size_t)n, " %s%s%s%s", operand->optional ? "[" : "",
			      operand->name, operand->type == CMD_LIST ? "..." : "",
			      operand->optional ? "]" : "");
	if (n < (int)size && row_of(c->options, 0))
		n += snprintf(buf + n, size - (size_t)n, " [OPTION]...");
	if (n < (int)size && c->rest)
		snprintf(buf + n, size - (size_t)n, " [-- %s]", c->rest_name);
	return buf;
}

/* ---- reading ---- */

struct parser {
	const struct command *c;
	char *request;
	int argc, at; /* the next argument */
	char **argv;
	size_t operands; /* so far */
	struct ct_error *e;
};

/* Points to a field of the request. */
static void *field_of(const struct parser *p, const struct cmd_option *option)
{
	return p->request + option->offset;
}

static int take_choice(const struct parser *p, const struct cmd_option *option, const char *value)
{
	char must[256];
	size_t n = 0, nr = 0;

	while (option->choices[nr].name)
		nr++;
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(option->choices[i].name, value)) {
			*(unsigned int *)field_of(p, option) = (unsigned int)i;
			return 0;
		}
	}
	for (size_t i = 0; i < nr && n < sizeof(must); i++)
		n += (size_t)snprintf(must + n, sizeof(must) - n, "%s%s",
				      !i	   ? ""
				      : i + 1 < nr ? ", "
						   : " or ",
				      option->choices[i].name);
	return cmd_bad_value(p->e, option, value, must);
}

static int take_count(const struct parser *p, const struct cmd_option *option, const char *value)
{
	uint64_t *out = field_of(p, option);
	char must[80];

	if (!cmd_number(value, out) && *out >= option->min && (!option->max || *out <= option->max))
		return 0;
	if (option->max)
		snprintf(must, sizeof(must), "a number from %llu to %llu",
			 (unsigned long long)option->min, (unsigned long long)option->max);
	else
		snprintf(must, sizeof(must), "a number from %llu", (unsigned long long)option->min);
	return cmd_bad_value(p->e, option, value, must);
}

static int take_word(const struct parser *p, const struct cmd_option *option, const char *value)
{
	struct cmd_words *words = field_of(p, option);

	if (!words->list)
		words->list = calloc((size_t)p->argc, sizeof(*words->list));
	if (!words->list)
		return ct_fail(p->e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	words->list[words->nr++] = value;
	return 0;
}

/* 1: it is --help, which was printed. */
static int take(const struct parser *p, const struct cmd_option *option, const char *value)
{
	switch (option->type) {
	case CMD_SWITCH:
		*(bool *)field_of(p, option) = true;
		return 0;
	case CMD_TEXT:
		*(const char **)field_of(p, option) = value;
		return 0;
	case CMD_COUNT:
		return take_count(p, option, value);
	case CMD_CHOICE:
		return take_choice(p, option, value);
	case CMD_PARSE:
		return option->parse(p->request, option, value, p->e);
	case CMD_LIST:
		return take_word(p, option, value);
	case CMD_HELP:
		cmd_print_help(stdout, p->c);
		return 1;
	}
	return -EINVAL;
}

static int take_operand(struct parser *p, const char *value)
{
	const struct cmd_option *operand = row_of(p->c->operands, p->operands);
	char usage[256];

	if (!operand)
		return ct_user_error(p->e, "%s: unexpected argument '%.200s'; usage: %s",
				     p->c->name, value, cmd_usage(usage, sizeof(usage), p->c));
	if (operand->type != CMD_LIST)
		p->operands++;
	return take(p, operand, value);
}

struct names {
	const char *list[NAMES_MAX];
	char text[NAMES_MAX][32];
	size_t nr;
};

static void add_name(void *arg, const struct cmd_option *option)
{
	struct names *names = arg;

	if (names->nr == NAMES_MAX)
		return;
	snprintf(names->text[names->nr], sizeof(names->text[0]), "%s", option->name);
	names->list[names->nr] = names->text[names->nr];
	names->nr++;
}

static int unknown_option(const struct parser *p, const char *arg)
{
	struct names names = { .nr = 0 };
	const char *near = NULL;
	char word[64];

	cmd_each_option(p->c, add_name, &names);
	cmd_each_parameter(p->c, add_name, &names);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(arg, "="), arg);
	if (word[1] == '-')
		near = nearest_name(word + 2, names.list, names.nr);
	return ct_user_error(p->e, "%s: unknown option %s%s%s%s; see ctbench %s --help", p->c->name,
			     word, near ? " (did you mean --" : "", near ? near : "",
			     near ? "?)" : "", p->c->name);
}

static int take_option(struct parser *p, const char *arg)
{
	const char *value;
	const struct cmd_option *option = find_option(p->c, arg, &value);

	p->at++;
	if (!option)
		return unknown_option(p, arg);
	if (!option->argument) {
		if (value)
			return ct_user_error(p->e, "%s: --%s takes no value", p->c->name,
					     option->name);
		return take(p, option, NULL);
	}
	if (!value && p->at < p->argc)
		value = p->argv[p->at++];
	if (!value || !*value)
		return ct_user_error(p->e, "%s: --%s needs a value (%s); see ctbench %s --help",
				     p->c->name, option->name, option->argument, p->c->name);
	return take(p, option, value);
}

/*
 * 1: it is a parameter, and was read. An option of the command hides a parameter of the same name.
 */
static int take_parameter(struct parser *p, const char *arg)
{
	const char *value;

	if (!p->c->overrides || find_option(p->c, arg, &value))
		return 0;
	return workload_take_option((void *)(p->request + p->c->overrides - 1), p->argc, p->argv,
				    &p->at, p->e);
}

/* What follows "--": operands that may begin with a dash, or what the command passes on. */
static int take_rest(struct parser *p)
{
	int err = 0;

	if (p->c->rest) {
		struct cmd_rest *rest = (struct cmd_rest *)(p->request + p->c->rest - 1);

		*rest = (struct cmd_rest){ p->argv + p->at, p->argc - p->at };
		p->at = p->argc;
	}
	while (p->at < p->argc && !err)
		err = take_operand(p, p->argv[p->at++]);
	return err;
}

static int check_operands(const struct parser *p)
{
	const struct cmd_option *operand;

	for (size_t i = p->operands; (operand = row_of(p->c->operands, i)); i++) {
		const struct cmd_words *words = field_of(p, operand);

		if (!operand->optional && (operand->type != CMD_LIST || !words->nr))
			return ct_user_error(p->e, "%s: %s is missing, as in '%s'", p->c->name,
					     operand->name, p->c->examples[0].name);
	}
	return 0;
}

int cmd_parse(const struct command *c, void *request, int argc, char **argv, struct ct_error *e)
{
	struct parser p = { c, request, argc, 1, argv, 0, e };
	int err = 0;

	while (!err && p.at < argc) {
		const char *arg = argv[p.at];

		if (arg[0] != '-' || !arg[1]) { /* "-" alone is standard input or output */
			p.at++;
			err = take_operand(&p, arg);
		} else if (!strcmp(arg, "--")) {
			p.at++;
			err = take_rest(&p);
		} else {
			err = take_parameter(&p, arg);
			err = err > 0 ? 0 : err ? err : take_option(&p, arg);
		}
	}
	return err ? err : check_operands(&p);
}

void cmd_free(const struct command *c, void *request)
{
	const struct cmd_option *operand;

	for (size_t i = 0; (operand = row_of(c->operands, i)); i++)
		if (operand->type == CMD_LIST) {
			struct cmd_words *words = (void *)((char *)request + operand->offset);

			free(words->list);
			*words = (struct cmd_words){ 0 };
		}
}

void *cmd_request(const struct command *c)
{
	void *request = calloc(1, c->request_size);

	if (request && c->defaults)
		memcpy(request, c->defaults, c->request_size);
	return request;
}

static int make(const struct command *c, void *request, int argc, char **argv, struct ct_error *e)
{
	int err = cmd_parse(c, request, argc, argv, e);

	if (err)
		return err < 0 ? err : CT_EXIT_OK; /* 1: it was --help */
	return c->run(request, e);
}

int cmd_main(const struct command *c, int argc, char **argv)
{
	struct ct_error e = { 0 };
	void *request;
	int err;

	if (c->whole)
		return c->whole(argc, argv);
	request = cmd_request(c);
	err = request ? make(c, request, argc, argv, &e)
		      : ct_fail(&e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	if (request && c->end)
		c->end(request);
	if (request)
		cmd_free(c, request);
	free(request);
	return err < 0 ? ct_error_print(&e) : err;
}
