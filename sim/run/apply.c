/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optimizer steps of node programs, and what counts as applied. */
#include "numerics/delay.h"
#include "run/sim.h"

#define DELAY_EPSILON 1e-7 /* of the paper */

static bool reads_global_clock(const struct node *node)
{
    const struct sim *sim = node->sim;
    int clock = sim->config->optimizer.schedule.clock;
    if (clock == OPTIMIZER_CLOCK_AUTO)
        return sim->algorithm->global_clock;
    return clock == OPTIMIZER_GLOBAL;
}

/* The epoch at which every node is when all have done so many iterations. */
static double local_epoch(const struct sim *sim, int64_t iteration)
{
    return (double)iteration * (double)sim->batch_size * sim->nodes / sim->epoch_samples;
}

/* A server's clocks are one: what its shard has seen of the gradients, for shards of one model step
 * apart. */
static double schedule_epoch(const struct node *node, int64_t iteration)
{
    const struct sim *sim = node->sim;
    if (node_is_server(node))
        return (double)node->samples_applied / sim->epoch_samples;
    if (reads_global_clock(node))
        return sim_epoch(sim);
    return local_epoch(sim, iteration);
}

double node_epoch(const struct node *node)
{
    return schedule_epoch(node, node->iteration);
}

double node_local_epoch(const struct node *node)
{
    return local_epoch(node->sim, node->iteration);
}

/* A server has no iterations: its steps are counted. */
static double schedule_step(const struct node *node, int64_t iteration)
{
    return (double)(node_is_server(node) ? gradient_slot(node, 0)->steps : iteration);
}

double apply_rate(const struct node *node, int64_t iteration)
{
    const struct sim *sim = node->sim;
    return optimizer_rate(&sim->config->optimizer, sim->nodes, schedule_epoch(node, iteration),
                          schedule_step(node, iteration));
}

double node_rate(const struct node *node)
{
    return node->sim->outer.in_rates ? node->outer.rate : apply_rate(node, node->iteration);
}

double node_weight_decay(const struct node *node)
{
    return node->sim->config->optimizer.weight_decay;
}

/* Momentum exists where steps are taken: at the workers or at the servers. */
void apply_make_states(struct sim *sim, struct sim_slot *slot)
{
    for (unsigned s = 0; !slot->has_states && s < sim->optimizer->states; s++)
        slot->states[s] = plan_vector(sim->plan, sim->dimension, true);
    slot->has_states = true;
}

unsigned node_optimizer_vectors(const struct node *node)
{
    return node->sim->optimizer->states;
}

uint32_t node_optimizer_vector(struct node *node, unsigned index)
{
    struct sim_slot *slot = gradient_slot(node, 0);
    ENGINE_CHECK(node->sim->engine, index < node_optimizer_vectors(node),
                 "node %u asks for optimizer vector %u", node->rank, index);
    apply_make_states(node->sim, slot);
    return slot->states[index];
}

void node_set_optimizer_vector(struct node *node, unsigned index, uint32_t vector)
{
    uint32_t old = node_optimizer_vector(node, index);
    gradient_slot(node, 0)->states[index] = plan_snapshot(node->sim->plan, vector);
    plan_release(node->sim->plan, old);
}

static void record_step(struct node *node, const struct node_update *update, double rate)
{
    struct sim *sim = node->sim;
    const struct optimizer_config *optimizer = &sim->config->optimizer;
    struct sim_slot *slot = gradient_slot(node, update->slot);
    struct optimizer_step step = {
        .rate = rate,
        .weight_decay = update->update ? 0 : optimizer->weight_decay,
        .index = slot->steps,
        .clip_norm = field_real_absent(optimizer->clip_norm) ? 0 : optimizer->clip_norm,
    };
    ENGINE_CHECK(sim->engine, node->held == 1, "node %u steps on a share of its x", node->rank);
    apply_make_states(sim, slot);
    plan_step(sim->plan, &step, (struct plan_span){node->x, update->first, update->count},
              (struct plan_span){update->gradient, update->first, update->count},
              (struct plan_span){update->decay_at, update->first, update->count}, slot->states);
}

void node_count_applied(struct node *node, const struct node_update *update)
{
    struct sim *sim = node->sim;
    int64_t samples = (int64_t)(update->gradients * (double)sim->batch_size);
    node->samples_applied += samples;
    if (node->rank <= sim->nodes)
        sim->samples_applied += samples;
    if (update->staleness < 0)
        return;
    struct trace_update row = {.node = node->rank,
                               .origin = update->origin,
                               .time_ps = engine_now(sim->engine),
                               .version = update->version,
                               .staleness = update->staleness,
                               .scale = update->scale};
    sim_updated(sim, &row);
}

void node_apply(struct node *node, const struct node_update *update)
{
    /* before this gradient is applied */
    double rate = update->update ? update->scale : node_rate(node) * update->scale;
    node_count_applied(node, update);
    if (plan_executes(node->sim->plan))
        record_step(node, update, rate);
    gradient_slot(node, update->slot)->steps += !update->partial;
}

void node_step(struct node *node, uint32_t gradient, uint32_t decay_at)
{
    node_apply(node, &(struct node_update){.gradient = gradient,
                                           .decay_at = decay_at,
                                           .scale = 1,
                                           .gradients = 1,
                                           .staleness = -1});
}

void node_take_gradient(struct node *node, uint32_t destination, uint32_t decay_at)
{
    double decay = node_weight_decay(node);
    const struct node_term terms[] = {{node_gradient(node), 1}, {decay_at, decay}};
    node_combine(node, destination, terms, decay == 0 ? 1 : 2);
    node_count_applied(node, &(struct node_update){.gradients = 1, .staleness = -1});
}

uint32_t node_compensate_delay(struct node *node, const struct node_delay *delay)
{
    const struct delay_compensation with = {
        .lambda = delay->lambda, .decay = delay->decay, .epsilon = DELAY_EPSILON};
    return delay_compensate(node->sim->plan, &with, delay->gradient, node->x, delay->then,
                            delay->mean_square);
}
