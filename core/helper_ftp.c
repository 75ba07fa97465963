/* SPDX-License-Identifier: MIT */
/*
 * FTP: finds the destination of the data connection in the control connection
 * (RFC 959: PORT and 227; RFC 2428: EPRT and 229), like the kernel's
 * nf_conntrack_ftp.c with its `loose` setting off.
 *
 * active:  the client sends PORT or EPRT, the server will connect to it
 * passive: the server sends 227 or 229, the client will connect to it
 *
 * A command counts only at the beginning of a line.  Lines are not reassembled from
 * packets.  For each direction the last two sequence numbers at which a line began
 * are remembered, that is, after a packet that ended with a newline.  Therefore the
 * very first packet of a direction is not read; a retransmitted command is; and a
 * command that is split over packets is dropped, so that its sender retransmits it,
 * perhaps in one piece.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/conntrack.h"

#define LINES_KEPT 2

struct ftp_master {
	uint32_t line_seq[IP_CT_DIR_MAX][LINES_KEPT]; /* where lines began */
	uint16_t nr_lines[IP_CT_DIR_MAX];
};
_Static_assert(sizeof(struct ftp_master) <= NF_CT_HELPER_DATA, "fits into a helper's data");

/* The destination of the data connection. */
struct ftp_target {
	uint16_t l3num;
	union nf_inet_addr u3;
	uint16_t port; /* network byte order */
};

struct text {
	const char *p;
	size_t len;
};

static struct text text_from(struct text t, size_t n)
{
	return (struct text){ t.p + n, t.len - n };
}

/* --- Numbers and addresses --- */

/*
 * Reads nr numbers with sep between them, up to another character: end, or any if that
 * is 0.  Returns the number of characters read; 0: another syntax.  Like the kernel's
 * parser it accepts empty and large numbers.
 */
static size_t parse_numbers(struct text t, uint32_t *v, unsigned int nr, char sep, char end)
{
	unsigned int k = 0;

	memset(v, 0, nr * sizeof(*v));
	for (size_t i = 0; i < t.len && k < nr; i++) {
		if (t.p[i] >= '0' && t.p[i] <= '9')
			v[k] = v[k] * 10 + (uint32_t)(t.p[i] - '0');
		else if (t.p[i] == sep)
			k++;
		else
			return k == nr - 1 && (!end || t.p[i] == end) ? i : 0;
	}
	return 0;
}

static uint32_t address_of(const uint32_t v[4])
{
	return htonl(v[0] << 24 | v[1] << 16 | v[2] << 8 | v[3]);
}

/* "10,1,0,1,200,10" */
static bool parse_host_port(struct text t, char end, struct ftp_target *to)
{
	uint32_t v[6];

	if (!parse_numbers(t, v, ARRAY_SIZE(v), ',', end))
		return false;
	to->u3.ip = address_of(v);
	to->port = htons((uint16_t)(v[4] << 8 | v[5]));
	return true;
}

/* Digits up to delim.  Must not be 0; a number too large for a port wraps, as in the kernel. */
static bool parse_port(struct text t, char delim, struct ftp_target *to)
{
	uint16_t port = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.p[i] == delim) {
			to->port = htons(port);
			return port;
		}
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		port = (uint16_t)(port * 10 + t.p[i] - '0');
	}
	return false;
}

static bool good_delimiter(char c)
{
	return c > 32 && c < 127 && !(c >= '0' && c <= '9');
}

/* An IPv6 address up to delim; returns its length, 0 if it is not one. */
static size_t parse_ipv6(struct text t, char delim, union nf_inet_addr *to)
{
	const char *end = memchr(t.p, delim, t.len);
	char address[INET6_ADDRSTRLEN];
	size_t n = end ? (size_t)(end - t.p) : 0;

	if (!n || n >= sizeof(address))
		return 0;
	memcpy(address, t.p, n);
	address[n] = 0;
	return inet_pton(AF_INET6, address, to->ip6) == 1 ? n : 0;
}

/* --- Commands and answers --- */

static bool parse_port_command(struct text t, struct ftp_target *to)
{
	return parse_host_port(t, '\r', to);
}

/* "|1|10.1.0.1|51210|", "|2|2001:db8::1|51210|"; the family must be the control connection's */
static bool parse_eprt(struct text t, struct ftp_target *to)
{
	uint32_t v[4];
	size_t n;
	char delim;

	if (t.len <= 3)
		return false;
	delim = t.p[0];
	if (!good_delimiter(delim) || t.p[2] != delim ||
	    t.p[1] != (to->l3num == NFPROTO_IPV4 ? '1' : '2'))
		return false;
	t = text_from(t, 3);
	if (to->l3num == NFPROTO_IPV4) {
		n = parse_numbers(t, v, ARRAY_SIZE(v), '.', delim);
		if (n)
			to->u3.ip = address_of(v);
	} else {
		n = parse_ipv6(t, delim, &to->u3);
	}
	return n && parse_port(text_from(t, n + 1), delim, to);
}

/* "Entering Passive Mode (10,2,0,1,200,10)", with or without brackets (RFC 1123, 4.1.2.6) */
static bool parse_227(struct text t, struct ftp_target *to)
{
	size_t i = 0;

	while (i < t.len && !isdigit((unsigned char)t.p[i]))
		i++;
	return i < t.len && parse_host_port(text_from(t, i), 0, to);
}

/* "|||51210|": only the port, the address is the server's */
static bool parse_229(struct text t, struct ftp_target *to)
{
	if (t.len <= 3 || !good_delimiter(t.p[0]) || t.p[1] != t.p[0] || t.p[2] != t.p[0])
		return false;
	return parse_port(text_from(t, 3), t.p[0], to);
}

