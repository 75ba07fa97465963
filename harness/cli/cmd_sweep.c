/* SPDX-License-Identifier: MIT */
/*
 * ctbench sweep: a suite on several machines, started by GNU parallel or Slurm.
 *
 * This file makes the parts (run --shard), the script that measures one (tools/sweep-job.sh), and
 * at the end one run of all parts (ctbench merge) or a table of the machines. The engine and
 * tools/sweep.sh decide which machine measures a part, also after a machine has failed.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "harness/base/about.h"
#include "harness/base/built_in.h"
#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/base/helper.h"
#include "harness/base/interrupt.h"
#include "harness/base/json_read.h"
#include "harness/base/memory.h"
#include "harness/base/output_of.h"
#include "harness/cli/cmd.h"
#include "harness/machine/program.h"
#include "harness/results/results.h"

#define SWEEP_FILE  "sweep.json"
#define SCRIPT	    "ctbench:tools/sweep.sh"
#define JOB	    "ctbench:tools/sweep-job.sh"
#define NAMES_BYTES ((size_t)16 << 20) /* of all cells' names */

enum engine { PARALLEL, SLURM };

struct request {
	struct cmd_words workloads;
	struct cmd_rest rest; /* for ctbench run */
	const char *name, *results, *hosts, *program, *resume;
	unsigned int engine;
	bool each;
	uint64_t parts, tries;
};

/* clang-format off */
#define AT(field) offsetof(struct request, field)

static const struct cmd_term engines[] = {
	{ "parallel", "GNU parallel: over ssh, or on this machine" },
	{ "slurm", "an array of jobs of Slurm" },
	{ NULL, NULL },
};

static const struct cmd_option operands[] = {
	{ "WORKLOAD", .type = CMD_LIST, .offset = AT(workloads),
	  .help = "as of ctbench run", .optional = true },
	{ .name = NULL },
};

static const struct cmd_option options[] = {
	{ "engine", 0, CMD_CHOICE, AT(engine), "ENGINE",
	  .help = "the program that starts the parts (default: parallel)", .choices = engines },
	{ "hosts", 0, CMD_TEXT, AT(hosts), "FILE",
	  .help = "one machine per line: for parallel as in its --sshloginfile (: is this "
		  "machine), for slurm a node (default: this machine; all nodes)" },
	{ "each", 0, CMD_SWITCH, AT(each), NULL,
	  .help = "measure everything on each machine, and compare the machines" },
	{ "parts", 0, CMD_COUNT, AT(parts), "N",
	  .help = "number of parts (default: a part for each workload)", .min = 1, .max = 9999 },
	{ "tries", 0, CMD_COUNT, AT(tries), "N",
	  .help = "attempts at a part that does not come back (default: 3)",
	  .min = 1, .max = 100 },
	{ "program", 0, CMD_TEXT, AT(program), "PATH",
	  .help = "where ctbench is on the machines (default: where it is here)" },
	{ "name", 0, CMD_TEXT, AT(name), "NAME", .help = "name of the results" },
	{ "resume", 0, CMD_TEXT, AT(resume), "NAME",
	  .help = "measure the missing parts of this sweep, with its own arguments" },
	CMD_RESULTS(struct request),
	{ .name = NULL },
};

static const struct cmd_section sections[] = {
	{ "What must be the same on all machines",
	  "The program, at the same path, and the files that you name (workloads, captures, "
	  "tables); the project's own files are in the program. A part with another revision is "
	  "refused before it measures.", NULL },
	{ "Parts",
	  "A part has whole workloads, since cells that are compared must come from one machine. "
	  "An incomplete part is thrown away and measured again, perhaps elsewhere. ctbench merge "
	  "makes one run of all parts. Until then they are in NAME-sweep, in the folder of runs, "
	  "and --resume continues. A machine measures one part at a time.",
	  NULL },
	{ "The engine's own settings",
	  "Both engines read theirs from the environment: PARALLEL and PARALLEL_SSH; "
	  "SBATCH_PARTITION, SBATCH_TIMELIMIT and the others of sbatch. Slurm needs the folder of "
	  "the results on all nodes.", NULL },
	{ NULL, NULL, NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench sweep full --name wide --hosts machines.txt", "each machine measures some "
								 "workloads" },
	{ "ctbench sweep axes size --name models --each --hosts machines.txt",
	  "everything on each machine; then ctbench machines" },
	{ "ctbench sweep full --name wide --engine slurm -- --threads 1,all --repeats 9",
	  "after --: options of ctbench run" },
	{ "ctbench sweep --resume wide", NULL },
	{ NULL, NULL },
};
/* clang-format on */

