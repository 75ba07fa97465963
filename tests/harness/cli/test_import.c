/* SPDX-License-Identifier: MIT */
/*
 * ctbench import: a table becomes a key set that a workload measures with; and the kernel's own
 * table, made in a network namespace, is the same by each way.
 */
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/said_json.h"

static void make_table(const char *path, unsigned int nr)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out,
			"tcp 6 9 ESTABLISHED src=10.9.%u.%u dst=192.0.2.1 sport=1000 dport=443 "
			"src=192.0.2.1 dst=10.9.%u.%u sport=443 dport=1000 [ASSURED] use=1\n",
			i / 256, i % 256, i / 256, i % 256);
	/* The same tuple in another zone, an ICMP type without a reply, IPv6. */
	fputs("tcp 6 9 ESTABLISHED src=10.9.0.0 dst=192.0.2.1 sport=1000 dport=443 "
	      "src=192.0.2.1 dst=10.9.0.0 sport=443 dport=1000 zone=4\n"
	      "icmp 1 9 src=1.1.1.1 dst=2.2.2.2 type=3 code=1 id=0 src=2.2.2.2 dst=1.1.1.1 type=3 "
	      "code=1 id=0\n"
	      "udp 17 9 src=2001:db8:1::1 dst=2001:db8:1::2 sport=1 dport=2 src=2001:db8:1::2 "
	      "dst=2001:db8:1::1 sport=2 dport=1\n",
	      out);
	fclose(out);
}

static double number(const json_t *json, const char *outer, const char *key)
{
	return json_number_value(json_object_get(outer ? json_object_get(json, outer) : json, key));
}

static void found(void **state)
{
	json_t *r, *design;

	(void)state;
	make_table("plain.txt", 300);
	assert_int_equal(RUN("import", "plain.txt", "--out", "plain.ct", "--json", "--variants",
			     "nulls_rcu_siphash flowline_memb", "--buckets", "128"),
			 0);
	r = said_json();
	assert_true(number(r, NULL, "connections") == 303);
	assert_true(number(r, NULL, "ipv6") == 1 && number(r, NULL, "zones") == 2);
	assert_true(number(r, "key_set", "connections") == 301);
	assert_true(number(r, "key_set", "doubles_without_zones") == 1);
	assert_true(number(r, "key_set", "without_answer") == 1);
	assert_int_equal(json_array_size(json_object_get(r, "designs")), 2);
	design = json_array_get(json_object_get(r, "designs"), 0);
	/* Two entries for each connection, none refused: equal tuples are in different zones. */
	assert_true(number(design, NULL, "connections") == 303);
	assert_true(number(design, NULL, "mean") > 4.7 && number(design, NULL, "mean") < 4.8);
	assert_true(number(design, NULL, "longest") >= 5);
	json_decref(r);
	assert_int_equal(RUN("import", "plain.txt", "--only", "tcp,udp"), 0);
	expect(said.out, "302 connections");
}

/* A key set measures, at both levels; its name is in the results. */
static void measured(void **state)
{
	json_t *benchmark, *cells, *parameters;

	(void)state;
	make_table("in.txt", 300);
	assert_int_equal(
		RUN("import", "in.txt", "--out", "table.ct", "--only", "tcp", "--anonymise"), 0);
	write_text("w.yaml", "question: Mine?\nvariants: [nulls_rcu_siphash, cds_lfht]\n"
			     "flows: table.ct\nload_factor: 1\nmix: lookup=90 insert=5 delete=5\n"
			     "duration: 2ms\nwarmup: 1ms\nrepeats: 1\n");
	/* --oversubscribe: other programs on the CPU do not void measurements. */
	assert_int_equal(RUN("run", "w.yaml", "--no-bounds", "--oversubscribe", "--name", "ops"),
			 0);
	benchmark = json_load_file("results/runs/ops/benchmark.json", 0, NULL);
	assert_non_null(benchmark);
	cells = json_object_get(json_object_get(benchmark, "ctbench"), "cells");
	parameters = json_object_get(json_object_iter_value(json_object_iter(cells)), "parameters");
	assert_true(number(parameters, NULL, "flows") == 300);
	assert_string_equal(json_string_value(json_object_get(parameters, "key_set")), "table.ct");
	json_decref(benchmark);
	assert_int_equal(RUN("run", "w.yaml", "--no-bounds", "--oversubscribe", "--name", "packets",
			     "--level", "packets", "--mix", "lookup=100"),
			 0);
}

