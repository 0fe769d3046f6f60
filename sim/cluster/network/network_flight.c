/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages under way while the network's paths close, open and change their rates.
 *
 * Only what moves at another rate is timed anew, from the bytes that are left; so a fault elsewhere
 * leaves every other message's end as it was, to the picosecond.
 */
#include "cluster/network/network_flight.h"

#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"
#include "core/simtime.h"

void network_flight_close(struct network *network)
{
    struct network_faults *faults = network->faults;
    if (faults == NULL)
        return;
    free(faults->flight);
    free(faults->nominal);
    free(faults->down);
    free(faults->side);
    free(faults->crash);
    free(faults->drop);
    free(faults->pair);
    free(faults->lost);
    free(faults->sorted);
    free(faults);
}

/* A client without a callback has a reliable transport. */
static bool reliable(const struct network *network, uint32_t message)
{
    return network->client[network->message[message].client].lost == NULL;
}

bool network_flight_sent(struct network *network, uint32_t message)
{
    struct network_faults *faults = network->faults;
    const struct network_message *m = &network->message[message];
    if (message >= faults->flight_capacity)
        faults->flight = memory_grow(faults->flight, &faults->flight_capacity, (size_t)message + 1,
                                     sizeof *faults->flight);
    struct network_flight *f = &faults->flight[message];
    *f = (struct network_flight){.left = (double)m->bytes,
                                 .order = faults->launches++,
                                 .number = network_loss_number(network, m->src, m->dst),
                                 .ready_ps = network_earliest_start_ps(network, message),
                                 .sender_down = NETWORK_NONE};
    if (faults->crash[m->src] == NETWORK_NONE || reliable(network, message))
        return true;
    f->sender_down = faults->crash[m->src];
    f->end = engine_at(network->engine, engine_now(network->engine), EVENT_CLASS_ARRIVAL,
                       network->end_kind, m->dst, message);
    return false;
}

bool network_flight_open(const struct network *network, uint32_t message)
{
    const struct network_message *m = &network->message[message];
    const struct network_faults *faults = network->faults;
    if (reliable(network, message) &&
        (!network_faults_up(network, m->src) || !network_faults_up(network, m->dst)))
        return false;
    return m->src == m->dst || (faults->side[m->src] == faults->side[m->dst] &&
                                !faults->down[m->src] && !faults->down[m->dst]);
}

double network_flight_rate(const struct network *network, uint32_t message)
{
    const struct network_message *m = &network->message[message];
    return network_flight_open(network, message) ? network_path_rate(network, m->src, m->dst) : 0;
}

void network_flight_move(struct network *network, uint32_t message)
{
    struct network_flight *f = network_flight(network, message);
    network_begin(network, message);
    f->start = 0;
    f->held = false;
    f->moving = true;
    f->since_ps = engine_now(network->engine);
    f->rate = network_flight_rate(network, message);
    f->end_ps = simtime_add(f->since_ps, simtime_from_s(f->left / f->rate));
    f->end = engine_at(network->engine, f->end_ps, EVENT_CLASS_ARRIVAL, network->end_kind,
                       network->message[message].dst, message);
}

/* What is left now of a message that moved at its rate. */
static double left_now(const struct network_flight *f, int64_t now_ps)
{
    double left = f->left - f->rate * ((double)(now_ps - f->since_ps) / (double)SIMTIME_PS_PER_S);
    return left > 0 ? left : 0;
}

void network_flight_retime(struct network *network, uint32_t message)
{
    struct network_flight *f = network_flight(network, message);
    int64_t now_ps = engine_now(network->engine);
    double rate = network_flight_rate(network, message);
    if (rate == f->rate || f->end_ps <= now_ps)
        return; /* as before; or all bytes are through */
    engine_cancel(network->engine, f->end);
    f->end = 0;
    f->left = left_now(f, now_ps);
    f->moving = false;
    network_pause(network, message, 0);
    if (rate > 0)
        network_flight_move(network, message);
    else
        f->held = true;
}

void network_flight_stop(struct network *network, uint32_t message)
{
    struct network_flight *f = network_flight(network, message);
    engine_cancel(network->engine, f->start);
    engine_cancel(network->engine, f->end);
    f->start = f->end = 0;
    if (!f->moving)
        return;
    if (network->ops->stop != NULL)
        network->ops->stop(network, message);
    else
        f->left = left_now(f, engine_now(network->engine));
    f->moving = false;
    network_pause(network, message, network->message[message].bytes - (int64_t)f->left);
}

static int by_order(const void *left, const void *right, void *flights)
{
    const struct network_flight *flight = flights;
    uint64_t a = flight[*(const uint32_t *)left].order, b = flight[*(const uint32_t *)right].order;
    return (a > b) - (a < b);
}

const uint32_t *network_flight_all(struct network *network, size_t *count)
{
    struct network_faults *faults = network->faults;
    *count = 0;
    if (network->in_flight > faults->sorted_capacity)
        faults->sorted = memory_grow(faults->sorted, &faults->sorted_capacity, network->in_flight,
                                     sizeof *faults->sorted);
    for (size_t i = 0; i < network->message_used; i++)
        if (network->message[i].under_way && faults->flight[i].sender_down == NETWORK_NONE)
            faults->sorted[(*count)++] = (uint32_t)i;
    if (*count > 1)
        qsort_r(faults->sorted, *count, sizeof *faults->sorted, by_order, faults->flight);
    return faults->sorted;
}

/* Once more from its first byte, in line behind all others. */
static void send_again(struct network *network, uint32_t message)
{
    struct network_flight *f = network_flight(network, message);
    f->attempts++;
    f->order = network->faults->launches++;
    f->left = (double)network->message[message].bytes;
    f->ready_ps = network_earliest_start_ps(network, message);
    network_launch(network, message);
}

