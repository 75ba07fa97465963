/* SPDX-License-Identifier: MIT */
/* The facts about a packet, as explain_facts() has them, in words. */
#include "harness/explain/text.h"

#include <ctype.h>
#include <errno.h>

#include "core/text.h"
#include "harness/base/escape.h"

/* --- The packet --- */

static void tell_transport(const struct telling *t, const json_t *packet)
{
	const json_t *fragment = json_object_get(packet, "fragment");
	const json_t *tcp = json_object_get(packet, "tcp"), *icmp = json_object_get(packet, "icmp");
	int protocol = has(packet, "protocol") ? (int)integer_of(packet, "protocol") : -1;
	const char *name = explain_protocol(protocol);

	if (fragment)
		tell(t, "fragment",
		     "of datagram %" PRId64 ": %" PRId64 " bytes from %" PRId64 " on, %s",
		     integer_of(fragment, "id"), integer_of(fragment, "len"),
		     integer_of(fragment, "offset"),
		     json_is_true(json_object_get(fragment, "more")) ? "more to come" : "the last");
	if (tcp)
		tell(t, "tcp",
		     "%s, seq %" PRId64 ", ack %" PRId64 ", win %" PRId64 ", %" PRId64
		     " bytes of data",
		     text_of(tcp, "flags"), integer_of(tcp, "seq"), integer_of(tcp, "ack"),
		     integer_of(tcp, "win"), integer_of(tcp, "data"));
	else if (icmp)
		tell(t, name, "type %" PRId64 ", code %" PRId64 ", id %" PRId64,
		     integer_of(icmp, "type"), integer_of(icmp, "code"), integer_of(icmp, "id"));
	else if (name)
		tell(t, "protocol", "%s (%d)", name, protocol);
	else if (protocol >= 0)
		tell(t, "protocol", "%d: identified by addresses only (the generic tracker)",
		     protocol);
}

static void tell_packet(const struct telling *t)
{
	const json_t *packet = json_object_get(t->facts, "packet");
	int64_t expired = integer_of(packet, "expired_before");

	fprintf(t->out, "%sPacket %" PRId64 " of ", tone_on(t, TONE_HEAD),
		integer_of(t->facts, "i"));
	escape_line(t->out, t->file);
	fprintf(t->out, "%s\n\n", tone_off(t, TONE_HEAD));
	if (!has(packet, "src"))
		tell(t, "from", "no complete IP header");
	else if (has(packet, "sport"))
		tell(t, "from", "%s port %" PRId64 " to %s port %" PRId64, text_of(packet, "src"),
		     integer_of(packet, "sport"), text_of(packet, "dst"),
		     integer_of(packet, "dport"));
	else
		tell(t, "from", "%s to %s", text_of(packet, "src"), text_of(packet, "dst"));
	tell_transport(t, packet);
	tell(t, "length", "%" PRId64 " bytes%s", integer_of(packet, "len"),
	     integer_of(packet, "captured") < integer_of(packet, "len")
		     ? ", of which the capture has only the beginning"
		     : "");
	tell(t, "time", "%.6f s after the first packet, %.6f s after the one before",
	     number_of(packet, "since_start_ns") / 1e9, number_of(packet, "since_last_ns") / 1e9);
	if (expired)
		tell(t, "gc", "removed %" PRId64 " expired %s since the packet before", expired,
		     expired == 1 ? "entry" : "entries");
}

/* --- Hooks --- */

static const char *status_text(char *buf, size_t size, const json_t *ct)
{
	struct ct_text words = { buf, size, 0 };
	const json_t *status;
	size_t i;

	*buf = '\0';
	json_array_foreach(json_object_get(ct, "status"), i, status)
		ct_text_add(&words, "%s%s", words.len ? " " : "", json_string_value(status));
	if (has(ct, "nat_clash"))
		ct_text_add(&words, "%snat_clash", words.len ? " " : "");
	if (!words.len)
		ct_text_add(&words, "none");
	return buf;
}

