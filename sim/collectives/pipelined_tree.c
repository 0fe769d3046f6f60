/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pipelined binary tree: the vector in c chunks, added up along an in-order binary tree and then
 * broadcast along it.  An inner rank takes a chunk from its lower and from its upper child in turn,
 * so its link moves the vector twice in each half.  Thakur, Rabenseifner and Gropp (2005) name it;
 * the steps are those of Sanders, Speck and Traeff, Parallel Computing 35 (2009), section 2.
 *
 *   T = 2 (2 L + 2 c - 3) (alpha + M/c beta),  L = ceil(log2 n)
 *
 * exactly for n = 2^L > 2, M a multiple of c elements and adding that takes no time.  Otherwise
 * less than with (2 L + 2 c - 3) M/c gamma more: chunks come while others are added.
 */
#include "collectives/schedule.h"
#include "collectives/tree.h"

static uint32_t role_of(uint32_t n, uint32_t tree, uint32_t rank)
{
    (void)n;
    (void)tree;
    return rank;
}

/* The lower child first. */
static uint32_t color_of(uint32_t n, uint32_t tree, uint32_t role)
{
    (void)tree;
    return tree_parent(n, role) < role;
}

static struct tree_shape shape_of(const void *params, uint32_t n)
{
    const struct tree_params *tree = params;
    return (struct tree_shape){
        .n = n, .trees = 1, .chunks = (uint32_t)tree->chunks, .role = role_of, .color = color_of};
}

static uint32_t steps(const void *params, uint32_t n, uint32_t rank)
{
    const struct tree_shape shape = shape_of(params, n);
    (void)rank;
    return tree_steps(&shape);
}

static void step(const void *params, uint32_t n, uint32_t rank, uint32_t index, int64_t bytes,
                 int64_t element_bytes, struct collective_step *out)
{
    const struct tree_shape shape = shape_of(params, n);
    tree_step(&shape, rank, index, bytes, element_bytes, out);
}

static double closed_form_s(const void *params, uint32_t n, double alpha_s, double beta_s,
                            double reduce_s, int64_t bytes)
{
    const double chunks = (double)((const struct tree_params *)params)->chunks;
    if (n == 1)
        return 0;
    const double levels = schedule_log2(n - 1) + 1, size = (double)bytes / chunks;
    const double half = n == 2 ? chunks : 2 * levels + 2 * chunks - 3;
    return half * (2 * (alpha_s + size * beta_s) + size * reduce_s);
}

const struct collective_ops pipelined_tree_collective = {
    .plugin = {.name = "pipelined-tree",
               .summary = "reduce and broadcast in chunks along a binary tree",
               .reference = "Sanders, Speck and Traeff, Parallel Computing 35 (2009), section 2",
               .params = tree_fields,
               .params_size = sizeof(struct tree_params)},
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
