/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which messages are lost at their end.
 *
 * Attempt a of the k-th message from src to dst draws number a of the stream (seed, RNG_NETWORK,
 * role, src and dst, k): role 0 for network.loss, 1 + e for the drop of entry e.  So no fate hangs
 * on the order of events, on another pair's messages or on another entry.
 */
#include <stdlib.h>

#include "cluster/network/network_flight.h"
#include "core/check.h"
#include "core/memory.h"
#include "core/rng.h"

#define ROLE_LOSS        0
#define ROLE_DROP(entry) (1 + (entry))

const char *const network_loss_names[] = {
    [NETWORK_LOST] = "lost",
    [NETWORK_DROPPED] = "dropped",
    [NETWORK_ABORTED] = "crash",
    [NETWORK_RECEIVER_DOWN] = "receiver down",
    [NETWORK_SENDER_DOWN] = "sender down",
    [NETWORK_LOSSES] = NULL,
};

void network_on_loss(struct network *network, uint32_t client, network_lost *lost)
{
    CHECK(client < network->client_count, "no client %u", client);
    network->client[client].lost = lost;
}

void network_faults_expect(struct network *network, uint64_t seed)
{
    if (network->faults == NULL) {
        struct network_faults *faults = memory_alloc(sizeof *faults);
        CHECK(network->in_flight == 0, "faults are expected before the first message");
        faults->nominal = memory_array(network->hosts, sizeof *faults->nominal);
        faults->down = memory_array(network->hosts, sizeof *faults->down);
        faults->side = memory_array(network->hosts, sizeof *faults->side);
        faults->crash = memory_array(network->hosts, sizeof *faults->crash);
        for (uint32_t host = 0; host < network->hosts; host++) {
            faults->nominal[host] = network->host[host].byte_rate;
            faults->crash[host] = NETWORK_NONE;
        }
        network->faults = faults;
    }
    network->faults->seed = seed;
}

void network_faults_drop(struct network *network, uint32_t first, uint32_t last, double probability,
                         uint32_t entry)
{
    struct network_faults *faults = network->faults;
    if (faults->drop_count == faults->drop_capacity)
        faults->drop = memory_grow(faults->drop, &faults->drop_capacity, faults->drop_count + 1,
                                   sizeof *faults->drop);
    faults->drop[faults->drop_count++] = (struct network_drop){first, last, entry, probability};
}

void network_faults_undrop(struct network *network, uint32_t entry)
{
    struct network_faults *faults = network->faults;
    size_t kept = 0;
    for (size_t i = 0; i < faults->drop_count; i++)
        if (faults->drop[i].entry != entry)
            faults->drop[kept++] = faults->drop[i];
    faults->drop_count = kept;
}

/* ---- messages of each pair, in a hash table with linear probing ---- */

static size_t place(const struct network_pair *table, size_t capacity, uint64_t key)
{
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) & (capacity - 1);
    while (table[at].messages > 0 && table[at].key != key)
        at = (at + 1) & (capacity - 1);
    return at;
}

static void widen(struct network_faults *faults)
{
    size_t capacity = faults->pair_capacity > 0 ? 2 * faults->pair_capacity : 64;
    struct network_pair *table = memory_array(capacity, sizeof *table);
    for (size_t i = 0; i < faults->pair_capacity; i++)
        if (faults->pair[i].messages > 0)
            table[place(table, capacity, faults->pair[i].key)] = faults->pair[i];
    free(faults->pair);
    faults->pair = table;
    faults->pair_capacity = capacity;
}

static uint64_t pair_key(uint32_t src, uint32_t dst)
{
    return (uint64_t)src << 32 | dst;
}

uint64_t network_loss_number(struct network *network, uint32_t src, uint32_t dst)
{
    struct network_faults *faults = network->faults;
    uint64_t key = pair_key(src, dst);
    if (2 * (faults->pair_count + 1) > faults->pair_capacity)
        widen(faults);
    struct network_pair *pair = &faults->pair[place(faults->pair, faults->pair_capacity, key)];
    faults->pair_count += pair->messages == 0;
    pair->key = key;
    return pair->messages++;
}

/* ---- draws ---- */

static bool draw_hits(const struct network *network, uint32_t message, uint32_t role,
                      double probability)
{
    const struct network_message *m = &network->message[message];
    const struct network_flight *f = network_flight(network, message);
    struct rng rng;
    if (probability <= 0 || probability >= 1)
        return probability >= 1; /* a fate that needs no draws, after however many attempts */
    rng_open(&rng, network->faults->seed, RNG_NETWORK, role, pair_key(m->src, m->dst), f->number);
    for (uint32_t i = 0; i < f->attempts; i++)
        rng_next(&rng);
    return rng_uniform(&rng) < probability;
}

static bool between(const struct network_drop *drop, const struct network_message *m)
{
    return m->src >= drop->first && m->src <= drop->last && m->dst >= drop->first &&
           m->dst <= drop->last;
}

/* A message that takes no time is not lost: it could be sent again for ever at one instant. */
bool network_loss_hits(const struct network *network, uint32_t message, enum network_loss *loss,
                       uint32_t *entry)
{
    const struct network_message *m = &network->message[message];
    const struct network_faults *faults = network->faults;
    *entry = faults->crash[m->dst];
    *loss = NETWORK_RECEIVER_DOWN;
    if (*entry != NETWORK_NONE)
        return true;
    if (m->src == m->dst || (m->bytes == 0 && network_alpha_ps(network, m->src, m->dst) == 0))
        return false;
    *loss = NETWORK_DROPPED;
    for (size_t i = 0; i < faults->drop_count; i++) {
        const struct network_drop *drop = &faults->drop[i];
        *entry = drop->entry;
        if (between(drop, m) &&
            draw_hits(network, message, ROLE_DROP(drop->entry), drop->probability))
            return true;
    }
    *entry = NETWORK_NONE;
    *loss = NETWORK_LOST;
    return draw_hits(network, message, ROLE_LOSS, network->loss);
}

/* ---- whose fault ---- */

void network_loss_count(struct network *network, uint32_t entry)
{
    struct network_faults *faults = network->faults;
    size_t old = faults->lost_capacity;
    if (entry == NETWORK_NONE)
        return;
    if (entry >= old)
        faults->lost = memory_grow(faults->lost, &faults->lost_capacity, (size_t)entry + 1,
                                   sizeof *faults->lost);
    for (size_t i = old; i < faults->lost_capacity; i++)
        faults->lost[i] = 0;
    faults->lost[entry]++;
}

uint64_t network_faults_lost(const struct network *network, uint32_t entry)
{
    const struct network_faults *faults = network->faults;
    return faults != NULL && entry < faults->lost_capacity ? faults->lost[entry] : 0;
}
