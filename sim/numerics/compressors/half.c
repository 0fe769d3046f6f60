/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers of 16 bits: fp16 (IEEE 754 binary16: 10 bits behind the point, exponents -14 to 15) and
 * bf16 (7 bits, exponents of binary32).  Rounding to nearest, ties to even, as hardware does, with
 * error at most 2^-11 |v| (bf16: 2^-8 |v|) above the subnormal numbers; or stochastic, up with the
 * probability that makes E C(v) = v (Gupta et al., ICML 2015, arXiv:1502.02551).  What lies beyond
 * the largest number becomes infinite.
 *
 * Encodings add up, in the narrow format on the wire; the sum of a collective is nevertheless
 * rounded once, to the model's precision, as all collectives of the plan.
 */
#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(half_fp16_run);
COMPRESSOR_KERNELS(half_bf16_run);

enum half_rounding { HALF_NEAREST, HALF_STOCHASTIC };

struct half_params {
    int rounding;
};

struct half_format {
    int digits;   /* behind the point */
    int smallest; /* exponent of the smallest normal number */
    double largest;
};

static const struct half_format half_fp16 = {10, -14, 65504};
static const struct half_format half_bf16 = {7, -126, 0x1.fep127};

/* Scaling by powers of two is exact, so only the rounding rounds. */
static double half_round(const struct half_format *format, double value, double draw, int rounding)
{
    if (!isfinite(value) || value == 0)
        return value;
    int exponent = ilogb(value) < format->smallest ? format->smallest : ilogb(value);
    double units = scalbn(value, format->digits - exponent), rounded = floor(units);
    if (rounding == HALF_NEAREST)
        rounded = nearbyint(units);
    else if (draw < units - rounded)
        rounded += 1;
    double result = scalbn(rounded, exponent - format->digits);
    return fabs(result) > format->largest ? copysign(INFINITY, value) : copysign(result, value);
}

static void half_run(const struct plan_kernel_call *call, const struct half_format *format)
{
    const struct compressor_params *message = compressor_call(call);
    const struct half_params *params = message->rule;
    const real *v = call->inputs[0];
    real *to = call->outputs[0];
    struct rng rng;
    compressor_draws(&rng, &message->key);
    for (size_t i = 0; i < call->input_counts[0]; i++) {
        double draw = params->rounding == HALF_STOCHASTIC ? rng_uniform(&rng) : 0;
        to[i] = (real)half_round(format, (double)v[i], draw, params->rounding);
    }
}

void REAL_NAME(half_fp16_run)(const struct plan_kernel_call *call)
{
    half_run(call, &half_fp16);
}

void REAL_NAME(half_bf16_run)(const struct plan_kernel_call *call)
{
    half_run(call, &half_bf16);
}

#if REAL_BITS == 64
static unsigned half_traits(const void *params, bool contraction)
{
    const struct half_params *half = params;
    (void)contraction;
    return COMPRESSOR_LINEAR | (half->rounding == HALF_STOCHASTIC ? COMPRESSOR_UNBIASED : 0);
}

static int64_t half_bits(const void *params, const struct compressor_wire *wire)
{
    (void)params;
    return 16 * (int64_t)wire->dimension;
}

static const char *const half_roundings[] = {"nearest", "stochastic", NULL};

static const struct field half_fields[] = {
    FIELD_AT(struct half_params, rounding, FIELD_ENUM, "\"nearest\"", .names = half_roundings,
             .help = "to the nearest number, or to one of the two neighbours so that the mean is "
                     "right"),
    FIELD_END,
};

extern const struct compressor_ops half_fp16_ops, half_bf16_ops;
const struct compressor_ops half_fp16_ops = {
    .plugin = {.name = "fp16",
               .summary = "16-bit floating point of IEEE 754",
               .reference = "IEEE 754-2008, binary16",
               .params = half_fields,
               .params_size = sizeof(struct half_params)},
    .traits = half_traits,
    .bits = half_bits,
    .kernel = {.name = "fp16", .run32 = half_fp16_run32, .run64 = half_fp16_run64},
};

const struct compressor_ops half_bf16_ops = {
    .plugin = {.name = "bf16",
               .summary = "the upper half of a 32-bit floating-point number",
               .reference = "D. Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, "
                            "2019, arXiv:1905.12322",
               .params = half_fields,
               .params_size = sizeof(struct half_params)},
    .traits = half_traits,
    .bits = half_bits,
    .kernel = {.name = "bf16", .run32 = half_bf16_run32, .run64 = half_bf16_run64},
};
#endif
