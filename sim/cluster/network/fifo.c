/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Network model `fifo`: a link direction moves one message at a time.
 *
 * When a message is sent it reserves both of its sides at once, behind everything that was sent
 * before it:
 *
 *   start = max(now + alpha, tx_free[src], rx_free[dst])
 *   end   = start + bytes / min(rate of src, rate of dst)
 *   tx_free[src] = rx_free[dst] = end
 *
 * (a local message reserves its host's local link alone), so latency overlaps with waiting, a
 * reservation is never revised, and a message that waits for a busy receiver holds up its sender's
 * later messages (head-of-line blocking), as a NIC with one queue does.  Messages sent at one
 * instant reserve in the order of their network_send calls.
 *
 * When paths close, open or change their rates, reservations that have not begun are revised: they
 * are made anew, in the order of sending, behind what moves.
 */
#include <stdlib.h>

#include "cluster/network/network_flight.h"
#include "core/memory.h"
#include "core/simtime.h"

struct fifo {
    uint32_t start_kind;
    int64_t *tx_free_ps, *rx_free_ps,
        *local_free_ps; /* of each host: end of its last reservation */
};

static void handle_start(void *context, const struct event *event)
{
    struct network *network = context;
    network_begin(network, (uint32_t)event->arg);
    if (network->faults == NULL)
        return;
    struct network_flight *f = network_flight(network, (uint32_t)event->arg);
    f->start = 0;
    f->moving = true;
    f->since_ps = event->time_ps;
    f->rate = network_flight_rate(network, (uint32_t)event->arg);
}

static void fifo_create(struct network *network)
{
    struct fifo *fifo = memory_alloc(sizeof *fifo);
    fifo->start_kind = engine_register(network->engine, "message start", handle_start, network);
    fifo->tx_free_ps = memory_array(network->hosts, sizeof *fifo->tx_free_ps);
    fifo->rx_free_ps = memory_array(network->hosts, sizeof *fifo->rx_free_ps);
    fifo->local_free_ps = memory_array(network->hosts, sizeof *fifo->local_free_ps);
    network->model = fifo;
}

static void fifo_destroy(struct network *network)
{
    struct fifo *fifo = network->model;
    free(fifo->tx_free_ps);
    free(fifo->rx_free_ps);
    free(fifo->local_free_ps);
    free(fifo);
}

static int64_t later(int64_t a_ps, int64_t b_ps)
{
    return a_ps > b_ps ? a_ps : b_ps;
}

/* The two sides that a message reserves; a local one's are the same. */
struct sides {
    int64_t *tx_free_ps, *rx_free_ps;
};

static struct sides sides_of(const struct network *network, uint32_t message)
{
    const struct fifo *fifo = network->model;
    const struct network_message *m = &network->message[message];
    const bool local = m->src == m->dst;
    return (struct sides){&(local ? fifo->local_free_ps : fifo->tx_free_ps)[m->src],
                          &(local ? fifo->local_free_ps : fifo->rx_free_ps)[m->dst]};
}

/* For `seconds`, from ready_ps on at the earliest. */
static void reserve(struct network *network, uint32_t message, int64_t ready_ps, double seconds)
{
    const struct fifo *fifo = network->model;
    const struct network_message *m = &network->message[message];
    struct sides sides = sides_of(network, message);
    int64_t start_ps = later(ready_ps, later(*sides.tx_free_ps, *sides.rx_free_ps));
    int64_t end_ps = simtime_add(start_ps, simtime_from_s(seconds));
    *sides.tx_free_ps = *sides.rx_free_ps = end_ps;
    event_handle start =
        engine_at(network->engine, start_ps, EVENT_CLASS_START, fifo->start_kind, m->src, message);
    event_handle end =
        engine_at(network->engine, end_ps, EVENT_CLASS_ARRIVAL, network->end_kind, m->dst, message);
    if (network->faults == NULL)
        return;
    struct network_flight *f = network_flight(network, message);
    f->start = start;
    f->end = end;
    f->end_ps = end_ps;
}

/* What does not move gets in line, or is held. */
static void line_up(struct network *network, uint32_t message)
{
    struct network_flight *f = network_flight(network, message);
    double rate = network_flight_rate(network, message);
    f->held = rate == 0;
    if (!f->held)
        reserve(network, message, later(f->ready_ps, engine_now(network->engine)), f->left / rate);
}

static void fifo_send(struct network *network, uint32_t message)
{
    if (network->faults != NULL)
        line_up(network, message);
    else
        reserve(network, message, network_earliest_start_ps(network, message),
                network_idle_s(network, message));
}

/* Two passes: a message that moves keeps its links. */
static void fifo_change(struct network *network)
{
    size_t count;
    struct fifo *fifo = network->model;
    const uint32_t *all = network_flight_all(network, &count);
    for (uint32_t host = 0; host < network->hosts; host++)
        fifo->tx_free_ps[host] = fifo->rx_free_ps[host] = fifo->local_free_ps[host] = 0;
    for (size_t i = 0; i < count; i++) {
        const struct network_flight *f = network_flight(network, all[i]);
        struct sides sides = sides_of(network, all[i]);
        if (f->moving)
            network_flight_retime(network, all[i]);
        if (f->moving)
            *sides.tx_free_ps = *sides.rx_free_ps = f->end_ps;
        else if (network_flows(network, &network->message[all[i]]))
            network_flight_stop(network, all[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (!network_flight(network, all[i])->moving &&
            network_flows(network, &network->message[all[i]]))
            line_up(network, all[i]);
}

const struct network_model_ops network_fifo_ops = {
    .create = fifo_create,
    .destroy = fifo_destroy,
    .send = fifo_send,
    .change = fifo_change,
};
