/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan against an eager interpreter.
 *
 * A random program of operations is played twice in step: into a plan, and into plain arrays by the
 * interpreter below, which executes each operation at once, in the order of the program, and
 * rounds as the precision demands (a double result of one operation on floats, rounded to float, is
 * the float result).  Values must agree bit for bit for any threads, budget and flush points.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/plan_internal.h"
#include "testing.h"

#define DIMENSION 40
#define VECTORS   24
#define MOMENTUM  0.9

/* ---- Random numbers: splitmix64. ---- */

static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(draw(state) % n);
}

static double number(uint64_t *state)
{
    return (double)(draw(state) >> 11) * 0x1p-52 - 1;
}

/* ---- An objective whose gradient every argument enters. ---- */

static double toy_gradient(const struct objective_batch *batch, double x, double next)
{
    double samples = 0;
    for (uint32_t i = 0; i < batch->count; i++)
        samples += batch->samples[i];
    return 0.25 * x - 0.125 * next + 0.01 * batch->node + 0.001 * (double)batch->step +
           1e-4 * samples;
}

static void toy_gradient32(const void *context, const struct objective_batch *batch, const void *x,
                           void *g, void *workspace)
{
    const float *from = x;
    float *to = g;
    (void)context;
    memset(workspace, batch->node & 255, 64);
    for (size_t i = 0; i < DIMENSION; i++)
        to[i] = (float)toy_gradient(batch, from[i], from[(i + 1) % DIMENSION]);
}

static void toy_gradient64(const void *context, const struct objective_batch *batch, const void *x,
                           void *g, void *workspace)
{
    const double *from = x;
    double *to = g;
    (void)context;
    memset(workspace, batch->node & 255, 64);
    for (size_t i = 0; i < DIMENSION; i++)
        to[i] = toy_gradient(batch, from[i], from[(i + 1) % DIMENSION]);
}

static void toy_loss(const struct objective_query *query, double x0, struct objective_value *value)
{
    *value = (struct objective_value){0, 0, query->samples ? query->count : 1};
    for (uint32_t i = 0; i < query->count; i++) {
        value->loss_sum += x0 * query->samples[i];
        value->correct += query->samples[i] % 2;
    }
    value->loss_sum += x0 + (double)query->node + 10 * (double)query->set;
}

static void toy_evaluate32(const void *context, const struct objective_query *query, const void *x,
                           struct objective_value *value, void *workspace)
{
    (void)context;
    (void)workspace;
    toy_loss(query, *(const float *)x, value);
}

static void toy_evaluate64(const void *context, const struct objective_query *query, const void *x,
                           struct objective_value *value, void *workspace)
{
    (void)context;
    (void)workspace;
    toy_loss(query, *(const double *)x, value);
}

static size_t toy_workspace(const void *context, uint32_t batch)
{
    (void)context;
    return batch * (size_t)8;
}

static const struct objective_ops toy32 = {toy_workspace, toy_gradient32, toy_evaluate32};
static const struct objective_ops toy64 = {toy_workspace, toy_gradient64, toy_evaluate64};

/* ---- The configurations under test. ---- */

struct setting {
    enum numeric_precision precision;
    unsigned threads;
    int64_t budget;
    bool keep_dead;
    unsigned flush_every; /* program steps; 0: never by itself */
};

static const struct optimizer_ops *heavy_ball(void)
{
    return (const struct optimizer_ops *)plugin_find(&optimizer_registry, "heavy-ball");
}

static struct plan *make_plan(const struct setting *setting)
{
    static const double momentum = MOMENTUM;
    bool narrow = setting->precision == NUMERIC_FLOAT32;
    struct plan_config config = {
        .backend = &backend_cpu_ops,
        .objective = {.ops = narrow ? &toy32 : &toy64,
                      .dimension = DIMENSION,
                      .precision = setting->precision},
        .optimizer = heavy_ball(),
        .optimizer_params = &momentum,
        .threads = setting->threads,
        .memory_budget_bytes = setting->budget,
        .batch_size = 8,
    };
    struct plan *plan;
    struct error error;
    ck_assert_int_eq(plan_create(&plan, &config, &error), STATUS_OK);
    plan->keep_dead = setting->keep_dead;
    return plan;
}

static const struct setting simple = {NUMERIC_FLOAT64, 1, INT64_MAX, false, 0};

/* ---- The interpreter. ---- */

#define RESULTS 4096

