/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optimizers against their recurrences written out element by element, and schedules against
 * values computed by hand.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numerics/optimizer.h"
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
        struct optimizer_step step = {rate_of(k), lambda, k};
        for (size_t i = 0; i < COUNT; i++)
            g[i] = slope(x[i], i);
        ops->kernel64(&mu, &step, COUNT, x, x, g, x, states);
    }
    for (size_t i = 0; i < COUNT; i++) {
        double expected = reference(i, mu, lambda, nesterov);
        ck_assert_double_le(fabs(x[i] - expected), 1e-12 * fmax(1, fabs(expected)));
    }
}

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
    struct optimizer_step step = {0.5, 0.25, 0};
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
    double mu = 0.9;
    for (size_t r = 0; optimizer_registry.entries[r]; r++) {
        const struct optimizer_ops *ops =
            (const struct optimizer_ops *)optimizer_registry.entries[r];
        struct optimizer_step step = {0.1, 0.01, 0};
        float x32[COUNT], g32[COUNT], m32[COUNT];
        double x[COUNT], g[COUNT], m[COUNT];
        for (int i = 0; i < COUNT; i++) {
            x[i] = x32[i] = (float)(0.1 * i);
            g[i] = g32[i] = (float)cos(i);
            m[i] = m32[i] = (float)sin(i);
        }
        ops->kernel32(&mu, &step, COUNT, x32, x32, g32, x32, (void *[]){m32});
        ops->kernel64(&mu, &step, COUNT, x, x, g, x, (void *[]){m});
        for (int i = 0; i < COUNT; i++) {
            ck_assert_double_le(fabs(x32[i] - x[i]), 1e-6 * (1 + fabs(x[i])));
            ck_assert_double_le(fabs(m32[i] - m[i]), 1e-6 * (1 + fabs(m[i])));
        }
    }
}
END_TEST

static struct optimizer_config config_of(double rate)
{
    return (struct optimizer_config){
        .learning_rate = rate,
        .schedule = {.warmup_start = NAN, .factor = 0.1, .cosine_epochs = NAN},
    };
}

static void near(double found, double expected)
{
    ck_assert_double_le(fabs(found - expected), 1e-15 * fabs(expected));
}

START_TEST(a_constant_rate_is_constant)
{
    struct optimizer_config config = config_of(0.25);
    ck_assert(optimizer_rate(&config, 8, 0) == 0.25 && optimizer_rate(&config, 8, 1e9) == 0.25);
    config.scale_with_nodes = true;
    ck_assert(optimizer_rate(&config, 8, 3) == 2);
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
    near(optimizer_rate(&config, 8, 0), 0.1);
    near(optimizer_rate(&config, 8, 2.5), 0.45);
    near(optimizer_rate(&config, 8, 5), 0.8);
    near(optimizer_rate(&config, 8, 29.99), 0.8);
    near(optimizer_rate(&config, 8, 30), 0.08);
    near(optimizer_rate(&config, 8, 60), 0.008);
    near(optimizer_rate(&config, 8, 1000), 0.0008);
}
END_TEST

START_TEST(a_warm_up_starts_where_it_is_told)
{
    struct optimizer_config config = config_of(2);
    config.schedule.warmup_epochs = 4;
    ck_assert(optimizer_rate(&config, 8, 0) == 0 && optimizer_rate(&config, 8, 1) == 0.5);
    config.schedule.warmup_start = 0.5;
    ck_assert(optimizer_rate(&config, 8, 0) == 1 && optimizer_rate(&config, 8, 2) == 1.5);
    ck_assert(optimizer_rate(&config, 8, 4) == 2);
}
END_TEST

/* From 1 at the end of the warm-up through (1 + floor) / 2 at half way to the floor. */
START_TEST(a_cosine_falls_to_its_floor)
{
    struct optimizer_config config = config_of(1);
    config.schedule.warmup_epochs = 2;
    config.schedule.cosine_epochs = 6;
    config.schedule.cosine_floor = 0.2;
    near(optimizer_rate(&config, 1, 2), 1);
    near(optimizer_rate(&config, 1, 4), 0.2 + 0.8 * 0.75); /* cos 60 degrees = 1/2 */
    near(optimizer_rate(&config, 1, 5), 0.6);
    near(optimizer_rate(&config, 1, 8), 0.2);
    near(optimizer_rate(&config, 1, 80), 0.2);
}
END_TEST

START_TEST(tables_name_what_a_scenario_writes)
{
    const char *const common[] = {"learning_rate", "weight_decay", "scale_with_nodes", "schedule"};
    for (int i = 0; i < 4; i++)
        ck_assert_ptr_nonnull(field_find(optimizer_common_fields, common[i]));
    const struct field *schedule = field_find(optimizer_common_fields, "schedule");
    ck_assert_uint_eq(schedule->item_size, sizeof(struct optimizer_schedule));
    ck_assert_uint_eq(field_count(schedule->fields), 6);
    ck_assert_ptr_nonnull(field_find(rule("nesterov")->plugin.params, "momentum"));
    ck_assert_ptr_null(rule("sgd")->plugin.params);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimizer");
    TCase *tests = tcase_create("optimizer");
    tcase_add_test(tests, rules_follow_their_recurrences);
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
