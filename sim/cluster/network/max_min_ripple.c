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
/* A sum of flows fits a capacity within this; the rounding of a sum of equal shares is below. */
#define FITS (1 + 4e-15)
/* Stored slack may have lost this much of a capacity to rounding before it is measured anew. */
#define SLACK_GUARD 1e-12

/* No proof says that rounding cannot make a ripple circle; past this many evaluations, refill. */
#define PATIENCE(links) (8 * (uint64_t)(links) + 1024)

bool max_min_same_level(double a, double b)
{
    /* One infinite: the difference is infinite.  Relative to the smaller, which is finite then. */
    return a == b || fabs(a - b) <= SAME_LEVEL * fmin(a, b);
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

/* Collects the o_f of all flows of a link; returns their sum. */
static double gather(struct max_min *solver, uint32_t l)
{
    const struct max_min_link *link = &solver->link[l];
    double sum = 0;
    for (size_t i = 0; i < link->row_count; i++) {
        struct max_min_entry entry = link->row[i];
        double o = entry.other != MAX_MIN_NONE ? solver->level[entry.other]
                                               : lowest_other(solver, &solver->flow[entry.flow], l);
        solver->gathered[i] = o;
        sum += o;
    }
    return sum;
}

/* The root of sum of min(x, o) = capacity by Newton's method from x.  The sum is concave and
 * piecewise linear: after one step x only grows, and is exact once the set below it repeats. */
static double newton(const double *o, size_t count, double capacity, double x)
{
    size_t below = SIZE_MAX;
    for (size_t pass = 0; pass < count + 2; pass++) {
        size_t now_below = 0;
        double sum = 0;
        for (size_t i = 0; i < count; i++) {
            now_below += o[i] < x;
            sum += o[i] < x ? o[i] : 0;
        }
        if (now_below == count) { /* x began above every o: begin below the root */
            x = capacity / (double)count;
            below = SIZE_MAX;
            continue;
        }
        if (now_below == below)
            break;
        below = now_below;
        x = (capacity - sum) / (double)(count - now_below);
    }
    return x;
}

double max_min_evaluate(struct max_min *solver, uint32_t l)
{
    struct max_min_link *link = &solver->link[l];
    double sum = gather(solver, l);
    solver->evaluations++;
    if (sum <= link->capacity * FITS) {
        link->slack = link->capacity - sum;
        return INFINITY;
    }
    double x =
        isfinite(solver->level[l]) ? solver->level[l] : link->capacity / (double)link->row_count;
    return newton(solver->gathered, link->row_count, link->capacity, x);
}

/* Link m, which shares a flow with a link that went from `old` to `new`. */
static void mark_neighbour(struct max_min *solver, uint32_t m, double old, double new)
{
    if (solver->level[m] <= fmin(old, new))
        return; /* the flow's share on m is m's own level, before and after */
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

static void mark_neighbours(struct max_min *solver, uint32_t l, double old, double new)
{
    const struct max_min_link *link = &solver->link[l];
    for (size_t i = 0; i < link->row_count; i++) {
        struct max_min_entry entry = link->row[i];
        if (entry.other < solver->links) {
            mark_neighbour(solver, entry.other, old, new);
        } else if (entry.other == MAX_MIN_NONE) {
            const struct max_min_flow *f = &solver->flow[entry.flow];
            for (uint32_t hop = 0; hop < f->hops; hop++)
                if (f->path[hop] != l)
                    mark_neighbour(solver, f->path[hop], old, new);
        }
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
