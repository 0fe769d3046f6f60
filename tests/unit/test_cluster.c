/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compute times and serial resources.  Draws are judged against the distributions' own cumulative
 * functions (Kolmogorov-Smirnov) and moments; the seed is fixed, and the bounds are such that an
 * honest generator fails one seed in ten thousand.
 */
#include <check.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/cluster.h"
#include "core/memory.h"
#include "core/simtime.h"
#include "testing.h"

#define DRAWS    20000
#define SEED     20260
#define KS_LIMIT 2.226 /* 2 exp(-2 x^2) = 1e-4 */
#define Z_LIMIT  3.9   /* two-sided 1e-4 */

static const struct distribution_ops *find_distribution(const char *name)
{
    const struct plugin *plugin = plugin_find(&distribution_registry, name);
    ck_assert_ptr_nonnull(plugin);
    return (const struct distribution_ops *)plugin;
}

/* Fills a parameter struct through its own field table, so that tests need not know its layout. */
struct setting {
    const char *name;
    double value;
};

static void set_field(const struct field *table, void *params, const char *name, double value)
{
    const struct field *field = field_find(table, name);
    ck_assert_msg(field != NULL, "no parameter %s", name);
    memcpy((char *)params + field->offset, &value, sizeof value);
}

static void *make_params(const char *name, const struct setting *settings)
{
    const struct plugin *plugin = &find_distribution(name)->plugin;
    void *params = memory_alloc(plugin->params_size);
    for (const struct field *field = plugin->params; field->name != NULL; field++)
        if (field->type == FIELD_REAL || field->type == FIELD_DURATION)
            set_field(plugin->params, params, field->name, NAN);
    for (; settings->name != NULL; settings++)
        set_field(plugin->params, params, settings->name, settings->value);
    return params;
}

static struct network_config plain_network(void)
{
    return (struct network_config){
        .model = NETWORK_IDEAL, .bandwidth_bps = 1e9, .latency_s = 1e-6, .efficiency = 1};
}

static struct compute_config plain_compute(const char *name, const void *params)
{
    return (struct compute_config){
        .gradient_time = {&find_distribution(name)->plugin, params},
        .reference_batch = INT64_MIN,
        .forward_share = 1.0 / 3,
    };
}

struct world {
    struct engine *engine;
    struct cluster *cluster;
};

static enum status try_layout(struct world *world, const struct compute_config *compute,
                              const struct cluster_layout *layout, int64_t batch,
                              struct error *error)
{
    const struct network_config network = plain_network();
    const struct cluster_seeds seeds = {SEED, SEED + 1};
    *world = (struct world){.engine = engine_create()};
    return cluster_create(&world->cluster, world->engine, compute, &network, layout, batch, seeds,
                          error);
}

static enum status try_world(struct world *world, const struct compute_config *compute,
                             uint32_t hosts, int64_t batch, struct error *error)
{
    const struct cluster_layout layout = {.hosts = hosts, .units = hosts};
    return try_layout(world, compute, &layout, batch, error);
}

static void world_init(struct world *world, const struct compute_config *compute, uint32_t hosts,
                       int64_t batch)
{
    struct error error = {0};
    const enum status status = try_world(world, compute, hosts, batch, &error);
    ck_assert_msg(status == STATUS_OK, "%s: %s", error.path, error.text);
}

static void world_fini(struct world *world)
{
    cluster_free(world->cluster);
    engine_free(world->engine);
}

/* ---- Distributions -------------------------------------------------------------------------- */

static double cdf_uniform(double x)
{
    return gsl_cdf_flat_P(x, 0.08, 0.12);
}
static double cdf_exponential(double x)
{
    return gsl_cdf_exponential_P(x, 0.1);
}
static double cdf_shifted(double x)
{
    return gsl_cdf_exponential_P(x - 0.05, 0.1);
}
static double cdf_gamma(double x) /* mean 0.1, cv 0.5 */
{
    return gsl_cdf_gamma_P(x, 4, 0.025);
}
static double cdf_lognormal(double x) /* mean 0.229, cv 0.5 */
{
    const double variance = log(1.25);
    return gsl_cdf_lognormal_P(x, log(0.229) - variance / 2, sqrt(variance));
}
static double cdf_weibull(double x)
{
    return gsl_cdf_weibull_P(x, 0.1, 1.5);
}
static double cdf_weibull_mean(double x) /* mean 0.1, shape 0.5: Gamma(3) = 2 */
{
    return gsl_cdf_weibull_P(x, 0.05, 0.5);
}
static double cdf_pareto(double x)
{
    return gsl_cdf_pareto_P(x, 2.5, 0.1);
}

