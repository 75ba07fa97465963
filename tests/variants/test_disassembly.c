/* SPDX-License-Identifier: MIT */
/*
 * Checks the compiled read path, with objdump: no indirect call, and
 * in RCU variants no calls except those named below, each of which
 * is for a reason not on the usual path.
 *
 * It examines ct_lookup_path_NAME, a lookup alone, and ct_run_ops_NAME and
 * ct_run_ops_burst_NAME, the measured loops; with the parts that the compiler moved out of line
 * (NAME.cold).
 *
 * Skipped (77) without objdump, where instructions are not known here, and
 * where the code is not what is measured: not optimised, or with sanitizers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "variants/variant.h"

#define LOOKUP_PATH "ct_lookup_path_"
#define RUN_OPS	    "ct_run_ops_"
#define RUN_BURST   RUN_OPS "burst_"

/* Calls that are allowed in the read path, outside the usual path. */
static const struct allowed {
	const char *name, *why;
} allowed[] = {
	{ "ct_find_expired", "the walk met an expired entry" },
	{ "nf_ct_gc_found", "and it is killed after the walk" },
	{ "nf_ct_destroy", "the entry was deleted meanwhile: ours is the last reference" },
	{ "resize_read_slowly", "a resize moves the nodes: wait for its end" },
	{ "spin_lock_slowly", "somebody holds the lock" },
	{ "read_lock_slowly", "a resize holds the lock, or waits for it" },
	{ "syscall",
	  "liburcu's inlined unlock or quiescent state wakes a grace period that waits" },
	{ "compat_futex_async", "the same where the kernel has no futex" },
	{ "__errno_location", "the same: has it no futex?" },
	{ "__stack_chk_fail", "a hardened build: the stack was overwritten" },
};

/* In the loop besides: operations that are not lookups. */
static const struct allowed allowed_ops[] = {
	{ "op_insert", "inserts" },
	{ "op_delete", "deletes" },
};

/* The null variant never finds an expired entry, but the code does not know that. */
static const struct allowed allowed_null[] = {
	{ "nf_ct_gc_found", "entries that a walk met; it meets none" },
};

#define MAX_CALLS 32

/* One function with all its parts. */
struct function {
	char name[128];
	unsigned int instructions, indirect, locked, strings;
	char indirect_text[160];
	char calls[MAX_CALLS][64]; /* each callee once, without the compiler's suffix */
	unsigned int nr_calls;
};

static struct function functions[256];
static size_t nr_functions;
static struct function others; /* the rest of the program as one function, for comparison */
static bool sanitized;

/* Length of a symbol without .cold, .part.0, @plt, +0x12. */
static size_t base_length(const char *symbol)
{
	return strcspn(symbol, ".@+>");
}

static struct function *function_find(const char *name)
{
	for (size_t i = 0; i < nr_functions; i++)
		if (!strcmp(functions[i].name, name))
			return &functions[i];
	return NULL;
}

static bool interesting(const char *name)
{
	return !strncmp(name, LOOKUP_PATH, strlen(LOOKUP_PATH)) ||
	       !strncmp(name, RUN_OPS, strlen(RUN_OPS));
}

/* "0000000000116640 <NAME.cold>:" begins NAME, or goes on with it. */
static struct function *function_begin(const char *symbol)
{
	struct function *f;
	char name[128];

	snprintf(name, sizeof(name), "%.*s", (int)base_length(symbol), symbol);
	if (!interesting(name))
		return &others;
	f = function_find(name);
	if (f)
		return f;
	assert_true(nr_functions < ARRAY_SIZE(functions));
	f = &functions[nr_functions++];
	strcpy(f->name, name);
	return f;
}

static void add_call(struct function *f, const char *symbol)
{
	size_t length = base_length(symbol);

	/* a jump within the function, or between its parts */
	if (length == strlen(f->name) && !strncmp(symbol, f->name, length))
		return;
	for (unsigned int i = 0; i < f->nr_calls; i++)
		if (strlen(f->calls[i]) == length && !strncmp(f->calls[i], symbol, length))
			return;
	assert_true(f->nr_calls < MAX_CALLS && length < sizeof(f->calls[0]));
	memcpy(f->calls[f->nr_calls++], symbol, length);
}

