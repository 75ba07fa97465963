/* SPDX-License-Identifier: MIT */
/*
 * ctbench env: facts about this machine, and those that will disturb a measurement.
 */
#include "harness/cli/cmd.h"
#include "harness/base/json_read.h"
#include "harness/base/terminal.h"
#include "harness/base/text.h"
#include "harness/machine/distance.h"
#include "harness/machine/env.h"
#include "harness/machine/topology.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LABEL 12
#define WIDTH 96u

static unsigned int width(void)
{
	unsigned int columns = terminal_columns(STDOUT_FILENO, WIDTH);

	return columns < 40 ? 40 : columns < WIDTH ? columns : WIDTH;
}

__attribute__((format(printf, 2, 3))) static void row(const char *label, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("%-*s", LABEL, label);
	text_wrap(stdout, text, LABEL, LABEL, width());
}

/* A fact as text, or "unknown". */
static const char *told(const json_t *value)
{
	return json_string_value(value) ? json_string_value(value) : "unknown";
}

static char *bytes_text(char *buf, size_t size, json_int_t bytes)
{
	if (bytes >= 10ll << 30)
		snprintf(buf, size, "%.0f GiB", (double)bytes / (1 << 30));
	else if (bytes >= 1 << 20)
		snprintf(buf, size, "%.4g MiB", (double)bytes / (1 << 20));
	else
		snprintf(buf, size, "%lld KiB", (long long)bytes >> 10);
	return buf;
}

/* The strings of an array, with blanks between them; "" if there are none. */
static void join(char *buf, size_t size, const json_t *array)
{
	const json_t *entry;
	size_t i, n = 0;

	*buf = '\0';
	json_array_foreach(array, i, entry) {
		if (n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? " " : "", told(entry));
	}
}

static void print_caches(const json_t *env)
{
	const json_t *cache;
	char text[512] = "", bytes[32];
	size_t i, n = 0;

	json_array_foreach(within(env, "topology", "caches"), i, cache) {
		json_int_t each = json_integer_value(json_object_get(cache, "cpus_each"));

		if (n >= sizeof(text))
			break;
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "%sL%lld %s for every %lld CPU%s",
			i ? ", " : "",
			(long long)json_integer_value(json_object_get(cache, "level")),
			bytes_text(bytes, sizeof(bytes),
				   json_integer_value(json_object_get(cache, "bytes"))),
			(long long)each, each == 1 ? "" : "s");
	}
	row("caches", "%s", *text ? text : "unknown");
}

static void print_machine(const json_t *env)
{
	char total[32], available[32];
	const json_t *boost = within(env, "frequency", "boost");

	row("CPU", "%s", told(within(env, "machine", "cpu")));
	if (json_is_true(within(env, "virtual", "is")))
		row("virtual", "a guest of %s", told(within(env, "virtual", "hypervisor")));
	row("topology",
	    "packages %lld, NUMA nodes %lld, cores %lld, CPUs %lld; this process may use CPU %s",
	    (long long)json_integer_value(within(env, "topology", "packages")),
	    (long long)json_integer_value(within(env, "topology", "numa_nodes")),
	    (long long)json_integer_value(within(env, "topology", "cores")),
	    (long long)json_integer_value(within(env, "topology", "cpus")),
	    told(within(env, "topology", "allowed_cpus")));
	print_caches(env);
	if (json_is_integer(within(env, "machine", "memory_bytes")))
		row("memory", "%s, %s available",
		    bytes_text(total, sizeof(total),
			       json_integer_value(within(env, "machine", "memory_bytes"))),
		    bytes_text(
			    available, sizeof(available),
			    json_integer_value(within(env, "machine", "memory_available_bytes"))));
	else
		row("memory", "unknown");
	row("clock", "%s, %.1f MHz, %s", told(within(env, "clock", "name")),
	    json_real_value(within(env, "clock", "ticks_per_second")) / 1e6,
	    json_is_true(within(env, "clock", "reliable")) ? "reliable" : "NOT reliable");
	if (json_is_string(within(env, "frequency", "driver"))) {
		char governors[128];

		join(governors, sizeof(governors), within(env, "frequency", "governors"));
		row("frequency", "driver %s, governor %s, boost %s",
		    told(within(env, "frequency", "driver")), governors,
		    json_is_boolean(boost) ? json_is_true(boost) ? "on" : "off" : "unknown");
	}
}

