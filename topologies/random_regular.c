/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A random connected d-regular simple graph, drawn once for the whole run.
 *
 * Pairing model (Bollobas 1980): every node has d stubs, and a shuffle pairs them.  A pair that
 * would be a loop or a second edge is repaired by a switching with a random edge, which keeps all
 * degrees; for fixed d the result is asymptotically uniform, and no exact uniformity is claimed.
 * For d = 2 the connected graphs are the Hamilton cycles, drawn exactly.  Above d = (n-1)/2 the
 * complement is drawn, where stubs are fewer.
 */
#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "core/field.h"
#include "core/memory.h"
#include "core/rng.h"
#include "topologies/adjacency.h"
#include "topologies/params.h"
#include "topologies/topology.h"

#define ROLE         2 /* of the stream */
#define MAX_DRAWS    200
#define MAX_SWITCHES 100000 /* tries to repair one pair */
#define MAX_STUBS    (UINT64_C(1) << 28)

static const struct field params[] = {
    FIELD_AT(struct random_regular_params, degree, FIELD_INTEGER, NULL, .min = 0, .max = UINT32_MAX,
             .help = "number of neighbours of every node; nodes times degree must be even"),
    FIELD_END,
};

/* A graph under construction: fixed rows of d places, so membership costs O(d). */
struct rows {
    uint32_t nodes, degree;
    uint32_t *peers, *filled;
};

static bool joined(const struct rows *rows, uint32_t a, uint32_t b)
{
    const uint32_t *row = rows->peers + (size_t)a * rows->degree;

    for (uint32_t i = 0; i < rows->filled[a]; i++)
        if (row[i] == b)
            return true;
    return false;
}

static void join(struct rows *rows, uint32_t a, uint32_t b)
{
    rows->peers[(size_t)a * rows->degree + rows->filled[a]++] = b;
    rows->peers[(size_t)b * rows->degree + rows->filled[b]++] = a;
}

static void forget(struct rows *rows, uint32_t a, uint32_t b)
{
    uint32_t *row = rows->peers + (size_t)a * rows->degree, i = 0;

    while (row[i] != b)
        i++;
    row[i] = row[--rows->filled[a]];
}

/* Gives the stubs u and v partners: a random edge a - b becomes u - a and v - b. */
static bool switch_in(struct rows *rows, uint32_t u, uint32_t v, gsl_rng *rng)
{
    for (unsigned attempt = 0; attempt < MAX_SWITCHES; attempt++) {
        uint32_t a = (uint32_t)gsl_rng_uniform_int(rng, rows->nodes), b;

        if (rows->filled[a] == 0)
            continue;
        b = rows->peers[(size_t)a * rows->degree + gsl_rng_uniform_int(rng, rows->filled[a])];
        if (a == u || b == v || joined(rows, u, a) || joined(rows, v, b))
            continue;
        forget(rows, a, b);
        forget(rows, b, a);
        join(rows, u, a);
        join(rows, v, b);
        return true;
    }
    return false;
}

static bool pair_stubs(struct rows *rows, gsl_rng *rng)
{
    size_t count = (size_t)rows->nodes * rows->degree, left = 0;
    uint32_t *stubs = memory_array(count, sizeof *stubs);
    bool done = true;

    for (size_t i = 0; i < count; i++)
        stubs[i] = (uint32_t)(i / rows->degree);
    if (count > 0) /* GSL's shuffle does not take nothing */
        gsl_ran_shuffle(rng, stubs, count, sizeof *stubs);
    for (size_t i = 0; i < count; i += 2) {
        uint32_t u = stubs[i], v = stubs[i + 1];

        if (u != v && !joined(rows, u, v)) {
            join(rows, u, v);
            continue;
        }
        stubs[left++] = u; /* i is never behind left: the pair is read already */
        stubs[left++] = v;
    }
    for (size_t i = 0; i < left && done; i += 2)
        done = switch_in(rows, stubs[i], stubs[i + 1], rng);
    free(stubs);
    return done;
}

static bool hamilton_cycle(struct rows *rows, gsl_rng *rng)
{
    uint32_t *order = memory_array(rows->nodes, sizeof *order);

    for (uint32_t i = 0; i < rows->nodes; i++)
        order[i] = i;
    gsl_ran_shuffle(rng, order, rows->nodes, sizeof *order);
    for (uint32_t i = 0; i < rows->nodes; i++)
        join(rows, order[i], order[(i + 1) % rows->nodes]);
    free(order);
    return true;
}

