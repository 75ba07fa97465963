/* SPDX-License-Identifier: MIT */
#include "harness/results/results.h"

#include "harness/base/escape.h"
#include "harness/base/files.h"
#include "harness/base/names.h"

#include "harness/results/bounds.h"
#include "harness/results/check.h"
#include "harness/results/details.h"
#include "harness/results/dictionary.h"
#include "harness/results/internal.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/compiler.h"

void results_time(char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(buf, size, "%Y-%m-%dT%H:%M:%S%z", &tm);
}

int results_make_dir(const char *path, struct ct_error *e)
{
	char part[PATH_MAX];
	struct stat st;

	if (!*path || strlen(path) >= sizeof(part))
		return ct_user_error(e, "the folder name '%.100s' is empty or too long", path);
	for (const char *slash = path; slash;) {
		slash = strchr(slash + 1, '/');
		snprintf(part, sizeof(part), "%.*s",
			 slash ? (int)(slash - path) : (int)strlen(path), path);
		if (!mkdir(part, 0777) ||
		    (errno == EEXIST && !stat(part, &st) && S_ISDIR(st.st_mode)))
			continue;
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot make the folder '%s': %s", part,
			       strerror(errno == EEXIST ? ENOTDIR : errno));
	}
	return 0;
}

int results_set_dir(struct results *r, const char *parent, const char *name, struct ct_error *e)
{
	memset(r, 0, sizeof(*r));
	r->cells_fd = r->details_fd = -1;
	if (!name_fits_run(name))
		return ct_user_error(
			e,
			"'%.100s' cannot be the name of a run, which must be " RUN_NAME_RULE
			" (--results DIR names the folder for all runs)",
			name);
	if (snprintf(r->dir, sizeof(r->dir), "%s/%s", parent, name) >= (int)sizeof(r->dir) - 64)
		return ct_user_error(e, "the path '%.100s...' is too long", r->dir);
	return 0;
}

int results_open_files(struct results *r, int flags, struct ct_error *e)
{
	char path[PATH_MAX + 16];
	int fd, err;

	snprintf(path, sizeof(path), "%s/cells.tsv", r->dir);
	r->cells_fd = file_append(path, O_RDWR | flags);
	if (r->cells_fd < 0) {
		err = -r->cells_fd;
		goto failed;
	}
	if (flock(r->cells_fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return ct_fail(e, -EBUSY, CT_EXIT_USER, "another ctbench is writing to '%s'",
			       r->dir);

	snprintf(path, sizeof(path), "%s/run.log", r->dir);
	fd = file_append(path, O_WRONLY | O_CREAT);
	if (fd < 0) {
		err = -fd;
		goto failed;
	}
	r->log = fdopen(fd, "a");
	if (!r->log) {
		err = errno;
		close(fd);
		goto failed;
	}
	setvbuf(r->log, NULL, _IOLBF, 0);
	return 0;
failed:
	return ct_fail(e, -err, CT_EXIT_USER, "cannot write '%s': %s", path, file_error(err));
}

/* Append all of the text, or leave the file as long as it was. */
static int append_all(struct results *r, int fd, const char *name, const char *text, size_t len,
		      struct ct_error *e)
{
	off_t before = lseek(fd, 0, SEEK_END);
	int err = file_write_all(fd, text, len);

	if (!err)
		return 0;
	/* If this fails too, --resume drops the incomplete line. */
	if (before < 0 || ftruncate(fd, before))
		results_log(r, "an incomplete line remains in %s", name);
	return ct_fail(e, err, CT_EXIT_USER,
		       "cannot write '%s/%s': %s; earlier measurements are kept there", r->dir,
		       name, strerror(-err));
}

int results_write_line(struct results *r, const char *line, struct ct_error *e)
{
	char text[MEASUREMENT_LINE_MAX + 2];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	return append_all(r, r->cells_fd, "cells.tsv", text, (size_t)len, e);
}

int results_open_details(struct results *r, struct ct_error *e)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/" DETAILS_FILE, r->dir);
	r->details_fd = file_append(path, O_RDWR | O_CREAT);
	if (r->details_fd >= 0)
		return 0;
	return ct_fail(e, r->details_fd, CT_EXIT_USER, "cannot write '%s': %s", path,
		       file_error(-r->details_fd));
}

static int write_details(struct results *r, const struct measurement *m, const json_t *details,
			 struct ct_error *e)
{
	size_t len;
	char *line;
	int err = r->details_fd < 0 ? results_open_details(r, e) : 0;

	/* Does not write details that would be refused when they are read. */
	if (!err)
		err = check_json(details, m->name, e);
	if (err)
		return err;
	line = details_line(m, details, &len);
	if (!line)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the details of '%.200s'",
			       m->name);
	err = append_all(r, r->details_fd, DETAILS_FILE, line, len, e);
	free(line);
	return err;
}

