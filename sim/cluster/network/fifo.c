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
 */
#include <stdlib.h>

#include "cluster/network/network_state.h"
#include "core/memory.h"
#include "core/simtime.h"

struct fifo {
    uint32_t start_kind;
    int64_t *tx_free_ps, *rx_free_ps,
        *local_free_ps; /* of each host: end of its last reservation */
};

static void handle_start(void *context, const struct event *event)
{
    network_begin(context, (uint32_t)event->arg);
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

static void fifo_send(struct network *network, uint32_t message)
{
    struct fifo *fifo = network->model;
    const struct network_message *m = &network->message[message];
    const bool local = m->src == m->dst;
    int64_t *tx_free_ps = &(local ? fifo->local_free_ps : fifo->tx_free_ps)[m->src];
    int64_t *rx_free_ps = &(local ? fifo->local_free_ps : fifo->rx_free_ps)[m->dst];
    int64_t start_ps = network_earliest_start_ps(network, message);
    start_ps = later(start_ps, later(*tx_free_ps, *rx_free_ps));
    int64_t end_ps = simtime_add(start_ps, simtime_from_s(network_idle_s(network, message)));
    *tx_free_ps = *rx_free_ps = end_ps;
    engine_at(network->engine, start_ps, EVENT_CLASS_START, fifo->start_kind, m->src, message);
    engine_at(network->engine, end_ps, EVENT_CLASS_ARRIVAL, network->end_kind, m->dst, message);
}

const struct network_model_ops network_fifo_ops = {
    .create = fifo_create,
    .destroy = fifo_destroy,
    .send = fifo_send,
};
