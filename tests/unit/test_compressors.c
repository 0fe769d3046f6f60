/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compressors: error feedback, unbiasedness, contraction, and each rule against its definition.
 *
 * STATISTICAL TESTS have a fixed seed and accept up to 4.5 standard errors: a right rule fails one
 * comparison with probability 7e-6, and all of them (some 2000) with less than 2 %, once and for
 * all.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compressor_support.h"
#include "testing.h"

#define SIGMAS 4.5
#define D      48

static const struct rule top = {"top-k", {"ratio", "0.1"}};
static const struct rule random_common = {"random-k", {"ratio", "0.2"}};
static const struct rule random_own = {"random-k", {"ratio", "0.2", "common_seed", "false"}};
static const struct rule threshold = {"threshold", {"threshold", "1.25"}};
static const struct rule qsgd = {"qsgd", {"levels", "3"}};
static const struct rule qsgd_buckets = {"qsgd", {"levels", "2", "bucket_size", "20"}};
static const struct rule ternary = {"terngrad", {NULL}};
static const struct rule clipped = {"terngrad", {"clip", "1"}};
static const struct rule sign_plain = {"sign", {"scale", "\"none\""}};
static const struct rule sign_mean = {"sign", {NULL}};
static const struct rule one_bit = {"one-bit", {"scope", "\"vector\""}};
static const struct rule one_bit_columns = {"one-bit", {NULL}};
static const struct rule fp16 = {"fp16", {NULL}};
static const struct rule bf16 = {"bf16", {NULL}};
static const struct rule fp16_random = {"fp16", {"rounding", "\"stochastic\""}};
static const struct rule bf16_random = {"bf16", {"rounding", "\"stochastic\""}};
static const struct rule power = {"power-sgd", {"rank", "1"}};

static const struct rule *const all_rules[] = {
    &top,        &random_common,   &random_own,  &threshold,   &qsgd, &qsgd_buckets,
    &ternary,    &clipped,         &sign_mean,   &one_bit,     &fp16, &bf16,
    &sign_plain, &one_bit_columns, &fp16_random, &bf16_random, &power};
#define RULES (sizeof all_rules / sizeof *all_rules)

static void draw(uint64_t *random, enum numeric_precision precision, double *v, size_t count)
{
    for (size_t i = 0; i < count; i++)
        v[i] = rounded(precision, normal(random));
}

static double square(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (a[i] - (b ? b[i] : 0)) * (a[i] - (b ? b[i] : 0));
    return sum;
}

/* ---- Error feedback, through the plan. ---- */

static const struct objective_ops no_model;

static struct plan *make_plan(enum numeric_precision precision, unsigned threads, size_t dimension)
{
    struct plan_config config = {
        .backend = &backend_cpu_ops,
        .objective = {.ops = &no_model, .dimension = dimension, .precision = precision},
        .threads = threads,
        .memory_budget_bytes = INT64_MAX,
    };
    struct plan *plan;
    ck_assert(plan_create(&plan, &config, NULL) == STATUS_OK);
    return plan;
}

static uint32_t vector_of(struct plan *plan, const double *values, size_t count)
{
    uint32_t vector = plan_vector(plan, count, false);
    ck_assert(plan_write(plan, plan_whole(vector), values, NULL) == STATUS_OK);
    return vector;
}

static void read_vector(struct plan *plan, uint32_t vector, double *values)
{
    ck_assert(plan_read(plan, plan_whole(vector), values, NULL) == STATUS_OK);
}

/* accumulated: memory + vector, rounded to the precision as the plan does. */
static void check_feedback(const struct rule *rule, enum numeric_precision precision,
                           const double *accumulated, const double *sent, const double *memory)
{
    struct compressor_config config = choose(rule);
    bool sparse = compressor_traits(&config, true) & COMPRESSOR_SPARSE;
    for (size_t i = 0; i < D; i++) {
        if (sparse) {
            ck_assert(sent[i] + memory[i] == accumulated[i]);
            ck_assert(sent[i] == 0 || sent[i] == accumulated[i]);
        }
        ck_assert_msg(memory[i] == rounded(precision, accumulated[i] - sent[i]),
                      "%s: %g sent of %g, %g kept", rule->name, sent[i], accumulated[i], memory[i]);
    }
}

