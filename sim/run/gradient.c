/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradients of node programs: when they run, and what the plan records.
 *
 * The k-th gradient of slot s of a node with S slots takes mini-batch (and noise) k S + s of the
 * node's own order: which updater is faster decides nothing about its data.
 */
#include "run/sim.h"

#include "core/simtime.h"

/* An event's arg: which start of which slot. */
#define ARG_SLOT(arg)         ((uint32_t)((arg) >> 32))
#define ARG_GENERATION(arg)   ((uint32_t)(arg))
#define ARG(slot, generation) ((uint64_t)(slot) << 32 | (generation))

struct sim_slot *gradient_slot(const struct node *node, uint32_t slot)
{
    const struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, slot < sim->slots, "node %u has no slot %u", node->rank, slot);
    return &sim->slot[(size_t)node->rank * sim->slots + slot];
}

static uint32_t unit_of(const struct node *node, uint32_t slot)
{
    return node->rank * node->sim->slots + slot;
}

static void record_gradient(struct node *node, uint32_t index, uint32_t at)
{
    struct sim *sim = node->sim;
    struct sim_slot *slot = gradient_slot(node, index);
    int64_t step = slot->gradients * sim->slots + index;
    struct objective_batch batch = {
        .node = node->rank, .count = (uint32_t)sim->batch_size, .step = step};
    if (sim->sampler) {
        sampler_batch(sim->sampler, node->rank, step, sim->samples);
        batch.samples = sim->samples;
    }
    plan_release(sim->plan, slot->gradient);
    slot->gradient = plan_vector(sim->plan, sim->dimension, false);
    plan_gradient(sim->plan, &batch, at, slot->gradient);
}

/* The gradient's own time and the optimizer's, which follows it on the accelerator. */
static int64_t work_ps(const struct node *node, const struct node_compute *compute)
{
    const struct sim *sim = node->sim;
    uint32_t unit = unit_of(node, compute->slot);
    int64_t gradient_ps =
        cluster_gradient_ps(sim->cluster, unit, gradient_slot(node, compute->slot)->gradients);
    return compute->share > 0 ? simtime_scale(gradient_ps, compute->share) : gradient_ps;
}

/* Bucket b of B is complete (b + 1) / B through the backward pass.  One event at a time: a gradient
 * may have more buckets than the queue should hold. */
static void announce_bucket(struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    const struct sim_slot *slot = gradient_slot(node, index);
    if (slot->bucket + 1 >= slot->buckets) /* the last one is the gradient */
        return;
    double share = (double)(slot->bucket + 1) / slot->buckets;
    int64_t gradient_ps = slot->end_ps - slot->step_ps - slot->begin_ps;
    int64_t forward_ps = cluster_forward_ps(sim->cluster, gradient_ps);
    int64_t at_ps = slot->begin_ps + forward_ps + simtime_scale(gradient_ps - forward_ps, share);
    engine_at(sim->engine, at_ps, EVENT_CLASS_COMPUTE, sim->bucket_event, node->rank,
              ARG(index, slot->generation));
}

/* The gradient runs from now on, or as soon as the accelerator is free. */
static void occupy(struct node *node, uint32_t index, int64_t duration_ps)
{
    struct sim *sim = node->sim;
    struct sim_slot *slot = gradient_slot(node, index);
    slot->begin_ps = cluster_occupy(sim->cluster, unit_of(node, index), CLUSTER_ACCELERATOR,
                                    duration_ps, &slot->end_ps);
    slot->generation++;
    slot->running = true;
    if (slot->end_ps > node->compute_end_ps)
        node->compute_end_ps = slot->end_ps;
    announce_bucket(node, index);
    engine_at(sim->engine, slot->end_ps, EVENT_CLASS_COMPUTE, sim->gradient_event, node->rank,
              ARG(index, slot->generation));
}

void node_compute_gradient(struct node *node, const struct node_compute *compute)
{
    struct sim *sim = node->sim;
    struct sim_slot *slot = gradient_slot(node, compute->slot);
    ENGINE_CHECK(sim->engine, !slot->running, "node %u computes twice in slot %u", node->rank,
                 compute->slot);
    if (plan_executes(sim->plan))
        record_gradient(node, compute->slot, compute->at);
    slot->step_ps = cluster_step_ps(sim->cluster, unit_of(node, compute->slot));
    slot->buckets = compute->buckets;
    slot->bucket = 0;
    int64_t duration_ps = simtime_add(work_ps(node, compute), slot->step_ps);
    slot->gradients++;
    sim->gradients_started++;
    occupy(node, compute->slot, duration_ps);
}

void node_start_gradient(struct node *node, uint32_t at)
{
    node_compute_gradient(node, &(struct node_compute){.at = at});
}

double node_truncated_share(const struct node *node, size_t first)
{
    const struct sim *sim = node->sim;
    double forward = sim->config->compute.forward_share;
    return forward + (1 - forward) * (double)(sim->dimension - first) / (double)sim->dimension;
}