/* `variance` and `fourth`: central moments, NaN where they do not exist. */
static const struct law {
    const char *name;
    struct setting settings[4];
    double (*cdf)(double);
    double mean, variance, fourth;
} laws[] = {
    {"uniform",
     {{"min", 0.08}, {"max", 0.12}},
     cdf_uniform,
     0.1,
     0.0016 / 12,
     0.04 * 0.04 * 0.0016 / 80},
    {"exponential", {{"mean", 0.1}}, cdf_exponential, 0.1, 0.01, 9e-4},
    {"shifted-exponential", {{"shift", 0.05}, {"mean", 0.1}}, cdf_shifted, 0.15, 0.01, 9e-4},
    /* gamma of shape k: kurtosis 3 + 6/k */
    {"gamma", {{"mean", 0.1}, {"cv", 0.5}}, cdf_gamma, 0.1, 0.0025, 4.5 * 0.0025 * 0.0025},
    /* lognormal with w = 1 + cv^2: kurtosis w^4 + 2 w^3 + 3 w^2 - 3 */
    {"lognormal",
     {{"mean", 0.229}, {"cv", 0.5}},
     cdf_lognormal,
     0.229,
     0.25 * 0.229 * 0.229,
     (1.25 * 1.25 * 1.25 * 1.25 + 2 * 1.25 * 1.25 * 1.25 + 3 * 1.25 * 1.25 - 3) * 0.0625 * 0.229 *
         0.229 * 0.229 * 0.229},
    /* Gamma(1 + 1/1.5) = 0.902745..., Gamma(1 + 2/1.5) = 1.190639... */
    {"weibull", {{"shape", 1.5}, {"scale", 0.1}}, cdf_weibull, 0.09027452929509336, NAN, NAN},
    {"weibull", {{"shape", 0.5}, {"mean", 0.1}}, cdf_weibull_mean, 0.1, 0.05, NAN},
    {"pareto", {{"scale", 0.1}, {"shape", 2.5}}, cdf_pareto, 0.25 / 1.5, NAN, NAN},
};
#define LAWS ((int)(sizeof laws / sizeof laws[0]))

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double kolmogorov_smirnov(double *draws, int count, double (*cdf)(double))
{
    double largest = 0;
    qsort(draws, (size_t)count, sizeof *draws, compare_doubles);
    for (int i = 0; i < count; i++) {
        const double p = cdf(draws[i]);
        largest = fmax(largest, fmax(p - (double)i / count, (i + 1.0) / count - p));
    }
    return largest * sqrt(count);
}

static void check_moments(const struct law *law, const double *draws)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < DRAWS; i++)
        mean += draws[i] / DRAWS;
    for (int i = 0; i < DRAWS; i++)
        variance += (draws[i] - law->mean) * (draws[i] - law->mean) / DRAWS;
    if (!isnan(law->variance))
        ck_assert_double_eq_tol(mean, law->mean, Z_LIMIT * sqrt(law->variance / DRAWS));
    if (!isnan(law->fourth))
        ck_assert_double_eq_tol(variance, law->variance,
                                Z_LIMIT *
                                    sqrt((law->fourth - law->variance * law->variance) / DRAWS));
}

/* Half of the draws go over hosts, half over steps: both must be independent. */
START_TEST(draws_follow_their_law)
{
    const struct law *law = &laws[_i];
    const struct distribution_ops *ops = find_distribution(law->name);
    void *params = make_params(law->name, law->settings);
    const struct compute_config compute = plain_compute(law->name, params);
    double *draws = memory_array(DRAWS, sizeof *draws);
    struct world world;
    world_init(&world, &compute, DRAWS / 2, 32);
    for (int i = 0; i < DRAWS; i++)
        draws[i] = simtime_to_s(i % 2 ? cluster_gradient_ps(world.cluster, (uint32_t)i / 2, 0)
                                      : cluster_gradient_ps(world.cluster, 1, i + 1));
    ck_assert_double_eq_tol(ops->mean_s(params, NULL), law->mean, 1e-15);
    check_moments(law, draws);
    ck_assert_double_lt(kolmogorov_smirnov(draws, DRAWS, law->cdf), KS_LIMIT);
    world_fini(&world);
    free(draws);
    free(params);
}
END_TEST

