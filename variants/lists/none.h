/* SPDX-License-Identifier: MIT */
/*
 * Connections outside the table are in no list, as since Linux 5.19: only its packet
 * refers to an unconfirmed one, and only holders of a reference to a dying one.
 */
#define CT_LISTS_NAME "none"

struct ct_lists {
	char nothing;
};

static int ct_lists_init(struct ct_lists *l __maybe_unused, unsigned int cpus __maybe_unused)
{
	return 0;
}

static void ct_lists_destroy(struct ct_lists *l __maybe_unused)
{
}

static __always_inline void
ct_list_unconfirmed(struct ct_lists *l __maybe_unused, struct nf_conn *ct __maybe_unused)
{
}

static __always_inline void
ct_list_dying(struct ct_lists *l __maybe_unused, struct nf_conn *ct __maybe_unused)
{
}

static __always_inline void
ct_list_del(struct ct_lists *l __maybe_unused, struct nf_conn *ct __maybe_unused)
{
}

static int ct_lists_collect(struct ct_lists *l __maybe_unused, bool dying __maybe_unused,
			    struct ct_collect *c __maybe_unused)
{
	return -EOPNOTSUPP;
}