static const struct request defaults = { .tries = 3 };

/* A sweep: its arguments and paths. */
struct sweep {
	const struct request *q;
	json_t *plan; /* {name, engine, hosts, each, parts} */
	char parent[PATH_MAX - 300], dir[PATH_MAX];
	const char *name;
	unsigned int parts;
	bool each;
};

/* ---- the arguments ---- */

static int check_rest(const struct request *q, struct ct_error *e)
{
	static const char *const ours[] = { "--name", "--results", "--resume", "--shard",
					    "--",     "--dry-run", "-n" };

	for (int i = 0; i < q->rest.argc; i++)
		for (size_t k = 0; k < sizeof(ours) / sizeof(ours[0]); k++) {
			size_t len = strlen(ours[k]);

			if (!strncmp(q->rest.argv[i], ours[k], len) &&
			    (!q->rest.argv[i][len] || (len > 2 && q->rest.argv[i][len] == '=')))
				return ct_user_error(
					e, "sweep: %s cannot follow --: sweep chooses it", ours[k]);
		}
	return 0;
}

static int check(const struct request *q, struct ct_error *e)
{
	if (q->resume) {
		if (q->workloads.nr || q->rest.argc || q->name || q->hosts || q->each || q->parts)
			return ct_user_error(e,
					     "sweep --resume continues with the sweep's own "
					     "arguments: leave out all but --results and --tries");
		return 0;
	}
	if (!q->workloads.nr)
		return ct_user_error(e, "sweep: WORKLOAD is missing, as in '%s'", examples[0].name);
	for (size_t i = 0; i < q->workloads.nr; i++)
		if (!strcmp(q->workloads.list[i], "-"))
			return ct_user_error(e, "sweep: a workload from standard input cannot be "
						"sent to other machines: name a file");
	if (!q->name)
		return ct_user_error(e, "sweep: --name is missing, as in '%s'", examples[0].name);
	if (strchr(q->name, '/') || *q->name == '.' || strpbrk(q->name, " \t\n'\"") ||
	    strlen(q->name) > 100)
		return ct_user_error(e,
				     "--name is '%.80s', but it must be a name without blanks "
				     "and slashes",
				     q->name);
	if (q->each && !q->hosts)
		return ct_user_error(e, "--each needs --hosts FILE: a machine a line");
	if (q->each && q->parts)
		return ct_user_error(e, "--each measures everything on each machine: leave out "
					"--parts");
	return check_rest(q, e);
}

/* The arguments of ctbench run: the workloads and the arguments after "--"; then `more`. */
static char **run_words(const struct request *q, const char *const *more)
{
	size_t nr = 0, nr_more = 0;
	char **words;

	while (more[nr_more])
		nr_more++;
	words = calloc(q->workloads.nr + (size_t)q->rest.argc + nr_more + 3, sizeof(*words));
	if (!words)
		memory_end();
	words[nr++] = (char *)"ctbench";
	words[nr++] = (char *)"run";
	for (size_t i = 0; i < q->workloads.nr; i++)
		words[nr++] = (char *)q->workloads.list[i];
	for (int i = 0; i < q->rest.argc; i++)
		words[nr++] = q->rest.argv[i];
	for (size_t i = 0; i < nr_more; i++)
		words[nr++] = (char *)more[i];
	return words;
}

/* The number of workloads that the arguments name.  Also checks the arguments. */
static int count_workloads(const struct request *q, size_t *nr, struct ct_error *e)
{
	static const char *const list[] = { "--", "--benchmark_list_tests", NULL };
	const char *program = program_path(e);
	char *names = malloc(NAMES_BYTES), **words = run_words(q, list), *at, *line;
	const char *before = "";
	size_t len = 0;
	int status;

	if (!names)
		memory_end();
	status = program ? output_of(program, words, -1, false, 0, names, NAMES_BYTES) : -ENOENT;
	*nr = 0;
	at = names;
	while (!status && (line = strsep(&at, "\n")) && *line) {
		if (strcspn(line, "/") != len || strncmp(line, before, len) != 0)
			(*nr)++;
		before = line;
		len = strcspn(line, "/");
	}
	if (status > 0) /* it has printed the reason */
		ct_fail(e, -EINVAL, (enum ct_exit)status,
			"these arguments cannot be swept: see above");
	else if (status < 0)
		ct_user_error(e, "cannot list the cells of the suite: %s", strerror(-status));
	else if (!*nr)
		ct_user_error(e, "sweep: these workloads have no cells");
	free(names);
	free(words);
	return status || !*nr ? -EINVAL : 0;
}