START_TEST(constant_is_exact)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.229}, {NULL, 0}});
    const struct compute_config compute = plain_compute("constant", params);
    struct world world;
    world_init(&world, &compute, 3, 32);
    for (uint32_t host = 0; host < 3; host++)
        ck_assert_int_eq(cluster_gradient_ps(world.cluster, host, 7), 229000000000);
    world_fini(&world);
    free(params);
}
END_TEST

/* cv = 0 is a constant for the two families that are stated by it. */
START_TEST(no_variation_is_constant)
{
    const char *const names[] = {"gamma", "lognormal"};
    void *params = make_params(names[_i], (struct setting[]){{"mean", 0.1}, {"cv", 0}, {NULL, 0}});
    const struct compute_config compute = plain_compute(names[_i], params);
    struct world world;
    world_init(&world, &compute, 1, 32);
    ck_assert_int_eq(cluster_gradient_ps(world.cluster, 0, 3), 100000000000);
    world_fini(&world);
    free(params);
}
END_TEST

START_TEST(two_modes)
{
    void *params = make_params(
        "two-mode",
        (struct setting[]){{"fast", 0.1}, {"slow", 0.5}, {"probability", 0.2}, {NULL, 0}});
    const struct compute_config compute = plain_compute("two-mode", params);
    struct world world;
    int slow = 0;
    world_init(&world, &compute, 1, 32);
    for (int64_t step = 0; step < DRAWS; step++) {
        const int64_t ps = cluster_gradient_ps(world.cluster, 0, step);
        ck_assert(ps == 100000000000 || ps == 500000000000);
        slow += ps == 500000000000;
    }
    ck_assert_double_eq_tol(slow, 0.2 * DRAWS, Z_LIMIT * sqrt(0.16 * DRAWS));
    ck_assert_double_eq_tol(find_distribution("two-mode")->mean_s(params, NULL), 0.18, 1e-15);
    world_fini(&world);
    free(params);
}
END_TEST

/* A tail so heavy that the draws leave simulated time: they saturate and the clock survives. */
START_TEST(heavy_tail_saturates)
{
    void *params =
        make_params("pareto", (struct setting[]){{"scale", 1e5}, {"shape", 0.1}, {NULL, 0}});
    const struct compute_config compute = plain_compute("pareto", params);
    struct world world;
    bool met = false;
    world_init(&world, &compute, 1, 32);
    for (int64_t step = 0; step < 100; step++) {
        const int64_t ps = cluster_gradient_ps(world.cluster, 0, step);
        ck_assert_int_le(ps, SIMTIME_MAX_PS / 4);
        met = met || ps == SIMTIME_MAX_PS / 4;
    }
    ck_assert(met);
    world_fini(&world);
    free(params);
}
END_TEST

/* ---- Keys ----------------------------------------------------------------------------------- */

START_TEST(draws_do_not_depend_on_the_rest)
{
    void *params =
        make_params("lognormal", (struct setting[]){{"mean", 0.1}, {"cv", 0.3}, {NULL, 0}});
    const struct compute_config small = plain_compute("lognormal", params);
    struct compute_config large = small;
    struct straggler_config elsewhere = {12, 15, 0.5, 3, INT64_MIN, INT64_MIN};
    struct world a, b;
    int64_t backward[8][20];
    large.stragglers = (struct field_list){&elsewhere, 1};
    world_init(&a, &small, 8, 32);
    world_init(&b, &large, 16, 32);
    for (uint32_t host = 8; host-- > 0;)
        for (int step = 20; step-- > 0;)
            backward[host][step] = cluster_gradient_ps(b.cluster, host, step);
    for (uint32_t host = 0; host < 8; host++)
        for (int step = 0; step < 20; step++) {
            ck_assert_int_eq(cluster_gradient_ps(a.cluster, host, step), backward[host][step]);
            if (host > 0)
                ck_assert_int_ne(backward[host][step], backward[host - 1][step]);
            if (step > 0)
                ck_assert_int_ne(backward[host][step], backward[host][step - 1]);
        }
    world_fini(&a);
    world_fini(&b);
    free(params);
}
END_TEST

/* ---- Speeds, batches and stragglers --------------------------------------------------------- */

