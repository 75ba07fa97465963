/* SPDX-License-Identifier: MIT */
/*
 * ctbench sweep, with folders as machines: a stand-in for ssh runs its command on this machine, and
 * some machines die.  With Slurm, the nodes are two slurmd on this machine.  Also ctbench machines.
 */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"
#include "tests/fixture/said_json.h"

#define SMALL \
	" -- --repeats 1 --duration 2ms --warmup 0ms --no-bounds --threads 1 --flows 500 " \
	"--variants nulls_rcu_siphash,cds_lfht"

/*
 * ssh OPTION... HOST -- COMMAND.  Files decide what happens.  With dead-HOST the host does not
 * answer; with killed-HOST it dies before it sends anything of the next part; with cut-HOST it dies
 * in the middle of an archive; with evil-HOST it sends evil.tar and escape sequences.
 */
static const char fake_ssh[] =
	"#!/bin/sh\n"
	"while :; do case $1 in --) shift; break ;; -o | -l | -p | -S) shift 2 ;; -*) shift ;;\n"
	"	*) break ;; esac; done\n"
	"host=$1; shift; [ \"$1\" != -- ] || shift\n"
	"cd \"$(dirname \"$0\")\"\n"
	"[ ! -e dead-$host ] || { echo \"$host is dead\" >&2; exit 255; }\n"
	"mkdir -p tmp-$host; export TMPDIR=$PWD/tmp-$host\n"
	"export SHELL=/bin/sh\n" /* as sshd does; GNU parallel starts its jobs with it */
	/* The command of a part contains a script; shorter ones ask whether the host answers. */
	"part=no; words=$*; [ ${#words} -lt 5000 ] || part=yes\n"
	"case $part:$(echo *-$host) in\n"
	"yes:*killed-*) mv killed-$host dead-$host; sh -c \"$*\" >/dev/null; exit 255 ;;\n"
	"yes:*cut-*) mv cut-$host dead-$host; sh -c \"$*\" | head -c 4000; exit 255 ;;\n"
	"yes:*evil-*) cat evil.tar; printf '\\033[2J\\033]0;owned\\007\\n' >&2; exit 0 ;;\n"
	"esac\n"
	"exec sh -c \"$*\"\n";

static bool have(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "PATH=$PATH:/usr/sbin; command -v %s >/dev/null",
		 program);
	return !call_shell(command);
}

/* A machine's measurements may all be void while others use it. */
static void sweeps(const char *line)
{
	char command[1024];
	int status;

	snprintf(command, sizeof(command), CTBENCH_BINARY " sweep %s 2>&1", line);
	status = call_shell(command);
	if (status != CT_EXIT_OK && status != CT_EXIT_VOID)
		fail_msg("status %d of %s: %s", status, line, said.out);
}

static void refuses(const char *line, int expected, const char *word)
{
	char command[1024];
	int status;

	snprintf(command, sizeof(command), CTBENCH_BINARY " sweep %s 2>&1", line);
	status = call_shell(command);
	if (status != expected || !strstr(said.out, word))
		fail_msg("status %d of %s: %s", status, line, said.out);
}

static json_t *report_of(const char *run)
{
	char path[128];
	json_t *json;

	snprintf(path, sizeof(path), "results/runs/%s/benchmark.json", run);
	json = json_load_file(path, 0, NULL);
	assert_non_null(json);
	return json;
}

/* All of the suite, once: two variants and a control in each of three workloads. */
static void is_whole(const char *run, unsigned int parts)
{
	json_t *json = report_of(run), *report = json_object_get(json, "ctbench");

	assert_int_equal(json_array_size(json_object_get(report, "workloads")), 3);
	assert_int_equal(json_object_size(json_object_get(report, "cells")), 3 * 3);
	assert_int_equal(json_array_size(json_object_get(report, "merged")), parts);
	json_decref(json);
}

/* The machines that parts came from. */
static const char *machines_of(const char *run)
{
	static char text[4096];
	char path[128];

	snprintf(path, sizeof(path), "results/runs/%s-sweep/machines.tsv", run);
	read_text(path, text, sizeof(text));
	return text;
}

