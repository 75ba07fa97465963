/* SPDX-License-Identifier: MIT */
/* Reading scenario files. */
#include "harness/replay/scenario.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/compiler.h"
#include "harness/base/nearest.h"

/* The place of a value, for errors: the file, and the keys down to it. */
struct place {
	struct scenario *s;
	struct ct_error *e;
	const char *key;
};

/*
 * Below, the analyzer takes the test of out64 in read_numbers() for a doubt about at->s.
 * NOLINTBEGIN(clang-analyzer-core.NullDereference)
 */
static int no_memory(const struct place *at)
{
	return ct_fail(at->e, -ENOMEM, CT_EXIT_USER, "there is no memory to read %s", at->s->path);
}

static int wrong(const struct place *at, const char *what)
{
	return ct_user_error(at->e, "%s: \"%s\" must be %s", at->s->path, at->key, what);
}

/* v as a number from 0 to max; otherwise an error that says what it must be. */
static int
number(const struct place *at, const json_t *v, uint64_t max, const char *what, uint64_t *out)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || (uint64_t)n > max)
		return wrong(at, what);
	*out = (uint64_t)n;
	return 0;
}

/* A key of an object that must be a number, such as a device or a packet. */
static int number_key(const struct place *at, const char *key, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(key, &end, 10);
	if (*key < '0' || *key > '9' || *end || errno || n > max)
		return ct_user_error(
			at->e,
			"%s: \"%s\" has the key \"%.40s\", which must be a number up to %llu",
			at->s->path, at->key, key, (unsigned long long)max);
	*out = n;
	return 0;
}

/* Room for n more elements of that size; *nr is not changed. */
static int grow(const struct place *at, void *array, size_t nr, size_t n, size_t size)
{
	void **p = array, *bigger;

	if (!n)
		return 0;
	bigger = realloc(*p, (nr + n) * size);
	if (!bigger)
		return no_memory(at);
	*p = bigger;
	return 0;
}

static int read_settings(struct place *at, json_t *v)
{
	struct scenario *s = at->s;
	const char *name;
	json_t *value;
	int err;

	if (!json_is_object(v))
		return wrong(at, "an object of settings, such as {\"nf_conntrack_tcp_loose\": 0}");
	err = grow(at, &s->settings, s->nr_settings, json_object_size(v), sizeof(*s->settings));
	if (err)
		return err;
	json_object_foreach(v, name, value) {
		struct scenario_setting *set = &s->settings[s->nr_settings];

		err = number(at, value, INT64_MAX, "an object whose values are numbers",
			     &set->value);
		if (err)
			return err;
		set->name = strdup(name);
		if (!set->name)
			return no_memory(at);
		s->nr_settings++;
	}
	return 0;
}

/* A list of numbers from 0 to max; *out is of uint16_t or uint64_t. */
static int read_numbers(struct place *at, json_t *v, uint64_t max, uint64_t **out64,
			uint16_t **out16, size_t *nr, const char *what)
{
	size_t i, n = json_array_size(v);
	json_t *value;
	int err;

	if (!json_is_array(v))
		return wrong(at, what);
	err = out64 ? grow(at, out64, 0, n, sizeof(**out64))
		    : grow(at, out16, 0, n, sizeof(**out16));
	if (err)
		return err;
	json_array_foreach(v, i, value) {
		uint64_t x = 0;

		err = number(at, value, max, what, &x);
		if (err)
			return err;
		if (out64)
			(*out64)[i] = x;
		else
			(*out16)[i] = (uint16_t)x;
		*nr = i + 1;
	}
	return 0;
}
/* NOLINTEND(clang-analyzer-core.NullDereference) */

static int read_in(struct place *at, json_t *v)
{
	return read_numbers(at, v, SCENARIO_DEVICES - 1, NULL, &at->s->in, &at->s->nr_in,
			    "a list with a device number (0 to 4095) for each packet");
}

static int read_notrack(struct place *at, json_t *v)
{
	return read_numbers(at, v, SCENARIO_DEVICES - 1, NULL, &at->s->notrack, &at->s->nr_notrack,
			    "a list of device numbers (0 to 4095)");
}

static int read_hold(struct place *at, json_t *v)
{
	return read_numbers(at, v, UINT32_MAX, &at->s->hold, NULL, &at->s->nr_hold,
			    "a list of packet numbers");
}