START_TEST(speeds_and_batches_scale)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.12}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct speed_override speeds[] = {{1, 4, 2}, {4, 5, 0.25}, {7, INT64_MIN, 3}};
    const int64_t expected_ms[] = {30, 15, 15, 15, 120, 120, 30, 10, 30};
    struct world world;
    compute.reference_batch = 128;
    compute.speeds = (struct field_list){speeds, 3};
    compute.step_s = 0.006;
    world_init(&world, &compute, 9, 32);
    for (uint32_t host = 0; host < 9; host++) {
        const int64_t ps = expected_ms[host] * 1000000000;
        ck_assert_int_eq(cluster_gradient_ps(world.cluster, host, 0), ps);
        ck_assert_int_eq(cluster_step_ps(world.cluster, host), ps / 5);
    }
    world_fini(&world);
    free(params);
}
END_TEST

START_TEST(persistent_and_transient_stragglers)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct straggler_config stragglers[] = {{2, 2, 1, 4, INT64_MIN, INT64_MIN},
                                            {INT64_MIN, 2, 1, 3, 10, 12},
                                            {3, 3, 1, 2, 5, INT64_MIN}};
    struct world world;
    compute.stragglers = (struct field_list){stragglers, 3};
    world_init(&world, &compute, 5, 32);
    for (uint32_t host = 0; host < 5; host++)
        for (int64_t step = 0; step < 20; step++) {
            int64_t factor = host == 2 ? 4 : 1;
            if (host <= 2 && step >= 10 && step <= 12)
                factor *= 3;
            if (host == 3 && step >= 5)
                factor *= 2;
            ck_assert_int_eq(cluster_gradient_ps(world.cluster, host, step), factor * 100000000000);
        }
    world_fini(&world);
    free(params);
}
END_TEST

/* Two entries that each hit at random: each with its own probability, independently. */
START_TEST(random_stragglers)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct straggler_config stragglers[] = {{INT64_MIN, INT64_MIN, 0.0625, 6, INT64_MIN, INT64_MIN},
                                            {0, 15, 0.3, 2, INT64_MIN, INT64_MIN}};
    int six = 0, two = 0, both = 0;
    struct world world;
    compute.stragglers = (struct field_list){stragglers, 2};
    world_init(&world, &compute, 16, 32);
    for (int i = 0; i < DRAWS; i++) {
        const int64_t factor =
            cluster_gradient_ps(world.cluster, (uint32_t)i % 16, i / 16) / 100000000000;
        six += factor % 6 == 0;
        two += factor == 2 || factor == 12;
        both += factor == 12;
        ck_assert(factor == 1 || factor == 2 || factor == 6 || factor == 12);
    }
    const double n = DRAWS, p = 0.0625, q = 0.3;
    ck_assert_double_eq_tol(six, n * p, Z_LIMIT * sqrt(n * p * (1 - p)));
    ck_assert_double_eq_tol(two, n * q, Z_LIMIT * sqrt(n * q * (1 - q)));
    ck_assert_double_eq_tol(both, n * p * q, Z_LIMIT * sqrt(n * p * q * (1 - p * q)));
    world_fini(&world);
    free(params);
}
END_TEST

/* Hosts straggle independently: at a step both do with probability p squared. */
START_TEST(hosts_straggle_apart)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct straggler_config straggler = {INT64_MIN, INT64_MIN, 0.3, 2, INT64_MIN, INT64_MIN};
    const double p = 0.3 * 0.3;
    struct world world;
    int both = 0;
    compute.stragglers = (struct field_list){&straggler, 1};
    world_init(&world, &compute, 2, 32);
    for (int64_t step = 0; step < DRAWS; step++)
        both += cluster_gradient_ps(world.cluster, 0, step) > 100000000000 &&
                cluster_gradient_ps(world.cluster, 1, step) > 100000000000;
    ck_assert_double_eq_tol(both, DRAWS * p, Z_LIMIT * sqrt(DRAWS * p * (1 - p)));
    world_fini(&world);
    free(params);
}
END_TEST