static int afresh(void **state)
{
	glob_t files;

	(void)state;
	if (glob("{dead,cut,killed,evil}-*", GLOB_BRACE, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc; i++)
			unlink(files.gl_pathv[i]);
		globfree(&files);
	}
	return remove_all("results");
}

/* ---- GNU parallel ---- */

static void parts_are_spread(void **state)
{
	(void)state;
	sweeps("all.yaml --name s --hosts two.txt" SMALL);
	is_whole("s", 3);
	expect(machines_of("s"), "\tone\n");
	expect(machines_of("s"), "\ttwo\n");
	/* nothing is left on the machines */
	assert_int_equal(call_shell("ls -d tmp-*/ctbench-sweep-*/ 2>/dev/null | wc -l"), 0);
	assert_int_equal(atoi(said.out), 0);
}

/* One dies while it measures, one while it sends its result, one does not answer at all. */
static void dead_machines(void **state)
{
	(void)state;
	write_text("killed-two", "");
	write_text("cut-three", "");
	write_text("dead-four", "");
	write_text("hosts.txt", "# machines\none\ntwo\nthree\nfour\n");
	sweeps("all.yaml --name s --hosts hosts.txt" SMALL);
	expect(said.out, "measured again");
	is_whole("s", 3);
	assert_null(strstr(machines_of("s"), "two"));
	assert_null(strstr(machines_of("s"), "three"));
	assert_int_equal(access("dead-two", F_OK), 0);
	assert_int_equal(access("dead-three", F_OK), 0);
}

/* No part comes back: there is no run, and the same command continues the sweep. */
static void all_are_dead(void **state)
{
	(void)state;
	write_text("cut-one", "");
	write_text("dead-two", "");
	refuses("all.yaml --name s --hosts two.txt --parts 2 --tries 1" SMALL, CT_EXIT_USER,
		"--resume s");
	assert_int_not_equal(access("results/runs/s", F_OK), 0);
	refuses("all.yaml --name s --hosts two.txt" SMALL, CT_EXIT_USER, "--resume s");
	unlink("dead-one");
	sweeps("--resume s");
	is_whole("s", 2);
	assert_int_equal(call_shell(CTBENCH_BINARY " list --runs --json"), 0);
	assert_int_equal(call_shell(CTBENCH_BINARY " list --runs | wc -l"), 0);
	assert_int_equal(atoi(said.out), 2); /* the sweep's own folder is no run */
}

/* A machine with another build does not measure; the parts of the others come back. */
static void another_build(void **state)
{
	(void)state;
	write_text("other", "#!/bin/sh\necho ctbench 0.0.0\n");
	assert_int_equal(call_shell("chmod +x other"), 0);
	refuses("all.yaml --name s --hosts two.txt --tries 1 --program $PWD/other" SMALL,
		CT_EXIT_USER, "other");
	expect(said.out, "build");
	assert_int_not_equal(access("results/runs/s-sweep/s-1", F_OK), 0);
}

/* An archive writes nothing outside the sweep; no escape sequence reaches the terminal. */
static void evil_machines(void **state)
{
	static const char whole[] = "mkdir s-1 && echo {} >s-1/benchmark.json && echo a >whole && ";
	static const char *const archives[] = {
		"ln -s ../../../.. s-1/up && tar -cf ../evil.tar s-1 whole",
		("echo x >../planted && tar -P -cf ../evil.tar s-1 whole ../planted "
		 "$PWD/../planted "
		 "&& rm ../planted"),
		"tar -czf ../evil.tar s-1 whole",
	};
	char command[1024];

	(void)state;
	write_text("evil-one", "");
	write_text("one.txt", "one\n");
	for (size_t i = 0; i < sizeof(archives) / sizeof(archives[0]); i++) {
		snprintf(command, sizeof(command),
			 "rm -rf results make && mkdir make && cd make && %s%s", whole,
			 archives[i]);
		assert_int_equal(call_shell(command), 0);
		refuses("w0.yaml --name s --hosts one.txt --tries 1" SMALL, CT_EXIT_USER,
			"--resume s");
		if (strchr(said.out, '\033'))
			fail_msg("it reached the terminal: %s", said.out);
		expect(said.out, "\\u001b[2J");
		assert_int_equal(call_shell("ls -d planted results/runs/s-sweep/s-1 2>/dev/null"),
				 2);
	}
	assert_int_equal(unlink("one.txt") | call_shell("rm -r make evil.tar"), 0);
}

