/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All-reduce schedules and their executor.  What is expected comes from the closed forms of Thakur
 * et al. (2005), from message recurrences written down here, and from adding sets symbolically.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collectives/collective.h"
#include "collectives/tree.h"
#include "core/memory.h"
#include "core/simtime.h"
#include "testing.h"

#define MAX_RANKS 256

/* One cluster whose ranks enter at given times, and when each got its result. */
struct world {
    struct engine *engine;
    struct cluster *cluster;
    struct collectives *collectives;
    uint32_t kind_enter;
    uint64_t operation;
    int64_t done_ps[MAX_RANKS];
    uint32_t done_count;
    bool inside; /* of collectives_enter */
};

static const struct collective_ops *find_ops(const char *name)
{
    const struct plugin *plugin = plugin_find(&collective_registry, name);
    ck_assert_ptr_nonnull(plugin);
    return (const struct collective_ops *)plugin;
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
    world->inside = true;
    collectives_enter(world->collectives, event->arg, event->target);
    world->inside = false;
}

struct constant_like {
    double mean_s;
};
static const struct constant_like second = {1.0};

static struct compute_config compute_with(double reduction_byte_rate)
{
    return (struct compute_config){
        .gradient_time = {plugin_find(&distribution_registry, "constant"), &second},
        .reference_batch = INT64_MIN,
        .forward_share = 1.0 / 3,
        .reduction_byte_rate = reduction_byte_rate,
    };
}

static struct network_config network_with(enum network_model model, double latency_s,
                                          double overhead_s)
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

static void world_init(struct world *world, uint32_t hosts, const struct compute_config *compute,
                       const struct network_config *network)
{
    const struct cluster_seeds seeds = {1, 1};
    const struct cluster_layout layout = {.hosts = hosts, .units = hosts};
    struct error error = {0};
    *world = (struct world){.engine = engine_create()};
    ck_assert_int_eq(
        cluster_create(&world->cluster, world->engine, compute, network, &layout, 1, seeds, &error),
        STATUS_OK);
    world->collectives = collectives_create(world->cluster, world->engine, on_done, world);
    world->kind_enter = engine_register(world->engine, "enter", on_enter, world);
    for (uint32_t rank = 0; rank < MAX_RANKS; rank++)
        world->done_ps[rank] = -1;
}

static void world_fini(struct world *world)
{
    collectives_free(world->collectives);
    cluster_free(world->cluster);
    engine_free(world->engine);
}

static void play(struct world *world)
{
    while (engine_step(world->engine))
        ;
}

static int64_t latest_ps(const struct world *world, uint32_t n)
{
    int64_t latest = 0;
    for (uint32_t rank = 0; rank < n; rank++)
        if (world->done_ps[rank] > latest)
            latest = world->done_ps[rank];
    return latest;
}

/* Plays one operation; entry_ps may be NULL: all at 0. */
static void play_choice(struct world *world, const struct plugin_choice *choice, uint32_t n,
                        int64_t bytes, int64_t element_bytes, const int64_t *entry_ps)
{
    world->operation = collectives_open(world->collectives, choice, n, NULL, bytes, element_bytes);
    for (uint32_t rank = 0; rank < n; rank++)
        engine_at(world->engine, entry_ps == NULL ? 0 : entry_ps[rank], EVENT_CLASS_TIMER,
                  world->kind_enter, rank, world->operation);
    play(world);
    ck_assert_uint_eq(world->done_count, n);
}

static void play_one(struct world *world, const struct collective_ops *ops, uint32_t n,
                     int64_t bytes, int64_t element_bytes, const int64_t *entry_ps)
{
    const struct plugin_choice choice = {&ops->plugin, NULL};
    play_choice(world, &choice, n, bytes, element_bytes, entry_ps);
}

/* ---- Closed forms --------------------------------------------------------------------------- */

static uint32_t floor_log2(uint32_t n)
{
    uint32_t log = 0;
    while (n >> (log + 1))
        log++;
    return log;
}

