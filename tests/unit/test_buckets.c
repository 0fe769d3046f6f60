/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Buckets of all-reduce SGD: the backward pass and the all-reduce side by side.  8 Gbps are 1 byte
 * a nanosecond, so 1 MB takes 1 ms.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "testing.h"

#define MS 1000000000LL /* ps */

static const char text[] =
    "{\"nodes\": 3, \"precision\": \"float64\", \"seed\": 7,"
    " \"algorithm\": {\"name\": \"ar-sgd\", \"collective\": \"recursive-doubling\"},"
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"20 ms\"},"
    "               \"forward_share\": 0.25},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"1 ms\"},"
    " \"wire\": {\"message_size\": \"12 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1,"
    "             \"sigma\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.05, \"weight_decay\": 0.01},"
    " \"stop\": {\"iterations\": 2}, \"trace\": {\"parameters\": \"final\"}}";

static const char *const models[] = {"network.model=ideal", "network.model=fair",
                                     "network.model=fifo"};

/* Gradients of 80, 120 and 100 ms. */
static const char unequal[] = "compute.stragglers=[{\"first\": 0, \"slowdown\": 4},"
                              " {\"first\": 1, \"slowdown\": 6}, {\"first\": 2, \"slowdown\": 5}]";

static struct play timed(const char *const *set)
{
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

/* The all-reduces of a node follow one another, and begin while its gradients run. */
static void assert_one_stream(const struct play *play, uint32_t nodes, int64_t expected)
{
    for (uint32_t i = 0; i < nodes; i++) {
        int64_t end_ps = 0, count = 0;
        for (size_t s = 0; s < play->rows.span_count; s++) {
            const struct trace_span *span = &play->rows.spans[s];
            if (span->node != i || span->lane != TRACE_LANE_COLLECTIVE)
                continue;
            ck_assert_int_ge(span->begin_ps, end_ps);
            end_ps = span->end_ps;
            count++;
        }
        ck_assert_int_eq(count, expected);
    }
}

/* ---- By hand, 3 unequal nodes ---- */

/* Recursive doubling of 3, a message c: rank 2 gives to 0; 0 and 1 exchange; 0 gives to 2.  A rank
 * has done with a step when both messages have ended, and takes messages in the order of its steps.
 * So with entries (e0, e1, e2), the exchange begins at 0 at f = max(e0, e2) + c, ends at 0 and 1 at
 * x = max(f, e1) + c; 0 and 2 are done at x + c.  Backward passes begin at 20, 30, 25 ms; buckets
 * of three are complete at (40, 60, 80), (60, 90, 120), (50, 75, 100).  Times in ms.
 *
 * Hidden wholly, c = 1 + 4:
 *   bucket 0  e 40, 60, 50;    f 55,  x 65;   done 70, 65, 70
 *   bucket 1  e 70, 90, 75;    f 80,  x 95;   done 100, 95, 100
 *   bucket 2  e 100, 120, 100; f 105, x 125;  done 130, 125, 130
 *   Iteration 2, begun at 130, 125, 130:
 *   bucket 0  e 170, 185, 180; f 185, x 190;  done 195, 190, 195
 *   bucket 1  e 195, 215, 205; f 210, x 220;  done 225, 220, 225
 *   bucket 2  e 225, 245, 230; f 235, x 250;  done 255, 250, 255
 *   The slowest node's gradient and one exchange, 125, is an iteration.
 * Hidden in part, c = 1 + 14:
 *   bucket 0  e 40, 60, 50;    f 65,  x 80;   done 95, 80, 95
 *   bucket 1  e 95, 90, 95;    f 110, x 125;  done 140, 125, 140
 *   bucket 2  e 140, 125, 140; f 155, x 170;  done 185, 170, 185
 *   Iteration 2, begun at 185, 170, 185:
 *   bucket 0  e 225, 230, 235; f 250, x 265;  done 280, 265, 280
 *   bucket 1  e 280, 265, 280; f 295, x 310;  done 325, 310, 325
 *   bucket 2  e 325, 310, 325; f 340, x 355;  done 370, 355, 370
 * Not hidden, c = 1 + 14, no time for the backward pass: all are complete at 80, 120, 100:
 *   bucket 0  e 80, 120, 100;  f 115, x 135;  done 150, 135, 150
 *   bucket 1  e 150, 135, 150; f 165, x 180;  done 195, 180, 195
 *   bucket 2  e 195, 180, 195; f 210, x 225;  done 240, 225, 240
 *   Iteration 2, begun at 240, 225, 240; complete at 320, 345, 340:
 *   bucket 0  e 320, 345, 340; f 355, x 370;  done 385, 370, 385
 *   bucket 1                   f 400, x 415;  done 430, 415, 430
 *   bucket 2                   f 445, x 460;  done 475, 460, 475
 * One bucket of 42 MB, c = 43:
 *   e 80, 120, 100;  f 143, x 186;  done 229, 186, 229
 *   begun at 229, 186, 229: e 309, 306, 329; f 372, x 415; done 458, 415, 458 */
struct hand_case {
    const char *size, *bucket, *forward;
    int64_t second_ms[3]; /* the second iteration begins */
    int64_t end_ms, reductions;
};

static const struct hand_case hand_cases[] = {
    {"wire.message_size=12 MB",
     "algorithm.bucket=4 MB",
     "compute.forward_share=0.25",
     {130, 125, 130},
     255,
     6},
    {"wire.message_size=42 MB",
     "algorithm.bucket=14 MB",
     "compute.forward_share=0.25",
     {185, 170, 185},
     370,
     6},
    {"wire.message_size=42 MB",
     "algorithm.bucket=14 MB",
     "compute.forward_share=1",
     {240, 225, 240},
     475,
     6},
    {"wire.message_size=42 MB",
     "algorithm.bucket=42 MB",
     "compute.forward_share=0.25",
     {229, 186, 229},
     458,
     2},
};

START_TEST(three_unequal_nodes_by_hand)
{
    for (size_t c = 0; c < sizeof hand_cases / sizeof *hand_cases; c++) {
        const struct hand_case *hand = &hand_cases[c];
        const char *set[] = {models[_i], unequal, hand->size, hand->bucket, hand->forward, NULL};
        struct play play = timed(set);
        for (uint32_t i = 0; i < 3; i++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, 1), hand->second_ms[i] * MS);
        ck_assert_int_eq(play.result.last.time_ps, hand->end_ms * MS);
        assert_one_stream(&play, 3, hand->reductions);
        play_free(&play);
    }
}
END_TEST

