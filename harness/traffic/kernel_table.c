/* SPDX-License-Identifier: MIT */
#include "harness/traffic/kernel_table.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/nf_conntrack_netlink.h"

/* The kernel's messages of a dump are up to 32 KiB (NLMSG_GOODSIZE and more). */
#define ROOM (64 << 10)
/* The kernel answers at once, or never if no module is registered for these messages. */
#define PATIENCE_SECONDS 5

static int no_table(struct ct_error *e, int err)
{
	return ct_fail(
		e, -err, CT_EXIT_SKIP,
		"the kernel does not show its table (%s): load nf_conntrack_netlink and run "
		"as root, as in 'sudo modprobe nf_conntrack_netlink && sudo ctbench import "
		"--live --out table.ct', or read a file: 'conntrack -L -o extended >table.txt'",
		strerror(err));
}

int kernel_table_entry(const void *message, size_t len, struct conntrack_entry *entry)
{
	const size_t head = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	struct nla cda[CT_CTA_MAX + 1];
	struct nfgenmsg nfmsg;
	int err;

	if (len < head)
		return -EINVAL;
	memcpy(&nfmsg, (const char *)message + sizeof(struct nlmsghdr), sizeof(nfmsg));
	memset(entry, 0, sizeof(*entry));
	entry->zone.dir = NF_CT_DEFAULT_ZONE_DIR;
	err = nla_parse(cda, CT_CTA_MAX,
			(struct nla){ (const uint8_t *)message + head, len - head }, ct_nla_policy);
	if (!err && cda[CTA_ZONE].data)
		err = ctnetlink_parse_zone(cda[CTA_ZONE], &entry->zone);
	for (int dir = 0; dir < 2 && !err; dir++)
		err = ctnetlink_parse_tuple(cda, &entry->tuple[dir].tuple,
					    dir ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG,
					    nfmsg.nfgen_family, &entry->zone);
	for (int dir = 0; dir < 2; dir++)
		entry->tuple[dir].tuple.dst.dir = 0;
	return err;
}

static int ask(int fd)
{
	const struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfmsg;
	} request = {
		{ .nlmsg_len = sizeof(request),
		  .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		  .nlmsg_seq = 1 },
		{ .nfgen_family = 0, .version = NFNETLINK_V0 },
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(fd, &request, sizeof(request), 0, (const struct sockaddr *)&kernel,
		      sizeof(kernel)) < 0
		       ? -errno
		       : 0;
}

/* Messages of one datagram: 1 at the end of the dump, 0 if more follow, or a negative errno. */
static int messages(const uint8_t *data, size_t len,
		    int (*see)(void *arg, const struct conntrack_entry *entry, struct ct_error *e),
		    void *arg, struct ct_error *e)
{
	struct conntrack_entry entry;
	struct nlmsghdr nlh;
	int err;

	for (; len >= sizeof(nlh);
	     data += NLMSG_ALIGN(nlh.nlmsg_len), len -= NLMSG_ALIGN(nlh.nlmsg_len)) {
		memcpy(&nlh, data, sizeof(nlh));
		if (nlh.nlmsg_len < sizeof(nlh) || NLMSG_ALIGN(nlh.nlmsg_len) > len)
			return ct_fail(e, -EBADMSG, CT_EXIT_INTERNAL,
				       "a message of the kernel is cut off");
		if (nlh.nlmsg_type == NLMSG_DONE)
			return 1;
		if (nlh.nlmsg_type == NLMSG_ERROR) {
			int32_t code = -EIO;

			if (nlh.nlmsg_len >= sizeof(nlh) + sizeof(code))
				memcpy(&code, data + sizeof(nlh), sizeof(code));
			return no_table(e, -code);
		}
		/* Skips entries of another kind or family. */
		if (kernel_table_entry(data, nlh.nlmsg_len, &entry))
			continue;
		err = see(arg, &entry, e);
		if (err)
			return err;
	}
	return 0;
}

int kernel_table_each(int (*see)(void *arg, const struct conntrack_entry *entry,
				 struct ct_error *e),
		      void *arg, struct ct_error *e)
{
	static _Alignas(8) uint8_t room[ROOM];
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), err;

	if (fd < 0)
		return no_table(e, errno);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	err = ask(fd);
	if (err)
		err = no_table(e, -err);
	while (!err) {
		ssize_t len = recv(fd, room, sizeof(room), 0);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			err = no_table(e, errno == EAGAIN ? ETIMEDOUT : errno);
		else
			err = messages(room, (size_t)len, see, arg, e);
	}
	close(fd);
	return err < 0 ? err : 0;
}
