/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long all-reduces and all-gathers take.  What is expected comes from the closed forms of
 * Thakur et al. (2005), from message recurrences written down here, and from times worked out by
 * hand.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collective_world.h"
#include "core/memory.h"
#include "core/simtime.h"
#include "testing.h"

/* ---- Closed forms --------------------------------------------------------------------------- */

static void check_closed_form(int which, enum network_model model, uint32_t n, double reduce_rate)
{
    const struct collective_ops *ops = world_schedule(reference_names[which]);
    const struct compute_config compute = world_compute(reduce_rate);
    const struct network_config network = world_network(model, 50e-6, 3e-6);
    const int64_t bytes = 4 * 64 * (int64_t)n * 997; /* a multiple of n and of 2^F elements */
    const double b = 8 / 10e9, g = reduce_rate > 0 ? 1 / reduce_rate : 0;
    const double expected_s = reference_closed_form(which, n, 53e-6, b, g, (double)bytes);
    struct world world;
    world_init(&world, n, &compute, &network);
    world_play_plain(&world, ops, n, bytes, 4, NULL);
    /* Each message and each reduction is rounded up to a whole picosecond. */
    const int64_t steps = ops->steps(NULL, n, 0), expected_ps = llround(expected_s * 1e12);
    const int64_t found_ps = world_latest_ps(&world, n);
    ck_assert_msg(found_ps >= expected_ps - 1 && found_ps <= expected_ps + 2 * steps + 1,
                  "%s, model %d, n = %u: %lld ps, expected %lld ps", reference_names[which],
                  (int)model, n, (long long)found_ps, (long long)expected_ps);
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
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(_i, 100e-6, 0);
    const struct {
        uint32_t n;
        int64_t bytes;
        double expected_s;
    } cases[] = {{32, 32 * 3187500, 0.164300000}, {256, 256 * 398438, 0.213562704}};
    for (int i = 0; i < 2; i++) {
        struct world world;
        world_init(&world, cases[i].n, &compute, &network);
        world_play_plain(&world, world_schedule("ring"), cases[i].n, cases[i].bytes, 2, NULL);
        ck_assert_int_eq(world_latest_ps(&world, cases[i].n), llround(cases[i].expected_s * 1e12));
        world_fini(&world);
    }
}
END_TEST

/* ---- Message recurrences -------------------------------------------------------------------- */

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
    double sent[WORLD_RANKS];
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
    const struct compute_config compute = world_compute(3e9);
    const struct network_config network = world_network(model, 20e-6, 1e-6);
    double times[WORLD_RANKS];
    struct world world;
    world_init(&world, n, &compute, &network);
    world_play_plain(&world, world_schedule("ring"), n, 4 * elements, 4, entry_ps);
    for (uint32_t r = 0; r < n; r++)
        times[r] = entry_ps == NULL ? 0 : simtime_to_s(entry_ps[r]);
    ring_recurrence(n, elements, 21e-6, 8e-10, 1 / 3e9, times);
    for (uint32_t r = 0; r < n; r++)
        world_check_near(world.done_ps[r], times[r], 2 * (n - 1), r);
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

START_TEST(staggered_ring)
{
    int64_t entry_ps[WORLD_RANKS];
    for (uint32_t n = 2; n <= 19; n++) {
        for (uint32_t r = 0; r < n; r++)
            entry_ps[r] = 10 * world_staggered_ps(r, n);
        check_ring(_i, n, 5000 * (int64_t)n + n / 2, entry_ps);
    }
}
END_TEST

/* A straggler that enters long after all others have stalled: everything waits for it. */
START_TEST(straggler_in_ring)
{
    const uint32_t n = 12;
    int64_t entry_ps[WORLD_RANKS] = {0};
    entry_ps[5] = SIMTIME_PS_PER_S;
    check_ring(_i, n, 4000 * (int64_t)n, entry_ps);
}
END_TEST

