/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one-peer directed exponential schedule: at phase k every node sends to i + 2^(k mod L) (mod
 * n), L = floor(log2(n-1)) + 1, weight 1/2.
 *
 * Assran, Loizou, Ballas, Rabbat, "Stochastic gradient push for distributed deep learning", ICML
 * 2019, appendix A.  When n = 2^t, L = t rounds are the exact average.  For other n nothing is ever
 * exact: sigma_2 of L rounds is 0.217, 0.209, 0.207 for n = 6, 12, 24.
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
    circulant_add(circulant, 1);
    for (int64_t shift = 2; shift < nodes; shift *= 2) {
        circulant_add_phase(circulant);
        circulant_add(circulant, shift);
    }
    *state = circulant;
    return STATUS_OK;
}

extern const struct topology_ops one_peer_exponential_ops;
const struct topology_ops one_peer_exponential_ops = {
    .plugin = {.name = "one-peer-exponential",
               .summary = "round k sends 2^(k mod L) ahead: the schedule of the SGP paper",
               .reference = "Assran et al., ICML 2019"},
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
