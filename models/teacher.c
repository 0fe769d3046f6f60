/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Teacher network: inputs are standard normal, the answers come from a random network
 *
 *     h = tanh(V x / sqrt(inputs)),   y = U h / sqrt(hidden) + noise N(0, I),
 *
 * V, U standard normal.  hidden = 0 is a linear teacher, y = U x / sqrt(inputs) + ...  With
 * classes the label is the argmax of y, else (classes = 0) y is one real target.
 */
#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "core/memory.h"
#include "models/dataset.h"

struct teacher_params {
    int64_t inputs, hidden, classes, samples, test_samples;
    double noise;
};

static const struct field teacher_fields[] = {
    FIELD_AT(struct teacher_params, inputs, FIELD_INTEGER, "20", .min = 1, .max = 1e6,
             .help = "Features of a sample."),
    FIELD_AT(struct teacher_params, hidden, FIELD_INTEGER, "32", .min = 0, .max = 1e6,
             .help = "Hidden units of the teacher; 0: a linear teacher."),
    FIELD_AT(struct teacher_params, classes, FIELD_INTEGER, "10", .min = 0, .max = 65536,
             .help = "Classes (the largest output names the label); 0: one real target."),
    FIELD_AT(struct teacher_params, samples, FIELD_INTEGER, "10000", .min = 1, .max = 1e9,
             .help = "Training samples."),
    FIELD_AT(struct teacher_params, test_samples, FIELD_INTEGER, "2000", .min = 0, .max = 1e9,
             .help = "Test samples."),
    FIELD_AT(struct teacher_params, noise, FIELD_REAL, "0", .min = 0, .max = 1e6,
             .help = "Standard deviation of the noise on each of the teacher's outputs."),
    FIELD_END,
};

struct teacher {
    const struct teacher_params *params;
    size_t inputs, hidden, outputs;
    double *first, *second;     /* hidden x inputs; outputs x (hidden, or inputs without) */
    double *x, *units, *answer; /* of one sample */
};

static double *draw_matrix(uint64_t seed, uint64_t index, size_t rows, size_t columns)
{
    double *matrix = memory_array(rows * columns, sizeof *matrix);
    struct rng rng;
    gsl_rng *r = rng_open(&rng, seed, RNG_DATA, DATASET_TEACHER, index, 0);

    for (size_t k = 0; k < rows * columns; k++)
        matrix[k] = gsl_ran_gaussian_ziggurat(r, 1 / sqrt((double)columns));
    return matrix;
}

static void teacher_start(struct teacher *t, const struct teacher_params *params, uint64_t seed)
{
    *t = (struct teacher){
        .params = params,
        .inputs = (size_t)params->inputs,
        .hidden = (size_t)params->hidden,
        .outputs = params->classes > 0 ? (size_t)params->classes : 1,
    };
    t->first = draw_matrix(seed, 0, t->hidden, t->inputs);
    t->second = draw_matrix(seed, 1, t->outputs, t->hidden > 0 ? t->hidden : t->inputs);
    t->x = memory_array(t->inputs, sizeof *t->x);
    t->units = memory_array(t->hidden, sizeof *t->units);
    t->answer = memory_array(t->outputs, sizeof *t->answer);
}

static void teacher_end(struct teacher *t)
{
    free(t->first);
    free(t->second);
    free(t->x);
    free(t->units);
    free(t->answer);
}

static double inner(const double *a, const double *b, size_t count)
{
    double sum = 0;

    for (size_t k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

/* Draws one sample and its answer. */
static void teach(struct teacher *t, gsl_rng *r)
{
    const double *below = t->hidden > 0 ? t->units : t->x;
    size_t width = t->hidden > 0 ? t->hidden : t->inputs;

    for (size_t j = 0; j < t->inputs; j++)
        t->x[j] = gsl_ran_gaussian_ziggurat(r, 1);
    for (size_t h = 0; h < t->hidden; h++)
        t->units[h] = tanh(inner(t->first + h * t->inputs, t->x, t->inputs));
    for (size_t o = 0; o < t->outputs; o++)
        t->answer[o] = inner(t->second + o * width, below, width) +
                       t->params->noise * gsl_ran_gaussian_ziggurat(r, 1);
}

static int32_t largest(const double *values, size_t count)
{
    size_t best = 0;

    for (size_t k = 1; k < count; k++)
        best = values[k] > values[best] ? k : best;
    return (int32_t)best;
}

static void draw_samples(struct teacher *t, uint64_t seed, enum dataset_role role,
                         const struct dataset *data, uint32_t samples,
                         const struct dataset_rows *rows)
{
    struct rng rng;

    for (uint32_t i = 0; i < samples; i++) {
        teach(t, rng_open(&rng, seed, RNG_DATA, role, i, 0));
        for (size_t j = 0; j < t->inputs; j++)
            dataset_put(data->precision, rows->reals, i * t->inputs + j, t->x[j]);
        if (data->classes > 0)
            rows->labels[i] = largest(t->answer, t->outputs);
        else
            dataset_put(data->precision, rows->targets, i, t->answer[0]);
    }
}

static enum status load(const void *config, enum numeric_precision precision, uint64_t seed,
                        struct dataset *data, struct error *error)
{
    const struct teacher_params *params = config;
    struct dataset_rows train, test;
    struct teacher teacher;

    if (params->classes == 1)
        return status_fail_at(error, "data.classes",
                              "1 class has nothing to tell apart: expected 0 (a real target) or at"
                              " least 2");
    dataset_start(data, precision);
    data->features = (uint32_t)params->inputs;
    data->classes = (uint32_t)params->classes;
    enum status status =
        dataset_allocate(data, &data->train, (uint32_t)params->samples, &train, error);
    if (status == STATUS_OK)
        status = dataset_allocate(data, &data->test, (uint32_t)params->test_samples, &test, error);
    if (status != STATUS_OK) {
        dataset_release(data);
        return status;
    }
    teacher_start(&teacher, params, seed);
    draw_samples(&teacher, seed, DATASET_TRAIN, data, data->train.samples, &train);
    draw_samples(&teacher, seed, DATASET_TEST, data, data->test.samples, &test);
    teacher_end(&teacher);
    return STATUS_OK;
}

const struct data_ops teacher_ops = {
    .plugin = {.name = "teacher",
               .summary = "normal inputs, answers of a random network",
               .reference = "Seung, Sompolinsky and Tishby, Physical Review A 45 (1992)",
               .params = teacher_fields,
               .params_size = sizeof(struct teacher_params)},
    .load = load,
    .unload = dataset_release,
};