static int read_zone(struct place *at, uint64_t dev, json_t *v)
{
	struct scenario *s = at->s;
	struct scenario_zone *z = &s->zones[s->nr_zones];
	const char *key, *dir = NULL;
	uint64_t id = UINT64_MAX;
	json_t *value;
	int err;

	if (!json_is_object(v))
		return wrong(at, "an object such as {\"1\": {\"id\": 5, \"dir\": \"original\"}}");
	json_object_foreach(v, key, value) {
		if (!strcmp(key, "id")) {
			err = number(at, value, UINT16_MAX,
				     "an object whose \"id\" is a zone from 0 to 65535", &id);
			if (err)
				return err;
		} else if (!strcmp(key, "dir") && json_is_string(value)) {
			dir = json_string_value(value);
		} else {
			return wrong(at, "an object that has for each device an \"id\" and, if it "
					 "holds in one direction only, a \"dir\"");
		}
	}
	if (id == UINT64_MAX)
		return wrong(at, "an object that has for each device an \"id\"");
	if (dir && strcmp(dir, "original") && strcmp(dir, "reply"))
		return wrong(at, "an object in which \"dir\" is \"original\" or \"reply\"");
	z->dev = (uint16_t)dev;
	z->zone.id = (uint16_t)id;
	z->zone.dir = !dir	    ? NF_CT_DEFAULT_ZONE_DIR
		      : *dir == 'o' ? NF_CT_ZONE_DIR_ORIG
				    : NF_CT_ZONE_DIR_REPL;
	s->nr_zones++;
	return 0;
}

static int read_zones(struct place *at, json_t *v)
{
	const char *key;
	uint64_t dev;
	json_t *value;
	int err;

	if (!json_is_object(v))
		return wrong(at, "an object from devices to zones, such as {\"1\": {\"id\": 5}}");
	json_object_foreach(v, key, value) {
		if (at->s->nr_zones == SCENARIO_ZONES)
			return wrong(at, "an object of at most 64 devices");
		err = number_key(at, key, SCENARIO_DEVICES - 1, &dev);
		if (!err)
			err = read_zone(at, dev, value);
		if (err)
			return err;
	}
	return 0;
}

static int read_after_one(struct place *at, uint64_t packet, json_t *list)
{
	static const char what[] =
		"an object from packets to lists of actions, such as {\"3\": [1, \"flush\"]}";
	struct scenario *s = at->s;
	json_t *value;
	size_t i;
	int err;

	if (!json_is_array(list))
		return wrong(at, what);
	err = grow(at, &s->after, s->nr_after, json_array_size(list), sizeof(*s->after));
	if (err)
		return err;
	json_array_foreach(list, i, value) {
		struct scenario_after *a = &s->after[s->nr_after];

		memset(a, 0, sizeof(*a));
		a->packet = packet;
		a->flush = json_is_string(value) && !strcmp(json_string_value(value), "flush");
		if (!a->flush) {
			err = number(at, value, UINT32_MAX, what, &a->release);
			if (err)
				return err;
		}
		s->nr_after++;
	}
	return 0;
}

static int read_after(struct place *at, json_t *v)
{
	uint64_t packet;
	const char *key;
	json_t *value;
	int err;

	if (!json_is_object(v))
		return wrong(at, "an object from packet numbers to lists");
	json_object_foreach(v, key, value) {
		err = number_key(at, key, UINT32_MAX, &packet);
		if (!err)
			err = read_after_one(at, packet, value);
		if (err)
			return err;
	}
	return 0;
}

static int read_realtime(struct place *at, json_t *v)
{
	if (!json_is_boolean(v))
		return wrong(at, "true or false");
	at->s->realtime = json_is_true(v);
	return 0;
}

static const char helpers_are[] =
	"an object from helpers to lists of ports, such as {\"ftp\": [21]}";

static int
read_helper_ports(struct place *at, const struct nf_conntrack_helper *helper, json_t *ports)
{
	struct scenario *s = at->s;
	json_t *value;
	uint64_t port = 0;
	size_t i;
	int err;

	if (!json_is_array(ports))
		return wrong(at, helpers_are);
	err = grow(at, &s->helpers, s->nr_helpers, json_array_size(ports), sizeof(*s->helpers));
	if (err)
		return err;
	json_array_foreach(ports, i, value) {
		err = number(at, value, UINT16_MAX, helpers_are, &port);
		if (err)
			return err;
		s->helpers[s->nr_helpers++] = (struct scenario_helper){ helper, (uint16_t)port };
	}
	return 0;
}

static int read_helpers(struct place *at, json_t *v)
{
	const struct nf_conntrack_helper *helper;
	const char *name;
	json_t *ports;
	int err;

	if (!json_is_object(v))
		return wrong(at, helpers_are);
	json_object_foreach(v, name, ports) {
		helper = nf_conntrack_helper_find(name);
		if (!helper)
			return ct_user_error(
				at->e,
				"%s: \"helpers\" has the unknown helper \"%.40s\"; known is ftp",
				at->s->path, name);
		err = read_helper_ports(at, helper, ports);
		if (err)
			return err;
	}
	return 0;
}

/* Keys for people or for a kernel are not used here, but their types are checked. */
static int read_text(struct place *at, json_t *v)
{
	return json_is_string(v) ? 0 : wrong(at, "a text");
}

static int read_texts(struct place *at, json_t *v)
{
	json_t *value;
	size_t i;

	if (!json_is_array(v))
		return wrong(at, "a list of texts");
	json_array_foreach(v, i, value)
		if (!json_is_string(value))
			return wrong(at, "a list of texts");
	return 0;
}

static int read_ref(struct place *at, json_t *v)
{
	return json_is_string(v) ? 0 : read_texts(at, v);
}

