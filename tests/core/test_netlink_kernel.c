/* SPDX-License-Identifier: MIT */
/*
 * Sends the same ctnetlink messages to the running kernel, in a new network
 * namespace, and to ours: the same answers to good and broken messages; and
 * the same lines in /proc/net/nf_conntrack and from the conntrack program.
 * Needs root and a kernel with ctnetlink; says so and skips without.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/nf_conntrack_netlink.h"
#include "tests/fixture/nfct.h"
#include "tests/fixture/variant_fixture.h"

#define ROOM 2048

static struct fixture fx;
static int sock = -1;
static uint32_t seq = 100;
static uint64_t seed = 815;

/* --- The kernel --- */

static bool write_setting(const char *name, const char *value)
{
	char path[128];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/%s", name);
	fd = open(path, O_WRONLY);
	ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* NULL, or why the kernel cannot be used. */
static const char *kernel_open(void)
{
	const struct timeval patience = { .tv_sec = 10 };

	if (unshare(CLONE_NEWNET))
		return "a network namespace of its own needs root";
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (sock < 0)
		return "this kernel has no netlink for netfilter";
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!write_setting("nf_conntrack_acct", "1"))
		return "this kernel tracks no connections, or /proc/sys cannot be written";
	return NULL;
}

static int kernel_count(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	int n = -1;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &n), 1);
	fclose(f);
	return n;
}

/* Sends a request and takes the answer's first entry, if any; the kernel's verdict. */
static int kernel_request(const void *msg, size_t len, uint8_t *answer, size_t *answer_len)
{
	static _Alignas(8) uint8_t copy[ROOM], in[65536];
	struct nlmsghdr *nlh = (struct nlmsghdr *)copy;
	bool dump, ended = false;
	int err = 0;

	memcpy(copy, msg, len);
	dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP &&
	       (nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_GET;
	nlh->nlmsg_flags |= NLM_F_REQUEST | (dump ? 0 : NLM_F_ACK);
	nlh->nlmsg_seq = ++seq;
	*answer_len = 0;
	if (send(sock, copy, len, 0) != (ssize_t)len)
		return -errno;
	while (!ended) {
		ssize_t n = recv(sock, in, sizeof(in), 0);

		assert_true(n > 0);
		for (uint8_t *p = in; n >= (ssize_t)sizeof(*nlh);) {
			struct nlmsghdr *h = (struct nlmsghdr *)p;
			size_t step = NLMSG_ALIGN(h->nlmsg_len);

			if (h->nlmsg_seq == seq && h->nlmsg_type == NLMSG_ERROR) {
				memcpy(&err, p + sizeof(*h), sizeof(err));
				ended = true;
			} else if (h->nlmsg_seq == seq && h->nlmsg_type == NLMSG_DONE) {
				ended = true;
			} else if (h->nlmsg_seq == seq && !*answer_len) {
				assert_true(h->nlmsg_len <= ROOM);
				memcpy(answer, p, h->nlmsg_len);
				*answer_len = h->nlmsg_len;
			}
			p += step;
			n -= (ssize_t)step;
		}
	}
	return err;
}

/* --- Both --- */

struct answer {
	uint8_t msg[ROOM];
	size_t len;
};

static int keep_first(const void *msg, size_t len, void *arg)
{
	struct answer *a = arg;

	if (((const struct nlmsghdr *)msg)->nlmsg_type != NLMSG_DONE && !a->len) {
		memcpy(a->msg, msg, len);
		a->len = len;
	}
	return 0;
}

static int our_request(const void *msg, size_t len, struct answer *a)
{
	a->len = 0;
	return ctnetlink_rcv(fx.net, msg, len, keep_first, a);
}

/* A request without attributes about everything. */
static size_t write_all(uint8_t *msg, uint8_t type)
{
	memset(msg, 0, 20);
	*(struct nlmsghdr *)msg = (struct nlmsghdr){
		20, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), NLM_F_REQUEST, 0, 0,
	};
	if (type == IPCTNL_MSG_CT_GET)
		((struct nlmsghdr *)msg)->nlmsg_flags |= NLM_F_DUMP;
	return 20;
}

