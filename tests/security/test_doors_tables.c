/* SPDX-License-Identifier: MIT */
/*
 * Hostile texts in tables that ctbench import reads, in key sets, in answers to ctbench new, and in
 * the names of folders that commands and shells list: see tests/fixture/hostile.h.
 */
#include "harness/base/names.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/hostile.h"

/* The file at path, with the text's bytes in place of each @@. */
static void write_raw(const char *path, const char *text, const char *bytes, size_t len)
{
	FILE *out = fopen(path, "w");
	const char *at;

	assert_non_null(out);
	for (; (at = strstr(text, "@@")); text = at + 2) {
		fwrite(text, 1, (size_t)(at - text), out);
		fwrite(bytes, 1, len, out);
	}
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

/* ---- tables ---- */

#define TUPLES "src=1.2.3.4 dst=5.6.7.8 sport=1 dport=2 src=5.6.7.8 dst=1.2.3.4 sport=2 dport=1"
#define LAYERS(src, sport, protocol) \
	"<layer3 protonum=\"2\" protoname=\"ipv4\"><src>" src "</src><dst>5.6.7.8</dst></layer3>" \
	"<layer4 protonum=\"" protocol "\" protoname=\"tcp\"><sport>" sport "</sport>" \
	"<dport>2</dport></layer4></meta>"
#define XML(direction, src, sport, protocol, more) \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n<flow><meta " \
	"direction=\"" direction \
	"\">" LAYERS(src, sport, protocol) "<meta direction=\"reply\">" LAYERS( \
		"1.2.3.4", "1", "6") "<meta direction=\"independent\"><state>" more \
				     "</state><zone>1</zone></meta></flow>\n" \
				     "</conntrack>\n"

/* conntrack -L, -L -o extended, /proc/net/nf_conntrack, -o xml. */
static const char *const tables[] = {
	"tcp 6 9 @@ " TUPLES " use=1\n",
	"tcp @@ 9 CLOSE " TUPLES " use=1\n",
	"@@ 6 9 CLOSE " TUPLES " use=1\n",
	"@@\n",
	"ipv4 2 tcp 6 9 CLOSE src=@@ dst=5.6.7.8 sport=1 dport=2 src=5.6.7.8 dst=1.2.3.4 sport=2 "
	"dport=1\n",
	"ipv6 10 udp 17 9 src=::1 dst=::2 sport=@@ dport=2 src=::2 dst=::1 sport=2 dport=1 "
	"zone=@@\n",
	"ipv4     2 tcp      6 431999 CLOSE " TUPLES " [ASSURED] mark=@@ zone-orig=@@ use=2\n",
	"ipv4     2 icmp     1 9 src=1.2.3.4 dst=5.6.7.8 type=@@ code=0 id=@@ src=5.6.7.8 "
	"dst=1.2.3.4 type=0 code=0 id=7 helper=@@\n",
	XML("original", "@@", "1", "6", "x"),
	XML("original", "1.2.3.4", "@@", "6", "x"),
	XML("@@", "1.2.3.4", "1", "6", "x"),
	XML("original", "1.2.3.4", "1", "@@", "x"),
	XML("original", "1.2.3.4", "1", "6", "@@"),
	"<conntrack><flow><@@></flow></conntrack>\n",
	"<@@",
};

/* What else a field may have. */
static const struct hostile odd_values[] = {
	TEXT("beyond 64 bits", "99999999999999999999999999"),
	TEXT("negative", "-1"),
	TEXT("hexadecimal", "0xffffffffffffffffff"),
	TEXT("65536", "65536"),
	TEXT("broken IPv6", "1::2::3"),
	TEXT("long IPv6", "1:2:3:4:5:6:7:8:9:10:11:12"),
	TEXT("zone of an address", "fe80::1%eth0"),
	TEXT("nothing", ""),
	TEXT("equal signs", "=src==sport=1"),
};

static void import_table(const struct hostile *h)
{
	sent = h->name;
	write_raw("t.txt", door, h->bytes, h->len);
	SEND(NULL, "import", "t.txt", "--variants", "null");
	/* A table's end, too. */
	if (said.status == CT_EXIT_OK && !memchr(h->bytes, '\n', h->len) &&
	    strlen(h->bytes) < h->len)
		fails("a zero byte was taken");
	SEND(NULL, "import", "t.txt", "--variants", "null", "--json", "--out", "t.ct");
}

static void imports(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		door = tables[i];
		for (size_t k = 0; k < NR_HOSTILE; k++)
			import_table(&hostile[k]);
		for (size_t k = 0; k < sizeof(odd_values) / sizeof(odd_values[0]); k++)
			import_table(&odd_values[k]);
	}
	check_files();
}

static void key_sets(void **state)
{
	static const char *const files[] = {
		"# ctbench key set 1: 1 connections\n@@\n",
		"# ctbench key set 1: @@ connections\ntcp 6 9 " TUPLES "\n",
		"@@\ntcp 6 9 " TUPLES "\n",
		"# ctbench key set 1: 1 connections\ntcp 6 9 @@ " TUPLES "\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (size_t k = 0; k < NR_HOSTILE + 2; k++) {
			const struct hostile *h =
				k < NR_HOSTILE ? &hostile[k] : &odd_values[k - NR_HOSTILE];

			door = files[i];
			sent = h->name;
			write_raw("k.ct", files[i], h->bytes, h->len);
			SEND(NULL, "run", "w.yaml", "--flows", "k.ct", "--results", "sets",
			     "--no-bounds");
			if (i < 3 && said.status == CT_EXIT_OK)
				fails("it was taken");
			assert_int_equal(remove_all("sets"), 0);
		}
	check_files();
}

