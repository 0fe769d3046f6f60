/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers and random draws of node programs. */
#include "run/sim.h"

#include "core/simtime.h"

void timer_event(void *context, const struct event *event)
{
    struct sim *sim = context;
    struct node *node = &sim->node[event->target];
    if (sim_faults_defer(node, event, EVENT_CLASS_TIMER))
        return;
    sim->algorithm->on_timer(node, event->arg);
    wait_settle(node);
}

void node_after(struct node *node, int64_t delay_ps, uint64_t tag)
{
    struct sim *sim = node->sim;
    engine_at(sim->engine, simtime_add(engine_now(sim->engine), delay_ps), EVENT_CLASS_TIMER,
              sim->timer_event, node->rank, tag);
}

void node_at_last(struct node *node, uint64_t tag)
{
    struct sim *sim = node->sim;
    engine_at(sim->engine, engine_now(sim->engine), EVENT_CLASS_LAST, sim->timer_event, node->rank,
              tag);
}

int64_t node_now_ps(const struct node *node)
{
    return engine_now(node->sim->engine);
}

/* Own draws count nodes from 1; the common stream is that of nobody. */
gsl_rng *node_random(const struct node *node, struct rng *rng, uint32_t role, int64_t step)
{
    return rng_open(rng, node->sim->seed_program, RNG_PROGRAM, role, (uint64_t)node->rank + 1,
                    (uint64_t)step);
}

gsl_rng *node_common_random(const struct node *node, struct rng *rng, uint32_t role, int64_t step)
{
    return rng_open(rng, node->sim->seed_program, RNG_PROGRAM, role, 0, (uint64_t)step);
}