/* Forward, then backward, within the gradient. */
static void report_passes(const struct node *node, struct trace_span span)
{
    struct sim *sim = node->sim;
    int64_t middle_ps =
        span.begin_ps + cluster_forward_ps(sim->cluster, span.end_ps - span.begin_ps);
    int64_t end_ps = span.end_ps;
    span.lane = TRACE_LANE_PASS;
    span.kind = TRACE_SPAN_FORWARD;
    span.end_ps = middle_ps;
    observer_detail(&sim->observer, &span);
    span.kind = TRACE_SPAN_BACKWARD;
    span.begin_ps = middle_ps;
    span.end_ps = end_ps;
    observer_detail(&sim->observer, &span);
}

static void report_spans(const struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    const struct sim_slot *slot = gradient_slot(node, index);
    struct trace_span span = {.node = node->rank,
                              .slot = (uint16_t)index,
                              .lane = TRACE_LANE_COMPUTE,
                              .kind = TRACE_SPAN_GRADIENT,
                              .begin_ps = slot->begin_ps,
                              .end_ps = slot->end_ps - slot->step_ps,
                              .iteration = node->iteration};
    observer_span(&sim->observer, &span);
    report_passes(node, span);
    if (slot->step_ps == 0)
        return;
    span.kind = TRACE_SPAN_STEP;
    span.begin_ps = span.end_ps;
    span.end_ps = slot->end_ps;
    observer_span(&sim->observer, &span);
}

/* The start that an event belongs to was not given up. */
static bool valid(const struct node *node, uint64_t arg)
{
    const struct sim_slot *slot = gradient_slot(node, ARG_SLOT(arg));
    return slot->running && slot->generation == ARG_GENERATION(arg);
}

void gradient_event(void *context, const struct event *event)
{
    struct sim *sim = context;
    struct node *node = &sim->node[event->target];
    if (!valid(node, event->arg))
        return;
    node->slot = ARG_SLOT(event->arg);
    gradient_slot(node, node->slot)->running = false;
    report_spans(node, node->slot);
    sim->algorithm->on_gradient(node);
    wait_settle(node);
}

void gradient_bucket_event(void *context, const struct event *event)
{
    struct sim *sim = context;
    struct node *node = &sim->node[event->target];
    if (!valid(node, event->arg))
        return;
    node->slot = ARG_SLOT(event->arg);
    uint32_t bucket = gradient_slot(node, node->slot)->bucket++;
    announce_bucket(node, node->slot);
    sim->algorithm->on_bucket(node, bucket);
    wait_settle(node);
}

static void cut(struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    struct sim_slot *slot = gradient_slot(node, index);
    int64_t now = engine_now(sim->engine);
    slot->running = false;
    cluster_release(sim->cluster, unit_of(node, index), CLUSTER_ACCELERATOR, now);
    sim->counts.gradients_cancelled++;
    struct trace_span span = {.node = node->rank,
                              .slot = (uint16_t)index,
                              .lane = TRACE_LANE_COMPUTE,
                              .kind = TRACE_SPAN_CANCELLED,
                              .begin_ps = slot->begin_ps,
                              .end_ps = now,
                              .iteration = node->iteration};
    if (now > slot->begin_ps)
        observer_span(&sim->observer, &span);
    if (node->compute_end_ps == slot->end_ps)
        node->compute_end_ps = now;
}

void node_cancel_gradient(struct node *node, uint32_t index)
{
    if (gradient_slot(node, index)->running)
        cut(node, index);
}

void gradient_crash(struct node *node)
{
    for (uint32_t index = 0; index < node->sim->slots; index++) {
        struct sim_slot *slot = gradient_slot(node, index);
        slot->interrupted = slot->running;
        if (slot->running)
            cut(node, index);
    }
}

/* Handles that are 0 are made when they are needed. */
static void forget(struct plan *plan, uint32_t *vector)
{
    plan_release(plan, *vector);
    *vector = 0;
}

void gradient_reset(struct node *node)
{
    struct sim *sim = node->sim;
    for (uint32_t index = 0; index < sim->slots; index++) {
        struct sim_slot *slot = gradient_slot(node, index);
        for (unsigned s = 0; slot->has_states && s < sim->optimizer->states; s++)
            forget(sim->plan, &slot->states[s]);
        slot->has_states = false;
        slot->steps = 0;
        forget(sim->plan, &slot->memory);
        forget(sim->plan, &slot->velocity);
        if (!slot->interrupted || !plan_executes(sim->plan))
            continue;
        slot->gradients--; /* the same batch, at the new x */
        record_gradient(node, index, node->x);
        slot->gradients++;
    }
}

/* It takes the time that it would have taken; buckets that the program has seen do not come again.
 */
void gradient_restart(struct node *node)
{
    struct sim *sim = node->sim;
    for (uint32_t index = 0; index < sim->slots; index++) {
        struct sim_slot *slot = gradient_slot(node, index);
        int64_t work_ps = slot->end_ps - slot->begin_ps;
        if (!slot->interrupted)
            continue;
        slot->interrupted = false;
        occupy(node, index, work_ps);
    }
}

void node_drop_gradient(struct node *node)
{
    node->sim->counts.gradients_dropped++;
}

uint32_t node_slot(const struct node *node)
{
    return node->slot;
}

uint32_t node_gradient(const struct node *node)
{
    return node_gradient_of(node, node->slot);
}

uint32_t node_gradient_of(const struct node *node, uint32_t slot)
{
    return gradient_slot(node, slot)->gradient;
}

bool node_computes(const struct node *node, uint32_t slot)
{
    return gradient_slot(node, slot)->running;
}
