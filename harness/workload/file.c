/* SPDX-License-Identifier: MIT */
/*
 * A YAML file as words with their places.
 *
 * libcyaml checks the file against a schema and loads the values, but it does not keep their
 * lines, and its schema cannot say "a word or a list of words".  So the file is read twice.
 * First libyaml's events give the line and the shape of each value, and every mistake in the form
 * is reported with its line.  Then a schema is made from these shapes, and libcyaml loads.
 *
 * Every text of a workload file passes here, so this is where control characters are refused:
 * names and questions go into results, plots, pages and terminals.
 */
#include "harness/base/built_in.h"
#include "harness/base/array.h"
#include "harness/base/escape.h"
#include "harness/base/nearest.h"
#include "harness/workload/internal.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#define FILE_MAX   (1 << 20)
#define VALUES_MAX 256	/* of one key */
#define VALUE_MAX  1024 /* bytes of one value */

int words_add(struct words *w, const char *text, size_t len, int line, const char *source)
{
	if (!array_room(w->list, w->nr))
		return -ENOMEM;
	w->list[w->nr] = (struct word){ .line = line, .source = source };
	if (text) {
		w->list[w->nr].text = strndup(text, len);
		if (!w->list[w->nr].text)
			return -ENOMEM;
	}
	w->nr++;
	return 0;
}

void words_free(struct words *w)
{
	for (size_t i = 0; i < w->nr; i++)
		free(w->list[i].text);
	free(w->list);
	*w = (struct words){ 0 };
}

int words_copy(struct words *to, const struct words *from)
{
	struct words copy = { .is_list = from->is_list };

	for (size_t i = 0; i < from->nr; i++) {
		const struct word *w = &from->list[i];

		if (words_add(&copy, w->text, strlen(w->text), w->line, w->source)) {
			words_free(&copy);
			return -ENOMEM;
		}
	}
	words_free(to);
	*to = copy;
	return 0;
}

void workload_text_free(struct workload_text *t)
{
	for (int i = 0; i < NR_PARAMS; i++)
		words_free(&t->keys[i]);
	free(t->path);
	t->path = NULL;
}

const char *word_place(const struct word *w, char buf[WORD_PLACE])
{
	if (w->line)
		snprintf(buf, WORD_PLACE, "%s:%d", w->source, w->line);
	else
		snprintf(buf, WORD_PLACE, "%s", w->source);
	return buf;
}

/* A YAML parser over a file in memory. */
struct scan {
	const char *path;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	struct ct_error *e;
};

static int scan_line(const struct scan *s)
{
	return (int)s->event.start_mark.line + 1;
}

/* libyaml gives the line of a mistake, but only the offset of bytes that are not text. */
static int problem_line(const yaml_parser_t *p)
{
	const unsigned char *text = p->input.string.start;
	int line = 1;

	if (p->error != YAML_READER_ERROR)
		return (int)p->problem_mark.line + 1;
	for (size_t i = 0; i < p->problem_offset && text + i < p->input.string.end; i++)
		line += text[i] == '\n';
	return line;
}

static int scan_next(struct scan *s)
{
	const yaml_parser_t *p = &s->parser;

	if (s->has_event)
		yaml_event_delete(&s->event);
	s->has_event = yaml_parser_parse(&s->parser, &s->event);
	if (s->has_event) {
		if (s->event.type == YAML_ALIAS_EVENT)
			return ct_user_error(
				s->e,
				"%s:%d: *%s is a YAML alias, and workload files have none; put "
				"quotes around a glob that begins with *",
				s->path, scan_line(s), (const char *)s->event.data.alias.anchor);
		return 0;
	}
	if (p->error == YAML_MEMORY_ERROR)
		return ct_fail(s->e, -ENOMEM, CT_EXIT_USER, "no memory to read %s", s->path);
	return ct_user_error(s->e, "%s:%d: not YAML: %s%s%s%s", s->path, problem_line(p),
			     p->problem ? p->problem : "it cannot be read", p->context ? " " : "",
			     p->context ? p->context : "",
			     p->context && strstr(p->context, "alias")
				     ? "; put quotes around a glob that begins with *"
				     : "");
}

static int unknown_key(const struct scan *s, const char *key)
{
	const char *names[NR_PARAMS];
	const char *near;
	char all[512];

	for (int i = 0; i < NR_PARAMS; i++)
		names[i] = parameters[i].name;
	near = nearest_name(key, names, NR_PARAMS);
	parameter_list(all, sizeof(all), false);
	return ct_user_error(s->e, "%s:%d: unknown key '%.64s'%s%s%s; the keys are %s", s->path,
			     scan_line(s), key, near ? " (did you mean '" : "", near ? near : "",
			     near ? "'?)" : "", all);
}

