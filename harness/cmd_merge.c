/* SPDX-License-Identifier: MIT */
/*
 * ctbench merge: parts of one run, measured apart, become one run.
 *
 * The parts' rows and details go into a new folder, which is then finished as a run
 * that was measured in one piece.  Nothing is written before everything has been
 * looked at, and no part is changed.
 */
#include "harness/about.h"
#include "harness/bounds.h"
#include "harness/cmd.h"
#include "harness/details.h"
#include "harness/run.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_help(void)
{
	puts("usage: ctbench merge OUT IN... [--results DIR]\n"
	     "\n"
	     "Puts runs together that were started with --shard and otherwise the same arguments, on one\n"
	     "machine or on several: OUT becomes a run like any other, with tables, verdicts and plots.\n"
	     "OUT must not exist yet; IN are folders of runs, or names in results/runs, and stay as they\n"
	     "are.  What must not be mixed is refused: other revisions, builds, arguments or parameters,\n"
	     "cells that are compared with each other from two machines, a cell's repeat twice.\n"
	     "\n"
	     "  --results DIR    the folder of all runs (default: " RESULTS_DEFAULT_DIR ")\n"
	     "\n"
	     "Examples:\n"
	     "  ctbench run full --shard 1/2 --name one       # on one machine\n"
	     "  ctbench run full --shard 2/2 --name two       # on another\n"
	     "  ctbench merge both one two");
}

enum { OPT_RESULTS };
static const struct cmd_option options[] = {
	[OPT_RESULTS] = { "results", true },
	{ NULL, false },
};

struct row {
	struct measurement m;
	size_t part;
	unsigned long line; /* in the part's cells.tsv */
};

struct part {
	char dir[PATH_MAX];
	json_t *start; /* run.json */
	json_t *benchmark;
	const json_t *report, *environment;
	json_t *arguments; /* without --shard */
	json_t *details;
	unsigned long lines; /* read so far */
};

struct merge {
	const char *out, *results;
	const char **names; /* of the parts, as given */
	size_t nr;
	bool help;
	struct part *parts;
	struct row *rows;
	size_t nr_rows, room;
	struct ct_error *e;
	size_t reading; /* which part take_row() is called for */
	char parent[PATH_MAX], name[128];
	struct results folder;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int parse(struct merge *m, int argc, char **argv)
{
	struct cmd_args args = { .argc = argc, .argv = argv, .at = 1 };
	int what;

	m->names = calloc((size_t)argc + 1, sizeof(*m->names));
	if (!m->names)
		return ct_fail(m->e, -ENOMEM, CT_EXIT_USER, "no memory for the arguments");
	while ((what = cmd_next(&args, options, m->e)) != CMD_END) {
		if (what < 0)
			return what;
		switch (what) {
		case OPT_RESULTS:
			m->results = args.value;
			break;
		case CMD_OPERAND:
			if (!m->out)
				m->out = args.value;
			else
				m->names[m->nr++] = args.value;
			break;
		case CMD_HELP:
			m->help = true;
			return 0;
		}
	}
	if (m->nr < 2)
		return ct_user_error(
			m->e,
			"merge needs the new run's name and two runs at least, as in 'ctbench merge both one two'");
	return 0;
}

/* ---- what the parts say about themselves ---- */

/* "--shard 1/2" and "--shard=1/2" are what parts differ in. */
static json_t *without_shard(const json_t *arguments)
{
	json_t *list = json_array(), *argument;
	bool ours = true;
	size_t i;

	json_array_foreach((json_t *)arguments, i, argument) {
		const char *text = json_is_string(argument) ? json_string_value(argument) : "";

		if (!strcmp(text, "--"))
			ours = false;
		if (ours && !strcmp(text, "--shard"))
			i++;
		else if (!ours || strncmp(text, "--shard=", 8))
			json_array_append(list, argument);
	}
	return list;
}

static int load_part(struct merge *m, size_t at)
{
	struct part *p = &m->parts[at];

	results_find(p->dir, sizeof(p->dir), m->results, m->names[at]);
	p->start = results_read_json(p->dir, "run.json", "it says how the run was started", m->e);
	if (!p->start)
		return -EINVAL;
	if (json_integer_value(json_object_get(p->start, "format")) != RESULTS_FORMAT ||
	    !json_is_array(json_object_get(p->start, "arguments")))
		return ct_user_error(
			m->e,
			"'%.600s/run.json' is not of format %d, which this version writes: measure anew",
			p->dir, RESULTS_FORMAT);
	if (strcmp(run_start_command(p->start), "run"))
		return ct_user_error(m->e, "'%.600s' was made by ctbench %.20s: only runs are merged",
				     p->dir, run_start_command(p->start));
	if (strcmp(text_of(p->start, "revision"), about_revision()))
		return ct_user_error(
			m->e,
			"'%.600s' was measured by revision %s and this is %s: measure all parts with one program, and merge with the same",
			p->dir, text_of(p->start, "revision"), about_revision());
	p->arguments = without_shard(json_object_get(p->start, "arguments"));
	p->benchmark = results_read_json(
		p->dir, "benchmark.json",
		"the run did not come to its end: go on with it by 'ctbench run --resume' first",
		m->e);
	if (!p->benchmark)
		return -EINVAL;
	p->report = json_object_get(p->benchmark, "ctbench");
	p->environment = json_object_get(p->report, "environment");
	if (!json_is_object(p->environment))
		return ct_user_error(
			m->e,
			"'%.600s/benchmark.json' does not tell where it was measured: measure anew",
			p->dir);
	p->details = details_read(p->dir, NULL, m->e);
	return p->details ? 0 : -EINVAL;
}

/* The same build? */
static int check_build(struct merge *m, size_t at)
{
	static const char *const keys[] = { "build", "allocator", "libraries" };
	const struct part *a = &m->parts[0], *b = &m->parts[at];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *x = json_object_get(a->environment, keys[i]);
		json_t *y = json_object_get(b->environment, keys[i]), *value;
		const char *key;

		if (json_equal(x, y))
			continue;
		json_object_foreach(x, key, value)
			if (!json_equal(value, json_object_get(y, key)))
				return ct_user_error(
					m->e,
					"'%.300s' and '%.300s' were measured by two builds: %s.%s is not the same in their benchmark.json; measure all parts with one",
					a->dir, b->dir, keys[i], key);
		return ct_user_error(
			m->e,
			"'%.300s' and '%.300s' were measured by two builds: %s is not the same in their benchmark.json; measure all parts with one",
			a->dir, b->dir, keys[i]);
	}
	return 0;
}

