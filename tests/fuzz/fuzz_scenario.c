/* SPDX-License-Identifier: MIT */
/* Bytes as a scenario; a namespace is made of each that is accepted. */
#include "harness/replay/replay.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replay_options options = { .variant = ct_variant_find(REPLAY_VARIANT),
					  .buckets = 16 };
	struct ct_error e = { 0 };
	struct scenario s = { 0 };
	struct replay *r = NULL;
	char path[256];

	fuzz_write(fuzz_folder(), "s.json", data, size);
	snprintf(path, sizeof(path), "%s/s.json", fuzz_folder());
	if (scenario_load(&s, path, &e)) {
		fuzz_check(e.status);
	} else {
		scenario_check(&s, 100, &e);
		for (uint64_t i = 0; i < 100; i++)
			fuzz_check(!(scenario_holds(&s, i) && !s.nr_hold));
		e = (struct ct_error){ 0 };
		if (replay_create(&r, &options, &s, &e))
			fuzz_check(e.status);
		else
			replay_destroy(r);
	}
	scenario_free(&s);
	return 0;
}
