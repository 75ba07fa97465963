/* SPDX-License-Identifier: MIT */
/*
 * What happens during a window: the parameters `events` and `resize`.
 *
 * Both fill one list of a cell, in the order of time.  `resize: x2@25%` is short for `events:
 * resize=x2@25%`; an event remembers which of the two it came from, so that each is printed
 * where it was given.
 */
#include <math.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/workload/internal.h"

static const struct event_kind {
	const char *name, *value, *meaning;
	bool disturbs;	/* lookups may miss, inserts may fail, and the population may change */
	bool synthetic; /* makes new connections, so it cannot be combined with a capture */
} kinds[NR_EVENT_KINDS] = {
#define EVENT(id, name_, value_, meaning_, ...) \
	[EVENT_##id] = { .name = name_, .value = value_, .meaning = meaning_, ##__VA_ARGS__ },
#include "harness/workload/events.def"
#undef EVENT
};

const char *cell_event_name(const struct cell_event *event)
{
	return event->kind < NR_EVENT_KINDS ? kinds[event->kind].name : "?";
}

bool cell_disturbed(const struct cell *c)
{
	for (uint32_t i = 0; i < c->nr_events; i++)
		if (kinds[c->events[i].kind].disturbs)
			return true;
	return false;
}

uint32_t cell_nr_events(const struct cell *c, enum cell_event_kind kind)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < c->nr_events; i++)
		nr += c->events[i].kind == kind;
	return nr;
}

bool event_is_synthetic(const struct cell_event *event)
{
	return kinds[event->kind].synthetic;
}

/* ---- parsing ---- */

/* BUCKETS or CONNECTIONS as a number, or as a multiple of the number at the start: x1.1 */
static bool parse_target(const char *text, uint64_t at_start, uint64_t most, uint64_t *out)
{
	double factor, target;

	if (*text != 'x')
		return parse_count(text, 1, most, out);
	if (!parse_number(text + 1, 1e-6, 1e6, &factor))
		return false;
	target = round(factor * (double)at_start);
	if (target < 1 || target > (double)most)
		return false;
	*out = (uint64_t)target;
	return true;
}

/* A share of the window (25%) or a time (50ms). */
static bool parse_moment(const char *text, double window, double *out)
{
	double share;

	if (!strchr(text, '%'))
		return parse_seconds(text, out);
	if (!parse_share(text, &share))
		return false;
	*out = share * window;
	return true;
}

/* One part of a value, by its name in the kind's row. */
static bool
parse_part(struct cell_event *event, const struct cell *cell, const char *part, const char *text)
{
	switch (*part) {
	case 'B': /* BUCKETS */
		return parse_target(text, cell->buckets, BUCKETS_MAX, &event->count);
	case 'C': /* CONNECTIONS */
		return parse_target(text, cell->flows, UINT32_MAX, &event->count);
	case 'Z': /* ZONES */
		return parse_count(text, 1, UINT16_MAX, &event->count);
	case 'R': /* RATE */
		return parse_count(text, 1, 1000000000, &event->count);
	case 'D': /* DURATION */
		return parse_seconds(text, &event->seconds) && event->seconds > 0;
	}
	return false;
}

static bool parse_value(struct cell_event *event, const struct cell *cell, char *text)
{
	const char *part = kinds[event->kind].value;

	if (!*part || !text)
		return !*part && !text;
	for (;;) {
		char *colon = strchr(text, ':');
		const char *next = strchr(part, ':');

		if (!colon != !next)
			return false;
		if (colon)
			*colon = '\0';
		if (!parse_part(event, cell, part, text))
			return false;
		if (!next)
			return true;
		part = next + 1;
		text = colon + 1;
	}
}

/* EVENT@TIME, EVENT=VALUE@TIME, or in the short form BUCKETS@TIME */
static bool
parse_event(struct cell_event *event, const struct cell *cell, char *text, bool short_form)
{
	char *at = strchr(text, '@'), *value = short_form ? text : strchr(text, '=');
	uint32_t kind = 0;

	if (!at)
		return false;
	*at++ = '\0';
	if (value && !short_form)
		*value++ = '\0';
	while (!short_form && kind < NR_EVENT_KINDS && strcmp(kinds[kind].name, text))
		kind++;
	if (kind == NR_EVENT_KINDS)
		return false;
	*event = (struct cell_event){ .kind = short_form ? EVENT_RESIZE : kind,
				      .short_form = short_form };
	return parse_value(event, cell, value) && parse_moment(at, cell->seconds, &event->at);
}

/* Behind those of the same time. */
static void insert(struct cell *cell, const struct cell_event *event)
{
	uint32_t i = cell->nr_events++;

	for (; i && cell->events[i - 1].at > event->at; i--)
		cell->events[i] = cell->events[i - 1];
	cell->events[i] = *event;
}

