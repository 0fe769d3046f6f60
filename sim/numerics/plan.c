/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan: its life and its handles.  Recording stands in plan_record.c, execution in
 * plan_flush.c.
 */
#include "numerics/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/plan_internal.h"

enum status plan_create(struct plan **plan, const struct plan_config *config, struct error *error)
{
    struct plan *made = memory_alloc(sizeof *made);
    *made = (struct plan){
        .ops = config->backend,
        .setting = {config->objective, config->optimizer, config->optimizer_params,
                    config->threads ? config->threads : 1, config->batch_size},
        .real_bytes = numeric_size(config->objective.precision),
        .budget_bytes = config->memory_budget_bytes,
        .epoch = 1,
    };
    *plan = NULL;
    if (made->ops->executes) {
        enum status status = made->ops->open(&made->setting, &made->backend, error);
        if (status != STATUS_OK) {
            free(made);
            return status;
        }
    }
    *plan = made;
    return STATUS_OK;
}

static void plan_free_storages(struct plan *plan)
{
    for (size_t i = 0; i < plan->storage_count; i++) {
        plan->ops->release(plan->backend, &plan->storages[i]);
        free(plan->tracks[i].many);
    }
    free(plan->storages);
    free(plan->tracks);
    free(plan->free_storages);
    free(plan->dying);
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    plan_free_storages(plan);
    if (plan->ops->executes)
        plan->ops->close(plan->backend);
    free(plan->vectors);
    free(plan->operations);
    free(plan->operands);
    free(plan->coefficients);
    free(plan->samples);
    free(plan->params);
    free(plan->readers);
    free(plan->edges);
    free(plan->successors);
    free(plan->zeroed);
    free(plan);
}

bool plan_executes(const struct plan *plan)
{
    return plan->ops->executes;
}

const struct objective *plan_objective(const struct plan *plan)
{
    return &plan->setting.objective;
}

struct plan_totals plan_totals(const struct plan *plan)
{
    return plan->totals;
}

static uint32_t plan_vector_slot(struct plan *plan)
{
    uint32_t slot = plan->free_vector;
    if (slot > 0) {
        plan->free_vector = plan->vectors[slot - 1].next_free;
        return slot;
    }
    CHECK(plan->vector_count < UINT32_MAX - 1, "too many vectors");
    PLAN_RESERVE(plan->vectors, plan->vector_capacity, plan->vector_count + 1);
    return (uint32_t)++plan->vector_count;
}

static uint32_t plan_vector_make(struct plan *plan, uint32_t storage, bool resident)
{
    uint32_t vector = plan_vector_slot(plan);
    plan->vectors[vector - 1] = (struct plan_vector){storage, 1, 0, resident};
    return vector;
}

uint32_t plan_blocked_vector(struct plan *plan, size_t count, size_t block, bool resident)
{
    if (!plan_executes(plan))
        return 0;
    CHECK(count > 0 && block > 0, "a vector of %zu elements in blocks of %zu", count, block);
    uint32_t storage = plan_storage_new(plan, count, block < count ? block : count, resident);
    if (resident)
        plan->totals.resident_bytes += plan_budget_bytes(plan, storage);
    else
        plan_budget_add(plan, storage);
    return plan_vector_make(plan, storage, resident);
}

uint32_t plan_vector(struct plan *plan, size_t count, bool resident)
{
    return plan_blocked_vector(plan, count, count, resident);
}

uint32_t plan_snapshot(struct plan *plan, uint32_t vector)
{
    if (!plan_executes(plan))
        return 0;
    uint32_t storage = plan_vector_at(plan, vector)->storage;
    plan_storage_attach(plan, storage, false);
    return plan_vector_make(plan, storage, false);
}

size_t plan_count(struct plan *plan, uint32_t vector)
{
    if (!plan_executes(plan))
        return 0;
    return plan->storages[plan_vector_at(plan, vector)->storage].count;
}

void plan_retain(struct plan *plan, uint32_t vector)
{
    if (plan_executes(plan) && vector)
        plan_vector_at(plan, vector)->references++;
}

void plan_release(struct plan *plan, uint32_t vector)
{
    if (!plan_executes(plan) || !vector)
        return;
    struct plan_vector *found = plan_vector_at(plan, vector);
    if (--found->references > 0)
        return;
    if (found->resident)
        plan->totals.resident_bytes -= plan_budget_bytes(plan, found->storage);
    plan_storage_detach(plan, found->storage, found->resident);
    found->next_free = plan->free_vector;
    plan->free_vector = vector;
}