START_TEST(forward_and_rates)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.3}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct world world;
    compute.reduction_byte_rate = 8e9;
    world_init(&world, &compute, 2, 32);
    ck_assert_int_eq(cluster_forward_ps(world.cluster, 300000000000), 100000000000);
    ck_assert_int_eq(cluster_forward_ps(world.cluster, 1), 1);
    ck_assert_int_eq(cluster_forward_ps(world.cluster, 0), 0);
    ck_assert_int_eq(cluster_reduction_ps(world.cluster, 0, 8000), 1000000);
    ck_assert_int_eq(cluster_reduction_ps(world.cluster, 0, 1), 125);
    ck_assert_int_eq(cluster_copy_ps(world.cluster, 1, 8000), 0); /* no rate: at once */
    ck_assert_int_eq(cluster_step_ps(world.cluster, 1), 0);
    ck_assert_uint_eq(cluster_hosts(world.cluster), 2);
    world_fini(&world);
    free(params);
}
END_TEST

/* ---- Serial resources ----------------------------------------------------------------------- */

static void on_tick(void *context, const struct event *event)
{
    struct world *world = context;
    int64_t end_ps;
    (void)event; /* at 250: the accelerator has been idle since 175 */
    ck_assert_int_eq(cluster_occupy(world->cluster, 0, CLUSTER_ACCELERATOR, 10, &end_ps), 250);
    ck_assert_int_eq(end_ps, 260);
    ck_assert_int_eq(cluster_occupy(world->cluster, 0, CLUSTER_ACCELERATOR, 5, &end_ps), 260);
    ck_assert_int_eq(end_ps, 265);
}

START_TEST(resources_are_serial)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    const struct compute_config compute = plain_compute("constant", params);
    struct world world;
    int64_t end_ps;
    world_init(&world, &compute, 2, 32);
    ck_assert_int_eq(cluster_occupy(world.cluster, 0, CLUSTER_ACCELERATOR, 100, &end_ps), 0);
    ck_assert_int_eq(end_ps, 100);
    ck_assert_int_eq(cluster_occupy(world.cluster, 0, CLUSTER_ACCELERATOR, 75, &end_ps), 100);
    ck_assert_int_eq(end_ps, 175);
    for (int resource = CLUSTER_HOST; resource < CLUSTER_RESOURCES; resource++)
        ck_assert_int_eq(
            cluster_occupy(world.cluster, 0, (enum cluster_resource)resource, 7, &end_ps), 0);
    ck_assert_int_eq(cluster_occupy(world.cluster, 1, CLUSTER_ACCELERATOR, 3, &end_ps), 0);
    const uint32_t kind = engine_register(world.engine, "tick", on_tick, &world);
    engine_at(world.engine, 250, EVENT_CLASS_TIMER, kind, 0, 0);
    while (engine_step(world.engine))
        ;
    world_fini(&world);
    free(params);
}
END_TEST

/* A at 0 .. 100, B behind it to 175. */
static void occupy_two(struct cluster *cluster, uint32_t unit)
{
    int64_t end_ps;
    cluster_occupy(cluster, unit, CLUSTER_ACCELERATOR, 100, &end_ps);
    cluster_occupy(cluster, unit, CLUSTER_ACCELERATOR, 75, &end_ps);
}

/* Cutting B frees the unit from there on, but never within A; the neighbour keeps its B. */
START_TEST(released)
{
    const int64_t expected_ps[][2] = {{120, 120}, {50, 100}, {0, 100}, {175, 175}, {300, 175}};
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    const struct compute_config compute = plain_compute("constant", params);
    struct world world;
    int64_t end_ps;
    world_init(&world, &compute, 2, 32);
    occupy_two(world.cluster, 0);
    occupy_two(world.cluster, 1);
    cluster_release(world.cluster, 0, CLUSTER_ACCELERATOR, expected_ps[_i][0]);
    ck_assert_int_eq(cluster_occupy(world.cluster, 0, CLUSTER_ACCELERATOR, 9, &end_ps),
                     expected_ps[_i][1]);
    ck_assert_int_eq(cluster_occupy(world.cluster, 1, CLUSTER_ACCELERATOR, 9, &end_ps), 175);
    world_fini(&world);
    free(params);
}
END_TEST

/* ---- Several units a host ------------------------------------------------------------------- */

/* Units 0, 2 and 3 on host 1, unit 1 on host 0, none on host 2. */
static const uint32_t host_of_unit[] = {1, 0, 1, 1};
static const struct cluster_layout uneven = {3, 4, host_of_unit};

