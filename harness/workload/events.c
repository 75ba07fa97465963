/* SPDX-License-Identifier: MIT */
/*
 * What happens during a window (events) and whether a timeline of it is kept:
 * the parsers and printers of both keys.  See struct workload_key for what
 * they take and return.
 */
#include "harness/workload/values.h"

#include <math.h>
#include <string.h>

static const char wrong[] = "";

/* In the order of enum cell_event_kind. */
static const struct {
	const char *name;
	enum { TAKES_NOTHING, TAKES_BUCKETS, TAKES_FLOWS, TAKES_RATE, TAKES_TIME } takes;
} kinds[] = {
	[EVENT_RESIZE] = { "resize", TAKES_BUCKETS }, [EVENT_FLUSH] = { "flush", TAKES_NOTHING },
	[EVENT_DUMP] = { "dump", TAKES_NOTHING },     [EVENT_GC] = { "gc", TAKES_NOTHING },
	[EVENT_LIMIT] = { "limit", TAKES_FLOWS },     [EVENT_FLOOD] = { "flood", TAKES_RATE },
	[EVENT_STALL] = { "stall", TAKES_TIME },
};

const char *cell_event_name(const struct cell_event *event)
{
	return event->kind < ARRAY_SIZE(kinds) ? kinds[event->kind].name : "?";
}

/* 100k:50ms */
static bool parse_rate(struct cell_event *event, char *text)
{
	char *seconds = strchr(text, ':');

	if (!seconds)
		return false;
	*seconds++ = '\0';
	return parse_count(text, 1, 1000000000, &event->count) &&
	       parse_seconds(seconds, &event->seconds) && event->seconds > 0;
}

static bool parse_value(struct cell_event *event, const struct cell *cell, char *value)
{
	switch (kinds[event->kind].takes) {
	case TAKES_NOTHING:
		return !value;
	case TAKES_BUCKETS:
		return value && parse_resize_target(value, cell->buckets, &event->count);
	case TAKES_FLOWS:
		return value && parse_resize_target(value, cell->flows, &event->count) &&
		       event->count <= UINT32_MAX;
	case TAKES_RATE:
		return value && parse_rate(event, value);
	case TAKES_TIME:
		return value && parse_seconds(value, &event->seconds) && event->seconds > 0;
	}
	return false;
}

/* EVENT@TIME or EVENT=VALUE@TIME */
static bool parse_event(struct cell_event *event, const struct cell *cell, char *text)
{
	char *at = strchr(text, '@'), *value = strchr(text, '=');
	uint32_t kind = 0;

	if (!at)
		return false;
	*at++ = '\0';
	if (value)
		*value++ = '\0';
	while (kind < ARRAY_SIZE(kinds) && strcmp(kinds[kind].name, text))
		kind++;
	if (kind == ARRAY_SIZE(kinds))
		return false;
	event->kind = kind;
	return parse_value(event, cell, value) && parse_moment(at, cell->seconds, &event->at);
}

const char *parse_events(struct cell *cell, const char *text)
{
	const char *phrase;
	char copy[64];
	size_t len;

	cell->nr_events = 0;
	memset(cell->events, 0, sizeof(cell->events));
	if (!strcmp(text, "none"))
		return NULL;
	while ((len = next_phrase(&text, &phrase))) {
		struct cell_event *event = &cell->events[cell->nr_events];

		if (cell->nr_events == CT_MAX_EVENTS)
			return "there are more than 16 events";
		if (len >= sizeof(copy))
			return wrong;
		memcpy(copy, phrase, len);
		copy[len] = '\0';
		if (!parse_event(event, cell, copy))
			return wrong;
		if (cell->nr_events && event->at < event[-1].at)
			return "its events are not in the order of time";
		cell->nr_events++;
	}
	return cell->nr_events ? NULL : wrong;
}

int cell_event_text(const struct cell_event *event, char *buf, size_t size)
{
	char count[32], seconds[32];

	print_count(count, sizeof(count), event->count);
	print_seconds(seconds, sizeof(seconds), event->seconds);
	switch (kinds[event->kind].takes) {
	case TAKES_BUCKETS:
	case TAKES_FLOWS:
		return snprintf(buf, size, "%s=%s", cell_event_name(event), count);
	case TAKES_RATE:
		return snprintf(buf, size, "%s=%s:%s", cell_event_name(event), count, seconds);
	case TAKES_TIME:
		return snprintf(buf, size, "%s=%s", cell_event_name(event), seconds);
	case TAKES_NOTHING:
		break;
	}
	return snprintf(buf, size, "%s", cell_event_name(event));
}

int text_events(const struct cell *cell, char *buf, size_t size)
{
	size_t at = 0;

	if (!cell->nr_events)
		return snprintf(buf, size, "none");
	for (uint32_t i = 0; i < cell->nr_events; i++) {
		char event[96], moment[32];

		cell_event_text(&cell->events[i], event, sizeof(event));
		print_seconds(moment, sizeof(moment), cell->events[i].at);
		at += (size_t)snprintf(buf + (at < size ? at : size), at < size ? size - at : 0,
				       "%s%s@%s", i ? " " : "", event, moment);
	}
	return (int)at;
}

const char *parse_timeline(struct cell *cell, const char *text)
{
	cell->timeline = 0;
	if (!strcmp(text, "none"))
		return NULL;
	return parse_seconds(text, &cell->timeline) && cell->timeline >= 1e-4 && cell->timeline <= 1
		       ? NULL
		       : wrong;
}

int text_timeline(const struct cell *cell, char *buf, size_t size)
{
	if (cell->timeline <= 0)
		return snprintf(buf, size, "none");
	return print_seconds(buf, size, cell->timeline);
}
