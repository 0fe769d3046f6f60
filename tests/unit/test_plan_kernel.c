/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_apply: kernels of others as operations of the plan.
 *
 * A random program of kernels, snapshots and sums is played twice in step, into a plan and into
 * plain arrays; values are small integers, so that both precisions hold them exactly, and must
 * agree for any threads, budget and flush points.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/backend.h"
#include "testing.h"

#define DIMENSION 37
#define VECTORS   12
#define MODULUS   1009 /* values stay below */

/* ---- Kernels. ---- */

/* Read and write through the precision, so that one body serves both. */
static double at(const void *vector, size_t i, bool narrow)
{
    return narrow ? (double)((const float *)vector)[i] : ((const double *)vector)[i];
}

static void put(void *vector, size_t i, double value, bool narrow)
{
    if (narrow)
        ((float *)vector)[i] = (float)value;
    else
        ((double *)vector)[i] = value;
}

/* Two outputs from two inputs, each element from elements elsewhere.  Works on a copy, so in place
 * is no special case; an overlap that the contract rules out makes it return NaN. */
struct shuffle_params {
    double factor;
    bool in_place[2][2]; /* input i is output k */
};

static size_t shuffle_scratch(const struct plan_kernel_call *call)
{
    return (call->input_counts[0] + call->input_counts[1]) * sizeof(double);
}

static void shuffle_values(double factor, const double *a, size_t a_count, const double *b,
                           size_t b_count, double *out, size_t count, unsigned which)
{
    for (size_t i = 0; i < count; i++)
        out[i] = fmod(factor * a[(i * 5 + which) % a_count] + b[(i * 3 + 1) % b_count] + 1 + which,
                      MODULUS);
}

static bool overlaps(const struct plan_kernel_call *call, unsigned i, unsigned k, size_t bytes)
{
    const char *in = call->inputs[i], *out = call->outputs[k];
    return in < out + call->output_counts[k] * bytes && out < in + call->input_counts[i] * bytes;
}

static void shuffle(const struct plan_kernel_call *call, bool narrow)
{
    double *a = call->scratch, *b = a + call->input_counts[0], out[DIMENSION];
    struct shuffle_params params;
    memcpy(&params, call->params, sizeof params);
    for (unsigned i = 0; i < call->input_count; i++)
        for (unsigned k = 0; k < call->output_count; k++)
            if (!params.in_place[i][k] && overlaps(call, i, k, narrow ? 4 : 8))
                params.factor = NAN;
    for (size_t i = 0; i < call->input_counts[0]; i++)
        a[i] = at(call->inputs[0], i, narrow);
    for (size_t i = 0; i < call->input_counts[1]; i++)
        b[i] = at(call->inputs[1], i, narrow);
    for (unsigned which = 0; which < call->output_count; which++) {
        shuffle_values(params.factor, a, call->input_counts[0], b, call->input_counts[1], out,
                       call->output_counts[which], which);
        for (size_t i = 0; i < call->output_counts[which]; i++)
            put(call->outputs[which], i, out[i], narrow);
    }
}

static void shuffle32(const struct plan_kernel_call *call)
{
    shuffle(call, true);
}

static void shuffle64(const struct plan_kernel_call *call)
{
    shuffle(call, false);
}

static const struct plan_kernel shuffle_kernel = {
    .name = "shuffle", .scratch_bytes = shuffle_scratch, .run32 = shuffle32, .run64 = shuffle64};

/* Elementwise and without inputs: element i becomes i mod 1000, plus the input where there is
 * one. */
static void count_up(const struct plan_kernel_call *call, bool narrow)
{
    for (size_t i = 0; i < call->output_counts[0]; i++) {
        double base = call->input_count ? at(call->inputs[0], i, narrow) : 0;
        put(call->outputs[0], i, base + (double)((call->first + i) % 1000), narrow);
    }
}

static void count_up32(const struct plan_kernel_call *call)
{
    count_up(call, true);
}

static void count_up64(const struct plan_kernel_call *call)
{
    count_up(call, false);
}

static const struct plan_kernel count_kernel = {
    .name = "count up", .elementwise = true, .run32 = count_up32, .run64 = count_up64};

