/* SPDX-License-Identifier: MIT */
/*
 * Hostile texts in a run's files, names that a run keeps, and symlinks in its folder: see
 * tests/fixture/hostile.h.
 */
#include "tests/fixture/cmocka.h"
#include "tests/fixture/hostile.h"

#include <sched.h>

/* ---- a run's files ---- */

/* Runs in a folder "h", which is a's copy with the text in one place. */
static const char *const read_report[] = { "report", "h", "--markdown", NULL };
static const char *const read_page[] = { "report", "h", NULL };
static const char *const read_plots[] = { "plot", "h", NULL };
static const char *const read_before[] = { "compare", "h", "runs/b", NULL };
static const char *const read_after[] = { "compare", "runs/b", "h", "--markdown", NULL };
static const char *const read_part[] = { "merge", "m", "h", "runs/b", "--results", "runs", NULL };
static const char *const read_later[][8] = {
	{ "machines", "h", "runs/b", "--markdown" },
	{ "machines", "h", "runs/b" },
	{ "recommend", "h" },
	{ "list", "--runs", "--results", "." },
	{ "history", "w", "h", "runs/b", "--plot", "past" },
	{ "compare", "h", "runs/b", "--plot", "past" },
};
static const char *const read_again[] = { "run", "--resume", "h", "--results", ".", NULL };

struct place {
	const char *file,
		*path; /* keys with dots between; "*": the first; "!" at the end: the key */
};

static const struct place places[] = {
	{ "benchmark.json", "context.date" },
	{ "benchmark.json", "context.executable" },
	{ "benchmark.json", "benchmarks.*.name" },
	{ "benchmark.json", "ctbench.name" },
	{ "benchmark.json", "ctbench.command" },
	{ "benchmark.json", "ctbench.started" },
	{ "benchmark.json", "ctbench.arguments.*" },
	{ "benchmark.json", "ctbench.environment.machine.cpu" },
	{ "benchmark.json", "ctbench.environment.kernel.release" },
	{ "benchmark.json", "ctbench.environment.build.revision" },
	{ "benchmark.json", "ctbench.environment.allocator" },
	{ "benchmark.json", "ctbench.workloads.*.name" },
	{ "benchmark.json", "ctbench.workloads.*.question" },
	{ "benchmark.json", "ctbench.workloads.*.path" },
	{ "benchmark.json", "ctbench.workloads.*.plots.*" },
	{ "benchmark.json", "ctbench.workloads.*.varying.*" },
	{ "benchmark.json", "ctbench.workloads.*.parameters.popularity.*" },
	{ "benchmark.json", "ctbench.workloads.*.parameters.popularity!" },
	{ "benchmark.json", "ctbench.cells.*!" },
	{ "benchmark.json", "ctbench.cells.*.workload" },
	{ "benchmark.json", "ctbench.cells.*.variant" },
	{ "benchmark.json", "ctbench.cells.*.unit" },
	{ "benchmark.json", "ctbench.cells.*.error" },
	{ "benchmark.json", "ctbench.cells.*.parameters.popularity" },
	{ "benchmark.json", "ctbench.cells.*.axes.hash" },
	{ "benchmark.json", "ctbench.cells.*.metrics.*!" },
	{ "benchmark.json", "ctbench.cells.*.timeline.events.*.name" },
	{ "benchmark.json", "ctbench.cells.*.timeline.series.*!" },
	{ "benchmark.json", "ctbench.verdicts.*.choice" },
	{ "benchmark.json", "ctbench.verdicts.*.base" },
	{ "benchmark.json", "ctbench.verdicts.*.text" },
	{ "benchmark.json", "ctbench.verdicts.*.outcome" },
	{ "benchmark.json", "ctbench.verdicts.*.factor" },
	{ "benchmark.json", "ctbench.noise.pairs.*.cell" },
	{ "benchmark.json", "ctbench.bounds.*.bound" },
	{ "benchmark.json", "ctbench.merged.*.path" },
	{ "benchmark.json", "ctbench.merged.*.name" },
	{ "run.json", "command" },
	{ "run.json", "started" },
	{ "run.json", "revision" },
	{ "run.json", "arguments.*" },
	{ "run.json", "facts.machine.cpu" },
	{ "run.json", "facts.machine.cpu!" },
	{ "details.jsonl", "name" },
	{ "details.jsonl", "metrics.*!" },
	{ "details.jsonl", "text" },
	{ "details.jsonl", "text!" },
	{ "bounds.jsonl", "*.bound" },
};

