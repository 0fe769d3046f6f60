/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optimizers against their recurrences written out element by element, and schedules against
 * values computed by hand.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/backend.h"
#include "numerics/optimizer.h"
#include "numerics/plan.h"
#include "testing.h"

#define COUNT 37 /* no multiple of a vector register */
#define STEPS 100

static const struct optimizer_ops *rule(const char *name)
{
    const struct plugin *found = plugin_find(&optimizer_registry, name);
    ck_assert_ptr_nonnull(found);
    return (const struct optimizer_ops *)found;
}

/* The gradient at x, some function that keeps the iteration bounded. */
static double slope(double x, size_t i)
{
    return (1 + 0.01 * (double)i) * (x - 0.3 * (double)i) + 0.1 * sin(x);
}

static double rate_of(int64_t k)
{
    return 0.2 / (1 + 0.05 * (double)k);
}

/* PyTorch's documentation of torch.optim.SGD, dampening 0:
 * g <- g + lambda x; b <- mu b + g (b_0 = g, the same as from zero); nesterov: g <- g + mu b,
 * else g <- b; x <- x - rate g. */
static double reference(size_t i, double mu, double lambda, bool nesterov)
{
    double x = (double)i - 10, b = 0;
    for (int64_t k = 0; k < STEPS; k++) {
        double g = slope(x, i) + lambda * x;
        b = mu * b + g;
        x -= rate_of(k) * (nesterov ? g + mu * b : b);
    }
    return x;
}

static void check_rule(const char *name, double mu, double lambda, bool nesterov)
{
    const struct optimizer_ops *ops = rule(name);
    double x[COUNT], g[COUNT], m[COUNT] = {0};
    void *states[1] = {m};
    for (size_t i = 0; i < COUNT; i++)
        x[i] = (double)i - 10;
    for (int64_t k = 0; k < STEPS; k++) {
        struct optimizer_step step = {.rate = rate_of(k), .weight_decay = lambda, .index = k};
        for (size_t i = 0; i < COUNT; i++)
            g[i] = slope(x[i], i);
        ops->kernel64(&mu, &step, COUNT, x, x, g, x, states);
    }
    for (size_t i = 0; i < COUNT; i++) {
        double expected = reference(i, mu, lambda, nesterov);
        ck_assert_double_le(fabs(x[i] - expected), 1e-12 * fmax(1, fabs(expected)));
    }
}

/* Parameters of a rule by name, at the offsets that its own table gives. */
static void set_param(const struct optimizer_ops *ops, void *params, const char *name, double value)
{
    const struct field *field = field_find(ops->plugin.params, name);
    ck_assert_ptr_nonnull(field);
    memcpy((char *)params + field->offset, &value, sizeof value);
}

struct adam {
    double beta1, beta2, eps;
};

/* PyTorch's _single_tensor_adam: the first moment by lerp, the bias corrections by the step's
 * number from 1, AdamW's decay as a factor on the parameter before anything else. */
static double adam_reference(size_t i, const struct adam *adam, double lambda, bool decoupled)
{
    double x = (double)i - 10, m = 0, v = 0;
    for (int64_t step = 1; step <= STEPS; step++) {
        double rate = rate_of(step - 1), g = slope(x, i);
        if (decoupled)
            x *= 1 - rate * lambda;
        else
            g += lambda * x;
        m += (g - m) * (1 - adam->beta1);
        v = v * adam->beta2 + (1 - adam->beta2) * g * g;
        double correction1 = 1 - pow(adam->beta1, (double)step);
        double correction2 = 1 - pow(adam->beta2, (double)step);
        x -= rate / correction1 * m / (sqrt(v) / sqrt(correction2) + adam->eps);
    }
    return x;
}

