/* SPDX-License-Identifier: MIT */
/* Comparisons of two runs that were not sensitive enough; see compare.h. */
#include "harness/judge/compare.h"

#include "harness/base/json_read.h"

#include <jansson.h>
#include <math.h>

/*
 * A rise by the share is a smaller ratio than a fall by it, so this checks both directions. A value
 * that just reaches the share must not fail by rounding.
 */
static bool detects(const json_t *item, double share)
{
	return number_of(item, "visible_percent") <= 100 * share * (1 + 1e-9);
}

void judge_require_power(json_t *result, double share)
{
	json_t *list = json_object_get(result, "comparisons"), *item, *worst = NULL;
	json_int_t blind = 0;
	size_t i;

	json_array_foreach(list, i, item) {
		if (detects(item, share))
			continue;
		blind++;
		json_object_set_new(item, "blind", json_true());
		/* Without a smallest detectable effect nothing was judged. */
		if (!worst ||
		    (isfinite(number_of(worst, "visible_percent")) &&
		     !(number_of(item, "visible_percent") <= number_of(worst, "visible_percent"))))
			worst = item;
	}
	json_object_set_new(result, "required_percent", json_real(100 * share));
	json_object_set_new(result, "blind", json_integer(blind));
	if (worst)
		json_object_set(result, "least_sensitive", worst);
}

unsigned int judge_repeats_needed(const json_t *comparison, double share)
{
	double visible = log1p(number_of(comparison, "visible_percent") / 100);
	double n = number_of(comparison, "n") * pow(visible / log1p(share), 2);

	return isfinite(n) && n <= 1000 ? (unsigned int)ceil(n) : 0;
}