/* The name of what it writes, in what it tells to paste. */
static void names_of_tables(void **state)
{
	char path[300];

	(void)state;
	assert_int_equal(mkdir("named", 0777), 0);
	door = "import";
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		const struct hostile *h = &hostile[k];

		if (!makes_file(h))
			continue;
		sent = h->name;
		snprintf(path, sizeof(path), "named/%s", h->bytes);
		SEND(h, "import", "named/@@");
		write_text(path, "tcp 6 9 " TUPLES "\n");
		snprintf(path, sizeof(path), "named/%s.ct", h->bytes);
		SEND(h, "import", "named/@@", "--out", "named/@@.ct", "--variants", "null");
		if (said.status != CT_EXIT_OK)
			fails("%s", said.err);
		check_hint(said.out, "--flows ", path, 1);
	}
	assert_int_equal(remove_all("named"), 0);
	check_files();
}

/* ---- answers that are typed ---- */

static unsigned int lines_of(const char *path)
{
	static char text[1 << 18];
	unsigned int nr = 0;

	read_text(path, text, sizeof(text));
	for (const char *p = text; *p; p++)
		nr += *p == '\n';
	return nr;
}

static void answers(void **state)
{
	static const char *const typed[] = {
		"@@\nnull\nlookups\nnone\n",
		"Why?\n@@\nlookups\nnone\n",
		"Why?\nnull\n@@\nnone\n",
		"Why?\nnull\nlookups\nflows=@@\n",
	};
	unsigned int plain = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		for (size_t k = 0; k <= NR_HOSTILE; k++) {
			const struct hostile *h =
				k ? &hostile[k - 1] : &(struct hostile)TEXT("plain", "Why?");

			if (!k && i)
				continue;
			door = typed[i];
			sent = h->name;
			write_raw("typed", typed[i], h->bytes, h->len);
			said.status = call_shell(CTBENCH_BINARY " new made.yaml <typed 2>&1");
			check_all("new");
			if (!said.status && !k)
				plain = lines_of("made.yaml");
			/* No answer makes lines of its own. */
			if (!said.status && lines_of("made.yaml") != plain)
				fails("the file has %u lines, not %u", lines_of("made.yaml"),
				      plain);
			if (!said.status)
				SEND(NULL, "run", "made.yaml", "-n");
			unlink("made.yaml");
		}
	assert_true(plain >= 3);
	check_files();
}

/* ---- folders that are listed ---- */

static void runs_are_listed(void **state)
{
	char command[256];
	bool has_history;

	(void)state;
	/* Not if all its measurements are void, as on a busy machine with a sanitizer. */
	has_history = !RUN("history", "w", "--results", "runs");
	door = "a run's folder";
	assert_int_equal(mkdir("named", 0777), 0);
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		const struct hostile *h = &hostile[k];

		if (!makes_file(h))
			continue;
		sent = h->name;
		snprintf(command, sizeof(command), "named/%s", h->bytes);
		assert_int_equal(mkdir(command, 0777), 0);
		assert_int_equal(chdir(command) | system("cp ../../runs/a/*.* .") | chdir("../.."),
				 0);
		SEND(NULL, "list", "--runs", "--results", "named");
		SEND(NULL, "list", "--runs", "--results", "named", "--json");
		if (said.status != CT_EXIT_OK)
			fails("%s", said.err);
		SEND(NULL, "history", "w", "--results", "named");
		SEND(NULL, "history", "w", "--results", "named", "--json");
		if (said.status != CT_EXIT_OK && has_history && name_fits_run(h->bytes))
			fails("%s", said.err);
		SEND(h, "machines", "named/@@", "runs/b");
		SEND(h, "recommend", "named/@@");
		assert_int_equal(remove_all(command), 0);
	}
	assert_int_equal(remove_all("named"), 0);
	check_files();
}

/* Where a shell completes ctbench's arguments in a folder that somebody sent. */
static void completed(void **state)
{
	static const char script[] = CTBENCH_BINARY
		" completion bash >script && ! grep -q 'touch ' script && . ./script; "
		"for c in report run compare import 'history x'; do "
		"COMP_WORDS=(ctbench $c ''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
		"_ctbench; done\n" CTBENCH_BINARY
		" completion zsh | grep -q 'touch ' && exit 1\n" CTBENCH_BINARY
		" completion fish | grep -q 'touch ' && exit 1\n"
		"exit 0\n";
	char path[512];

	(void)state;
	door = "completion";
	write_text("complete.sh", script);
	assert_int_equal(mkdir("named", 0777) | mkdir("named/workloads", 0777), 0);
	assert_int_equal(mkdir("named/results", 0777) | mkdir("named/results/runs", 0777), 0);
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		static const char *const places[] = { "%s", "workloads/%s.yaml",
						      "workloads/;%s;.yaml", "results/runs/%s" };

		if (!makes_file(&hostile[k]))
			continue;
		sent = hostile[k].name;
		assert_int_equal(chdir("named"), 0);
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			snprintf(path, sizeof(path), places[i], hostile[k].bytes);
			assert_int_equal(i < 3 ? (write_text(path, "x"), 0) : mkdir(path, 0777), 0);
		}
		if (system("bash ../complete.sh >../said 2>&1"))
			fails("its name is in the script");
		assert_int_equal(chdir(".."), 0);
		check_all("completion");
		assert_int_equal(system("cd named && find . -name '*' -type f -delete && "
					"rm -rf results/runs/* ./results/runs/-*"),
				 0);
	}
	assert_int_equal(remove_all("named"), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(imports),	   cmocka_unit_test(key_sets),
	cmocka_unit_test(names_of_tables), cmocka_unit_test(answers),
	cmocka_unit_test(runs_are_listed), cmocka_unit_test(completed),
};
CT_TEST_MAIN(tests, hostile_enter, own_folder_leave)
