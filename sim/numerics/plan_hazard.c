/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hazards between recorded operations, tracked per block of a storage:
 *   read after write:  a reader waits for the block's last writer;
 *   write after read:  a writer waits for all who read the block since it was last written;
 *   write after write: a writer waits for the last writer where nobody has read in between.
 * An operation that touches part of a block is ordered as if it touched the whole.
 */
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/plan_internal.h"

static struct plan_block *plan_hazard_block(struct plan *plan, struct plan_track *track,
                                            size_t index)
{
    struct plan_block *block = &plan_storage_blocks(track)[index];
    if (block->epoch != plan->epoch)
        *block = (struct plan_block){.epoch = plan->epoch};
    return block;
}

/* `successor_first` is free until the flush; it remembers the last successor of an operation, so
 * that operands that share a predecessor make one edge. */
static void plan_hazard_edge(struct plan *plan, uint32_t from, uint32_t to)
{
    struct backend_operation *operation = &plan->operations[from];
    if (from == to || operation->successor_first == to + 1)
        return;
    operation->successor_first = to + 1;
    operation->successor_count++;
    plan->operations[to].waits_for++;
    PLAN_RESERVE(plan->edges, plan->edge_capacity, plan->edge_count + 1);
    plan->edges[plan->edge_count++] = (struct plan_edge){from, to};
}

static void plan_hazard_read_block(struct plan *plan, uint32_t operation, struct plan_block *block)
{
    if (block->writer)
        plan_hazard_edge(plan, block->writer - 1, operation);
    if (block->readers && plan->readers[block->readers - 1].operation == operation)
        return;
    PLAN_RESERVE(plan->readers, plan->reader_capacity, plan->reader_count + 1);
    plan->readers[plan->reader_count++] = (struct plan_reader){operation, block->readers};
    block->readers = (uint32_t)plan->reader_count;
}

static void plan_hazard_write_block(struct plan *plan, uint32_t operation, struct plan_block *block)
{
    if (block->writer && !block->readers)
        plan_hazard_edge(plan, block->writer - 1, operation);
    for (uint32_t at = block->readers; at != 0; at = plan->readers[at - 1].next)
        plan_hazard_edge(plan, plan->readers[at - 1].operation, operation);
    block->writer = operation + 1;
    block->readers = 0;
}

void plan_hazard_read(struct plan *plan, uint32_t operation, const struct backend_operand *operand)
{
    struct plan_track *track = &plan->tracks[operand->storage];
    track->touched = plan->epoch;
    size_t last = (operand->first + operand->count - 1) / track->block_size;
    for (size_t i = operand->first / track->block_size; i <= last; i++)
        plan_hazard_read_block(plan, operation, plan_hazard_block(plan, track, i));
}

void plan_hazard_write(struct plan *plan, uint32_t operation, const struct backend_operand *operand)
{
    struct plan_track *track = &plan->tracks[operand->storage];
    track->touched = track->written = plan->epoch;
    size_t last = (operand->first + operand->count - 1) / track->block_size;
    for (size_t i = operand->first / track->block_size; i <= last; i++)
        plan_hazard_write_block(plan, operation, plan_hazard_block(plan, track, i));
}

void plan_hazard_link(struct plan *plan)
{
    PLAN_RESERVE(plan->successors, plan->successor_capacity, plan->edge_count);
    uint32_t first = 0;
    for (size_t i = 0; i < plan->operation_count; i++) {
        plan->operations[i].successor_first = first;
        first += plan->operations[i].successor_count;
        plan->operations[i].successor_count = 0;
    }
    for (size_t i = 0; i < plan->edge_count; i++) {
        struct backend_operation *from = &plan->operations[plan->edges[i].from];
        plan->successors[from->successor_first + from->successor_count++] = plan->edges[i].to;
    }
}
