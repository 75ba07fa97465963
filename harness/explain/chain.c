/* SPDX-License-Identifier: MIT */
/* Prints hash, bucket, the walk along a chain, and the protocol's state. */
#include "harness/explain/text.h"

#define SHOWN_NODES 4 /* of a long chain, in addition to those that matter */

/* --- Walks --- */

static bool is_confirm(const json_t *walk)
{
	return has(walk, "direction");
}

static void tell_hash(const struct telling *t, const json_t *walk)
{
	const char *hash = text_of(json_object_get(t->facts, "axes"), "hash");

	if (is_text(walk, "for", "lookup in the reply zone"))
		tell(t, "again",
		     "the zone counts in one direction only: the entry may be under the other "
		     "direction's hash");
	if (is_confirm(walk))
		tell(t, text_of(walk, "direction"), "%s", text_of(walk, "tuple"));
	if (!strcmp(hash, "constant"))
		tell(t, "hash", "%s   the same for every tuple", text_of(walk, "hash"));
	else
		tell(t, "hash", "%s   %s of the tuple and the table's secret%s",
		     text_of(walk, "hash"), hash,
		     has(walk, "zone_in_hash")	? ", with the zone"
		     : integer_of(walk, "zone") ? "; the zone is not part of it"
						: "");
}

static void tell_table(const struct telling *t, const json_t *walk)
{
	const json_t *axes = json_object_get(t->facts, "axes");
	const char *resize = text_of(axes, "resize");
	int64_t buckets = integer_of(walk, "buckets");

	if (has(walk, "table") && !strcmp(resize, "seqcount"))
		tell(t, "table",
		     "%" PRId64 " buckets at %s, read under sequence count %" PRId64
		     " (even: no resize is under way)",
		     buckets, text_of(walk, "table"), integer_of(walk, "generation"));
	else if (has(walk, "table"))
		tell(t, "table", "%" PRId64 " buckets at %s, read under a %s", buckets,
		     text_of(walk, "table"), resize);
	else
		tell(t, "table", "%" PRId64 " buckets (%s resize)", buckets, resize);
}

static void tell_bucket(const struct telling *t, const json_t *walk)
{
	const char *way = text_of(json_object_get(t->facts, "axes"), "bucket");
	int64_t buckets = integer_of(walk, "buckets");

	if (!has(walk, "bucket")) {
		tell(t, "table", "%" PRId64 " buckets; this table does not say which one is used",
		     buckets);
		return;
	}
	/* confirm has two walks in one table */
	if (!is_text(walk, "direction", "reply"))
		tell_table(t, walk);
	if (!strcmp(way, "reciprocal_scale"))
		tell(t, "bucket", "%" PRId64 " = %s * %" PRId64 " >> 32",
		     integer_of(walk, "bucket"), text_of(walk, "hash"), buckets);
	else
		tell(t, "bucket", "%" PRId64 " = %s & 0x%" PRIx64 " (%s)",
		     integer_of(walk, "bucket"), text_of(walk, "hash"), (uint64_t)buckets - 1, way);
}

static void tell_node(const struct telling *t, const json_t *walk, size_t i)
{
	const json_t *node = json_array_get(json_object_get(walk, "chain"), i);
	const bool examined = json_is_true(json_object_get(node, "looked_at"));
	const char *look = text_of(node, "look");
	const bool expired = !strcmp(look, "expired"), other = !strcmp(look, "other tuple");
	const enum tone tone = !examined		? TONE_DIM
			       : !strcmp(look, "match") ? TONE_GOOD
			       : other			? TONE_PLAIN
							: TONE_NOTE;
	char more[64] = "";

	if (expired)
		snprintf(more, sizeof(more), " %.3f s ago%s", -number_of(node, "left"),
			 !examined		? ""
			 : has(node, "removed") ? ", removed by this walk"
						: ", left for the next walk");
	else if (!strcmp(look, "other zone"))
		snprintf(more, sizeof(more), " (%" PRId64 ")", integer_of(node, "zone"));
	else if (!strcmp(look, "other namespace"))
		snprintf(more, sizeof(more), " (%" PRId64 ")", integer_of(node, "net"));
	tell(t, i ? "" : "chain", "%s%3zu  connection %-5" PRId64 " %-8s  %s%s%s%s%s%s",
	     tone_on(t, tone), i + 1, integer_of(node, "ct"), text_of(node, "node"),
	     examined ? "" : "not examined: ", look, more, expired || other ? ": " : "",
	     expired || other ? text_of(node, "tuple") : "", tone_off(t, tone));
}