/* Semantics, "All-reduce times", written down anew. */
static double closed_form(int which, uint32_t n, double a, double b, double g, double m)
{
    const double f = floor_log2(n), p = exp2(f);
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

static const char *const names[] = {"ring", "recursive-doubling", "halving-doubling"};

static void check_closed_form(int which, enum network_model model, uint32_t n, double reduce_rate)
{
    const struct collective_ops *ops = find_ops(names[which]);
    const struct compute_config compute = compute_with(reduce_rate);
    const struct network_config network = network_with(model, 50e-6, 3e-6);
    const int64_t bytes = 4 * 64 * (int64_t)n * 997; /* a multiple of n and of 2^F elements */
    const double b = 8 / 10e9, g = reduce_rate > 0 ? 1 / reduce_rate : 0;
    const double expected_s = closed_form(which, n, 53e-6, b, g, (double)bytes);
    struct world world;
    world_init(&world, n, &compute, &network);
    play_one(&world, ops, n, bytes, 4, NULL);
    /* Each message and each reduction is rounded up to a whole picosecond. */
    const int64_t steps = ops->steps(NULL, n, 0), expected_ps = llround(expected_s * 1e12);
    const int64_t found_ps = latest_ps(&world, n);
    ck_assert_msg(found_ps >= expected_ps - 1 && found_ps <= expected_ps + 2 * steps + 1,
                  "%s, model %d, n = %u: %lld ps, expected %lld ps", names[which], (int)model, n,
                  (long long)found_ps, (long long)expected_ps);
    ck_assert_double_eq_tol(ops->closed_form_s(NULL, n, 53e-6, b, g, bytes), expected_s,
                            1e-13 * expected_s);
    world_fini(&world);
}

START_TEST(closed_forms)
{
    const enum network_model models[] = {NETWORK_FAIR, NETWORK_FIFO, NETWORK_IDEAL};
    for (int model = 0; model < 3; model++)
        for (uint32_t n = 2; n <= 64; n++) {
            check_closed_form(_i, models[model], n, 0);
            check_closed_form(_i, models[model], n, 7e9);
        }
}
END_TEST

/* 102 MB over 10 Gbps and 100 us: 62 messages of 3187500 bytes, 510 of 398438. */
START_TEST(published_ring_times)
{
    const struct compute_config compute = compute_with(0);
    const struct network_config network = network_with(_i, 100e-6, 0);
    const struct {
        uint32_t n;
        int64_t bytes;
        double expected_s;
    } cases[] = {{32, 32 * 3187500, 0.164300000}, {256, 256 * 398438, 0.213562704}};
    for (int i = 0; i < 2; i++) {
        struct world world;
        world_init(&world, cases[i].n, &compute, &network);
        play_one(&world, find_ops("ring"), cases[i].n, cases[i].bytes, 2, NULL);
        ck_assert_int_eq(latest_ps(&world, cases[i].n), llround(cases[i].expected_s * 1e12));
        world_fini(&world);
    }
}
END_TEST

/* ---- Message recurrences -------------------------------------------------------------------- */

/* An upper bound of what rounding each message up adds over a whole operation. */
static void check_near(int64_t found_ps, double expected_s, uint32_t steps, uint32_t rank)
{
    const double expected_ps = expected_s * 1e12;
    ck_assert_msg((double)found_ps > expected_ps - 2 &&
                      (double)found_ps < expected_ps + 2 * steps + 2,
                  "rank %u: %lld ps, expected %.3f ps", rank, (long long)found_ps, expected_ps);
}

/* Chunk c of a vector of `elements`: the first elements mod n chunks are one longer. */
static double chunk_bytes(uint32_t n, uint32_t c, int64_t elements, double element_bytes)
{
    return (double)(elements / n + (c < elements % n)) * element_bytes;
}

/* Times T[r] at which rank r leaves step s of a ring, from those at which it entered it: its own
 * message and its left neighbour's must be through, then the sum is made. */
static void ring_recurrence(uint32_t n, int64_t elements, double a, double b, double g,
                            double *times)
{
    double sent[MAX_RANKS];
    for (uint32_t s = 0; s < 2 * (n - 1); s++) {
        for (uint32_t r = 0; r < n; r++) {
            const uint32_t c = (r + 2 * n - s) % n;
            sent[r] = times[r] + a + chunk_bytes(n, c, elements, 4) * b;
        }
        for (uint32_t r = 0; r < n; r++) {
            const uint32_t left = (r + n - 1) % n, c = (left + 2 * n - s) % n;
            times[r] = fmax(sent[r], sent[left]);
            if (s < n - 1)
                times[r] += chunk_bytes(n, c, elements, 4) * g;
        }
    }
}

static void check_ring(enum network_model model, uint32_t n, int64_t elements,
                       const int64_t *entry_ps)
{
    const struct compute_config compute = compute_with(3e9);
    const struct network_config network = network_with(model, 20e-6, 1e-6);
    double times[MAX_RANKS];
    struct world world;
    world_init(&world, n, &compute, &network);
    play_one(&world, find_ops("ring"), n, 4 * elements, 4, entry_ps);
    for (uint32_t r = 0; r < n; r++)
        times[r] = entry_ps == NULL ? 0 : simtime_to_s(entry_ps[r]);
    ring_recurrence(n, elements, 21e-6, 8e-10, 1 / 3e9, times);
    for (uint32_t r = 0; r < n; r++)
        check_near(world.done_ps[r], times[r], 2 * (n - 1), r);
    world_fini(&world);
}

START_TEST(ring_of_unequal_chunks)
{
    for (uint32_t n = 2; n <= 17; n++)
        for (int64_t extra = 1; extra < n; extra += 3)
            check_ring(_i, n, 10000 * (int64_t)n + extra, NULL);
    check_ring(_i, 8, 3, NULL); /* fewer elements than ranks: empty chunks cost their latency */
}
END_TEST

/* A linear congruential sequence: entries that are staggered and the same everywhere. */
static int64_t staggered_ps(uint32_t rank, uint64_t seed)
{
    uint64_t x = (seed * 1000003 + rank) * UINT64_C(6364136223846793005) + 1442695040888963407u;
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (int64_t)(x >> 32) % 40000000; /* up to 40 us: about a step */
}

START_TEST(staggered_ring)
{
    int64_t entry_ps[MAX_RANKS];
    for (uint32_t n = 2; n <= 19; n++) {
        for (uint32_t r = 0; r < n; r++)
            entry_ps[r] = 10 * staggered_ps(r, n);
        check_ring(_i, n, 5000 * (int64_t)n + n / 2, entry_ps);
    }
}
END_TEST

/* A straggler that enters long after all others have stalled: everything waits for it. */
START_TEST(straggler_in_ring)
{
    const uint32_t n = 12;
    int64_t entry_ps[MAX_RANKS] = {0};
    entry_ps[5] = SIMTIME_PS_PER_S;
    check_ring(_i, n, 4000 * (int64_t)n, entry_ps);
}
END_TEST

/* Recursive doubling after Thakur et al., core ranks 0 .. p-1; partners at distances 1, 2, 4, ...
 * Halving-doubling: distances p/2 .. 1 with halving sizes, then 1 .. p/2 with doubling ones. */
static void swap_round(uint32_t p, uint32_t distance, double bytes, double a, double b, double g,
                       double *times)
{
    double next[MAX_RANKS];
    for (uint32_t r = 0; r < p; r++)
        next[r] = fmax(times[r], times[r ^ distance]) + a + bytes * (b + g);
    memcpy(times, next, p * sizeof *times);
}

static void doubling_recurrence(int which, uint32_t n, double m, double a, double b, double g,
                                double *times)
{
    const uint32_t rounds = floor_log2(n), p = 1u << rounds;
    double fold_sent[MAX_RANKS];
    for (uint32_t r = p; r < n; r++) {
        fold_sent[r] = times[r] + a + m * b;
        times[r - p] = fmax(times[r - p], fold_sent[r]) + m * g;
    }
    if (which == 1)
        for (uint32_t i = 0; i < rounds; i++)
            swap_round(p, 1u << i, m, a, b, g, times);
    else {
        for (uint32_t i = 0; i < rounds; i++)
            swap_round(p, p >> (i + 1), m / exp2(i + 1.0), a, b, g, times);
        for (uint32_t i = 0; i < rounds; i++)
            swap_round(p, 1u << i, m * exp2(i) / p, a, b, 0, times);
    }
    for (uint32_t r = p; r < n; r++) {
        times[r - p] += a + m * b;
        times[r] = fmax(times[r - p], fold_sent[r]);
    }
}

static void check_doubling(enum network_model model, int which, uint32_t n, const int64_t *entry_ps)
{
    const struct compute_config compute = compute_with(3e9);
    const struct network_config network = network_with(model, 20e-6, 1e-6);
    const int64_t bytes = 4 * 64 * 911;
    double times[MAX_RANKS];
    struct world world;
    world_init(&world, n, &compute, &network);
    play_one(&world, find_ops(names[which]), n, bytes, 4, entry_ps);
    for (uint32_t r = 0; r < n; r++)
        times[r] = simtime_to_s(entry_ps[r]);
    doubling_recurrence(which, n, (double)bytes, 21e-6, 8e-10, 1 / 3e9, times);
    for (uint32_t r = 0; r < n; r++)
        check_near(world.done_ps[r], times[r], 16, r);
    world_fini(&world);
}

START_TEST(staggered_doubling)
{
    int64_t entry_ps[MAX_RANKS];
    for (uint32_t n = 2; n <= 64; n += n < 20 ? 1 : 7) {
        for (uint32_t r = 0; r < n; r++)
            entry_ps[r] = 100 * staggered_ps(r, n);
        check_doubling(_i, 1, n, entry_ps);
        check_doubling(_i, 2, n, entry_ps);
    }
}
END_TEST

/* ---- Trees ---------------------------------------------------------------------------------- */

static uint32_t ceil_log2(uint32_t n)
{
    uint32_t log = 0;
    while (UINT32_C(1) << log < n)
        log++;
    return log;
}

/* Thakur et al.: 2 L (a + M b) + L M g, for 2^L ranks; for any n when g = 0. */
START_TEST(binomial_closed_form)
{
    const struct collective_ops *ops = find_ops("binomial-tree");
    const int64_t bytes = 4 * 50021;
    const double m = 53e-6 + (double)bytes * 8e-10;
    for (uint32_t n = 2; n <= 64; n++)
        for (int adds = 0; adds < (floor_log2(n) == ceil_log2(n) ? 2 : 1); adds++) {
            const struct compute_config compute = compute_with(adds ? 3e9 : 0);
            const struct network_config network = network_with(_i, 50e-6, 3e-6);
            const double g = adds ? (double)bytes / 3e9 : 0;
            const double expected_s = ceil_log2(n) * (2 * m + g);
            struct world world;
            world_init(&world, n, &compute, &network);
            play_one(&world, ops, n, bytes, 4, NULL);
            check_near(latest_ps(&world, n), expected_s, 4 * ceil_log2(n), 0);
            ck_assert_double_eq_tol(
                ops->closed_form_s(NULL, n, 53e-6, 8e-10, adds ? 1 / 3e9 : 0, bytes), expected_s,
                1e-12 * expected_s);
            world_fini(&world);
        }
}
END_TEST

/* When every rank of the binomial tree has the sum: parents take their children in turn. */
static void binomial_recurrence(uint32_t n, double m, double g, double *times)
{
    double took[MAX_RANKS] = {0}; /* the last message */
    uint32_t bit = 1;
    for (; bit < n; bit *= 2)
        for (uint32_t r = 0; r + bit < n; r += 2 * bit) {
            took[r] = fmax(times[r + bit], took[r]) + m;
            times[r + bit] = took[r];
            times[r] = fmax(times[r], took[r]) + g;
        }
    while ((bit /= 2) > 0)
        for (uint32_t r = 0; r + bit < n; r += 2 * bit) {
            times[r] += m;
            times[r + bit] = times[r];
        }
}

START_TEST(staggered_binomial)
{
    const struct compute_config compute = compute_with(3e9);
    const struct network_config network = network_with(_i, 20e-6, 1e-6);
    const struct collective_ops *ops = find_ops("binomial-tree");
    const int64_t bytes = 4 * 30011;
    for (uint32_t n = 2; n <= 64; n++)
        for (int spread = 0; spread <= 20; spread += 10) { /* 0: all at once */
            int64_t entry_ps[MAX_RANKS];
            double times[MAX_RANKS], latest = 0;
            struct world world;
            for (uint32_t r = 0; r < n; r++) {
                entry_ps[r] = spread * staggered_ps(r, n);
                times[r] = simtime_to_s(entry_ps[r]);
            }
            world_init(&world, n, &compute, &network);
            play_one(&world, ops, n, bytes, 4, entry_ps);
            binomial_recurrence(n, 21e-6 + (double)bytes * 8e-10, (double)bytes / 3e9, times);
            for (uint32_t r = 0; r < n; r++) {
                check_near(world.done_ps[r], times[r], 16, r);
                latest = fmax(latest, times[r]);
            }
            if (spread == 0)
                ck_assert_double_eq_tol(ops->closed_form_s(NULL, n, 21e-6, 8e-10, 1 / 3e9, bytes),
                                        latest, 1e-12 * latest);
            world_fini(&world);
        }
}
END_TEST

static struct plugin_choice tree_choice(const char *name, const struct tree_params *params)
{
    return (struct plugin_choice){&find_ops(name)->plugin, params};
}

/* For 2^L > 2 ranks and c chunks a tree, the child of a root takes 2 c chunks one after the other,
 * the first L - 2 levels of two steps after the leaves sent it, and passes the last one on: 2 L +
 * 2 c - 3 messages after each other, and as many on the way down.  With two trees each does so.
 * Where the trees are not full that is a bound, and two trees of an odd n share their root. */
static void check_chunked(enum network_model model, const char *name, uint32_t n, int64_t chunks)
{
    const struct compute_config compute = compute_with(0);
    const struct network_config network = network_with(model, 50e-6, 3e-6);
    const struct tree_params params = {chunks};
    const struct plugin_choice choice = {&find_ops(name)->plugin, &params};
    const bool two = strcmp(name, "double-binary-tree") == 0;
    const int64_t part = 4 * 5003, bytes = chunks * part * (two ? 2 : 1);
    const uint32_t levels = ceil_log2(n), c = (uint32_t)chunks;
    const uint32_t half = n == 2 ? c : 2 * levels + 2 * c - (two && n % 2 ? 2 : 3);
    const double expected_s = 2 * half * (53e-6 + (double)part * 8e-10);
    struct world world;
    world_init(&world, n, &compute, &network);
    play_choice(&world, &choice, n, bytes, 4, NULL);
    if (floor_log2(n) == levels)
        check_near(latest_ps(&world, n), expected_s, 2 * half, 0);
    ck_assert_int_le(latest_ps(&world, n), llround(expected_s * 1e12) + 4 * half);
    ck_assert_double_eq_tol(find_ops(name)->closed_form_s(&params, n, 53e-6, 8e-10, 0, bytes),
                            expected_s, 1e-12 * expected_s);
    world_fini(&world);
}

START_TEST(chunked_closed_forms)
{
    for (uint32_t n = 2; n <= 64; n++)
        for (int64_t chunks = 1; chunks <= 9; chunks += 4) {
            check_chunked(_i, "pipelined-tree", n, chunks);
            check_chunked(_i, "double-binary-tree", n, chunks);
        }
}
END_TEST

/* From 4 ranks on one of them is a leaf in one tree and has two children in the other: it sends the
 * vector once in each half, 2 M b.  The levels add log2 n steps of M b / c at most. */
START_TEST(double_tree_bounds)
{
    const struct compute_config compute = compute_with(0);
    const struct network_config network = network_with(_i, 1e-9, 0);
    for (uint32_t n = 2; n <= 64; n++) {
        const struct tree_params params = {256};
        const struct plugin_choice choice = tree_choice("double-binary-tree", &params);
        const struct collective_ops *ops = (const void *)choice.plugin;
        const int64_t bytes = 512 * 4096;
        const double full_s = 2 * (double)bytes * 8e-10;
        struct world world;
        world_init(&world, n, &compute, &network);
        play_choice(&world, &choice, n, bytes, 4, NULL);
        const double found_s = simtime_to_s(latest_ps(&world, n));
        ck_assert_double_le(found_s, ops->closed_form_s(&params, n, 1e-9, 8e-10, 0, bytes) + 1e-9);
        ck_assert_double_le(found_s, full_s * (1 + ceil_log2(n) / 256.0) + 2e-6);
        if (n > 3)
            ck_assert_double_ge(found_s, full_s * (1 - 1e-9));
        world_fini(&world);
    }
}
END_TEST

/* Any schedule, as messages: a message leaves when its sender is at its step and its receiver has
 * taken those of earlier steps; a rank leaves a step when it has sent, taken and added. */
static void message_recurrence(const struct plugin_choice *choice, uint32_t n, int64_t bytes,
                               double a, double b, double g, double *times)
{
    const struct collective_ops *ops = (const void *)choice->plugin;
    double took[MAX_RANKS] = {0};
    for (uint32_t s = 0; s < ops->steps(choice->params, n, 0); s++) {
        struct collective_step step[MAX_RANKS];
        double sent[MAX_RANKS];
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

START_TEST(staggered_trees)
{
    const struct compute_config compute = compute_with(3e9);
    const struct network_config network = network_with(_i, 20e-6, 1e-6);
    const int64_t bytes = 4 * 30011; /* chunks of unequal sizes */
    for (uint32_t n = 2; n <= 64; n += n < 20 ? 1 : 5)
        for (int which = 0; which < 4; which++) {
            const struct tree_params params = {which < 2 ? 3 : 8};
            const struct plugin_choice choice =
                tree_choice(which % 2 ? "pipelined-tree" : "double-binary-tree", &params);
            int64_t entry_ps[MAX_RANKS];
            double times[MAX_RANKS];
            struct world world;
            for (uint32_t r = 0; r < n; r++) {
                entry_ps[r] = 10 * staggered_ps(r, n);
                times[r] = simtime_to_s(entry_ps[r]);
            }
            world_init(&world, n, &compute, &network);
            play_choice(&world, &choice, n, bytes, 4, entry_ps);
            message_recurrence(&choice, n, bytes, 21e-6, 8e-10, 1 / 3e9, times);
            for (uint32_t r = 0; r < n; r++)
                check_near(world.done_ps[r], times[r], 100, r);
            world_fini(&world);
        }
}
END_TEST

/* Latency 1 ms, 1.25 MB in 1 ms, added in 0.5 ms: each message takes 2 ms.  Times in ms.
 *
 * Binomial, n = 3, rank 1 enters at 5.  1 -> 0 5..7, added 7.5.  Rank 0 takes rank 2 after rank 1:
 *   7..9, added 9.5.  Down: 0 -> 2 9.5..11.5, 0 -> 1 11.5..13.5.
 * Binomial, n = 4, rank 2 enters at 6.  1 -> 0 0..2, added 2.5.  3 -> 2 0..2, added 6.5.  2 -> 0
 *   6.5..8.5, added 9.  Down: 0 -> 2 9..11; 0 -> 1 and 2 -> 3 11..13.
 * Pipelined, n = 4, chunks A and B, tree 0 - 2 - {1, 3}, rank 3 enters at 3.  1 -> 2 A 0..2, added
 *   2.5.  3 -> 2 A 3..5, added 5.5.  1 -> 2 B is next, 5..7, added 7.5, then 3 -> 2 B 7..9.  2 -> 0
 *   A 7.5..9.5, added 10; only now does rank 2 add B of rank 3, 9.5..10.  2 -> 0 B 10..12, added
 *   12.5.  Down, B first: 0 -> 2 B 12.5..14.5, 0 -> 2 A 14.5..16.5 beside 2 -> 3 B 14.5..16.5, then
 *   2 -> 1 B 16.5..18.5, 2 -> 3 A 18.5..20.5, 2 -> 1 A 20.5..22.5.
 * Double, n = 3, one chunk a tree, trees 0 - 2 - 1 and 0 - 1 - 2, rank 1 enters at 1.  1 -> 2 1..3,
 *   added 3.5.  2 -> 1 3.5..5.5, added 6.  2 -> 0 5.5..7.5, added 8.  1 -> 0 is next, 7.5..9.5,
 *   added 10.  Down: 0 -> 1 10..12, 0 -> 2 12..14.  Rank 2 takes 1 -> 2 after that, 14..16.  2 -> 1
 *   16..18. */
static const struct {
    const char *name;
    int64_t chunks, bytes;
    uint32_t n;
    double entry_ms[4], done_ms[4];
} by_hand[] = {
    {"binomial-tree", 0, 1250000, 3, {0, 5, 0}, {13.5, 13.5, 11.5}},
    {"binomial-tree", 0, 1250000, 4, {0, 0, 6, 0}, {13, 13, 13, 13}},
    {"pipelined-tree", 2, 2500000, 4, {0, 0, 0, 3}, {16.5, 22.5, 22.5, 20.5}},
    {"double-binary-tree", 1, 2500000, 3, {0, 1, 0}, {14, 18, 18}},
};

START_TEST(trees_by_hand)
{
    const struct compute_config compute = compute_with(2.5e9);
    const struct network_config network = network_with(_i, 1e-3, 0);
    for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++) {
        const struct tree_params params = {by_hand[i].chunks};
        const struct plugin_choice choice = tree_choice(by_hand[i].name, &params);
        int64_t entry_ps[4];
        struct world world;
        for (uint32_t r = 0; r < by_hand[i].n; r++)
            entry_ps[r] = llround(by_hand[i].entry_ms[r] * 1e9);
        world_init(&world, by_hand[i].n, &compute, &network);
        play_choice(&world, &choice, by_hand[i].n, by_hand[i].bytes, 4, entry_ps);
        for (uint32_t r = 0; r < by_hand[i].n; r++)
            check_near(world.done_ps[r], by_hand[i].done_ms[r] * 1e-3, 4, r);
        world_fini(&world);
    }
}
END_TEST

/* ---- Schedules as pure functions ------------------------------------------------------------ */

#define SMALL_RANKS 70
#define ELEMENTS    83 /* not a multiple of anything near */

/* held[r][e][c]: how often rank r's element e contains contribution c. */
struct sets {
    uint8_t held[SMALL_RANKS][ELEMENTS][SMALL_RANKS];
};

static void check_match(const struct collective_ops *ops, const void *params, uint32_t n,
                        uint32_t rank, uint32_t s, const struct collective_step *step,
                        int64_t bytes, int64_t element_bytes)
{
    struct collective_step peer;
    if (step->receive_from >= 0) {
        ck_assert_uint_lt(s, ops->steps(params, n, (uint32_t)step->receive_from));
        ops->step(params, n, (uint32_t)step->receive_from, s, bytes, element_bytes, &peer);
        ck_assert_int_eq(peer.send_to, rank);
    }
    if (step->send_to < 0)
        return;
    ck_assert_int_ne(step->send_to, rank);
    ck_assert_uint_lt(s, ops->steps(params, n, (uint32_t)step->send_to));
    ops->step(params, n, (uint32_t)step->send_to, s, bytes, element_bytes, &peer);
    ck_assert_int_eq(peer.receive_from, rank);
    ck_assert_int_eq(peer.receive_bytes, step->send_bytes);
    ck_assert_int_eq(peer.receive_offset, step->send_offset);
    if (step->send_bytes > 0)
        ck_assert_int_eq(step->send_offset % element_bytes, 0);
    ck_assert_int_le(step->send_offset + step->send_bytes, bytes);
}

static void apply_step(const struct collective_step *step, uint32_t n, const struct sets *before,
                       uint32_t rank, struct sets *after)
{
    if (step->receive_from < 0)
        return;
    const int64_t first = step->receive_offset / 4, end = first + (step->receive_bytes + 3) / 4;
    for (int64_t e = first; e < end; e++)
        for (uint32_t c = 0; c < n; c++) {
            const uint8_t came = before->held[step->receive_from][e][c];
            after->held[rank][e][c] =
                step->reduce ? (uint8_t)(after->held[rank][e][c] + came) : came;
        }
}

static void check_sets(const struct collective_ops *ops, const void *params, uint32_t n,
                       int64_t bytes, struct sets *now, struct sets *before)
{
    memset(now, 0, sizeof *now);
    for (uint32_t r = 0; r < n; r++)
        for (int e = 0; e < ELEMENTS; e++)
            now->held[r][e][r] = 1;
    for (uint32_t s = 0; s < ops->steps(params, n, 0); s++) {
        memcpy(before, now, sizeof *now);
        for (uint32_t r = 0; r < n; r++) {
            struct collective_step step;
            ops->step(params, n, r, s, bytes, 4, &step);
            check_match(ops, params, n, r, s, &step, bytes, 4);
            apply_step(&step, n, before, r, now);
        }
    }
    for (uint32_t r = 0; r < n; r++)
        for (int e = 0; e < ELEMENTS; e++)
            for (uint32_t c = 0; c < n; c++)
                if (now->held[r][e][c] != 1) /* ck_assert is too slow for millions */
                    ck_abort_msg("n = %u: rank %u has contribution %u of element %d %u times", n, r,
                                 c, e, now->held[r][e][c]);
}

/* Each schedule; what has no parameters ignores them. */
static const struct {
    const char *name;
    struct tree_params params;
} every[] = {
    {"ring", {0}},
    {"recursive-doubling", {0}},
    {"halving-doubling", {0}},
    {"binomial-tree", {0}},
    {"pipelined-tree", {1}},
    {"pipelined-tree", {5}},
    {"double-binary-tree", {1}},
    {"double-binary-tree", {2}},
    {"double-binary-tree", {7}},
    {"double-binary-tree", {50}}, /* more chunks than elements: some are empty */
};
#define EVERY ((int)(sizeof every / sizeof *every))

START_TEST(every_contribution_once)
{
    const struct collective_ops *ops = find_ops(every[_i].name);
    const void *params = &every[_i].params;
    struct sets *now = memory_alloc(sizeof *now), *before = memory_alloc(sizeof *before);
    for (uint32_t n = 1; n <= SMALL_RANKS; n += n < 64 ? 1 : 3)
        check_sets(ops, params, n, 4 * ELEMENTS, now, before);
    check_sets(ops, params, 16, 4 * ELEMENTS - 3, now, before); /* ends within an element */
    free(now);
    free(before);
}
END_TEST

/* Bytes that rank r sends in all: ring 2(n-1)/n M; doubling F M; halving-doubling 2(p-1)/p M. */
START_TEST(bytes_per_rank)
{
    for (uint32_t n = 2; n <= 64; n++)
        for (int which = 0; which < 3; which++) {
            const struct collective_ops *ops = find_ops(names[which]);
            const uint32_t rounds = floor_log2(n), p = 1u << rounds;
            const int64_t m = 4 * 64 * (int64_t)n;
            for (uint32_t r = 0; r < n; r++) {
                int64_t sent = 0, expected = 2 * (n - 1) * (m / n);
                if (which == 1)
                    expected = r < p ? rounds * m : m;
                if (which == 2)
                    expected = r < p ? 2 * (m - m / p) : m;
                if (which > 0 && r < n - p)
                    expected += m;
                for (uint32_t s = 0; s < ops->steps(NULL, n, r); s++) {
                    struct collective_step step;
                    ops->step(NULL, n, r, s, m, 4, &step);
                    sent += step.send_bytes;
                }
                ck_assert_int_eq(sent, expected);
            }
        }
}
END_TEST

static int64_t sent_bytes(const struct plugin_choice *choice, uint32_t n, uint32_t rank, int64_t m)
{
    const struct collective_ops *ops = (const void *)choice->plugin;
    int64_t sent = 0;
    for (uint32_t s = 0; s < ops->steps(choice->params, n, rank); s++) {
        struct collective_step step;
        ops->step(choice->params, n, rank, s, m, 4, &step);
        sent += step.send_bytes;
    }
    return sent;
}

/* A tree sends the vector up and down each of its n - 1 edges.  Binomial: up once unless it is rank
 * 0, and down to r + 2^i for each 2^i below the lowest bit of r.  In a binary tree a rank has two
 * children at most; in the double one, two halves of them. */
START_TEST(bytes_of_trees)
{
    const struct tree_params params = {5};
    for (uint32_t n = 2; n <= 64; n++)
        for (int which = 0; which < 3; which++) {
            const char *const tree[] = {"binomial-tree", "pipelined-tree", "double-binary-tree"};
            const struct plugin_choice choice = tree_choice(tree[which], &params);
            const int64_t m = 4 * 640;
            int64_t sum = 0;
            for (uint32_t r = 0; r < n; r++) {
                const int64_t sent = sent_bytes(&choice, n, r, m);
                int64_t expected = r > 0 ? m : 0;
                for (uint32_t bit = 1; bit < n - r && !(r & bit); bit *= 2)
                    expected += m;
                if (which == 0)
                    ck_assert_int_eq(sent, expected);
                else
                    ck_assert_int_le(sent, which == 1 ? 3 * m : 2 * m);
                sum += sent;
            }
            ck_assert_int_eq(sum, 2 * (n - 1) * m);
        }
}
END_TEST

/* ---- The executor --------------------------------------------------------------------------- */

START_TEST(single_rank)
{
    const struct compute_config compute = compute_with(0);
    const struct network_config network = network_with(NETWORK_IDEAL, 1e-6, 0);
    const int64_t entry_ps[] = {12345};
    struct world world;
    world_init(&world, 1, &compute, &network);
    play_one(&world, find_ops(names[_i]), 1, 1000, 4, entry_ps);
    ck_assert_int_eq(world.done_ps[0], 12345);
    world_fini(&world);
}
END_TEST

START_TEST(missing_ranks)
{
    const struct compute_config compute = compute_with(0);
    const struct network_config network = network_with(NETWORK_IDEAL, 1e-6, 0);
    struct world world;
    uint32_t first = 99;
    world_init(&world, 6, &compute, &network);
    world.operation =
        collectives_open(world.collectives,
                         &(struct plugin_choice){&find_ops("ring")->plugin, NULL}, 6, NULL, 600, 4);
    ck_assert_uint_eq(world.operation, 1);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 6);
    ck_assert_uint_eq(first, 0);
    const uint32_t order[] = {0, 1, 4, 5, 2, 3};
    for (int i = 0; i < 4; i++)
        collectives_enter(world.collectives, 1, order[i]);
    play(&world);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 2);
    ck_assert_uint_eq(first, 2);
    ck_assert_uint_eq(world.done_count, 0);
    collectives_enter(world.collectives, 1, 2);
    collectives_enter(world.collectives, 1, 3);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 0);
    play(&world);
    ck_assert_uint_eq(world.done_count, 6);
    ck_assert_uint_eq(collectives_missing(world.collectives, 1, &first), 0);
    world_fini(&world);
}
END_TEST