/* 4 nodes, 60, 80, 100 and 120 ms, 4 buckets of 8 MB.  Ring: 6 steps of 1 + 2 ms, in which the last
 * to enter is felt by everybody: all are done 18 ms after it.  Recursive doubling: 2 steps of 1 +
 * 8, likewise: the same 18.  The slowest node's buckets are complete at 30 + 22.5 b = 52.5,
 * 75, 97.5 and 120: each is reduced before the next one is complete, and the iteration takes 138.
 */
START_TEST(four_unequal_nodes_by_hand)
{
    static const char *const collectives[] = {"algorithm.collective=ring",
                                              "algorithm.collective=recursive-doubling"};
    const char *set[] = {models[_i % 3],
                         collectives[_i / 3],
                         "nodes=4",
                         "wire.message_size=32 MB",
                         "algorithm.bucket=8 MB",
                         "compute.stragglers=[{\"first\": 0, \"slowdown\": 3},"
                         " {\"first\": 1, \"slowdown\": 4}, {\"first\": 2, \"slowdown\": 5},"
                         " {\"first\": 3, \"slowdown\": 6}]",
                         "stop.iterations=3",
                         NULL};
    struct play play = timed(set);
    for (uint32_t i = 0; i < 4; i++)
        for (int64_t k = 0; k < 3; k++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), k * 138 * MS);
    ck_assert_int_eq(play.result.last.time_ps, 3 * 138 * MS);
    assert_one_stream(&play, 4, 12);
    play_free(&play);
}
END_TEST

/* ---- Closed form of equal nodes ---- */

/* Bucket b is complete at r_b = f + (T - f) (b + 1) / B; behind the one that is last to find the
 * network idle there are B - b all-reduces in a row: T_iteration = max_b (r_b + (B - b) t), with
 * the ring's t = 2 (n - 1) (alpha + M / (n B)).  M is a multiple of 1 .. 12 times 4 chunks of
 * 8 bytes. */
