/* SPDX-License-Identifier: MIT */
/*
 * The scenarios of tests/conformance: compares the replay over a variant (the
 * argument; without one the baseline), with its output for each packet, the
 * table at the end and the counters, with the answers of Linux (README there).
 *
 * The comparison is that of compare.py, as strict: a field that only one of the
 * two has is a difference; what is excused is in excuses.json, by packet.
 */
#include <stdbool.h>

#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/cli/replay_options.h"
#include "harness/traffic/capture.h"
#include "tests/fixture/cmocka.h"

#define CONFORMANCE CTBENCH_SOURCE_DIR "/tests/conformance"
#define MAX_NUMBERS 4096
#define WORKERS	    8
/*
 * If the table is full, so many that early drop, which searches 8, finds
 * nothing; else few, because they are created for each scenario.
 */
#define BUCKETS	     1024
#define BUCKETS_FULL 32768

static const struct ct_variant *variant;
static json_t *excuses;

/* --- The replay's answers --- */

static int took(void *arg, struct replay *r, struct replay_result *res)
{
	return replay_json_packet(r, res, arg);
}

static int flushed(void *arg, struct replay *r)
{
	return replay_json_action(r, "flush", arg);
}

static int end(void *arg, struct replay *r)
{
	replay_end(r);
	return replay_json_final(r, arg);
}

/* The lines; NULL if this CPU cannot run the variant. */
static char *answers(const char *name, bool full, unsigned int burst)
{
	char capture[512], scenario[512], *text = NULL;
	struct replay_command c = { 0 };
	struct ct_error e = { 0 };
	struct replay_visitor v = { .took = took, .flushed = flushed, .end = end, .quiet = true };
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int err;

	assert_non_null(out);
	snprintf(capture, sizeof(capture), CONFORMANCE "/scenarios/%s.pcap.zst", name);
	snprintf(scenario, sizeof(scenario), CONFORMANCE "/scenarios/%s.json", name);
	v.arg = out;
	c.file = capture;
	c.scenario_path = scenario;
	c.options = (struct replay_options){
		.variant = variant,
		.buckets = full ? BUCKETS_FULL : BUCKETS,
		.frozen = true,
		.router = true,
		.checksums = true,
		.numbers = true,
		.burst = burst,
	};
	err = replay_command_run(&c, &v, &e);
	replay_command_free(&c);
	assert_int_equal(fclose(out), 0);
	if (err < 0 && e.status != CT_EXIT_SKIP)
		fail_msg("%s over %s: %s", name, variant->name, e.text);
	if (err < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static json_t *next_line(const char **text)
{
	const char *newline = strchr(*text, '\n');
	json_t *line;

	if (!newline)
		return NULL;
	line = json_loadb(*text, (size_t)(newline - *text), 0, NULL);
	assert_non_null(line);
	*text = newline + 1;
	return line;
}

/* --- Comparison with Linux --- */

struct comparison {
	const char *name; /* of the scenario */
	/* Both sides number connections themselves: maps their numbers to ours, and back. */
	json_int_t ours[MAX_NUMBERS], theirs[MAX_NUMBERS];
	json_int_t slack; /* seconds that Linux may have more */
	unsigned int differ;
	char first[1024];
};

static bool same_number(struct comparison *c, const json_t *want, const json_t *got)
{
	json_int_t w = json_integer_value(want), g = json_integer_value(got);

	if (!want || !got)
		return want == got;
	assert_true(w > 0 && w < MAX_NUMBERS && g > 0 && g < MAX_NUMBERS);
	if (!c->ours[w] && !c->theirs[g]) {
		c->ours[w] = g;
		c->theirs[g] = w;
	}
	return c->ours[w] == g && c->theirs[g] == w;
}

/* Linux's clock advances between a packet and the query of its entry. */
static bool same_time(const struct comparison *c, const json_t *want, const json_t *got)
{
	json_int_t d = json_integer_value(want) - json_integer_value(got);

	if (!want || !got)
		return want == got;
	return d >= -1 && d <= c->slack;
}

static bool same(struct comparison *c, const char *field, const json_t *want, const json_t *got)
{
	if (!strcmp(field, "ct") || !strcmp(field, "ct_after"))
		return same_number(c, want, got);
	if (!strcmp(field, "timeout"))
		return same_time(c, want, got);
	return want && got ? json_equal(want, got) : want == got;
}

static bool in_list(const json_t *list, const json_t *what)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_equal(v, what))
			return true;
	return false;
}