static void tell_counters(const struct telling *t, const json_t *hook)
{
	char text[256];
	struct ct_text words = { text, sizeof(text), 0 };
	const char *name;
	json_t *change;

	json_object_foreach(json_object_get(hook, "counters"), name, change)
		ct_text_add(&words, "%s%s +%lld", words.len ? ", " : "", name,
			    (long long)json_integer_value(change));
	if (words.len)
		tell(t, "counters", "%s", text);
}

static const char *seconds_text(char *buf, size_t size, const json_t *ct)
{
	const bool confirmed = list_has(json_object_get(ct, "status"), "confirmed");

	if (confirmed && has(ct, "expired"))
		snprintf(buf, size, "expired");
	else
		snprintf(buf, size, "%.3f s%s", number_of(ct, "timeout"),
			 confirmed ? " left" : " from confirm on");
	return buf;
}

/* Status and timeout; as "from -> to" where they changed.  from: NULL if there was none. */
static void tell_changes(const struct telling *t, const json_t *from, const json_t *to)
{
	char a[160], b[160];

	if (!to)
		return;
	status_text(a, sizeof(a), from);
	status_text(b, sizeof(b), to);
	if (from && strcmp(a, b))
		tell(t, "status", "%s -> %s", a, b);
	else
		tell(t, "status", "%s", b);
	seconds_text(b, sizeof(b), to);
	if (from && (number_of(from, "timeout") != number_of(to, "timeout") ||
		     list_has(json_object_get(from, "status"), "confirmed") !=
			     list_has(json_object_get(to, "status"), "confirmed")))
		tell(t, "timeout", "%s -> %s", seconds_text(a, sizeof(a), from), b);
	else
		tell(t, "timeout", "%s", b);
}

static void tell_zone(const struct telling *t, const json_t *zone)
{
	int64_t id = integer_of(zone, "id");

	if (is_text(zone, "dir", "both"))
		tell(t, "zone", "%" PRId64 "%s", id, id ? "" : ", the default");
	else
		tell(t, "zone", "%" PRId64 " in the %s direction, 0 in the other", id,
		     text_of(zone, "dir"));
}

static void tell_tuple(const struct telling *t, const json_t *hook)
{
	if (has(hook, "quoted")) {
		tell(t, "quotes", "%s", text_of(hook, "quoted"));
		if (has(hook, "has_answer"))
			tell(t, "answer", "%s: the error belongs to this direction",
			     text_of(hook, "tuple"));
	} else if (has(hook, "tuple")) {
		tell(t, "tuple", "%s (protocol %" PRId64 ")", text_of(hook, "tuple"),
		     integer_of(hook, "protocol"));
	}
}

static void tell_walks(const struct telling *t, const json_t *hook)
{
	const json_t *walk;
	size_t i;

	json_array_foreach(json_object_get(hook, "walks"), i, walk)
		tell_walk(t, walk);
}

static void tell_ctinfo(const struct telling *t, const json_t *hook)
{
	const json_t *ct = json_object_get(hook, "after");
	const bool accepted = is_text(hook, "verdict", "ACCEPT");

	if (ct && !has(hook, "is_found") && accepted && !has(hook, "quoting"))
		tell(t, "made", "connection %" PRId64 ", answers will be %s", integer_of(ct, "ct"),
		     text_of(ct, "reply"));
	if (ct)
		tell(t, "ctinfo", "%s%s%s: %s", tone_on(t, TONE_HEAD), text_of(hook, "ctinfo"),
		     tone_off(t, TONE_HEAD), text_of(hook, "ctinfo_why"));
	else if (!has(hook, "ctinfo") && accepted)
		tell(t, "ctinfo", "none: the packet continues without a connection (INVALID)");
}

