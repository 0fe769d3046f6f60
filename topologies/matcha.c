/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MATCHA: a base graph's matchings, each used in a round with its own probability.  Wang, Sahu,
 * Yang, Joshi, Kar, "MATCHA: speeding up decentralized SGD via matching decomposition sampling",
 * 2019 (arXiv 1905.09435), equation (2) and section 4:
 *
 *     W_k = I - alpha sum_j B_j L_j,    B_j = 1 with probability p_j, drawn afresh in every round
 *
 * Matchings, p_j and alpha are fixed beforehand (matcha_plan.c).  `budget` is the expected share of
 * the matchings that a round uses, hence of the time that the base graph would take where matchings
 * follow one another.  alpha times a node's degree may pass 1: its own weight is then negative, as
 * in the paper.  Draws of round k come from stream (seed, RNG_TOPOLOGY, step k) alone.
 *
 * Expected (test): budget x matchings active on average; a random x contracts as matcha_plan.c
 * says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "core/memory.h"
#include "core/rng.h"
#include "topologies/matcha_plan.h"
#include "topologies/params.h"
#include "topologies/phase_cache.h"
#include "topologies/topology.h"

#define ROLE        6   /* of the stream */
#define MAX_ENTRIES 1e8 /* of the table of matchings, 4 bytes each */

/* What stays the same in every round and is symmetric can be a base. */
#define BASE_LIST(X)                                                                               \
    X(ring_ops)                                                                                    \
    X(complete_ops)                                                                                \
    X(star_ops)                                                                                    \
    X(torus_ops)                                                                                   \
    X(hypercube_ops)                                                                               \
    X(erdos_renyi_ops)                                                                             \
    X(random_regular_ops)                                                                          \
    X(u_equistatic_ops)                                                                            \
    X(edge_list_ops)

#define BASE_DECLARE(ops) extern const struct topology_ops ops;
BASE_LIST(BASE_DECLARE)

static const struct plugin *const bases[] = {
#define BASE_ENTRY(ops) &ops.plugin,
    BASE_LIST(BASE_ENTRY) NULL};

static const struct plugin_registry base_registry = {
    .kind = "base graph", .plural = "base graphs", .entries = bases};

static const struct field params[] = {
    FIELD_AT(struct matcha_params, base, FIELD_CHOICE, "\"ring\"", .registry = &base_registry,
             .help =
                 "the graph whose edges are used: connected, symmetric, the same in all rounds"),
    FIELD_AT(struct matcha_params, budget, FIELD_REAL, "0.5", .min = FIELD_POSITIVE, .max = 1,
             .help = "expected share of the matchings that a round uses"),
    FIELD_END,
};

struct matcha {
    uint64_t seed;
    struct matcha_plan plan;
    struct phase_cache *phases; /* by matching: used or not */
    uint32_t max_degree;
    double budget;
};

/* Every edge once, as two ends. */
static uint32_t *collect_edges(const struct topology *base, size_t *edges)
{
    struct topology_edge *out = memory_array((size_t)topology_max_degree(base) + 1, sizeof *out);
    uint32_t *ends = NULL;
    size_t capacity = 0, count = 0;

    for (uint32_t node = 0; node < topology_nodes(base); node++) {
        uint32_t degree = topology_out(base, node, 0, out);

        for (uint32_t i = 0; i < degree; i++) {
            if (out[i].peer < node)
                continue;
            if (count + 2 > capacity)
                ends = memory_grow(ends, &capacity, count + 2, sizeof *ends);
            ends[count++] = node;
            ends[count++] = out[i].peer;
        }
    }
    free(out);
    *edges = count / 2;
    return ends;
}

/* Errors of the base graph are about its keys. */
static void blame_base(struct error *error)
{
    char path[sizeof error->path];

    if (!error)
        return;
    snprintf(path, sizeof path, "%s", error->path);
    snprintf(error->path, sizeof error->path, "base.%.200s", path);
}

static enum status check_base(const struct topology *base, struct error *error)
{
    double entries = (double)topology_nodes(base) * (topology_max_degree(base) + 1.0);

    if (topology_period(base) != 1)
        return status_fail_at(error, "name",
                              "'%s' changes from round to round; matcha needs a "
                              "graph that stays the same",
                              topology_name(base));
    if (entries > MAX_ENTRIES)
        return status_fail_at(error, "name", "matchings of %.3g entries, expected at most %g",
                              entries, MAX_ENTRIES);
    return topology_require(base, TOPOLOGY_CONNECTED, "matcha", error);
}

