/* SPDX-License-Identifier: MIT */
/*
 * ctnetlink's requests, each as two bytes of length and the message.  The table can be dumped
 * afterwards, and each message of the dump is accepted as a request.
 */
#include "core/nf_conntrack_netlink.h"
#include "harness/replay/replay.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGES_MAX 64

static struct net *net;
static unsigned int answers;

static int answered(const void *msg, size_t len, void *arg)
{
	const struct nlmsghdr *h = msg;

	(void)arg;
	fuzz_check(len >= sizeof(*h) && h->nlmsg_len <= len);
	return ++answers > 1000 ? -EINVAL : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t dump[20] = {
		20, 0, 0, 0, IPCTNL_MSG_CT_GET, NFNL_SUBSYS_CTNETLINK, 1, 3,
	};
	struct replay_options options = {
		.variant = ct_variant_find(REPLAY_VARIANT),
		.buckets = 16,
		.numbers = true,
	};
	struct ct_error e = { 0 };
	struct replay *r;

	fuzz_check(!replay_create(&r, &options, NULL, &e));
	net = r->net;
	answers = 0;
	for (unsigned int i = 0; size > 2 && i < MESSAGES_MAX; i++) {
		size_t len = fuzz_u16(&data, &size);
		const uint8_t *at = fuzz_take(&data, &size, &len);
		uint8_t *msg = fuzz_exact(at, len);

		ctnetlink_rcv(net, msg, len, answered, NULL);
		free(msg);
	}
	ctnetlink_rcv(net, dump, sizeof(dump), answered, NULL);
	fuzz_check(nf_ct_dump(r->core, NF_CT_DUMP_EXTENDED, fuzz_nowhere()) >= 0);
	replay_flush(r);
	fuzz_check(!replay_connections(r));
	replay_destroy(r);
	return 0;
}
