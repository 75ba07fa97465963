/* SPDX-License-Identifier: MIT */
/*
 * Parsing by the tables of options: a made-up command has an option of each type; and each option
 * of each real command is suggested for a misspelling of its name.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cmd.h"
#include "harness/workload/workload.h"
#include "tests/fixture/cmocka.h"

struct request {
	bool on;
	const char *text, *first;
	uint64_t count;
	unsigned int choice;
	int parsed;
	struct cmd_words words;
	struct cmd_rest rest;
	struct workload_overrides overrides;
};

static int
parse_twice(void *request, const struct cmd_option *option, const char *value, struct ct_error *e)
{
	((struct request *)request)->parsed = 2 * atoi(value);
	return atoi(value) < 0 ? cmd_bad_value(e, option, value, "positive") : 0;
}

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_term colours[] = {
	{ "red", NULL }, { "green", "as grass" }, { "blue", NULL }, { NULL, NULL },
};
static const struct cmd_option operands[] = {
	{ .name = "FIRST", .type = CMD_TEXT, .offset = AT(first) },
	{ .name = "WORD", .type = CMD_LIST, .offset = AT(words), .optional = true },
	{ .name = NULL },
};
static const struct cmd_option options[] = {
	{ .name = "on", .letter = 'o', .type = CMD_SWITCH, .offset = AT(on) },
	{ .name = "text", .letter = 't', .type = CMD_TEXT, .offset = AT(text), .argument = "T" },
	{ .name = "count", .type = CMD_COUNT, .offset = AT(count), .argument = "N", .min = 2,
	  .max = 9 },
	{ .name = NULL },
};
static const struct cmd_option more[] = {
	{ .name = "colour", .type = CMD_CHOICE, .offset = AT(choice), .argument = "C",
	  .choices = colours },
	/* has the name of a parameter */
	{ .name = "duration", .type = CMD_TEXT, .offset = AT(text), .argument = "T" },
	{ .name = "twice", .type = CMD_PARSE, .argument = "N", .parse = parse_twice },
	{ .name = NULL },
};
static const struct cmd_term examples[] = { { "ctbench made first", NULL }, { NULL, NULL } };
/* clang-format on */

static const struct command made = {
	.name = "made",
	.operands = operands,
	.options = options,
	.more = more,
	.examples = examples,
	.overrides = AT(overrides) + 1,
	.rest = AT(rest) + 1,
	.rest_name = "REST...",
};

static struct request q;
static struct ct_error e;

static int parse(char *const *words)
{
	static char *argv[24] = { (char *)"made" };
	int argc = 1;

	cmd_free(&made, &q);
	memset(&q, 0, sizeof(q));
	memset(&e, 0, sizeof(e));
	while (words[argc - 1] && argc < 23) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	return cmd_parse(&made, &q, argc, argv, &e);
}

#define PARSE(...) parse((char *[]){ __VA_ARGS__, NULL })

static void refused(int err, const char *key)
{
	assert_true(err < 0);
	assert_int_equal(e.status, CT_EXIT_USER);
	if (!strstr(e.text, key))
		fail_msg("\"%s\" is missing in: %s", key, e.text);
}

static void test_types(void **state)
{
	(void)state;
	assert_int_equal(PARSE("a", "--on", "--text", "t", "--count=9", "--colour", "green", "b",
			       "--twice=21", "-", "--", "--on", "x"),
			 0);
	assert_true(q.on);
	assert_string_equal(q.text, "t");
	assert_int_equal(q.count, 9);
	assert_int_equal(q.choice, 1);
	assert_int_equal(q.parsed, 42);
	assert_string_equal(q.first, "a");
	assert_int_equal(q.words.nr, 2);
	assert_string_equal(q.words.list[0], "b");
	assert_string_equal(q.words.list[1], "-");
	assert_int_equal(q.rest.argc, 2);
	assert_string_equal(q.rest.argv[0], "--on");
}

