/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages of node programs, from the push to the mix.
 *
 * An inbox is a list of arrived messages, keyed by round: fast senders may be rounds ahead.  Under
 * the protocol `rendezvous` a message waits at the sender until the receiver expects its round.
 */
#include "run/sim.h"

#include <stdlib.h>

#include "core/memory.h"

static uint32_t take_slot(struct sim *sim)
{
    if (sim->message_free == SIM_NO_MESSAGE) {
        size_t old = sim->message_capacity;
        sim->message =
            memory_grow(sim->message, &sim->message_capacity, old + 1, sizeof *sim->message);
        for (size_t i = sim->message_capacity; i-- > old;) {
            sim->message[i] = (struct sim_message){.next = sim->message_free};
            sim->message_free = (uint32_t)i;
        }
        fifo_grow(sim);
    }
    uint32_t index = sim->message_free;
    sim->message_free = sim->message[index].next;
    return index;
}

uint32_t mailbox_new(struct node *node, uint32_t to, int64_t round, enum sim_message_kind kind)
{
    struct sim *sim = node->sim;
    uint32_t index = take_slot(sim);
    sim->message[index] = (struct sim_message){.src = node->rank,
                                               .dst = to,
                                               .round = round,
                                               .iteration = node_iteration(node),
                                               .next = SIM_NO_MESSAGE,
                                               .posted_ps = engine_now(sim->engine),
                                               .started_ps = -1,
                                               .arrived_ps = -1,
                                               .kind = (uint8_t)kind,
                                               .used = true};
    return index;
}

static void postpone(struct sim *sim, struct node *to, uint32_t index)
{
    sim->message[index].next = SIM_NO_MESSAGE;
    if (to->postponed == SIM_NO_MESSAGE)
        to->postponed = index;
    else
        sim->message[to->last_postponed].next = index;
    to->last_postponed = index;
}

/* Without a weight that tells the receiver how much is missing, a push must not be lost. */
static bool may_be_lost(const struct sim *sim, const struct sim_message *message)
{
    return sim->mourns && (message->kind == SIM_MESSAGE_PAIR ||
                           (message->kind == SIM_MESSAGE_PUSH && sim->weighted));
}

static void transmit(struct sim *sim, uint32_t index)
{
    const struct sim_message *message = &sim->message[index];
    network_send(cluster_network(sim->cluster),
                 may_be_lost(sim, message) ? sim->lossy_client : sim->network_client,
                 sim->node[message->src].host, sim->node[message->dst].host, message->bytes, index);
}

static bool postpones(const struct sim *sim, const struct sim_message *message)
{
    return sim->config->network.protocol == NETWORK_RENDEZVOUS &&
           (message->kind == SIM_MESSAGE_PUSH || message->kind == SIM_MESSAGE_DELTA) &&
           sim->node[message->dst].expected_round < message->round;
}

void mailbox_post(struct sim *sim, uint32_t index)
{
    const struct sim_message *message = &sim->message[index];
    sim->node[message->src].unsent++;
    sim->messages_sent++;
    sim->bytes_sent += message->bytes;
    fifo_posted(sim, index);
    if (postpones(sim, message))
        postpone(sim, &sim->node[message->dst], index);
    else
        transmit(sim, index);
}

void mailbox_release_rendezvous(struct node *node)
{
    struct sim *sim = node->sim;
    uint32_t index = node->postponed;
    node->postponed = SIM_NO_MESSAGE;
    while (index != SIM_NO_MESSAGE) {
        uint32_t next = sim->message[index].next;
        if (postpones(sim, &sim->message[index]))
            postpone(sim, node, index);
        else
            transmit(sim, index);
        index = next;
    }
}

/* The message's row is written and its vector let go; the slot stays with the caller. */
static void end_message(struct sim *sim, struct sim_message *message, int64_t consumed_ps,
                        const char *reason)
{
    struct trace_message row = {.src = message->src,
                                .dst = message->dst,
                                .round = message->round,
                                .bytes = message->bytes,
                                .weight = sim->weighted ? message->weight : 0,
                                .posted_ps = message->posted_ps,
                                .started_ps = message->started_ps,
                                .arrived_ps = message->arrived_ps,
                                .consumed_ps = consumed_ps,
                                .drop_reason = reason};
    observer_message(&sim->observer, &row);
    for (unsigned i = 0; i < message->vector_count; i++)
        plan_release(sim->plan, message->vector[i]);
    message->used = false;
}

