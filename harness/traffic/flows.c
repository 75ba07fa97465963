/* SPDX-License-Identifier: MIT */
/* Flow i, from client, port and server: see flows.h. */
#include "harness/traffic/flows.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>

#include "core/netfilter.h"
#include "harness/traffic/key_set.h"

#define CLIENT_BITS 15 /* 3 of network, 12 of host */
#define HOST_BITS   12
#define PORT_FIRST  32768 /* net.ipv4.ip_local_port_range of Linux */
#define PORTS	    28232
#define SERVERS	    ((1u << (FLOW_BITS - CLIENT_BITS)) / PORTS + 1)

/* Private and carrier-grade NAT networks (RFC 1918, RFC 6598), /20 each. */
static const uint32_t client_nets[1 << (CLIENT_BITS - HOST_BITS)] = {
	0x0a000000, /* 10.0.0.0 */
	0x0a141000, /* 10.20.16.0 */
	0x0a408000, /* 10.64.128.0 */
	0x64400000, /* 100.64.0.0 */
	0x64502000, /* 100.80.32.0 */
	0xac100000, /* 172.16.0.0 */
	0xac143000, /* 172.20.48.0 */
	0xc0a81000, /* 192.168.16.0 */
};

/* Services; each has a number of entries in proportion to its share of the connections. */
static const struct service {
	uint16_t port;
	uint8_t protonum;
} services[] = {
	{ 443, IPPROTO_TCP }, { 443, IPPROTO_TCP },  { 53, IPPROTO_UDP },  { 443, IPPROTO_TCP },
	{ 80, IPPROTO_TCP },  { 443, IPPROTO_TCP },  { 443, IPPROTO_UDP }, { 443, IPPROTO_TCP },
	{ 22, IPPROTO_TCP },  { 443, IPPROTO_TCP },  { 53, IPPROTO_UDP },  { 443, IPPROTO_TCP },
	{ 80, IPPROTO_TCP },  { 993, IPPROTO_TCP },  { 443, IPPROTO_UDP }, { 443, IPPROTO_TCP },
	{ 123, IPPROTO_UDP }, { 8080, IPPROTO_TCP }, { 80, IPPROTO_TCP },  { 25, IPPROTO_TCP },
};

/*
 * Servers are in 198.18.0.0/15 (for benchmarks, RFC 2544); all IPv6 addresses are
 * in 2001:db8::/32 (for documentation, RFC 3849).
 */
#define SERVER_NET   0xc6120000u
#define SERVER_STEP  211u
#define SERVER_FIRST 17u
#define IPV6_NET     0x20010db8u
#define IPV6_SERVERS 0xff00u /* third group of a server; a client's is its network */

/* A flow's parts. */
struct flow {
	uint32_t net, host; /* of the client */
	uint32_t port;	    /* the client's */
	uint32_t server;
};

static struct flow flow_parts(const struct flow_set *fs, uint64_t i)
{
	uint64_t x = permutation_at(&fs->order, i);
	uint32_t y = (uint32_t)(x >> CLIENT_BITS);

	return (struct flow){
		.net = (uint32_t)(x >> HOST_BITS) % ARRAY_SIZE(client_nets),
		.host = (uint32_t)x % (1 << HOST_BITS),
		.port = PORT_FIRST + y % PORTS,
		.server = y / PORTS,
	};
}

static uint32_t server_ipv4(const struct flow *f)
{
	return htonl(SERVER_NET + SERVER_FIRST + f->server * SERVER_STEP);
}

/* A /48 for a network, a /64 for a host, and a random-looking interface id (RFC 8981). */
static void client_ipv6(const struct flow *f, uint32_t addr[4])
{
	uint64_t state = f->net << HOST_BITS | f->host, iid = splitmix64(&state);

	addr[0] = htonl(IPV6_NET);
	addr[1] = htonl((f->net + 1) << 16 | f->host);
	addr[2] = htonl((uint32_t)(iid >> 32));
	addr[3] = htonl((uint32_t)iid);
}