static const struct command {
	const char *word;
	char skip; /* the address starts after the next such character; 0: at once */
	bool (*parse)(struct text t, struct ftp_target *to);
} commands[IP_CT_DIR_MAX][2] = {
	[IP_CT_DIR_ORIGINAL] = {
		{ "PORT", ' ', parse_port_command },
		{ "EPRT", ' ', parse_eprt },
	},
	[IP_CT_DIR_REPLY] = {
		{ "227 ", 0, parse_227 },
		{ "229 ", '(', parse_229 },
	},
};

enum found { NOTHING, PARTLY, FOUND };

static enum found look_for(const struct command *c, struct text line, struct ftp_target *to)
{
	size_t n = strlen(c->word);
	const char *skipped;

	if (line.len <= n)
		return strncasecmp(line.p, c->word, line.len) ? NOTHING : PARTLY;
	if (strncasecmp(line.p, c->word, n))
		return NOTHING;
	line = text_from(line, n);
	if (c->skip) {
		skipped = memchr(line.p, c->skip, line.len);
		if (!skipped)
			return PARTLY;
		line = text_from(line, (size_t)(skipped - line.p) + 1);
	}
	return c->parse(line, to) ? FOUND : PARTLY;
}

/* --- Where lines begin --- */

static bool line_begins(const struct ftp_master *m, enum ip_conntrack_dir dir, uint32_t seq)
{
	for (unsigned int i = 0; i < m->nr_lines[dir]; i++)
		if (m->line_seq[dir][i] == seq)
			return true;
	return false;
}

/* Keeps the two latest, in any order of packets. */
static void note_line(struct ftp_master *m, enum ip_conntrack_dir dir, uint32_t seq)
{
	uint32_t *v = m->line_seq[dir];
	unsigned int oldest;

	if (line_begins(m, dir, seq))
		return;
	if (m->nr_lines[dir] < LINES_KEPT) {
		v[m->nr_lines[dir]++] = seq;
		return;
	}
	oldest = (int32_t)(v[0] - v[1]) < 0 ? 0 : 1;
	if ((int32_t)(seq - v[oldest]) > 0)
		v[oldest] = seq;
}

/* --- A packet --- */

static unsigned int
expect_data(struct nf_conn *ct, enum ip_conntrack_dir dir, const struct ftp_target *to)
{
	const struct nf_conntrack_tuple *said_by = nf_ct_tuple(ct, dir);
	const struct nf_conntrack_tuple *other = nf_ct_tuple(ct, !dir);
	struct nf_conntrack_expect *exp;
	unsigned int verdict = NF_ACCEPT;

	/* A foreign address may be an attempt to open another host's firewall. */
	if (memcmp(&to->u3, &said_by->src.u3, sizeof(to->u3)))
		return NF_ACCEPT;
	exp = nf_ct_expect_alloc(ct);
	if (!exp)
		return NF_DROP;
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, to->l3num, &other->src.u3,
			  &other->dst.u3, IPPROTO_TCP, NULL, &to->port);
	/* Without an expectation the data connection would fail, so drop the command. */
	if (nf_ct_expect_related(exp))
		verdict = NF_DROP;
	nf_ct_expect_put(exp);
	return verdict;
}

/* Under the connection's lock. */
static unsigned int help_line(struct nf_conn *ct, struct ftp_master *m, enum ip_conntrack_dir dir,
			      uint32_t seq, struct text line)
{
	struct ftp_target to = { .l3num = nf_ct_l3num(ct), .u3 = nf_ct_tuple(ct, dir)->src.u3 };
	enum found found = NOTHING;
	unsigned int verdict = NF_ACCEPT;

	if (line_begins(m, dir, seq)) {
		for (size_t i = 0; i < ARRAY_SIZE(commands[dir]) && found == NOTHING; i++)
			found = look_for(&commands[dir][i], line, &to);
		if (found == PARTLY)
			return NF_DROP;
		if (found == FOUND)
			verdict = expect_data(ct, dir, &to);
	}
	if (line.p[line.len - 1] == '\n')
		note_line(m, dir, seq + (uint32_t)line.len);
	return verdict;
}

static unsigned int ftp_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			     enum ip_conntrack_info ctinfo)
{
	const struct tcphdr_view *th = skb_header_pointer(skb, protoff, sizeof(*th));
	struct nf_conn_help *help = nf_ct_ext_find(ct, NF_CT_EXT_HELPER);
	unsigned int verdict, off;
	struct text line;

	if ((ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY) || !th || !help)
		return NF_ACCEPT;
	off = protoff + (th->doff_res >> 4) * 4u;
	/* A capture may have cut the packet: then its text is unknown. */
	if (off >= skb->len || skb->headlen < skb->len)
		return NF_ACCEPT;
	line = (struct text){ (const char *)skb->data + off, skb->len - off };
	spin_lock(&ct->lock, CT_LOCK_CONN);
	verdict = help_line(ct, (struct ftp_master *)help->data, CTINFO2DIR(ctinfo), ntohl(th->seq),
			    line);
	spin_unlock(&ct->lock);
	return verdict;
}

static const struct nf_conntrack_expect_policy ftp_policy = {
	.max_expected = 1,
	.timeout = 5 * 60,
};

const struct nf_conntrack_helper nf_conntrack_helper_ftp = {
	.name = "ftp",
	.protonum = IPPROTO_TCP,
	.expect_policy = &ftp_policy,
	.help = ftp_help,
};
