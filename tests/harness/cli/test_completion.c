/* SPDX-License-Identifier: MIT */
/*
 * Completion and manual pages have every option of the tables; bash, zsh, fish, groff and mandoc
 * accept them, if they are installed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/cmd.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "variants/variant.h"

static bool have(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	if (!call_shell(command))
		return true;
	print_message("[  note    ] %s is not installed: not tried\n", program);
	return false;
}

static void offers(const char *word, bool is_offered)
{
	const size_t len = strlen(word);
	const char *at = said.out;
	bool found = false;

	/* A whole line, or up to a tab (fish has descriptions after it). */
	for (; (at = strstr(at, word)) && !found; at += len)
		found = (at == said.out || at[-1] == '\n') && (!at[len] || strchr("\n\t", at[len]));
	if (found != is_offered)
		fail_msg("\"%s\" is %s among:\n%s", word, is_offered ? "not" : "", said.out);
}

/* ---- bash ---- */

/* Completes the last of the words. */
static void bash(const char *words)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "bash -c 'source ./bash; COMP_WORDS=(ctbench %s); "
		 "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ctbench; "
		 "printf \"%%s\\n\" \"${COMPREPLY[@]}\"'",
		 words);
	assert_int_equal(call_shell(command), 0);
}

static const struct command *completed; /* by bash_has() */

static void bash_has(void *arg, const struct cmd_option *option)
{
	char words[128], whole[64];

	(void)arg;
	snprintf(whole, sizeof(whole), "--%s", option->name);
	snprintf(words, sizeof(words), "%s %s", completed->name, whole);
	words[strlen(words) - 1] = '\0';
	bash(words);
	offers(whole, true);
}

static void test_bash(void **state)
{
	(void)state;
	bash("\"\"");
	offers("run", true);
	offers("help", true);
	offers("measure", false);
	for (size_t i = 0; commands[i]; i++) {
		completed = commands[i];
		if (completed->summary)
			cmd_each_option(completed, bash_has, NULL);
	}
	completed = &command_run;
	cmd_each_parameter(completed, bash_has, NULL);

	bash("plot --kind ba");
	offers("bars", true);
	offers("size", false);
	bash("plot --kind = ba"); /* so bash splits --kind=ba */
	offers("bars", true);
	bash("plot --kind bars,si");
	offers("bars,size", true);
	bash("explain f.pcap 1 --variant nul");
	offers(ct_variants[0]->name, true);
	bash("run ax");
	offers("axes", true);
	bash("run --level pa");
	offers("packets", true);
	/* a run by name and a folder; also after a switch */
	assert_int_equal(call_shell("mkdir -p results/runs/mine reports"), 0);
	bash("report m");
	offers("mine", true);
	bash("report --markdown m");
	offers("mine", true);
	/* of another folder, and with a blank in its name; nothing in a name is evaluated */
	assert_int_equal(call_shell("mkdir -p 'my runs/other one' 'my runs/m$(touch planted)'"), 0);
	bash("report --results \"my\\\\ runs\" o");
	offers("other one", true);
	bash("report --results = \"my\\\\ runs\" m");
	offers("m$(touch planted)", true);
	offers("mine", false);
	bash("report --results \"\\$(touch planted)\" m");
	assert_int_not_equal(access("planted", F_OK), 0);
	bash("report re");
	offers("reports", true);
	offers("results", true);
	bash("help pl");
	offers("plot", true);
}

/* ---- other shells ---- */

/* A zsh on a pseudo terminal: types the words and a tab, and writes the line into a file. */
static const char zsh_script[] =
	"rm -f line; zmodload zsh/zpty; zpty z zsh -f\n"
	"zpty -w z \"PS1=; fpath=($PWD \\$fpath); autoload -U compinit; compinit -D -u; "
	"show() { print -r -- is:\\$BUFFER >line }; zle -N show; bindkey '^T' show; echo "
	"rea''dy\"\n"
	"zpty -r z out '*ready*'\n"
	"zpty -w -n z \"$1\"$'\\t\\x14'\n"
	"for i in {1..300}; do [[ -s line ]] && break; sleep 0.1; done\n"
	"cat line\n";

static void zsh(const char *words, const char *whole)
{
	char command[256];

	snprintf(command, sizeof(command), "zsh -f ./type.zsh '%s'", words);
	call_shell(command);
	if (!strstr(said.out, whole))
		fail_msg("%s + tab is not %s but: %s", words, whole, said.out);
}

