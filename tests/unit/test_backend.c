/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every operation on every backend of the registry that executes, on vectors large enough to be
 * cut, against sums written out here; and the pools below the CPU backend.
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/backend.h"
#include "numerics/blas.h"
#include "numerics/buffer_pool.h"
#include "numerics/thread_pool.h"
#include "testing.h"

#define LARGE 700001 /* two operands exceed a million elements; no multiple of anything */

/* Sanitizers: an allocation that can't be is part of the test. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* Tests run once per executing backend of the registry: _i counts them. */
static const struct backend_ops *backend_number(int number)
{
    for (size_t i = 0; backend_registry.entries[i]; i++) {
        const struct backend_ops *ops = (const struct backend_ops *)backend_registry.entries[i];
        if (ops->executes && number-- == 0)
            return ops;
    }
    return NULL;
}

static int backend_total(void)
{
    int total = 0;
    while (backend_number(total))
        total++;
    return total;
}

/* Loss: sum over samples s of x[s % 5]; correct: odd samples.  Samples are counted one by one, so
 * that a wrong cut shows. */
static void toy_evaluate(const void *context, const struct objective_query *query, const void *x,
                         struct objective_value *value, void *workspace)
{
    const double *at = x;
    (void)context;
    (void)workspace;
    *value = (struct objective_value){0, 0, query->count};
    for (uint32_t i = 0; i < query->count; i++) {
        value->loss_sum += at[query->samples[i] % 5];
        value->correct += query->samples[i] % 2;
    }
}

static const struct objective_ops toy = {.evaluate = toy_evaluate};

static struct plan *make_plan(int number, enum numeric_precision precision, unsigned threads)
{
    static const double momentum = 0.5;
    struct plan_config config = {
        .backend = backend_number(number),
        .objective = {.ops = &toy, .dimension = LARGE, .precision = precision},
        .optimizer = (const struct optimizer_ops *)plugin_find(&optimizer_registry, "nesterov"),
        .optimizer_params = &momentum,
        .threads = threads,
        .memory_budget_bytes = INT64_MAX,
        .batch_size = 1,
    };
    struct plan *plan;
    ck_assert(plan_create(&plan, &config, NULL) == STATUS_OK);
    return plan;
}

/* Multiples of 1/64 below 1: exact in both precisions. */
static double pattern(size_t i, uint32_t which)
{
    return (double)((i * 2654435761u + which * 40503u) >> 7 & 63) / 64 - 0.5;
}

