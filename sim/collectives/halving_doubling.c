/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recursive halving and doubling (Rabenseifner): reduce-scatter over distances p/2, p/4, ..., 1,
 * each swapping half of what a rank still holds, then all-gather over 1, 2, ..., p/2.  Thakur,
 * Rabenseifner and Gropp, Int. J. High Perform. Comput. Appl. 19 (2005), section 4.5.
 *
 *   T = 2 F alpha + 2 (p-1)/p M beta + (p-1)/p M gamma,  F = floor(log2 n), p = 2^F
 *
 * for M a multiple of p elements, and the fold terms of recursive doubling when n != p.
 */
#include "collectives/schedule.h"

static uint32_t steps(const void *params, uint32_t n, uint32_t rank)
{
    (void)params;
    (void)rank;
    return 2 * schedule_log2(n) + (schedule_folds(n) ? 2 : 0);
}

/* Parts [first, first + count) of p as bytes. */
static void range(uint32_t p, uint32_t first, uint32_t count, int64_t bytes, int64_t element_bytes,
                  int64_t *offset, int64_t *size)
{
    *offset = schedule_offset(bytes, element_bytes, p, first);
    *size = schedule_offset(bytes, element_bytes, p, first + count) - *offset;
}

/* A swap over distance d: the aligned d parts around a rank are its own, those around its partner
 * the partner's.  Halving sends the partner's parts away and keeps its own; doubling sends its own.
 */
static void swap(uint32_t p, uint32_t rank, uint32_t d, bool halving, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    const uint32_t partner = rank ^ d;
    const uint32_t own = rank & ~(d - 1), other = partner & ~(d - 1);
    out->send_to = out->receive_from = partner;
    range(p, halving ? other : own, d, bytes, element_bytes, &out->send_offset, &out->send_bytes);
    range(p, halving ? own : other, d, bytes, element_bytes, &out->receive_offset,
          &out->receive_bytes);
    out->reduce = halving;
}

static void step(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    (void)params;
    const uint32_t rounds = schedule_log2(n), before = schedule_folds(n), p = 1u << rounds;
    const uint32_t i = index - before;
    if (index < before)
        *out = schedule_fold_in(n, rank, bytes);
    else if (i == 2 * rounds)
        *out = schedule_fold_out(n, rank, bytes);
    else if (rank >= p)
        *out = schedule_idle();
    else if (i < rounds)
        swap(p, rank, p >> (i + 1), true, bytes, element_bytes, out);
    else
        swap(p, rank, 1u << (i - rounds), false, bytes, element_bytes, out);
}

static double closed_form_s(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes)
{
    (void)params;
    const uint32_t rounds = schedule_log2(n);
    const double p = 1u << rounds, part = (p - 1) / p * (double)bytes;
    return 2 * rounds * alpha_s + 2 * part * beta_s + part * reduce_s +
           schedule_fold_s(n, alpha_s, beta_s, reduce_s, bytes);
}

const struct collective_ops halving_doubling_collective = {
    .plugin = {.name = "halving-doubling",
               .summary = "2 log2 n swaps of halves: bandwidth-optimal for powers of two",
               .reference = "Thakur et al., Int. J. High Perform. Comput. Appl. 19 (2005)"},
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
