/* SPDX-License-Identifier: MIT */
/* The machine's bounds as figures: measured in a process of their own, put together, looked up,
 * shown; see bounds.h. */
#include "harness/results/bounds.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/grid.h"
#include "harness/base/interrupt.h"
#include "harness/base/json_read.h"
#include "harness/measure/measure.h"
#include "harness/numbers/stats.h"
#include "harness/show/table/table.h"
#include "harness/workload/values.h"

/* --- A process of their own --- */

#define ARGUMENT 320

static void child(const struct bounds_request *q, int out, int err)
{
	static char threads[ARGUMENT], pages[ARGUMENT], pin[ARGUMENT], bytes[ARGUMENT],
		window[ARGUMENT];
	char *const argv[] = { (char *)"ctbench",
			       (char *)"bounds",
			       (char *)"--json",
			       (char *)"--threads",
			       threads,
			       (char *)"--pages",
			       pages,
			       (char *)"--pinning",
			       pin,
			       (char *)"--bytes",
			       bytes,
			       (char *)"--window",
			       window,
			       NULL };
	static struct cell cell; /* for the words of its parameters */
	size_t at = 0;

	cell.pages = q->pages;
	cell.pin = q->pin;
	memcpy(cell.cpus, q->cpus, sizeof(cell.cpus));
	for (unsigned int i = 0; i < q->nr_threads; i++)
		at += (size_t)snprintf(threads + at, ARGUMENT - at, "%s%u", i ? "," : "",
				       q->threads[i]);
	text_pages(&cell, pages, ARGUMENT);
	text_pin(&cell, pin, ARGUMENT);
	snprintf(bytes, ARGUMENT, "%llu", (unsigned long long)q->bytes);
	snprintf(window, ARGUMENT, "%.6f", q->window);
	/* As with a cell's process: the terminal's Ctrl-C is for the parent. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(127);
	execv(measure_program, argv);
	_exit(127);
}

/* All that comes until the other end closes; NULL without memory or after Ctrl-C. */
static char *read_all(int fd, size_t *len)
{
	size_t room = 65536;
	char *text = malloc(room);

	*len = 0;
	while (text) {
		ssize_t n = read(fd, text + *len, room - *len);

		if (n < 0 && errno == EINTR && !ct_interrupted)
			continue;
		if (n < 0)
			break;
		if (!n)
			return text;
		*len += (size_t)n;
		if (*len == room) {
			char *more = realloc(text, room *= 2);

			if (!more)
				break;
			text = more;
		}
	}
	free(text);
	return NULL;
}

/*
 * The process has said why, with its status, as it would have to a user: that is the caller's
 * error then.  What is no such sentence (a sanitizer's report, say) is for whoever looks.
 */
static void take_error(FILE *said, int status, struct ct_error *e)
{
	static const char begin[] = "ctbench: ";
	char line[sizeof(e->text) + 16];

	rewind(said);
	while (fgets(line, sizeof(line), said)) {
		size_t len = strcspn(line, "\n");

		if (strncmp(line, begin, strlen(begin)) || line[len] != '\n' || e->status ||
		    !WIFEXITED(status) || !WEXITSTATUS(status)) {
			fputs(line, stderr);
			continue;
		}
		line[len] = '\0';
		ct_fail(e, -EIO, (enum ct_exit)WEXITSTATUS(status), "%s", line + strlen(begin));
	}
	if (!e->status)
		ct_fail(e, -EIO, CT_EXIT_INTERNAL, "the machine's bounds could not be measured");
}

json_t *bounds_child(const struct bounds_request *q, struct ct_error *e)
{
	FILE *said = tmpfile();
	json_t *json = NULL;
	int from[2], status;
	char *text;
	size_t len;
	pid_t pid;

	if (!said || pipe(from)) {
		ct_fail(e, -errno, CT_EXIT_USER, "cannot make a %s: %s",
			said ? "pipe" : "temporary file", strerror(errno));
		if (said)
			fclose(said);
		return NULL;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(from[0]);
		child(q, from[1], fileno(said));
	}
	close(from[1]);
	if (pid < 0) {
		ct_fail(e, -errno, CT_EXIT_USER, "cannot start a process to measure in: %s",
			strerror(errno));
		close(from[0]);
		fclose(said);
		return NULL;
	}
	text = read_all(from[0], &len);
	if (!text)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(from[0]);
	if (text && WIFEXITED(status) && !WEXITSTATUS(status))
		json = json_loadb(text, len, 0, NULL);
	free(text);
	if (!json_is_array(json)) {
		json_decref(json);
		json = NULL;
		if (!ct_interrupted)
			take_error(said, status, e);
	}
	fclose(said);
	return json;
}

/* --- Several as one --- */

static bool same_figure(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "bound",	 "threads", "bytes",
					    "in_flight", "hash",    "percentile" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *x = json_object_get(a, keys[i]), *y = json_object_get(b, keys[i]);

		if (!x != !y || (x && !json_equal(x, y)))
			return false;
	}
	return true;
}