/* Metropolis weights are not used: they are refused where the graph is not symmetric. */
static enum status create_base(const struct matcha_params *chosen, uint32_t nodes, uint64_t seed,
                               struct topology **base, struct error *error)
{
    struct topology_config config = {
        .graph = chosen->base, .weights = TOPOLOGY_WEIGHTS_METROPOLIS, .seed = seed};
    enum status status = topology_create(base, &config, nodes, error);

    if (status == STATUS_OK)
        status = check_base(*base, error);
    else if (error && strcmp(error->path, "weights") == 0)
        status = status_fail_at(error, "name",
                                "matcha needs a symmetric base graph, such as "
                                "\"ring\"; '%s' is not",
                                chosen->base.plugin->name);
    if (status != STATUS_OK)
        blame_base(error);
    return status;
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct matcha_params *chosen = data;
    struct topology *base;
    struct matcha *matcha;
    uint32_t *ends;
    size_t edges;
    enum status status = create_base(chosen, nodes, seed, &base, error);

    if (status == STATUS_OK) {
        matcha = memory_alloc(sizeof *matcha);
        matcha->seed = seed;
        matcha->budget = chosen->budget;
        matcha->max_degree = topology_max_degree(base);
        ends = collect_edges(base, &edges);
        matcha_plan_init(&matcha->plan, nodes, ends, edges, chosen->budget);
        matcha->phases = phase_cache_create(matcha->plan.matchings);
        free(ends);
        *state = matcha;
    }
    topology_free(base);
    return status;
}

static void destroy(void *state)
{
    struct matcha *matcha = state;

    if (!matcha)
        return;
    matcha_plan_fini(&matcha->plan);
    phase_cache_free(matcha->phases);
    free(matcha);
}

static int64_t period(const void *state, uint32_t nodes)
{
    const struct matcha *matcha = state;

    (void)nodes;
    return matcha->budget >= 1 || matcha->plan.matchings == 0 ? 1 : 0;
}

static void draw(const void *context, int64_t phase, uint32_t *used)
{
    const struct matcha *matcha = context;
    struct rng rng;

    rng_open(&rng, matcha->seed, RNG_TOPOLOGY, ROLE, 0, (uint64_t)phase);
    for (uint32_t m = 0; m < matcha->plan.matchings; m++)
        used[m] = rng_uniform(&rng) < matcha->plan.probabilities[m];
}

/* peers may be NULL: only counted. */
static uint32_t collect(const struct matcha *matcha, uint32_t node, int64_t phase, uint32_t *peers)
{
    const struct matcha_plan *plan = &matcha->plan;
    const uint32_t *used = phase_cache_row(matcha->phases, phase, draw, matcha);
    uint32_t count = 0;

    for (uint32_t m = 0; m < plan->matchings; m++) {
        uint32_t partner = plan->partners[(size_t)m * plan->nodes + node];

        if (!used[m] || partner == node)
            continue;
        if (peers)
            peers[count] = partner;
        count++;
    }
    return count;
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    (void)nodes;
    return collect(state, node, phase, peers);
}

static uint32_t max_degree(const void *state, uint32_t nodes)
{
    const struct matcha *matcha = state;

    (void)nodes;
    return matcha->max_degree;
}

static uint32_t degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    (void)nodes;
    return collect(state, node, phase, NULL);
}

static double weight(const void *state, uint32_t nodes, uint32_t from, uint32_t to, int64_t phase)
{
    const struct matcha *matcha = state;
    double alpha = matcha->plan.alpha;

    (void)nodes;
    return from == to ? 1 - alpha * collect(matcha, from, phase, NULL) : alpha;
}

extern const struct topology_ops matcha_ops;
const struct topology_ops matcha_ops = {
    .plugin = {.name = "matcha",
               .summary = "random matchings of a base graph, the important ones more often",
               .reference = "Wang, Sahu, Yang, Joshi, Kar, arXiv 1905.09435",
               .params = params,
               .params_size = sizeof(struct matcha_params)},
    .likeness = TOPOLOGY_GENERAL,
    .create = create,
    .destroy = destroy,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
    .degree = degree,
    .weight = weight,
};
