/* SPDX-License-Identifier: MIT */
/* Bytes as a capture: pcap, pcapng, zstd, and their link layers. */
#include "harness/traffic/capture.h"
#include "tests/fuzz/fuzz.h"

#define PACKETS_MAX 100000

static volatile uint8_t seen;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ct_error e = { 0 };
	struct capture *c = NULL;
	struct capture_packet p;
	uint64_t clock = 0, nr = 0;
	char text[512];
	unsigned int at = 0;
	int err = capture_open_memory(&c, data, size, "input", &e);

	while (!err && (err = capture_next(c, &p, &e)) > 0 && nr < PACKETS_MAX) {
		fuzz_check(p.index == nr++ && p.len >= p.caplen && p.clock_ns >= clock);
		clock = p.clock_ns;
		for (uint32_t i = 0; i < p.caplen; i++)
			seen += p.l3[i];
		err = 0;
	}
	fuzz_check(err >= 0 || e.status);
	if (c)
		while (capture_notes_text(capture_notes(c), &at, text, sizeof(text)))
			fuzz_check(*text && !strchr(text, '\n'));
	capture_close(c);
	return 0;
}
