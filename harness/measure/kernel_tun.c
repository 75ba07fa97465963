/* SPDX-License-Identifier: MIT */
/*
 * A packet's whole way through the running kernel, from one TUN device to another, without
 * conntrack and with it, and the same packets through all hooks of this program; see kernel.h.
 *
 * A write() to a TUN device without NAPI runs everything in the thread that writes: reception,
 * hooks, routing, and transmission into the other device's queue, which nobody reads and which
 * drops.  Each of the two namespaces has a chain with one rule; only in one of them the rule asks
 * for the connection's state, which makes the kernel track connections there.
 */
#include "harness/measure/kernel_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/helper.h"
#include "harness/base/output_of.h"
#include "harness/base/progress.h"
#include "harness/numbers/random.h"
#include "harness/traffic/frames.h"

#define BATCH	     128u
#define PACKETS_MOST (1u << 18) /* of a pass; each round sends other ones */
#define TIMEOUT	     86400	/* seconds, of these connections */

/* Networks of those who open connections, and of the others (kernel_make_tuples()). */
static const struct {
	const char *device, *network, *mask;
} ends[IP_CT_DIR_MAX] = {
	[IP_CT_DIR_ORIGINAL] = { "open0", "10.0.0.0", "255.0.0.0" },
	[IP_CT_DIR_REPLY] = { "reply0", "192.168.0.0", "255.255.0.0" },
};

struct tun_bench {
	const struct kernel_request *q;
	struct ct_error *e;
	int tun[KERNEL_WAYS][IP_CT_DIR_MAX]; /* of the kernel's ways: packets of that direction */
	struct kernel_side here;
	struct kernel_tuple *tuples;
	struct frame_set set; /* one packet for each connection, in random order */
	uint8_t *reply;	      /* is it a reply? */
};

/* ---- namespaces ---- */

static int put(const char *path, const char *value)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int tun_open(const char *name)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (!ioctl(fd, TUNSETIFF, &r))
		return fd;
	close(fd);
	return -errno;
}

static struct sockaddr address(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr any;

	inet_pton(AF_INET, text, &in.sin_addr);
	memcpy(&any, &in, sizeof(any));
	return any;
}

/* The device is up, and its network is routed to it. */
static int device_up(enum ip_conntrack_dir dir)
{
	char name[IFNAMSIZ];
	struct ifreq r = { .ifr_flags = IFF_UP | IFF_RUNNING };
	struct rtentry route = {
		.rt_dst = address(ends[dir].network),
		.rt_genmask = address(ends[dir].mask),
		.rt_flags = RTF_UP,
		.rt_dev = name,
	};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	snprintf(name, sizeof(name), "%s", ends[dir].device);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, SIOCSIFFLAGS, &r) || ioctl(fd, SIOCADDRT, &route))
		err = -errno;
	close(fd);
	return err;
}

/* One rule; `match` says whether the kernel has to track connections for it. */
static int add_rule(const char *match, struct ct_error *e)
{
	char nft[PATH_MAX], rules[256], out[256];
	char *const argv[] = { "nft", rules, NULL };

	if (helper_find(nft, "nft"))
		return ct_fail(e, -ENOENT, CT_EXIT_SKIP,
			       "there is no nft, which tells the kernel to track connections: "
			       "apt-get install nftables");
	snprintf(rules, sizeof(rules),
		 "add table ip ctbench; add chain ip ctbench through { type filter hook forward "
		 "priority 0; }; add rule ip ctbench through %s accept",
		 match);
	if (output_of(nft, argv, -1, true, 10, out, sizeof(out)))
		return ct_fail(e, -EIO, CT_EXIT_SKIP, "this kernel refuses the rule: nft '%s'",
			       rules);
	return 0;
}

