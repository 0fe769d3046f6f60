/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Models: gradients against central differences and a naive long double network, optima against
 * GSL, and the laws that the synthetic quadratic promises.
 */
#include <float.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort_vector.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "core/rng.h"
#include "tests/unit/models_support.h"
#include "testing.h"

#define LARGEST_BATCH 600

struct bench {
    const struct model_ops *ops;
    void *model;
    struct objective objective;
    size_t dimension;
    void *workspace;
    double *x, *g; /* in the precision */
};

static struct bench bench_open(struct plugin_choice choice, const struct dataset *data,
                               const struct partition *partition, enum numeric_precision precision,
                               uint32_t nodes)
{
    struct bench b = {.ops = (const struct model_ops *)choice.plugin};
    struct model_setting setting = {.params = choice.params,
                                    .data = data,
                                    .partition = partition,
                                    .precision = precision,
                                    .nodes = nodes,
                                    .seed_data = 1,
                                    .seed_init = 2,
                                    .seed_noise = 3};
    struct error error = {.text = ""};

    ck_assert_msg(b.ops->create(&setting, &b.model, &error) == STATUS_OK, "%s", error.text);
    b.objective = b.ops->objective(b.model);
    b.dimension = b.objective.dimension;
    b.workspace =
        memory_try_aligned(b.objective.ops->workspace_bytes(b.objective.context, LARGEST_BATCH));
    b.x = memory_try_aligned(b.dimension * sizeof(double));
    b.g = memory_try_aligned(b.dimension * sizeof(double));
    memset(b.g, 0xff, b.dimension * sizeof(double)); /* NaN: gradients may not read it */
    return b;
}

static void bench_close(struct bench *b)
{
    b->ops->destroy(b->model);
    free(b->workspace);
    free(b->x);
    free(b->g);
}

static void bench_gradient(struct bench *b, uint32_t node, int64_t step, uint32_t count,
                           const uint32_t *samples)
{
    struct objective_batch batch = {.node = node, .count = count, .step = step, .samples = samples};

    b->objective.ops->gradient(b->objective.context, &batch, b->x, b->g, b->workspace);
}

static struct objective_value bench_value(const struct bench *b, struct objective_query query)
{
    struct objective_value value;

    b->objective.ops->evaluate(b->objective.context, &query, b->x, &value, b->workspace);
    return value;
}

static double mean_loss(const struct bench *b, int64_t node, uint32_t count,
                        const uint32_t *samples)
{
    struct objective_value value =
        bench_value(b, (struct objective_query){.count = count, .samples = samples, .node = node});

    return value.loss_sum / (double)value.count;
}

/* ||g - central differences|| / ||g|| of the loss on these samples. */
static double difference_error(struct bench *b, uint32_t node, uint32_t count,
                               const uint32_t *samples)
{
    double square = 0, wrong = 0, h = 1e-5;

    bench_gradient(b, node, 0, count, samples);
    for (size_t j = 0; j < b->dimension; j++) {
        double at = b->x[j];

        b->x[j] = at + h;
        double above = mean_loss(b, node, count, samples);
        b->x[j] = at - h;
        double below = mean_loss(b, node, count, samples);
        b->x[j] = at;
        double error = b->g[j] - (above - below) / (2 * h);
        wrong += error * error;
        square += b->g[j] * b->g[j];
    }
    return sqrt(wrong / square);
}

static struct plugin_choice small_blobs(const char *classes)
{
    struct plugin_choice blobs = support_choose(&data_registry, "gaussian-blobs");

    support_with(blobs, "classes", classes);
    support_with(blobs, "features", "7");
    support_with(blobs, "samples", "600");
    return support_with(blobs, "test_samples", "300");
}

static struct plugin_choice small_teacher(const char *hidden)
{
    struct plugin_choice teacher = support_choose(&data_registry, "teacher");

    support_with(teacher, "inputs", "6");
    support_with(teacher, "hidden", hidden);
    support_with(teacher, "classes", "0");
    support_with(teacher, "noise", "0.3");
    support_with(teacher, "samples", "500");
    return support_with(teacher, "test_samples", "0");
}

static struct plugin_choice model(const char *name)
{
    return support_choose(&model_registry, name);
}

static void start_anywhere(struct bench *b)
{
    struct rng rng;
    gsl_rng *r = rng_open(&rng, 5, RNG_TEST, 0, 0, 0);

    for (size_t j = 0; j < b->dimension; j++)
        b->x[j] = 0.5 * gsl_ran_gaussian(r, 1);
}

static const uint32_t some[] = {3, 1, 4, 1, 5, 9, 2, 6, 53, 58, 97, 299, 11};
#define SOME (sizeof some / sizeof *some)

static void check_differences(struct plugin_choice choice, struct plugin_choice source)
{
    struct dataset data = support_load(source, NUMERIC_FLOAT64, 8);
    struct bench b = bench_open(choice, &data, NULL, NUMERIC_FLOAT64, 1);

    start_anywhere(&b);
    ck_assert_double_lt(difference_error(&b, 0, SOME, some), 1e-6);
    ck_assert_double_lt(difference_error(&b, 0, 1, some), 1e-6);
    bench_close(&b);
    support_data_ops(source)->unload(&data);
}

