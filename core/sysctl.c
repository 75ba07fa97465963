/* SPDX-License-Identifier: MIT */
/*
 * Settings with the kernel's names and units.  They accept the same values as
 * /proc/sys of Linux 6.18, except timeouts and thresholds above 2^31 - 1 ticks or bytes
 * (docs/KERNEL-CLAIMS.md).
 */
#include <errno.h>

#include "core/conntrack.h"

/*
 * A timeout in ticks must stay below half the clock's range: see nf_ct_is_expired().  Linux has
 * the same limit in its ticks; with 1000 ticks per second it is the same in seconds.
 */
#define MAX_SECONDS (INT32_MAX / NF_CT_HZ)

/* The array in struct nf_ct_timeouts is made of _Atomic uint32_t throughout. */
#define TIMEOUT_OFFSET(array, index) \
	(offsetof(struct nf_ct_sysctl, timeouts.array) + (index) * sizeof(_Atomic uint32_t))

static const struct setting {
	const char *name;
	uint32_t offset; /* in struct nf_ct_sysctl */
	uint32_t unit;	 /* the value is stored multiplied by this */
	uint32_t dflt, max;
} settings[] = {
#define SYSCTL(name, dflt, max) { #name, offsetof(struct nf_ct_sysctl, name), 1, dflt, max },
#define SYSCTL_TIMEOUT(name, array, index, seconds) \
	{ #name, TIMEOUT_OFFSET(array, index), NF_CT_HZ, seconds, MAX_SECONDS },
#include "core/sysctl.def"
#undef SYSCTL
#undef SYSCTL_TIMEOUT
};

/* Memory of fragments: the first must not be above the second. */
static const char *const thresholds[][2] = {
	{ "nf_conntrack_frag6_low_thresh", "nf_conntrack_frag6_high_thresh" },
	{ "ipfrag_low_thresh", "ipfrag_high_thresh" },
};

/* Settings of the table, not of a namespace. */
static const char *const table_settings[] = {
	"nf_conntrack_buckets",
	"nf_conntrack_count",
	"nf_conntrack_max",
};
enum { TABLE_BUCKETS, TABLE_COUNT, TABLE_MAX };

static _Atomic uint32_t *slot(const struct net *net, const struct setting *s)
{
	return (_Atomic uint32_t *)((uintptr_t)&net->ct + s->offset);
}

static const struct setting *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

static int find_table(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table_settings); i++)
		if (!strcmp(table_settings[i], name))
			return (int)i;
	return -ENOENT;
}

void nf_ct_sysctl_init(struct net *net)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		store_relaxed(slot(net, &settings[i]), settings[i].dflt * settings[i].unit);
	/* The kernel has no setting for the second SYN of a simultaneous open. */
	store_relaxed(&net->ct.timeouts.tcp[TCP_CONNTRACK_SYN_SENT2], 120 * NF_CT_HZ);
}

static int set_table(struct net *net, int which, uint64_t value)
{
	struct ct_core *core = net->core;

	switch (which) {
	case TABLE_MAX:
		store_relaxed(&core->max, (uint32_t)value);
		return 0;
	case TABLE_BUCKETS:
		return core->ops->resize(core, value);
	case TABLE_COUNT:
		return -EPERM;
	default:
		return which;
	}
}

static uint64_t value_of(const struct net *net, const struct setting *s)
{
	return load_relaxed(slot(net, s)) / s->unit;
}

int nf_ct_sysctl_range(const struct net *net, const char *name, uint64_t *min, uint64_t *max)
{
	const struct setting *s = find(name);

	*min = 0;
	*max = s ? s->max : INT32_MAX;
	if (!s)
		return find_table(name) == TABLE_MAX ? 0 : -ENOENT;
	if (!strcmp(name, "nf_conntrack_expect_max"))
		*min = 1;
	for (size_t i = 0; i < ARRAY_SIZE(thresholds); i++) {
		if (!strcmp(name, thresholds[i][0]))
			*max = value_of(net, find(thresholds[i][1]));
		if (!strcmp(name, thresholds[i][1]))
			*min = value_of(net, find(thresholds[i][0]));
	}
	return 0;
}

int nf_ct_sysctl_set(struct net *net, const char *name, uint64_t value)
{
	const struct setting *s = find(name);
	uint64_t min, max;

	if (!nf_ct_sysctl_range(net, name, &min, &max) && (value < min || value > max))
		return -ERANGE;
	if (!s)
		return set_table(net, find_table(name), value);
	store_relaxed(slot(net, s), (uint32_t)value * s->unit);
	nf_ct_new_ext_update(net);
	return 0;
}

int nf_ct_sysctl_get(const struct net *net, const char *name, uint64_t *value)
{
	const struct setting *s = find(name);
	int which;

	if (s) {
		*value = value_of(net, s);
		return 0;
	}
	which = find_table(name);
	switch (which) {
	case TABLE_MAX:
		*value = load_relaxed(&net->core->max);
		return 0;
	case TABLE_BUCKETS:
		*value = net->core->ops->buckets(net->core);
		return 0;
	case TABLE_COUNT:
		*value = nf_conntrack_count(net);
		return 0;
	default:
		return which;
	}
}

const char *nf_ct_sysctl_name(unsigned int i)
{
	if (i < ARRAY_SIZE(table_settings))
		return table_settings[i];
	i -= ARRAY_SIZE(table_settings);
	return i < ARRAY_SIZE(settings) ? settings[i].name : NULL;
}