static bool one_folder(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check_parts(struct merge *m)
{
	int err = 0;

	for (size_t i = 0; i < m->nr && !err; i++)
		err = load_part(m, i);
	for (size_t i = 1; i < m->nr && !err; i++) {
		for (size_t k = 0; k < i; k++)
			if (one_folder(m->parts[k].dir, m->parts[i].dir))
				return ct_user_error(m->e, "'%.500s' is named twice",
						     m->parts[i].dir);
		if (!json_equal(m->parts[i].arguments, m->parts[0].arguments))
			return ct_user_error(
				m->e,
				"'%.350s/run.json' was started with other arguments than '%.350s/run.json': only parts of one run can be merged (the same arguments but for --shard)",
				m->parts[i].dir, m->parts[0].dir);
		err = check_build(m, i);
	}
	return err;
}

/* ---- rows ---- */

/* What makes figures of two processes comparable: the machine and its kernel. */
static bool one_machine(const struct part *a, const struct part *b)
{
	static const char *const passing[] = { "memory_available_bytes", "swap_free_bytes" };
	static const char *const groups[] = { "topology", "kernel", "virtual", "frequency" };
	json_t *x = json_deep_copy(json_object_get(a->environment, "machine"));
	json_t *y = json_deep_copy(json_object_get(b->environment, "machine"));
	bool same;

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		json_object_del(x, passing[i]);
		json_object_del(y, passing[i]);
	}
	same = json_equal(x, y);
	json_decref(x);
	json_decref(y);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && same; i++) {
		x = json_deep_copy(json_object_get(a->environment, groups[i]));
		y = json_deep_copy(json_object_get(b->environment, groups[i]));
		json_object_del(x, "stolen_share_of_busy_time");
		json_object_del(y, "stolen_share_of_busy_time");
		same = (!x && !y) || json_equal(x, y);
		json_decref(x);
		json_decref(y);
	}
	return same;
}

/* Up to the first slash: a cell's workload. */
static size_t workload_len(const char *name)
{
	return strcspn(name, "/");
}

