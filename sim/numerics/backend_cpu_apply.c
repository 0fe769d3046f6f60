/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kernels that come with their operation (plan_apply), on the CPU: one task each, or pieces of a
 * fixed size where the kernel is elementwise.
 */
#include <stdlib.h>

#include "core/memory.h"
#include "numerics/backend_cpu_internal.h"

/* Scratch memory is the worker's and only grows. */
static bool backend_cpu_apply_scratch(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                                      size_t bytes)
{
    if (bytes <= worker->scratch_bytes)
        return true;
    free(worker->scratch);
    worker->scratch = memory_try_aligned(bytes);
    worker->scratch_bytes = worker->scratch ? bytes : 0;
    if (!worker->scratch)
        __atomic_store_n(&cpu->failed_bytes, bytes, __ATOMIC_RELAXED);
    return worker->scratch != NULL;
}

/* Counts of all spans, inputs first. */
static const size_t *backend_cpu_apply_counts(struct backend_cpu *cpu,
                                              struct backend_cpu_worker *worker,
                                              const struct backend_operation *operation,
                                              const struct backend_cpu_range *range)
{
    const struct backend_operand *operand = backend_cpu_inputs(cpu, operation);
    size_t spans = operation->input_count + operation->output_count;
    if (spans > worker->count_capacity)
        worker->counts =
            memory_grow(worker->counts, &worker->count_capacity, spans, sizeof *worker->counts);
    for (size_t i = 0; i < spans; i++)
        worker->counts[i] = operation->kernel->elementwise ? range->count : operand[i].count;
    return worker->counts;
}

static void **backend_cpu_apply_pointers(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                                         const struct backend_operation *operation, size_t first)
{
    const struct backend_operand *operand = backend_cpu_inputs(cpu, operation);
    size_t spans = operation->input_count + operation->output_count;
    if (spans > worker->pointer_capacity)
        worker->pointers = memory_grow(worker->pointers, &worker->pointer_capacity, spans,
                                       sizeof *worker->pointers);
    for (size_t i = 0; i < spans; i++)
        worker->pointers[i] = backend_cpu_at(cpu, &operand[i], first);
    return (void **)worker->pointers;
}

void backend_cpu_apply(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                       const struct backend_operation *operation,
                       const struct backend_cpu_range *range)
{
    const struct plan_kernel *kernel = operation->kernel;
    const struct objective *objective = &cpu->setting.objective;
    const size_t *counts = backend_cpu_apply_counts(cpu, worker, operation, range);
    struct plan_kernel_call call = {
        .input_counts = counts,
        .output_counts = counts + operation->input_count,
        .input_count = operation->input_count,
        .output_count = operation->output_count,
        .first = range->first,
        .layers = objective->layers,
        .layer_count = objective->layer_count,
    };
    if (operation->params_first != UINT32_MAX)
        call.params = cpu->batch->params[operation->params_first].bytes;
    if (kernel->scratch_bytes &&
        !backend_cpu_apply_scratch(cpu, worker, kernel->scratch_bytes(&call)))
        return;
    void **pointers = backend_cpu_apply_pointers(cpu, worker, operation, range->first);
    call.inputs = (const void *const *)pointers;
    call.outputs = pointers + operation->input_count;
    call.scratch = worker->scratch;
    (cpu->real_bytes == 4 ? kernel->run32 : kernel->run64)(&call);
}
