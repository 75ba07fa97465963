/* SPDX-License-Identifier: MIT */
/*
 * The table of keys: the one place that knows what a workload file may say.
 * Adding a parameter is a field in struct cell, a parser in workload_values.c,
 * a name in enum workload_key_id and a line here.
 */
#include "harness/workload/aims.h"
#include "harness/workload/values.h"

#include <string.h>

#define TEXT_KEY(key, what) \
	{ \
		.name = key, .column = key, .use = USE_TEXT, .allowed = what \
	}
#define ONCE(key, field, default_, means, what) \
	{ \
		.name = key, .column = key, .use = USE_ONCE, .json = JSON_COUNT, \
		.fallback = default_, .meaning = means, .allowed = what, .parse = parse_##field, \
		.text = text_##field, .number = number_##field \
	}
#define WORDS(key, column_, field, json_, default_, means, what) \
	{ \
		.name = key, .column = column_, .use = USE_LIST, .json = json_, \
		.fallback = default_, .meaning = means, .allowed = what, .parse = parse_##field, \
		.text = text_##field \
	}
#define NUMBER(key, field, json_, default_, means, what) \
	{ \
		.name = key, .column = key, .use = USE_LIST, .json = json_, .fallback = default_, \
		.meaning = means, .allowed = what, .parse = parse_##field, .text = text_##field, \
		.number = number_##field \
	}

#define SHARE_TEXT "a share from 0 to 1 or from 0% to 100%"

