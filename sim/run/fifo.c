/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages of one edge arrive in the order in which they were sent, whatever their sizes: a
 * transport like TCP.  One that is through the network before an earlier one waits for it.
 *
 * A hash table holds the last message of each edge that has any under way; the others hang behind
 * one another by `follower`.
 */
#include "run/sim.h"

#include <stdlib.h>

#include "core/memory.h"

static uint32_t *chain_of(const struct sim *sim, uint32_t src, uint32_t dst)
{
    uint64_t key = ((uint64_t)src << 32 | dst) * 0x9e3779b97f4a7c15u;
    return &sim->edge_tail[(key >> 32) & (sim->edge_tails - 1)];
}

static uint32_t *find_tail(const struct sim *sim, uint32_t src, uint32_t dst)
{
    uint32_t *link = chain_of(sim, src, dst);
    while (*link != SIM_NO_MESSAGE &&
           (sim->message[*link].src != src || sim->message[*link].dst != dst))
        link = &sim->message[*link].tail_next;
    return link;
}

/* The table has room for every message of the pool; its chains are built anew. */
void fifo_grow(struct sim *sim)
{
    uint32_t *old = sim->edge_tail, size = sim->edge_tails ? sim->edge_tails : 16;
    uint32_t count = sim->edge_tails;
    while (size < sim->message_capacity)
        size *= 2;
    if (size == count)
        return;
    sim->edge_tail = memory_array(size, sizeof *sim->edge_tail);
    sim->edge_tails = size;
    for (uint32_t i = 0; i < size; i++)
        sim->edge_tail[i] = SIM_NO_MESSAGE;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t m = old[i], next; m != SIM_NO_MESSAGE; m = next) {
            uint32_t *chain = chain_of(sim, sim->message[m].src, sim->message[m].dst);
            next = sim->message[m].tail_next;
            sim->message[m].tail_next = *chain;
            *chain = m;
        }
    free(old);
}

void fifo_posted(struct sim *sim, uint32_t index)
{
    struct sim_message *message = &sim->message[index];
    uint32_t *link = find_tail(sim, message->src, message->dst);
    message->follower = message->tail_next = SIM_NO_MESSAGE;
    message->queued = *link != SIM_NO_MESSAGE;
    if (message->queued) {
        sim->message[*link].follower = index;
        message->tail_next = sim->message[*link].tail_next;
    }
    *link = index;
}

bool fifo_may_deliver(struct sim *sim, uint32_t index)
{
    sim->message[index].ended = true;
    return !sim->message[index].queued;
}

uint32_t fifo_delivered(struct sim *sim, uint32_t index)
{
    struct sim_message *message = &sim->message[index];
    if (message->follower == SIM_NO_MESSAGE) {
        *find_tail(sim, message->src, message->dst) = message->tail_next;
        return SIM_NO_MESSAGE;
    }
    struct sim_message *next = &sim->message[message->follower];
    next->queued = false;
    return next->ended ? message->follower : SIM_NO_MESSAGE;
}