static json_t *child(json_t *at, const char *key)
{
	if (json_is_array(at))
		return json_array_get(at, 0);
	return strcmp(key, "*") ? json_object_get(at, key)
				: json_object_iter_value(json_object_iter(at));
}

/* Puts "@@" at the place. */
static void mark(json_t *at, const struct place *p)
{
	char path[128], *word, *rest = path;
	size_t len = strlen(p->path);
	bool key = p->path[len - 1] == '!';

	snprintf(path, sizeof(path), "%.*s", (int)(len - key), p->path);
	while ((word = strsep(&rest, ".")) && rest && at)
		at = child(at, word);
	if (!at)
		fail_msg("there is no %s in %s", p->path, p->file);
	if (json_is_array(at)) {
		json_array_set_new(at, 0, json_string("@@"));
	} else if (key) {
		const char *old =
			strcmp(word, "*") ? word : json_object_iter_key(json_object_iter(at));

		json_object_set(at, "@@", json_object_get(at, old));
		json_object_del(at, old);
	} else {
		json_object_set_new(at, word, json_string("@@"));
	}
}

/* The file of runs/a, and where its first value ends. */
static json_t *original(const char *file, char *text, size_t size, size_t *end)
{
	json_error_t error;
	char path[64];
	json_t *json;

	snprintf(path, sizeof(path), "runs/a/%s", file);
	read_text(path, text, size);
	json = json_loads(text, JSON_DISABLE_EOF_CHECK, &error);
	if (!json)
		fail_msg("%s: %s", path, error.text);
	*end = (size_t)error.position;
	return json;
}

static void put(const struct place *p, size_t nr, const struct hostile *h)
{
	static char text[1 << 20], whole[1 << 20];
	size_t end;
	json_t *json = original(p->file, text, sizeof(text), &end);
	char path[64], *changed;

	for (size_t i = 0; i < nr; i++)
		if (!strcmp(p[i].file, p->file))
			mark(json, &p[i]);
	changed = json_dumps(json, 0);
	assert_non_null(changed);
	snprintf(whole, sizeof(whole), "%s%s", changed, text + end);
	snprintf(path, sizeof(path), "h/%s", p->file);
	write_with(path, whole, h);
	free(changed);
	json_decref(json);
}

static void copy_run(void)
{
	assert_int_equal(remove_all("h"), 0);
	assert_int_equal(system("cp -r runs/a h"), 0);
}

/* Is the text at this place used in commands, or in names of files and pictures? */
static bool is_name(const char *path)
{
	static const char *const names[] = {
		"ctbench.workloads.*.name",
		"ctbench.workloads.*.plots.*",
		"ctbench.workloads.*.varying.*",
		"ctbench.workloads.*.parameters.popularity!",
		"ctbench.cells.*!",
		"ctbench.cells.*.workload",
		"ctbench.cells.*.variant",
		"ctbench.cells.*.metrics.*!",
		"ctbench.cells.*.timeline.series.*!",
		"ctbench.verdicts.*.outcome",
		"ctbench.verdicts.*.factor",
		"ctbench.bounds.*.bound",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(path, names[i]))
			return true;
	return false;
}

/* A separate rule: the one in names.h would share its mistakes. */
static bool a_word(const char *text)
{
	return text[strcspn(text, " \n/|<>'\"`$@{}%\033\377\302")] == '\0' && strlen(text) < 200;
}

