/* SPDX-License-Identifier: MIT */
/*
 * ctbench completion: scripts for shells, from the tables of cmd.h.
 *
 * The scripts contain the names of variants and of the project's workloads; the shell looks up runs
 * and files.
 */
#include "harness/cli/cmd.h"

#include "harness/base/memory.h"
#include "harness/base/names.h"
#include "harness/workload/workload.h"
#include "variants/variant.h"

#include <stdlib.h>
#include <string.h>

/* ---- what an argument may be ---- */

enum kind { ANYTHING, FILES, FOLDERS, RUNS, VARIANTS, WORKLOADS, COMMANDS };

/* By its name in the usage line, or by the option's name. */
static enum kind kind_of(const struct cmd_option *o)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {
		{ "FILE", FILES },
		{ "DIR", FOLDERS },
		{ "RUN", RUNS },
		{ "A", RUNS },
		{ "B", RUNS },
		{ "IN", RUNS },
		{ "VARIANT", VARIANTS },
		{ "variants", VARIANTS },
		{ "SELECTION", VARIANTS },
		{ "WORKLOAD", WORKLOADS },
		{ "COMMAND", COMMANDS },
		{ "capture", FILES },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, o->name) ||
		    (o->argument && !strcmp(kinds[i].name, o->argument)))
			return kinds[i].kind;
	return ANYTHING;
}

/* The words that a completion offers, each after a blank. */
static void put_variants(FILE *out)
{
	for (size_t i = 0; i < ct_nr_variants; i++)
		fprintf(out, " %s", ct_variants[i]->name);
}

static void put_workloads(FILE *out)
{
	struct ct_error ignored = { 0 };
	char **paths = NULL;
	size_t nr = 0;

	if (workload_find_files(&paths, &nr, &ignored))
		memory_end(); /* its only error */
	for (size_t i = 0; i < nr; i++) {
		const char *slash = strrchr(paths[i], '/'), *name = slash ? slash + 1 : paths[i];

		/* A shell runs this script: no other file here may put words into it. */
		if (name_fits_workload(name, strcspn(name, ".")))
			fprintf(out, " %.*s", (int)strcspn(name, "."), name);
		free(paths[i]);
	}
	free(paths);
}

static void put_commands(FILE *out)
{
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->summary)
			fprintf(out, " %s", commands[i]->name);
}

static void put_words(FILE *out, const struct cmd_option *o)
{
	enum kind kind = kind_of(o);

	for (const struct cmd_term *t = o->choices; t && t->name; t++)
		fprintf(out, " %s", t->name);
	if (kind == VARIANTS)
		put_variants(out);
	else if (kind == WORKLOADS)
		put_workloads(out);
	else if (kind == COMMANDS)
		put_commands(out);
}

/*
 * The beginning of a help text, without its explanation, between single quotes. A shell's own
 * characters in `special` get a backslash.
 */
