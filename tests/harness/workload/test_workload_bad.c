/* SPDX-License-Identifier: MIT */
/* Wrong workload files: each message has the line, the key and the value. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/workload_fixture.h"

struct bad {
	const char *text;
	int line;	     /* that the sentence names; 0: none */
	const char *says[4]; /* keys, values and numbers in the sentence */
};

static void assert_says(const char *sentence, const char *word, const char *about)
{
	if (!strstr(sentence, word))
		fail_msg("\"%s\" does not say \"%s\", for\n%s", sentence, word, about);
}

static void test_bad_files(void **state)
{
	static const struct bad cases[] = {
		/* YAML itself */
		{ "", 0, { "w.yaml", "empty" } },
		{ "# nothing\n", 0, { "w.yaml", "empty" } },
		{ "- a\n", 1, { "mapping", "key: value" } },
		{ "just words\n", 1, { "mapping", "key: value" } },
		{ QUESTION "flows: [1, 2\n", 3, { "not YAML" } },
		{ QUESTION "\tflows: 1\n", 2, { "not YAML" } },
		{ QUESTION "variants: *\n", 2, { "not YAML", "quotes" } },
		{ QUESTION "variants: *all\n", 2, { "*all", "quotes" } },
		{ TABLE "---\n" TABLE, 4, { "document" } },
		{ "? [a]\n: b\n", 1, { "key" } },
		/* keys */
		{ TABLE "flow: 1Ki\n", 4, { "'flow'", "'flows'", "ipv6_share", "copies" } },
		{ TABLE "hit-share: 1\n", 4, { "'hit-share'", "'hit_share'" } },
		{ TABLE "flows: 1Ki\n\nflows: 2Ki\n", 6, { "flows", "twice", "line 4", "[A, B]" } },
		{ TABLE "flows:\n", 4, { "flows", "no value" } },
		{ TABLE "flows: ['']\n", 4, { "flows", "no value" } },
		{ TABLE "flows: []\n", 4, { "flows", "empty" } },
		{ TABLE "flows:\n  - 1\n  - [2]\n", 6, { "flows", "mapping", "quotes" } },
		{ TABLE "flows:\n  - 1\n  - a: 2\n", 6, { "flows", "mapping", "quotes" } },
		{ TABLE "popularity: {zipf: 1}\n", 4, { "popularity", "mapping" } },
		{ "variants: " BASELINE "\nload_factor: 1\n", 0, { "question", "missing" } },
		{ "question: [a, b]\nvariants: null\nbuckets: 1\n", 1, { "question", "list" } },
		{ "name: Axes\n" TABLE, 1, { "name", "'Axes'" } },
		{ TABLE "plots: [bars,\n pies]\n", 5, { "plots", "'pies'", "threads", "effects" } },
		/* texts that a terminal, a page or a script would obey */
		{ "question: \"a\\e[31mb\"\n", 1, { "question", "control" } },
		{ "question: \"a\\nb\"\n", 1, { "question", "newline" } },
		{ "question: |\n  a\n  b\n", 1, { "question", "newline" } },
		{ "question: \"a\\u009b2Jb\"\n", 1, { "question", "control" } },
		{ "question: \"a\\u202eb\"\n", 1, { "question", "control" } },
		{ QUESTION "\"na\\eme\": a\n", 2, { "key", "control" } },
		{ "name: \"a\\rb\"\n" TABLE, 1, { "name", "control" } },
		{ TABLE "plots: [bars, \"\\a\"]\n", 4, { "plots", "control" } },
		{ TABLE "aims: \"null\\t: ns/op <= 3\"\n", 4, { "aims", "control" } },
		{ QUESTION "workloads: [\"one\\x7f.yaml\"]\n", 2, { "workloads", "control" } },
		{ TABLE "capture: \"a\\nb.pcap\"\n", 4, { "capture", "control" } },
		/* variants */
		{ QUESTION "load_factor: 1\n", 0, { "w.yaml", "variants", "missing" } },
		{ QUESTION "variants: [" BASELINE ",\n nulls_rcu_siphas]\n",
		  3,
		  { "'nulls_rcu_siphas'", "nulls_rcu_siphash" } },
		{ QUESTION "variants: 'x*'\n", 2, { "'x*'", "ctbench list" } },
		{ QUESTION "variants: hash=md5\n", 2, { "hash=md5", "jhash2", "siphash" } },
		{ QUESTION "variants: hsh=jhash2\n", 2, { "'hsh'", "axis", "bucket" } },
		{ QUESTION "variants: axis=colour\n", 2, { "'colour'", "axis" } },
		{ QUESTION "variants: axis=rcu,base=nobody\n", 2, { "'nobody'" } },
		{ QUESTION "variants: base=null\n", 2, { "base=", "axis=NAME" } },
		{ QUESTION "variants: null hash=jhash2\n", 2, { "'null'", "AXIS=VALUE" } },
		{ QUESTION "variants: hash=siphash,bucket=mask\n",
		  2,
		  { "hash=siphash,bucket=mask" } },
		/* values */
		{ TABLE "level: frames\n", 4, { "level", "'frames'", "packets" } },
		{ TABLE "kind: [steady, burst]\n", 4, { "kind", "'burst'", "fill" } },
		{ TABLE "threads:\n  - 1\n  - 0\n", 6, { "threads", "'0'", "1024" } },
		{ TABLE "threads: 1025\n", 4, { "threads", "'1025'" } },
		{ TABLE "threads: -1\n", 4, { "threads", "'-1'" } },
		{ TABLE "threads: 1.5\n", 4, { "threads", "'1.5'" } },
		{ TABLE "threads: 1024\n", 4, { "1024 threads", "oversubscribe" } },
		{ TABLE "pinning: near\n", 4, { "pinning", "'near'", "scatter", "llc" } },
		{ TABLE "pinning: 0-\n", 4, { "'0-'" } },
		{ TABLE "pinning: '60000'\n", 4, { "'60000'" } },
		{ TABLE "oversubscribe: 2\n", 4, { "oversubscribe", "'2'", "true" } },
		{ TABLE "flows: 0\n", 4, { "flows", "'0'", "1Gi" } },
		{ TABLE "flows: 2Gi\n", 4, { "flows", "'2Gi'" } },
		{ TABLE "flows: 99999999999999999999999999999999999999999999\n",
		  4,
		  { "flows", "'9999" } },
		{ TABLE "flows: 64ki\n", 4, { "flows", "'64ki'" } },
		{ TABLE "flows: 0x10\n", 4, { "flows", "'0x10'" } },
		{ TABLE "flows: 1.0001k\n", 4, { "flows", "'1.0001k'" } },
		{ TABLE "flows: ' 1'\n", 4, { "flows", "' 1'" } },
		{ TABLE "ipv6_share: 1.1\n", 4, { "ipv6_share", "'1.1'", "from 0 to 1" } },
		{ TABLE "hit_share: 101%\n", 4, { "hit_share", "'101%'" } },
		{ TABLE "hit_share: .nan\n", 4, { "hit_share", "'.nan'" } },
		{ TABLE "hit_share: nan\n", 4, { "hit_share", "'nan'" } },
		{ TABLE "reply_share: -0.1\n", 4, { "reply_share", "'-0.1'" } },
		{ TABLE "reply_share: inf\n", 4, { "reply_share", "'inf'" } },
		{ TABLE "refcount: maybe\n", 4, { "refcount", "'maybe'" } },
		{ TABLE "events: flush\n", 4, { "events", "'flush'", "EVENT@TIME" } },
		{ TABLE "events: flush=3@1ms\n", 4, { "events", "'flush=3@1ms'", "EVENT@TIME" } },
		{ TABLE "events: flood=100k@1ms\n",
		  4,
		  { "events", "'flood=100k@1ms'", "RATE:DURATION" } },
		{ TABLE "events: dump@2ms gc@1ms\n", 4, { "order" } },
		{ TABLE "events: flush@3s\n", 4, { "flush", "3s", "0.2s" } },
		{ TABLE "events: flood=1k:1s@50%\n", 4, { "flood", "1s", "0.2s" } },
		{ TABLE "timeline: 1us\n", 4, { "timeline", "'1us'", "100us" } },
		{ TABLE "timeline: 500ms\n", 4, { "0.5s", "0.2s" } },
		{ TABLE "timeline: 1ms\nkind: fill\n", 4, { "timeline", "kind: steady" } },
		{ TABLE "pages: 2M\n", 4, { "pages", "'2M'", "thp" } },
		{ TABLE "latency: yes\n", 4, { "latency", "'yes'" } },
		{ TABLE "rate: 999\n", 4, { "rate", "'999'" } },
		{ TABLE "rate: 1M/s\n", 4, { "rate", "'1M/s'" } },
		{ TABLE "arrivals: bursts\n", 4, { "arrivals", "'bursts'" } },
		{ TABLE "rate: 1M\nlatency: service\n", 5, { "latency", "rate: none" } },
		{ TABLE "rate: 1M\nkind: fill\n", 4, { "kind: steady" } },
		{ TABLE "latency: service\noversubscribe: true\n", 4, { "oversubscribe: false" } },
		{ TABLE "arrivals: capture\n", 4, { "arrivals: capture", "capture: FILE" } },
		{ TABLE "duration: 100ms\nevents: stall=5ms@96%\n",
		  5,
		  { "stall", "0.005s", "0.096s", "0.1s" } },
		{ TABLE "rate: 1M\narrivals: capture\n",
		  5,
		  { "arrivals: capture", "capture: FILE" } },
		{ TABLE "split: hash\n", 4, { "split", "'hash'", "round_robin" } },
		{ TABLE "copies: 0\n", 4, { "copies", "'0'" } },
		{ TABLE "repeats: 0\n", 4, { "repeats", "'0'", "1000" } },
		{ TABLE "repeats: [1, 2]\n", 4, { "repeats", "list" } },
		{ TABLE "precision: 0\n", 4, { "precision", "'0'", "none" } },
		{ TABLE "precision: [1%, 2%]\n", 4, { "precision", "list" } },
		{ TABLE "budget: 60\n", 4, { "budget", "'60'", "60s" } },
		{ TABLE "distance: far\n", 4, { "distance", "'far'", "near" } },
		{ TABLE "split: auto\nsplit: any\n", 5, { "split", "line 4" } },
		{ TABLE "seed: 2^53\n", 4, { "seed", "'2^53'" } },
		{ TABLE "burst: 0\n", 4, { "burst", "'0'", "64" } },
		{ TABLE "burst: 65\n", 4, { "burst", "'65'", "64" } },
		{ TABLE "burst: [1,\n 8]\nlatency: service\n", 5, { "burst: 1", "latency" } },
		{ TABLE "burst: 8\nkind: fill\n", 4, { "burst: 1", "level: packets" } },
		{ TABLE "duration: 0ms\n", 4, { "duration", "'0ms'" } },
		{ TABLE "duration: 200\n", 4, { "duration", "'200'" } },
		{ TABLE "duration: 25000min\n", 4, { "duration", "'25000min'" } },
		{ TABLE "warmup: -1ms\n", 4, { "warmup", "'-1ms'" } },
		{ TABLE "popularity: zipf\n", 4, { "popularity", "'zipf'", "zipf s=0.99" } },
		{ TABLE "popularity: zipf s=0\n", 4, { "popularity", "'zipf s=0'" } },
		{ TABLE "popularity: zipf s=1 t=2\n", 4, { "popularity", "'zipf s=1 t=2'" } },
		{ TABLE "popularity: hot flows=1\n",
		  4,
		  { "popularity", "'hot flows=1'", "share" } },
		{ TABLE "popularity: hot flows=1 flows=2 share=1\n",
		  4,
		  { "popularity", "'hot flows=1 flows=2 share=1'" } },
		{ TABLE "popularity: normal\n", 4, { "popularity", "'normal'" } },
		{ TABLE "flows: 10\npopularity: hot flows=11 share=50%\n", 5, { "11", "(10)" } },
		{ TABLE "mix: lookup=0\n", 4, { "mix", "'lookup=0'" } },
		{ TABLE "mix: lookup=1 update=1\n",
		  4,
		  { "mix", "'lookup=1 update=1'", "insert=5" } },
		{ TABLE "mix: lookup=nan\n", 4, { "mix", "'lookup=nan'" } },
		{ TABLE "mix: lookup=90 insert=6 delete=4\n",
		  4,
		  { "insert", "delete", "6%", "4%" } },
		{ TABLE "level: packets\nmix: lookup=90 insert=5 delete=5\n",
		  5,
		  { "mix", "lookup=100" } },
		{ TABLE "level: packets\nhit_share: 0.5\n", 5, { "hit_share" } },
		{ TABLE "level: packets\nrefcount: false\n", 5, { "refcount" } },
		/* the table */
		{ GOOD, 0, { "w.yaml", "buckets", "load_factor: 1" } },
		{ TABLE "buckets: 10\n", 3, { "buckets", "load_factor" } },
		{ GOOD "buckets: 0\n", 3, { "buckets", "'0'" } },
		{ GOOD "buckets: 5Gi\n", 3, { "buckets", "'5Gi'" } },
		{ GOOD "load_factor: 0\n", 3, { "load_factor", "'0'" } },
		{ GOOD "load_factor: 0.001\nflows: 1Gi\n", 3, { "load_factor", "'0.001'" } },
		{ QUESTION "variants: [" BASELINE ", " MASKED "]\nbuckets: [1Ki,\n 1000]\n",
		  4,
		  { MASKED, "1000", "power", "512 or 1024" } },
		/* resizing */
		{ TABLE "resize: 25%\n", 4, { "resize", "'25%'", "BUCKETS@TIME" } },
		{ TABLE "resize: x2@\n", 4, { "resize", "'x2@'" } },
		{ TABLE "resize: x0@1ms\n", 4, { "resize", "'x0@1ms'" } },
		{ TABLE "resize: x2@75% x1@25%\n", 4, { "resize", "'x2@75% x1@25%'" } },
		{ TABLE "resize: x2@1s\n", 4, { "resize", "1s", "0.2s" } },
		{ TABLE "kind: fill\nresize: x2@10%\n", 5, { "kind: steady" } },
		{ QUESTION "variants: " MASKED "\nload_factor: 1\nresize: x3@10%\n",
		  4,
		  { MASKED, "196608" } },
		{ TABLE "resize: 1@1% 1@2% 1@3% 1@4% 1@5% 1@6% 1@7% 1@8% 1@9% 1@10% 1@11% 1@12% "
			"1@13% 1@14% 1@15% 1@16% 1@17% 1@18% 1@19% 1@20% 1@21% 1@22% 1@23% 1@24% "
			"1@25% 1@26% 1@27% 1@28% 1@29% 1@30% 1@31% 1@32% 1@33%\n",
		  4,
		  { "resize", "32" } },
		{ TABLE "resize: x2@75%\nevents: flush@10%\nkind: fill\n", 5, { "kind: steady" } },
		{ TABLE "land_share: 0.5\nlevel: packets\n", 4, { "land_share", "level: ops" } },
		/* captures */
		{ GOOD "buckets: 1\nlevel: packets\ncapture: nowhere.pcap\n",
		  5,
		  { "nowhere.pcap", "No such file", "relative" } },
		{ GOOD "buckets: 1\ncapture: w.yaml\n", 4, { "level: packets" } },
		{ GOOD "buckets: 1\nflows: 1\ncapture: w.yaml\n", 4, { "flows", "copies" } },
		{ GOOD "load_factor: 1\ncapture: w.yaml\n", 3, { "load_factor", "buckets" } },
		{ "kind: decode\n" QUESTION, 0, { "w.yaml", "capture: FILE" } },
		/* suites */
		{ QUESTION "workloads:\n  - gone.yaml\n", 3, { "gone.yaml", "No such file" } },
		{ QUESTION "workloads: w.yaml\n", 2, { "8" } },
		{ QUESTION "workloads: [one.yaml, one.yaml]\n", 0, { "one" } },
		{ QUESTION "workloads: one.yaml\nthreads: many\n", 3, { "threads", "'many'" } },
	};

	(void)state;
	write_text("one.yaml", TABLE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct workload_set set = { .nr = 0 };
		struct ct_error e = { 0 };
		char place[32];

		if (!load(&set, cases[i].text, &e, NULL))
			fail_msg("this was accepted:\n%s", cases[i].text);
		assert_int_equal(e.status, CT_EXIT_USER);
		assert_int_equal(set.nr, 0);
		assert_null(strchr(e.text, '\n'));
		if (cases[i].line) {
			snprintf(place, sizeof(place), "/w.yaml:%d: ", cases[i].line);
			assert_says(e.text, place, cases[i].text);
		}
		for (size_t j = 0; j < 4 && cases[i].says[j]; j++)
			assert_says(e.text, cases[i].says[j], cases[i].text);
		workload_set_free(&set);
	}
}

