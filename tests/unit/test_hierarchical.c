/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hierarchical all-reduces: T_intra(reduce) + T_inter(leaders) + T_intra(broadcast), with a link
 * within hosts that is unlike the one between them, and hosts of unequal size by hand.
 */
#include <check.h>
#include <math.h>

#include "collective_world.h"
#include "core/simtime.h"
#include "testing.h"

static struct hierarchical_like grouped(int64_t group, const char *inter)
{
    return (struct hierarchical_like){group, world_choice(inter, NULL)};
}

/* `group` ranks a host; their local link takes 100 us, and 1.25e9 x `factor` bytes a second (0:
 * infinite). */
static void play_hosts(struct world *world, enum network_model model, double latency_s,
                       double factor, double reduction_byte_rate,
                       const struct hierarchical_like *params, uint32_t n, int64_t bytes)
{
    const struct plugin_choice choice = world_choice("hierarchical", params);
    const struct compute_config compute = world_compute(reduction_byte_rate);
    struct network_config network = world_network(model, latency_s, 0);
    uint32_t hosts[WORLD_RANKS];
    network.local_latency_s = 100e-6;
    network.local_bandwidth_bps = factor > 0 ? factor * network.bandwidth_bps : NAN;
    for (uint32_t r = 0; r < n; r++)
        hosts[r] = r / (uint32_t)params->group;
    world_init(world, hosts[n - 1] + 1, &compute, &network);
    world->hosts = hosts;
    world_play(world, &choice, n, bytes, 4, NULL);
    world->hosts = NULL;
}

/* ---- The closed form ------------------------------------------------------------------------ */

/* Every rank on a host of its own: the same constants within and between groups. */
static void check_own_hosts(enum network_model model, int which, uint32_t n, uint32_t group,
                            double rate)
{
    const struct compute_config compute = world_compute(rate);
    const struct network_config network = world_network(model, 50e-6, 3e-6);
    const struct hierarchical_like params = grouped(group, reference_names[which]);
    const struct plugin_choice choice = world_choice("hierarchical", &params);
    const uint32_t leaders = n / group, levels = reference_ceil_log2(group);
    const int64_t bytes = 4 * 64 * (int64_t)leaders * 31;
    const double a = 53e-6, b = 8e-10, g = rate > 0 ? 1 / rate : 0, m = (double)bytes;
    const double expected_s = levels * (a + m * b + m * g) +
                              reference_closed_form(which, leaders, a, b, g, m) +
                              levels * (a + m * b);
    struct world world;
    world_init(&world, n, &compute, &network);
    world_play(&world, &choice, n, bytes, 4, NULL);
    world_check_near(world_latest_ps(&world, n), expected_s, 2 * n, 0);
    ck_assert_double_eq_tol(
        world_schedule("hierarchical")->closed_form_s(&params, n, a, b, g, bytes), expected_s,
        1e-12 * expected_s + 1e-20);
    world_fini(&world);
}

/* Adding takes time in full binomial trees only (its own suite has the others). */
START_TEST(ranks_on_hosts_of_their_own)
{
    for (int which = 0; which < 3; which++)
        for (uint32_t group = 1; group <= 9; group++)
            for (uint32_t leaders = 1; leaders <= 7; leaders++) {
                check_own_hosts(_i, which, group * leaders, group, 0);
                if (group == 1 || group == 2 || group == 4 || group == 8)
                    check_own_hosts(_i, which, group * leaders, group, 3e9);
            }
}
END_TEST

/* Groups of any size, ranks that enter apart (spread > 0) or at once: as its messages one by one;
 * at once, no longer than the closed form. */
START_TEST(uneven_groups)
{
    const struct compute_config compute = world_compute(3e9);
    const struct network_config network = world_network(_i, 20e-6, 1e-6);
    for (uint32_t n = 2; n <= 40; n += n < 12 ? 1 : 5)
        for (uint32_t group = 2; group <= 7; group++)
            for (int spread = 0; spread <= 10; spread += 10) {
                const struct hierarchical_like params = grouped(group, reference_names[group % 3]);
                const struct plugin_choice choice = world_choice("hierarchical", &params);
                const int64_t leaders = (n - 1) / group + 1, bytes = 4 * 64 * 31 * leaders;
                int64_t entry_ps[WORLD_RANKS];
                double times[WORLD_RANKS];
                struct world world;
                for (uint32_t r = 0; r < n; r++) {
                    entry_ps[r] = spread * world_staggered_ps(r, n);
                    times[r] = simtime_to_s(entry_ps[r]);
                }
                world_init(&world, n, &compute, &network);
                world_play(&world, &choice, n, bytes, 4, entry_ps);
                reference_messages(&choice, n, bytes, 21e-6, 8e-10, 1 / 3e9, times);
                for (uint32_t r = 0; r < n; r++)
                    world_check_near(world.done_ps[r], times[r], 4 * n, r);
                const double bound_s =
                    world_schedule("hierarchical")
                        ->closed_form_s(&params, n, 21e-6, 8e-10, 1 / 3e9, bytes);
                if (spread == 0)
                    ck_assert_double_le(simtime_to_s(world_latest_ps(&world, n)), bound_s + 1e-9);
                world_fini(&world);
            }
}
END_TEST