START_TEST(what_is_not_sent_is_remembered)
{
    enum numeric_precision precision = _i % 2 ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64;
    const struct rule *rule = all_rules[_i / 2];
    struct compressor_config config = choose(rule);
    struct plan *plan = make_plan(precision, 1, D);
    uint32_t memory = plan_vector(plan, D, true);
    double kept[D] = {0}, v[D], accumulated[D], sent[D];
    uint64_t random = 5;
    for (uint64_t step = 0; step < 30; step++) {
        draw(&random, precision, v, D);
        for (size_t i = 0; i < D; i++)
            accumulated[i] = rounded(precision, kept[i] + v[i]);
        struct compressor_message message = {
            .vector = vector_of(plan, v, D), .memory = memory, .key = {7, 3, step, 0}};
        uint32_t decoded = compressor_record(plan, &config, &message);
        read_vector(plan, decoded, sent);
        read_vector(plan, memory, kept);
        check_feedback(rule, precision, accumulated, sent, kept);
        plan_release(plan, decoded);
        plan_release(plan, message.vector);
    }
    plan_free(plan);
}
END_TEST

/* Under a contraction of delta the memory of vectors of norm up to G stays below
 * 2 sqrt(1 - delta) / delta G (Karimireddy et al., lemma 3); the unscaled quantizers would let it
 * grow without bound.  Here in the mean over 200 steps, with each rule's delta. */
START_TEST(memories_stay_bounded)
{
    static const struct rule *const rules[] = {&top, &random_common, &qsgd, &ternary, &sign_mean};
    /* 5/48; 10/48; 1/(1 + min(48/9, sqrt(48)/3)); at least 2/(1 + sqrt(48)); 1/48 */
    static const double delta[] = {5.0 / 48, 10.0 / 48, 0.302, 0.252, 1.0 / 48};
    struct compressor_config config = choose(rules[_i]);
    struct run run = {.precision = NUMERIC_FLOAT64, .contraction = true};
    double memory[D] = {0}, v[D], decoded[D], sum = 0, largest = 0;
    uint64_t random = 8;
    for (run.key.step = 0; run.key.step < 200; run.key.step++) {
        draw(&random, run.precision, v, D);
        largest = fmax(largest, square(v, NULL, D));
        for (size_t i = 0; i < D; i++)
            memory[i] += v[i];
        compress(&config, &run, memory, decoded, D);
        for (size_t i = 0; i < D; i++)
            memory[i] -= decoded[i];
        sum += square(memory, NULL, D);
    }
    ck_assert_double_le(sum / 200, 4 * (1 - delta[_i]) / (delta[_i] * delta[_i]) * largest);
}
END_TEST

START_TEST(threads_do_not_change_what_is_sent)
{
    double v[D], sent[2][D];
    uint64_t random = 3;
    draw(&random, NUMERIC_FLOAT32, v, D);
    for (size_t r = 0; r < RULES; r++) {
        struct compressor_config config = choose(all_rules[r]);
        for (unsigned k = 0; k < 2; k++) {
            struct plan *plan = make_plan(NUMERIC_FLOAT32, 1 + 3 * k, D);
            struct compressor_message message = {.vector = vector_of(plan, v, D),
                                                 .key = {1, 2, 3, 4}};
            uint32_t decoded[8];
            for (int i = 0; i < 8; i++)
                decoded[i] = compressor_record(plan, &config, &message);
            for (int i = 0; i < 8; i++) {
                read_vector(plan, decoded[i], sent[k]);
                ck_assert(memcmp(sent[k], sent[0], sizeof sent[0]) == 0);
            }
            plan_free(plan);
        }
    }
}
END_TEST

START_TEST(no_compressor_sends_the_vector)
{
    struct plan *plan = make_plan(NUMERIC_FLOAT32, 1, 3);
    struct compressor_config named = choose(&(struct rule){"none", {NULL}}),
                             none = {.memory = COMPRESSOR_FORGETS};
    const double v[3] = {0.1f, -2, 3};
    uint32_t memory = plan_vector(plan, 3, true);
    struct compressor_message message = {.vector = vector_of(plan, v, 3), .memory = memory};
    double sent[3];
    read_vector(plan, compressor_record(plan, &named, &message), sent);
    ck_assert(memcmp(sent, v, sizeof v) == 0);
    read_vector(plan, compressor_record(plan, &none, &message), sent);
    ck_assert(memcmp(sent, v, sizeof v) == 0);
    read_vector(plan, memory, sent);
    ck_assert(sent[0] == 0 && sent[1] == 0 && sent[2] == 0);
    ck_assert_uint_eq(compressor_traits(&none, true), COMPRESSOR_LINEAR | COMPRESSOR_UNBIASED);
    plan_free(plan);
}
END_TEST