/* A namespace that forwards between two devices, which this process is in from now on. */
static int open_way(struct tun_bench *b, enum kernel_way way)
{
	int err;

	if (unshare(CLONE_NEWNET))
		return ct_fail(b->e, -errno, CT_EXIT_SKIP, "no network namespace of its own: %s",
			       strerror(errno));
	put("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	put("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	err = put("/proc/sys/net/ipv4/ip_forward", "1");
	for (int dir = 0; dir < IP_CT_DIR_MAX && !err; dir++) {
		b->tun[way][dir] = tun_open(ends[dir].device);
		err = b->tun[way][dir] < 0 ? b->tun[way][dir] : device_up(dir);
	}
	if (err)
		return ct_fail(b->e, err, CT_EXIT_SKIP, "no TUN devices in a namespace here: %s",
			       strerror(-err));
	return add_rule(way == KERNEL_TRACKED ? "ct state new,established" : "meta l4proto udp",
			b->e);
}

/* ---- packets ---- */

/* The kernel, unlike the core, checks the header's checksum. */
static void set_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (unsigned int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void
packet_make(struct ct_frame *frame, uint8_t *data, const struct kernel_tuple *t, bool reply)
{
	union ct_tuple_words words;

	if (reply)
		ct_tuple_set_ipv4(&words, t->daddr, t->saddr, t->dport, t->sport, IPPROTO_UDP);
	else
		ct_tuple_set_ipv4(&words, t->saddr, t->daddr, t->sport, t->dport, IPPROTO_UDP);
	frame_make(frame, data, &words.tuple, FRAME_ACK, !reply);
	set_checksum(data);
}

static bool
send_one(const struct tun_bench *b, enum kernel_way way, const struct ct_frame *frame, bool reply)
{
	return write(b->tun[way][reply], frame->data, frame->len) == (ssize_t)frame->len;
}

/* Does the packet come out at the other end?  The queue there may hold what came before. */
static bool comes_through(const struct tun_bench *b, enum kernel_way way)
{
	const int out = b->tun[way][IP_CT_DIR_REPLY];
	const struct kernel_tuple *t = &b->tuples[0];
	_Alignas(8) uint8_t data[FRAME_BYTES], got[2048];
	struct ct_frame frame;
	ssize_t n;

	while (read(out, got, sizeof(got)) > 0)
		;
	packet_make(&frame, data, t, false);
	if (!send_one(b, way, &frame, false))
		return false;
	while ((n = read(out, got, sizeof(got))) > 0)
		if (n == (ssize_t)frame.len && !memcmp(got + 12, &t->saddr, 4) &&
		    !memcmp(got + 16, &t->daddr, 4))
			return true;
	return false;
}

/* Every connection has been answered, in the kernel and here. */
static int establish(struct tun_bench *b)
{
	_Alignas(8) uint8_t data[FRAME_BYTES];
	struct ct_packet_work work = { .net = b->here.net, .nr_frames = 1, .batch = 1 };
	struct ct_frame frame;
	long long count = 0;

	work.frames = &frame;
	b->here.v->thread_begin(b->here.core, 0);
	nf_ct_sysctl_set(b->here.net, "nf_conntrack_udp_timeout", TIMEOUT);
	nf_ct_sysctl_set(b->here.net, "nf_conntrack_udp_timeout_stream", TIMEOUT);
	for (unsigned int reply = 0; reply < IP_CT_DIR_MAX; reply++)
		for (uint64_t i = 0; i < b->q->flows; i++) {
			packet_make(&frame, data, &b->tuples[i], reply);
			b->here.v->run_packets(b->here.core, &work);
			if (!send_one(b, KERNEL_TRACKED, &frame, reply))
				break;
		}
	b->here.v->thread_end(b->here.core);
	/* This process is in the namespace that tracks. */
	kernel_setting_read("count", &count);
	if (count < (long long)b->q->flows || work.dropped || work.kept)
		return ct_fail(b->e, -EIO, CT_EXIT_INTERNAL,
			       "the kernel tracks %lld of %llu connections, and %llu packets were "
			       "dropped here",
			       count, (unsigned long long)b->q->flows,
			       (unsigned long long)work.dropped);
	for (int way = 0; way < KERNEL_HOOKS; way++)
		if (!comes_through(b, way))
			return ct_fail(b->e, -EIO, CT_EXIT_INTERNAL,
				       "the kernel does not forward packets in a namespace here");
	return 0;
}

static int make_packets(struct tun_bench *b)
{
	struct rng rng;

	b->reply = malloc(b->q->flows);
	if (!b->reply || !frame_set_alloc(&b->set, b->q->flows, b->q->flows * FRAME_BYTES))
		return ct_fail(b->e, -ENOMEM, CT_EXIT_USER,
			       "no memory for the packets: ask for "
			       "fewer --flows");
	rng_seed(&rng, 2);
	for (uint64_t i = 0; i < b->q->flows; i++) {
		b->reply[i] = (uint8_t)rng_below(&rng, 2);
		packet_make(&b->set.frames[i], b->set.data + i * FRAME_BYTES,
			    &b->tuples[b->q->flows + i], b->reply[i]);
	}
	return 0;
}

/* ---- rounds ---- */

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* ns of CPU a packet; < 0: one was refused. */
static double pass(struct tun_bench *b, enum kernel_way way, uint64_t first, uint64_t count)
{
	struct ct_packet_work work = {
		.net = b->here.net,
		.frames = b->set.frames,
		.nr_frames = b->q->flows,
		.pos = first,
		.batch = BATCH,
	};
	bool ok = true;
	double begin;

	b->here.v->thread_begin(b->here.core, 0);
	begin = cpu_ns();
	if (way == KERNEL_HOOKS)
		while (work.done < count)
			b->here.v->run_packets(b->here.core, &work);
	else
		for (uint64_t i = first; i < first + count; i++)
			ok &= send_one(b, way, &b->set.frames[i], b->reply[i]);
	begin = cpu_ns() - begin;
	b->here.v->thread_end(b->here.core);
	return ok && work.accepted == work.done ? begin / (double)count : -1;
}

static int take_rounds(struct tun_bench *b, struct kernel_result *r)
{
	static const char *const detail[] = { "without conntrack", "with it", "here" };
	const uint64_t count = b->q->flows < PACKETS_MOST ? b->q->flows : PACKETS_MOST;
	struct progress p;
	int err = 0;

	progress_begin(&p, "measuring", (double)(b->q->rounds * KERNEL_WAYS));
	for (uint64_t i = 0; i < b->q->rounds * KERNEL_WAYS && !err; i++) {
		const uint64_t round = i / KERNEL_WAYS;
		const enum kernel_way way = (i + round) % KERNEL_WAYS;
		double *ns = &r->packet_ns[way][round];

		progress_update(&p, (double)i, detail[way]);
		*ns = pass(b, way, round * count % b->q->flows, count);
		if (*ns < 0)
			err = ct_fail(b->e, -EIO, CT_EXIT_INTERNAL, "a packet was refused (%s)",
				      detail[way]);
	}
	progress_end(&p);
	return err;
}

int kernel_tun_measure(const struct kernel_request *q, struct kernel_result *r, struct ct_error *e)
{
	struct tun_bench b = { .q = q, .e = e };
	int err = 0;

	b.tuples = calloc(3 * (size_t)q->flows, sizeof(*b.tuples));
	b.here.v = ct_variant_find(q->table);
	if (!b.tuples || !b.here.v) {
		free(b.tuples);
		return ct_fail(e, -ENOENT, CT_EXIT_USER,
			       "no memory, or this ctbench has no variant %s: ctbench list",
			       q->table);
	}
	kernel_make_tuples(b.tuples, q->flows);
	for (int way = 0; way < KERNEL_HOOKS && !err; way++)
		err = open_way(&b, way);
	if (!err) {
		kernel_setting_write("max", 2 * (long long)q->flows + 1024);
		kernel_setting_write("udp_timeout", TIMEOUT);
		kernel_setting_write("udp_timeout_stream", TIMEOUT);
		if (kernel_side_open(&b.here, r->buckets, q->flows, 1, CT_PAGES_THP))
			err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory: ask for fewer --flows");
	}
	if (!err)
		err = make_packets(&b);
	if (!err)
		err = establish(&b);
	return err ? err : take_rounds(&b, r);
}