static void flush(void)
{
	uint8_t msg[ROOM];
	size_t len = write_all(msg, IPCTNL_MSG_CT_DELETE), unused;
	struct answer a;

	assert_int_equal(kernel_request(msg, len, a.msg, &unused), 0);
	assert_int_equal(our_request(msg, len, &a), 0);
}

static void sort_out(struct nfct_entry *e, uint32_t kernel_timeout)
{
	const uint32_t most = INT32_MAX / NF_CT_HZ;

	/* the kernel's ticks may be longer than ours, so its clock is coarser */
	if (e->timeout >= most - 1 && kernel_timeout > e->timeout)
		e->timeout = kernel_timeout;
	/* its time advances while we compare */
	if (e->timeout + 1 == kernel_timeout || e->timeout == kernel_timeout + 1)
		e->timeout = kernel_timeout;
	e->id = 0;
}

/* The numbers and lengths of a message's attributes. */
static const char *attributes(const struct answer *a)
{
	static char text[2][512];
	static unsigned int which;
	char *out = text[++which % 2];
	int n = 0;

	for (size_t at = 20; at + 4 <= a->len;) {
		const struct nlattr *h = (const struct nlattr *)(a->msg + at);

		n += snprintf(out + n, sizeof(text[0]) - (size_t)n, "%u:%u ",
			      h->nla_type & NLA_TYPE_MASK, h->nla_len);
		at += nla_total_size(h->nla_len - 4u);
	}
	return out;
}

static void leave_out(struct answer *a, uint16_t type)
{
	for (size_t at = 20; at + 4 <= a->len;) {
		const struct nlattr *h = (const struct nlattr *)(a->msg + at);
		size_t step = nla_total_size(h->nla_len - 4u);

		if ((h->nla_type & NLA_TYPE_MASK) != type) {
			at += step;
			continue;
		}
		memmove(a->msg + at, a->msg + at + step, a->len - at - step);
		a->len -= step;
	}
}

/* An answer about an entry as a request about it. */
static void as_request(struct answer *a, uint8_t type)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)a->msg;

	leave_out(a, CTA_ID); /* which differs */
	nlh->nlmsg_len = (uint32_t)a->len;
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST;
}

/*
 * The only entry of our table is the kernel's too; then it is removed from both.  One
 * entry only, because a walk through the kernel's table takes long.
 */
static void assert_tables_agree(const char *what)
{
	struct nfct_entry k, o;
	char kline[1024], oline[1024];
	uint8_t msg[ROOM];
	struct answer kernel = { .len = 0 }, ours, request, unused;

	assert_int_equal(our_request(msg, write_all(msg, IPCTNL_MSG_CT_GET), &request), 0);
	if (!request.len)
		return;
	as_request(&request, IPCTNL_MSG_CT_GET);
	if (kernel_request(request.msg, request.len, kernel.msg, &kernel.len))
		fail_msg("%s: only our table has an entry", what);
	assert_int_equal(our_request(request.msg, request.len, &ours), 0);
	as_request(&request, IPCTNL_MSG_CT_DELETE);
	assert_int_equal(kernel_request(request.msg, request.len, unused.msg, &unused.len), 0);
	assert_int_equal(our_request(request.msg, request.len, &unused), 0);
	assert_true(nfct_read(kernel.msg, kernel.len, &k, kline, sizeof(kline)));
	assert_true(nfct_read(ours.msg, ours.len, &o, oline, sizeof(oline)));
	sort_out(&o, k.timeout);
	k.id = 0;
	if (memcmp(&k, &o, sizeof(k)))
		fail_msg("%s:\n  kernel %s  ours   %s", what, kline, oline);
	/* In the kernel entries created by a message have a synproxy extension; ours do not. */
	leave_out(&kernel, CTA_SYNPROXY);
	/* attribute by attribute, in the same order: only values that depend on time and place
	 * make */
	if (kernel.len != ours.len)
		fail_msg("%s: %s, %s", what, attributes(&kernel), attributes(&ours));
	for (size_t at = 20; at + 4 <= kernel.len;) {
		const struct nlattr *x = (const struct nlattr *)(kernel.msg + at);
		const struct nlattr *y = (const struct nlattr *)(ours.msg + at);

		assert_int_equal(x->nla_len, y->nla_len);
		assert_int_equal(x->nla_type, y->nla_type);
		if (x->nla_type != CTA_ID && x->nla_type != CTA_TIMEOUT)
			assert_memory_equal(x + 1, y + 1, x->nla_len - 4u);
		at += nla_total_size(x->nla_len - 4u);
	}
}

