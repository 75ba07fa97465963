/* SPDX-License-Identifier: MIT */
#include "harness/traffic/key_set.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/files.h"
#include "harness/numbers/random.h"
#include "harness/traffic/conntrack_text.h"
#include "harness/traffic/flows.h"
#include "harness/workload/key_set_file.h"

#define BYTES_MAX (UINT64_C(1) << 38)

static uint64_t place_of(const struct nf_conntrack_tuple *t)
{
	union ct_tuple_words w = { .tuple = *t };
	uint64_t h = 0;

	w.w[CT_TUPLE_WORDS - 1] &= ct_tuple_last_mask();
	for (unsigned int i = 0; i < CT_TUPLE_WORDS; i++) {
		h ^= w.w[i];
		h = splitmix64(&h);
	}
	return h;
}

static void put(struct key_set *k, uint64_t flow, unsigned int dir)
{
	uint64_t at = place_of(&k->flow[flow][dir].tuple) & k->mask;

	while (k->index[at])
		at = (at + 1) & k->mask;
	k->index[at] = 2 * flow + dir + 1;
}

bool key_set_find(const struct key_set *k, const struct nf_conntrack_tuple *t, uint64_t *flow,
		  bool *reply)
{
	if (!k->nr)
		return false;
	for (uint64_t at = place_of(t) & k->mask; k->index[at]; at = (at + 1) & k->mask) {
		uint64_t found = k->index[at] - 1;

		if (!nf_ct_tuple_equal(&k->flow[found / 2][found % 2].tuple, t))
			continue;
		*flow = found / 2;
		*reply = found % 2;
		return true;
	}
	return false;
}

/* Room for one more, and an index that is at most half full. */
static bool grow(struct key_set *k)
{
	uint64_t room = k->room ? 2 * k->room : 1024;
	void *flow, *index;

	if (k->nr < k->room)
		return true;
	flow = reallocarray(k->flow, room, sizeof(*k->flow));
	if (!flow)
		return false;
	k->flow = flow;
	index = calloc(4 * room, sizeof(*k->index));
	if (!index)
		return false;
	free(k->index);
	k->index = index;
	k->room = room;
	k->mask = 4 * room - 1;
	for (uint64_t i = 0; i < k->nr; i++)
		for (unsigned int dir = 0; dir < 2; dir++)
			put(k, i, dir);
	return true;
}

enum key_set_verdict key_set_add(struct key_set *k, const union ct_tuple_words *orig)
{
	union ct_tuple_words inverse = { 0 };
	struct flow_set synthetic;
	uint64_t flow;
	bool reply;

	if (!nf_ct_invert_tuple(&inverse.tuple, &orig->tuple))
		return KEY_SET_NO_ANSWER;
	inverse.tuple.dst.dir = 0;
	if (nf_ct_tuple_equal(&inverse.tuple, &orig->tuple) ||
	    key_set_find(k, &orig->tuple, &flow, &reply) ||
	    key_set_find(k, &inverse.tuple, &flow, &reply))
		return KEY_SET_DOUBLE;
	flow_set_init(&synthetic, orig->tuple.src.l3num == NFPROTO_IPV6, 1);
	if (flow_find(&synthetic, &orig->tuple, &flow, &reply))
		return KEY_SET_SYNTHETIC;
	if (!grow(k))
		return KEY_SET_NO_MEMORY;
	k->flow[k->nr][0] = *orig;
	k->flow[k->nr][0].tuple.dst.dir = 0;
	k->flow[k->nr][1] = inverse;
	put(k, k->nr, 0);
	put(k, k->nr, 1);
	k->nr++;
	k->ipv6 |= orig->tuple.src.l3num == NFPROTO_IPV6;
	k->without_ports +=
		orig->tuple.dst.protonum != IPPROTO_TCP && orig->tuple.dst.protonum != IPPROTO_UDP;
	return KEY_SET_ADDED;
}

void key_set_free(struct key_set *k)
{
	free(k->flow);
	free(k->index);
	*k = (struct key_set){ 0 };
}

/* ---- files ---- */

static int add_entry(struct key_set *k, const struct conntrack_text *text,
		     const struct conntrack_entry *entry, struct ct_error *e)
{
	static const char *const why[] = {
		[KEY_SET_NO_ANSWER] = "a connection without an answer",
		[KEY_SET_DOUBLE] = "a connection that is listed twice",
		[KEY_SET_SYNTHETIC] = "a connection of ctbench's synthetic traffic",
		[KEY_SET_NO_MEMORY] = "no memory for more",
	};
	enum key_set_verdict verdict = key_set_add(k, &entry->tuple[0]);

	if (verdict == KEY_SET_ADDED)
		return 0;
	return ct_user_error(e, "%.400s:%llu: %s; make the key set again by 'ctbench import'",
			     text->name, (unsigned long long)entry->line, why[verdict]);
}

static int read_all(struct key_set *k, struct conntrack_text *text, uint64_t nr, struct ct_error *e)
{
	struct conntrack_entry entry;
	int ret;

	while ((ret = conntrack_text_next(text, &entry, e)) > 0)
		if (add_entry(k, text, &entry, e))
			return -EINVAL;
	if (!ret && k->nr != nr)
		return ct_user_error(
			e,
			"%.400s has %llu connections, and its first line says %llu: it "
			"is cut off, or was edited; make it again by 'ctbench import'",
			text->name, (unsigned long long)k->nr, (unsigned long long)nr);
	return ret;
}

static int load(struct key_set *k, const char *path, struct ct_error *e)
{
	struct conntrack_text text = { .name = path };
	uint64_t nr;
	const char *why = key_set_count(path, &nr);
	int err;

	if (why)
		return ct_user_error(e, "%.400s: %s", path, why);
	text.in = file_read(path, BYTES_MAX);
	if (!text.in)
		return ct_user_error(e, "'%.400s' cannot be read: %s", path, file_error(errno));
	err = read_all(k, &text, nr, e);
	fclose(text.in);
	return err;
}

const struct key_set *key_set_load(const char *path, struct ct_error *e)
{
	static struct key_set loaded;
	static char from[512];

	if (loaded.nr && !strcmp(from, path))
		return &loaded;
	key_set_free(&loaded);
	if (load(&loaded, path, e)) {
		key_set_free(&loaded);
		return NULL;
	}
	snprintf(from, sizeof(from), "%s", path);
	return &loaded;
}
