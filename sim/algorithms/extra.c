/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * EXTRA: an exact first-order algorithm.
 *
 * Shi, Ling, Wu, Yin: EXTRA: an exact first-order algorithm for decentralized consensus
 * optimization, SIAM J. Optim. 25(2), 2015 (arXiv 1404.6264), algorithm 1 with W~ = (I + W) / 2.
 * W symmetric, doubly stochastic, the same at every step:
 *
 *   x_1     = W x_0 - a g(x_0)
 *   x_{k+2} = (I + W) x_{k+1} - W~ x_k - a (g(x_{k+1}) - g(x_k))
 *
 * What step k leaves for step k + 1 is one vector, r_{k+1} = W~ x_k - a g(x_k), r_0 = x_0:
 *
 *   x_{k+1} = x_k + W x_k - a g(x_k) - r_k
 *
 * Choices: the gradient's weight decay is part of g.  The paper's rate is constant; one that
 * changes stays with the gradient that it was read for. Errata: none known.
 *
 * Timing: the exchange of x_k starts together with the gradient at x_k: max(T_c, T_x) an iteration
 * with equal nodes, one vector a message.  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay. A node that is down holds
 * its neighbours, and in the end everybody, until it is back (never: a deadlock that names its
 * host). A lost state is refused: the recurrence needs the two last x of every node, or it stops
 * elsewhere.
 * Expected: without noise it finds the exact optimum with a constant rate
 * a < 2 lambda_min((I + W) / 2) / L; with noise it stalls (tests/unit/test_tracking.c).
 */
#include "algorithms/algorithm.h"

enum extra_vector { REMAINDER = 1 };

static unsigned extra_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED | TOPOLOGY_STATIC;
}

static void begin_step(struct node *node)
{
    int64_t step = node_iteration(node);
    node_start_gradient(node, node_x(node));
    node_push_out(node, step);
    node_expect(node, step);
}

static void extra_start(struct node *node)
{
    node_set_vector(node, REMAINDER, node_x(node));
    begin_step(node);
}

static void extra_on_gradient(struct node *node)
{
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void extra_on_ready(struct node *node)
{
    double a = node_rate(node);
    uint32_t x = node_x(node), x_k = node_keep_x(node), r_k = node_vector(node, REMAINDER);
    uint32_t g = node_new_vector(node), r = node_new_vector(node);
    node_take_gradient(node, g, x_k);
    node_mix(node, node_iteration(node)); /* x is W x_k now */
    node_combine(node, r, (struct node_term[]){{x_k, 0.5}, {x, 0.5}, {g, -a}}, 3);
    node_combine(node, x, (struct node_term[]){{x_k, 1}, {x, 1}, {g, -a}, {r_k, -1}}, 4);
    node_set_vector(node, REMAINDER, r);
    node_drop(node, x_k);
    node_drop(node, g);
    node_drop(node, r);
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops extra_ops = {
    .plugin = {.name = "extra",
               .summary = "exact decentralized gradient descent over a symmetric matrix",
               .reference = "Shi, Ling, Wu, Yin (SIAM J. Optim. 2015)"},
    .uses_gradients = true,
    .optimizers = ALGORITHM_OPTIMIZER_RATE,
    .vectors = 1,
    .topology = extra_topology,
    .start = extra_start,
    .on_gradient = extra_on_gradient,
    .on_ready = extra_on_ready,
};
