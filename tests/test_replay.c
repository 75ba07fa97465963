/* SPDX-License-Identifier: MIT */
/*
 * ctbench replay from outside: real captures and hand-made ones, all variants
 * against each other, time, settings, scenarios, and mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/capture.h"
#include "tests/capture_files.h"
#include "tests/packets.h"
#include "variants/variant.h"

static char folder[] = "/tmp/ctbench-replay-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[512];
	struct dirent *d;
	DIR *dir = opendir(folder);

	(void)state;
	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	return rmdir(folder);
}

/* --- Running it --- */

struct outcome {
	int status;	/* exit status; 128 + signal if one ended it */
	FILE *out;	/* what it printed */
	char err[4096];
};

static bool sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#else
	return false;
#endif
}

/*
 * ctbench replay with these arguments, up to NULL.  Sanitizers look at a table
 * of fewer buckets, for what they take time over is the sweep through all of
 * them at each second of a capture; a summary does not depend on that.
 */
static struct outcome replay_args(const char *const *args)
{
	struct outcome o = { .out = tmpfile() };
	const char *argv[24] = { CTBENCH_BINARY, "replay" };
	FILE *err = tmpfile();
	bool buckets = false;
	unsigned int n;
	int status;
	pid_t pid;

	assert_non_null(o.out);
	assert_non_null(err);
	for (n = 0; args[n]; n++) {
		assert_true(n < 18);
		argv[n + 2] = args[n];
		buckets |= !strcmp(args[n], "--buckets");
	}
	if (sanitized() && !buckets) {
		argv[n + 2] = "--buckets";
		argv[n + 3] = "1024";
	}
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fileno(o.out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		execv(CTBENCH_BINARY, (char *const *)argv);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	o.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	rewind(err);
	o.err[fread(o.err, 1, sizeof(o.err) - 1, err)] = '\0';
	fclose(err);
	rewind(o.out);
	return o;
}
#define REPLAY(...) replay_args((const char *const[]){ __VA_ARGS__, NULL })

static void done(struct outcome *o)
{
	fclose(o->out);
}

static void assert_fine(const struct outcome *o, const char *what)
{
	if (o->status || *o->err)
		print_error("replay %s: exit status %d: %s\n", what, o->status, o->err);
	assert_int_equal(o->status, 0);
	assert_string_equal(o->err, "");
}

/* The number before what: 76 for " made," in "76 made, ..."; where it stands first. */
static unsigned long number_before(FILE *out, const char *what)
{
	char line[1024], *at;

	rewind(out);
	while (fgets(line, sizeof(line), out)) {
		at = strstr(line, what);
		if (!at || at == line)
			continue;
		at--;		/* the space */
		while (at > line && at[-1] >= '0' && at[-1] <= '9')
			at--;
		return strtoul(at, NULL, 10);
	}
	print_error("no \"%s\" in the output\n", what);
	fail();
	return 0;
}

static json_t *json_line(FILE *out)
{
	static char line[1 << 22];

	return fgets(line, sizeof(line), out) ? json_loads(line, 0, NULL) : NULL;
}

static const char *json_text(json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "-";
}

/* --- Captures --- */

static const char *own(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/workloads/captures/%s", CTBENCH_SOURCE_DIR, name);
	return path;
}

static void each_capture(const char *dir, void (*fn)(const char *path), unsigned int *nr)
{
	struct dirent **names;
	char path[1024];
	int n = scandir(dir, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (strstr(names[i]->d_name, ".pcap")) {
			snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
			fn(path);
			(*nr)++;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void summary_of(const char *path)
{
	struct ct_error e = { 0 };
	struct capture_set set;
	struct outcome o;

	assert_int_equal(capture_load(path, &set, &e), 0);
	o = REPLAY(path);
	assert_fine(&o, path);
	assert_int_equal(number_before(o.out, " packets,"), set.nr);
	/* what real programs say to each other is not invalid, but for fragments */
	assert_true(number_before(o.out, " made,") > 10);
	assert_int_equal(number_before(o.out, " made,"),
			 number_before(o.out, " left at the end") +
				 number_before(o.out, " expired,") +
				 number_before(o.out, " when a packet") +
				 number_before(o.out, " by a reset"));
	done(&o);
	capture_set_free(&set);
}

static void own_summaries(void **state)
{
	unsigned int nr = 0;

	(void)state;
	each_capture(own(""), summary_of, &nr);
	assert_true(nr >= 5);
}

/* A line for each packet and one for the end, each JSON, and the table as large as it says. */
static void json_of(const char *path)
{
	struct outcome o = REPLAY("--json", path);
	uint64_t packets = 0, entries;
	json_t *line;

	assert_fine(&o, path);
	while ((line = json_line(o.out)) && !json_object_get(line, "final")) {
		assert_int_equal(json_integer_value(json_object_get(line, "i")), packets);
		assert_string_not_equal(json_text(line, "verdict"), "-");
		packets++;
		json_decref(line);
	}
	assert_non_null(line);
	entries = (uint64_t)json_integer_value(
		json_object_get(json_object_get(line, "stats"), "entries"));
	assert_int_equal(json_array_size(json_object_get(line, "table")), entries);
	json_decref(line);
	assert_null(json_line(o.out));
	done(&o);
	o = REPLAY(path);
	assert_int_equal(number_before(o.out, " packets,"), packets);
	done(&o);
}

static void own_json(void **state)
{
	unsigned int nr = 0;

	(void)state;
	each_capture(own(""), json_of, &nr);
}

static uint64_t hash_of(FILE *f)
{
	uint64_t h = 0xcbf29ce484222325;
	int c;

	rewind(f);
	while ((c = getc(f)) != EOF)
		h = (h ^ (uint64_t)c) * 0x100000001b3;
	return h;
}

/* Whatever the table, conntrack says the same, to the last byte. */
static void variants_agree(void **state)
{
	static const char *const names[] = { "icmp.pcap.zst", "http.pcap.zst", "wan.pcap" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t hash = 0;

		for (size_t v = 0; v < ct_nr_variants; v++) {
			struct outcome o;

			if (ct_variants[v]->flags & (CT_V_NULL | CT_V_LOOKUPS))
				continue;	/* know nothing */
			o = REPLAY("--json", "--variant", ct_variants[v]->name, "--buckets", "1024",
				   own(names[i]));
			if (o.status == CT_EXIT_SKIP) {
				print_message("%s: %s", ct_variants[v]->name, o.err);
			} else {
				assert_fine(&o, ct_variants[v]->name);
				if (!hash)
					hash = hash_of(o.out);
				if (hash != hash_of(o.out))
					print_error("%s differs on %s\n", ct_variants[v]->name,
						    names[i]);
				assert_true(hash == hash_of(o.out));
			}
			done(&o);
		}
	}
}

static void table_lines(void **state)
{
	struct outcome o = REPLAY("--table", "--set", "nf_conntrack_acct=1", own("http.pcap.zst"));
	unsigned long left, lines = 0;
	char line[1024];

	(void)state;
	assert_fine(&o, "--table");
	left = number_before(o.out, " left at the end");
	while (fgets(line, sizeof(line), o.out)) {
		if (strncmp(line, "ipv4     2 ", 11) && strncmp(line, "ipv6     10 ", 12))
			continue;
		assert_non_null(strstr(line, " packets="));
		assert_non_null(strstr(line, " mark=0 zone=0 use=2\n"));
		lines++;
	}
	assert_int_equal(lines, left);
	assert_true(left > 50);
	done(&o);
}

/* Nothing but the table, in either format: as many lines as connections were left. */
static void dumps(void **state)
{
	static const char *const ends[][2] = { { "proc", " mark=0 zone=0 use=2\n" },
					       { "extended", " mark=0 use=1\n" } };
	struct outcome o = REPLAY(own("http.pcap.zst"));
	unsigned long left;
	char line[1024];

	(void)state;
	assert_fine(&o, "summary");
	left = number_before(o.out, " left at the end");
	done(&o);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		unsigned long lines = 0;

		o = REPLAY("--dump", ends[i][0], own("http.pcap.zst"));
		assert_fine(&o, ends[i][0]);
		while (fgets(line, sizeof(line), o.out)) {
			assert_memory_equal(line, "ipv", 3);
			assert_non_null(strstr(line, ends[i][1]));
			lines++;
		}
		assert_int_equal(lines, left);
		done(&o);
	}
}

/* --- Hand-made captures: time and settings --- */

static const char *write_capture(const char *name, const struct blob *b)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b->data, 1, b->size, f), b->size);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* The same UDP question again and again at these times, raw IP. */
static const char *write_questions(const char *name, const uint32_t *seconds, unsigned int nr)
{
	struct blob b = { 0 };
	struct packet p;
	const char *path;

	pcap_begin(&b, 101, false, false);
	for (unsigned int i = 0; i < nr; i++) {
		packet_udp(&p, false, CLIENT, 4);
		pcap_packet(&b, false, seconds[i], 0, p.b, p.len, p.len);
	}
	path = write_capture(name, &b);
	blob_free(&b);
	return path;
}

/* Gaps longer than the clock's range, time that steps back: what is over is over, and only that. */
static void time_passes(void **state)
{
	static const uint32_t seconds[] = {
		1000, 1029, 1058,		/* never 30 s apart: one connection */
		1088,				/* over to the tick: the second */
		1000, 1100,			/* back, then on: still the second */
		1100 + 4294968,			/* 2^32 ms later: looks like no time at all */
		1100 + 4294968 + 2147484,	/* 2^31 ms */
		4200000000u,			/* a century */
	};
	const char *path = write_questions("time.pcap", seconds, ARRAY_SIZE(seconds));
	struct outcome o = REPLAY(path);

	(void)state;
	assert_fine(&o, path);
	assert_int_equal(number_before(o.out, " made,"), 5);
	assert_int_equal(number_before(o.out, " left at the end"), 1);
	done(&o);
	o = REPLAY("--clock", "frozen", path);
	assert_fine(&o, "--clock frozen");
	assert_int_equal(number_before(o.out, " made,"), 1);
	done(&o);
	o = REPLAY("--set", "nf_conntrack_udp_timeout=3600", path);
	assert_fine(&o, "--set");
	assert_int_equal(number_before(o.out, " made,"), 4);
	done(&o);
}

static void full_table(void **state)
{
	struct outcome o = REPLAY("--set", "nf_conntrack_max=5", own("http.pcap.zst"));

	(void)state;
	assert_fine(&o, "nf_conntrack_max=5");
	assert_true(number_before(o.out, " at once,") <= 5);
	rewind(o.out);
	done(&o);
	o = REPLAY("--json", "--set", "nf_conntrack_max=5", own("wan.pcap"));
	for (json_t *line; (line = json_line(o.out)); json_decref(line))
		if (!strcmp(json_text(line, "verdict"), "drop"))
			*o.err = 'd';
	assert_string_equal(o.err, "d");
	done(&o);
}

/* --- Scenarios --- */

static const char *write_scenario(const char *text)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/scenario.json", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void scenarios(void **state)
{
	static const uint32_t seconds[] = { 1, 1, 1, 1, 1, 1, 1 };
	const char *path = write_questions("scenario.pcap", seconds, ARRAY_SIZE(seconds));
	const char *want[] = {
		/* two are held, so each has a connection of its own */
		"held new 1 -", "held new 2 -",
		/* let go: the second joins the first's (UDP may) */
		"accept - - 1", "accept - - 1",
		/* from devices of their own: another zone; not tracked */
		"accept new 3 -", "accept untracked - -",
		"accept new 1 -", "flush",
		"accept new 4 -", "accept new 4 -",
	};
	struct outcome o;
	json_t *line;

	(void)state;
	o = REPLAY(
		"--json", "--scenario",
		write_scenario(
			"{ \"title\": \"a test\", \"hold\": [0, 1],"
			"  \"after\": { \"1\": [0, 1], \"4\": [\"flush\"] },"
			"  \"in\": [0, 0, 1, 2], \"zones\": { \"1\": { \"id\": 7 } }, \"notrack\": [2],"
			"  \"sysctl\": { \"nf_conntrack_udp_timeout\": 77 },"
			"  \"global\": { \"nf_conntrack_max\": 100 } }"),
		path);
	assert_fine(&o, "--scenario");
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		char got[128], ct[16] = "-", after[16] = "-";

		line = json_line(o.out);
		assert_non_null(line);
		if (json_object_get(line, "ct"))
			snprintf(ct, sizeof(ct), "%d",
				 (int)json_integer_value(json_object_get(line, "ct")));
		if (json_object_get(line, "ct_after"))
			snprintf(after, sizeof(after), "%d",
				 (int)json_integer_value(json_object_get(line, "ct_after")));
		snprintf(got, sizeof(got), "%s %s %s %s", json_text(line, "verdict"),
			 json_text(line, "state"), ct, after);
		if (json_object_get(line, "do"))
			snprintf(got, sizeof(got), "%s", json_text(line, "do"));
		assert_string_equal(got, want[i]);
		json_decref(line);
	}
	line = json_line(o.out);
	assert_true(json_is_true(json_object_get(line, "final")));
	line = (json_decref(line), NULL);
	done(&o);
}

