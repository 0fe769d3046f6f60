/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node's identity, its iterations and its edges. */
#include "run/sim.h"

#include "core/memory.h"

void *node_state(struct node *node)
{
    const struct sim *sim = node->sim;
    size_t workers = node->rank < sim->nodes ? node->rank : sim->nodes;
    return sim->state + workers * sim->state_size + (node->rank - workers) * sim->server_state_size;
}

const void *node_params(const struct node *node)
{
    return node->sim->config->algorithm.params;
}

uint32_t node_rank(const struct node *node)
{
    return node->rank;
}

uint32_t node_count(const struct node *node)
{
    return node->sim->nodes;
}

bool node_is_server(const struct node *node)
{
    return node->rank >= node->sim->nodes;
}

uint32_t node_servers(const struct node *node)
{
    return node->sim->servers.count;
}

uint32_t node_server_rank(const struct node *node, uint32_t shard)
{
    return node->sim->nodes + shard;
}

int64_t node_iteration(const struct node *node)
{
    return node->iteration;
}

bool node_is_done(const struct node *node)
{
    return node->finished;
}

bool node_end_iteration(struct node *node)
{
    struct sim *sim = node->sim;
    int64_t limit = sim->config->stop.iterations;
    node->iteration++;
    holding_deploy(node);
    sim->iterations_total++;
    if (field_integer_absent(limit) || node->iteration < limit)
        return true;
    node->finished = true;
    sim->finished++;
    return false;
}

bool node_next_iteration(struct node *node)
{
    ENGINE_CHECK(node->sim->engine, !node_is_server(node), "server %u iterates", node->rank);
    if (outer_due(node) && outer_stop(node))
        return false;
    return node_end_iteration(node);
}

const struct topology_edge *node_out_edges(struct node *node, int64_t phase, uint32_t *count)
{
    struct sim *sim = node->sim;
    *count = topology_out(sim->topology, node->rank, phase, sim->edges);
    return sim->edges;
}

const struct topology_edge *node_in_edges(struct node *node, int64_t phase, uint32_t *count)
{
    struct sim *sim = node->sim;
    *count = topology_in(sim->topology, node->rank, phase, sim->edges);
    return sim->edges;
}

bool node_random_peer(struct node *node, int64_t phase, uint32_t role, uint32_t *peer)
{
    struct rng rng;
    uint32_t count;
    const struct topology_edge *out = node_out_edges(node, phase, &count);
    if (count > 0)
        *peer = out[gsl_rng_uniform_int(node_random(node, &rng, role, phase), count)].peer;
    return count > 0;
}

unsigned node_side(const struct node *node, uint32_t rank)
{
    const struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, sim->side, "node %u asks for sides of no bipartite graph",
                 node->rank);
    return sim->side[rank];
}

uint32_t *node_ranks(struct node *node)
{
    struct sim *sim = node->sim;
    if (sim->ranks == NULL)
        sim->ranks = memory_array(sim->nodes, sizeof *sim->ranks);
    return sim->ranks;
}

double node_self_share(const struct node *node, int64_t phase)
{
    return topology_self_weight(node->sim->topology, node->rank, phase);
}

void node_push_out(struct node *node, int64_t round)
{
    uint32_t count;
    const struct topology_edge *out = node_out_edges(node, round, &count);
    for (uint32_t e = 0; e < count; e++)
        node_push(node, out[e].peer, round, out[e].weight);
    node_keep(node, node_self_share(node, round));
}

void node_await_round(struct node *node, unsigned conditions, int64_t round)
{
    uint32_t senders;
    node_in_edges(node, round, &senders);
    node_await(node, conditions, round, senders);
}

bool node_poll_round(struct node *node, unsigned conditions, int64_t round)
{
    uint32_t senders;
    node_in_edges(node, round, &senders);
    if ((conditions & NODE_RECEIVED) && mailbox_count(node, round) < senders)
        return false;
    return !(conditions & NODE_SENT) || node->unsent == 0;
}
