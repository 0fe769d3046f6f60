/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of a batch must be executed: one pass backwards over the operations.
 *
 * At the end of the batch the blocks of storages that a vector still names are needed.  An
 * operation is live when it reports a number or writes a block that is needed after it.  A live
 * operation makes unneeded what it overwrites entirely, then needed what it reads.
 */
#include "core/memory.h"
#include "numerics/plan_internal.h"

/* The pass tells its own stamp from that of recording by the uppermost bit. */
#define PLAN_LIVENESS_EPOCH(plan) ((plan)->epoch | UINT64_C(1) << 63)

static struct plan_block *plan_liveness_block(const struct plan *plan, uint32_t storage,
                                              size_t index)
{
    struct plan_track *track = &plan->tracks[storage];
    struct plan_block *block = &plan_storage_blocks(track)[index];
    if (block->epoch != PLAN_LIVENESS_EPOCH(plan)) {
        block->epoch = PLAN_LIVENESS_EPOCH(plan);
        block->needed = track->handles > 0;
    }
    return block;
}

static bool plan_liveness_is_needed(const struct plan *plan, const struct backend_operand *operand)
{
    size_t size = plan->tracks[operand->storage].block_size;
    size_t last = (operand->first + operand->count - 1) / size;
    for (size_t i = operand->first / size; i <= last; i++)
        if (plan_liveness_block(plan, operand->storage, i)->needed)
            return true;
    return false;
}

static void plan_liveness_overwrite(const struct plan *plan, const struct backend_operand *operand)
{
    size_t size = plan->tracks[operand->storage].block_size;
    size_t end = operand->first + operand->count, total = plan->storages[operand->storage].count;
    for (size_t i = (operand->first + size - 1) / size; i * size < end; i++)
        if ((i + 1) * size <= end || end == total)
            plan_liveness_block(plan, operand->storage, i)->needed = false;
}

static void plan_liveness_require(const struct plan *plan, const struct backend_operand *operand)
{
    size_t size = plan->tracks[operand->storage].block_size;
    size_t last = (operand->first + operand->count - 1) / size;
    for (size_t i = operand->first / size; i <= last; i++)
        plan_liveness_block(plan, operand->storage, i)->needed = true;
}

static bool plan_liveness_of(const struct plan *plan, const struct backend_operation *operation)
{
    const struct backend_operand *outputs = plan->operands + operation->output_first;
    if (plan->keep_dead || operation->result)
        return true;
    for (uint32_t i = 0; i < operation->output_count; i++)
        if (plan_liveness_is_needed(plan, &outputs[i]))
            return true;
    return false;
}

void plan_liveness_mark(struct plan *plan)
{
    for (size_t at = plan->operation_count; at-- > 0;) {
        struct backend_operation *operation = &plan->operations[at];
        const struct backend_operand *inputs = plan->operands + operation->input_first;
        const struct backend_operand *outputs = plan->operands + operation->output_first;
        operation->live = plan_liveness_of(plan, operation);
        if (!operation->live)
            continue;
        for (uint32_t i = 0; i < operation->output_count; i++)
            plan_liveness_overwrite(plan, &outputs[i]);
        for (uint32_t i = 0; i < operation->input_count; i++)
            plan_liveness_require(plan, &inputs[i]);
    }
}

/* A storage without memory that is read, or written only in part, before anything overwrites it
 * as a whole starts from zeros. */
static void plan_liveness_use(struct plan *plan, const struct backend_operand *operand, bool write)
{
    struct backend_storage *storage = &plan->storages[operand->storage];
    struct plan_track *track = &plan->tracks[operand->storage];
    storage->uses++;
    if (track->first_seen == plan->epoch)
        return;
    track->first_seen = plan->epoch;
    storage->uses = 1;
    if (storage->memory || (write && operand->count == storage->count))
        return;
    PLAN_RESERVE(plan->zeroed, plan->zeroed_capacity, plan->zeroed_count + 1);
    plan->zeroed[plan->zeroed_count++] = operand->storage;
}

void plan_liveness_count(struct plan *plan)
{
    plan->zeroed_count = 0;
    for (size_t at = 0; at < plan->operation_count; at++) {
        const struct backend_operation *operation = &plan->operations[at];
        if (!operation->live) {
            plan->totals.skipped++;
            continue;
        }
        plan->totals.executed++;
        for (uint32_t i = 0; i < operation->input_count; i++)
            plan_liveness_use(plan, &plan->operands[operation->input_first + i], false);
        for (uint32_t i = 0; i < operation->output_count; i++)
            plan_liveness_use(plan, &plan->operands[operation->output_first + i], true);
    }
}
