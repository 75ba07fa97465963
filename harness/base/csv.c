/* SPDX-License-Identifier: MIT */
#include "harness/base/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void put_field(FILE *out, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

int csv_of_tsv(FILE *out, FILE *in)
{
	char *line = NULL;
	size_t room = 0;
	int err;

	while (getline(&line, &room, in) > 0) {
		char *rest = line, *field;

		line[strcspn(line, "\n")] = '\0';
		while ((field = strsep(&rest, "\t"))) {
			put_field(out, field);
			fputc(rest ? ',' : '\n', out);
		}
	}
	err = ferror(in) ? -errno : 0;
	free(line);
	return err;
}