/* ---- Unbiasedness. ---- */

#define DRAWS 4000

/* The largest deviation of a coordinate's mean, in standard errors. */
static double bias(const struct compressor_config *config, struct run *run, const double *v)
{
    double decoded[D], sum[D] = {0}, squares[D] = {0}, worst = 0;
    for (run->key.step = 0; run->key.step < DRAWS; run->key.step++) {
        compress(config, run, v, decoded, D);
        for (size_t i = 0; i < D; i++) {
            sum[i] += decoded[i] - v[i];
            squares[i] += (decoded[i] - v[i]) * (decoded[i] - v[i]);
        }
    }
    for (size_t i = 0; i < D; i++) {
        double mean = sum[i] / DRAWS, variance = squares[i] / DRAWS - mean * mean;
        double error = sqrt(fmax(variance, 0) / DRAWS) + 1e-7 * fabs(v[i]); /* + rounding */
        if (mean != 0)
            worst = fmax(worst, fabs(mean) / error);
    }
    return worst;
}

/* What semantics claims unbiased, and nothing else; under contraction nothing that draws is. */
START_TEST(unbiased_are_those_that_claim_it)
{
    static const struct rule *const unbiased[] = {
        &random_common, &random_own, &qsgd, &qsgd_buckets, &ternary, &fp16_random, &bf16_random};
    bool contraction = _i % 2, claimed = false;
    const struct rule *rule = all_rules[_i / 2];
    struct compressor_config config = choose(rule);
    struct run run = {.precision = _i % 4 < 2 ? NUMERIC_FLOAT64 : NUMERIC_FLOAT32,
                      .contraction = contraction,
                      .key = {11, 4, 0, 0}};
    double v[D];
    uint64_t random = 21;
    draw(&random, run.precision, v, D);
    v[7] = 0;
    for (size_t i = 0; i < sizeof unbiased / sizeof *unbiased; i++)
        claimed |= unbiased[i] == rule;
    if (contraction && rule != &fp16_random && rule != &bf16_random)
        claimed = false;
    ck_assert_msg(!!(compressor_traits(&config, contraction) & COMPRESSOR_UNBIASED) == claimed,
                  "%s (contraction %d)", rule->name, contraction);
    double found = bias(&config, &run, v);
    ck_assert_msg((found < SIGMAS) == claimed, "%s (contraction %d): %g standard errors",
                  rule->name, contraction, found);
}
END_TEST

/* ---- Contraction. ---- */

/* Shapes of vectors: normal, of heavy tails, nearly sparse. */
static void shape(uint64_t *random, int which, enum numeric_precision precision, double *v)
{
    for (size_t i = 0; i < D; i++) {
        double z = normal(random);
        v[i] = rounded(precision, which == 0 ? z : which == 1 ? z * z * z : i % 9 ? 1e-2 * z : z);
    }
}

static double norm1(const double *v)
{
    double sum = 0;
    for (size_t i = 0; i < D; i++)
        sum += fabs(v[i]);
    return sum;
}

static double largest_of(const double *v)
{
    double largest = 0;
    for (size_t i = 0; i < D; i++)
        largest = fmax(largest, fabs(v[i]));
    return largest;
}

static size_t nonzero(const double *v)
{
    size_t count = 0;
    for (size_t i = 0; i < D; i++)
        count += v[i] != 0;
    return count;
}

/* The deterministic rules, vector by vector: |C(v) - v|^2 <= (1 - delta) |v|^2. */
static double delta_of(const struct rule *rule, const double *v, const double *sent)
{
    if (rule == &top)
        return 5.0 / D;
    if (rule == &threshold)
        return (double)nonzero(sent) / D;
    if (rule == &fp16)
        return 1 - 0x1p-22;
    if (rule == &bf16)
        return 1 - 0x1p-16;
    return norm1(v) * norm1(v) / (D * square(v, NULL, D)); /* sign, one-bit */
}

