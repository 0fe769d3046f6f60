/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario's faults in a run: planned at its creation, a row of the trace each.
 *
 * Links and partitions act below the programs, whose messages only arrive later.  Losses are
 * mourned by the mailbox (mailbox_lost) where the program survives them; beneath all others the
 * network sends again.  A crash stops the instances on its hosts:
 *
 *   down     running gradients are cut; timers, results and answers that come due wait for the
 *            return, for ever if there is none; nobody's handler runs
 *   kept     all goes on as it was; cut gradients begin anew, on the same batches
 *   lost     the same, with the initial x, no momentum, no error feedback; where weights travel
 *            the mass that was held is gone, and a new mass of 1 begins
 *
 * What has arrived before the crash stays: a program's place in its protocol survives, or those who
 * wait for its rounds could never go on.
 */
#include "run/sim.h"

#include <stdio.h>

bool sim_faults_defer(const struct node *node, const struct event *event, enum event_class class_)
{
    if (node->down && node->up_ps >= 0)
        engine_at(node->sim->engine, node->up_ps, class_, event->kind, event->target, event->arg);
    return node->down;
}

static bool stands_on(const struct node *node, const struct fault_event *event)
{
    return node->host >= event->first && node->host <= event->last;
}

static void report_down(struct node *node, int64_t now_ps)
{
    struct sim *sim = node->sim;
    struct trace_span span = {.node = node->rank,
                              .lane = TRACE_LANE_WAIT,
                              .kind = TRACE_SPAN_DOWN,
                              .begin_ps = node->down_ps,
                              .end_ps = now_ps,
                              .iteration = node->iteration};
    if (now_ps > node->down_ps)
        observer_span(&sim->observer, &span);
}

/* All of them are down before anybody else hears of it, and those in line hear of it when the
 * network knows: they may ask again at once. */
static void crash(struct sim *sim, const struct fault_event *event)
{
    for (uint32_t rank = 0; rank < sim->instances; rank++) {
        struct node *node = &sim->node[rank];
        if (!stands_on(node, event))
            continue;
        node->down = true;
        node->up_ps = event->end_ps;
        node->down_ps = engine_now(sim->engine);
        sim->gone += event->end_ps < 0 && rank < sim->nodes && !node->finished;
        gradient_crash(node);
        wait_pause(node);
    }
    for (uint32_t rank = 0; rank < sim->instances; rank++)
        if (stands_on(&sim->node[rank], event) && sim->node[rank].pair.questions != SIM_NO_MESSAGE)
            engine_at(sim->engine, engine_now(sim->engine), EVENT_CLASS_FAULT, sim->crashed_event,
                      rank, 0);
}

void sim_faults_crashed_event(void *context, const struct event *event)
{
    struct sim *sim = context;
    pair_crash(&sim->node[event->target]);
}

/* Likewise: all are back, then each goes on. */
static void restart(struct sim *sim, const struct fault_event *event)
{
    for (uint32_t rank = 0; rank < sim->instances; rank++) {
        struct node *node = &sim->node[rank];
        if (!stands_on(node, event))
            continue;
        node->down = false;
        report_down(node, engine_now(sim->engine));
        if (event->state == FAULT_STATE_LOST) {
            holding_reset(node);
            gradient_reset(node);
        }
        gradient_restart(node);
    }
    for (uint32_t rank = 0; rank < sim->instances; rank++)
        if (stands_on(&sim->node[rank], event)) {
            pair_restart(&sim->node[rank]);
            wait_resume(&sim->node[rank]);
        }
}

static void note_fault(void *context, const struct fault_event *event)
{
    struct sim *sim = context;
    struct trace_fault row;
    if (event->kind == FAULT_CRASH)
        (event->begins ? crash : restart)(sim, event);
    if (!event->begins && faults_record(sim->faults, event->entry, &row))
        observer_fault(&sim->observer, &row);
}

