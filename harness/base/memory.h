/* SPDX-License-Identifier: MIT */
/*
 * Libraries that lose data without memory.  jansson leaves out of an object what it cannot add, and
 * most of its callers could only end: so its allocator ends the program, with a sentence and exit
 * status 2.  Measurements so far are on the disk, and run --resume continues.
 */
#ifndef CTBENCH_HARNESS_BASE_MEMORY_H
#define CTBENCH_HARNESS_BASE_MEMORY_H

/* For main(), before anything else uses jansson. */
void memory_guard(void);

/* Ends the program like that; temporary folders are removed. Any thread. */
void memory_end(void) __attribute__((noreturn));

#endif