static void lose(struct network *network, uint32_t message, enum network_loss loss)
{
    struct network_message m = network->message[message];
    const struct network_receiver *client = &network->client[m.client];
    network_release(network, message);
    client->lost(client->context, m.cookie, m.started_ps, loss);
}

bool network_flight_arrived(struct network *network, uint32_t message)
{
    const struct network_message *m = &network->message[message];
    struct network_flight *f = network_flight(network, message);
    const bool flows = network_flows(network, m);
    enum network_loss loss;
    uint32_t entry;
    f->end = 0;
    if (f->sender_down != NETWORK_NONE) {
        network_loss_count(network, f->sender_down);
        lose(network, message, NETWORK_SENDER_DOWN);
        return false;
    }
    if (!flows && !network_flight_open(network, message)) {
        f->held = true;
        return false;
    }
    f->moving = false;
    if (!network_loss_hits(network, message, &loss, &entry))
        return true;
    network_loss_count(network, entry);
    if (flows)
        network_pause(network, message, m->bytes);
    bool again = loss == NETWORK_LOST && network->on_loss == NETWORK_RETRANSMIT;
    if (again || reliable(network, message))
        send_again(network, message);
    else
        lose(network, message, loss);
    return false;
}

/* ---- what happens to hosts and links ---- */

/* Messages without a flow are held at their end only; the model sees to the others. */
static void change(struct network *network)
{
    size_t count;
    const uint32_t *all = network_flight_all(network, &count);
    for (size_t i = 0; i < count; i++) {
        struct network_flight *f = network_flight(network, all[i]);
        const struct network_message *m = &network->message[all[i]];
        if (network_flows(network, m) || !f->held || !network_flight_open(network, all[i]))
            continue;
        f->held = false;
        f->end = engine_at(network->engine, engine_now(network->engine), EVENT_CLASS_ARRIVAL,
                           network->end_kind, m->dst, all[i]);
    }
    network->ops->change(network);
}

static void check_hosts(const struct network *network, uint32_t first, uint32_t last)
{
    ENGINE_CHECK(network->engine, network->faults != NULL, "the network expects no faults");
    ENGINE_CHECK(network->engine, first <= last && last < network->hosts, "hosts %u to %u of %u",
                 first, last, network->hosts);
}

void network_faults_link(struct network *network, uint32_t first, uint32_t last, double factor)
{
    check_hosts(network, first, last);
    for (uint32_t host = first; host <= last; host++) {
        network->faults->down[host] = factor == 0;
        if (factor > 0)
            network->host[host].byte_rate = network->faults->nominal[host] * factor;
    }
    change(network);
}

static void partition(struct network *network, uint32_t first, uint32_t last, unsigned number,
                      bool divided)
{
    check_hosts(network, first, last);
    ENGINE_CHECK(network->engine, number < NETWORK_PARTITIONS, "partition %u", number);
    uint64_t bit = (uint64_t)1 << number;
    for (uint32_t host = first; host <= last; host++) {
        uint64_t *side = &network->faults->side[host];
        *side = divided ? *side | bit : *side & ~bit;
    }
    change(network);
}

void network_faults_divide(struct network *network, uint32_t first, uint32_t last, unsigned number)
{
    partition(network, first, last, number, true);
}

void network_faults_heal(struct network *network, uint32_t first, uint32_t last, unsigned number)
{
    partition(network, first, last, number, false);
}

static bool touches(const struct network_message *m, uint32_t first, uint32_t last)
{
    return (m->src >= first && m->src <= last) || (m->dst >= first && m->dst <= last);
}

/* All are stopped before the first is told of: whoever hears of one may send. */
void network_faults_crash(struct network *network, uint32_t first, uint32_t last, uint32_t entry)
{
    struct network_faults *faults = network->faults;
    size_t count, lost = 0;
    check_hosts(network, first, last);
    for (uint32_t host = first; host <= last; host++)
        faults->crash[host] = entry;
    const uint32_t *all = network_flight_all(network, &count);
    uint32_t *victims = memory_array(count + 1, sizeof *victims);
    for (size_t i = 0; i < count; i++) {
        struct network_message *m = &network->message[all[i]];
        struct network_flight *f = network_flight(network, all[i]);
        if (!touches(m, first, last))
            continue;
        network_flight_stop(network, all[i]);
        network_loss_count(network, entry);
        f->left = (double)m->bytes;
        f->held = reliable(network, all[i]);
        if (f->held)
            continue;
        m->under_way = false;
        victims[lost++] = all[i];
    }
    change(network);
    for (size_t i = 0; i < lost; i++)
        lose(network, victims[i], NETWORK_ABORTED);
    free(victims);
}

void network_faults_restart(struct network *network, uint32_t first, uint32_t last)
{
    check_hosts(network, first, last);
    for (uint32_t host = first; host <= last; host++)
        network->faults->crash[host] = NETWORK_NONE;
    change(network);
}

bool network_faults_up(const struct network *network, uint32_t host)
{
    CHECK(host < network->hosts, "host %u of %u", host, network->hosts);
    return network->faults == NULL || network->faults->crash[host] == NETWORK_NONE;
}

bool network_faults_open(const struct network *network, uint32_t src, uint32_t dst)
{
    const struct network_faults *faults = network->faults;
    if (!network_faults_up(network, src) || !network_faults_up(network, dst))
        return false;
    return faults == NULL || src == dst ||
           (faults->side[src] == faults->side[dst] && !faults->down[src] && !faults->down[dst]);
}
