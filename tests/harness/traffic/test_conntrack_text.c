/* SPDX-License-Identifier: MIT */
/*
 * Connections from text: the same ones from each form that Linux prints, wrong lines refused with
 * their number; key sets; and addresses with prefixes kept.
 */
#include "harness/traffic/conntrack_text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/anonymise.h"
#include "harness/traffic/flows.h"
#include "harness/traffic/key_set.h"
#include "tests/fixture/cmocka.h"

/* The same four connections as each program prints them. */
static const char plain[] =
	"tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=192.0.2.7 sport=40000 dport=443 packets=3 "
	"bytes=180 src=192.0.2.7 dst=203.0.113.1 sport=443 dport=61000 packets=2 bytes=120 "
	"[ASSURED] mark=0 use=1 id=3264735232\n"
	"udp      17 29 src=2001:db8::1 dst=2001:db8::2 sport=5353 dport=53 [UNREPLIED] "
	"src=2001:db8::2 dst=2001:db8::1 sport=53 dport=5353 mark=0 zone=9 use=1\n"
	"icmp     1 29 src=10.0.0.1 dst=192.0.2.7 type=8 code=0 id=77 src=192.0.2.7 dst=10.0.0.1 "
	"type=0 code=0 id=77 mark=0 zone-orig=3 use=1 id=1264735232\n"
	"gre      47 29 src=10.0.0.1 dst=192.0.2.7 srckey=0x10 dstkey=0x20 src=192.0.2.7 "
	"dst=10.0.0.1 srckey=0x20 dstkey=0x10 mark=0 use=1\n"
	"conntrack v1.4.7 (conntrack-tools): 4 flow entries have been shown.\n";

static const char proc[] =
	"ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=192.0.2.7 sport=40000 dport=443 "
	"src=192.0.2.7 dst=203.0.113.1 sport=443 dport=61000 [ASSURED] mark=0 zone=0 use=2\n"
	"\n"
	"ipv6     10 udp      17 29 src=2001:0db8:0000:0000:0000:0000:0000:0001 "
	"dst=2001:0db8:0000:0000:0000:0000:0000:0002 sport=5353 dport=53 [UNREPLIED] "
	"src=2001:0db8:0000:0000:0000:0000:0000:0002 dst=2001:0db8:0000:0000:0000:0000:0000:0001 "
	"sport=53 dport=5353 mark=0 zone=9 use=2\n"
	"ipv4     2 icmp     1 29 src=10.0.0.1 dst=192.0.2.7 type=8 code=0 id=77 zone-orig=3 "
	"src=192.0.2.7 dst=10.0.0.1 type=0 code=0 id=77 mark=0 use=2\n"
	"# a comment\n"
	"ipv4     2 gre      47 29 src=10.0.0.1 dst=192.0.2.7 srckey=0x10 dstkey=0x20 "
	"src=192.0.2.7 dst=10.0.0.1 srckey=0x20 dstkey=0x10 mark=0 zone=0 use=2";

#define META(dir, v, src, dst, proto, ports) \
	"<meta direction=\"" dir "\"><layer3 protonum=\"" v "\" protoname=\"ip\"><src>" src \
	"</src><dst>" dst "</dst></layer3><layer4 protonum=\"" proto "\" protoname=\"x\">" ports \
	"</layer4>"
#define TAG(name, value) "<" name ">" value "</" name ">"
#define PORTS(s, d)	 TAG("sport", s) TAG("dport", d)
#define ICMP(t)		 TAG("type", t) TAG("code", "0") TAG("id", "77")
#define KEYS(s, d)	 TAG("srckey", s) TAG("dstkey", d)
#define REST(zone) \
	"<meta direction=\"independent\"><state>X</state><timeout>29</timeout><mark>0</mark>" zone \
	"<use>1</use><id>12345</id><assured/></meta></flow>\n"