/* Recursive doubling after Thakur et al., core ranks 0 .. p-1; partners at distances 1, 2, 4, ...
 * Halving-doubling: distances p/2 .. 1 with halving sizes, then 1 .. p/2 with doubling ones. */
static void swap_round(uint32_t p, uint32_t distance, double bytes, double a, double b, double g,
                       double *times)
{
    double next[WORLD_RANKS];
    for (uint32_t r = 0; r < p; r++)
        next[r] = fmax(times[r], times[r ^ distance]) + a + bytes * (b + g);
    memcpy(times, next, p * sizeof *times);
}

static void doubling_recurrence(int which, uint32_t n, double m, double a, double b, double g,
                                double *times)
{
    const uint32_t rounds = reference_floor_log2(n), p = 1u << rounds;
    double fold_sent[WORLD_RANKS];
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
    const struct compute_config compute = world_compute(3e9);
    const struct network_config network = world_network(model, 20e-6, 1e-6);
    const int64_t bytes = 4 * 64 * 911;
    double times[WORLD_RANKS];
    struct world world;
    world_init(&world, n, &compute, &network);
    world_play_plain(&world, world_schedule(reference_names[which]), n, bytes, 4, entry_ps);
    for (uint32_t r = 0; r < n; r++)
        times[r] = simtime_to_s(entry_ps[r]);
    doubling_recurrence(which, n, (double)bytes, 21e-6, 8e-10, 1 / 3e9, times);
    for (uint32_t r = 0; r < n; r++)
        world_check_near(world.done_ps[r], times[r], 16, r);
    world_fini(&world);
}

START_TEST(staggered_doubling)
{
    int64_t entry_ps[WORLD_RANKS];
    for (uint32_t n = 2; n <= 64; n += n < 20 ? 1 : 7) {
        for (uint32_t r = 0; r < n; r++)
            entry_ps[r] = 100 * world_staggered_ps(r, n);
        check_doubling(_i, 1, n, entry_ps);
        check_doubling(_i, 2, n, entry_ps);
    }
}
END_TEST

/* ---- Trees ---------------------------------------------------------------------------------- */

