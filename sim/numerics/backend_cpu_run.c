/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schedule of the CPU backend: depth first.
 *
 * A worker that ends an operation goes on with the first successor that this made ready, whose
 * operands it has just touched; further ones go on its stack.  A worker without a successor takes
 * the newest task of its own stack, else of another's, else the next operation that waited for
 * nobody.  So a node's gradient, step and mix follow one another in one cache, and temporaries die
 * young.
 *
 * With one worker no lock is taken.  Counters that workers share (waits_for, uses, parts left) are
 * counted down atomically; whoever reaches zero has seen all that the others wrote.
 */
#include <stdlib.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/backend_cpu_internal.h"

/* memory_grow, only where there is need. */
#define BACKEND_CPU_RESERVE(array, capacity, needed)                                               \
    do {                                                                                           \
        if ((needed) > (capacity))                                                                 \
            (array) = memory_grow(array, &(capacity), needed, sizeof *(array));                    \
    } while (0)

static inline uint32_t backend_cpu_count_down(uint32_t *counter)
{
    return __atomic_sub_fetch(counter, 1, __ATOMIC_ACQ_REL);
}

static void backend_cpu_lock(struct backend_cpu *cpu)
{
    if (cpu->setting.threads > 1)
        pthread_mutex_lock(&cpu->lock);
}

static void backend_cpu_unlock(struct backend_cpu *cpu)
{
    if (cpu->setting.threads > 1)
        pthread_mutex_unlock(&cpu->lock);
}

static void backend_cpu_push(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                             uint32_t operation, uint32_t part)
{
    backend_cpu_lock(cpu);
    BACKEND_CPU_RESERVE(worker->ready, worker->ready_capacity, worker->ready_count + 1);
    worker->ready[worker->ready_count++] = (struct backend_cpu_task){operation, part};
    __atomic_add_fetch(&cpu->available, 1, __ATOMIC_RELEASE);
    if (cpu->sleeping > 0)
        pthread_cond_signal(&cpu->change);
    backend_cpu_unlock(cpu);
}

/* Whose stack to take from: the own one, else the next that is not empty, else none. */
static struct backend_cpu_worker *backend_cpu_source(struct backend_cpu *cpu,
                                                     struct backend_cpu_worker *worker)
{
    unsigned threads = cpu->setting.threads, own = (unsigned)(worker - cpu->workers);
    for (unsigned i = 0; i < threads; i++) {
        struct backend_cpu_worker *source = &cpu->workers[(own + i) % threads];
        if (source->ready_count > 0)
            return source;
    }
    return NULL;
}

/* The newest task, else the next root; with the lock held. */
static bool backend_cpu_pop(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                            struct backend_cpu_task *task)
{
    struct backend_cpu_worker *source = backend_cpu_source(cpu, worker);
    if (source)
        *task = source->ready[--source->ready_count];
    else if (cpu->root_next < cpu->root_count)
        *task = (struct backend_cpu_task){cpu->roots[cpu->root_next++], BACKEND_CPU_START};
    else
        return false;
    __atomic_sub_fetch(&cpu->available, 1, __ATOMIC_RELAXED);
    return true;
}

static bool backend_cpu_is_done(struct backend_cpu *cpu)
{
    return __atomic_load_n(&cpu->remaining, __ATOMIC_ACQUIRE) == 0;
}

