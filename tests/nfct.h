/* SPDX-License-Identifier: MIT */
/*
 * libnetfilter_conntrack for tests that have core/'s headers, whose names it
 * claims too: an entry as a plain structure, that library's reading of a
 * ctnetlink message into it, and its message of it.
 */
#ifndef CTBENCH_TESTS_NFCT_H
#define CTBENCH_TESTS_NFCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nfct_tuple {
	uint8_t src[16], dst[16];	/* IPv4: the first four bytes */
	uint16_t sport, dport;		/* host byte order, as all numbers here */
	uint16_t zone;			/* of this direction alone; 0: none */
};

/* What is not there is 0 in all of it, so that two can be compared with memcmp. */
struct nfct_entry {
	uint8_t l3, l4;
	struct nfct_tuple orig, reply, master;
	uint8_t master_l4;		/* 0: no master */
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id;
	uint32_t status, timeout, mark, use, id;
	uint16_t zone;			/* of both directions */
	bool has_tcp, has_sctp, has_counters, has_labels;
	uint8_t tcp_state, wscale[2], tcp_flags[2];
	uint8_t sctp_state;
	uint32_t vtag[2];
	uint64_t packets[2], bytes[2];
	uint64_t start, stop;		/* ns */
	char helper[32];
	uint8_t labels[16];
};

/*
 * What the library reads in a message, and the line that "conntrack -L -o
 * extended" would print (with its newline).  False: it refuses it.
 */
bool nfct_read(const void *msg, size_t len, struct nfct_entry *out, char *line, size_t size);

/* The library's message that makes such an entry (IPCTNL_MSG_CT_NEW); its length. */
size_t nfct_write(const struct nfct_entry *e, void *buf, size_t size, uint16_t flags, uint32_t seq);

/*
 * Some entry of any protocol and family, different for different numbers: all
 * that a message can ask for, but a master.
 */
void nfct_sample(struct nfct_entry *e, uint32_t number);
/* How many numbers until every protocol was there with every kind of zone. */
#define NFCT_SAMPLES 256

#endif
