/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a node holds of the system's mass: a share of its numerator x and a push-sum weight w.
 *
 * A push costs no pass over x: the message takes a snapshot with a coefficient, the node keeps x
 * with the coefficient `held`, and the mix is one weighted sum over both.
 */
#include "run/sim.h"

#include "core/memory.h"

void holding_scratch(struct sim *sim, size_t terms)
{
    size_t capacity = sim->scratch_capacity;
    if (terms <= capacity)
        return;
    sim->terms = memory_grow(sim->terms, &capacity, terms, sizeof *sim->terms);
    sim->sorted = memory_resize(sim->sorted, capacity, sizeof *sim->sorted);
    sim->scratch_capacity = capacity;
}

uint32_t node_x(const struct node *node)
{
    return node->x;
}

double node_weight(const struct node *node)
{
    return node->w;
}

static struct plan_term debiased(const struct node *node)
{
    bool weighted = node->sim->weighted;
    return (struct plan_term){node->x, weighted ? node->held / node->w : node->held};
}

uint32_t node_debiased(struct node *node)
{
    struct sim *sim = node->sim;
    struct plan_term z = debiased(node);
    if (!plan_executes(sim->plan) || z.coefficient == 1)
        return node->x;
    plan_release(sim->plan, node->z);
    node->z = plan_vector(sim->plan, sim->dimension, false);
    plan_weighted_sum(sim->plan, plan_whole(node->z), &z, 1);
    return node->z;
}

void node_push(struct node *node, uint32_t to, int64_t round, double share)
{
    struct sim *sim = node->sim;
    if (!node->pushing) {
        node->pushing = true;
        node->base_held = node->held;
        node->base_w = node->w;
    }
    ledger_add(sim, share * node->base_w);
    uint32_t index = mailbox_new(node, to, round, SIM_MESSAGE_PUSH);
    struct sim_message *message = &sim->message[index];
    message->coefficient = share * node->base_held;
    message->weight = share * node->base_w;
    message->vector_count = (uint8_t)(1 + sim->algorithm->travelling);
    message->bytes =
        message->vector_count * sim->message_bytes + (sim->weighted ? (int64_t)sizeof(double) : 0);
    for (unsigned i = 0; i < message->vector_count; i++)
        message->vector[i] = plan_snapshot(sim->plan, node_vector(node, i));
    mailbox_post(sim, index);
}

void node_keep(struct node *node, double share)
{
    struct sim *sim = node->sim;
    double base_held = node->pushing ? node->base_held : node->held;
    double base_w = node->pushing ? node->base_w : node->w;
    ledger_add(sim, share * base_w);
    ledger_add(sim, -base_w);
    node->held = share * base_held;
    node->w = share * base_w;
    node->pushing = false;
}

/* The terms of vector `v` from the messages sorted[0 .. count-1] and the own part, all in the order
 * of sources. */
static size_t mix_terms(struct node *node, uint32_t count, unsigned v)
{
    struct sim *sim = node->sim;
    size_t terms = 0;
    bool own = false;
    for (uint32_t i = 0; i <= count; i++) {
        const struct sim_message *message = i < count ? &sim->message[sim->sorted[i]] : NULL;
        if (!own && (message == NULL || message->src > node->rank)) {
            sim->terms[terms++] = (struct plan_term){node_vector(node, v), node->held};
            own = true;
        }
        if (message)
            sim->terms[terms++] = (struct plan_term){message->vector[v], message->coefficient};
    }
    return terms;
}

/* w of the messages and the own part, in the same order. */
static double mix_weight(const struct node *node, uint32_t count)
{
    const struct sim *sim = node->sim;
    bool own = false;
    double w = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct sim_message *message = &sim->message[sim->sorted[i]];
        if (!own && message->src > node->rank) {
            w += node->w;
            own = true;
        }
        w += message->weight;
    }
    return own ? w : w + node->w;
}

