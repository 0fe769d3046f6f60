/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cluster whose ranks play one collective, and what closed forms say of it. */
#include "collective_world.h"

#include <check.h>
#include <math.h>

#include "core/simtime.h"

const struct collective_ops *world_schedule(const char *name)
{
    const struct plugin *plugin = plugin_find(&collective_registry, name);
    if (plugin == NULL)
        plugin = plugin_find(&collective_gather_registry, name);
    ck_assert_ptr_nonnull(plugin);
    return (const struct collective_ops *)plugin;
}

struct plugin_choice world_choice(const char *name, const void *params)
{
    return (struct plugin_choice){&world_schedule(name)->plugin, params};
}

static void on_done(void *context, uint64_t operation, uint32_t rank)
{
    struct world *world = context;
    ck_assert(!world->inside);
    ck_assert_uint_eq(operation, world->operation);
    ck_assert_int_eq(world->done_ps[rank], -1);
    world->done_ps[rank] = engine_now(world->engine);
    world->done_count++;
}

static void on_enter(void *context, const struct event *event)
{
    struct world *world = context;
    if (world->parts)
        collectives_part(world->collectives, event->arg, event->target,
                         world->parts[event->target]);
    world->inside = true;
    collectives_enter(world->collectives, event->arg, event->target);
    world->inside = false;
}

struct constant_like {
    double mean_s;
};
static const struct constant_like second = {1.0};

struct compute_config world_compute(double reduction_byte_rate)
{
    return (struct compute_config){
        .gradient_time = {plugin_find(&distribution_registry, "constant"), &second},
        .reference_batch = INT64_MIN,
        .forward_share = 1.0 / 3,
        .reduction_byte_rate = reduction_byte_rate,
    };
}

struct network_config world_network(enum network_model model, double latency_s, double overhead_s)
{
    return (struct network_config){
        .model = model,
        .bandwidth_bps = 10e9,
        .latency_s = latency_s,
        .efficiency = 1,
        .overhead_s = overhead_s,
        .protocol = NETWORK_EAGER,
    };
}

void world_init_layout(struct world *world, const struct cluster_layout *layout,
                       const struct compute_config *compute, const struct network_config *network)
{
    const struct cluster_seeds seeds = {1, 1};
    struct error error = {0};
    *world = (struct world){.engine = engine_create()};
    ck_assert_int_eq(
        cluster_create(&world->cluster, world->engine, compute, network, layout, 1, seeds, &error),
        STATUS_OK);
    world->collectives = collectives_create(world->cluster, world->engine, on_done, world);
    world->kind_enter = engine_register(world->engine, "enter", on_enter, world);
    for (uint32_t rank = 0; rank < WORLD_RANKS; rank++)
        world->done_ps[rank] = -1;
}

void world_init(struct world *world, uint32_t hosts, const struct compute_config *compute,
                const struct network_config *network)
{
    const struct cluster_layout layout = {.hosts = hosts, .units = hosts};
    world_init_layout(world, &layout, compute, network);
}

void world_fini(struct world *world)
{
    collectives_free(world->collectives);
    cluster_free(world->cluster);
    engine_free(world->engine);
}

void world_run(struct world *world)
{
    while (engine_step(world->engine))
        ;
}

int64_t world_latest_ps(const struct world *world, uint32_t n)
{
    int64_t latest = 0;
    for (uint32_t rank = 0; rank < n; rank++)
        if (world->done_ps[rank] > latest)
            latest = world->done_ps[rank];
    return latest;
}

void world_play(struct world *world, const struct plugin_choice *choice, uint32_t n, int64_t bytes,
                int64_t element_bytes, const int64_t *entry_ps)
{
    world->operation =
        collectives_open(world->collectives, choice, n, world->hosts, bytes, element_bytes);
    for (uint32_t rank = 0; rank < n; rank++)
        engine_at(world->engine, entry_ps == NULL ? 0 : entry_ps[rank], EVENT_CLASS_TIMER,
                  world->kind_enter, rank, world->operation);
    world_run(world);
    ck_assert_uint_eq(world->done_count, n);
}

void world_play_plain(struct world *world, const struct collective_ops *ops, uint32_t n,
                      int64_t bytes, int64_t element_bytes, const int64_t *entry_ps)
{
    const struct plugin_choice choice = {&ops->plugin, NULL};
    world_play(world, &choice, n, bytes, element_bytes, entry_ps);
}

const char *const reference_names[] = {"ring", "recursive-doubling", "halving-doubling"};

uint32_t reference_floor_log2(uint32_t n)
{
    uint32_t log = 0;
    while (n >> (log + 1))
        log++;
    return log;
}

uint32_t reference_ceil_log2(uint32_t n)
{
    uint32_t log = 0;
    while (UINT32_C(1) << log < n)
        log++;
    return log;
}

double reference_closed_form(int which, uint32_t n, double a, double b, double g, double m)
{
    const double f = reference_floor_log2(n), p = exp2(f);
    const double folds = p == n ? 0 : (a + m * b + m * g) + (a + m * b);
    switch (which) {
    case 0:
        return 2 * (n - 1.0) * a + 2 * (n - 1.0) / n * m * b + (n - 1.0) / n * m * g;
    case 1:
        return f * (a + m * b + m * g) + folds;
    default:
        return 2 * f * a + 2 * (p - 1) / p * m * b + (p - 1) / p * m * g + folds;
    }
}

void world_check_near(int64_t found_ps, double expected_s, uint32_t steps, uint32_t rank)
{
    const double expected_ps = expected_s * 1e12;
    ck_assert_msg((double)found_ps > expected_ps - 2 &&
                      (double)found_ps < expected_ps + 2 * steps + 2,
                  "rank %u: %lld ps, expected %.3f ps", rank, (long long)found_ps, expected_ps);
}

int64_t world_staggered_ps(uint32_t rank, uint64_t seed)
{
    uint64_t x = (seed * 1000003 + rank) * UINT64_C(6364136223846793005) + 1442695040888963407u;
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (int64_t)(x >> 32) % 40000000; /* up to 40 us: about a step */
}

void reference_messages(const struct plugin_choice *choice, uint32_t n, int64_t bytes, double a,
                        double b, double g, double *times)
{
    const struct collective_ops *ops = (const void *)choice->plugin;
    double took[WORLD_RANKS] = {0};
    for (uint32_t s = 0; s < ops->steps(choice->params, n, 0); s++) {
        struct collective_step step[WORLD_RANKS];
        double sent[WORLD_RANKS];
        for (uint32_t r = 0; r < n; r++)
            ops->step(choice->params, n, r, s, bytes, 4, &step[r]);
        for (uint32_t r = 0; r < n; r++) {
            const int64_t to = step[r].send_to;
            sent[r] = times[r];
            if (to >= 0)
                sent[r] = took[to] = fmax(times[r], took[to]) + a + b * (double)step[r].send_bytes;
        }
        for (uint32_t r = 0; r < n; r++) {
            const bool takes = step[r].receive_from >= 0;
            times[r] = fmax(sent[r], takes ? took[r] : 0) +
                       (step[r].reduce ? g * (double)step[r].receive_bytes : 0);
        }
    }
}