/* Which texts of each file are accepted or refused; drawn() uses some of the accepted ones. */
static void files_of_a_run(void **state)
{
	unsigned int taken = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const bool figures = !strcmp(places[i].file, "benchmark.json");
		bool any = false;

		if (!i || strcmp(places[i].file, places[i - 1].file))
			copy_run();
		door = places[i].path;
		for (size_t k = 0; k < NR_HOSTILE; k++) {
			/* A merge takes long, and one plain text is taken as another. */
			if (!figures && any && text_is_plain(hostile[k].bytes))
				continue;
			sent = hostile[k].name;
			put(&places[i], 1, &hostile[k]);
			any |= !send(figures ? read_report : read_part, NULL);
			if (is_name(places[i].path) && !a_word(hostile[k].bytes) && !said.status)
				fails("it was taken for a name");
			/* Files of a part are read only as far as a merge needs them. */
			if (hostile[k].odd && !said.status &&
			    strcmp(places[i].file, "bounds.jsonl") &&
			    strncmp(places[i].path, "context", 7) &&
			    strncmp(places[i].path, "benchmarks", 10))
				fails("it was taken");
			if (!strcmp(places[i].file, "bounds.jsonl") &&
			    !access("runs/m/bounds.jsonl", F_OK) && !a_word(hostile[k].bytes))
				fails("it was merged");
			*(said.status ? &refused : &taken) += 1;
			assert_int_equal(remove_all("runs/m"), 0);
		}
	}
	check_files();
	assert_true(taken > 100 && refused > 300);
}

/* Columns of a row of cells.tsv; a tab would only begin the next one. */
static void rows_of_a_run(void **state)
{
	/* seq, started, name, error, void_reason, allocator */
	static const unsigned int columns[] = { 0, 1, 2, 7, 8, 41 };
	bool any;
	static char text[1 << 20];

	(void)state;
	copy_run();
	read_text("runs/a/cells.tsv", text, sizeof(text));
	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
		any = false;
		for (size_t k = 0; k < NR_HOSTILE; k++) {
			char *at = strchr(text, '\n') + 1;
			FILE *out;

			if (any && text_is_plain(hostile[k].bytes))
				continue;
			out = fopen("h/cells.tsv", "w");

			assert_non_null(out);
			for (unsigned int i = 0; i < columns[c] && at; i++)
				at = strpbrk(at, "\t\n") + 1;
			fwrite(text, 1, (size_t)(at - text), out);
			fwrite(hostile[k].bytes, 1, hostile[k].len, out);
			fputs(strpbrk(at, "\t\n"), out);
			assert_int_equal(fclose(out), 0);
			door = "cells.tsv";
			sent = hostile[k].name;
			any |= !send(read_part, NULL);
			if (hostile[k].odd && !said.status)
				fails("it was taken");
			assert_int_equal(remove_all("runs/m"), 0);
		}
	}
	check_files();
}

/* ---- pictures, by gnuplot itself ---- */

/* Every text that may be any text, at once; in the pictures, the page, the tables. */
static void drawn(void **state)
{
	static const struct place texts[] = {
		{ "benchmark.json", "ctbench.arguments.*" },
		{ "benchmark.json", "ctbench.started" },
		{ "benchmark.json", "ctbench.environment.machine.cpu" },
		{ "benchmark.json", "ctbench.workloads.*.question" },
		{ "benchmark.json", "ctbench.workloads.*.path" },
		{ "benchmark.json", "ctbench.cells.*.unit" },
		{ "benchmark.json", "ctbench.cells.*.error" },
		{ "benchmark.json", "ctbench.cells.*.parameters.popularity" },
		{ "benchmark.json", "ctbench.cells.*.timeline.events.*.name" },
		{ "benchmark.json", "ctbench.verdicts.*.choice" },
		{ "benchmark.json", "ctbench.verdicts.*.base" },
		{ "benchmark.json", "ctbench.verdicts.*.text" },
		{ "benchmark.json", "ctbench.merged.*.path" },
	};

	(void)state;
	if (!have_gnuplot())
		skip();
	copy_run();
	door = "all texts";
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		if (strlen(hostile[k].bytes) > 4096 || strlen(hostile[k].bytes) < hostile[k].len ||
		    !text_is_plain(hostile[k].bytes))
			continue;
		sent = hostile[k].name;
		put(texts, sizeof(texts) / sizeof(texts[0]), &hostile[k]);
		gnuplot_is(true);
		if (send(read_plots, NULL) != CT_EXIT_OK)
			fails("%s", said.err);
		gnuplot_is(strstr("script attribute", hostile[k].name));
		send(read_page, NULL);
		send(read_report, NULL);
		send(read_before, NULL);
		send(read_after, NULL);
		for (size_t i = 0; i < sizeof(read_later) / sizeof(read_later[0]); i++)
			send(read_later[i], NULL);
	}
	gnuplot_is(false);
	check_files();
}

