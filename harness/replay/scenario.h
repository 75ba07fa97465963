/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of the conformance tests, as JSON files: what a capture cannot contain about the
 * arrival of its packets: settings, devices, zones, packets that are held.
 */
#ifndef CTBENCH_HARNESS_REPLAY_SCENARIO_H
#define CTBENCH_HARNESS_REPLAY_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nf_conntrack_helper.h"
#include "core/nf_conntrack_zones.h"
#include "harness/base/error.h"

#define SCENARIO_ZONES	 64
#define SCENARIO_DEVICES 4096

struct scenario {
	char *path;

	struct scenario_setting { /* "sysctl" and "global" */
		char *name;
		uint64_t value;
	} * settings;
	size_t nr_settings;

	uint16_t *in; /* by packet: the device by which it arrives; others: 0 */
	size_t nr_in;

	struct scenario_zone {
		uint16_t dev;
		struct nf_conntrack_zone zone;
	} zones[SCENARIO_ZONES];
	size_t nr_zones;

	uint16_t *notrack; /* devices */
	size_t nr_notrack;

	uint64_t *hold; /* packets kept between PRE_ROUTING and confirm */
	size_t nr_hold;

	struct scenario_after { /* in the file's order */
		uint64_t packet;
		bool flush; /* else: release this packet */
		uint64_t release;
	} * after;
	size_t nr_after;

	bool realtime; /* gaps of half a second and more are real */

	struct scenario_helper { /* by destination port of a connection's first packet */
		const struct nf_conntrack_helper *helper;
		uint16_t port;
	} * helpers;
	size_t nr_helpers;
};

/*
 * Reads the file.  0 or a negative errno; *e then names the file, the line or
 * the key, and the allowed values.
 */
int scenario_load(struct scenario *s, const char *path, struct ct_error *e);
/* Are all packet numbers below nr?  0 or -EINVAL with *e set. */
int scenario_check(const struct scenario *s, uint64_t nr, struct ct_error *e);
/* Takes an empty (zeroed) scenario too. */
void scenario_free(struct scenario *s);

bool scenario_holds(const struct scenario *s, uint64_t packet);
bool scenario_notrack(const struct scenario *s, uint16_t dev);
/* The helper of connections of that protocol to that port; NULL: none. */
const struct nf_conntrack_helper *
scenario_helper(const struct scenario *s, uint8_t protonum, uint16_t port);
static inline uint16_t scenario_in(const struct scenario *s, uint64_t packet)
{
	return packet < s->nr_in ? s->in[packet] : 0;
}

#endif
