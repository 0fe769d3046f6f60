/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The max-min solver against progressive filling by its definition, in long double, and against
 * what a max-min fair allocation must be.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/network/max_min.h"
#include "cluster/network/max_min_ranks.h"
#include "cluster/network/max_min_state.h"
#include "cluster/network/max_min_tree.h"
#include "testing.h"

#define LINKS 160
#define FLOWS 600

/* ---- a world: the solver, and beside it what it was told ---- */

struct flow {
    uint32_t handle, hops, path[MAX_MIN_HOPS], tag;
    long double left; /* bytes, of the reference */
    double bytes;
};

struct world {
    struct max_min *solver;
    uint32_t links, flows;
    double capacity[LINKS];
    struct flow flow[FLOWS];
    long double rate[FLOWS]; /* of the reference */
    uint64_t random;
    uint32_t tags;
};

static uint64_t draw(struct world *world)
{
    uint64_t x = world->random += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

static uint32_t draw_below(struct world *world, uint32_t bound)
{
    return (uint32_t)(draw(world) % bound);
}

static double draw_real(struct world *world)
{
    return (double)(draw(world) >> 11) * 0x1p-53;
}

/* equal: every link alike, so that ties are everywhere. */
static void world_open(struct world *world, uint64_t seed, uint32_t links, bool equal)
{
    memset(world, 0, sizeof *world);
    world->random = seed;
    world->links = links;
    for (uint32_t l = 0; l < links; l++)
        world->capacity[l] = equal ? 1.25e9 : 1e8 + 1.2e9 * draw_real(world);
    world->solver = max_min_create(world->capacity, links);
}

static void world_close(struct world *world)
{
    max_min_free(world->solver);
}

static void world_add(struct world *world, const uint32_t *path, uint32_t hops, double bytes)
{
    ck_assert_uint_lt(world->flows, FLOWS);
    struct flow *f = &world->flow[world->flows++];
    *f = (struct flow){.hops = hops, .tag = world->tags++, .left = bytes, .bytes = bytes};
    memcpy(f->path, path, hops * sizeof *path);
    f->handle = max_min_add(world->solver, path, hops, bytes, f->tag);
}

static void world_forget(struct world *world, uint32_t index)
{
    world->flow[index] = world->flow[--world->flows];
}

/* A path of different links; half of the time through link 0 when `hot`. */
static void world_add_random(struct world *world, uint32_t max_hops, bool hot, double bytes)
{
    uint32_t path[MAX_MIN_HOPS], hops = 1 + draw_below(world, max_hops);
    if (hops > world->links)
        hops = world->links;
    for (uint32_t hop = 0; hop < hops; hop++) {
        bool again = true;
        while (again) {
            path[hop] = draw_below(world, world->links);
            if (hot && hop == 0 && draw(world) & 1)
                path[hop] = 0;
            again = false;
            for (uint32_t before = 0; before < hop; before++)
                again = again || path[before] == path[hop];
        }
    }
    world_add(world, path, hops, bytes);
}

/* ---- the reference: raise all rates together, freeze what meets a full link ---- */

static bool crosses(const struct flow *f, uint32_t link)
{
    for (uint32_t hop = 0; hop < f->hops; hop++)
        if (f->path[hop] == link)
            return true;
    return false;
}

static void reference_rates(struct world *world)
{
    bool fixed[FLOWS] = {false};
    long double left[LINKS];
    uint32_t active[LINKS] = {0};
    for (uint32_t l = 0; l < world->links; l++) {
        left[l] = world->capacity[l];
        for (uint32_t f = 0; f < world->flows; f++)
            active[l] += crosses(&world->flow[f], l);
    }
    for (uint32_t done = 0; done < world->flows;) {
        uint32_t tightest = MAX_MIN_NONE;
        for (uint32_t l = 0; l < world->links; l++)
            if (active[l] > 0 && (tightest == MAX_MIN_NONE ||
                                  left[l] / active[l] < left[tightest] / active[tightest]))
                tightest = l;
        long double share = left[tightest] / active[tightest];
        for (uint32_t f = 0; f < world->flows; f++) {
            if (fixed[f] || !crosses(&world->flow[f], tightest))
                continue;
            fixed[f] = true;
            done++;
            world->rate[f] = share;
            for (uint32_t hop = 0; hop < world->flow[f].hops; hop++) {
                left[world->flow[f].path[hop]] -= share;
                active[world->flow[f].path[hop]]--;
            }
        }
    }
}

static void assert_verified(const struct world *world)
{
    char text[256] = "";
    ck_assert_msg(max_min_verify(world->solver, text, sizeof text), "%s", text);
}

static void assert_rates(struct world *world)
{
    reference_rates(world);
    assert_verified(world);
    ck_assert_uint_eq(max_min_flows(world->solver), world->flows);
    for (uint32_t f = 0; f < world->flows; f++) {
        double rate = max_min_rate(world->solver, world->flow[f].handle);
        ck_assert_msg(fabsl(rate - world->rate[f]) <= 1e-12L * world->rate[f],
                      "flow %u of %u: %.17g, expected %.17Lg", f, world->flows, rate,
                      world->rate[f]);
    }
}

/* No link carries more than it can; every flow has a full link on which no other is faster. */
static void assert_max_min(const struct world *world)
{
    double load[LINKS] = {0}, fastest[LINKS] = {0};
    for (uint32_t f = 0; f < world->flows; f++) {
        double rate = max_min_rate(world->solver, world->flow[f].handle);
        for (uint32_t hop = 0; hop < world->flow[f].hops; hop++) {
            load[world->flow[f].path[hop]] += rate;
            fastest[world->flow[f].path[hop]] = fmax(fastest[world->flow[f].path[hop]], rate);
        }
    }
    for (uint32_t l = 0; l < world->links; l++)
        ck_assert_double_le(load[l], world->capacity[l] * (1 + 1e-12));
    for (uint32_t f = 0; f < world->flows; f++) {
        double rate = max_min_rate(world->solver, world->flow[f].handle);
        bool bottleneck = false;
        for (uint32_t hop = 0; hop < world->flow[f].hops; hop++) {
            uint32_t l = world->flow[f].path[hop];
            bottleneck = bottleneck || (load[l] >= world->capacity[l] * (1 - 1e-12) &&
                                        rate >= fastest[l] * (1 - 1e-12));
        }
        ck_assert_msg(bottleneck, "flow %u could be faster", f);
    }
}

/* ---- rates ---- */

START_TEST(parking_lot)
{
    /* A long flow over three links of capacity 1, 2, 4 with one short flow on each: the long one
     * gets 1/2, the short ones what it leaves: 1/2, 3/2, 7/2. */
    const double capacities[] = {1, 2, 4};
    const uint32_t lot[] = {0, 1, 2};
    struct max_min *solver = max_min_create(capacities, 3);
    uint32_t across = max_min_add(solver, lot, 3, 1, 0);
    uint32_t flow[3];
    for (uint32_t l = 0; l < 3; l++)
        flow[l] = max_min_add(solver, &lot[l], 1, 1, 0);
    max_min_resolve(solver, 0);
    ck_assert_double_eq(max_min_rate(solver, across), 0.5);
    ck_assert_double_eq(max_min_rate(solver, flow[0]), 0.5);
    ck_assert_double_eq(max_min_rate(solver, flow[1]), 1.5);
    ck_assert_double_eq(max_min_rate(solver, flow[2]), 3.5);
    max_min_remove(solver, flow[0]); /* now link 1 holds the long flow, at 1; link 0 is full too */
    max_min_resolve(solver, 0);
    ck_assert_double_eq(max_min_rate(solver, across), 1);
    ck_assert_double_eq(max_min_rate(solver, flow[1]), 1);
    ck_assert_double_eq(max_min_rate(solver, flow[2]), 3);
    max_min_free(solver);
}
END_TEST

START_TEST(random_sets)
{
    for (uint64_t trial = 0; trial < 150; trial++) {
        struct world world;
        uint64_t seed = (uint64_t)_i * 1000 + trial;
        world_open(&world, seed, 1 + (uint32_t)(seed * 7 % 40), _i & 1);
        uint32_t flows = 1 + draw_below(&world, 120);
        for (uint32_t f = 0; f < flows; f++)
            world_add_random(&world, _i & 2 ? 2 : MAX_MIN_HOPS, trial % 3 == 0, 1e6);
        max_min_resolve(world.solver, 0);
        assert_rates(&world);
        assert_max_min(&world);
        world_close(&world);
    }
}
END_TEST

START_TEST(come_and_go)
{
    for (uint64_t trial = 0; trial < 12; trial++) {
        struct world world;
        world_open(&world, 77 * trial + (uint64_t)_i, 4 + 3 * (uint32_t)trial, _i & 1);
        for (int64_t step = 0; step < 60; step++) {
            uint32_t come = draw_below(&world, 4) + (step % 20 == 0 ? 40 : 0);
            uint32_t go = draw_below(&world, 5) + (step % 20 == 15 ? 30 : 0);
            for (; come > 0; come--)
                world_add_random(&world, _i & 2 ? 2 : 5, trial % 2 == 0, 1e12);
            for (; go > 0 && world.flows > 0; go--) { /* some that came just now */
                uint32_t index = draw_below(&world, world.flows);
                max_min_remove(world.solver, world.flow[index].handle);
                world_forget(&world, index);
            }
            max_min_resolve(world.solver, step * 1000000);
            assert_rates(&world);
        }
        assert_max_min(&world);
        world_close(&world);
    }
}
END_TEST

/* Everybody sends to one host (link 0); senders also send among themselves. */
START_TEST(hot_spot)
{
    struct world world;
    world_open(&world, 5, 64, _i & 1);
    for (uint32_t f = 0; f < 300; f++) {
        const uint32_t path[] = {1 + f % 30, 0};
        world_add(&world, path, 2, 1e9);
    }
    for (uint32_t f = 0; f < 200; f++) {
        const uint32_t path[] = {1 + f % 30, 31 + f % 7};
        world_add(&world, path, 2, 1e9);
        max_min_resolve(world.solver, f);
    }
    assert_rates(&world);
    while (world.flows > 0) {
        uint32_t index = draw_below(&world, world.flows);
        max_min_remove(world.solver, world.flow[index].handle);
        world_forget(&world, index);
        max_min_resolve(world.solver, 1000);
        assert_verified(&world);
        if (world.flows % 25 == 0)
            assert_rates(&world);
    }
    for (uint32_t l = 0; l < world.links; l++)
        ck_assert(isinf(max_min_level(world.solver, l)));
    ck_assert_int_eq(max_min_next_ps(world.solver), INT64_MAX);
    world_close(&world);
}
END_TEST

/* Both ways of finding the levels give the same rates. */
START_TEST(refill_agrees_with_ripple)
{
    struct world world;
    world_open(&world, 11, 64, false);
    for (uint32_t f = 0; f < 250; f++) {
        world_add_random(&world, 4, true, 1e9);
        max_min_resolve(world.solver, f);
    }
    double rate[FLOWS];
    for (uint32_t f = 0; f < world.flows; f++)
        rate[f] = max_min_rate(world.solver, world.flow[f].handle);
    max_min_refill(world.solver);
    max_min_clock_settle(world.solver);
    assert_rates(&world);
    for (uint32_t f = 0; f < world.flows; f++)
        ck_assert_double_eq_tol(max_min_rate(world.solver, world.flow[f].handle), rate[f],
                                1e-12 * rate[f]);
    world_close(&world);
}
END_TEST

/* Many links at once: found from scratch; then many flows end at once. */
START_TEST(cold_start)
{
    struct world world;
    world_open(&world, 21 + (uint64_t)_i, LINKS, _i & 1);
    for (uint32_t f = 0; f < 500; f++)
        world_add_random(&world, _i & 2 ? 2 : 4, f % 3 == 0, 1e9);
    max_min_resolve(world.solver, 0);
    assert_rates(&world);
    assert_max_min(&world);
    while (world.flows > 200) {
        uint32_t index = draw_below(&world, world.flows);
        max_min_remove(world.solver, world.flow[index].handle);
        world_forget(&world, index);
    }
    max_min_resolve(world.solver, 1000000);
    assert_rates(&world);
    assert_max_min(&world);
    world_close(&world);
}
END_TEST

/* ---- completions ---- */

/* Moves the reference by `seconds` at its rates. */
static void reference_advance(struct world *world, long double seconds)
{
    for (uint32_t f = 0; f < world->flows; f++)
        world->flow[f].left -= world->rate[f] * seconds;
}

static long double reference_next(const struct world *world, long double now)
{
    long double next = INFINITY;
    for (uint32_t f = 0; f < world->flows; f++)
        next = fminl(next, now + world->flow[f].left / world->rate[f]);
    return next;
}

static uint32_t index_of(const struct world *world, uint32_t tag)
{
    for (uint32_t f = 0; f < world->flows; f++)
        if (world->flow[f].tag == tag)
            return f;
    ck_abort_msg("flow %u ended twice", tag);
    return 0;
}

static double random_bytes(struct world *world, bool equal)
{
    return equal ? 1e6 : floor(1e6 * (0.5 + draw_real(world)));
}

/* A closed loop: each flow that ends is followed by another, until `total` have begun.  The
 * reference keeps every flow's bytes itself and finds the same ends in the same order. */
static void play_closed_loop(struct world *world, uint32_t slots, uint32_t total, bool equal,
                             uint32_t hops)
{
    long double now = 0;
    for (uint32_t slot = 0; slot < slots; slot++)
        world_add_random(world, hops, false, random_bytes(world, equal));
    max_min_resolve(world->solver, 0);
    while (world->flows > 0) {
        reference_rates(world);
        const struct max_min_ended *ended;
        int64_t next_ps = max_min_next_ps(world->solver);
        long double next = reference_next(world, now);
        ck_assert_double_eq_tol((double)next_ps * 1e-12, (double)next, 1e-9);
        reference_advance(world, next_ps * 1e-12L - now);
        now = next_ps * 1e-12L;
        size_t count = max_min_collect(world->solver, next_ps, &ended);
        ck_assert_uint_gt(count, 0);
        for (size_t i = 0; i < count; i++) {
            ck_assert(i == 0 || ended[i - 1].order < ended[i].order);
            uint32_t index = index_of(world, ended[i].tag);
            /* Not before its last byte, but for a fraction of a picosecond; and not late. */
            ck_assert_double_le((double)(world->flow[index].left / world->rate[index]), 1e-13);
            ck_assert_double_ge((double)(world->flow[index].left / world->rate[index]), -1e-11);
            world_forget(world, index);
        }
        for (size_t i = 0; i < count && world->tags < total; i++)
            world_add_random(world, hops, false, random_bytes(world, equal));
        max_min_resolve(world->solver, next_ps);
        assert_verified(world);
    }
    ck_assert_uint_eq(world->tags, total);
}

/* Links get slower and faster while flows come, go and move: rates are those of the new capacities,
 * and what is left of a flow, half a step later, is what the reference's rates left of it. */
START_TEST(capacities_change)
{
    for (uint64_t trial = 0; trial < 10; trial++) {
        struct world world;
        world_open(&world, 31 * trial + (uint64_t)_i, 4 + 2 * (uint32_t)trial, _i & 1);
        for (int64_t step = 0; step < 40; step++) {
            for (uint32_t come = draw_below(&world, 6); come > 0; come--)
                world_add_random(&world, _i & 2 ? 2 : 5, false, 1e9);
            for (uint32_t change = draw_below(&world, 3); change > 0; change--) {
                uint32_t link = draw_below(&world, world.links);
                world.capacity[link] *= draw(&world) & 1 ? 0.25 : 2;
                max_min_set_capacity(world.solver, link, world.capacity[link]);
            }
            max_min_resolve(world.solver, step * 1000000000);
            assert_rates(&world);
            for (uint32_t f = 0; f < world.flows; f++) {
                long double left = world.flow[f].left - world.rate[f] * 0.5e-3L;
                ck_assert_double_eq_tol(max_min_remaining_at(world.solver, world.flow[f].handle,
                                                             step * 1000000000 + 500000000),
                                        (double)left, 1e-3);
            }
            reference_advance(&world, 1e-3L);
        }
        world_close(&world);
    }
}
END_TEST

START_TEST(closed_loop)
{
    struct world world;
    world_open(&world, 3 + (uint64_t)_i, 20, _i & 1);
    play_closed_loop(&world, 60, 600, _i & 2, _i & 4 ? 4 : 2);
    world_close(&world);
}
END_TEST

/* Alone, a flow takes its bytes over its capacity, rounded up once. */
START_TEST(alone)
{
    const double capacity[] = {1.25e9, 1.25e10 * 0.85};
    const double sizes[] = {1, 1500, 102400000, 102399999, 398438, 7e12};
    const uint32_t path[] = {0, 1};
    struct max_min *solver = max_min_create(capacity, 2);
    const struct max_min_ended *ended;
    int64_t now_ps = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t flow = max_min_add(solver, path, 2, sizes[i], 9);
        max_min_resolve(solver, now_ps);
        ck_assert_double_eq(max_min_rate(solver, flow), 1.25e9);
        ck_assert_double_eq(max_min_remaining(solver, flow), sizes[i]);
        int64_t expected_ps = now_ps + (int64_t)sizes[i] * 800; /* 800 ps a byte */
        ck_assert_int_eq(max_min_next_ps(solver), expected_ps);
        ck_assert_uint_eq(max_min_collect(solver, expected_ps - 1, &ended), 0);
        ck_assert_uint_eq(max_min_collect(solver, expected_ps, &ended), 1);
        ck_assert_uint_eq(ended[0].tag, 9);
        now_ps = expected_ps; /* the next begins the instant this one ends */
    }
    max_min_resolve(solver, now_ps);
    ck_assert_int_eq(max_min_next_ps(solver), INT64_MAX);
    max_min_free(solver);
}
END_TEST