static void tell_reasons(const struct telling *t, const json_t *hook)
{
	const json_t *reasons = json_object_get(hook, "reasons");
	size_t nr = json_array_size(reasons);

	/* the outcome of an invalid packet has the last reason */
	if (nr && !has(hook, "after"))
		nr--;
	for (size_t i = 0; i < nr; i++)
		tell(t, i ? "" : "tracker", "%s%s%s", tone_on(t, TONE_NOTE),
		     json_string_value(json_array_get(reasons, i)), tone_off(t, TONE_NOTE));
}

static void tell_in(const struct telling *t, const json_t *hook)
{
	const json_t *ct = json_object_get(hook, "after"), *found = json_object_get(hook, "found");

	if (has(hook, "skipped"))
		return;
	tell_tuple(t, hook);
	if (json_array_size(json_object_get(hook, "walks")))
		tell_zone(t, json_object_get(hook, "zone"));
	tell_walks(t, hook);
	tell_ctinfo(t, hook);
	tell_reasons(t, hook);
	tell_protocol(t, hook);
	if (ct)
		tell_changes(t, has(hook, "is_found") ? found : NULL, ct);
	else if (found)
		tell_changes(t, found, json_object_get(hook, "found_after"));
	if (has(ct, "master"))
		tell(t, "master", "connection %" PRId64, integer_of(ct, "master"));
}

static void tell_confirm(const struct telling *t, const json_t *hook)
{
	tell_walks(t, hook);
	if (json_array_size(json_object_get(hook, "walks")))
		tell_changes(t, json_object_get(hook, "before"), json_object_get(hook, "after"));
}

static void tell_parts(const struct telling *t, const json_t *hook)
{
	const json_t *parts = json_object_get(t->facts, "together_with"), *part;
	const json_t *completed_by = json_object_get(t->facts, "completed_by");
	size_t i;

	if (has(hook, "whole") && parts) {
		fprintf(t->out, "%*s%s%-*s%spackets", COLUMN, "", tone_on(t, TONE_DIM),
			FACTS - COLUMN, "together", tone_off(t, TONE_DIM));
		json_array_foreach(parts, i, part)
			fprintf(t->out, "%s %lld", i ? "," : "",
				(long long)json_integer_value(part));
		fputs(" and this one\n", t->out);
	}
	if (!is_text(hook, "verdict", "STOLEN") || !completed_by)
		return;
	if (json_is_integer(completed_by))
		tell(t, "later",
		     "packet %lld completes the datagram, which then continues as one packet",
		     (long long)json_integer_value(completed_by));
	else
		tell(t, "later", "no packet of this capture completes the datagram");
}

static void tell_events(const struct telling *t, const json_t *hook)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(hook, "events"), i, event)
		tell(t, i ? "" : "events", "%s, connection %" PRId64 "%s", text_of(event, "events"),
		     integer_of(event, "ct"),
		     json_is_true(json_object_get(event, "expectation")) ? "'s expectation" : "");
}

static void tell_hook(const struct telling *t, const json_t *hook)
{
	const char *verdict = text_of(hook, "verdict"), *outcome = text_of(hook, "outcome");
	const enum tone tone = !strcmp(verdict, "ACCEPT") ? TONE_GOOD
			       : !strcmp(verdict, "DROP") ? TONE_BAD
							  : TONE_NOTE;
	char priority[24];

	snprintf(priority, sizeof(priority),
		 integer_of(hook, "priority") == INT32_MAX ? "max" : "%" PRId64,
		 integer_of(hook, "priority"));
	fprintf(t->out, "%6s  %s%-30s%s%s%s%s\n", priority, tone_on(t, TONE_HEAD),
		text_of(hook, "hook"), tone_off(t, TONE_HEAD), tone_on(t, tone), verdict,
		tone_off(t, tone));
	if (*outcome)
		fprintf(t->out, "%*s%c%s.\n", COLUMN, "", toupper((unsigned char)*outcome),
			outcome + 1);
	if (is_text(hook, "kind", "in"))
		tell_in(t, hook);
	else if (is_text(hook, "kind", "confirm"))
		tell_confirm(t, hook);
	else if (is_text(hook, "kind", "defrag"))
		tell_parts(t, hook);
	tell_events(t, hook);
	tell_counters(t, hook);
}