static void check_adam(const char *name, const struct adam *adam, double lambda)
{
    const struct optimizer_ops *ops = rule(name);
    double params[4], x[COUNT], g[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
    set_param(ops, params, "beta1", adam->beta1);
    set_param(ops, params, "beta2", adam->beta2);
    set_param(ops, params, "eps", adam->eps);
    for (size_t i = 0; i < COUNT; i++)
        x[i] = (double)i - 10;
    for (int64_t k = 0; k < STEPS; k++) {
        struct optimizer_step step = {.rate = rate_of(k), .weight_decay = lambda, .index = k};
        for (size_t i = 0; i < COUNT; i++)
            g[i] = slope(x[i], i);
        ops->kernel64(params, &step, COUNT, x, x, g, x, (void *[]){m, v});
    }
    for (size_t i = 0; i < COUNT; i++) {
        double expected = adam_reference(i, adam, lambda, strcmp(name, "adamw") == 0);
        ck_assert_double_le(fabs(x[i] - expected), 1e-12 * fmax(1, fabs(expected)));
    }
}

START_TEST(adam_and_adamw_follow_their_recurrences)
{
    const struct adam kinds[] = {{0.9, 0.999, 1e-8}, {0.9, 0.98, 1e-3}, {0, 0.5, 0.1}};
    for (int i = 0; i < 3; i++) {
        check_adam("adam", &kinds[i], 0);
        check_adam("adam", &kinds[i], 0.05);
        check_adam("adamw", &kinds[i], 0);
        check_adam("adamw", &kinds[i], 0.05);
    }
}
END_TEST

/* By hand, first step: both corrections cancel, so m / sqrt(v) = sign of the gradient. */
START_TEST(the_first_step_of_adam_has_the_length_of_the_rate)
{
    struct optimizer_step step = {.rate = 0.25, .weight_decay = 0.5};
    double params[4], g[2] = {3, -0.001}, w[2] = {8, -16};
    for (int decoupled = 0; decoupled < 2; decoupled++) {
        const struct optimizer_ops *ops = rule(decoupled ? "adamw" : "adam");
        double x[2] = {1, 2}, out[2], m[2] = {0}, v[2] = {0};
        set_param(ops, params, "beta1", 0.9);
        set_param(ops, params, "beta2", 0.999);
        set_param(ops, params, "eps", 1e-300);
        ops->kernel64(params, &step, 2, x, out, g, w, (void *[]){m, v});
        /* adam: g + 0.5 w = 7, -8.001; adamw: 0.25 * 0.5 * w = 1, -2 is taken off */
        double first = decoupled ? 1 - 1 - 0.25 : 1 - 0.25;
        double second = decoupled ? 2 + 2 + 0.25 : 2 + 0.25;
        ck_assert_double_le(fabs(out[0] - first), 1e-14);
        ck_assert_double_le(fabs(out[1] - second), 1e-14);
    }
}
END_TEST

START_TEST(rules_follow_their_recurrences)
{
    const double decays[] = {0, 1e-2};
    for (int i = 0; i < 2; i++) {
        check_rule("sgd", 0, decays[i], false);
        check_rule("heavy-ball", 0.9, decays[i], false);
        check_rule("nesterov", 0.9, decays[i], true);
        check_rule("heavy-ball", 0, decays[i], false);
        check_rule("nesterov", 0, decays[i], true);
    }
}
END_TEST

/* Decay may read another vector, x_out another place; the old x stays. */
START_TEST(decay_reads_its_own_vector)
{
    const char *const names[] = {"sgd", "heavy-ball", "nesterov"};
    double mu = 0.5, x[2] = {1, 2}, g[2] = {0.25, 0.5}, w[2] = {4, -8};
    struct optimizer_step step = {.rate = 0.5, .weight_decay = 0.25};
    for (int i = 0; i < 3; i++) {
        double out[2], m[2] = {1, 1};
        void *states[1] = {m};
        rule(names[i])->kernel64(&mu, &step, 2, x, out, g, w, states);
        for (int k = 0; k < 2; k++) {
            double d = g[k] + 0.25 * w[k], buffer = 0.5 + d;
            double move = i == 0 ? d : i == 1 ? buffer : d + 0.5 * buffer;
            ck_assert(out[k] == x[k] - 0.5 * move);
            ck_assert(m[k] == (i == 0 ? 1 : buffer));
        }
    }
    ck_assert(x[0] == 1 && x[1] == 2);
}
END_TEST

/* Floats: within a few units in the last place of the double recurrence after one step. */
START_TEST(single_precision_is_the_same_rule)
{
    const char *const names[] = {"momentum", "trust", "beta1", "beta2", "eps"};
    const double values[] = {0.9, 0.01, 0.8, 0.9, 0.01};
    for (size_t r = 0; optimizer_registry.entries[r]; r++) {
        const struct optimizer_ops *ops =
            (const struct optimizer_ops *)optimizer_registry.entries[r];
        struct optimizer_step step = {.rate = 0.1,
                                      .weight_decay = 0.01,
                                      .index = 3,
                                      .decay_at_norm = 2,
                                      .gradient_norm = 0.5};
        float x32[COUNT], g32[COUNT], m32[COUNT], v32[COUNT];
        double params[4] = {0}, x[COUNT], g[COUNT], m[COUNT], v[COUNT];
        for (int i = 0; i < 5; i++)
            if (field_find(ops->plugin.params, names[i]))
                set_param(ops, params, names[i], values[i]);
        for (int i = 0; i < COUNT; i++) {
            x[i] = x32[i] = (float)(0.1 * i);
            g[i] = g32[i] = (float)cos(i);
            m[i] = m32[i] = (float)sin(i);
            v[i] = v32[i] = (float)(0.1 + 0.01 * i);
        }
        ops->kernel32(params, &step, COUNT, x32, x32, g32, x32, (void *[]){m32, v32});
        ops->kernel64(params, &step, COUNT, x, x, g, x, (void *[]){m, v});
        for (int i = 0; i < COUNT; i++) {
            ck_assert_double_le(fabs(x32[i] - x[i]), 1e-6 * (1 + fabs(x[i])));
            ck_assert_double_le(fabs(m32[i] - m[i]), 1e-6 * (1 + fabs(m[i])));
            ck_assert_double_le(fabs(v32[i] - v[i]), 1e-6 * (1 + fabs(v[i])));
        }
    }
}
END_TEST

static void near(double found, double expected)
{
    ck_assert_double_le(fabs(found - expected), 1e-15 * fabs(expected));
}

/* ---- Norms: clipping and LARS, through a plan. ---- */

/* What lars has; exclude_biases last, so that the doubles before it need no padding. */
struct lars {
    double momentum, trust;
    bool exclude;
};

struct lars_case {
    const struct objective_layer *layers; /* NULL: one */
    size_t count, dimension;
    struct lars lars;
    double lambda, clip;
};

static struct plan *plan_of(const struct lars_case *at, const char *name, const void *params,
                            enum numeric_precision precision, unsigned threads)
{
    struct plan_config config = {
        .backend = &backend_cpu_ops,
        .objective = {.dimension = at->dimension,
                      .precision = precision,
                      .layers = at->layers,
                      .layer_count = at->layers ? at->count : 0},
        .optimizer = rule(name),
        .optimizer_params = params,
        .threads = threads,
        .memory_budget_bytes = INT64_MAX,
        .batch_size = 1,
    };
    struct plan *plan;
    ck_assert(plan_create(&plan, &config, NULL) == STATUS_OK);
    return plan;
}

static double start(size_t i)
{
    return (double)(i % 23) / 8 - 1;
}

/* A gradient of step k, which does not depend on x. */
static double slope_at(size_t i, int64_t k)
{
    return cos((double)(i % 1009) + (double)k);
}

/* Algorithm 1 of the paper over long double sums, after PyTorch's clipping. */
static void lars_reference(const struct lars_case *at, int64_t steps, double *x)
{
    struct objective_layer whole = {0, at->dimension, false, 0};
    double *m = calloc(at->dimension, sizeof *m);
    for (size_t i = 0; i < at->dimension; i++)
        x[i] = start(i);
    for (int64_t k = 0; k < steps; k++) {
        long double total = 0;
        for (size_t i = 0; i < at->dimension; i++)
            total += (long double)slope_at(i, k) * slope_at(i, k);
        double cut = at->clip > 0 ? fmin(1, at->clip / ((double)sqrtl(total) + 1e-6)) : 1;
        for (size_t l = 0; l < (at->layers ? at->count : 1); l++) {
            struct objective_layer layer = at->layers ? at->layers[l] : whole;
            size_t end = layer.first + layer.count;
            bool plain = layer.excluded && at->lars.exclude;
            long double ww = 0, gg = 0;
            for (size_t i = layer.first; i < end; i++) {
                ww += (long double)x[i] * x[i];
                gg += (long double)cut * slope_at(i, k) * cut * slope_at(i, k);
            }
            double lambda = plain ? 0 : at->lambda, w = (double)sqrtl(ww), g = (double)sqrtl(gg);
            double local = plain || w == 0 ? 1 : at->lars.trust * w / (g + lambda * w);
            for (size_t i = layer.first; i < end; i++) {
                m[i] = at->lars.momentum * m[i] +
                       rate_of(k) * local * (cut * slope_at(i, k) + lambda * x[i]);
                x[i] -= m[i];
            }
        }
    }
    free(m);
}

/* As lars_reference, by a plan; flushes after every `every` steps and at the end. */
static void lars_play(const struct lars_case *at, int64_t steps, enum numeric_precision precision,
                      unsigned threads, int64_t every, double *x)
{
    const struct optimizer_ops *ops = rule("lars");
    char params[64] = {0};
    double *g = malloc(at->dimension * sizeof *g);
    set_param(ops, params, "momentum", at->lars.momentum);
    set_param(ops, params, "trust", at->lars.trust);
    memcpy(params + field_find(ops->plugin.params, "exclude_biases")->offset, &at->lars.exclude,
           sizeof at->lars.exclude);
    struct plan *plan = plan_of(at, "lars", params, precision, threads);
    uint32_t vector = plan_vector(plan, at->dimension, true);
    uint32_t state = plan_vector(plan, at->dimension, true);
    for (size_t i = 0; i < at->dimension; i++)
        x[i] = start(i);
    ck_assert(plan_write(plan, plan_whole(vector), x, NULL) == STATUS_OK);
    for (int64_t k = 0; k < steps; k++) {
        struct optimizer_step step = {
            .rate = rate_of(k), .weight_decay = at->lambda, .index = k, .clip_norm = at->clip};
        uint32_t gradient = plan_vector(plan, at->dimension, false);
        uint32_t message = plan_snapshot(plan, vector); /* someone still holds the old x */
        for (size_t i = 0; i < at->dimension; i++)
            g[i] = slope_at(i, k);
        ck_assert(plan_write(plan, plan_whole(gradient), g, NULL) == STATUS_OK);
        plan_step(plan, &step, plan_whole(vector), plan_whole(gradient), plan_whole(vector),
                  &state);
        plan_release(plan, gradient);
        plan_release(plan, message);
        if (k % every == 0)
            ck_assert(plan_flush(plan, NULL) == STATUS_OK);
    }
    ck_assert(plan_read(plan, plan_whole(vector), x, NULL) == STATUS_OK);
    plan_free(plan);
    free(g);
}

static void check_lars(const struct lars_case *at, int64_t steps, double tolerance32)
{
    double *expected = malloc(at->dimension * sizeof *expected);
    double *found = malloc(at->dimension * sizeof *found);
    lars_reference(at, steps, expected);
    lars_play(at, steps, NUMERIC_FLOAT64, 1, 1, found);
    for (size_t i = 0; i < at->dimension; i++)
        ck_assert_double_le(fabs(found[i] - expected[i]), 1e-12 * fmax(1, fabs(expected[i])));
    lars_play(at, steps, NUMERIC_FLOAT32, 1, 1, found);
    for (size_t i = 0; i < at->dimension; i++)
        ck_assert_double_le(fabs(found[i] - expected[i]), tolerance32 * fmax(1, fabs(expected[i])));
    free(expected);
    free(found);
}

/* start(8) and start(31) are 0: a bias, and a weight that leaves the origin at the plain rate. */
static const struct objective_layer small_layers[] = {
    {0, 8, false, 0}, {8, 1, true, 0}, {9, 22, false, 0}, {31, 1, false, 0}};

START_TEST(lars_follows_its_recurrence_in_each_layer)
{
    struct lars_case at = {small_layers, 4, 32, {0.9, 0.01, true}, 0, 0};
    check_lars(&at, STEPS, 1e-4);
    at.lambda = 0.05;
    check_lars(&at, STEPS, 1e-4);
    at.clip = 1.5;
    check_lars(&at, STEPS, 1e-4);
    at.lars.exclude = false; /* and a bias that is 0 */
    check_lars(&at, STEPS, 1e-4);
    at.layers = NULL;
    check_lars(&at, STEPS, 1e-4);
}
END_TEST

/* Layers that the cut of large operations divides, and that start anywhere. */
START_TEST(norms_do_not_depend_on_threads_or_flushes)
{
    static const struct objective_layer layers[] = {
        {0, 100003, false, 0}, {100003, 77, true, 0}, {100080, 199921, false, 0}};
    const struct lars_case at = {layers, 3, 300001, {0.9, 0.01, true}, 0.05, 20};
    double *reference = malloc(at.dimension * sizeof *reference);
    double *found = malloc(at.dimension * sizeof *found);
    for (int precision = 0; precision < 2; precision++) {
        lars_play(&at, 4, precision, 1, 1, reference);
        for (unsigned threads = 1; threads <= 4; threads++) {
            lars_play(&at, 4, precision, threads, 3, found);
            ck_assert(memcmp(found, reference, at.dimension * sizeof *found) == 0);
        }
    }
    lars_reference(&at, 4, found);
    double worst = 0;
    for (size_t i = 0; i < at.dimension; i++)
        worst = fmax(worst, fabs(found[i] - reference[i]) / fmax(1, fabs(found[i])));
    ck_assert_double_le(worst, 1e-12);
    free(reference);
    free(found);
}
END_TEST

/* x after a step of sgd at rate 1 from 0 is minus the gradient as the rule has got it. */
static void clipped(const double *g, double largest, double *seen)
{
    const struct lars_case two = {NULL, 0, 2, {0, 0, false}, 0, 0};
    struct plan *plan = plan_of(&two, "sgd", NULL, NUMERIC_FLOAT64, 1);
    struct optimizer_step step = {.rate = 1, .clip_norm = largest};
    uint32_t x = plan_vector(plan, 2, true), gradient = plan_vector(plan, 2, true);
    double after[2];
    ck_assert(plan_write(plan, plan_whole(gradient), g, NULL) == STATUS_OK);
    plan_step(plan, &step, plan_whole(x), plan_whole(gradient), plan_whole(x), NULL);
    ck_assert(plan_read(plan, plan_whole(x), seen, NULL) == STATUS_OK);
    ck_assert(plan_read(plan, plan_whole(gradient), after, NULL) == STATUS_OK);
    ck_assert(memcmp(after, g, sizeof after) == 0); /* others may read it */
    plan_free(plan);
}

/* torch.nn.utils.clip_grad_norm_: min(1, c / (norm + 1e-6)); a norm of 3, 4 is 5. */
START_TEST(gradients_are_clipped_as_pytorch_does)
{
    double seen[2];
    clipped((const double[]){3, 4}, 1, seen);
    near(seen[0], -3 * (1 / (5 + 1e-6)));
    near(seen[1], -4 * (1 / (5 + 1e-6)));
    clipped((const double[]){3, 4}, 5, seen); /* just: the 1e-6 counts */
    near(seen[0], -3 * (5 / (5 + 1e-6)));
    ck_assert(seen[0] > -3);
    clipped((const double[]){3, 4}, 5.1, seen);
    ck_assert(seen[0] == -3 && seen[1] == -4);
    clipped((const double[]){3, 4}, 0, seen); /* none */
    ck_assert(seen[0] == -3 && seen[1] == -4);
    clipped((const double[]){0, 0}, 1, seen);
    ck_assert(seen[0] == 0 && seen[1] == 0);
    clipped((const double[]){NAN, 1}, 1, seen); /* a gradient that is no number shows */
    ck_assert(isnan(seen[0]) && isnan(seen[1]));
    clipped((const double[]){INFINITY, 1}, 1, seen); /* scale 0 */
    ck_assert(isnan(seen[0]) && seen[1] == 0);
}
END_TEST

static struct optimizer_config config_of(double rate)
{
    return (struct optimizer_config){
        .learning_rate = rate,
        .schedule = {.warmup_start = NAN, .factor = 0.1, .cosine_epochs = NAN},
    };
}

START_TEST(a_constant_rate_is_constant)
{
    struct optimizer_config config = config_of(0.25);
    ck_assert(optimizer_rate(&config, 8, 0, 0) == 0.25 &&
              optimizer_rate(&config, 8, 1e9, 0) == 0.25);
    config.scale_with_nodes = true;
    ck_assert(optimizer_rate(&config, 8, 3, 0) == 2);
}
END_TEST

/* Goyal et al.: with 8 nodes from 0.1 to 0.8 over 5 epochs, x 0.1 at 30, 60, 80. */
START_TEST(large_batches_warm_up_from_the_rate_of_one_node)
{
    double milestones[] = {30, 60, 80};
    struct optimizer_config config = config_of(0.1);
    config.scale_with_nodes = true;
    config.schedule.warmup_epochs = 5;
    config.schedule.milestones = (struct field_reals){milestones, 3};
    near(optimizer_rate(&config, 8, 0, 0), 0.1);
    near(optimizer_rate(&config, 8, 2.5, 0), 0.45);
    near(optimizer_rate(&config, 8, 5, 0), 0.8);
    near(optimizer_rate(&config, 8, 29.99, 0), 0.8);
    near(optimizer_rate(&config, 8, 30, 0), 0.08);
    near(optimizer_rate(&config, 8, 60, 0), 0.008);
    near(optimizer_rate(&config, 8, 1000, 0), 0.0008);
}
END_TEST

START_TEST(a_warm_up_starts_where_it_is_told)
{
    struct optimizer_config config = config_of(2);
    config.schedule.warmup_epochs = 4;
    ck_assert(optimizer_rate(&config, 8, 0, 0) == 0 && optimizer_rate(&config, 8, 1, 0) == 0.5);
    config.schedule.warmup_start = 0.5;
    ck_assert(optimizer_rate(&config, 8, 0, 0) == 1 && optimizer_rate(&config, 8, 2, 0) == 1.5);
    ck_assert(optimizer_rate(&config, 8, 4, 0) == 2);
}
END_TEST

/* From 1 at the end of the warm-up through (1 + floor) / 2 at half way to the floor. */
START_TEST(a_cosine_falls_to_its_floor)
{
    struct optimizer_config config = config_of(1);
    config.schedule.warmup_epochs = 2;
    config.schedule.cosine_epochs = 6;
    config.schedule.cosine_floor = 0.2;
    near(optimizer_rate(&config, 1, 2, 0), 1);
    near(optimizer_rate(&config, 1, 4, 0), 0.2 + 0.8 * 0.75); /* cos 60 degrees = 1/2 */
    near(optimizer_rate(&config, 1, 5, 0), 0.6);
    near(optimizer_rate(&config, 1, 8, 0), 0.2);
    near(optimizer_rate(&config, 1, 80, 0), 0.2);
}
END_TEST

/* Up linearly over 4000 steps, then with the square root: half at four times as many. */
START_TEST(an_inverse_square_root_falls_from_its_warm_up)
{
    struct optimizer_config config = config_of(5e-4);
    config.schedule.inverse_sqrt_steps = 4000;
    near(optimizer_rate(&config, 8, 0, 0), 0);
    near(optimizer_rate(&config, 8, 0, 1000), 1.25e-4);
    near(optimizer_rate(&config, 8, 0, 4000), 5e-4);
    near(optimizer_rate(&config, 8, 7, 16000), 2.5e-4);
    near(optimizer_rate(&config, 8, 7, 36000), 5e-4 / 3);
    config.schedule.warmup_start = 0.5;
    near(optimizer_rate(&config, 8, 0, 2000), 3.75e-4);
    config.schedule.warmup_start = NAN;
    config.scale_with_nodes = true; /* from the rate of one node */
    near(optimizer_rate(&config, 8, 0, 0), 5e-4);
    near(optimizer_rate(&config, 8, 0, 4000), 4e-3);
}
END_TEST

START_TEST(tables_name_what_a_scenario_writes)
{
    const char *const common[] = {"learning_rate", "weight_decay", "clip_norm", "scale_with_nodes",
                                  "schedule"};
    for (int i = 0; i < 5; i++)
        ck_assert_ptr_nonnull(field_find(optimizer_common_fields, common[i]));
    const struct field *schedule = field_find(optimizer_common_fields, "schedule");
    ck_assert_uint_eq(schedule->item_size, sizeof(struct optimizer_schedule));
    ck_assert_uint_eq(field_count(schedule->fields), 8);
    ck_assert_ptr_nonnull(field_find(rule("nesterov")->plugin.params, "momentum"));
    ck_assert_ptr_null(rule("sgd")->plugin.params);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizer");
    TCase *tests = tcase_create("optimizer");
    tcase_add_test(tests, rules_follow_their_recurrences);
    tcase_add_test(tests, adam_and_adamw_follow_their_recurrences);
    tcase_add_test(tests, the_first_step_of_adam_has_the_length_of_the_rate);
    tcase_add_test(tests, lars_follows_its_recurrence_in_each_layer);
    tcase_add_test(tests, norms_do_not_depend_on_threads_or_flushes);
    tcase_add_test(tests, gradients_are_clipped_as_pytorch_does);
    tcase_add_test(tests, an_inverse_square_root_falls_from_its_warm_up);
    tcase_add_test(tests, decay_reads_its_own_vector);
    tcase_add_test(tests, single_precision_is_the_same_rule);
    tcase_add_test(tests, a_constant_rate_is_constant);
    tcase_add_test(tests, large_batches_warm_up_from_the_rate_of_one_node);
    tcase_add_test(tests, a_warm_up_starts_where_it_is_told);
    tcase_add_test(tests, a_cosine_falls_to_its_floor);
    tcase_add_test(tests, tables_name_what_a_scenario_writes);
    suite_add_tcase(suite, tests);
    return testing_run(suite);
}
