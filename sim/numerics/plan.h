/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan: numeric operations that the timeline records and a backend executes later.
 *
 * VECTORS are reference-counted handles (0 is none).  A handle owns one reference to a storage;
 * snapshots share the storage until somebody writes (copy on write): writing a whole vector whose
 * storage is shared moves the handle to a fresh storage, so a recorded reader or a message keeps
 * the old values without a copy.  Recorded operations hold what they read.
 *
 * SPANS {vector, first, count} are the operands; count 0 means to the end.  Hazards (read after
 * write, write after read, write after write) are tracked per block of a storage; a vector made by
 * plan_vector has one block, by plan_blocked_vector the blocks that its maker declares.
 *
 * A FLUSH executes what is recorded.  Operations nobody reads are not executed.  The result of a
 * flush is bit-identical for any number of threads and any choice of flush points: operations are
 * cut by size only and partial sums are added in block order.  plan_must_flush() says that the
 * memory budget is reached: temporaries created since the last flush, resident vectors
 * (plan_vector(..., resident)) excluded.  One that is released stays counted where a recorded
 * operation names it, so the figure is an upper bound (plan_budget.c says why).  It also asks for a
 * flush when very many operations are recorded.  A single operation whose temporary operands are
 * larger than the budget is an error that names both figures; every later flush returns it.
 *
 * With the backend `none` recording does nothing, handles are 0, reads (of span.count values) and
 * metrics are NaN.
 */
#ifndef HEARSAY_NUMERICS_PLAN_H
#define HEARSAY_NUMERICS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "numerics/objective.h"
#include "numerics/optimizer.h"

struct backend_ops; /* numerics/backend.h: cpu, none; registry there */
struct plan;

struct plan_span {
    uint32_t vector;
    size_t first, count; /* count 0: from first to the end */
};
static inline struct plan_span plan_whole(uint32_t vector)
{
    return (struct plan_span){vector, 0, 0};
}

struct plan_term {
    uint32_t vector;
    double coefficient;
};

struct plan_config {
    const struct backend_ops *backend;
    struct objective objective; /* precision and dimension of all model vectors */
    const struct optimizer_ops *optimizer;
    const void *optimizer_params;
    unsigned threads; /* >= 1; never changes results */
    int64_t memory_budget_bytes;
    uint32_t batch_size;
};

/* One execution of a kernel.  Pointers are to `real` of the precision that runs. */
struct plan_kernel_call {
    const void *params; /* the recorder's copy; NULL where none were given */
    const void *const *inputs;
    void *const *outputs;
    const size_t *input_counts, *output_counts; /* reals of each span, or of its piece */
    unsigned input_count, output_count;
    size_t first;  /* elementwise kernels: where the piece begins in the spans; else 0 */
    void *scratch; /* scratch_bytes of it, uncleared, aligned for anything */
    const struct objective_layer *layers; /* of the model; layer_count 0: one layer */
    size_t layer_count;
};

/*
 * What plan_apply runs: a pure function of parameters and inputs.  It writes every element of each
 * output.  An output that is an input as well, the same span of the same vector, is updated in
 * place: both pointers may be equal or may not overlap at all, the kernel is right either way.
 * Other operands never overlap an output.
 */
struct plan_kernel {
    const char *name; /* back ends may have an implementation of their own under it */
    /* All spans have one length and an element of an output depends on the same element of the
     * inputs alone (and on its index): large ones run in pieces, cut at multiples of 4096. */
    bool elementwise;
    /* Bytes of scratch for a call, whose inputs and outputs are still NULL; NULL: none. */
    size_t (*scratch_bytes)(const struct plan_kernel_call *call);
    void (*run32)(const struct plan_kernel_call *call);
    void (*run64)(const struct plan_kernel_call *call);
};

#define PLAN_PARAMS_BYTES 64

enum status plan_create(struct plan **plan, const struct plan_config *config, struct error *error);
void plan_free(struct plan *plan);
bool plan_executes(const struct plan *plan); /* false with backend none */
const struct objective *plan_objective(const struct plan *plan);