/* Pairs: one message at a time within a host, so that every network model agrees. */
START_TEST(pairs_with_a_link_of_their_own)
{
    const double g = 1 / 3e9, own_a = 100e-6, own_b = 8e-10 / 4;
    for (int which = 0; which < 3; which++)
        for (uint32_t leaders = 1; leaders <= 20; leaders++) {
            const struct hierarchical_like params = grouped(2, reference_names[which]);
            const int64_t bytes = 4 * 64 * (int64_t)leaders * 31;
            const double m = (double)bytes;
            const double expected_s = (own_a + m * own_b + m * g) +
                                      reference_closed_form(which, leaders, 1e-3, 8e-10, g, m) +
                                      (own_a + m * own_b);
            struct world world;
            play_hosts(&world, _i, 1e-3, 4, 3e9, &params, 2 * leaders, bytes);
            world_check_near(world_latest_ps(&world, 2 * leaders), expected_s, 4 * leaders, 0);
            world_fini(&world);
        }
}
END_TEST

/* 2^L ranks a host share its local link: level i of the tree has group / 2^(i+1) messages under
 * way, L a' + (group - 1) M b' in all under fair sharing; with infinite bandwidth L a'. */
START_TEST(larger_groups_share_their_link)
{
    for (uint32_t levels = 1; levels <= 4; levels++)
        for (uint32_t leaders = 1; leaders <= 5; leaders++)
            for (int finite = 0; finite < 2; finite++) {
                const uint32_t group = 1u << levels, n = group * leaders;
                const struct hierarchical_like params = grouped(group, "ring");
                const int64_t bytes = 4 * 64 * (int64_t)leaders * 31;
                const double m = (double)bytes, own_b = finite ? 8e-10 / 4 : 0;
                const double expected_s = 2 * (levels * 100e-6 + (group - 1.0) * m * own_b) +
                                          reference_closed_form(0, leaders, 1e-3, 8e-10, 0, m);
                struct world world;
                play_hosts(&world, NETWORK_FAIR, 1e-3, finite ? 4 : 0, 0, &params, n, bytes);
                world_check_near(world_latest_ps(&world, n), expected_s, 4 * n, 0);
                world_fini(&world);
            }
}
END_TEST

/* ---- By hand -------------------------------------------------------------------------------- */

/* NIC: 1 ms and 1.25 MB in 1 ms.  Local: 0.1 ms and 12.5 MB in 1 ms.  Times in ms.
 *
 * 5 ranks on hosts {0 1} {2 3} {4}, ring of the leaders 0, 2, 4; 3.75 MB take 0.3 locally and are
 * added in 1.5, chunks of 1.25 MB take 1 between hosts and 0.5.
 *   1 -> 0 and 3 -> 2 0.1..0.4, added 1.9.  Leader 4 sends its first chunk at once, 0..2.
 *   Ring: the others send 1.9..3.9, added 4.4; 4.4..6.4, added 6.9; 6.9..8.9; 8.9..10.9.
 *   0 -> 1 and 2 -> 3 10.9..11.3.
 * 8 ranks on 2 hosts, leaders 0 and 4 swap; 12.5 MB take 1 locally, 10 between hosts, nothing to
 * add.  The second host is like the first.
 *   fair   1 -> 0 and 3 -> 2 share 0.1..2.1; 2 -> 0 2.1..3.2; swap 3.2..14.2; 0 -> 2 14.2..15.3;
 *          0 -> 1 and 2 -> 3 share 15.3..17.4
 *   fifo   1 -> 0 0.1..1.1, 3 -> 2 behind it to 2.1; 2 -> 0 2.1..3.2; swap 3.2..14.2; 0 -> 2
 *          14.2..15.3; 0 -> 1 15.4..16.4, 2 -> 3 behind it to 17.4
 *   ideal  1.1, 2.2, 13.2, 14.3, 15.4 */
START_TEST(hosts_of_unequal_size)
{
    const struct hierarchical_like params = grouped(2, "ring");
    const double expected_ms[] = {11.3, 11.3, 11.3, 11.3, 10.9};
    struct world world;
    play_hosts(&world, _i, 1e-3, 10, 2.5e9, &params, 5, 3750000);
    for (uint32_t r = 0; r < 5; r++)
        world_check_near(world.done_ps[r], expected_ms[r] * 1e-3, 8, r);
    world_fini(&world);
}
END_TEST

START_TEST(four_on_a_host)
{
    const struct hierarchical_like params = grouped(4, "recursive-doubling");
    const double expected_ms[][4] = {
        [NETWORK_FAIR] = {17.4, 17.4, 17.4, 17.4},
        [NETWORK_FIFO] = {16.4, 16.4, 17.4, 17.4},
        [NETWORK_IDEAL] = {15.4, 15.4, 15.4, 15.4},
    };
    struct world world;
    play_hosts(&world, _i, 1e-3, 10, 0, &params, 8, 12500000);
    for (uint32_t r = 0; r < 8; r++)
        world_check_near(world.done_ps[r], expected_ms[_i][r % 4] * 1e-3, 8, r);
    world_fini(&world);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("hierarchical");
    TCase *times = tcase_create("times");
    tcase_add_loop_test(times, ranks_on_hosts_of_their_own, 0, 3);
    tcase_add_loop_test(times, uneven_groups, 0, 3);
    tcase_add_loop_test(times, pairs_with_a_link_of_their_own, 0, 3);
    tcase_add_test(times, larger_groups_share_their_link);
    tcase_add_loop_test(times, hosts_of_unequal_size, 0, 3);
    tcase_add_loop_test(times, four_on_a_host, 0, 3);
    suite_add_tcase(suite, times);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