/* ---- whole runs with a hostile name, question, capture and host ---- */

static void whole_run(const struct hostile *h)
{
	char path[300];

	sent = h->name;
	snprintf(path, sizeof(path), "named/%s", h->bytes);
	assert_int_equal(symlink(own_path("x.pcap"), path), 0);
	write_with("d.yaml",
		   "question: \"@@\"\nname: -w\nlevel: packets\nvariants: [null]\n"
		   "threads: 1\nrepeats: 1\nplots: [bars]\nbuckets: 64\n",
		   h);
	SEND(h, "run", "d.yaml", "--results", "named", "--name", "@@ 2", "--capture", "named/@@");
	if (said.status != CT_EXIT_OK)
		fails("no run: %s", said.err);
	SEND(h, "report", "named/@@ 2");
	SEND(h, "report", "@@ 2", "--markdown", "--results", "named");
	SEND(h, "plot", "named/@@ 2");
	SEND(h, "compare", "named/@@ 2", "runs/a");
	SEND(h, "run", "--resume", "@@ 2", "--results", "named");
}

/* The last test: this process keeps the name. */
static void whole_runs(void **state)
{
	(void)state;
	door = "a run";
	assert_int_equal(remove_all("named") | mkdir("named", 0777), 0);
	/* Its host too has such a name, where this user may name one. */
	if (unshare(CLONE_NEWUSER | CLONE_NEWUTS) || sethostname(hostile[0].bytes, hostile[0].len))
		print_message("[  note    ] no host's name: this needs a user namespace\n");
	gnuplot_is(false); /* it refuses to run for the root of a namespace */
	whole_run(&hostile[0]);
	check_files();
}

/* ---- symlinks ---- */

/*
 * Where a command writes, or might for a while, is a link to a user's file.  That file
 * has the contents that the command expects, so reading it succeeds.
 */
static void symlinks(void **state)
{
	static const char *const files[] = {
		"benchmark.json", "results.tsv", "columns.tsv", "cells.tsv",	"details.jsonl",
		"run.json",	  "run.log",	 "report.html", "bounds.jsonl", "slices.tsv",
	};
	char link[64], victim[64], command[256];
	struct stat before, after;

	(void)state;
	sent = "a symlink";
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		door = files[i];
		copy_run();
		snprintf(link, sizeof(link), "h/%s.tmp", files[i]);
		assert_int_equal(symlink(own_path("victim"), link), 0);
		snprintf(link, sizeof(link), "h/%s", files[i]);
		snprintf(victim, sizeof(victim), "victim-%s", files[i]);
		snprintf(command, sizeof(command), "touch %s; mv %s %s", link, link, victim);
		assert_int_equal(system(command), 0);
		assert_int_equal(symlink(own_path(victim), link), 0);
		assert_int_equal(stat(victim, &before), 0);
		send(read_page, NULL);
		send(read_plots, NULL);
		send(read_part, NULL);
		assert_int_equal(remove_all("runs/m"), 0);
		if (!strcmp(files[i], "cells.tsv") || !strcmp(files[i], "benchmark.json"))
			send(read_again, NULL);
		assert_int_equal(stat(victim, &after), 0);
		if (memcmp(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim)) ||
		    before.st_size != after.st_size)
			fails("the file behind it was written");
	}
}

