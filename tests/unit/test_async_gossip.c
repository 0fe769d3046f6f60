/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AD-PSGD against times worked out by hand, a plain loop over milliseconds, and theory.
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

/* A star whose hub, node 0, is passive.  30 MB take 30 ms; messages do not disturb each other. */
static const char star_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"ad-psgd\","
    " \"topology\": {\"name\": \"star\", \"weights\": \"metropolis\"},"
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"1 ms\"},"
    "   \"stragglers\": [{\"first\": 0, \"last\": 0, \"slowdown\": 103},"
    "     {\"first\": 1, \"last\": 1, \"slowdown\": 107}, {\"first\": 2, \"last\": 2, "
    "\"slowdown\": "
    "     109}, {\"first\": 3, \"last\": 3, \"slowdown\": 113}, {\"first\": 4, \"last\": 4, "
    "     \"slowdown\": 227}, {\"first\": 5, \"last\": 5, \"slowdown\": 331}]},"
    " \"network\": {\"model\": \"ideal\", \"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"time\": \"2 s\"}, \"trace\": {\"parameters\": \"final\"}}";

static const char *const exchanges[] = {
    "algorithm.exchange=continuous",
    "algorithm.exchange=per-gradient",
};

static struct play play_none(const char *text, const char *const *set)
{
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    return play;
}

/* Begins of a node's gradients, in order; -1 after the last. */
static int64_t gradient_begin_ms(const struct play *play, uint32_t node, int index)
{
    for (size_t i = 0; i < play->rows.span_count; i++) {
        const struct trace_span *span = &play->rows.spans[i];
        if (span->node == node && span->kind == TRACE_SPAN_GRADIENT && index-- == 0)
            return span->begin_ps / MS;
    }
    return -1;
}

static const struct trace_update *update_of(const struct play *play, uint32_t node, int index)
{
    for (size_t i = 0; i < play->rows.update_count; i++)
        if (play->rows.updates[i].node == node && index-- == 0)
            return &play->rows.updates[i];
    return NULL;
}

struct expected {
    uint32_t node;
    int64_t begin_ms[8], taken_ms[8]; /* of its gradients; 0 as taken: not looked at */
};

static void assert_times(const struct play *play, const struct expected *expected, int count)
{
    for (int k = 0; k < count; k++) {
        const struct trace_update *update = update_of(play, expected->node, k);
        ck_assert_int_eq(gradient_begin_ms(play, expected->node, k), expected->begin_ms[k]);
        if (expected->taken_ms[k] == 0)
            continue;
        ck_assert_ptr_nonnull(update);
        ck_assert_int_eq(update->time_ps, expected->taken_ms[k] * MS);
        ck_assert_int_eq(update->version, k);
        ck_assert_int_eq(update->staleness, k > 0);
        ck_assert_uint_eq(update->origin, expected->node);
    }
}

/*
 * Three nodes, hub 0 with gradients of 52 ms; 1 and 2 ask it, with gradients of 47 and 100 ms.
 *
 * Both questions come at 30.  The hub answers 1 at 30, which ends at 60, then 2, until 90.  1 asks
 * again at 60; that comes at 90, and is answered until 120; 2 asks at 90, is heard at 120 and has
 * its answer at 150.  So exchanges end at 60, 120, 180, ... for 1 and at 90, 150, 210, ... for 2,
 * and the hub, which sends answers from 30 on, is free for an instant at 60, 90, 120, ...
 * A gradient is taken when the own exchange ends next:
 *   0: complete at 52, 104, 156, 208, 260; taken at 60, 120, 180, 210, 270.
 *   1: complete at 47, 94, 141, 188, taken at 60, 120, 180, 240.  The fifth, from 188 to 235, waits
 *      for 240, when the fourth is taken; the sixth begins there and is complete at 287, when the
 *      fifth, taken at 300, still lies there: from now on a gradient every 60.
 *   2: complete at 100, 200, 300, taken at 150, 210, 330.
 */
