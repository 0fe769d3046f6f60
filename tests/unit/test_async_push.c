/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asynchronous gradient-push against a plain loop over half milliseconds, its fixed points, and the
 * conservation of mass.
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
#define MS 1000000000LL /* ps */

#define UNEQUAL                                                                                    \
    "\"stragglers\": [{\"first\": 0, \"last\": 0, \"slowdown\": 103},"                             \
    " {\"first\": 1, \"last\": 1, \"slowdown\": 47}, {\"first\": 2, \"last\": 2, \"slowdown\": "   \
    " 109}, {\"first\": 3, \"last\": 3, \"slowdown\": 61}, {\"first\": 4, \"last\": 4, "           \
    " \"slowdown\": 227}, {\"first\": 5, \"last\": 5, \"slowdown\": 331}]"

/* A message of 40.5 MB and 8 bytes takes 40.5 ms and 8 ns: gradients, of whole ms, never end when
 * one arrives. */
static const char text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5,"
    " \"algorithm\": \"async-gradient-push\", \"topology\": \"one-peer-exponential\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"1 ms\"}, " UNEQUAL "},"
    " \"network\": {\"model\": \"ideal\", \"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"40500 kB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"time\": \"3 s\"}, \"trace\": {\"parameters\": \"final\"}}";

static const int periods_ms[N] = {103, 47, 109, 61, 227, 331};

/* ---- Timing ---- */

/* Messages of 400 ms on links that carry one at a time: nobody waits for any, and step k of a node
 * begins at k T. */
START_TEST(nobody_waits)
{
    const char *set[] = {"wire.message_size=400 MB", "network.model=fifo",
                         _i ? "algorithm.send=every-step" : "algorithm.send=when-sent", NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    for (uint32_t i = 0; i < N; i++)
        for (int64_t k = 0; (k + 1) * periods_ms[i] < 3000; k++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), k * periods_ms[i] * MS);
    ck_assert_double_eq(play.result.summary.blocked_share, 0);
    play_free(&play);
}
END_TEST

/* Node 1 has a gradient every 47 ms; its messages of 100 ms and 8 ns leave after the first, and
 * after every third from then on: at 47, 188, 329, ... */
