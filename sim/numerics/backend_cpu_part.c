/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the CPU backend computes: operations, cut by size only.
 */
#include <math.h>
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/backend_cpu_internal.h"

#define BACKEND_CPU_CUT     (1u << 20) /* touched elements above which an operation is cut ... */
#define BACKEND_CPU_PIECE   (1u << 18) /* ... into parts of about so many */
#define BACKEND_CPU_SAMPLES 4096       /* of one part of an evaluation */
#define BACKEND_CPU_CLIP    1e-6       /* added to a norm before it divides, as in PyTorch */

/* Elements of one part of an elementwise operation: whole blocks of the kernels. */
static size_t backend_cpu_part_elements(const struct backend_cpu *cpu,
                                        const struct backend_operation *operation)
{
    size_t operands = operation->input_count + operation->output_count;
    size_t count = backend_cpu_inputs(cpu, operation)->count; /* without inputs: an output */
    if (count * operands <= BACKEND_CPU_CUT)
        return count;
    size_t blocks = BACKEND_CPU_PIECE / operands / KERNELS_BLOCK;
    return (blocks ? blocks : 1) * KERNELS_BLOCK;
}

uint32_t backend_cpu_part_count(const struct backend_cpu *cpu,
                                const struct backend_operation *operation)
{
    size_t total, part;
    if (!operation->live || operation->kind == BACKEND_GRADIENT || operation->kind == BACKEND_NORM)
        return 1;
    if (operation->kind == BACKEND_KERNEL && !operation->kernel->elementwise)
        return 1;
    if (operation->kind == BACKEND_EVALUATE) {
        total = operation->samples_given ? operation->sample_count : 1;
        part = BACKEND_CPU_SAMPLES;
    } else {
        total = backend_cpu_inputs(cpu, operation)->count;
        part = backend_cpu_part_elements(cpu, operation);
    }
    return total > part ? (uint32_t)((total + part - 1) / part) : 1;
}

static struct backend_cpu_range backend_cpu_part_range(const struct backend_cpu *cpu,
                                                       const struct backend_operation *operation,
                                                       uint32_t part)
{
    size_t total = backend_cpu_inputs(cpu, operation)->count;
    bool cut = operation->kind != BACKEND_KERNEL || operation->kernel->elementwise;
    size_t size = cut ? backend_cpu_part_elements(cpu, operation) : total;
    size_t first = part * size;
    return (struct backend_cpu_range){first, total - first < size ? total - first : size};
}

static void backend_cpu_gradient(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                                 const struct backend_operation *operation)
{
    const struct objective *objective = &cpu->setting.objective;
    struct objective_batch batch = {
        .node = operation->node,
        .count = operation->sample_count,
        .step = operation->step,
        .samples = operation->samples_given ? cpu->batch->samples + operation->sample_first : NULL,
    };
    objective->ops->gradient(
        objective->context, &batch, backend_cpu_at(cpu, backend_cpu_inputs(cpu, operation), 0),
        backend_cpu_at(cpu, backend_cpu_outputs(cpu, operation), 0), worker->workspace);
}

static void backend_cpu_evaluate(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                                 const struct backend_operation *operation, uint32_t part,
                                 struct objective_value *value)
{
    const struct objective *objective = &cpu->setting.objective;
    size_t first = (size_t)part * BACKEND_CPU_SAMPLES;
    size_t count = operation->sample_count - first;
    struct objective_query query = {
        .set = operation->set,
        .count = (uint32_t)(count < BACKEND_CPU_SAMPLES ? count : BACKEND_CPU_SAMPLES),
        .node = (int64_t)operation->node - 1,
    };
    if (operation->samples_given)
        query.samples = cpu->batch->samples + operation->sample_first + first;
    else
        query.count = operation->sample_count;
    objective->ops->evaluate(objective->context, &query,
                             backend_cpu_at(cpu, backend_cpu_inputs(cpu, operation), 0), value,
                             worker->workspace);
}

