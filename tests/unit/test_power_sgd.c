/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PowerSGD: exact on matrices of its rank, orthonormal factors, and two all-reduces against a
 * dense reference.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compressor_support.h"
#include "testing.h"

/* A matrix of 9 x 12, a bias of 9, a small matrix of 2 x 2 that goes as it is, 30 elements without
 * a shape (6 rows of 5). */
#define D 151
static const struct objective_layer layers[] = {
    {0, 108, false, 9}, {108, 9, true, 0}, {117, 4, false, 2}, {121, 30, false, 0}};

/* Matrices of a given rank, anything elsewhere. */
static void low_rank(double *v, int rank, uint64_t seed)
{
    static const size_t shape[2][3] = {{0, 9, 12}, {121, 6, 5}};
    for (size_t i = 0; i < D; i++)
        v[i] = normal(&seed);
    for (size_t m = 0; m < 2; m++) {
        double a[9], b[12];
        memset(v + shape[m][0], 0, shape[m][1] * shape[m][2] * sizeof *v);
        for (int r = 0; r < rank; r++) {
            for (size_t i = 0; i < shape[m][1]; i++)
                a[i] = normal(&seed);
            for (size_t j = 0; j < shape[m][2]; j++)
                b[j] = normal(&seed);
            for (size_t i = 0; i < shape[m][1]; i++)
                for (size_t j = 0; j < shape[m][2]; j++)
                    v[shape[m][0] + i * shape[m][2] + j] += a[i] * b[j];
        }
    }
}

static struct compressor_config of_rank(const char *rank)
{
    return choose(&(struct rule){"power-sgd", {"rank", rank}});
}

static void check_exact(const char *rank, int true_rank, enum numeric_precision precision)
{
    struct compressor_config config = of_rank(rank);
    struct run run = {.precision = precision, .layers = layers, .layer_count = 4};
    double v[D], sent[D], worst = 0;
    low_rank(v, true_rank, 3);
    for (size_t i = 0; i < D; i++)
        v[i] = rounded(precision, v[i]);
    compress(&config, &run, v, sent, D);
    for (size_t i = 0; i < D; i++)
        worst = fmax(worst, fabs(sent[i] - v[i]));
    ck_assert_double_le(worst, precision == NUMERIC_FLOAT32 ? 2e-5 : 1e-12);
    for (size_t i = 108; i < 121; i++) /* not compressed */
        ck_assert(sent[i] == v[i]);
}

/* Also where the matrix has a smaller rank than the factors, or none. */
START_TEST(matrices_of_its_rank_are_exact)
{
    for (int precision = NUMERIC_FLOAT32; precision <= NUMERIC_FLOAT64; precision++) {
        check_exact("1", 1, precision);
        check_exact("2", 2, precision);
        check_exact("2", 1, precision);
        check_exact("2", 0, precision);
    }
}
END_TEST

START_TEST(a_higher_rank_is_not_exact)
{
    struct compressor_config config = of_rank("1");
    struct run run = {.precision = NUMERIC_FLOAT64, .layers = layers, .layer_count = 4};
    double v[D], sent[D], error = 0;
    low_rank(v, 2, 3);
    compress(&config, &run, v, sent, D);
    for (size_t i = 0; i < D; i++)
        error += fabs(sent[i] - v[i]);
    ck_assert_double_gt(error, 1);
}
END_TEST

/* ---- In two all-reduces. ---- */

static const struct objective_ops no_model;

static struct plan *make_plan(void)
{
    struct plan_config config = {
        .backend = &backend_cpu_ops,
        .objective = {.ops = &no_model,
                      .dimension = D,
                      .precision = NUMERIC_FLOAT64,
                      .layers = layers,
                      .layer_count = 4},
        .threads = 1,
        .memory_budget_bytes = INT64_MAX,
    };
    struct plan *plan;
    ck_assert(plan_create(&plan, &config, NULL) == STATUS_OK);
    return plan;
}

