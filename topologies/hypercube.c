/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hypercube of n = 2^t nodes: neighbours differ in one bit.  With weights 1/(t+1) the spectral
 * gap is 2/(t+1).
 */
#include "topologies/topology.h"

static uint32_t dimensions(uint32_t nodes)
{
    uint32_t count = 0;

    while ((uint64_t)nodes >> (count + 1))
        count++;
    return count;
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    (void)data;
    (void)seed;
    *state = NULL;
    if ((nodes & (nodes - 1)) != 0)
        return status_fail_at(error, "name",
                              "hypercube needs a power of two as number of nodes, found %u", nodes);
    return STATUS_OK;
}

static int64_t period(const void *state, uint32_t nodes)
{
    (void)state;
    (void)nodes;
    return 1;
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    uint32_t count = dimensions(nodes);

    (void)state;
    (void)phase;
    for (uint32_t bit = 0; bit < count; bit++)
        peers[bit] = node ^ (UINT32_C(1) << bit);
    return count;
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    (void)state;
    return dimensions(nodes);
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    (void)state;
    (void)node;
    (void)phase;
    return dimensions(nodes);
}

extern const struct topology_ops hypercube_ops;
const struct topology_ops hypercube_ops = {
    .plugin = {.name = "hypercube", .summary = "neighbours differ in one bit; n a power of two"},
    .likeness = TOPOLOGY_TRANSITIVE,
    .create = create,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
    .degree = degree,
};