/* The files of a run's folder that cannot be recreated, unlike plots/ and report.html. */
static const char *const own_files[] = { "run.json",	    "cells.tsv",  DETAILS_FILE,
					 BOUNDS_FILE,	    "run.log",	  "benchmark.json",
					 "results.tsv",	    "slices.tsv", DICTIONARY_FILE,
					 RESULTS_INPUT_FILE };

void results_remove(const char *dir)
{
	char path[PATH_MAX + 16];

	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, own_files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static int write_dictionary(const char *dir, struct ct_error *e)
{
	size_t len;
	char *text = dictionary_text(&len);
	int err = results_write_text(dir, DICTIONARY_FILE, text, len, e);

	free(text);
	return err;
}

int results_create(struct results *r, const char *parent, const char *name, struct ct_error *e)
{
	struct ct_error why = { 0 };
	char word[600];
	int err = results_set_dir(r, parent, name, e);

	if (err)
		return err;
	err = results_make_dir(parent, &why);
	if (err)
		return ct_fail(e, err, CT_EXIT_USER,
			       "cannot keep results: %.900s (--results DIR names another place)",
			       why.text);
	if (mkdir(r->dir, 0777)) {
		err = -errno;
		if (err == -EEXIST)
			return ct_fail(
				e, err, CT_EXIT_USER,
				"'%.400s' exists, and earlier results are never overwritten: "
				"choose another --name, or continue that run with --resume %s",
				r->dir, escaped(word, sizeof(word), escape_shell, name));
		return ct_fail(e, err, CT_EXIT_USER,
			       "cannot keep results: cannot make the folder '%.700s': %s "
			       "(--results DIR names another place)",
			       r->dir, strerror(-err));
	}
	err = results_open_files(r, O_CREAT | O_EXCL, e);
	if (!err)
		err = results_write_line(r, measurement_header(), e);
	if (!err)
		err = write_dictionary(r->dir, e);
	/* An unusable folder would block the next attempt. */
	if (err)
		results_remove(r->dir);
	return err;
}

void results_close(struct results *r)
{
	if (r->log)
		fclose(r->log);
	if (r->cells_fd >= 0 && r->dir[0])
		close(r->cells_fd);
	if (r->details_fd >= 0 && r->dir[0])
		close(r->details_fd);
	memset(r, 0, sizeof(*r));
	r->cells_fd = r->details_fd = -1;
}

int results_append(struct results *r, const struct measurement *m, const json_t *details,
		   struct ct_error *e)
{
	char line[MEASUREMENT_LINE_MAX];
	int err = measurement_to_line(m, line, sizeof(line));

	if (err < 0)
		return ct_fail(e, err, CT_EXIT_INTERNAL,
			       "the measurement of '%.200s' does not fit into a line", m->name);
	err = details ? write_details(r, m, details, e) : 0;
	return err ? err : results_write_line(r, line, e);
}

void results_log(struct results *r, const char *fmt, ...)
{
	char now[40];
	va_list ap;

	if (!r->log)
		return;
	results_time(now, sizeof(now));
	fprintf(r->log, "%s ", now);
	va_start(ap, fmt);
	vfprintf(r->log, fmt, ap);
	va_end(ap);
	fputc('\n', r->log);
}

/*
 * Is path a regular file, or nothing yet?  Then it can be replaced as a whole: real is what it
 * is called without symlinks.  A device, a pipe or a symlink to nothing can only be written to.
 */
static bool can_replace(const char *path, char real[PATH_MAX])
{
	struct stat st;

	if (!stat(path, &st))
		return S_ISREG(st.st_mode) && realpath(path, real);
	return errno == ENOENT && lstat(path, &st) && errno == ENOENT &&
	       snprintf(real, PATH_MAX, "%s", path) < PATH_MAX;
}

static int cannot_write(const char *path, int err, struct ct_error *e)
{
	return ct_fail(e, err, CT_EXIT_USER, "cannot write '%.800s': %s", path, file_error(-err));
}

int results_write_file(const char *path, const char *text, size_t len, struct ct_error *e)
{
	char real[PATH_MAX], *slash;
	int fd, err;

	if (can_replace(path, real)) {
		slash = strrchr(real, '/');
		if (slash)
			*slash = '\0';
		err = file_write_new(!slash  ? "."
				     : *real ? real
					     : "/",
				     slash ? slash + 1 : real, text, len);
		return err ? cannot_write(path, err, e) : 0;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return cannot_write(path, -errno, e);
	err = file_write_all(fd, text, len);
	if (close(fd) && !err)
		err = -errno;
	return err ? cannot_write(path, err, e) : 0;
}

int results_write_text(const char *dir, const char *name, const char *text, size_t len,
		       struct ct_error *e)
{
	char path[PATH_MAX + 256];
	int err = file_write_new(dir, name, text, len);

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return err ? cannot_write(path, err, e) : 0;
}

int results_only_files(const char *dir, const char *path, struct ct_error *e)
{
	bool inside = *path != '/' && results_one_file(".", dir);
	char part[PATH_MAX];
	struct stat st;

	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (inside && !lstat(part, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return ct_user_error(e,
					     "'%.500s' is a %s in the folder of a run, where "
					     "ctbench makes none: remove it, or name another place "
					     "by --out",
					     part,
					     S_ISLNK(st.st_mode) ? "symlink" : "pipe or device");
		inside |= results_one_file(part, dir);
	}
	return 0;
}

bool results_one_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

const char *results_own_file(const char *dir, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char file[PATH_MAX + 32], folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, own_files[i]);
		/* By another name, or where the run does not have this file yet. */
		if (results_one_file(file, path) ||
		    (!strcmp(name, own_files[i]) && results_one_file(folder, dir)))
			return own_files[i];
	}
	return NULL;
}

int results_write_json(const char *dir, const char *name, const struct json_t *json,
		       struct ct_error *e)
{
	char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12)), *line;
	size_t len;
	int err;

	if (!text)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to write '%s/%s'", dir, name);
	len = strlen(text);
	line = realloc(text, len + 2);
	if (line) {
		text = line;
		memcpy(text + len, "\n", 2);
		len++;
	}
	err = results_write_text(dir, name, text, len, e);
	free(text);
	return err;
}