/* The command line of a received run, as its page gives it to be pasted. */
static void command_again(void **state)
{
	static const struct place place = { "benchmark.json", "ctbench.arguments.*" };
	static char line[SAID_MAX];
	const char *at;

	(void)state;
	copy_run();
	door = place.path;
	for (size_t k = 0; k < NR_HOSTILE; k++) {
		const struct hostile *h = &hostile[k];

		if (h->len > 1000 || strlen(h->bytes) < h->len || !text_is_plain(h->bytes))
			continue;
		sent = h->name;
		put(&place, 1, h);
		assert_int_equal(send(read_report, NULL), CT_EXIT_OK);
		at = strstr(said.out, "Again: ");
		assert_non_null(at);
		at += strlen("Again: ");
		/* Markdown's code ends with as many backquotes as it begins with. */
		snprintf(line, sizeof(line), "%s", at + strspn(at, "`"));
		line[strcspn(line, "\n") - strspn(at, "`")] = '\0';
		check_hint(line, "ctbench run ", h->bytes, 3); /* and --shard 1/2 */
	}
}

/* A program in a received folder, where the user stands in it and PATH has relative parts. */
static void programs(void **state)
{
	static const char *const relative[] = { ".", "", "bin", "plots" };
	static const char program[] = "#!/bin/sh\n" TOUCH "\n";
	char path[8192], before[4096];

	(void)state;
	door = "PATH";
	copy_run();
	snprintf(before, sizeof(before), "%s", getenv("PATH"));
	assert_int_equal(system("mkdir -p h/bin h/plots"), 0);
	write_text("h/gnuplot", program);
	write_text("h/bin/gnuplot", program);
	write_text("h/plots/gnuplot", program);
	assert_int_equal(system("chmod +x h/gnuplot h/bin/gnuplot h/plots/gnuplot"), 0);
	for (size_t i = 0; i < sizeof(relative) / sizeof(relative[0]); i++) {
		static const char *const plot[] = { "plot", ".", NULL };

		sent = relative[i];
		snprintf(path, sizeof(path), "%s:%s", relative[i], before);
		setenv("PATH", path, 1);
		assert_int_equal(chdir("h"), 0);
		call_argv(ctbench, 2, (char **)plot);
		assert_int_equal(chdir(".."), 0);
		if (!access("ran", F_OK) || said.status)
			fails("it was taken for gnuplot: %s", said.err);
	}
	setenv("PATH", before, 1);
}

/* Pipes in a received folder: a command that opens one must not wait for its other end. */
static void pipes(void **state)
{
	static const char *const files[] = {
		"benchmark.json", "cells.tsv",	  "details.jsonl", "run.json",	  "run.log",
		"report.html",	  "bounds.jsonl", "slices.tsv",	   "columns.tsv",
	};
	char path[64];

	(void)state;
	sent = "a pipe";
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		door = files[i];
		copy_run();
		snprintf(path, sizeof(path), "h/%s", files[i]);
		unlink(path);
		assert_int_equal(mkfifo(path, 0666), 0);
		alarm(20); /* ends this program if one waits */
		if (send(read_page, NULL) == CT_EXIT_OK && !strcmp(files[i], "report.html"))
			fails("the page is nowhere");
		send(read_plots, NULL);
		send(read_part, NULL);
		alarm(0);
		assert_int_equal(remove_all("runs/m"), 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(files_of_a_run), cmocka_unit_test(rows_of_a_run),
	cmocka_unit_test(programs),	  cmocka_unit_test(command_again),
	cmocka_unit_test(pipes),	  cmocka_unit_test(drawn),
	cmocka_unit_test(symlinks),	  cmocka_unit_test(whole_runs),
};
CT_TEST_MAIN(tests, hostile_enter, own_folder_leave)