static void print_kernel(const json_t *env)
{
	const json_t *value, *busy;
	char buf[64];
	char text[2048];
	const char *name;
	size_t n = 0;

	row("kernel", "%s (%s)", told(within(env, "kernel", "release")),
	    told(within(env, "kernel", "architecture")));
	join(text, sizeof(text), within(env, "kernel", "parameters"));
	if (*text)
		row("parameters", "%s", text);
	*text = '\0';
	json_object_foreach((json_t *)within(env, "kernel", "mitigations"), name, value) {
		if (strcmp(told(value), "Not affected") && n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s: %s", n ? "; " : "",
					      name, told(value));
	}
	if (!*text)
		strcpy(text, json_is_object(within(env, "kernel", "mitigations")) ? "none needed"
										  : "unknown");
	row("mitigations", "%s", text);
	row("pages", "transparent huge pages %s (defrag %s)",
	    told(within(env, "pages", "transparent")),
	    told(within(env, "pages", "transparent_defrag")));
	value = within(env, "load", "average");
	busy = within(env, "load", "busy_cpus");
	if (json_is_number(busy))
		snprintf(buf, sizeof(buf), "; other programs use %.1f CPUs now",
			 json_number_value(busy));
	else
		buf[0] = '\0';
	if (!json_is_array(value))
		row("load", "unknown");
	else
		row("load", "%.2f %.2f %.2f%s", json_real_value(json_array_get(value, 0)),
		    json_real_value(json_array_get(value, 1)),
		    json_real_value(json_array_get(value, 2)), buf);
}

static void print_build(const json_t *env)
{
	const json_t *libraries = json_object_get(env, "libraries"), *value;
	char text[512] = "";
	const char *name;
	size_t n = 0;

	row("ctbench", "%s, revision %s", told(within(env, "build", "version")),
	    told(within(env, "build", "revision")));
	row("compiler", "%s, %s", told(within(env, "build", "compiler")),
	    told(within(env, "build", "flags")));
	row("allocator", "%s", told(json_object_get(env, "allocator")));
	json_object_foreach((json_t *)libraries, name, value) {
		if (n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s", n ? ", " : "",
					      name, told(value));
	}
	row("libraries", "%s", text);
}

static void print_warnings(const json_t *warnings)
{
	const json_t *w;
	size_t i;

	if (!json_array_size(warnings)) {
		puts("\nNothing found that disturbs measurements.");
		return;
	}
	puts("\nWhat disturbs measurements here ('!' spoils figures, '-' is good to know):");
	json_array_foreach(warnings, i, w) {
		const char *mend = json_string_value(json_object_get(w, "mend"));

		printf("  %c ", strcmp(told(json_object_get(w, "grade")), "serious") ? '-' : '!');
		text_wrap(stdout, told(json_object_get(w, "what")), 4, 4, width());
		if (mend) {
			fputs("      remedy: ", stdout);
			text_wrap(stdout, mend, 14, 14, width());
		}
	}
}

struct request {
	bool json;
	uint64_t watch; /* seconds */
};

/*
 * The distance of the first two CPUs, and how often it changes: a hypervisor moves its guests'
 * CPUs, which changes the cost of all data that two threads share.
 */