struct play {
    struct plan *plan;
    const struct setting *setting;
    uint64_t random;
    uint32_t handle[VECTORS]; /* 0: none */
    double value[VECTORS][DIMENSION];
    double distance[RESULTS], expected_distance[RESULTS];
    struct objective_value loss[RESULTS], expected_loss[RESULTS];
    unsigned distances, losses;
};

static double rounded(const struct play *play, double value)
{
    return play->setting->precision == NUMERIC_FLOAT32 ? (double)(float)value : value;
}

static uint32_t pick(struct play *play)
{
    for (;;) {
        uint32_t i = below(&play->random, VECTORS);
        if (play->handle[i])
            return i;
    }
}

static uint32_t pick_other(struct play *play, uint32_t not )
{
    for (;;) {
        uint32_t i = pick(play);
        if (i != not )
            return i;
    }
}

static void pick_span(struct play *play, size_t *first, size_t *count)
{
    *first = 0;
    *count = DIMENSION;
    if (below(&play->random, 2)) {
        *first = below(&play->random, DIMENSION);
        *count = 1 + below(&play->random, (uint32_t)(DIMENSION - *first));
    }
}

static void play_gradient(struct play *play)
{
    uint32_t samples[8], x = pick(play), g = pick_other(play, x);
    struct objective_batch batch = {below(&play->random, 9), 1 + below(&play->random, 8),
                                    below(&play->random, 99), samples};
    double result[DIMENSION];
    for (uint32_t i = 0; i < batch.count; i++)
        samples[i] = below(&play->random, 1000);
    plan_gradient(play->plan, &batch, play->handle[x], play->handle[g]);
    for (size_t i = 0; i < DIMENSION; i++)
        result[i] = rounded(
            play, toy_gradient(&batch, play->value[x][i], play->value[x][(i + 1) % DIMENSION]));
    memcpy(play->value[g], result, sizeof result);
    memset(samples, 0xff, sizeof samples); /* the plan has copied them */
}

/* The norm is that of numerics/kernels.h: eight interleaved sums in double (one block here), added
 * in order; norm and scale are rounded. */
static double clip_scale(const struct play *play, const double *g, size_t count, double largest)
{
    double lane[8] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        lane[i % 8] += g[i] * g[i];
    for (int i = 0; i < 8; i++)
        sum += lane[i];
    return rounded(play, fmin(1, largest / (rounded(play, sqrt(sum)) + 1e-6)));
}

/* Heavy ball in the precision's arithmetic; every product and sum is rounded. */
static void play_step(struct play *play)
{
    uint32_t x = pick(play), g = pick_other(play, x), m;
    do
        m = pick_other(play, x);
    while (m == g);
    uint32_t w = below(&play->random, 2) ? x : g;
    struct optimizer_step step = {.rate = number(&play->random),
                                  .weight_decay = below(&play->random, 2) ? 0.01 : 0,
                                  .clip_norm = below(&play->random, 3) ? 0 : 2.5};
    size_t first, count;
    pick_span(play, &first, &count);
    struct plan_span spans[3] = {{play->handle[x], first, count},
                                 {play->handle[g], first, count},
                                 {play->handle[w], first, count}};
    plan_step(play->plan, &step, spans[0], spans[1], spans[2], &play->handle[m]);
    double mu = rounded(play, MOMENTUM), decay = rounded(play, step.weight_decay);
    double rate = rounded(play, step.rate), scale = 1;
    if (step.clip_norm > 0)
        scale = clip_scale(play, play->value[g] + first, count, step.clip_norm);
    for (size_t i = first; i < first + count; i++) {
        double d = rounded(play, scale * play->value[g][i]);
        if (decay != 0)
            d = rounded(play, d + rounded(play, decay * play->value[w][i]));
        play->value[m][i] = rounded(play, rounded(play, mu * play->value[m][i]) + d);
        play->value[x][i] =
            rounded(play, play->value[x][i] - rounded(play, rate * play->value[m][i]));
    }
}

static void play_sum(struct play *play)
{
    struct plan_term terms[9];
    uint32_t source[9], to = pick(play), count = 1 + below(&play->random, 9);
    double result[DIMENSION];
    size_t first, length;
    pick_span(play, &first, &length);
    for (uint32_t i = 0; i < count; i++) {
        source[i] = pick(play);
        terms[i].vector = play->handle[source[i]];
        terms[i].coefficient = below(&play->random, 3) ? number(&play->random) : 1;
    }
    struct plan_span span = {play->handle[to], first, length};
    plan_weighted_sum(play->plan, span, terms, count);
    for (size_t i = first; i < first + length; i++) {
        result[i] = rounded(play, rounded(play, terms[0].coefficient) * play->value[source[0]][i]);
        for (uint32_t k = 1; k < count; k++) {
            double c = rounded(play, terms[k].coefficient);
            result[i] = rounded(play, result[i] + rounded(play, c * play->value[source[k]][i]));
        }
    }
    memcpy(play->value[to] + first, result + first, length * sizeof *result);
}

