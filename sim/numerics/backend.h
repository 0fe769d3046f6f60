/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interface between the plan and what executes it.  A backend gets a closed batch of operations
 * with their dependencies and runs them in any order that respects these; it owns the memory of
 * storages.  Back ends see only this header and what it includes.
 */
#ifndef HEARSAY_NUMERICS_BACKEND_H
#define HEARSAY_NUMERICS_BACKEND_H

#include "core/plugin.h"
#include "numerics/plan.h"

enum backend_operation_kind {
    BACKEND_GRADIENT,
    BACKEND_STEP,
    BACKEND_WEIGHTED_SUM,
    BACKEND_REDUCE,
    BACKEND_COPY, /* before a partial write to a shared storage */
    BACKEND_EVALUATE,
    BACKEND_DISTANCE,
};

struct backend_operand {
    uint32_t storage; /* index into the batch's storages */
    size_t first, count;
};

/* One recorded operation; `inputs`, `outputs` and `coefficients` lie in the batch's pools. */
struct backend_operation {
    uint8_t kind;
    bool live;               /* false: nobody reads the result, skip it */
    uint32_t input_first, input_count;   /* operands; STEP: x, g, decay_at */
    uint32_t output_first, output_count; /* operands; STEP: x, states... */
    uint32_t successor_first, successor_count; /* operations that wait for this one */
    uint32_t waits_for;      /* number of operations that this one waits for */
    uint32_t coefficient_first; /* WEIGHTED_SUM, DISTANCE, EVALUATE: one a term; REDUCE: scale */
    uint32_t sample_first, sample_count; /* GRADIENT, EVALUATE */
    uint32_t node;           /* GRADIENT; EVALUATE: node + 1, 0 = pooled */
    int64_t step;            /* GRADIENT: names the noise stream */
    struct optimizer_step optimizer_step; /* STEP */
    int set;                 /* EVALUATE */
    void *result;            /* EVALUATE: struct objective_value *; DISTANCE: double * */
};

#endif
