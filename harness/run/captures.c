/* SPDX-License-Identifier: MIT */
/* The captures and key sets of a run, read once before anything is measured: see run.h. */
#include "harness/run/run.h"

#include <errno.h>
#include <string.h>

#include "harness/traffic/capture.h"
#include "harness/traffic/key_set.h"

static int look_at(const struct cell *cell, struct ct_error *e)
{
	struct capture_packet p;
	struct capture *c;
	unsigned int at = 0;
	char note[256];
	uint64_t ip = 0;
	int err = capture_open(&c, cell->capture, e);

	if (err)
		return err;
	while ((err = capture_next(c, &p, e)) > 0)
		;
	ip = capture_notes(c)->ip;
	while (!err && ip && capture_notes_text(capture_notes(c), &at, note, sizeof(note)))
		fprintf(stderr, "ctbench: note: %s: %s\n", cell->capture, note);
	capture_close(c);
	if (!err && !ip && cell->kind != KIND_DECODE)
		return ct_user_error(e, "%s has no IP packet to send: use another capture",
				     cell->capture);
	return err;
}

/* This process reads them once, and each measuring process again. */
static int look_at_key_set(const struct cell *cell, struct ct_error *e)
{
	const struct key_set *k = key_set_load(cell->key_set, e);

	if (!k)
		return -EINVAL;
	if (cell->level == LEVEL_PACKETS && k->without_ports)
		return ct_user_error(
			e,
			"%.300s has %llu connections that are neither TCP nor UDP, and level: "
			"packets cannot make packets of these; import it again with --only tcp,udp",
			cell->key_set, (unsigned long long)k->without_ports);
	return 0;
}

int run_look_at_captures(const struct run *run, struct ct_error *e)
{
	int err = 0;

	for (size_t i = 0; i < run->nr_cells && !err; i++) {
		const struct run_cell *c = &run->cells[i];
		bool seen = !c->selected || !c->cell.capture[0];

		if (c->selected && c->cell.key_set[0])
			err = look_at_key_set(&c->cell, e);
		for (size_t k = 0; k < i && !seen; k++)
			seen = run->cells[k].selected &&
			       !strcmp(run->cells[k].cell.capture, c->cell.capture) &&
			       (run->cells[k].cell.kind == KIND_DECODE) ==
				       (c->cell.kind == KIND_DECODE);
		if (!seen && !err)
			err = look_at(&c->cell, e);
	}
	return err;
}
