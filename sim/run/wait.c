/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Declared waits: a program says what it waits for, the engine says when. */
#include "run/sim.h"

static bool holds(const struct node *node)
{
    const struct sim_wait *wait = &node->wait;
    if ((wait->conditions & NODE_RECEIVED) && wait->arrived < wait->messages)
        return false;
    return !(wait->conditions & NODE_SENT) || node->unsent == 0;
}

static void report_blocked(struct node *node)
{
    struct sim *sim = node->sim;
    int64_t now = engine_now(sim->engine);
    struct trace_span span = {.node = node->rank,
                              .lane = TRACE_LANE_WAIT,
                              .kind = TRACE_SPAN_BLOCKED,
                              .begin_ps = node->wait.since_ps,
                              .end_ps = now,
                              .iteration = node->iteration};
    if (now == span.begin_ps)
        return;
    node->blocked_ps += now - span.begin_ps;
    sim->blocked_total_ps += now - span.begin_ps;
    observer_span(&sim->observer, &span);
}

void wait_settle(struct node *node)
{
    struct sim *sim = node->sim;
    while (node->wait.conditions && holds(node)) {
        report_blocked(node);
        node->wait.conditions = 0;
        sim->algorithm->on_ready(node);
    }
    ledger_check(sim);
}

void wait_message_arrived(struct node *node, int64_t round)
{
    if (node->wait.conditions && node->wait.round == round)
        node->wait.arrived++;
}

void node_expect(struct node *node, int64_t round)
{
    if (round > node->expected_round)
        node->expected_round = round;
    mailbox_release_rendezvous(node);
}

void node_await(struct node *node, unsigned conditions, int64_t round, uint32_t messages)
{
    struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, node->wait.conditions == 0, "node %u waits twice", node->rank);
    node->wait = (struct sim_wait){.conditions = conditions,
                                   .messages = messages,
                                   .arrived = mailbox_count(node, round),
                                   .round = round,
                                   .since_ps = engine_now(sim->engine)};
    if (conditions & NODE_RECEIVED)
        node_expect(node, round);
}
