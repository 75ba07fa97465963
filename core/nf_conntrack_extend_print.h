/* SPDX-License-Identifier: MIT */
/*
 * Printers of users' extensions.  Their text is printed with the connection: before "use=" in the
 * /proc line and in the conntrack program's line, and in ctnetlink's messages as the attribute
 * CTA_EXT_TEXT.
 */
#ifndef CTBENCH_CORE_NF_CONNTRACK_EXTEND_PRINT_H
#define CTBENCH_CORE_NF_CONNTRACK_EXTEND_PRINT_H

#include "core/nf_conntrack_extend.h"

/*
 * Writes NAME=VALUE, without a blank at the end, to buf, as snprintf() does; "" prints nothing.
 * data is the extension's data, which packets of the connection may change meanwhile.  Any thread
 * that walks the table or sends events calls it, also under locks of the table, so it must
 * not block or use the table.  Control characters become '?'.
 */
typedef int nf_ct_ext_print_fn(char *buf, size_t size, const struct nf_conn *ct, const void *data);

/* Sets id's, after nf_ct_ext_register() and before connections exist: 0 or -EINVAL (no such id). */
int nf_ct_ext_set_printer(int id, nf_ct_ext_print_fn *print);

/* The room for all texts of a connection; a text that does not fit is left out as a whole. */
#define NF_CT_EXT_TEXT_MAX 192
/* The texts of all its extensions, each followed by a blank; returns their length. */
size_t nf_ct_ext_snprint(char buf[NF_CT_EXT_TEXT_MAX], const struct nf_conn *ct);

#endif
