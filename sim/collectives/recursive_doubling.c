/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recursive doubling: in step i rank r swaps the whole vector with rank r xor 2^i and adds. Thakur,
 * Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH", Int. J.
 * High Perform. Comput. Appl. 19 (2005), section 4.5.
 *
 *   T = F (alpha + M beta + M gamma),  F = floor(log2 n)
 *   n != 2^F: (alpha + M beta + M gamma) more to fold in and (alpha + M beta) to fold out.
 */
#include "collectives/schedule.h"

static uint32_t steps(const void *params, uint32_t n, uint32_t rank)
{
    (void)params;
    (void)rank;
    return schedule_log2(n) + (schedule_folds(n) ? 2 : 0);
}

static void step(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    (void)params;
    const uint32_t rounds = schedule_log2(n), before = schedule_folds(n);
    (void)element_bytes;
    if (index < before)
        *out = schedule_fold_in(n, rank, bytes);
    else if (index - before == rounds)
        *out = schedule_fold_out(n, rank, bytes);
    else if (rank >= 1u << rounds)
        *out = schedule_idle();
    else
        *out = schedule_swap(rank ^ (1u << (index - before)), bytes);
}

static double closed_form_s(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes)
{
    (void)params;
    return schedule_log2(n) * (alpha_s + (double)bytes * (beta_s + reduce_s)) +
           schedule_fold_s(n, alpha_s, beta_s, reduce_s, bytes);
}

const struct collective_ops recursive_doubling_collective = {
    .plugin = {.name = "recursive-doubling",
               .summary = "log2 n swaps of the whole vector: short latency",
               .reference = "Thakur et al., Int. J. High Perform. Comput. Appl. 19 (2005)"},
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
