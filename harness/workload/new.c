/* SPDX-License-Identifier: MIT */
/* The text of a new workload file, from four answers (ctbench new). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "harness/workload/internal.h"

#include "harness/base/memory.h"

static const struct {
	const char *word, *lines;
} traffics[] = {
	{ "lookups", "" },
	{ "churn", "mix: lookup=90 insert=5 delete=5\n" },
	{ "packets", "level: packets\n" },
	{ "fill", "kind: fill\n" },
};

/* Does YAML read it as the same text without quotes, also in a list? */
static bool is_plain(const char *text)
{
	if (!isalnum((unsigned char)*text) || !strcmp(text, "null"))
		return false;
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.%=-?()/+ ", *p))
			return false;
	return text[strlen(text) - 1] != ' ';
}

static void put_text(FILE *out, const char *text)
{
	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* Values as on the command line, several with commas. */
static int put_key(FILE *out, int id, const char *values, const char *source, struct ct_error *e)
{
	struct words words = { 0 };
	int err = workload_split_value(&words, id, values, source, e);

	if (!err) {
		fprintf(out, "%s: %s", parameters[id].name, words.nr > 1 ? "[" : "");
		for (size_t i = 0; i < words.nr; i++) {
			fputs(i ? ", " : "", out);
			put_text(out, words.list[i].text);
		}
		fputs(words.nr > 1 ? "]\n" : "\n", out);
	}
	words_free(&words);
	return err;
}

static int put_traffic(FILE *out, const char *traffic, struct ct_error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(traffics); i++)
		if (!strcmp(traffics[i].word, traffic)) {
			fputs(traffics[i].lines, out);
			return 0;
		}
	return ct_user_error(e,
			     "--traffic is '%.64s', but it must be lookups, churn, packets "
			     "or fill",
			     traffic);
}

/* KEY=VALUES, or none; *sized: it sets the size of the table. */
static int put_vary(FILE *out, const char *vary, bool *sized, struct ct_error *e)
{
	size_t len = strcspn(vary, "=");
	int id = parameter_find(vary, len);

	*sized = false;
	if (!strcmp(vary, "none"))
		return 0;
	if (!vary[len])
		return ct_user_error(e,
				     "--vary is '%.64s', but it must be KEY=VALUES, as in "
				     "threads=1,all, or none",
				     vary);
	if (id < 0 || parameters[id].use == USE_FILE || id == PARAM_VARIANTS)
		return ct_user_error(
			e,
			"--vary: '%.*s' is not a parameter that can vary; ctbench list "
			"--parameters shows them",
			(int)(len < 64 ? len : 64), vary);
	*sized = id == PARAM_BUCKETS || id == PARAM_LOAD_FACTOR;
	return put_key(out, id, vary + len + 1, "--vary", e);
}

char *workload_new_text(const struct workload_answers *a, struct ct_error *e)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = memory_stream(&text, &size);
	bool sized = false;
	int err;

	fprintf(out, "# yaml-language-server: $schema=%s\nquestion: ", a->schema);
	put_text(out, a->question);
	fputc('\n', out);
	err = put_key(out, PARAM_VARIANTS, a->variants, "--variants", e);
	if (!err)
		err = put_traffic(out, a->traffic, e);
	if (!err)
		err = put_vary(out, a->vary, &sized, e);
	if (!sized)
		fputs("load_factor: 1\n", out);
	memory_stream_close(out, &text);
	if (!err)
		return text;
	free(text);
	return NULL;
}
