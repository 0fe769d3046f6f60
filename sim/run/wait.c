/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Declared waits: a program says what it waits for, the engine says when. */
#include "run/sim.h"

static bool holds(const struct node *node)
{
    const struct sim_wait *wait = &node->wait;
    if (wait->conditions & NODE_UNBLOCKED)
        return false;
    if ((wait->conditions & NODE_TOTAL) && node->received < wait->total)
        return false;
    if ((wait->conditions & NODE_RECEIVED) && wait->arrived < wait->messages)
        return false;
    return !(wait->conditions & NODE_SENT) || node->unsent == 0;
}

static void report_blocked(struct node *node, int64_t now)
{
    struct sim *sim = node->sim;
    struct trace_span span = {.node = node->rank,
                              .lane = TRACE_LANE_WAIT,
                              .kind = TRACE_SPAN_BLOCKED,
                              .begin_ps = node->wait.since_ps,
                              .end_ps = now,
                              .iteration = node->iteration};
    if (now == span.begin_ps)
        return;
    node->blocked_ps += now - span.begin_ps;
    observer_span(&sim->observer, &span);
}

/* A wait that on_ready declares may hold at once, and so may the next: each is an event of its own,
 * so that a program for which no time passes can still be interrupted. */
void wait_settle(struct node *node)
{
    struct sim *sim = node->sim;
    if (node->wait.conditions && !node->down && holds(node)) {
        report_blocked(node, engine_now(sim->engine));
        node->wait.conditions = 0;
        sim->algorithm->on_ready(node);
        if (node->wait.conditions && holds(node))
            engine_at(sim->engine, engine_now(sim->engine), EVENT_CLASS_TIMER, sim->ready_event,
                      node->rank, 0);
    }
    ledger_check(sim);
}

void wait_close(struct sim *sim, int64_t end_ps)
{
    for (uint32_t rank = 0; rank < sim->instances; rank++)
        if (sim->node[rank].wait.conditions) {
            if (!sim->node[rank].down)
                report_blocked(&sim->node[rank], end_ps);
            sim->node[rank].wait.conditions = 0;
        }
}

/* A node that is down does not count as blocked. */
void wait_pause(struct node *node)
{
    if (node->wait.conditions)
        report_blocked(node, engine_now(node->sim->engine));
}

void wait_resume(struct node *node)
{
    node->wait.since_ps = engine_now(node->sim->engine);
    wait_settle(node);
}

void wait_ready_event(void *context, const struct event *event)
{
    struct sim *sim = context;
    wait_settle(&sim->node[event->target]);
}

void wait_message_arrived(struct node *node, int64_t round)
{
    node->received++;
    if (node->wait.conditions && node->wait.round == round)
        node->wait.arrived++;
}

void node_expect(struct node *node, int64_t round)
{
    if (round <= node->expected_round)
        return;
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

void node_await_total(struct node *node, int64_t messages)
{
    struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, node->wait.conditions == 0, "node %u waits twice", node->rank);
    node->wait = (struct sim_wait){.conditions = NODE_TOTAL,
                                   .round = -1,
                                   .total = messages,
                                   .since_ps = engine_now(sim->engine)};
    node_expect(node, INT64_MAX);
}

void node_block(struct node *node, const char *what)
{
    struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, node->wait.conditions == 0, "node %u waits twice", node->rank);
    node->wait = (struct sim_wait){.conditions = NODE_UNBLOCKED,
                                   .round = -1,
                                   .since_ps = engine_now(sim->engine),
                                   .what = what};
}

void node_unblock(struct node *node)
{
    if (!node_blocked(node))
        return;
    report_blocked(node, engine_now(node->sim->engine));
    node->wait.conditions = 0;
}

bool node_blocked(const struct node *node)
{
    return (node->wait.conditions & NODE_UNBLOCKED) != 0;
}
