/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recording of operations.
 *
 * Each operation is made in four strokes: private storages where it must write in place
 * (plan_record_unshare, before it begins), its inputs, its outputs (where a vector that is
 * overwritten as a whole moves to another storage instead of waiting or copying), the end.
 */
#include <string.h>

#include "core/check.h"
#include "core/memory.h"
#include "numerics/plan_internal.h"

struct plan_range plan_record_range(struct plan *plan, struct plan_span span)
{
    struct plan_vector *vector = plan_vector_at(plan, span.vector);
    size_t total = plan->storages[vector->storage].count;
    CHECK(span.first < total && span.count <= total - span.first,
          "span %zu+%zu lies outside of a vector of %zu", span.first, span.count, total);
    size_t count = span.count ? span.count : total - span.first;
    return (struct plan_range){vector, span.first, count, count == total};
}

uint32_t plan_record_begin(struct plan *plan, enum backend_operation_kind kind)
{
    CHECK(plan->operation_count < UINT32_MAX - 1, "too many operations without a flush");
    PLAN_RESERVE(plan->operations, plan->operation_capacity, plan->operation_count + 1);
    struct backend_operation *operation = &plan->operations[plan->operation_count];
    memset(operation, 0, sizeof *operation);
    operation->kind = (uint8_t)kind;
    operation->input_first = operation->output_first = (uint32_t)plan->operand_count;
    operation->coefficient_first = (uint32_t)plan->coefficient_count;
    operation->sample_first = plan->sample_count;
    return (uint32_t)plan->operation_count++;
}

static const struct backend_operand *plan_record_operand(struct plan *plan,
                                                         const struct plan_range *range)
{
    CHECK(plan->operand_count < UINT32_MAX, "too many operands without a flush");
    PLAN_RESERVE(plan->operands, plan->operand_capacity, plan->operand_count + 1);
    struct backend_operand *operand = &plan->operands[plan->operand_count++];
    *operand = (struct backend_operand){range->vector->storage, range->first, range->count};
    return operand;
}

void plan_record_input(struct plan *plan, uint32_t operation, const struct plan_range *range)
{
    plan_hazard_read(plan, operation, plan_record_operand(plan, range));
    plan->operations[operation].input_count++;
    plan->operations[operation].output_first++;
}

void plan_record_output(struct plan *plan, uint32_t operation, const struct plan_range *range)
{
    plan_hazard_write(plan, operation, plan_record_operand(plan, range));
    plan->operations[operation].output_count++;
}

static void plan_record_coefficient(struct plan *plan, double coefficient)
{
    PLAN_RESERVE(plan->coefficients, plan->coefficient_capacity, plan->coefficient_count + 1);
    plan->coefficients[plan->coefficient_count++] = coefficient;
}

static void plan_record_samples(struct plan *plan, uint32_t operation, const uint32_t *samples,
                                uint32_t count)
{
    plan->operations[operation].sample_count = count;
    plan->operations[operation].samples_given = samples != NULL;
    if (!samples || count == 0)
        return;
    PLAN_RESERVE(plan->samples, plan->sample_capacity, plan->sample_count + count);
    memcpy(plan->samples + plan->sample_count, samples, count * sizeof *samples);
    plan->sample_count += count;
}

void plan_record_end(struct plan *plan, uint32_t operation)
{
    plan_budget_weigh(plan, &plan->operations[operation]);
}

/* What is about to be written in place must not be seen through another handle. */
static void plan_record_unshare(struct plan *plan, struct plan_range *range)
{
    if (plan->tracks[range->vector->storage].handles == 1)
        return;
    struct plan_range all = {range->vector, 0, plan->storages[range->vector->storage].count, true};
    uint32_t copy = plan_record_begin(plan, BACKEND_COPY);
    plan_record_input(plan, copy, &all);
    plan_storage_renew(plan, range->vector);
    plan_record_output(plan, copy, &all);
    plan_record_end(plan, copy);
}

void plan_record_prepare(struct plan *plan, struct plan_range *range)
{
    if (!range->whole)
        plan_record_unshare(plan, range);
}

