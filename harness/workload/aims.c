/* SPDX-License-Identifier: MIT */
#include "harness/workload/aims.h"

#include <stdio.h>
#include <string.h>

#include "variants/variant.h"

const char *const aim_measures[AIM_NR_MEASURES] = {
	[AIM_NS_PER_OP] = "ns/op",	 [AIM_RATE] = "M/s",  [AIM_CONN_BYTES] = "B/conn",
	[AIM_BUCKET_BYTES] = "B/bucket", [AIM_SECONDS] = "s",
};

bool aim_parse(struct aim *aim, const char *text)
{
	char measure[16], relation[3];
	size_t m = 0;
	int at = 0;

	memset(aim, 0, sizeof(*aim));
	if (sscanf(text, "%95[^: ]: %15s %2[<>=] %lf %n", aim->variant, measure, relation,
		   &aim->bound, &at) != 4 ||
	    !at)
		return false;
	while (m < AIM_NR_MEASURES && strcmp(measure, aim_measures[m]))
		m++;
	aim->measure = (enum aim_measure)m;
	aim->at_least = !strcmp(relation, ">=");
	if (m == AIM_NR_MEASURES || (!aim->at_least && strcmp(relation, "<=")) ||
	    !(aim->bound > 0) || !ct_variant_find(aim->variant))
		return false;
	text += at;
	if (!*text)
		return true;
	at = 0;
	return sscanf(text, "x %95s %n", aim->times, &at) == 1 && !text[at] &&
	       ct_variant_find(aim->times);
}
