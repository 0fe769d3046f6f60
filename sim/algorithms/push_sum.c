/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Push-sum averaging.
 *
 * Kempe, Dobra, Gehrke: Gossip-based computation of aggregate information, FOCS 2003, protocol
 * Push-Sum; over time-varying directed graphs: Nedic, Olshevsky, IEEE TAC 2015, section II.
 *
 *   x <- P x,  w <- P w,  z = x / w,   P column-stochastic
 *
 * On a B-strongly connected schedule z converges to the mean of the initial x at every node.
 * Timing: no gradients and no compute time; a node goes on when it has the round's messages and its
 * own have left.
 * Faults: a lost message takes its mass with it and is not waited for: all z still agree, on the
 * mean of what is left. A node that is down holds its out-neighbours until it is back, with its
 * state lost it begins anew with w = 1 (tests/unit/test_faults_run.c).
 * Expected: on the one-peer exponential graph with n = 2^t every z is the mean after t rounds, to
 * 1e-14 relative (tests/unit/test_algorithms.c; times: test_gossip_timing.c).
 */
#include "algorithms/algorithm.h"

static unsigned push_sum_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void begin_round(struct node *node)
{
    int64_t round = node_iteration(node);
    node_push_out(node, round);
    node_await_round(node, NODE_RECEIVED | NODE_SENT, round);
}

static void push_sum_on_ready(struct node *node)
{
    node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        begin_round(node);
}

const struct algorithm_ops push_sum_ops = {
    .plugin = {.name = "push-sum",
               .summary = "average the initial vectors by push-sum, no gradients",
               .reference = "Kempe, Dobra, Gehrke (FOCS 2003)"},
    .carries_weight = true,
    .topology = push_sum_topology,
    .survives = ALGORITHM_SURVIVES_LOSS | ALGORITHM_SURVIVES_AMNESIA,
    .start = begin_round,
    .on_ready = push_sum_on_ready,
};
