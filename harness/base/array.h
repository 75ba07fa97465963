/* SPDX-License-Identifier: MIT */
/*
 * Arrays that grow by one element at a time.  They begin as NULL with 0 elements, always have room
 * up to the next power of two, and end with free().
 */
#ifndef CTBENCH_HARNESS_BASE_ARRAY_H
#define CTBENCH_HARNESS_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* For array_room(): array is the address of the pointer to the first element. */
static inline bool array_room_for(void *array, size_t nr, size_t size)
{
	void *p;

	if (nr & (nr - 1))
		return true;
	memcpy(&p, array, sizeof(p));
	p = reallocarray(p, nr ? 2 * nr : 1, size);
	if (!p)
		return false;
	memcpy(array, &p, sizeof(p));
	return true;
}

/*
 * Makes room for element nr of list, a pointer with nr elements.  Without memory it returns false
 * and changes nothing.
 */
#define array_room(list, nr) array_room_for(&(list), (nr), sizeof(*(list)))

#endif
