/* SPDX-License-Identifier: MIT */
/*
 * Whole captures in memory, and how fast they decode there; see capture.h.
 */
#include "harness/traffic/capture.h"

#include "harness/traffic/capture_bytes.h"
#include "harness/base/seconds.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define L3_ALIGN 8u

/*
 * Make room for want elements in an array that has *room; doubles, so that
 * appending costs O(1) each.
 */
static int grow(void **array, size_t *room, size_t want, size_t element)
{
	size_t more = *room ? *room : 4096 / element + 1;
	void *p;

	if (want <= *room)
		return 0;
	while (more < want)
		if (__builtin_mul_overflow(more, 2, &more))
			return -ENOMEM;
	if (more > SIZE_MAX / element)
		return -ENOMEM;
	p = realloc(*array, more * element);
	if (!p)
		return -ENOMEM;
	*array = p;
	*room = more;
	return 0;
}

static int no_memory(const char *path, struct ct_error *e)
{
	return ct_fail(e, -ENOMEM, CT_EXIT_USER, "%s does not fit into this machine's memory",
		       path);
}

int capture_load(const char *path, struct capture_set *set, struct ct_error *e)
{
	size_t packets_room = 0, data_room = 0;
	struct capture_packet p;
	struct capture *c;
	int ret;

	memset(set, 0, sizeof(*set));
	ret = capture_open(&c, path, e);
	if (ret)
		return ret;
	while ((ret = capture_next(c, &p, e)) > 0) {
		size_t at = (set->data_bytes + L3_ALIGN - 1) & ~(size_t)(L3_ALIGN - 1);

		if (grow((void **)&set->packets, &packets_room, set->nr + 1, sizeof(p)) ||
		    grow((void **)&set->data, &data_room, at + p.caplen + 1, 1)) {
			ret = no_memory(path, e);
			break;
		}
		memcpy(set->data + at, p.l3, p.caplen);
		set->data_bytes = at + p.caplen;
		set->packets[set->nr++] = p;
	}
	set->notes = *capture_notes(c);
	capture_close(c);
	if (ret) {
		capture_set_free(set);
		return ret;
	}
	/* data does not move from now on, so pointers into it are safe */
	for (size_t i = 0, at = 0; i < set->nr; i++) {
		at = (at + L3_ALIGN - 1) & ~(size_t)(L3_ALIGN - 1);
		set->packets[i].l3 = set->data + at;
		at += set->packets[i].caplen;
	}
	return 0;
}

void capture_set_free(struct capture_set *set)
{
	if (!set)
		return;
	free(set->packets);
	free(set->data);
	memset(set, 0, sizeof(*set));
}

int capture_slurp(const char *path, uint8_t **data, size_t *size, struct ct_error *e)
{
	struct capture_bytes *b;
	size_t room = 0;
	int err;

	*data = NULL;
	*size = 0;
	err = capture_bytes_open(&b, path, e);
	if (err)
		return err;
	for (;;) {
		ssize_t n;

		if (grow((void **)data, &room, *size + 65536, 1)) {
			err = no_memory(path, e);
			break;
		}
		n = capture_bytes_read(b, *data + *size, room - *size);
		if (n < 0) {
			const struct ct_error *cause = capture_bytes_error(b);

			err = ct_fail(e, -EIO, cause->status, "%s", cause->text);
			break;
		}
		*size += (size_t)n;
		if (!n)
			break;
	}
	capture_bytes_close(b);
	if (err) {
		free(*data);
		*data = NULL;
		*size = 0;
	}
	return err;
}

double capture_decode_rate(const char *path, double seconds, uint64_t *decoded, struct ct_error *e)
{
	uint64_t packets = 0, sum = 0;
	struct capture_packet p;
	struct capture *c;
	uint8_t *data;
	double begin, spent;
	size_t size;
	int ret;

	if (decoded)
		*decoded = 0;
	ret = capture_slurp(path, &data, &size, e);
	if (ret)
		return ret;
	begin = seconds_by(CLOCK_THREAD_CPUTIME_ID);
	do {
		ret = capture_open_memory(&c, data, size, path, e);
		if (ret)
			goto out;
		while ((ret = capture_next(c, &p, e)) > 0) {
			/* use all fields that callers read, so that the compiler keeps the work */
			sum += p.l3proto + p.len + (p.caplen ? p.l3[0] : 0);
			packets++;
		}
		capture_close(c);
		if (ret)
			goto out;
		spent = seconds_by(CLOCK_THREAD_CPUTIME_ID) - begin;
	} while (spent < seconds);
	__asm__ volatile("" : : "r"(sum));
out:
	free(data);
	if (ret)
		return ret;
	if (decoded)
		*decoded = packets;
	return spent > 0 ? (double)packets / spent : 0;
}
