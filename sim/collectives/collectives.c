/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays the schedules of collectives as messages.
 *
 * A rank posts the send of a step as it reaches the step, and leaves the step when its send has
 * ended, the message of the step has come and, where it is added, the host has added it.  It thus
 * has at most one message under way in an operation: a message's step is its sender's current one.
 *
 * A rank takes the messages of an operation one at a time in the order of its steps, whether it has
 * entered or not.  A message that is posted while its receiver still waits for an earlier step's is
 * held back until that one is through.  In a ring this never happens.  In a doubling schedule it is
 * what makes the closed forms exact on an idle switch: for n = 3, rank 1 would otherwise share rank
 * 0's link with the vector that rank 2 folds in, and neither would win by it.  There a held message
 * never delays its receiver, whose own message of that step starts no earlier; in a tree it can: a
 * rank takes its children in their order, as with blocking receives, whichever is ready first.
 *
 * So what came is a count, and an operation takes 12 bytes a rank for any number of steps.  Closed
 * operations are kept for reuse with their memory.
 */
#include "collectives/collective.h"

#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"

#define NO_SLOT UINT32_MAX

enum rank_flag {
    RANK_ENTERED = 1 << 0,
    RANK_POSTED = 1 << 1,   /* the send of this step */
    RANK_HELD = 1 << 2,     /* it waits for its receiver's earlier messages */
    RANK_SENT = 1 << 3,     /* it has ended */
    RANK_REDUCING = 1 << 4, /* the host is busy with what came */
    RANK_REDUCED = 1 << 5,
    RANK_DONE = 1 << 6,
};

struct rank_state {
    uint32_t step;
    uint32_t came; /* messages of all steps before this one came or were not expected */
    uint32_t flags;
};

struct operation {
    const struct collective_ops *ops;
    const void *params;
    uint64_t number;
    int64_t bytes, element_bytes;
    uint32_t n, left; /* ranks; those not done */
    uint32_t held;    /* messages held back */
    struct rank_state *ranks;
    uint32_t *hosts;
    int64_t *parts; /* of an all-gather, where they differ */
    size_t ranks_capacity, hosts_capacity, parts_capacity;
    bool own_hosts;     /* false: rank r is unit r */
    bool own_parts;     /* false: each of `bytes` */
    uint32_t next_free; /* while closed */
};

struct collectives {
    struct cluster *cluster;
    struct engine *engine;
    collective_done *done;
    void *context;
    collective_watch *watch; /* or NULL */
    void *watch_context;
    uint32_t client;        /* of the network */
    uint32_t kind_reduced;  /* event: rank `target` of slot `arg` has added what came */
    uint32_t kind_finished; /* event: it was done on entry */
    struct operation *slots;
    size_t slots_capacity;
    uint32_t slot_count, first_free;
    /* Operations oldest .. next - 1 by number, at [number & (window_size - 1)]; NO_SLOT: closed. */
    uint32_t *window;
    size_t window_size;
    uint64_t oldest, next;
};

/* ---- Operations by number ------------------------------------------------------------------- */

static uint32_t find_slot(const struct collectives *collectives, uint64_t number)
{
    if (number < collectives->oldest || number >= collectives->next)
        return NO_SLOT;
    return collectives->window[number & (collectives->window_size - 1)];
}

static void widen_window(struct collectives *collectives)
{
    const size_t size = 2 * collectives->window_size;
    uint32_t *window = memory_array(size, sizeof *window);
    for (uint64_t number = collectives->oldest; number < collectives->next; number++)
        window[number & (size - 1)] = find_slot(collectives, number);
    free(collectives->window);
    collectives->window = window;
    collectives->window_size = size;
}

static uint64_t take_number(struct collectives *collectives, uint32_t slot)
{
    const uint64_t number = collectives->next;
    if (number - collectives->oldest == collectives->window_size)
        widen_window(collectives);
    collectives->window[number & (collectives->window_size - 1)] = slot;
    collectives->next++;
    return number;
}

static uint32_t take_slot(struct collectives *collectives)
{
    const uint32_t slot = collectives->first_free;
    if (slot != NO_SLOT) {
        collectives->first_free = collectives->slots[slot].next_free;
        return slot;
    }
    if (collectives->slot_count == collectives->slots_capacity)
        collectives->slots =
            memory_grow(collectives->slots, &collectives->slots_capacity,
                        (size_t)collectives->slot_count + 1, sizeof *collectives->slots);
    collectives->slots[collectives->slot_count] = (struct operation){0};
    return collectives->slot_count++;
}

