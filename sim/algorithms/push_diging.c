/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Push-DIGing: gradient tracking by push-sum over directed graphs.
 *
 * Nedic, Olshevsky, Shi: Achieving geometric convergence for distributed optimization over
 * time-varying graphs, SIAM J. Optim. 27(4), 2017 (arXiv 1607.03218), algorithm 2.  P_k
 * column-stochastic, v_0 = 1, u_0 = x_0, y_0 = g(x_0):
 *
 *   u_{k+1} = P_k (u_k - a y_k),  v_{k+1} = P_k v_k,  x_{k+1} = u_{k+1} / v_{k+1}
 *   y_{k+1} = P_k y_k + g(x_{k+1}) - g(x_k)
 *
 * Choices: the gradient's weight decay is part of g, at x.  A rate that changes is read at step k.
 * Errata: none known.
 *
 * Timing: gradient at x_k, then one message with u_k - a y_k, y_k and v_k, then x_{k+1}: T_c + T_x
 * an iteration, T_x of 2 vectors and 8 bytes; nothing overlaps.  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay. A node that is down holds
 * its out-neighbours until it is back (never: a deadlock that names its host). A lost state is
 * refused: what y it held would be missing in the sum for ever.
 * Expected: without noise it finds the exact optimum with a small
 * constant rate, on a star whose matrix is only column-stochastic too; with noise it stalls
 * (tests/unit/test_tracking.c).
 */
#include "algorithms/algorithm.h"

enum push_diging_vector { TRACKER = 1, GRADIENT };

struct push_diging_state {
    uint32_t x; /* where the running gradient is taken */
};

static unsigned push_diging_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void begin_step(struct node *node)
{
    struct push_diging_state *state = node_state(node);
    state->x = node_debiased(node);
    node_start_gradient(node, state->x);
}

/* y <- y + g(x_k) - g(x_{k-1}); at first both y and the last gradient are 0. */
static void track(struct node *node)
{
    const struct push_diging_state *state = node_state(node);
    uint32_t y = node_vector(node, TRACKER), g = node_vector(node, GRADIENT);
    node_combine(node, y, (struct node_term[]){{y, 1}, {g, -1}}, 2);
    node_take_gradient(node, g, state->x);
    node_combine(node, y, (struct node_term[]){{y, 1}, {g, 1}}, 2);
}

static void push_diging_on_gradient(struct node *node)
{
    uint32_t u = node_x(node), y = node_vector(node, TRACKER);
    track(node);
    node_combine(node, u, (struct node_term[]){{u, 1}, {y, -node_rate(node)}}, 2);
    node_push_out(node, node_iteration(node));
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void push_diging_on_ready(struct node *node)
{
    node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops push_diging_ops = {
    .plugin = {.name = "push-diging",
               .summary = "gradient tracking by push-sum over directed graphs",
               .reference = "Nedic, Olshevsky, Shi (SIAM J. Optim. 2017)"},
    .uses_gradients = true,
    .carries_weight = true,
    .optimizers = ALGORITHM_OPTIMIZER_RATE,
    .state_size = sizeof(struct push_diging_state),
    .vectors = 2,
    .travelling = 1,
    .topology = push_diging_topology,
    .start = begin_step,
    .on_gradient = push_diging_on_gradient,
    .on_ready = push_diging_on_ready,
};
