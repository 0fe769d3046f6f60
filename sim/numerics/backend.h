/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interface between the plan and what executes it.  A backend gets a closed batch of operations
 * with their dependencies and runs them in any order that respects these; it owns the memory of
 * storages.  Back ends see only this header and what it includes.
 *
 * MEMORY.  A storage has memory (`memory` not NULL) from when a batch first needs it until the
 * backend is told to release it.  Within a batch:
 *   - storages listed in `zeroed` get zero-filled memory before anything runs;
 *   - any other storage without memory is wholly overwritten by the first live operation that names
 *     it, which all others that name it wait for: that operation gives it memory, uncleared;
 *   - `uses` counts the operands of live operations that name the storage.  When all of them have
 *     ended and `kept` is false the memory may serve other storages at once (the backend sets
 *     `memory` to NULL).
 * The backend may count `uses` and `waits_for` down in place.
 *
 * ORDER.  `waits_for` counts every entry of every operation's successors, dead ones' too: a dead
 * operation (live false) does nothing but pass the order on.
 *
 * RESULTS depend on the batch's operations only, never on threads or on how operations were
 * divided into batches: work is cut by size, partial sums are added in order.
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
    BACKEND_NORM,   /* Euclidean norm of the input (sum of squares as in DISTANCE) -> one real */
    BACKEND_CLIP,   /* first input x min(1, coefficient / (second input, a norm, + 1e-6)) */
    BACKEND_KERNEL, /* the operation's own kernel, as plan_apply says */
};

struct backend_operand {
    uint32_t storage; /* index into the batch's storages */
    size_t first, count;
};

/*
 * One recorded operation; operands, coefficients and samples lie in the batch's pools.
 *
 * Inputs of a STEP: x, g, decay_at, states..., and for a layer-wise rule a vector with two reals
 * for each layer of the objective: the norms of decay_at and of g.
 */
struct backend_operation {
    uint8_t kind;
    bool live;                                 /* false: nobody reads the result, skip it */
    uint32_t input_first, input_count;         /* operands; STEP: see above */
    uint32_t output_first, output_count;       /* operands; STEP: x, states... */
    uint32_t successor_first, successor_count; /* operations that wait for this one */
    uint32_t waits_for;                        /* number of entries that name this one */
    uint32_t coefficient_first;   /* WEIGHTED_SUM, DISTANCE: one an input; REDUCE: the scale; CLIP:
                                     the largest norm */
    size_t sample_first;          /* GRADIENT, EVALUATE */
    uint32_t sample_count;        /* 0 without data, or (EVALUATE) for the whole set */
    bool samples_given;           /* false: the model gets NULL instead of samples */
    uint32_t node;                /* GRADIENT; EVALUATE: node + 1, 0 = pooled */
    int64_t step;                 /* GRADIENT: names the noise stream */
    struct optimizer_step update; /* STEP */
    const struct plan_kernel *kernel; /* KERNEL */
    uint32_t params_first;            /* KERNEL: its slot in the batch's pool of parameters */
    int set;                          /* EVALUATE */
    void *result;                     /* EVALUATE: struct objective_value *; DISTANCE: double * */
};

/* Parameters of one KERNEL operation. */
struct backend_params {
    _Alignas(8) unsigned char bytes[PLAN_PARAMS_BYTES];
};

struct backend_storage {
    size_t count;  /* reals */
    void *memory;  /* the backend's; NULL: none yet, reads as zeros */
    uint32_t uses; /* operands of live operations in the batch */
    bool kept;     /* a vector names it after the batch */
};

struct backend_batch {
    struct backend_operation *operations; /* in the order of recording */
    uint32_t operation_count;
    const struct backend_operand *operands;
    const uint32_t *successors;
    const double *coefficients;
    const uint32_t *samples;
    const struct backend_params *params;
    struct backend_storage *storages; /* all of the plan's */
    const uint32_t *zeroed;           /* storages to be zero-filled before anything runs */
    uint32_t zeroed_count;
};

/* What does not change between batches. */
struct backend_setting {
    struct objective objective;
    const struct optimizer_ops *optimizer; /* NULL where no STEP is recorded */
    const void *optimizer_params;
    unsigned threads;
    uint32_t batch_size; /* the largest batch of a GRADIENT */
};

struct backend_ops {
    struct plugin plugin;
    bool executes; /* false: nothing is recorded and the functions below are not called (NULL) */
    enum status (*open)(const struct backend_setting *setting, void **backend, struct error *error);
    void (*close)(void *backend); /* NULL is fine; storages must have been released */
    /* Gives memory back; a storage without any is fine. */
    void (*release)(void *backend, struct backend_storage *storage);
    /* Reals of a storage as doubles. read: zeros where it has no memory. */
    enum status (*read)(void *backend, const struct backend_storage *storage, size_t first,
                        size_t count, double *values, struct error *error);
    enum status (*write)(void *backend, struct backend_storage *storage, size_t first, size_t count,
                         const double *values, struct error *error);
    enum status (*execute)(void *backend, struct backend_batch *batch, struct error *error);
};
extern const struct plugin_registry backend_registry; /* cpu, none */
extern const struct backend_ops backend_cpu_ops, backend_none_ops;

#endif
