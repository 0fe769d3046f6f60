/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gaussian blobs: class k is N(m_k, spread^2 I) around a centre m_k of norm `separation` in a
 * random direction; sample i belongs to class i mod classes.
 *
 * Two classes at distance D are told apart with error Q(D / (2 spread)); random directions in many
 * dimensions are nearly orthogonal, so D is about sqrt(2) x separation.
 */
#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "core/memory.h"
#include "models/dataset.h"

struct blobs_params {
    int64_t classes, features, samples, test_samples;
    double separation, spread;
};

static const struct field blobs_fields[] = {
    FIELD_AT(struct blobs_params, classes, FIELD_INTEGER, "10", .min = 2, .max = 65536,
             .help = "Number of classes, equally frequent."),
    FIELD_AT(struct blobs_params, features, FIELD_INTEGER, "20", .min = 1, .max = 1e6,
             .help = "Features of a sample."),
    FIELD_AT(struct blobs_params, samples, FIELD_INTEGER, "10000", .min = 1, .max = 1e9,
             .help = "Training samples."),
    FIELD_AT(struct blobs_params, test_samples, FIELD_INTEGER, "2000", .min = 0, .max = 1e9,
             .help = "Test samples."),
    FIELD_AT(struct blobs_params, separation, FIELD_REAL, "3", .min = 0, .max = 1e6,
             .help = "Distance of each class's centre from the origin."),
    FIELD_AT(struct blobs_params, spread, FIELD_REAL, "1", .min = 0, .max = 1e6,
             .help = "Standard deviation of each feature within a class."),
    FIELD_END,
};

static double *draw_centres(const struct blobs_params *params, uint64_t seed)
{
    size_t features = (size_t)params->features;
    double *centres = memory_array((size_t)params->classes * features, sizeof *centres);
    struct rng rng;

    for (size_t k = 0; k < (size_t)params->classes; k++) {
        gsl_rng *r = rng_open(&rng, seed, RNG_DATA, DATASET_CENTRE, k, 0);

        gsl_ran_dir_nd(r, features, centres + k * features);
        for (size_t j = 0; j < features; j++)
            centres[k * features + j] *= params->separation;
    }
    return centres;
}

static void draw_samples(const struct blobs_params *params, const double *centres, uint64_t seed,
                         enum dataset_role role, const struct dataset *data, uint32_t samples,
                         const struct dataset_rows *rows)
{
    struct rng rng;

    for (uint32_t i = 0; i < samples; i++) {
        gsl_rng *r = rng_open(&rng, seed, RNG_DATA, role, i, 0);
        size_t label = i % (size_t)params->classes;

        for (size_t j = 0; j < data->features; j++)
            dataset_put(data->precision, rows->reals, (size_t)i * data->features + j,
                        centres[label * data->features + j] +
                            gsl_ran_gaussian_ziggurat(r, params->spread));
        rows->labels[i] = (int32_t)label;
    }
}

static enum status load(const void *config, enum numeric_precision precision, uint64_t seed,
                        struct dataset *data, struct error *error)
{
    const struct blobs_params *params = config;
    struct dataset_rows train, test;

    dataset_start(data, precision);
    data->features = (uint32_t)params->features;
    data->classes = (uint32_t)params->classes;
    enum status status =
        dataset_allocate(data, &data->train, (uint32_t)params->samples, &train, error);
    if (status == STATUS_OK)
        status = dataset_allocate(data, &data->test, (uint32_t)params->test_samples, &test, error);
    if (status != STATUS_OK) {
        dataset_release(data);
        return status;
    }
    double *centres = draw_centres(params, seed);
    draw_samples(params, centres, seed, DATASET_TRAIN, data, data->train.samples, &train);
    draw_samples(params, centres, seed, DATASET_TEST, data, data->test.samples, &test);
    free(centres);
    return STATUS_OK;
}

const struct data_ops gaussian_blobs_ops = {
    .plugin = {.name = "gaussian-blobs",
               .summary = "normal clouds around random class centres",
               .params = blobs_fields,
               .params_size = sizeof(struct blobs_params)},
    .load = load,
    .unload = dataset_release,
};