/* A sweep's folder from somebody else: nothing in it is run, no symlink in it is followed. */
static void received(void **state)
{
	static const char *const damages[] = {
		"ln -s $PWD/victim results/runs/s-sweep/machines.tsv",
		"rm -r results/runs/s-sweep/out; ln -s $PWD results/runs/s-sweep/out",
		"sed -i 's/\"engine\": \"parallel\"/\"engine\": \"x\"/' "
		"results/runs/s-sweep/sweep.json",
		"sed -i 's|\"hosts\": \"\\(.*\\)/two.txt|\"hosts\": "
		"\"\\1/results/runs/s-sweep/h|' results/runs/s-sweep/sweep.json; "
		"echo \"$PWD/planted x\" >results/runs/s-sweep/h",
		"sed -i 's|\"program\": \"|&/bin/planted|' results/runs/s-sweep/sweep.json",
		"sed -i 's|\"arguments\": .|&\"--results\",\"x\",|' "
		"results/runs/s-sweep/sweep.json",
	};

	(void)state;
	write_text("dead-one", "");
	write_text("dead-two", "");
	refuses("w0.yaml --name s --hosts two.txt --tries 1" SMALL, CT_EXIT_USER, "--resume s");
	write_text("victim", "precious");
	assert_int_equal(call_shell("cp -r results/runs/s-sweep original"), 0);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char text[16];

		assert_int_equal(call_shell("rm -r results/runs/s-sweep; cp -r original "
					    "results/runs/s-sweep"),
				 0);
		assert_int_equal(call_shell(damages[i]), 0);
		refuses("--resume s --tries 1", CT_EXIT_USER, "ctbench: ");
		assert_null(strstr(said.out, "continue with"));
		read_text("victim", text, sizeof(text));
		assert_string_equal(text, "precious");
	}
	/* Its script is written again. */
	assert_int_equal(call_shell("rm -r results/runs/s-sweep; mv original results/runs/s-sweep; "
				    "echo 'touch planted' >results/runs/s-sweep/job.sh"),
			 0);
	refuses("--resume s --tries 1", CT_EXIT_USER, "continue with");
	assert_int_equal(call_shell("grep -c planted results/runs/s-sweep/job.sh"), 1);
}