START_TEST(gradients_agree_with_central_differences)
{
    check_differences(support_with(model("linear"), "l2", "0.3"), small_teacher("4"));
    check_differences(support_with(model("linear"), "bias", "false"), small_teacher("0"));
    check_differences(support_with(model("logistic"), "l2", "0.2"), small_blobs("2"));
    check_differences(support_with(model("softmax"), "l2", "0.1"), small_blobs("5"));
    check_differences(support_with(model("softmax"), "bias", "false"), small_blobs("3"));
    check_differences(support_with(model("mlp"), "hidden", "[9]"), small_blobs("4"));
    check_differences(support_with(model("mlp"), "hidden", "[]"), small_blobs("4"));
    check_differences(support_with(model("mlp"), "hidden", "[8, 6, 5]"), small_blobs("4"));
    check_differences(
        support_with(support_with(model("mlp"), "hidden", "[8, 6]"), "activation", "\"tanh\""),
        small_blobs("4"));
    check_differences(support_with(model("mlp"), "hidden", "[8, 6]"), small_teacher("3"));
}
END_TEST

/* ---- A naive network in long double ------------------------------------------------------------
 */

#define WIDEST 16

struct naive {
    size_t layers, widths[4];
    bool relu;
    const double *x;
    long double a[4][WIDEST], delta[4][WIDEST];
    long double g[2048];
};

static long double naive_sample(struct naive *n, const double *input, int label, int count)
{
    size_t offsets[4], offset = 0, last = n->layers;
    long double top = -LDBL_MAX, sum = 0;

    for (size_t j = 0; j < n->widths[0]; j++)
        n->a[0][j] = input[j];
    for (size_t l = 0; l < n->layers; l++) {
        size_t in = n->widths[l], out = n->widths[l + 1];

        offsets[l] = offset;
        for (size_t j = 0; j < out; j++) {
            long double z = n->x[offset + in * out + j];

            for (size_t i = 0; i < in; i++)
                z += n->x[offset + j * in + i] * n->a[l][i];
            n->a[l + 1][j] = l + 1 == last ? z : n->relu ? (z > 0 ? z : 0) : tanhl(z);
        }
        offset += in * out + out;
    }
    for (size_t j = 0; j < n->widths[last]; j++)
        top = n->a[last][j] > top ? n->a[last][j] : top;
    for (size_t j = 0; j < n->widths[last]; j++)
        sum += expl(n->a[last][j] - top);
    for (size_t j = 0; j < n->widths[last]; j++)
        n->delta[last][j] = (expl(n->a[last][j] - top) / sum - (label == (int)j)) / count;
    for (size_t l = last; l-- > 0;) {
        size_t in = n->widths[l], out = n->widths[l + 1];

        for (size_t i = 0; i < in; i++) {
            long double back = 0, a = n->a[l][i];

            for (size_t j = 0; j < out; j++) {
                n->g[offsets[l] + j * in + i] += n->delta[l + 1][j] * a;
                back += n->x[offsets[l] + j * in + i] * n->delta[l + 1][j];
            }
            n->delta[l][i] = back * (n->relu ? (a > 0 ? 1 : 0) : 1 - a * a);
        }
        for (size_t j = 0; j < out; j++)
            n->g[offsets[l] + in * out + j] += n->delta[l + 1][j];
    }
    return logl(sum) + top - n->a[last][label];
}

/* Images as bytes, as an IDX file gives them. */
static struct dataset byte_data(enum numeric_precision precision, uint8_t *bytes, int32_t *labels)
{
    struct rng rng;

    rng_open(&rng, 6, RNG_TEST, 1, 0, 0);
    for (int k = 0; k < 40 * 12; k++)
        bytes[k] = (uint8_t)rng_next(&rng);
    for (int i = 0; i < 40; i++)
        labels[i] = (int32_t)(rng_next(&rng) % 5);
    return (struct dataset){.precision = precision,
                            .features = 12,
                            .classes = 5,
                            .byte_scale = 1.0 / 255,
                            .train = {.samples = 40, .bytes = bytes, .labels = labels}};
}

static void compare_with_naive(bool relu)
{
    static struct naive n; /* large */
    uint8_t bytes[40 * 12];
    int32_t labels[40];
    struct dataset data = byte_data(NUMERIC_FLOAT64, bytes, labels);
    struct plugin_choice choice = support_with(model("mlp"), "hidden", "[10, 7]");
    double input[12], square = 0, wrong = 0;
    long double loss = 0;

    support_with(choice, "activation", relu ? "\"relu\"" : "\"tanh\"");
    struct bench b = bench_open(choice, &data, NULL, NUMERIC_FLOAT64, 1);
    ck_assert_uint_eq(b.dimension, 12 * 10 + 10 + 10 * 7 + 7 + 7 * 5 + 5);
    start_anywhere(&b);
    n = (struct naive){.layers = 3, .widths = {12, 10, 7, 5}, .relu = relu, .x = b.x};
    for (size_t s = 0; s < 13; s++) {
        uint32_t sample = some[s] % 40;

        for (int j = 0; j < 12; j++)
            input[j] = bytes[sample * 12 + (uint32_t)j] / 255.0;
        loss += naive_sample(&n, input, labels[sample], 13);
    }
    uint32_t samples[13];
    for (size_t s = 0; s < 13; s++)
        samples[s] = some[s] % 40;
    bench_gradient(&b, 0, 0, 13, samples);
    for (size_t j = 0; j < b.dimension; j++) {
        double error = b.g[j] - (double)n.g[j];

        wrong += error * error;
        square += b.g[j] * b.g[j];
    }
    ck_assert_double_lt(sqrt(wrong / square), 1e-13);
    ck_assert_double_eq_tol(mean_loss(&b, -1, 13, samples), (double)loss / 13, 1e-13);
    bench_close(&b);
}

