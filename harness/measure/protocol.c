/* SPDX-License-Identifier: MIT */
#include "harness/measure/protocol.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_read.h"
#include "harness/base/output_of.h"
#include "harness/machine/env.h"
#include "harness/measure/slices.h"
#include "harness/workload/cell.h"
#include "harness/workload/parameters.h"
#include "variants/variant.h"

#define ABOUT_MAX     (256 << 10)
#define ABOUT_SECONDS 20

/* FNV-1a. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	for (const unsigned char *p = bytes; size--; p++)
		hash = (hash ^ *p) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

const char *protocol_name(void)
{
	static const uint32_t sizes[] = { sizeof(struct cell), sizeof(struct cell_result),
					  sizeof(struct slice_order), sizeof(struct slice_told) };
	static char name[32];
	uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), sizes, sizeof(sizes));

	for (int i = 0; i < NR_PARAMS; i++) {
		const struct word_meaning *w = parameters[i].words;

		hash = hash_text(hash, parameters[i].name);
		for (; w && w->word; w++)
			hash = hash_text(hash, w->word);
	}
	snprintf(name, sizeof(name), "%d-%08" PRIx32, PROTOCOL_VERSION,
		 (uint32_t)(hash ^ hash >> 32));
	return name;
}

json_t *protocol_about(void)
{
	json_t *variants = json_array();

	for (size_t i = 0; i < ct_nr_variants; i++)
		json_array_append_new(variants, json_string(ct_variants[i]->name));
	return json_pack("{s:s, s:o, s:o}", "protocol", protocol_name(), "build", env_build(),
			 "variants", variants);
}

json_t *protocol_ask(const char *path, const char *name, struct ct_error *e)
{
	char *const argv[] = { (char *)"ctbench", (char *)"measure", (char *)"--protocol", NULL };
	char *text = malloc(ABOUT_MAX);
	json_t *about = NULL;
	int status;

	if (!text) {
		ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to ask '%.300s' what it is", name);
		return NULL;
	}
	status = output_of(path, argv, -1, true, ABOUT_SECONDS, text, ABOUT_MAX);
	if (!status)
		about = json_loads(text, 0, NULL);
	free(text);
	if (!*text_of(about, "protocol"))
		ct_user_error(
			e,
			"'%.300s' cannot take part in a run of this ctbench ('%.300s measure "
			"--protocol' gives no answer: status %d): measure with each of them, and "
			"compare the two runs with ctbench compare A B",
			name, path, status);
	else if (strcmp(text_of(about, "protocol"), protocol_name()))
		ct_user_error(e,
			      "'%.300s' speaks protocol %.40s, and this ctbench %s, so they cannot "
			      "measure in one run: measure with each of them, and compare the two "
			      "runs with ctbench compare A B",
			      name, text_of(about, "protocol"), protocol_name());
	else
		return about;
	json_decref(about);
	return NULL;
}