/* By how many of the receiver's iterations are the messages sorted[0 .. count-1] late? */
static void tell_staleness(struct node *node, uint32_t count)
{
    struct sim *sim = node->sim;
    const struct algorithm_ops *algorithm = sim->algorithm;
    if (algorithm->mixes_late == NULL || !algorithm->mixes_late(sim->config->algorithm.params))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct sim_message *message = &sim->message[sim->sorted[i]];
        int64_t late = node_iteration(node) - message->iteration;
        struct trace_update row = {.node = node->rank,
                                   .origin = message->src,
                                   .time_ps = engine_now(sim->engine),
                                   .version = node_iteration(node),
                                   .staleness = late > 0 ? late : 0,
                                   .scale = message->coefficient};
        sim_updated(sim, &row);
    }
}

/* Mixes sorted[0 .. count-1] in; the messages are the caller's to free. */
static void mix(struct node *node, uint32_t count)
{
    struct sim *sim = node->sim;
    double w = mix_weight(node, count);
    holding_scratch(sim, count + 1);
    for (unsigned v = 0; v <= sim->algorithm->travelling; v++) {
        size_t terms = mix_terms(node, count, v);
        plan_weighted_sum(sim->plan, plan_whole(node_vector(node, v)), sim->terms, terms);
    }
    ledger_add(sim, -node->w);
    for (uint32_t i = 0; i < count; i++)
        ledger_add(sim, -sim->message[sim->sorted[i]].weight);
    ledger_add(sim, w);
    node->held = 1;
    node->w = w;
    tell_staleness(node, count);
}

void node_mix(struct node *node, int64_t round)
{
    struct sim *sim = node->sim;
    uint32_t count = mailbox_take(node, round);
    mix(node, count);
    for (uint32_t i = 0; i < count; i++)
        mailbox_free(sim, sim->sorted[i], engine_now(sim->engine), NULL);
    mailbox_forget_round(node, round);
}

uint32_t node_mix_all(struct node *node, int64_t oldest)
{
    uint32_t count = mailbox_take_all(node);
    if (count == 0)
        node_settle_share(node);
    else
        mix(node, count);
    for (uint32_t i = 0; i < count; i++)
        mailbox_keep_count(node, node->sim->sorted[i]);
    mailbox_forget(node, oldest);
    return count;
}

void node_settle_share(struct node *node)
{
    for (unsigned v = 0; node->held != 1 && v <= node->sim->algorithm->travelling; v++) {
        struct plan_term share = {node_vector(node, v), node->held};
        plan_weighted_sum(node->sim->plan, plan_whole(share.vector), &share, 1);
    }
    node->held = 1;
}

void node_push_delta(struct node *node, int64_t round, uint32_t vector, int64_t bytes)
{
    struct sim *sim = node->sim;
    uint32_t count;
    const struct topology_edge *out = node_out_edges(node, round, &count);
    for (uint32_t e = 0; e < count; e++) {
        uint32_t index = mailbox_new(node, out[e].peer, round, SIM_MESSAGE_DELTA);
        struct sim_message *message = &sim->message[index];
        message->coefficient = out[e].weight;
        message->bytes = bytes;
        message->vector_count = 1;
        message->vector[0] = plan_snapshot(sim->plan, vector);
        mailbox_post(sim, index);
    }
}

void node_add_deltas(struct node *node, int64_t round, uint32_t destination, uint32_t own)
{
    struct sim *sim = node->sim;
    uint32_t count = mailbox_take(node, round);
    size_t terms = 0;
    bool added = own == 0;
    holding_scratch(sim, count + 2);
    sim->terms[terms++] = (struct plan_term){destination, 1};
    for (uint32_t i = 0; i <= count; i++) {
        const struct sim_message *message = i < count ? &sim->message[sim->sorted[i]] : NULL;
        if (!added && (message == NULL || message->src > node->rank)) {
            sim->terms[terms++] = (struct plan_term){own, node_self_share(node, round)};
            added = true;
        }
        if (message)
            sim->terms[terms++] = (struct plan_term){message->vector[0], message->coefficient};
    }
    plan_weighted_sum(sim->plan, plan_whole(destination), sim->terms, terms);
    for (uint32_t i = 0; i < count; i++)
        mailbox_free(sim, sim->sorted[i], engine_now(sim->engine), NULL);
}