static void play_reduce(struct play *play)
{
    uint32_t source[7], handles[7], to = pick(play), count = 1 + below(&play->random, 7);
    double result[DIMENSION], scale = number(&play->random);
    for (uint32_t i = 0; i < count; i++) {
        source[i] = pick(play);
        handles[i] = play->handle[source[i]];
    }
    plan_reduce(play->plan, play->handle[to], handles, count, scale);
    for (size_t i = 0; i < DIMENSION; i++) {
        double sum = play->value[source[0]][i];
        for (uint32_t k = 1; k < count; k++)
            sum += play->value[source[k]][i];
        result[i] = rounded(play, scale * sum);
    }
    memcpy(play->value[to], result, sizeof result);
}

static void play_release(struct play *play)
{
    uint32_t i = pick(play), alive = 0;
    for (uint32_t k = 0; k < VECTORS; k++)
        alive += play->handle[k] != 0;
    if (alive <= VECTORS / 2)
        return;
    if (below(&play->random, 4) == 0) { /* a second reference keeps it for a moment */
        plan_retain(play->plan, play->handle[i]);
        plan_release(play->plan, play->handle[i]);
    }
    plan_release(play->plan, play->handle[i]);
    play->handle[i] = 0;
}

static void play_make(struct play *play)
{
    uint32_t from = pick(play);
    for (uint32_t i = 0; i < VECTORS; i++) {
        if (play->handle[i])
            continue;
        if (below(&play->random, 3)) {
            play->handle[i] = plan_snapshot(play->plan, play->handle[from]);
            memcpy(play->value[i], play->value[from], sizeof play->value[i]);
        } else {
            play->handle[i] = plan_blocked_vector(play->plan, DIMENSION,
                                                  1 + below(&play->random, DIMENSION), false);
            memset(play->value[i], 0, sizeof play->value[i]);
        }
        return;
    }
}

static void play_evaluate(struct play *play)
{
    uint32_t samples[8], x = pick(play);
    struct objective_query query = {.set = OBJECTIVE_TEST,
                                    .count = below(&play->random, 9),
                                    .node = (int64_t)below(&play->random, 9) - 1};
    double scale = below(&play->random, 2) ? 1 : number(&play->random);
    if (play->losses == RESULTS)
        return;
    for (uint32_t i = 0; i < query.count; i++)
        samples[i] = below(&play->random, 1000);
    query.samples = query.count ? samples : NULL;
    plan_evaluate(play->plan, &query, (struct plan_term){play->handle[x], scale},
                  &play->loss[play->losses]);
    toy_loss(&query, rounded(play, rounded(play, scale) * play->value[x][0]),
             &play->expected_loss[play->losses++]);
    memset(samples, 0xff, sizeof samples);
}

static void play_distance(struct play *play)
{
    uint32_t a = pick(play), b = pick(play);
    bool two = below(&play->random, 2);
    double ca = number(&play->random), cb = two ? number(&play->random) : 0, sum = 0;
    if (play->distances == RESULTS)
        return;
    plan_distance(play->plan, (struct plan_term){play->handle[a], ca},
                  (struct plan_term){two ? play->handle[b] : 0, cb},
                  &play->distance[play->distances]);
    for (size_t i = 0; i < DIMENSION; i++)
        sum += pow(ca * play->value[a][i] - cb * play->value[b][i], 2);
    play->expected_distance[play->distances++] = sum;
}

static void same_bits(const double *found, const double *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(memcmp(&found[i], &expected[i], sizeof *found) == 0 ||
                          found[i] == expected[i],
                      "element %zu: %.17g instead of %.17g", i, found[i], expected[i]);
}

static void play_read(struct play *play)
{
    uint32_t v = pick(play);
    size_t first, count;
    double found[DIMENSION];
    pick_span(play, &first, &count);
    struct plan_span span = {play->handle[v], first, count};
    ck_assert_int_eq(plan_read(play->plan, span, found, NULL), STATUS_OK);
    same_bits(found, play->value[v] + first, count);
}