/* --- Good messages --- */

static void same_answers(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NFCT_SAMPLES; i++) {
		uint8_t msg[ROOM];
		struct nfct_entry e;
		struct answer a;
		char what[32];
		size_t len;
		int kernel;

		nfct_sample(&e, i);
		len = nfct_write(&e, msg, sizeof(msg), NLM_F_CREATE | NLM_F_EXCL, 1);
		kernel = kernel_request(msg, len, a.msg, &a.len);
		snprintf(what, sizeof(what), "sample %u", i);
		if (kernel != our_request(msg, len, &a))
			fail_msg("%s: the kernel answers %d", what, kernel);
		assert_int_equal(kernel, 0);
		assert_tables_agree(what);
	}
}

/* --- Lines --- */

/* Seconds may have gone on by one: "ipv4     2 udp      17 29 src=" becomes "... 17 2# src=". */
static void without_time(char *line)
{
	int end = 0;

	sscanf(line, "%*s %*u %*s %*u %*u%n", &end);
	assert_true(end > 0);
	line[end - 1] = '#';
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All lines, sorted; their number. */
static size_t read_lines(FILE *f, char **lines, size_t max)
{
	char line[1024];
	size_t nr = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_true(nr < max);
		without_time(line);
		lines[nr++] = strdup(line);
	}
	qsort(lines, nr, sizeof(*lines), by_text);
	return nr;
}

static void assert_lines(FILE *kernel, enum nf_ct_dump_format format, const char *what)
{
	char *k[2 * NFCT_SAMPLES], *o[2 * NFCT_SAMPLES];
	FILE *ours = tmpfile();
	size_t nr;

	assert_int_equal(nf_ct_dump(fx.core, format, ours), NFCT_SAMPLES);
	rewind(ours);
	nr = read_lines(kernel, k, ARRAY_SIZE(k));
	assert_int_equal(read_lines(ours, o, ARRAY_SIZE(o)), NFCT_SAMPLES);
	assert_int_equal(nr, NFCT_SAMPLES);
	fclose(ours);
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(k[i], o[i]))
			fail_msg("%s:\n%swhere our line is:\n%s", what, k[i], o[i]);
		free(k[i]);
		free(o[i]);
	}
}

static void same_lines(void **state)
{
	FILE *f;

	(void)state;
	for (uint32_t i = 0; i < NFCT_SAMPLES; i++) {
		uint8_t msg[ROOM];
		struct nfct_entry e;
		struct answer a;
		size_t len;

		nfct_sample(&e, i);
		e.timeout =
			e.timeout % 3 * 10 + 109; /* seconds later only the last digit is another */
		len = nfct_write(&e, msg, sizeof(msg), NLM_F_CREATE, 1);
		assert_int_equal(kernel_request(msg, len, a.msg, &a.len), 0);
		assert_int_equal(our_request(msg, len, &a), 0);
	}
	f = fopen("/proc/net/nf_conntrack", "r");
	assert_lines(f, NF_CT_DUMP_PROC, "/proc/net/nf_conntrack");
	fclose(f);
	if (system("conntrack -V >/dev/null 2>&1")) {
		print_message("no conntrack program: its lines are not compared\n");
	} else {
		f = popen("conntrack -L -o extended -f ipv4 2>/dev/null; conntrack -L -o extended "
			  "-f ipv6 2>/dev/null",
			  "r");
		assert_lines(f, NF_CT_DUMP_EXTENDED, "conntrack -L -o extended");
		pclose(f);
	}
	flush();
}

