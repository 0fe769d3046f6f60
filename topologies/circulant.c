/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Schedules of shifts.  Memory is one number per shift and phase, whatever the number of nodes.
 */
#include "topologies/circulant.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"

struct circulant {
    uint32_t nodes;
    uint32_t *shifts; /* each in 1 .. n-1; phase k owns shifts[start[k] .. start[k+1]-1] */
    size_t *start;
    size_t count, capacity, phases, start_capacity;
};

struct circulant *circulant_create(uint32_t nodes)
{
    struct circulant *circulant = memory_alloc(sizeof *circulant);

    circulant->nodes = nodes;
    circulant->start = memory_grow(NULL, &circulant->start_capacity, 1, sizeof *circulant->start);
    circulant->start[0] = 0;
    return circulant;
}

void circulant_add_phase(struct circulant *circulant)
{
    circulant->phases++;
    if (circulant->phases + 1 > circulant->start_capacity)
        circulant->start = memory_grow(circulant->start, &circulant->start_capacity,
                                       circulant->phases + 1, sizeof *circulant->start);
    circulant->start[circulant->phases] = circulant->count;
}

static void append(struct circulant *circulant, uint32_t shift)
{
    if (circulant->count == circulant->capacity)
        circulant->shifts = memory_grow(circulant->shifts, &circulant->capacity,
                                        circulant->count + 1, sizeof *circulant->shifts);
    circulant->shifts[circulant->count++] = shift;
    circulant->start[circulant->phases] = circulant->count;
}

void circulant_add(struct circulant *circulant, int64_t shift)
{
    int64_t nodes = circulant->nodes, reduced = (shift % nodes + nodes) % nodes;

    CHECK(circulant->phases > 0, "a shift before any phase");
    for (size_t i = circulant->start[circulant->phases - 1]; i < circulant->count; i++)
        if (circulant->shifts[i] == reduced)
            return;
    if (reduced != 0)
        append(circulant, (uint32_t)reduced);
}

void circulant_add_all(struct circulant *circulant)
{
    for (uint32_t shift = 1; shift < circulant->nodes; shift++)
        append(circulant, shift);
}

const uint32_t *circulant_shifts(const struct circulant *circulant, int64_t phase, uint32_t *count)
{
    size_t first = circulant->start[phase];

    *count = (uint32_t)(circulant->start[phase + 1] - first);
    return *count ? circulant->shifts + first : NULL;
}

void circulant_destroy(void *state)
{
    struct circulant *circulant = state;

    if (!circulant)
        return;
    free(circulant->shifts);
    free(circulant->start);
    free(circulant);
}

int64_t circulant_period(const void *state, uint32_t nodes)
{
    const struct circulant *circulant = state;

    (void)nodes;
    return (int64_t)circulant->phases;
}

static uint32_t shifted(const struct circulant *circulant, uint32_t node, int64_t phase,
                        bool backward, uint32_t *peers)
{
    uint32_t count;
    const uint32_t *shifts = circulant_shifts(circulant, phase, &count);

    for (uint32_t i = 0; i < count; i++) {
        uint64_t shift = backward ? circulant->nodes - shifts[i] : shifts[i];
        uint64_t peer = node + shift;

        peers[i] = (uint32_t)(peer < circulant->nodes ? peer : peer - circulant->nodes);
    }
    return count;
}

uint32_t circulant_out_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                             uint32_t *peers)
{
    (void)nodes;
    return shifted(state, node, phase, false, peers);
}

uint32_t circulant_in_peers(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                            uint32_t *peers)
{
    (void)nodes;
    return shifted(state, node, phase, true, peers);
}

uint32_t circulant_max_degree(const void *state, uint32_t nodes)
{
    const struct circulant *circulant = state;
    size_t most = 0;

    (void)nodes;
    for (size_t phase = 0; phase < circulant->phases; phase++) {
        size_t degree = circulant->start[phase + 1] - circulant->start[phase];

        if (degree > most)
            most = degree;
    }
    return (uint32_t)most;
}

uint32_t circulant_degree(const void *state, uint32_t nodes, uint32_t node, int64_t phase)
{
    uint32_t count;

    (void)nodes;
    (void)node;
    circulant_shifts(state, phase, &count);
    return count;
}
