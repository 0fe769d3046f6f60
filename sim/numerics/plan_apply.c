/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recording of kernels that others bring along.
 *
 * An output may share its storage with inputs under another handle (a snapshot); the kernel must
 * not see that, so such an output always moves.  One that is updated in place moves only where its
 * storage is shared: the kernel then reads the old storage and writes the new, without a copy.
 */
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/plan_internal.h"

static bool plan_apply_overlap(const struct plan_range *a, const struct plan_range *b)
{
    return a->vector == b->vector && a->first < b->first + b->count &&
           b->first < a->first + a->count;
}

/* Outputs before `index` and inputs must not overlap this output; an equal input may. */
static void plan_apply_check(struct plan *plan, const struct plan_kernel *kernel,
                             const struct plan_span *outputs, unsigned index,
                             const struct plan_span *inputs, unsigned input_count)
{
    struct plan_range to = plan_record_range(plan, outputs[index]);
    for (unsigned i = 0; i < index; i++) {
        struct plan_range other = plan_record_range(plan, outputs[i]);
        CHECK(!plan_apply_overlap(&to, &other), "outputs %u and %u of kernel %s overlap", i, index,
              kernel->name);
        CHECK(!kernel->elementwise || other.count == to.count,
              "the elementwise kernel %s got outputs of %zu and %zu elements", kernel->name,
              other.count, to.count);
    }
    for (unsigned i = 0; i < input_count; i++) {
        struct plan_range from = plan_record_range(plan, inputs[i]);
        bool same = from.first == to.first && from.count == to.count;
        CHECK(same || !plan_apply_overlap(&to, &from),
              "input %u of kernel %s overlaps output %u without being the same span", i,
              kernel->name, index);
        CHECK(!kernel->elementwise || from.count == to.count,
              "the elementwise kernel %s got %zu elements for %zu", kernel->name, from.count,
              to.count);
    }
}

/* Leaves the storage where somebody else may look at it: see above. */
static void plan_apply_output(struct plan *plan, uint32_t operation, struct plan_range *to,
                              const struct plan_span *inputs, unsigned input_count)
{
    const struct backend_operand *operand =
        plan->operands + plan->operations[operation].input_first;
    uint32_t storage = to->vector->storage;
    bool own = false, foreign = false;
    for (unsigned i = 0; i < input_count; i++) {
        bool same = plan_vector_at(plan, inputs[i].vector) == to->vector;
        own |= same;
        foreign |= !same && operand[i].storage == storage;
    }
    if (foreign && to->whole && plan->tracks[storage].handles == 1)
        plan_storage_renew(plan, to->vector); /* its twin among the outputs has moved away */
    else
        plan_record_move(plan, to, own || foreign);
    plan_record_output(plan, operation, to);
}

static void plan_apply_params(struct plan *plan, uint32_t operation, const void *params,
                              size_t size)
{
    struct backend_operation *recorded = &plan->operations[operation];
    recorded->params_first = UINT32_MAX;
    if (size == 0)
        return;
    PLAN_RESERVE(plan->params, plan->param_capacity, plan->param_count + 1);
    memcpy(plan->params[plan->param_count].bytes, params, size);
    recorded->params_first = (uint32_t)plan->param_count++;
}

void plan_apply(struct plan *plan, const struct plan_kernel *kernel, const void *params,
                size_t params_size, const struct plan_span *outputs, unsigned output_count,
                const struct plan_span *inputs, unsigned input_count)
{
    if (!plan_executes(plan))
        return;
    CHECK(output_count > 0 && params_size <= PLAN_PARAMS_BYTES,
          "kernel %s with %u outputs and %zu bytes of parameters", kernel->name, output_count,
          params_size);
    for (unsigned i = 0; i < output_count; i++)
        plan_apply_check(plan, kernel, outputs, i, inputs, input_count);
    for (unsigned i = 0; i < output_count; i++) {
        struct plan_range to = plan_record_range(plan, outputs[i]);
        plan_record_prepare(plan, &to);
    }
    uint32_t operation = plan_record_begin(plan, BACKEND_KERNEL);
    plan->operations[operation].kernel = kernel;
    plan_apply_params(plan, operation, params, params_size);
    for (unsigned i = 0; i < input_count; i++) {
        struct plan_range from = plan_record_range(plan, inputs[i]);
        plan_record_input(plan, operation, &from);
    }
    for (unsigned i = 0; i < output_count; i++) {
        struct plan_range to = plan_record_range(plan, outputs[i]);
        plan_apply_output(plan, operation, &to, inputs, input_count);
    }
    plan_record_end(plan, operation);
}