/* --- Mistakes --- */

static void assert_mistake(struct outcome o, const char *says)
{
	if (o.status != CT_EXIT_USER || !strstr(o.err, says))
		print_error("exit status %d: %sinstead of: %s\n", o.status, o.err, says);
	assert_int_equal(o.status, CT_EXIT_USER);
	assert_non_null(strstr(o.err, says));
	assert_non_null(strstr(o.err, "ctbench: "));
	assert_int_equal(getc(o.out), EOF);	/* nothing half written */
	done(&o);
}

static void mistakes(void **state)
{
	static const struct { const char *json, *says;
	} bad[] = {
		{ "{ \"hold\": [0] ", "scenario.json, line 1" },
		{ "[]", "a scenario is a JSON object" },
		{ "{ \"zone\": {} }", "did you mean \"zones\"?" },
		{ "{ \"xyzzy\": {} }", "there are title, ref, sysctl" },
		{ "{ \"hold\": [0, -1] }", "\"hold\" must be a list of packet numbers" },
		{ "{ \"hold\": [280] }", "names packet 280, but the capture's are 0 to 279" },
		{ "{ \"after\": { \"x\": [] } }", "must be a number" },
		{ "{ \"after\": { \"3\": [1] } }", "which \"hold\" does not name" },
		{ "{ \"hold\": [5], \"after\": { \"3\": [5] } }", "before it comes" },
		{ "{ \"sysctl\": { \"nf_conntrack_tcp_lose\": 1 } }",
		  "did you mean nf_conntrack_tcp_loose?" },
		{ "{ \"sysctl\": { \"nf_conntrack_tcp_loose\": 2 } }", "cannot be 2" },
		{ "{ \"sysctl\": { \"nf_conntrack_tcp_loose\": \"on\" } }", "values are numbers" },
		{ "{ \"zones\": { \"1\": { \"id\": 70000 } } }", "0 to 65535" },
		{ "{ \"in\": [0, 5000] }", "0 to 4095" },
		{ "{ \"realtime\": 1 }", "true or false" },
		{ "{ \"hold\": [0], \"hold\": [1] }", "duplicate" },
		{ "{ \"title\": 5 }", "\"title\" must be a text" },
		{ "{ \"nft_raw\": [5] }", "\"nft_raw\" must be a list of texts" },
		{ "{ \"notrack\": 1 }", "\"notrack\" must be a list of device numbers" },
		{ "{ \"helpers\": { \"ftpp\": [21] } }", "there is ftp" },
		{ "{ \"helpers\": { \"ftp\": 21 } }", "lists of ports" },
		{ "{ \"after\": { \"1\": [\"flus\"] } }", "lists of what to do" },
		{ "{ \"after\": { \"280\": [\"flush\"] } }", "names packet 280" },
		{ "{ \"hold\": [1], \"after\": { \"2\": [1], \"3\": [1] } }", "lets packet 1 go twice" },
		{ "{ \"zones\": { \"1\": { \"id\": 1, \"dir\": \"orig\" } } }", "\"original\" or \"reply\"" },
		{ "{ \"global\": { \"nf_conntrack_maxx\": 1 } }", "did you mean nf_conntrack_max?" },
		{ "{ \"sysctl\": { \"nf_conntrack_count\": 1 } }", "can only be read" },
	};
	const char *wan = own("wan.pcap");

	(void)state;
	assert_mistake(REPLAY("--json"), "needs a capture");
	assert_mistake(REPLAY(wan, wan), "takes one capture");
	assert_mistake(REPLAY("/nowhere/at/all.pcap"), "/nowhere/at/all.pcap");
	assert_mistake(REPLAY("--variant", "nulls_rcu_siphsh", wan),
		       "did you mean nulls_rcu_siphash?");
	assert_mistake(REPLAY("--variant", "replica", wan), "has no table");
	assert_mistake(REPLAY("--clock", "stopped", wan), "trace or frozen");
	assert_mistake(REPLAY("--buckets", "0", wan), "from 1 on");
	assert_mistake(
		REPLAY("--buckets", "1000", "--variant", "nulls_rcu_jhash2_mask_seqcount", wan),
		"cannot have 1000 buckets");
	assert_mistake(REPLAY("--set", "nf_conntrack_tcp_loose", wan), "NAME=NUMBER");
	assert_mistake(REPLAY("--set", "nf_conntrack_tcp_loos=0", wan),
		       "did you mean nf_conntrack_tcp_loose?");
	assert_mistake(REPLAY("--set", "nf_conntrack_count=0", wan), "can only be read");
	assert_mistake(REPLAY("--json", "--table", wan), "leave --table out");
	assert_mistake(REPLAY("--json", "--dump", "proc", wan), "leave --dump out");
	assert_mistake(REPLAY("--table", "--dump", "proc", wan), "leave --table out");
	assert_mistake(REPLAY("--dump", "xml", wan), "proc or extended");
	assert_mistake(REPLAY("--jsn", wan), "--json");
	assert_mistake(REPLAY("--scenario", "/nowhere.json", wan), "/nowhere.json");
	assert_mistake(REPLAY("--scenario", "/tmp", wan), "is a folder");
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_mistake(REPLAY("--json", "--scenario", write_scenario(bad[i].json), wan),
			       bad[i].says);
}

