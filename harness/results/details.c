/* SPDX-License-Identifier: MIT */
#include "harness/results/details.h"

#include "harness/base/files.h"
#include "harness/results/check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/results/internal.h"
#include "harness/results/results.h"

char *details_line(const struct measurement *m, const json_t *details, size_t *len)
{
	json_t *line = json_pack("{s:I, s:s, s:i}", "seq", (json_int_t)m->seq, "name", m->name,
				 "repeat", (int)m->repeat);
	char *text = NULL, *more;

	if (line && !json_object_update(line, (json_t *)details))
		text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(12));
	json_decref(line);
	if (!text)
		return NULL;
	*len = strlen(text) + 1;
	more = realloc(text, *len + 1);
	if (!more) {
		free(text);
		return NULL;
	}
	more[*len - 1] = '\n';
	more[*len] = '\0';
	return more;
}

/* ---- reading lines ---- */

int details_open(struct details_reader *r, const char *path, struct ct_error *e)
{
	*r = (struct details_reader){ .path = path, .in = file_read(path, RESULTS_FILE_MAX) };
	if (!r->in && errno != ENOENT)
		return ct_fail(e, -errno, CT_EXIT_USER, "cannot read '%s': %s", path,
			       file_error(errno));
	return 0;
}

void details_close(struct details_reader *r)
{
	if (r->in)
		fclose(r->in);
	free(r->line);
}

int details_next(struct details_reader *r, json_t **object, ssize_t *len, struct ct_error *e)
{
	char where[512];
	json_error_t why;

	*len = r->in ? file_line(r->in, &r->line, &r->room) : -1;
	if (*len < 0 && r->in && ferror(r->in))
		return ct_fail(e, -EIO, CT_EXIT_USER, "cannot read '%s': %s", r->path,
			       strerror(errno));
	if (*len <= 0 || r->line[*len - 1] != '\n')
		return 0;
	r->nr++;
	*object = json_loadb(r->line, (size_t)*len - 1, JSON_DISABLE_EOF_CHECK, &why);
	if (json_is_integer(json_object_get(*object, "seq")) &&
	    json_is_string(json_object_get(*object, "name")) &&
	    json_is_integer(json_object_get(*object, "repeat"))) {
		snprintf(where, sizeof(where), "%.400s:%lu", r->path, r->nr);
		if (!check_details(*object, where, e))
			return 1;
	}
	json_decref(*object);
	return ct_user_error(e,
			     "%s:%lu: this is not a measurement's details%s%.100s: delete the "
			     "line, or measure again under another --name",
			     r->path, r->nr, *object ? "" : " - ", *object ? "" : why.text);
}

int64_t details_end(const char *path, uint64_t last_seq, struct ct_error *e)
{
	struct details_reader r;
	json_t *object;
	int64_t end = 0;
	ssize_t len;
	int ret = details_open(&r, path, e);

	while (!ret && (ret = details_next(&r, &object, &len, e)) > 0) {
		bool has_row =
			(uint64_t)json_integer_value(json_object_get(object, "seq")) <= last_seq;

		json_decref(object);
		ret = 0;
		if (!has_row)
			break;
		end += len;
	}
	details_close(&r);
	return ret < 0 ? ret : end;
}
