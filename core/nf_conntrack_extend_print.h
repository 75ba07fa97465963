/* SPDX-License-Identifier: MIT */
/*
 * What extensions of users say of themselves where connections are printed: in the /proc line and
 * in the conntrack program's before "use=", and in ctnetlink's messages as the attribute
 * CTA_EXT_TEXT.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_EXTEND_PRINT_H
#define CTBENCH_CORE_NF_CONNTRACK_EXTEND_PRINT_H

#include "core/nf_conntrack_extend.h"

/*
 * Writes NAME=VALUE, without a blank at the end, to buf, as snprintf() does; "" is nothing to say.
 * data is the extension's, and shared with the packets of the connection.  It is called by any
 * thread that walks the table or sends events, also while locks of the table are held, so it must
 * not block, nor use the table.  Control characters become '?'.
 */
typedef int nf_ct_ext_print_fn(char *buf, size_t size, const struct nf_conn *ct, const void *data);

/* Sets it.  After nf_ct_ext_register(), before connections are created.  0 or -EINVAL. */
int nf_ct_ext_set_printer(int id, nf_ct_ext_print_fn *print);

/* All texts of a connection with their blanks; one that does not fit is left out as a whole. */
#define NF_CT_EXT_TEXT_MAX 192
/* The texts of all its extensions, each with a blank behind it; returns their length. */
size_t nf_ct_ext_snprint(char buf[NF_CT_EXT_TEXT_MAX], const struct nf_conn *ct);

#endif
