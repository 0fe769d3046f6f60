/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays the schedules of collectives as messages.
 *
 * A rank posts the send of a step as it reaches the step, and leaves the step when its send has
 * ended, the message of the step has come and, where it is added, the host has added it.  It thus
 * has at most one message under way in an operation: a message's step is its sender's current one.
 *
 * Messages may come long before their receiver reaches the step, or even enters.  Of one sender
 * they come in order, so what came is a count of steps without a gap and 64 bits beyond: a ring has
 * one sender and any number of steps; doubling has many senders and at most 64 steps.
 *
 * An operation takes 24 bytes a rank.  Closed operations are kept for reuse with their memory.
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
    RANK_SENT = 1 << 2,     /* it has ended */
    RANK_REDUCING = 1 << 3, /* the host is busy with what came */
    RANK_REDUCED = 1 << 4,
    RANK_DONE = 1 << 5,
};

struct rank_state {
    uint32_t step;
    uint32_t came;  /* the messages of all steps before this one, as far as expected */
    uint64_t early; /* bit i: that of step came + i came */
    uint32_t flags;
};

struct operation {
    const struct collective_ops *ops;
    uint64_t number;
    int64_t bytes, element_bytes;
    uint32_t n, left; /* ranks; those not done */
    struct rank_state *ranks;
    uint32_t *hosts;
    size_t ranks_capacity, hosts_capacity;
    bool own_hosts;     /* false: rank r on host r */
    uint32_t next_free; /* while closed */
};

struct collectives {
    struct cluster *cluster;
    struct engine *engine;
    collective_done *done;
    void *context;
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

static uint32_t host_of(const struct operation *op, uint32_t rank)
{
    return op->own_hosts ? op->hosts[rank] : rank;
}

static bool step_came(const struct rank_state *state, uint32_t step)
{
    return step < state->came ||
           (step - state->came < 64 && (state->early >> (step - state->came) & 1));
}

/* What came without a gap is counted, not remembered. */
static void settle(struct rank_state *state)
{
    for (; state->early & 1; state->early >>= 1)
        state->came++;
}

static void mark_came(struct collectives *collectives, struct rank_state *state, uint32_t step)
{
    ENGINE_CHECK(collectives->engine, step >= state->came && step - state->came < 64,
                 "message of step %u came when %u were complete", step, state->came);
    state->early |= UINT64_C(1) << (step - state->came);
    settle(state);
}

static void next_step(struct rank_state *state)
{
    state->flags &= ~(uint32_t)(RANK_POSTED | RANK_SENT | RANK_REDUCED);
    state->step++;
    if (state->came < state->step) { /* the step expected no message */
        state->early |= 1;
        settle(state);
    }
}

static void post(struct collectives *collectives, uint32_t slot, uint32_t rank,
                 const struct collective_step *step)
{
    struct operation *op = &collectives->slots[slot];
    op->ranks[rank].flags |= RANK_POSTED;
    if (step->send_to < 0)
        op->ranks[rank].flags |= RANK_SENT;
    else
        network_send(cluster_network(collectives->cluster), collectives->client, host_of(op, rank),
                     host_of(op, (uint32_t)step->send_to), step->send_bytes,
                     (uint64_t)slot << 32 | rank);
}

/* Queues the reduction on the host; false when it takes no time. */
static bool reduce(struct collectives *collectives, uint32_t slot, uint32_t rank, int64_t bytes)
{
    struct operation *op = &collectives->slots[slot];
    const uint32_t host = host_of(op, rank);
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
    const uint32_t steps = op->ops->steps(op->n, rank);
    struct collective_step step;
    if (!(state->flags & RANK_ENTERED) || state->flags & (RANK_REDUCING | RANK_DONE))
        return false;
    for (; state->step < steps; next_step(state)) {
        op->ops->step(op->n, rank, state->step, op->bytes, op->element_bytes, &step);
        if (!(state->flags & RANK_POSTED))
            post(collectives, slot, rank, &step);
        if (!(state->flags & RANK_SENT))
            return false;
        if (step.receive_from >= 0 && !step_came(state, state->step))
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
    struct collective_step step;
    (void)started_ps;
    const uint32_t index = op->ranks[sender].step;
    op->ops->step(op->n, sender, index, op->bytes, op->element_bytes, &step);
    const uint32_t receiver = (uint32_t)step.send_to;
    op->ranks[sender].flags |= RANK_SENT;
    mark_came(collectives, &op->ranks[receiver], index);

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

void collectives_free(struct collectives *collectives)
{
    if (collectives == NULL)
        return;
    for (uint32_t slot = 0; slot < collectives->slot_count; slot++) {
        free(collectives->slots[slot].ranks);
        free(collectives->slots[slot].hosts);
    }
    free(collectives->slots);
    free(collectives->window);
    free(collectives);
}

static void place_ranks(struct operation *op, const uint32_t *hosts, uint32_t host_count)
{
    op->own_hosts = hosts != NULL;
    if (hosts == NULL) {
        CHECK(op->n <= host_count, "%u ranks on %u hosts", op->n, host_count);
        return;
    }
    for (uint32_t rank = 0; rank < op->n; rank++)
        CHECK(hosts[rank] < host_count, "rank %u on host %u of %u", rank, hosts[rank], host_count);
    if (op->n > op->hosts_capacity)
        op->hosts = memory_grow(op->hosts, &op->hosts_capacity, op->n, sizeof *op->hosts);
    memcpy(op->hosts, hosts, op->n * sizeof *op->hosts);
}

uint64_t collectives_open(struct collectives *collectives, const struct collective_ops *ops,
                          uint32_t n, const uint32_t *hosts, int64_t bytes, int64_t element_bytes)
{
    CHECK(n > 0 && bytes >= 0 && element_bytes > 0, "%u ranks, %lld bytes in elements of %lld", n,
          (long long)bytes, (long long)element_bytes);
    const uint32_t slot = take_slot(collectives);
    struct operation *op = &collectives->slots[slot];
    op->ops = ops;
    op->number = take_number(collectives, slot);
    op->bytes = bytes;
    op->element_bytes = element_bytes;
    op->n = op->left = n;
    place_ranks(op, hosts, cluster_hosts(collectives->cluster));
    if (n > op->ranks_capacity)
        op->ranks = memory_grow(op->ranks, &op->ranks_capacity, n, sizeof *op->ranks);
    memset(op->ranks, 0, n * sizeof *op->ranks);
    return op->number;
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