const struct workload_key workload_keys[NR_KEYS] = {
	[KEY_NAME] = TEXT_KEY("name", "1 to 63 of the characters a-z, 0-9, _ and -"),
	[KEY_QUESTION] =
		TEXT_KEY("question", "one sentence: the question that the workload answers"),
	[KEY_AIMS] = TEXT_KEY("aims", AIM_FORM),
	[KEY_WORKLOADS] = TEXT_KEY("workloads", "a list of workload files, relative to the suite"),
	[KEY_PLOTS] = { .name = "plots",
			.column = "plots",
			.use = USE_ONCE,
			.meaning = "pictures to draw; else what varies decides",
			.allowed = "a list of threads, size, load, axes, bars, timeline, latency "
				   "and rate" },
	[KEY_REPEATS] = ONCE("repeats", repeats, "9", "measurements of each cell",
			     "a number from 1 to 1000"),
	[KEY_SEED] = ONCE("seed", seed, "1", "of all random choices", "a number from 0 to 2^53"),

	[KEY_VARIANTS] = WORDS("variants", "variant", variant, JSON_TEXT, NULL, "what is compared",
			       "names, globs ('nulls*'), axis values (hash=jhash2,chain=nulls_rcu) "
			       "or axis=NAME (the baseline and what differs from it in that axis "
			       "alone; base=VARIANT for another baseline)"),
	[KEY_LEVEL] = WORDS(
		"level", "level", level, JSON_TEXT, "ops", "what one operation is",
		"ops (table operations on tuples) or packets (through the whole hook pipeline)"),
	[KEY_KIND] = WORDS("kind", "kind", kind, JSON_TEXT, "steady", "what is measured",
			   "steady (a window over a steady population), fill (from empty to all "
			   "flows) or decode (a capture from memory)"),
	[KEY_THREADS] = NUMBER("threads", threads, JSON_COUNT, "1", "workers, each pinned to a CPU",
			       "a number from 1 to 1024, all (a thread for every CPU this process "
			       "may use) or powers (1, 2, 4, ... and all)"),
	[KEY_PINNING] =
		WORDS("pinning", "pinning", pin, JSON_TEXT, "compact", "which CPUs they get",
		      "compact, scatter, core, llc, or a list of CPUs as in \"0,2,4-7\""),
	[KEY_OVERSUBSCRIBE] = WORDS("oversubscribe", "oversubscribe", oversubscribe, JSON_SWITCH,
				    "false", "more threads than CPUs", "true or false"),
	[KEY_CAPTURE] = WORDS("capture", "capture", capture, JSON_TEXT, "none",
			      "recorded packets instead of synthetic flows",
			      "none, or the path of a capture relative to the workload file"),
	[KEY_COPIES] = NUMBER("copies", copies, JSON_COUNT, "1",
			      "how often the capture, with other addresses, is there at once",
			      "a number from 1 to 1Mi"),
	[KEY_SPLIT] = WORDS("split", "split", split, JSON_TEXT, "flow",
			    "how the capture's packets are shared among threads",
			    "flow (a flow's packets stay on one thread) or round_robin"),
	[KEY_FLOWS] = NUMBER("flows", flows, JSON_COUNT, "64Ki", "connections in the table",
			     "a number from 1 to 1Gi; k, M, G, Ki, Mi and Gi may follow"),
	[KEY_IPV6_SHARE] = NUMBER("ipv6_share", ipv6_share, JSON_NUMBER, "0",
				  "of them, how many are IPv6", SHARE_TEXT),
	[KEY_BUCKETS] = NUMBER("buckets", buckets, JSON_COUNT, NULL, "size of the table",
			       "a number from 1 to 4Gi; k, M, G, Ki, Mi and Gi may follow"),
	[KEY_LOAD_FACTOR] = NUMBER("load_factor", load_factor, JSON_NUMBER, NULL,
				   "or its size from the connections per bucket",
				   "a number from 0.001 to 1000000"),
	[KEY_POPULARITY] = WORDS("popularity", "popularity", popularity, JSON_TEXT, "uniform",
				 "which connections are looked up how often",
				 "uniform, zipf s=0.99 or hot flows=1% share=90% (flows as a "
				 "number or a percentage)"),
	[KEY_HIT_SHARE] = NUMBER("hit_share", hit_share, JSON_NUMBER, "1",
				 "lookups that find something", SHARE_TEXT),
	[KEY_REPLY_SHARE] = NUMBER("reply_share", reply_share, JSON_NUMBER, "0.5",
				   "lookups in the reply direction", SHARE_TEXT),
	[KEY_MIX] = WORDS("mix", "mix", mix, JSON_TEXT, "lookup=100",
			  "how many operations are lookups, insertions, deletions",
			  "parts in any unit, as in lookup=90 insert=5 delete=5"),
	[KEY_REFCOUNT] = WORDS("refcount", "refcount", refcount, JSON_SWITCH, "true",
			       "a lookup takes a reference and drops it", "true or false"),
	[KEY_DURATION] =
		NUMBER("duration", duration, JSON_NUMBER, "200ms", "of the window that is measured",
		       "a time with its unit, from 100us to 24 hours, as in 200ms or 1.5s"),
	[KEY_WARMUP] = NUMBER("warmup", warmup, JSON_NUMBER, "50ms", "time before it",
			      "a time with its unit, up to 24 hours, as in 50ms (0s for none)"),
	[KEY_RESIZE] = WORDS("resize", "resize", resize, JSON_TEXT, "none",
			     "online resizes during the window",
			     "none, or BUCKETS@TIME for each event in the window, as in x2@25% "
			     "x1@75% or 128Ki@50ms (x2 is twice the buckets at the start)"),
	[KEY_EVENTS] = WORDS(
		"events", "events", events, JSON_TEXT, "none",
		"what else happens during the window",
		"none, or EVENT@TIME for each event in the window: resize=BUCKETS, flush, dump, "
		"gc, limit=CONNECTIONS (nf_conntrack_max), flood=RATE:DURATION (new connections a "
		"second) or stall=DURATION (a planted fault), as in limit=x1.1@10% "
		"flood=100k:50ms@25% (x1.1 is 1.1 times the connections or buckets at the start)"),
	[KEY_TIMELINE] = WORDS("timeline", "timeline", timeline, JSON_TEXT, "none",
			       "what happened in each piece of the window",
			       "none, or the length of a piece from 100us to 1s, as in 2ms; at "
			       "most 20000 of them"),
	[KEY_PAGES] =
		WORDS("pages", "pages", pages, JSON_TEXT, "auto", "memory pages for the table",
		      "auto (transparent huge pages asked for, whatever comes of it), thp, 4k or "
		      "hugetlb (these or no figure)"),
	[KEY_LATENCY] = WORDS("latency", "latency", latency, JSON_TEXT, "none",
			      "each operation's own time, instead of throughput",
			      "none or service (a closed loop's service times; rate: asks for "
			      "response times in an open loop)"),
	[KEY_RATE] = WORDS(
		"rate", "rate", open_rate, JSON_TEXT, "none",
		"an open loop: so many operations a second, and their times from the intended "
		"start",
		"none, or operations a second of all threads from 1k to 10G, as in 500k or 2M"),
	[KEY_ARRIVALS] = WORDS(
		"arrivals", "arrivals", arrivals, JSON_TEXT, "poisson",
		"when an open loop's operations are to begin",
		"constant, poisson or capture (the capture's own times, stretched to the rate)"),
};

int workload_key_find(const char *name, size_t len)
{
	for (int i = 0; i < NR_KEYS; i++) {
		const char *key = workload_keys[i].name;
		size_t j = 0;

		while (j < len && key[j] &&
		       (key[j] == name[j] || (key[j] == '_' && name[j] == '-')))
			j++;
		if (j == len && !key[j])
			return i;
	}
	return -1;
}

void workload_key_list(char *buf, size_t size, bool only_overridable)
{
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < NR_KEYS && at < size; i++)
		if (!only_overridable || workload_keys[i].use != USE_TEXT)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "",
					       workload_keys[i].name);
}

unsigned int cell_nr_params(void)
{
	return NR_KEYS - KEY_FIRST_OF_CELL;
}

const char *cell_param_name(unsigned int i)
{
	return workload_keys[KEY_FIRST_OF_CELL + i].column;
}

int cell_param_find(const char *column)
{
	for (unsigned int i = 0; i < cell_nr_params(); i++)
		if (!strcmp(cell_param_name(i), column))
			return (int)i;
	return -1;
}

int cell_param_text(const struct cell *cell, unsigned int i, char *buf, size_t size)
{
	return workload_keys[KEY_FIRST_OF_CELL + i].text(cell, buf, size);
}
