/* SPDX-License-Identifier: MIT */
/*
 * ctbench sweep over a real ssh: two names of this machine, by an sshd of this user on a port of
 * the loopback, with keys of its own; a third name does not answer. The caller has neither HOME
 * nor SHELL, as under cron. Without OpenSSH or GNU parallel, or if this user may not log in, it is
 * skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

/*
 * Starts sshd on the first free port of some, and leaves its process id in sshd.pid. As root it
 * wants /run/sshd, which exists while sshd is a service: else in a mount namespace.
 */
static const char start[] =
	"set -e; PATH=$PATH:/usr/sbin:/sbin; here=$PWD; mkdir tmp\n"
	"for key in host user; do ssh-keygen -q -t ed25519 -N '' -C test -f $key; done\n"
	"cp user.pub authorized\n"
	"run=$(command -v sshd)\n"
	"begin='exec'\n"
	"[ $(id -u) != 0 ] || [ -d /run/sshd ] ||\n"
	"	begin='exec unshare -m sh -c \"mount -t tmpfs none /run && mkdir -m 755 /run/sshd "
	"&& exec "
	"\\\"\\$@\\\"\" sh'\n"
	"for try in 1 2 3 4 5 6 7 8; do\n"
	"	port=$((20000 + ($$ * 8 + try) % 10000))\n"
	"	cat >sshd_config <<END\n"
	"Port $port\n"
	"ListenAddress 127.0.0.1\n"
	"HostKey $here/host\n"
	"AuthorizedKeysFile $here/authorized\n"
	"PidFile none\n"
	"StrictModes no\n"
	"UsePAM no\n"
	"PasswordAuthentication no\n"
	"KbdInteractiveAuthentication no\n"
	"SetEnv TMPDIR=$here/tmp\n"
	"END\n"
	"	(eval \"$begin $run -D -e -f $here/sshd_config\") 2>sshd.log </dev/null >/dev/null "
	"&\n"
	"	pid=$!\n"
	"	for i in $(seq 50); do\n"
	"		grep -q listening sshd.log && break; kill -0 $pid 2>/dev/null || break; "
	"sleep 0.1\n"
	"	done\n"
	"	! grep -q 'listening on' sshd.log || break\n"
	"	kill $pid 2>/dev/null || :\n"
	"done\n"
	"echo $pid >sshd.pid\n"
	"printf '* %s\\n' \"$(cat host.pub)\" >known\n"
	"for name in one two dead; do\n"
	"	at=$port; [ $name != dead ] || at=1\n"
	"	printf 'Host %s\\n\\tHostName 127.0.0.1\\n\\tPort %s\\n\\tHostKeyAlias %s\\n' "
	"$name $at $name\n"
	"done >ssh_config\n"
	"printf 'Host *\\n\\tIdentityFile %s/user\\n\\tIdentitiesOnly yes\\n\\tUserKnownHostsFile "
	"%s/known\\n"
	"\\tGlobalKnownHostsFile none\\n\\tStrictHostKeyChecking yes\\n\\tBatchMode yes\\n' $here "
	"$here "
	">>ssh_config\n"
	"timeout 30 ssh -F ssh_config one -- echo in\n";

static void over_ssh(void **state)
{
	static char text[4096];

	(void)state;
	write_text("hosts.txt", "one\ntwo\ndead\n");
	for (int i = 0; i < 2; i++) {
		char name[16];

		snprintf(name, sizeof(name), "w%d.yaml", i);
		write_text(name, "question: Does it come back?\nvariants: cds_lfht\nthreads: 1\n"
				 "flows: 500\nload_factor: 1\nplots: [bars]\n");
	}
	write_text("all.yaml", "name: all\nquestion: All?\nworkloads: [w0.yaml, w1.yaml]\n");
	call_shell("env -u HOME -u SHELL PARALLEL_SSH=\"ssh -F $PWD/ssh_config\" " CTBENCH_BINARY
		   " sweep all.yaml --name s --hosts hosts.txt -- --repeats 1 --duration 2ms "
		   "--warmup 0ms --no-bounds 2>&1");
	/* A machine's measurements may all be void while others use it. */
	if (said.status != CT_EXIT_OK && said.status != CT_EXIT_VOID)
		fail_msg("status %d: %s", said.status, said.out);
	expect(said.out, "no answer: ");
	read_text("results/runs/s-sweep/machines.tsv", text, sizeof(text));
	expect(text, "\tone\n");
	expect(text, "\ttwo\n");
	assert_null(strstr(text, "dead"));
	assert_int_equal(call_shell("test -s results/runs/s/benchmark.json"), 0);
	/* Nothing is left on the machines but the lock. */
	assert_int_equal(call_shell("ls tmp | grep -cv lock"), 1);
}

static int end(void **state)
{
	call_shell("[ ! -s sshd.pid ] || kill $(cat sshd.pid)");
	return own_folder_leave(state);
}

static int begin(void **state)
{
	(void)state;
	return make_idle_gnuplot();
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(over_ssh) };

	if (system("PATH=$PATH:/usr/sbin:/sbin; for program in parallel ssh ssh-keygen sshd; do "
		   "command -v $program >/dev/null || exit 1; done")) {
		puts("GNU parallel or OpenSSH is not installed (apt install parallel "
		     "openssh-server): "
		     "the test is skipped");
		return CT_EXIT_SKIP;
	}
	if (own_folder_enter("sweep-ssh"))
		return 1;
	write_text("start.sh", start);
	if (call_shell("sh start.sh 2>start.log; tail -n 3 start.log sshd.log >&2; test -s "
		       "sshd.pid && grep -q "
		       "'Accepted publickey' sshd.log")) {
		printf("no login by ssh for this user: the test is skipped: %.500s\n", said.err);
		end(NULL);
		return CT_EXIT_SKIP;
	}
	return cmocka_run_group_tests_name("sweep_ssh", tests, begin, end);
}