static bool matters(const json_t *node)
{
	return json_is_true(json_object_get(node, "looked_at")) &&
	       !is_text(node, "look", "other tuple");
}

static void tell_chain(const struct telling *t, const json_t *walk)
{
	const json_t *chain = json_object_get(walk, "chain");
	size_t nr = json_array_size(chain), left_out = 0;

	for (size_t i = 0; i < nr; i++) {
		if (!t->all && nr > SHOWN_NODES + 2 && i >= SHOWN_NODES &&
		    !matters(json_array_get(chain, i))) {
			left_out++;
			continue;
		}
		if (left_out)
			tell(t, "", "     ... %zu others", left_out);
		left_out = 0;
		tell_node(t, walk, i);
	}
	if (left_out)
		tell(t, "", "     ... %zu others (--all shows them)", left_out);
}

/* Prints how the walk ended, and what that means. */
static void tell_chain_end(const struct telling *t, const json_t *walk)
{
	const bool nodes = json_array_size(json_object_get(walk, "chain"));
	const char *label = nodes ? "" : "chain";

	if (is_text(walk, "shown", "same hash"))
		tell(t, label,
		     nodes ? "     the library does not show nodes with other hashes"
			   : "no node has this hash; the library does not show others");
	if (!is_text(walk, "shown", "chain") || (has(walk, "match") && !is_confirm(walk)))
		return;
	if (!has(walk, "end_bucket"))
		tell(t, label, "%s", nodes ? "  -  its end" : "empty");
	else
		tell(t, label, "%s marker of bucket %" PRId64 ": %s",
		     nodes ? "  -  nulls" : "empty; nulls", integer_of(walk, "end_bucket"),
		     integer_of(walk, "end_bucket") == integer_of(walk, "bucket")
			     ? "ours, so the walk stayed in its chain"
			     : "another chain's, so the lookup would start again");
}

static void tell_found(const struct telling *t, const json_t *walk)
{
	const json_t *node =
		json_array_get(json_object_get(walk, "chain"), (size_t)integer_of(walk, "match"));

	if (has(walk, "match"))
		tell(t, "found", "connection %" PRId64 " by its %s node", integer_of(node, "ct"),
		     text_of(node, "node"));
	else
		tell(t, "found", "nothing");
}

static void tell_inserted(const struct telling *t, const json_t *walk)
{
	int64_t at = integer_of(walk, "inserted_at");

	if (!has(walk, "inserted_at"))
		tell(t, "inserted", "no");
	else if (at > 0)
		tell(t, "inserted", "as node %" PRId64 " of the chain, behind its own reply node",
		     at + 1);
	else if (has(walk, "bucket"))
		tell(t, "inserted", "at the head of bucket %" PRId64, integer_of(walk, "bucket"));
	else
		tell(t, "inserted", "at the head; %" PRId64 " nodes now",
		     integer_of(walk, "nodes_after"));
}

void tell_walk(const struct telling *t, const json_t *walk)
{
	tell_hash(t, walk);
	tell_bucket(t, walk);
	if (is_text(walk, "shown", "nothing"))
		return;
	tell_chain(t, walk);
	tell_chain_end(t, walk);
	if (is_confirm(walk))
		tell_inserted(t, walk);
	else
		tell_found(t, walk);
}

/* --- TCP --- */

