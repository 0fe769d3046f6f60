/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Execution of what a plan has recorded, and immediate access to its vectors.
 */
#include <math.h>
#include <stdlib.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/plan_internal.h"

static struct backend_batch plan_flush_batch(struct plan *plan)
{
    return (struct backend_batch){
        .operations = plan->operations,
        .operation_count = (uint32_t)plan->operation_count,
        .operands = plan->operands,
        .successors = plan->successors,
        .coefficients = plan->coefficients,
        .samples = plan->samples,
        .params = plan->params,
        .storages = plan->storages,
        .zeroed = plan->zeroed,
        .zeroed_count = (uint32_t)plan->zeroed_count,
    };
}

/* Arrays keep their capacity: a steady state allocates nothing. */
static void plan_flush_forget(struct plan *plan)
{
    plan->epoch++;
    plan->operation_count = plan->operand_count = plan->coefficient_count = 0;
    plan->sample_count = plan->reader_count = plan->edge_count = 0;
    plan->param_count = 0;
    plan->temporary_bytes = 0;
    plan_storage_bury(plan);
}

enum status plan_flush(struct plan *plan, struct error *error)
{
    enum status status = plan_budget_check(plan, error);
    if (status != STATUS_OK || !plan_executes(plan))
        return status;
    if (plan->operation_count > 0) {
        plan_hazard_link(plan);
        plan_liveness_mark(plan);
        plan_liveness_count(plan);
        struct backend_batch batch = plan_flush_batch(plan);
        status = plan->ops->execute(plan->backend, &batch, error);
        plan->totals.flushes++;
    }
    plan_flush_forget(plan);
    return status;
}

static void plan_flush_span(struct plan *plan, struct plan_span *span)
{
    uint32_t storage = plan_vector_at(plan, span->vector)->storage;
    size_t total = plan->storages[storage].count;
    CHECK(span->first < total && span->count <= total - span->first,
          "span %zu+%zu lies outside of a vector of %zu", span->first, span->count, total);
    if (span->count == 0)
        span->count = total - span->first;
}

enum status plan_read(struct plan *plan, struct plan_span span, double *values, struct error *error)
{
    if (!plan_executes(plan)) {
        for (size_t i = 0; i < span.count; i++)
            values[i] = NAN;
        return STATUS_OK;
    }
    plan_flush_span(plan, &span);
    uint32_t storage = plan_vector_at(plan, span.vector)->storage;
    if (plan->tracks[storage].written == plan->epoch) {
        enum status status = plan_flush(plan, error);
        if (status != STATUS_OK)
            return status;
    }
    return plan->ops->read(plan->backend, &plan->storages[storage], span.first, span.count, values,
                           error);
}

/* The vector gets a storage of its own with the same values, at once. */
static enum status plan_flush_unshare(struct plan *plan, struct plan_vector *vector,
                                      struct error *error)
{
    uint32_t old = vector->storage;
    size_t count = plan->storages[old].count;
    double *values = memory_try_aligned(count * sizeof *values);
    if (!values)
        return status_fail(error, STATUS_NO_MEMORY, "no memory for a copy of %zu bytes",
                           count * sizeof *values);
    enum status status =
        plan->ops->read(plan->backend, &plan->storages[old], 0, count, values, error);
    if (status == STATUS_OK) {
        plan_storage_renew(plan, vector);
        status = plan->ops->write(plan->backend, &plan->storages[vector->storage], 0, count, values,
                                  error);
    }
    free(values);
    return status;
}

enum status plan_write(struct plan *plan, struct plan_span span, const double *values,
                       struct error *error)
{
    if (!plan_executes(plan))
        return STATUS_OK;
    plan_flush_span(plan, &span);
    struct plan_vector *vector = plan_vector_at(plan, span.vector);
    enum status status = STATUS_OK;
    if (plan->tracks[vector->storage].touched == plan->epoch)
        status = plan_flush(plan, error);
    if (status == STATUS_OK && plan->tracks[vector->storage].handles > 1)
        status = plan_flush_unshare(plan, vector, error);
    if (status != STATUS_OK)
        return status;
    return plan->ops->write(plan->backend, &plan->storages[vector->storage], span.first, span.count,
                            values, error);
}
