/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All levels from scratch, by progressive filling (Bertsekas and Gallager, Data Networks, 6.5.2):
 * the link whose remaining capacity gives the least share to its flows without a rate fixes them,
 * then the next.  A heap of shares that only grow is kept lazily: a share popped too low goes back.
 * The heap decides the order alone; a level itself is evaluated from the link's equation with the
 * levels found so far, so that subtractions don't add up.
 *
 * Used for a burst that touches a good part of the links, and when a ripple runs out of patience.
 */
#include <math.h>

#include "cluster/network/max_min_state.h"

static bool before(struct max_min_share a, struct max_min_share b)
{
    return a.share < b.share || (a.share == b.share && a.link < b.link);
}

static void sift_down(struct max_min_share *heap, uint32_t count, uint32_t at)
{
    struct max_min_share item = heap[at];
    for (uint64_t child; (child = 2 * (uint64_t)at + 1) < count; at = (uint32_t)child) {
        if (child + 1 < count && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], item))
            break;
        heap[at] = heap[child];
    }
    heap[at] = item;
}

/* Saves and clears the levels; returns the number of links with flows, which form the heap. */
static uint32_t begin(struct max_min *solver)
{
    uint32_t count = 0;
    for (uint32_t l = 0; l < solver->links; l++) {
        struct max_min_link *link = &solver->link[l];
        solver->old_level[l] = solver->level[l];
        if (link->row_count > 0 || isfinite(solver->level[l]))
            max_min_clock_sync(solver, l);
        solver->level[l] = INFINITY;
        link->slack = link->capacity;
        if (link->row_count == 0)
            continue;
        solver->left[l] = link->capacity;
        solver->unfixed[l] = (uint32_t)link->row_count;
        solver->heap[count++] = (struct max_min_share){link->capacity / (double)link->row_count, l};
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(solver->heap, count, i);
    return count;
}

/* The flows of link l that have no rate yet get its level. */
static void fix_flows(struct max_min *solver, uint32_t l)
{
    const struct max_min_link *link = &solver->link[l];
    for (size_t i = 0; i < link->row_count; i++) {
        struct max_min_flow *f = &solver->flow[link->row[i].flow];
        if (f->fixed == solver->refills)
            continue;
        f->fixed = solver->refills;
        for (uint32_t hop = 0; hop < f->hops; hop++) {
            solver->left[f->path[hop]] -= solver->level[l];
            solver->unfixed[f->path[hop]]--;
        }
    }
}

static double share_of(const struct max_min *solver, uint32_t l)
{
    double left = fmax(solver->left[l], 0);
    return solver->unfixed[l] > 0 ? left / solver->unfixed[l] : INFINITY;
}

static void fill(struct max_min *solver, uint32_t count)
{
    struct max_min_share *heap = solver->heap;
    while (count > 0) {
        uint32_t l = heap[0].link;
        double share = share_of(solver, l);
        if (share > heap[0].share && isfinite(share)) {
            heap[0].share = share;
            sift_down(heap, count, 0);
            continue;
        }
        solver->level[l] = max_min_evaluate(solver, l);
        fix_flows(solver, l);
        heap[0] = heap[--count];
        if (count > 0)
            sift_down(heap, count, 0);
    }
}

void max_min_refill(struct max_min *solver)
{
    uint32_t l;
    solver->refills++;
    while (max_min_ranks_pop(&solver->dirty, &l))
        continue;
    fill(solver, begin(solver));
    for (l = 0; l < solver->links; l++) {
        /* Rounding alone is no change: owners and clocks stay. */
        if (max_min_same_level(solver->level[l], solver->old_level[l]))
            solver->level[l] = solver->old_level[l];
        else
            max_min_touch(solver, l, MAX_MIN_TOUCH_LEVEL | MAX_MIN_TOUCH_NEXT);
    }
}
