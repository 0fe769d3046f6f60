/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The random graph G(n, p): every pair of nodes is joined with probability p, once for the whole
 * run.  With `connected` the draw is repeated (stream index 1, 2, ...) until the graph is.
 *
 * Pairs are skipped geometrically, so a draw costs O(n + edges): Batagelj, Brandes, "Efficient
 * generation of large random networks", Phys. Rev. E 71, 2005, algorithm 1.
 */
#include <math.h>
#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "core/rng.h"
#include "topologies/adjacency.h"
#include "topologies/params.h"
#include "topologies/topology.h"

#define ROLE               1   /* of the stream; 0 is random-matching */
#define MAX_EDGES          2e8 /* 3 GB while drawing */
#define MAX_DRAWS          1000
#define MAX_DRAWN_EDGES    1e8 /* over all draws: a few seconds */
#define HOPELESS_ISOLATION 30  /* expected isolated nodes: connected with probability e^-30 */

static const struct field params[] = {
    FIELD_AT(struct erdos_renyi_params, probability, FIELD_REAL, "null", .min = 0, .max = 1,
             .help = "probability of each edge; give this or mean_degree"),
    FIELD_AT(struct erdos_renyi_params, mean_degree, FIELD_REAL, "null", .min = 0,
             .max = UINT32_MAX,
             .help = "expected number of neighbours of a node; give this or probability"),
    FIELD_AT(struct erdos_renyi_params, connected, FIELD_BOOL, "true",
             .help = "whether to draw again until the graph is connected"),
    FIELD_END,
};

struct ends {
    uint32_t *nodes; /* two an edge */
    size_t count, capacity;
};

static void add_edge(struct ends *ends, uint32_t a, uint32_t b)
{
    if (ends->count + 2 > ends->capacity)
        ends->nodes =
            memory_grow(ends->nodes, &ends->capacity, ends->count + 2, sizeof *ends->nodes);
    ends->nodes[ends->count++] = a;
    ends->nodes[ends->count++] = b;
}

/* Walks the pairs (v, w), w < v, in rows; the gap to the next edge is geometric. */
static void draw_edges(struct ends *ends, uint32_t nodes, double probability, struct rng *rng)
{
    double log_missing = log1p(-probability), v = 1, w = -1;

    ends->count = 0;
    while (probability > 0 && v < nodes) {
        w += 1 + (probability < 1 ? floor(log1p(-rng_uniform(rng)) / log_missing) : 0);
        while (w >= v && v < nodes) {
            w -= v;
            v++;
        }
        if (v < nodes)
            add_edge(ends, (uint32_t)v, (uint32_t)w);
    }
}

static struct adjacency *draw(uint32_t nodes, double probability, uint64_t seed, uint64_t attempt)
{
    struct ends ends = {NULL, 0, 0};
    struct adjacency *graph;
    struct rng rng;

    rng_open(&rng, seed, RNG_TOPOLOGY, ROLE, attempt, 0);
    draw_edges(&ends, nodes, probability, &rng);
    graph = adjacency_create(nodes, ends.nodes, ends.count / 2);
    free(ends.nodes);
    return graph;
}

static enum status draw_connected(uint32_t nodes, double probability, uint64_t seed, void **state,
                                  struct error *error)
{
    double mean_degree = probability * (nodes - 1.0);
    double isolated = nodes > 1 ? nodes * exp((nodes - 1.0) * log1p(-probability)) : 0;
    double work = 0, cost = nodes * (1 + mean_degree / 2);

    if (isolated > HOPELESS_ISOLATION)
        return status_fail_at(error, "connected",
                              "mean degree %.3g leaves about %.0f of %u nodes without neighbours; "
                              "a connected graph needs a mean degree near ln n = %.3g or more",
                              mean_degree, isolated, nodes, log(nodes));
    for (uint64_t attempt = 0; attempt < MAX_DRAWS && work < MAX_DRAWN_EDGES; attempt++) {
        struct adjacency *graph = draw(nodes, probability, seed, attempt);

        if (adjacency_connected(graph)) {
            *state = graph;
            return STATUS_OK;
        }
        adjacency_destroy(graph);
        work += cost;
    }
    return status_fail_at(error, "connected",
                          "no connected graph of %u nodes in %.0f draws with mean degree %.3g; use "
                          "a mean degree well above ln n = %.3g",
                          nodes, work / cost, mean_degree, log(nodes));
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct erdos_renyi_params *chosen = data;
    double probability = chosen->probability;

    if (field_real_absent(probability) == field_real_absent(chosen->mean_degree))
        return status_fail_at(error, "probability",
                              "expected exactly one of probability and mean_degree");
    if (field_real_absent(probability)) {
        if (chosen->mean_degree > nodes - 1.0)
            return status_fail_at(error, "mean_degree", "%g, expected at most %u with %u nodes",
                                  chosen->mean_degree, nodes - 1, nodes);
        probability = nodes > 1 ? chosen->mean_degree / (nodes - 1.0) : 0;
    }
    if (probability * nodes * (nodes - 1.0) / 2 > MAX_EDGES)
        return status_fail_at(error, "probability", "about %.3g edges, expected at most %g",
                              probability * nodes * (nodes - 1.0) / 2, MAX_EDGES);
    if (chosen->connected)
        return draw_connected(nodes, probability, seed, state, error);
    *state = draw(nodes, probability, seed, 0);
    return STATUS_OK;
}

extern const struct topology_ops erdos_renyi_ops;
const struct topology_ops erdos_renyi_ops = {
    .plugin = {.name = "erdos-renyi",
               .summary = "the random graph G(n, p), by default connected",
               .reference = "Erdos, Renyi, Publ. Math. Debrecen 6, 1959",
               .params = params,
               .params_size = sizeof(struct erdos_renyi_params)},
    .likeness = TOPOLOGY_GENERAL,
    .create = create,
    .destroy = adjacency_destroy,
    .period = adjacency_period,
    .out_peers = adjacency_peers,
    .in_peers = adjacency_peers,
    .max_degree = adjacency_max_degree,
    .degree = adjacency_degree,
};