START_TEST(network_agrees_with_a_naive_one_in_long_double)
{
    compare_with_naive(true);
    compare_with_naive(false);
}
END_TEST

static double precision_gap(struct plugin_choice choice, struct plugin_choice source)
{
    struct dataset wide = support_load(source, NUMERIC_FLOAT64, 8);
    struct dataset narrow = support_load(source, NUMERIC_FLOAT32, 8);
    struct bench b64 = bench_open(choice, &wide, NULL, NUMERIC_FLOAT64, 1);
    struct bench b32 = bench_open(choice, &narrow, NULL, NUMERIC_FLOAT32, 1);
    float *x = (float *)b32.x;
    double square = 0, wrong = 0;

    start_anywhere(&b64);
    for (size_t j = 0; j < b64.dimension; j++) {
        x[j] = (float)b64.x[j];
        b64.x[j] = (double)x[j];
    }
    bench_gradient(&b64, 0, 0, SOME, some);
    bench_gradient(&b32, 0, 0, SOME, some);
    for (size_t j = 0; j < b64.dimension; j++) {
        double error = b64.g[j] - (double)((const float *)b32.g)[j];

        wrong += error * error;
        square += b64.g[j] * b64.g[j];
    }
    double loss = mean_loss(&b64, -1, 0, NULL);
    ck_assert_double_eq_tol(mean_loss(&b32, -1, 0, NULL) / loss, 1, 1e-5);
    bench_close(&b64);
    bench_close(&b32);
    support_data_ops(source)->unload(&wide);
    support_data_ops(source)->unload(&narrow);
    return sqrt(wrong / square);
}

/* Single precision has 2^-24; sums of tens of terms and a few layers cost at most a factor 100. */
START_TEST(precisions_agree)
{
    double tolerance = 100 * FLT_EPSILON;

    ck_assert_double_lt(precision_gap(model("linear"), small_teacher("3")), tolerance);
    ck_assert_double_lt(precision_gap(model("logistic"), small_blobs("2")), tolerance);
    ck_assert_double_lt(precision_gap(model("softmax"), small_blobs("4")), tolerance);
    ck_assert_double_lt(precision_gap(model("mlp"), small_blobs("4")), tolerance);
}
END_TEST

START_TEST(gradients_depend_on_their_arguments_alone)
{
    struct plugin_choice source = small_blobs("4");
    struct dataset data = support_load(source, NUMERIC_FLOAT32, 8);
    struct bench b = bench_open(model("mlp"), &data, NULL, NUMERIC_FLOAT32, 1);
    size_t bytes = b.objective.ops->workspace_bytes(b.objective.context, SOME);
    size_t size = b.dimension * sizeof(float);
    float *first = memory_alloc(size);

    b.ops->initial(b.model, 0, b.g);
    for (size_t j = 0; j < b.dimension; j++)
        ((float *)b.x)[j] = (float)b.g[j];
    bench_gradient(&b, 0, 0, SOME, some);
    memcpy(first, b.g, size);
    memset(b.g, 0xff, size);
    memset(b.workspace, 0xff, bytes);
    bench_gradient(&b, 7, 9, SOME, some);
    ck_assert_mem_eq(first, b.g, size);
    free(first);
    bench_close(&b);
    support_data_ops(source)->unload(&data);
}
END_TEST

/* ---- Layers
 * ---------------------------------------------------------------------------------- */

/* The layers of each model that names some, by hand: counts in order, biases negative, and the rows
 * of the matrices. */
static void check_layers(struct plugin_choice choice, const char *classes, const long *expected,
                         const size_t *rows)
{
    struct plugin_choice source = small_blobs(classes);
    struct dataset data = support_load(source, NUMERIC_FLOAT64, 8);
    struct bench b = bench_open(choice, &data, NULL, NUMERIC_FLOAT64, 1);
    size_t first = 0, i;

    for (i = 0; expected[i]; i++) {
        ck_assert_uint_lt(i, b.objective.layer_count);
        struct objective_layer layer = objective_layer(&b.objective, i);

        ck_assert_uint_eq(layer.first, first);
        ck_assert_uint_eq(layer.count, (size_t)labs(expected[i]));
        ck_assert(layer.excluded == (expected[i] < 0));
        ck_assert_uint_eq(layer.rows, rows[i]);
        first += layer.count;
    }
    ck_assert_uint_eq(i, b.objective.layer_count);
    ck_assert_uint_eq(first, b.dimension);
    bench_close(&b);
    support_data_ops(source)->unload(&data);
}