static int watch_cpus(json_t *env, double seconds, struct ct_error *e)
{
	struct distance_seen seen;
	unsigned int cpus[2];
	int err;

	if (topology_nr_cpus() < 2 || seconds <= 0)
		return 0;
	err = topology_plan(PIN_COMPACT, "", 2, false, cpus, e);
	if (!err)
		err = distance_watch(cpus[0], cpus[1], seconds, &seen, e);
	if (err)
		return err;
	return json_object_set_new(env, "cpu_distance",
				   json_pack("{s:[i, i], s:f, s:i, s:i, s:f, s:f, s:f}", "cpus",
					     (int)cpus[0], (int)cpus[1], "watched_s", seconds,
					     "looks", (int)seen.looks, "moves", (int)seen.moves,
					     "least_ns", seen.least, "most_ns", seen.most,
					     "near_share", seen.near));
}

static void print_distance(const json_t *env)
{
	const json_t *d = json_object_get(env, "cpu_distance"), *cpus = json_object_get(d, "cpus");
	int a = 0, b = 0, looks = 0, moves = 0;
	double seconds = 0, least = 0, most = 0, near = 0;

	if (json_unpack((json_t *)cpus, "[i, i]", &a, &b) ||
	    json_unpack((json_t *)d, "{s:F, s:i, s:i, s:F, s:F, s:F}", "watched_s", &seconds,
			"looks", &looks, "moves", &moves, "least_ns", &least, "most_ns", &most,
			"near_share", &near))
		return;
	if (!looks)
		row("distance", "CPUs %d and %d: never both free in %g s", a, b, seconds);
	else if (!moves)
		row("distance",
		    "CPUs %d and %d: %.0f to %.0f ns for the round trip of a cache line; no change "
		    "in %g s",
		    a, b, least, most, seconds);
	else
		row("distance",
		    "CPUs %d and %d: %.0f to %.0f ns for the round trip of a cache line; they "
		    "moved %d times in %g s and were near for %.0f %% of it. Shared data cost more "
		    "while they are far: `distance: near` in a workload measures only while they "
		    "are near",
		    a, b, least, most, moves, seconds, 100 * near);
}

static int print_env(void *request, struct ct_error *e)
{
	const struct request *q = request;
	json_t *env = env_json(), *warnings = env ? env_warnings(env) : NULL;

	if (!warnings) {
		json_decref(env);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to describe this machine");
	}
	if (watch_cpus(env, (double)q->watch, e)) {
		json_decref(warnings);
		json_decref(env);
		return -EIO;
	}
	if (q->json) {
		json_object_set(env, "warnings", warnings);
		json_dumpf(env, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_machine(env);
		print_distance(env);
		print_kernel(env);
		print_build(env);
		print_warnings(warnings);
	}
	json_decref(warnings);
	json_decref(env);
	return 0;
}

/* ---- the command ---- */

static const struct cmd_option options[] = {
	{ "json", 0, CMD_SWITCH, offsetof(struct request, json), NULL,
	  .help = "print JSON: the facts, and the warnings under \"warnings\"" },
	{ "watch", 0, CMD_COUNT, offsetof(struct request, watch), "SECONDS",
	  .help = "how long to watch the distance of two CPUs, and whether it changes; 0: not at "
		  "all (default: 2)",
	  .max = 3600 },
	{ .name = NULL },
};

static const struct cmd_term examples[] = {
	{ "ctbench env", NULL },
	{ "ctbench env --json | jq '.warnings[] | select(.grade == \"serious\") | .mend'", NULL },
	{ NULL, NULL },
};

const struct command command_env = {
	.name = "env",
	.summary = "describe this machine, and what will disturb a measurement on it",
	.about = "Prints the facts that figures depend on besides the code: CPU and caches, the "
		 "kernel and its settings, how this ctbench was built. Then it names disturbances "
		 "and their remedies: '!' spoils figures, '-' is good to know. The same facts are "
		 "kept with every run (benchmark.json, key ctbench). They contain no host name, "
		 "user or path.\n\n"
		 "Nothing is changed. The exit status is 0 whatever is found.",
	.options = options,
	.examples = examples,
	.request_size = sizeof(struct request),
	.defaults = &(const struct request){ .watch = 2 },
	.run = print_env,
};
