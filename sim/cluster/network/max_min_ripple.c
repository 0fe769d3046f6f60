/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Local repair of the levels after flows came or went.
 *
 * A link is always evaluated from scratch out of its neighbours' current levels, never by
 * differences, so nothing drifts.  Dirty links are taken lowest first: what happens above a level
 * cannot be felt below it, hence low levels settle first and a change stops where it no longer
 * matters.  The typical change of one flow alters 2 to 14 levels, whatever the number of hosts.
 */
#include <math.h>

#include "cluster/network/max_min_state.h"

/* Levels nearer than this are the same: it stops echoes of rounding. */
#define SAME_LEVEL 2e-15
/* A sum of flows fits a capacity within this.  Where rounding makes more of it the link gets a
 * finite level beside those of its flows, which gives the same rates. */
#define FITS (1 + 4e-15)
/* Stored slack below this share of a capacity is not trusted but measured anew. */
#define SLACK_GUARD 1e-12

/* Past this many evaluations a refill is cheaper; and no proof says that rounding cannot make a
 * ripple circle. */
#define PATIENCE(links) (8 * (uint64_t)(links) + 1024)

bool max_min_same_level(double a, double b)
{
    /* One infinite: the difference is infinite.  Relative to the smaller, which is finite then. */
    return a == b || fabs(a - b) <= SAME_LEVEL * (a < b ? a : b);
}

/* o_f of a longer path: the lowest level of the flow's links other than `link`. */
static double lowest_other(const struct max_min *solver, const struct max_min_flow *flow,
                           uint32_t link)
{
    double lowest = INFINITY;
    for (uint32_t hop = 0; hop < flow->hops; hop++)
        if (flow->path[hop] != link && solver->level[flow->path[hop]] < lowest)
            lowest = solver->level[flow->path[hop]];
    return lowest;
}

/* Collects the o_f of all flows of a link, filled up with infinity to whole groups of LANES. */
static void gather(struct max_min *solver, uint32_t l)
{
    const struct max_min_link *link = &solver->link[l];
    size_t count = link->row_count;
    for (size_t i = 0; i < count; i++) {
        struct max_min_entry entry = link->row[i];
        solver->gathered[i] = entry.other != MAX_MIN_NONE
                                  ? solver->level[entry.other]
                                  : lowest_other(solver, &solver->flow[entry.flow], l);
    }
    for (; count % MAX_MIN_LANES != 0; count++)
        solver->gathered[count] = INFINITY;
}

/* Four sums side by side, whatever the machine's vectors are: one order of summation everywhere. */
typedef double lanes __attribute__((vector_size(8 * MAX_MIN_LANES), aligned(8), may_alias));
typedef int64_t masks __attribute__((vector_size(8 * MAX_MIN_LANES), aligned(8), may_alias));

struct below {
    size_t count;
    double sum;
};

/* How many o are strictly below x, and their sum. */
static struct below measure(const double *o, size_t count, double x)
{
    lanes sum = {0};
    masks below = {0};
    for (size_t i = 0; i < count; i += MAX_MIN_LANES) {
        lanes value = *(const lanes *)(o + i);
        masks mask = value < x;
        below -= mask;
        sum += (lanes)((masks)value & mask);
    }
    return (struct below){(size_t)(below[0] + below[1] + below[2] + below[3]),
                          (sum[0] + sum[1]) + (sum[2] + sum[3])};
}

/* The level of a link out of the gathered o: Newton's method from its old level.  The left side of
 * the equation is concave and piecewise linear: after one step x only grows, and is exact once the
 * set below it repeats. */
double max_min_evaluate(struct max_min *solver, uint32_t l)
{
    struct max_min_link *link = &solver->link[l];
    size_t count = link->row_count, before = SIZE_MAX;
    double x = isfinite(solver->level[l]) ? solver->level[l] : link->capacity / (double)count;
    gather(solver, l);
    solver->evaluations++;
    for (size_t pass = 0; pass < count + 3; pass++) {
        struct below below = measure(solver->gathered, count, x);
        if (below.count == count) {
            if (below.sum <= link->capacity * FITS) {
                link->slack = link->capacity - below.sum;
                return INFINITY;
            }
            x = link->capacity / (double)count; /* the old level was above the root: begin below */
            before = SIZE_MAX;
            continue;
        }
        if (below.count == before)
            break;
        before = below.count;
        x = (link->capacity - below.sum) / (double)(count - below.count);
    }
    return x;
}

/* A link above `low` of an l that went from `old` to `new`: can it feel that? */
static void mark_neighbour(struct max_min *solver, uint32_t m, double old, double new)
{
    if (isinf(solver->level[m]) && isfinite(old)) {
        struct max_min_link *link = &solver->link[m];
        if (new < old)
            return;
        link->slack -= new - old;
        if (link->slack > SLACK_GUARD * link->capacity)
            return;
    }
    max_min_ranks_mark(&solver->dirty, m);
}

/* What is at or below both levels of l cannot feel the change: there the shared flows' rate is the
 * neighbour's own level, before and after. */
static void mark_neighbours(struct max_min *solver, uint32_t l, double old, double new)
{
    const struct max_min_link *link = &solver->link[l];
    double low = old < new ? old : new;
    for (size_t i = 0; i < link->row_count; i++) {
        struct max_min_entry entry = link->row[i];
        if (entry.other != MAX_MIN_NONE) {
            if (solver->level[entry.other] > low && entry.other < solver->links)
                mark_neighbour(solver, entry.other, old, new);
            continue;
        }
        const struct max_min_flow *f = &solver->flow[entry.flow];
        for (uint32_t hop = 0; hop < f->hops; hop++)
            if (f->path[hop] != l && solver->level[f->path[hop]] > low)
                mark_neighbour(solver, f->path[hop], old, new);
    }
}

bool max_min_ripple(struct max_min *solver)
{
    uint64_t left = PATIENCE(solver->links);
    uint32_t l;
    while (max_min_ranks_pop(&solver->dirty, &l)) {
        if (left-- == 0)
            return false;
        double old = solver->level[l], new = max_min_evaluate(solver, l);
        if (max_min_same_level(old, new))
            continue;
        max_min_clock_sync(solver, l);
        solver->level[l] = new;
        max_min_touch(solver, l, MAX_MIN_TOUCH_LEVEL | MAX_MIN_TOUCH_NEXT);
        mark_neighbours(solver, l, old, new);
    }
    return true;
}
