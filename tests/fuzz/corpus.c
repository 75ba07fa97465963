/* SPDX-License-Identifier: MIT */
/* A fuzz target without libFuzzer: runs each file of the folders and files in its arguments. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

static unsigned int ran;

static void run_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size + 1);
	FILE *in = fopen(path, "r");

	fuzz_check(data && in);
	fuzz_check(fread(data, 1, size, in) == size);
	fclose(in);
	data = realloc(data, size ? size : 1); /* no byte more than there is */
	fuzz_check(data);
	alarm(60);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	ran++;
}

static void run_path(const char *path)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (stat(path, &st)) {
		fprintf(stderr, "there is no %s\n", path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		run_file(path, (size_t)st.st_size);
		return;
	}
	dir = opendir(path);
	fuzz_check(dir);
	while ((entry = readdir(dir))) {
		char inside[PATH_MAX];

		snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name);
		if (*entry->d_name != '.')
			run_path(inside);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	/* Nothing too: the smallest input. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("%u inputs\n", ran);
	return ran ? 0 : 1;
}