static void wrong(void **state)
{
	static const char *const heads[] = { "", "# ctbench key set 1: 3 connections\n",
					     "# ctbench key set 1: 0 connections\n",
					     "# ctbench key set 2: 1 connections\n" };
	const char line[] = "ipv4 2 udp 17 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 "
			    "dst=1.1.1.1 sport=2 dport=1\n";
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", heads[i], line);
		write_text("bad.ct", text);
		assert_int_equal(RUN("run", "axes", "--flows", "bad.ct", "--repeats", "1"),
				 CT_EXIT_USER);
		expect(said.err, "bad.ct");
	}
	snprintf(text, sizeof(text), "# ctbench key set 1: 2 connections\n%s%s", line, line);
	write_text("bad.ct", text);
	assert_int_equal(RUN("run", "axes", "--flows", "bad.ct", "--repeats", "1"), CT_EXIT_USER);
	expect(said.err, "bad.ct:3");
	write_text("icmp.ct", "# ctbench key set 1: 1 connections\nipv4 2 icmp 1 src=1.1.1.1 "
			      "dst=2.2.2.2 type=8 code=0 id=1 src=2.2.2.2 dst=1.1.1.1 type=0 "
			      "code=0 id=1\n");
	assert_int_equal(RUN("run", "packets", "--flows", "icmp.ct", "--repeats", "1"),
			 CT_EXIT_USER);
	expect(said.err, "--only tcp,udp");
	assert_int_equal(RUN("run", "axes", "--flows", "absent.ct"), CT_EXIT_USER);
	assert_int_equal(RUN("import"), CT_EXIT_USER);
	assert_int_equal(RUN("import", "absent.txt"), CT_EXIT_USER);
	make_table("in.txt", 1);
	assert_int_equal(RUN("import", "in.txt", "--live"), CT_EXIT_USER);
	assert_int_equal(RUN("import", "in.txt", "--out", "table"), CT_EXIT_USER);
	assert_int_equal(RUN("import", "in.txt", "--anonymise"), CT_EXIT_USER);
	assert_int_equal(RUN("import", "in.txt", "--only", "nonsense"), CT_EXIT_USER);
	assert_int_equal(RUN("import", "in.txt", "--only", "sctp"), CT_EXIT_USER);
	assert_int_equal(RUN("import", "in.txt", "--out", "a.ct", "--anonymise", "--key", "12"),
			 CT_EXIT_USER);
}

/* Without `order`: lines sorted, because the kernel shows its table by buckets. */
static void import_sorted(const char *from, const char *to)
{
	char command[512];

	if (!strcmp(from, "--live"))
		snprintf(command, sizeof(command), CTBENCH_BINARY " import --live --out x.ct");
	else
		snprintf(command, sizeof(command), CTBENCH_BINARY " import %s --out x.ct", from);
	assert_int_equal(call_shell(command), 0);
	snprintf(command, sizeof(command), "sort x.ct >%s", to);
	assert_int_equal(call_shell(command), 0);
}

static void kernel(void **state)
{
	static const struct {
		const char *from, *command;
	} ways[] = {
		{ "plain", "{ conntrack -L -f ipv4; conntrack -L -f ipv6; }" },
		{ "extended", "conntrack -L -o extended" },
		{ "xml", "conntrack -L -o xml" },
		{ "proc", "cat /proc/net/nf_conntrack" },
	};
	char command[256];

	(void)state;
	if (call_shell("command -v conntrack") || geteuid() || unshare(CLONE_NEWNET)) {
		print_message("skipped: it needs root and the conntrack program\n");
		skip();
	}
	for (unsigned int i = 0; i < 3; i++) {
		static const char *const rest[] = {
			"-p tcp --state ESTABLISHED -g 203.0.113.9 --dport 443 --sport 4000",
			"-p udp --sport 53 --dport 99 -w 5",
			"-p icmp --icmp-type 8 --icmp-code 0 --icmp-id 7",
		};

		snprintf(command, sizeof(command),
			 "conntrack -I -s 10.1.1.%u -d 192.0.2.1 -t 600 %s", i, rest[i]);
		if (call_shell(command)) {
			print_message("skipped: the kernel takes no entry\n");
			skip();
		}
	}
	assert_int_equal(call_shell("conntrack -I -s 2001:db8::1 -d 2001:db8::2 -t 600 -p udp "
				    "--sport 5 --dport 6"),
			 0);
	import_sorted("--live", "live");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(command, sizeof(command), "%s >%s", ways[i].command, ways[i].from);
		if (call_shell(command))
			continue; /* no such file in /proc */
		import_sorted(ways[i].from, "file");
		/* XML has no types and ids of ICMP. */
		if (!strcmp(ways[i].from, "xml")) {
			assert_int_equal(
				call_shell("grep -v icmp live | sed 1s/.*/x/ >a; grep -v icmp "
					   "file | sed 1s/.*/x/ >b; diff a b"),
				0);
		} else {
			assert_int_equal(call_shell("diff live file"), 0);
		}
	}
	assert_int_equal(call_shell("grep -c src= live"), 0);
	expect(said.out, "4");
}

static int enter(void **state)
{
	(void)state;
	return own_folder_enter("import");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(found),
	cmocka_unit_test(measured),
	cmocka_unit_test(wrong),
	cmocka_unit_test(kernel),
};
CT_TEST_MAIN(tests, enter, own_folder_leave)