/* Many operations open at once, over different hosts, each as if it were alone. */
struct crowd {
    struct engine *engine;
    struct collectives *collectives;
    const struct collective_ops *ops;
    int64_t last_ps[2000];
    uint32_t done[2000];
    uint64_t chain; /* operations still to open from within `done` */
    uint32_t n;
};

static void on_crowd_done(void *context, uint64_t operation, uint32_t rank)
{
    struct crowd *crowd = context;
    (void)rank;
    ck_assert_uint_lt(operation, 2000);
    crowd->last_ps[operation] = engine_now(crowd->engine);
    if (++crowd->done[operation] < crowd->n || crowd->chain == 0)
        return;
    crowd->chain--;
    const uint64_t next =
        collectives_open(crowd->collectives, &(struct plugin_choice){&crowd->ops->plugin, NULL},
                         crowd->n, NULL, 4096, 4);
    for (uint32_t r = 0; r < crowd->n; r++)
        collectives_enter(crowd->collectives, next, r);
}

static void crowd_init(struct crowd *crowd, struct world *world, uint32_t hosts,
                       const struct compute_config *compute, const struct network_config *network)
{
    world_init(world, hosts, compute, network);
    collectives_free(world->collectives);
    *crowd = (struct crowd){.engine = world->engine};
    crowd->collectives = collectives_create(world->cluster, world->engine, on_crowd_done, crowd);
    world->collectives = crowd->collectives;
}

