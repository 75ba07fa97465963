/* SPDX-License-Identifier: MIT */
/* Writing a report into a file, in one of its forms. */
#include "harness/show/report/report.h"

#include "harness/base/memory.h"
#include "harness/results/results.h"

#include <errno.h>
#include <stdlib.h>

int report_write(const struct report_source *s, const char *path, report_form *form,
		 struct ct_error *e)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = memory_stream(&text, &len);
	int err = form(out, s, e);

	memory_stream_close(out, &text);
	if (!err)
		err = results_write_file(path, text, len, e);
	free(text);
	return err;
}
