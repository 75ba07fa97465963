/* SPDX-License-Identifier: MIT */
/*
 * Reading a run's folder again: its rows, and removing what a killed run left incomplete; see
 * results.h.
 */
#include "harness/results/results.h"

#include "harness/base/files.h"
#include "harness/results/details.h"
#include "harness/results/figures.h"
#include "harness/results/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Read all whole lines; *end is the offset behind them. append: rows will be added. */
static int read_rows(FILE *in, const char *path, bool append, off_t *end,
		     int (*row)(void *arg, const struct measurement *m, struct ct_error *e),
		     void *arg, struct ct_error *e)
{
	char line[MEASUREMENT_LINE_MAX];
	struct measurement m;
	size_t columns = 0;
	int err = 0;

	*end = 0;
	for (unsigned long n = 1; !err && fgets(line, sizeof(line), in); n++) {
		size_t len = strlen(line);

		if (!len || line[len - 1] != '\n') {
			if (feof(in))
				break; /* an incomplete last line */
			return ct_user_error(e, "%s:%lu: the line is too long for a measurement",
					     path, n);
		}
		line[len - 1] = '\0';
		if (n == 1)
			columns = measurement_columns(line);
		if (!columns || (append && columns < nr_result_columns))
			return ct_user_error(e,
					     "%s:1: the columns are those of another version: "
					     "measure again under another --name",
					     path);
		if (n > 1 && !measurement_from_line(&m, line, columns))
			return ct_user_error(e,
					     "%s:%lu: this is not a measurement: correct or delete "
					     "the line, or measure again under another --name",
					     path, n);
		if (n > 1)
			err = row(arg, &m, e);
		if (err && e->status) {
			char why[sizeof(e->text)];

			strcpy(why, e->text);
			snprintf(e->text, sizeof(e->text), "%.400s:%lu: %.600s", path, n, why);
		}
		*end += (off_t)len;
	}
	if (!err && ferror(in))
		err = ct_fail(e, -EIO, CT_EXIT_USER, "cannot read '%s': %s", path, strerror(errno));
	return err;
}

/* Data of results_resume() about the rows so far. */
struct seen {
	int (*row)(void *arg, const struct measurement *m, struct ct_error *e);
	void *arg;
	uint64_t last_seq;
};

static int note_row(void *arg, const struct measurement *m, struct ct_error *e)
{
	struct seen *seen = arg;

	if (m->seq > seen->last_seq)
		seen->last_seq = m->seq;
	return seen->row(seen->arg, m, e);
}

static int rows_of(const char *dir, bool append, off_t *end,
		   int (*row)(void *arg, const struct measurement *m, struct ct_error *e),
		   void *arg, struct ct_error *e)
{
	char path[PATH_MAX + 16];
	FILE *in;
	int err;

	snprintf(path, sizeof(path), "%s/cells.tsv", dir);
	in = file_read(path, RESULTS_FILE_MAX);
	if (!in)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot read '%s': %s", path,
			       file_error(errno));
	err = read_rows(in, path, append, end, row, arg, e);
	fclose(in);
	return err;
}

int results_rows(const char *dir,
		 int (*row)(void *arg, const struct measurement *m, struct ct_error *e), void *arg,
		 struct ct_error *e)
{
	off_t end;

	return rows_of(dir, false, &end, row, arg, e);
}

/*
 * The next measurement gets the seq after the last row's. Details without a row have that seq
 * already and would be taken for its own: drop them.
 */
static int drop_details(struct results *r, uint64_t last_seq, struct ct_error *e)
{
	char path[PATH_MAX + 32];
	int64_t end;
	int err;

	snprintf(path, sizeof(path), "%s/" DETAILS_FILE, r->dir);
	if (access(path, F_OK))
		return 0;
	end = details_end(path, last_seq, e);
	if (end < 0)
		return (int)end;
	err = results_open_details(r, e);
	if (!err && ftruncate(r->details_fd, (off_t)end))
		err = ct_fail(e, -errno, CT_EXIT_USER, "cannot write '%s': %s", path,
			      strerror(errno));
	return err;
}

int results_resume(struct results *r, const char *parent, const char *name,
		   int (*row)(void *arg, const struct measurement *m, struct ct_error *e),
		   void *arg, struct ct_error *e)
{
	struct seen seen = { row, arg, 0 };
	off_t end = 0;
	int err = results_set_dir(r, parent, name, e);

	if (err)
		return err;
	if (access(r->dir, F_OK))
		return ct_fail(e, -errno, CT_EXIT_USER,
			       "there is no run '%s' to resume: '%.700s': %s", name, r->dir,
			       strerror(errno));
	err = results_open_files(r, 0, e);
	if (!err)
		file_remove_unfinished(r->dir);
	if (!err)
		err = rows_of(r->dir, true, &end, note_row, &seen, e);
	if (!err)
		err = drop_details(r, seen.last_seq, e);
	if (err)
		return err;
	if (ftruncate(r->cells_fd, end))
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot write '%s/cells.tsv': %s", r->dir,
			       strerror(errno));
	return end ? 0 : results_write_line(r, measurement_header(), e);
}