#if defined(__x86_64__)
#define DISASSEMBLY_KNOWN 1
static bool is_branch(const char *op)
{
	return op[0] == 'j' || !strncmp(op, "call", 4);
}

/* Through a register or memory: the operand begins with a star. */
static bool is_indirect(const char *op, const char *operand)
{
	return is_branch(op) && operand[0] == '*';
}
#elif defined(__aarch64__)
#define DISASSEMBLY_KNOWN 1
static bool is_branch(const char *op)
{
	return !strcmp(op, "b") || !strncmp(op, "b.", 2) || !strcmp(op, "bl") ||
	       !strncmp(op, "cb", 2) || !strncmp(op, "tb", 2) || !strncmp(op, "br", 2) ||
	       !strncmp(op, "blr", 3);
}

static bool is_indirect(const char *op, const char *operand)
{
	(void)operand;
	return !strncmp(op, "br", 2) || !strncmp(op, "blr", 3);
}
#else
#define DISASSEMBLY_KNOWN 0
static bool is_branch(const char *op)
{
	(void)op;
	return false;
}

static bool is_indirect(const char *op, const char *operand)
{
	(void)op;
	(void)operand;
	return false;
}
#endif

/* One line's "op operands", prefixes in front. */
static void instruction(struct function *f, const char *text)
{
	char op[32], rest[512] = "";
	const char *symbol;

	f->instructions++;
	for (;;) {
		if (sscanf(text, "%31s %511[^\n]", op, rest) < 1)
			return;
		if (!strcmp(op, "lock"))
			f->locked++;
		else if (!strncmp(op, "rep", 3))
			f->strings++;
		else if (strcmp(op, "bnd") && strcmp(op, "notrack"))
			break;
		text += strspn(text, " \t");
		text += strlen(op);
		rest[0] = 0;
	}
	if (is_indirect(op, rest)) {
		f->indirect++;
		snprintf(f->indirect_text, sizeof(f->indirect_text), "%s %.100s", op, rest);
	} else if (f != &others && is_branch(op)) {
		symbol = strchr(rest, '<');
		if (symbol)
			add_call(f, symbol + 1);
	}
}

static void disassemble(const char *binary)
{
	struct function *f = NULL;
	char *line = NULL, command[4096];
	size_t size = 0;
	FILE *p;

	snprintf(command, sizeof(command), "LC_ALL=C objdump -d --no-show-raw-insn '%s'", binary);
	p = popen(command, "r");
	if (!p)
		return;
	while (getline(&line, &size, p) > 0) {
		char *symbol = strchr(line, '<'), *tab = strchr(line, '\t');

		if (strstr(line, "<__asan_") || strstr(line, "<__ubsan_") ||
		    strstr(line, "<__tsan_"))
			sanitized = true;
		if (tab && f)
			instruction(f, tab + 1);
		else if (!tab && symbol && strstr(symbol, ">:"))
			f = function_begin(symbol + 1);
	}
	free(line);
	pclose(p);
}

/* --- The rules --- */

static bool is_allowed(const struct allowed *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return true;
	return false;
}

static struct function *need(const char *prefix, const char *variant)
{
	struct function *f;
	char name[128];

	snprintf(name, sizeof(name), "%s%s", prefix, variant);
	f = function_find(name);
	if (!f)
		fail_msg("there is no %s in ctbench", name);
	return f;
}

static bool is_rcu(const struct ct_variant *v)
{
	return strstr(v->axes.chain, "rcu") && !(v->flags & CT_V_PEER);
}

static void assert_no_indirect(const struct function *f)
{
	if (f->indirect)
		fail_msg("%s has %u indirect calls or jumps, such as: %s", f->name, f->indirect,
			 f->indirect_text);
}

static void no_indirect_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct ct_variant *v = ct_variants[i];

		/* not for tables of libraries; a variant without a table has no lookup path */
		if (v->flags & (CT_V_PEER | CT_V_LOOKUPS))
			continue;
		assert_no_indirect(need(LOOKUP_PATH, v->name));
		assert_no_indirect(need(RUN_OPS, v->name));
		assert_no_indirect(need(RUN_BURST, v->name));
	}
}