START_TEST(models_name_their_layers)
{
    /* 7 features */
    check_layers(support_with(model("mlp"), "hidden", "[5, 4]"), "3",
                 (const long[]){35, -5, 20, -4, 12, -3, 0}, (const size_t[]){5, 0, 4, 0, 3, 0});
    check_layers(model("softmax"), "3", (const long[]){21, -3, 0}, (const size_t[]){3, 0});
    check_layers(support_with(model("softmax"), "bias", "false"), "3", (const long[]){21, 0},
                 (const size_t[]){3});
    check_layers(model("logistic"), "2", (const long[]){7, -1, 0}, (const size_t[]){1, 0});
    check_layers(support_with(model("logistic"), "bias", "false"), "2", (const long[]){7, 0},
                 (const size_t[]){1});
}
END_TEST

START_TEST(a_model_without_layers_is_one)
{
    struct objective objective = {.dimension = 7};
    struct objective_layer all = objective_layer(&objective, 0);

    ck_assert(all.first == 0 && all.count == 7 && !all.excluded);
}
END_TEST

/* ---- Evaluation
 * ---------------------------------------------------------------------------------- */

START_TEST(evaluation_visits_what_is_asked)
{
    struct plugin_choice source = small_blobs("4");
    struct dataset data = support_load(source, NUMERIC_FLOAT64, 8);
    struct partition *split =
        support_split(support_choose(&partition_registry, "iid"), &data, 7, 1);
    struct bench b = bench_open(model("softmax"), &data, split, NUMERIC_FLOAT64, 7);
    double parts = 0;
    int64_t correct = 0;

    start_anywhere(&b);
    struct objective_value all = bench_value(&b, (struct objective_query){.node = -1});
    ck_assert_int_eq(all.count, 600); /* three chunks, the last one short */
    for (uint32_t i = 0; i < 7; i++) {
        struct objective_value own = bench_value(&b, (struct objective_query){.node = i});

        ck_assert_int_eq(own.count, partition_size(split, i));
        parts += own.loss_sum;
        correct += own.correct;
    }
    ck_assert_double_eq_tol(parts / all.loss_sum, 1, 1e-13);
    ck_assert_int_eq(correct, all.correct);
    struct objective_query test = {.set = OBJECTIVE_TEST, .node = -1};
    ck_assert_int_eq(bench_value(&b, test).count, 300);
    test.node = 3; /* the test set is everybody's */
    ck_assert_int_eq(bench_value(&b, test).count, 300);
    ck_assert_int_eq(
        bench_value(&b, (struct objective_query){.count = 2, .samples = some, .node = 1}).count, 2);
    bench_close(&b);
    partition_free(split);
    support_data_ops(source)->unload(&data);
}
END_TEST

/* Blobs far apart: the centres' own discriminant classifies every sample. */
START_TEST(accuracy_counts_the_largest_output)
{
    struct plugin_choice source = small_blobs("3");
    support_with(source, "separation", "50");
    struct dataset data = support_load(source, NUMERIC_FLOAT64, 8);
    struct bench b = bench_open(support_with(model("softmax"), "bias", "false"), &data, NULL,
                                NUMERIC_FLOAT64, 1);

    memset(b.x, 0, b.dimension * sizeof *b.x);
    ck_assert_int_eq(bench_value(&b, (struct objective_query){.node = -1}).correct, 200);
    ck_assert_double_eq_tol(mean_loss(&b, -1, 0, NULL), log(3), 1e-12);
    for (size_t k = 0; k < 3; k++) /* rows of W: the mean of each class */
        for (size_t i = k; i < 600; i += 3)
            for (size_t j = 0; j < 7; j++)
                b.x[k * 7 + j] += ((const double *)data.train.reals)[i * 7 + j] / 200;
    struct objective_value test =
        bench_value(&b, (struct objective_query){.set = OBJECTIVE_TEST, .node = -1});
    ck_assert_int_eq(test.correct, 300);
    ck_assert_double_lt(test.loss_sum, 1e-6);
    bench_close(&b);
    support_data_ops(source)->unload(&data);
}
END_TEST

START_TEST(losses_neither_overflow_nor_hide_divergence)
{
    static const char *const names[] = {"logistic", "softmax", "mlp"};

    for (size_t m = 0; m < 3; m++) {
        struct plugin_choice source = small_blobs("2");
        struct dataset data = support_load(source, NUMERIC_FLOAT32, 8);
        struct bench b = bench_open(model(names[m]), &data, NULL, NUMERIC_FLOAT32, 1);
        float *x = (float *)b.x;

        for (size_t j = 0; j < b.dimension; j++)
            x[j] = j % 2 ? 1e4f : -1e4f;
        ck_assert(isfinite(mean_loss(&b, -1, 0, NULL)));
        bench_gradient(&b, 0, 0, SOME, some);
        for (size_t j = 0; j < b.dimension; j++)
            ck_assert(isfinite(((const float *)b.g)[j]));
        for (size_t j = 0; j < b.dimension; j++)
            x[j] = j == 0 ? NAN : 0.1f;
        ck_assert(isnan(mean_loss(&b, -1, 0, NULL)));
        bench_close(&b);
        support_data_ops(source)->unload(&data);
    }
}
END_TEST

