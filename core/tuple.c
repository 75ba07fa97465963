/* SPDX-License-Identifier: MIT */
/* Tuples: inverting them, and tuples as text. */
#include "core/nf_conntrack_proto.h"
#include "core/text.h"

bool nf_ct_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *orig)
{
	memset(inverse, 0, sizeof(*inverse));
	inverse->src.l3num = orig->src.l3num;
	inverse->src.u3 = orig->dst.u3;
	inverse->dst.u3 = orig->src.u3;
	inverse->dst.protonum = orig->dst.protonum;
	inverse->dst.dir = !orig->dst.dir;
	/* TCP and UDP, which are needed most, without a call through a pointer. */
	switch (orig->dst.protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		inverse->src.u.all = orig->dst.u.all;
		inverse->dst.u.all = orig->src.u.all;
		return true;
	default:
		return nf_ct_l4proto_find(orig->dst.protonum)->invert_tuple(inverse, orig);
	}
}

int nf_ct_tuple_snprint(char *buf, size_t size, const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l3proto *l3 = nf_ct_l3proto_find(tuple->src.l3num);
	struct ct_text t = { buf, size, 0 };

	if (l3)
		t.len += l3->print_tuple(ct_text_at(&t), ct_text_room(&t), tuple);
	t.len += nf_ct_l4proto_find(tuple->dst.protonum)
			 ->print_tuple(ct_text_at(&t), ct_text_room(&t), tuple);
	return t.len;
}
