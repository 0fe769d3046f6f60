/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Double binary tree: each half of the vector has a tree of its own, and a rank that is inside one
 * of them is a leaf of the other, so that every link is busy in both directions.  Sanders, Speck
 * and Traeff, "Two-tree algorithms for full bandwidth broadcast, reduction and scan", Parallel
 * Computing 35 (2009); the all-reduce of NCCL since 2.4 (its trees, for even n).
 *
 *   T = 2 (2 L + 2 c - 3) (alpha + M/2c beta),  L = ceil(log2 n)
 *
 * exactly for n = 2^L > 2, c chunks a tree, M a multiple of 2c elements and adding that takes no
 * time: 2 M beta for many chunks.  Odd n may take a step more in each half, as both trees end at
 * rank 0.  Otherwise less than with (2 L + 2 c - 3) M/2c gamma more: chunks come while others are
 * added, and ranks that have nothing to do in a step run ahead.
 *
 * Even n: the second tree is the mirror image of the first, rank r in the place of n - 1 - r.  Odd
 * n: rank 0 is the root of both, the others are mirrored (NCCL shifts them by one, which has rank 0
 * inside both trees as well).  Even roles are inner, and an inner role is a leaf in the other tree.
 */
#include "collectives/schedule.h"
#include "collectives/tree.h"

static uint32_t mirrored(uint32_t n, uint32_t rank)
{
    if (n % 2 == 0)
        return n - 1 - rank;
    return rank == 0 ? 0 : n - rank;
}

static uint32_t role_of(uint32_t n, uint32_t tree, uint32_t rank)
{
    return tree == 0 ? rank : mirrored(n, rank);
}

/* An inner role is a leaf of the other tree, where its sibling is the next inner role, or the one
 * before: those two must differ as siblings do.  Both hold when a role differs from its parent on
 * the one side and not on the other; which side, n mod 4 says. */
static uint32_t inner_color(uint32_t n, uint32_t role)
{
    const bool upper = n % 4 == 0 || n % 4 == 3;
    uint32_t color = 0;
    for (uint32_t parent; (parent = tree_parent(n, role)) != 0; role = parent)
        color ^= (parent > role) != upper;
    return color;
}

/* A leaf sends in the other tree as the inner role that it is there, and here in the other steps.
 * With n even, role n - 1 is the other tree's root, and differs from its sibling only. */
static uint32_t color_of(uint32_t n, uint32_t tree, uint32_t role)
{
    const bool even = n % 2 == 0;
    if (role % 2 == 0)
        return inner_color(n, role) ^ (even ? 0 : tree);
    if (!even)
        return inner_color(n, n - role) ^ tree;
    if (role < n - 1)
        return !inner_color(n, n - 1 - role);
    uint32_t children[2];
    const uint32_t parent = tree_parent(n, role);
    if (tree_children(n, parent, children) < 2)
        return 0;
    return !color_of(n, tree, children[0]);
}

static struct tree_shape shape_of(const void *params, uint32_t n)
{
    const struct tree_params *tree = params;
    return (struct tree_shape){
        .n = n, .trees = 2, .chunks = (uint32_t)tree->chunks, .role = role_of, .color = color_of};
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
    const double levels = schedule_log2(n - 1) + 1, size = (double)bytes / (2 * chunks);
    const double half = n == 2 ? chunks : 2 * levels + 2 * chunks - (n % 2 == 0 ? 3 : 2);
    return half * (2 * (alpha_s + size * beta_s) + size * reduce_s);
}

const struct collective_ops double_binary_tree_collective = {
    .plugin = {.name = "double-binary-tree",
               .summary = "two complementary pipelined trees: full bandwidth, short latency",
               .reference = "Sanders, Speck and Traeff, Parallel Computing 35 (2009)",
               .params = tree_fields,
               .params_size = sizeof(struct tree_params)},
    .steps = steps,
    .step = step,
    .closed_form_s = closed_form_s,
};