/* ---- Least squares
 * --------------------------------------------------------------------------------- */

/* GSL's SVD solution of [Z; sqrt(N l2) I_w] v = [y; 0]. */
static void solve_by_svd(const struct dataset *data, bool bias, double l2, double *v)
{
    size_t n = data->train.samples, d = data->features, p = d + bias;
    gsl_matrix *z = gsl_matrix_calloc(n + d, p), *covariance = gsl_matrix_alloc(p, p);
    gsl_vector *y = gsl_vector_calloc(n + d), *c = gsl_vector_alloc(p);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(n + d, p);
    double chi_square;

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++)
            gsl_matrix_set(z, i, j, ((const double *)data->train.reals)[i * d + j]);
        if (bias)
            gsl_matrix_set(z, i, d, 1);
        gsl_vector_set(y, i, ((const double *)data->train.targets)[i]);
    }
    for (size_t j = 0; j < d; j++)
        gsl_matrix_set(z, n + j, j, sqrt((double)n * l2));
    gsl_multifit_linear(z, y, c, covariance, &chi_square, work);
    for (size_t j = 0; j < p; j++)
        v[j] = gsl_vector_get(c, j);
    gsl_multifit_linear_free(work);
    gsl_matrix_free(z);
    gsl_matrix_free(covariance);
    gsl_vector_free(y);
    gsl_vector_free(c);
}

START_TEST(least_squares_agree_with_svd)
{
    static const char *const l2[] = {"0", "0.25"};

    for (int k = 0; k < 4; k++) {
        struct plugin_choice source = small_teacher("4");
        struct plugin_choice choice = support_with(model("linear"), "l2", l2[k % 2]);
        struct dataset data = support_load(source, NUMERIC_FLOAT64, 8);
        double expected[7], square = 0;

        support_with(choice, "bias", k < 2 ? "true" : "false");
        struct bench b = bench_open(choice, &data, NULL, NUMERIC_FLOAT64, 1);
        ck_assert_uint_eq(b.dimension, k < 2 ? 7 : 6);
        ck_assert(b.ops->optimum(b.model, b.x));
        solve_by_svd(&data, k < 2, atof(l2[k % 2]), expected);
        for (size_t j = 0; j < b.dimension; j++)
            ck_assert_double_eq_tol(b.x[j], expected[j], 1e-12);
        uint32_t samples[500];
        for (uint32_t i = 0; i < 500; i++)
            samples[i] = i;
        bench_gradient(&b, 0, 0, 500, samples);
        for (size_t j = 0; j < b.dimension; j++)
            square += b.g[j] * b.g[j];
        ck_assert_double_lt(sqrt(square), 1e-13);
        bench_close(&b);
        support_data_ops(source)->unload(&data);
    }
}
END_TEST

START_TEST(singular_least_squares_have_no_optimum)
{
    double rows[] = {1, 2, 2, 4, 3, 6}, targets[] = {1, 2, 4};
    struct dataset data = {.precision = NUMERIC_FLOAT64,
                           .features = 2,
                           .train = {.samples = 3, .reals = rows, .targets = targets}};
    struct bench b = bench_open(model("linear"), &data, NULL, NUMERIC_FLOAT64, 1);

    ck_assert(!b.ops->optimum(b.model, b.x));
    bench_close(&b);
}
END_TEST

/* ---- Quadratic
 * --------------------------------------------------------------------------------------- */

static struct plugin_choice quadratic(const char *dimension, const char *sigma, const char *zeta)
{
    struct plugin_choice choice = support_with(model("quadratic"), "dimension", dimension);

    support_with(choice, "L", "4");
    support_with(choice, "mu", "0.25");
    support_with(choice, "sigma", sigma);
    return support_with(choice, "zeta", zeta);
}

START_TEST(quadratic_has_the_spectrum_that_it_says)
{
    struct bench b = bench_open(quadratic("9", "0", "0"), NULL, NULL, NUMERIC_FLOAT64, 1);
    gsl_matrix *a = gsl_matrix_alloc(9, 9);
    gsl_vector *values = gsl_vector_alloc(9);
    gsl_eigen_symm_workspace *work = gsl_eigen_symm_alloc(9);
    double off = 0;

    for (size_t k = 0; k < 9; k++) { /* column k of A: the gradient at c + e_k */
        ck_assert(b.ops->optimum(b.model, b.x));
        b.x[k] += 1;
        bench_gradient(&b, 0, 0, 1, NULL);
        for (size_t j = 0; j < 9; j++)
            gsl_matrix_set(a, j, k, b.g[j]);
    }
    for (size_t k = 0; k < 9; k++)
        for (size_t j = 0; j < k; j++) {
            off += fabs(gsl_matrix_get(a, j, k));
            ck_assert_double_eq_tol(gsl_matrix_get(a, j, k), gsl_matrix_get(a, k, j), 1e-14);
        }
    ck_assert_double_gt(off, 0.1); /* not axis-aligned */
    gsl_eigen_symm(a, values, work);
    gsl_sort_vector(values);
    for (size_t k = 0; k < 9; k++)
        ck_assert_double_eq_tol(gsl_vector_get(values, k), 0.25 * pow(16, (double)k / 8), 1e-13);
    gsl_eigen_symm_free(work);
    gsl_vector_free(values);
    gsl_matrix_free(a);
    bench_close(&b);
}
END_TEST

