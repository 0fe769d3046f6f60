/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DIGing: distributed inexact gradient tracking.
 *
 * Nedic, Olshevsky, Shi: Achieving geometric convergence for distributed optimization over
 * time-varying graphs, SIAM J. Optim. 27(4), 2017 (arXiv 1607.03218), algorithm 1.  W_k doubly
 * stochastic, y_0 = g(x_0):
 *
 *   x_{k+1} = W_k x_k - a y_k
 *   y_{k+1} = W_k y_k + g(x_{k+1}) - g(x_k)
 *
 * y tracks the mean gradient: mean(y_k) = mean(g(x_k)) at every k.
 * Choices: the gradient's weight decay is part of g.  A rate that changes is read at step k.  A
 * schedule of matrices is allowed, as in the paper; directed ones as well, if doubly stochastic.
 * Errata: none known.
 *
 * Timing: gradient at x_k, then one message with x_k and y_k, then x_{k+1}: T_c + T_x an iteration,
 * T_x of 2 vectors; nothing overlaps, since y_k needs the gradient.  (Only W x_k could be sent
 * earlier, as a message of its own.)  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay. A node that is down holds
 * its neighbours, and in the end everybody, until it is back (never: a deadlock that names its
 * host). A lost state is refused: what y it held would be missing in the sum for ever.
 * Expected: without noise it finds the exact optimum with a constant rate.  Where all nodes have
 * the same curvatures (at most L) that is so below a = (1 + lambda_min(W))^2 / (2 L); with noise it
 * stalls (tests/unit/test_tracking.c).
 */
#include "algorithms/algorithm.h"

enum diging_vector { TRACKER = 1, GRADIENT };

static unsigned diging_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void begin_step(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

/* y <- y + g(x_k) - g(x_{k-1}); at first both y and the last gradient are 0. */
static void track(struct node *node)
{
    uint32_t y = node_vector(node, TRACKER), g = node_vector(node, GRADIENT);
    node_combine(node, y, (struct node_term[]){{y, 1}, {g, -1}}, 2);
    node_take_gradient(node, g, node_x(node));
    node_combine(node, y, (struct node_term[]){{y, 1}, {g, 1}}, 2);
}

static void diging_on_gradient(struct node *node)
{
    track(node);
    node_push_out(node, node_iteration(node));
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void diging_on_ready(struct node *node)
{
    uint32_t x = node_x(node), y = node_snapshot(node, node_vector(node, TRACKER));
    node_mix(node, node_iteration(node)); /* W x and W y */
    node_combine(node, x, (struct node_term[]){{x, 1}, {y, -node_rate(node)}}, 2);
    node_drop(node, y);
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops diging_ops = {
    .plugin = {.name = "diging",
               .summary = "gradient tracking over doubly stochastic matrices",
               .reference = "Nedic, Olshevsky, Shi (SIAM J. Optim. 2017)"},
    .uses_gradients = true,
    .optimizers = ALGORITHM_OPTIMIZER_RATE,
    .vectors = 2,
    .travelling = 1,
    .topology = diging_topology,
    .start = begin_step,
    .on_gradient = diging_on_gradient,
    .on_ready = diging_on_ready,
};