START_TEST(many_at_once)
{
    const struct compute_config compute = compute_with(0);
    const struct network_config network = network_with(NETWORK_IDEAL, 10e-6, 0);
    const double expected_s = closed_form(1, 5, 10e-6, 8e-10, 0, 4096);
    struct crowd crowd;
    struct world world;
    crowd_init(&crowd, &world, 9, &compute, &network);
    crowd.n = 5;
    crowd.ops = find_ops("recursive-doubling");
    for (uint64_t op = 1; op <= 300; op++) {
        const uint32_t o = (uint32_t)op % 5;
        const uint32_t hosts[] = {o, o + 1, o + 2, o + 3, o + 4};
        ck_assert_uint_eq(collectives_open(crowd.collectives,
                                           &(struct plugin_choice){&crowd.ops->plugin, NULL}, 5,
                                           hosts, 4096, 4),
                          op);
    }
    for (uint32_t r = 5; r-- > 0;)
        for (uint64_t op = 300; op >= 1; op--)
            collectives_enter(crowd.collectives, op, r);
    play(&world);
    for (uint64_t op = 1; op <= 300; op++) {
        ck_assert_uint_eq(crowd.done[op], 5);
        check_near(crowd.last_ps[op], expected_s, 4, 0);
    }
    world_fini(&world);
}
END_TEST