static void free_slot(struct sim *sim, uint32_t index)
{
    sim->message[index].next = sim->message_free;
    sim->message_free = index;
}

/* The parcel is consumed by its handler; the vectors live that long. */
static void hand_over(struct node *to, uint32_t index)
{
    struct sim *sim = to->sim;
    const struct sim_message *message = &sim->message[index];
    struct node_mail mail = {.from = message->src,
                             .posted_ps = message->posted_ps,
                             .parcel = {.kind = message->parcel_kind,
                                        .round = message->round,
                                        .number = message->parcel_number,
                                        .value = message->parcel_value,
                                        .vector_count = message->vector_count,
                                        .bytes = message->bytes}};
    for (unsigned i = 0; i < message->vector_count; i++)
        mail.parcel.vectors[i] = message->vector[i];
    sim->algorithm->on_message(to, &mail);
    mailbox_free(sim, index, engine_now(sim->engine), NULL);
}

/* The receiver knows of a loss as soon as the network does: a perfect time-out.  The push that
 * brings nothing waits among those that are mixed in. */
static void deliver_loss(struct node *to, uint32_t index)
{
    struct sim *sim = to->sim;
    struct sim_message *message = &sim->message[index];
    if (message->kind == SIM_MESSAGE_PAIR) {
        pair_lost(sim, index);
        free_slot(sim, index);
        return;
    }
    message->next = to->taken;
    to->taken = index;
    wait_message_arrived(to, message->round);
}

static void deliver(struct sim *sim, uint32_t index)
{
    struct sim_message *message = &sim->message[index];
    struct node *to = &sim->node[message->dst];
    message->arrived_ps = engine_now(sim->engine);
    if (message->lost) {
        deliver_loss(to, index);
    } else if (message->kind == SIM_MESSAGE_PARCEL) {
        hand_over(to, index);
    } else if (message->kind == SIM_MESSAGE_PAIR) {
        pair_arrived(sim, index);
    } else {
        message->next = to->inbox;
        to->inbox = index;
        wait_message_arrived(to, message->round);
    }
    wait_settle(to);
}

/* It is through the network, or lost there. */
static void ended(struct sim *sim, uint32_t index)
{
    struct node *from = &sim->node[sim->message[index].src];
    from->unsent--;
    if (fifo_may_deliver(sim, index))
        while (index != SIM_NO_MESSAGE) {
            uint32_t next = fifo_delivered(sim, index);
            deliver(sim, index);
            index = next;
        }
    wait_settle(from);
}

void mailbox_arrived(void *context, uint64_t cookie, int64_t started_ps)
{
    struct sim *sim = context;
    sim->message[cookie].started_ps = started_ps;
    ended(sim, (uint32_t)cookie);
}

void mailbox_lost(void *context, uint64_t cookie, int64_t started_ps, enum network_loss loss)
{
    struct sim *sim = context;
    struct sim_message *message = &sim->message[cookie];
    message->started_ps = started_ps;
    message->lost = true;
    ledger_destroy(sim, message->weight);
    sim->counts.messages_lost++;
    end_message(sim, message, -1, network_loss_names[loss]);
    ended(sim, (uint32_t)cookie);
}

static uint32_t count_round(const struct sim *sim, uint32_t list, int64_t round)
{
    uint32_t count = 0;
    for (uint32_t i = list; i != SIM_NO_MESSAGE; i = sim->message[i].next)
        count += sim->message[i].round == round;
    return count;
}

uint32_t mailbox_count(const struct node *node, int64_t round)
{
    return count_round(node->sim, node->inbox, round) + count_round(node->sim, node->taken, round);
}

static bool list_has(const struct sim *sim, uint32_t list, int64_t round, uint32_t source)
{
    for (uint32_t i = list; i != SIM_NO_MESSAGE; i = sim->message[i].next)
        if (sim->message[i].round == round && sim->message[i].src == source)
            return true;
    return false;
}

bool mailbox_has_from(const struct node *node, int64_t round, uint32_t source)
{
    return list_has(node->sim, node->inbox, round, source) ||
           list_has(node->sim, node->taken, round, source);
}

