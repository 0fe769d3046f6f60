/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The CPU backend: its life and its memory.  backend_cpu_run.c schedules, backend_cpu_part.c
 * computes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "numerics/backend_cpu_internal.h"

/* About as long as a small operation: sleeping and waking costs more.  Useless where threads share
 * processors. */
#define BACKEND_CPU_SPINS 500

static void backend_cpu_close(void *backend)
{
    struct backend_cpu *cpu = backend;
    if (!cpu)
        return;
    thread_pool_free(cpu->threads);
    for (unsigned i = 0; i < cpu->setting.threads; i++) {
        free(cpu->workers[i].workspace);
        free(cpu->workers[i].pointers);
        free(cpu->workers[i].counts);
        free(cpu->workers[i].scratch);
        free(cpu->workers[i].ready);
        buffer_pool_empty(cpu->buffers, &cpu->workers[i].cache);
    }
    free(cpu->workers);
    buffer_pool_free(cpu->buffers);
    pthread_mutex_destroy(&cpu->lock);
    pthread_cond_destroy(&cpu->change);
    free(cpu->roots);
    free(cpu->split_of);
    free(cpu->splits);
    free(cpu->partials);
    free(cpu);
}

static enum status backend_cpu_workspaces(struct backend_cpu *cpu, struct error *error)
{
    const struct objective *objective = &cpu->setting.objective;
    uint32_t batch = cpu->setting.batch_size > OBJECTIVE_EVALUATION_CHUNK
                         ? cpu->setting.batch_size
                         : OBJECTIVE_EVALUATION_CHUNK;
    if (!objective->ops || !objective->ops->workspace_bytes)
        return STATUS_OK;
    size_t bytes = objective->ops->workspace_bytes(objective->context, batch);
    for (unsigned i = 0; i < cpu->setting.threads && bytes > 0; i++) {
        cpu->workers[i].workspace = memory_try_aligned(bytes);
        if (!cpu->workers[i].workspace)
            return status_fail(error, STATUS_NO_MEMORY,
                               "no memory for the model's workspace: %u threads times %zu bytes",
                               cpu->setting.threads, bytes);
    }
    return STATUS_OK;
}

static enum status backend_cpu_open(const struct backend_setting *setting, void **backend,
                                    struct error *error)
{
    struct backend_cpu *cpu = memory_alloc(sizeof *cpu);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    cpu->setting = *setting;
    cpu->kernels = kernels_of(setting->objective.precision);
    cpu->real_bytes = numeric_size(setting->objective.precision);
    cpu->spins = processors >= (long)setting->threads ? BACKEND_CPU_SPINS : 0;
    pthread_mutex_init(&cpu->lock, NULL);
    pthread_cond_init(&cpu->change, NULL);
    cpu->buffers = buffer_pool_create();
    cpu->workers = memory_array(setting->threads, sizeof *cpu->workers);
    enum status status = backend_cpu_workspaces(cpu, error);
    if (status == STATUS_OK)
        status = thread_pool_create(&cpu->threads, setting->threads, error);
    if (status != STATUS_OK) {
        backend_cpu_close(cpu);
        cpu = NULL;
    }
    *backend = cpu;
    return status;
}

static void backend_cpu_release(void *backend, struct backend_storage *storage)
{
    struct backend_cpu *cpu = backend;
    if (storage->memory)
        buffer_pool_give(cpu->buffers, NULL, storage->memory);
    storage->memory = NULL;
}

static enum status backend_cpu_read(void *backend, const struct backend_storage *storage,
                                    size_t first, size_t count, double *values, struct error *error)
{
    struct backend_cpu *cpu = backend;
    (void)error;
    if (storage->memory)
        cpu->kernels->to_double(values, (char *)storage->memory + first * cpu->real_bytes, count);
    else
        memset(values, 0, count * sizeof *values);
    return STATUS_OK;
}

static enum status backend_cpu_write(void *backend, struct backend_storage *storage, size_t first,
                                     size_t count, const double *values, struct error *error)
{
    struct backend_cpu *cpu = backend;
    size_t bytes = storage->count * cpu->real_bytes;
    if (!storage->memory) {
        storage->memory = buffer_pool_take(cpu->buffers, NULL, bytes);
        if (!storage->memory)
            return status_fail(error, STATUS_NO_MEMORY, "no memory for a vector of %zu bytes",
                               bytes);
        if (count < storage->count)
            memset(storage->memory, 0, bytes);
    }
    cpu->kernels->from_double((char *)storage->memory + first * cpu->real_bytes, values, count);
    return STATUS_OK;
}

static enum status backend_cpu_execute(void *backend, struct backend_batch *batch,
                                       struct error *error)
{
    return backend_cpu_run(backend, batch, error);
}

const struct backend_ops backend_cpu_ops = {
    .plugin = {.name = "cpu", .summary = "a pool of threads, bit-identical for any number of them"},
    .executes = true,
    .open = backend_cpu_open,
    .close = backend_cpu_close,
    .release = backend_cpu_release,
    .read = backend_cpu_read,
    .write = backend_cpu_write,
    .execute = backend_cpu_execute,
};
