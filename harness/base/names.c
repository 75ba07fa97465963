/* SPDX-License-Identifier: MIT */
#include "harness/base/names.h"

#include "harness/base/escape.h"

#include <string.h>

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

bool name_fits_workload(const char *text, size_t len)
{
	return len && len < WORKLOAD_NAME_SIZE && strspn(text, LOWER DIGITS "_-") >= len;
}

bool name_fits_word(const char *text)
{
	size_t len = strlen(text);

	return len && len <= 100 && strspn(text, LOWER UPPER DIGITS "_-.+") == len;
}

bool name_fits_run(const char *text)
{
	size_t len = strlen(text);

	return len && len < 128 && *text != '.' && *text != '-' && !strchr(text, '/') &&
	       text_is_plain(text);
}

bool name_fits_cell(const char *text)
{
	size_t workload = strcspn(text, "/");

	return name_fits_workload(text, workload) && text[workload] && strlen(text) < 1024 &&
	       text_is_plain(text);
}
