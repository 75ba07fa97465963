/* SPDX-License-Identifier: MIT */
/* Reading the small files of /proc and /sys. */
#include "harness/machine/env_internal.h"

#include "harness/base/escape.h"
#include "harness/base/files.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_at(const char *root, const char *path, va_list ap)
{
	char full[PATH_MAX];
	int n = snprintf(full, sizeof(full), "%s", root);

	if (n < 0 || n >= (int)sizeof(full) ||
	    vsnprintf(full + n, sizeof(full) - (size_t)n, path, ap) >= (int)sizeof(full) - n)
		return NULL;
	return file_fact(full);
}

static char *trim(char *text)
{
	size_t n;

	text += strspn(text, " \t\n");
	n = strlen(text);
	while (n && strchr(" \t\n", text[n - 1]))
		text[--n] = '\0';
	return text;
}

static bool first_line(char *buf, size_t size, FILE *f)
{
	bool got = f && fgets(buf, (int)size, f);

	if (f)
		fclose(f);
	if (!got)
		return false;
	memmove(buf, trim(buf), strlen(trim(buf)) + 1);
	return true;
}

bool env_line(char *buf, size_t size, const char *root, const char *path, ...)
{
	va_list ap;
	FILE *f;

	va_start(ap, path);
	f = open_at(root, path, ap);
	va_end(ap);
	return first_line(buf, size, f);
}

bool env_number(int64_t *value, const char *root, const char *path, ...)
{
	char text[64], *end;
	va_list ap;
	FILE *f;

	va_start(ap, path);
	f = open_at(root, path, ap);
	va_end(ap);
	if (!first_line(text, sizeof(text), f))
		return false;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return end != text && !*end && !errno;
}

bool env_field(char *buf, size_t size, const char *root, const char *path, const char *key)
{
	char full[PATH_MAX], *line = NULL;
	size_t room = 0, len = strlen(key);
	bool found = false;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	f = file_fact(full);
	if (!f)
		return false;
	while (!found && file_line(f, &line, &room) > 0) {
		char *value = line + len;

		if (strncmp(line, key, len) || !strchr(" \t:", *value))
			continue;
		value += strspn(value, " \t:");
		snprintf(buf, size, "%s", trim(value));
		found = true;
	}
	free(line);
	fclose(f);
	return found;
}

bool env_chosen(char *buf, size_t size, const char *root, const char *path)
{
	char line[256], *open, *close;

	if (!env_line(line, sizeof(line), root, "%s", path))
		return false;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return false;
	*close = '\0';
	snprintf(buf, size, "%s", open + 1);
	return true;
}

json_t *env_text_or_null(bool known, const char *text)
{
	char plain[1024];
	json_t *json;

	/* A hypervisor can put any text into some of these files. */
	json = known ? json_string(escaped(plain, sizeof(plain), escape_line, text)) : NULL;
	return json ? json : json_null();
}

json_t *env_number_or_null(bool known, int64_t value)
{
	return known ? json_integer(value) : json_null();
}

json_t *env_flag_or_null(bool known, bool value)
{
	return known ? json_boolean(value) : json_null();
}
