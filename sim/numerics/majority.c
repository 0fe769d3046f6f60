/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Majority vote (Bernstein et al., ICML 2018, arXiv:1802.04434, algorithm 3): the server answers
 * sign(sum over workers of sign(g)).  As in compressors/sign.c an element of 0 votes +1.  A tie,
 * which an even number of workers may reach, is 0: nothing moves there.  (In one bit an element,
 * which is what the paper charges for the answer, a tie can't be told.)
 */
#include "numerics/majority.h"

#include "core/memory.h"
#include "numerics/real.h"

void majority_run32(const struct plan_kernel_call *call);
void majority_run64(const struct plan_kernel_call *call);

void REAL_NAME(majority_run)(const struct plan_kernel_call *call)
{
    real *to = call->outputs[0];
    for (size_t i = 0; i < call->output_counts[0]; i++) {
        int64_t votes = 0;
        for (unsigned k = 0; k < call->input_count; k++)
            votes += ((const real *)call->inputs[k])[i] < 0 ? -1 : 1;
        to[i] = votes == 0 ? 0 : votes < 0 ? -1 : 1;
    }
}

#if REAL_BITS == 64
#include <stdlib.h>

static const struct plan_kernel majority_kernel = {
    .name = "majority", .elementwise = true, .run32 = majority_run32, .run64 = majority_run64};

void majority_vote(struct plan *plan, uint32_t destination, const uint32_t *inputs, unsigned count)
{
    if (!plan_executes(plan))
        return;
    struct plan_span out = plan_whole(destination);
    struct plan_span *in = memory_array(count, sizeof *in);
    for (unsigned i = 0; i < count; i++)
        in[i] = plan_whole(inputs[i]);
    plan_apply(plan, &majority_kernel, NULL, 0, &out, 1, in, count);
    free(in);
}
#endif