static const struct {
	const char *key;
	int (*read)(struct place *at, json_t *v);
} keys
	[] = {
		{ "title", read_text },
		{ "ref", read_ref }, /* for people */
		{ "sysctl", read_settings },
		{ "global", read_settings },
		{ "in", read_in },
		{ "zones", read_zones },
		{ "notrack", read_notrack },
		{ "helpers", read_helpers },
		{ "hold", read_hold },
		{ "after", read_after },
		{ "realtime", read_realtime },
		{ "nft", read_text },
		{ "nft_raw", read_texts }, /* nftables rules that make the kernel do the same */
		{ "nft_seen", read_texts },
	};

static int unknown_key(const struct place *at)
{
	const char *names[ARRAY_SIZE(keys)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		names[i] = keys[i].key;
	near = nearest_name(at->key, names, ARRAY_SIZE(names));
	if (near)
		return ct_user_error(at->e, "%s: unknown key \"%.60s\"; did you mean \"%s\"?",
				     at->s->path, at->key, near);
	return ct_user_error(at->e,
			     "%s: unknown key \"%.60s\"; the keys are title, ref, sysctl, "
			     "global, in, zones, notrack, helpers, hold, after, realtime",
			     at->s->path, at->key);
}

static int read_key(struct place *at, json_t *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].key, at->key))
			return keys[i].read(at, v);
	return unknown_key(at);
}

int scenario_load(struct scenario *s, const char *path, struct ct_error *e)
{
	struct place at = { .s = s, .e = e };
	json_error_t why;
	struct stat st;
	json_t *root, *v;
	int err = 0;

	memset(s, 0, sizeof(*s));
	s->path = strdup(path);
	if (!s->path)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "there is no memory to read %s", path);
	root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (!root) {
		if (!stat(path, &st) && S_ISDIR(st.st_mode))
			err = ct_user_error(e, "%s is a folder, not a scenario", path);
		else if (why.line < 0)
			err = ct_user_error(e, "the scenario cannot be read: %s", why.text);
		else
			err = ct_user_error(e, "%s, line %d: not JSON: %s", path, why.line,
					    why.text);
		goto out;
	}
	if (!json_is_object(root)) {
		err = ct_user_error(e, "%s: a scenario is a JSON object, { ... }", path);
		goto out;
	}
	json_object_foreach(root, at.key, v) {
		err = read_key(&at, v);
		if (err)
			goto out;
	}
out:
	json_decref(root);
	if (err)
		scenario_free(s);
	return err;
}

static int no_packet(const struct scenario *s, const char *key, uint64_t packet, uint64_t nr,
		     struct ct_error *e)
{
	return ct_user_error(e, "%s: \"%s\" names packet %llu, but the capture's are 0 to %llu",
			     s->path, key, (unsigned long long)packet, (unsigned long long)nr - 1);
}

int scenario_check(const struct scenario *s, uint64_t nr, struct ct_error *e)
{
	for (size_t i = 0; i < s->nr_hold; i++)
		if (s->hold[i] >= nr)
			return no_packet(s, "hold", s->hold[i], nr, e);
	for (size_t i = 0; i < s->nr_after; i++) {
		const struct scenario_after *a = &s->after[i];

		if (a->packet >= nr)
			return no_packet(s, "after", a->packet, nr, e);
		if (a->flush)
			continue;
		if (!scenario_holds(s, a->release))
			return ct_user_error(
				e,
				"%s: \"after\" releases packet %llu, which \"hold\" does not name",
				s->path, (unsigned long long)a->release);
		if (a->release > a->packet)
			return ct_user_error(e,
					     "%s: \"after\" releases packet %llu before it arrives",
					     s->path, (unsigned long long)a->release);
		for (size_t k = 0; k < i; k++)
			if (!s->after[k].flush && s->after[k].release == a->release)
				return ct_user_error(e, "%s: \"after\" releases packet %llu twice",
						     s->path, (unsigned long long)a->release);
	}
	return 0;
}

void scenario_free(struct scenario *s)
{
	for (size_t i = 0; i < s->nr_settings; i++)
		free(s->settings[i].name);
	free(s->settings);
	free(s->in);
	free(s->notrack);
	free(s->helpers);
	free(s->hold);
	free(s->after);
	free(s->path);
	memset(s, 0, sizeof(*s));
}

bool scenario_holds(const struct scenario *s, uint64_t packet)
{
	for (size_t i = 0; i < s->nr_hold; i++)
		if (s->hold[i] == packet)
			return true;
	return false;
}

bool scenario_notrack(const struct scenario *s, uint16_t dev)
{
	for (size_t i = 0; i < s->nr_notrack; i++)
		if (s->notrack[i] == dev)
			return true;
	return false;
}

const struct nf_conntrack_helper *
scenario_helper(const struct scenario *s, uint8_t protonum, uint16_t port)
{
	for (size_t i = 0; i < s->nr_helpers; i++)
		if (s->helpers[i].port == port && s->helpers[i].helper->protonum == protonum)
			return s->helpers[i].helper;
	return NULL;
}
