/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The max-min solver: flows come and go here; levels are repaired in max_min_ripple.c and
 * max_min_refill.c, bytes are accounted in max_min_clock.c.
 */
#include "cluster/network/max_min.h"

#include <math.h>
#include <stdlib.h>

#include "cluster/network/max_min_state.h"
#include "core/check.h"
#include "core/memory.h"

/* Above this share of dirty links, and this number, a solve from scratch is cheaper. */
#define COLD_SHARE 8
#define COLD_LINKS 16
/* Evaluations a link between two sorts of the ranks. */
#define RERANK 8

static void create_refill(struct max_min *solver)
{
    solver->heap = memory_array(solver->links, sizeof *solver->heap);
    solver->old_level = memory_array(solver->links, sizeof *solver->old_level);
    solver->left = memory_array(solver->links, sizeof *solver->left);
    solver->unfixed = memory_array(solver->links, sizeof *solver->unfixed);
}

struct max_min *max_min_create(const double *capacities, uint32_t links)
{
    CHECK(links > 0 && links < MAX_MIN_NONE, "%u links", links);
    struct max_min *solver = memory_alloc(sizeof *solver);
    solver->links = links;
    solver->link = memory_array(links, sizeof *solver->link);
    solver->level = memory_array((size_t)links + 1, sizeof *solver->level);
    solver->touched = memory_array(links, sizeof *solver->touched);
    solver->flow_free = MAX_MIN_NONE;
    max_min_ranks_init(&solver->dirty, links);
    max_min_tree_init(&solver->next, links);
    create_refill(solver);
    for (uint32_t i = 0; i <= links; i++)
        solver->level[i] = INFINITY;
    for (uint32_t i = 0; i < links; i++) {
        CHECK(isfinite(capacities[i]) && capacities[i] > 0, "link %u: %g B/s", i, capacities[i]);
        solver->link[i].capacity = solver->link[i].slack = capacities[i];
        solver->link[i].min_key = INFINITY;
    }
    return solver;
}

void max_min_free(struct max_min *solver)
{
    if (solver == NULL)
        return;
    for (uint32_t i = 0; i < solver->links; i++) {
        free(solver->link[i].row);
        free(solver->link[i].owned);
    }
    max_min_ranks_fini(&solver->dirty);
    max_min_tree_fini(&solver->next);
    free(solver->link);
    free(solver->level);
    free(solver->flow);
    free(solver->owner);
    free(solver->fresh);
    free(solver->touched);
    free(solver->ended);
    free(solver->gathered);
    free(solver->heap);
    free(solver->old_level);
    free(solver->left);
    free(solver->unfixed);
    free(solver);
}

/* A free handle; the free list runs through owned_at. */
static uint32_t take_flow(struct max_min *solver)
{
    uint32_t flow = solver->flow_free;
    if (flow != MAX_MIN_NONE) {
        solver->flow_free = solver->flow[flow].owned_at;
        return flow;
    }
    CHECK(solver->flow_used < MAX_MIN_NONE, "too many flows");
    if (solver->flow_used == solver->flow_capacity)
        solver->flow = memory_grow(solver->flow, &solver->flow_capacity, solver->flow_used + 1,
                                   sizeof *solver->flow);
    if (solver->flow_used == solver->owner_capacity)
        solver->owner = memory_grow(solver->owner, &solver->owner_capacity, solver->flow_used + 1,
                                    sizeof *solver->owner);
    return (uint32_t)solver->flow_used++;
}

/* The level slot that stands for the rest of the path as seen from hop `hop`. */
static uint32_t other_of(const struct max_min *solver, const uint32_t *path, uint32_t hops,
                         uint32_t hop)
{
    if (hops == 1)
        return solver->links;
    return hops == 2 ? path[1 - hop] : MAX_MIN_NONE;
}

/* The row, and the scratch that must hold any row, grow here and never shrink. */
static void enter_row(struct max_min *solver, uint32_t flow, uint32_t hop)
{
    struct max_min_flow *f = &solver->flow[flow];
    CHECK(f->path[hop] < solver->links, "no link %u", f->path[hop]);
    struct max_min_link *link = &solver->link[f->path[hop]];
    if (link->row_count == link->row_capacity)
        link->row =
            memory_grow(link->row, &link->row_capacity, link->row_count + 1, sizeof *link->row);
    if (link->row_count + MAX_MIN_LANES > solver->gathered_capacity)
        solver->gathered = memory_grow(solver->gathered, &solver->gathered_capacity,
                                       link->row_count + MAX_MIN_LANES, sizeof *solver->gathered);
    f->at[hop] = (uint32_t)link->row_count;
    link->row[link->row_count++] =
        (struct max_min_entry){flow, other_of(solver, f->path, f->hops, hop)};
    max_min_ranks_mark(&solver->dirty, f->path[hop]);
}