START_TEST(deterministic_rules_contract)
{
    static const struct rule *const rules[] = {&top,     &threshold, &sign_mean,
                                               &one_bit, &fp16,      &bf16};
    enum numeric_precision precision = _i % 2 ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64;
    double slack = precision == NUMERIC_FLOAT32 ? 1e-6 : 1e-13, v[D], sent[D];
    const struct rule *rule = rules[_i / 2];
    struct compressor_config config = choose(rule);
    struct run run = {.precision = precision, .contraction = true};
    uint64_t random = 17;
    for (int i = 0; i < 300; i++) {
        shape(&random, i % 3, precision, v);
        compress(&config, &run, v, sent, D);
        double norm = square(v, NULL, D), error = square(sent, v, D);
        double bound = (1 - delta_of(rule, v, sent)) * norm;
        ck_assert_msg(error <= bound + slack * norm, "%s: %g > %g", rule->name, error, bound);
        if (rule == &sign_mean) /* lemma 8 is an equality */
            ck_assert_double_ge(error, bound - slack * norm);
    }
}
END_TEST

/* Mean and standard error of |C(v) - v|^2 over the draws. */
static void mean_error(const struct compressor_config *config, struct run *run, const double *v,
                       double *mean, double *error)
{
    double sum = 0, squares = 0, sent[D];
    for (run->key.step = 0; run->key.step < DRAWS; run->key.step++) {
        compress(config, run, v, sent, D);
        double e = square(sent, v, D);
        sum += e;
        squares += e * e;
    }
    *mean = sum / DRAWS;
    *error = sqrt(fmax(squares / DRAWS - *mean * *mean, 0) / DRAWS);
}

/* Randomized rules in the mean; the error of random-k and of TernGrad is known exactly. */
START_TEST(random_rules_contract)
{
    static const struct rule *const rules[] = {&random_common, &random_own, &qsgd, &ternary,
                                               &power};
    const struct rule *rule = rules[_i / 3];
    struct compressor_config config = choose(rule);
    struct run run = {.precision = NUMERIC_FLOAT64, .contraction = true, .key = {5, 1, 0, 0}};
    double v[D], mean, error, delta = 10.0 / D;
    uint64_t random = 31;
    shape(&random, _i % 3, run.precision, v);
    mean_error(&config, &run, v, &mean, &error);
    double norm = square(v, NULL, D);
    bool exact = rule != &qsgd && rule != &power;
    if (rule == &qsgd) /* d / s^2 = 48 / 9, sqrt(d) / s = 2.31 */
        delta = 1 / (1 + sqrt(D) / 3);
    if (rule == &ternary)
        delta = norm / (largest_of(v) * norm1(v));
    if (rule == &power) /* 48 elements: 7 rows of 7, the last one filled up */
        delta = 1.0 / 7;
    ck_assert_double_le(mean, (1 - delta) * norm + SIGMAS * error + 1e-12);
    if (exact)
        ck_assert_double_ge(mean, (1 - delta) * norm - SIGMAS * error - 1e-12);
}
END_TEST

/* ---- Each rule against its definition. ---- */

/* Ranks by magnitude, then by index, by counting. */
static bool is_top(const double *v, size_t i, size_t k)
{
    size_t before = 0;
    for (size_t j = 0; j < D; j++)
        before += fabs(v[j]) > fabs(v[i]) || (fabs(v[j]) == fabs(v[i]) && j < i);
    return before < k;
}

START_TEST(top_k_takes_the_largest_and_of_equals_the_first)
{
    static const char *const ratios[] = {"0.001", "0.1", "0.26", "0.5", "0.99", "1"};
    static const size_t kept[] = {1, 5, 12, 24, 48, 48};
    uint64_t random = 40;
    for (size_t r = 0; r < 6; r++) {
        struct compressor_config config = choose(&(struct rule){"top-k", {"ratio", ratios[r]}});
        for (int trial = 0; trial < 40; trial++) {
            struct run run = {.precision = trial % 2 ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64};
            double v[D], sent[D];
            for (size_t i = 0; i < D; i++) /* many ties, zeros, tiny and huge */
                v[i] = ldexp(floor(7 * uniform(&random)) - 3, trial % 4 == 3 ? (int)i - 24 : 0);
            compress(&config, &run, v, sent, D);
            for (size_t i = 0; i < D; i++)
                ck_assert(sent[i] == (is_top(v, i, kept[r]) ? v[i] : 0));
        }
    }
}
END_TEST

