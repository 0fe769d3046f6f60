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

void node_replace_x(struct node *node, uint32_t vector)
{
    struct plan *plan = node->sim->plan;
    uint32_t old = node->x;
    node->x = plan_snapshot(plan, vector);
    plan_release(plan, old);
}

uint32_t node_keep_x(struct node *node)
{
    return plan_snapshot(node->sim->plan, node->x);
}

void node_drop(struct node *node, uint32_t vector)
{
    plan_release(node->sim->plan, vector);
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
    mailbox_post(node, to, round, share * node->base_held, share * node->base_w);
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

/* x and w take the messages sorted[0 .. count-1] and the own part, all in the order of sources. */
static size_t mix_terms(struct node *node, uint32_t count, double *w)
{
    struct sim *sim = node->sim;
    size_t terms = 0;
    bool own = false;
    *w = 0;
    for (uint32_t i = 0; i <= count; i++) {
        const struct sim_message *message = i < count ? &sim->message[sim->sorted[i]] : NULL;
        if (!own && (message == NULL || message->src > node->rank)) {
            sim->terms[terms++] = (struct plan_term){node->x, node->held};
            *w += node->w;
            own = true;
        }
        if (message) {
            sim->terms[terms++] = (struct plan_term){message->vector, message->coefficient};
            *w += message->weight;
        }
    }
    return terms;
}

/* Mixes sorted[0 .. count-1] in; the messages are the caller's to free. */
static void mix(struct node *node, uint32_t count)
{
    struct sim *sim = node->sim;
    double w;
    holding_scratch(sim, count + 1);
    size_t terms = mix_terms(node, count, &w);
    plan_weighted_sum(sim->plan, plan_whole(node->x), sim->terms, terms);
    ledger_add(sim, -node->w);
    for (uint32_t i = 0; i < count; i++)
        ledger_add(sim, -sim->message[sim->sorted[i]].weight);
    ledger_add(sim, w);
    node->held = 1;
    node->w = w;
}

void node_mix(struct node *node, int64_t round)
{
    struct sim *sim = node->sim;
    uint32_t count = mailbox_take(node, round);
    mix(node, count);
    for (uint32_t i = 0; i < count; i++)
        mailbox_free(sim, sim->sorted[i], engine_now(sim->engine), NULL);
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
    struct plan_term share = {node->x, node->held};
    if (node->held != 1)
        plan_weighted_sum(node->sim->plan, plan_whole(node->x), &share, 1);
    node->held = 1;
}

void holding_deploy(struct node *node)
{
    struct plan *plan = node->sim->plan;
    struct plan_term z = debiased(node);
    uint32_t old = node->deployed;
    node->deployed = plan_snapshot(plan, z.vector);
    node->deployed_scale = z.coefficient;
    plan_release(plan, old);
}

struct plan_term holding_deployable(const struct node *node)
{
    return (struct plan_term){node->deployed, node->deployed_scale};
}

size_t holding_mean_terms(struct sim *sim)
{
    size_t terms = 0;
    double share = 1.0 / sim->nodes;
    holding_scratch(sim, sim->nodes + sim->message_capacity);
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        const struct node *node = &sim->node[rank];
        uint32_t result = reduce_pending_x(node);
        sim->terms[terms++] = result ? (struct plan_term){result, share}
                                     : (struct plan_term){node->x, node->held * share};
    }
    for (size_t i = 0; i < sim->message_capacity; i++)
        if (sim->message[i].used)
            sim->terms[terms++] =
                (struct plan_term){sim->message[i].vector, sim->message[i].coefficient * share};
    return terms;
}
