/* SPDX-License-Identifier: MIT */
/* Writing and reading in folders where another user may have put symlinks; digests. */
#include "harness/base/files.h"
#include "harness/base/sha256.h"
#include "tests/fixture/cmocka.h"
#include "tests/fixture/command_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool holds(const char *path, const char *right)
{
	char text[256];

	read_text(path, text, sizeof(text));
	return !strcmp(text, right);
}

static unsigned int entries(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned int nr = 0;

	assert_non_null(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr - 2;
}

static void a_new_file(void **state)
{
	struct stat st;

	(void)state;
	umask(022);
	assert_int_equal(mkdir("f", 0777), 0);
	assert_int_equal(file_write_new("f", "a", "one", 3), 0);
	assert_true(holds("f/a", "one"));
	assert_int_equal(stat("f/a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(file_write_new("f", "a", "", 0), 0);
	assert_true(holds("f/a", ""));
	/* A symlink is replaced; its target is not changed. */
	write_text("victim", "precious");
	assert_int_equal(symlink("../victim", "f/b"), 0);
	assert_int_equal(file_write_new("f", "b", "two", 3), 0);
	assert_true(holds("victim", "precious"));
	assert_true(holds("f/b", "two"));
	/* A failed write leaves no file. */
	assert_int_equal(mkdir("f/c", 0777), 0);
	assert_true(file_write_new("f", "c", "x", 1) < 0);
	assert_int_equal(file_write_new("nowhere", "a", "x", 1), -ENOENT);
	assert_int_equal(file_write_new("victim", "a", "x", 1), -ENOTDIR);
	assert_int_equal(entries("f"), 3);
}

static void going_on(void **state)
{
	int fd = file_append("g", O_WRONLY | O_CREAT);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(file_append("g", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
	assert_int_equal(symlink("g", "link"), 0);
	assert_int_equal(file_append("link", O_WRONLY), -ELOOP);
	assert_int_equal(symlink("new", "to-nothing"), 0);
	assert_int_equal(file_append("to-nothing", O_WRONLY | O_CREAT), -ELOOP);
	assert_int_equal(access("new", F_OK), -1);
	assert_int_equal(mkfifo("pipe", 0666), 0);
	assert_true(file_append("pipe", O_RDWR) < 0);
	assert_null(strstr(file_error(ELOOP), "levels"));
}

static void reading(void **state)
{
	FILE *in;

	(void)state;
	write_text("h", "12345");
	in = file_read("h", 5);
	assert_non_null(in);
	fclose(in);
	assert_null(file_read("h", 4));
	assert_int_equal(errno, EFBIG);
	assert_null(file_read("pipe", 5));
	assert_int_equal(errno, ENOTSUP);
	assert_null(file_read("/dev/zero", 5));
	assert_int_equal(errno, ENOTSUP);
	assert_null(file_read(".", 5));
	assert_int_equal(errno, EISDIR);
	assert_null(file_read("nothing", 5));
	assert_int_equal(errno, ENOENT);
}

static void folders(void **state)
{
	char a[PATH_MAX], b[PATH_MAX], path[PATH_MAX + 8];
	struct ct_error e = { 0 };
	struct stat st;

	(void)state;
	setenv("TMPDIR", own_path("f"), 1);
	assert_int_equal(scratch_make(a, NULL, &e), 0);
	assert_int_equal(strncmp(a, own_path("f"), strlen(own_path("f"))), 0);
	setenv("TMPDIR", "f", 1); /* a relative path */
	assert_int_equal(scratch_make(b, NULL, &e), 0);
	assert_int_equal(strncmp(b, "/tmp/", 5), 0);
	unsetenv("TMPDIR");
	assert_int_equal(stat(a, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* The target of a link in it is not removed. */
	snprintf(path, sizeof(path), "%s/x", a);
	assert_int_equal(symlink(own_path("victim"), path), 0);
	scratch_remove(a);
	scratch_remove(b);
	scratch_remove("");
	assert_int_equal(access(a, F_OK) & access(b, F_OK), -1);
	assert_true(holds("victim", "precious"));
	assert_true(scratch_make(a, "nowhere", &e) < 0);
	assert_string_equal(a, "");
	assert_int_equal(e.status, CT_EXIT_USER);
}

/* Answers of coreutils' sha256sum and base64. */
static void digests(void **state)
{
	char text[256], out[SHA256_BASE64], right[64];

	(void)state;
	sha256_base64(out, "", 0);
	assert_string_equal(out, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	memset(text, 'a', sizeof(text));
	/* Every length around the ends of blocks. */
	for (size_t len = 1; len < 200; len += len < 54 || len > 66 ? 53 : 2) {
		write_bytes("bytes", text, len);
		assert_int_equal(system("env printf \"$(sha256sum bytes | cut -c1-64 | "
					"sed 's/../\\\\x&/g')\" | base64 > digest"),
				 0);
		read_text("digest", right, sizeof(right));
		right[strcspn(right, "\n")] = '\0';
		sha256_base64(out, text, len);
		assert_string_equal(out, right);
	}
}

static int setup(void **state)
{
	(void)state;
	return own_folder_enter("files");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_new_file), cmocka_unit_test(going_on), cmocka_unit_test(reading),
	cmocka_unit_test(folders),    cmocka_unit_test(digests),
};
CT_TEST_MAIN(tests, setup, own_folder_leave)
