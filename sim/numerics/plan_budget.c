/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The memory budget of a plan.
 *
 * What counts is the bytes of temporary storages created since the last flush: vectors that are
 * not resident, and the storages that copy-on-write and renaming put beside one that is still
 * named.  A temporary that dies before the flush stays counted once an operation names it, because
 * a backend is free in its order and may have all of them alive at once.  The figure is thus an
 * upper bound of what a flush needs, exact for a backend that runs level by level; running depth
 * first needs less.  It depends on nothing but the recorded operations.
 *
 * Bookkeeping is bounded as well: a flush is due after PLAN_BUDGET_OPERATIONS of them.  Flush
 * points never change results, so this number may be changed freely.
 */
#include "numerics/plan_internal.h"

#define PLAN_BUDGET_OPERATIONS 16384

int64_t plan_budget_bytes(const struct plan *plan, uint32_t storage)
{
    return (int64_t)(plan->storages[storage].count * plan->real_bytes);
}

void plan_budget_add(struct plan *plan, uint32_t storage)
{
    plan->tracks[storage].budgeted = plan->epoch;
    plan->temporary_bytes += plan_budget_bytes(plan, storage);
    if (plan->temporary_bytes > plan->totals.peak_temporary_bytes)
        plan->totals.peak_temporary_bytes = plan->temporary_bytes;
}

bool plan_budget_allows(const struct plan *plan, uint32_t storage)
{
    return plan->temporary_bytes + plan_budget_bytes(plan, storage) <= plan->budget_bytes;
}

/* An operation needs all its operands at once, however often one flushes: temporaries among them
 * that exceed the budget can't be helped. */
void plan_budget_weigh(struct plan *plan, const struct backend_operation *operation)
{
    uint64_t stamp = ++plan->totals.recorded;
    int64_t bytes = 0;
    const struct backend_operand *operand = plan->operands + operation->input_first;
    for (uint32_t i = 0; i < operation->input_count + operation->output_count; i++) {
        struct plan_track *track = &plan->tracks[operand[i].storage];
        if (track->resident_handles == 0 && track->weighed != stamp)
            bytes += plan_budget_bytes(plan, operand[i].storage);
        track->weighed = stamp;
    }
    if (bytes > plan->budget_bytes && plan->oversize_bytes == 0)
        plan->oversize_bytes = bytes;
}

bool plan_must_flush(const struct plan *plan)
{
    return plan->operation_count > 0 && (plan->temporary_bytes >= plan->budget_bytes ||
                                         plan->operation_count >= PLAN_BUDGET_OPERATIONS);
}

enum status plan_budget_check(const struct plan *plan, struct error *error)
{
    if (plan->oversize_bytes == 0)
        return STATUS_OK;
    return status_fail(error, STATUS_REQUEST,
                       "one operation needs %lld bytes of temporary vectors at once, the plan's "
                       "memory budget is %lld bytes",
                       (long long)plan->oversize_bytes, (long long)plan->budget_bytes);
}
