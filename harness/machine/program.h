/* SPDX-License-Identifier: MIT */
#ifndef CTBENCH_HARNESS_MACHINE_PROGRAM_H
#define CTBENCH_HARNESS_MACHINE_PROGRAM_H

#include "harness/base/error.h"

/*
 * A path by which this program can be started anew: /proc/self/exe, which holds
 * even if the file was replaced meanwhile; without /proc the path that it was
 * started by (AT_EXECFN), provided that it is absolute or the folder is still
 * the same.  NULL with a sentence where neither is there.
 */
const char *program_path(struct ct_error *e);

#endif