/* clang-format off */
static const char xml[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n"
	"<flow>" META("original", "2", "10.0.0.1", "192.0.2.7", "6", PORTS("40000", "443"))
	"<counters><packets>3</packets><bytes>180</bytes></counters></meta>"
	META("reply", "2", "192.0.2.7", "203.0.113.1", "6", PORTS("443", "61000"))
	"</meta>" REST("")
	"<flow>" META("original", "10", "2001:db8::1", "2001:db8::2", "17", PORTS("5353", "53"))
	"</meta>"
	META("reply", "10", "2001:db8::2", "2001:db8::1", "17", PORTS("53", "5353"))
	"</meta>" REST(TAG("zone", "9"))
	/* As the program writes ICMP: left out. */
	"<flow>" META("original", "2", "10.0.0.1", "192.0.2.7", "1", "") "</meta>"
	META("reply", "2", "192.0.2.7", "10.0.0.1", "1", "") "</meta>" REST("")
	"<flow>" META("original", "2", "10.0.0.1", "192.0.2.7", "1", ICMP("8")) TAG("zone", "3")
	"</meta>" META("reply", "2", "192.0.2.7", "10.0.0.1", "1", ICMP("0")) "</meta>" REST("")
	"<flow>" META("original", "2", "10.0.0.1", "192.0.2.7", "47", KEYS("0x10", "0x20"))
	"</meta>"
	META("reply", "2", "192.0.2.7", "10.0.0.1", "47", KEYS("0x20", "0x10")) "</meta>" REST("")
	"</conntrack>\n";
/* clang-format on */

static struct conntrack_text *open_text(const char *text, size_t size)
{
	static struct conntrack_text t;

	if (t.in)
		fclose(t.in);
	memset(&t, 0, sizeof(t));
	t.in = fmemopen((void *)text, size, "r");
	t.name = "table";
	assert_non_null(t.in);
	return &t;
}

#define MOST 8
static unsigned int read_all(const char *text, size_t size, struct conntrack_entry *entries)
{
	struct conntrack_text *t = open_text(text, size);
	struct ct_error e = { 0 };
	unsigned int nr = 0;
	int ret;

	while ((ret = conntrack_text_next(t, &entries[nr], &e)) > 0)
		assert_true(++nr < MOST);
	if (ret)
		fail_msg("%s", e.text);
	return nr;
}

static void forms(void **state)
{
	const char *const texts[] = { plain, proc, xml };
	struct conntrack_entry first[MOST], other[MOST];
	char *written = NULL;
	size_t len;
	FILE *out;

	(void)state;
	assert_int_equal(read_all(plain, strlen(plain), first), 4);
	assert_int_equal(first[0].tuple[0].tuple.src.u3.ip, htonl(0x0a000001));
	assert_int_equal(first[0].tuple[1].tuple.dst.u.all, htons(61000));
	assert_int_equal(first[1].tuple[0].tuple.src.l3num, NFPROTO_IPV6);
	assert_int_equal(first[1].zone.id, 9);
	assert_int_equal(first[1].zone.dir, NF_CT_DEFAULT_ZONE_DIR);
	assert_int_equal(first[2].tuple[0].tuple.dst.u.icmp.type, 8);
	assert_int_equal(first[2].tuple[0].tuple.src.u.icmp.id, htons(77));
	assert_int_equal(first[2].zone.dir, NF_CT_ZONE_DIR_ORIG);
	assert_int_equal(first[3].tuple[0].tuple.dst.u.gre.key, htons(0x20));
	assert_int_equal(first[3].tuple[0].tuple.dst.protonum, 47);
	for (unsigned int k = 1; k < 3; k++) {
		assert_int_equal(read_all(texts[k], strlen(texts[k]), other), 4);
		for (unsigned int i = 0; i < 4; i++) {
			assert_memory_equal(other[i].tuple, first[i].tuple, sizeof(first[i].tuple));
			assert_memory_equal(&other[i].zone, &first[i].zone, sizeof(first[i].zone));
		}
	}
	/* What is written reads as it was. */
	out = open_memstream(&written, &len);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(conntrack_text_write(out, &first[i]), 0);
	fclose(out);
	assert_int_equal(read_all(written, len, other), 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_memory_equal(other[i].tuple, first[i].tuple, sizeof(first[i].tuple));
	free(written);
}

#define TUPLES "src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1\n"
#define GOOD   "udp 17 29 " TUPLES

static void wrong_lines(void **state)
{
	static const char *const lines[] = {
		"hello\n",
		"udp 17 29\n",
		"udp x src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 "
		"dport=1\n",
		"udp 300 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 "
		"dport=1\n",
		"udp 17 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2\n",
		"udp 17 src=1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 "
		"dport=1\n",
		"udp 17 src=1.1.1.1 dst=::2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 "
		"dport=1\n",
		"udp 17 src=1.1.1.1 dst=2.2.2.2 sport=65536 dport=2 src=2.2.2.2 dst=1.1.1.1 "
		"sport=2 "
		"dport=1\n",
		"udp 17 src=1.1.1.1 dst=2.2.2.2 sport=-1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 "
		"dport=1\n",
		"udp 17 src=1.1.1.1 dst=2.2.2.2 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1\n",
		"udp 17 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 "
		"dport=1 "
		"src=1.1.1.1\n",
		"udp 17 src=1.1.1.1 dst=2.2.2.2 sport=1 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 "
		"dport=1\n",
		"udp 17 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 "
		"dport=1 "
		"zone=65536\n",
		"icmp 1 src=1.1.1.1 dst=2.2.2.2 type=256 code=0 id=1 src=2.2.2.2 dst=1.1.1.1 "
		"type=0 "
		"code=0 id=1\n",
		/* Each would be another protocol, without ports. */
		"\xef\xbb\xbf" GOOD,
		"\xef\xbb\xbfipv4 2 " GOOD,
		"ipv4 10 " GOOD,
		"ipv6 2 " GOOD,
		"inet 2 " GOOD,
		"tcp 17 29 " TUPLES,
		"x 17 29 " TUPLES,
		"udp 6 29 " TUPLES,
	};
	/* As programs write what they know less about; an offloaded entry has no seconds. */
	static const char *const other[] = {
		"unknown 50 9 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1\n",
		"esp 50 9 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1\n",
		"unknown 17 9 " TUPLES,
		"ipv4 2 tcp 6 ESTABLISHED " TUPLES,
	};
	static char text[3 * CONNTRACK_LINE_MAX];
	struct conntrack_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct ct_error e = { 0 };
		struct conntrack_text *t;

		snprintf(text, sizeof(text), "%s\n%s", GOOD, lines[i]);
		t = open_text(text, strlen(text));
		assert_int_equal(conntrack_text_next(t, &entry, &e), 1);
		if (conntrack_text_next(t, &entry, &e) != -EINVAL)
			fail_msg("accepted: %s", lines[i]);
		assert_non_null(strstr(e.text, "table:3:"));
		assert_int_equal(e.status, CT_EXIT_USER);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		struct ct_error e = { 0 };

		if (conntrack_text_next(open_text(other[i], strlen(other[i])), &entry, &e) != 1)
			fail_msg("refused: %s: %s", other[i], e.text);
	}
	/* A line without end, and a zero byte. */
	for (unsigned int k = 0; k < 2; k++) {
		struct ct_error e = { 0 };

		memset(text, k ? 0 : 'x', sizeof(text));
		assert_int_equal(conntrack_text_next(open_text(text, sizeof(text)), &entry, &e),
				 -EINVAL);
	}
}

static void wrong_xml(void **state)
{
	static const char *const texts[] = {
		"<flow>",
		"<flow><flow>",
		"<flow></flow>",
		"<flow><meta direction=\"up\"></meta></flow>",
		"<flow><meta direction=\"original\"><layer4 protonum=\"0\"></flow>",
		"<flow><meta direction=\"original\"><src>1.1.1.1</src><src>1.1.1.1</src></flow>",
		"<a>text",
		/* Cut off between flows, and events. */
		"<conntrack>",
		"<conntrack><flow type=\"new\"></flow></conntrack>",
	};
	struct conntrack_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ct_error e = { 0 };

		if (conntrack_text_next(open_text(texts[i], strlen(texts[i])), &entry, &e) !=
		    -EINVAL)
			fail_msg("accepted: %s", texts[i]);
		assert_non_null(strstr(e.text, "table:1:"));
	}
}

