/* SPDX-License-Identifier: MIT */
/* Scripts for gnuplot, and running it. */
#include "harness/show/plot/internal.h"

#include "harness/base/built_in.h"
#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/base/interrupt.h"
#include "harness/base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void plot_set_text(FILE *script, const char *variable, const char *text)
{
	fprintf(script, "%s = ", variable);
	escape_gnuplot(script, text);
	fputc('\n', script);
}

size_t plot_wrap(char *buf, size_t size, const char *text, size_t columns)
{
	char *blank = NULL;
	size_t at = 0, lines = 1;

	snprintf(buf, size, "%s", text);
	for (char *p = buf; *p; p++, at++) {
		if (*p == ' ')
			blank = p;
		if (at >= columns && blank) {
			*blank = '\n';
			at = (size_t)(p - blank);
			blank = NULL;
			lines++;
		}
	}
	return lines;
}

void plot_set_wrapped(FILE *script, const char *variable, const char *text, size_t columns)
{
	char *copy = strdup(text);

	if (copy)
		plot_wrap(copy, strlen(copy) + 1, text, columns);
	plot_set_text(script, variable, copy ? copy : text);
	free(copy);
}

void plot_file_begin(struct plot_file *f)
{
	f->data = memory_stream(&f->data_text, &f->data_len);
	f->script = memory_stream(&f->script_text, &f->script_len);
}

void plot_file_end(struct plot_file *f)
{
	memory_stream_close(f->data, &f->data_text);
	memory_stream_close(f->script, &f->script_text);
	free(f->data_text);
	free(f->script_text);
	memset(f, 0, sizeof(*f));
}

/* ---- the project's scripts ---- */

/* Append plots/NAME.gp to the script. */
static int include(FILE *script, const char *name, struct ct_error *e)
{
	char path[64];
	const struct built_in *file;

	snprintf(path, sizeof(path), "plots/%.40s.gp", name);
	file = built_in_find(path);
	if (!file)
		return ct_fail(e, -ENOENT, CT_EXIT_INTERNAL, "%s is missing in this program", path);
	fprintf(script, "\n# ---- %s ----\n\n", path);
	fwrite(file->data, 1, (size_t)(file->end - file->data), script);
	return 0;
}

/* ---- gnuplot ---- */

/* A picture takes about 0.1 s; this is enough on any machine. */
#define PICTURE_SECONDS 60

static double picture_seconds(void)
{
	const char *asked = getenv("CTBENCH_PICTURE_SECONDS");
	double seconds = asked ? strtod(asked, NULL) : 0;

	return seconds > 0 ? seconds : PICTURE_SECONDS;
}

int plot_jobs_begin(struct plot_jobs *jobs, const char *out_dir, bool own_place, struct ct_error *e)
{
	*jobs = (struct plot_jobs){ .out_dir = out_dir };
	if (helper_find(jobs->gnuplot, "gnuplot"))
		return ct_fail(e, -ENOENT, CT_EXIT_USER,
			       "the plots need gnuplot: install the Debian package "
			       "gnuplot-nox (make deps does), then 'ctbench plot' draws "
			       "them from the results");
	if (!own_place)
		return scratch_make(jobs->scratch, out_dir, e);
	snprintf(jobs->scratch, sizeof(jobs->scratch), "%s", out_dir);
	jobs->own_place = true;
	return 0;
}

/* Move a complete picture and its sources to their place. */
static int publish(const struct plot_jobs *jobs, const char *name, struct ct_error *e)
{
	static const char *const parts[] = { "tsv", "gp", "svg", "png" };
	char from[PATH_MAX + 300], to[PATH_MAX + 300];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(from, sizeof(from), "%s/%s.%s", jobs->scratch, name, parts[i]);
		snprintf(to, sizeof(to), "%s/%s.%s", jobs->out_dir, name, parts[i]);
		if (rename(from, to))
			return ct_fail(e, -errno, CT_EXIT_USER, "cannot write '%.700s': %s", to,
				       strerror(errno));
	}
	return 0;
}

static int check_whole(const struct plot_jobs *jobs, const char *name, struct ct_error *e)
{
	static const char *const forms[] = { "svg", "png" };
	char path[PATH_MAX + 300];

	for (size_t i = 0; i < (jobs->own_place ? 1 : 2); i++) {
		snprintf(path, sizeof(path), "%s/%s.%s", jobs->scratch, name, forms[i]);
		if (!picture_whole(path))
			return ct_user_error(e,
					     "gnuplot wrote only a part of '%.500s/%.200s.%s', "
					     "which was removed: is the disk full?",
					     jobs->out_dir, name, forms[i]);
	}
	return 0;
}

