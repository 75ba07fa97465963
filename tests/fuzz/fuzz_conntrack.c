/* SPDX-License-Identifier: MIT */
/* The text of a kernel's table; what is read is written, and read again as the same. */
#include "harness/traffic/conntrack_text.h"
#include "harness/traffic/kernel_table.h"
#include "harness/traffic/key_set.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void again(const struct conntrack_entry *entry)
{
	static struct conntrack_text text;
	struct conntrack_entry back;
	struct ct_error e = { 0 };
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	fuzz_check(out && !conntrack_text_write(out, entry) && !fclose(out));
	memset(&text, 0, sizeof(text));
	text.name = "again";
	text.in = fmemopen(line, len, "r");
	fuzz_check(text.in && conntrack_text_next(&text, &back, &e) == 1);
	fuzz_check(!memcmp(back.tuple, entry->tuple, sizeof(back.tuple)));
	fuzz_check(back.zone.id == entry->zone.id && back.zone.dir == entry->zone.dir);
	fclose(text.in);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conntrack_text text;
	struct conntrack_entry entry;
	struct ct_error e = { 0 };
	struct key_set k = { 0 };
	int ret;

	kernel_table_entry(data, size, &entry);
	if (!size)
		return 0;
	memset(&text, 0, sizeof(text));
	text.name = "fuzz";
	text.in = fmemopen((void *)data, size, "r");
	if (!text.in)
		return 0;
	while ((ret = conntrack_text_next(&text, &entry, &e)) > 0) {
		again(&entry);
		if (key_set_add(&k, &entry.tuple[0]) == KEY_SET_ADDED) {
			uint64_t flow;
			bool reply;

			fuzz_check(key_set_find(&k, &entry.tuple[0].tuple, &flow, &reply));
			fuzz_check(flow == k.nr - 1 && !reply);
		}
	}
	fuzz_check(!ret || e.text[0]);
	fclose(text.in);
	key_set_free(&k);
	return 0;
}
