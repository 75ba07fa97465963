/* SPDX-License-Identifier: MIT */
#include "harness/numbers/histogram.h"

#include <jansson.h>
#include <math.h>

uint64_t histogram_low(unsigned int bucket)
{
	unsigned int shift = bucket >> CT_HIST_BITS;

	if (!shift)
		return bucket;
	/* The linear part has two times as many: its upper half is shift 1's own count from 0. */
	shift--;
	return (uint64_t)((bucket & ((1u << CT_HIST_BITS) - 1)) | 1u << CT_HIST_BITS) << shift;
}

uint64_t histogram_high(unsigned int bucket)
{
	return bucket + 1 < CT_HIST_BUCKETS ? histogram_low(bucket + 1) - 1 : UINT64_MAX;
}

void histogram_add(struct ct_histogram *to, const struct ct_histogram *from)
{
	to->n += from->n;
	to->sum += from->sum;
	if (from->max > to->max)
		to->max = from->max;
	for (unsigned int i = 0; i < CT_HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

uint64_t histogram_at(const struct ct_histogram *h, double share)
{
	/* 0.99 * 100 is 99.00000000000001 or so, but the 99th value is meant. */
	double place = ceil(share * (double)h->n * (1 - 1e-15) - 1e-9);
	uint64_t want = place > 1 ? (uint64_t)place : 1, seen = 0;

	if (want >= h->n)
		return h->max;
	for (unsigned int i = 0; i < CT_HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= want)
			return histogram_high(i) < h->max ? histogram_high(i) : h->max;
	}
	return h->max;
}

double histogram_above(const struct ct_histogram *h, uint64_t value)
{
	uint64_t above = 0;

	for (unsigned int i = ct_histogram_bucket(value) + 1; i < CT_HIST_BUCKETS; i++)
		above += h->bucket[i];
	return h->n ? (double)above / (double)h->n : 0;
}

json_t *histogram_to_json(const struct ct_histogram *h)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < CT_HIST_BUCKETS && list; i++) {
		if (!h->bucket[i])
			continue;
		if (json_array_append_new(list, json_integer((json_int_t)i)) ||
		    json_array_append_new(list, json_integer((json_int_t)h->bucket[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}