/* Waits for one of them. */
static int job_end(struct plot_jobs *jobs, struct plot_job *job, struct ct_error *e)
{
	int status = 0, err;
	const char *words;

	if (!job->gnuplot.pid)
		return 0;
	err = helper_wait(&job->gnuplot, &status);
	words = helper_last_line(&job->gnuplot);
	if (err == -EINTR)
		return ct_fail(e, err, (enum ct_exit)CT_EXIT_INTERRUPTED,
			       "interrupted while drawing plots");
	if (err)
		return ct_fail(e, err, CT_EXIT_USER,
			       "gnuplot did not finish '%.400s/%.200s' within %g s "
			       "(CTBENCH_PICTURE_SECONDS=%.0f in the environment gives it longer)",
			       jobs->out_dir, job->name, picture_seconds(), 10 * picture_seconds());
	if (status)
		return ct_fail(e, -EIO, CT_EXIT_USER,
			       "gnuplot could not draw '%.400s/%.200s': %.300s", jobs->out_dir,
			       job->name, *words ? words : "without a message");
	err = check_whole(jobs, job->name, e);
	if (!err) {
		err = plot_tooltips(jobs->scratch, job->name);
		if (err)
			ct_fail(e, err, CT_EXIT_USER, "cannot write '%.500s/%.200s.svg': %s",
				jobs->out_dir, job->name, strerror(-err));
	}
	return err || jobs->own_place ? err : publish(jobs, job->name, e);
}

int plot_jobs_end(struct plot_jobs *jobs, struct ct_error *e)
{
	int err = 0;

	for (size_t i = 0; i < PLOT_JOBS; i++) {
		struct ct_error one = { 0 };
		int failed = job_end(jobs, &jobs->job[(jobs->next + i) % PLOT_JOBS], &one);

		if (failed && !err) {
			err = failed;
			*e = one;
		}
	}
	if (!jobs->own_place)
		scratch_remove(jobs->scratch);
	return err;
}

/* Start the next one as soon as a process may run. */
static int job_begin(struct plot_jobs *jobs, const char *name, struct ct_error *e)
{
	struct plot_job *job = &jobs->job[jobs->next];
	/* -d: ignore the user's ~/.gnuplot. */
	char program[] = "gnuplot", defaults[] = "-d", script[sizeof(job->name) + 8];
	char *argv[] = { program, defaults, script, NULL };
	int err = job_end(jobs, job, e);

	if (err)
		return err;
	snprintf(job->name, sizeof(job->name), "%s", name);
	snprintf(script, sizeof(script), "%s.gp", name);
	err = helper_start(&job->gnuplot, jobs->gnuplot, argv, jobs->scratch, "GNU",
			   picture_seconds());
	if (err)
		return ct_fail(e, err, CT_EXIT_USER, "cannot start %.500s: %s", jobs->gnuplot,
			       strerror(-err));
	jobs->next = (jobs->next + 1) % PLOT_JOBS;
	return 0;
}

static int write_part(const struct plot_jobs *jobs, const char *name, const char *part,
		      const char *text, size_t len, struct ct_error *e)
{
	char file[300];
	int err;

	snprintf(file, sizeof(file), "%s.%s", name, part);
	err = file_write_new(jobs->scratch, file, text, len);
	if (err)
		ct_fail(e, err, CT_EXIT_USER, "cannot write '%.600s/%.200s': %s", jobs->out_dir,
			file, strerror(-err));
	return err;
}

int plot_file_draw(struct plot_file *f, struct plot_jobs *jobs, const char *kind,
		   struct ct_error *e)
{
	int err = include(f->script, "style", e);

	if (!err)
		err = include(f->script, kind, e);
	if (err)
		return err;
	memory_stream_flush(f->data);
	memory_stream_flush(f->script);
	err = write_part(jobs, f->name, "tsv", f->data_text, f->data_len, e);
	if (!err)
		err = write_part(jobs, f->name, "gp", f->script_text, f->script_len, e);
	return err ? err : job_begin(jobs, f->name, e);
}