/* Where the storage is merely still read by recorded operations the move is a choice: nobody waits,
 * and the old buffer is free as soon as its readers ran, still warm for the next.  The choice is
 * taken while the budget lasts; values never depend on it. */
void plan_record_move(struct plan *plan, const struct plan_range *range, bool reads_it)
{
    if (!range->whole)
        return;
    uint32_t storage = range->vector->storage;
    const struct plan_track *track = &plan->tracks[storage];
    bool worth_it = !reads_it && track->touched == plan->epoch && plan_budget_allows(plan, storage);
    if (track->handles > 1 || worth_it)
        plan_storage_renew(plan, range->vector);
}

void plan_gradient(struct plan *plan, const struct objective_batch *batch, uint32_t x, uint32_t g)
{
    if (!plan_executes(plan))
        return;
    struct plan_range from = plan_record_range(plan, plan_whole(x));
    struct plan_range to = plan_record_range(plan, plan_whole(g));
    size_t dimension = plan->setting.objective.dimension;
    CHECK(from.count == dimension && to.count == dimension && x != g,
          "a gradient maps %zu parameters to another vector of as many", dimension);
    CHECK(batch->count <= plan->setting.batch_size, "a batch of %u samples, at most %u declared",
          batch->count, plan->setting.batch_size);
    uint32_t operation = plan_record_begin(plan, BACKEND_GRADIENT);
    plan_record_input(plan, operation, &from);
    plan_record_move(plan, &to, from.vector->storage == to.vector->storage);
    plan_record_output(plan, operation, &to);
    plan_record_samples(plan, operation, batch->samples, batch->count);
    plan->operations[operation].node = batch->node;
    plan->operations[operation].step = batch->step;
    plan_record_end(plan, operation);
}

/* x may move while it is written (the kernel has an x_out); states are updated in place.  norms: 0,
 * or those of a layer-wise rule. */
static void plan_record_step(struct plan *plan, const struct optimizer_step *step,
                             struct plan_span x, struct plan_span g, struct plan_span decay_at,
                             const uint32_t *states, uint32_t norms)
{
    unsigned count = plan->setting.optimizer->states;
    struct plan_range range[3] = {plan_record_range(plan, x), plan_record_range(plan, g),
                                  plan_record_range(plan, decay_at)};
    struct plan_range state[OPTIMIZER_MAX_STATES];
    CHECK(range[1].count == range[0].count && range[2].count == range[0].count,
          "a step on %zu elements with a gradient of %zu", range[0].count, range[1].count);
    for (unsigned i = 0; i < count; i++) {
        struct plan_span span = {states[i], range[0].first, range[0].count};
        state[i] = plan_record_range(plan, span);
        plan_record_unshare(plan, &state[i]);
    }
    plan_record_prepare(plan, &range[0]);
    uint32_t operation = plan_record_begin(plan, BACKEND_STEP);
    plan->operations[operation].update = *step;
    for (unsigned i = 0; i < 3; i++)
        plan_record_input(plan, operation, &range[i]);
    for (unsigned i = 0; i < count; i++)
        plan_record_input(plan, operation, &state[i]);
    if (norms) {
        struct plan_range all = plan_record_range(plan, plan_whole(norms));
        plan_record_input(plan, operation, &all);
    }
    plan_record_move(plan, &range[0], true);
    plan_record_output(plan, operation, &range[0]);
    for (unsigned i = 0; i < count; i++)
        plan_record_output(plan, operation, &state[i]);
    plan_record_end(plan, operation);
}

void plan_norm(struct plan *plan, struct plan_span source, uint32_t destination, size_t element)
{
    if (!plan_executes(plan))
        return;
    struct plan_range from = plan_record_range(plan, source);
    struct plan_range to = plan_record_range(plan, (struct plan_span){destination, element, 1});
    plan_record_prepare(plan, &to);
    uint32_t operation = plan_record_begin(plan, BACKEND_NORM);
    plan_record_input(plan, operation, &from);
    plan_record_move(plan, &to, from.vector->storage == to.vector->storage);
    plan_record_output(plan, operation, &to);
    plan_record_end(plan, operation);
}