START_TEST(opened_from_within_done)
{
    const struct compute_config compute = compute_with(1e9);
    const struct network_config network = network_with(_i, 10e-6, 0);
    const double one_s = closed_form(2, 4, 10e-6, 8e-10, 1e-9, 4096);
    struct crowd crowd;
    struct world world;
    crowd_init(&crowd, &world, 4, &compute, &network);
    crowd.n = 4;
    crowd.ops = find_ops("halving-doubling");
    crowd.chain = 999;
    const uint64_t first = collectives_open(
        crowd.collectives, &(struct plugin_choice){&crowd.ops->plugin, NULL}, 4, NULL, 4096, 4);
    for (uint32_t r = 0; r < 4; r++)
        collectives_enter(crowd.collectives, first, r);
    play(&world);
    for (uint64_t op = 1; op <= 1000; op++)
        ck_assert_uint_eq(crowd.done[op], 4);
    check_near(crowd.last_ps[1000], 1000 * one_s, 8000, 0);
    world_fini(&world);
}
END_TEST

/* Two operations of the same two hosts at once: their sums queue on the serial resource `host`. */
START_TEST(reductions_are_serial)
{
    const struct compute_config compute = compute_with(1e6);
    const struct network_config network = network_with(NETWORK_IDEAL, 0, 0);
    struct crowd crowd;
    struct world world;
    crowd_init(&crowd, &world, 2, &compute, &network);
    crowd.n = 2;
    crowd.ops = find_ops("recursive-doubling");
    for (int i = 0; i < 2; i++) {
        const uint64_t op = collectives_open(
            crowd.collectives, &(struct plugin_choice){&crowd.ops->plugin, NULL}, 2, NULL, 1000, 4);
        collectives_enter(crowd.collectives, op, 0);
        collectives_enter(crowd.collectives, op, 1);
    }
    play(&world);
    check_near(crowd.last_ps[1], 0.8e-6 + 1e-3, 2, 0);
    check_near(crowd.last_ps[2], 0.8e-6 + 2e-3, 2, 0);
    world_fini(&world);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("collectives");
    TCase *times = tcase_create("times");
    tcase_set_timeout(times, 60);
    tcase_add_loop_test(times, closed_forms, 0, 3);
    tcase_add_loop_test(times, published_ring_times, 0, 3);
    tcase_add_loop_test(times, ring_of_unequal_chunks, 0, 3);
    tcase_add_loop_test(times, staggered_ring, 0, 3);
    tcase_add_loop_test(times, straggler_in_ring, 0, 3);
    tcase_add_loop_test(times, staggered_doubling, 0, 3);
    tcase_add_loop_test(times, binomial_closed_form, 0, 3);
    tcase_add_loop_test(times, chunked_closed_forms, 0, 3);
    tcase_add_loop_test(times, double_tree_bounds, 0, 3);
    tcase_add_loop_test(times, staggered_binomial, 0, 3);
    tcase_add_loop_test(times, staggered_trees, 0, 3);
    tcase_add_loop_test(times, trees_by_hand, 0, 3);
    suite_add_tcase(suite, times);
    TCase *schedules = tcase_create("schedules");
    tcase_set_timeout(schedules, 60);
    tcase_add_loop_test(schedules, every_contribution_once, 0, EVERY);
    tcase_add_test(schedules, bytes_of_trees);
    tcase_add_test(schedules, bytes_per_rank);
    suite_add_tcase(suite, schedules);
    TCase *executor = tcase_create("executor");
    tcase_set_timeout(executor, 60);
    tcase_add_loop_test(executor, single_rank, 0, 3);
    tcase_add_test(executor, missing_ranks);
    tcase_add_test(executor, many_at_once);
    tcase_add_loop_test(executor, opened_from_within_done, 0, 3);
    tcase_add_test(executor, reductions_are_serial);
    suite_add_tcase(suite, executor);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