void node_deploys(struct node *node, uint32_t vector, double scale)
{
    struct plan *plan = node->sim->plan;
    uint32_t old = node->deploys;
    node->deploys = vector ? plan_snapshot(plan, vector) : 0;
    node->deploys_scale = scale;
    plan_release(plan, old);
}

void holding_deploy(struct node *node)
{
    struct plan *plan = node->sim->plan;
    struct plan_term z = debiased(node);
    uint32_t old = node->deployed;
    if (node->deploys)
        z = (struct plan_term){node->deploys, node->deploys_scale};
    node->deployed = plan_snapshot(plan, z.vector);
    node->deployed_scale = z.coefficient;
    plan_release(plan, old);
}

struct plan_term holding_deployable(const struct node *node)
{
    const struct sim *sim = node->sim;
    if (sim->algorithm->deploys_live && sim->algorithm->deploys_live(sim->config->algorithm.params))
        return debiased(node);
    return (struct plan_term){node->deployed, node->deployed_scale};
}

static void fill(struct plan *plan, uint32_t vector, uint32_t values)
{
    struct plan_term term = {values, 1};
    plan_weighted_sum(plan, plan_whole(vector), &term, 1);
}

/* Where weights travel, what it held is gone and a mass of 1 begins anew.  Else the shares of an
 * exchange stay what they were, so that coefficients still sum to 1. */
void holding_reset(struct node *node)
{
    struct sim *sim = node->sim;
    if (sim->weighted && !node_is_server(node)) {
        ledger_destroy(sim, node->w);
        ledger_destroy(sim, -1);
        node->w = node->held = 1;
    }
    if (plan_executes(sim->plan)) {
        fill(sim->plan, node->x, node->initial);
        if (node->z)
            fill(sim->plan, node->z, node->initial);
    }
    node_deploys(node, 0, 1);
    holding_deploy(node);
}

/* All mass: what the workers hold, and what is on its way. */
static size_t held_terms(struct sim *sim)
{
    size_t terms = 0;
    double share = 1 / ledger_mass(sim);
    holding_scratch(sim, sim->nodes + sim->message_capacity);
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        const struct node *node = &sim->node[rank];
        uint32_t result = reduce_pending_x(node);
        sim->terms[terms++] = result ? (struct plan_term){result, share}
                                     : (struct plan_term){node->x, node->held * share};
    }
    for (size_t i = 0; i < sim->message_capacity; i++) {
        const struct sim_message *message = &sim->message[i];
        if (message->used && message->kind == SIM_MESSAGE_PUSH)
            sim->terms[terms++] =
                (struct plan_term){message->vector[0], message->coefficient * share};
    }
    return terms;
}

static size_t deployed_terms(struct sim *sim)
{
    holding_scratch(sim, sim->nodes);
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        struct plan_term z = holding_deployable(&sim->node[rank]);
        sim->terms[rank] = (struct plan_term){z.vector, z.coefficient / sim->nodes};
    }
    return sim->nodes;
}

static void join_shards(struct sim *sim, uint32_t mean)
{
    for (uint32_t shard = 0; shard < sim->servers.count; shard++) {
        const struct node *server = &sim->node[sim->nodes + shard];
        struct node_shard part = node_shard(server, shard);
        struct plan_term term = {server->x, 1};
        plan_weighted_sum(sim->plan, (struct plan_span){mean, part.first, part.count}, &term, 1);
    }
}

uint32_t holding_mean(struct sim *sim)
{
    uint32_t mean = plan_vector(sim->plan, sim->dimension, false);
    enum algorithm_mean kind = sim->algorithm->mean;
    if (kind == ALGORITHM_MEAN_SERVER) {
        join_shards(sim, mean);
        return mean;
    }
    size_t terms = kind == ALGORITHM_MEAN_HELD ? held_terms(sim) : deployed_terms(sim);
    plan_weighted_sum(sim->plan, plan_whole(mean), sim->terms, terms);
    return mean;
}
