/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * 1-bit SGD (Seide, Fu, Droppo, Li and Yu, Interspeech 2014): one bit an element says on which side
 * of 0 it lies (0 itself: above); a side reads as the mean of its elements, taken of each column of
 * a weight matrix.  Two means a column are on the wire.  Meant for error feedback, which the paper
 * introduces.
 *
 * Means minimize the error of a side: |C(v) - v|^2 = |v|^2 - sum over sides of n m^2, no larger
 * than that of one mean magnitude (sign.c).
 */
#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(one_bit_run);

struct one_bit_params {
    int scope;
};

static void one_bit_group(const real *v, real *to, const struct compressor_group *group)
{
    double sum[2] = {0, 0};
    size_t sides[2] = {0, 0};
    for (size_t i = 0, at = group->first; i < group->count; i++, at += group->stride) {
        int below = v[at] < 0;
        sum[below] += (double)v[at];
        sides[below]++;
    }
    real mean[2];
    for (int below = 0; below < 2; below++)
        mean[below] = (real)(sides[below] ? sum[below] / (double)sides[below] : 0);
    for (size_t i = 0, at = group->first; i < group->count; i++, at += group->stride)
        to[at] = mean[v[at] < 0];
}

void REAL_NAME(one_bit_run)(const struct plan_kernel_call *call)
{
    const struct one_bit_params *params = compressor_call(call)->rule;
    struct compressor_groups groups = {.call = call, .scope = params->scope};
    struct compressor_group group;
    while (compressor_groups_next(&groups, &group))
        one_bit_group(call->inputs[0], call->outputs[0], &group);
}

#if REAL_BITS == 64
static unsigned one_bit_traits(const void *params, bool contraction)
{
    (void)params;
    (void)contraction;
    return 0;
}

static int64_t one_bit_bits(const void *params, const struct compressor_wire *wire)
{
    const struct one_bit_params *one_bit = params;
    return (int64_t)wire->dimension +
           2 * (int64_t)compressor_group_count(wire, one_bit->scope) * wire->real_bits;
}

static const struct field one_bit_fields[] = {
    FIELD_AT(struct one_bit_params, scope, FIELD_ENUM, "\"column\"", .names = compressor_scopes,
             .help = "what shares two means: the paper's columns of weight matrices, layers, or "
                     "the whole vector"),
    FIELD_END,
};

extern const struct compressor_ops one_bit_ops;
const struct compressor_ops one_bit_ops = {
    .plugin = {.name = "one-bit",
               .summary = "one bit an element, which reads as the mean of its side of 0",
               .reference =
                   "F. Seide, H. Fu, J. Droppo, G. Li and D. Yu, 1-Bit Stochastic Gradient "
                   "Descent and its Application to Data-Parallel Distributed Training of "
                   "Speech DNNs, Interspeech 2014",
               .params = one_bit_fields,
               .params_size = sizeof(struct one_bit_params)},
    .traits = one_bit_traits,
    .bits = one_bit_bits,
    .kernel = {.name = "one-bit", .run32 = one_bit_run32, .run64 = one_bit_run64},
};
#endif