START_TEST(numbers_that_are_none_are_sent)
{
    static const struct rule *const rules[] = {&top, &threshold, &qsgd, &ternary, &fp16, &bf16};
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        struct compressor_config config = choose(rules[r]);
        struct run run = {.precision = NUMERIC_FLOAT32};
        double v[D] = {1, 2, 3}, sent[D];
        v[40] = NAN;
        compress(&config, &run, v, sent, D);
        ck_assert_msg(isnan(sent[40]), "%s", rules[r]->name);
    }
}
END_TEST

START_TEST(all_elements_are_the_vector)
{
    static const struct rule rules[] = {{"top-k", {"ratio", "1"}},
                                        {"random-k", {"ratio", "1"}},
                                        {"random-k", {"ratio", "1", "common_seed", "false"}}};
    uint64_t random = 1;
    for (int i = 0; i < 12; i++) {
        struct compressor_config config = choose(&rules[i % 3]);
        struct run run = {.precision = i % 2 ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64,
                          .contraction = i >= 6};
        double v[D], sent[D];
        draw(&random, run.precision, v, D);
        compress(&config, &run, v, sent, D);
        ck_assert(memcmp(v, sent, sizeof v) == 0);
    }
}
END_TEST

/* 10 of 48; with a common seed the same at all nodes, and encodings add up. */
START_TEST(random_k_chooses_by_step_and_node)
{
    double v[3][D], sent[3][D];
    for (int own = 0; own < 2; own++) {
        struct compressor_config config = choose(own ? &random_own : &random_common);
        struct run run = {.precision = NUMERIC_FLOAT64};
        for (size_t i = 0; i < D; i++) {
            v[0][i] = (double)i + 1;
            v[1][i] = (double)(i * i % 17) + 1;
            v[2][i] = v[0][i] + v[1][i];
        }
        for (int node = 0; node < 3; node++) {
            run.key = (struct compressor_key){9, (uint64_t)node, 12, (uint32_t)node};
            compress(&config, &run, v[node], sent[node], D);
            ck_assert_uint_eq(nonzero(sent[node]), 10);
        }
        bool adds = true;
        for (size_t i = 0; i < D; i++)
            adds &= fabs(sent[0][i] + sent[1][i] - sent[2][i]) < 1e-9;
        ck_assert(adds == !own);
        ck_assert(!!(compressor_traits(&config, true) & COMPRESSOR_LINEAR) == !own);
        run.key.step = 13;
        compress(&config, &run, v[2], sent[0], D);
        ck_assert(memcmp(sent[0], sent[2], sizeof sent[0]) != 0);
    }
}
END_TEST

/* Lemma 3.1 of QSGD, and the variance that its definition gives: sum of |v|^2/s^2 f (1 - f), with f
 * the fraction of each level. */
START_TEST(qsgd_has_the_variance_of_its_levels)
{
    static const char *const levels[] = {"1", "4", "15"};
    double s = strtod(levels[_i], NULL), v[D], mean, error, expected = 0;
    struct compressor_config config = choose(&(struct rule){"qsgd", {"levels", levels[_i]}});
    struct run run = {.precision = NUMERIC_FLOAT64, .key = {2, 0, 0, 0}};
    uint64_t random = 50;
    draw(&random, run.precision, v, D);
    double norm = square(v, NULL, D);
    for (size_t i = 0; i < D; i++) {
        double at = fabs(v[i]) / sqrt(norm) * s, f = at - floor(at);
        expected += norm / (s * s) * f * (1 - f);
    }
    mean_error(&config, &run, v, &mean, &error);
    ck_assert_double_le(mean, fmin(D / (s * s), sqrt(D) / s) * norm + SIGMAS * error);
    ck_assert_double_le(fabs(mean - expected), SIGMAS * error);
}
END_TEST

/* Levels are integers up to s in units of |v| / s, of each bucket. */
START_TEST(qsgd_sends_levels)
{
    struct compressor_config config = choose(&qsgd_buckets);
    struct run run = {.precision = NUMERIC_FLOAT64};
    double v[D], sent[D];
    uint64_t random = 51;
    draw(&random, run.precision, v, D);
    compress(&config, &run, v, sent, D);
    for (size_t i = 0; i < D; i++) {
        size_t first = i / 20 * 20, count = D - first < 20 ? D - first : 20;
        double level = 2 * sent[i] / sqrt(square(v + first, NULL, count));
        ck_assert_double_le(fabs(level - round(level)), 1e-12);
        ck_assert_double_le(fabs(level), 2 + 1e-12);
        ck_assert(sent[i] * v[i] >= 0);
    }
}
END_TEST