START_TEST(the_gossip_process_exchanges_without_end)
{
    static const struct expected expected[] = {
        {0, {0, 52, 104, 156, 208}, {60, 120, 180, 210, 270}},
        {1, {0, 47, 94, 141, 188, 240, 300, 360}, {60, 120, 180, 240, 300, 360, 420, 480}},
        {2, {0, 100, 200, 300}, {150, 210, 330, 450}},
    };
    const char *set[] = {
        "nodes=3",
        "compute.stragglers=[{\"first\": 0, \"last\": 0, \"slowdown\": 52}, {\"first\": 1, "
        "\"last\": 1, \"slowdown\": 47}, {\"first\": 2, \"last\": 2, \"slowdown\": 100}]",
        NULL};
    struct play play = play_none(star_text, set);
    assert_times(&play, &expected[0], 5);
    assert_times(&play, &expected[1], 8);
    assert_times(&play, &expected[2], 4);
    play_free(&play);
}
END_TEST

/*
 * The same nodes exchange once a gradient, and take it when that ends.  Nobody asks at first.
 *   1 asks at 47, is heard at 77, has the answer at 107: taken.  The hub is free until 77: takes
 * its first gradient at 52; the second, complete at 104, at 107. 1's second gradient is complete at
 * 94 and waits for 107: the third begins there.  It asks at 107, is heard at 137.  2 asks at 100,
 * heard at 130, answered until 160: taken at 160.  1 is in line from 137, answered from 160 to 190:
 * its second is taken at 190, when the third, complete at 154, is posted and the fourth begins. 1
 * asks at 190, is heard at 220.  2 asks at 200, heard at 230.  The hub takes its third, complete at
 * 156, at 160, and its fourth, complete at 208, at once: nobody has been heard since 190.  1 is
 *   answered from 220 to 250: third taken, fourth (complete at 237) posted, fifth begins.  2 is
 *   answered from 250 to 280.  The hub's fifth is complete at 260, taken at 280.
 */
START_TEST(an_exchange_a_gradient)
{
    static const struct expected expected[] = {
        {0, {0, 52, 104, 156, 208}, {52, 107, 160, 208, 280}},
        {1, {0, 47, 107, 190, 250}, {107, 190, 250, 0, 0}},
        {2, {0, 100, 200}, {160, 280, 0}},
    };
    const char *set[] = {
        "nodes=3", exchanges[1],
        "compute.stragglers=[{\"first\": 0, \"last\": 0, \"slowdown\": 52}, {\"first\": 1, "
        "\"last\": 1, \"slowdown\": 47}, {\"first\": 2, \"last\": 2, \"slowdown\": 100}]",
        NULL};
    struct play play = play_none(star_text, set);
    assert_times(&play, &expected[0], 5);
    assert_times(&play, &expected[1], 5);
    assert_times(&play, &expected[2], 3);
    play_free(&play);
}
END_TEST

/* ---- A plain loop over milliseconds: the star of six ---- */

enum activity { FREE, ASKING, IN_LINE, ANSWERED };

struct worker {
    int period_ms, ends_ms; /* of its gradients; -1: the trainer waits */
    bool posted;
    double running[D], gradient[D]; /* being computed; posted */
    enum activity activity;         /* of an active one */
    int until_ms, since_ms;         /* the question or answer arrives; in line since */
    int taken;
};

struct reference {
    struct dense_reference model;
    struct dense state;
    struct worker worker[N];
    int answering, until_ms; /* whom the hub answers (0: nobody), until when */
    bool per_gradient;
};

static void read_and_compute(struct reference *reference, uint32_t i, int now_ms)
{
    struct worker *worker = &reference->worker[i];
    dense_gradient(&reference->model, i, reference->state.x[i], worker->running);
    worker->ends_ms = now_ms + worker->period_ms;
}

