/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Network model `fair`: messages are flows that share links max-min fairly (max_min.h).
 *
 * Link 2h is host h's transmit side, 2h + 1 its receive side; with H hosts, 2H + h is its local
 * link, where that is finite.  One completion event is pending, at the end of the next flow.  All
 * ends of an instant (class ARRIVAL) and all starts (class START) precede its one solve (class
 * SOLVE).
 */
#include <stdlib.h>

#include "cluster/network/max_min.h"
#include "cluster/network/network_flight.h"
#include "core/memory.h"

struct fair {
    struct max_min *solver;
    uint32_t start_kind, solve_kind, complete_kind;
    int64_t solve_ps;        /* instant of the last solve that was asked for */
    int64_t complete_ps;     /* of the pending completion event */
    event_handle completion; /* 0: none pending */
    double *byte_rate;       /* of each host's links, as the solver knows it */
};

/* Any number of starts and ends of an instant ask for its one solve. */
static void ask_for_solve(struct network *network, int64_t now_ps)
{
    struct fair *fair = network->model;
    if (fair->solve_ps == now_ps)
        return;
    fair->solve_ps = now_ps;
    engine_at(network->engine, now_ps, EVENT_CLASS_SOLVE, fair->solve_kind, 0, 0);
}

/* A flow of `bytes`; returns the solver's handle. */
static uint32_t add_flow(struct network *network, uint32_t message, double bytes)
{
    const struct fair *fair = network->model;
    const struct network_message *m = &network->message[message];
    const uint32_t path[] = {2 * m->src, 2 * m->dst + 1}, local = 2 * network->hosts + m->src;
    network_begin(network, message);
    ask_for_solve(network, engine_now(network->engine));
    if (m->src == m->dst)
        return max_min_add(fair->solver, &local, 1, bytes, message);
    return max_min_add(fair->solver, path, 2, bytes, message);
}

static void move_flight(struct network *network, uint32_t message)
{
    struct network_flight *f = network_flight(network, message);
    f->start = 0;
    f->held = !network_flight_open(network, message);
    if (f->held)
        return;
    f->moving = true;
    f->flow = add_flow(network, message, f->left);
}

static void handle_start(void *context, const struct event *event)
{
    struct network *network = context;
    uint32_t message = (uint32_t)event->arg;
    if (network->faults != NULL)
        move_flight(network, message);
    else
        add_flow(network, message, (double)network->message[message].bytes);
}

static void handle_solve(void *context, const struct event *event)
{
    struct network *network = context;
    struct fair *fair = network->model;
    fair->solve_ps = -1;
    max_min_resolve(fair->solver, event->time_ps);
    int64_t next_ps = max_min_next_ps(fair->solver);
    if (fair->completion != 0) {
        if (fair->complete_ps == next_ps)
            return; /* most starts elsewhere leave the next end where it is */
        engine_cancel(network->engine, fair->completion);
        fair->completion = 0;
    }
    if (next_ps == INT64_MAX)
        return;
    fair->complete_ps = next_ps;
    fair->completion =
        engine_at(network->engine, next_ps, EVENT_CLASS_ARRIVAL, fair->complete_kind, 0, 0);
}

static void handle_complete(void *context, const struct event *event)
{
    struct network *network = context;
    struct fair *fair = network->model;
    const struct max_min_ended *ended;
    fair->completion = 0; /* it is being played: there is nothing to cancel */
    size_t count = max_min_collect(fair->solver, event->time_ps, &ended);
    ask_for_solve(network, event->time_ps);
    for (size_t i = 0; i < count; i++)
        network_finish(network, ended[i].tag);
}

static struct max_min *create_solver(const struct network *network)
{
    const uint32_t hosts = network->hosts, links = (network->local_byte_rate > 0 ? 3 : 2) * hosts;
    double *capacities = memory_array(links, sizeof *capacities);
    for (uint32_t h = 0; h < hosts; h++)
        capacities[2 * (size_t)h] = capacities[2 * (size_t)h + 1] = network->host[h].byte_rate;
    for (uint32_t link = 2 * hosts; link < links; link++)
        capacities[link] = network->local_byte_rate;
    struct max_min *solver = max_min_create(capacities, links);
    free(capacities);
    return solver;
}

static void fair_create(struct network *network)
{
    struct fair *fair = memory_alloc(sizeof *fair);
    fair->solver = create_solver(network);
    fair->solve_ps = -1;
    fair->byte_rate = memory_array(network->hosts, sizeof *fair->byte_rate);
    for (uint32_t h = 0; h < network->hosts; h++)
        fair->byte_rate[h] = network->host[h].byte_rate;
    fair->start_kind = engine_register(network->engine, "flow start", handle_start, network);
    fair->solve_kind = engine_register(network->engine, "rates", handle_solve, network);
    fair->complete_kind = engine_register(network->engine, "flow end", handle_complete, network);
    network->model = fair;
}

static void fair_destroy(struct network *network)
{
    struct fair *fair = network->model;
    max_min_free(fair->solver);
    free(fair->byte_rate);
    free(fair);
}

static void fair_send(struct network *network, uint32_t message)
{
    const struct fair *fair = network->model;
    event_handle start =
        engine_at(network->engine, network_earliest_start_ps(network, message), EVENT_CLASS_START,
                  fair->start_kind, network->message[message].src, message);
    if (network->faults != NULL)
        network_flight(network, message)->start = start;
}

/* It stops where it is; what others gain by it, the coming solve finds. */
static void fair_stop(struct network *network, uint32_t message)
{
    const struct fair *fair = network->model;
    struct network_flight *f = network_flight(network, message);
    int64_t now_ps = engine_now(network->engine);
    f->left = max_min_remaining_at(fair->solver, f->flow, now_ps);
    max_min_remove(fair->solver, f->flow);
    ask_for_solve(network, now_ps);
}

/* A flow that has just ended at this instant is left to its end. */
static void hold_flight(struct network *network, uint32_t message)
{
    const struct fair *fair = network->model;
    struct network_flight *f = network_flight(network, message);
    if (max_min_remaining_at(fair->solver, f->flow, engine_now(network->engine)) <= 0)
        return;
    fair_stop(network, message);
    f->moving = false;
    f->held = true;
    network_pause(network, message, 0);
}

static void set_capacities(struct network *network)
{
    struct fair *fair = network->model;
    for (uint32_t h = 0; h < network->hosts; h++) {
        double rate = network->host[h].byte_rate;
        if (fair->byte_rate[h] == rate)
            continue;
        fair->byte_rate[h] = rate;
        max_min_set_capacity(fair->solver, 2 * h, rate);
        max_min_set_capacity(fair->solver, 2 * h + 1, rate);
        ask_for_solve(network, engine_now(network->engine));
    }
}

/* Flows leave before capacities change and come after it, so that what is left of them is read off
 * the old rates. */
static void fair_change(struct network *network)
{
    size_t count;
    const uint32_t *all = network_flight_all(network, &count);
    for (size_t i = 0; i < count; i++)
        if (network_flight(network, all[i])->moving && !network_flight_open(network, all[i]))
            hold_flight(network, all[i]);
    set_capacities(network);
    for (size_t i = 0; i < count; i++)
        if (network_flight(network, all[i])->held &&
            network_flows(network, &network->message[all[i]]))
            move_flight(network, all[i]);
}

const struct network_model_ops network_fair_ops = {
    .create = fair_create,
    .destroy = fair_destroy,
    .send = fair_send,
    .change = fair_change,
    .stop = fair_stop,
};
