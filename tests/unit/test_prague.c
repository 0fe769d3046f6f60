/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prague against AR-SGD, a dense recursion, theory, and times worked out by hand.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define K  30
#define MS 1000000000LL /* ps */

static const char text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5,"
    " \"algorithm\": {\"name\": \"prague\", \"group_size\": 2},"
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 30}, \"trace\": {\"parameters\": \"final\"}}";

/* ---- Timing ---- */

/*
 * Four nodes, blocks of two that move on by one rank a round; gradients of 100, 120, 150 and 400
 * ms; the ring among two sends two halves of 30 MB: 30 ms.
 *
 * Round 0, {0, 1} and {2, 3}:  0 and 1 have stepped at 120, go on at 150; 2 and 3 at 400, 430.
 * Round 1, {3, 0} and {1, 2}:  0 is ready at 250, 3 at 830: both go on at 860.  1 is ready at 270,
 *   2 at 580: 610.
 * Round 2, {0, 1} and {2, 3}:  0 at 960, 1 at 730: 990.  2 at 760, 3 at 1260: 1290.
 * Round 3, {3, 0} and {1, 2}:  0 at 1090, 3 at 1690: 1720.  1 at 1110, 2 at 1440: 1470.
 * The slow node holds one other a round, and whoever meets that one in the next.
 */
START_TEST(a_slow_member_holds_its_group_only)
{
    static const int64_t begin_ms[4][5] = {{0, 150, 860, 990, 1720},
                                           {0, 150, 610, 990, 1470},
                                           {0, 430, 610, 1290, 1470},
                                           {0, 430, 860, 1290, 1720}};
    const char *set[] = {
        "nodes=4", "algorithm.schedule=static",
        "compute.stragglers=[{\"first\": 1, \"last\": 1, \"slowdown\": 1.2}, {\"first\": 2, "
        "\"last\": 2, \"slowdown\": 1.5}, {\"first\": 3, \"last\": 3, \"slowdown\": 4}]",
        NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    for (uint32_t i = 0; i < 4; i++)
        for (int k = 0; k < 5; k++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), begin_ms[i][k] * MS);
    play_free(&play);
}
END_TEST

/* ---- Identities ---- */

START_TEST(one_group_is_all_reduce_of_parameters)
{
    static const char *const rules[] = {
        "optimizer.name=sgd", "optimizer={\"name\": \"heavy-ball\", \"learning_rate\": 0.05}"};
    static const char *const schedules[] = {
        "algorithm={\"name\": \"prague\", \"group_size\": 6}",
        "algorithm={\"name\": \"prague\", \"group_size\": 6, \"schedule\": \"static\"}"};
    const char *prague[] = {schedules[_i % 2], rules[_i / 2], NULL};
    const char *ar_sgd[] = {"algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}",
                            rules[_i / 2], NULL};
    struct play one = play_fine(text, prague), two = play_fine(text, ar_sgd);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, two.result.metrics_digest);
    ck_assert(memcmp(one.rows.x, two.rows.x, N * D * sizeof(double)) == 0);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* SlowMo that averages after every step and takes the average as it is: the groups do not matter.
 */
START_TEST(an_outer_average_is_all_reduce_of_parameters)
{
    const char *prague[] = {
        "outer={\"name\": \"slowmo\", \"period\": 1, \"alpha\": 1, \"beta\": 0}", NULL};
    const char *ar_sgd[] = {"algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}", NULL};
    struct play one = play_fine(text, prague), two = play_fine(text, ar_sgd);
    ck_assert_double_le(play_difference(one.rows.x, two.rows.x, N * D), 1e-12);
    play_free(&one);
    play_free(&two);
}
END_TEST

