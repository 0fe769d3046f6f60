/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The invariants of the max-min solver, checked from outside its own arithmetic.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "cluster/network/max_min_state.h"

/* Of capacities; sums of some hundred rates round to a few 1e-15 of them. */
#define TOLERANCE 1e-11

struct report {
    const struct max_min *solver;
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool broken(const struct report *report,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->text, report->size, format, arguments);
    va_end(arguments);
    return false;
}

/* o_f, written down again: the solver's own is under test. */
static double lowest_except(const struct max_min *solver, const struct max_min_flow *f,
                            uint32_t link)
{
    double lowest = INFINITY;
    for (uint32_t hop = 0; hop < f->hops; hop++)
        if (f->path[hop] != link)
            lowest = fmin(lowest, solver->level[f->path[hop]]);
    return lowest;
}

/* The level satisfies its equation; stored slack is no more than there is. */
static bool check_level(const struct report *report, uint32_t l)
{
    const struct max_min *solver = report->solver;
    const struct max_min_link *link = &solver->link[l];
    double level = solver->level[l], sum = 0;
    for (size_t i = 0; i < link->row_count; i++)
        sum += fmin(level, lowest_except(solver, &solver->flow[link->row[i].flow], l));
    if (isinf(level)) {
        if (!(sum <= link->capacity * (1 + TOLERANCE)))
            return broken(report, "link %u: carries %.17g of %.17g B/s", l, sum, link->capacity);
        if (link->slack > link->capacity - sum + TOLERANCE * link->capacity)
            return broken(report, "link %u: slack %.17g, stored %.17g", l, link->capacity - sum,
                          link->slack);
        return true;
    }
    if (!(fabs(sum - link->capacity) <= TOLERANCE * link->capacity))
        return broken(report, "link %u: level %.17g gives %.17g of %.17g B/s", l, level, sum,
                      link->capacity);
    return true;
}

/* Rows and flows point at each other. */
static bool check_row(const struct report *report, uint32_t l)
{
    const struct max_min *solver = report->solver;
    const struct max_min_link *link = &solver->link[l];
    for (size_t i = 0; i < link->row_count; i++) {
        const struct max_min_flow *f = &solver->flow[link->row[i].flow];
        uint32_t hop = 0;
        while (hop < f->hops && f->path[hop] != l)
            hop++;
        if (hop == f->hops || f->at[hop] != i)
            return broken(report, "link %u: row %zu is not its flow's", l, i);
    }
    return true;
}

/* Clocks are current enough that nothing owned is overdue; caches hold what they should. */
static bool check_clock(const struct report *report, uint32_t l)
{
    const struct max_min *solver = report->solver;
    const struct max_min_link *link = &solver->link[l];
    double min = INFINITY;
    if (isinf(solver->level[l]) && link->owned_count > 0)
        return broken(report, "link %u: owns flows at an infinite level", l);
    for (size_t i = 0; i < link->owned_count; i++) {
        const struct max_min_flow *f = &solver->flow[link->owned[i].flow];
        if (solver->owner[link->owned[i].flow] != l || f->owned_at != i)
            return broken(report, "link %u: owned flow %zu disagrees", l, i);
        min = fmin(min, link->owned[i].key);
    }
    int64_t next_ps = link->owned_count > 0 ? max_min_clock_due_ps(solver, l, min) : INT64_MAX;
    if (link->owned_count > 0 && min != link->min_key)
        return broken(report, "link %u: smallest key %.17g, stored %.17g", l, min, link->min_key);
    if (next_ps != max_min_tree_get(&solver->next, l))
        return broken(report, "link %u: next completion is stale", l);
    return true;
}

/* Every flow has one owner, of lowest level on its path. */
static bool check_flow(const struct report *report, uint32_t flow)
{
    const struct max_min *solver = report->solver;
    uint32_t owner = solver->owner[flow];
    if (owner == MAX_MIN_NONE)
        return broken(report, "flow %u: no owner", flow);
    double rate = max_min_rate(solver, flow);
    if (!(solver->level[owner] <= rate))
        return broken(report, "flow %u: its owner's level %.17g is not the lowest, %.17g", flow,
                      solver->level[owner], rate);
    return true;
}

bool max_min_verify(const struct max_min *solver, char *text, size_t size)
{
    struct report report = {solver, text, size};
    size_t flows = 0;
    if (solver->dirty.marked > 0 || solver->fresh_count > 0 || solver->touched_count > 0)
        return broken(&report, "not resolved");
    for (uint32_t l = 0; l < solver->links; l++)
        if (!check_level(&report, l) || !check_row(&report, l) || !check_clock(&report, l))
            return false;
    for (size_t f = 0; f < solver->flow_used; f++) {
        if (solver->flow[f].hops == 0)
            continue;
        flows++;
        if (!check_flow(&report, (uint32_t)f))
            return false;
    }
    if (flows != solver->flow_count)
        return broken(&report, "%zu flows, %zu counted", flows, solver->flow_count);
    return true;
}
