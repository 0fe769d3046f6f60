/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Graph 1 (DynamicBipartiteExponentialGraph) of the SGP authors' repository, which its D-PSGD and
 * AD-PSGD job scripts use.  Even ranks are passive, odd ranks active; the distances 1, 3, 5, 9,
 * 17, ... are odd, so with an even number of nodes peers have opposite colours.
 *
 * Version `tag`: active ranks list +d, -d, passive ones -d, +d, so a round is a true exchange: odd
 * r with r+1, then with r-1, r+3, r-3, ...  Version `main`: both list +d, -d, so a round is a shift
 * (send to r+d, receive from r-d): doubly stochastic, but nobody exchanges.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "topologies/sgp_phone_book.h"
#include "topologies/topology.h"

struct bipartite {
    struct circulant *schedule; /* of the active ranks */
    bool exchange;
};

static int64_t odd_distance(unsigned i)
{
    return i == 0 ? 1 : 1 + (INT64_C(1) << i);
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct sgp_exponential_params *params = data;
    struct bipartite *bipartite;
    struct circulant *schedule;
    enum status status;

    (void)seed;
    if (nodes > 1 && nodes % 2 != 0)
        return status_fail_at(error, "name",
                              "sgp-bipartite-exponential needs an even number of nodes, found %u",
                              nodes);
    status = sgp_phone_book_schedule(params, nodes, odd_distance, &schedule, error);
    if (status != STATUS_OK)
        return status;
    bipartite = memory_alloc(sizeof *bipartite);
    bipartite->schedule = schedule;
    bipartite->exchange = params->version == SGP_VERSION_TAG;
    *state = bipartite;
    return STATUS_OK;
}

static void destroy(void *state)
{
    struct bipartite *bipartite = state;

    if (bipartite)
        circulant_destroy(bipartite->schedule);
    free(bipartite);
}

static int64_t period(const void *state, uint32_t nodes)
{
    const struct bipartite *bipartite = state;

    return circulant_period(bipartite->schedule, nodes);
}

static uint32_t out_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                          uint32_t *peers)
{
    const struct bipartite *bipartite = state;
    bool mirrored = bipartite->exchange && node % 2 == 0;

    return (mirrored ? circulant_in_peers : circulant_out_peers)(bipartite->schedule, nodes, node,
                                                                 phase, peers);
}

static uint32_t in_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    const struct bipartite *bipartite = state;

    if (bipartite->exchange)
        return out_peers(state, nodes, node, phase, peers);
    return circulant_in_peers(bipartite->schedule, nodes, node, phase, peers);
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    const struct bipartite *bipartite = state;

    return circulant_max_degree(bipartite->schedule, nodes);
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    const struct bipartite *bipartite = state;

    return circulant_degree(bipartite->schedule, nodes, node, phase);
}

/* Exchanges mirror every other node; shifts treat all alike. */
static enum topology_likeness likeness(const void *state)
{
    const struct bipartite *bipartite = state;

    return bipartite->exchange ? TOPOLOGY_TRANSITIVE : TOPOLOGY_CIRCULANT;
}

extern const struct topology_ops sgp_bipartite_exponential_ops;
const struct topology_ops sgp_bipartite_exponential_ops = {
    .plugin = {.name = "sgp-bipartite-exponential",
               .summary = "the SGP repository's D-PSGD schedule: exchanges at distance 1, 3, 5, 9",
               .reference = "facebookresearch/stochastic_gradient_push, graph 1",
               .params = sgp_phone_book_fields,
               .params_size = sizeof(struct sgp_exponential_params)},
    .directed = true,
    .likeness = TOPOLOGY_TRANSITIVE,
    .instance_likeness = likeness,
    .create = create,
    .destroy = destroy,
    .period = period,
    .out_peers = out_peers,
    .in_peers = in_peers,
    .max_degree = max_degree,
    .degree = degree,
};
