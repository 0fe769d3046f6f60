/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TernGrad (Wen et al., NeurIPS 2017, arXiv:1705.07878): with s = max |v_i| of each layer
 *
 *   C(v)_i = s sign(v_i) b_i,   P(b_i = 1) = |v_i| / s                        (equations 1 to 3)
 *
 * E C(v) = v.  With `clip` c, elements beyond c standard deviations of the layer are cut to that
 * first (section 4.2, equation 13; the paper takes 2.5), which makes it biased.  Two bits an
 * element and a scale a layer.
 *
 * The variance is w |v|^2 with 1 + w = s |v|_1 / |v|^2.  Where the error must contract the scale is
 * divided by that 1 + w, at no cost on the wire: delta = 1 / (1 + w).  The paper has no memory;
 * unscaled, the memory would grow without bound.
 */
#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(terngrad_run);

struct terngrad_params {
    double clip;
    int scope;
};

/* The largest magnitude that stays: infinite without clipping. */
static double terngrad_bound(const struct terngrad_params *params, const real *v,
                             const struct compressor_group *group)
{
    double sum = 0, squares = 0, n = (double)group->count;
    if (field_real_absent(params->clip))
        return INFINITY;
    for (size_t i = 0; i < group->count; i++)
        sum += (double)v[group->first + i];
    for (size_t i = 0; i < group->count; i++) {
        double deviation = (double)v[group->first + i] - sum / n;
        squares += deviation * deviation;
    }
    return params->clip * sqrt(squares / n);
}

/* min(|v|, bound), a NaN stays. */
static double terngrad_magnitude(real v, double bound)
{
    double magnitude = fabs((double)v);
    return magnitude > bound ? bound : magnitude;
}

static void terngrad_group(const struct compressor_params *message, struct rng *rng, const real *v,
                           real *to, const struct compressor_group *group)
{
    double bound = terngrad_bound(message->rule, v, group), largest = 0, sum = 0, squares = 0;
    size_t end = group->first + group->count;
    for (size_t i = group->first; i < end; i++) {
        double magnitude = terngrad_magnitude(v[i], bound);
        if (!(magnitude <= largest) && !isnan(largest))
            largest = magnitude; /* a NaN becomes the scale and stays it */
        sum += magnitude;
        squares += magnitude * magnitude;
    }
    double scale = message->contraction && squares > 0 ? squares / sum : largest;
    for (size_t i = group->first; i < end; i++) {
        double magnitude = terngrad_magnitude(v[i], bound), draw = rng_uniform(rng);
        double sent = draw * largest < magnitude ? scale : 0;
        to[i] = isfinite(largest) ? (real)copysign(sent, (double)v[i]) : (real)largest;
    }
}

void REAL_NAME(terngrad_run)(const struct plan_kernel_call *call)
{
    const struct compressor_params *message = compressor_call(call);
    const struct terngrad_params *params = message->rule;
    struct compressor_groups groups = {.call = call, .scope = params->scope};
    struct compressor_group group;
    struct rng rng;
    compressor_draws(&rng, &message->key);
    while (compressor_groups_next(&groups, &group))
        terngrad_group(message, &rng, call->inputs[0], call->outputs[0], &group);
}

#if REAL_BITS == 64
static unsigned terngrad_traits(const void *params, bool contraction)
{
    const struct terngrad_params *terngrad = params;
    return !contraction && field_real_absent(terngrad->clip) ? COMPRESSOR_UNBIASED : 0;
}

static int64_t terngrad_bits(const void *params, const struct compressor_wire *wire)
{
    const struct terngrad_params *terngrad = params;
    return (int64_t)compressor_group_count(wire, terngrad->scope) * wire->real_bits +
           2 * (int64_t)wire->dimension;
}

static const struct field terngrad_fields[] = {
    FIELD_AT(struct terngrad_params, clip, FIELD_REAL, "null", .min = FIELD_POSITIVE,
             .max = DBL_MAX,
             .help = "magnitudes are cut to this many standard deviations; absent: none is"),
    FIELD_AT(struct terngrad_params, scope, FIELD_ENUM, "\"layer\"",
             .names = compressor_plain_scopes, .help = "what shares a scale"),
    FIELD_END,
};

extern const struct compressor_ops terngrad_ops;
const struct compressor_ops terngrad_ops = {
    .plugin = {.name = "terngrad",
               .summary = "random rounding to -1, 0, 1 times the largest magnitude",
               .reference = "W. Wen et al., TernGrad: Ternary Gradients to Reduce Communication in "
                            "Distributed Deep Learning, NeurIPS 2017, arXiv:1705.07878",
               .params = terngrad_fields,
               .params_size = sizeof(struct terngrad_params)},
    .traits = terngrad_traits,
    .bits = terngrad_bits,
    .kernel = {.name = "terngrad", .run32 = terngrad_run32, .run64 = terngrad_run64},
};
#endif