static void test_zsh(void **state)
{
	(void)state;
	if (!have("zsh"))
		skip();
	assert_int_equal(call_shell("mv zsh _ctbench && zsh -n ./_ctbench"), 0);
	write_text("type.zsh", zsh_script);
	zsh("ctbench pl", "is:ctbench plot");
	zsh("ctbench plot --ki", "is:ctbench plot --kind");
	zsh("ctbench plot --kind ba", "is:ctbench plot --kind bars");
	zsh("ctbench run --load-f", "is:ctbench run --load-factor");
	zsh("ctbench run --level=pa", "is:ctbench run --level=packets");
	zsh("ctbench run ax", "is:ctbench run axes");
	zsh("ctbench report --results my\\ runs oth",
	    "is:ctbench report --results my\\ runs other\\ one");
	zsh("ctbench report --results=my\\ runs oth",
	    "is:ctbench report --results=my\\ runs other\\ one");
}

static void test_fish(void **state)
{
	(void)state;
	if (!have("fish"))
		skip();
	assert_int_equal(
		call_shell("HOME=$PWD fish -c 'source ./fish; complete -C \"ctbench pl\"' 2>&1"),
		0);
	offers("plot", true);
	call_shell("HOME=$PWD fish -c 'source ./fish; complete -C \"ctbench plot --ki\"' 2>&1");
	offers("--kind", true);
	call_shell("HOME=$PWD fish -c 'source ./fish; complete -C \"ctbench plot --kind b\"' 2>&1");
	offers("bars", true);
	call_shell("HOME=$PWD fish -c 'source ./fish; complete -C \"ctbench run --load\"' 2>&1");
	offers("--load-factor", true);
	call_shell("HOME=$PWD fish -c 'source ./fish; "
		   "complete -C \"ctbench report --results my\\\\ runs oth\"' 2>&1");
	offers("other one", true);
	call_shell("HOME=$PWD fish -c 'source ./fish; "
		   "complete -C \"ctbench report --results=my\\\\ runs oth\"' 2>&1");
	offers("other one", true);
}

/* ---- manual pages ---- */

static void page_has(void *arg, const struct cmd_option *option)
{
	char name[64] = "--", *at = name + 2;

	(void)arg;
	/* as in roff, without the backslashes, which the test removes */
	snprintf(at, sizeof(name) - 2, "%s", option->name);
	if (!strstr(said.out, name))
		fail_msg("%s is missing in:\n%s", name, said.out);
}

static void test_man(void **state)
{
	char command[256];

	(void)state;
	for (size_t i = 0; commands[i]; i++) {
		if (!commands[i]->summary)
			continue;
		snprintf(command, sizeof(command), CTBENCH_BINARY " man %s | tr -d '\\\\'",
			 commands[i]->name);
		assert_int_equal(call_shell(command), 0);
		cmd_each_option(commands[i], page_has, NULL);
		cmd_each_parameter(commands[i], page_has, NULL);
	}
	assert_int_equal(call_shell(CTBENCH_BINARY " man --out pages"), 0);
	if (have("groff")) {
		assert_int_equal(
			call_shell("for p in pages/*.1; do groff -man -Tutf8 -z -ww $p; done "
				   "2>&1"),
			0);
		assert_string_equal(said.out, "");
	}
	if (have("mandoc")) {
		/* A page without a date is made the same way each time. */
		call_shell("mandoc -T lint -W warning pages/*.1 2>&1 | grep -v 'missing date'");
		assert_string_equal(said.out, "");
	}
	assert_int_equal(call_shell("ls pages | wc -l"), 0);
	assert_true(atoi(said.out) > 10);
}

static int begin(void **state)
{
	int err = own_folder_enter("completion");

	(void)state;
	for (size_t i = 0; i < 3 && !err; i++) {
		static const char *const shells[] = { "bash", "zsh", "fish" };
		char command[256];

		snprintf(command, sizeof(command), CTBENCH_BINARY " completion %s > %s", shells[i],
			 shells[i]);
		err = call_shell(command);
	}
	return err;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_bash),
	cmocka_unit_test(test_zsh),
	cmocka_unit_test(test_fish),
	cmocka_unit_test(test_man),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
