/* SPDX-License-Identifier: MIT */
/* Bytes as a workload file; what is accepted can be printed, and read back with the same values. */
#include "harness/workload/workload.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>

static void read_back(const struct cell *cell)
{
	char text[4096];

	for (unsigned int i = 0; i < cell_nr_params(); i++) {
		struct cell copy = *cell;
		struct ct_error e = { 0 };
		char again[4096];

		fuzz_check(cell_param_text(cell, i, text, sizeof(text)) < (int)sizeof(text));
		if (cell_param_set(&copy, cell_param_name(i), text, "input", &e)) {
			fprintf(stderr, "%s: %s: %s\n", cell_param_name(i), text, e.text);
			abort();
		}
		cell_param_text(&copy, i, again, sizeof(again));
		fuzz_check(!strcmp(text, again));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct workload_set set = { 0 };
	struct ct_error e = { 0 };
	char *text = malloc(size + 1);

	fuzz_check(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (workload_load_text(&set, "input.yaml", text, NULL, &e)) {
		fuzz_check(e.status && !set.nr);
	} else {
		workload_print_cells(fuzz_nowhere(), &set, NULL, 0);
		for (size_t i = 0; i < set.nr; i++) {
			json_decref(workload_to_json(&set.list[i]));
			if (set.list[i].nr_cells)
				read_back(&set.list[i].cells[0]);
		}
	}
	workload_set_free(&set);
	free(text);
	return 0;
}
