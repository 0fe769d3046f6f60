/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delay compensation (Zheng et al., "Asynchronous Stochastic Gradient Descent with Delay
 * Compensation", ICML 2017, arXiv:1609.08326): a gradient that was taken at x_then is carried to
 * x_now by the diagonal of its outer product, which stands for the Hessian (equation 10):
 *
 *   g~ = g + lambda g (.) g (.) (x_now - x_then)
 *
 * DC-ASGD-c has a constant lambda; DC-ASGD-a (section 5) divides it, element by element, by the
 * root of a moving mean square: m <- decay m + (1 - decay) g (.) g, lambda / sqrt(m + epsilon).
 */
#include "numerics/delay.h"

#include <math.h>

#include "numerics/real.h"

void delay_run32(const struct plan_kernel_call *call);
void delay_run64(const struct plan_kernel_call *call);

/* g, x_now, x_then, [m] -> compensated, [m] */
void REAL_NAME(delay_run)(const struct plan_kernel_call *call)
{
    const struct delay_compensation *with = call->params;
    const real *g = call->inputs[0], *now = call->inputs[1], *then = call->inputs[2];
    const real *mean = call->input_count > 3 ? call->inputs[3] : NULL;
    real *to = call->outputs[0], *next = mean ? call->outputs[1] : NULL;
    real lambda = (real)with->lambda, decay = (real)with->decay, epsilon = (real)with->epsilon;
    for (size_t i = 0; i < call->output_counts[0]; i++) {
        real square = g[i] * g[i], strength = lambda;
        if (mean) {
            next[i] = decay * mean[i] + (1 - decay) * square;
            strength = lambda / REAL_MATH(sqrt)(next[i] + epsilon);
        }
        to[i] = g[i] + strength * square * (now[i] - then[i]);
    }
}

#if REAL_BITS == 64
static const struct plan_kernel delay_kernel = {
    .name = "delay compensation", .elementwise = true, .run32 = delay_run32, .run64 = delay_run64};

uint32_t delay_compensate(struct plan *plan, const struct delay_compensation *with, uint32_t g,
                          uint32_t x_now, uint32_t x_then, uint32_t mean_square)
{
    if (!plan_executes(plan))
        return 0;
    uint32_t compensated = plan_vector(plan, plan_count(plan, g), false);
    struct plan_span out[2] = {plan_whole(compensated), plan_whole(mean_square)};
    struct plan_span in[4] = {plan_whole(g), plan_whole(x_now), plan_whole(x_then),
                              plan_whole(mean_square)};
    plan_apply(plan, &delay_kernel, with, sizeof *with, out, mean_square ? 2 : 1, in,
               mean_square ? 4 : 3);
    return compensated;
}
#endif
