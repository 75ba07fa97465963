/* SPDX-License-Identifier: MIT */
/* What workload files may not say, and the sentence for each of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/fixture/workload_fixture.h"

struct bad {
	const char *text;
	const char *says[4]; /* all of these are in the sentence */
};

static void test_bad_files(void **state)
{
	static const struct bad cases[] = {
		/* YAML itself */
		{ "", { "is empty" } },
		{ "# nothing\n", { "is empty" } },
		{ "- a\n", { ":1: a workload file is a YAML mapping" } },
		{ "just words\n", { ":1: a workload file is a YAML mapping" } },
		{ QUESTION "flows: [1, 2\n", { ":3: not YAML" } },
		{ QUESTION "\tflows: 1\n", { ":2: not YAML" } },
		{ QUESTION "variants: *\n", { ":2: not YAML", "put quotes around a glob" } },
		{ QUESTION "variants: *all\n",
		  { ":2: *all is a YAML alias", "quotes around a glob" } },
		{ TABLE "---\n" TABLE, { ":4: a workload file is one YAML document" } },
		{ "? [a]\n: b\n", { ":1: a key must be a word" } },
		/* keys */
		{ TABLE "flow: 1Ki\n",
		  { ":4: unknown key 'flow' (did you mean 'flows'?)", "ipv6_share", "copies" } },
		{ TABLE "hit-share: 1\n",
		  { ":4: unknown key 'hit-share' (did you mean 'hit_share'?)" } },
		{ TABLE "flows: 1Ki\n\nflows: 2Ki\n",
		  { ":6: flows is given twice (first in line 4)", "[A, B]" } },
		{ TABLE "flows:\n", { ":4: flows has no value" } },
		{ TABLE "flows: ['']\n", { ":4: flows has no value" } },
		{ TABLE "flows: []\n", { ":4: the list of flows is empty" } },
		{ TABLE "flows:\n  - 1\n  - [2]\n",
		  { ":6: the list of flows holds a list or a mapping" } },
		{ TABLE "flows:\n  - 1\n  - a: 2\n",
		  { ":6: the list of flows holds a list or a mapping" } },
		{ TABLE "popularity: {zipf: 1}\n", { ":4: popularity is a mapping" } },
		{ "variants: " BASELINE "\nload_factor: 1\n", { "question is missing" } },
		{ "question: [a, b]\nvariants: null\nbuckets: 1\n",
		  { ":1: question cannot be a list" } },
		{ "name: Axes\n" TABLE, { ":1: name is 'Axes', but must be" } },
		{ TABLE "plots: [bars,\n pies]\n",
		  { ":5: plots holds 'pies'", "threads, size", "effects" } },
		/* variants */
		{ QUESTION "load_factor: 1\n", { "w.yaml: variants is missing" } },
		{ QUESTION "variants: [" BASELINE ",\n nulls_rcu_siphas]\n",
		  { ":3: no variant matches 'nulls_rcu_siphas'", "nulls_rcu_siphash" } },
		{ QUESTION "variants: 'x*'\n", { ":2: no variant matches 'x*'" } },
		{ QUESTION "variants: hash=md5\n",
		  { ":2: no variant has hash=md5", "jhash2, siphash, crc32c" } },
		{ QUESTION "variants: hsh=jhash2\n",
		  { ":2: 'hsh' is no axis", "hash, bucket, chain" } },
		{ QUESTION "variants: axis=colour\n", { ":2: 'colour' is no axis" } },
		{ QUESTION "variants: axis=rcu,base=nobody\n",
		  { ":2: no variant matches 'nobody'" } },
		{ QUESTION "variants: base=null\n", { ":2: base=VARIANT needs axis=NAME" } },
		{ QUESTION "variants: null hash=jhash2\n", { ":2: 'null' is not AXIS=VALUE" } },
		{ QUESTION "variants: hash=siphash,bucket=mask\n",
		  { ":2: no variant has all of" } },
		/* values */
		{ TABLE "level: frames\n",
		  { ":4: level is 'frames', but must be ops", "packets" } },
		{ TABLE "kind: [steady, burst]\n", { ":4: kind is 'burst'", "fill" } },
		{ TABLE "threads:\n  - 1\n  - 0\n",
		  { ":6: threads is '0', but must be a number from 1 to 1024" } },
		{ TABLE "threads: 1025\n", { ":4: threads is '1025'" } },
		{ TABLE "threads: -1\n", { ":4: threads is '-1'" } },
		{ TABLE "threads: 1.5\n", { ":4: threads is '1.5'" } },
		{ TABLE "threads: 1024\n",
		  { ":4: 1024 threads, but this process may use", "oversubscribe" } },
		{ TABLE "pinning: near\n",
		  { ":4: pinning is 'near'", "compact, scatter, core, llc" } },
		{ TABLE "pinning: 0-\n", { ":4: '0-' is no list of CPUs" } },
		{ TABLE "pinning: '60000'\n", { ":4: the CPU list '60000' names CPU 60000" } },
		{ TABLE "oversubscribe: 2\n", { ":4: oversubscribe is '2'", "true" } },
		{ TABLE "flows: 0\n", { ":4: flows is '0', but must be a number from 1 to 1Gi" } },
		{ TABLE "flows: 2Gi\n", { ":4: flows is '2Gi'" } },
		{ TABLE "flows: 99999999999999999999999999999999999999999999\n",
		  { ":4: flows is '9999" } },
		{ TABLE "flows: 64ki\n", { ":4: flows is '64ki'" } },
		{ TABLE "flows: 0x10\n", { ":4: flows is '0x10'" } },
		{ TABLE "flows: 1.0001k\n", { ":4: flows is '1.0001k'" } },
		{ TABLE "flows: ' 1'\n", { ":4: flows is ' 1'" } },
		{ TABLE "ipv6_share: 1.1\n",
		  { ":4: ipv6_share is '1.1', but must be a share from 0 to 1" } },
		{ TABLE "hit_share: 101%\n", { ":4: hit_share is '101%'" } },
		{ TABLE "hit_share: .nan\n", { ":4: hit_share is '.nan'" } },
		{ TABLE "hit_share: nan\n", { ":4: hit_share is 'nan'" } },
		{ TABLE "reply_share: -0.1\n", { ":4: reply_share is '-0.1'" } },
		{ TABLE "reply_share: inf\n", { ":4: reply_share is 'inf'" } },
		{ TABLE "refcount: maybe\n", { ":4: refcount is 'maybe'" } },
		{ TABLE "events: flush\n", { ":4: events is 'flush'", "EVENT@TIME" } },
		{ TABLE "events: flush=3@1ms\n", { ":4: events is 'flush=3@1ms'", "EVENT@TIME" } },
		{ TABLE "events: flood=100k@1ms\n",
		  { ":4: events is 'flood=100k@1ms'", "RATE:DURATION" } },
		{ TABLE "events: dump@2ms gc@1ms\n", { ":4: ", "order of time" } },
		{ TABLE "events: flush@3s\n", { ":4: an event at 3s", "after the window" } },
		{ TABLE "events: flood=1k:1s@50%\n", { ":4: a flood", "beyond the window" } },
		{ TABLE "timeline: 1us\n", { ":4: timeline is '1us'", "100us" } },
		{ TABLE "timeline: 500ms\n", { ":4: ", "not one piece" } },
		{ TABLE "timeline: 1ms\nkind: fill\n", { ":4: a timeline needs kind: steady" } },
		{ TABLE "pages: 2M\n", { ":4: pages is '2M'", "thp" } },
		{ TABLE "latency: yes\n", { ":4: latency is 'yes', but must be none or service" } },
		{ TABLE "rate: 999\n",
		  { ":4: rate is '999', but must be none, or operations a second" } },
		{ TABLE "rate: 1M/s\n", { ":4: rate is '1M/s'" } },
		{ TABLE "arrivals: bursts\n",
		  { ":4: arrivals is 'bursts', but must be constant, poisson or capture" } },
		{ TABLE "rate: 1M\nlatency: service\n",
		  { ":5: service times are a closed loop's", "leave out latency" } },
		{ TABLE "rate: 1M\nkind: fill\n",
		  { ":4: latencies are taken in a window", "kind: steady" } },
		{ TABLE "latency: service\noversubscribe: true\n",
		  { ":4: threads that take turns", "oversubscribe: false" } },
		{ TABLE "arrivals: capture\n",
		  { ":4: arrivals: capture takes a capture's own times" } },
		{ TABLE "duration: 100ms\nevents: stall=5ms@96%\n",
		  { ":5: a stall of 0.005s from 0.096s on goes beyond the window of 0.1s" } },
		{ TABLE "rate: 1M\narrivals: capture\n",
		  { ":5: arrivals: capture takes a capture's own times" } },
		{ TABLE "split: hash\n", { ":4: split is 'hash'", "round_robin" } },
		{ TABLE "copies: 0\n", { ":4: copies is '0'" } },
		{ TABLE "repeats: 0\n",
		  { ":4: repeats is '0', but must be a number from 1 to 1000" } },
		{ TABLE "repeats: [1, 2]\n", { ":4: repeats is one for all cells" } },
		{ TABLE "seed: 2^53\n", { ":4: seed is '2^53'" } },
		{ TABLE "duration: 0ms\n",
		  { ":4: duration is '0ms', but must be a time with its unit" } },
		{ TABLE "duration: 200\n",
		  { ":4: duration is '200', but must be a time with its unit" } },
		{ TABLE "duration: 25000min\n", { ":4: duration is '25000min'" } },
		{ TABLE "warmup: -1ms\n", { ":4: warmup is '-1ms'" } },
		{ TABLE "popularity: zipf\n", { ":4: popularity is 'zipf'", "zipf s=0.99" } },
		{ TABLE "popularity: zipf s=0\n", { ":4: popularity is 'zipf s=0'" } },
		{ TABLE "popularity: zipf s=1 t=2\n", { ":4: popularity is 'zipf s=1 t=2'" } },
		{ TABLE "popularity: hot flows=1\n",
		  { ":4: popularity is 'hot flows=1'", "needs both" } },
		{ TABLE "popularity: hot flows=1 flows=2 share=1\n",
		  { ":4: popularity is 'hot flows=1 flows=2 share=1'" } },
		{ TABLE "popularity: normal\n",
		  { ":4: popularity is 'normal', but must be uniform" } },
		{ TABLE "flows: 10\npopularity: hot flows=11 share=50%\n",
		  { ":5: 11 hot flows are more than all flows (10)" } },
		{ TABLE "mix: lookup=0\n", { ":4: mix is 'lookup=0': all its parts are 0" } },
		{ TABLE "mix: lookup=1 update=1\n",
		  { ":4: mix is 'lookup=1 update=1'", "insert=5" } },
		{ TABLE "mix: lookup=nan\n", { ":4: mix is 'lookup=nan'" } },
		{ TABLE "mix: lookup=90 insert=6 delete=4\n",
		  { ":4: insert and delete must be equal", "6%", "population would drift" } },
		{ TABLE "level: packets\nmix: lookup=90 insert=5 delete=5\n",
		  { ":5: at level packets mix" } },
		{ TABLE "level: packets\nhit_share: 0.5\n", { ":5: at level packets hit_share" } },
		/* the table */
		{ GOOD, { "neither buckets nor load_factor is given" } },
		{ TABLE "buckets: 10\n", { ":3: there are both buckets and load_factor" } },
		{ GOOD "buckets: 0\n", { ":3: buckets is '0'" } },
		{ GOOD "buckets: 5Gi\n", { ":3: buckets is '5Gi'" } },
		{ GOOD "load_factor: 0\n", { ":3: load_factor is '0'" } },
		{ GOOD "load_factor: 0.001\nflows: 1Gi\n",
		  { ":3: load_factor is '0.001': so many buckets no table can have" } },
		{ QUESTION "variants: [" BASELINE ", " MASKED "]\nbuckets: [1Ki,\n 1000]\n",
		  { ":4: " MASKED " cannot have 1000 buckets", "power", "512 or 1024" } },
		/* resizing */
		{ TABLE "resize: 25%\n", { ":4: resize is '25%'", "BUCKETS@TIME" } },
		{ TABLE "resize: x2@\n", { ":4: resize is 'x2@'" } },
		{ TABLE "resize: x0@1ms\n", { ":4: resize is 'x0@1ms'" } },
		{ TABLE "resize: x2@75% x1@25%\n",
		  { ":4: resize is 'x2@75% x1@25%': its events are not in the order of time" } },
		{ TABLE "resize: x2@1s\n",
		  { ":4: a resize at 1s comes after the window of 0.2s has closed" } },
		{ TABLE "kind: fill\nresize: x2@10%\n", { ":5: resize events need kind: steady" } },
		{ QUESTION "variants: " MASKED "\nload_factor: 1\nresize: x3@10%\n",
		  { ":4: " MASKED " cannot be resized to 196608 buckets" } },
		{ TABLE "resize: 1@1% 1@2% 1@3% 1@4% 1@5% 1@6% 1@7% 1@8% 1@9% 1@10% 1@11% 1@12% "
			"1@13% 1@14% 1@15% 1@16% 1@17%\n",
		  { ":4: resize is", "more than 16 events" } },
		/* captures */
		{ GOOD "buckets: 1\nlevel: packets\ncapture: nowhere.pcap\n",
		  { ":5: the capture ", "nowhere.pcap cannot be read: No such file", "relative" } },
		{ GOOD "buckets: 1\ncapture: w.yaml\n",
		  { ":4: a capture holds packets and needs level: packets" } },
		{ GOOD "buckets: 1\nflows: 1\ncapture: w.yaml\n",
		  { ":4: flows does not go with a capture", "copies" } },
		{ GOOD "load_factor: 1\ncapture: w.yaml\n",
		  { ":3: load_factor does not go with a capture" } },
		{ "kind: decode\n" QUESTION, { "kind decode measures the decoding of a capture" } },
		/* suites */
		{ QUESTION "workloads:\n  - gone.yaml\n",
		  { ":3: the workload ", "gone.yaml cannot be read: No such file" } },
		{ QUESTION "workloads: w.yaml\n", { ":2: suites name each other 8 deep" } },
		{ QUESTION "workloads: [one.yaml, one.yaml]\n", { "are both named one" } },
		{ QUESTION "workloads: one.yaml\nthreads: many\n",
		  { "w.yaml:3: threads is 'many'" } },
	};

	(void)state;
	write_text("one.yaml", TABLE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };

		if (!load(&set, cases[i].text, &e, NULL))
			fail_msg("this was accepted:\n%s", cases[i].text);
		assert_int_equal(e.status, CT_EXIT_USER);
		assert_int_equal(set.nr, 0);
		assert_null(strchr(e.text, '\n'));
		for (size_t j = 0; j < 4 && cases[i].says[j]; j++)
			if (!strstr(e.text, cases[i].says[j]))
				fail_msg("\"%s\" does not say \"%s\", for\n%s", e.text,
					 cases[i].says[j], cases[i].text);
		workload_set_free(&set);
	}
}