/* ---- the folder ---- */

/* Lines of a file of machines. */
static int count_hosts(const char *path, unsigned int *nr, struct ct_error *e)
{
	FILE *in = file_read(path, 1 << 20);
	char *line = NULL;
	size_t room = 0;

	if (!in)
		return ct_user_error(e, "--hosts: cannot read '%.300s': %s", path, strerror(errno));
	*nr = 0;
	while (getline(&line, &room, in) > 0) {
		const char *word = line + strspn(line, " \t\n");

		*nr += *word && *word != '#';
	}
	free(line);
	fclose(in);
	return *nr ? 0 : ct_user_error(e, "--hosts: there is no machine in '%.300s'", path);
}

static void put_setting(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=", name);
	escape_shell(out, value);
	fputc('\n', out);
}

/* The script that measures a part: settings, then the text that all sweeps share. */
static int write_job(const struct sweep *s, struct ct_error *e)
{
	static const char *const none[] = { NULL };
	const struct built_in *body = built_in_find(&JOB[strlen(BUILT_IN_PREFIX)]);
	char path[PATH_MAX], work[PATH_MAX], build[200], parts[24], *text = NULL,
								    **words = run_words(s->q, none);
	size_t len = 0;
	FILE *out;
	int err = 0;

	snprintf(path, sizeof(path), "%s", s->q->program ? s->q->program : "");
	if (!s->q->program && (!realpath("/proc/self/exe", path)))
		err = ct_user_error(e, "cannot find where this program is: name it with --program "
				       "PATH");
	if (!err && !getcwd(work, sizeof(work)))
		err = ct_user_error(e, "cannot find the current folder: %s", strerror(errno));
	if (!err && !body)
		err = ct_fail(e, -ENOENT, CT_EXIT_INTERNAL, "the program lacks " JOB);
	if (err) {
		free(words);
		return err;
	}
	out = memory_stream(&text, &len);
	snprintf(build, sizeof(build), "ctbench %s (revision %s)", about_version(),
		 about_revision());
	snprintf(parts, sizeof(parts), "%u", s->parts);
	put_setting(out, "program", path);
	put_setting(out, "build", build);
	put_setting(out, "work", work);
	put_setting(out, "name", s->name);
	put_setting(out, "parts", parts);
	fputs("measure() {\n\t\"$program\"", out);
	for (size_t i = 1; words[i]; i++) {
		fputc(' ', out);
		escape_shell(out, words[i]);
	}
	if (!s->each)
		fprintf(out, " --shard \"$part\"/%u", s->parts);
	fputs(" \"$@\"\n}\n", out);
	fwrite(body->data, 1, (size_t)(body->end - body->data), out);
	memory_stream_close(out, &text);
	err = results_write_text(s->dir, "job.sh", text, len, e);
	free(text);
	free(words);
	return err;
}

/* The paths; name: of the sweep. */
static int find_folder(struct sweep *s, const char *name, struct ct_error *e)
{
	const char *parent = s->q->results ? s->q->results : RESULTS_DEFAULT_DIR;
	char here[PATH_MAX] = "";
	int n;

	if (*parent != '/' && !getcwd(here, sizeof(here)))
		return ct_user_error(e, "cannot find the current folder: %s", strerror(errno));
	n = snprintf(s->parent, sizeof(s->parent), "%s%s%s", here, *here ? "/" : "", parent);
	s->name = name;
	if (n >= (int)sizeof(s->parent))
		return ct_user_error(e, "the path '%.100s...' is too long", parent);
	snprintf(s->dir, sizeof(s->dir), "%s/%s-sweep", s->parent, name);
	return 0;
}

