/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include "tests/fixture/put_file.h"

#include <ftw.h>
#include <sys/stat.h>

static char folder[] = "/tmp/ctbench-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void)
{
	if (!strcmp(folder + strlen(folder) - 6, "XXXXXX")) {
		fuzz_check(mkdtemp(folder));
		atexit(remove_folder);
	}
	return folder;
}

void fuzz_write(const char *under, const char *name, const void *data, size_t size)
{
	fuzz_check(put_file(under, name, data, size));
}

FILE *fuzz_nowhere(void)
{
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "w");
	fuzz_check(out);
	return out;
}
