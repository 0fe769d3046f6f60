/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The static exponential graph: every node sends to i + 2^0, i + 2^1, ... i + 2^(t-1) (mod n),
 * t = ceil(log2 n), weights 1/(t+1).
 *
 * Ying, Yuan, Chen, Hu, Pan, Yin, "Exponential graph is provably efficient for decentralized deep
 * training", NeurIPS 2021: the gap is 2/(1 + t) for even n, larger for odd n (0.75 for n = 5).
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
    for (int64_t shift = 1; shift < nodes; shift *= 2)
        circulant_add(circulant, shift);
    *state = circulant;
    return STATUS_OK;
}

extern const struct topology_ops static_exponential_ops;
const struct topology_ops static_exponential_ops = {
    .plugin = {.name = "static-exponential",
               .summary = "every node sends 1, 2, 4, ... ahead in every round",
               .reference = "Ying et al., NeurIPS 2021"},
    .directed = true,
    .likeness = TOPOLOGY_CIRCULANT,
    .create = create,
    .destroy = circulant_destroy,
    .period = circulant_period,
    .out_peers = circulant_out_peers,
    .in_peers = circulant_in_peers,
    .max_degree = circulant_max_degree,
    .degree = circulant_degree,
};
