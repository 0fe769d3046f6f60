/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reachability over the union of some phases, by breadth-first search straight on the families'
 * formulas: no adjacency is stored.
 */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "topologies/internal.h"

struct topology_search *topology_search_create(const struct topology *topology)
{
    struct topology_search *search = memory_alloc(sizeof *search);

    search->distance = memory_array(topology->nodes, sizeof *search->distance);
    search->queue = memory_array(topology->nodes, sizeof *search->queue);
    search->peers = memory_array((size_t)topology->max_degree + 1, sizeof *search->peers);
    return search;
}

void topology_search_free(struct topology_search *search)
{
    if (!search)
        return;
    free(search->distance);
    free(search->queue);
    free(search->peers);
    free(search);
}

uint32_t topology_search_from(const struct topology *topology, struct topology_search *search,
                              uint32_t source, int64_t first, int64_t count, bool reverse,
                              uint32_t *farthest)
{
    uint32_t head = 0, tail = 1;

    memset(search->distance, 0xff, topology->nodes * sizeof *search->distance);
    search->distance[source] = 0;
    search->queue[0] = source;
    /* Stopping when all are reached makes a dense graph cost one row instead of n. */
    while (head < tail && tail < topology->nodes) {
        uint32_t node = search->queue[head++];

        for (int64_t phase = first; phase < first + count; phase++) {
            uint32_t peers = topology_peers(topology, node, phase, reverse, search->peers);

            for (uint32_t i = 0; i < peers; i++) {
                uint32_t peer = search->peers[i];

                if (search->distance[peer] != UINT32_MAX)
                    continue;
                search->distance[peer] = search->distance[node] + 1;
                search->queue[tail++] = peer;
            }
        }
    }
    if (farthest)
        *farthest = search->queue[tail - 1];
    return tail;
}

static uint32_t first_unreached(const struct topology *topology,
                                const struct topology_search *search)
{
    uint32_t node = 0;

    while (node < topology->nodes && search->distance[node] != UINT32_MAX)
        node++;
    return node;
}

bool topology_strongly_connected(const struct topology *topology, struct topology_search *search,
                                 int64_t first, int64_t count, uint32_t *unreached)
{
    for (int reverse = 0; reverse < 2; reverse++) {
        if (topology_search_from(topology, search, 0, first, count, reverse, NULL) <
            topology->nodes) {
            if (unreached)
                *unreached = first_unreached(topology, search);
            return false;
        }
    }
    return true;
}

void topology_sides(const struct topology *topology, uint8_t *side)
{
    struct topology_search *search = topology_search_create(topology);

    topology_search_from(topology, search, 0, 0, topology_checked_phases(topology), false, NULL);
    for (uint32_t node = 0; node < topology->nodes; node++)
        side[node] = search->distance[node] % 2;
    topology_search_free(search);
}