static void close_operation(struct collectives *collectives, uint32_t slot)
{
    struct operation *op = &collectives->slots[slot];
    const size_t mask = collectives->window_size - 1;
    collectives->window[op->number & mask] = NO_SLOT;
    while (collectives->oldest < collectives->next &&
           collectives->window[collectives->oldest & mask] == NO_SLOT)
        collectives->oldest++;
    op->next_free = collectives->first_free;
    collectives->first_free = slot;
}

/* ---- One rank ------------------------------------------------------------------------------- */

static uint32_t host_of(const struct collectives *collectives, const struct operation *op,
                        uint32_t rank)
{
    return op->own_hosts ? op->hosts[rank] : cluster_host_of_unit(collectives->cluster, rank);
}

static struct collective_step step_of(const struct operation *op, uint32_t rank, uint32_t index)
{
    struct collective_step step;
    op->ops->step(op->params, op->n, rank, index, op->bytes, op->element_bytes, &step);
    return step;
}

/* Offset and size count parts where these differ; a part has come from its rank before it goes on.
 */
static int64_t message_bytes(const struct operation *op, const struct collective_step *step)
{
    int64_t bytes = 0;
    if (!op->own_parts)
        return step->send_bytes;
    for (int64_t i = 0; i < step->send_bytes; i++)
        bytes += op->parts[(step->send_offset + i) % op->n];
    return bytes;
}

/* Is the message of step `index`, which `rank` expects, the next one that it takes?  Steps that
 * expect none are passed on the way there. */
static bool takes_next(const struct operation *op, uint32_t rank, uint32_t index)
{
    struct rank_state *state = &op->ranks[rank];
    while (state->came < index && step_of(op, rank, state->came).receive_from < 0)
        state->came++;
    return state->came == index;
}

static void send(struct collectives *collectives, uint32_t slot, uint32_t rank,
                 const struct collective_step *step)
{
    const struct operation *op = &collectives->slots[slot];
    network_send(cluster_network(collectives->cluster), collectives->client,
                 host_of(collectives, op, rank), host_of(collectives, op, (uint32_t)step->send_to),
                 message_bytes(op, step), (uint64_t)slot << 32 | rank);
}

static void post(struct collectives *collectives, uint32_t slot, uint32_t rank,
                 const struct collective_step *step)
{
    struct operation *op = &collectives->slots[slot];
    struct rank_state *state = &op->ranks[rank];
    state->flags |= RANK_POSTED;
    if (step->send_to < 0)
        state->flags |= RANK_SENT;
    else if (takes_next(op, (uint32_t)step->send_to, state->step))
        send(collectives, slot, rank, step);
    else {
        state->flags |= RANK_HELD;
        op->held++;
    }
}

/* Sends what was held back until `receiver` takes it next, if it was. */
static void release(struct collectives *collectives, uint32_t slot, uint32_t receiver)
{
    struct operation *op = &collectives->slots[slot];
    const uint32_t steps = op->ops->steps(op->params, op->n, receiver);
    struct collective_step step = {.receive_from = -1};
    uint32_t index = op->ranks[receiver].came;
    while (index < steps && (step = step_of(op, receiver, index)).receive_from < 0)
        index++;
    if (index == steps)
        return;
    const uint32_t sender = (uint32_t)step.receive_from;
    struct rank_state *state = &op->ranks[sender];
    if (!(state->flags & RANK_HELD) || state->step != index)
        return;
    state->flags &= ~(uint32_t)RANK_HELD;
    op->held--;
    op->ranks[receiver].came = index;
    step = step_of(op, sender, index);
    send(collectives, slot, sender, &step);
}

/* The message of step `index` is through. */
static void take(struct collectives *collectives, uint32_t slot, uint32_t receiver, uint32_t index)
{
    struct operation *op = &collectives->slots[slot];
    ENGINE_CHECK(collectives->engine, op->ranks[receiver].came == index,
                 "rank %u got the message of step %u, not %u", receiver, index,
                 op->ranks[receiver].came);
    op->ranks[receiver].came++;
    if (op->held > 0)
        release(collectives, slot, receiver);
}

static void next_step(struct rank_state *state)
{
    state->flags &= ~(uint32_t)(RANK_POSTED | RANK_SENT | RANK_REDUCED);
    state->step++;
}

/* Queues the reduction on the host; false when it takes no time. */
static bool reduce(struct collectives *collectives, uint32_t slot, uint32_t rank, int64_t bytes)
{
    struct operation *op = &collectives->slots[slot];
    const uint32_t host = host_of(collectives, op, rank);
    const int64_t duration_ps = cluster_reduction_ps(collectives->cluster, host, bytes);
    int64_t end_ps;
    if (duration_ps == 0)
        return false;
    op->ranks[rank].flags |= RANK_REDUCING;
    cluster_occupy(collectives->cluster, host, CLUSTER_HOST, duration_ps, &end_ps);
    engine_at(collectives->engine, end_ps, EVENT_CLASS_COMPUTE, collectives->kind_reduced, rank,
              slot);
    return true;
}

