/* SPDX-License-Identifier: MIT */
/*
 * Netlink attributes: writing them to a buffer, and reading them with the kernel's
 * checks (include/net/netlink.h, lib/nlattr.c).
 *
 * An attribute is a length (of header and value), a type, and the value padded to 4
 * bytes; the value of a nested one consists of attributes.  Reading trusts nothing:
 * no byte is read beyond the given length, whatever the attributes claim, and at any
 * alignment.
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

/* Each returns 0, or -EMSGSIZE without room (then nothing is written). */
int nla_put(struct nl_buf *b, uint16_t type, const void *value, size_t len);

static inline int nla_put_u8(struct nl_buf *b, uint16_t type, uint8_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

/* The value is in network byte order already. */
static inline int nla_put_be16(struct nl_buf *b, uint16_t type, uint16_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

static inline int nla_put_be32(struct nl_buf *b, uint16_t type, uint32_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

/* Without padding before it, as on machines that can load 8 bytes at any multiple of 4. */
static inline int nla_put_be64(struct nl_buf *b, uint16_t type, uint64_t value)
{
	return nla_put(b, type, &value, sizeof(value));
}

/* With its terminating zero. */
static inline int nla_put_string(struct nl_buf *b, uint16_t type, const char *s)
{
	return nla_put(b, type, s, strlen(s) + 1);
}

/*
 * Starts a nested attribute: everything put until nla_nest_end() becomes its value.
 * *start: its start, for nla_nest_end().  0 or -EMSGSIZE.
 */
int nla_nest_start(struct nl_buf *b, uint16_t type, size_t *start);
void nla_nest_end(struct nl_buf *b, size_t start);

/* The size of an attribute with a value of that length. */
static inline size_t nla_total_size(size_t len)
{
	return (sizeof(struct nlattr) + len + NLA_ALIGNTO - 1) & ~((size_t)NLA_ALIGNTO - 1);
}

/* --- Reading --- */

/* One attribute's value, inside the message; data NULL: there is none. */
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
	NLA_REJECT,	/* is refused */
};

struct nla_policy {
	enum nla_kind type;
	uint16_t len;
	uint32_t max; /* of a number in host byte order or of one byte; 0: any */
};

/*
 * Fills tb[0 .. max] from the attributes in value; of several of one type the last.
 * Types above max are skipped, as in the kernel (later kernels have more types).  An
 * attribute that claims more bytes than there are is skipped with all after it.
 * 0; -ERANGE (too short, too long, too big), -EINVAL (no terminating zero, refused).
 * policy NULL: no checks; else [max + 1].
 */
int nla_parse(struct nla *tb, unsigned int max, struct nla value, const struct nla_policy *policy);

/* Only the checks. */
int nla_validate(unsigned int max, struct nla value, const struct nla_policy *policy);

/* The minimum size of attributes of that policy, one of each type (nla_policy_len). */
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
