/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rounds of a topology as sparse matrices.
 */
#include "topologies/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "topologies/internal.h"

#define MAX_ENTRIES 1e8 /* 12 bytes each */

static size_t count_entries(const struct topology *topology, int64_t phase)
{
    size_t entries = 0;

    for (uint32_t node = 0; node < topology->nodes; node++)
        entries += topology_degree(topology, node, phase);
    return entries;
}

static void fill(struct round *round, const struct topology *topology, int64_t phase,
                 struct topology_edge *edges)
{
    size_t entries = count_entries(topology, phase), at = 0;

    round->start = memory_array((size_t)topology->nodes + 1, sizeof *round->start);
    round->selves = memory_array(topology->nodes, sizeof *round->selves);
    round->peers = memory_array(entries + 1, sizeof *round->peers);
    round->weights = memory_array(entries + 1, sizeof *round->weights);
    for (uint32_t node = 0; node < topology->nodes; node++) {
        uint32_t degree = topology_in(topology, node, phase, edges);

        for (uint32_t i = 0; i < degree; i++, at++) {
            round->peers[at] = edges[i].peer;
            round->weights[at] = edges[i].weight;
        }
        round->start[node + 1] = at;
        round->selves[node] = topology_self_weight(topology, node, phase);
    }
}

enum status rounds_create(struct rounds **rounds, const struct topology *topology, int64_t first,
                          int64_t count, struct error *error)
{
    double bound = (double)topology->nodes * topology->max_degree * (double)count, entries = bound;
    struct topology_edge *edges;
    struct rounds *made;

    *rounds = NULL;
    if (bound > MAX_ENTRIES && topology->likeness == TOPOLOGY_GENERAL) {
        entries = 0;
        for (int64_t k = 0; k < count && entries <= MAX_ENTRIES; k++)
            entries += (double)count_entries(topology, first + k);
    }
    if (entries > MAX_ENTRIES)
        return status_fail_at(error, "name",
                              "the spectrum of '%s' with %u nodes needs %.3g matrix entries, "
                              "expected at most %g; use fewer nodes or leave the spectrum out",
                              topology_name(topology), topology->nodes, entries, MAX_ENTRIES);
    made = memory_alloc(sizeof *made);
    made->nodes = topology->nodes;
    made->count = count;
    made->rounds = memory_array((size_t)count, sizeof *made->rounds);
    made->spare = memory_array(topology->nodes, sizeof *made->spare);
    edges = memory_array((size_t)topology->max_degree + 1, sizeof *edges);
    for (int64_t k = 0; k < count; k++)
        fill(&made->rounds[k], topology, first + k, edges);
    free(edges);
    *rounds = made;
    return STATUS_OK;
}

void rounds_free(struct rounds *rounds)
{
    if (!rounds)
        return;
    for (int64_t k = 0; k < rounds->count; k++) {
        free(rounds->rounds[k].start);
        free(rounds->rounds[k].peers);
        free(rounds->rounds[k].weights);
        free(rounds->rounds[k].selves);
    }
    free(rounds->rounds);
    free(rounds->spare);
    free(rounds);
}

void rounds_apply_one(const struct rounds *rounds, int64_t k, bool transposed, const double *x,
                      double *y)
{
    const struct round *round = &rounds->rounds[k];

    for (uint32_t node = 0; node < rounds->nodes; node++)
        y[node] = round->selves[node] * x[node];
    for (uint32_t node = 0; node < rounds->nodes; node++) {
        for (size_t i = round->start[node]; i < round->start[node + 1]; i++) {
            if (transposed)
                y[round->peers[i]] += round->weights[i] * x[node];
            else
                y[node] += round->weights[i] * x[round->peers[i]];
        }
    }
}

void rounds_apply(const struct rounds *rounds, bool transposed, double *x)
{
    for (int64_t i = 0; i < rounds->count; i++) {
        int64_t k = transposed ? rounds->count - 1 - i : i;

        rounds_apply_one(rounds, k, transposed, x, rounds->spare);
        memcpy(x, rounds->spare, rounds->nodes * sizeof *x);
    }
}

void rounds_deflate(uint32_t nodes, double *x)
{
    double sum = 0;

    for (uint32_t i = 0; i < nodes; i++)
        sum += x[i];
    for (uint32_t i = 0; i < nodes; i++)
        x[i] -= sum / nodes;
}
