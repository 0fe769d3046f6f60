/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules of servers and of deep gradient compression, element by element against plain loops:
 * majority vote, delay compensation, momentum factor masking.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compressor_support.h"
#include "numerics/delay.h"
#include "numerics/majority.h"
#include "testing.h"

#define D 31

static const struct objective_ops no_model;

static struct plan *make_plan(enum numeric_precision precision)
{
    struct plan_config config = {
        .backend = &backend_cpu_ops,
        .objective = {.ops = &no_model, .dimension = D, .precision = precision},
        .threads = 2,
        .memory_budget_bytes = INT64_MAX,
    };
    struct plan *plan;
    ck_assert(plan_create(&plan, &config, NULL) == STATUS_OK);
    return plan;
}

static uint32_t drawn(struct plan *plan, enum numeric_precision precision, uint64_t *random,
                      double *values)
{
    uint32_t vector = plan_vector(plan, D, false);
    for (size_t i = 0; i < D; i++)
        values[i] = rounded(precision, normal(random));
    ck_assert(plan_write(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    return vector;
}

static void read_vector(struct plan *plan, uint32_t vector, double *values)
{
    ck_assert(plan_read(plan, plan_whole(vector), values, NULL) == STATUS_OK);
}

/* Five voters, then four, who may tie; an element of 0 votes +1. */
START_TEST(the_majority_decides)
{
    enum numeric_precision precision = _i ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64;
    struct plan *plan = make_plan(precision);
    uint64_t random = 1;
    double v[5][D], found[D];
    uint32_t inputs[5], answer = plan_vector(plan, D, false);
    for (size_t k = 0; k < 5; k++) {
        inputs[k] = drawn(plan, precision, &random, v[k]);
        v[k][4] = 0;
        ck_assert(plan_write(plan, plan_whole(inputs[k]), v[k], NULL) == STATUS_OK);
    }
    for (unsigned n = 5, ties; n >= 4; n--) {
        ties = 0;
        majority_vote(plan, answer, inputs, n);
        read_vector(plan, answer, found);
        ck_assert(found[4] == 1);
        for (size_t i = 0; i < D; i++) {
            unsigned against = 0;
            for (size_t k = 0; k < n; k++)
                against += v[k][i] < 0;
            ck_assert(found[i] == (2 * against > n ? -1 : 2 * against == n ? 0 : 1));
            ties += 2 * against == n;
        }
        ck_assert((ties > 0) == (n == 4));
    }
    plan_free(plan);
}
END_TEST

/* g + lambda g g (x_now - x_then) */
START_TEST(stale_gradients_are_compensated)
{
    struct plan *plan = make_plan(NUMERIC_FLOAT64);
    struct delay_compensation with = {.lambda = 0.04};
    uint64_t random = 2;
    double g[D], now[D], then[D], found[D];
    uint32_t of_g = drawn(plan, NUMERIC_FLOAT64, &random, g);
    uint32_t of_now = drawn(plan, NUMERIC_FLOAT64, &random, now);
    uint32_t of_then = drawn(plan, NUMERIC_FLOAT64, &random, then);
    read_vector(plan, delay_compensate(plan, &with, of_g, of_now, of_then, 0), found);
    for (size_t i = 0; i < D; i++)
        ck_assert_double_le(fabs(found[i] - (g[i] + 0.04 * g[i] * g[i] * (now[i] - then[i]))),
                            1e-14);
    read_vector(plan, delay_compensate(plan, &with, of_g, of_now, of_now, 0), found);
    ck_assert(memcmp(found, g, sizeof g) == 0); /* nothing happened in between */
    plan_free(plan);
}
END_TEST

/* The adaptive form, three gradients one after the other. */
START_TEST(adaptive_compensation_follows_the_mean_square)
{
    struct plan *plan = make_plan(NUMERIC_FLOAT64);
    struct delay_compensation with = {.lambda = 2, .decay = 0.95, .epsilon = 1e-7};
    uint64_t random = 3;
    double g[D], now[D], then[D], found[D], mean[D] = {0};
    uint32_t of_mean = plan_vector(plan, D, true);
    for (int step = 0; step < 3; step++) {
        uint32_t of_g = drawn(plan, NUMERIC_FLOAT64, &random, g);
        uint32_t of_now = drawn(plan, NUMERIC_FLOAT64, &random, now);
        uint32_t of_then = drawn(plan, NUMERIC_FLOAT64, &random, then);
        read_vector(plan, delay_compensate(plan, &with, of_g, of_now, of_then, of_mean), found);
        for (size_t i = 0; i < D; i++) {
            mean[i] = 0.95 * mean[i] + 0.05 * g[i] * g[i];
            double expected = g[i] + 2 / sqrt(mean[i] + 1e-7) * g[i] * g[i] * (now[i] - then[i]);
            ck_assert_double_le(fabs(found[i] - expected), 1e-12 * fmax(1, fabs(expected)));
        }
    }
    plan_free(plan);
}
END_TEST

START_TEST(what_was_sent_loses_its_momentum)
{
    struct plan *plan = make_plan(NUMERIC_FLOAT32);
    struct compressor_config config = choose(&(struct rule){"top-k", {"ratio", "0.5"}});
    uint64_t random = 4;
    double momentum[D], v[D], sent[D], found[D];
    uint32_t of_momentum = drawn(plan, NUMERIC_FLOAT32, &random, momentum);
    struct compressor_message message = {.vector = drawn(plan, NUMERIC_FLOAT32, &random, v)};
    uint32_t decoded = compressor_record(plan, &config, &message);
    compressor_mask(plan, of_momentum, decoded);
    read_vector(plan, decoded, sent);
    read_vector(plan, of_momentum, found);
    size_t masked = 0;
    for (size_t i = 0; i < D; i++) {
        ck_assert(found[i] == (sent[i] == 0 ? momentum[i] : 0));
        masked += found[i] == 0;
    }
    ck_assert_uint_eq(masked, 16); /* 15.5, rounded */
    plan_free(plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server rules");
    TCase *tests = tcase_create("rules");
    tcase_add_loop_test(tests, the_majority_decides, 0, 2);
    tcase_add_test(tests, stale_gradients_are_compensated);
    tcase_add_test(tests, adaptive_compensation_follows_the_mean_square);
    tcase_add_test(tests, what_was_sent_loses_its_momentum);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
