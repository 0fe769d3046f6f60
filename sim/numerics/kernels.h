/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elementwise kernels and reductions of the CPU backend, one table per precision.
 *
 * Vectors are arrays of the table's real type.  A destination may be identical with a source; it
 * must not overlap one otherwise.  Every result is defined per element or per KERNELS_BLOCK, so a
 * vector may be cut at multiples of it without changing a bit.
 */
#ifndef HEARSAY_NUMERICS_KERNELS_H
#define HEARSAY_NUMERICS_KERNELS_H

#include <stddef.h>

#include "numerics/objective.h"

/* Elements of one partial sum of `distance`: 8 interleaved double accumulators, added in order. */
#define KERNELS_BLOCK 4096

struct kernels {
    /* to = ((c[0] from[0] + c[1] from[1]) + c[2] from[2]) + ..., all in `real`; count >= 1. */
    void (*weighted_sum)(void *to, const void *const *from, const double *c, size_t terms,
                         size_t count);
    /* to = real(scale x (from[0] + from[1] + ...)), the sum in double, in order. */
    void (*reduce)(void *to, const void *const *from, size_t terms, double scale, size_t count);
    /* Sum of (ca a - cb b)^2 in double; b NULL: of (ca a)^2. */
    double (*distance)(const void *a, double ca, const void *b, double cb, size_t count);
    void (*to_double)(double *to, const void *from, size_t count);
    void (*from_double)(void *to, const double *from, size_t count);
};

extern const struct kernels kernels32, kernels64;

static inline const struct kernels *kernels_of(enum numeric_precision precision)
{
    return precision == NUMERIC_FLOAT32 ? &kernels32 : &kernels64;
}

#endif
