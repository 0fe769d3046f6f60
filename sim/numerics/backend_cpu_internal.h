/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the CPU backend; only numerics/backend_cpu*.c include this.
 *
 * A TASK is one part of one operation.  Most operations have one part; large ones are cut into
 * parts whose size depends on the operation only (backend_cpu_part.c).
 */
#ifndef HEARSAY_NUMERICS_BACKEND_CPU_INTERNAL_H
#define HEARSAY_NUMERICS_BACKEND_CPU_INTERNAL_H

#include <pthread.h>

#include "numerics/backend.h"
#include "numerics/buffer_pool.h"
#include "numerics/kernels.h"
#include "numerics/thread_pool.h"

struct backend_cpu_task {
    uint32_t operation;
    uint32_t part; /* BACKEND_CPU_START: the operation has become ready and is still to be cut */
};
#define BACKEND_CPU_START UINT32_MAX

/* An operation of several parts. */
struct backend_cpu_split {
    uint32_t parts, left;
    size_t first_partial; /* in `partials`: one result a part */
};

struct backend_cpu_worker {
    void *workspace; /* of the objective */
    const void **pointers;
    size_t pointer_capacity;
    size_t *counts; /* of a kernel's spans */
    size_t count_capacity;
    void *scratch; /* of kernels, as large as the largest so far */
    size_t scratch_bytes;
    struct buffer_pool_cache cache;
    struct backend_cpu_task *ready; /* a stack, behind `lock`: others take from it when theirs
                                       are empty */
    size_t ready_count, ready_capacity;
};

struct backend_cpu {
    struct backend_setting setting;
    const struct kernels *kernels;
    size_t real_bytes;
    struct buffer_pool *buffers;
    struct thread_pool *threads;
    struct backend_cpu_worker *workers; /* setting.threads */
    unsigned spins;                     /* looks for work before a worker sleeps */

    /* The batch in work.  Everything but the counters lies behind `lock`. */
    struct backend_batch *batch;
    pthread_mutex_t lock;
    pthread_cond_t change; /* tasks came, or the batch is done */
    unsigned sleeping;
    uint32_t *roots; /* operations that wait for nobody, in order */
    size_t root_count, root_next, root_capacity;
    size_t available;    /* atomic: ready tasks and roots, for those who look without the lock */
    uint32_t remaining;  /* atomic: operations that have not ended */
    size_t failed_bytes; /* atomic: an allocation of this size failed; the rest is skipped */

    uint32_t *split_of; /* per operation, + 1; 0: one part */
    struct backend_cpu_split *splits;
    struct objective_value *partials;
    size_t split_of_capacity, split_count, split_capacity, partial_count, partial_capacity;
};

static inline const struct backend_operand *
backend_cpu_inputs(const struct backend_cpu *cpu, const struct backend_operation *operation)
{
    return cpu->batch->operands + operation->input_first;
}

static inline const struct backend_operand *
backend_cpu_outputs(const struct backend_cpu *cpu, const struct backend_operation *operation)
{
    return cpu->batch->operands + operation->output_first;
}

static inline void *backend_cpu_at(const struct backend_cpu *cpu,
                                   const struct backend_operand *operand, size_t first)
{
    char *memory = cpu->batch->storages[operand->storage].memory;
    return memory + (operand->first + first) * cpu->real_bytes;
}

/* Elements of one part. */
struct backend_cpu_range {
    size_t first, count;
};

/* Number of parts that an operation is cut into. */
uint32_t backend_cpu_part_count(const struct backend_cpu *cpu,
                                const struct backend_operation *operation);
/* Computes one part; a reported number goes to *partial. */
void backend_cpu_part_run(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                          const struct backend_operation *operation, uint32_t part,
                          struct objective_value *partial);
/* Runs the kernel of an operation on a range of its spans (on all of them, unless elementwise). */
void backend_cpu_apply(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                       const struct backend_operation *operation,
                       const struct backend_cpu_range *range);
/* Adds the parts' numbers in order and reports them. */
void backend_cpu_part_report(const struct backend_operation *operation,
                             const struct objective_value *partials, uint32_t parts);

enum status backend_cpu_run(struct backend_cpu *cpu, struct backend_batch *batch,
                            struct error *error);

#endif
