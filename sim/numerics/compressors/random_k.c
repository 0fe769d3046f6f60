/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random-k: k = max(1, round(ratio d)) elements, each set of k equally likely (Stich, Cordonnier
 * and Jaggi, NeurIPS 2018, definition 2.1; unscaled: E|C(v) - v|^2 = (1 - k/d) |v|^2).  Without
 * memory values are scaled by d/k, which makes it unbiased (Wangni et al., NeurIPS 2018).
 *
 * With common_seed all nodes choose the same coordinates in a step: no indices are sent, and
 * encodings add up.  Otherwise each index is charged, though a seed could stand for them all.
 *
 * The set is drawn by Floyd's algorithm (Bentley and Floyd, CACM 30(9), 1987).
 */
#include <gsl/gsl_rng.h>
#include <string.h>

#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(random_k_run);

struct random_k_params {
    double ratio;
    bool common_seed;
};

static size_t random_k_words(size_t count)
{
    return (count + 63) / 64;
}

/* For j = d - k ... d - 1: a number up to j, or j itself where that is in the set already. */
static void random_k_draw(const struct random_k_params *params, struct compressor_key key,
                          size_t count, uint64_t kept, uint64_t *set)
{
    struct rng rng;
    if (params->common_seed)
        key.role = 0, key.index = 0;
    compressor_draws(&rng, &key);
    memset(set, 0, random_k_words(count) * sizeof *set);
    for (uint64_t j = count - kept; j < count; j++) {
        uint64_t at = gsl_rng_uniform_int(&rng.gsl, j + 1);
        if (set[at / 64] >> (at % 64) & 1)
            at = j;
        set[at / 64] |= UINT64_C(1) << (at % 64);
    }
}

void REAL_NAME(random_k_run)(const struct plan_kernel_call *call)
{
    const struct compressor_params *message = compressor_call(call);
    const struct random_k_params *params = message->rule;
    const real *v = call->inputs[0];
    real *to = call->outputs[0];
    size_t count = call->input_counts[0];
    uint64_t kept = compressor_kept(params->ratio, count), *set = call->scratch;
    double scale = message->contraction ? 1 : (double)count / (double)kept;
    random_k_draw(params, message->key, count, kept, set);
    for (size_t i = 0; i < count; i++)
        to[i] = set[i / 64] >> (i % 64) & 1 ? (real)(scale * (double)v[i]) : 0;
}

#if REAL_BITS == 64
static size_t random_k_scratch(const struct plan_kernel_call *call)
{
    return random_k_words(call->input_counts[0]) * sizeof(uint64_t);
}

static unsigned random_k_traits(const void *params, bool contraction)
{
    const struct random_k_params *random = params;
    return COMPRESSOR_SPARSE | (random->common_seed ? COMPRESSOR_LINEAR : 0) |
           (contraction ? 0 : COMPRESSOR_UNBIASED);
}

static int64_t random_k_bits(const void *params, const struct compressor_wire *wire)
{
    const struct random_k_params *random = params;
    uint64_t kept = compressor_kept(random->ratio, wire->dimension);
    if (random->common_seed)
        return (int64_t)kept * wire->real_bits;
    return compressor_sparse_bits(wire, kept);
}

static const struct field random_k_fields[] = {
    FIELD_AT(struct random_k_params, ratio, FIELD_REAL, "0.01", .min = FIELD_POSITIVE, .max = 1,
             .help = "share of the elements that is sent; at least one"),
    FIELD_AT(struct random_k_params, common_seed, FIELD_BOOL, "true",
             .help = "all nodes send the same elements in a step, without indices"),
    FIELD_END,
};

extern const struct compressor_ops random_k_ops;
const struct compressor_ops random_k_ops = {
    .plugin = {.name = "random-k",
               .summary = "random elements, scaled up where there is no memory",
               .reference = "J. Wangni, J. Wang, J. Liu and T. Zhang, Gradient Sparsification for "
                            "Communication-Efficient Distributed Optimization, NeurIPS 2018, "
                            "arXiv:1710.09854",
               .params = random_k_fields,
               .params_size = sizeof(struct random_k_params)},
    .traits = random_k_traits,
    .bits = random_k_bits,
    .kernel = {.name = "random-k",
               .scratch_bytes = random_k_scratch,
               .run32 = random_k_run32,
               .run64 = random_k_run64},
};
#endif
