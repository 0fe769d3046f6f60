/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Virtual clocks: who ends when (see max_min_state.h).
 *
 * On a tie of levels a flow stays with its owner; otherwise lockstep traffic, where ties are the
 * rule, would move flows at every event.  A clock restarts at 0 whenever its link owns nothing, and
 * in a link that never runs dry it is pulled back before its digits grow thin.
 */
#include <float.h>
#include <math.h>

#include "cluster/network/max_min_state.h"
#include "core/memory.h"
#include "core/simtime.h"

/* Bytes; above, one unit in the last place is a microbyte. */
#define CLOCK_REBASE 0x1p32
/* Forgiven roundings of a key, in units of its last place. */
#define KEY_ULPS 4

void max_min_touch(struct max_min *solver, uint32_t l, unsigned what)
{
    struct max_min_link *link = &solver->link[l];
    if (link->touched == 0)
        solver->touched[solver->touched_count++] = l;
    link->touched |= what;
}

/* Keys count from the clock's zero: both move together. */
static void rebase(struct max_min_link *link)
{
    for (size_t i = 0; i < link->owned_count; i++)
        link->owned[i].key -= link->clock;
    link->min_key -= link->clock;
    link->clock = 0;
}

void max_min_clock_sync(struct max_min *solver, uint32_t l)
{
    struct max_min_link *link = &solver->link[l];
    if (link->owned_count == 0) {
        link->clock = 0; /* and the level may be infinite */
        link->min_key = INFINITY;
    } else if (link->clock_ps != solver->now_ps) {
        double passed_ps = (double)(solver->now_ps - link->clock_ps);
        link->clock += solver->level[l] * passed_ps / (double)SIMTIME_PS_PER_S;
        if (link->clock > CLOCK_REBASE)
            rebase(link);
        max_min_touch(solver, l, MAX_MIN_TOUCH_NEXT); /* by rounding, at least */
    }
    link->clock_ps = solver->now_ps;
}

int64_t max_min_clock_due_ps(const struct max_min *solver, uint32_t l, double key)
{
    const struct max_min_link *link = &solver->link[l];
    double left = key - link->clock;
    if (link->clock > 0) /* a fresh clock has rounded nothing yet */
        left -= KEY_ULPS * DBL_EPSILON * key;
    double seconds = left > 0 ? left / solver->level[l] : 0;
    return simtime_add(link->clock_ps, simtime_from_s(seconds));
}

/* Gives a flow that has `remaining` bytes to link l. */
static void own(struct max_min *solver, uint32_t flow, uint32_t l, double remaining)
{
    struct max_min_link *link = &solver->link[l];
    struct max_min_flow *f = &solver->flow[flow];
    max_min_clock_sync(solver, l);
    if (link->owned_count == link->owned_capacity)
        link->owned = memory_grow(link->owned, &link->owned_capacity, link->owned_count + 1,
                                  sizeof *link->owned);
    solver->owner[flow] = l;
    f->owned_at = (uint32_t)link->owned_count;
    double key = link->clock + remaining;
    link->owned[link->owned_count++] = (struct max_min_owned){key, flow};
    if (key < link->min_key)
        link->min_key = key;
    max_min_touch(solver, l, MAX_MIN_TOUCH_NEXT);
}

void max_min_clock_disown(struct max_min *solver, uint32_t flow)
{
    uint32_t owner = solver->owner[flow], at = solver->flow[flow].owned_at;
    struct max_min_link *link = &solver->link[owner];
    if (link->owned[at].key <= link->min_key) /* another's departure changes no minimum */
        max_min_touch(solver, owner, MAX_MIN_TOUCH_KEYS | MAX_MIN_TOUCH_NEXT);
    link->owned[at] = link->owned[--link->owned_count];
    if (at < link->owned_count)
        solver->flow[link->owned[at].flow].owned_at = at;
    solver->owner[flow] = MAX_MIN_NONE;
}

static uint32_t lowest_link(const struct max_min *solver, const struct max_min_flow *f)
{
    uint32_t lowest = f->path[0];
    for (uint32_t hop = 1; hop < f->hops; hop++)
        if (solver->level[f->path[hop]] < solver->level[lowest])
            lowest = f->path[hop];
    return lowest;
}

/* What remains is read off the old owner's clock and put on the new one's. */
static void change_owner(struct max_min *solver, uint32_t flow, uint32_t to)
{
    uint32_t from = solver->owner[flow];
    max_min_clock_sync(solver, from);
    const struct max_min_link *link = &solver->link[from];
    double remaining = link->owned[solver->flow[flow].owned_at].key - link->clock;
    max_min_clock_disown(solver, flow);
    own(solver, flow, to, remaining > 0 ? remaining : 0);
}

/* The flows of a link whose level changed; those that just came get their owner later. */
static void review_owners(struct max_min *solver, uint32_t l)
{
    const struct max_min_link *link = &solver->link[l];
    for (size_t i = 0; i < link->row_count; i++) {
        struct max_min_entry entry = link->row[i];
        uint32_t owner = solver->owner[entry.flow], lowest = l;
        if (owner == MAX_MIN_NONE)
            continue;
        if (entry.other == MAX_MIN_NONE)
            lowest = lowest_link(solver, &solver->flow[entry.flow]);
        else if (solver->level[entry.other] < solver->level[l])
            lowest = entry.other;
        if (solver->level[lowest] < solver->level[owner])
            change_owner(solver, entry.flow, lowest);
    }
}

/* When the first flow that l owns ends; the smallest key is looked for only if it may have gone. */
static void renew_next(struct max_min *solver, uint32_t l)
{
    struct max_min_link *link = &solver->link[l];
    if (link->touched & MAX_MIN_TOUCH_KEYS) {
        double min = INFINITY;
        for (size_t i = 0; i < link->owned_count; i++)
            min = link->owned[i].key < min ? link->owned[i].key : min;
        link->min_key = min;
    }
    int64_t next_ps =
        link->owned_count > 0 ? max_min_clock_due_ps(solver, l, link->min_key) : INT64_MAX;
    if (next_ps != max_min_tree_get(&solver->next, l))
        max_min_tree_set(&solver->next, l, next_ps);
    link->touched = 0;
}

/* Owners move only now, when all levels are final: during a ripple a flow's lowest link may change
 * back and forth. */
void max_min_clock_settle(struct max_min *solver)
{
    for (uint32_t t = 0, count = solver->touched_count; t < count; t++) {
        if (solver->link[solver->touched[t]].touched & MAX_MIN_TOUCH_LEVEL)
            review_owners(solver, solver->touched[t]);
    }
    for (size_t i = 0; i < solver->fresh_count; i++) {
        const struct max_min_flow *f = &solver->flow[solver->fresh[i]];
        own(solver, solver->fresh[i], lowest_link(solver, f), f->remaining);
    }
    solver->fresh_count = 0;
    for (uint32_t t = 0; t < solver->touched_count; t++)
        renew_next(solver, solver->touched[t]);
    solver->touched_count = 0;
}
