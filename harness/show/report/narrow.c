/* SPDX-License-Identifier: MIT */
/*
 * Pictures for a phone.  They are drawn when a page is made, into a folder that is gone
 * when it is done: they are of no use without the page, so the run's own plots/ need not
 * hold each twice, and none can be older than the page.  All of the default suite's take
 * half a second.
 */
#include "harness/show/report/report.h"

#include "harness/show/plot/plot.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int report_narrow_begin(struct report_source *s, struct ct_error *e)
{
	const char *where = getenv("TMPDIR");
	char folder[PATH_MAX];
	int err;

	s->narrow = NULL;
	snprintf(folder, sizeof(folder), "%s/ctbench-plots-XXXXXX",
		 where && *where ? where : "/tmp");
	if (!mkdtemp(folder))
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot make the folder '%.500s': %s",
			       folder, strerror(errno));
	s->narrow = strdup(folder);
	if (!s->narrow) {
		rmdir(folder);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory for the report");
	}
	err = plot_narrow(s->benchmark, folder, e);
	if (err)
		report_narrow_end(s);
	return err;
}

void report_narrow_end(struct report_source *s)
{
	char path[PATH_MAX + 256];
	struct dirent *entry;
	DIR *dir = s->narrow ? opendir(s->narrow) : NULL;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", s->narrow, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	if (s->narrow)
		rmdir(s->narrow);
	free(s->narrow);
	s->narrow = NULL;
}