static void play_write(struct play *play)
{
    uint32_t v = pick(play);
    size_t first, count;
    double values[DIMENSION];
    pick_span(play, &first, &count);
    for (size_t i = 0; i < count; i++)
        values[i] = number(&play->random);
    struct plan_span span = {play->handle[v], first, count};
    ck_assert_int_eq(plan_write(play->plan, span, values, NULL), STATUS_OK);
    for (size_t i = 0; i < count; i++)
        play->value[v][first + i] = rounded(play, values[i]);
}

/* A step draws the same numbers in every setting: reads and writes are rare, but part of it. */
static void play_once(struct play *play)
{
    uint32_t what = below(&play->random, 100);
    if (what < 15)
        play_gradient(play);
    else if (what < 30)
        play_step(play);
    else if (what < 50)
        play_sum(play);
    else if (what < 58)
        play_reduce(play);
    else if (what < 72)
        play_release(play);
    else if (what < 88)
        play_make(play);
    else if (what < 92)
        play_evaluate(play);
    else if (what < 97)
        play_distance(play);
    else if (what < 99)
        play_read(play);
    else
        play_write(play);
}

static void play_finish(struct play *play)
{
    struct error error;
    ck_assert_msg(plan_flush(play->plan, &error) == STATUS_OK, "%s", error.text);
    for (uint32_t i = 0; i < play->losses; i++) {
        ck_assert(play->loss[i].loss_sum == play->expected_loss[i].loss_sum);
        ck_assert_int_eq(play->loss[i].correct, play->expected_loss[i].correct);
        ck_assert_int_eq(play->loss[i].count, play->expected_loss[i].count);
    }
    for (uint32_t i = 0; i < play->distances; i++)
        ck_assert_double_le(fabs(play->distance[i] - play->expected_distance[i]),
                            1e-13 * play->expected_distance[i]);
    for (uint32_t i = 0; i < VECTORS; i++) {
        double found[DIMENSION];
        if (!play->handle[i])
            continue;
        ck_assert(plan_read(play->plan, plan_whole(play->handle[i]), found, NULL) == STATUS_OK);
        same_bits(found, play->value[i], DIMENSION);
        plan_release(play->plan, play->handle[i]);
    }
}

static void play_start(struct play *play, const struct setting *setting, uint64_t seed)
{
    play->plan = make_plan(setting);
    play->setting = setting;
    play->random = seed;
    for (uint32_t i = 0; i < VECTORS / 2; i++) {
        double *values = play->value[i];
        play->handle[i] = plan_blocked_vector(play->plan, DIMENSION, i % 2 ? 8 : 100, i % 3 == 0);
        for (size_t k = 0; k < DIMENSION; k++)
            values[k] = rounded(play, number(&play->random));
        if (i < VECTORS / 4)
            ck_assert(plan_write(play->plan, plan_whole(play->handle[i]), values, NULL) ==
                      STATUS_OK);
        else
            memset(values, 0, sizeof play->value[i]); /* as made */
    }
}

/* Plays a program; the distances go to `distances`, their number is returned. */
static unsigned play_program(const struct setting *setting, uint64_t seed, unsigned steps,
                             double *distances)
{
    struct play *play = calloc(1, sizeof *play);
    play_start(play, setting, seed);
    for (unsigned i = 1; i <= steps; i++) {
        play_once(play);
        if (plan_must_flush(play->plan) || (setting->flush_every && i % setting->flush_every == 0))
            ck_assert(plan_flush(play->plan, NULL) == STATUS_OK);
    }
    play_finish(play);
    unsigned count = play->distances;
    memcpy(distances, play->distance, count * sizeof *distances);
    plan_free(play->plan);
    free(play);
    return count;
}

START_TEST(random_programs_equal_eager_execution)
{
    const int64_t vector = DIMENSION * 8;
    const struct setting settings[] = {
        {NUMERIC_FLOAT64, 1, INT64_MAX, false, 0},   {NUMERIC_FLOAT64, 1, INT64_MAX, true, 0},
        {NUMERIC_FLOAT64, 2, INT64_MAX, false, 37},  {NUMERIC_FLOAT64, 8, INT64_MAX, false, 0},
        {NUMERIC_FLOAT64, 8, 30 * vector, false, 0}, {NUMERIC_FLOAT64, 2, 14 * vector, true, 0},
        {NUMERIC_FLOAT64, 1, 14 * vector, false, 1}, {NUMERIC_FLOAT32, 1, INT64_MAX, false, 0},
        {NUMERIC_FLOAT32, 2, 14 * vector, false, 0}, {NUMERIC_FLOAT32, 8, INT64_MAX, true, 11},
    };
    double first[RESULTS], other[RESULTS];
    unsigned count = 0;
    enum numeric_precision precision = NUMERIC_FLOAT64;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (i == 0 || settings[i].precision != precision) {
            precision = settings[i].precision;
            count = play_program(&settings[i], (uint64_t)_i, 300, first);
            continue;
        }
        ck_assert_uint_eq(play_program(&settings[i], (uint64_t)_i, 300, other), count);
        ck_assert(memcmp(first, other, count * sizeof *first) == 0);
    }
}
END_TEST