static void post(struct reference *reference, uint32_t i, int now_ms)
{
    struct worker *worker = &reference->worker[i];
    memcpy(worker->gradient, worker->running, sizeof worker->gradient);
    worker->posted = true;
    read_and_compute(reference, i, now_ms);
}

static void take(struct reference *reference, uint32_t i, int now_ms)
{
    struct worker *worker = &reference->worker[i];
    if (!worker->posted)
        return;
    for (int d = 0; d < D; d++)
        reference->state.x[i][d] -= 0.05 * worker->gradient[d];
    worker->posted = false;
    worker->taken++;
    if (worker->ends_ms < 0)
        post(reference, i, now_ms);
}

static void ask(struct reference *reference, uint32_t i, int now_ms)
{
    struct worker *worker = &reference->worker[i];
    if (!reference->per_gradient)
        take(reference, i, now_ms);
    else if (!worker->posted)
        return;
    worker->activity = ASKING;
    worker->until_ms = now_ms + 30;
}

static void hub_serves(struct reference *reference, int now_ms)
{
    int next = 0;
    for (int i = 1; i < N; i++)
        if (reference->worker[i].activity == IN_LINE &&
            (next == 0 || reference->worker[i].since_ms < reference->worker[next].since_ms))
            next = i;
    if (reference->answering || next == 0)
        return;
    reference->answering = next;
    reference->until_ms = now_ms + 30;
    reference->worker[next].activity = ANSWERED;
}

static void exchange_ends(struct reference *reference, int now_ms)
{
    int i = reference->answering;
    for (int d = 0; d < D; d++) {
        double mean = (reference->state.x[0][d] + reference->state.x[i][d]) / 2;
        reference->state.x[0][d] = reference->state.x[i][d] = mean;
    }
    reference->answering = 0;
    while (reference->worker[0].posted)
        take(reference, 0, now_ms);
    reference->worker[i].activity = FREE;
    if (reference->per_gradient)
        take(reference, (uint32_t)i, now_ms);
    ask(reference, (uint32_t)i, now_ms);
}

static void gradient_ends(struct reference *reference, uint32_t i, int now_ms)
{
    struct worker *worker = &reference->worker[i];
    worker->ends_ms = -1;
    if (worker->posted)
        return;
    post(reference, i, now_ms);
    if (i == 0 && reference->answering == 0)
        take(reference, 0, now_ms);
    else if (i > 0 && worker->activity == FREE)
        ask(reference, i, now_ms);
}

static void run_reference(struct reference *reference, int end_ms)
{
    static const int periods_ms[N] = {103, 107, 109, 113, 227, 331};
    for (uint32_t i = 0; i < N; i++) {
        reference->worker[i].period_ms = periods_ms[i];
        read_and_compute(reference, i, 0);
        if (i > 0)
            ask(reference, i, 0);
    }
    for (int now_ms = 1; now_ms <= end_ms; now_ms++) {
        for (uint32_t i = 0; i < N; i++)
            if (reference->worker[i].ends_ms == now_ms)
                gradient_ends(reference, i, now_ms);
        for (int i = 1; i < N; i++)
            if (reference->worker[i].activity == ASKING &&
                reference->worker[i].until_ms == now_ms) {
                reference->worker[i].activity = IN_LINE;
                reference->worker[i].since_ms = now_ms;
            }
        if (reference->answering && reference->until_ms == now_ms)
            exchange_ends(reference, now_ms);
        hub_serves(reference, now_ms);
    }
}

/* Five nodes ask the hub, which is the bottleneck (an exchange every 30 ms among five).  The mean
 * moves by gradients alone: whatever the stop cuts, the sum of all x is that of the loop. */
