/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Subgradient-push.
 *
 * Nedic, Olshevsky: Distributed optimization over time-varying directed graphs, IEEE TAC 60(3),
 * 2015 (arXiv 1303.2314), equation (1).  Node i at step t, P_t column-stochastic:
 *
 *   u_i = sum_j p_{ij} x_j,  w_i <- sum_j p_{ij} w_j,  z_i = u_i / w_i,  x_i <- u_i - a_t g_i(z_i)
 *
 * SGP takes the gradient before it mixes, this after: with common start and a doubly stochastic,
 * static P the u of step t + 1 is SGP's x after t steps.  The deployable model is x / w, taken when
 * the step is done; the paper's z lies half a step earlier.
 * Errata: none known.  The paper asks for a_t that decays like 1 / sqrt(t)
 * (optimizer.schedule.inverse_sqrt_steps); with a constant rate the nodes stay apart by O(a).
 *
 * Timing: exchange, then gradient; nothing overlaps: T_x + T_c an iteration.  Sends do not block.
 * Faults: as SGP: a lost message takes its mass with it and is not waited for, w makes up for it; a
 * node that is down holds its out-neighbours until it is back, with its state lost it begins anew
 * with w = 1.
 * Expected: where all curvatures are 1 and the matrix is doubly stochastic, the mean model
 * approaches the optimum by the factor 1 - a a step, however far apart the nodes are; T_x + T_c an
 * iteration (tests/unit/test_gossip.c, scenarios/algorithms/subgradient-push.json).
 */
#include "algorithms/algorithm.h"

struct subgradient_push_state {
    uint32_t z; /* where the running gradient is taken */
};

static unsigned subgradient_push_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void begin_step(struct node *node)
{
    node_push_out(node, node_iteration(node));
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void subgradient_push_on_ready(struct node *node)
{
    struct subgradient_push_state *state = node_state(node);
    node_mix(node, node_iteration(node));
    state->z = node_debiased(node);
    node_start_gradient(node, state->z);
}

static void subgradient_push_on_gradient(struct node *node)
{
    const struct subgradient_push_state *state = node_state(node);
    node_step(node, node_gradient(node), state->z);
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops subgradient_push_ops = {
    .plugin = {.name = "subgradient-push",
               .summary = "push-sum, then a subgradient step at the de-biased point",
               .reference = "Nedic, Olshevsky (IEEE TAC 2015)"},
    .uses_gradients = true,
    .carries_weight = true,
    .state_size = sizeof(struct subgradient_push_state),
    .topology = subgradient_push_topology,
    .survives = ALGORITHM_SURVIVES_LOSS | ALGORITHM_SURVIVES_AMNESIA,
    .start = begin_step,
    .on_gradient = subgradient_push_on_gradient,
    .on_ready = subgradient_push_on_ready,
    .on_resume = begin_step,
};