static int begin(struct sweep *s, struct ct_error *e)
{
	const struct request *q = s->q;
	char hosts[PATH_MAX] = "", taken[PATH_MAX + 32];
	size_t workloads;
	int err = find_folder(s, q->name, e);

	if (!err)
		err = count_workloads(q, &workloads, e);
	s->each = q->each;
	if (!err && q->hosts)
		err = count_hosts(q->hosts, &s->parts, e);
	if (err)
		return err;
	if (q->hosts && !realpath(q->hosts, hosts))
		return ct_user_error(e, "--hosts: cannot find '%.300s': %s", q->hosts,
				     strerror(errno));
	if (!q->each)
		s->parts = (unsigned int)(q->parts && q->parts < workloads ? q->parts : workloads);
	snprintf(taken, sizeof(taken), "%s/%s", s->parent, s->name);
	if (!access(s->dir, F_OK))
		return ct_fail(e, -EEXIST, CT_EXIT_USER,
			       "the sweep '%.200s' exists: continue it with 'ctbench sweep "
			       "--resume %.200s', or choose another --name",
			       s->dir, s->name);
	if (!access(taken, F_OK))
		return ct_fail(e, -EEXIST, CT_EXIT_USER,
			       "the run '%.200s' exists, and results are never overwritten: choose "
			       "another --name",
			       taken);
	err = results_make_dir(s->dir, e);
	if (!err)
		err = write_job(s, e);
	s->plan = json_pack("{s:s, s:s, s:s, s:b, s:i}", "name", s->name, "engine",
			    engines[q->engine].name, "hosts", hosts, "each", s->each, "parts",
			    (int)s->parts);
	/* Last: a folder with this file can be resumed. */
	return err ? err : results_write_json(s->dir, SWEEP_FILE, s->plan, e);
}

static int resume(struct sweep *s, struct ct_error *e)
{
	int err = find_folder(s, s->q->resume, e);
	double parts;

	if (err)
		return err;
	s->plan = results_read_json(s->dir, SWEEP_FILE,
				    "ctbench sweep writes it, and --resume takes its name", e);
	if (!s->plan)
		return -EINVAL;
	parts = number_of(s->plan, "parts");
	if (!(parts >= 1 && parts <= 9999))
		return ct_user_error(e, "'%.300s/" SWEEP_FILE "': parts must be from 1 to 9999",
				     s->dir);
	s->parts = (unsigned int)parts;
	s->each = json_is_true(json_object_get(s->plan, "each"));
	return 0;
}

/* ---- the machines ---- */

static void __attribute__((noreturn)) engine_child(int script, char *const argv[])
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(script, STDIN_FILENO) < 0)
		_exit(127);
	execv("/bin/sh", argv);
	_exit(127);
}

/* Lets the engine measure the missing parts: 0, -EAGAIN if some are still missing, -EINTR. */
static int have_measured(const struct sweep *s, struct ct_error *e)
{
	const char *engine = text_of(s->plan, "engine"), *hosts = text_of(s->plan, "hosts");
	char tries[24], nr[24], local[PATH_MAX + 32], path[PATH_MAX];
	const char *needs = strcmp(engine, "slurm") ? "parallel" : "sbatch";
	char *const argv[] = { (char *)"sh",
			       (char *)"-s",
			       (char *)"--",
			       (char *)s->dir,
			       (char *)engine,
			       *hosts ? (char *)hosts : local,
			       tries,
			       (char *)s->name,
			       s->each ? (char *)"each" : (char *)"parts",
			       nr,
			       NULL };
	int script, status = 0;
	pid_t pid;

	if (helper_find(path, needs))
		return ct_user_error(e, "'%s' is not installed: apt install %s, or see --engine",
				     needs, strcmp(needs, "sbatch") ? needs : "slurm-client");
	snprintf(local, sizeof(local), "%s/here", s->dir);
	snprintf(tries, sizeof(tries), "%u", (unsigned int)s->q->tries);
	snprintf(nr, sizeof(nr), "%u", s->parts);
	if (!*hosts && results_write_text(s->dir, "here", ":\n", 2, e))
		return -EINVAL;
	script = built_in_open(SCRIPT);
	if (script < 0)
		return ct_fail(e, -errno, CT_EXIT_INTERNAL, "%s: %s", SCRIPT, strerror(errno));
	fflush(NULL);
	interrupt_catch();
	pid = fork();
	if (!pid)
		engine_child(script, argv);
	close(script);
	/* A signal is passed to the script, which ends the engine and keeps the finished parts. */
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		kill(pid, SIGTERM);
	interrupt_restore();
	if (pid < 0)
		return ct_user_error(e, "cannot start a shell: %s", strerror(errno));
	return !WIFEXITED(status) || WEXITSTATUS(status) == CT_EXIT_INTERRUPTED ? -EINTR
	       : WEXITSTATUS(status)						? -EAGAIN
										: 0;
}