START_TEST(quadratic_is_heterogeneous_as_it_says)
{
    enum { NODES = 5, D = 6 };
    struct bench b = bench_open(quadratic("6", "0", "3"), NULL, NULL, NUMERIC_FLOAT64, NODES);
    double mean[D] = {0}, square = 0, losses = 0, shift[D];

    ck_assert(b.ops->optimum(b.model, b.x));
    for (uint32_t i = 0; i < NODES; i++) {
        bench_gradient(&b, i, 0, 1, NULL);
        for (size_t j = 0; j < D; j++) {
            mean[j] += b.g[j] / NODES;
            square += b.g[j] * b.g[j] / NODES;
        }
    }
    for (size_t j = 0; j < D; j++)
        ck_assert_double_eq_tol(mean[j], 0, 1e-14);
    ck_assert_double_eq_tol(square, 9, 1e-12);
    for (uint32_t i = 0; i < NODES; i++) {
        start_anywhere(&b);
        ck_assert_double_lt(difference_error(&b, i, 1, NULL), 1e-8);
        losses += mean_loss(&b, i, 1, NULL) / NODES;
    }
    ck_assert_double_eq_tol(mean_loss(&b, -1, 1, NULL), losses, 1e-12);
    /* Newton's step with A read off the gradients reaches c_1, where f_1 is 0. */
    gsl_matrix *a = gsl_matrix_alloc(D, D);
    for (size_t k = 0; k < D; k++) {
        b.ops->optimum(b.model, b.x);
        bench_gradient(&b, 1, 0, 1, NULL);
        memcpy(shift, b.g, sizeof shift);
        b.x[k] += 1;
        bench_gradient(&b, 1, 0, 1, NULL);
        for (size_t j = 0; j < D; j++)
            gsl_matrix_set(a, j, k, b.g[j] - shift[j]);
    }
    gsl_vector_view at = gsl_vector_view_array(shift, D);
    gsl_matrix *q = gsl_matrix_alloc(D, D);
    gsl_vector *step = gsl_vector_alloc(D), *tau = gsl_vector_alloc(D);
    gsl_matrix_memcpy(q, a);
    gsl_linalg_QR_decomp(q, tau);
    gsl_linalg_QR_solve(q, tau, &at.vector, step);
    b.ops->optimum(b.model, b.x);
    for (size_t j = 0; j < D; j++)
        b.x[j] -= gsl_vector_get(step, j);
    ck_assert_double_eq_tol(mean_loss(&b, 1, 1, NULL), 0, 1e-12);
    gsl_vector_free(step);
    gsl_vector_free(tau);
    gsl_matrix_free(q);
    gsl_matrix_free(a);
    bench_close(&b);
}
END_TEST

START_TEST(a_single_node_is_not_heterogeneous)
{
    struct bench b = bench_open(quadratic("6", "0", "3"), NULL, NULL, NUMERIC_FLOAT64, 1);

    ck_assert(b.ops->optimum(b.model, b.x));
    bench_gradient(&b, 0, 0, 1, NULL);
    for (size_t j = 0; j < 6; j++)
        ck_assert_double_eq(b.g[j], 0);
    ck_assert_double_eq(mean_loss(&b, -1, 1, NULL), 0);
    bench_close(&b);
}
END_TEST

/* ||noise||^2 is sigma^2/(b d) chi^2_d: mean sigma^2 / b, variance 2 (sigma^2 / b)^2 / d. */
START_TEST(quadratic_is_noisy_as_it_says)
{
    enum { D = 10, DRAWS = 4000, BATCH = 4 };
    struct bench b = bench_open(quadratic("10", "3", "0"), NULL, NULL, NUMERIC_FLOAT64, 2);
    double mean[D] = {0}, square = 0, first[D];

    ck_assert(b.ops->optimum(b.model, b.x)); /* the gradient is the noise */
    for (int k = 0; k < DRAWS; k++) {
        bench_gradient(&b, 0, k, BATCH, NULL);
        for (size_t j = 0; j < D; j++) {
            mean[j] += b.g[j] / DRAWS;
            square += b.g[j] * b.g[j] / DRAWS;
        }
    }
    double expected = 9.0 / BATCH;
    ck_assert_double_eq_tol(square, expected, 5 * expected * sqrt(2.0 / D / DRAWS));
    for (size_t j = 0; j < D; j++)
        ck_assert_double_eq_tol(mean[j], 0, 5 * sqrt(expected / D / DRAWS));
    bench_gradient(&b, 1, 7, BATCH, NULL);
    memcpy(first, b.g, sizeof first);
    bench_gradient(&b, 1, 8, BATCH, NULL);
    ck_assert_double_ne(first[0], b.g[0]);
    bench_gradient(&b, 0, 7, BATCH, NULL);
    ck_assert_double_ne(first[0], b.g[0]);
    bench_gradient(&b, 1, 7, BATCH, NULL);
    ck_assert_mem_eq(first, b.g, sizeof first);
    bench_close(&b);
}
END_TEST

/* ---- Start
 * ------------------------------------------------------------------------------------------- */

