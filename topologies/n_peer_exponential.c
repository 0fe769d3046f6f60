/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The p-peer directed exponential schedule: at phase i rank r sends to the p ranks
 * r + j (p+1)^i (mod n) for j = 1 .. p; phases i = 0 .. floor(log_{p+1}(n-1)); weights 1/(p+1).
 *
 * It is graph 5 (NPeerDynamicDirectedExponentialGraph) of the SGP authors' repository, with one
 * difference: where j (p+1)^i passes n, the repository keeps shifts 0 (mod n) and repeats, so that
 * a node would send to itself or twice to another; here a phase skips them.  For p = 3, n = 8 the
 * repository lists 1, 2, 3, 4, 0, 4; here phase 0 has 1, 2, 3 and phase 1 has 4, and two rounds are
 * the exact average.  With p = 1 it is the paper's one-peer schedule.
 */
#include "core/field.h"
#include "topologies/circulant.h"
#include "topologies/params.h"
#include "topologies/topology.h"

static const struct field params[] = {
    FIELD_AT(struct n_peer_exponential_params, peers, FIELD_INTEGER, "1", .min = 1, .max = 1000000,
             .help = "peers that every node sends to in a round"),
    FIELD_END,
};

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct n_peer_exponential_params *chosen = data;
    int64_t peers = chosen->peers, stride = 1;
    struct circulant *circulant;

    (void)seed;
    if (nodes > 1 && peers > (int64_t)nodes - 1)
        return status_fail_at(error, "peers",
                              "%lld peers a round, expected at most %u with %u nodes",
                              (long long)peers, nodes - 1, nodes);
    circulant = circulant_create(nodes);
    do {
        circulant_add_phase(circulant);
        for (int64_t j = 1; j <= peers; j++)
            circulant_add(circulant, j * stride);
        stride *= peers + 1;
    } while (stride < nodes);
    *state = circulant;
    return STATUS_OK;
}

extern const struct topology_ops n_peer_exponential_ops;
const struct topology_ops n_peer_exponential_ops = {
    .plugin = {.name = "n-peer-exponential",
               .summary = "round k sends j (p+1)^(k mod L) ahead, j = 1 .. p",
               .reference = "Assran et al., ICML 2019; graph 5 of its repository",
               .params = params,
               .params_size = sizeof(struct n_peer_exponential_params)},
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