/* Layers 0-29 and 30-47, each with its own scale; clipped: at one standard deviation. */
START_TEST(terngrad_sends_three_values_a_layer)
{
    static const struct objective_layer layers[] = {{0, 30, false, 0}, {30, 18, true, 0}};
    for (int clip = 0; clip < 2; clip++) {
        struct compressor_config config = choose(clip ? &clipped : &ternary);
        struct run run = {
            .precision = NUMERIC_FLOAT64, .layers = layers, .layer_count = 2, .key = {6, 0, 0, 0}};
        double v[D], sent[D];
        uint64_t random = 52;
        draw(&random, run.precision, v, D);
        compress(&config, &run, v, sent, D);
        for (size_t l = 0; l < 2; l++) {
            double scale = 0, sum = 0, squares = 0, n = (double)layers[l].count;
            for (size_t i = layers[l].first; i < layers[l].first + layers[l].count; i++) {
                scale = fmax(scale, fabs(v[i]));
                sum += v[i];
                squares += v[i] * v[i];
            }
            if (clip)
                scale = sqrt(squares / n - sum / n * sum / n);
            for (size_t i = layers[l].first; i < layers[l].first + layers[l].count; i++) {
                ck_assert(sent[i] == 0 || fabs(sent[i] / copysign(scale, v[i]) - 1) < 1e-12);
                if (fabs(v[i]) >= scale) /* sure to be sent */
                    ck_assert(sent[i] != 0);
            }
        }
    }
}
END_TEST