static void server_ipv6(const struct flow *f, uint32_t addr[4])
{
	addr[0] = htonl(IPV6_NET);
	addr[1] = htonl(IPV6_SERVERS << 16 | f->server);
	addr[2] = 0;
	addr[3] = htonl(1);
}

void flow_set_init(struct flow_set *fs, double ipv6_share, uint64_t seed)
{
	permutation_init(&fs->order, 1ull << FLOW_BITS, seed);
	fs->recorded = NULL;
	fs->ipv6 = (uint64_t)llround(ipv6_share * 0x1p32);
	fs->land = 0;
}

void flow_set_land(struct flow_set *fs, double land_share)
{
	fs->land = (uint64_t)llround(land_share * 0x1p32);
}

static bool is_recorded(const struct flow_set *fs, uint64_t i)
{
	return fs->recorded && i < fs->recorded->nr;
}

/* A flow is meant if the integer part of i * share grows there (as Bresenham draws a line). */
static bool is_shared(uint64_t i, uint64_t share)
{
	return (uint32_t)((i + 1) * share) < share;
}

static bool is_land(const struct flow_set *fs, uint64_t i)
{
	return fs->land && !is_recorded(fs, i) && is_shared(i, fs->land);
}

bool flow_is_ipv6(const struct flow_set *fs, uint64_t i)
{
	if (is_recorded(fs, i))
		return fs->recorded->flow[i][0].tuple.src.l3num == NFPROTO_IPV6;
	return is_shared(i, fs->ipv6) && !is_land(fs, i);
}

static void key4_of(const struct nf_conntrack_tuple *t, struct ct_key4 *k)
{
	*k = (struct ct_key4){
		.saddr = t->src.u3.ip,
		.daddr = t->dst.u3.ip,
		.sport = t->src.u.all,
		.dport = t->dst.u.all,
		.protonum = t->dst.protonum,
	};
}

/* The number in an address of 10.0.0.0/10 and a port; the other flows' ends differ. */
#define LAND_NET  0x0a000000u
#define LAND_MASK 0xffc00000u

static void land_key4(const struct flow_set *fs, uint64_t i, struct ct_key4 *k)
{
	const uint64_t x = permutation_at(&fs->order, i);

	k->saddr = k->daddr = htonl(LAND_NET | (uint32_t)(x >> 16));
	k->sport = k->dport = htons((uint16_t)x);
	k->protonum = IPPROTO_TCP;
	memset(k->pad, 0, sizeof(k->pad));
}

void flow_key4(const struct flow_set *fs, uint64_t i, bool reply, struct ct_key4 *k)
{
	const struct service *s;
	uint32_t client, server;
	uint16_t cport, sport;
	struct flow f;

	if (is_recorded(fs, i)) {
		key4_of(&fs->recorded->flow[i][reply].tuple, k);
		return;
	}
	if (is_land(fs, i)) {
		land_key4(fs, i, k);
		return;
	}
	f = flow_parts(fs, i);
	s = &services[f.server % ARRAY_SIZE(services)];
	client = htonl(client_nets[f.net] | f.host);
	server = server_ipv4(&f);
	cport = htons((uint16_t)f.port);
	sport = htons(s->port);

	*k = (struct ct_key4){
		.saddr = reply ? server : client,
		.daddr = reply ? client : server,
		.sport = reply ? sport : cport,
		.dport = reply ? cport : sport,
		.protonum = s->protonum,
	};
}

