/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * XXH3-128 digests.  The text is xxHash's canonical (big-endian) form, as `xxh128sum` prints it.
 */
#include "core/digest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* no shared library to find at run time */
#include <xxhash.h>

#include "core/check.h"
#include "core/memory.h"

struct digest {
    XXH3_state_t state;
};

struct digest *digest_create(void)
{
    struct digest *digest = memory_try_aligned(sizeof *digest); /* the state wants 64 bytes */

    CHECK(digest != NULL, "out of memory for a digest");
    XXH3_INITSTATE(&digest->state);
    XXH3_128bits_reset(&digest->state);
    return digest;
}

void digest_free(struct digest *digest)
{
    free(digest);
}

void digest_bytes(struct digest *digest, const void *bytes, size_t size)
{
    XXH3_128bits_update(&digest->state, bytes, size);
}

void digest_u64(struct digest *digest, uint64_t value)
{
    unsigned char bytes[8];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    digest_bytes(digest, bytes, sizeof bytes);
}

void digest_double(struct digest *digest, double value)
{
    uint64_t bits;

    /* Equal numbers have equal digests: one zero, one NaN. */
    if (value == 0)
        value = 0;
    memcpy(&bits, &value, sizeof bits);
    digest_u64(digest, isnan(value) ? UINT64_C(0x7ff8000000000000) : bits);
}

void digest_text(const struct digest *digest, char text[DIGEST_TEXT_SIZE])
{
    XXH128_canonical_t canonical;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&digest->state));
    for (size_t i = 0; i < sizeof canonical.digest; i++)
        snprintf(text + 2 * i, 3, "%02x", canonical.digest[i]);
}

uint64_t digest_high64(const struct digest *digest)
{
    return XXH3_128bits_digest(&digest->state).high64;
}
