/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decentralized gradient descent (DGD), the distributed subgradient method.
 *
 * Nedic, Ozdaglar: Distributed subgradient methods for multi-agent optimization, IEEE TAC 54(1),
 * 2009, equation (3); constant rates: Yuan, Ling, Yin, SIAM J. Optim. 26(3), 2016 (arXiv
 * 1310.7063).  W doubly stochastic:
 *
 *   x_i <- sum_j w_{ij} x_j - a g_i(x_i)
 *
 * It is D-PSGD (combine then adapt) with the gradient of all that a node has.  Here a gradient is
 * what the scenario says: noise 0, or a batch of a whole shard, makes it the deterministic method;
 * a smaller one makes it Lian et al.'s.
 * Errata: none known.
 *
 * Timing: the exchange of x^k starts together with the gradient at x^k: max(T_c, T_x) an iteration
 * with equal nodes.  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay. A node that is down holds
 * its neighbours, and in the end everybody, until it is back (never: a deadlock that names its
 * host); with its state lost it mixes the initial x in, and the fixed point is the same.
 * Expected: with a constant rate it stops where (I - W) X + a G(X) = 0, at a distance of O(a) from
 * agreement.  Where all curvatures are 1, the mean model is the optimum there, and
 * X - c = sum_{k > 0} a / (a + 1 - lambda_k) of what the nodes' own optima have along eigenvector k
 * of W (tests/unit/test_gossip.c).
 */
#include "algorithms/algorithm.h"

static unsigned dgd_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void begin_step(struct node *node)
{
    int64_t step = node_iteration(node);
    node_start_gradient(node, node_x(node));
    node_push_out(node, step);
    node_expect(node, step);
}

static void dgd_on_gradient(struct node *node)
{
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void dgd_on_ready(struct node *node)
{
    uint32_t x = node_keep_x(node);
    node_mix(node, node_iteration(node));
    node_step(node, node_gradient(node), x);
    node_drop(node, x);
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops dgd_ops = {
    .plugin = {.name = "dgd",
               .summary = "decentralized gradient descent over a doubly stochastic matrix",
               .reference = "Nedic, Ozdaglar (IEEE TAC 2009)"},
    .uses_gradients = true,
    .topology = dgd_topology,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = begin_step,
    .on_gradient = dgd_on_gradient,
    .on_ready = dgd_on_ready,
    .on_resume = begin_step,
};
