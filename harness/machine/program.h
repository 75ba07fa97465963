/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_MACHINE_PROGRAM_H
#define CTBENCH_HARNESS_MACHINE_PROGRAM_H

#include "harness/base/error.h"

/*
 * A path by which this program can start itself again: /proc/self/exe, which works
 * even if the file was replaced meanwhile; without /proc the path by which it was
 * started (AT_EXECFN), if that is absolute or the current folder is still the same.
 * NULL with a sentence if neither exists.
 */
const char *program_path(struct ct_error *e);

#endif
