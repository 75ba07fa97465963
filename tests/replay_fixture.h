/* SPDX-License-Identifier: MIT */
/* For tests of ctbench replay from outside: running it, and reading what it says of packets. */
#ifndef CTBENCH_TESTS_REPLAY_FIXTURE_H
#define CTBENCH_TESTS_REPLAY_FIXTURE_H

#include "tests/capture_files.h"
#include "tests/command_fixture.h"
#include "tests/packets.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline bool sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#else
	return false;
#endif
}

/*
 * ctbench replay with these arguments; returns its exit status, the rest is in
 * said.  Sanitizers look at a table of fewer buckets, for what they take time
 * over is the sweep through all of them at each second of a capture; a summary
 * does not depend on that.
 */
#define REPLAY(...) \
	run_sized("replay", (const char *const[]){ __VA_ARGS__, NULL }, sanitized() ? "1024" : NULL)

/* The last one had nothing to complain of. */
static inline void assert_fine(const char *what)
{
	if (said.status || *said.err)
		fail_msg("replay %s: exit status %d: %s", what, said.status, said.err);
}

/* The number before what, where that stands first: 76 for " made," in "76 made, ...". */
static inline unsigned long number_before(const char *what)
{
	for (const char *at = said.out; (at = strstr(at, what)); at++) {
		const char *digits = at;

		if (at == said.out || at[-1] == '\n')
			continue;
		while (digits > said.out && digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		return strtoul(digits, NULL, 10);
	}
	fail_msg("no \"%s\" in the output", what);
	return 0;
}

/* The line at *at, with its end, up to size - 1 bytes of it; *at goes on.  NULL: there is none. */
static inline char *next_line(const char **at, char *line, size_t size)
{
	size_t len = strcspn(*at, "\n");

	if (!**at)
		return NULL;
	len += (*at)[len] == '\n';
	snprintf(line, size, "%.*s", (int)len, *at);
	*at += len;
	return line;
}

/* The same line as JSON; NULL: there is none, or it is no JSON. */
static inline json_t *json_line(const char **at)
{
	const char *line = *at;
	size_t len = strcspn(line, "\n");

	*at += len + (line[len] == '\n');
	return len ? json_loadb(line, len, 0, NULL) : NULL;
}

static inline const char *json_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "-";
}

/* One of the captures that come with ctbench. */
static inline const char *own(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/workloads/captures/%s", CTBENCH_SOURCE_DIR, name);
	return path;
}

/* A capture of the same UDP question again and again at these times, raw IP. */
static inline void write_questions(const char *path, const uint32_t *seconds, unsigned int nr)
{
	struct blob b = { 0 };
	struct packet p;

	pcap_begin(&b, 101, false, false);
	for (unsigned int i = 0; i < nr; i++) {
		packet_udp(&p, false, CLIENT, 4);
		pcap_packet(&b, false, seconds[i], 0, p.b, p.len, p.len);
	}
	write_bytes(path, b.data, b.size);
	blob_free(&b);
}

/* For --scenario. */
static inline const char *write_scenario(const char *text)
{
	write_text("scenario.json", text);
	return "scenario.json";
}

#endif