static void backend_cpu_kernel(struct backend_cpu *cpu, const struct backend_operation *operation,
                               const struct optimizer_step *step,
                               const struct backend_cpu_range *range)
{
    const struct optimizer_ops *ops = cpu->setting.optimizer;
    const struct backend_operand *in = backend_cpu_inputs(cpu, operation);
    const struct backend_operand *out = backend_cpu_outputs(cpu, operation);
    void *state[OPTIMIZER_MAX_STATES] = {NULL};
    for (unsigned i = 0; i < ops->states; i++)
        state[i] = backend_cpu_at(cpu, &out[1 + i], range->first);
    (cpu->real_bytes == 4 ? ops->kernel32 : ops->kernel64)(
        cpu->setting.optimizer_params, step, range->count,
        backend_cpu_at(cpu, &in[0], range->first), backend_cpu_at(cpu, &out[0], range->first),
        backend_cpu_at(cpu, &in[1], range->first), backend_cpu_at(cpu, &in[2], range->first),
        state);
}

/* A part of a layer-wise step: the layers, or pieces of them, that lie in the range. */
static void backend_cpu_layers(struct backend_cpu *cpu, const struct backend_operation *operation,
                               const struct backend_cpu_range *range)
{
    const struct backend_operand *norms =
        backend_cpu_inputs(cpu, operation) + 3 + cpu->setting.optimizer->states;
    struct optimizer_step step = operation->update;
    for (size_t i = 0; i < norms->count / 2; i++) {
        struct objective_layer layer = objective_layer(&cpu->setting.objective, i);
        size_t first = layer.first > range->first ? layer.first : range->first;
        size_t end = layer.first + layer.count, last = range->first + range->count;
        struct backend_cpu_range piece = {first, (end < last ? end : last) - first};
        double norm[2];
        if (first >= end || first >= last)
            continue;
        cpu->kernels->to_double(norm, backend_cpu_at(cpu, norms, 2 * i), 2);
        step.decay_at_norm = norm[0];
        step.gradient_norm = norm[1];
        step.excluded = layer.excluded;
        backend_cpu_kernel(cpu, operation, &step, &piece);
    }
}

static void backend_cpu_step(struct backend_cpu *cpu, const struct backend_operation *operation,
                             const struct backend_cpu_range *range)
{
    if (cpu->setting.optimizer->layerwise)
        backend_cpu_layers(cpu, operation, range);
    else
        backend_cpu_kernel(cpu, operation, &operation->update, range);
}

static void backend_cpu_norm(struct backend_cpu *cpu, const struct backend_operation *operation)
{
    const struct backend_operand *in = backend_cpu_inputs(cpu, operation);
    double norm = sqrt(cpu->kernels->distance(backend_cpu_at(cpu, in, 0), 1, NULL, 0, in->count));
    cpu->kernels->from_double(backend_cpu_at(cpu, backend_cpu_outputs(cpu, operation), 0), &norm,
                              1);
}

/* The scale is at most 1; a norm that is no number makes it none. */
static void backend_cpu_clip(struct backend_cpu *cpu, const struct backend_operation *operation,
                             const struct backend_cpu_range *range)
{
    const struct backend_operand *in = backend_cpu_inputs(cpu, operation);
    const void *from = backend_cpu_at(cpu, &in[0], range->first);
    double norm, scale;
    cpu->kernels->to_double(&norm, backend_cpu_at(cpu, &in[1], 0), 1);
    scale = cpu->batch->coefficients[operation->coefficient_first] / (norm + BACKEND_CPU_CLIP);
    if (scale > 1)
        scale = 1;
    cpu->kernels->weighted_sum(
        backend_cpu_at(cpu, backend_cpu_outputs(cpu, operation), range->first), &from, &scale, 1,
        range->count);
}