/* Flows of a key set come back with their direction; doubles are refused, synthetic ones too. */
static void key_sets(void **state)
{
	struct key_set k = { 0 };
	struct flow_set fs;
	union ct_tuple_words t, back;
	uint64_t flow;
	bool reply;

	(void)state;
	flow_set_init(&fs, 0, 7);
	flow_tuple(&fs, 5, false, &t);
	assert_int_equal(key_set_add(&k, &t), KEY_SET_SYNTHETIC);
	memset(&t, 0, sizeof(t));
	for (uint32_t i = 0; i < 5000; i++) {
		ct_tuple_set_ipv4(&t, htonl(0x01000000 + i), htonl(0x02000000), htons(1), htons(2),
				  IPPROTO_UDP);
		assert_int_equal(key_set_add(&k, &t), KEY_SET_ADDED);
	}
	assert_int_equal(key_set_add(&k, &t), KEY_SET_DOUBLE);
	assert_true(nf_ct_invert_tuple(&back.tuple, &t.tuple));
	assert_int_equal(key_set_add(&k, &back), KEY_SET_DOUBLE);
	assert_false(k.ipv6 || k.without_ports);
	t.tuple.dst.protonum = IPPROTO_ICMP;
	t.tuple.dst.u.icmp.type = 99;
	assert_int_equal(key_set_add(&k, &t), KEY_SET_NO_ANSWER);
	fs.recorded = &k;
	for (uint64_t i = 0; i < 5002; i++)
		for (unsigned int r = 0; r < 2; r++) {
			struct ct_key4 key;

			flow_tuple(&fs, i, r, &t);
			assert_true(flow_find(&fs, &t.tuple, &flow, &reply));
			assert_true(flow == i && reply == r);
			flow_key4(&fs, i, r, &key);
			ct_tuple_set_ipv4(&back, key.saddr, key.daddr, key.sport, key.dport,
					  key.protonum);
			assert_true(nf_ct_tuple_equal(&t.tuple, &back.tuple));
		}
	key_set_free(&k);
}