/* ---- the result ---- */

/* ctbench COMMAND [NAME] with the folders of all parts. */
static int
with_parts(const struct sweep *s, const struct command *c, const char *name, const char *before)
{
	char **argv = calloc(s->parts + 5, sizeof(*argv));
	int argc = 0, status;

	if (!argv)
		memory_end();
	argv[argc++] = (char *)c->name;
	argv[argc++] = (char *)"--results";
	argv[argc++] = (char *)s->parent;
	if (name)
		argv[argc++] = (char *)name;
	for (unsigned int i = 1; i <= s->parts; i++) {
		if (asprintf(&argv[argc], "%s%s-%u", before, s->name, i) < 0)
			memory_end();
		argc++;
	}
	status = cmd_main(c, argc, argv);
	for (int i = name ? 4 : 3; i < argc; i++)
		free(argv[i]);
	free(argv);
	return status;
}

/* Each machine measured everything: each part is a separate run. */
static int finish_each(const struct sweep *s, struct ct_error *e)
{
	char from[PATH_MAX + 160], to[PATH_MAX + 160];

	for (unsigned int i = 1; i <= s->parts; i++) {
		snprintf(from, sizeof(from), "%s/%s-%u", s->dir, s->name, i);
		snprintf(to, sizeof(to), "%s/%s-%u", s->parent, s->name, i);
		if (!access(to, F_OK) && access(from, F_OK))
			continue; /* by an earlier call */
		if (!access(to, F_OK) || rename(from, to))
			return ct_user_error(e, "'%.300s' cannot become '%.300s': %s", from, to,
					     access(to, F_OK) ? strerror(errno) : "it exists");
		printf("results: %s\n", to);
	}
	return with_parts(s, &command_machines, NULL, "");
}

static int finish(const struct sweep *s, struct ct_error *e)
{
	char before[PATH_MAX + 2];

	if (s->each)
		return finish_each(s, e);
	snprintf(before, sizeof(before), "%s/", s->dir);
	if (s->parts == 1) { /* nothing to merge with */
		char from[PATH_MAX + 160], to[PATH_MAX + 160];

		snprintf(from, sizeof(from), "%s/%s-1", s->dir, s->name);
		snprintf(to, sizeof(to), "%s/%s", s->parent, s->name);
		if (rename(from, to))
			return ct_user_error(e, "'%.300s' cannot become '%.300s': %s", from, to,
					     strerror(errno));
		printf("results: %s\n", to);
		return 0;
	}
	return with_parts(s, &command_merge, s->name, before);
}

static int sweep(void *request, struct ct_error *e)
{
	const struct request *q = request;
	struct sweep s = { .q = q };
	int err = check(q, e);

	if (!err)
		err = q->resume ? resume(&s, e) : begin(&s, e);
	if (!err)
		err = have_measured(&s, e);
	if (err == -EINTR || err == -EAGAIN)
		fprintf(stderr,
			"ctbench: %s; the finished parts are in '%s'; continue with: ctbench sweep "
			"--resume %s%s%s\n",
			err == -EINTR ? "interrupted" : "some parts are missing", s.dir, s.name,
			q->results ? " --results " : "", q->results ? q->results : "");
	if (!err)
		err = finish(&s, e);
	json_decref(s.plan);
	return err == -EINTR ? CT_EXIT_INTERRUPTED : err == -EAGAIN ? CT_EXIT_USER : err;
}

const struct command command_sweep = {
	.name = "sweep",
	.summary = "measure a suite on several machines, with GNU parallel or Slurm",
	.about = "Spreads the workloads of a suite over machines, collects the results, and makes "
		 "one run of them; or measures the whole suite on each machine and compares the "
		 "machines. Options after -- are those of ctbench run.",
	.operands = operands,
	.options = options,
	.sections = sections,
	.examples = examples,
	.rest = AT(rest) + 1,
	.rest_name = "RUN-OPTION...",
	.request_size = sizeof(struct request),
	.defaults = &defaults,
	.run = sweep,
};