static void backend_cpu_spin(struct backend_cpu *cpu)
{
    for (unsigned i = 0; i < cpu->spins; i++) {
        if (__atomic_load_n(&cpu->available, __ATOMIC_ACQUIRE) > 0 || backend_cpu_is_done(cpu))
            return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
}

/* Waits for a task; false when the batch is done. */
static bool backend_cpu_next(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                             struct backend_cpu_task *task)
{
    if (cpu->setting.threads == 1)
        return backend_cpu_pop(cpu, worker, task);
    backend_cpu_spin(cpu);
    pthread_mutex_lock(&cpu->lock);
    bool found;
    while (!(found = backend_cpu_pop(cpu, worker, task)) && !backend_cpu_is_done(cpu)) {
        cpu->sleeping++;
        pthread_cond_wait(&cpu->change, &cpu->lock);
        cpu->sleeping--;
    }
    pthread_mutex_unlock(&cpu->lock);
    return found;
}

/* Is this operation the last that names the storage?  Then nobody else looks at its memory. */
static bool backend_cpu_is_last(const struct backend_cpu *cpu,
                                const struct backend_operation *operation, uint32_t storage)
{
    const struct backend_operand *inputs = cpu->batch->operands + operation->input_first;
    const struct backend_storage *named = &cpu->batch->storages[storage];
    uint32_t own = 0, uses = __atomic_load_n(&named->uses, __ATOMIC_ACQUIRE);
    if (named->kept || !named->memory || uses > operation->input_count)
        return false;
    for (uint32_t i = 0; i < operation->input_count; i++)
        own += inputs[i].storage == storage;
    return own == uses;
}

/* The memory of an input that ends here, which kernels may overwrite while they read it: it lies in
 * the cache, another buffer would not.  NULL: there is none. */
static void *backend_cpu_inherit(const struct backend_cpu *cpu,
                                 const struct backend_operation *operation, size_t count)
{
    const struct backend_operand *inputs = cpu->batch->operands + operation->input_first;
    uint32_t candidates = operation->kind == BACKEND_STEP ? 1 : 0; /* its x */
    if (operation->kind == BACKEND_WEIGHTED_SUM || operation->kind == BACKEND_REDUCE)
        candidates = operation->input_count;
    for (uint32_t i = 0; i < candidates; i++) {
        const struct backend_storage *storage = &cpu->batch->storages[inputs[i].storage];
        if (inputs[i].first == 0 && storage->count == count &&
            backend_cpu_is_last(cpu, operation, inputs[i].storage))
            return storage->memory;
    }
    return NULL;
}

/* Memory for outputs that have none: nobody else knows these storages yet. */
static void backend_cpu_materialize(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                                    const struct backend_operation *operation)
{
    const struct backend_operand *outputs = cpu->batch->operands + operation->output_first;
    for (uint32_t i = 0; i < operation->output_count; i++) {
        struct backend_storage *storage = &cpu->batch->storages[outputs[i].storage];
        size_t bytes = storage->count * cpu->real_bytes;
        if (storage->memory)
            continue;
        if (i == 0)
            storage->memory = backend_cpu_inherit(cpu, operation, storage->count);
        if (!storage->memory)
            storage->memory = buffer_pool_take(cpu->buffers, &worker->cache, bytes);
        if (!storage->memory)
            __atomic_store_n(&cpu->failed_bytes, bytes, __ATOMIC_RELAXED);
    }
}

/* Has the operation's output taken over the memory of this storage, an input? */
static bool backend_cpu_is_inherited(const struct backend_cpu *cpu,
                                     const struct backend_operation *operation,
                                     const struct backend_storage *storage)
{
    if (operation->output_count == 0)
        return false;
    uint32_t output = cpu->batch->operands[operation->output_first].storage;
    const struct backend_storage *heir = &cpu->batch->storages[output];
    return heir != storage && heir->memory == storage->memory;
}

static void backend_cpu_drop(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                             const struct backend_operation *operation)
{
    const struct backend_operand *operand = cpu->batch->operands + operation->input_first;
    for (uint32_t i = 0; i < operation->input_count + operation->output_count; i++) {
        struct backend_storage *storage = &cpu->batch->storages[operand[i].storage];
        if (backend_cpu_count_down(&storage->uses) > 0 || storage->kept || !storage->memory)
            continue;
        if (!backend_cpu_is_inherited(cpu, operation, storage))
            buffer_pool_give(cpu->buffers, &worker->cache, storage->memory);
        storage->memory = NULL;
    }
}

/* An operation has ended.  Returns true with the task to go on with in *next. */
static bool backend_cpu_end(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                            uint32_t index, struct backend_cpu_task *next)
{
    const struct backend_operation *operation = &cpu->batch->operations[index];
    bool found = false;
    if (operation->live)
        backend_cpu_drop(cpu, worker, operation);
    /* Backwards, so that the successor recorded first is kept and the second lies on top. */
    for (uint32_t i = operation->successor_count; i-- > 0;) {
        uint32_t successor = cpu->batch->successors[operation->successor_first + i];
        if (backend_cpu_count_down(&cpu->batch->operations[successor].waits_for) > 0)
            continue;
        if (found)
            backend_cpu_push(cpu, worker, next->operation, BACKEND_CPU_START);
        *next = (struct backend_cpu_task){successor, BACKEND_CPU_START};
        found = true;
    }
    if (backend_cpu_count_down(&cpu->remaining) == 0 && cpu->setting.threads > 1) {
        pthread_mutex_lock(&cpu->lock);
        pthread_cond_broadcast(&cpu->change);
        pthread_mutex_unlock(&cpu->lock);
    }
    return found;
}

static bool backend_cpu_failed(struct backend_cpu *cpu)
{
    return __atomic_load_n(&cpu->failed_bytes, __ATOMIC_RELAXED) != 0;
}

/* Runs one part; true when it was the operation's last. */
static bool backend_cpu_part(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                             struct backend_cpu_task task, struct backend_cpu_split *split)
{
    const struct backend_operation *operation = &cpu->batch->operations[task.operation];
    struct objective_value one = {0};
    struct objective_value *partials = split ? &cpu->partials[split->first_partial] : &one;
    partials[task.part] = (struct objective_value){0};
    if (!backend_cpu_failed(cpu))
        backend_cpu_part_run(cpu, worker, operation, task.part, &partials[task.part]);
    if (split && backend_cpu_count_down(&split->left) > 0)
        return false;
    if (operation->result && !backend_cpu_failed(cpu))
        backend_cpu_part_report(operation, partials, split ? split->parts : 1);
    return true;
}

/* Does a task; returns true with the task to go on with in *next. */
static bool backend_cpu_do(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                           struct backend_cpu_task task, struct backend_cpu_task *next)
{
    const struct backend_operation *operation = &cpu->batch->operations[task.operation];
    uint32_t number = cpu->split_of[task.operation];
    struct backend_cpu_split *split = number ? &cpu->splits[number - 1] : NULL;
    if (task.part == BACKEND_CPU_START) {
        if (operation->live)
            backend_cpu_materialize(cpu, worker, operation);
        for (uint32_t part = split ? split->parts : 1; part-- > 1;)
            backend_cpu_push(cpu, worker, task.operation, part);
        task.part = 0;
    }
    if (operation->live && !backend_cpu_part(cpu, worker, task, split))
        return false;
    return backend_cpu_end(cpu, worker, task.operation, next);
}

static void backend_cpu_work(void *context, unsigned index)
{
    struct backend_cpu *cpu = context;
    struct backend_cpu_worker *worker = &cpu->workers[index];
    struct backend_cpu_task task, next;
    while (backend_cpu_next(cpu, worker, &task))
        while (backend_cpu_do(cpu, worker, task, &next))
            task = next;
}

static void backend_cpu_cut(struct backend_cpu *cpu, uint32_t index)
{
    uint32_t parts = backend_cpu_part_count(cpu, &cpu->batch->operations[index]);
    cpu->split_of[index] = 0;
    if (parts == 1)
        return;
    BACKEND_CPU_RESERVE(cpu->splits, cpu->split_capacity, cpu->split_count + 1);
    BACKEND_CPU_RESERVE(cpu->partials, cpu->partial_capacity, cpu->partial_count + parts);
    cpu->splits[cpu->split_count] = (struct backend_cpu_split){parts, parts, cpu->partial_count};
    cpu->split_of[index] = (uint32_t)++cpu->split_count;
    cpu->partial_count += parts;
}

static void backend_cpu_prepare(struct backend_cpu *cpu, struct backend_batch *batch)
{
    cpu->batch = batch;
    cpu->remaining = batch->operation_count;
    cpu->failed_bytes = 0;
    cpu->root_count = cpu->root_next = 0;
    for (unsigned i = 0; i < cpu->setting.threads; i++)
        cpu->workers[i].ready_count = 0;
    cpu->split_count = cpu->partial_count = 0;
    BACKEND_CPU_RESERVE(cpu->split_of, cpu->split_of_capacity, batch->operation_count);
    for (uint32_t i = 0; i < batch->operation_count; i++) {
        backend_cpu_cut(cpu, i);
        if (batch->operations[i].waits_for > 0)
            continue;
        BACKEND_CPU_RESERVE(cpu->roots, cpu->root_capacity, cpu->root_count + 1);
        cpu->roots[cpu->root_count++] = i;
    }
    cpu->available = cpu->root_count;
}

static void backend_cpu_zero(struct backend_cpu *cpu, const struct backend_batch *batch)
{
    for (uint32_t i = 0; i < batch->zeroed_count; i++) {
        struct backend_storage *storage = &batch->storages[batch->zeroed[i]];
        size_t bytes = storage->count * cpu->real_bytes;
        storage->memory = buffer_pool_take(cpu->buffers, NULL, bytes);
        if (storage->memory)
            memset(storage->memory, 0, bytes);
        else
            cpu->failed_bytes = bytes;
    }
}

static enum status backend_cpu_shortage(const struct backend_cpu *cpu, struct error *error)
{
    size_t held = 0;
    for (uint32_t i = 0; i < cpu->batch->operation_count; i++) /* an upper bound, in operands */
        held += cpu->batch->operations[i].output_count;
    return status_fail(error, STATUS_NO_MEMORY,
                       "no memory for a vector of %zu bytes, one of at most %zu of this flush",
                       cpu->failed_bytes, held);
}

enum status backend_cpu_run(struct backend_cpu *cpu, struct backend_batch *batch,
                            struct error *error)
{
    backend_cpu_prepare(cpu, batch);
    backend_cpu_zero(cpu, batch);
    if (cpu->failed_bytes == 0)
        thread_pool_run(cpu->threads, backend_cpu_work, cpu);
    return cpu->failed_bytes == 0 ? STATUS_OK : backend_cpu_shortage(cpu, error);
}