/* --- Broken messages --- */

/* Attributes that we refuse and the kernel accepts. */
static bool has_left_out(const uint8_t *msg)
{
	static const uint16_t left_out[] = {
		CTA_NAT_SRC, CTA_NAT_DST, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY, CTA_SYNPROXY,
	};
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)msg;
	struct nla cda[CT_CTA_MAX + 1];

	nla_parse(cda, CT_CTA_MAX, (struct nla){ msg + 20, nlh->nlmsg_len - 20 }, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++)
		if (cda[left_out[i]].data)
			return true;
	return false;
}

static void mutate(uint8_t *msg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)msg;
	size_t len = nlh->nlmsg_len;

	for (uint64_t n = 1 + fixture_random(&seed) % 3; n--;) {
		size_t at = 20 + fixture_random(&seed) % (len - 20);

		switch (fixture_random(&seed) % 4) {
		case 0: /* a length or a type, wherever headers are likely */
			msg[at & ~(size_t)3] = (uint8_t)(fixture_random(&seed) % 24);
			break;
		case 1:
			msg[(at & ~(size_t)3) + 2] = (uint8_t)(fixture_random(&seed) % 30);
			break;
		case 2:
			msg[at] = (uint8_t)fixture_random(&seed);
			break;
		case 3:
			nlh->nlmsg_len = (uint32_t)(20 + fixture_random(&seed) % (len - 20));
			break;
		}
	}
	if (fixture_random(&seed) % 16 == 0)
		msg[16] = (uint8_t)(fixture_random(&seed) % 12);
}

static void same_refusals(void **state)
{
	unsigned int refused = 0, taken = 0, kinds[256] = { 0 };
	const char *rounds = getenv("CTBENCH_TEST_ROUNDS");
	uint32_t nr = rounds ? (uint32_t)atoi(rounds) : 3000;

	(void)state;
	for (uint32_t i = 0; i < nr; i++) {
		_Alignas(8) uint8_t msg[ROOM], good[ROOM];
		struct nfct_entry e;
		struct answer a;
		char what[64];
		int kernel, ours;
		size_t len;

		nfct_sample(&e, i % 1024);
		len = nfct_write(&e, good, sizeof(good), NLM_F_CREATE, 1);
		memcpy(msg, good, len);
		mutate(msg);
		if (has_left_out(msg))
			continue;
		len = ((struct nlmsghdr *)msg)->nlmsg_len;
		/* every fourth changes an existing entry */
		if (i % 4 == 0) {
			size_t good_len = ((struct nlmsghdr *)good)->nlmsg_len;

			assert_int_equal(kernel_request(good, good_len, a.msg, &a.len), 0);
			assert_int_equal(our_request(good, good_len, &a), 0);
		}
		kernel = kernel_request(msg, len, a.msg, &a.len);
		ours = our_request(msg, len, &a);
		snprintf(what, sizeof(what), "broken message %u", i);
		if (kernel != ours) {
			for (size_t k = 0; k < len; k++)
				print_error("%02x%s", msg[k], k % 4 == 3 ? " " : "");
			fail_msg("\n%s: the kernel answers %d, ours %d", what, kernel, ours);
		}
		kinds[-kernel & 255]++;
		refused += kernel != 0;
		taken += kernel == 0;
		assert_tables_agree(what);
	}
	assert_int_equal(kernel_count(), 0);
	assert_true(refused > nr / 8 && taken > nr / 8);
	assert_true(kinds[EINVAL] && kinds[ERANGE] && kinds[EOPNOTSUPP]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_answers),
		cmocka_unit_test(same_lines),
		cmocka_unit_test(same_refusals),
	};
	const char *why = kernel_open();
	int ret;

	if (why) {
		fprintf(stderr, "skipped: %s\n", why);
		return 77;
	}
	fixture_open(&fx, ct_variant_find("nulls_rcu_jhash2_scale_seqcount"), 1024, 1);
	nf_ct_sysctl_set(fx.net, "nf_conntrack_acct", 1);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_close(&fx);
	return ret;
}