/* Thakur et al.: 2 L (a + M b) + L M g, for 2^L ranks; for any n when g = 0. */
START_TEST(binomial_closed_form)
{
    const struct collective_ops *ops = world_schedule("binomial-tree");
    const int64_t bytes = 4 * 50021;
    const double m = 53e-6 + (double)bytes * 8e-10;
    for (uint32_t n = 2; n <= 64; n++)
        for (int adds = 0; adds < (reference_floor_log2(n) == reference_ceil_log2(n) ? 2 : 1);
             adds++) {
            const struct compute_config compute = world_compute(adds ? 3e9 : 0);
            const struct network_config network = world_network(_i, 50e-6, 3e-6);
            const double g = adds ? (double)bytes / 3e9 : 0;
            const double expected_s = reference_ceil_log2(n) * (2 * m + g);
            struct world world;
            world_init(&world, n, &compute, &network);
            world_play_plain(&world, ops, n, bytes, 4, NULL);
            world_check_near(world_latest_ps(&world, n), expected_s, 4 * reference_ceil_log2(n), 0);
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
    double took[WORLD_RANKS] = {0}; /* the last message */
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
    const struct compute_config compute = world_compute(3e9);
    const struct network_config network = world_network(_i, 20e-6, 1e-6);
    const struct collective_ops *ops = world_schedule("binomial-tree");
    const int64_t bytes = 4 * 30011;
    for (uint32_t n = 2; n <= 64; n++)
        for (int spread = 0; spread <= 20; spread += 10) { /* 0: all at once */
            int64_t entry_ps[WORLD_RANKS];
            double times[WORLD_RANKS], latest = 0;
            struct world world;
            for (uint32_t r = 0; r < n; r++) {
                entry_ps[r] = spread * world_staggered_ps(r, n);
                times[r] = simtime_to_s(entry_ps[r]);
            }
            world_init(&world, n, &compute, &network);
            world_play_plain(&world, ops, n, bytes, 4, entry_ps);
            binomial_recurrence(n, 21e-6 + (double)bytes * 8e-10, (double)bytes / 3e9, times);
            for (uint32_t r = 0; r < n; r++) {
                world_check_near(world.done_ps[r], times[r], 16, r);
                latest = fmax(latest, times[r]);
            }
            if (spread == 0)
                ck_assert_double_eq_tol(ops->closed_form_s(NULL, n, 21e-6, 8e-10, 1 / 3e9, bytes),
                                        latest, 1e-12 * latest);
            world_fini(&world);
        }
}
END_TEST

/* For 2^L > 2 ranks and c chunks a tree, the child of a root takes 2 c chunks one after the other,
 * the first L - 2 levels of two steps after the leaves sent it, and passes the last one on: 2 L +
 * 2 c - 3 messages after each other, and as many on the way down.  With two trees each does so.
 * Where the trees are not full that is a bound, and two trees of an odd n share their root. */
static void check_chunked(enum network_model model, const char *name, uint32_t n, int64_t chunks)
{
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(model, 50e-6, 3e-6);
    const struct tree_params params = {chunks};
    const struct plugin_choice choice = {&world_schedule(name)->plugin, &params};
    const bool two = strcmp(name, "double-binary-tree") == 0;
    const int64_t part = 4 * 5003, bytes = chunks * part * (two ? 2 : 1);
    const uint32_t levels = reference_ceil_log2(n), c = (uint32_t)chunks;
    const uint32_t half = n == 2 ? c : 2 * levels + 2 * c - (two && n % 2 ? 2 : 3);
    const double expected_s = 2 * half * (53e-6 + (double)part * 8e-10);
    struct world world;
    world_init(&world, n, &compute, &network);
    world_play(&world, &choice, n, bytes, 4, NULL);
    if (reference_floor_log2(n) == levels)
        world_check_near(world_latest_ps(&world, n), expected_s, 2 * half, 0);
    ck_assert_int_le(world_latest_ps(&world, n), llround(expected_s * 1e12) + 4 * half);
    ck_assert_double_eq_tol(world_schedule(name)->closed_form_s(&params, n, 53e-6, 8e-10, 0, bytes),
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
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(_i, 1e-9, 0);
    for (uint32_t n = 2; n <= 64; n++) {
        const struct tree_params params = {256};
        const struct plugin_choice choice = world_choice("double-binary-tree", &params);
        const struct collective_ops *ops = (const void *)choice.plugin;
        const int64_t bytes = 512 * 4096;
        const double full_s = 2 * (double)bytes * 8e-10;
        struct world world;
        world_init(&world, n, &compute, &network);
        world_play(&world, &choice, n, bytes, 4, NULL);
        const double found_s = simtime_to_s(world_latest_ps(&world, n));
        ck_assert_double_le(found_s, ops->closed_form_s(&params, n, 1e-9, 8e-10, 0, bytes) + 1e-9);
        ck_assert_double_le(found_s, full_s * (1 + reference_ceil_log2(n) / 256.0) + 2e-6);
        if (n > 3)
            ck_assert_double_ge(found_s, full_s * (1 - 1e-9));
        world_fini(&world);
    }
}
END_TEST

START_TEST(staggered_trees)
{
    const struct compute_config compute = world_compute(3e9);
    const struct network_config network = world_network(_i, 20e-6, 1e-6);
    const int64_t bytes = 4 * 30011; /* chunks of unequal sizes */
    for (uint32_t n = 2; n <= 64; n += n < 20 ? 1 : 5)
        for (int which = 0; which < 4; which++) {
            const struct tree_params params = {which < 2 ? 3 : 8};
            const struct plugin_choice choice =
                world_choice(which % 2 ? "pipelined-tree" : "double-binary-tree", &params);
            int64_t entry_ps[WORLD_RANKS];
            double times[WORLD_RANKS];
            struct world world;
            for (uint32_t r = 0; r < n; r++) {
                entry_ps[r] = 10 * world_staggered_ps(r, n);
                times[r] = simtime_to_s(entry_ps[r]);
            }
            world_init(&world, n, &compute, &network);
            world_play(&world, &choice, n, bytes, 4, entry_ps);
            reference_messages(&choice, n, bytes, 21e-6, 8e-10, 1 / 3e9, times);
            for (uint32_t r = 0; r < n; r++)
                world_check_near(world.done_ps[r], times[r], 100, r);
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
 *   16..18.
 *
 * All-gathers of 1.25 MB a rank, nothing to add.
 * Ring, n = 3, rank 1 enters at 5.  0 -> 1 and 2 -> 0 0..2, 1 -> 2 5..7.  Rank 0 goes on at 2,
 *   0 -> 1 2..4; the others at 7, 1 -> 2 and 2 -> 0 7..9.
 * Doubling, n = 4, rank 2 enters at 6.  0 <-> 1 and 3 -> 2 0..2, 2 -> 3 6..8.  Two parts take 3:
 *   0 -> 2 2..5; 1 -> 3 waits for rank 3, 8..11; 2 -> 0 and 3 -> 1 8..11.
 * Doubling, n = 3, rank 2 enters at 4.  1 -> 0 and 0 -> 2 0..2, 2 -> 1 4..6.  0 -> 1 waits for rank
 *   1, 6..8, as 1 -> 2 and 2 -> 0. */
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
    {"ring-all-gather", 0, 1250000, 3, {0, 5, 0}, {9, 9, 9}},
    {"recursive-doubling-all-gather", 0, 1250000, 4, {0, 0, 6, 0}, {11, 11, 11, 11}},
    {"recursive-doubling-all-gather", 0, 1250000, 3, {0, 0, 4}, {8, 8, 8}},
};

START_TEST(schedules_by_hand)
{
    const struct compute_config compute = world_compute(2.5e9);
    const struct network_config network = world_network(_i, 1e-3, 0);
    for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++) {
        const struct tree_params params = {by_hand[i].chunks};
        const struct plugin_choice choice = world_choice(by_hand[i].name, &params);
        int64_t entry_ps[4];
        struct world world;
        for (uint32_t r = 0; r < by_hand[i].n; r++)
            entry_ps[r] = llround(by_hand[i].entry_ms[r] * 1e9);
        world_init(&world, by_hand[i].n, &compute, &network);
        world_play(&world, &choice, by_hand[i].n, by_hand[i].bytes, 4, entry_ps);
        for (uint32_t r = 0; r < by_hand[i].n; r++)
            world_check_near(world.done_ps[r], by_hand[i].done_ms[r] * 1e-3, 4, r);
        world_fini(&world);
    }
}
END_TEST
/* ---- All-gathers ---------------------------------------------------------------------------- */

static const char *const gathers[] = {"ring-all-gather", "recursive-doubling-all-gather"};

/* (n-1) (a + M b) and ceil(log2 n) a + (n-1) M b: n - 1 parts must come, whatever the schedule. */
START_TEST(all_gather_closed_forms)
{
    const struct compute_config compute = world_compute(1e3); /* there is nothing to add */
    const struct network_config network = world_network(_i, 50e-6, 3e-6);
    const int64_t bytes = 4 * 5003;
    for (int which = 0; which < 2; which++)
        for (uint32_t n = 2; n <= 64; n++) {
            const struct collective_ops *ops = world_schedule(gathers[which]);
            const double latencies = which ? reference_ceil_log2(n) : n - 1.0;
            const double expected_s = latencies * 53e-6 + (n - 1.0) * (double)bytes * 8e-10;
            struct world world;
            world_init(&world, n, &compute, &network);
            world_play_plain(&world, ops, n, bytes, 4, NULL);
            for (uint32_t r = 0; r < n; r++)
                world_check_near(world.done_ps[r], expected_s, n, r);
            ck_assert_double_eq_tol(ops->closed_form_s(NULL, n, 53e-6, 8e-10, 1, bytes), expected_s,
                                    1e-12 * expected_s);
            world_fini(&world);
        }
}
END_TEST

START_TEST(staggered_all_gathers)
{
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(_i, 20e-6, 1e-6);
    const int64_t bytes = 4 * 3001;
    for (int which = 0; which < 2; which++)
        for (uint32_t n = 2; n <= 64; n += n < 20 ? 1 : 11) {
            const struct plugin_choice choice = world_choice(gathers[which], NULL);
            int64_t entry_ps[WORLD_RANKS];
            double times[WORLD_RANKS];
            struct world world;
            for (uint32_t r = 0; r < n; r++) {
                entry_ps[r] = 10 * world_staggered_ps(r, n);
                times[r] = simtime_to_s(entry_ps[r]);
            }
            world_init(&world, n, &compute, &network);
            world_play(&world, &choice, n, bytes, 4, entry_ps);
            reference_messages(&choice, n, bytes, 21e-6, 8e-10, 0, times);
            for (uint32_t r = 0; r < n; r++)
                world_check_near(world.done_ps[r], times[r], n, r);
            world_fini(&world);
        }
}
END_TEST

/*
 * Parts of 1.25, 3.75, 0 and 2.5 MB take 1, 3, 0 and 2 ms, and 1 ms of latency each message.
 * Ring, n = 3, rank 1 enters at 5.  0 -> 1 0..2, 2 -> 0 0..1, 1 -> 2 5..9.  Rank 0 goes on at 2
 * with part 2, 0 -> 1 2..3; the others at 9, 1 -> 2 with part 0 9..11, 2 -> 0 with part 1 9..13.
 * Doubling, n = 4.  0 -> 1 0..2, 1 -> 0 0..4, 2 -> 3 0..1, 3 -> 2 0..3.  Parts 0 and 1 together
 *   0 -> 2 and 1 -> 3 4..9; parts 2 and 3 from 3 on: 3 -> 1 3..6, 2 -> 0 waits for rank 0, 4..7.
 */
START_TEST(parts_of_their_own)
{
    static const int64_t parts[] = {1250000, 3750000, 0, 2500000};
    static const double entry_ms[2][4] = {{0, 5, 0, 0}, {0, 0, 0, 0}};
    static const double done_ms[2][4] = {{13, 11, 13, 0}, {9, 9, 9, 9}};
    const struct compute_config compute = world_compute(0);
    const struct network_config network = world_network(_i, 1e-3, 0);
    for (int which = 0; which < 2; which++) {
        const struct plugin_choice choice = world_choice(gathers[which], NULL);
        const uint32_t n = which == 0 ? 3 : 4;
        int64_t entry_ps[4];
        struct world world;
        for (uint32_t r = 0; r < n; r++)
            entry_ps[r] = llround(entry_ms[which][r] * 1e9);
        world_init(&world, n, &compute, &network);
        world.parts = parts;
        world_play(&world, &choice, n, 1, 4, entry_ps);
        for (uint32_t r = 0; r < n; r++)
            world_check_near(world.done_ps[r], done_ms[which][r] * 1e-3, 4, r);
        world_fini(&world);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("collective times");
    TCase *times = tcase_create("times");
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
    tcase_add_loop_test(times, schedules_by_hand, 0, 3);
    tcase_add_loop_test(times, all_gather_closed_forms, 0, 3);
    tcase_add_loop_test(times, staggered_all_gathers, 0, 3);
    tcase_add_loop_test(times, parts_of_their_own, 0, 3);
    suite_add_tcase(suite, times);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