/* Takes `rank` as far as it can go now; true when that completed it. */
static bool advance(struct collectives *collectives, uint32_t slot, uint32_t rank)
{
    struct operation *op = &collectives->slots[slot];
    struct rank_state *state = &op->ranks[rank];
    const uint32_t steps = op->ops->steps(op->params, op->n, rank);
    if (!(state->flags & RANK_ENTERED) || state->flags & (RANK_REDUCING | RANK_DONE) ||
        (state->flags & (RANK_POSTED | RANK_SENT)) == RANK_POSTED)
        return false;
    for (; state->step < steps; next_step(state)) {
        const struct collective_step step = step_of(op, rank, state->step);
        if (!(state->flags & RANK_POSTED))
            post(collectives, slot, rank, &step);
        if (!(state->flags & RANK_SENT))
            return false;
        if (step.receive_from >= 0 && state->step >= state->came)
            return false;
        if (step.reduce && !(state->flags & RANK_REDUCED) &&
            reduce(collectives, slot, rank, step.receive_bytes))
            return false;
    }
    state->flags |= RANK_DONE;
    return true;
}

/* Counts a completed rank; the operation is closed with the last one.  Whoever calls `done` first
 * finishes with the operation: the callee may open another one in the same slot. */
static void retire(struct collectives *collectives, uint32_t slot)
{
    if (--collectives->slots[slot].left == 0)
        close_operation(collectives, slot);
}

/* ---- What happens --------------------------------------------------------------------------- */

static void on_message(void *context, uint64_t cookie, int64_t started_ps)
{
    struct collectives *collectives = context;
    const uint32_t slot = (uint32_t)(cookie >> 32), sender = (uint32_t)cookie;
    struct operation *op = &collectives->slots[slot];
    const uint64_t number = op->number;
    const uint32_t index = op->ranks[sender].step;
    const struct collective_step step = step_of(op, sender, index);
    const uint32_t receiver = (uint32_t)step.send_to;
    if (collectives->watch) {
        const struct collective_chunk chunk = {
            number, sender, receiver, index, message_bytes(op, &step), started_ps};
        collectives->watch(collectives->watch_context, &chunk);
    }
    op->ranks[sender].flags |= RANK_SENT;
    take(collectives, slot, receiver, index);

    const bool sender_done = advance(collectives, slot, sender);
    const bool receiver_done = advance(collectives, slot, receiver);
    if (sender_done)
        retire(collectives, slot);
    if (receiver_done)
        retire(collectives, slot);
    if (sender_done)
        collectives->done(collectives->context, number, sender);
    if (receiver_done)
        collectives->done(collectives->context, number, receiver);
}

static void on_finished(void *context, const struct event *event)
{
    struct collectives *collectives = context;
    const uint64_t number = collectives->slots[event->arg].number;
    retire(collectives, (uint32_t)event->arg);
    collectives->done(collectives->context, number, event->target);
}

static void on_reduced(void *context, const struct event *event)
{
    struct collectives *collectives = context;
    const uint32_t slot = (uint32_t)event->arg, rank = event->target;
    struct rank_state *state = &collectives->slots[slot].ranks[rank];
    state->flags = (state->flags & ~(uint32_t)RANK_REDUCING) | RANK_REDUCED;
    if (advance(collectives, slot, rank))
        on_finished(context, event);
}

/* ---- The interface -------------------------------------------------------------------------- */

struct collectives *collectives_create(struct cluster *cluster, struct engine *engine,
                                       collective_done *done, void *context)
{
    struct collectives *collectives = memory_alloc(sizeof *collectives);
    collectives->cluster = cluster;
    collectives->engine = engine;
    collectives->done = done;
    collectives->context = context;
    collectives->client = network_client(cluster_network(cluster), on_message, collectives);
    collectives->kind_reduced =
        engine_register(engine, "collective reduction", on_reduced, collectives);
    collectives->kind_finished =
        engine_register(engine, "collective result", on_finished, collectives);
    collectives->first_free = NO_SLOT;
    collectives->window_size = 8;
    collectives->window = memory_array(collectives->window_size, sizeof *collectives->window);
    collectives->oldest = collectives->next = 1;
    return collectives;
}

void collectives_watch(struct collectives *collectives, collective_watch *watch, void *context)
{
    collectives->watch = watch;
    collectives->watch_context = context;
}