static void
tell_side(const struct telling *t, const char *label, const char *who, const json_t *side)
{
	const char *flags = text_of(side, "flags");

	tell(t, label, "%-9s %10" PRId64 " %10" PRId64 " %9" PRId64 " %5" PRId64 "  %s", who,
	     integer_of(side, "td_end"), integer_of(side, "td_maxend"),
	     integer_of(side, "td_maxwin"), integer_of(side, "scale"), *flags ? flags : "-");
}

/* Does the table show the same for both? */
static bool same_side(const json_t *a, const json_t *b)
{
	static const char *const shown[] = { "td_end", "td_maxend", "td_maxwin", "scale", "flags" };

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (!json_equal(json_object_get(a, shown[i]), json_object_get(b, shown[i])))
			return false;
	return true;
}

static void tell_windows(const struct telling *t, const json_t *from, const json_t *to)
{
	static const char *const who[] = { "client", "server" };

	tell(t, "windows", "%-9s %10s %10s %9s %5s  %s", "", "td_end", "td_maxend", "td_maxwin",
	     "scale", "flags");
	for (size_t i = 0; i < ARRAY_SIZE(who); i++) {
		const json_t *was = json_object_get(from, who[i]),
			     *is = json_object_get(to, who[i]);

		if (from)
			tell_side(t, "", who[i], was);
		if (to && !(from && same_side(was, is)))
			tell_side(t, "", from ? "     ->" : who[i], is);
	}
}

static void tell_rules(const struct telling *t, const json_t *in_window)
{
	const json_t *rule;
	size_t i;

	if (!in_window)
		return;
	tell(t, "in window", "the %s sends; checked against the state before this packet",
	     text_of(in_window, "sender"));
	json_array_foreach(json_object_get(in_window, "rules"), i, rule) {
		const bool holds = json_is_true(json_object_get(rule, "holds"));
		const enum tone tone = holds ? TONE_GOOD : TONE_BAD;

		tell(t, "", "%-4s %-5s%10" PRId64 " %s %10" PRId64 "  %s%-3s%s  %s",
		     text_of(rule, "rule"), text_of(rule, "what"), integer_of(rule, "is"),
		     text_of(rule, "relation"), integer_of(rule, "bound"), tone_on(t, tone),
		     holds ? "yes" : "NO", tone_off(t, tone), text_of(rule, "why"));
	}
	if (json_is_true(json_object_get(within(t->facts, "packet", "tcp"), "sack")))
		tell(t, "", "(a SACK block counts as an acknowledgment too, and may be above ack)");
}

/* --- All protocols --- */

static void tell_state(const struct telling *t, const json_t *from, const json_t *to)
{
	const char *was = text_of(from, "proto_state"), *is = text_of(to, "proto_state");

	if (*is && from && !strcmp(was, is))
		tell(t, "state", "%s, as before", is);
	else if (*is || *was)
		tell(t, "state", "%s -> %s", *was ? was : "NONE", *is ? is : "gone");
}

void tell_protocol(const struct telling *t, const json_t *hook)
{
	const json_t *after = json_object_get(hook, "after");
	const json_t *to = after ? after : json_object_get(hook, "found_after");
	const json_t *from =
		has(hook, "is_found") || !after ? json_object_get(hook, "found") : NULL;
	double stream_in = number_of(to, "stream_in");

	if (has(hook, "quoting") || (!from && !to))
		return;
	tell_state(t, from, to);
	switch (integer_of(hook, "protocol")) {
	case IPPROTO_TCP:
		tell_windows(t, from, to);
		tell_rules(t, json_object_get(hook, "in_window"));
		break;
	case IPPROTO_UDP:
		if (to)
			tell(t, "udp", "counts as a stream %s %.3f s, if answered",
			     stream_in > 0 ? "in" : "since", fabs(stream_in));
		break;
	case IPPROTO_SCTP:
		if (to)
			tell(t, "vtags", "0x%08llx original, 0x%08llx reply",
			     json_integer_value(json_array_get(json_object_get(to, "vtag"), 0)),
			     json_integer_value(json_array_get(json_object_get(to, "vtag"), 1)));
		break;
	}
}