/* ---- Plans. ---- */

static const struct objective_ops no_model;

static struct plan *make_plan(const struct backend_ops *backend, enum numeric_precision precision,
                              unsigned threads, int64_t budget)
{
    struct plan_config config = {
        .backend = backend,
        .objective = {.ops = &no_model, .dimension = DIMENSION, .precision = precision},
        .threads = threads,
        .memory_budget_bytes = budget,
    };
    struct plan *plan;
    ck_assert(plan_create(&plan, &config, NULL) == STATUS_OK);
    return plan;
}

static uint32_t filled(struct plan *plan, size_t count, double first)
{
    uint32_t vector = plan_vector(plan, count, false);
    double *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = fmod(first + (double)i, MODULUS);
    ck_assert(plan_write(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    free(values);
    return vector;
}

static void apply_shuffle(struct plan *plan, double factor, const struct plan_span *outputs,
                          unsigned count, const struct plan_span *inputs)
{
    struct shuffle_params params = {.factor = factor};
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < count; k++)
            params.in_place[i][k] = inputs[i].vector == outputs[k].vector;
    plan_apply(plan, &shuffle_kernel, &params, sizeof params, outputs, count, inputs, 2);
    params.factor = NAN; /* the plan has copied it */
}

/* ---- The random program. ---- */

struct play {
    struct plan *plan;
    uint64_t random;
    uint32_t handle[VECTORS];
    double value[VECTORS][DIMENSION];
};

static uint32_t below(struct play *play, uint32_t n)
{
    play->random = play->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(play->random >> 33) % n;
}

static struct plan_span random_span(struct play *play, uint32_t which)
{
    size_t first = 0, count = DIMENSION;
    if (below(play, 2)) {
        first = below(play, DIMENSION);
        count = 1 + below(play, (uint32_t)(DIMENSION - first));
    }
    return (struct plan_span){play->handle[which], first, count};
}

/* Inputs may be an output's span (in place), any span of others, the same twice. */
static void play_shuffle(struct play *play)
{
    uint32_t to[2] = {below(play, VECTORS), 0}, from[2];
    to[1] = (to[0] + 1 + below(play, VECTORS - 1)) % VECTORS;
    unsigned outputs = 1 + below(play, 2);
    struct plan_span out[2] = {random_span(play, to[0]), random_span(play, to[1])}, in[2];
    double copy[2][DIMENSION], factor = 1 + below(play, 7);
    for (unsigned i = 0; i < 2; i++) {
        from[i] = below(play, VECTORS);
        in[i] = random_span(play, from[i]);
        for (unsigned k = 0; k < outputs; k++)
            if (from[i] == to[k])
                in[i] = out[k];
        memcpy(copy[i], play->value[from[i]] + in[i].first, in[i].count * sizeof copy[i][0]);
    }
    apply_shuffle(play->plan, factor, out, outputs, in);
    for (unsigned k = 0; k < outputs; k++)
        shuffle_values(factor, copy[0], in[0].count, copy[1], in[1].count,
                       play->value[to[k]] + out[k].first, out[k].count, k);
}

static void play_snapshot(struct play *play)
{
    uint32_t to = below(play, VECTORS), from = (to + 1 + below(play, VECTORS - 1)) % VECTORS;
    plan_release(play->plan, play->handle[to]);
    play->handle[to] = plan_snapshot(play->plan, play->handle[from]);
    memcpy(play->value[to], play->value[from], sizeof play->value[to]);
}

static void play_check(struct play *play)
{
    double values[DIMENSION];
    for (uint32_t i = 0; i < VECTORS; i++) {
        ck_assert(plan_read(play->plan, plan_whole(play->handle[i]), values, NULL) == STATUS_OK);
        for (size_t k = 0; k < DIMENSION; k++)
            ck_assert_msg(values[k] == play->value[i][k], "vector %u, element %zu: %g, not %g", i,
                          k, values[k], play->value[i][k]);
    }
}

static void play_program(struct plan *plan, uint64_t seed, unsigned flush_every)
{
    struct play play = {.plan = plan, .random = seed};
    for (uint32_t i = 0; i < VECTORS; i++) {
        play.handle[i] = filled(plan, DIMENSION, 10 * i);
        for (size_t k = 0; k < DIMENSION; k++)
            play.value[i][k] = fmod(10 * i + (double)k, MODULUS);
    }
    for (unsigned step = 1; step <= 300; step++) {
        if (below(&play, 3))
            play_shuffle(&play);
        else
            play_snapshot(&play);
        if (plan_must_flush(plan) || (flush_every && step % flush_every == 0))
            ck_assert(plan_flush(plan, NULL) == STATUS_OK);
    }
    play_check(&play);
}

START_TEST(any_schedule_gives_the_values_of_the_program)
{
    for (unsigned threads = 1; threads <= 4; threads *= 2)
        for (unsigned flush_every = 0; flush_every <= 14; flush_every += 7)
            for (int small = 0; small < 2; small++) {
                struct plan *plan =
                    make_plan(&backend_cpu_ops, _i % 2 ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64, threads,
                              small ? 6000 : INT64_MAX);
                play_program(plan, 77 + (uint64_t)_i, flush_every);
                plan_free(plan);
            }
}
END_TEST

/* ---- One thing at a time. ---- */

static void expect(struct plan *plan, uint32_t vector, size_t element, double value)
{
    double found;
    ck_assert(plan_read(plan, (struct plan_span){vector, element, 1}, &found, NULL) == STATUS_OK);
    ck_assert_double_eq(found, value);
}

/* An error memory is read and written; a snapshot taken before keeps the old values. */
START_TEST(in_place_leaves_snapshots_alone)
{
    struct plan *plan = make_plan(&backend_cpu_ops, NUMERIC_FLOAT64, 1, INT64_MAX);
    uint32_t memory = filled(plan, 5, 0), other = filled(plan, 5, 100);
    uint32_t old = plan_snapshot(plan, memory);
    for (int i = 0; i < 2; i++) {
        struct plan_span out = plan_whole(memory), in[2] = {plan_whole(memory), plan_whole(other)};
        apply_shuffle(plan, 1, &out, 1, in);
    }
    /* First memory[i] = 0 (5 i mod 5) + b[(3 i + 1) mod 5] + 1, then memory[0] of it + the same. */
    expect(plan, memory, 0, (0 + 101 + 1) + 101 + 1);
    expect(plan, memory, 2, (0 + 101 + 1) + 102 + 1);
    expect(plan, old, 3, 3);
    plan_free(plan);
}
END_TEST

/* Both outputs are snapshots of one storage and one of them is an input as well.  The three
 * storages of the operation are all that the small budget allows, so that only what must move
 * does. */
START_TEST(outputs_that_shared_a_storage_do_not_meet)
{
    struct plan *plan = make_plan(&backend_cpu_ops, NUMERIC_FLOAT64, 1, _i ? 96 : INT64_MAX);
    uint32_t a = filled(plan, 4, 10), b = plan_snapshot(plan, a);
    filled(plan, 4, 0);
    struct plan_span out[2] = {plan_whole(b), plan_whole(a)};
    struct plan_span in[2] = {plan_whole(b), plan_whole(b)};
    apply_shuffle(plan, 2, out, 2, in);
    expect(plan, b, 1, 2 * 11 + 10 + 1); /* 2 b[5 mod 4] + b[4 mod 4] + 1 */
    expect(plan, a, 1, 2 * 12 + 10 + 2); /* 2 b[6 mod 4] + b[4 mod 4] + 2 */
    plan_free(plan);
}
END_TEST

START_TEST(what_nobody_reads_is_not_executed)
{
    struct plan *plan = make_plan(&backend_cpu_ops, NUMERIC_FLOAT64, 1, INT64_MAX);
    uint32_t from = filled(plan, 4, 0), to = plan_vector(plan, 4, false);
    uint32_t second = plan_vector(plan, 4, false);
    struct plan_span in[2] = {plan_whole(from), plan_whole(from)};
    struct plan_span out[2] = {plan_whole(to), plan_whole(second)};
    apply_shuffle(plan, 1, out, 2, in); /* overwritten below */
    plan_release(plan, second);
    apply_shuffle(plan, 3, out, 1, in);
    ck_assert(plan_flush(plan, NULL) == STATUS_OK);
    ck_assert_uint_eq(plan_totals(plan).executed, 1);
    ck_assert_uint_eq(plan_totals(plan).skipped, 1);
    expect(plan, to, 0, 3 * 0 + 1 + 1);
    plan_free(plan);
}
END_TEST

/* One of two outputs is still read: the kernel runs. */
START_TEST(one_output_that_is_read_is_enough)
{
    struct plan *plan = make_plan(&backend_cpu_ops, NUMERIC_FLOAT64, 1, INT64_MAX);
    uint32_t from = filled(plan, 4, 0), to = plan_vector(plan, 4, false);
    uint32_t second = plan_vector(plan, 4, false);
    struct plan_span in[2] = {plan_whole(from), plan_whole(from)};
    struct plan_span out[2] = {plan_whole(to), plan_whole(second)};
    apply_shuffle(plan, 1, out, 2, in);
    plan_release(plan, to);
    ck_assert(plan_flush(plan, NULL) == STATUS_OK);
    ck_assert_uint_eq(plan_totals(plan).executed, 1);
    expect(plan, second, 0, 1 + 1 + 2);
    plan_free(plan);
}
END_TEST

/* 700 001 elements with one and two operands: pieces begin where they lie. */
START_TEST(elementwise_kernels_are_cut)
{
    size_t count = 700001, wrong = 0;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct plan *plan = make_plan(&backend_cpu_ops, NUMERIC_FLOAT32, threads, INT64_MAX);
        uint32_t vector = plan_vector(plan, count, false);
        struct plan_span span = plan_whole(vector);
        double *values = malloc(count * sizeof *values);
        plan_apply(plan, &count_kernel, NULL, 0, &span, 1, NULL, 0);
        plan_apply(plan, &count_kernel, NULL, 0, &span, 1, &span, 1);
        ck_assert(plan_read(plan, span, values, NULL) == STATUS_OK);
        for (size_t i = 0; i < count; i++)
            wrong += values[i] != 2 * (double)(i % 1000);
        free(values);
        plan_free(plan);
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* Three vectors of 1000 doubles, one resident: 16 000 bytes of temporaries at once. */
START_TEST(operands_beyond_the_budget_are_an_error)
{
    struct plan *plan = make_plan(&backend_cpu_ops, NUMERIC_FLOAT64, 1, 15999);
    uint32_t a = plan_vector(plan, 1000, false), b = plan_vector(plan, 1000, false);
    struct plan_span out = plan_whole(plan_vector(plan, 1000, true));
    struct plan_span in[2] = {plan_whole(a), plan_whole(b)};
    struct error error;
    apply_shuffle(plan, 1, &out, 1, in);
    ck_assert_int_eq(plan_flush(plan, &error), STATUS_REQUEST);
    ck_assert_msg(strstr(error.text, "16000 bytes"), "%s", error.text);
    plan_free(plan);
}
END_TEST

START_TEST(no_backend_runs_no_kernel)
{
    struct plan *plan = make_plan(&backend_none_ops, NUMERIC_FLOAT64, 1, INT64_MAX);
    struct plan_span span = plan_whole(plan_vector(plan, 4, false));
    plan_apply(plan, &count_kernel, NULL, 0, &span, 1, &span, 1);
    ck_assert(plan_flush(plan, NULL) == STATUS_OK);
    ck_assert_uint_eq(plan_totals(plan).recorded, 0);
    plan_free(plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan kernels");
    TCase *tests = tcase_create("kernels");
    tcase_add_loop_test(tests, any_schedule_gives_the_values_of_the_program, 0, 4);
    tcase_add_test(tests, in_place_leaves_snapshots_alone);
    tcase_add_loop_test(tests, outputs_that_shared_a_storage_do_not_meet, 0, 2);
    tcase_add_test(tests, what_nobody_reads_is_not_executed);
    tcase_add_test(tests, one_output_that_is_read_is_enough);
    tcase_add_test(tests, elementwise_kernels_are_cut);
    tcase_add_test(tests, operands_beyond_the_budget_are_an_error);
    tcase_add_test(tests, no_backend_runs_no_kernel);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
