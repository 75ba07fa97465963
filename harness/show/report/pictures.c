/* SPDX-License-Identifier: MIT */
/*
 * The pictures of a page, wide ones and ones for phones. They are always drawn from the figures,
 * into temporary folders: files in a run's plots/ may have come with the run, and an SVG file can
 * contain more than a picture.
 */
#include "harness/show/report/report.h"

#include "harness/base/array.h"
#include "harness/base/files.h"
#include "harness/show/plot/plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void drew(void *arg, const char *workload, const char *name)
{
	struct report_pictures *p = arg;
	struct report_picture *picture;

	if (p->failed || !array_room(p->list, p->nr)) {
		p->failed = true;
		return;
	}
	picture = &p->list[p->nr++];
	*picture = (struct report_picture){ strdup(workload), strdup(name) };
	p->failed = !picture->workload || !picture->name;
}

/* Pictures of effects first, then by name. */
static int by_rank(const void *a, const void *b)
{
	const struct report_picture *x = a, *y = b;
	int first = !!strstr(y->name, "-effects") - !!strstr(x->name, "-effects");

	return first ? first : strcmp(x->name, y->name);
}

static int draw_both(struct report_pictures *p, const struct report_source *s, struct ct_error *e)
{
	int err = scratch_make(p->wide, NULL, e);

	if (!err)
		err = plot_page(s->benchmark, p->wide, s->plots, false, drew, p, e);
	if (!err)
		err = scratch_make(p->narrow, NULL, e);
	if (!err)
		err = plot_page(s->benchmark, p->narrow, s->plots, true, NULL, NULL, e);
	if (!err && p->failed)
		err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the report");
	return err;
}

int report_draw(struct report_source *s, struct report_pictures *p, struct ct_error *e)
{
	struct ct_error why = { 0 };
	int err;

	*p = (struct report_pictures){ 0 };
	err = draw_both(p, s, &why);
	if (!err) {
		if (p->nr)
			qsort(p->list, p->nr, sizeof(*p->list), by_rank);
		s->pictures = p;
		return 0;
	}
	report_pictures_free(p);
	if (err == -EINTR)
		*e = why;
	else
		fprintf(stderr, "ctbench: the report has no plots: %s\n", why.text);
	return err == -EINTR ? err : 0;
}

void report_pictures_free(struct report_pictures *p)
{
	scratch_remove(p->wide);
	scratch_remove(p->narrow);
	for (size_t i = 0; i < p->nr && p->list; i++) {
		free(p->list[i].workload);
		free(p->list[i].name);
	}
	free(p->list);
	*p = (struct report_pictures){ 0 };
}
