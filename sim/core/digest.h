/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * XXH3-128 digests of canonical little-endian records (library xxHash).
 */
#ifndef HEARSAY_CORE_DIGEST_H
#define HEARSAY_CORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_TEXT_SIZE 33 /* 32 hexadecimal digits and NUL */

struct digest;

struct digest *digest_create(void);
void digest_free(struct digest *digest);
void digest_bytes(struct digest *digest, const void *bytes, size_t size);
void digest_u64(struct digest *digest, uint64_t value);
void digest_double(struct digest *digest, double value); /* bits; -0 and NaN are made canonical */
/* The digest of all so far; more may follow. */
void digest_text(const struct digest *digest, char text[DIGEST_TEXT_SIZE]);
uint64_t digest_high64(const struct digest *digest);

#endif
