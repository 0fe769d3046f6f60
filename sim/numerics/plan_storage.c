/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Storage slots of a plan: made, shared, abandoned, recycled.
 */
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/plan_internal.h"

struct plan_vector *plan_vector_at(struct plan *plan, uint32_t vector)
{
    CHECK(vector > 0 && vector <= plan->vector_count, "no vector has handle %u", vector);
    struct plan_vector *found = &plan->vectors[vector - 1];
    CHECK(found->references > 0, "vector %u was released", vector);
    return found;
}

static uint32_t plan_storage_slot(struct plan *plan)
{
    if (plan->free_count > 0)
        return plan->free_storages[--plan->free_count];
    size_t slot = plan->storage_count++;
    CHECK(slot < UINT32_MAX, "more storages than handles can name");
    PLAN_RESERVE(plan->storages, plan->storage_capacity, slot + 1);
    PLAN_RESERVE(plan->tracks, plan->track_capacity, slot + 1);
    memset(&plan->tracks[slot], 0, sizeof plan->tracks[slot]);
    return (uint32_t)slot;
}

/* Blocks start without hazards: their epoch is that of no batch. */
static void plan_storage_divide(struct plan_track *track, size_t count, size_t block_size)
{
    track->block_size = block_size;
    track->block_count = (uint32_t)((count + block_size - 1) / block_size);
    track->one = (struct plan_block){0};
    if (track->block_count == 1)
        return;
    PLAN_RESERVE(track->many, track->many_capacity, track->block_count);
    memset(track->many, 0, track->block_count * sizeof *track->many);
}

uint32_t plan_storage_new(struct plan *plan, size_t count, size_t block_size, bool resident)
{
    uint32_t slot = plan_storage_slot(plan);
    struct plan_track *track = &plan->tracks[slot];
    plan_storage_divide(track, count, block_size);
    track->handles = 1;
    track->resident_handles = resident;
    track->budgeted = track->touched = track->written = 0;
    track->weighed = track->first_seen = 0;
    plan->storages[slot] = (struct backend_storage){.count = count, .kept = true};
    return slot;
}

void plan_storage_attach(struct plan *plan, uint32_t storage, bool resident)
{
    plan->tracks[storage].handles++;
    plan->tracks[storage].resident_handles += resident;
}

static void plan_storage_free(struct plan *plan, uint32_t storage)
{
    plan->ops->release(plan->backend, &plan->storages[storage]);
    PLAN_RESERVE(plan->free_storages, plan->free_capacity, plan->free_count + 1);
    plan->free_storages[plan->free_count++] = storage;
}

void plan_storage_detach(struct plan *plan, uint32_t storage, bool resident)
{
    struct plan_track *track = &plan->tracks[storage];
    track->resident_handles -= resident;
    if (--track->handles > 0)
        return;
    plan->storages[storage].kept = false;
    if (track->touched != plan->epoch) {
        if (track->budgeted == plan->epoch)
            plan->temporary_bytes -= plan_budget_bytes(plan, storage);
        plan_storage_free(plan, storage);
        return;
    }
    PLAN_RESERVE(plan->dying, plan->dying_capacity, plan->dying_count + 1);
    plan->dying[plan->dying_count++] = storage;
}

void plan_storage_renew(struct plan *plan, struct plan_vector *vector)
{
    uint32_t old = vector->storage;
    vector->storage = plan_storage_new(plan, plan->storages[old].count,
                                       plan->tracks[old].block_size, vector->resident);
    plan_storage_detach(plan, old, vector->resident);
    plan_budget_add(plan, vector->storage);
}

void plan_storage_bury(struct plan *plan)
{
    for (size_t i = 0; i < plan->dying_count; i++)
        plan_storage_free(plan, plan->dying[i]);
    plan->dying_count = 0;
}
