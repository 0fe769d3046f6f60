/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the plan; only numerics/plan*.c and its tests include this.
 *
 * A HANDLE names a storage; several handles may share one (snapshots).  A STORAGE slot is a pair:
 * what the backend sees (struct backend_storage) and what recording tracks (struct plan_track), at
 * the same index.  Slots are recycled; a slot whose last handle goes while recorded operations
 * name it is dying and freed after the flush.
 *
 * Numbers of operations are stored plus 1, so that 0 is "none".  What belongs to the current batch
 * carries the number of the batch (`epoch`): a flush forgets all of it by counting up.
 */
#ifndef HEARSAY_NUMERICS_PLAN_INTERNAL_H
#define HEARSAY_NUMERICS_PLAN_INTERNAL_H

#include "numerics/backend.h"

/* Makes room for `needed` items. */
#define PLAN_RESERVE(array, capacity, needed)                                                      \
    do {                                                                                           \
        if ((needed) > (capacity))                                                                 \
            (array) = memory_grow(array, &(capacity), needed, sizeof *(array));                    \
    } while (0)

/* Hazards of one block since the last flush. */
struct plan_block {
    uint64_t epoch;   /* the batch that the rest is about */
    uint32_t writer;  /* last operation that wrote it, + 1 */
    uint32_t readers; /* head of the list of those that read it since, + 1 */
    bool needed;      /* liveness pass: somebody reads what the block holds here */
};

struct plan_reader {
    uint32_t operation, next; /* next: + 1 */
};

struct plan_edge {
    uint32_t from, to;
};

struct plan_track {
    size_t block_size; /* reals a block */
    uint32_t block_count;
    struct plan_block one;   /* block_count 1 */
    struct plan_block *many; /* else; the array stays with the slot */
    size_t many_capacity;
    uint32_t handles, resident_handles;
    uint64_t budgeted, touched, written; /* last batch that ... it */
    uint64_t weighed;                    /* the operation that last counted it against the budget */
    uint64_t first_seen;                 /* flush: a live operation of this batch names it */
};

struct plan_vector {
    uint32_t storage, references;
    uint32_t next_free; /* + 1 */
    bool resident;
};

struct plan {
    const struct backend_ops *ops;
    void *backend;
    struct backend_setting setting;
    size_t real_bytes;
    int64_t budget_bytes;
    bool keep_dead; /* tests: execute what nobody reads, too */

    struct plan_vector *vectors; /* handle - 1 */
    size_t vector_count, vector_capacity;
    uint32_t free_vector; /* + 1 */

    struct backend_storage *storages;
    struct plan_track *tracks;
    size_t storage_count, storage_capacity, track_capacity;
    uint32_t *free_storages, *dying;
    size_t free_count, free_capacity, dying_count, dying_capacity;

    /* The batch being recorded. */
    uint64_t epoch;
    struct backend_operation *operations;
    struct backend_operand *operands;
    double *coefficients;
    uint32_t *samples;
    struct backend_params *params;
    struct plan_reader *readers;
    struct plan_edge *edges;
    size_t operation_count, operation_capacity, operand_count, operand_capacity;
    size_t coefficient_count, coefficient_capacity, sample_count, sample_capacity;
    size_t reader_count, reader_capacity, edge_count, edge_capacity;
    size_t param_count, param_capacity;

    /* Made by a flush. */
    uint32_t *successors, *zeroed;
    size_t successor_capacity, zeroed_count, zeroed_capacity;

    int64_t temporary_bytes; /* since the last flush */
    int64_t oversize_bytes;  /* the first operation beyond the budget; 0: none */
    struct plan_totals totals;
};

/* --- plan_storage.c: slots. --- */
struct plan_vector *plan_vector_at(struct plan *plan, uint32_t vector);
uint32_t plan_storage_new(struct plan *plan, size_t count, size_t block_size, bool resident);
/* Moves `vector` to a new storage of the same shape; the old one loses a handle. */
void plan_storage_renew(struct plan *plan, struct plan_vector *vector);
void plan_storage_attach(struct plan *plan, uint32_t storage, bool resident);
void plan_storage_detach(struct plan *plan, uint32_t storage, bool resident);
void plan_storage_bury(struct plan *plan); /* after a flush: frees the dying */
static inline struct plan_block *plan_storage_blocks(struct plan_track *track)
{
    return track->block_count == 1 ? &track->one : track->many;
}

/* --- plan_record.c: the strokes of one operation. --- */
/* A span made definite. */
struct plan_range {
    struct plan_vector *vector;
    size_t first, count;
    bool whole;
};
struct plan_range plan_record_range(struct plan *plan, struct plan_span span);
uint32_t plan_record_begin(struct plan *plan, enum backend_operation_kind kind);
void plan_record_input(struct plan *plan, uint32_t operation, const struct plan_range *range);
void plan_record_output(struct plan *plan, uint32_t operation, const struct plan_range *range);
void plan_record_end(struct plan *plan, uint32_t operation);
/* Before inputs: a part of a vector is written in place. */
void plan_record_prepare(struct plan *plan, struct plan_range *range);
/* After inputs: a vector that is overwritten as a whole leaves its storage to those who share it.
 * reads_it: the operation reads the storage itself. */
void plan_record_move(struct plan *plan, const struct plan_range *range, bool reads_it);

/* --- plan_hazard.c: the DAG. --- */
void plan_hazard_read(struct plan *plan, uint32_t operation, const struct backend_operand *operand);
void plan_hazard_write(struct plan *plan, uint32_t operation,
                       const struct backend_operand *operand);
void plan_hazard_link(struct plan *plan); /* edges -> successors of each operation */

/* --- plan_liveness.c --- */
/* Marks operations live or dead. */
void plan_liveness_mark(struct plan *plan);
/* Counts uses, and collects the storages that must be zero-filled before the batch runs. */
void plan_liveness_count(struct plan *plan);

/* --- plan_budget.c --- */
int64_t plan_budget_bytes(const struct plan *plan, uint32_t storage);
void plan_budget_add(struct plan *plan, uint32_t storage);
bool plan_budget_allows(const struct plan *plan, uint32_t storage);
/* Weighs a recorded operation. */
void plan_budget_weigh(struct plan *plan, const struct backend_operation *operation);
enum status plan_budget_check(const struct plan *plan, struct error *error);

#endif