/* A word with its place; load_values() fetches its text. */
static int scan_word(struct scan *s, struct words *w, const char *key)
{
	const char *value = (const char *)s->event.data.scalar.value;
	size_t len = s->event.data.scalar.length;

	if (!len)
		return ct_user_error(s->e, "%s:%d: %s has no value", s->path, scan_line(s), key);
	if (len > VALUE_MAX || strlen(value) != len)
		return ct_user_error(
			s->e, "%s:%d: a value of %s is longer than %d bytes or holds a null byte",
			s->path, scan_line(s), key, VALUE_MAX);
	if (!text_is_plain(value))
		return ct_user_error(
			s->e,
			"%s:%d: a value of %s holds a newline, a tab or another control "
			"character; write it as one line of plain text",
			s->path, scan_line(s), key);
	if (w->nr == VALUES_MAX)
		return ct_user_error(s->e, "%s:%d: %s has more than %d values", s->path,
				     scan_line(s), key, VALUES_MAX);
	if (words_add(w, NULL, 0, scan_line(s), s->path))
		return ct_fail(s->e, -ENOMEM, CT_EXIT_USER, "no memory to read %s", s->path);
	return 0;
}

static int scan_value(struct scan *s, struct words *w, const char *key)
{
	int line, err = scan_next(s);

	if (err)
		return err;
	line = scan_line(s);
	if (s->event.type == YAML_SCALAR_EVENT)
		return scan_word(s, w, key);
	if (s->event.type != YAML_SEQUENCE_START_EVENT)
		return ct_user_error(
			s->e, "%s:%d: %s is a mapping, but must be a value or a list of values",
			s->path, line, key);
	w->is_list = true;
	while (!(err = scan_next(s)) && s->event.type == YAML_SCALAR_EVENT) {
		err = scan_word(s, w, key);
		if (err)
			return err;
	}
	if (err)
		return err;
	if (s->event.type != YAML_SEQUENCE_END_EVENT)
		return ct_user_error(s->e,
				     "%s:%d: the list of %s holds a list or a mapping, but its "
				     "values must be words or phrases (put quotes around a phrase "
				     "with a colon and a blank in it)",
				     s->path, scan_line(s), key);
	if (!w->nr)
		return ct_user_error(s->e, "%s:%d: the list of %s is empty", s->path, line, key);
	return 0;
}

/* Places and shapes of all values. */
static int scan_file(struct scan *s, struct workload_text *t)
{
	int err;

	/* the stream begins, the document begins, the mapping begins */
	for (int i = 0; i < 3; i++) {
		err = scan_next(s);
		if (err)
			return err;
		if (s->event.type == YAML_STREAM_END_EVENT)
			return ct_user_error(s->e, "%s is empty; see workloads/ for examples",
					     s->path);
	}
	if (s->event.type != YAML_MAPPING_START_EVENT)
		return ct_user_error(
			s->e,
			"%s:%d: this is not a YAML mapping; a workload file has a line "
			"'key: value' for "
			"each key",
			s->path, scan_line(s));
	while (!(err = scan_next(s)) && s->event.type == YAML_SCALAR_EVENT) {
		const char *key = (const char *)s->event.data.scalar.value;
		size_t len = s->event.data.scalar.length;
		int id = strlen(key) == len && !strchr(key, '-') ? parameter_find(key, len) : -1;

		if (!text_is_plain(key))
			return ct_user_error(s->e,
					     "%s:%d: a key holds control characters; remove them",
					     s->path, scan_line(s));
		if (id < 0)
			return unknown_key(s, key);
		if (t->keys[id].nr)
			return ct_user_error(
				s->e,
				"%s:%d: %s is given twice (first in line %d); write several "
				"values as a list: [A, B]",
				s->path, scan_line(s), parameters[id].name,
				t->keys[id].list[0].line);
		err = scan_value(s, &t->keys[id], parameters[id].name);
		if (err)
			return err;
	}
	if (err)
		return err;
	if (s->event.type != YAML_MAPPING_END_EVENT)
		return ct_user_error(s->e, "%s:%d: a key must be a word", s->path, scan_line(s));
	err = scan_next(s); /* the document ends */
	if (!err)
		err = scan_next(s);
	if (!err && s->event.type != YAML_STREAM_END_EVENT)
		err = ct_user_error(
			s->e,
			"%s:%d: a workload file is one YAML document, and a second one begins here",
			s->path, scan_line(s));
	return err;
}

/* What libcyaml loads into: for each key a list or a single value. */
struct loaded_key {
	char **list;
	char *one;
	uint32_t nr;
};

struct loaded {
	struct loaded_key keys[NR_PARAMS];
};

static const cyaml_schema_value_t word_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, VALUE_MAX),
};

static void make_fields(cyaml_schema_field_t *fields, const struct workload_text *t)
{
	for (uint32_t i = 0; i < NR_PARAMS; i++) {
		uint32_t base =
			(uint32_t)(offsetof(struct loaded, keys) + i * sizeof(struct loaded_key));
		cyaml_schema_field_t *f = fields++;

		f->key = parameters[i].name;
		if (t->keys[i].is_list) {
			f->data_offset = base + (uint32_t)offsetof(struct loaded_key, list);
			f->count_offset = base + (uint32_t)offsetof(struct loaded_key, nr);
			f->count_size = sizeof(uint32_t);
			f->value = (cyaml_schema_value_t){
				CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
						     char *, &word_schema, 1, VALUES_MAX),
			};
		} else {
			f->data_offset = base + (uint32_t)offsetof(struct loaded_key, one);
			f->value = (cyaml_schema_value_t){
				CYAML_VALUE_STRING(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char,
						   1, VALUE_MAX),
			};
		}
	}
	*fields = (cyaml_schema_field_t)CYAML_FIELD_END;
}