static const json_t *find_figure(const json_t *list, const json_t *like)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (same_figure(one, like)) return one;
	return NULL;
}

/* The figure's values over all measurements, as median and interval. */
static json_t *merge_one(const json_t *measurements, const json_t *like, double *values)
{
	json_t *one = json_deep_copy(like);
	const json_t *m;
	size_t i, n = 0;

	json_array_foreach(measurements, i, m)
	{
		const json_t *ns = json_object_get(find_figure(m, like), "ns");

		if (json_is_number(ns))
			values[n++] = json_number_value(ns);
	}
	json_object_del(one, "ns");
	if (n) {
		struct stats_interval s = stats_median(values, n, STATS_SEED);

		json_object_set_new(one, "median", json_real(s.value));
		json_object_set_new(one, "ci_low", json_real(s.low));
		json_object_set_new(one, "ci_high", json_real(s.high));
	}
	json_object_set_new(one, "n", json_integer((json_int_t)n));
	return one;
}

json_t *bounds_merge(const json_t *measurements)
{
	double *values = calloc(json_array_size(measurements) + 1, sizeof(*values));
	json_t *merged = json_array();
	const json_t *m, *one;
	size_t i, k;

	if (!values || !merged) {
		free(values);
		json_decref(merged);
		return NULL;
	}
	json_array_foreach(measurements, i, m)
		json_array_foreach(m, k, one) if (!find_figure(merged, one))
			json_array_append_new(merged, merge_one(measurements, one, values));
	free(values);
	return merged;
}

/* --- Looked up --- */

/* What is that much larger than the largest footprint may lie in another cache, or in none. */
#define BEYOND 1.5

double bounds_dependent_ns(const json_t *bounds, unsigned int threads, uint64_t bytes)
{
	double below = NAN, above = NAN, at_below = 0, at_above = INFINITY;
	const double at = log((double)(bytes ? bytes : 1));
	const json_t *one;
	size_t i;

	json_array_foreach(bounds, i, one)
	{
		double x = log(number_of(one, "bytes")), median = number_of(one, "median");

		if (strcmp(text_of(one, "bound"), "dependent") || !isfinite(median) ||
		    json_integer_value(json_object_get(one, "threads")) != (json_int_t)threads)
			continue;
		if (x <= at && (isnan(below) || x > at_below)) {
			below = median;
			at_below = x;
		}
		if (x >= at && x < at_above) {
			above = median;
			at_above = x;
		}
	}
	if (isnan(above) && at > at_below + log(BEYOND))
		return NAN;
	if (isnan(below) || isnan(above))
		return isnan(below) ? above
				    : below; /* outside of what was measured: the end of it */
	if (at_above <= at_below)
		return below;
	return below + (above - below) * (at - at_below) / (at_above - at_below);
}