void plan_clip(struct plan *plan, uint32_t destination, struct plan_span source, uint32_t norm,
               double largest)
{
    if (!plan_executes(plan))
        return;
    struct plan_range from = plan_record_range(plan, source);
    struct plan_range to = plan_record_range(plan, plan_whole(destination));
    struct plan_range bound = plan_record_range(plan, (struct plan_span){norm, 0, 1});
    CHECK(from.count == to.count && norm != destination, "%zu elements clipped into %zu",
          from.count, to.count);
    uint32_t operation = plan_record_begin(plan, BACKEND_CLIP);
    plan_record_coefficient(plan, largest);
    plan_record_input(plan, operation, &from);
    plan_record_input(plan, operation, &bound);
    plan_record_move(plan, &to, from.vector->storage == to.vector->storage);
    plan_record_output(plan, operation, &to);
    plan_record_end(plan, operation);
}

/* A new vector: the gradient, which others may still read, is left as it is. */
static struct plan_span plan_record_clipped(struct plan *plan, struct plan_span g, double largest)
{
    uint32_t norm = plan_vector(plan, 1, false);
    struct plan_span clipped =
        plan_whole(plan_vector(plan, plan_record_range(plan, g).count, false));
    plan_norm(plan, g, norm, 0);
    plan_clip(plan, clipped.vector, g, norm, largest);
    plan_release(plan, norm);
    return clipped;
}

/* Two reals a layer, in blocks of one so that nobody waits for another's norm. */
static uint32_t plan_record_norms(struct plan *plan, uint32_t g, uint32_t decay_at)
{
    const struct objective *objective = &plan->setting.objective;
    size_t count = objective->layer_count ? objective->layer_count : 1;
    uint32_t norms = plan_blocked_vector(plan, 2 * count, 1, false);
    for (size_t i = 0; i < count; i++) {
        struct objective_layer layer = objective_layer(objective, i);
        struct plan_span of[2] = {{decay_at, layer.first, layer.count},
                                  {g, layer.first, layer.count}};
        plan_norm(plan, of[0], norms, 2 * i);
        plan_norm(plan, of[1], norms, 2 * i + 1);
    }
    return norms;
}

void plan_step(struct plan *plan, const struct optimizer_step *step, struct plan_span x,
               struct plan_span g, struct plan_span decay_at, const uint32_t *states)
{
    if (!plan_executes(plan))
        return;
    uint32_t clipped = 0, norms = 0;
    if (step->clip_norm > 0) {
        g = plan_record_clipped(plan, g, step->clip_norm);
        clipped = g.vector;
    }
    if (plan->setting.optimizer->layerwise) {
        size_t dimension = plan->setting.objective.dimension;
        CHECK(plan_record_range(plan, x).count == dimension &&
                  plan_record_range(plan, g).count == dimension,
              "a layer-wise rule steps on all %zu parameters at once", dimension);
        norms = plan_record_norms(plan, g.vector, decay_at.vector);
    }
    plan_record_step(plan, step, x, g, decay_at, states, norms);
    if (norms)
        plan_release(plan, norms);
    if (clipped)
        plan_release(plan, clipped);
}

/* A copy of a whole vector is a snapshot. */
static bool plan_record_alias(struct plan *plan, const struct plan_range *to,
                              const struct plan_term *term)
{
    struct plan_vector *from = plan_vector_at(plan, term->vector);
    const struct plan_track *old = &plan->tracks[to->vector->storage];
    const struct plan_track *new = &plan->tracks[from->storage];
    if (!to->whole || term->coefficient != 1 || old->block_size != new->block_size ||
        plan->storages[from->storage].count != to->count)
        return false;
    plan_storage_attach(plan, from->storage, to->vector->resident);
    plan_storage_detach(plan, to->vector->storage, to->vector->resident);
    to->vector->storage = from->storage;
    return true;
}