static void test_letters(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-o", "-t", "v", "a"), 0);
	assert_true(q.on);
	assert_string_equal(q.text, "v");
	assert_int_equal(PARSE("-tv", "a"), 0);
	assert_string_equal(q.text, "v");
	refused(PARSE("a", "-ox"), "--on");
	refused(PARSE("a", "-x"), "-x");
	refused(PARSE("a", "-t"), "--text");
}

/*
 * Parameters of workloads are options too, unless the command has one of that name.  A dash may
 * replace an underscore.
 */
static void test_parameters(void **state)
{
	(void)state;
	assert_int_equal(
		PARSE("a", "--load-factor=2", "--oversubscribe", "--on", "--set", "flows=64"), 0);
	assert_int_equal(q.overrides.nr, 3);
	assert_string_equal(q.overrides.list[0].key, "load_factor");
	assert_string_equal(q.overrides.list[1].value, "true");
	assert_string_equal(q.overrides.list[2].key, "flows");
	assert_true(q.on);
	assert_int_equal(PARSE("a", "--duration", "1s"), 0);
	assert_int_equal(q.overrides.nr, 0);
	assert_string_equal(q.text, "1s");
	refused(PARSE("a", "--flws", "3"), "--flows");
	refused(PARSE("a", "--flows"), "--flows");
}

static void test_wrong(void **state)
{
	(void)state;
	refused(PARSE("--on"), "FIRST");
	refused(PARSE("a", "--on=yes"), "--on");
	refused(PARSE("a", "--text"), "--text");
	refused(PARSE("a", "--text="), "--text");
	refused(PARSE("a", "--count", "1"), "from 2 to 9");
	refused(PARSE("a", "--count", "10"), "'10'");
	refused(PARSE("a", "--count", "5x"), "'5x'");
	refused(PARSE("a", "--count", "-5"), "'-5'");
	refused(PARSE("a", "--colour", "gren"), "green or blue");
	refused(PARSE("a", "--twice", "-1"), "positive");
	refused(PARSE("a", "--tex", "x"), "--text");
}

/* A command without CMD_LIST takes one operand; behind "--" it may begin with a dash. */
static void test_operands(void **state)
{
	struct cmd_option one[] = { operands[0], { .name = NULL } };
	const struct command strict = { .name = "strict", .operands = one, .examples = examples };
	char *argv[] = { (char *)"strict", (char *)"a", (char *)"bee", NULL };

	(void)state;
	memset(&e, 0, sizeof(e));
	assert_int_equal(cmd_parse(&strict, &q, 2, argv, &e), 0);
	refused(cmd_parse(&strict, &q, 3, argv, &e), "'bee'");
	memset(&e, 0, sizeof(e));
	argv[1] = (char *)"--";
	argv[2] = (char *)"--on";
	assert_int_equal(cmd_parse(&strict, &q, 3, argv, &e), 0);
}

/* ---- the real ones ---- */

static void check_option(void *arg, const struct cmd_option *option)
{
	const struct command *c = arg;
	static char request[1 << 16];
	char word[64], *argv[] = { (char *)c->name, word, NULL };

	/* No full stop: help is a column of phrases. */
	if (!option->help || !*option->help || option->help[strlen(option->help) - 1] == '.')
		fail_msg("%s --%s: %s", c->name, option->name, option->help);
	/* the last letter twice */
	snprintf(word, sizeof(word), "--%s%c", option->name,
		 option->name[strlen(option->name) - 1]);
	memset(request, 0, sizeof(request));
	memset(&e, 0, sizeof(e));
	refused(cmd_parse(c, request, 2, argv, &e), option->name);
	cmd_free(c, request);
}

static void test_suggestions(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i]; i++) {
		assert_true(commands[i]->about && (commands[i]->run || commands[i]->whole));
		cmd_each_option(commands[i], check_option, (void *)commands[i]);
		cmd_each_parameter(commands[i], check_option, (void *)commands[i]);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_types),	   cmocka_unit_test(test_letters),
	cmocka_unit_test(test_parameters), cmocka_unit_test(test_wrong),
	cmocka_unit_test(test_operands),   cmocka_unit_test(test_suggestions),
};
CT_TEST_MAIN(tests, NULL, NULL)