/* A file cut off in the middle: what came before is told, then what is wrong. */
static void damaged(void **state)
{
	struct ct_error e = { 0 };
	struct outcome o;
	struct blob b = { 0 };
	uint8_t *data;
	size_t size;
	const char *path;
	json_t *line;

	(void)state;
	assert_int_equal(capture_slurp(own("wan.pcap"), &data, &size, &e), 0);
	blob_add(&b, data, size / 2);
	free(data);
	path = write_capture("cut.pcap", &b);
	blob_free(&b);
	o = REPLAY(path);
	assert_int_equal(o.status, CT_EXIT_USER);
	assert_non_null(strstr(o.err, "cut.pcap"));
	assert_true(number_before(o.out, " packets,") > 50);
	assert_true(number_before(o.out, " made,") > 5);
	done(&o);
	o = REPLAY("--json", path);
	assert_int_equal(o.status, CT_EXIT_USER);
	while ((line = json_line(o.out)) && !json_object_get(line, "final"))
		json_decref(line);
	assert_non_null(line);
	json_decref(line);
	done(&o);
	/* a scenario needs it whole */
	assert_mistake(REPLAY("--scenario", write_scenario("{}"), path), "cut.pcap");
}

/* --- The larger collection, where there is one --- */

static void survives(const char *path)
{
	/* what else is in that folder is in mix-all too */
	static const char *const alone[] = { "mix-all", "echo-500conn", "ics-cip", "ics-modbus" };
	bool wanted = !sanitized() || !strstr(path, "/volume/");
	struct outcome o;

	/* a replay is one thread: half a million packets show TSan no more than a few do */
	for (unsigned int i = 0; i < ARRAY_SIZE(alone) && !CT_TSAN; i++)
		wanted |= strstr(path, alone[i]) != NULL;
	if (!wanted)
		return;
	o = REPLAY(path);
	assert_fine(&o, path);
	assert_true(number_before(o.out, " packets,") > 0);
	done(&o);
}

static void all_traces(void **state)
{
	static const char *const below[] = { "", "/semantic", "/volume" };
	const char *traces = getenv("CTBENCH_TRACES");
	char dir[1024];
	unsigned int nr = 0;

	(void)state;
	if (!traces) {
		print_message("no further captures: set CTBENCH_TRACES to a folder of some\n");
		skip();
	}
	for (unsigned int i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(dir, sizeof(dir), "%s%s", traces, below[i]);
		each_capture(dir, survives, &nr);
	}
	assert_true(nr > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_summaries), cmocka_unit_test(own_json),
		cmocka_unit_test(variants_agree), cmocka_unit_test(table_lines),
		cmocka_unit_test(dumps),
		cmocka_unit_test(dumps),
		cmocka_unit_test(time_passes), cmocka_unit_test(full_table),
		cmocka_unit_test(scenarios), cmocka_unit_test(mistakes), cmocka_unit_test(damaged),
		cmocka_unit_test(all_traces),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
