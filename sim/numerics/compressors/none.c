/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No compression: the vector itself, shared and not copied. */
#include "numerics/compressors/kernel.h"

#if REAL_BITS == 64
static unsigned none_traits(const void *params, bool contraction)
{
    (void)params;
    (void)contraction;
    return COMPRESSOR_LINEAR | COMPRESSOR_UNBIASED;
}

static int64_t none_bits(const void *params, const struct compressor_wire *wire)
{
    (void)params;
    return (int64_t)wire->dimension * wire->real_bits;
}

const struct compressor_ops none_ops = {
    .plugin = {.name = "none", .summary = "vectors are sent as they are"},
    .traits = none_traits,
    .bits = none_bits,
};
#endif