static int by_source(const void *left, const void *right, void *messages)
{
    const struct sim_message *message = messages;
    const struct sim_message *a = &message[*(const uint32_t *)left];
    const struct sim_message *b = &message[*(const uint32_t *)right];
    if (a->src != b->src)
        return (a->src > b->src) - (a->src < b->src);
    return (a->round > b->round) - (a->round < b->round);
}

static uint32_t take(struct node *node, bool all, int64_t round)
{
    struct sim *sim = node->sim;
    uint32_t count = 0;
    uint32_t *list = &node->inbox;
    while (*list != SIM_NO_MESSAGE) {
        uint32_t index = *list;
        if (!all && sim->message[index].round != round) {
            list = &sim->message[index].next;
            continue;
        }
        *list = sim->message[index].next;
        holding_scratch(sim, count + 2);
        sim->sorted[count++] = index;
    }
    if (count > 1)
        qsort_r(sim->sorted, count, sizeof *sim->sorted, by_source, sim->message);
    return count;
}

uint32_t mailbox_take(struct node *node, int64_t round)
{
    return take(node, false, round);
}

uint32_t mailbox_take_all(struct node *node)
{
    return take(node, true, 0);
}

void mailbox_free(struct sim *sim, uint32_t index, int64_t consumed_ps, const char *reason)
{
    end_message(sim, &sim->message[index], consumed_ps, reason);
    free_slot(sim, index);
}

void mailbox_keep_count(struct node *node, uint32_t index)
{
    struct sim *sim = node->sim;
    end_message(sim, &sim->message[index], engine_now(sim->engine), NULL);
    sim->message[index].next = node->taken;
    node->taken = index;
}

/* Rounds first .. last will not be awaited any more. */
static void forget_rounds(struct node *node, int64_t first, int64_t last)
{
    struct sim *sim = node->sim;
    uint32_t *list = &node->taken;
    while (*list != SIM_NO_MESSAGE) {
        uint32_t index = *list;
        if (sim->message[index].round < first || sim->message[index].round > last) {
            list = &sim->message[index].next;
            continue;
        }
        *list = sim->message[index].next;
        free_slot(sim, index);
    }
}

void mailbox_forget(struct node *node, int64_t oldest)
{
    if (oldest > INT64_MIN)
        forget_rounds(node, INT64_MIN, oldest - 1);
}

void mailbox_forget_round(struct node *node, int64_t round)
{
    forget_rounds(node, round, round);
}

static void note_start(void *context, uint64_t cookie, int64_t started_ps)
{
    struct sim *sim = context;
    sim->message[cookie].started_ps = started_ps;
}

void mailbox_report_in_flight(struct sim *sim)
{
    network_visit(cluster_network(sim->cluster), sim->network_client, note_start, sim);
    network_visit(cluster_network(sim->cluster), sim->lossy_client, note_start, sim);
    for (size_t i = 0; i < sim->message_capacity; i++)
        if (sim->message[i].used)
            mailbox_free(sim, (uint32_t)i, -1,
                         sim->message[i].arrived_ps < 0 ? "in flight at stop"
                                                        : "not mixed at stop");
}

int64_t node_vector_bytes(const struct node *node)
{
    return node->sim->message_bytes;
}

void node_send(struct node *node, uint32_t to, const struct node_parcel *parcel)
{
    struct sim *sim = node->sim;
    uint32_t index = mailbox_new(node, to, parcel->round, SIM_MESSAGE_PARCEL);
    struct sim_message *message = &sim->message[index];
    ENGINE_CHECK(sim->engine, to < sim->instances && parcel->vector_count <= NODE_VECTORS,
                 "node %u sends %u vectors to %u", node->rank, parcel->vector_count, to);
    message->bytes = parcel->bytes;
    message->parcel_kind = parcel->kind;
    message->parcel_number = parcel->number;
    message->parcel_value = parcel->value;
    message->vector_count = (uint8_t)parcel->vector_count;
    for (unsigned i = 0; i < parcel->vector_count; i++)
        message->vector[i] = plan_snapshot(sim->plan, parcel->vectors[i]);
    mailbox_post(sim, index);
}