static int check_row(struct merge *m, const struct measurement *row)
{
	const struct part *here = &m->parts[m->reading];

	for (size_t i = 0; i < m->nr_rows; i++) {
		const struct row *r = &m->rows[i];
		const struct part *there = &m->parts[r->part];
		size_t len = workload_len(row->name);

		if (r->part == m->reading || len != workload_len(r->m.name) ||
		    strncmp(row->name, r->m.name, len))
			continue;
		if (!one_machine(here, there))
			return ct_user_error(
				m->e,
				"workload %.*s was measured on another machine in '%.300s': its cells are compared with each other, so leave one of the two out",
				(int)len, row->name, there->dir);
		if (strcmp(row->name, r->m.name))
			continue;
		if (row->fingerprint != r->m.fingerprint)
			return ct_user_error(
				m->e,
				"'%.200s' was measured with other parameters than in %.300s/cells.tsv:%lu: measure all parts with the same workload files",
				row->name, there->dir, r->line);
		if (row->repeat == r->m.repeat)
			return ct_user_error(
				m->e,
				"repeat %u of '%.200s' is in %.300s/cells.tsv:%lu as well: merge each part once",
				row->repeat, row->name, there->dir, r->line);
	}
	return 0;
}

static int take_row(void *arg, const struct measurement *row, struct ct_error *e)
{
	struct merge *m = arg;
	int err = check_row(m, row);

	m->parts[m->reading].lines++;
	if (err)
		return err;
	if (m->nr_rows == m->room) {
		size_t room = m->room ? 2 * m->room : 64;
		struct row *rows = realloc(m->rows, room * sizeof(*rows));

		if (!rows)
			return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the measurements");
		m->rows = rows;
		m->room = room;
	}
	m->rows[m->nr_rows++] = (struct row){ *row, m->reading, m->parts[m->reading].lines + 1 };
	return 0;
}

static int read_rows(struct merge *m)
{
	int err = 0;

	for (m->reading = 0; m->reading < m->nr && !err; m->reading++)
		err = results_rows(m->parts[m->reading].dir, take_row, m, m->e);
	if (!err && !m->nr_rows)
		err = ct_user_error(m->e, "nothing was measured in any of these: nothing to merge");
	return err;
}

/* ---- the new folder ---- */

static json_t *workloads_of(const struct merge *m, size_t part)
{
	json_t *list = json_array();
	char name[256];

	for (size_t i = 0; i < m->nr_rows; i++) {
		json_t *known;
		size_t k;

		if (m->rows[i].part != part)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)workload_len(m->rows[i].m.name),
			 m->rows[i].m.name);
		json_array_foreach(list, k, known)
			if (!strcmp(json_string_value(known), name))
				break;
		if (k == json_array_size(list))
			json_array_append_new(list, json_string(name));
	}
	return list;
}

static json_t *make_start(const struct merge *m)
{
	json_t *list = json_array();
	double stolen = 0;

	for (size_t i = 0; i < m->nr; i++) {
		const struct part *p = &m->parts[i];
		const json_t *machine = json_object_get(p->environment, "machine");
		const json_t *kernel = json_object_get(p->environment, "kernel");

		stolen += json_number_value(json_object_get(p->report, "stolen_seconds"));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "path",
						      p->dir, "name", text_of(p->report, "name"),
						      "started", text_of(p->start, "started"),
						      "ended", text_of(p->report, "ended"), "cpu",
						      text_of(machine, "cpu"), "kernel",
						      text_of(kernel, "release"), "workloads",
						      workloads_of(m, i)));
	}
	return json_pack("{s:i, s:s, s:s, s:O, s:O, s:f, s:o}", "format", RESULTS_FORMAT, "started",
			 text_of(m->parts[0].start, "started"), "revision", about_revision(),
			 "arguments", m->parts[0].arguments, "environment", m->parts[0].environment,
			 "stolen_seconds", stolen, "merged", list);
}

/* What the measurement told beside its row, without what its line begins with; or NULL. */
static json_t *details_of(const struct part *p, const struct measurement *row)
{
	json_t *list = json_object_get(p->details, row->name), *item, *copy;
	size_t i;

	json_array_foreach(list, i, item) {
		if ((uint64_t)json_integer_value(json_object_get(item, "seq")) != row->seq)
			continue;
		copy = json_copy(item);
		json_object_del(copy, "seq");
		json_object_del(copy, "name");
		json_object_del(copy, "repeat");
		return copy;
	}
	return NULL;
}

static int write_rows(struct merge *m)
{
	int err = 0;

	for (size_t i = 0; i < m->nr_rows && !err; i++) {
		json_t *details = details_of(&m->parts[m->rows[i].part], &m->rows[i].m);

		m->rows[i].m.seq = i + 1;
		err = results_append(&m->folder, &m->rows[i].m, details, m->e);
		json_decref(details);
	}
	return err;
}

/*
 * What no table can beat on this machine, of all parts together.  From several machines there
 * is no such figure; each part keeps its own.
 */