/* A vector of `count` reals, zero-filled. Resident ones do not count against the budget. */
uint32_t plan_vector(struct plan *plan, size_t count, bool resident);
uint32_t plan_blocked_vector(struct plan *plan, size_t count, size_t block, bool resident);
uint32_t plan_snapshot(struct plan *plan, uint32_t vector); /* a new handle; no copy */
size_t plan_count(struct plan *plan, uint32_t vector);      /* its reals; 0 with backend none */
void plan_retain(struct plan *plan, uint32_t vector);
void plan_release(struct plan *plan, uint32_t vector);

/* --- Recorded operations.  Vectors keep their handles; values are those at execution. --- */

/* g <- stochastic gradient at x.  The samples are copied. */
void plan_gradient(struct plan *plan, const struct objective_batch *batch, uint32_t x, uint32_t g);
/* One optimizer step on x in place (states: optimizer's `states` vectors): the gradient is clipped
 * where step->clip_norm says so, and norms are taken where the rule is layer-wise. */
void plan_step(struct plan *plan, const struct optimizer_step *step, struct plan_span x,
               struct plan_span g, struct plan_span decay_at, const uint32_t *states);
/* destination <- sum of coefficient x vector over the same span, added in the order of the terms
 * in `real`; the destination may be among the terms.  One term: a scaled copy; of a whole vector
 * with coefficient 1: a snapshot, nothing is copied. */
void plan_weighted_sum(struct plan *plan, struct plan_span destination,
                       const struct plan_term *terms, size_t count);
/* destination <- scale x sum of the inputs, added in order with double accumulators and rounded
 * once: the numerics of a collective. */
void plan_reduce(struct plan *plan, uint32_t destination, const uint32_t *inputs, size_t count,
                 double scale);
/* The same of one span of them all. */
void plan_reduce_part(struct plan *plan, struct plan_span destination, const uint32_t *inputs,
                      size_t count, double scale);
/* One element of destination <- the Euclidean norm of a span (fixed blocks, added in order in
 * double, rounded once). */
void plan_norm(struct plan *plan, struct plan_span source, uint32_t destination, size_t element);
/* destination <- min(1, largest / (norm[0] + 1e-6)) x source: torch.nn.utils.clip_grad_norm_. */
void plan_clip(struct plan *plan, uint32_t destination, struct plan_span source, uint32_t norm,
               double largest);
/* outputs <- kernel(params, inputs).  The parameters, at most PLAN_PARAMS_BYTES, are copied; what
 * they point to lives as long as the plan.  Outputs are distinct; one is written as a whole or, if
 * it is an input too, in place (struct plan_kernel). */
void plan_apply(struct plan *plan, const struct plan_kernel *kernel, const void *params,
                size_t params_size, const struct plan_span *outputs, unsigned output_count,
                const struct plan_span *inputs, unsigned input_count);
/* Into *value / *result, valid after the next flush.
 * plan_evaluate: the objective at `scale` x x.  plan_distance: ||a.c a.v - b.c b.v||^2 (fixed
 * blocks, partial sums in block order, double); b.vector 0: the squared norm of a. */
void plan_evaluate(struct plan *plan, const struct objective_query *query, struct plan_term x,
                   struct objective_value *value);
void plan_distance(struct plan *plan, struct plan_term a, struct plan_term b, double *result);

/* --- Execution --- */
bool plan_must_flush(const struct plan *plan);
enum status plan_flush(struct plan *plan, struct error *error);
/* Immediate access (flushes first where something recorded touches the vector). `values` are
 * doubles, converted to or from the plan's precision. */
enum status plan_read(struct plan *plan, struct plan_span span, double *values,
                      struct error *error);
enum status plan_write(struct plan *plan, struct plan_span span, const double *values,
                       struct error *error);

struct plan_totals {
    uint64_t recorded, executed, skipped; /* operations */
    uint64_t flushes;
    int64_t peak_temporary_bytes, resident_bytes;
};
struct plan_totals plan_totals(const struct plan *plan);

#endif