/* Draws are the units' own; the host's speed acts on all of them. */
START_TEST(units_draw_and_hosts_scale)
{
    void *params =
        make_params("lognormal", (struct setting[]){{"mean", 0.1}, {"cv", 0.3}, {NULL, 0}});
    struct compute_config compute = plain_compute("lognormal", params);
    struct speed_override speed = {1, 1, 2};
    struct error error = {0};
    struct world alone, shared;
    world_init(&alone, &compute, 4, 32);
    compute.speeds = (struct field_list){&speed, 1};
    compute.step_s = 0.006;
    ck_assert_int_eq(try_layout(&shared, &compute, &uneven, 32, &error), STATUS_OK);
    ck_assert_uint_eq(cluster_hosts(shared.cluster), 3);
    ck_assert_uint_eq(cluster_units(shared.cluster), 4);
    for (uint32_t unit = 0; unit < 4; unit++) {
        const int64_t factor = unit == 1 ? 1 : 2;
        ck_assert_uint_eq(cluster_host_of_unit(alone.cluster, unit), unit);
        ck_assert_uint_eq(cluster_host_of_unit(shared.cluster, unit), host_of_unit[unit]);
        ck_assert_int_eq(cluster_step_ps(shared.cluster, unit), 6000000000 / factor);
        for (int step = 0; step < 20; step++) {
            const int64_t ps = cluster_gradient_ps(alone.cluster, unit, step);
            const int64_t scaled_ps = cluster_gradient_ps(shared.cluster, unit, step);
            ck_assert_int_le(llabs(factor * scaled_ps - ps), 2); /* rounded up once each */
        }
    }
    world_fini(&alone);
    world_fini(&shared);
    free(params);
}
END_TEST

/* What slows host 1 down slows all of its units at that step, as often as where it has one. */
START_TEST(units_straggle_with_their_host)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct straggler_config straggler = {1, 1, 0.5, 3, INT64_MIN, INT64_MIN};
    struct error error = {0};
    struct world alone, shared;
    int slow = 0;
    compute.stragglers = (struct field_list){&straggler, 1};
    world_init(&alone, &compute, 3, 32);
    ck_assert_int_eq(try_layout(&shared, &compute, &uneven, 32, &error), STATUS_OK);
    for (int step = 0; step < 100; step++) {
        const int64_t ps = cluster_gradient_ps(alone.cluster, 1, step);
        for (uint32_t unit = 0; unit < 4; unit++)
            ck_assert_int_eq(cluster_gradient_ps(shared.cluster, unit, step),
                             host_of_unit[unit] == 1 ? ps : 100000000000);
        slow += ps > 100000000000;
    }
    ck_assert_int_gt(slow, 30);
    ck_assert_int_lt(slow, 70);
    world_fini(&alone);
    world_fini(&shared);
    free(params);
}
END_TEST

/* An accelerator a unit, the other resources a host; ranges of hosts are of hosts, not of units. */
START_TEST(units_have_their_accelerators)
{
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct speed_override speed = {3, 3, 2};
    struct error error = {0};
    struct world world;
    int64_t end_ps;
    ck_assert_int_eq(try_layout(&world, &compute, &uneven, 32, &error), STATUS_OK);
    for (uint32_t unit = 0; unit < 4; unit++)
        ck_assert_int_eq(cluster_occupy(world.cluster, unit, CLUSTER_ACCELERATOR, 5, &end_ps), 0);
    for (uint32_t host = 0; host < 3; host++)
        for (int64_t count = 0; count < 2; count++)
            ck_assert_int_eq(cluster_occupy(world.cluster, host, CLUSTER_HOST, 7, &end_ps),
                             7 * count);
    world_fini(&world);
    compute.speeds = (struct field_list){&speed, 1};
    ck_assert_int_eq(try_layout(&world, &compute, &uneven, 32, &error), STATUS_REQUEST);
    ck_assert_str_eq(error.path, "compute.speeds[0].first");
    engine_free(world.engine);
    free(params);
}
END_TEST

/* ---- Refusals ------------------------------------------------------------------------------- */

static void check_refused(const struct compute_config *compute, const char *path, const char *text)
{
    struct error error = {0};
    struct world world;
    ck_assert_int_eq(try_world(&world, compute, 16, 32, &error), STATUS_REQUEST);
    ck_assert_str_eq(error.path, path);
    ck_assert_msg(strstr(error.text, text) != NULL, "%s: no \"%s\"", error.text, text);
    engine_free(world.engine);
}

