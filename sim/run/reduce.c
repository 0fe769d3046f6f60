/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All-reduces of node programs: one plan operation over snapshots taken at entry, recorded when the
 * last rank enters; the schedule decides when each rank may use the shared result.
 */
#include "run/sim.h"

#include <stdlib.h>

#include "core/memory.h"

static struct sim_collective *find(const struct sim *sim, int64_t iteration)
{
    for (unsigned i = 0; i < SIM_COLLECTIVES; i++)
        if (sim->collective[i].operation && sim->collective[i].iteration == iteration)
            return (struct sim_collective *)&sim->collective[i];
    return NULL;
}

static struct sim_collective *open_collective(struct node *node, const struct plugin_choice *choice,
                                              double scale, bool replaces_x)
{
    struct sim *sim = node->sim;
    unsigned i = 0;
    while (i < SIM_COLLECTIVES && sim->collective[i].operation)
        i++;
    ENGINE_CHECK(sim->engine, i < SIM_COLLECTIVES, "more than %d all-reduces are open",
                 SIM_COLLECTIVES);
    struct sim_collective *collective = &sim->collective[i];
    uint32_t *inputs = collective->inputs;
    *collective = (struct sim_collective){
        .operation =
            collectives_open(sim->collectives, choice, sim->nodes, NULL, sim->message_bytes,
                             (int64_t)numeric_size((enum numeric_precision)sim->config->precision)),
        .iteration = node->iteration,
        .inputs = inputs ? inputs : memory_array(sim->nodes, sizeof *inputs),
        .scale = scale,
        .replaces_x = replaces_x,
        .schedule = (const void *)choice->plugin};
    return collective;
}

/* What a rank sends in one all-reduce. */
static struct sim_sends sends_of_rank(const struct sim *sim, const struct plugin_choice *choice,
                                      uint32_t rank)
{
    const struct collective_ops *schedule = (const void *)choice->plugin;
    struct sim_sends sum = {0, 0};
    uint32_t steps = schedule->steps(choice->params, sim->nodes, rank);
    for (uint32_t index = 0; index < steps; index++) {
        struct collective_step step;
        schedule->step(choice->params, sim->nodes, rank, index, sim->message_bytes,
                       (int64_t)numeric_size((enum numeric_precision)sim->config->precision),
                       &step);
        if (step.send_to < 0)
            continue;
        sum.messages++;
        sum.bytes += step.send_bytes;
    }
    return sum;
}

static void count_bytes(struct sim *sim, const struct plugin_choice *choice, uint32_t rank)
{
    if (sim->collective_sends == NULL) {
        sim->collective_sends = memory_array(sim->nodes, sizeof *sim->collective_sends);
        for (uint32_t i = 0; i < sim->nodes; i++)
            sim->collective_sends[i] = sends_of_rank(sim, choice, i);
    }
    sim->bytes_sent += sim->collective_sends[rank].bytes;
    sim->messages_sent += sim->collective_sends[rank].messages;
}

static void record(struct sim *sim, struct sim_collective *collective)
{
    if (!plan_executes(sim->plan))
        return;
    collective->result = plan_vector(sim->plan, sim->dimension, false);
    plan_reduce(sim->plan, collective->result, collective->inputs, sim->nodes, collective->scale);
    for (uint32_t rank = 0; rank < sim->nodes; rank++)
        plan_release(sim->plan, collective->inputs[rank]);
}

void node_all_reduce(struct node *node, const struct plugin_choice *choice, uint32_t vector,
                     double scale, bool replaces_x)
{
    struct sim *sim = node->sim;
    struct sim_collective *collective = find(sim, node->iteration);
    if (collective == NULL)
        collective = open_collective(node, choice, scale, replaces_x);
    collective->inputs[node->rank] = plan_snapshot(sim->plan, vector);
    node->collective_entered_ps = engine_now(sim->engine);
    count_bytes(sim, choice, node->rank);
    if (++collective->entered == sim->nodes)
        record(sim, collective);
    collectives_enter(sim->collectives, collective->operation, node->rank);
}

/* At `now`; the result came then, or (done_ps -1) the run stopped. */
static void report(struct node *node, const struct sim_collective *collective, int64_t now,
                   int64_t done_ps)
{
    struct sim *sim = node->sim;
    struct trace_span span = {.node = node->rank,
                              .lane = TRACE_LANE_COLLECTIVE,
                              .kind = TRACE_SPAN_ALL_REDUCE,
                              .begin_ps = node->collective_entered_ps,
                              .end_ps = now,
                              .iteration = node->iteration};
    struct trace_collective row = {.operation = collective->operation,
                                   .rank = node->rank,
                                   .schedule = collective->schedule->plugin.name,
                                   .bytes = sim->collective_sends[node->rank].bytes,
                                   .iteration = node->iteration,
                                   .entered_ps = node->collective_entered_ps,
                                   .done_ps = done_ps};
    node->blocked_ps += now - span.begin_ps;
    observer_span(&sim->observer, &span);
    observer_collective(&sim->observer, &row);
}

void reduce_done(void *context, uint64_t operation, uint32_t rank)
{
    struct sim *sim = context;
    struct node *node = &sim->node[rank];
    struct sim_collective *collective = find(sim, node->iteration);
    ENGINE_CHECK(sim->engine, collective && collective->operation == operation,
                 "all-reduce %lu ends for node %u, which is in another", operation, rank);
    ENGINE_CHECK(sim->engine, collective->entered == sim->nodes,
                 "node %u has a result that %u of %u entered", rank, collective->entered,
                 sim->nodes);
    int64_t now = engine_now(sim->engine);
    report(node, collective, now, now);
    node->collective_entered_ps = -1;
    uint32_t result = collective->result;
    plan_retain(sim->plan, result);
    if (++collective->done == sim->nodes) {
        plan_release(sim->plan, collective->result);
        collective->operation = 0;
        collective->result = 0;
    }
    sim->algorithm->on_collective(node, result);
    plan_release(sim->plan, result);
    wait_settle(node);
}

void reduce_watch(void *context, const struct collective_chunk *chunk)
{
    struct sim *sim = context;
    struct trace_chunk row = {.operation = chunk->operation,
                              .step = chunk->step,
                              .src = chunk->src,
                              .dst = chunk->dst,
                              .bytes = chunk->bytes,
                              .started_ps = chunk->started_ps,
                              .arrived_ps = engine_now(sim->engine)};
    observer_chunk(&sim->observer, &row);
}

uint32_t reduce_pending_x(const struct node *node)
{
    if (node->collective_entered_ps < 0)
        return 0;
    const struct sim_collective *collective = find(node->sim, node->iteration);
    return collective && collective->replaces_x ? collective->result : 0;
}

void reduce_cut(struct sim *sim, int64_t end_ps)
{
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        struct node *node = &sim->node[rank];
        if (node->collective_entered_ps < 0)
            continue;
        report(node, find(sim, node->iteration), end_ps, -1);
        node->collective_entered_ps = -1;
    }
}

void reduce_close(struct sim *sim)
{
    for (unsigned i = 0; i < SIM_COLLECTIVES; i++)
        free(sim->collective[i].inputs);
}
