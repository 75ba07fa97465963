/* SPDX-License-Identifier: MIT */
/* The captures of a run, read once before anything is measured: see run.h. */
#include "harness/run/run.h"

#include <string.h>

#include "harness/traffic/capture.h"

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
		return ct_user_error(e, "%s has no IP packet: there is nothing to send",
				     cell->capture);
	return err;
}

int run_look_at_captures(const struct run *run, struct ct_error *e)
{
	int err = 0;

	for (size_t i = 0; i < run->nr_cells && !err; i++) {
		const struct run_cell *c = &run->cells[i];
		bool seen = !c->selected || !c->cell.capture[0];

		for (size_t k = 0; k < i && !seen; k++)
			seen = run->cells[k].selected &&
			       !strcmp(run->cells[k].cell.capture, c->cell.capture) &&
			       (run->cells[k].cell.kind == KIND_DECODE) ==
				       (c->cell.kind == KIND_DECODE);
		if (!seen)
			err = look_at(&c->cell, e);
	}
	return err;
}