/* A link that never runs dry: n flows of equal size, staggered, follow one another for so long that
 * the clock is pulled back many times.  In steady state each takes n times as long as alone. */
START_TEST(never_dry)
{
    const double capacity = 1.25e9;
    const uint32_t path = 0, slots = 4;
    const double bytes = 102.4e6;
    struct max_min *solver = max_min_create(&capacity, 1);
    const struct max_min_ended *ended;
    uint64_t total = 0;
    int64_t now_ps = 0;
    for (uint32_t slot = 0; slot < slots; slot++)
        max_min_add(solver, &path, 1, bytes * (slot + 1) / slots, slot);
    max_min_resolve(solver, 0);
    /* sum of the first ones' bytes: (1 + 2 + 3 + 4) / 4 of a size */
    for (; total < 20000; total++) {
        now_ps = max_min_next_ps(solver);
        ck_assert_uint_eq(max_min_collect(solver, now_ps, &ended), 1);
        ck_assert_uint_eq(ended[0].tag, total % slots);
        max_min_add(solver, &path, 1, bytes, ended[0].tag);
        max_min_resolve(solver, now_ps);
    }
    /* Every end is a quarter of a size of each of the four after the one before. */
    double expected_s = 20000 * bytes / capacity;
    ck_assert_double_eq_tol((double)now_ps * 1e-12, expected_s, 1e-8);
    max_min_free(solver);
}
END_TEST