static void bad_arguments(void **state)
{
	static const char *const cases[][2] = {
		{ "", "WORKLOAD" },
		{ "all.yaml", "--name" },
		{ "all.yaml --name a/b", "--name" },
		{ "all.yaml --name 'a$(touch planted)'", "--name" },
		{ "all.yaml --name 'a{}%a'", "--name" },
		{ "- --name s <w0.yaml", "standard input" },
		{ "all.yaml --name s -- --shard 1/2", "--shard" },
		{ "all.yaml --name s -- --results=x", "--results" },
		{ "all.yaml --name s --each", "--hosts" },
		{ "all.yaml --name s --hosts nowhere", "nowhere" },
		{ "all.yaml --name s --hosts /dev/null", "/dev/null" },
		{ "nowhere.yaml --name s", "nowhere.yaml" },
		{ "all.yaml --name s -- --threads none", "threads" },
		{ "--resume s --name t", "--resume" },
		{ "--resume nowhere", "nowhere-sweep" },
		{ "all.yaml --name s --engine pigeon", "--engine" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refuses(cases[i][0], CT_EXIT_USER, cases[i][1]);
	assert_int_not_equal(access("results", F_OK), 0);
}

/* ---- machines ---- */

static double number_at(const json_t *list, size_t i, const char *key)
{
	return json_number_value(json_object_get(json_array_get(list, i), key));
}

/* As if it came from another CPU. */
static void disguise(const char *run)
{
	char path[128];
	json_t *json = report_of(run), *report = json_object_get(json, "ctbench");
	json_t *facts = json_object_get(report, "environment");

	json_object_set_new(json_object_get(facts, "machine"), "cpu", json_string("Another CPU"));
	snprintf(path, sizeof(path), "results/runs/%s/benchmark.json", run);
	assert_int_equal(json_dump_file(json, path, 0), 0);
	json_decref(json);
}

static void each_machine(void **state)
{
	json_t *result, *rows, *cells;

	(void)state;
	sweeps("w0.yaml --name e --each --hosts two.txt" SMALL);
	expect(said.out, "(run e-1)");
	expect(said.out, "(run e-2)");
	disguise("e-2");
	assert_int_equal(call_shell(CTBENCH_BINARY " machines e-1 e-2 --json"), 0);
	result = said_json();
	assert_non_null(result);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(result, "machines"), 1), "cpu")),
			    "Another CPU");
	rows = json_object_get(result, "rows");
	assert_int_equal(json_array_size(rows), 2); /* two variants at one point */
	cells = json_object_get(json_array_get(rows, 0), "machines");
	assert_int_equal(json_array_size(cells), 2);
	assert_true(number_at(cells, 0, "value") > 0);
	cells = json_object_get(json_array_get(rows, 1), "machines");
	assert_true(number_at(cells, 0, "ratio") > 0);
	assert_true(number_at(cells, 1, "ratio") > 0);
	json_decref(result);
	assert_int_equal(call_shell(CTBENCH_BINARY " machines e-1 e-2 --markdown"), 0);
	expect(said.out, "| nulls_rcu_siphash |");
	assert_int_equal(call_shell(CTBENCH_BINARY " machines e-1 e-2 --html m.html && cat m.html"),
			 0);
	expect(said.out, "Another CPU");
	expect(said.out, "class=\"dots\"");
	assert_int_equal(call_shell(CTBENCH_BINARY " machines e-1 --html - --json 2>&1"),
			 CT_EXIT_USER);
	assert_int_equal(call_shell(CTBENCH_BINARY " machines e-1 nowhere 2>&1"), CT_EXIT_USER);
	assert_int_equal(call_shell(CTBENCH_BINARY " machines e-1 --base no 2>&1"), CT_EXIT_USER);
}

/* ---- Slurm ---- */

/* Without root, munge and cgroups: for one user on one machine. */
static const char slurm_conf[] =
	"ClusterName=ctbench\n"
	"SlurmctldHost=HOST(127.0.0.1)\nSlurmctldPort=PORT0\n"
	"SlurmUser=USER\nSlurmdUser=USER\n"
	"AuthType=auth/none\nCredType=cred/none\n"
	"StateSaveLocation=HERE/state\nSlurmdSpoolDir=HERE/%n\n"
	"SlurmctldPidFile=HERE/ctld.pid\nSlurmdPidFile=HERE/%n.pid\n"
	"SlurmctldLogFile=HERE/ctld.log\nSlurmdLogFile=HERE/%n.log\n"
	"ProctrackType=proctrack/pgid\nTaskPlugin=task/none\nSelectType=select/linear\n"
	"SchedulerType=sched/builtin\nReturnToService=2\nMpiDefault=none\nSlurmdTimeout=5\n"
	"MessageTimeout=5\nKillWait=2\n"
	"NodeName=one NodeHostname=HOST NodeAddr=127.0.0.1 Port=PORT1 CPUs=1\n"
	"NodeName=two NodeHostname=HOST NodeAddr=127.0.0.1 Port=PORT2 CPUs=1\n"
	"PartitionName=all Nodes=one,two Default=YES State=UP MaxTime=INFINITE\n";

static const char slurm_begin[] =
	"mkdir -p slurm/state slurm/one slurm/two; cd slurm\n"
	"sed \"s|HERE|$PWD|;s|HOST|$(uname -n)|;s|USER|$(id -un)|g;s|PORT|$((2000 + $$ % 1000))|\" "
	"../slurm.conf >slurm.conf\n"
	"export SLURM_CONF=$PWD/slurm.conf PATH=$PATH:/usr/sbin\n"
	"slurmctld && slurmd -N one && slurmd -N two || exit 1\n"
	"for i in $(seq 100); do sleep 0.1; sinfo -h -t idle -o %D 2>/dev/null | grep -qx 2 && "
	"exit 0; done; exit 1\n";

