/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A topology: a family's graph at each phase, with weights put on its edges.
 *
 * Weights are computed per node from degrees, so no matrix is ever stored.  Metropolis-Hastings
 * weights are 1 / (1 + max(deg_i, deg_j)) (Xiao, Boyd, "Fast linear iterations for distributed
 * averaging", 2004); they make any symmetric graph doubly stochastic.
 */
#include "topologies/topology.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/field.h"
#include "core/memory.h"
#include "topologies/internal.h"

#define RANDOM_PHASES_CHECKED 64
#define RANDOM_NODES_LIMIT    4096 /* above it one phase of a random schedule is checked */

const char *const topology_weight_names[] = {"default", "uniform", "metropolis", "lazy", NULL};

const struct field topology_common_fields[] = {
    FIELD_AT(struct topology_config, weights, FIELD_ENUM, "\"default\"",
             .names = topology_weight_names,
             .help = "default: the file's or uniform; uniform: 1/(out-degree + 1); metropolis: "
                     "Metropolis-Hastings (symmetric graphs); lazy: half of what moves otherwise"),
    FIELD_END,
};

_Static_assert(offsetof(struct topology_config, graph) == 0,
               "offsets of common fields count from the plugin_choice");

int64_t topology_checked_phases(const struct topology *topology)
{
    if (topology->period > 0)
        return topology->period;
    return topology->nodes <= RANDOM_NODES_LIMIT ? RANDOM_PHASES_CHECKED : 1;
}

uint32_t topology_checked_nodes(const struct topology *topology)
{
    uint32_t nodes = topology->nodes;

    switch (topology->likeness) {
    case TOPOLOGY_CIRCULANT:
        return 1;
    case TOPOLOGY_TRANSITIVE:
        return nodes < 2 ? nodes : 2;
    case TOPOLOGY_GENERAL:
        break;
    }
    return nodes;
}

static int64_t reduced_phase(const struct topology *topology, int64_t phase)
{
    CHECK(phase >= 0, "phase %lld", (long long)phase);
    return topology->period > 0 ? phase % topology->period : phase;
}

uint32_t topology_peers(const struct topology *topology, uint32_t node, int64_t phase, bool reverse,
                        uint32_t *peers)
{
    const struct topology_ops *ops = topology->ops;

    phase = reduced_phase(topology, phase);
    CHECK(node < topology->nodes, "node %u of %u", node, topology->nodes);
    return (reverse ? ops->in_peers : ops->out_peers)(topology->state, topology->nodes, node, phase,
                                                      peers);
}

uint32_t topology_degree(const struct topology *topology, uint32_t node, int64_t phase)
{
    const struct topology_ops *ops = topology->ops;

    if (ops->degree)
        return ops->degree(topology->state, topology->nodes, node, reduced_phase(topology, phase));
    return topology_peers(topology, node, phase, false, topology->counting);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Most families answer in order already, and qsort would dominate on dense graphs. */
static void sort_peers(uint32_t *peers, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (peers[i - 1] > peers[i]) {
            qsort(peers, count, sizeof *peers, compare_u32);
            return;
        }
    }
}

/* Are out-peers and in-peers the same set?  *other is a peer on one side only. */
static bool node_is_mutual(const struct topology *topology, uint32_t node, int64_t phase,
                           uint32_t *other)
{
    uint32_t *out = topology->peers, *in = topology->counting;
    uint32_t out_count = topology_peers(topology, node, phase, false, out);
    uint32_t in_count = topology_peers(topology, node, phase, true, in);

    sort_peers(out, out_count);
    sort_peers(in, in_count);
    for (uint32_t i = 0; i < out_count || i < in_count; i++) {
        if (i >= out_count || i >= in_count || out[i] != in[i]) {
            *other = i < out_count ? out[i] : in[i];
            return false;
        }
    }
    return true;
}

static bool graph_is_symmetric(const struct topology *topology, uint32_t *node, uint32_t *other,
                               int64_t *phase)
{
    int64_t phases = topology_checked_phases(topology);
    uint32_t nodes = topology_checked_nodes(topology);

    if (!topology->ops->directed)
        return true;
    for (*phase = 0; *phase < phases; ++*phase)
        for (*node = 0; *node < nodes; ++*node)
            if (!node_is_mutual(topology, *node, *phase, other))
                return false;
    return true;
}

static enum status choose_weights(struct topology *topology, struct error *error)
{
    uint32_t node, other;
    int64_t phase;
    bool symmetric;

    if (topology->weights != TOPOLOGY_WEIGHTS_METROPOLIS &&
        topology->weights != TOPOLOGY_WEIGHTS_LAZY)
        return STATUS_OK;
    symmetric = graph_is_symmetric(topology, &node, &other, &phase);
    topology->metropolis = symmetric;
    if (symmetric || topology->weights == TOPOLOGY_WEIGHTS_LAZY)
        return STATUS_OK;
    return status_fail_at(error, "weights",
                          "Metropolis weights need a symmetric graph; in '%s' at phase %lld only "
                          "one of nodes %u and %u sends to the other; use \"uniform\", or a "
                          "symmetric graph such as \"ring\"",
                          topology_name(topology), (long long)phase, node, other);
}

enum status topology_create(struct topology **topology, const struct topology_config *config,
                            uint32_t nodes, struct error *error)
{
    const struct topology_ops *ops = (const struct topology_ops *)config->graph.plugin;
    struct topology *made;
    enum status status;
    void *state = NULL;

    *topology = NULL;
    CHECK(ops != NULL && nodes > 0, "a topology needs a family and nodes");
    CHECK(config->graph.params || !ops->plugin.params, "%s without parameters", ops->plugin.name);
    if (ops->create && (status = ops->create(config->graph.params, nodes, config->seed, &state,
                                             error)) != STATUS_OK)
        return status;
    made = memory_alloc(sizeof *made);
    *made = (struct topology){.ops = ops,
                              .state = state,
                              .nodes = nodes,
                              .max_degree = ops->max_degree(state, nodes),
                              .period = ops->period(state, nodes),
                              .weights = (enum topology_weights)config->weights,
                              .likeness = ops->likeness};
    if (ops->instance_likeness)
        made->likeness = ops->instance_likeness(state);
    made->peers = memory_array((size_t)made->max_degree + 1, sizeof *made->peers);
    made->counting = memory_array((size_t)made->max_degree + 1, sizeof *made->counting);
    if ((status = choose_weights(made, error)) != STATUS_OK) {
        topology_free(made);
        return status;
    }
    *topology = made;
    return STATUS_OK;
}

void topology_free(struct topology *topology)
{
    if (!topology)
        return;
    if (topology->ops->destroy)
        topology->ops->destroy(topology->state);
    free(topology->peers);
    free(topology->counting);
    free(topology);
}

const char *topology_name(const struct topology *topology)
{
    return topology->ops->plugin.name;
}

uint32_t topology_nodes(const struct topology *topology)
{
    return topology->nodes;
}

int64_t topology_period(const struct topology *topology)
{
    return topology->period;
}

uint32_t topology_max_degree(const struct topology *topology)
{
    return topology->max_degree;
}

static bool has_own_weights(const struct topology *topology)
{
    return topology->ops->weight && topology->weights == TOPOLOGY_WEIGHTS_DEFAULT;
}

/* The share that travels from `from`, whose out-degree is known, to another node. */
static double edge_weight(const struct topology *topology, uint32_t from, uint32_t degree,
                          uint32_t to, int64_t phase)
{
    double weight;

    if (has_own_weights(topology))
        return topology->ops->weight(topology->state, topology->nodes, from, to,
                                     reduced_phase(topology, phase));
    if (topology->metropolis) {
        uint32_t other = topology_degree(topology, to, phase);

        if (other > degree)
            degree = other;
    }
    weight = 1.0 / ((double)degree + 1.0);
    return topology->weights == TOPOLOGY_WEIGHTS_LAZY ? 0.5 * weight : weight;
}

uint32_t topology_out(const struct topology *topology, uint32_t node, int64_t phase,
                      struct topology_edge *edges)
{
    uint32_t count = topology_peers(topology, node, phase, false, topology->peers);

    sort_peers(topology->peers, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t peer = topology->peers[i];

        edges[i] = (struct topology_edge){peer, edge_weight(topology, node, count, peer, phase)};
    }
    return count;
}

uint32_t topology_in(const struct topology *topology, uint32_t node, int64_t phase,
                     struct topology_edge *edges)
{
    uint32_t count = topology_peers(topology, node, phase, true, topology->peers);

    sort_peers(topology->peers, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t peer = topology->peers[i], degree = topology_degree(topology, peer, phase);

        edges[i] = (struct topology_edge){peer, edge_weight(topology, peer, degree, node, phase)};
    }
    return count;
}

double topology_self_weight(const struct topology *topology, uint32_t node, int64_t phase)
{
    uint32_t degree;
    double given = 0;

    if (has_own_weights(topology))
        return topology->ops->weight(topology->state, topology->nodes, node, node,
                                     reduced_phase(topology, phase));
    degree = topology_degree(topology, node, phase);
    if (!topology->metropolis) {
        double uniform = 1.0 / ((double)degree + 1.0);

        return topology->weights == TOPOLOGY_WEIGHTS_LAZY ? 0.5 + 0.5 * uniform : uniform;
    }
    topology_peers(topology, node, phase, false, topology->peers);
    for (uint32_t i = 0; i < degree; i++)
        given += edge_weight(topology, node, degree, topology->peers[i], phase);
    return 1.0 - given;
}