START_TEST(wrong_parameters_are_refused)
{
    const struct {
        const char *name;
        struct setting settings[4];
        const char *path, *text;
    } cases[] = {
        {"uniform", {{"min", 0.2}, {"max", 0.1}}, "compute.gradient_time.max", "below min"},
        {"two-mode",
         {{"fast", 0.2}, {"slow", 0.1}, {"probability", 0.5}},
         "compute.gradient_time.slow",
         "below fast"},
        {"weibull", {{"shape", 1}}, "compute.gradient_time.scale", "neither scale nor mean"},
        {"weibull",
         {{"shape", 1}, {"scale", 1}, {"mean", 1}},
         "compute.gradient_time.mean",
         "both scale and mean"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *params = make_params(cases[i].name, cases[i].settings);
        const struct compute_config compute = plain_compute(cases[i].name, params);
        check_refused(&compute, cases[i].path, cases[i].text);
        free(params);
    }
}
END_TEST

START_TEST(wrong_ranges_are_refused)
{
    const int64_t none = INT64_MIN;
    const struct {
        struct straggler_config entry;
        const char *path, *text;
    } cases[] = {
        {{16, none, 1, 2, none, none}, "compute.stragglers[1].first", "16"},
        {{3, 16, 1, 2, none, none}, "compute.stragglers[1].last", "0 to 15"},
        {{3, 2, 1, 2, none, none}, "compute.stragglers[1].last", "before first (3)"},
        {{3, 3, 1, 2, 9, 8}, "compute.stragglers[1].to_step", "before from_step (9)"},
    };
    void *params = make_params("constant", (struct setting[]){{"mean", 0.1}, {NULL, 0}});
    struct compute_config compute = plain_compute("constant", params);
    struct straggler_config entries[2] = {{none, none, 1, 2, none, none}};
    compute.stragglers = (struct field_list){entries, 2};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        entries[1] = cases[i].entry;
        check_refused(&compute, cases[i].path, cases[i].text);
    }
    struct speed_override speed = {2, 99, 2};
    compute.stragglers.count = 0;
    compute.speeds = (struct field_list){&speed, 1};
    check_refused(&compute, "compute.speeds[0].last", "99");
    free(params);
}
END_TEST

/* ---- Trace replay --------------------------------------------------------------------------- */

struct trace_params {
    const char *path;
};

static void write_trace(char *directory, char *path, size_t size, const char *text)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, size, "%s/times.csv", directory);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(trace_replays_and_wraps)
{
    char directory[] = "/tmp/hearsay-XXXXXX", path[64];
    write_trace(directory, path, sizeof path,
                "host,step,seconds\r\n1,0,0.5\r\n0,2,0.003\n0,0,1e-3\n0,1,.002\n\n");
    const struct trace_params params = {path};
    const struct compute_config compute = plain_compute("trace", &params);
    struct world world;
    world_init(&world, &compute, 4, 32);
    for (int64_t step = 0; step < 7; step++) {
        ck_assert_int_eq(cluster_gradient_ps(world.cluster, 0, step), (step % 3 + 1) * 1000000000);
        ck_assert_int_eq(cluster_gradient_ps(world.cluster, 1, step), 500000000000);
        ck_assert_int_eq(cluster_gradient_ps(world.cluster, 2, step), (step % 3 + 1) * 1000000000);
    }
    world_fini(&world);
    void *state = NULL;
    ck_assert_int_eq(find_distribution("trace")->create(&params, &state, NULL), STATUS_OK);
    ck_assert_double_eq_tol(find_distribution("trace")->mean_s(&params, state), 0.251, 1e-15);
    find_distribution("trace")->destroy(state);
    unlink(path);
    rmdir(directory);
}
END_TEST

