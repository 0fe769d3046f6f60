/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fresh, uniformly drawn perfect matching at every phase: pairs average with weights 1/2.  With
 * an odd number of nodes one, drawn as well, is left out.
 *
 * The matching of phase k is a Fisher-Yates shuffle on the stream (seed, RNG_TOPOLOGY, step k); it
 * depends on nothing else.  Because asynchronous nodes ask for several neighbouring phases in any
 * order, a phase drawn stays in slot k mod (number of slots) until another takes its place.
 */
#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "core/memory.h"
#include "core/rng.h"
#include "topologies/topology.h"

#define MIN_SLOTS    8
#define MAX_SLOTS    256
#define CACHED_NODES (UINT32_C(1) << 21) /* 8 MB, beyond the least number of slots */

struct matching {
    uint64_t seed;
    uint32_t slots;
    int64_t *phases;    /* by slot; -1: empty */
    uint32_t *partners; /* by slot and node; the node itself when left out */
    uint32_t *order;
};

static enum status create(const void *data, uint32_t nodes, uint64_t seed, void **state,
                          struct error *error)
{
    struct matching *matching = memory_alloc(sizeof *matching);
    uint32_t slots = CACHED_NODES / nodes;

    (void)data;
    (void)error;
    slots = slots < MIN_SLOTS ? MIN_SLOTS : slots > MAX_SLOTS ? MAX_SLOTS : slots;
    matching->seed = seed;
    matching->slots = slots;
    matching->phases = memory_array(slots, sizeof *matching->phases);
    matching->partners = memory_array((size_t)slots * nodes, sizeof *matching->partners);
    matching->order = memory_array(nodes, sizeof *matching->order);
    for (uint32_t i = 0; i < slots; i++)
        matching->phases[i] = -1;
    *state = matching;
    return STATUS_OK;
}

static void destroy(void *state)
{
    struct matching *matching = state;

    if (!matching)
        return;
    free(matching->phases);
    free(matching->partners);
    free(matching->order);
    free(matching);
}

static void draw(const struct matching *matching, uint32_t nodes, int64_t phase, uint32_t *partner)
{
    uint32_t *order = matching->order;
    struct rng rng;

    for (uint32_t i = 0; i < nodes; i++)
        order[i] = i;
    gsl_ran_shuffle(rng_open(&rng, matching->seed, RNG_TOPOLOGY, 0, 0, (uint64_t)phase), order,
                    nodes, sizeof *order);
    for (uint32_t i = 0; i + 1 < nodes; i += 2) {
        partner[order[i]] = order[i + 1];
        partner[order[i + 1]] = order[i];
    }
    if (nodes % 2 != 0)
        partner[order[nodes - 1]] = order[nodes - 1];
}

static const uint32_t *partners(const struct matching *matching, uint32_t nodes, int64_t phase)
{
    uint32_t slot = (uint32_t)(phase % matching->slots);
    uint32_t *partner = matching->partners + (size_t)slot * nodes;

    if (matching->phases[slot] != phase) {
        draw(matching, nodes, phase, partner);
        matching->phases[slot] = phase;
    }
    return partner;
}

static int64_t period(const void *state, uint32_t nodes)
{
    (void)state;
    return nodes <= 2 ? 1 : 0; /* two nodes have one matching */
}

static uint32_t peers_of(const void *state, uint32_t nodes, uint32_t node, int64_t phase,
                         uint32_t *peers)
{
    uint32_t partner = partners(state, nodes, phase)[node];

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

extern const struct topology_ops random_matching_ops;
const struct topology_ops random_matching_ops = {
    .plugin = {.name = "random-matching",
               .summary = "a new random pairing of the nodes in every round",
               .reference = "Boyd, Ghosh, Prabhakar, Shah, IEEE Trans. Inf. Theory 2006"},
    .likeness = TOPOLOGY_GENERAL,
    .create = create,
    .destroy = destroy,
    .period = period,
    .out_peers = peers_of,
    .in_peers = peers_of,
    .max_degree = max_degree,
};
