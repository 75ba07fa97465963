/* SPDX-License-Identifier: MIT */
/* Netlink attributes: see nlattr.h. */
#include "core/nlattr.h"

#include <errno.h>

/* --- Writing --- */

int nla_put(struct nl_buf *b, uint16_t type, const void *value, size_t len)
{
	const size_t total = nla_total_size(len);
	struct nlattr h = { (uint16_t)(sizeof(h) + len), type };

	if (len > UINT16_MAX - sizeof(h) || total > b->size - b->len)
		return -EMSGSIZE;
	memcpy(b->data + b->len, &h, sizeof(h));
	if (len)
		memcpy(b->data + b->len + sizeof(h), value, len);
	memset(b->data + b->len + sizeof(h) + len, 0, total - sizeof(h) - len);
	b->len += total;
	return 0;
}

int nla_nest_start(struct nl_buf *b, uint16_t type, size_t *start)
{
	*start = b->len;
	return nla_put(b, type | NLA_F_NESTED, NULL, 0);
}

void nla_nest_end(struct nl_buf *b, size_t start)
{
	uint16_t len = (uint16_t)(b->len - start);

	memcpy(b->data + start + offsetof(struct nlattr, nla_len), &len, sizeof(len));
}

/* --- Reading --- */

/* Takes the next attribute from *left and advances *left; false: no complete one. */
static bool next_attr(struct nla *left, uint16_t *type, struct nla *value)
{
	struct nlattr h;
	size_t step;

	if (!left->data || left->len < sizeof(h))
		return false;
	memcpy(&h, left->data, sizeof(h));
	if (h.nla_len < sizeof(h) || h.nla_len > left->len)
		return false;
	*type = h.nla_type & NLA_TYPE_MASK;
	*value = (struct nla){ left->data + sizeof(h), h.nla_len - sizeof(h) };
	/* the last one's padding may be missing */
	step = nla_total_size(value->len);
	if (step > left->len)
		step = left->len;
	left->data += step;
	left->len -= step;
	return true;
}

static const uint8_t number_bytes[] = { [NLA_U8] = 1, [NLA_U16] = 2, [NLA_U32] = 4 };

static int check(struct nla a, const struct nla_policy *p)
{
	size_t most;

	switch (p->type) {
	case NLA_UNSPEC:
		return a.len < p->len ? -ERANGE : 0;
	case NLA_U8:
	case NLA_U16:
	case NLA_U32:
		/* accept longer ones, because some old senders use them */
		if (a.len < number_bytes[p->type])
			return -ERANGE;
		return p->type == NLA_U8 && p->max && nla_get_u8(a) > p->max ? -ERANGE : 0;
	case NLA_NESTED:
		return a.len && a.len < sizeof(struct nlattr) ? -ERANGE : 0;
	case NLA_NUL_STRING:
		most = p->len && p->len + 1u < a.len ? p->len + 1u : a.len;
		if (!most || !memchr(a.data, 0, most))
			return -EINVAL;
		/* bytes after the zero count too, except one more zero at the end */
		return p->len && a.len - (a.data[a.len - 1] == 0) > p->len ? -ERANGE : 0;
	case NLA_BINARY:
		return p->len && a.len > p->len ? -ERANGE : 0;
	case NLA_REJECT:
		return -EINVAL;
	}
	return -EINVAL;
}

int nla_parse(struct nla *tb, unsigned int max, struct nla value, const struct nla_policy *policy)
{
	struct nla a;
	uint16_t type;

	if (tb)
		memset(tb, 0, (max + 1) * sizeof(*tb));
	while (next_attr(&value, &type, &a)) {
		int err;

		if (!type || type > max)
			continue;
		err = policy ? check(a, &policy[type]) : 0;
		if (err)
			return err;
		if (tb)
			tb[type] = a;
	}
	return 0;
}

int nla_validate(unsigned int max, struct nla value, const struct nla_policy *policy)
{
	return nla_parse(NULL, max, value, policy);
}

size_t nla_policy_len(const struct nla_policy *policy, unsigned int n)
{
	size_t len = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (policy[i].len)
			len += nla_total_size(policy[i].len);
		else if (policy[i].type == NLA_U8 || policy[i].type == NLA_U16 ||
			 policy[i].type == NLA_U32)
			len += nla_total_size(number_bytes[policy[i].type]);
	}
	return len;
}