/* The same calls give the same bits. */
START_TEST(same_bits)
{
    struct world world[2];
    for (int w = 0; w < 2; w++) {
        world_open(&world[w], 99, 30, false);
        for (int64_t step = 0; step < 80; step++) {
            world_add_random(&world[w], 3, true, random_bytes(&world[w], false));
            if (step % 3 == 2) {
                max_min_remove(world[w].solver, world[w].flow[0].handle);
                world_forget(&world[w], 0);
            }
            max_min_resolve(world[w].solver, step);
        }
    }
    for (uint32_t l = 0; l < 30; l++) {
        double a = max_min_level(world[0].solver, l), b = max_min_level(world[1].solver, l);
        ck_assert(memcmp(&a, &b, sizeof a) == 0);
    }
    ck_assert_int_eq(max_min_next_ps(world[0].solver), max_min_next_ps(world[1].solver));
    world_close(&world[0]);
    world_close(&world[1]);
}
END_TEST

/* ---- parts ---- */

START_TEST(tree_of_times)
{
    static const uint32_t counts[] = {1, 2, 15, 16, 17, 255, 256, 257, 5000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct max_min_tree tree;
        struct world world = {.random = c};
        int64_t *times = malloc(counts[c] * sizeof *times);
        max_min_tree_init(&tree, counts[c]);
        ck_assert_int_eq(max_min_tree_min(&tree), INT64_MAX);
        for (uint32_t i = 0; i < counts[c]; i++)
            times[i] = INT64_MAX;
        for (int step = 0; step < 500; step++) {
            uint32_t index = draw_below(&world, counts[c]);
            times[index] = draw(&world) % 4 ? (int64_t)draw_below(&world, 1000) : INT64_MAX;
            max_min_tree_set(&tree, index, times[index]);
            uint32_t first = 0;
            for (uint32_t i = 1; i < counts[c]; i++)
                if (times[i] < times[first])
                    first = i;
            ck_assert_int_eq(max_min_tree_min(&tree), times[first]);
            ck_assert_int_eq(max_min_tree_get(&tree, index), times[index]);
            ck_assert_uint_eq(max_min_tree_first(&tree), first);
        }
        max_min_tree_fini(&tree);
        free(times);
    }
}
END_TEST

