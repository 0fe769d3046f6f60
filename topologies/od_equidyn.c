/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OD-EquiDyn, one peer, directed: Song et al., NeurIPS 2022 (arXiv 2210.07881), section 4.  At
 * every phase a shift a is drawn from 1 .. n-1, and
 *
 *     W = (1 - eta) I + eta ((n-1)/n P^a + I/n)
 *
 * The paper draws from the shifts of an EquiStatic graph; drawing from all of them, as here, is its
 * case M = n - 1, in which E[W] mixes best.  With c = 1 - eta + eta/n and d = 1 - c, zero-sum x
 * have
 *
 *     E ||W x||^2 = (c^2 + d^2 - 2 c d / (n-1)) ||x||^2 <= (1 - 2 eta (1 - eta)) ||x||^2
 *
 * Expected (test): eta = 1/2: a contraction of (n-1)/(2n), from the formula.
 */
#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "core/rng.h"
#include "topologies/params.h"
#include "topologies/topology.h"

#define ROLE 4 /* of the stream */

static const struct field params[] = {
    FIELD_AT(struct equidyn_params, eta, FIELD_REAL, "0.5", .min = FIELD_POSITIVE, .max = 1,
             .help = "share of the mixing step; 1 - eta of everything stays besides"),
    FIELD_END,
};

struct equidyn {
    uint64_t seed;
    double away; /* eta (n-1)/n */
};

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct equidyn_params *chosen = data;
    struct equidyn *equidyn = memory_alloc(sizeof *equidyn);

    (void)error;
    equidyn->seed = seed;
    equidyn->away = chosen->eta * (nodes - 1.0) / nodes;
    *state = equidyn;
    return STATUS_OK;
}

static int64_t period(const void *state, uint32_t nodes)
{
    (void)state;
    return nodes <= 2 ? 1 : 0; /* two nodes have one shift */
}

static uint32_t shift_of(const struct equidyn *equidyn, uint32_t nodes, int64_t phase)
{
    struct rng rng;

    rng_open(&rng, equidyn->seed, RNG_TOPOLOGY, ROLE, 0, (uint64_t)phase);
    return 1 + (uint32_t)(rng_uniform(&rng) * (nodes - 1.0));
}

static uint32_t out_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                          uint32_t *peers)
{
    if (nodes == 1)
        return 0;
    peers[0] = (uint32_t)(((uint64_t)node + shift_of(state, nodes, phase)) % nodes);
    return 1;
}

static uint32_t in_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    if (nodes == 1)
        return 0;
    peers[0] = (uint32_t)(((uint64_t)node + nodes - shift_of(state, nodes, phase)) % nodes);
    return 1;
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    (void)state;
    return nodes > 1;
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    (void)node;
    (void)phase;
    return max_degree(state, nodes);
}

static double weight(const void *state, uint32_t nodes, uint32_t from, uint32_t to, int64_t phase)
{
    const struct equidyn *equidyn = state;

    (void)nodes;
    (void)phase;
    return from == to ? 1 - equidyn->away : equidyn->away;
}

extern const struct topology_ops od_equidyn_ops;
const struct topology_ops od_equidyn_ops = {
    .plugin = {.name = "od-equidyn",
               .summary = "one random shift for all nodes in every round",
               .reference = "Song et al., NeurIPS 2022",
               .params = params,
               .params_size = sizeof(struct equidyn_params)},
    .directed = true,
    .likeness = TOPOLOGY_TRANSITIVE,
    .create = create,
    .destroy = free,
    .period = period,
    .out_peers = out_peers,
    .in_peers = in_peers,
    .max_degree = max_degree,
    .degree = degree,
    .weight = weight,
};