void plan_weighted_sum(struct plan *plan, struct plan_span destination,
                       const struct plan_term *terms, size_t count)
{
    if (!plan_executes(plan))
        return;
    CHECK(count > 0, "a sum of no terms");
    struct plan_range to = plan_record_range(plan, destination);
    if (count == 1 && plan_record_alias(plan, &to, terms))
        return;
    bool reads_it = false;
    plan_record_prepare(plan, &to);
    uint32_t operation = plan_record_begin(plan, BACKEND_WEIGHTED_SUM);
    for (size_t i = 0; i < count; i++) {
        struct plan_span span = {terms[i].vector, to.first, to.count};
        struct plan_range from = plan_record_range(plan, span);
        reads_it |= from.vector->storage == to.vector->storage;
        plan_record_input(plan, operation, &from);
        plan_record_coefficient(plan, terms[i].coefficient);
    }
    plan_record_move(plan, &to, reads_it);
    plan_record_output(plan, operation, &to);
    plan_record_end(plan, operation);
}

void plan_reduce_part(struct plan *plan, struct plan_span destination, const uint32_t *inputs,
                      size_t count, double scale)
{
    if (!plan_executes(plan))
        return;
    CHECK(count > 0, "a reduction of no inputs");
    struct plan_range to = plan_record_range(plan, destination);
    bool reads_it = false;
    plan_record_prepare(plan, &to);
    uint32_t operation = plan_record_begin(plan, BACKEND_REDUCE);
    plan_record_coefficient(plan, scale);
    for (size_t i = 0; i < count; i++) {
        struct plan_span span = {inputs[i], to.first, to.whole ? 0 : to.count};
        struct plan_range from = plan_record_range(plan, span);
        CHECK(from.count == to.count, "a reduction of %zu into %zu elements", from.count, to.count);
        reads_it |= from.vector->storage == to.vector->storage;
        plan_record_input(plan, operation, &from);
    }
    plan_record_move(plan, &to, reads_it);
    plan_record_output(plan, operation, &to);
    plan_record_end(plan, operation);
}

void plan_reduce(struct plan *plan, uint32_t destination, const uint32_t *inputs, size_t count,
                 double scale)
{
    plan_reduce_part(plan, plan_whole(destination), inputs, count, scale);
}

static void plan_record_evaluate(struct plan *plan, const struct objective_query *query, uint32_t x,
                                 struct objective_value *value)
{
    struct plan_range from = plan_record_range(plan, plan_whole(x));
    CHECK(from.count == plan->setting.objective.dimension,
          "the objective has %zu parameters, not %zu", plan->setting.objective.dimension,
          from.count);
    uint32_t operation = plan_record_begin(plan, BACKEND_EVALUATE);
    plan_record_input(plan, operation, &from);
    plan_record_samples(plan, operation, query->samples, query->count);
    plan->operations[operation].set = query->set;
    plan->operations[operation].node = (uint32_t)(query->node + 1);
    plan->operations[operation].result = value;
    plan_record_end(plan, operation);
}

void plan_evaluate(struct plan *plan, const struct objective_query *query, struct plan_term x,
                   struct objective_value *value)
{
    *value = (struct objective_value){NAN, -1, 0};
    if (!plan_executes(plan))
        return;
    if (x.coefficient == 1) {
        plan_record_evaluate(plan, query, x.vector, value);
        return;
    }
    uint32_t scaled = plan_vector(plan, plan->setting.objective.dimension, false);
    plan_weighted_sum(plan, plan_whole(scaled), &x, 1);
    plan_record_evaluate(plan, query, scaled, value);
    plan_release(plan, scaled);
}

void plan_distance(struct plan *plan, struct plan_term a, struct plan_term b, double *result)
{
    *result = NAN;
    if (!plan_executes(plan))
        return;
    struct plan_range first = plan_record_range(plan, plan_whole(a.vector));
    uint32_t operation = plan_record_begin(plan, BACKEND_DISTANCE);
    plan_record_input(plan, operation, &first);
    plan_record_coefficient(plan, a.coefficient);
    if (b.vector) {
        struct plan_range second = plan_record_range(plan, plan_whole(b.vector));
        CHECK(first.count == second.count, "the distance of %zu and %zu elements", first.count,
              second.count);
        plan_record_input(plan, operation, &second);
        plan_record_coefficient(plan, b.coefficient);
    }
    plan->operations[operation].result = result;
    plan_record_end(plan, operation);
}