START_TEST(models_are_those_of_a_plain_loop)
{
    static const int ends_ms[] = {97, 640, 2000};
    int end_ms = ends_ms[_i % 3];
    char stop[32];
    snprintf(stop, sizeof stop, "stop.time=%d ms", end_ms);
    const char *set[] = {exchanges[_i / 3], stop, NULL};
    struct scenario *scenario;
    static struct reference reference;
    memset(&reference, 0, sizeof reference);
    reference.model = dense_open(star_text, set, &scenario, &reference.state);
    reference.per_gradient = _i / 3 == 1;
    run_reference(&reference, end_ms);
    struct play play = play_fine(star_text, set);
    ck_assert_double_le(play_difference(play.rows.x, &reference.state.x[0][0], N * D), 1e-12);
    ck_assert_double_le(play_difference(play.rows.z, &reference.state.x[0][0], N * D), 1e-12);
    int taken = 0;
    for (int i = 0; i < N; i++)
        taken += reference.worker[i].taken;
    ck_assert_uint_eq(play.rows.update_count, (size_t)taken);
    ck_assert_int_ge(taken, end_ms / 400);
    play_free(&play);
    dense_close(&reference.model, scenario);
}
END_TEST

/* ---- Theory ---- */

static const char ring_text[] =
    "{\"nodes\": 8, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"ad-psgd\","
    " \"topology\": \"ring\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"1 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"time\": \"60 s\"}, \"trace\": {\"parameters\": \"final\"}}";

/* Node 2 or 3, of either side, slower by 5: the others do not notice. */
START_TEST(a_slow_worker_costs_its_own_gradients_only)
{
    char slow[96];
    snprintf(slow, sizeof slow,
             "compute.stragglers=[{\"first\": %d, \"last\": %d, \"slowdown\": 5}]", 2 + _i / 2,
             2 + _i / 2);
    const char *set[] = {slow, exchanges[_i % 2], NULL};
    struct play play = play_none(ring_text, set);
    double rate = play.result.summary.iterations * 8 / 60, expected = (7 + 1 / 5.0) / 0.1;
    ck_assert_double_eq_tol(rate, expected, 0.02 * expected);
    ck_assert_double_eq_tol((double)play.result.last.iteration_min, 120, 0.02 * 120);
    play_free(&play);
}
END_TEST

/* An exchange each way takes T_x = 30, 50 or 80 ms, in pairs that never meet others at one time.
 * Passive nodes that take a gradient an exchange keep the same time; those that poll do not wait.
 */
START_TEST(an_active_node_takes_two_messages_or_its_gradient)
{
    static const char *const modes[] = {
        "algorithm={\"name\": \"ad-psgd\"}",
        "algorithm={\"name\": \"ad-psgd\", \"exchange\": \"per-gradient\"}",
        "algorithm={\"name\": \"ad-psgd\", \"passive\": \"wait\"}",
    };
    static const int sizes_mb[] = {30, 50, 80};
    char size[40];
    snprintf(size, sizeof size, "wire.message_size=%d MB", sizes_mb[_i % 3]);
    const char *set[] = {size, modes[_i / 3],
                         "topology={\"name\": \"sgp-bipartite-exponential\", \"version\": \"tag\"}",
                         NULL};
    struct play play = play_none(ring_text, set);
    double both = fmax(0.1, 2 * sizes_mb[_i % 3] * 1e-3);
    for (uint32_t node = 0; node < 8; node++) {
        double expected = node % 2 || _i / 3 == 2 ? both : 0.1;
        int count = 0;
        while (update_of(&play, node, count))
            count++;
        ck_assert_double_eq_tol(60 / expected / count, 1, 0.02);
    }
    play_free(&play);
}
END_TEST

START_TEST(who_waits_must_be_asked)
{
    const char *set[] = {exchanges[1], "algorithm.passive=wait", NULL};
    struct play play = play_text(ring_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "algorithm.passive");
    play_free(&play);
}
END_TEST