/* libcyaml gives the cause of a failure only in its log: the first sentence. */
static void keep_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	char *text = ctx;

	if (level >= CYAML_LOG_ERROR && !*text) {
		vsnprintf(text, 256, fmt, args);
		text[strcspn(text, "\n")] = '\0';
	}
}

static int load_values(struct workload_text *t, const char *data, size_t size, struct ct_error *e)
{
	cyaml_schema_field_t fields[NR_PARAMS + 1];
	const cyaml_schema_value_t schema = {
		CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct loaded, fields),
	};
	char log[256] = "";
	const cyaml_config_t config = {
		.log_fn = keep_log,
		.log_ctx = log,
		.log_level = CYAML_LOG_WARNING,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	struct loaded *loaded = NULL;
	cyaml_err_t cerr;
	int err = 0;

	make_fields(fields, t);
	cerr = cyaml_load_data((const uint8_t *)data, size, &config, &schema,
			       (cyaml_data_t **)&loaded, NULL);
	if (cerr != CYAML_OK || !loaded)
		return ct_user_error(e, "%s: %s (%s)", t->path, cyaml_strerror(cerr), log);

	for (int i = 0; i < NR_PARAMS && !err; i++) {
		struct loaded_key *k = &loaded->keys[i];
		struct words *w = &t->keys[i];

		for (size_t j = 0; j < w->nr && !err; j++) {
			w->list[j].text = strdup(w->is_list ? k->list[j] : k->one);
			if (!w->list[j].text)
				err = ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to read %s",
					      t->path);
		}
	}
	cyaml_free(&config, &schema, loaded, 0);
	return err;
}

/* All of f, with a null byte behind it, from malloc(). */
static int read_all(FILE *f, const char *path, char **data, size_t *size, struct ct_error *e)
{
	struct stat st;
	int err = 0;

	if (!fstat(fileno(f), &st) && S_ISDIR(st.st_mode))
		return ct_fail(e, -EISDIR, CT_EXIT_USER, "%s is a folder, not a workload file",
			       path);
	*data = malloc(FILE_MAX + 2);
	if (!*data)
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to read %s", path);
	*size = fread(*data, 1, FILE_MAX + 1, f);
	(*data)[*size] = '\0';
	if (ferror(f))
		err = ct_fail(e, -EIO, CT_EXIT_USER, "cannot read %s: %s", path, strerror(errno));
	else if (*size > FILE_MAX)
		err = ct_user_error(e, "%s is larger than a workload file may be (%d bytes)", path,
				    FILE_MAX);
	if (err) {
		free(*data);
		*data = NULL;
	}
	return err;
}

int workload_text_parse(struct workload_text *t, const char *path, const char *data, size_t size,
			struct ct_error *e)
{
	struct scan s = { .e = e };
	int err;

	*t = (struct workload_text){ .path = strdup(path) };
	s.path = t->path;
	if (!t->path || !yaml_parser_initialize(&s.parser)) {
		workload_text_free(t);
		return ct_fail(e, -ENOMEM, CT_EXIT_USER, "no memory to read %s", path);
	}
	yaml_parser_set_input_string(&s.parser, (const unsigned char *)data, size);
	err = scan_file(&s, t);
	if (s.has_event)
		yaml_event_delete(&s.event);
	yaml_parser_delete(&s.parser);
	if (!err)
		err = load_values(t, data, size, e);
	if (err)
		workload_text_free(t);
	return err;
}

int workload_text_read(struct workload_text *t, const char *path, struct ct_error *e)
{
	char *data = NULL;
	size_t size = 0;
	FILE *f;
	int fd, err;

	*t = (struct workload_text){ 0 };
	/* The path goes to the same places as the texts. */
	if (!text_is_plain(path))
		return ct_user_error(e,
				     "the path of a workload file holds control characters: rename "
				     "the file or its folder");
	fd = built_in_open(path);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		err = -errno;
		return ct_fail(e, err, CT_EXIT_USER, "cannot open the workload file %s: %s", path,
			       strerror(-err));
	}
	err = read_all(f, path, &data, &size, e);
	fclose(f);
	if (!err)
		err = workload_text_parse(t, path, data, size, e);
	free(data);
	return err;
}

char *workload_read_text(FILE *f, const char *path, struct ct_error *e)
{
	char *data = NULL;
	size_t size = 0;

	if (read_all(f, path, &data, &size, e))
		return NULL;
	if (strlen(data) == size)
		return data;
	ct_user_error(e, "%s contains a null byte, so it is not a workload file", path);
	free(data);
	return NULL;
}

size_t next_phrase(const char **text, const char **phrase)
{
	const char *p = *text + strspn(*text, " \t");
	size_t len = strcspn(p, " \t");

	*phrase = p;
	*text = p + len;
	return len;
}