static void test_bad_options(void **state)
{
	static const struct {
		const char *options[3];
		const char *says;
	} cases[] = {
		{ { "--threads", "0" }, "--threads: threads is '0', but must be" },
		{ { "--threads", "1,,2" }, "--threads: an empty value in '1,,2'" },
		{ { "--threads", "" }, "--threads has no value" },
		{ { "--threads" }, "--threads needs a value: a number from 1" },
		{ { "--load-factor", "x" }, "--load-factor: load_factor is 'x'" },
		{ { "--set", "flows" }, "--set needs KEY=VALUE" },
		{ { "--set", "flow=1" },
		  "--set: 'flow' is no parameter (did you mean 'flows'?); there are" },
		{ { "--set", "name=x" }, "--set: 'name' is no parameter" },
		{ { "--set", "flows=" }, "--set flows has no value" },
		{ { "--set=flows=0" }, "--set flows: flows is '0'" },
		{ { "--set" }, "--set needs KEY=VALUE" },
		{ { "--variants", "nulls" }, "--variants: no variant matches 'nulls'" },
		{ { "--capture", "gone.pcap" }, "/tmp/ctbench-workload-" },
		{ { "--repeats", "1,2" }, "--repeats: repeats is one for all cells" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		char *options[4] = { NULL };

		for (size_t j = 0; j < 3; j++)
			options[j] = (char *)cases[i].options[j];
		assert_int_not_equal(load(&set, TABLE, &e, options), 0);
		assert_int_equal(e.status, CT_EXIT_USER);
		if (strncmp(e.text, cases[i].says, strlen(cases[i].says)))
			fail_msg("\"%s\" does not begin with \"%s\"", e.text, cases[i].says);
		workload_set_free(&set);
	}
}

static void test_bad_paths(void **state)
{
	struct workload_set set = { .nr = 0 };
	struct ct_error e = { 0 };
	char *long_value = malloc(3000), *text = malloc(40000);
	size_t at = 0;

	(void)state;
	assert_int_equal(workload_load(&set, own_path("gone.yaml"), NULL, &e), -ENOENT);
	expect(e.text, "gone.yaml: No such file");
	e.status = 0;
	assert_int_not_equal(workload_load(&set, own_path("."), NULL, &e), 0);
	expect(e.text, "is a folder");
	e.status = 0;
	write_bytes("zero.yaml", "name: \"a\0b\"\n", 12);
	assert_int_not_equal(workload_load(&set, own_path("zero.yaml"), NULL, &e), 0);
	e.status = 0;
	write_bytes("zero.yaml", "name: \"a\\0b\"\n", 13);
	assert_int_not_equal(workload_load(&set, own_path("zero.yaml"), NULL, &e), 0);
	expect(e.text, ":1: a value of name");

	/* too long, too many, too large a product */
	e.status = 0;
	assert_non_null(long_value);
	assert_non_null(text);
	memset(long_value, 'a', 2999);
	long_value[2999] = '\0';
	sprintf(text, TABLE "flows: %s\n", long_value);
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	expect(e.text, ":4: a value of flows is longer");
	e.status = 0;
	at = (size_t)sprintf(text, TABLE "flows:\n");
	for (int i = 0; i < 257; i++)
		at += (size_t)sprintf(text + at, "- %d\n", i + 1);
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	expect(e.text, ":261: flows has more than 256 values");
	e.status = 0;
	at = (size_t)sprintf(text, TABLE);
	for (int key = 0; key < 3; key++) {
		static const char *const keys[] = { "flows", "copies", "duration" };

		at += (size_t)sprintf(text + at, "%s: [1%s", keys[key], key == 2 ? "ms" : "");
		for (int i = 2; i <= 200; i++)
			at += (size_t)sprintf(text + at, ", %d%s", i, key == 2 ? "ms" : "");
		at += (size_t)sprintf(text + at, "]\n");
	}
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	expect(e.text, "more than 16384 cells");
	free(long_value);
	free(text);
	assert_int_equal(set.nr, 0);
	workload_set_free(&set);
	workload_set_free(NULL);
}

/* Whatever the bytes are: an error or a workload, never a crash or a leak. */
static void test_mutations(void **state)
{
	static const char good[] =
		"name: m\nquestion: What?\nvariants: ['nulls*', axis=lock,base=locked_global]\n"
		"threads: [1, all]\npinning: [compact, '0']\nflows: [1Ki, 64]\nload_factor: [1, "
		"0.5]\n"
		"popularity: [uniform, zipf s=0.99, hot flows=1% share=90%]\nmix: lookup=90 "
		"insert=5 delete=5\n"
		"resize: [none, x2@25% 128@75%]\nduration: 10ms\nplots: [bars]\n";
	uint64_t random = 88172645463325252u;
	char bytes[sizeof(good) + 1];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		size_t size = sizeof(good) - 1;

		memcpy(bytes, good, size);
		for (int i = 0; i <= round % 4; i++) {
			static const char interesting[] = "\0\n:,[]{}'\"*&#-@%=x0129. \t\xff";
			size_t at;

			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			at = random % size;
			if (random >> 60 < 3) /* cut out */
				memmove(bytes + at, bytes + at + 1, --size - at);
			else
				bytes[at] = interesting[(random >> 32) % (sizeof(interesting) - 1)];
		}
		write_bytes("m.yaml", bytes, size);
		if (workload_load(&set, own_path("m.yaml"), NULL, &e)) {
			assert_int_equal(e.status, CT_EXIT_USER);
			assert_int_equal(set.nr, 0);
		} else {
			assert_true(set.list[0].nr_cells > 0);
		}
		workload_set_free(&set);
	}
}

static int begin(void **state)
{
	(void)state;
	return own_folder_enter("workload-bad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_bad_paths),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests_name("workload_bad", tests, begin, own_folder_leave);
}