/* A rule without a list holds for all of that kind. */
static bool covers(const json_t *rule, const char *key, const json_t *what)
{
	const json_t *list = json_object_get(rule, key);

	return !list || in_list(list, what);
}

/* where: the packet's number, or "table". */
static bool excused(const struct comparison *c, const json_t *where, const char *field)
{
	json_t *rule, *f = json_string(field), *v = json_string(variant->name),
		      *s = json_string(c->name);
	bool yes = false;
	size_t i;

	json_array_foreach(excuses, i, rule)
		if (covers(rule, "scenarios", s) && covers(rule, "variants", v) &&
		    covers(rule, "packets", where) && covers(rule, "fields", f))
			yes = true;
	json_decref(f);
	json_decref(v);
	json_decref(s);
	return yes;
}

static void differs(struct comparison *c, const json_t *where, const char *pkt, const char *field,
		    const json_t *want, const json_t *got)
{
	char *i, *w, *g;

	if (excused(c, where, field))
		return;
	if (!c->differ++) {
		i = json_dumps(where, JSON_ENCODE_ANY);
		w = want ? json_dumps(want, JSON_ENCODE_ANY) : NULL;
		g = got ? json_dumps(got, JSON_ENCODE_ANY) : NULL;
		snprintf(c->first, sizeof(c->first),
			 "%s over %s, %s %s: %s: Linux says %.300s, we %.300s", c->name,
			 variant->name, i, pkt ? pkt : "", field, w ? w : "nothing",
			 g ? g : "nothing");
		free(i);
		free(w);
		free(g);
	}
}

static void compare_packet(struct comparison *c, const json_t *want, const json_t *got)
{
	static const char *const fields[] = {
		"i",	   "released",	"do",	    "verdict",	 "state",  "dir",
		"ctinfo",  "ct",	"ct_after", "status_in", "status", "proto_state",
		"timeout", "tcp_flags", "wscale",   "vtag",	 "events",
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const json_t *w = json_object_get(want, fields[i]),
			     *g = json_object_get(got, fields[i]);

		if (!same(c, fields[i], w, g))
			differs(c, json_object_get(want, "i"),
				json_string_value(json_object_get(want, "pkt")), fields[i], w, g);
	}
}

static const char *const row_fields[] = {
	"orig",	  "reply",  "status", "proto_state", "zone",
	"helper", "master", "acct",   "timeout",     "ct",
};

/* The row of the same connection. */
static json_t *same_row(json_t *table, const json_t *row)
{
	const json_t *zone = json_object_get(row, "zone"), *zone2;
	json_t *other;
	size_t i;

	json_array_foreach(table, i, other) {
		zone2 = json_object_get(other, "zone");
		if (json_equal(json_object_get(row, "orig"), json_object_get(other, "orig")) &&
		    json_equal(json_object_get(row, "reply"), json_object_get(other, "reply")) &&
		    json_integer_value(zone) == json_integer_value(zone2))
			return other;
	}
	return NULL;
}

static void compare_end(struct comparison *c, json_t *want, json_t *got)
{
	json_t *table = json_object_get(want, "table"), *ours = json_object_get(got, "table");
	json_t *w, *g, *where = json_string("table");
	const char *name;
	char field[64];
	size_t i;

	json_array_foreach(table, i, w) {
		g = same_row(ours, w);
		if (!g) {
			differs(c, where, NULL, "entry", w, NULL);
			continue;
		}
		for (size_t k = 0; k < ARRAY_SIZE(row_fields); k++) {
			const json_t *x = json_object_get(w, row_fields[k]),
				     *y = json_object_get(g, row_fields[k]);

			/* Linux has no number for an entry without an observed packet */
			if (!same(c, row_fields[k], x, y) &&
			    (strcmp(row_fields[k], "ct") || !json_is_null(x)))
				differs(c, where, NULL, row_fields[k], w, g);
		}
	}
	json_array_foreach(ours, i, g)
		if (!same_row(table, g))
			differs(c, where, NULL, "entry", NULL, g);
	json_object_foreach(json_object_get(want, "stats"), name, w) {
		g = json_object_get(json_object_get(got, "stats"), name);
		snprintf(field, sizeof(field), "stats.%s", name);
		if (!g || !json_equal(w, g))
			differs(c, where, NULL, field, w, g);
	}
	json_decref(where);
}

/* In a worker: fail_msg() would go on with the next test, in the wrong process. */
__attribute__((format(printf, 1, 2), noreturn)) static void worker_fails(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ERROR: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	_exit(1);
}

