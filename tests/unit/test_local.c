/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Local SGD and its variants against dense loops, AR-SGD, and times worked out by hand.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dense.h"
#include "models/model.h"
#include "play.h"
#include "scenario/scenario.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define K  40
#define MS 1000000000LL /* ps */

/* Gradients of 100 ms; 1 byte a nanosecond and no latency: 30 MB take 30 ms, and a ring all-reduce
 * of n nodes 2 (n - 1) / n x 30 ms. */
static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5,"
    " \"algorithm\": {\"name\": \"local-sgd\", \"period\": 5},"
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 40}, \"trace\": {\"parameters\": \"final\"}}";

static void assert_near(const double *found, const double *expected, size_t count)
{
    ck_assert_double_le(play_difference(found, expected, count), 1e-12);
}

/* ---- When the averages come ---- */

struct rhythm {
    const char *params;
    int averages[K]; /* iterations done when they come; 0: the last */
};

/* Worked out by hand.  The fifth: a period of 4 that begins at 4 keeps its length though the period
 * grows at 7; the next is 3 x 4.  The sixth: 8 / 4, and then 8 / 16, which is no iteration, so 1.
 * Without data an epoch is one iteration of all nodes. */
static const struct rhythm rhythms[] = {
    {"{\"name\": \"local-sgd\", \"period\": 5}", {5, 10, 15, 20, 25, 30, 35, 40}},
    {"{\"name\": \"local-sgd\", \"period\": 7}", {7, 14, 21, 28, 35}},
    {"{\"name\": \"local-sgd\", \"period\": 2, \"intervals\": \"linear\"}", {2, 6, 12, 20, 30}},
    {"{\"name\": \"local-sgd\", \"period\": 2, \"intervals\": \"linear\", \"growth_at\": [6]}",
     {2, 6, 18, 34}},
    {"{\"name\": \"local-sgd\", \"period\": 4, \"growth\": 3, \"growth_at\": [7, 30]}",
     {4, 8, 20, 32}},
    {"{\"name\": \"local-sgd\", \"period\": 8, \"growth\": 0.25, \"growth_at\": [10, 20]}",
     {8,  16, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28,
      29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40}},
    {"{\"name\": \"local-sgd\", \"period\": 12, \"post_local_from\": \"4 iterations\"}",
     {1, 2, 3, 4, 16, 28, 40}},
    {"{\"name\": \"local-sgd\", \"period\": 12, \"post_local_from\": \"2.5 epochs\"}",
     {1, 2, 3, 15, 27, 39}},
    {"{\"name\": \"local-sgd\", \"period\": 5, \"post_local_from\": \"3 iterations\", "
     "\"intervals\": \"linear\"}",
     {1, 2, 3, 8, 18, 33}},
};