/* A node that begins anew in the middle of a run. */
static enum status check_amnesia(const struct sim *sim, struct error *error)
{
    const struct fault_config *entries = sim->config->faults.items;
    bool survives = sim->algorithm->survives & ALGORITHM_SURVIVES_AMNESIA;
    char path[64];
    for (size_t i = 0; i < sim->config->faults.count; i++) {
        if (entries[i].kind != FAULT_CRASH || entries[i].state != FAULT_STATE_LOST)
            continue;
        snprintf(path, sizeof path, "faults[%zu].state", i);
        if (!survives)
            return status_fail_at(error, path,
                                  "found \"lost\", but nothing in %s brings a node that begins "
                                  "anew back to the others; expected \"kept\"",
                                  sim->algorithm->plugin.name);
        if (sim->outer.active)
            return status_fail_at(error, path,
                                  "found \"lost\", but the outer optimizer's steps start from "
                                  "what a node held before; expected \"kept\"");
    }
    return STATUS_OK;
}

static enum status check_loss(const struct sim *sim, struct error *error)
{
    const struct network_config *network = &sim->config->network;
    if (network->loss == 0 || network->on_loss != NETWORK_DROP || sim->mourns)
        return STATUS_OK;
    return status_fail_at(error, "network.on_loss",
                          "found \"drop\", but %s cannot go on without a message; expected "
                          "\"retransmit\"",
                          sim->algorithm->plugin.name);
}

/* What is lost for certain and sent again for ever ends in no deadlock, and nowhere else. */
static enum status check_drops(const struct sim *sim, struct error *error)
{
    const struct fault_config *entries = sim->config->faults.items;
    char path[64];
    if (sim->mourns && !sim->outer.active)
        return STATUS_OK;
    for (size_t i = 0; i < sim->config->faults.count; i++) {
        if (entries[i].kind != FAULT_DROP || !field_real_absent(entries[i].for_s) ||
            !(entries[i].probability >= 1))
            continue;
        snprintf(path, sizeof path, "faults[%zu].probability", i);
        return status_fail_at(error, path,
                              "found 1 for ever, and %s sends again what is lost; expected less, "
                              "an end (`for`), or a partition",
                              sim->outer.active ? "the outer optimizer's average"
                                                : sim->algorithm->plugin.name);
    }
    return STATUS_OK;
}

enum status sim_faults_create(struct sim *sim, uint64_t seed, struct error *error)
{
    enum status status = check_amnesia(sim, error);
    if (status == STATUS_OK)
        status = check_loss(sim, error);
    if (status == STATUS_OK)
        status = check_drops(sim, error);
    if (status != STATUS_OK)
        return status;
    if (sim->config->network.loss > 0)
        network_faults_expect(cluster_network(sim->cluster), seed);
    return faults_create(&sim->faults, sim->engine, cluster_network(sim->cluster),
                         &sim->config->faults, sim->hosts, seed, note_fault, sim, error);
}

/* Snapshots of what will be asked for again. */
void sim_faults_start(struct sim *sim)
{
    const struct fault_config *entries = sim->config->faults.items;
    bool forgets = false;
    for (size_t i = 0; i < sim->config->faults.count; i++)
        forgets |= entries[i].kind == FAULT_CRASH && entries[i].state == FAULT_STATE_LOST;
    for (uint32_t rank = 0; forgets && rank < sim->instances; rank++)
        sim->node[rank].initial = plan_snapshot(sim->plan, sim->node[rank].x);
}

void sim_faults_report(struct sim *sim, int64_t end_ps)
{
    struct trace_fault row;
    for (uint32_t rank = 0; rank < sim->instances; rank++)
        if (sim->node[rank].down)
            report_down(&sim->node[rank], end_ps);
    for (uint32_t entry = 0; entry < faults_count(sim->faults); entry++)
        if (faults_record(sim->faults, entry, &row) && row.end_ps < 0)
            observer_fault(&sim->observer, &row);
}