static const void *const *backend_cpu_pointers(struct backend_cpu *cpu,
                                               struct backend_cpu_worker *worker,
                                               const struct backend_operation *operation,
                                               size_t first)
{
    const struct backend_operand *in = backend_cpu_inputs(cpu, operation);
    if (operation->input_count > worker->pointer_capacity)
        worker->pointers = memory_grow(worker->pointers, &worker->pointer_capacity,
                                       operation->input_count, sizeof *worker->pointers);
    for (uint32_t i = 0; i < operation->input_count; i++)
        worker->pointers[i] = backend_cpu_at(cpu, &in[i], first);
    return worker->pointers;
}

static void backend_cpu_distance(struct backend_cpu *cpu, const struct backend_operation *operation,
                                 const struct backend_cpu_range *range,
                                 struct objective_value *partial)
{
    const struct backend_operand *in = backend_cpu_inputs(cpu, operation);
    const double *c = cpu->batch->coefficients + operation->coefficient_first;
    bool two = operation->input_count == 2;
    const void *a = backend_cpu_at(cpu, &in[0], range->first);
    const void *b = two ? backend_cpu_at(cpu, &in[1], range->first) : NULL;
    partial->loss_sum = cpu->kernels->distance(a, c[0], b, two ? c[1] : 0, range->count);
}

static void backend_cpu_elements(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                                 const struct backend_operation *operation, uint32_t part,
                                 struct objective_value *partial)
{
    struct backend_cpu_range range = backend_cpu_part_range(cpu, operation, part);
    const double *c = cpu->batch->coefficients + operation->coefficient_first;
    if (operation->kind == BACKEND_DISTANCE) {
        backend_cpu_distance(cpu, operation, &range, partial);
        return;
    }
    if (operation->kind == BACKEND_STEP) {
        backend_cpu_step(cpu, operation, &range);
        return;
    }
    if (operation->kind == BACKEND_KERNEL) {
        backend_cpu_apply(cpu, worker, operation, &range);
        return;
    }
    if (operation->kind == BACKEND_CLIP) {
        backend_cpu_clip(cpu, operation, &range);
        return;
    }
    const void *const *from = backend_cpu_pointers(cpu, worker, operation, range.first);
    void *to = backend_cpu_at(cpu, backend_cpu_outputs(cpu, operation), range.first);
    switch (operation->kind) {
    case BACKEND_WEIGHTED_SUM:
        cpu->kernels->weighted_sum(to, from, c, operation->input_count, range.count);
        break;
    case BACKEND_REDUCE:
        cpu->kernels->reduce(to, from, operation->input_count, c[0], range.count);
        break;
    case BACKEND_COPY:
        memcpy(to, from[0], range.count * cpu->real_bytes);
        break;
    default:
        CHECK(false, "operations of kind %d are unknown", operation->kind);
    }
}

void backend_cpu_part_run(struct backend_cpu *cpu, struct backend_cpu_worker *worker,
                          const struct backend_operation *operation, uint32_t part,
                          struct objective_value *partial)
{
    if (operation->kind == BACKEND_GRADIENT)
        backend_cpu_gradient(cpu, worker, operation);
    else if (operation->kind == BACKEND_NORM)
        backend_cpu_norm(cpu, operation);
    else if (operation->kind == BACKEND_EVALUATE)
        backend_cpu_evaluate(cpu, worker, operation, part, partial);
    else
        backend_cpu_elements(cpu, worker, operation, part, partial);
}

void backend_cpu_part_report(const struct backend_operation *operation,
                             const struct objective_value *partials, uint32_t parts)
{
    struct objective_value sum = partials[0];
    for (uint32_t i = 1; i < parts; i++) {
        sum.loss_sum += partials[i].loss_sum;
        sum.correct += partials[i].correct;
        sum.count += partials[i].count;
    }
    if (sum.correct < 0)
        sum.correct = -1; /* -1 in every part: not a classifier */
    if (operation->kind == BACKEND_EVALUATE)
        *(struct objective_value *)operation->result = sum;
    else
        *(double *)operation->result = sum.loss_sum;
}