START_TEST(what_has_not_left_holds_the_next)
{
    const char *set[] = {"wire.message_size=100 MB", NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    int sent = 0;
    for (size_t m = 0; m < play.rows.message_count; m++) {
        const struct trace_message *row = &play.rows.messages[m];
        if (row->src != 1)
            continue;
        ck_assert_int_eq(row->posted_ps, (47 + 141 * row->round) * MS);
        sent++;
    }
    ck_assert_int_ge(sent, 20);
    play_free(&play);
}
END_TEST

/* ---- A plain loop: messages on a table, one a node under way ---- */

struct flight {
    bool used;
    int to, arrives; /* in half ms, rounded down: it is there in the next */
    double x[D], w;
};

struct reference {
    struct dense_reference model;
    struct dense state;
    double g[N][D];
    struct flight flight[256];
    int exchange[N], steps[N], busy_until[N];
};

static void compute(struct reference *reference, int i)
{
    double z[D];
    for (int d = 0; d < D; d++)
        z[d] = reference->state.x[i][d] / reference->state.w[i];
    dense_gradient(&reference->model, (uint32_t)i, z, reference->g[i]);
}

static void push(struct reference *reference, int i, int now)
{
    int f = 0;
    while (reference->flight[f].used)
        f++;
    struct flight *flight = &reference->flight[f];
    *flight = (struct flight){.used = true,
                              .to = (i + (1 << (reference->exchange[i]++ % 3))) % N,
                              .arrives = now + 81,
                              .w = reference->state.w[i] /= 2};
    for (int d = 0; d < D; d++)
        flight->x[d] = reference->state.x[i][d] /= 2;
    reference->busy_until[i] = flight->arrives;
}

static void mix(struct reference *reference, int i, int now)
{
    for (int f = 0; f < 256; f++) {
        struct flight *flight = &reference->flight[f];
        if (!flight->used || flight->to != i || flight->arrives >= now)
            continue;
        reference->state.w[i] += flight->w;
        for (int d = 0; d < D; d++)
            reference->state.x[i][d] += flight->x[d];
        flight->used = false;
    }
}

static void run_reference(struct reference *reference, int end_ms, bool scaled)
{
    for (int i = 0; i < N; i++)
        compute(reference, i);
    for (int now = 1; now <= 2 * end_ms; now++)
        for (int i = 0; i < N; i++) {
            double scale = scaled ? periods_ms[i] / 200.0 : 1;
            if (now != 2 * periods_ms[i] * (reference->steps[i] + 1))
                continue;
            for (int d = 0; d < D; d++)
                reference->state.x[i][d] -= 0.05 * scale * reference->g[i][d];
            if (reference->busy_until[i] < now)
                push(reference, i, now);
            mix(reference, i, now);
            reference->steps[i]++;
            compute(reference, i);
        }
}

START_TEST(models_are_those_of_a_plain_loop)
{
    const char *set[] = {_i ? "algorithm.reference_time=200 ms" : "seed=5",
                         "optimizer.learning_rate=0.05", NULL};
    struct scenario *scenario;
    static struct reference reference;
    memset(&reference, 0, sizeof reference);
    reference.model = dense_open(text, NULL, &scenario, &reference.state);
    run_reference(&reference, 3000, _i == 1);
    struct play play = play_fine(text, set);
    ck_assert_double_le(play_difference(play.rows.x, &reference.state.x[0][0], N * D), 1e-12);
    ck_assert_double_le(play_difference(play.rows.w, reference.state.w, N), 1e-12);
    double mass = 0, mean[D] = {0};
    int steps = 0;
    for (int i = 0; i < N; i++) {
        mass += reference.state.w[i];
        steps += reference.steps[i];
        for (int d = 0; d < D; d++)
            mean[d] += reference.state.x[i][d] / N;
    }
    for (int f = 0; f < 256; f++) {
        mass += reference.flight[f].used ? reference.flight[f].w : 0;
        for (int d = 0; d < D && reference.flight[f].used; d++)
            mean[d] += reference.flight[f].x[d] / N;
    }
    ck_assert_double_eq_tol(mass, N, 1e-12);
    ck_assert_double_le(play_difference(play.rows.mean, mean, D), 1e-12);
    ck_assert_uint_eq(play.rows.update_count, (size_t)steps);
    for (size_t u = 0; u < play.rows.update_count; u++)
        ck_assert_double_eq_tol(play.rows.updates[u].scale,
                                _i ? periods_ms[play.rows.updates[u].node] / 200.0 : 1, 1e-12);
    play_free(&play);
    dense_close(&reference.model, scenario);
}
END_TEST

/* ---- Theory ---- */

/* Without steps every z goes to the mean of the initial x, whatever the weights do. */
START_TEST(consensus_is_on_the_mean)
{
    const char *set[] = {"optimizer.learning_rate=0", "stop.time=40 s",
                         _i ? "topology=static-exponential" : "topology=one-peer-exponential",
                         NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference model = dense_open(text, set, &scenario, &start);
    struct play play = play_fine(text, set);
    for (int d = 0; d < D; d++) {
        double mean = 0;
        for (int i = 0; i < N; i++)
            mean += start.x[i][d] / N;
        ck_assert_double_eq_tol(play.rows.mean[d], mean, 1e-13);
        for (int i = 0; i < N; i++)
            ck_assert_double_eq_tol(play.rows.z[i * D + d], mean, 1e-9);
    }
    play_free(&play);
    dense_close(&model, scenario);
}
END_TEST

/* Curvature 1 everywhere: f_i = |x - c_i|^2 / 2, c_i = - gradient at 0.  Steps weigh as often as
 * they are made, 1/T_i; or all the same with the correction. */
START_TEST(fast_nodes_weigh_more_unless_corrected)
{
    const char *set[] = {_i ? "algorithm.reference_time=100 ms" : "seed=5",
                         "model.L=1",
                         "model.mu=1",
                         "optimizer.learning_rate=0.002",
                         "wire.message_size=1 MB",
                         "stop.time=1000 s",
                         NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference model = dense_open(text, set, &scenario, &start);
    struct play play = play_fine(text, set);
    double weighted[D] = {0}, plain[D] = {0}, rates = 0, apart = 0, off = 0;
    for (uint32_t i = 0; i < N; i++) {
        double zero[D] = {0}, g[D];
        dense_gradient(&model, i, zero, g);
        rates += 1.0 / periods_ms[i];
        for (int d = 0; d < D; d++) {
            plain[d] -= g[d] / N;
            weighted[d] -= g[d] / periods_ms[i];
        }
    }
    for (int d = 0; d < D; d++) {
        double expected = _i ? plain[d] : weighted[d] / rates;
        apart += pow(plain[d] - weighted[d] / rates, 2);
        off += pow(play.rows.mean[d] - expected, 2);
    }
    ck_assert_double_gt(sqrt(apart), 0.1);
    ck_assert_double_lt(sqrt(off), 0.02 * sqrt(apart));
    play_free(&play);
    dense_close(&model, scenario);
}
END_TEST

/* ---- The rest ---- */

/* Who sends faster than its link carries has its mass in its own queue: w halves with every step,
 * and a step gamma g of x is one of gamma g / w of z. */
START_TEST(a_full_link_drains_who_sends_every_step)
{
    const char *often[] = {"wire.message_size=400 MB", "network.model=fifo",
                           "algorithm.send=every-step", NULL, NULL};
    const char *held[] = {"wire.message_size=400 MB", "network.model=fifo", NULL};
    struct play three = play_text(text, often, (struct play_options){.threads = 1});
    often[3] = "optimizer.learning_rate=0";
    struct play one = play_fine(text, often), two = play_fine(text, held);
    ck_assert_double_lt(one.rows.w[1], 1e-6); /* 63 halvings, a few messages come back */
    ck_assert_int_eq(three.status, STATUS_DIVERGED);
    play_free(&three);
    for (int i = 0; i < N; i++)
        ck_assert_double_gt(two.rows.w[i], 0.01);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* While messages leave at once, the two are one program. */
START_TEST(on_free_links_all_steps_send)
{
    const char *often[] = {"algorithm.send=every-step", NULL};
    struct play one = play_fine(text, often), two = play_fine(text, NULL);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* Fast nodes are done seven times earlier; what they are sent comes back. */
START_TEST(who_is_done_goes_on_exchanging)
{
    const char *set[] = {"stop={\"iterations\": 40}", NULL};
    struct play play = play_fine(text, set);
    ck_assert_int_eq(play.result.last.iteration_min, 40);
    ck_assert_int_eq(play.result.last.iteration_max, 40);
    for (int i = 0; i < N; i++)
        ck_assert_double_gt(play.rows.w[i], 0.01);
    play_free(&play);
}
END_TEST

START_TEST(threads_and_device_change_nothing)
{
    const char *set[] = {_i ? "network.protocol=rendezvous" : "network.protocol=eager",
                         "compute.gradient_time={\"name\": \"lognormal\", \"mean\": \"1 ms\", "
                         "\"cv\": 1}",
                         NULL};
    struct play one = play_fine(text, set);
    struct play many = play_text(text, set, (struct play_options){.threads = 2});
    struct play none = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_str_eq(one.result.timeline_digest, many.result.timeline_digest);
    ck_assert_str_eq(one.result.timeline_digest, none.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, many.result.metrics_digest);
    play_free(&one);
    play_free(&many);
    play_free(&none);
}
END_TEST

static Suite *async_push_suite(void)
{
    Suite *suite = suite_create("async-push");
    TCase *tests = tcase_create("async-gradient-push");
    tcase_add_loop_test(tests, nobody_waits, 0, 2);
    tcase_add_test(tests, what_has_not_left_holds_the_next);
    tcase_add_loop_test(tests, models_are_those_of_a_plain_loop, 0, 2);
    tcase_add_loop_test(tests, consensus_is_on_the_mean, 0, 2);
    tcase_add_loop_test(tests, fast_nodes_weigh_more_unless_corrected, 0, 2);
    tcase_add_test(tests, a_full_link_drains_who_sends_every_step);
    tcase_add_test(tests, on_free_links_all_steps_send);
    tcase_add_test(tests, who_is_done_goes_on_exchanging);
    tcase_add_loop_test(tests, threads_and_device_change_nothing, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return testing_run(async_push_suite());
}