static unsigned int shared(const uint32_t *a, const uint32_t *b, unsigned int bits)
{
	unsigned int n = 0;

	while (n < bits && !((ntohl(a[n / 32]) ^ ntohl(b[n / 32])) >> (31 - n % 32) & 1))
		n++;
	return n;
}

/* Exactly the shared prefix stays shared; another key, another mapping; half of the bits change. */
static void prefixes(void **state)
{
	const uint64_t key[2] = { 1, 2 }, other_key[2] = { 1, 3 };
	unsigned int flipped = 0, same = 0, constant = 0;
	uint32_t last[2] = { 0, 0 };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3);
	for (unsigned int i = 0; i < 4000; i++) {
		uint16_t family = i % 2 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		unsigned int bits = i % 2 ? 128 : 32, bit = (unsigned int)rng_below(&rng, bits);
		union nf_inet_addr a = { { 0 } }, b, x, y, z;

		for (unsigned int w = 0; w < bits / 32; w++)
			a.all[w] = (uint32_t)rng_next(&rng);
		b = a;
		b.all[bit / 32] ^= htonl(1u << (31 - bit % 32));
		x = z = a;
		y = b;
		anonymise_address(&x, family, key);
		anonymise_address(&y, family, key);
		anonymise_address(&z, family, other_key);
		assert_int_equal(shared(x.all, y.all, bits), bit);
		assert_true(i % 2 || (!x.all[1] && !x.all[2] && !x.all[3]));
		flipped += (unsigned int)__builtin_popcount(x.all[0] ^ a.all[0]);
		same += x.all[0] == z.all[0];
		constant += (x.all[0] ^ a.all[0]) == last[i % 2];
		last[i % 2] = x.all[0] ^ a.all[0];
	}
	assert_in_range(flipped, 4000 * 15, 4000 * 17);
	assert_true(same < 3);
	assert_true(constant < 3); /* not the same bits of all addresses */
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(forms),    cmocka_unit_test(wrong_lines), cmocka_unit_test(wrong_xml),
	cmocka_unit_test(key_sets), cmocka_unit_test(prefixes),
};
CT_TEST_MAIN(tests, NULL, NULL)
