/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network: hosts, messages and clients; the model is one of fair.c, fifo.c, ideal.c.
 *
 * A path is half of the source's and half of the destination's link, so an override of one host's
 * latency replaces its half.  A local message (src == dst) touches no NIC and appears in no total.
 * Neither does one of 0 bytes: it takes latency and overhead and waits for nobody, in every model.
 */
#include "cluster/network.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster/network/network_flight.h"
#include "cluster/network/network_state.h"
#include "core/check.h"
#include "core/memory.h"
#include "core/simtime.h"

#define BITS_PER_BYTE 8

/* Ranges that the field table cannot know: they depend on the number of hosts. */
static enum status check_override(const struct network_override *entry, size_t index,
                                  uint32_t hosts, struct error *error)
{
    char path[64];
    int64_t last = field_integer_absent(entry->last) ? entry->first : entry->last;
    if (entry->first < 0 || entry->first >= hosts) {
        snprintf(path, sizeof path, "network.hosts[%zu].first", index);
        return status_fail_at(error, path, "found %lld, expected a host from 0 to %u",
                              (long long)entry->first, hosts - 1);
    }
    if (last < entry->first || last >= hosts) {
        snprintf(path, sizeof path, "network.hosts[%zu].last", index);
        return status_fail_at(error, path, "found %lld, expected a host from %lld (first) to %u",
                              (long long)last, (long long)entry->first, hosts - 1);
    }
    return STATUS_OK;
}

/* What one host's link is like: the last entry that names the host and the member wins. */
static struct network_override host_settings(const struct network_config *config, uint32_t host)
{
    struct network_override found = {.bandwidth_bps = config->bandwidth_bps,
                                     .latency_s = config->latency_s,
                                     .efficiency = config->efficiency};
    const struct network_override *entry = config->hosts.items;
    for (size_t i = 0; i < config->hosts.count; i++, entry++) {
        int64_t last = field_integer_absent(entry->last) ? entry->first : entry->last;
        if (host < entry->first || host > last)
            continue;
        if (!field_real_absent(entry->bandwidth_bps))
            found.bandwidth_bps = entry->bandwidth_bps;
        if (!field_real_absent(entry->latency_s))
            found.latency_s = entry->latency_s;
        if (!field_real_absent(entry->efficiency))
            found.efficiency = entry->efficiency;
    }
    return found;
}

/* Effective rates; and whether one alpha serves all paths, which spares a conversion a message. */
static void create_hosts(struct network *network, const struct network_config *config)
{
    bool uniform = true;
    network->host = memory_array(network->hosts, sizeof *network->host);
    for (uint32_t h = 0; h < network->hosts; h++) {
        struct network_override settings = host_settings(config, h);
        network->host[h].byte_rate = settings.bandwidth_bps / BITS_PER_BYTE * settings.efficiency;
        network->host[h].latency_s = settings.latency_s;
        uniform = uniform && settings.latency_s == config->latency_s;
    }
    network->overhead_s = config->overhead_s;
    network->uniform_alpha_ps =
        uniform ? simtime_from_s(config->latency_s + config->overhead_s) : -1;
    network->local_alpha_ps = simtime_from_s(config->local_latency_s);
    if (config->local_bandwidth_bps > 0)
        network->local_byte_rate = config->local_bandwidth_bps / BITS_PER_BYTE;
}

static void handle_end(void *context, const struct event *event)
{
    network_finish(context, (uint32_t)event->arg);
}

static const struct network_model_ops *model_ops(int model)
{
    switch (model) {
    case NETWORK_FIFO:
        return &network_fifo_ops;
    case NETWORK_IDEAL:
        return &network_ideal_ops;
    default:
        return &network_fair_ops;
    }
}

enum status network_create(struct network **network, struct engine *engine,
                           const struct network_config *config, uint32_t hosts, struct error *error)
{
    *network = NULL;
    CHECK(hosts > 0 && hosts < NETWORK_NONE / 2, "%u hosts", hosts);
    for (size_t i = 0; i < config->hosts.count; i++) {
        const struct network_override *entries = config->hosts.items;
        enum status status = check_override(&entries[i], i, hosts, error);
        if (status != STATUS_OK)
            return status;
    }
    struct network *created = memory_alloc(sizeof *created);
    created->engine = engine;
    created->hosts = hosts;
    created->message_free = NETWORK_NONE;
    created->loss = config->loss;
    created->on_loss = config->on_loss;
    create_hosts(created, config);
    created->end_kind = engine_register(engine, "message end", handle_end, created);
    created->ops = model_ops(config->model);
    created->ops->create(created); /* registers the model's own events after ours */
    *network = created;
    return STATUS_OK;
}

void network_free(struct network *network)
{
    if (network == NULL)
        return;
    network->ops->destroy(network);
    network_flight_close(network);
    free(network->host);
    free(network->message);
    free(network->client);
    free(network);
}

uint32_t network_client(struct network *network, network_done *done, void *context)
{
    if (network->client_count == network->client_capacity)
        network->client = memory_grow(network->client, &network->client_capacity,
                                      network->client_count + 1, sizeof *network->client);
    network->client[network->client_count] =
        (struct network_receiver){.done = done, .context = context};
    return (uint32_t)network->client_count++;
}

static uint32_t take_message(struct network *network)
{
    uint32_t message = network->message_free;
    if (message != NETWORK_NONE) {
        network->message_free = network->message[message].dst;
        return message;
    }
    if (network->message_used == network->message_capacity)
        network->message = memory_grow(network->message, &network->message_capacity,
                                       network->message_used + 1, sizeof *network->message);
    return (uint32_t)network->message_used++;
}