static void test_bad_options(void **state)
{
	static const struct {
		const char *options[3];
		const char *says[3];
	} cases[] = {
		{ { "--threads", "0" }, { "--threads: threads", "'0'", "1024" } },
		{ { "--threads", "1,,2" }, { "--threads: ", "empty", "'1,,2'" } },
		{ { "--threads", "" }, { "--threads ", "no value" } },
		{ { "--threads" }, { "--threads ", "value", "1024" } },
		{ { "--load-factor", "x" }, { "--load-factor: load_factor", "'x'" } },
		{ { "--set", "flows" }, { "--set ", "KEY=VALUE" } },
		{ { "--set", "flow=1" }, { "--set: ", "'flow'", "'flows'" } },
		{ { "--set", "name=x" }, { "--set: ", "'name'" } },
		{ { "--set", "flows=" }, { "--set flows ", "no value" } },
		{ { "--set=flows=0" }, { "--set flows: flows", "'0'" } },
		{ { "--set" }, { "--set ", "KEY=VALUE" } },
		{ { "--variants", "nulls" }, { "--variants: ", "'nulls'", "nulls_rcu" } },
		{ { "--capture", "gone.pcap" }, { "/w.yaml:3: ", "load_factor", "buckets" } },
		{ { "--capture", "a\nb" }, { "--capture: ", "control" } },
		{ { "--set=mix=lookup=1\033" }, { "--set mix: ", "control" } },
		{ { "--repeats", "1,2" }, { "--repeats: repeats", "list" } },
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
		for (size_t j = 0; j < 3 && cases[i].says[j]; j++)
			assert_says(e.text, cases[i].says[j], options[0]);
		if (*cases[i].says[0] == '-')
			assert_int_equal(
				strncmp(e.text, cases[i].says[0], strlen(cases[i].says[0])), 0);
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
	expect(e.text, "gone.yaml: ");
	e.status = 0;
	assert_int_not_equal(workload_load(&set, own_path("."), NULL, &e), 0);
	expect(e.text, "is a folder");
	e.status = 0;
	write_text("a\nb.yaml", TABLE);
	assert_int_not_equal(workload_load(&set, own_path("a\nb.yaml"), NULL, &e), 0);
	expect(e.text, "control");
	e.status = 0;
	write_bytes("zero.yaml", "name: \"a\0b\"\n", 12);
	assert_int_not_equal(workload_load(&set, own_path("zero.yaml"), NULL, &e), 0);
	e.status = 0;
	write_bytes("zero.yaml", "name: \"a\\0b\"\n", 13);
	assert_int_not_equal(workload_load(&set, own_path("zero.yaml"), NULL, &e), 0);
	expect(e.text, ":1: ");

	/* Opening a pipe without a writer would block. */
	e.status = 0;
	assert_int_equal(mkfifo("pipe.yaml", 0600), 0);
	assert_int_not_equal(load(&set, "question: why\nworkloads: pipe.yaml\n", &e, NULL), 0);
	expect(e.text, ":2: ");
	e.status = 0;
	assert_int_not_equal(
		load(&set, GOOD "buckets: 64\nlevel: packets\ncapture: pipe.yaml\n", &e, NULL), 0);
	expect(e.text, ":5: ");

	/* too long, too many, too large a product */
	e.status = 0;
	assert_non_null(long_value);
	assert_non_null(text);
	memset(long_value, 'a', 2999);
	long_value[2999] = '\0';
	sprintf(text, TABLE "flows: %s\n", long_value);
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	expect(e.text, ":4: ");
	e.status = 0;
	at = (size_t)sprintf(text, TABLE "flows:\n");
	for (int i = 0; i < 257; i++)
		at += (size_t)sprintf(text + at, "- %d\n", i + 1);
	assert_int_not_equal(load(&set, text, &e, NULL), 0);
	expect(e.text, ":261: ");
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

/* Any bytes give an error or a workload, and never a crash or a leak. */
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

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_bad_files),
	cmocka_unit_test(test_bad_options),
	cmocka_unit_test(test_bad_paths),
	cmocka_unit_test(test_mutations),
};
CT_TEST_MAIN(tests, begin, own_folder_leave)