/* By hand.  Matrix 2 x 3 (rows 1 -2 0; 3 4 -6) and a bias layer (5, -1). */
START_TEST(signs_and_means_by_hand)
{
    static const struct objective_layer layers[] = {{0, 6, false, 2}, {6, 2, true, 0}};
    static const double v[8] = {1, -2, 0, 3, 4, -6, 5, -1};
    static const struct {
        struct rule rule;
        double sent[8];
    } cases[] = {
        {{"sign", {"scale", "\"none\""}}, {1, -1, 1, 1, 1, -1, 1, -1}},
        {{"sign", {NULL}}, {2.75, -2.75, 2.75, 2.75, 2.75, -2.75, 2.75, -2.75}},
        {{"sign", {"scope", "\"layer\""}},
         {8 / 3., -8 / 3., 8 / 3., 8 / 3., 8 / 3., -8 / 3., 3, -3}},
        {{"one-bit", {"scope", "\"vector\""}}, {2.6, -3, 2.6, 2.6, 2.6, -3, 2.6, -3}},
        {{"one-bit", {"scope", "\"layer\""}}, {2, -4, 2, 2, 2, -4, 5, -1}},
        {{"one-bit", {NULL}}, {2, -2, 0, 2, 4, -6, 5, -1}},
        {{"threshold", {"threshold", "3"}}, {0, 0, 0, 3, 4, -6, 5, 0}},
        {{"threshold", {"threshold", "6"}}, {0, 0, 0, 0, 0, -6, 0, 0}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct compressor_config config = choose(&cases[c].rule);
        struct run run = {.precision = NUMERIC_FLOAT64, .layers = layers, .layer_count = 2};
        double sent[8];
        compress(&config, &run, v, sent, 8);
        for (size_t i = 0; i < 8; i++)
            ck_assert_msg(fabs(sent[i] - cases[c].sent[i]) < 1e-15, "%s %s: element %zu is %g",
                          cases[c].rule.name, cases[c].rule.params[1], i, sent[i]);
    }
}
END_TEST

/* ---- 16 bits. ---- */

static float bits_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bf16 is the upper half of a float, after adding half of the lower (ties to even). */
static double bf16_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value))
        return (double)value;
    return (double)bits_float((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
}

static bool same(double a, double b)
{
    return (a == b && signbit(a) == signbit(b)) || (isnan(a) && isnan(b));
}

#define SWEEP 4096

/* Every exponent of float, both signs, with mantissas that tie, and with random ones. */
START_TEST(sixteen_bits_round_as_hardware_does)
{
    struct compressor_config half = choose(&fp16), brain = choose(&bf16);
    static double v[SWEEP], sent[SWEEP];
    uint64_t random = 60;
    for (int pass = 0; pass < 64; pass++) {
        struct run run = {.precision = pass % 2 ? NUMERIC_FLOAT32 : NUMERIC_FLOAT64};
        for (uint32_t i = 0; i < SWEEP; i++) {
            uint32_t bits = (uint32_t)(uniform(&random) * 0x1p32);
            if (pass % 4 < 2)
                bits &= pass % 8 < 4 ? 0xffff8000 : 0xfffff000; /* ties of bf16, of fp16 */
            v[i] = (double)bits_float((bits & 0x807fffff) | (i & 255) << 23);
        }
        compress(&half, &run, v, sent, SWEEP);
        for (uint32_t i = 0; i < SWEEP; i++)
            ck_assert_msg(same(sent[i], (double)(_Float16)v[i]), "fp16 of %a is %a", v[i], sent[i]);
        compress(&brain, &run, v, sent, SWEEP);
        for (uint32_t i = 0; i < SWEEP; i++)
            ck_assert_msg(same(sent[i], bf16_of((float)v[i])), "bf16 of %a is %a", v[i], sent[i]);
    }
}
END_TEST

/* Doubles are rounded once: 1 + 2^-11 + 2^-40 is above the tie that float would make of it. */
START_TEST(doubles_are_rounded_once)
{
    struct compressor_config config = choose(&fp16);
    struct run run = {.precision = NUMERIC_FLOAT64};
    double v = 1 + 0x1p-11 + 0x1p-40, sent;
    compress(&config, &run, &v, &sent, 1);
    ck_assert_double_eq(sent, 1 + 0x1p-10);
}
END_TEST

/* A neighbour on either side, and numbers of the format themselves. */
START_TEST(stochastic_rounding_takes_neighbours)
{
    struct compressor_config config = choose(_i ? &bf16_random : &fp16_random);
    static double v[SWEEP], sent[SWEEP], again[SWEEP];
    struct run run = {.precision = NUMERIC_FLOAT32};
    uint64_t random = 61;
    for (uint32_t i = 0; i < SWEEP; i++)
        v[i] = (double)(float)(normal(&random) * exp2((double)(i % 28) - 20));
    compress(&config, &run, v, sent, SWEEP);
    compress(&config, &run, sent, again, SWEEP);
    for (uint32_t i = 0; i < SWEEP; i++) {
        double unit = fmax(ldexp(1, ilogb(v[i]) - (_i ? 7 : 10)), _i ? 0 : 0x1p-24);
        ck_assert(fabs(sent[i] - v[i]) < unit);
        ck_assert(same(again[i], sent[i]));
        ck_assert(_i ? bf16_of((float)sent[i]) == sent[i] : (double)(_Float16)sent[i] == sent[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compressors");
    TCase *tests = tcase_create("feedback");
    tcase_add_loop_test(tests, what_is_not_sent_is_remembered, 0, 2 * (int)RULES);
    tcase_add_loop_test(tests, memories_stay_bounded, 0, 5);
    tcase_add_test(tests, threads_do_not_change_what_is_sent);
    tcase_add_test(tests, no_compressor_sends_the_vector);
    suite_add_tcase(suite, tests);
    tests = tcase_create("statistics");
    tcase_add_loop_test(tests, unbiased_are_those_that_claim_it, 0, 2 * (int)RULES);
    tcase_add_loop_test(tests, deterministic_rules_contract, 0, 12);
    tcase_add_loop_test(tests, random_rules_contract, 0, 15);
    tcase_add_loop_test(tests, qsgd_has_the_variance_of_its_levels, 0, 3);
    suite_add_tcase(suite, tests);
    tests = tcase_create("rules");
    tcase_add_test(tests, top_k_takes_the_largest_and_of_equals_the_first);
    tcase_add_test(tests, numbers_that_are_none_are_sent);
    tcase_add_test(tests, all_elements_are_the_vector);
    tcase_add_test(tests, random_k_chooses_by_step_and_node);
    tcase_add_test(tests, qsgd_sends_levels);
    tcase_add_test(tests, terngrad_sends_three_values_a_layer);
    tcase_add_test(tests, signs_and_means_by_hand);
    tcase_add_test(tests, sixteen_bits_round_as_hardware_does);
    tcase_add_test(tests, doubles_are_rounded_once);
    tcase_add_loop_test(tests, stochastic_rounding_takes_neighbours, 0, 2);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
