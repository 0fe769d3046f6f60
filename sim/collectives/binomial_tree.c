/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Binomial tree: the whole vector is added up towards rank 0 along a binomial tree, then the sum is
 * broadcast along the same tree.  The parent of rank r is r without its lowest bit.  Thakur,
 * Rabenseifner and Gropp, Int. J. High Perform. Comput. Appl. 19 (2005), sections 4.3 and 4.4.
 *
 *   T = 2 L alpha + 2 L M beta + L M gamma,  L = ceil(log2 n)
 *
 * for n = 2^L, and for any n when adding takes no time.  Else less: rank 0 takes the vector of its
 * last child, whose tree is not full, while it still adds the one before.
 */
#include "collectives/schedule.h"

/* ceil(log2 n) */
static uint32_t depth(uint32_t n)
{
    return schedule_log2(n) + (schedule_folds(n) ? 1 : 0);
}

static uint32_t steps(const void *params, uint32_t n, uint32_t rank)
{
    (void)params;
    (void)rank;
    return 2 * depth(n);
}

/* Level i joins the ranks that are odd multiples of 2^i to those 2^i below; upwards levels come
 * from 0, downwards from L - 1. */
static void step(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    const uint32_t levels = depth(n);
    const bool up = index < levels;
    const uint32_t bit = 1u << (up ? index : 2 * levels - 1 - index);
    (void)params;
    (void)element_bytes;
    *out = schedule_idle();
    if (rank & (bit - 1))
        return;
    const bool child = rank & bit;
    if (!child && n - rank <= bit)
        return;
    const int64_t peer = rank ^ bit;
    if (child == up) {
        out->send_to = peer;
        out->send_bytes = bytes;
    } else {
        out->receive_from = peer;
        out->receive_bytes = bytes;
        out->reduce = up;
    }
}

/* When the root of a tree of n has the sum.  Its last child has the tree of what is beyond 2^(L-1);
 * the children before it are full trees, one ready every `message + sum` seconds. */
static double reduced_s(uint32_t n, double message_s, double sum_s)
{
    const uint32_t levels = depth(n);
    if (!schedule_folds(n))
        return levels * (message_s + sum_s);
    const double last = reduced_s(n - (1u << (levels - 1)), message_s, sum_s);
    const double before = (levels - 2) * (message_s + sum_s) + message_s;
    const double came = (last > before ? last : before) + message_s;
    return (came > before + sum_s ? came : before + sum_s) + sum_s;
}

static double closed_form_s(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes)
{
    const double message_s = alpha_s + (double)bytes * beta_s;
    (void)params;
    return reduced_s(n, message_s, (double)bytes * reduce_s) + depth(n) * message_s;
}

const struct collective_ops binomial_tree_collective = {
    .plugin = {.name = "binomial-tree",
               .summary = "reduce to rank 0 and broadcast: 2 log2 n whole vectors",
               .reference = "Thakur et al., Int. J. High Perform. Comput. Appl. 19 (2005)"},
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