START_TEST(ranks_pop_in_order)
{
    enum { COUNT = 300000 }; /* beyond one word of the top bitmap */
    struct max_min_ranks ranks;
    struct world world = {.random = 4};
    double *level = malloc(COUNT * sizeof *level);
    for (uint32_t i = 0; i < COUNT; i++)
        level[i] = i % 7 == 0 ? INFINITY : draw_real(&world);
    max_min_ranks_init(&ranks, COUNT);
    max_min_ranks_sort(&ranks, level);
    uint32_t link, marked = 0;
    ck_assert(!max_min_ranks_pop(&ranks, &link));
    for (int i = 0; i < 3000; i++) {
        link = draw_below(&world, COUNT);
        max_min_ranks_mark(&ranks, link);
        max_min_ranks_mark(&ranks, link);
    }
    marked = ranks.marked;
    ck_assert_uint_gt(marked, 2900);
    for (double before = 0; max_min_ranks_pop(&ranks, &link); before = level[link], marked--)
        ck_assert_double_le(before, level[link] * (1 + 0x1p-11));
    ck_assert_uint_eq(marked, 0);
    max_min_ranks_fini(&ranks);
    free(level);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("max_min");
    TCase *rates = tcase_create("rates");
    tcase_add_test(rates, parking_lot);
    tcase_add_loop_test(rates, random_sets, 0, 4);
    tcase_add_loop_test(rates, come_and_go, 0, 4);
    tcase_add_loop_test(rates, hot_spot, 0, 2);
    tcase_add_loop_test(rates, cold_start, 0, 4);
    tcase_add_test(rates, refill_agrees_with_ripple);
    suite_add_tcase(suite, rates);
    TCase *ends = tcase_create("ends");
    tcase_add_loop_test(ends, capacities_change, 0, 4);
    tcase_add_loop_test(ends, closed_loop, 0, 8);
    tcase_add_test(ends, alone);
    tcase_add_test(ends, never_dry);
    tcase_add_test(ends, same_bits);
    suite_add_tcase(suite, ends);
    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, tree_of_times);
    tcase_add_test(parts, ranks_pop_in_order);
    suite_add_tcase(suite, parts);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