void network_send(struct network *network, uint32_t client, uint32_t src, uint32_t dst,
                  int64_t bytes, uint64_t cookie)
{
    ENGINE_CHECK(network->engine, src < network->hosts && dst < network->hosts,
                 "a message from host %u to host %u of %u", src, dst, network->hosts);
    ENGINE_CHECK(network->engine, bytes >= 0, "a message of %lld bytes", (long long)bytes);
    ENGINE_CHECK(network->engine, client < network->client_count, "no client %u", client);
    uint32_t message = take_message(network);
    struct network_message *m = &network->message[message];
    *m = (struct network_message){.cookie = cookie,
                                  .bytes = bytes,
                                  .started_ps = -1,
                                  .client = client,
                                  .under_way = true,
                                  .src = src,
                                  .dst = dst};
    network->in_flight++;
    if (network->faults == NULL || network_flight_sent(network, message))
        network_launch(network, message);
}

void network_launch(struct network *network, uint32_t message)
{
    const struct network_message *m = &network->message[message];
    if (network_flows(network, m)) {
        network->ops->send(network, message);
        return;
    }
    event_handle end = engine_at(network->engine, network_earliest_start_ps(network, message),
                                 EVENT_CLASS_ARRIVAL, network->end_kind, m->dst, message);
    if (network->faults != NULL)
        network_flight(network, message)->end = end;
}

bool network_flows(const struct network *network, const struct network_message *m)
{
    return m->bytes > 0 && (m->src != m->dst || network->local_byte_rate > 0);
}

/* A side is busy from its first flow's begin to its last one's end. */
static void side_begin(struct network_side *side, int64_t now_ps)
{
    if (side->flows++ == 0)
        side->since_ps = now_ps;
}

static void side_end(struct network_side *side, int64_t now_ps, int64_t bytes)
{
    side->bytes += bytes;
    if (--side->flows == 0)
        side->busy_ps += now_ps - side->since_ps;
}

void network_begin(struct network *network, uint32_t message)
{
    struct network_message *m = &network->message[message];
    int64_t now_ps = engine_now(network->engine);
    if (m->started_ps < 0)
        m->started_ps = now_ps;
    if (m->src == m->dst)
        return;
    side_begin(&network->host[m->src].tx, now_ps);
    side_begin(&network->host[m->dst].rx, now_ps);
}

void network_pause(struct network *network, uint32_t message, int64_t bytes)
{
    const struct network_message *m = &network->message[message];
    int64_t now_ps = engine_now(network->engine);
    if (m->src == m->dst)
        return;
    side_end(&network->host[m->src].tx, now_ps, bytes);
    side_end(&network->host[m->dst].rx, now_ps, bytes);
}

void network_release(struct network *network, uint32_t message)
{
    network->message[message].under_way = false;
    network->message[message].dst = network->message_free;
    network->message_free = message;
    network->in_flight--;
}

/* The message is forgotten before its client hears of it, who may send the next in its place. */
void network_finish(struct network *network, uint32_t message)
{
    if (network->faults != NULL && !network_flight_arrived(network, message))
        return;
    struct network_message m = network->message[message];
    if (network_flows(network, &m))
        network_pause(network, message, m.bytes);
    else
        m.started_ps = engine_now(network->engine);
    network_release(network, message);
    network->client[m.client].done(network->client[m.client].context, m.cookie, m.started_ps);
}

uint64_t network_in_flight(const struct network *network)
{
    return network->in_flight;
}

int64_t network_alpha_ps(const struct network *network, uint32_t src, uint32_t dst)
{
    if (src == dst)
        return network->local_alpha_ps;
    if (network->uniform_alpha_ps >= 0)
        return network->uniform_alpha_ps;
    double latency_s = (network->host[src].latency_s + network->host[dst].latency_s) / 2;
    return simtime_from_s(latency_s + network->overhead_s);
}

/* An idle path is as fast as the slower of its two links; infinitely: 0. */
double network_path_rate(const struct network *network, uint32_t src, uint32_t dst)
{
    if (src == dst)
        return network->local_byte_rate;
    double tx = network->host[src].byte_rate, rx = network->host[dst].byte_rate;
    return tx < rx ? tx : rx;
}

double network_beta_s(const struct network *network, uint32_t src, uint32_t dst)
{
    const double rate = network_path_rate(network, src, dst);
    return rate > 0 ? 1 / rate : 0;
}

int64_t network_earliest_start_ps(const struct network *network, uint32_t message)
{
    const struct network_message *m = &network->message[message];
    return simtime_add(engine_now(network->engine), network_alpha_ps(network, m->src, m->dst));
}

double network_idle_s(const struct network *network, uint32_t message)
{
    const struct network_message *m = &network->message[message];
    return (double)m->bytes / network_path_rate(network, m->src, m->dst);
}

/* Time up to now counts, also of flows that still move. */
static int64_t busy_ps(const struct network_side *side, int64_t now_ps)
{
    return side->busy_ps + (side->flows > 0 ? now_ps - side->since_ps : 0);
}

void network_visit(const struct network *network, uint32_t client, network_done *visit,
                   void *context)
{
    for (size_t i = 0; i < network->message_used; i++) {
        const struct network_message *m = &network->message[i];
        if (m->under_way && m->client == client)
            visit(context, m->cookie, m->started_ps);
    }
}

void network_link(const struct network *network, uint32_t host, int64_t now_ps,
                  struct network_link_totals *out)
{
    CHECK(host < network->hosts, "host %u of %u", host, network->hosts);
    const struct network_host *h = &network->host[host];
    *out = (struct network_link_totals){.tx_bytes = h->tx.bytes,
                                        .rx_bytes = h->rx.bytes,
                                        .tx_busy_ps = busy_ps(&h->tx, now_ps),
                                        .rx_busy_ps = busy_ps(&h->rx, now_ps)};
}
