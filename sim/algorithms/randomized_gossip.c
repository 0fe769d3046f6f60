/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Randomized gossip: pairs average, no gradients.
 *
 * Boyd, Ghosh, Prabhakar, Shah: Randomized gossip algorithms, IEEE Trans. Inf. Theory 52(6), 2006,
 * the synchronous time model (section II-B): in round k the nodes are matched, and
 *
 *   x_i, x_j <- (x_i + x_j) / 2   for every pair (i, j) of the matching
 *
 * Round-based, because that is what a schedule of matchings is; nodes are not in lockstep all the
 * same: a pair starts its round as soon as both have done the one before.  The asynchronous time
 * model (Poisson clocks) is not this program.  A node that a matching leaves out keeps its x.
 * Errata: none known.
 *
 * Timing: both of a pair send at once: a round takes T_x.  Sends do not block.
 * Faults: none is masked.  A message that never comes holds its receiver, and the run ends as a
 * deadlock that names the edge; the sum over nodes and messages stays what it was.
 * Expected: with uniformly random perfect matchings E[W'W] = E[W], and the squared distance from
 * the mean shrinks by (n - 2) / (2 (n - 1)) a round in expectation (tests/unit/test_gossip.c).
 */
#include "algorithms/algorithm.h"

static unsigned randomized_gossip_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_SYMMETRIC | TOPOLOGY_PAIRWISE | TOPOLOGY_CONNECTED;
}

static void begin_round(struct node *node)
{
    node_push_out(node, node_iteration(node));
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void randomized_gossip_on_ready(struct node *node)
{
    node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        begin_round(node);
}

const struct algorithm_ops randomized_gossip_ops = {
    .plugin = {.name = "randomized-gossip",
               .summary = "average the initial vectors in random pairs, no gradients",
               .reference = "Boyd, Ghosh, Prabhakar, Shah (IEEE TIT 2006)"},
    .topology = randomized_gossip_topology,
    .start = begin_round,
    .on_ready = randomized_gossip_on_ready,
};