START_TEST(wrong_traces_are_refused)
{
    const struct {
        const char *text, *expected;
    } cases[] = {
        {"host,step\n", "times.csv:1: found \"host,step\""},
        {"", "no times"},
        {"host,step,seconds\n", "no times"},
        {"host,step,seconds\n0,0,0.1\n0,1,abc\n", "times.csv:3: found \"0,1,abc\""},
        {"host,step,seconds\n0,0,-1\n", "times.csv:2:"},
        {"host,step,seconds\n0,0,nan\n", "times.csv:2:"},
        {"host,step,seconds\n0,0,1e99\n", "times.csv:2:"},
        {"host,step,seconds\n-1,0,1\n", "times.csv:2:"},
        {"host,step,seconds\n99999999999,0,1\n", "times.csv:2:"},
        {"host,step,seconds\n0,0,1,7\n", "times.csv:2:"},
        {"host,step,seconds\n0,0,1\n0,2,1\n",
         "times.csv:3: found host 0, step 2, but host 0, step 1"},
        {"host,step,seconds\n0,0,1\n2,0,1\n",
         "times.csv:3: found host 2, step 0, but host 1, step 0"},
        {"host,step,seconds\n1,0,1\n", "host 0, step 0 is missing"},
        {"host,step,seconds\n0,0,1\n1,1,1\n", "host 1, step 0 is missing"},
        {"host,step,seconds\n0,0,1\n1,0,1\n0,0,2\n",
         "times.csv:4: host 0, step 0 stands in line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char directory[] = "/tmp/hearsay-XXXXXX", path[64];
        write_trace(directory, path, sizeof path, cases[i].text);
        const struct trace_params params = {path};
        const struct compute_config compute = plain_compute("trace", &params);
        check_refused(&compute, "compute.gradient_time.path", cases[i].expected);
        unlink(path);
        rmdir(directory);
    }
    const struct trace_params params = {"/nowhere/times.csv"};
    const struct compute_config compute = plain_compute("trace", &params);
    check_refused(&compute, "compute.gradient_time.path", "/nowhere/times.csv");
}
END_TEST

/* ---- Tables --------------------------------------------------------------------------------- */

/* A default that is a quantity must be one, within the field's own range. */
static void check_default(const struct field *field)
{
    char text[32];
    double value;
    if (field->fallback == NULL || sscanf(field->fallback, "\"%31[^\"]\"", text) != 1)
        return;
    ck_assert_msg(field_parse_quantity(field->type, text, &value), "%s: %s", field->name, text);
    ck_assert_double_ge(value, field->min);
    ck_assert_double_le(value, field->max);
}

static void check_table(const struct field *table, size_t size)
{
    for (const struct field *field = table; field->name != NULL; field++) {
        check_default(field);
        ck_assert_ptr_nonnull(field->help);
        ck_assert_uint_lt(field->offset, size);
        if (field->fields != NULL)
            check_table(field->fields, field->item_size);
    }
}

START_TEST(tables_are_complete)
{
    check_table(compute_fields, sizeof(struct compute_config));
    for (int i = 0; distribution_registry.entries[i] != NULL; i++) {
        const struct plugin *plugin = distribution_registry.entries[i];
        check_table(plugin->params, plugin->params_size);
        ck_assert_ptr_nonnull(plugin->summary);
        ck_assert_ptr_nonnull(((const struct distribution_ops *)plugin)->draw);
    }
    const char *const keys[] = {"gradient_time", "reference_batch", "forward_share", "speeds",
                                "stragglers",    "optimizer_step",  "reduction"};
    ck_assert_uint_eq(field_count(compute_fields), sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ck_assert_ptr_nonnull(field_find(compute_fields, keys[i]));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("cluster");
    TCase *draws = tcase_create("distributions");
    tcase_add_loop_test(draws, draws_follow_their_law, 0, LAWS);
    tcase_add_test(draws, constant_is_exact);
    tcase_add_loop_test(draws, no_variation_is_constant, 0, 2);
    tcase_add_test(draws, two_modes);
    tcase_add_test(draws, heavy_tail_saturates);
    tcase_add_test(draws, trace_replays_and_wraps);
    suite_add_tcase(suite, draws);
    TCase *hosts = tcase_create("hosts");
    tcase_add_test(hosts, draws_do_not_depend_on_the_rest);
    tcase_add_test(hosts, speeds_and_batches_scale);
    tcase_add_test(hosts, persistent_and_transient_stragglers);
    tcase_add_test(hosts, random_stragglers);
    tcase_add_test(hosts, hosts_straggle_apart);
    tcase_add_test(hosts, forward_and_rates);
    tcase_add_test(hosts, resources_are_serial);
    tcase_add_loop_test(hosts, released, 0, 5);
    tcase_add_test(hosts, units_draw_and_hosts_scale);
    tcase_add_test(hosts, units_straggle_with_their_host);
    tcase_add_test(hosts, units_have_their_accelerators);
    suite_add_tcase(suite, hosts);
    TCase *requests = tcase_create("requests");
    tcase_add_test(requests, wrong_parameters_are_refused);
    tcase_add_test(requests, wrong_ranges_are_refused);
    tcase_add_test(requests, wrong_traces_are_refused);
    tcase_add_test(requests, tables_are_complete);
    suite_add_tcase(suite, requests);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