/* ---- Single laws. ---- */

static void fill(struct plan *plan, uint32_t vector, double value)
{
    double values[DIMENSION];
    for (size_t i = 0; i < DIMENSION; i++)
        values[i] = value;
    ck_assert(plan_write(plan, plan_whole(vector), values, NULL) == STATUS_OK);
}

static double element(struct plan *plan, uint32_t vector, size_t index)
{
    double value;
    struct plan_span span = {vector, index, 1};
    ck_assert(plan_read(plan, span, &value, NULL) == STATUS_OK);
    return value;
}

START_TEST(snapshots_keep_the_old_values)
{
    struct plan *plan = make_plan(&simple);
    uint32_t x = plan_vector(plan, DIMENSION, true);
    fill(plan, x, 3);
    uint32_t whole = plan_snapshot(plan, x), part = plan_snapshot(plan, x);
    plan_weighted_sum(plan, plan_whole(x), &(struct plan_term){x, 2}, 1);
    plan_weighted_sum(plan, (struct plan_span){part, 0, 1}, &(struct plan_term){part, 5}, 1);
    ck_assert(element(plan, x, 0) == 6 && element(plan, whole, 0) == 3);
    ck_assert(element(plan, part, 0) == 15 && element(plan, part, 1) == 3);
    /* No copy for the whole vector, one for the part. */
    ck_assert_uint_eq(plan_totals(plan).recorded, 3);
    plan_free(plan);
}
END_TEST

START_TEST(readers_come_before_a_later_writer)
{
    const struct setting setting = {NUMERIC_FLOAT64, 8, INT64_MAX, true, 0};
    struct plan *plan = make_plan(&setting);
    uint32_t x = plan_blocked_vector(plan, DIMENSION, 10, true), y[200];
    fill(plan, x, 1);
    for (int i = 0; i < 200; i++) {
        y[i] = plan_vector(plan, DIMENSION, false);
        struct plan_span span = {y[i], 5, 10};
        plan_weighted_sum(plan, span, &(struct plan_term){x, 1}, 1);
        plan_weighted_sum(plan, (struct plan_span){x, 8, 4}, &(struct plan_term){x, -1}, 1);
    }
    for (int i = 0; i < 200; i++) {
        ck_assert(element(plan, y[i], 9) == (i % 2 ? -1 : 1));
        ck_assert(element(plan, y[i], 5) == 1);
    }
    plan_free(plan);
}
END_TEST

/* Of four operations, two feed only what is released unread. */
START_TEST(what_nobody_reads_is_skipped)
{
    struct plan *plan = make_plan(&simple);
    uint32_t x = plan_vector(plan, DIMENSION, true), g = plan_vector(plan, DIMENSION, true);
    uint32_t samples[1] = {1};
    struct objective_batch batch = {0, 1, 0, samples};
    fill(plan, x, 1);
    plan_gradient(plan, &batch, x, g); /* dead: overwritten below before anybody reads it */
    uint32_t dropped = plan_vector(plan, DIMENSION, false);
    plan_weighted_sum(plan, plan_whole(dropped), &(struct plan_term){g, 2}, 1); /* dead */
    plan_release(plan, dropped);
    plan_gradient(plan, &batch, x, g);
    plan_weighted_sum(plan, plan_whole(x), &(struct plan_term){g, 2}, 1);
    ck_assert(plan_flush(plan, NULL) == STATUS_OK);
    ck_assert_uint_eq(plan_totals(plan).skipped, 2);
    ck_assert_uint_eq(plan_totals(plan).executed, 2);
    plan_free(plan);
}
END_TEST

