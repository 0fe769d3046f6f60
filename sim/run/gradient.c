/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradients and optimizer steps of node programs: when they happen, and what the plan records. */
#include "run/sim.h"

#include "core/simtime.h"

static void record_gradient(struct node *node, uint32_t at)
{
    struct sim *sim = node->sim;
    struct objective_batch batch = {
        .node = node->rank, .count = (uint32_t)sim->batch_size, .step = node->gradients};
    if (sim->sampler) {
        sampler_batch(sim->sampler, node->rank, node->gradients, sim->samples);
        batch.samples = sim->samples;
    }
    plan_release(sim->plan, node->gradient);
    node->gradient = plan_vector(sim->plan, sim->dimension, false);
    plan_gradient(sim->plan, &batch, at, node->gradient);
}

void node_start_gradient(struct node *node, uint32_t at)
{
    struct sim *sim = node->sim;
    int64_t work_ps = simtime_add(cluster_gradient_ps(sim->cluster, node->rank, node->gradients),
                                  cluster_step_ps(sim->cluster, node->rank));
    int64_t end_ps;
    if (plan_executes(sim->plan))
        record_gradient(node, at);
    node->gradients++;
    node->gradient_begin_ps =
        cluster_occupy(sim->cluster, node->rank, CLUSTER_ACCELERATOR, work_ps, &end_ps);
    engine_at(sim->engine, end_ps, EVENT_CLASS_COMPUTE, sim->gradient_event, node->rank, 0);
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

/* The optimizer's own time follows the gradient's on the accelerator. */
static void report_spans(const struct node *node)
{
    struct sim *sim = node->sim;
    int64_t now = engine_now(sim->engine);
    int64_t step_ps = cluster_step_ps(sim->cluster, node->rank);
    struct trace_span span = {.node = node->rank,
                              .lane = TRACE_LANE_COMPUTE,
                              .kind = TRACE_SPAN_GRADIENT,
                              .begin_ps = node->gradient_begin_ps,
                              .end_ps = now - step_ps,
                              .iteration = node->iteration};
    observer_span(&sim->observer, &span);
    report_passes(node, span);
    if (step_ps == 0)
        return;
    span.kind = TRACE_SPAN_STEP;
    span.begin_ps = now - step_ps;
    span.end_ps = now;
    observer_span(&sim->observer, &span);
}

void gradient_event(void *context, const struct event *event)
{
    struct sim *sim = context;
    struct node *node = &sim->node[event->target];
    report_spans(node);
    sim->algorithm->on_gradient(node);
    wait_settle(node);
}

uint32_t node_gradient(const struct node *node)
{
    return node->gradient;
}

/* The local clock: the epoch at which every node would be that is as far as this one. */
static double schedule_epoch(const struct node *node)
{
    const struct sim *sim = node->sim;
    if (sim->config->optimizer.schedule.clock == OPTIMIZER_GLOBAL)
        return sim_epoch(sim);
    return (double)node->iteration * (double)sim->batch_size * sim->nodes / sim->epoch_samples;
}

void node_step(struct node *node, uint32_t gradient, uint32_t decay_at)
{
    struct sim *sim = node->sim;
    const struct optimizer_config *optimizer = &sim->config->optimizer;
    double epoch = schedule_epoch(node); /* before this gradient is applied */
    sim->samples_applied += sim->batch_size;
    if (!plan_executes(sim->plan))
        return;
    struct optimizer_step step = {
        .rate = optimizer_rate(optimizer, sim->nodes, epoch, (double)node->iteration),
        .weight_decay = optimizer->weight_decay,
        .index = node->steps++,
        .clip_norm = field_real_absent(optimizer->clip_norm) ? 0 : optimizer->clip_norm,
    };
    ENGINE_CHECK(sim->engine, node->held == 1, "node %u steps on a share of its x", node->rank);
    plan_step(sim->plan, &step, plan_whole(node->x), plan_whole(gradient), plan_whole(decay_at),
              node->states);
}