static void no_call_on_the_rcu_read_path(void **state)
{
	static const char *const prefixes[] = { LOOKUP_PATH, RUN_OPS, RUN_BURST };
	unsigned int looked_at = 0;

	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		if (!is_rcu(ct_variants[i]))
			continue;
		looked_at++;
		for (size_t k = 0; k < ARRAY_SIZE(prefixes); k++) {
			const struct function *f = need(prefixes[k], ct_variants[i]->name);

			/* the walk is really in it */
			assert_true(f->instructions > 30);
			for (unsigned int c = 0; c < f->nr_calls; c++)
				if (!is_allowed(allowed, ARRAY_SIZE(allowed), f->calls[c]) &&
				    !(k && is_allowed(allowed_ops, ARRAY_SIZE(allowed_ops),
						      f->calls[c])))
					fail_msg("%s calls %s", f->name, f->calls[c]);
		}
	}
	assert_true(looked_at > 0);
}

/*
 * A key copied by a string instruction is slow: the compiler treated the loop as
 * rarely executed, and optimised it for size.
 */
static void loops_are_taken_for_hot(void **state)
{
	(void)state;
	for (size_t i = 0; i < ct_nr_variants; i++) {
		if (ct_variants[i]->flags & CT_V_LOOKUPS)
			continue;
		if (need(RUN_OPS, ct_variants[i]->name)->strings ||
		    need(RUN_BURST, ct_variants[i]->name)->strings)
			fail_msg("the loop of %s is optimised for size", ct_variants[i]->name);
	}
}

/* The harness's cost is a loop that contains nothing else. */
static void null_is_nothing(void **state)
{
	const struct function *path = need(LOOKUP_PATH, "null"), *loop = need(RUN_OPS, "null");

	(void)state;
	assert_true(path->instructions <= 40);
	assert_int_equal(path->locked + loop->locked, 0);
	for (unsigned int c = 0; c < path->nr_calls; c++)
		if (!is_allowed(allowed_null, ARRAY_SIZE(allowed_null), path->calls[c]))
			fail_msg("%s calls %s", path->name, path->calls[c]);
	for (unsigned int c = 0; c < loop->nr_calls; c++)
		if (!is_allowed(allowed_null, ARRAY_SIZE(allowed_null), loop->calls[c]) &&
		    !is_allowed(allowed_ops, ARRAY_SIZE(allowed_ops), loop->calls[c]))
			fail_msg("%s calls %s", loop->name, loop->calls[c]);
}

/* Tests the check itself: it must detect such a call. */
static void the_check_sees(void **state)
{
	bool seen = false;

	(void)state;
	/* hooks and commands are called through pointers */
	assert_true(others.indirect > 10);
	for (size_t i = 0; i < ct_nr_variants; i++) {
		const struct function *f;

		if (strcmp(ct_variants[i]->name, "cds_lfht"))
			continue;
		f = need(LOOKUP_PATH, "cds_lfht");
		for (unsigned int c = 0; c < f->nr_calls; c++)
			seen |= !strcmp(f->calls[c], "cds_lfht_lookup");
		assert_true(seen);
	}
}

static bool objdump_runs(void)
{
	return system("objdump --version >/dev/null 2>&1") == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_indirect_call),
		cmocka_unit_test(no_call_on_the_rcu_read_path),
		cmocka_unit_test(loops_are_taken_for_hot),
		cmocka_unit_test(null_is_nothing),
		cmocka_unit_test(the_check_sees),
	};
	const char *why = NULL;

#ifndef __OPTIMIZE__
	why = "this build is not optimised";
#endif
	if (!DISASSEMBLY_KNOWN)
		why = "this CPU's instructions are not known here";
	else if (!objdump_runs())
		why = "there is no objdump (install binutils)";
	if (!why) {
		disassemble(CTBENCH_BINARY);
		if (sanitized)
			why = "this build has sanitizers";
	}
	if (why) {
		printf("skipped: %s\n", why);
		return CT_EXIT_SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
