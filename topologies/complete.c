/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The complete graph: everyone sends to everyone, weights 1/n.  One round is the exact average.
 */
#include "topologies/circulant.h"
#include "topologies/topology.h"

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    struct circulant *circulant = circulant_create(nodes);

    (void)data;
    (void)seed;
    (void)error;
    circulant_add_phase(circulant);
    circulant_add_all(circulant);
    *state = circulant;
    return STATUS_OK;
}

extern const struct topology_ops complete_ops;
const struct topology_ops complete_ops = {
    .plugin = {.name = "complete", .summary = "all nodes are neighbours; one round averages"},
    .likeness = TOPOLOGY_CIRCULANT,
    .create = create,
    .destroy = circulant_destroy,
    .period = circulant_period,
    .out_peers = circulant_out_peers,
    .in_peers = circulant_in_peers,
    .max_degree = circulant_max_degree,
    .degree = circulant_degree,
};
