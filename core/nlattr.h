/* SPDX-License-Identifier: MIT */
/*
 * Netlink attributes: written into a buffer, and read back with the kernel's
 * strictness (include/net/netlink.h, lib/nlattr.c).
 *
 * An attribute is a length (of header and value), a type, and the value padded
 * to 4 bytes; a nested one has attributes for a value.  Reading takes nothing
 * for granted: no byte is read beyond the length that was given, whatever the
 * attributes claim, and at any alignment.
 *
 * Any thread; nothing here is shared.
 */
#ifndef CTBENCH_CORE_NLATTR_H
#define CTBENCH_CORE_NLATTR_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* --- Writing --- */

struct nl_buf {
	uint8_t *data;
	size_t size, len;
};

/* Each: 0, or -EMSGSIZE without room (nothing is written then). */
int nla_put(struct nl_buf *b, uint16_t type, const void *value, size_t len);

static inline int nla_put_u8(struct nl_buf *b, uint16_t type, uint8_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

/* Network byte order already. */
static inline int nla_put_be16(struct nl_buf *b, uint16_t type, uint16_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

static inline int nla_put_be32(struct nl_buf *b, uint16_t type, uint32_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

/* Without padding before it, as on machines that load 8 bytes at any multiple of 4. */
static inline int nla_put_be64(struct nl_buf *b, uint16_t type, uint64_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

/* With its closing zero. */
static inline int nla_put_string(struct nl_buf *b, uint16_t type, const char *s)
{
	return nla_put(b, type, s, strlen(s) + 1);
}

/*
 * What is put until nla_nest_end() becomes the value.  start: where it began,
 * for nla_nest_end().  0 or -EMSGSIZE.
 */
int nla_nest_start(struct nl_buf *b, uint16_t type, size_t *start);
void nla_nest_end(struct nl_buf *b, size_t start);

/* Bytes of an attribute with a value that long. */
static inline size_t nla_total_size(size_t len)
{
	return (sizeof(struct nlattr) + len + NLA_ALIGNTO - 1) & ~((size_t)NLA_ALIGNTO - 1);
}

/* --- Reading --- */

/* One attribute's value, where it lies in the message; data NULL: there is none. */
struct nla {
	const uint8_t *data;
	size_t len;
};

enum nla_kind {
	NLA_UNSPEC, /* at least len bytes */
	NLA_U8,
	NLA_U16,
	NLA_U32,
	NLA_NESTED,
	NLA_NUL_STRING, /* at most len characters before the zero, which must be there */
	NLA_BINARY,	/* at most len bytes; 0: any number */
	NLA_REJECT,	/* may not be sent to us */
};

struct nla_policy {
	enum nla_kind type;
	uint16_t len;
	uint32_t max; /* of a number in host byte order or of one byte; 0: any */
};

/*
 * tb[0 .. max] from the attributes in value: of several of a type the last.
 * Types above max are passed over, as in the kernel where later kernels have
 * more; so is an attribute that claims more than there is, and what follows.
 * 0; -ERANGE (too short or too long, too big), -EINVAL (no closing zero,
 * rejected).  policy NULL: no checks; else [max + 1].
 */
int nla_parse(struct nla *tb, unsigned int max, struct nla value, const struct nla_policy *policy);

/* The checks alone. */
int nla_validate(unsigned int max, struct nla value, const struct nla_policy *policy);

/* What attributes of that policy take at least, one of each type (nla_policy_len). */
size_t nla_policy_len(const struct nla_policy *policy, unsigned int n);

/* For values whose length was checked by a policy. */
static inline uint8_t nla_get_u8(struct nla a)
{
	return a.data[0];
}

static inline uint16_t nla_get_be16(struct nla a)
{
	uint16_t v;

	memcpy(&v, a.data, sizeof(v));
	return v;
}

static inline uint32_t nla_get_be32(struct nla a)
{
	uint32_t v;

	memcpy(&v, a.data, sizeof(v));
	return v;
}

#endif