void flow_tuple(const struct flow_set *fs, uint64_t i, bool reply, union ct_tuple_words *t)
{
	const struct service *s;
	struct flow f;

	if (is_recorded(fs, i)) {
		*t = fs->recorded->flow[i][reply];
		return;
	}
	if (!flow_is_ipv6(fs, i)) {
		struct ct_key4 k;

		flow_key4(fs, i, reply, &k);
		ct_tuple_set_ipv4(t, k.saddr, k.daddr, k.sport, k.dport, k.protonum);
		return;
	}
	f = flow_parts(fs, i);
	s = &services[f.server % ARRAY_SIZE(services)];
	memset(t, 0, sizeof(*t));
	client_ipv6(&f, reply ? t->tuple.dst.u3.all : t->tuple.src.u3.all);
	server_ipv6(&f, reply ? t->tuple.src.u3.all : t->tuple.dst.u3.all);
	t->tuple.src.l3num = NFPROTO_IPV6;
	t->tuple.src.u.all = htons(reply ? s->port : (uint16_t)f.port);
	t->tuple.dst.u.all = htons(reply ? (uint16_t)f.port : s->port);
	t->tuple.dst.protonum = s->protonum;
}

/* --- From tuple to flow --- */

static bool find_ipv4(uint32_t client, uint32_t server, struct flow *f)
{
	client = ntohl(client);
	server = ntohl(server) - SERVER_NET - SERVER_FIRST;
	for (f->net = 0; f->net < ARRAY_SIZE(client_nets); f->net++)
		if (client_nets[f->net] >> HOST_BITS == client >> HOST_BITS)
			break;
	f->host = client % (1 << HOST_BITS);
	f->server = server / SERVER_STEP;
	return f->net < ARRAY_SIZE(client_nets) && server % SERVER_STEP == 0;
}

static bool find_ipv6(const uint32_t *client, const uint32_t *server, struct flow *f)
{
	uint32_t addr[4];

	f->net = (ntohl(client[1]) >> 16) - 1;
	f->host = ntohl(client[1]) & 0xffff;
	f->server = ntohl(server[1]) & 0xffff;
	if (f->net >= ARRAY_SIZE(client_nets) || f->host >> HOST_BITS)
		return false;
	client_ipv6(f, addr);
	if (memcmp(addr, client, sizeof(addr)))
		return false;
	server_ipv6(f, addr);
	return !memcmp(addr, server, sizeof(addr));
}

static bool land_find(const struct flow_set *fs, const struct nf_conntrack_tuple *t, uint64_t *i)
{
	const uint32_t address = ntohl(t->src.u3.ip);
	union ct_tuple_words back;

	if (t->src.l3num != NFPROTO_IPV4 || (address & LAND_MASK) != LAND_NET)
		return false;
	*i = permutation_find(&fs->order,
			      (uint64_t)(address & ~LAND_MASK) << 16 | ntohs(t->src.u.all));
	if (!is_land(fs, *i))
		return false;
	flow_tuple(fs, *i, false, &back);
	return nf_ct_tuple_equal(&back.tuple, t);
}

bool flow_find(const struct flow_set *fs, const struct nf_conntrack_tuple *t, uint64_t *i,
	       bool *reply)
{
	if (fs->recorded && key_set_find(fs->recorded, t, i, reply))
		return true;
	if (fs->land && land_find(fs, t, i)) {
		*reply = false;
		return true;
	}
	for (int r = 0; r < 2; r++) {
		const union nf_inet_addr *client = r ? &t->dst.u3 : &t->src.u3;
		const union nf_inet_addr *server = r ? &t->src.u3 : &t->dst.u3;
		uint16_t port = r ? t->dst.u.all : t->src.u.all;
		union ct_tuple_words back;
		struct flow f;
		uint64_t x;

		if (t->src.l3num == NFPROTO_IPV6 ? !find_ipv6(client->all, server->all, &f)
						 : !find_ipv4(client->ip, server->ip, &f))
			continue;
		f.port = ntohs(port) - PORT_FIRST;
		if (f.server >= SERVERS || f.port >= PORTS)
			continue;
		x = (uint64_t)f.server * PORTS + f.port;
		x = x << CLIENT_BITS | f.net << HOST_BITS | f.host;
		if (x >> FLOW_BITS)
			continue;
		*i = permutation_find(&fs->order, x);
		*reply = r;
		/* Service, protocol and family follow from i. */
		flow_tuple(fs, *i, *reply, &back);
		return nf_ct_tuple_equal(&back.tuple, t);
	}
	return false;
}
