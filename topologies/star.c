/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The star: node 0 is everyone's only neighbour.  Uniform weights are column-stochastic only (the
 * hub gives 1/n each, a leaf gives 1/2), Metropolis weights doubly stochastic.
 */
#include "topologies/topology.h"

static int64_t period(const void *state, uint32_t nodes)
{
    (void)state;
    (void)nodes;
    return 1;
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    (void)state;
    (void)phase;
    return node == 0 ? nodes - 1 : 1;
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    uint32_t count = degree(state, nodes, node, phase);

    for (uint32_t i = 0; i < count; i++)
        peers[i] = node == 0 ? i + 1 : 0;
    return count;
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    (void)state;
    return nodes - 1;
}

extern const struct topology_ops star_ops;
const struct topology_ops star_ops = {
    .plugin = {.name = "star", .summary = "node 0 is the only neighbour of all others"},
    .likeness = TOPOLOGY_GENERAL,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
    .degree = degree,
};
