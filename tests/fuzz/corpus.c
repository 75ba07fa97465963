/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target without libFuzzer: runs each file of the folders and files in its arguments; with
 * -m N FIRST also N random changes of them, number FIRST and on.  A change that fails is in the
 * file failed-input.PID.
 */
#include "harness/numbers/random.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#define INPUTS_MAX 4096

static struct input {
	uint8_t *data;
	size_t size;
} inputs[INPUTS_MAX];
static size_t nr_inputs;

static void run_one(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_exact(data, size); /* exactly as many bytes as there are */

	alarm(60);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void read_file(const char *path, size_t size)
{
	struct input *in = &inputs[nr_inputs++];
	FILE *f = fopen(path, "r");

	fuzz_check(nr_inputs < INPUTS_MAX && f);
	in->data = malloc(size + 1);
	in->size = size;
	fuzz_check(in->data && fread(in->data, 1, size, f) == size);
	fclose(f);
}

/* ---- changes ---- */

#define CHANGED_MAX 65536

/* Some bytes of `from` at a place of the input: instead of what is there, or in between. */
static void splice(struct input *in, const struct input *from, struct rng *r)
{
	size_t len = from->size ? 1 + rng_below(r, from->size < 64 ? from->size : 64) : 0;
	size_t source = from->size ? rng_below(r, from->size - len + 1) : 0;
	size_t to = rng_below(r, in->size + 1);
	uint8_t part[64];

	memcpy(part, from->data + source, len);
	if (rng_below(r, 2) && in->size + len < CHANGED_MAX) {
		memmove(in->data + to + len, in->data + to, in->size - to);
		in->size += len;
	}
	len = len < in->size - to ? len : in->size - to;
	memcpy(in->data + to, part, len);
}

static void change(struct input *in, struct rng *r)
{
	static const uint8_t odd[] = {
		0, 1, 0x7f, 0x80, 0xfe, 0xff, '"', '{', '\n', '-', '9', ' '
	};
	size_t at, len;

	if (!in->size) {
		splice(in, &inputs[rng_below(r, nr_inputs)], r);
		return;
	}
	at = rng_below(r, in->size);
	switch (rng_below(r, 6)) {
	case 0:
		in->data[at] ^= (uint8_t)(1u << rng_below(r, 8));
		break;
	case 1:
		in->data[at] = odd[rng_below(r, sizeof(odd))];
		break;
	case 2:
		in->data[at] += (uint8_t)(rng_below(r, 9) - 4);
		break;
	case 3:
		len = 1 + rng_below(r, in->size - at < 64 ? in->size - at : 64);
		memmove(in->data + at, in->data + at + len, in->size - at - len);
		in->size -= len;
		break;
	case 4:
		splice(in, in, r);
		break;
	default:
		splice(in, &inputs[rng_below(r, nr_inputs)], r);
	}
}

static struct input now;
static char kept[64];

/* For inputs that a sanitizer, a check or an alarm ends. */
static void keep_input(void)
{
	FILE *out = fopen(kept, "w");

	if (out) {
		fwrite(now.data, 1, now.size, out);
		fclose(out);
	}
}

static void run_changes(uint64_t nr, uint64_t first)
{
	snprintf(kept, sizeof(kept), "failed-input.%d", (int)getpid());
	now.data = malloc(2 * CHANGED_MAX);
	fuzz_check(now.data && nr_inputs);
	for (uint64_t n = first; n < first + nr; n++) {
		const struct input *in;
		struct rng r;

		rng_seed(&r, n);
		in = &inputs[rng_below(&r, nr_inputs)];
		now.size = in->size < CHANGED_MAX ? in->size : CHANGED_MAX;
		memcpy(now.data, in->data, now.size);
		for (uint64_t k = 1 + rng_below(&r, 8); k; k--)
			change(&now, &r);
		keep_input();
		run_one(now.data, now.size);
	}
	unlink(kept);
}

/* ---- files ---- */

static void read_path(const char *path)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (stat(path, &st)) {
		fprintf(stderr, "there is no %s\n", path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		read_file(path, (size_t)st.st_size);
		return;
	}
	dir = opendir(path);
	fuzz_check(dir);
	while ((entry = readdir(dir))) {
		char inside[PATH_MAX];

		snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
		if (*entry->d_name != '.')
			read_path(inside);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	uint64_t changes = 0, first = 0;
	int i = 1;

	if (argc > 3 && !strcmp(argv[1], "-m")) {
		changes = strtoull(argv[2], NULL, 10);
		first = strtoull(argv[3], NULL, 10);
		i = 4;
	}
	for (; i < argc; i++)
		read_path(argv[i]);
	/* Nothing too: the smallest input. */
	run_one((const uint8_t *)"", 0);
	for (size_t k = 0; k < nr_inputs; k++)
		run_one(inputs[k].data, inputs[k].size);
	if (changes)
		run_changes(changes, first);
	printf("%zu inputs, %llu changes of them\n", nr_inputs, (unsigned long long)changes);
	for (size_t k = 0; k < nr_inputs; k++)
		free(inputs[k].data);
	free(now.data);
	return nr_inputs ? 0 : 1;
}