static void tell_place(const struct telling *t, const json_t *step)
{
	static const struct {
		const char *place, *what;
	} places[] = {
		{ "PRE_ROUTING", "on arrival" },
		{ "LOCAL_IN", "to this host itself" },
		{ "FORWARD", "from one device to another" },
		{ "POST_ROUTING", "before it leaves" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (is_text(step, "place", places[i].place))
			fprintf(t->out, "\n%s%s%s, %s", tone_on(t, TONE_HEAD), places[i].place,
				tone_off(t, TONE_HEAD), places[i].what);
	if (is_text(step, "place", "PRE_ROUTING"))
		fprintf(t->out, " at device %" PRId64, integer_of(step, "in"));
	fputs(integer_of(step, "hooks") ? "\n" : ": no hooks\n", t->out);
}

static void tell_step(const struct telling *t, const json_t *step)
{
	if (has(step, "hook"))
		tell_hook(t, step);
	else if (has(step, "place"))
		tell_place(t, step);
	else if (has(step, "helper"))
		fprintf(t->out, "\nThe scenario's rule gives the connection the helper %s.\n",
			text_of(step, "helper"));
	else if (has(step, "held"))
		fputs("\nThe scenario holds the packet here.\n", t->out);
	else if (has(step, "released_behind"))
		fprintf(t->out, "It is released after packet %" PRId64 ".\n",
			integer_of(step, "released_behind"));
	else if (has(step, "not_forwarded"))
		fputs("\nThe router does not forward it: its TTL is used up, its addresses cannot "
		      "be routed, or\nits IP options are not allowed. A new connection is then "
		      "never confirmed.\n",
		      t->out);
}

static bool is_bad_checksum(const json_t *step)
{
	const json_t *reasons = json_object_get(step, "reasons");
	const char *last = json_string_value(json_array_get(reasons, json_array_size(reasons) - 1));

	return last && strstr(last, "checksum is wrong");
}

static void tell_end(const struct telling *t)
{
	const json_t *steps = json_object_get(t->facts, "steps"), *step;
	const bool accepted = has(t->facts, "accepted"), no_hooks = has(t->facts, "no_hooks");
	const enum tone tone = accepted ? TONE_GOOD : TONE_BAD;
	size_t i;

	if (no_hooks)
		fprintf(t->out,
			"\nThe variant %s registers no hooks and stores no connections, so there "
			"is nothing to explain.\n",
			text_of(t->facts, "variant"));
	else if (json_array_size(steps))
		fputc('\n', t->out);
	fprintf(t->out, "%sResult: %s%s%s%s%s\n", tone_on(t, TONE_HEAD), tone_off(t, TONE_HEAD),
		tone_on(t, tone), text_of(t->facts, "end"), tone_off(t, tone),
		accepted && is_text(t->facts, "state", "invalid") && !no_hooks
			? " (a firewall's rules decide whether INVALID packets are dropped)"
			: "");
	if (has(t->facts, "trace_differs"))
		fputs("Linux's trace does not show what happens to such a packet. replay --json "
		      "reports what the\ntrace would show, so it differs from this result.\n",
		      t->out);
	json_array_foreach(steps, i, step) {
		if (!is_bad_checksum(step))
			continue;
		fputs("If the capture was taken where the network card computes checksums, "
		      "its checksums are\nwrong; use --loose to ignore them.\n",
		      t->out);
		break;
	}
}

int explain_text(const struct explain *x, bool all, bool colour, FILE *out)
{
	json_t *facts = explain_facts(x), *step;
	const struct telling t = {
		.file = x->file, .facts = facts, .out = out, .all = all, .colour = colour
	};
	size_t i;

	if (!facts)
		return -ENOMEM;
	tell_packet(&t);
	json_array_foreach(json_object_get(facts, "steps"), i, step)
		tell_step(&t, step);
	tell_end(&t);
	json_decref(facts);
	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}