START_TEST(a_block_overwritten_twice_needs_both_halves)
{
    struct plan *plan = make_plan(&simple);
    uint32_t x = plan_vector(plan, DIMENSION, true), y = plan_vector(plan, DIMENSION, true);
    fill(plan, x, 1);
    for (int i = 0; i < 2; i++) { /* one block, two partial writes: neither replaces the other */
        struct plan_span half = {y, i ? DIMENSION / 2 : 0, DIMENSION / 2};
        plan_weighted_sum(plan, half, &(struct plan_term){x, i + 2}, 1);
    }
    ck_assert(element(plan, y, 0) == 2 && element(plan, y, DIMENSION - 1) == 3);
    ck_assert_uint_eq(plan_totals(plan).skipped, 0);
    plan_free(plan);
}
END_TEST

START_TEST(the_budget_asks_for_flushes)
{
    struct setting setting = simple;
    setting.budget = 3 * DIMENSION * 8;
    struct plan *plan = make_plan(&setting);
    uint32_t x = plan_vector(plan, DIMENSION, true);
    ck_assert(!plan_must_flush(plan));
    for (int i = 0; i < 3; i++) {
        uint32_t t = plan_vector(plan, DIMENSION, false);
        plan_weighted_sum(plan, plan_whole(t), &(struct plan_term){x, 2}, 1);
        ck_assert(plan_must_flush(plan) == (i == 2));
        plan_release(plan, t); /* may still be needed by what is recorded */
    }
    ck_assert(plan_flush(plan, NULL) == STATUS_OK);
    ck_assert(!plan_must_flush(plan));
    ck_assert_int_eq(plan_totals(plan).peak_temporary_bytes, setting.budget);
    ck_assert_int_eq(plan_totals(plan).resident_bytes, DIMENSION * 8);
    plan_free(plan);
}
END_TEST

START_TEST(an_operation_beyond_the_budget_names_both_figures)
{
    struct setting setting = simple;
    setting.budget = 3 * DIMENSION * 8 - 1;
    struct plan *plan = make_plan(&setting);
    struct plan_term terms[3];
    struct error error;
    for (int i = 0; i < 3; i++)
        terms[i] = (struct plan_term){plan_vector(plan, DIMENSION, false), 1};
    plan_weighted_sum(plan, plan_whole(terms[0].vector), terms, 2);
    ck_assert(plan_flush(plan, &error) == STATUS_OK);
    plan_weighted_sum(plan, plan_whole(terms[0].vector), terms, 3);
    ck_assert(plan_flush(plan, &error) == STATUS_REQUEST);
    ck_assert_ptr_nonnull(strstr(error.text, "960")); /* 3 x 40 x 8 */
    ck_assert_ptr_nonnull(strstr(error.text, "959"));
    plan_free(plan);
}
END_TEST

START_TEST(without_a_backend_all_is_silent)
{
    struct plan_config config = {.backend = &backend_none_ops, .threads = 4};
    struct plan *plan;
    double value = 1;
    ck_assert(plan_create(&plan, &config, NULL) == STATUS_OK);
    ck_assert(!plan_executes(plan));
    uint32_t x = plan_vector(plan, (size_t)1 << 60, true);
    ck_assert_uint_eq(x, 0);
    ck_assert_uint_eq(plan_snapshot(plan, x), 0);
    plan_gradient(plan, NULL, x, x);
    plan_weighted_sum(plan, plan_whole(x), NULL, 0);
    plan_reduce(plan, x, NULL, 0, 1);
    plan_distance(plan, (struct plan_term){x, 1}, (struct plan_term){0, 0}, &value);
    ck_assert(isnan(value));
    plan_retain(plan, x);
    plan_release(plan, x);
    ck_assert(plan_read(plan, (struct plan_span){x, 0, 1}, &value, NULL) == STATUS_OK);
    ck_assert(isnan(value) && plan_write(plan, plan_whole(x), &value, NULL) == STATUS_OK);
    ck_assert(plan_flush(plan, NULL) == STATUS_OK && !plan_must_flush(plan));
    plan_free(plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");
    tcase_add_loop_test(tests, random_programs_equal_eager_execution, 1, 31);
    tcase_add_test(tests, snapshots_keep_the_old_values);
    tcase_add_test(tests, readers_come_before_a_later_writer);
    tcase_add_test(tests, what_nobody_reads_is_skipped);
    tcase_add_test(tests, a_block_overwritten_twice_needs_both_halves);
    tcase_add_test(tests, the_budget_asks_for_flushes);
    tcase_add_test(tests, an_operation_beyond_the_budget_names_both_figures);
    tcase_add_test(tests, without_a_backend_all_is_silent);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