static int write_bounds(struct merge *m)
{
	char path[PATH_MAX + 32], *text = NULL, *line = NULL;
	size_t len, room = 0;
	ssize_t n;
	FILE *out, *in;
	int err = 0;

	for (size_t i = 1; i < m->nr; i++)
		if (!one_machine(&m->parts[0], &m->parts[i]))
			return 0;
	out = open_memstream(&text, &len);
	if (!out)
		return ct_fail(m->e, -ENOMEM, CT_EXIT_USER, "no memory for the machine's bounds");
	for (size_t i = 0; i < m->nr; i++) {
		snprintf(path, sizeof(path), "%s/" BOUNDS_FILE, m->parts[i].dir);
		in = fopen(path, "re");
		while (in && (n = getline(&line, &room, in)) > 0)
			if (line[n - 1] == '\n')	/* else it was cut off */
				fputs(line, out);
		if (in)
			fclose(in);
	}
	free(line);
	if (fclose(out))
		err = ct_fail(m->e, -ENOMEM, CT_EXIT_USER, "no memory for the machine's bounds");
	else if (len)
		err = results_write_text(m->folder.dir, BOUNDS_FILE, text, len, m->e);
	free(text);
	return err;
}

/* OUT is a name among the runs, or a path. */
static int split_out(struct merge *m)
{
	const char *slash = strrchr(m->out, '/');

	snprintf(m->parent, sizeof(m->parent), "%.*s",
		 slash ? (int)(slash - m->out) : (int)sizeof(m->parent) - 1,
		 slash	      ? m->out
		 : m->results ? m->results
			      : RESULTS_DEFAULT_DIR);
	if (slash == m->out)
		strcpy(m->parent, "/");
	slash = slash ? slash + 1 : m->out;
	if (strlen(slash) >= sizeof(m->name))
		return ct_user_error(m->e, "the name '%.40s...' is too long", slash);
	strcpy(m->name, slash);
	return 0;
}

/* What we made ourselves a moment ago, and nobody else can want. */
static void remove_folder(const char *dir)
{
	static const char *const files[] = { "cells.tsv", "run.json", "run.json.tmp", "run.log",
					     DETAILS_FILE, BOUNDS_FILE };
	char path[PATH_MAX + 32];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static int write_folder(struct merge *m)
{
	json_t *start = NULL;
	int err = split_out(m);

	if (!err)
		err = results_create(&m->folder, m->parent, m->name, m->e);
	if (err)
		return err;
	start = make_start(m);
	if (!start)
		err = ct_fail(m->e, -ENOMEM, CT_EXIT_USER, "no memory for run.json");
	if (!err)
		err = results_write_json(m->folder.dir, "run.json", start, m->e);
	if (!err)
		err = write_rows(m);
	if (!err)
		err = write_bounds(m);
	for (size_t i = 0; i < m->nr && !err; i++)
		results_log(&m->folder, "merged '%s'", m->parts[i].dir);
	json_decref(start);
	if (err)
		remove_folder(m->folder.dir);
	return err;
}

static void free_merge(struct merge *m)
{
	for (size_t i = 0; i < m->nr && m->parts; i++) {
		json_decref(m->parts[i].start);
		json_decref(m->parts[i].benchmark);
		json_decref(m->parts[i].arguments);
		json_decref(m->parts[i].details);
	}
	free(m->parts);
	free(m->rows);
	free(m->names);
}

int cmd_merge(int argc, char **argv)
{
	struct ct_error e = { 0 };
	struct merge m = { .e = &e, .folder = { .cells_fd = -1 } };
	char *resume[] = { (char *)"run",	(char *)"--resume", m.name,
			   (char *)"--results", m.parent,	    NULL };
	int status = CT_EXIT_OK, err = parse(&m, argc, argv);
	char dir[PATH_MAX], path[PATH_MAX + 32];

	if (!err && m.help) {
		print_help();
		goto out;
	}
	if (!err) {
		m.parts = calloc(m.nr, sizeof(*m.parts));
		err = m.parts ? check_parts(&m)
			      : ct_fail(&e, -ENOMEM, CT_EXIT_USER, "no memory for %zu runs", m.nr);
	}
	if (!err)
		err = read_rows(&m);
	if (!err)
		err = write_folder(&m);
	snprintf(dir, sizeof(dir), "%s", m.folder.dir);
	snprintf(path, sizeof(path), "%s/benchmark.json", dir);
	results_close(&m.folder);
	status = err ? cmd_report(&e) : run_command(5, resume, NULL);
	/* The workloads are others by now, say. */
	if (!err && access(path, F_OK))
		remove_folder(dir);
out:
	free_merge(&m);
	return status;
}
