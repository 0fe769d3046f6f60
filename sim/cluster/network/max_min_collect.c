/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taking out the flows that have ended, in the order they were added: a caller's events must not
 * depend on which link happened to own a flow.
 */
#include <stdlib.h>

#include "cluster/network/max_min_state.h"
#include "core/check.h"
#include "core/memory.h"

static void append(struct max_min *solver, uint32_t flow)
{
    if (solver->ended_count == solver->ended_capacity)
        solver->ended = memory_grow(solver->ended, &solver->ended_capacity, solver->ended_count + 1,
                                    sizeof *solver->ended);
    solver->ended[solver->ended_count++] =
        (struct max_min_ended){solver->flow[flow].order, flow, solver->flow[flow].tag};
}

/* The ended flows of one owner; its next completion is computed by the coming resolve. */
static void gather_owner(struct max_min *solver, uint32_t l)
{
    const struct max_min_link *link = &solver->link[l];
    for (size_t i = 0; i < link->owned_count; i++)
        if (max_min_clock_due_ps(solver, l, link->owned[i].key) <= solver->now_ps)
            append(solver, link->owned[i].flow);
    max_min_tree_set(&solver->next, l, INT64_MAX);
    max_min_touch(solver, l, MAX_MIN_TOUCH_KEYS | MAX_MIN_TOUCH_NEXT);
}

static int compare_ended(const void *a, const void *b)
{
    const struct max_min_ended *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_ended(struct max_min *solver)
{
    for (size_t i = 1; i < solver->ended_count; i++)
        if (solver->ended[i - 1].order > solver->ended[i].order) {
            qsort(solver->ended, solver->ended_count, sizeof *solver->ended, compare_ended);
            return;
        }
}

size_t max_min_collect(struct max_min *solver, int64_t now_ps, const struct max_min_ended **ended)
{
    CHECK(now_ps >= solver->now_ps, "max-min: time goes back");
    solver->now_ps = now_ps;
    solver->ended_count = 0;
    while (max_min_tree_min(&solver->next) <= now_ps)
        gather_owner(solver, max_min_tree_first(&solver->next));
    sort_ended(solver);
    for (size_t i = 0; i < solver->ended_count; i++)
        max_min_remove(solver, solver->ended[i].flow);
    *ended = solver->ended;
    return solver->ended_count;
}