START_TEST(groups_of_one_do_not_talk)
{
    const char *set[] = {"algorithm.group_size=1", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(text, NULL, &scenario, &state);
    struct play play = play_fine(text, set);
    for (int k = 0; k < K; k++)
        dense_adapt(&reference, &state, 0.05, false);
    ck_assert_double_le(play_difference(play.rows.x, &state.x[0][0], N * D), 1e-12);
    ck_assert_double_eq(play.result.summary.messages, 0);
    ck_assert_int_eq(play.result.last.time_ps, K * 100 * MS);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Values ---- */

/* Round k cuts the ranks -k s, -k s + 1, ... (mod 6) into blocks of g, s = g / 2; of 4, the second
 * block has two. */
START_TEST(static_groups_are_their_recursion)
{
    int size = 2 + _i;
    char group[40];
    snprintf(group, sizeof group, "algorithm.group_size=%d", size);
    const char *set[] = {group, "algorithm.schedule=static", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(text, NULL, &scenario, &state);
    struct play play = play_fine(text, set);
    for (int k = 0; k < K; k++) {
        double p[N][N] = {{0}};
        for (int first = 0; first < N; first += size) {
            int members = first + size <= N ? size : N - first;
            for (int a = 0; a < members; a++)
                for (int b = 0; b < members; b++) {
                    int shift = K * N - k * (size / 2);
                    p[(first + a + shift) % N][(first + b + shift) % N] = 1.0 / members;
                }
        }
        dense_adapt(&reference, &state, 0.05, false);
        dense_multiply(&state, p);
    }
    ck_assert_double_le(play_difference(play.rows.x, &state.x[0][0], N * D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* A partition of 16 into groups of g projects on the n/g means: of the 15 directions in which nodes
 * differ 16/g - 1 are left.  Two rounds; one where a single direction is left, which scatters. */
START_TEST(random_groups_contract_as_the_theory_says)
{
    int size = 2 << _i, rounds = size == 8 ? 1 : 2;
    double sum = 0, before = 0, factor = pow((16.0 - size) / (size * 15.0), rounds);
    for (int seed = 1; seed <= 60; seed++) {
        char seed_text[32], group[40];
        snprintf(seed_text, sizeof seed_text, "seed=%d", seed);
        snprintf(group, sizeof group, "algorithm.group_size=%d", size);
        const char *set[] = {seed_text,
                             group,
                             "nodes=16",
                             "model.dimension=100",
                             "optimizer.learning_rate=0",
                             rounds == 1 ? "stop.iterations=1" : "stop.iterations=2",
                             NULL};
        struct play play = play_fine(text, set);
        before += play.rows.metrics[0].consensus;
        sum += play.result.summary.consensus;
        play_free(&play);
    }
    ck_assert_double_eq_tol(sum / before, factor, 0.05 * factor);
}
END_TEST

/* ---- The rest ---- */

START_TEST(random_times_and_threads)
{
    static const char *const collectives[] = {"ring", "recursive-doubling", "halving-doubling"};
    char algorithm[160];
    snprintf(algorithm, sizeof algorithm,
             "algorithm={\"name\": \"prague\", \"group_size\": %d, \"collective\": \"%s\"}", 2 + _i,
             collectives[_i]);
    const char *set[] = {algorithm, "nodes=8",
                         "compute.gradient_time={\"name\": \"lognormal\", \"mean\": \"50 ms\", "
                         "\"cv\": 1}",
                         NULL};
    struct play one = play_fine(text, set);
    struct play many = play_text(text, set, (struct play_options){.threads = 2});
    struct play none = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(one.result.last.iteration_min, K);
    ck_assert_int_eq(one.result.last.iteration_max, K);
    ck_assert_str_eq(one.result.timeline_digest, many.result.timeline_digest);
    ck_assert_str_eq(one.result.timeline_digest, none.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, many.result.metrics_digest);
    play_free(&one);
    play_free(&many);
    play_free(&none);
}
END_TEST

START_TEST(a_group_has_no_more_members_than_there_are)
{
    const char *set[] = {"algorithm.group_size=7", NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "algorithm.group_size");
    play_free(&play);
}
END_TEST

static Suite *prague_suite(void)
{
    Suite *suite = suite_create("prague");
    TCase *tests = tcase_create("prague");
    tcase_add_test(tests, a_slow_member_holds_its_group_only);
    tcase_add_loop_test(tests, one_group_is_all_reduce_of_parameters, 0, 4);
    tcase_add_test(tests, an_outer_average_is_all_reduce_of_parameters);
    tcase_add_test(tests, groups_of_one_do_not_talk);
    tcase_add_loop_test(tests, static_groups_are_their_recursion, 0, 3);
    tcase_add_loop_test(tests, random_groups_contract_as_the_theory_says, 0, 3);
    tcase_add_loop_test(tests, random_times_and_threads, 0, 3);
    tcase_add_test(tests, a_group_has_no_more_members_than_there_are);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return testing_run(prague_suite());
}