START_TEST(networks_start_as_he_and_glorot_say)
{
    struct plugin_choice source = small_blobs("4");
    struct dataset data = support_load(source, NUMERIC_FLOAT64, 8);
    struct plugin_choice choice = support_with(model("mlp"), "hidden", "[800, 500]");
    static const double relu[] = {2.0 / 7, 2.0 / 800, 2.0 / 504};
    static const double glorot[] = {2.0 / 807, 2.0 / 1300, 2.0 / 504};
    static const size_t widths[] = {7, 800, 500, 4};

    for (int tanh_ = 0; tanh_ < 2; tanh_++) {
        support_with(choice, "activation", tanh_ ? "\"tanh\"" : "\"relu\"");
        struct bench b = bench_open(choice, &data, NULL, NUMERIC_FLOAT64, 1);
        const double *at = b.x;

        b.ops->initial(b.model, 0, b.x);
        for (int l = 0; l < 3; l++) {
            size_t count = widths[l] * widths[l + 1];
            double expected = tanh_ ? glorot[l] : relu[l], variance = 0;

            for (size_t k = 0; k < count; k++)
                variance += *at * *at / (double)count, at++;
            ck_assert_double_eq_tol(variance / expected, 1, 5 * sqrt(2.0 / (double)count));
            for (size_t j = 0; j < widths[l + 1]; j++)
                ck_assert_double_eq(*at++, 0);
        }
        ck_assert_ptr_eq(at, b.x + b.dimension);
        b.ops->initial(b.model, 0, b.g);
        ck_assert_mem_eq(b.x, b.g, b.dimension * sizeof *b.x);
        b.ops->initial(b.model, 1, b.g);
        ck_assert_double_ne(b.x[0], b.g[0]);
        bench_close(&b);
    }
    support_data_ops(source)->unload(&data);
}
END_TEST

static enum status fill(struct plugin_choice choice, const struct bench *b, uint32_t node,
                        double *x, struct error *error)
{
    const struct initial_ops *ops = (const struct initial_ops *)choice.plugin;

    void *state = NULL;
    enum status status =
        ops->open ? ops->open(choice.params, 2, b->dimension, &state, error) : STATUS_OK;
    if (status == STATUS_OK)
        ops->fill(choice.params, state, b->ops, b->model, node, b->dimension, x);
    free(state);
    return status;
}

START_TEST(nodes_start_where_they_are_told)
{
    struct bench b = bench_open(quadratic("3", "0", "0"), NULL, NULL, NUMERIC_FLOAT64, 2);
    struct error error;
    double x[3], y[3];

    for (uint32_t node = 0; node < 2; node++) {
        b.ops->initial(b.model, 0, y);
        ck_assert(fill(support_choose(&initial_registry, "same"), &b, node, x, &error) == 0);
        ck_assert_mem_eq(x, y, sizeof x);
        b.ops->initial(b.model, node, y);
        ck_assert(fill(support_choose(&initial_registry, "random"), &b, node, x, &error) == 0);
        ck_assert_mem_eq(x, y, sizeof x);
    }
    struct plugin_choice constant = support_choose(&initial_registry, "constant");
    ck_assert(fill(support_with(constant, "value", "-2.5"), &b, 1, x, &error) == 0);
    for (int j = 0; j < 3; j++)
        ck_assert_double_eq(x[j], -2.5);
    bench_close(&b);
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(nodes_start_from_a_table)
{
    struct bench b = bench_open(quadratic("3", "0", "0"), NULL, NULL, NUMERIC_FLOAT64, 2);
    char folder[] = "/tmp/hearsay-XXXXXX", path[64];
    struct plugin_choice csv = support_choose(&initial_registry, "csv");
    struct error error;
    double x[3];
    static const struct {
        const char *text, *complaint;
    } bad[] = {
        {"1,2,3\n", "1 rows for 2 nodes"},
        {"1,2,3\n4,5,6\n7,8,9\n", "3 rows for 2 nodes"},
        {"1,2\n3,4\n", ":1: 2 numbers, but the model has 3"},
        {"1,2,3\n\n4,x,6\n", ":3: \"x\" in column 2"},
        {"1,2,3\n4,5,inf\n", ":2: \"inf\""},
        {"", "no rows"},
    };

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/start.csv", folder);
    support_with_text(csv, "path", path);
    write_text(path, "1, 2, 3\n\n-4e0,5.5,\"6\"\r\n");
    ck_assert(fill(csv, &b, 1, x, &error) == STATUS_OK);
    ck_assert_double_eq(x[0], -4);
    ck_assert_double_eq(x[1], 5.5);
    ck_assert_double_eq(x[2], 6);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        write_text(path, bad[k].text);
        ck_assert(fill(csv, &b, 1, x, &error) == STATUS_REQUEST);
        ck_assert_str_eq(error.path, "initial.path");
        ck_assert_msg(strstr(error.text, bad[k].complaint) != NULL, "%s", error.text);
    }
    unlink(path);
    ck_assert(fill(csv, &b, 1, x, &error) == STATUS_REQUEST);
    rmdir(folder);
    bench_close(&b);
}
END_TEST

/* ---- Requests that make no sense
 * ------------------------------------------------------------------- */

