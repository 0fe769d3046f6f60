/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Network model `ideal`: every message has its path to itself.  It begins to flow alpha after it
 * was sent and ends bytes / (rate of the path) later, the lower of its two NICs' or the local
 * link's.
 */
#include <stdlib.h>

#include "cluster/network/network_flight.h"
#include "core/memory.h"
#include "core/simtime.h"

struct ideal {
    uint32_t start_kind;
};

static void start_flight(struct network *network, uint32_t message)
{
    struct network_flight *f = network_flight(network, message);
    f->start = 0;
    if (network_flight_open(network, message))
        network_flight_move(network, message);
    else
        f->held = true;
}

static void handle_start(void *context, const struct event *event)
{
    struct network *network = context;
    uint32_t message = (uint32_t)event->arg;
    if (network->faults != NULL) {
        start_flight(network, message);
        return;
    }
    network_begin(network, message);
    int64_t end_ps = simtime_add(event->time_ps, simtime_from_s(network_idle_s(network, message)));
    engine_at(network->engine, end_ps, EVENT_CLASS_ARRIVAL, network->end_kind,
              network->message[message].dst, message);
}

static void ideal_create(struct network *network)
{
    struct ideal *ideal = memory_alloc(sizeof *ideal);
    ideal->start_kind = engine_register(network->engine, "message start", handle_start, network);
    network->model = ideal;
}

static void ideal_destroy(struct network *network)
{
    free(network->model);
}

static void ideal_send(struct network *network, uint32_t message)
{
    const struct ideal *ideal = network->model;
    event_handle start =
        engine_at(network->engine, network_earliest_start_ps(network, message), EVENT_CLASS_START,
                  ideal->start_kind, network->message[message].src, message);
    if (network->faults != NULL)
        network_flight(network, message)->start = start;
}

static void ideal_change(struct network *network)
{
    size_t count;
    const uint32_t *all = network_flight_all(network, &count);
    for (size_t i = 0; i < count; i++) {
        const struct network_flight *f = network_flight(network, all[i]);
        if (!network_flows(network, &network->message[all[i]]))
            continue;
        if (f->moving)
            network_flight_retime(network, all[i]);
        else if (f->held && network_flight_open(network, all[i]))
            network_flight_move(network, all[i]);
    }
}

const struct network_model_ops network_ideal_ops = {
    .create = ideal_create,
    .destroy = ideal_destroy,
    .send = ideal_send,
    .change = ideal_change,
};