/* Values, times, bytes and messages at once: 6 nodes, 10 parts of 5 MB a node and average. */
START_TEST(averages_come_when_they_should)
{
    const struct rhythm *this = &rhythms[_i];
    char algorithm[200];
    snprintf(algorithm, sizeof algorithm, "algorithm=%s", this->params);
    const char *set[] = {algorithm, NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    int done = 0;
    for (int k = 0; k < K; k++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k), (100 * k + 50 * done) * MS);
        dense_adapt(&reference, &state, 0.05, false);
        if (this->averages[done] == k + 1) {
            dense_average(state.x);
            done++;
        }
    }
    ck_assert_int_eq(this->averages[done], 0);
    ck_assert_int_eq(play.result.last.time_ps, (100 * K + 50 * done) * MS);
    ck_assert_double_eq(play.result.summary.messages, done * 6 * 10);
    ck_assert_double_eq(play.result.summary.bytes, done * 6 * 50e6);
    assert_near(play.rows.x, &state.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

START_TEST(an_average_of_every_step_is_ar_sgd)
{
    const char *local[] = {
        _i ? "algorithm={\"name\": \"local-sgd\", \"post_local_from\": \"99 epochs\"}"
           : "algorithm={\"name\": \"local-sgd\", \"period\": 1}",
        NULL};
    const char *ar_sgd[] = {"algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}", NULL};
    struct play one = play_fine(quadratic_text, local), two = play_fine(quadratic_text, ar_sgd);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, two.result.metrics_digest);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* ---- Momentum ---- */

/* PyTorch's heavy ball; the buffers are each node's own, or averaged with the parameters.  With one
 * curvature for all that moves the nodes, but not their mean: it ends between two averages. */
START_TEST(double_averaging_is_its_loop)
{
    const char *set[] = {
        "optimizer={\"name\": \"heavy-ball\", \"learning_rate\": 0.05, \"momentum\": 0.8}",
        _i ? "algorithm.average_momentum=true" : "algorithm.average_momentum=false",
        "stop.iterations=38", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    double m[N][D] = {{0}};
    for (int k = 0; k < 38; k++) {
        for (uint32_t i = 0; i < N; i++) {
            double g[D];
            dense_gradient(&reference, i, state.x[i], g);
            for (int d = 0; d < D; d++) {
                m[i][d] = 0.8 * m[i][d] + g[d];
                state.x[i][d] -= 0.05 * m[i][d];
            }
        }
        if (k % 5 != 4)
            continue;
        dense_average(state.x);
        if (_i)
            dense_average(m);
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    ck_assert_double_eq(play.result.summary.messages, 7 * 6 * 10);
    ck_assert_double_eq(play.result.summary.bytes, 7 * 6 * 50e6 * (_i ? 2 : 1));
    ck_assert_int_eq(play.result.last.time_ps, (38 * 100 + 7 * 50 * (_i ? 2 : 1)) * MS);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* Two moments, three vectors. */
START_TEST(adam_averages_three_vectors)
{
    const char *set[] = {"optimizer=adam", "algorithm.average_momentum=true", NULL};
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_OK);
    ck_assert_double_eq(play.result.summary.bytes, 8 * 6 * 150e6);
    play_free(&play);
}
END_TEST

/* ---- Times ---- */

/* Gradients of 100, 150 and 300 ms, H = 3; a ring of three moves 4 parts of 10 MB: 40 ms.  The
 * fastest waits 600 ms for the slowest at 900 ms, and then both 40 ms: a period takes 940 ms, of
 * which the nodes compute 300, 450 and 900.  Two periods, and one step more that nobody waits for:
 * the slowest is done 300 ms later. */
START_TEST(a_period_takes_as_long_as_the_slowest)
{
    const char *set[] = {"nodes=3", "algorithm.period=3", "stop.iterations=7",
                         "compute.stragglers=[{\"first\": 1, \"last\": 1, \"slowdown\": 1.5}, "
                         "{\"first\": 2, \"last\": 2, \"slowdown\": 3}]",
                         NULL};
    static const int64_t gradient_ms[] = {100, 150, 300};
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    for (uint32_t i = 0; i < 3; i++)
        for (int64_t k = 0; k < 7; k++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k),
                             (k / 3 * 940 + k % 3 * gradient_ms[i]) * MS);
    ck_assert_int_eq(play.result.last.time_ps, (2 * 940 + 300) * MS);
    ck_assert_double_eq_tol(play.result.summary.blocked_share,
                            2 * (640.0 + 490.0 + 40.0) / (3 * (2 * 940.0 + 300.0)), 1e-12);
    play_free(&play);
}
END_TEST

/* Recursive doubling of 4 nodes: two exchanges of the whole, 60 ms. */
START_TEST(the_collective_is_a_choice)
{
    const char *set[] = {"nodes=4", "algorithm.collective=recursive-doubling", NULL};
    struct play play = play_text(quadratic_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.result.last.time_ps, (K * 100 + 8 * 60) * MS);
    ck_assert_double_eq(play.result.summary.messages, 8 * 4 * 2);
    play_free(&play);
}
END_TEST

/* Broadcast by a tree, 30 ms a level: some workers have applied their next gradient, of 1 ms, when
 * others begin it.  By the epoch of the run 2.1 is over for these and not for those; all agree by
 * their own iterations. */
START_TEST(workers_agree_on_the_switch_by_any_clock)
{
    const char *gradient = "compute.gradient_time.mean=\"1 ms\"";
    const char *program = "algorithm={\"name\": \"local-sgd\", \"period\": 12, \"collective\": "
                          "\"binomial-tree\", \"post_local_from\": \"2.1 epochs\"}";
    const char *local[] = {gradient, program, NULL};
    const char *global[] = {gradient, program, "optimizer.schedule.clock=global", NULL};
    struct play a = play_fine(quadratic_text, local), b = play_fine(quadratic_text, global);
    ck_assert_str_eq(a.result.timeline_digest, b.result.timeline_digest);
    ck_assert_double_eq(a.result.summary.messages, 6 * 2 * 5); /* after 1, 2, 3, 15, 27, 39 */
    play_free(&a);
    play_free(&b);
}
END_TEST

START_TEST(a_switch_in_time_is_refused)
{
    const char *set[] = {"algorithm.post_local_from=5 s", NULL};
    struct play play = play_text(quadratic_text, set, (struct play_options){.threads = 1});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "algorithm.post_local_from");
    play_free(&play);
}
END_TEST

static Suite *local_suite(void)
{
    Suite *suite = suite_create("local");
    TCase *values = tcase_create("values"), *times = tcase_create("times");
    tcase_add_loop_test(values, averages_come_when_they_should, 0,
                        (int)(sizeof rhythms / sizeof *rhythms));
    tcase_add_loop_test(values, an_average_of_every_step_is_ar_sgd, 0, 2);
    tcase_add_loop_test(values, double_averaging_is_its_loop, 0, 2);
    tcase_add_test(values, adam_averages_three_vectors);
    tcase_add_test(times, a_period_takes_as_long_as_the_slowest);
    tcase_add_test(times, the_collective_is_a_choice);
    tcase_add_test(times, workers_agree_on_the_switch_by_any_clock);
    tcase_add_test(times, a_switch_in_time_is_refused);
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, times);
    return suite;
}

int main(void)
{
    return testing_run(local_suite());
}
