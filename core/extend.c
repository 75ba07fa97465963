/* SPDX-License-Identifier: MIT */
/* Extension areas: see nf_conntrack_extend.h. */
#include "core/conntrack.h"
#include "core/nf_conntrack_extend_print.h"
#include "core/nf_conntrack_labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ext_type {
	const char *name;
	uint16_t size, align;
	nf_ct_ext_print_fn *print; /* NULL: nothing is printed */
};

static struct ext_type types[NF_CT_EXT_MAX] = {
#define EXT_TYPE(name_, type) \
	{ \
		.name = (name_), .size = sizeof(type), .align = _Alignof(type) \
	}
	[NF_CT_EXT_ECACHE] = EXT_TYPE("ecache", struct nf_conntrack_ecache),
	[NF_CT_EXT_LABELS] = EXT_TYPE("labels", struct nf_conn_labels),
	[NF_CT_EXT_ACCT] = EXT_TYPE("acct", struct nf_conn_acct),
	[NF_CT_EXT_HELPER] = EXT_TYPE("helper", struct nf_conn_help),
	[NF_CT_EXT_TSTAMP] = EXT_TYPE("tstamp", struct nf_conn_tstamp),
#undef EXT_TYPE
};
static _Atomic unsigned int nr_types = NF_CT_EXT_USER;
static spinlock_t types_lock;

int nf_ct_ext_register(const char *name, size_t size, size_t align)
{
	int id = -ENOSPC;

	if (!size || size > 4096 || !align || align > 16 || (align & (align - 1)))
		return -EINVAL;
	spin_lock(&types_lock, CT_LOCK_LEAF);
	if (load_relaxed(&nr_types) < NF_CT_EXT_MAX) {
		id = (int)load_relaxed(&nr_types);
		types[id] = (struct ext_type){ name, (uint16_t)size, (uint16_t)align, NULL };
		store_release(&nr_types, (unsigned int)id + 1); /* pairs with nf_ct_ext_add() */
	}
	spin_unlock(&types_lock);
	return id;
}

int nf_ct_ext_set_printer(int id, nf_ct_ext_print_fn *print)
{
	if (id < NF_CT_EXT_USER || (unsigned int)id >= load_acquire(&nr_types))
		return -EINVAL;
	types[id].print = print;
	return 0;
}

__cold size_t nf_ct_ext_snprint(char buf[NF_CT_EXT_TEXT_MAX], const struct nf_conn *ct)
{
	unsigned int nr = load_acquire(&nr_types); /* pairs with nf_ct_ext_register() */
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned int id = NF_CT_EXT_USER; id < nr; id++) {
		const void *data = nf_ct_ext_find(ct, id);
		size_t room = NF_CT_EXT_TEXT_MAX - at;
		int len = data && types[id].print ? types[id].print(buf + at, room, ct, data) : 0;

		if (len <= 0 || (size_t)len + 1 >= room) {
			buf[at] = '\0';
			continue;
		}
		for (size_t i = at; i < at + (size_t)len; i++)
			if ((unsigned char)buf[i] < ' ' || buf[i] == 0x7f)
				buf[i] = '?';
		at += (size_t)len;
		buf[at++] = ' ';
		buf[at] = '\0';
	}
	return at;
}

void *nf_ct_ext_add(struct nf_conn *ct, unsigned int id)
{
	struct nf_ct_ext *ext = ct->ext;
	size_t len, end, size;

	if (id >= load_acquire(&nr_types) || nf_ct_is_confirmed(ct))
		return NULL;
	if (ext && ext->offset[id])
		return (char *)ext + ext->offset[id];
	len = ext ? ext->len : sizeof(*ext);
	len = (len + types[id].align - 1) & ~((size_t)types[id].align - 1);
	end = len + types[id].size;
	if (end > UINT16_MAX)
		return NULL;
	if (!ext || end > ext->size) {
		/* 128 is enough for the usual extensions, so the area rarely moves */
		size = end < 128 ? 128 : end;
		struct nf_ct_ext *bigger = realloc(ext, size);

		if (!bigger)
			return NULL;
		if (!ext)
			memset(bigger, 0, sizeof(*bigger));
		ct->ext = ext = bigger;
		ext->size = (uint16_t)size;
	}
	ext->offset[id] = (uint16_t)len;
	ext->len = (uint16_t)end;
	return memset((char *)ext + len, 0, types[id].size);
}

__cold void nf_ct_new_ext_add(struct nf_conn *ct, uint32_t set)
{
	if (set & CT_NEW_EXT_ACCT)
		nf_ct_ext_add(ct, NF_CT_EXT_ACCT);
	if (set & CT_NEW_EXT_TSTAMP)
		nf_ct_ext_add(ct, NF_CT_EXT_TSTAMP);
	if (set & CT_NEW_EXT_LABELS)
		nf_ct_ext_add(ct, NF_CT_EXT_LABELS);
	if (set & CT_NEW_EXT_ECACHE)
		nf_ct_ecache_ext_add(ct, 0);
}

void nf_ct_new_ext_update(struct net *net)
{
	uint32_t events, set = 0;

	/* The last caller sees the changes of all before it. */
	spin_lock(&net->new_ext_lock, CT_LOCK_LEAF);
	events = load_relaxed(&net->ct.nf_conntrack_events);
	if (load_relaxed(&net->ct.nf_conntrack_acct))
		set |= CT_NEW_EXT_ACCT;
	if (load_relaxed(&net->ct.nf_conntrack_timestamp))
		set |= CT_NEW_EXT_TSTAMP;
	if (events == 1 || (events == 2 && load_relaxed(&net->ecache.notifier)))
		set |= CT_NEW_EXT_ECACHE;
	if (load_relaxed(&net->labels_used))
		set |= CT_NEW_EXT_LABELS;
	store_relaxed(&net->new_ext, set);
	spin_unlock(&net->new_ext_lock);
}

void nf_ct_ext_free(struct nf_conn *ct)
{
	free(ct->ext);
	ct->ext = NULL;
}
