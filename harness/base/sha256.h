/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 (FIPS 180-4), for naming our own style sheet in a page's content security policy.  Not
 * for secrets.
 */
#ifndef CTBENCH_HARNESS_BASE_SHA256_H
#define CTBENCH_HARNESS_BASE_SHA256_H

#include <stddef.h>

#define SHA256_BASE64 45 /* with the zero at its end */

/* The digest of len bytes in base64. */
void sha256_base64(char out[SHA256_BASE64], const void *data, size_t len);

#endif
