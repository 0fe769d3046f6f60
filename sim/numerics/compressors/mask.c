/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Momentum factor masking: what was sent loses its momentum (numerics/compressor.h). */
#include "numerics/compressors/kernel.h"

COMPRESSOR_KERNELS(mask_run);

void REAL_NAME(mask_run)(const struct plan_kernel_call *call)
{
    const real *vector = call->inputs[0], *decoded = call->inputs[1];
    real *to = call->outputs[0];
    for (size_t i = 0; i < call->output_counts[0]; i++)
        to[i] = decoded[i] == 0 ? vector[i] : 0;
}

#if REAL_BITS == 64
static const struct plan_kernel mask_kernel = {
    .name = "mask", .elementwise = true, .run32 = mask_run32, .run64 = mask_run64};

void compressor_mask(struct plan *plan, uint32_t vector, uint32_t decoded)
{
    struct plan_span out = plan_whole(vector), in[2] = {out, plan_whole(decoded)};
    plan_apply(plan, &mask_kernel, NULL, 0, &out, 1, in, 2);
}
#endif
