/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Top-k: the k = max(1, round(ratio d)) elements of largest magnitude are sent, with their indices
 * (Aji and Heafield, EMNLP 2017; with memory: Stich, Cordonnier and Jaggi, "Sparsified SGD with
 * Memory", NeurIPS 2018, definition 2.1).  Of elements of equal magnitude that of the lowest index
 * goes first.  |C(v) - v|^2 <= (1 - k/d) |v|^2.
 *
 * The k-th largest magnitude is found digit by digit: the bits of a floating-point number without
 * its sign are ordered as its magnitudes (a NaN is above all and is sent, so a divergence shows).
 */
#include <string.h>

#include "numerics/compressors/kernel.h"

#define TOP_K_DIGIT   11
#define TOP_K_BUCKETS (1 << TOP_K_DIGIT)

COMPRESSOR_KERNELS(top_k_run);

struct top_k_params {
    double ratio;
};

#if REAL_BITS == 32
typedef uint32_t top_k_bits;
#else
typedef uint64_t top_k_bits;
#endif

static top_k_bits top_k_magnitude(real value)
{
    top_k_bits bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & ~(top_k_bits)0 >> 1;
}

/* The magnitude of rank k from above; *equal: how many of those of this magnitude are among the
 * first k. */
static top_k_bits top_k_select(const real *v, size_t count, uint64_t k, uint64_t *equal)
{
    top_k_bits found = 0, mask = 0;
    for (int shift = REAL_BITS / TOP_K_DIGIT * TOP_K_DIGIT; shift >= 0; shift -= TOP_K_DIGIT) {
        uint64_t buckets[TOP_K_BUCKETS] = {0};
        for (size_t i = 0; i < count; i++) {
            top_k_bits bits = top_k_magnitude(v[i]);
            if (((bits ^ found) & mask) == 0)
                buckets[bits >> shift & (TOP_K_BUCKETS - 1)]++;
        }
        top_k_bits digit = TOP_K_BUCKETS - 1;
        for (; buckets[digit] < k; digit--)
            k -= buckets[digit];
        found |= digit << shift;
        mask |= (top_k_bits)(TOP_K_BUCKETS - 1) << shift;
    }
    *equal = k;
    return found;
}

void REAL_NAME(top_k_run)(const struct plan_kernel_call *call)
{
    const struct top_k_params *params = compressor_call(call)->rule;
    const real *v = call->inputs[0];
    real *to = call->outputs[0];
    size_t count = call->input_counts[0];
    uint64_t equal;
    top_k_bits least = top_k_select(v, count, compressor_kept(params->ratio, count), &equal);
    for (size_t i = 0; i < count; i++) {
        top_k_bits bits = top_k_magnitude(v[i]);
        bool tie = bits == least && equal > 0;
        equal -= tie;
        to[i] = bits > least || tie ? v[i] : 0;
    }
}

#if REAL_BITS == 64
static unsigned top_k_traits(const void *params, bool contraction)
{
    (void)params;
    (void)contraction;
    return COMPRESSOR_SPARSE;
}

static int64_t top_k_size(const void *params, const struct compressor_wire *wire)
{
    const struct top_k_params *top = params;
    return compressor_sparse_bits(wire, compressor_kept(top->ratio, wire->dimension));
}

static const struct field top_k_fields[] = {
    FIELD_AT(struct top_k_params, ratio, FIELD_REAL, "0.01", .min = FIELD_POSITIVE, .max = 1,
             .help = "share of the elements that is sent; at least one"),
    FIELD_END,
};

extern const struct compressor_ops top_k_ops;
const struct compressor_ops top_k_ops = {
    .plugin = {.name = "top-k",
               .summary = "the elements of largest magnitude",
               .reference = "S. Stich, J.-B. Cordonnier and M. Jaggi, Sparsified SGD with Memory, "
                            "NeurIPS 2018, arXiv:1809.07599",
               .params = top_k_fields,
               .params_size = sizeof(struct top_k_params)},
    .traits = top_k_traits,
    .bits = top_k_size,
    .kernel = {.name = "top-k", .run32 = top_k_run32, .run64 = top_k_run64},
};
#endif