static void compare(const char *name, const char *want, const char *got, bool moving)
{
	struct comparison *c = calloc(1, sizeof(*c));
	json_t *w, *g;

	assert_non_null(c);
	c->name = name;
	c->slack = moving;
	while ((w = next_line(&want))) {
		g = next_line(&got);
		if (!g)
			worker_fails("%s over %s: there are lines missing", name, variant->name);
		if (json_object_get(w, "final"))
			compare_end(c, w, g);
		else
			compare_packet(c, w, g);
		json_decref(w);
		json_decref(g);
	}
	if (*got)
		worker_fails("%s over %s: there are lines too many", name, variant->name);
	if (c->differ)
		worker_fails("%s (and %u more)", c->first, c->differ - 1);
	free(c);
}

static char *read_text(const char *path)
{
	struct ct_error e = { 0 };
	uint8_t *text;
	size_t size;

	if (capture_slurp(path, &text, &size, &e))
		fail_msg("%s", e.text);
	text = realloc(text, size + 1);
	assert_non_null(text);
	text[size] = '\0';
	return (char *)text;
}

/* --- The tests --- */

static void one_scenario(const char *name, unsigned int burst)
{
	char path[512], *want, *got;
	json_t *conf;

	snprintf(path, sizeof(path), CONFORMANCE "/scenarios/%s.json", name);
	conf = json_load_file(path, 0, NULL);
	got = answers(name, json_object_get(conf, "global"), burst);
	if (!got)
		_exit(CT_EXIT_SKIP);
	snprintf(path, sizeof(path), CONFORMANCE "/expected/%s.jsonl.zst", name);
	want = read_text(path);
	compare(name, want, got, json_is_true(json_object_get(conf, "realtime")));
	json_decref(conf);
	free(got);
	free(want);
}

/* Every WORKERS-th scenario from this one on. */
static void share_of(unsigned int worker, const glob_t *g, unsigned int burst)
{
	const char *only = getenv("CTBENCH_SCENARIO"); /* only one, to debug it */

	for (size_t i = worker; i < g->gl_pathc; i += WORKERS) {
		char *name = strdup(strrchr(g->gl_pathv[i], '/') + 1);

		assert_non_null(name);
		*strstr(name, ".pcap.zst") = '\0';
		if (!only || !strcmp(only, name))
			one_scenario(name, burst);
		free(name);
	}
}

/*
 * A table's end waits for grace periods and worker threads; so processes wait
 * in parallel.  One that fails prints the reason and exits like a separate test.
 */
static void all_scenarios(unsigned int burst)
{
	pid_t workers[WORKERS];
	unsigned int bad = 0;
	bool lacks = false;
	int status;
	glob_t g;

	/* Scenarios are compressed, so that the tree stays small; others would be ignored. */
	assert_int_equal(glob(CONFORMANCE "/scenarios/*.pcap", 0, NULL, &g), GLOB_NOMATCH);
	assert_int_equal(glob(CONFORMANCE "/scenarios/*.pcap.zst", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 170);
	fflush(NULL);
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		assert_true(workers[i] >= 0);
		if (!workers[i]) {
			share_of(i, &g, burst);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
		lacks |= WIFEXITED(status) && WEXITSTATUS(status) == CT_EXIT_SKIP;
		bad += !WIFEXITED(status) || WEXITSTATUS(status);
	}
	globfree(&g);
	if (lacks) {
		print_message("%s needs an instruction that this CPU does not have\n",
			      variant->name);
		skip();
	}
	if (bad)
		fail_msg("%u of %u processes found differences, or failed; see above", bad,
			 WORKERS);
}

static void test_scenarios(void **state)
{
	(void)state;
	all_scenarios(0);
}

/* Connections looked up together, before their packets' turn: the same answers. */
static void test_scenarios_in_bursts(void **state)
{
	(void)state;
	all_scenarios(3);
	all_scenarios(CT_BURST);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_scenarios_in_bursts),
	};
	int failed;

	variant = ct_variant_find(argc > 1 ? argv[1] : REPLAY_VARIANT);
	if (!variant) {
		fprintf(stderr, "no variant is called %s\n", argv[1]);
		return CT_EXIT_USER;
	}
	if (variant->flags & (CT_V_NULL | CT_V_LOOKUPS)) {
		printf("%s keeps no connections\n", variant->name);
		return CT_EXIT_SKIP;
	}
	excuses = json_load_file(CONFORMANCE "/excuses.json", 0, NULL);
	if (!excuses)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(excuses);
	return failed;
}