json_t *results_read_json(const char *dir, const char *name, const char *what, struct ct_error *e)
{
	char path[PATH_MAX + 256];
	json_error_t why;
	json_t *json;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = file_read(path, RESULTS_JSON_MAX);
	if (!in) {
		ct_fail(e, -errno, CT_EXIT_USER, "cannot read '%.600s': %s; %s", path,
			file_error(errno), what);
		return NULL;
	}
	json = json_loadf(in, JSON_REJECT_DUPLICATES, &why);
	fclose(in);
	if (!json)
		ct_user_error(e, "%.600s:%d: %.200s; %s", path, why.line, why.text, what);
	if (json && check_json(json, path, e)) {
		json_decref(json);
		json = NULL;
	}
	return json;
}

void results_find(char *dir, size_t size, const char *parent, const char *run)
{
	snprintf(dir, size, "%s/%s", parent ? parent : RESULTS_DEFAULT_DIR, run);
	if (strchr(run, '/') || access(dir, F_OK))
		snprintf(dir, size, "%s", run);
}

json_t *results_report(const json_t *benchmark, const char *run, struct ct_error *e)
{
	json_t *report = json_object_get(benchmark, "ctbench");
	json_int_t format = json_integer_value(json_object_get(report, "format"));

	if (json_is_object(report) && format == RESULTS_FORMAT)
		return report;
	if (!json_is_object(report))
		ct_user_error(e, "'%.500s' is not a report of ctbench run (it has no key ctbench)",
			      run);
	else
		ct_user_error(e,
			      "'%.500s' has format %lld, but this program reads format %d: use the "
			      "ctbench that wrote it",
			      run, (long long)format, RESULTS_FORMAT);
	return NULL;
}

json_t *
results_open(char *dir, size_t size, const char *parent, const char *run, struct ct_error *e)
{
	char path[PATH_MAX + 32];
	json_t *benchmark;
	bool begun;

	results_find(dir, size, parent, run);
	snprintf(path, sizeof(path), "%s/run.json", dir);
	begun = !access(path, F_OK);
	snprintf(path, sizeof(path), "%s/benchmark.json", dir);
	benchmark = results_read_json(dir, "benchmark.json",
				      begun && access(path, F_OK)
					      ? "the run has not ended: continue it with --resume"
					      : "name the folder of a run of 'ctbench run'",
				      e);
	if (benchmark && results_report(benchmark, dir, e) && !check_benchmark(benchmark, path, e))
		return benchmark;
	json_decref(benchmark);
	return NULL;
}
