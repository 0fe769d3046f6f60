/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All-reduces and all-gathers of node programs: one plan operation over snapshots taken at entry,
 * recorded when the last member enters; the schedule decides when each member may use the shared
 * result.
 *
 * A collective is named by (round, tag, first member).  Few are open at once, so they are searched.
 */
#include "run/sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static bool is_named(const struct sim_collective *collective,
                     const struct node_reduction *reduction)
{
    uint32_t first = reduction->members ? reduction->members[0] : 0;
    uint32_t own = collective->member ? collective->member[0] : 0;
    return collective->operation && collective->round == reduction->round &&
           collective->tag == reduction->tag && own == first;
}

static struct sim_collective *find_name(const struct sim *sim,
                                        const struct node_reduction *reduction)
{
    for (size_t i = 0; i < sim->collective_capacity; i++)
        if (is_named(&sim->collective[i], reduction))
            return &sim->collective[i];
    return NULL;
}

static struct sim_collective *find_operation(const struct sim *sim, uint64_t operation)
{
    for (size_t i = 0; i < sim->collective_capacity; i++)
        if (sim->collective[i].operation == operation)
            return &sim->collective[i];
    return NULL;
}

static struct sim_collective *free_collective(struct sim *sim)
{
    struct sim_collective *unused = find_operation(sim, 0);
    size_t old = sim->collective_capacity;
    if (unused)
        return unused;
    sim->collective =
        memory_grow(sim->collective, &sim->collective_capacity, old + 1, sizeof *sim->collective);
    for (size_t i = old; i < sim->collective_capacity; i++)
        sim->collective[i] = (struct sim_collective){0};
    return &sim->collective[old];
}

static int64_t element_bytes(const struct sim *sim)
{
    return (int64_t)numeric_size((enum numeric_precision)sim->config->precision);
}

/* What a rank sends in one all-reduce. */
static struct sim_sends sends_of_rank(const struct sim *sim, const struct sim_sends_entry *of,
                                      uint32_t rank)
{
    const struct collective_ops *schedule = (const void *)of->choice.plugin;
    struct sim_sends sum = {0, 0};
    uint32_t steps = schedule->steps(of->choice.params, of->count, rank);
    for (uint32_t index = 0; index < steps; index++) {
        struct collective_step step;
        schedule->step(of->choice.params, of->count, rank, index, of->bytes, element_bytes(sim),
                       &step);
        if (step.send_to < 0)
            continue;
        sum.messages++;
        sum.bytes += step.send_bytes;
    }
    return sum;
}

/* The sends of every rank; a run has few shapes of collectives, and all are kept. */
static struct sim_sends *sends_of(struct sim *sim, const struct sim_collective *collective)
{
    for (size_t i = 0; i < sim->sends_count; i++) {
        const struct sim_sends_entry *entry = &sim->sends[i];
        if (entry->choice.plugin == collective->choice.plugin &&
            entry->choice.params == collective->choice.params &&
            entry->count == collective->count && entry->bytes == collective->bytes)
            return entry->sends;
    }
    sim->sends =
        memory_grow(sim->sends, &sim->sends_capacity, sim->sends_count + 1, sizeof *sim->sends);
    struct sim_sends_entry *entry = &sim->sends[sim->sends_count++];
    *entry =
        (struct sim_sends_entry){.choice = collective->choice,
                                 .count = collective->count,
                                 .bytes = collective->bytes,
                                 .sends = memory_array(collective->count, sizeof *entry->sends)};
    for (uint32_t i = 0; i < entry->count; i++)
        entry->sends[i] = sends_of_rank(sim, entry, i);
    return entry->sends;
}

/* An all-gather counts parts there: those that a member passes on, of whatever sizes. */
static int64_t sent_bytes(const struct sim *sim, const struct sim_collective *collective,
                          uint32_t place)
{
    const struct collective_ops *schedule = (const void *)collective->choice.plugin;
    const void *params = collective->choice.params;
    uint32_t count = collective->count, steps = schedule->steps(params, count, place);
    int64_t bytes = 0;
    if (collective->part == NULL)
        return collective->sends[place].bytes;
    for (uint32_t index = 0; index < steps; index++) {
        struct collective_step step;
        schedule->step(params, count, place, index, 1, element_bytes(sim), &step);
        for (int64_t i = 0; step.send_to >= 0 && i < step.send_bytes; i++)
            bytes += collective->part[(step.send_offset + i) % count];
    }
    return bytes;
}

static uint32_t member_at(const struct sim_collective *collective, uint32_t index)
{
    return collective->member ? collective->member[index] : index;
}