double bounds_away_ns(const json_t *bounds, unsigned int threads, const char *percentile)
{
	const json_t *one;
	size_t i;

	json_array_foreach(bounds, i, one)
	{
		double median = number_of(one, "median");

		if (!strcmp(text_of(one, "percentile"), percentile) && isfinite(median) &&
		    !strcmp(text_of(one, "bound"), "away") &&
		    json_integer_value(json_object_get(one, "threads")) == (json_int_t)threads)
			return median;
	}
	return NAN;
}

/* --- Shown --- */

/* What a figure is, in words. */
static void describe(char *buf, size_t size, const json_t *one)
{
	const char *bound = json_string_value(json_object_get(one, "bound"));
	const char *hash = json_string_value(json_object_get(one, "hash"));
	const char *percentile = text_of(one, "percentile");
	char bytes[32];

	if (!bound)
		bound = "?";
	table_value(bytes, sizeof(bytes), json_object_get(one, "bytes"));
	if (!strcmp(bound, "dependent"))
		snprintf(buf, size, "a random line, the next one's address in it, of %sB", bytes);
	else if (!strcmp(bound, "independent"))
		snprintf(buf, size, "a random line of %sB, %d asked for at once", bytes,
			 (int)json_integer_value(json_object_get(one, "in_flight")));
	else if (!strcmp(bound, "hash_latency"))
		snprintf(buf, size, "%s of a tuple that the last hash made", hash ? hash : "?");
	else if (!strcmp(bound, "hash_throughput"))
		snprintf(buf, size, "%s of one tuple after the other", hash ? hash : "?");
	else if (!strcmp(bound, "atomic"))
		snprintf(buf, size, "atomic add, each thread a line of its own");
	else if (!strcmp(bound, "atomic_shared"))
		snprintf(buf, size, "atomic add, all threads one line");
	else if (!strcmp(bound, "null"))
		snprintf(buf, size, "a lookup in a table that does nothing");
	else if (!strcmp(bound, "away") && !strcmp(percentile, "max"))
		snprintf(buf, size, "a CPU that is away: for so long at most");
	else if (!strcmp(bound, "away"))
		snprintf(buf, size, "a CPU that is away: one arrival in %s waits longer",
			 !strcmp(percentile, "p99") ? "100" : "1000");
	else
		snprintf(buf, size, "%s", bound);
}

static void put(struct grid *g, size_t column, const json_t *value)
{
	char text[32];

	if (!json_is_number(value))
		return;
	table_number(text, sizeof(text), json_number_value(value));
	grid_put(g, column, text);
}

int bounds_print(FILE *out, const json_t *bounds, enum grid_format format)
{
	struct grid g = { .columns = 5, .left = { true } };
	const json_t *one;
	int err;
	size_t i;

	grid_add_row(&g);
	if (!g.failed) {
		grid_put(&g, 0, "bound");
		grid_put(&g, 1, "threads");
		grid_put(&g, 2, "ns");
	}
	json_array_foreach(bounds, i, one)
	{
		/* Fewer have no interval. */
		const bool many = number_of(one, "n") >= STATS_LEAST;
		char text[128];

		if (!grid_add_row(&g))
			break;
		describe(text, sizeof(text), one);
		grid_put(&g, 0, text);
		snprintf(text, sizeof(text), "%d",
			 (int)json_integer_value(json_object_get(one, "threads")));
		grid_put(&g, 1, text);
		put(&g, 2, json_object_get(one, "median"));
		if (!many)
			continue;
		grid_put_at(&g, 0, 3, "from");
		grid_put_at(&g, 0, 4, "to");
		put(&g, 3, json_object_get(one, "ci_low"));
		put(&g, 4, json_object_get(one, "ci_high"));
	}
	err = g.failed ? -ENOMEM : 0;
	if (!err)
		grid_print(out, &g, format);
	grid_free(&g);
	return err;
}