static void put_brief(FILE *out, const char *text, const char *special)
{
	size_t len = strcspn(text, ";:(");

	while (len && text[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			fputs("'\\'", out);
		else if (strchr(special, text[i]))
			fputc('\\', out);
		fputc(text[i], out);
	}
}

struct script {
	FILE *out;
	const struct command *c;
};

/* ---- bash ---- */

static void bash_option_name(void *arg, const struct cmd_option *o)
{
	struct script *s = arg;

	fprintf(s->out, " --%s", o->name);
	if (o->letter)
		fprintf(s->out, " -%c", o->letter);
}

/* The completion of an argument, as a command of the function below. */
static void bash_argument(FILE *out, const struct cmd_option *o)
{
	switch (kind_of(o)) {
	case FILES:
		fputs("_ctbench_files", out);
		break;
	case FOLDERS:
		fputs("_ctbench_files -d", out);
		break;
	case RUNS:
		fputs("_ctbench_runs", out);
		break;
	case WORKLOADS:
		fputs("_ctbench_files; _ctbench_words", out);
		put_words(out, o);
		break;
	default:
		fputs("_ctbench_words", out);
		put_words(out, o);
	}
}

static void bash_option(void *arg, const struct cmd_option *o)
{
	struct script *s = arg;

	if (!o->argument)
		return;
	fprintf(s->out, "\t'%s --%s'", s->c->name, o->name);
	if (o->letter)
		fprintf(s->out, " | '%s -%c'", s->c->name, o->letter);
	fputs(") ", s->out);
	bash_argument(s->out, o);
	fputs("; return ;;\n", s->out);
}

static void bash_values(FILE *out, const struct command *c)
{
	struct script s = { out, c };

	cmd_each_option(c, bash_option, &s);
	cmd_each_parameter(c, bash_option, &s);
}

static void bash_words(FILE *out, const struct command *c)
{
	struct script s = { out, c };

	fprintf(out, "\t'%s '-*) _ctbench_words", c->name);
	cmd_each_option(c, bash_option_name, &s);
	cmd_each_parameter(c, bash_option_name, &s);
	fputs(" ;;\n", out);
	if (c->operands) {
		fprintf(out, "\t'%s '*) ", c->name);
		bash_argument(out, &c->operands[0]);
		fputs(" ;;\n", out);
	}
}

static void bash(FILE *out)
{
	fputs("# bash completion for ctbench, made by: ctbench completion bash\n"
	      "\n"
	      "# Words that begin as the current one does; of a list with commas, its last part.\n"
	      "_ctbench_words()\n"
	      "{\n"
	      "\tlocal before=\n"
	      "\n"
	      "\tif [[ $cur == *,* ]]; then\n"
	      "\t\tbefore=${cur%,*},\n"
	      "\tfi\n"
	      "\tCOMPREPLY+=($(compgen -P \"$before\" -W \"$*\" -- \"${cur##*,}\"))\n"
	      "}\n"
	      "\n"
	      "_ctbench_files()\n"
	      "{\n"
	      "\tcompopt -o filenames 2>/dev/null\n"
	      "\tlocal IFS=$'\\n'\n"
	      "\tCOMPREPLY+=($(compgen \"${1:--f}\" -- \"$cur\"))\n"
	      "}\n"
	      "\n"
	      "# Runs of the folder that --results names, or of the usual one. Nothing is "
	      "evaluated:\n"
	      "# of a shell's own characters the word may have quotes, backslashes and ~/.\n"
	      "_ctbench_runs()\n"
	      "{\n"
	      "\tlocal i folder=results/runs IFS=$'\\n'\n"
	      "\n"
	      "\tfor ((i = 2; i < ${#COMP_WORDS[@]} - 1; i++)); do\n"
	      "\t\tif [[ ${COMP_WORDS[i]} == --results && $((i + 1)) != $COMP_CWORD ]]; then\n"
	      "\t\t\tfolder=${COMP_WORDS[i+1]}\n"
	      "\t\t\t[[ $folder != = ]] || folder=${COMP_WORDS[i+2]}\n"
	      "\t\tfi\n"
	      "\tdone\n"
	      "\tfolder=${folder//[\\\\\\'\\\"]/}\n"
	      "\t[[ $folder != '~/'* ]] || folder=$HOME/${folder:2}\n"
	      "\t_ctbench_files -d\n"
	      "\tCOMPREPLY+=($(CDPATH= cd -- \"$folder\" 2>/dev/null && compgen -d -- \"$cur\"))\n"
	      "}\n"
	      "\n"
	      "_ctbench()\n"
	      "{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\n"
	      "\tCOMPREPLY=()\n"
	      "\t# --option=value is three words\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $before == = ]] && ((COMP_CWORD > 2)); then\n"
	      "\t\tbefore=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\tfi\n"
	      "\tif ((COMP_CWORD == 1)); then\n"
	      "\t\t_ctbench_words --help --version",
	      out);
	put_commands(out);
	fputs("\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase \"${COMP_WORDS[1]} $before\" in\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->summary)
			bash_values(out, commands[i]);
	fputs("\tesac\n"
	      "\tcase \"${COMP_WORDS[1]} $cur\" in\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->summary)
			bash_words(out, commands[i]);
	fputs("\tesac\n"
	      "}\n"
	      "complete -F _ctbench ctbench\n",
	      out);
}

/* ---- zsh ---- */

static void zsh_argument(FILE *out, const struct cmd_option *o)
{
	switch (kind_of(o)) {
	case FILES:
		fputs("_files", out);
		return;
	case FOLDERS:
		fputs("_files -/", out);
		return;
	case RUNS:
		fputs("_ctbench_runs", out);
		return;
	case WORKLOADS:
		fputs("_ctbench_workloads", out);
		return;
	default:
		fputc('(', out);
		put_words(out, o);
		fputc(')', out);
	}
}

static void zsh_option(void *arg, const struct cmd_option *o)
{
	struct script *s = arg;

	fputs(" \\\n\t\t\t", s->out);
	if (o->letter)
		fprintf(s->out, "'(-%c --%s)'{-%c,--%s%s}", o->letter, o->name, o->letter, o->name,
			o->argument ? "=" : "");
	else
		fprintf(s->out, "--%s%s", o->name, o->argument ? "=" : "");
	fputs("'[", s->out);
	put_brief(s->out, o->help, "[]");
	fputc(']', s->out);
	if (o->argument) {
		fprintf(s->out, ":%s:", o->argument);
		zsh_argument(s->out, o);
	}
	fputc('\'', s->out);
}

static void zsh(FILE *out)
{
	fputs("#compdef ctbench\n"
	      "# zsh completion for ctbench, made by: ctbench completion zsh\n"
	      "\n"
	      "_ctbench_runs() {\n"
	      "\tlocal -a runs\n"
	      "\tlocal folder=results/runs i\n"
	      "\tfor ((i = 1; i <= $#words; i++)); do\n"
	      "\t\tcase $words[i] in\n"
	      "\t\t--results) folder=${(Q)words[i+1]} ;;\n"
	      "\t\t--results=*) folder=${(Q)words[i]#--results=} ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tfolder=${folder/#\\~\\//$HOME/}\n"
	      "\truns=($folder/*(N/:t))\n"
	      "\tcompadd -a runs\n"
	      "\t_files -/\n"
	      "}\n"
	      "\n"
	      "_ctbench_workloads() {\n"
	      "\tcompadd",
	      out);
	put_workloads(out);
	fputs("\n"
	      "\t_files\n"
	      "}\n"
	      "\n"
	      "_ctbench() {\n"
	      "\tlocal context state line\n"
	      "\tlocal -a names\n"
	      "\n"
	      "\t_arguments -C '(- *)'{-h,--help}'[print the commands]' \\\n"
	      "\t\t'(- *)'{-V,--version}'[print the version]' \\\n"
	      "\t\t'1:command:->command' '*::argument:->arguments'\n"
	      "\tcase $state in\n"
	      "\tcommand)\n"
	      "\t\tnames=(",
	      out);
	for (size_t i = 0; commands[i]; i++) {
		if (!commands[i]->summary)
			continue;
		fprintf(out, "\n\t\t\t'%s:", commands[i]->name);
		put_brief(out, commands[i]->summary, "");
		fputc('\'', out);
	}
	fputs(")\n"
	      "\t\t_describe command names\n"
	      "\t\t;;\n"
	      "\targuments)\n"
	      "\t\tcase $line[1] in\n",
	      out);
	for (size_t i = 0; commands[i]; i++) {
		struct script s = { out, commands[i] };

		if (!commands[i]->summary)
			continue;
		fprintf(out, "\t\t%s)\n\t\t\t_arguments", commands[i]->name);
		cmd_each_option(s.c, zsh_option, &s);
		cmd_each_parameter(s.c, zsh_option, &s);
		if (s.c->operands) {
			fprintf(out, " \\\n\t\t\t'*:%s:", s.c->operands[0].name);
			zsh_argument(out, &s.c->operands[0]);
			fputc('\'', out);
		}
		fputs("\n\t\t\t;;\n", out);
	}
	fputs("\t\tesac\n"
	      "\t\t;;\n"
	      "\tesac\n"
	      "}\n"
	      "\n"
	      "_ctbench \"$@\"\n",
	      out);
}

/* ---- fish ---- */

static void fish_argument(FILE *out, const struct cmd_option *o)
{
	static const char *const calls[] = {
		[FILES] = "(__fish_complete_path)",
		[FOLDERS] = "(__fish_complete_directories)",
		[RUNS] = "(__ctbench_runs)",
		[WORKLOADS] = "(__fish_complete_path)",
		[COMMANDS] = NULL,
	};

	fputs(" -a '", out);
	if (calls[kind_of(o)])
		fputs(calls[kind_of(o)], out);
	put_words(out, o);
	fputc('\'', out);
}

static void fish_option(void *arg, const struct cmd_option *o)
{
	struct script *s = arg;

	fprintf(s->out, "complete -c ctbench -n '__fish_seen_subcommand_from %s' -l %s", s->c->name,
		o->name);
	if (o->letter)
		fprintf(s->out, " -s %c", o->letter);
	if (o->argument) {
		fputs(" -x", s->out);
		fish_argument(s->out, o);
	}
	fputs(" -d '", s->out);
	put_brief(s->out, o->help, "\\");
	fputs("'\n", s->out);
}

static void fish(FILE *out)
{
	fputs("# fish completion for ctbench, made by: ctbench completion fish\n"
	      "\n"
	      "function __ctbench_runs\n"
	      "\tset -l folder results/runs\n"
	      "\tset -l before\n"
	      "\tfor word in (commandline -opc)\n"
	      "\t\tif test \"$before\" = --results\n"
	      "\t\t\tset folder $word\n"
	      "\t\telse if string match -q -- '--results=*' $word\n"
	      "\t\t\tset folder (string replace -- --results= '' $word)\n"
	      "\t\tend\n"
	      "\t\tset before $word\n"
	      "\tend\n"
	      "\tset folder (string replace -r '^~/' \"$HOME/\" -- $folder)\n"
	      "\tfor run in $folder/*/\n"
	      "\t\tbasename -- $run\n"
	      "\tend\n"
	      "\t__fish_complete_directories\n"
	      "end\n"
	      "\n"
	      "complete -c ctbench -f\n"
	      "complete -c ctbench -n __fish_use_subcommand -s h -l help -d 'print the commands'\n"
	      "complete -c ctbench -n __fish_use_subcommand -s V -l version "
	      "-d 'print the version'\n",
	      out);
	for (size_t i = 0; commands[i]; i++) {
		struct script s = { out, commands[i] };

		if (!commands[i]->summary)
			continue;
		fprintf(out, "complete -c ctbench -n __fish_use_subcommand -a %s -d '", s.c->name);
		put_brief(out, s.c->summary, "\\");
		fputs("'\n", out);
		cmd_each_option(s.c, fish_option, &s);
		cmd_each_parameter(s.c, fish_option, &s);
		if (!s.c->operands)
			continue;
		fprintf(out, "complete -c ctbench -n '__fish_seen_subcommand_from %s'", s.c->name);
		fish_argument(out, &s.c->operands[0]);
		fputc('\n', out);
	}
}

/* ---- the command ---- */

struct request {
	unsigned int shell;
};

static void (*const shells[])(FILE *out) = { bash, zsh, fish };

/* clang-format off */
static const struct cmd_term shell_names[] = {
	{ "bash", NULL }, { "zsh", NULL }, { "fish", NULL }, { NULL, NULL },
};

static const struct cmd_option operands[] = {
	{ .name = "SHELL", .type = CMD_CHOICE, .offset = offsetof(struct request, shell),
	  .choices = shell_names, .help = "bash, zsh or fish" },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "source <(ctbench completion bash)", "for this shell" },
	{ "ctbench completion bash > ~/.local/share/bash-completion/completions/ctbench",
	  "for all later ones" },
	{ "ctbench completion zsh > \"${fpath[1]}/_ctbench\"", NULL },
	{ "ctbench completion fish > ~/.config/fish/completions/ctbench.fish", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static int print_script(void *request, struct ct_error *e)
{
	const struct request *q = request;

	(void)e;
	shells[q->shell](stdout);
	return CT_EXIT_OK;
}

const struct command command_completion = {
	.name = "completion",
	.summary = "print a script for completion of arguments in a shell",
	.about = "Prints a script with which a shell completes commands, options, their values, "
		 "variants, workloads and runs.",
	.operands = operands,
	.examples = examples,
	.request_size = sizeof(struct request),
	.run = print_script,
};
