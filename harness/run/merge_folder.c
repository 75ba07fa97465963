/* SPDX-License-Identifier: MIT */
/* The folder of a merged run: see merge.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/files.h"
#include "harness/base/about.h"
#include "harness/base/memory.h"
#include "harness/results/bounds.h"
#include "harness/results/details.h"
#include "harness/base/json_read.h"
#include "harness/run/merge.h"
#include "harness/run/run.h"

static json_t *workloads_of(const struct merge *m, size_t part)
{
	json_t *list = json_array();
	char name[256];

	for (size_t i = 0; i < m->nr_rows; i++) {
		if (m->rows[i].part != part)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)merge_workload_len(m->rows[i].m.name),
			 m->rows[i].m.name);
		if (!list_has(list, name))
			json_array_append_new(list, json_string(name));
	}
	return list;
}

static json_t *make_start(const struct merge *m)
{
	json_t *list = json_array();
	double stolen = 0;

	for (size_t i = 0; i < m->nr; i++) {
		const struct merge_part *p = &m->parts[i];
		const json_t *machine = json_object_get(p->environment, "machine");
		const json_t *kernel = json_object_get(p->environment, "kernel");
		const json_t *cpus = within(p->environment, "topology", "cpus");
		const json_t *virtual = json_object_get(p->environment, "virtual");
		size_t first = 0;

		while (first < i && !merge_one_machine(&m->parts[first], p))
			first++;
		stolen += json_number_value(json_object_get(p->report, "stolen_seconds"));
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:I, s:s, s:o}", "path",
				  p->dir, "name", text_of(p->report, "name"), "started",
				  text_of(p->start, "started"), "ended",
				  text_of(p->report, "ended"), "machine", (int)first, "cpu",
				  text_of(machine, "cpu"), "kernel", text_of(kernel, "release"),
				  "cpus", json_integer_value(cpus), "hypervisor",
				  text_of(virtual, "hypervisor"), "workloads", workloads_of(m, i)));
	}
	return json_pack("{s:i, s:s, s:s, s:O, s:O, s:f, s:o}", "format", RESULTS_FORMAT, "started",
			 text_of(m->parts[0].start, "started"), "revision", about_revision(),
			 "arguments", m->parts[0].arguments, "environment", m->parts[0].environment,
			 "stolen_seconds", stolen, "merged", list);
}

/* The details of a measurement, without the keys that identify it; or NULL. */
static json_t *details_of(const struct merge_part *p, const struct measurement *row)
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
 * The machine's bounds, from all parts.  Bounds of several machines are not merged; each part keeps
 * its own.
 */
static int write_bounds(struct merge *m)
{
	char path[PATH_MAX + 32], *text = NULL, *line = NULL;
	size_t len, room = 0;
	ssize_t n;
	FILE *out, *in;
	int err = 0;

	for (size_t i = 1; i < m->nr; i++)
		if (!merge_one_machine(&m->parts[0], &m->parts[i]))
			return 0;
	out = memory_stream(&text, &len);
	for (size_t i = 0; i < m->nr; i++) {
		snprintf(path, sizeof(path), "%s/" BOUNDS_FILE, m->parts[i].dir);
		in = file_read(path, RESULTS_FILE_MAX);
		if (!in && errno != ENOENT && !err)
			err = ct_fail(m->e, -errno, CT_EXIT_USER, "cannot read '%s': %s", path,
				      file_error(errno));
		while (in && (n = file_line(in, &line, &room)) > 0) {
			json_t *one = run_bounds_line(line, path);

			if (one && line[n - 1] == '\n') /* else it was cut off */
				fputs(line, out);
			json_decref(one);
		}
		if (in)
			fclose(in);
	}
	free(line);
	memory_stream_close(out, &text);
	if (len && !err)
		err = results_write_text(m->folder.dir, BOUNDS_FILE, text, len, m->e);
	free(text);
	return err;
}

static int write_input(struct merge *m)
{
	char *text;
	int err;

	if (!run_has_input(m->parts[0].arguments))
		return 0;
	text = run_read_input(m->parts[0].dir, m->e);
	err = text ? run_keep_input(m->folder.dir, text, m->e) : -EINVAL;
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

int merge_write(struct merge *m)
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
		err = write_input(m);
	if (!err)
		err = write_rows(m);
	if (!err)
		err = write_bounds(m);
	for (size_t i = 0; i < m->nr && !err; i++)
		results_log(&m->folder, "merged '%s'", m->parts[i].dir);
	json_decref(start);
	if (err)
		results_remove(m->folder.dir);
	return err;
}