/* Node two dies, with all that runs on it, once a part is being measured there. */
static const char slurm_kill[] =
	"exec >/dev/null 2>&1; export SLURM_CONF=$PWD/slurm/slurm.conf\n"
	"for i in $(seq 300); do sleep 0.1\n"
	"	[ -z \"$(grep -lz SLURMD_NODENAME=two /proc/[0-9]*/environ)\" ] || break; done\n"
	"kill -9 $(cat slurm/two.pid)\n"
	"for p in $(grep -lz \"^SLURM_CONF=$SLURM_CONF\" /proc/[0-9]*/environ | cut -d/ -f3); do\n"
	"	grep -qz SLURMD_NODENAME=two /proc/$p/environ && kill -9 $p; done\n"
	"touch killed\n";

static void with_slurm(void **state)
{
	(void)state;
	if (!have("slurmctld") || !have("slurmd") || !have("sbatch")) {
		print_message("[  note    ] Slurm is not installed: not tried\n");
		skip();
	}
	write_text("slurm.conf", slurm_conf);
	if (call_shell(slurm_begin)) {
		print_message("[  note    ] Slurm does not start for this user: not tried\n");
		skip();
	}
	write_text("kill.sh", slurm_kill);
	assert_int_equal(call_shell("sh kill.sh &"), 0);
	setenv("SLURM_CONF", own_path("slurm/slurm.conf"), 1);
	sweeps("all.yaml --name s --engine slurm --tries 5" SMALL);
	is_whole("s", 3);
	assert_int_equal(access("killed", F_OK), 0);
	expect(machines_of("s"), "\tone\n");
}

static int slurm_end(void **state)
{
	(void)state;
	unsetenv("SLURM_CONF");
	call_shell("cd slurm 2>/dev/null && for d in ctld one two; do kill $(cat $d.pid); done "
		   "2>/dev/null; sleep 0.5");
	return 0;
}

static int begin(void **state)
{
	char path[4096];

	(void)state;
	if (own_folder_enter("sweep") || make_idle_gnuplot())
		return -1;
	snprintf(path, sizeof(path), "%s:%s", own_path("bin"), getenv("PATH"));
	setenv("PATH", path, 1);
	write_text("ssh", fake_ssh);
	write_text("two.txt", "one\ntwo\n");
	for (int i = 0; i < 3; i++) {
		char name[16], text[256];

		snprintf(name, sizeof(name), "w%d.yaml", i);
		snprintf(text, sizeof(text),
			 "name: w%d\nquestion: Does it come back?\nvariants: 'nulls*'\nthreads: 1\n"
			 "flows: 500\nload_factor: 1\nplots: [bars]\n",
			 i);
		write_text(name, text);
	}
	write_text("all.yaml",
		   "name: all\nquestion: All?\nworkloads: [w0.yaml, w1.yaml, w2.yaml]\n");
	setenv("TMPDIR", own_path("."), 1);
	setenv("PARALLEL_SSH", own_path("ssh"), 1);
	setenv("PARALLEL_HOME", own_path("parallel"), 1);
	return call_shell("chmod +x ssh; mkdir -p parallel; touch parallel/will-cite");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(parts_are_spread, afresh),
		cmocka_unit_test_setup(dead_machines, afresh),
		cmocka_unit_test_setup(all_are_dead, afresh),
		cmocka_unit_test_setup(another_build, afresh),
		cmocka_unit_test_setup(evil_machines, afresh),
		cmocka_unit_test_setup(received, afresh),
		cmocka_unit_test_setup(bad_arguments, afresh),
		cmocka_unit_test_setup(each_machine, afresh),
		cmocka_unit_test_setup_teardown(with_slurm, afresh, slurm_end),
	};

	if (call_shell("command -v parallel >/dev/null")) {
		puts("GNU parallel is not installed (apt install parallel): the test is skipped");
		return CT_EXIT_SKIP;
	}
	return cmocka_run_group_tests_name("sweep", tests, begin, own_folder_leave);
}