uint32_t max_min_add(struct max_min *solver, const uint32_t *path, uint32_t hops, double bytes,
                     uint32_t tag)
{
    CHECK(hops > 0 && hops <= MAX_MIN_HOPS, "a path of %u links", hops);
    CHECK(bytes > 0 && isfinite(bytes), "a flow of %g bytes", bytes);
    uint32_t flow = take_flow(solver);
    struct max_min_flow *f = &solver->flow[flow];
    *f = (struct max_min_flow){
        .remaining = bytes, .order = solver->order++, .tag = tag, .hops = hops};
    solver->owner[flow] = MAX_MIN_NONE;
    for (uint32_t hop = 0; hop < hops; hop++)
        f->path[hop] = path[hop];
    for (uint32_t hop = 0; hop < hops; hop++)
        enter_row(solver, flow, hop);
    if (solver->fresh_count == solver->fresh_capacity)
        solver->fresh = memory_grow(solver->fresh, &solver->fresh_capacity, solver->fresh_count + 1,
                                    sizeof *solver->fresh);
    solver->fresh[solver->fresh_count++] = flow;
    solver->flow_count++;
    return flow;
}

/* The last flow of the row takes the place of the one that leaves. */
static void leave_row(struct max_min *solver, uint32_t flow, uint32_t hop)
{
    const struct max_min_flow *f = &solver->flow[flow];
    struct max_min_link *link = &solver->link[f->path[hop]];
    uint32_t at = f->at[hop];
    link->row[at] = link->row[--link->row_count];
    max_min_ranks_mark(&solver->dirty, f->path[hop]);
    if (at == link->row_count)
        return;
    struct max_min_flow *moved = &solver->flow[link->row[at].flow];
    uint32_t its = 0;
    while (moved->path[its] != f->path[hop])
        its++;
    moved->at[its] = at;
}

/* In order: fresh flows get their owners in the order they came. */
static void forget_fresh(struct max_min *solver, uint32_t flow)
{
    size_t i = 0;
    while (solver->fresh[i] != flow)
        i++;
    for (solver->fresh_count--; i < solver->fresh_count; i++)
        solver->fresh[i] = solver->fresh[i + 1];
}

void max_min_remove(struct max_min *solver, uint32_t flow)
{
    CHECK(flow < solver->flow_used && solver->flow[flow].hops > 0, "no flow %u", flow);
    struct max_min_flow *f = &solver->flow[flow];
    if (solver->owner[flow] == MAX_MIN_NONE)
        forget_fresh(solver, flow);
    else
        max_min_clock_disown(solver, flow);
    for (uint32_t hop = 0; hop < f->hops; hop++)
        leave_row(solver, flow, hop);
    f->hops = 0;
    f->owned_at = solver->flow_free;
    solver->flow_free = flow;
    solver->flow_count--;
}

/* Until the resolve the clock runs on at the old level; the link is evaluated anew then, and with
 * it whoever feels its new level.  Slack is a lower bound, also of what the link has from now on.
 */
void max_min_set_capacity(struct max_min *solver, uint32_t link, double capacity)
{
    CHECK(link < solver->links && isfinite(capacity) && capacity > 0, "link %u: %g B/s", link,
          capacity);
    struct max_min_link *l = &solver->link[link];
    l->slack += capacity - l->capacity;
    l->capacity = capacity;
    max_min_ranks_mark(&solver->dirty, link);
}

void max_min_resolve(struct max_min *solver, int64_t now_ps)
{
    CHECK(now_ps >= solver->now_ps, "max-min: time goes back");
    solver->now_ps = now_ps; /* clocks that are brought up to date stop here, at the old levels */
    bool cold =
        solver->dirty.marked > COLD_LINKS && solver->dirty.marked > solver->links / COLD_SHARE;
    if (cold || !max_min_ripple(solver))
        max_min_refill(solver);
    if (!cold && solver->evaluations > RERANK * (uint64_t)solver->links) {
        max_min_ranks_sort(&solver->dirty, solver->level);
        solver->evaluations = 0;
    }
    max_min_clock_settle(solver);
}

int64_t max_min_next_ps(const struct max_min *solver)
{
    return max_min_tree_min(&solver->next);
}

size_t max_min_flows(const struct max_min *solver)
{
    return solver->flow_count;
}

double max_min_rate(const struct max_min *solver, uint32_t flow)
{
    const struct max_min_flow *f = &solver->flow[flow];
    double rate = INFINITY;
    for (uint32_t hop = 0; hop < f->hops; hop++)
        rate = fmin(rate, solver->level[f->path[hop]]);
    return rate;
}

double max_min_level(const struct max_min *solver, uint32_t link)
{
    return solver->level[link];
}

static double remaining_at(const struct max_min *solver, uint32_t flow, int64_t now_ps)
{
    const struct max_min_flow *f = &solver->flow[flow];
    uint32_t owner = solver->owner[flow];
    if (owner == MAX_MIN_NONE)
        return f->remaining;
    const struct max_min_link *link = &solver->link[owner];
    double passed = (double)(now_ps - link->clock_ps) / 1e12;
    return link->owned[f->owned_at].key - (link->clock + solver->level[owner] * passed);
}

double max_min_remaining(const struct max_min *solver, uint32_t flow)
{
    return remaining_at(solver, flow, solver->now_ps);
}

double max_min_remaining_at(const struct max_min *solver, uint32_t flow, int64_t now_ps)
{
    uint32_t owner = solver->owner[flow];
    if (owner != MAX_MIN_NONE) {
        double key = solver->link[owner].owned[solver->flow[flow].owned_at].key;
        if (max_min_clock_due_ps(solver, owner, key) <= now_ps)
            return 0;
    }
    return remaining_at(solver, flow, now_ps);
}