static uint32_t patterned(struct plan *plan, uint32_t which)
{
    double *values = malloc(LARGE * sizeof *values);
    uint32_t vector = plan_vector(plan, LARGE, true);
    for (size_t i = 0; i < LARGE; i++)
        values[i] = pattern(i, which);
    ck_assert(plan_write(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    free(values);
    return vector;
}

static double *contents(struct plan *plan, uint32_t vector)
{
    double *values = malloc(LARGE * sizeof *values);
    ck_assert(plan_read(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    return values;
}

/* Small dyadic numbers make every sum exact, so the order can't matter and equality is fair. */
static void check_elementwise(int number, enum numeric_precision precision, unsigned threads)
{
    struct plan *plan = make_plan(number, precision, threads);
    uint32_t a = patterned(plan, 1), b = patterned(plan, 2), c = patterned(plan, 3);
    uint32_t d = plan_vector(plan, LARGE, true), e = plan_vector(plan, LARGE, true);
    struct plan_term terms[5] = {{a, 0.5}, {b, 2}, {c, -1}, {a, 0.25}, {b, 1}};
    struct optimizer_step step = {.rate = 0.5, .weight_decay = 0.25};
    plan_weighted_sum(plan, plan_whole(d), terms, 5);
    plan_reduce(plan, e, (uint32_t[]){a, b, c, d}, 4, 0.25);
    plan_step(plan, &step, plan_whole(a), plan_whole(b), plan_whole(a), &c);
    double *at = contents(plan, a), *ct = contents(plan, c), *dt = contents(plan, d);
    double *et = contents(plan, e);
    size_t wrong = 0;
    for (size_t i = 0; i < LARGE; i++) {
        double x = pattern(i, 1), g = pattern(i, 2), m = pattern(i, 3);
        double sum = 0.75 * x + 3 * g - m, slope = g + 0.25 * x, buffer = 0.5 * m + slope;
        wrong += !(dt[i] == sum && et[i] == 0.25 * (x + g + m + sum));
        wrong += !(ct[i] == buffer && at[i] == x - 0.5 * (slope + 0.5 * buffer));
    }
    ck_assert_uint_eq(wrong, 0);
    free(at);
    free(ct);
    free(dt);
    free(et);
    plan_free(plan);
}

START_TEST(elementwise_operations_are_exact)
{
    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        check_elementwise(_i, NUMERIC_FLOAT32, threads);
        check_elementwise(_i, NUMERIC_FLOAT64, threads);
    }
}
END_TEST

/* A reduction is rounded once: 1 + 2^-30 + ... survives in double, and is rounded at the end. */
START_TEST(reductions_round_once)
{
    struct plan *plan = make_plan(_i, NUMERIC_FLOAT32, 1);
    uint32_t one = plan_vector(plan, 3, true), tiny = plan_vector(plan, 3, true);
    uint32_t inputs[257], sum = plan_vector(plan, 3, true);
    double values[3] = {1, 1, 1};
    ck_assert(plan_write(plan, plan_whole(one), values, NULL) == STATUS_OK);
    for (int i = 0; i < 3; i++)
        values[i] = FLT_EPSILON / 4;
    ck_assert(plan_write(plan, plan_whole(tiny), values, NULL) == STATUS_OK);
    inputs[0] = one;
    for (int i = 1; i < 257; i++)
        inputs[i] = tiny;
    plan_reduce(plan, sum, inputs, 257, 1);
    ck_assert(plan_read(plan, plan_whole(sum), values, NULL) == STATUS_OK);
    ck_assert(values[0] == 1 + 64 * (double)FLT_EPSILON); /* in float each would vanish */
    plan_free(plan);
}
END_TEST

START_TEST(distances_are_the_same_for_any_threads)
{
    double result[3][3], expected = 0, norm = 0;
    for (size_t i = 0; i < LARGE; i++) {
        double a = 0.1 * pattern(i, 1);
        expected += pow(a - 0.7 * pattern(i, 2), 2);
        norm += a * a;
    }
    for (unsigned t = 0; t < 3; t++) {
        struct plan *plan = make_plan(_i, NUMERIC_FLOAT32, 1u << t);
        struct plan_term a = {patterned(plan, 1), 0.1}, b = {patterned(plan, 2), 0.7};
        plan_distance(plan, a, b, &result[t][0]);
        plan_distance(plan, a, (struct plan_term){0, 0}, &result[t][1]);
        plan_distance(plan, a, a, &result[t][2]);
        ck_assert(plan_flush(plan, NULL) == STATUS_OK);
        ck_assert_double_le(fabs(result[t][0] - expected), 1e-12 * expected);
        ck_assert_double_le(fabs(result[t][1] - norm), 1e-12 * norm);
        ck_assert(result[t][2] == 0);
        ck_assert(memcmp(result[t], result[0], sizeof result[0]) == 0);
        plan_free(plan);
    }
}
END_TEST

START_TEST(evaluations_are_cut_by_samples)
{
    enum { SAMPLES = 10001 };
    static uint32_t samples[SAMPLES];
    double loss = 0, values[5] = {0.5, 1, -2, 4, 0.25};
    int64_t correct = 0;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        samples[i] = i * 7 % 10007;
        loss += values[samples[i] % 5];
        correct += samples[i] % 2;
    }
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct plan *plan = make_plan(_i, NUMERIC_FLOAT64, threads);
        struct objective_query query = {OBJECTIVE_TRAIN, SAMPLES, samples, -1};
        struct objective_value value, twice;
        uint32_t x = plan_vector(plan, LARGE, true);
        ck_assert(plan_write(plan, (struct plan_span){x, 0, 5}, values, NULL) == STATUS_OK);
        plan_evaluate(plan, &query, (struct plan_term){x, 1}, &value);
        plan_evaluate(plan, &query, (struct plan_term){x, 2}, &twice);
        ck_assert(plan_flush(plan, NULL) == STATUS_OK);
        ck_assert(value.loss_sum == loss && twice.loss_sum == 2 * loss);
        ck_assert_int_eq(value.correct, correct);
        ck_assert_int_eq(value.count, SAMPLES);
        plan_free(plan);
    }
}
END_TEST

START_TEST(exhausted_memory_is_a_status_with_the_figure)
{
    struct plan *plan = make_plan(_i, NUMERIC_FLOAT64, 2);
    struct error error = {0};
    size_t huge = (size_t)1 << 58;
    uint32_t x = plan_vector(plan, huge, true), y = plan_vector(plan, huge, true);
    plan_weighted_sum(plan, plan_whole(y), &(struct plan_term){x, 2}, 1);
    ck_assert_int_eq(plan_flush(plan, &error), STATUS_NO_MEMORY);
    ck_assert_ptr_nonnull(strstr(error.text, "2305843009213693952"));
    plan_free(plan);
}
END_TEST

START_TEST(buffers_come_back_warm)
{
    struct buffer_pool *pool = buffer_pool_create();
    struct buffer_pool_cache cache = {.count = 0};
    void *buffers[8];
    for (int i = 0; i < 8; i++) {
        buffers[i] = buffer_pool_take(pool, &cache, i % 2 ? 1000 : 64);
        ck_assert_uint_eq((uintptr_t)buffers[i] % 64, 0);
        memset(buffers[i], i, i % 2 ? 1000 : 64);
    }
    for (int i = 0; i < 8; i++)
        buffer_pool_give(pool, i < 6 ? &cache : NULL, buffers[i]);
    ck_assert_ptr_eq(buffer_pool_take(pool, &cache, 1000), buffers[5]);
    ck_assert_ptr_eq(buffer_pool_take(pool, NULL, 1000), buffers[7]);
    buffer_pool_give(pool, &cache, buffers[5]);
    buffer_pool_give(pool, &cache, buffers[7]);
    ck_assert_ptr_null(buffer_pool_take(pool, &cache, SIZE_MAX - 4096));
    buffer_pool_empty(pool, &cache);
    buffer_pool_free(pool);
}
END_TEST

static void count_in(void *context, unsigned index)
{
    (void)index;
    __atomic_add_fetch((unsigned *)context, 1, __ATOMIC_RELAXED);
}

START_TEST(helpers_join_the_caller)
{
    struct thread_pool *pool;
    ck_assert(thread_pool_create(&pool, 4, NULL) == STATUS_OK);
    for (int round = 0; round < 200; round++) {
        unsigned count = 0;
        thread_pool_run(pool, count_in, &count);
        ck_assert(count >= 1 && count <= 4);
    }
    thread_pool_free(pool);
}
END_TEST

START_TEST(the_blas_is_asked)
{
    ck_assert_ptr_nonnull(blas_core_name());
    (void)blas_is_single_threaded();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backend");
    TCase *tests = tcase_create("backend");
    int total = backend_total();
    tcase_add_loop_test(tests, elementwise_operations_are_exact, 0, total);
    tcase_add_loop_test(tests, reductions_round_once, 0, total);
    tcase_add_loop_test(tests, distances_are_the_same_for_any_threads, 0, total);
    tcase_add_loop_test(tests, evaluations_are_cut_by_samples, 0, total);
    tcase_add_loop_test(tests, exhausted_memory_is_a_status_with_the_figure, 0, total);
    tcase_add_test(tests, buffers_come_back_warm);
    tcase_add_test(tests, helpers_join_the_caller);
    tcase_add_test(tests, the_blas_is_asked);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