START_TEST(equal_nodes_follow_the_closed_form)
{
    for (int buckets = 1; buckets <= 12; buckets++) {
        char bucket[64];
        const double size_ms = 44.352, t_ms = 2 * 3 * (1 + size_ms / buckets / 4);
        double expected_ms = 0;
        for (int b = 0; b < buckets; b++)
            expected_ms = fmax(expected_ms, 30 + 90.0 * (b + 1) / buckets + (buckets - b) * t_ms);
        snprintf(bucket, sizeof bucket, "algorithm.bucket=%d B", 44352000 / buckets);
        const char *set[] = {models[_i],
                             "nodes=4",
                             "wire.message_size=44352 kB",
                             "compute.gradient_time.mean=120 ms",
                             "algorithm.collective=ring",
                             bucket,
                             "stop.iterations=5",
                             NULL};
        struct play play = timed(set);
        ck_assert_double_eq_tol(play.result.summary.simulated_time_s, 5 * expected_ms * 1e-3,
                                1e-10);
        assert_one_stream(&play, 4, 5 * buckets);
        ck_assert_double_eq(play.result.summary.bytes, 5 * 6 * 44.352e6);
        play_free(&play);
    }
}
END_TEST

/* ---- Values ---- */

/* B = ceil(M / bucket): 12 MB by 5 MB are 3; a bucket of all or more is none. */
START_TEST(values_do_not_feel_buckets)
{
    static const char *const buckets[] = {"algorithm.bucket=5 MB", "algorithm.bucket=1 MB",
                                          "algorithm.bucket=12 MB", "algorithm.bucket=90 MB"};
    static const int64_t counts[] = {3, 12, 1, 1};
    const char *without[] = {"stop.iterations=20", unequal, NULL};
    const char *with[] = {"stop.iterations=20", unequal, buckets[_i], NULL};
    struct play plain = play_fine(text, without), play = play_fine(text, with);
    ck_assert(memcmp(plain.rows.x, play.rows.x, 3 * 7 * sizeof(double)) == 0);
    assert_one_stream(&play, 3, 20 * counts[_i]);
    if (counts[_i] == 1)
        ck_assert_str_eq(plain.result.timeline_digest, play.result.timeline_digest);
    else
        ck_assert_str_ne(plain.result.timeline_digest, play.result.timeline_digest);
    play_free(&plain);
    play_free(&play);
}
END_TEST

START_TEST(parameters_have_no_buckets)
{
    const char *set[] = {"algorithm.average=parameters", "algorithm.bucket=1 MB", NULL};
    struct play play = play_text(text, set, (struct play_options){0});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "algorithm.bucket");
    ck_assert_ptr_nonnull(strstr(play.error.text, "expected \"gradients\""));
    play_free(&play);
}
END_TEST

/* ---- Several workers a host, through a scenario ---- */

/* 4 workers on 2 hosts.  Stragglers slow hosts: workers 0 and 1 take 20 ms, 2 and 3 take 40.  12 MB
 * take 0.5 + 3 ms on a host's own link and 1 + 12 between hosts: 3 -> 2 ends at 43.5, the exchange
 * of the leaders 0 and 2 at 56.5, and 0 -> 1, 2 -> 3 at 60. */
START_TEST(hosts_of_two_workers_reduce_by_hierarchy)
{
    const char *set[] = {
        models[_i],
        "nodes=4",
        "workers_per_host=2",
        "network.local_bandwidth=32 Gbps",
        "network.local_latency=500 us",
        "algorithm.collective={\"name\": \"hierarchical\", \"group\": 2,"
        " \"inter\": \"recursive-doubling\"}",
        "compute.gradient_time={\"name\": \"constant\", \"mean\": \"20 ms\"}",
        "compute.stragglers=[{\"first\": 1, \"slowdown\": 2}]",
        NULL,
    };
    struct play play = timed(set);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_int_eq(play_gradient_begin_ps(&play, i, 1), 60 * MS);
    ck_assert_int_eq(play.result.last.time_ps, 120 * MS);
    play_free(&play);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("buckets");
    TCase *times = tcase_create("times"), *values = tcase_create("values");
    tcase_add_loop_test(times, three_unequal_nodes_by_hand, 0, 3);
    tcase_add_loop_test(times, four_unequal_nodes_by_hand, 0, 6);
    tcase_add_loop_test(times, equal_nodes_follow_the_closed_form, 0, 3);
    tcase_add_loop_test(times, hosts_of_two_workers_reduce_by_hierarchy, 0, 3);
    tcase_add_loop_test(values, values_do_not_feel_buckets, 0, 4);
    tcase_add_test(values, parameters_have_no_buckets);
    suite_add_tcase(suite, times);
    suite_add_tcase(suite, values);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