static double *contents(struct plan *plan, uint32_t vector)
{
    double *values = malloc(plan_count(plan, vector) * sizeof *values);
    ck_assert(plan_read(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    return values;
}

/* The reference for one matrix: mean M of the ranks; p = orthonormal columns of M q by classical
 * projection on what is left, decoded = p p' M. */
static void reference(const double *m, size_t rows, size_t columns, const double *q, size_t rank,
                      double *decoded)
{
    double p[4][16] = {{0}};
    for (size_t c = 0; c < rank; c++) {
        double norm = 0;
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                p[c][i] += m[i * columns + j] * q[c * columns + j];
        for (size_t k = 0; k < c; k++) {
            double share = 0;
            for (size_t i = 0; i < rows; i++)
                share += p[k][i] * p[c][i];
            for (size_t i = 0; i < rows; i++)
                p[c][i] -= share * p[k][i];
        }
        for (size_t i = 0; i < rows; i++)
            norm += p[c][i] * p[c][i];
        for (size_t i = 0; i < rows; i++)
            p[c][i] /= sqrt(norm);
    }
    for (size_t at = 0; at < rows * columns; at++) {
        decoded[at] = 0;
        for (size_t c = 0; c < rank; c++)
            for (size_t i = 0; i < rows; i++)
                decoded[at] += p[c][at / columns] * p[c][i] * m[i * columns + at % columns];
    }
}

/* Plays one step of n ranks; q is updated. */
static double *play(struct plan *plan, const struct compressor_config *config, double (*v)[D],
                    size_t n, uint32_t q, double **factor)
{
    uint32_t vector[3], p[3], back[3];
    for (size_t i = 0; i < n; i++) {
        vector[i] = plan_vector(plan, D, false);
        ck_assert(plan_write(plan, plan_whole(vector[i]), v[i], NULL) == STATUS_OK);
        p[i] = compressor_factor_project(plan, config, vector[i], q);
        back[i] = plan_vector(plan, plan_count(plan, q), false);
    }
    plan_reduce(plan, p[0], p, n, 1 / (double)n);
    compressor_factor_orthonormalize(plan, config, p[0]);
    *factor = contents(plan, p[0]);
    for (size_t i = 0; i < n; i++)
        compressor_factor_back_project(plan, config, vector[i], p[0], back[i]);
    plan_reduce(plan, q, back, n, 1 / (double)n);
    return contents(plan, compressor_factor_decode(plan, config, p[0], q));
}

START_TEST(two_all_reduces_compress_the_mean)
{
    struct compressor_config config = of_rank("2");
    struct plan *plan = make_plan();
    struct compressor_key key = {4, 0, 0, 0};
    uint32_t q = compressor_factor_start(plan, &config, &key, true);
    double v[3][D], mean[D] = {0}, expected[D];
    for (size_t i = 0; i < 3; i++) {
        low_rank(v[i], 9, 10 + i);
        for (size_t k = 0; k < D; k++)
            mean[k] += v[i][k] / 3;
    }
    ck_assert_uint_eq(compressor_factor_count(&config, plan_objective(plan), 0),
                      2 * 9 + 9 + 4 + 2 * 6);
    ck_assert_uint_eq(plan_count(plan, q), 2 * 12 + 2 * 5);
    for (int step = 0; step < 3; step++) { /* each from the q of the last */
        double *start = contents(plan, q), *p, *decoded = play(plan, &config, v, 3, q, &p);
        memcpy(expected, mean, sizeof mean);
        reference(mean, 9, 12, start, 2, expected);
        reference(mean + 121, 6, 5, start + 24, 2, expected + 121);
        for (size_t k = 0; k < D; k++)
            ck_assert_double_le(fabs(decoded[k] - expected[k]), 1e-12);
        double products[3] = {0}; /* p is orthonormal */
        for (size_t i = 0; i < 9; i++) {
            products[0] += p[i] * p[i];
            products[1] += p[9 + i] * p[9 + i];
            products[2] += p[i] * p[9 + i];
        }
        ck_assert_double_le(fabs(products[0] - 1), 1e-14);
        ck_assert_double_le(fabs(products[1] - 1), 1e-14);
        ck_assert_double_le(fabs(products[2]), 1e-14);
        free(start);
        free(p);
        free(decoded);
    }
    plan_free(plan);
}
END_TEST

/* The first matrix' columns become 1, 2, ..., 9 and `factor` times it, but for one element. */
static void orthonormalized(double factor, double change, double *p)
{
    struct compressor_config config = of_rank("2");
    struct plan *plan = make_plan();
    size_t count = compressor_factor_count(&config, plan_objective(plan), 0);
    double *values = calloc(count, sizeof *values);
    uint32_t vector = plan_vector(plan, count, true);
    for (size_t i = 0; i < 9; i++) {
        values[i] = 1 + (double)i;
        values[9 + i] = factor * (1 + (double)i) + (i == 3 ? change : 0);
    }
    ck_assert(plan_write(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    compressor_factor_orthonormalize(plan, &config, vector);
    ck_assert(plan_read(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    memcpy(p, values, 18 * sizeof *p);
    free(values);
    plan_free(plan);
}

/* Once through would leave an angle of 1e-7 and more. */
START_TEST(nearly_dependent_columns_become_orthonormal)
{
    double p[18], product = 0, norm = 0;
    orthonormalized(1, 1e-9, p);
    for (size_t i = 0; i < 9; i++) {
        product += p[i] * p[9 + i];
        norm += p[9 + i] * p[9 + i];
    }
    ck_assert_double_le(fabs(product), 1e-14);
    ck_assert_double_le(fabs(norm - 1), 1e-14);
}
END_TEST

START_TEST(a_dependent_column_is_zero)
{
    double p[18];
    orthonormalized(1 / 3.0, 0, p);
    for (size_t i = 0; i < 9; i++)
        ck_assert(p[9 + i] == 0);
    ck_assert_double_le(fabs(p[0] - 1 / sqrt(285)), 1e-15);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("PowerSGD");
    TCase *tests = tcase_create("factors");
    tcase_add_test(tests, matrices_of_its_rank_are_exact);
    tcase_add_test(tests, a_higher_rank_is_not_exact);
    tcase_add_test(tests, two_all_reduces_compress_the_mean);
    tcase_add_test(tests, nearly_dependent_columns_become_orthonormal);
    tcase_add_test(tests, a_dependent_column_is_zero);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