static void expect_refusal(struct plugin_choice choice, struct plugin_choice source,
                           const char *path)
{
    const struct model_ops *ops = (const struct model_ops *)choice.plugin;
    struct dataset data = support_load(source, NUMERIC_FLOAT32, 8);
    struct model_setting setting = {.params = choice.params, .data = &data, .nodes = 1};
    struct error error = {.path = ""};
    void *instance = NULL;

    ck_assert(ops->create(&setting, &instance, &error) == STATUS_REQUEST);
    ck_assert_str_eq(error.path, path);
    ck_assert_ptr_null(instance);
    support_data_ops(source)->unload(&data);
}

START_TEST(models_refuse_what_they_cannot_fit)
{
    expect_refusal(model("logistic"), small_blobs("3"), "model.name");
    expect_refusal(model("linear"), small_blobs("2"), "model.name");
    expect_refusal(model("softmax"), small_teacher("2"), "model.name");
    expect_refusal(support_with(model("mlp"), "hidden", "[8, 1.5]"), small_blobs("2"),
                   "model.hidden[1]");
    expect_refusal(support_with(model("mlp"), "hidden", "[0]"), small_blobs("2"),
                   "model.hidden[0]");
    expect_refusal(support_with(model("mlp"), "hidden", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
                   small_blobs("2"), "model.hidden");
    expect_refusal(support_with(model("quadratic"), "mu", "2"), small_blobs("2"), "model.mu");
}
END_TEST

/* 2 flop a multiply-add; forward, dW everywhere, delta everywhere but at the inputs. */
START_TEST(networks_count_their_work)
{
    struct plugin_choice source = small_blobs("4");
    struct dataset data = support_load(source, NUMERIC_FLOAT32, 8);
    struct bench b =
        bench_open(support_with(model("mlp"), "hidden", "[9]"), &data, NULL, NUMERIC_FLOAT32, 1);

    ck_assert_int_eq(b.ops->flop(b.model, 10), 10 * (4 * 7 * 9 + 6 * 9 * 4));
    ck_assert(!b.ops->optimum(b.model, b.x));
    bench_close(&b);
    support_data_ops(source)->unload(&data);
}
END_TEST

/* One multiply-add each for X w and X' r. */
START_TEST(linear_models_start_near_zero)
{
    static const char *const names[] = {"linear", "logistic", "softmax"};

    for (int m = 0; m < 3; m++) {
        struct plugin_choice source = m == 0 ? small_teacher("2") : small_blobs("2");
        support_with(source, m == 0 ? "inputs" : "features", "2000");
        struct dataset data = support_load(source, NUMERIC_FLOAT64, 8);
        struct bench b = bench_open(model(names[m]), &data, NULL, NUMERIC_FLOAT64, 1);
        size_t outputs = m == 2 ? 2 : 1;
        double variance = 0, expected = m == 2 ? 2.0 / 2002 : 1.0 / 2000;

        ck_assert_uint_eq(b.dimension, 2001 * outputs);
        b.ops->initial(b.model, 4, b.x);
        for (size_t j = 0; j < 2000 * outputs; j++)
            variance += b.x[j] * b.x[j] / (2000 * (double)outputs);
        ck_assert_double_eq_tol(variance / expected, 1, 5 * sqrt(2.0 / 2000));
        for (size_t j = 2000 * outputs; j < b.dimension; j++)
            ck_assert_double_eq(b.x[j], 0);
        ck_assert(!b.ops->optimum(b.model, b.g)); /* linear: too large a system */
        ck_assert_int_ge(b.ops->flop(b.model, 3), 4 * 3 * 2000 * (int64_t)outputs);
        bench_close(&b);
        support_data_ops(source)->unload(&data);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("models");
    TCase *cases = tcase_create("models");

    tcase_add_test(cases, gradients_agree_with_central_differences);
    tcase_add_test(cases, network_agrees_with_a_naive_one_in_long_double);
    tcase_add_test(cases, precisions_agree);
    tcase_add_test(cases, gradients_depend_on_their_arguments_alone);
    tcase_add_test(cases, evaluation_visits_what_is_asked);
    tcase_add_test(cases, accuracy_counts_the_largest_output);
    tcase_add_test(cases, losses_neither_overflow_nor_hide_divergence);
    tcase_add_test(cases, least_squares_agree_with_svd);
    tcase_add_test(cases, singular_least_squares_have_no_optimum);
    tcase_add_test(cases, quadratic_has_the_spectrum_that_it_says);
    tcase_add_test(cases, quadratic_is_heterogeneous_as_it_says);
    tcase_add_test(cases, a_single_node_is_not_heterogeneous);
    tcase_add_test(cases, quadratic_is_noisy_as_it_says);
    tcase_add_test(cases, networks_start_as_he_and_glorot_say);
    tcase_add_test(cases, nodes_start_where_they_are_told);
    tcase_add_test(cases, nodes_start_from_a_table);
    tcase_add_test(cases, models_refuse_what_they_cannot_fit);
    tcase_add_test(cases, networks_count_their_work);
    tcase_add_test(cases, linear_models_start_near_zero);
    tcase_add_test(cases, models_name_their_layers);
    tcase_add_test(cases, a_model_without_layers_is_one);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