/* Without steps the average is kept, while the nodes draw together. */
START_TEST(averages_keep_the_mean)
{
    const char *set[] = {exchanges[_i], "optimizer.learning_rate=0", "nodes=6", NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference model = dense_open(ring_text, set, &scenario, &start);
    struct play play = play_fine(ring_text, set);
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

/* ---- The rest ---- */

/* Every node does its iterations, however fast the others are done; its trainer is cut off. */
START_TEST(who_is_done_goes_on_answering)
{
    const char *set[] = {exchanges[_i], "stop={\"iterations\": 20}",
                         "compute.stragglers=[{\"first\": 1, \"last\": 1, \"slowdown\": 3}]",
                         "wire.message_size=20 MB", NULL};
    struct play play = play_fine(ring_text, set);
    ck_assert_int_eq(play.result.last.iteration_min, 20);
    ck_assert_int_eq(play.result.last.iteration_max, 20);
    ck_assert_int_eq(play.result.last.samples, 20 * 8 * 32);
    ck_assert_double_eq(
        play.result.summary.gradients_cancelled + play.result.summary.gradients_dropped, 8);
    play_free(&play);
}
END_TEST

START_TEST(threads_and_device_change_nothing)
{
    const char *set[] = {exchanges[_i], "stop={\"time\": \"5 s\"}", "wire.message_size=40 MB",
                         "compute.gradient_time={\"name\": \"lognormal\", \"mean\": \"50 ms\", "
                         "\"cv\": 1}",
                         NULL};
    struct play one = play_fine(ring_text, set), none = play_none(ring_text, set);
    struct play many = play_text(ring_text, set, (struct play_options){.threads = 2});
    ck_assert_str_eq(one.result.timeline_digest, many.result.timeline_digest);
    ck_assert_str_eq(one.result.timeline_digest, none.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, many.result.metrics_digest);
    ck_assert(memcmp(one.rows.x, many.rows.x, 8 * D * sizeof(double)) == 0);
    play_free(&one);
    play_free(&none);
    play_free(&many);
}
END_TEST

/* No time passes in an exchange: it is not repeated before the next gradient. */
START_TEST(exchanges_without_time_end)
{
    const char *set[] = {"wire.message_size=0 B", "stop={\"time\": \"2 s\"}", NULL};
    struct play play = play_none(ring_text, set);
    ck_assert_double_eq(play.result.summary.iterations, 20);
    ck_assert_double_le(play.result.summary.messages, 2 * 4 * 21);
    play_free(&play);
}
END_TEST

START_TEST(odd_cycles_are_refused)
{
    static const char *const topologies[] = {"topology=ring", "topology=complete",
                                             "topology=random-matching",
                                             "topology=one-peer-exponential"};
    static const char *const reasons[] = {"odd cycle", "odd cycle", "random schedule", "symmetric"};
    const char *set[] = {"nodes=9", topologies[_i], NULL};
    struct play play = play_text(ring_text, set, (struct play_options){.device = "none"});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, "topology.name");
    ck_assert_msg(strstr(play.error.text, reasons[_i]), "%s", play.error.text);
    play_free(&play);
}
END_TEST

static Suite *async_gossip_suite(void)
{
    Suite *suite = suite_create("async-gossip");
    TCase *tests = tcase_create("ad-psgd");
    tcase_add_test(tests, the_gossip_process_exchanges_without_end);
    tcase_add_test(tests, an_exchange_a_gradient);
    tcase_add_loop_test(tests, models_are_those_of_a_plain_loop, 0, 6);
    tcase_add_loop_test(tests, a_slow_worker_costs_its_own_gradients_only, 0, 4);
    tcase_add_loop_test(tests, an_active_node_takes_two_messages_or_its_gradient, 0, 9);
    tcase_add_test(tests, who_waits_must_be_asked);
    tcase_add_loop_test(tests, averages_keep_the_mean, 0, 2);
    tcase_add_loop_test(tests, who_is_done_goes_on_answering, 0, 2);
    tcase_add_loop_test(tests, threads_and_device_change_nothing, 0, 2);
    tcase_add_test(tests, exchanges_without_time_end);
    tcase_add_loop_test(tests, odd_cycles_are_refused, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return testing_run(async_gossip_suite());
}
