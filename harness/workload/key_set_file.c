/* SPDX-License-Identifier: MIT */
#include "harness/workload/key_set_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/files.h"
#include "harness/workload/parameters.h"

#define BYTES_MAX (UINT64_C(1) << 38)

bool key_set_is_file(const char *text)
{
	size_t len = strlen(text), suffix = strlen(KEY_SET_SUFFIX);

	return len > suffix && !strcmp(text + len - suffix, KEY_SET_SUFFIX);
}

const char *key_set_count(const char *path, uint64_t *nr)
{
	static _Thread_local char why[256];
	char line[128], same[128];
	unsigned long long count = 0;
	FILE *in = file_read(path, BYTES_MAX);

	if (!in) {
		snprintf(why, sizeof(why),
			 "it cannot be read (%s); ctbench import writes such files",
			 file_error(errno));
		return why;
	}
	if (!fgets(line, sizeof(line), in))
		line[0] = '\0';
	fclose(in);
	if (sscanf(line, KEY_SET_HEADER, &count) == 1)
		snprintf(same, sizeof(same), KEY_SET_HEADER, count);
	if (!count || count > FLOWS_MAX || strcmp(line, same)) {
		snprintf(why, sizeof(why),
			 "it is no key set: its first line is not '# ctbench key set 1: N "
			 "connections'; ctbench import writes such files");
		return why;
	}
	*nr = count;
	return NULL;
}
