/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vectors of node programs: their own, their snapshots, and sums of them. */
#include "numerics/majority.h"
#include "run/sim.h"

uint32_t node_vector(const struct node *node, unsigned index)
{
    const struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, index <= sim->vectors, "node %u has no vector %u", node->rank, index);
    return index ? sim->vector[(size_t)node->rank * sim->vectors + index - 1] : node->x;
}

size_t node_dimension(const struct node *node)
{
    return node->sim->dimension;
}

static void replace(struct plan *plan, uint32_t *handle, uint32_t vector)
{
    uint32_t old = *handle;
    *handle = plan_snapshot(plan, vector);
    plan_release(plan, old);
}

void node_replace_x(struct node *node, uint32_t vector)
{
    replace(node->sim->plan, &node->x, vector);
}

void node_set_vector(struct node *node, unsigned index, uint32_t vector)
{
    struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, index >= 1 && index <= sim->vectors, "node %u has no vector %u",
                 node->rank, index);
    replace(sim->plan, &sim->vector[(size_t)node->rank * sim->vectors + index - 1], vector);
}

uint32_t node_snapshot(struct node *node, uint32_t vector)
{
    return plan_snapshot(node->sim->plan, vector);
}

uint32_t node_keep_x(struct node *node)
{
    return node_snapshot(node, node->x);
}

uint32_t node_new_vector(struct node *node)
{
    return plan_vector(node->sim->plan, node->sim->dimension, false);
}

void node_drop(struct node *node, uint32_t vector)
{
    plan_release(node->sim->plan, vector);
}

void node_combine_part(struct node *node, uint32_t destination, size_t first, size_t length,
                       const struct node_term *terms, size_t count)
{
    struct sim *sim = node->sim;
    holding_scratch(sim, count);
    for (size_t i = 0; i < count; i++)
        sim->terms[i] = (struct plan_term){terms[i].vector, terms[i].coefficient};
    plan_weighted_sum(sim->plan, (struct plan_span){destination, first, length}, sim->terms, count);
}

void node_combine(struct node *node, uint32_t destination, const struct node_term *terms,
                  size_t count)
{
    node_combine_part(node, destination, 0, 0, terms, count);
}

void node_sum_part(struct node *node, uint32_t destination, size_t first, size_t length,
                   const uint32_t *vectors, size_t count, double scale)
{
    plan_reduce_part(node->sim->plan, (struct plan_span){destination, first, length}, vectors,
                     count, scale);
}

void node_vote(struct node *node, uint32_t destination, const uint32_t *vectors, size_t count)
{
    majority_vote(node->sim->plan, destination, vectors, (unsigned)count);
}

/* Element `part` of `parts` cuts of `total`: sizes differ by at most one. */
static size_t even_cut(size_t total, uint32_t part, uint32_t parts)
{
    return (size_t)((unsigned __int128)total * part / parts);
}

int64_t node_part_bytes(int64_t bytes, uint32_t part, uint32_t parts)
{
    return (int64_t)(even_cut((size_t)bytes, part + 1, parts) -
                     even_cut((size_t)bytes, part, parts));
}

struct node_shard node_shard(const struct node *node, uint32_t shard)
{
    const struct sim *sim = node->sim;
    uint32_t shards = sim->servers.count;
    size_t first = even_cut(sim->dimension, shard, shards);
    return (struct node_shard){.first = first,
                               .count = even_cut(sim->dimension, shard + 1, shards) - first,
                               .bytes = node_part_bytes(sim->message_bytes, shard, shards)};
}

/* The first layer that begins at or after the even cut. */
static size_t layer_cut(const struct objective *objective, uint32_t part, uint32_t parts)
{
    size_t even = even_cut(objective->dimension, part, parts);
    for (size_t i = 0; i < objective->layer_count; i++)
        if (objective->layers[i].first >= even)
            return objective->layers[i].first;
    return objective->dimension;
}

/* Layers are kept whole where every part then has some. */
static bool cuts_between_layers(const struct objective *objective, uint32_t parts)
{
    for (uint32_t part = 0; part < parts; part++)
        if (layer_cut(objective, part, parts) >= layer_cut(objective, part + 1, parts))
            return false;
    return objective->layer_count > 0;
}

struct node_shard node_layers(const struct node *node, uint32_t part, uint32_t parts)
{
    const struct sim *sim = node->sim;
    struct objective objective = sim->model_ops->objective(sim->model);
    size_t first = even_cut(sim->dimension, part, parts);
    size_t end = even_cut(sim->dimension, part + 1, parts);
    if (cuts_between_layers(&objective, parts)) {
        first = layer_cut(&objective, part, parts);
        end = layer_cut(&objective, part + 1, parts);
    }
    return (struct node_shard){.first = first,
                               .count = end - first,
                               .bytes = (int64_t)((double)sim->message_bytes *
                                                  (double)(end - first) / (double)sim->dimension)};
}
