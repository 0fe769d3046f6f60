/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quadratic objectives with chosen curvature, noise and heterogeneity, and a known optimum.
 * Definition: quadratic.h.  The optimum c is standard normal; so are initial parameters.
 */
#include "models/quadratic.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "models/dataset.h"

struct quadratic_params {
    int64_t dimension;
    double L, mu, sigma, zeta;
};

static const struct field quadratic_fields[] = {
    FIELD_AT(struct quadratic_params, dimension, FIELD_INTEGER, "10", .min = 1, .max = 1e9,
             .help = "Number of parameters."),
    FIELD_AT(struct quadratic_params, L, FIELD_REAL, "1", .min = FIELD_POSITIVE, .max = 1e12,
             .help = "Largest curvature (the gradient's Lipschitz constant)."),
    FIELD_AT(struct quadratic_params, mu, FIELD_REAL, "0.1", .min = FIELD_POSITIVE, .max = 1e12,
             .help = "Smallest curvature (strong convexity); at most L."),
    FIELD_AT(struct quadratic_params, sigma, FIELD_REAL, "0", .min = 0, .max = 1e12,
             .help = "Gradient noise: a batch of b has noise of mean square norm sigma^2 / b."),
    FIELD_AT(struct quadratic_params, zeta, FIELD_REAL, "0", .min = 0, .max = 1e12,
             .help = "Heterogeneity: root mean square distance of the nodes' gradients from their"
                     " mean."),
    FIELD_END,
};

void quadratic_reflect(const struct quadratic *q, double *y)
{
    const double *u = q->reflector;
    double along = 0;

    for (size_t j = 0; j < q->dimension; j++)
        along += u[j] * y[j];
    for (size_t j = 0; j < q->dimension; j++)
        y[j] -= 2 * along * u[j];
}

static void draw_normal(double *values, size_t count, uint64_t seed, uint64_t index)
{
    struct rng rng;
    gsl_rng *r = rng_open(&rng, seed, RNG_DATA, DATASET_QUADRATIC, index, 0);

    for (size_t k = 0; k < count; k++)
        values[k] = gsl_ran_gaussian_ziggurat(r, 1);
}

static double square_norm(const double *values, size_t count)
{
    double sum = 0;

    for (size_t k = 0; k < count; k++)
        sum += values[k] * values[k];
    return sum;
}

static void scale(double *values, size_t count, double factor)
{
    for (size_t k = 0; k < count; k++)
        values[k] *= factor;
}

static void draw_problem(struct quadratic *q, const struct quadratic_params *params, uint64_t seed)
{
    size_t d = q->dimension;

    for (size_t j = 0; j < d; j++)
        q->lambda[j] = d == 1
                           ? params->L
                           : params->mu * pow(params->L / params->mu, (double)j / (double)(d - 1));
    draw_normal(q->reflector, d, seed, 0);
    scale(q->reflector, d, 1 / sqrt(square_norm(q->reflector, d)));
    draw_normal(q->centre, d, seed, 1);
}

/* Normal draws, less their mean over the nodes, scaled to mean square norm zeta^2. */
static void draw_shifts(struct quadratic *q, uint64_t seed)
{
    size_t d = q->dimension, total = q->nodes * d;

    draw_normal(q->shifts, total, seed, 2);
    for (size_t j = 0; j < d; j++) {
        double mean = 0;

        for (size_t i = 0; i < q->nodes; i++)
            mean += q->shifts[i * d + j] / q->nodes;
        for (size_t i = 0; i < q->nodes; i++)
            q->shifts[i * d + j] -= mean;
    }
    double square = square_norm(q->shifts, total) / q->nodes;
    scale(q->shifts, total, q->nodes > 1 ? q->zeta / sqrt(square) : 0);
}

/* (1/2) s' A^-1 s with A^-1 = H D^-1 H */
static void measure_offsets(struct quadratic *q, double *scratch)
{
    size_t d = q->dimension;

    for (size_t i = 0; i < q->nodes; i++) {
        memcpy(scratch, q->shifts + i * d, d * sizeof *scratch);
        quadratic_reflect(q, scratch);
        for (size_t j = 0; j < d; j++)
            q->offsets[i] += scratch[j] * scratch[j] / q->lambda[j] / 2;
        q->offset += q->offsets[i] / q->nodes;
    }
}