/* All events from one of the two parameters. */
static void drop_events(struct cell *cell, bool short_form)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < cell->nr_events; i++)
		if (cell->events[i].short_form != short_form)
			cell->events[kept++] = cell->events[i];
	/* Cells are compared as bytes. */
	memset(&cell->events[kept], 0, sizeof(cell->events[0]) * (CT_MAX_EVENTS - kept));
	cell->nr_events = kept;
}

_Static_assert(CT_MAX_EVENTS == 32, "the message of parse_list() says so");

static const char *parse_list(struct cell *cell, const char *text, bool short_form)
{
	const char *phrase;
	double last = 0;
	bool any = false;
	size_t len;

	drop_events(cell, short_form);
	if (!strcmp(text, "none"))
		return NULL;
	while ((len = next_phrase(&text, &phrase))) {
		struct cell_event event;
		char copy[64];

		if (cell->nr_events == CT_MAX_EVENTS)
			return "it has more than 32 events";
		if (len >= sizeof(copy))
			return "";
		memcpy(copy, phrase, len);
		copy[len] = '\0';
		if (!parse_event(&event, cell, copy, short_form))
			return "";
		if (event.at < last)
			return "its events are not in the order of time";
		last = event.at;
		insert(cell, &event);
		any = true;
	}
	return any ? NULL : "";
}

static const char *parse_events(const struct parameter *p, struct cell *cell, const char *text)
{
	(void)p;
	return parse_list(cell, text, false);
}

static const char *parse_resize(const struct parameter *p, struct cell *cell, const char *text)
{
	(void)p;
	return parse_list(cell, text, true);
}

/* ---- printing ---- */

static void print_value(const struct cell_event *event, char *buf, size_t size, size_t *at)
{
	char text[32];

	for (const char *part = kinds[event->kind].value; *part; part += strcspn(part, ":")) {
		if (*part == ':') {
			text_add(buf, size, at, ":");
			part++;
		}
		if (*part == 'D')
			print_seconds(text, sizeof(text), event->seconds);
		else
			print_count(text, sizeof(text), event->count);
		text_add(buf, size, at, "%s", text);
	}
}

int cell_event_text(const struct cell_event *event, char *buf, size_t size)
{
	size_t at = 0;

	text_add(buf, size, &at, "%s%s", cell_event_name(event),
		 *kinds[event->kind].value ? "=" : "");
	print_value(event, buf, size, &at);
	return (int)at;
}

static int print_list(const struct cell *cell, char *buf, size_t size, bool short_form)
{
	size_t at = 0;

	for (uint32_t i = 0; i < cell->nr_events; i++) {
		const struct cell_event *event = &cell->events[i];
		char text[96] = "", moment[32];
		size_t len = 0;

		if (event->short_form != short_form)
			continue;
		if (short_form)
			print_value(event, text, sizeof(text), &len);
		else
			cell_event_text(event, text, sizeof(text));
		print_seconds(moment, sizeof(moment), event->at);
		text_add(buf, size, &at, "%s%s@%s", at ? " " : "", text, moment);
	}
	return at ? (int)at : snprintf(buf, size, "none");
}

static int print_events(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	(void)p;
	return print_list(cell, buf, size, false);
}

static int print_resize(const struct parameter *p, const struct cell *cell, char *buf, size_t size)
{
	(void)p;
	return print_list(cell, buf, size, true);
}

static void allow_events(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	(void)p;
	text_add(buf, size, at, "none, or EVENT@TIME for each event: ");
	for (size_t i = 0; i < NR_EVENT_KINDS; i++)
		text_add(buf, size, at, "%s%s%s%s (%s)",
			 !i			  ? ""
			 : i + 1 < NR_EVENT_KINDS ? ", "
						  : " or ",
			 kinds[i].name, *kinds[i].value ? "=" : "", kinds[i].value,
			 kinds[i].meaning);
	text_add(buf, size, at,
		 "; as in limit=x1.1@10%% flood=100k:50ms@25%% (x1.1 is 1.1 times the connections "
		 "or buckets at the start)");
}

static void allow_resize(const struct parameter *p, char *buf, size_t size, size_t *at)
{
	(void)p;
	text_add(
		buf, size, at,
		"none, or BUCKETS@TIME for each resize, as in x2@25%% x1@75%% or 128Ki@50ms (x2 is "
		"twice the buckets at the start)");
}

#define EVENT_LIST "none|([^ ]+@[0-9.]+(%|ns|us|ms|s|min|h) *)+"

const struct parameter_type type_events = {
	.parse = parse_events,
	.print = print_events,
	.allow = allow_events,
	.pattern = EVENT_LIST,
};
const struct parameter_type type_resize = {
	.parse = parse_resize,
	.print = print_resize,
	.allow = allow_resize,
	.pattern = EVENT_LIST,
};