/* The edges of the rows, or those between nodes that the rows do not join. */
static struct adjacency *rows_to_graph(const struct rows *rows, bool complement)
{
    size_t degree = complement ? rows->nodes - 1 - rows->degree : rows->degree, count = 0;
    uint32_t *ends = memory_array(rows->nodes * degree + 1, sizeof *ends);
    bool *in_row = memory_array(rows->nodes, sizeof *in_row);
    struct adjacency *graph;

    for (uint32_t a = 0; a < rows->nodes; a++) {
        const uint32_t *row = rows->peers + (size_t)a * rows->degree;

        for (uint32_t i = 0; i < rows->degree; i++)
            in_row[row[i]] = true;
        for (uint32_t b = a + 1; complement && b < rows->nodes; b++) {
            if (!in_row[b]) {
                ends[count++] = a;
                ends[count++] = b;
            }
        }
        for (uint32_t i = 0; i < rows->degree; i++) {
            in_row[row[i]] = false;
            if (!complement && row[i] > a) {
                ends[count++] = a;
                ends[count++] = row[i];
            }
        }
    }
    graph = adjacency_create(rows->nodes, ends, count / 2);
    free(ends);
    free(in_row);
    return graph;
}

static struct adjacency *draw(uint32_t nodes, uint32_t degree, uint64_t seed, uint64_t attempt)
{
    bool complement = degree > (nodes - 1) / 2 && degree != 2;
    struct rows rows = {.nodes = nodes, .degree = complement ? nodes - 1 - degree : degree};
    struct adjacency *graph = NULL;
    struct rng rng;
    gsl_rng *gsl = rng_open(&rng, seed, RNG_TOPOLOGY, ROLE, attempt, 0);

    rows.peers = memory_array((size_t)nodes * rows.degree + 1, sizeof *rows.peers);
    rows.filled = memory_array(nodes, sizeof *rows.filled);
    if (degree == 2 ? hamilton_cycle(&rows, gsl) : pair_stubs(&rows, gsl))
        graph = rows_to_graph(&rows, complement);
    free(rows.peers);
    free(rows.filled);
    return graph;
}

static enum status check_degree(uint64_t degree, uint32_t nodes, struct error *error)
{
    if (degree >= nodes && nodes > 1)
        return status_fail_at(error, "degree", "%llu, expected at most %u with %u nodes",
                              (unsigned long long)degree, nodes - 1, nodes);
    if (degree * nodes % 2 != 0)
        return status_fail_at(error, "degree",
                              "%llu with %u nodes: nodes times degree must be even",
                              (unsigned long long)degree, nodes);
    if (degree * nodes > MAX_STUBS)
        return status_fail_at(error, "degree", "%llu with %u nodes makes more than 2^27 edges",
                              (unsigned long long)degree, nodes);
    if (nodes > 1 && degree < (nodes > 2 ? 2 : 1))
        return status_fail_at(error, "degree",
                              "no graph of %u nodes with degree %llu is connected; use 2 or more, "
                              "or \"random-matching\" for a new pairing in every round",
                              nodes, (unsigned long long)degree);
    return STATUS_OK;
}

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    const struct random_regular_params *chosen = data;
    uint32_t degree = nodes > 1 ? (uint32_t)chosen->degree : 0; /* one node has no neighbours */
    enum status status = check_degree(degree, nodes, error);

    for (uint64_t attempt = 0; status == STATUS_OK && attempt < MAX_DRAWS; attempt++) {
        struct adjacency *graph = draw(nodes, degree, seed, attempt);

        if (graph && adjacency_connected(graph)) {
            *state = graph;
            return STATUS_OK;
        }
        adjacency_destroy(graph);
    }
    return status != STATUS_OK
               ? status
               : status_fail_at(error, "degree", "no connected %u-regular graph in %d draws",
                                degree, MAX_DRAWS);
}

extern const struct topology_ops random_regular_ops;
const struct topology_ops random_regular_ops = {
    .plugin = {.name = "random-regular",
               .summary = "a random connected graph in which all nodes have `degree` neighbours",
               .reference = "Bollobas, Europ. J. Combinatorics 1, 1980",
               .params = params,
               .params_size = sizeof(struct random_regular_params)},
    .likeness = TOPOLOGY_GENERAL,
    .create = create,
    .destroy = adjacency_destroy,
    .period = adjacency_period,
    .out_peers = adjacency_peers,
    .in_peers = adjacency_peers,
    .max_degree = adjacency_max_degree,
    .degree = adjacency_degree,
};
