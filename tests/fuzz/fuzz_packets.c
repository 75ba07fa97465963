/* SPDX-License-Identifier: MIT */
/*
 * Packets through all hooks, as a router sends them.  A byte of switches; then of each packet a
 * byte of time, a byte of flags, two bytes of length, and the bytes from its IP header on.  Two
 * tables, and bursts beside single packets, must answer alike; afterwards a flush must end every
 * connection.
 */
#include "harness/replay/replay.h"
#include "tests/fuzz/fuzz.h"

#define PACKETS_MAX 512

enum { ONE, OTHER, BURSTS, WAYS };

static const struct {
	const char *variant;
	unsigned int burst;
} ways[WAYS] = {
	[ONE] = { REPLAY_VARIANT, 0 },
	[OTHER] = { "cds_lfht", 0 },
	[BURSTS] = { REPLAY_VARIANT, 8 },
};

struct input {
	struct capture_packet packets[PACKETS_MAX];
	struct replay_result results[PACKETS_MAX];
	unsigned int nr;
};

static void read_packets(struct input *in, const uint8_t *data, size_t size)
{
	uint64_t now = 0;

	for (in->nr = 0; size > 4 && in->nr < PACKETS_MAX; in->nr++) {
		struct capture_packet *p = &in->packets[in->nr];
		unsigned int time_and_flags = fuzz_u16(&data, &size);
		size_t len = fuzz_u16(&data, &size);
		const uint8_t *at = fuzz_take(&data, &size, &len);

		/* From nothing to 12 days. */
		now += (uint64_t)1 << (time_and_flags & 0xff) % 51;
		*p = (struct capture_packet){
			.l3 = fuzz_exact(at, len),
			.time_ns = now,
			.clock_ns = now,
			.index = in->nr,
			.caplen = (uint32_t)len,
			/* Cut off by the capture, some of them. */
			.len = (uint32_t)len + (time_and_flags & 0x100 ? time_and_flags >> 9 : 0),
			.l3proto = !len		     ? 0
				   : at[0] >> 4 == 6 ? LINK_PROTO_IPV6
						     : LINK_PROTO_IPV4,
		};
	}
}

static void same(const struct replay_result *a, const struct replay_result *b)
{
	fuzz_check(a->verdict == b->verdict && a->state == b->state && a->protocol == b->protocol &&
		   a->ctinfo == b->ctinfo && a->number == b->number &&
		   a->number_after == b->number_after && a->status_in == b->status_in &&
		   a->status == b->status && a->made == b->made && a->killed == b->killed);
}

static void send_all(struct input *in, unsigned int way, bool strict, bool few)
{
	struct replay_options options = {
		.variant = ct_variant_find(ways[way].variant),
		.buckets = 16,
		.router = strict,
		.checksums = strict,
		.numbers = true,
		.burst = ways[way].burst,
	};
	struct ct_error e = { 0 };
	struct replay *r;

	fuzz_check(options.variant && !replay_create(&r, &options, NULL, &e));
	if (few)
		replay_set(r, "nf_conntrack_max", 24, &e);
	for (unsigned int i = 0; i < in->nr; i++) {
		struct replay_result res;
		unsigned int left = in->nr - i;

		if (options.burst && i % options.burst == 0)
			replay_look_ahead(r, &in->packets[i],
					  left < options.burst ? left : options.burst);
		replay_packet(r, &in->packets[i], &res);
		if (way == ONE)
			in->results[i] = res;
		else
			same(&in->results[i], &res);
		replay_finish(r, &res);
	}
	fuzz_check(nf_ct_dump(r->core, NF_CT_DUMP_EXTENDED, fuzz_nowhere()) >= 0);
	replay_flush(r);
	replay_end(r);
	fuzz_check(!replay_connections(r));
	replay_destroy(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input in;
	const bool strict = size && data[0] & 1, few = size && data[0] & 2;

	if (size)
		read_packets(&in, data + 1, size - 1);
	else
		in.nr = 0;
	/* Which entry is dropped early depends on where a table has it. */
	for (unsigned int way = 0; way < WAYS; way++)
		if (way != OTHER || !few)
			send_all(&in, way, strict, few);
	for (unsigned int i = 0; i < in.nr; i++)
		free((void *)in.packets[i].l3);
	return 0;
}