void collectives_free(struct collectives *collectives)
{
    if (collectives == NULL)
        return;
    for (uint32_t slot = 0; slot < collectives->slot_count; slot++) {
        free(collectives->slots[slot].ranks);
        free(collectives->slots[slot].hosts);
        free(collectives->slots[slot].parts);
    }
    free(collectives->slots);
    free(collectives->window);
    free(collectives);
}

static void place_ranks(struct operation *op, const uint32_t *hosts, const struct cluster *cluster)
{
    const uint32_t host_count = cluster_hosts(cluster), units = cluster_units(cluster);
    op->own_hosts = hosts != NULL;
    if (hosts == NULL) {
        CHECK(op->n <= units, "%u ranks on %u compute units", op->n, units);
        return;
    }
    for (uint32_t rank = 0; rank < op->n; rank++)
        CHECK(hosts[rank] < host_count, "rank %u on host %u of %u", rank, hosts[rank], host_count);
    if (op->n > op->hosts_capacity)
        op->hosts = memory_grow(op->hosts, &op->hosts_capacity, op->n, sizeof *op->hosts);
    memcpy(op->hosts, hosts, op->n * sizeof *op->hosts);
}

uint64_t collectives_open(struct collectives *collectives, const struct plugin_choice *choice,
                          uint32_t n, const uint32_t *hosts, int64_t bytes, int64_t element_bytes)
{
    CHECK(n > 0 && bytes >= 0 && element_bytes > 0, "%u ranks, %lld bytes in elements of %lld", n,
          (long long)bytes, (long long)element_bytes);
    const uint32_t slot = take_slot(collectives);
    struct operation *op = &collectives->slots[slot];
    op->ops = (const void *)choice->plugin;
    op->params = choice->params;
    op->number = take_number(collectives, slot);
    op->bytes = bytes;
    op->element_bytes = element_bytes;
    op->n = op->left = n;
    op->own_parts = false;
    place_ranks(op, hosts, collectives->cluster);
    if (n > op->ranks_capacity)
        op->ranks = memory_grow(op->ranks, &op->ranks_capacity, n, sizeof *op->ranks);
    memset(op->ranks, 0, n * sizeof *op->ranks);
    return op->number;
}

void collectives_part(struct collectives *collectives, uint64_t operation, uint32_t rank,
                      int64_t bytes)
{
    const uint32_t slot = find_slot(collectives, operation);
    ENGINE_CHECK(collectives->engine, slot != NO_SLOT, "collective %llu is not open",
                 (unsigned long long)operation);
    struct operation *op = &collectives->slots[slot];
    ENGINE_CHECK(collectives->engine,
                 op->ops->result == COLLECTIVE_GATHERS && op->bytes == 1 && rank < op->n &&
                     !(op->ranks[rank].flags & RANK_ENTERED),
                 "rank %u of %u can't have a part of its own in collective %llu", rank, op->n,
                 (unsigned long long)operation);
    if (op->n > op->parts_capacity)
        op->parts = memory_grow(op->parts, &op->parts_capacity, op->n, sizeof *op->parts);
    op->own_parts = true;
    op->parts[rank] = bytes;
}

void collectives_enter(struct collectives *collectives, uint64_t operation, uint32_t rank)
{
    const uint32_t slot = find_slot(collectives, operation);
    ENGINE_CHECK(collectives->engine, slot != NO_SLOT, "collective %llu is not open",
                 (unsigned long long)operation);
    struct operation *op = &collectives->slots[slot];
    ENGINE_CHECK(collectives->engine, rank < op->n && !(op->ranks[rank].flags & RANK_ENTERED),
                 "rank %u of %u can't enter collective %llu", rank, op->n,
                 (unsigned long long)operation);
    op->ranks[rank].flags |= RANK_ENTERED;
    /* Whoever enters is in the middle of something: the result is told by an event of its own. */
    if (advance(collectives, slot, rank))
        engine_at(collectives->engine, engine_now(collectives->engine), EVENT_CLASS_ARRIVAL,
                  collectives->kind_finished, rank, slot);
}

uint32_t collectives_missing(const struct collectives *collectives, uint64_t operation,
                             uint32_t *first_missing)
{
    const uint32_t slot = find_slot(collectives, operation);
    uint32_t missing = 0;
    if (slot == NO_SLOT)
        return 0;
    const struct operation *op = &collectives->slots[slot];
    for (uint32_t rank = op->n; rank-- > 0;) {
        if (op->ranks[rank].flags & RANK_ENTERED)
            continue;
        missing++;
        if (first_missing != NULL)
            *first_missing = rank;
    }
    return missing;
}