/* The place of a rank among the members. */
static uint32_t place_of(const struct sim_collective *collective, uint32_t rank)
{
    uint32_t low = 0, high = collective->count;
    if (collective->member == NULL)
        return rank;
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (collective->member[middle] <= rank)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint64_t open_operation(struct sim *sim, const struct sim_collective *collective)
{
    uint32_t *hosts = memory_array(collective->count, sizeof *hosts);
    for (uint32_t i = 0; i < collective->count; i++)
        hosts[i] = sim->node[member_at(collective, i)].host;
    uint64_t operation = collectives_open(sim->collectives, &collective->choice, collective->count,
                                          hosts, collective->bytes, element_bytes(sim));
    free(hosts);
    return operation;
}

static int64_t bytes_of(const struct sim *sim, const struct node_reduction *reduction)
{
    if (reduction->bytes == NODE_NO_BYTES)
        return 0;
    return reduction->bytes ? reduction->bytes
                            : (int64_t)reduction->vector_count * sim->message_bytes;
}

static struct sim_collective *open_collective(struct sim *sim,
                                              const struct node_reduction *reduction)
{
    struct sim_collective *collective = free_collective(sim);
    uint32_t count = reduction->members ? reduction->member_count : sim->nodes;
    bool gathers =
        ((const struct collective_ops *)(const void *)reduction->choice->plugin)->result ==
        COLLECTIVE_GATHERS;
    *collective = (struct sim_collective){.round = reduction->round,
                                          .tag = reduction->tag,
                                          .count = count,
                                          .vector_count = reduction->vector_count,
                                          .scale = reduction->scale,
                                          .bytes = gathers ? 1 : bytes_of(sim, reduction),
                                          .replaces_x = reduction->replaces_x,
                                          .orthonormalizes = reduction->orthonormalizes,
                                          .choice = *reduction->choice};
    if (reduction->members) {
        collective->member = memory_array(count, sizeof *collective->member);
        memcpy(collective->member, reduction->members, count * sizeof *collective->member);
    }
    if (reduction->vector_count)
        collective->input =
            memory_array((size_t)count * reduction->vector_count, sizeof *collective->input);
    for (unsigned i = 0; i < NODE_NUMBERS; i++)
        collective->maxima[i] = -INFINITY;
    if (gathers)
        collective->part = memory_array(count, sizeof *collective->part);
    collective->entered_ps = memory_array(count, sizeof *collective->entered_ps);
    for (uint32_t i = 0; i < count; i++)
        collective->entered_ps[i] = -1;
    collective->sends = sends_of(sim, collective);
    collective->operation = open_operation(sim, collective);
    return collective;
}

/* The parts of all are known. */
static void count_gathered(struct sim *sim, const struct sim_collective *collective)
{
    for (uint32_t i = 0; i < collective->count && collective->part; i++)
        sim->bytes_sent += sent_bytes(sim, collective, i);
}

/* All have entered: one sum a vector, for everybody. */
static void record(struct sim *sim, struct sim_collective *collective)
{
    uint32_t count = collective->count;
    for (unsigned v = 0; v < collective->vector_count && plan_executes(sim->plan); v++) {
        uint32_t *input = &collective->input[(size_t)v * count];
        collective->result[v] = plan_vector(sim->plan, plan_count(sim->plan, input[0]), false);
        plan_reduce(sim->plan, collective->result[v], input, count, collective->scale);
        for (uint32_t i = 0; i < count; i++)
            plan_release(sim->plan, input[i]);
    }
    if (collective->orthonormalizes && plan_executes(sim->plan))
        compressor_factor_orthonormalize(sim->plan, &sim->config->compressor,
                                         collective->result[0]);
    if (collective->tag == SIM_TAG_OUTER)
        outer_reduced(sim, collective->result);
}

static void close_collective(struct sim *sim, struct sim_collective *collective)
{
    for (unsigned v = 0; v < collective->vector_count; v++)
        plan_release(sim->plan, collective->result[v]);
    free(collective->member);
    free(collective->input);
    free(collective->entered_ps);
    free(collective->part);
    *collective = (struct sim_collective){.operation = 0};
}

void node_reduce(struct node *node, const struct node_reduction *reduction)
{
    struct sim *sim = node->sim;
    struct sim_collective *collective = find_name(sim, reduction);
    if (collective == NULL)
        collective = open_collective(sim, reduction);
    uint32_t place = place_of(collective, node->rank);
    ENGINE_CHECK(sim->engine,
                 member_at(collective, place) == node->rank && collective->entered_ps[place] < 0 &&
                     collective->vector_count == reduction->vector_count,
                 "node %u enters all-reduce %ld.%u, which is not its own", node->rank,
                 (long)reduction->round, reduction->tag);
    for (unsigned v = 0; v < collective->vector_count; v++)
        collective->input[(size_t)v * collective->count + place] =
            plan_snapshot(sim->plan, reduction->vectors[v]);
    for (unsigned i = 0; i < NODE_NUMBERS; i++)
        collective->maxima[i] = fmax(collective->maxima[i], reduction->maxima[i]);
    collective->entered_ps[place] = node->collective_entered_ps = engine_now(sim->engine);
    node->collectives++;
    if (collective->replaces_x)
        node->replacing = (uint32_t)(collective - sim->collective) + 1;
    if (collective->part) {
        collective->part[place] = reduction->bytes;
        collectives_part(sim->collectives, collective->operation, place, collective->part[place]);
    } else {
        sim->bytes_sent += collective->sends[place].bytes;
    }
    sim->messages_sent += collective->sends[place].messages;
    if (++collective->entered == collective->count) {
        count_gathered(sim, collective);
        record(sim, collective);
    }
    collectives_enter(sim->collectives, collective->operation, place);
}

void node_all_reduce(struct node *node, const struct plugin_choice *choice, uint32_t vector,
                     double scale, bool replaces_x)
{
    node_reduce(node, &(struct node_reduction){.choice = choice,
                                               .round = node->iteration,
                                               .vectors = {vector},
                                               .vector_count = 1,
                                               .scale = scale,
                                               .replaces_x = replaces_x});
}

/* A node stands still in a collective only while it computes nothing. */
static int64_t still_ps(const struct node *node, int64_t entered_ps, int64_t now_ps)
{
    int64_t since_ps = entered_ps > node->compute_end_ps ? entered_ps : node->compute_end_ps;
    return now_ps > since_ps ? now_ps - since_ps : 0;
}

/* At `now`; the result came then, or (done_ps -1) the run stopped. */
static void report(struct node *node, const struct sim_collective *collective, int64_t now,
                   int64_t done_ps)
{
    struct sim *sim = node->sim;
    uint32_t place = place_of(collective, node->rank);
    int64_t entered_ps = collective->entered_ps[place];
    struct trace_span span = {.node = node->rank,
                              .lane = TRACE_LANE_COLLECTIVE,
                              .kind = TRACE_SPAN_ALL_REDUCE,
                              .begin_ps = entered_ps,
                              .end_ps = now,
                              .iteration = node->iteration};
    struct trace_collective row = {.operation = collective->operation,
                                   .rank = node->rank,
                                   .schedule = collective->choice.plugin->name,
                                   .bytes = sent_bytes(sim, collective, place),
                                   .iteration = node->iteration,
                                   .entered_ps = entered_ps,
                                   .done_ps = done_ps};
    node->blocked_ps += still_ps(node, entered_ps, now);
    observer_span(&sim->observer, &span);
    observer_collective(&sim->observer, &row);
}

static void leave(struct node *node, struct sim_collective *collective)
{
    collective->entered_ps[place_of(collective, node->rank)] = -1;
    if (--node->collectives == 0)
        node->collective_entered_ps = -1;
    if (collective->replaces_x)
        node->replacing = 0;
}

/* The member's own references to the results, which outlive the collective. */
static struct node_reduced results(struct sim *sim, const struct sim_collective *collective)
{
    struct node_reduced reduced = {.round = collective->round,
                                   .tag = collective->tag,
                                   .vector_count = collective->vector_count};
    memcpy(reduced.maxima, collective->maxima, sizeof reduced.maxima);
    for (unsigned v = 0; v < collective->vector_count; v++) {
        reduced.vectors[v] = collective->result[v];
        plan_retain(sim->plan, reduced.vectors[v]);
    }
    return reduced;
}

void reduce_event(void *context, const struct event *event)
{
    reduce_done(context, event->arg, event->target);
}

void reduce_done(void *context, uint64_t operation, uint32_t place)
{
    struct sim *sim = context;
    const struct event again = {.kind = sim->reduced_event, .target = place, .arg = operation};
    struct sim_collective *collective = find_operation(sim, operation);
    ENGINE_CHECK(sim->engine, collective && collective->entered == collective->count,
                 "all-reduce %lu ends for member %u before all have entered", operation, place);
    struct node *node = &sim->node[member_at(collective, place)];
    int64_t now = engine_now(sim->engine);
    if (sim_faults_defer(node, &again, EVENT_CLASS_ARRIVAL))
        return;
    report(node, collective, now, now);
    leave(node, collective);
    struct node_reduced reduced = results(sim, collective);
    if (++collective->done == collective->count)
        close_collective(sim, collective);
    if (reduced.tag == SIM_TAG_OUTER)
        outer_done(node);
    else
        sim->algorithm->on_collective(node, &reduced);
    for (unsigned v = 0; v < reduced.vector_count; v++)
        plan_release(sim->plan, reduced.vectors[v]);
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
    return node->replacing ? node->sim->collective[node->replacing - 1].result[0] : 0;
}

int64_t reduce_blocked_ps(const struct node *node, int64_t now_ps)
{
    return node->collectives ? still_ps(node, node->collective_entered_ps, now_ps) : 0;
}

void reduce_cut(struct sim *sim, int64_t end_ps)
{
    for (size_t i = 0; i < sim->collective_capacity; i++) {
        struct sim_collective *collective = &sim->collective[i];
        for (uint32_t m = 0; collective->operation && m < collective->count; m++) {
            struct node *node = &sim->node[member_at(collective, m)];
            if (collective->entered_ps[m] < 0)
                continue;
            report(node, collective, end_ps, -1);
            leave(node, collective);
        }
    }
}

void reduce_close(struct sim *sim)
{
    for (size_t i = 0; i < sim->collective_capacity; i++) {
        free(sim->collective[i].member);
        free(sim->collective[i].input);
        free(sim->collective[i].entered_ps);
        free(sim->collective[i].part);
    }
    for (size_t i = 0; i < sim->sends_count; i++)
        free(sim->sends[i].sends);
    free(sim->sends);
    free(sim->collective);
}
