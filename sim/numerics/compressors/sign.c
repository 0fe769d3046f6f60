/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signSGD (Bernstein et al., ICML 2018, arXiv:1802.04434): one bit an element.  An element of 0 has
 * no sign of its own and reads as +1.
 *
 *   scale none   C(v) = sign(v): a vote (numerics/majority.h)
 *   scale mean   C(v) = (|v|_1 / d) sign(v) of each group, a scale on the wire (Karimireddy et
 *                al., "Error Feedback Fixes SignSGD", ICML 2019, arXiv:1901.09847, algorithm 1):
 *                |C(v) - v|^2 = (1 - delta) |v|^2 with delta = |v|_1^2 / (d |v|_2^2) (lemma 8)
 */
#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(sign_run);

enum sign_scale { SIGN_NONE, SIGN_MEAN };

struct sign_params {
    int scale, scope;
};

static double sign_mean(const real *v, const struct compressor_group *group)
{
    double sum = 0;
    for (size_t i = 0; i < group->count; i++)
        sum += fabs((double)v[group->first + i]);
    return sum / (double)group->count;
}

void REAL_NAME(sign_run)(const struct plan_kernel_call *call)
{
    const struct sign_params *params = compressor_call(call)->rule;
    const real *v = call->inputs[0];
    real *to = call->outputs[0];
    struct compressor_groups groups = {.call = call, .scope = params->scope};
    struct compressor_group group;
    while (compressor_groups_next(&groups, &group)) {
        real scale = params->scale == SIGN_MEAN ? (real)sign_mean(v, &group) : 1;
        for (size_t i = group.first; i < group.first + group.count; i++)
            to[i] = v[i] < 0 ? -scale : scale;
    }
}

#if REAL_BITS == 64
static unsigned sign_traits(const void *params, bool contraction)
{
    (void)params;
    (void)contraction;
    return 0;
}

static int64_t sign_bits(const void *params, const struct compressor_wire *wire)
{
    const struct sign_params *sign = params;
    int64_t scales = 0;
    if (sign->scale == SIGN_MEAN)
        scales = (int64_t)compressor_group_count(wire, sign->scope);
    return (int64_t)wire->dimension + scales * wire->real_bits;
}

static const char *const sign_scales[] = {"none", "mean", NULL};

static const struct field sign_fields[] = {
    FIELD_AT(struct sign_params, scale, FIELD_ENUM, "\"mean\"", .names = sign_scales,
             .help = "what multiplies the signs: the mean magnitude (EF-signSGD), or none "
                     "(signSGD, votes)"),
    FIELD_AT(struct sign_params, scope, FIELD_ENUM, "\"vector\"", .names = compressor_plain_scopes,
             .help = "what shares a scale"),
    FIELD_END,
};

extern const struct compressor_ops sign_ops;
const struct compressor_ops sign_ops = {
    .plugin = {.name = "sign",
               .summary = "signs, scaled by the mean magnitude",
               .reference = "S. P. Karimireddy, Q. Rebjock, S. Stich and M. Jaggi, Error Feedback "
                            "Fixes SignSGD and other Gradient Compression Schemes, ICML 2019, "
                            "arXiv:1901.09847",
               .params = sign_fields,
               .params_size = sizeof(struct sign_params)},
    .traits = sign_traits,
    .bits = sign_bits,
    .kernel = {.name = "sign", .run32 = sign_run32, .run64 = sign_run64},
};
#endif
