/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OU-EquiDyn, one peer, undirected: Song et al., NeurIPS 2022 (arXiv 2210.07881), section 4.  At
 * every phase a shift a from 1 .. n-1 and a first node s are drawn; nodes s, s + 1, ... (mod n) in
 * turn take i + a as their partner where both are still without one.  With A the matrix that has
 * (n-1)/n between partners, 1/n on their diagonal and 1 on that of the rest,
 *
 *     W = (1 - eta) I + eta A
 *
 * On a cycle of shifts a maximal matching has at least a third of the edges, hence for zero-sum x
 *
 *     E ||W x||^2 <= (1 - 4/3 eta (1 - eta (n-1)/n)) ||x||^2
 *
 * which is the paper's 1 - 4/3 eta (1 - eta) with a term that it drops.  As in od_equidyn.c all
 * shifts are drawn from.
 *
 * Expected (test): the mean contraction over all pairs (a, s), by brute force.
 */
#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "core/rng.h"
#include "topologies/params.h"
#include "topologies/phase_cache.h"
#include "topologies/topology.h"

#define ROLE 5 /* of the stream */

static const struct field params[] = {
    FIELD_AT(struct equidyn_params, eta, FIELD_REAL, "0.5", .min = FIELD_POSITIVE, .max = 1,
             .help = "share of the mixing step; 1 - eta of everything stays besides"),
    FIELD_END,
};

struct equidyn {
    uint64_t seed;
    uint32_t nodes;
    double away;                /* eta (n-1)/n */
    struct phase_cache *phases; /* partner by node; the node itself where it has none */
};

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct equidyn_params *chosen = data;
    struct equidyn *equidyn = memory_alloc(sizeof *equidyn);

    (void)error;
    equidyn->seed = seed;
    equidyn->nodes = nodes;
    equidyn->away = chosen->eta * (nodes - 1.0) / nodes;
    equidyn->phases = phase_cache_create(nodes);
    *state = equidyn;
    return STATUS_OK;
}

static void destroy(void *state)
{
    struct equidyn *equidyn = state;

    if (!equidyn)
        return;
    phase_cache_free(equidyn->phases);
    free(equidyn);
}

static void draw(const void *context, int64_t phase, uint32_t *partner)
{
    const struct equidyn *equidyn = context;
    uint64_t nodes = equidyn->nodes, shift, first;
    struct rng rng;

    for (uint32_t i = 0; i < nodes; i++)
        partner[i] = i;
    rng_open(&rng, equidyn->seed, RNG_TOPOLOGY, ROLE, 0, (uint64_t)phase);
    shift = 1 + (uint64_t)(rng_uniform(&rng) * ((double)nodes - 1));
    first = (uint64_t)(rng_uniform(&rng) * (double)nodes);
    for (uint64_t i = first; i < first + nodes; i++) {
        uint32_t one = (uint32_t)(i % nodes), other = (uint32_t)((i + shift) % nodes);

        if (partner[one] == one && partner[other] == other) {
            partner[one] = other;
            partner[other] = one;
        }
    }
}

static int64_t period(const void *state, uint32_t nodes)
{
    (void)state;
    return nodes <= 2 ? 1 : 0; /* two nodes have one matching */
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    const struct equidyn *equidyn = state;
    uint32_t partner = phase_cache_row(equidyn->phases, phase, draw, equidyn)[node];

    (void)nodes;
    if (partner == node)
        return 0;
    peers[0] = partner;
    return 1;
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    (void)state;
    return nodes > 1;
}

static double weight(const void *state, uint32_t nodes, uint32_t from, uint32_t to, int64_t phase)
{
    const struct equidyn *equidyn = state;
    uint32_t peer;

    if (from != to)
        return equidyn->away;
    return peers_of(state, nodes, from, phase, &peer) > 0 ? 1 - equidyn->away : 1;
}

extern const struct topology_ops ou_equidyn_ops;
const struct topology_ops ou_equidyn_ops = {
    .plugin = {.name = "ou-equidyn",
               .summary = "pairs at one random distance in every round; symmetric",
               .reference = "Song et al., NeurIPS 2022",
               .params = params,
               .params_size = sizeof(struct equidyn_params)},
    .likeness = TOPOLOGY_GENERAL,
    .create = create,
    .destroy = destroy,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
    .weight = weight,
};
