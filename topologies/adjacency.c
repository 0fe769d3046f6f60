/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stored static undirected graphs in compressed rows.
 */
#include "topologies/adjacency.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct adjacency {
    uint32_t nodes, max_degree;
    size_t *start;   /* nodes + 1 */
    uint32_t *peers; /* of node i: peers[start[i] .. start[i+1]-1] */
};

struct adjacency *adjacency_create(uint32_t nodes, const uint32_t *ends, size_t edges)
{
    struct adjacency *adjacency = memory_alloc(sizeof *adjacency);
    size_t *next = memory_array((size_t)nodes + 1, sizeof *next), *start;

    adjacency->nodes = nodes;
    adjacency->start = start = memory_array((size_t)nodes + 1, sizeof *start);
    adjacency->peers = memory_array(2 * edges + 1, sizeof *adjacency->peers);
    for (size_t i = 0; i < 2 * edges; i++)
        start[ends[i] + 1]++;
    for (uint32_t i = 0; i < nodes; i++) {
        if (start[i + 1] > adjacency->max_degree)
            adjacency->max_degree = (uint32_t)start[i + 1];
        start[i + 1] += start[i];
    }
    memcpy(next, start, ((size_t)nodes + 1) * sizeof *next);
    for (size_t i = 0; i < 2 * edges; i++)
        adjacency->peers[next[ends[i]]++] = ends[i ^ 1];
    free(next);
    return adjacency;
}

bool adjacency_connected(const struct adjacency *adjacency)
{
    uint32_t *queue = memory_array(adjacency->nodes, sizeof *queue);
    bool *reached = memory_array(adjacency->nodes, sizeof *reached);
    uint32_t head = 0, tail = 1;

    queue[0] = 0;
    reached[0] = true;
    while (head < tail) {
        uint32_t node = queue[head++];

        for (size_t i = adjacency->start[node]; i < adjacency->start[node + 1]; i++) {
            uint32_t peer = adjacency->peers[i];

            if (!reached[peer]) {
                reached[peer] = true;
                queue[tail++] = peer;
            }
        }
    }
    free(queue);
    free(reached);
    return tail == adjacency->nodes;
}

void adjacency_destroy(void *state)
{
    struct adjacency *adjacency = state;

    if (!adjacency)
        return;
    free(adjacency->start);
    free(adjacency->peers);
    free(adjacency);
}

int64_t adjacency_period(const void *state, uint32_t nodes)
{
    (void)state;
    (void)nodes;
    return 1;
}

uint32_t adjacency_degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    const struct adjacency *adjacency = state;

    (void)nodes;
    (void)phase;
    return (uint32_t)(adjacency->start[node + 1] - adjacency->start[node]);
}

uint32_t adjacency_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    const struct adjacency *adjacency = state;
    uint32_t count = adjacency_degree(state, nodes, node, phase);

    if (count > 0)
        memcpy(peers, adjacency->peers + adjacency->start[node], count * sizeof *peers);
    return count;
}

uint32_t adjacency_max_degree(const void *state, uint32_t nodes)
{
    const struct adjacency *adjacency = state;

    (void)nodes;
    return adjacency->max_degree;
}