static enum status create_shifts(struct quadratic *q, uint64_t seed, struct error *error)
{
    size_t count;

    if (q->zeta == 0)
        return STATUS_OK;
    if (__builtin_mul_overflow(q->dimension, sizeof(double) * q->nodes, &count) ||
        (q->shifts = memory_try_aligned(count)) == NULL)
        return status_fail(error, STATUS_NO_MEMORY,
                           "a heterogeneous quadratic keeps %u nodes x %zu doubles", q->nodes,
                           q->dimension);
    q->offsets = memory_array(q->nodes, sizeof *q->offsets);
    draw_shifts(q, seed);
    double *scratch = memory_array(q->dimension, sizeof *scratch);
    measure_offsets(q, scratch);
    free(scratch);
    return STATUS_OK;
}

static enum status create_problem(struct quadratic *q, const struct quadratic_params *params,
                                  uint64_t seed, struct error *error)
{
    size_t size = q->dimension * sizeof(double);

    q->lambda = memory_try_aligned(size);
    q->reflector = memory_try_aligned(size);
    q->centre = memory_try_aligned(size);
    if (q->lambda == NULL || q->reflector == NULL || q->centre == NULL)
        return status_fail(error, STATUS_NO_MEMORY, "a quadratic keeps 3 vectors of %zu doubles",
                           q->dimension);
    draw_problem(q, params, seed);
    return create_shifts(q, seed, error);
}

static void destroy(void *model)
{
    struct quadratic *q = model;

    if (q == NULL)
        return;
    free(q->lambda);
    free(q->reflector);
    free(q->centre);
    free(q->shifts);
    free(q->offsets);
    free(q);
}

static enum status create(const struct model_setting *setting, void **model, struct error *error)
{
    const struct quadratic_params *params = setting->params;
    size_t d = (size_t)params->dimension;

    if (params->mu > params->L)
        return status_fail_at(error, "model.mu", "%g is above L = %g", params->mu, params->L);
    struct quadratic *q = memory_alloc(sizeof *q);
    *q = (struct quadratic){
        .dimension = d,
        .nodes = setting->nodes,
        .precision = setting->precision,
        .sigma = params->sigma,
        .zeta = params->zeta,
        .seed_init = setting->seed_init,
        .seed_noise = setting->seed_noise,
    };
    enum status status =
        setting->timeline_only ? STATUS_OK : create_problem(q, params, setting->seed_data, error);
    if (status != STATUS_OK) {
        destroy(q);
        return status;
    }
    *model = q;
    return STATUS_OK;
}

static struct objective objective(const void *model)
{
    const struct quadratic *q = model;

    return (struct objective){
        .ops = q->precision == NUMERIC_FLOAT32 ? &quadratic_kernels32 : &quadratic_kernels64,
        .context = q,
        .dimension = q->dimension,
        .precision = q->precision,
    };
}

static void initial(const void *model, uint64_t stream, double *x)
{
    const struct quadratic *q = model;
    struct rng rng;
    gsl_rng *r = rng_open(&rng, q->seed_init, RNG_INIT, 0, stream, 0);

    for (size_t j = 0; j < q->dimension; j++)
        x[j] = gsl_ran_gaussian_ziggurat(r, 1);
}

static bool optimum(const void *model, double *x)
{
    const struct quadratic *q = model;

    memcpy(x, q->centre, q->dimension * sizeof *x);
    return true;
}

static int64_t flop(const void *model, uint32_t batch)
{
    const struct quadratic *q = model;

    (void)batch;
    return 11 * (int64_t)q->dimension; /* x - c, two reflections, the spectrum, the shift */
}

const struct model_ops quadratic_ops = {
    .plugin = {.name = "quadratic",
               .summary = "synthetic quadratic with chosen curvature, noise and heterogeneity",
               .reference = "Nesterov, Lectures on Convex Optimization, 2.1.4",
               .params = quadratic_fields,
               .params_size = sizeof(struct quadratic_params)},
    .needs_data = false,
    .classifies = false,
    .create = create,
    .destroy = destroy,
    .objective = objective,
    .initial = initial,
    .optimum = optimum,
    .flop = flop,
};
