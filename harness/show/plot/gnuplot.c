/* SPDX-License-Identifier: MIT */
/*
 * Scripts for gnuplot, and running it.
 */
#include "harness/show/plot/internal.h"

#include "harness/results/results.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void plot_set_text(FILE *script, const char *variable, const char *text)
{
	fprintf(script, "%s = \"", variable);
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", script);
		else if (*text == '"' || *text == '\\')
			fprintf(script, "\\%c", *text);
		else if ((unsigned char)*text >= ' ')
			fputc(*text, script);
	}
	fputs("\"\n", script);
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

int plot_file_begin(struct plot_file *f)
{
	f->data = open_memstream(&f->data_text, &f->data_len);
	f->script = open_memstream(&f->script_text, &f->script_len);
	return f->data && f->script ? 0 : -ENOMEM;
}

void plot_file_end(struct plot_file *f)
{
	if (f->data)
		fclose(f->data);
	if (f->script)
		fclose(f->script);
	free(f->data_text);
	free(f->script_text);
	memset(f, 0, sizeof(*f));
}

/* ---- the project's scripts ---- */

static bool has_style(const char *folder)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/style.gp", folder) < (int)sizeof(path) &&
	       !access(path, R_OK);
}

int plot_scripts_folder(char *buf, size_t size, struct ct_error *e)
{
	static const char *const above[] = { "plots", "../plots", "../../plots" };
	char program[PATH_MAX];
	ssize_t len;

#ifdef CTBENCH_PLOTS
	snprintf(buf, size, "%s", CTBENCH_PLOTS);
	if (has_style(buf))
		return 0;
#endif
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (len > 0) {
		program[len] = '\0';
		*strrchr(program, '/') = '\0';
		for (size_t i = 0; i < sizeof(above) / sizeof(above[0]); i++)
			if (snprintf(buf, size, "%s/%s", program, above[i]) < (int)size &&
			    has_style(buf))
				return 0;
	}
	snprintf(buf, size, "plots");
	if (has_style(buf))
		return 0;
	return ct_fail(e, -ENOENT, CT_EXIT_USER,
		       "there is no folder plots/ with the gnuplot scripts here or near the "
		       "program; go to the source tree and draw the plots with 'ctbench plot'");
}

/* Append FOLDER/NAME.gp to the script. */
static int include(FILE *script, const char *folder, const char *name, struct ct_error *e)
{
	char path[PATH_MAX + 64], buf[4096];
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s.gp", folder, name);
	in = fopen(path, "re");
	if (!in)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot read the script '%s': %s", path,
			       strerror(errno));
	fprintf(script, "\n# ---- plots/%s.gp ----\n\n", name);
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, script);
	fclose(in);
	return 0;
}

/* ---- gnuplot ---- */

/* What gnuplot said last, from a file: its errors end with a line that says what is wrong. */
static void last_words(int fd, char *buf, size_t size)
{
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n;
	char *p;

	if (end > (off_t)size - 1)
		lseek(fd, end - (off_t)size + 1, SEEK_SET);
	else
		lseek(fd, 0, SEEK_SET);
	n = read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	for (p = buf + strlen(buf); p > buf && (p[-1] == '\n' || p[-1] == ' '); p--)
		p[-1] = '\0';
	p = strrchr(buf, '\n');
	if (p)
		memmove(buf, p + 1, strlen(p + 1) + 1);
}

/* Waits for one of them. */
static int job_end(struct plot_jobs *jobs, struct plot_job *job, struct ct_error *e)
{
	char words[512];
	int status;

	if (!job->pid)
		return 0;
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	job->pid = 0;
	last_words(fileno(job->output), words, sizeof(words));
	fclose(job->output);
	if (status)
		return ct_fail(e, -EIO, CT_EXIT_USER,
			       "gnuplot could not draw '%.400s/%.200s': %.300s", jobs->out_dir,
			       job->script, *words ? words : "it did not say why");
	return 0;
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
	return err;
}

/* Begins, as soon as there is room for it. */
static int job_begin(struct plot_jobs *jobs, const char *script, struct ct_error *e)
{
	struct plot_job *job = &jobs->job[jobs->next];
	char program[] = "gnuplot", *argv[] = { program, job->script, NULL };
	posix_spawn_file_actions_t actions;
	int err = job_end(jobs, job, e);

	if (err)
		return err;
	snprintf(job->script, sizeof(job->script), "%s", script);
	job->output = tmpfile();
	if (!job->output)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot make a temporary file: %s",
			       strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, jobs->out_dir);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fileno(job->output), STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(job->output), STDERR_FILENO);
	err = posix_spawnp(&job->pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err) {
		job->pid = 0;
		fclose(job->output);
		if (err == ENOENT)
			return ct_fail(e, -err, CT_EXIT_USER,
				       "the plots need gnuplot: install the Debian package "
				       "gnuplot-nox (make deps does), then 'ctbench plot' draws "
				       "them from the results");
		return ct_fail(e, -err, CT_EXIT_USER, "cannot start gnuplot: %s", strerror(err));
	}
	jobs->next = (jobs->next + 1) % PLOT_JOBS;
	return 0;
}

int plot_file_draw(struct plot_file *f, struct plot_jobs *jobs, const char *kind,
		   struct ct_error *e)
{
	char folder[PATH_MAX], name[sizeof(f->name) + 8];
	int err = plot_scripts_folder(folder, sizeof(folder), e);

	if (!err)
		err = include(f->script, folder, "style", e);
	if (!err)
		err = include(f->script, folder, kind, e);
	if (err)
		return err;
	if (fflush(f->data) || fflush(f->script))
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the plot '%s'", f->name);
	snprintf(name, sizeof(name), "%s.tsv", f->name);
	err = results_write_text(jobs->out_dir, name, f->data_text, f->data_len, e);
	if (err)
		return err;
	snprintf(name, sizeof(name), "%s.gp", f->name);
	err = results_write_text(jobs->out_dir, name, f->script_text, f->script_len, e);
	if (err)
		return err;
	return job_begin(jobs, name, e);
}
