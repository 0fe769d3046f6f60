/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gossip programs against dense recursions, each other, and times worked out by hand: SGP with
 * overlap, subgradient-push, DGD, randomized gossip, push-pull.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/model.h"
#include "dense.h"
#include "play.h"
#include "scenario/scenario.h"
#include "testing.h"

#define N  DENSE_NODES
#define D  DENSE_DIMENSION
#define K  40
#define MS 1000000000LL /* ps */

/* Gradients of 100 ms; 1 byte a nanosecond and no latency: 30 MB take 30 ms. */
static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"sgp\","
    " \"topology\": \"one-peer-exponential\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 40}, \"trace\": {\"parameters\": \"final\"}}";

static struct play_options no_numerics(void)
{
    return (struct play_options){.device = "none"};
}

static void assert_near(const double *found, const double *expected, size_t count)
{
    ck_assert_double_le(play_difference(found, expected, count), 1e-12);
}

/* ---- SGP with overlap ---- */

/* What left at step k and is under way: what reaches each node. */
struct flight {
    struct dense sent[K];
};

static void mean_of(const struct dense *state, double mean[D])
{
    for (int d = 0; d < D; d++) {
        mean[d] = 0;
        for (int i = 0; i < N; i++)
            mean[d] += state->x[i][d] / N;
    }
}

/* Every message mixed is `late` of the receiver's iterations old, and `mixed` of them are. */
static void assert_late(const struct play *play, int64_t late, size_t mixed)
{
    ck_assert_uint_eq(play->rows.update_count, mixed);
    for (size_t i = 0; i < mixed; i++)
        ck_assert_int_eq(play->rows.updates[i].staleness, late);
    ck_assert_double_eq(play->result.summary.staleness_mean, (double)late);
}

struct overlap_case {
    const char *algorithm, *size;
    int tau, delay; /* steps from sending to mixing */
    bool biased;
};

/* 30 MB arrive within the next gradient, 150 MB within the second.  Nobody ever has to wait. */
START_TEST(paper_overlap_is_its_recursion)
{
    static const struct overlap_case cases[] = {
        {"algorithm={\"name\": \"sgp\", \"overlap\": 1}", "wire.message_size=30 MB", 1, 1, false},
        {"algorithm={\"name\": \"sgp\", \"overlap\": 2}", "wire.message_size=30 MB", 2, 1, false},
        {"algorithm={\"name\": \"sgp\", \"overlap\": 2}", "wire.message_size=150 MB", 2, 2, false},
        {"algorithm={\"name\": \"sgp\", \"overlap\": 3}", "wire.message_size=150 MB", 3, 2, false},
        {"algorithm={\"name\": \"sgp\", \"overlap\": 1, \"biased\": true}",
         "wire.message_size=30 MB", 1, 1, true},
    };
    const struct overlap_case *this = &cases[_i];
    const char *set[] = {this->algorithm, this->size, NULL};
    struct scenario *scenario;
    struct dense state;
    static struct flight flight;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    for (int k = 0; k < K; k++) {
        int sent = k - this->delay;
        dense_adapt(&reference, &state, 0.05, this->biased);
        if (k % this->tau == 0)
            dense_send_halves(&state, &flight.sent[k], k / this->tau);
        if (sent >= 0 && sent % this->tau == 0)
            dense_add(&state, &flight.sent[sent]);
    }
    ck_assert_int_eq(play.result.last.time_ps, K * 100 * MS);
    /* exchanges 0, tau, 2 tau, ... < K - delay, a message a node */
    assert_late(&play, this->delay, N * (size_t)((K - this->delay + this->tau - 1) / this->tau));
    assert_near(play.rows.x, &state.x[0][0], N * D);
    assert_near(play.rows.w, state.w, N);
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            state.x[i][d] /= this->biased ? 1 : state.w[i];
    assert_near(play.rows.z, &state.x[0][0], N * D);
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            state.x[i][d] *= this->biased ? 1 : state.w[i];
    for (int k = K - this->delay; k < K; k++)
        if (k % this->tau == 0)
            dense_add(&state, &flight.sent[k]);
    double mean[D], mass = 0;
    mean_of(&state, mean);
    assert_near(play.rows.mean, mean, D);
    for (int i = 0; i < N; i++)
        mass += state.w[i];
    ck_assert_double_eq_tol(mass, N, 1e-12);
    ck_assert_double_eq(play.result.summary.bytes,
                        play.result.summary.messages *
                            (((_i == 2 || _i == 3) ? 150e6 : 30e6) + (this->biased ? 0 : 8)));
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* Launched at the start of a step, collected before the next: whatever the message takes. */
START_TEST(repository_overlap_is_its_recursion)
{
    const char *set[] = {
        "algorithm={\"name\": \"sgp\", \"overlap\": 1, \"variant\": \"repository\"}",
        _i ? "wire.message_size=300 MB" : "wire.message_size=30 MB", NULL};
    int64_t exchange_ps = (_i ? 300 : 30) * MS + 8000, step_ps = _i ? exchange_ps : 100 * MS;
    struct scenario *scenario;
    struct dense state, flight;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    double mean[D];
    for (int k = 0; k < K; k++) {
        if (k > 0)
            dense_add(&state, &flight);
        dense_send_halves(&state, &flight, k);
        dense_adapt(&reference, &state, 0.05, false);
    }
    ck_assert_int_eq(play.result.last.time_ps, (K - 1) * step_ps + 100 * MS);
    for (int64_t k = 0; k < K; k++)
        ck_assert_int_eq(play_gradient_begin_ps(&play, 3, k), k * step_ps);
    ck_assert_uint_ge(play.rows.update_count, N * (K - 1)); /* those done may exchange once more */
    assert_late(&play, 1, play.rows.update_count);
    struct dense z = state;
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            z.x[i][d] /= state.w[i];
    assert_near(play.rows.z, &z.x[0][0], N * D);
    dense_add(&state, &flight);
    mean_of(&state, mean);
    assert_near(play.rows.mean, mean, D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

START_TEST(without_overlap_it_is_sgp)
{
    static const char *const same[] = {
        "algorithm={\"name\": \"sgp\", \"overlap\": 0}",
        "algorithm={\"name\": \"sgp\", \"overlap\": 0, \"variant\": \"repository\"}"};
    const char *plain[] = {"algorithm=sgp", NULL}, *set[] = {same[_i], NULL};
    struct play one = play_fine(quadratic_text, plain), two = play_fine(quadratic_text, set);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, two.result.metrics_digest);
    ck_assert(memcmp(one.rows.x, two.rows.x, N * D * sizeof(double)) == 0);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* A link moves one message at a time, T = 300 ms + 8 bytes.  Step 0 ends at 100 ms, message 0 comes
 * at 100 + T.  Step 1 ends at 200, silent for one step: waits for message 0, until 100 + T.  Step 2
 * ends at 200 + T, hears nothing, goes on; step 3 ends at 300 + T and waits for message 2, the
 * third in the queue: until 100 + 3 T.  And so on: two steps every 2 T. */
START_TEST(paper_overlap_waits_every_other_step)
{
    const char *set[] = {"nodes=4", "algorithm={\"name\": \"sgp\", \"overlap\": 1}",
                         "network.model=fifo", "wire.message_size=300 MB", NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    int64_t t = 300 * MS + 8000;
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, i, 1), 100 * MS);
        for (int64_t m = 1; m < K / 2; m++) {
            int64_t even_ps = 100 * MS + (2 * m - 1) * t;
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, 2 * m), even_ps);
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, 2 * m + 1), even_ps + 100 * MS);
        }
    }
    play_free(&play);
}
END_TEST

static const char slow_third[] =
    "compute.stragglers=[{\"first\": 2, \"last\": 2, \"slowdown\": 4}]";

/* Three nodes, all neighbours; gradients of 100, 100 and 400 ms; an exchange is two messages out
 * and two in, X = 2 (30 ms + 8 bytes).  Node 2 never waits: it launches exchange k at 400 k.  A
 * fast node starts step k + 1 when that has come, at 400 k + X; step 1 after its own 100 ms. */
START_TEST(repository_overlap_waits_for_the_slow_node)
{
    const char *set[] = {
        "nodes=3",
        "topology=ring",
        slow_third,
        "stop.iterations=10",
        "algorithm={\"name\": \"sgp\", \"overlap\": 1, \"variant\": \"repository\"}",
        NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    int64_t x = 2 * (30 * MS + 8000);
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    for (int64_t k = 0; k < 10; k++)
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k), 400 * k * MS);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, i, 1), 100 * MS);
        for (int64_t k = 2; k < 10; k++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), 400 * (k - 1) * MS + x);
    }
    play_free(&play);
}
END_TEST

/* The same with one failed poll allowed: two steps of a fast node for one of node 2.  Exchange 0 is
 * in when step 1 starts at 100; exchange 1, which node 2 launches at 400, is polled in vain at 200
 * and waited for at 300, until 400 + X; from then on two steps every 400 ms.  The fast nodes are
 * done half-way; they go on exchanging, or node 2 would wait for ever. */
START_TEST(a_failed_poll_is_another_step)
{
    const char *set[] = {
        "nodes=3",
        "topology=ring",
        slow_third,
        "stop.iterations=10",
        _i ? "algorithm={\"name\": \"sgp\", \"overlap\": 2, \"variant\": \"repository\"}"
           : "algorithm={\"name\": \"sgp\", \"overlap\": 1, \"synch_freq\": 1, \"variant\": "
             "\"repository\"}",
        NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    int64_t x = 2 * (30 * MS + 8000);
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    for (int64_t k = 0; k < 10; k++)
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k), 400 * k * MS);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, i, 1), 100 * MS);
        ck_assert_int_eq(play_gradient_begin_ps(&play, i, 2), 200 * MS);
        for (int64_t m = 1; m < 4; m++) {
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, 2 * m + 1), 400 * m * MS + x);
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, 2 * m + 2), (400 * m + 100) * MS + x);
        }
    }
    play_free(&play);
}
END_TEST

/* The paper's rule on the same nodes.  A fast node hears nothing by 100 ms, so at 200 it waits for
 * all messages 0; node 2's comes at 400 + X.  Step 2 ends 100 ms later and hears nothing new, so
 * step 3 waits for message 2 of node 2, sent at 1200.  Node 2 always finds messages and never
 * waits.  Two steps in 800 ms: in the mean the slow node's pace, in bursts.  Node 0 adds message 0
 * of node 2 in its step 1; messages 1 and 2 in step 3, two steps late and one; and so on.  To node
 * 2 nothing is late. */
START_TEST(paper_overlap_waits_for_the_slow_node)
{
    const char *set[] = {"nodes=3",
                         "topology=ring",
                         slow_third,
                         "stop.iterations=10",
                         "algorithm={\"name\": \"sgp\", \"overlap\": 1}",
                         NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    int64_t x = 2 * (30 * MS + 8000);
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    for (int64_t k = 0; k < 10; k++)
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k), 400 * k * MS);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(play_gradient_begin_ps(&play, i, 1), 100 * MS);
        for (int64_t m = 1; m < 5; m++) {
            int64_t even_ps = 400 * (2 * m - 1) * MS + x;
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, 2 * m), even_ps);
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, 2 * m + 1), even_ps + 100 * MS);
        }
    }
    int64_t late = 1;
    for (size_t u = 0; u < play.rows.update_count; u++) {
        const struct trace_update *row = &play.rows.updates[u];
        if (row->node == 2)
            ck_assert_int_eq(row->staleness, 0);
        if (row->node != 0 || row->origin != 2)
            continue;
        ck_assert_int_eq(row->staleness, late);
        late = 3 - late;
    }
    play_free(&play);
}
END_TEST

/* Random times, a slow node, several in-neighbours, both protocols: every node does its iterations,
 * no mass is lost (the engine checks at every event), and the bits depend on no thread. */
START_TEST(overlap_holds_under_random_times)
{
    static const char *const graphs[] = {"topology=static-exponential",
                                         "topology=one-peer-exponential"};
    char algorithm[128];
    snprintf(
        algorithm, sizeof algorithm,
        "algorithm={\"name\": \"sgp\", \"overlap\": %d, \"variant\": \"%s\", \"wait\": \"%s\"}",
        1 + _i % 3, _i % 2 ? "repository" : "paper", _i % 4 < 2 ? "receive" : "receive-and-send");
    const char *set[] = {algorithm,
                         graphs[_i / 6],
                         slow_third,
                         _i % 5 < 2 ? "network.protocol=rendezvous" : "network.protocol=eager",
                         "compute.gradient_time={\"name\": \"lognormal\", \"mean\": \"50 ms\", "
                         "\"cv\": 1}",
                         NULL};
    struct play one = play_fine(quadratic_text, set);
    struct play many = play_text(quadratic_text, set, (struct play_options){.threads = 3});
    ck_assert_int_eq(one.result.last.iteration_min, K);
    ck_assert_int_eq(one.result.last.iteration_max, K);
    ck_assert_str_eq(one.result.timeline_digest, many.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, many.result.metrics_digest);
    play_free(&one);
    play_free(&many);
}
END_TEST

struct refusal {
    const char *algorithm, *path;
};

START_TEST(contradictory_overlap_is_refused)
{
    static const struct refusal cases[] = {
        {"algorithm={\"name\": \"sgp\", \"biased\": true}", "algorithm.biased"},
        {"algorithm={\"name\": \"sgp\", \"synch_freq\": 1}", "algorithm.synch_freq"},
        {"algorithm={\"name\": \"sgp\", \"overlap\": 1, \"synch_freq\": 1}",
         "algorithm.synch_freq"},
        {"algorithm={\"name\": \"sgp\", \"overlap\": 3, \"synch_freq\": 1, \"variant\": "
         "\"repository\"}",
         "algorithm.synch_freq"},
    };
    const char *set[] = {cases[_i].algorithm, NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, cases[_i].path);
    play_free(&play);
}
END_TEST

/* ---- Subgradient-push ---- */

START_TEST(subgradient_push_is_its_recursion)
{
    const char *set[] = {"algorithm=subgradient-push", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    for (int k = 0; k < K; k++) {
        double p[N][N];
        dense_exponential(p, k);
        dense_multiply(&state, p);
        dense_adapt(&reference, &state, 0.05, false);
    }
    assert_near(play.rows.x, &state.x[0][0], N * D);
    assert_near(play.rows.w, state.w, N);
    ck_assert_int_eq(play.result.last.time_ps, K * (130 * MS + 8000));
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* SGP's x after k steps, and one more gradient step without mixing. */
START_TEST(subgradient_push_is_sgp_half_a_step_earlier)
{
    static const char start[] = "initial={\"name\": \"constant\", \"value\": 0.5}";
    const char *sgp[] = {"algorithm=sgp", "topology=ring", "stop.iterations=39", start, NULL};
    const char *push[] = {"algorithm=subgradient-push", "topology=ring", start, NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play one = play_fine(quadratic_text, sgp), two = play_fine(quadratic_text, push);
    memcpy(state.x, one.rows.x, sizeof state.x);
    memcpy(state.w, one.rows.w, sizeof state.w);
    dense_adapt(&reference, &state, 0.05, false);
    assert_near(two.rows.x, &state.x[0][0], N * D);
    play_free(&one);
    play_free(&two);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- DGD ---- */

START_TEST(dgd_is_d_psgd_without_noise)
{
    const char *dgd[] = {"algorithm=dgd", "topology=ring", NULL};
    const char *d_psgd[] = {"algorithm=d-psgd", "topology=ring", NULL};
    struct play one = play_fine(quadratic_text, dgd), two = play_fine(quadratic_text, d_psgd);
    assert_near(one.rows.x, two.rows.x, N * D);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* (I - W) X + a G(X) = 0; with curvature 1 the sum of the rows says that the mean is optimal. */
START_TEST(dgd_stops_at_its_fixed_point)
{
    const char *set[] = {"algorithm=dgd", "topology=ring",       "model.L=1",
                         "model.mu=1",    "stop.iterations=800", NULL};
    struct play play = play_fine(quadratic_text, set);
    struct scenario *scenario;
    struct dense state, mixed;
    double p[N][N], furthest = 0;
    struct dense_reference reference = dense_open(quadratic_text, set, &scenario, &state);
    memcpy(state.x, play.rows.x, sizeof state.x);
    mixed = state;
    dense_ring(p);
    dense_multiply(&mixed, p);
    for (uint32_t i = 0; i < N; i++) {
        double g[D];
        dense_gradient(&reference, i, state.x[i], g);
        for (int d = 0; d < D; d++) {
            ck_assert_double_le(fabs(state.x[i][d] - mixed.x[i][d] + 0.05 * g[d]), 1e-12);
            furthest = fmax(furthest, fabs(g[d]));
        }
    }
    ck_assert_double_gt(furthest, 0.1);
    ck_assert_double_le(play.result.summary.optimum_distance, 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* Gradient and exchange side by side: two messages out and two in, 60 ms or 240 ms. */
START_TEST(dgd_overlaps_its_exchange)
{
    const char *set[] = {"nodes=4", "algorithm=dgd", "topology=ring",
                         _i ? "wire.message_size=120 MB" : "wire.message_size=30 MB", NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    ck_assert_int_eq(play.result.last.time_ps, K * (_i ? 240 : 100) * MS);
    play_free(&play);
}
END_TEST

/* ---- Averaging in pairs ---- */

static const char *const pair_programs[] = {"algorithm=randomized-gossip", "algorithm=push-pull"};

/* The matchings as the trace shows them. */
START_TEST(pairs_average)
{
    const char *set[] = {pair_programs[_i], "topology=random-matching", "stop.iterations=6", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    for (int k = 0; k < 6; k++) {
        double p[N][N] = {{0}};
        for (int i = 0; i < N; i++)
            p[i][i] = 1;
        for (size_t m = 0; m < play.rows.message_count; m++) {
            const struct trace_message *row = &play.rows.messages[m];
            if (row->round == k)
                p[row->dst][row->src] = p[row->src][row->src] = 0.5;
        }
        dense_multiply(&state, p);
    }
    ck_assert_double_eq(play.result.summary.messages, 6 * N);
    assert_near(play.rows.x, &state.x[0][0], N * D);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* Two rounds among 16 shrink the squared distance by (14 / 30)^2 in expectation. */
START_TEST(pairs_contract_as_the_theory_says)
{
    double sum = 0, before = 0, expected = 14.0 / 30 * 14 / 30;
    for (int seed = 1; seed <= 60; seed++) {
        char text[32];
        snprintf(text, sizeof text, "seed=%d", seed);
        const char *set[] = {pair_programs[_i],
                             "topology=random-matching",
                             "stop.iterations=2",
                             "nodes=16",
                             "model.dimension=100",
                             text,
                             NULL};
        struct play play = play_fine(quadratic_text, set);
        before += play.rows.metrics[0].consensus;
        sum += play.result.summary.consensus;
        play_free(&play);
    }
    ck_assert_double_eq_tol(sum / before, expected, 0.05 * expected);
}
END_TEST

START_TEST(a_gossip_round_takes_one_message)
{
    const char *set[] = {pair_programs[0], "topology=random-matching", "nodes=4", NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    ck_assert_int_eq(play.result.last.time_ps, K * 30 * MS);
    play_free(&play);
}
END_TEST

/* Of each pair the smaller rank asks at 60 k and the other answers at 60 k + 30 ms. */
START_TEST(push_pull_asks_and_answers)
{
    const char *set[] = {pair_programs[1], "topology=random-matching", "nodes=4", NULL};
    struct play play = play_text(quadratic_text, set, no_numerics());
    ck_assert_uint_eq(play.rows.message_count, K * 4);
    for (size_t m = 0; m < play.rows.message_count; m++) {
        const struct trace_message *row = &play.rows.messages[m];
        int64_t posted_ps = (60 * row->round + (row->src < row->dst ? 0 : 30)) * MS;
        ck_assert_int_eq(row->posted_ps, posted_ps);
        ck_assert_int_eq(row->arrived_ps, posted_ps + 30 * MS);
    }
    ck_assert_int_eq(play.result.last.time_ps, K * 60 * MS);
    play_free(&play);
}
END_TEST

static Suite *gossip_suite(void)
{
    Suite *suite = suite_create("gossip");
    TCase *overlap = tcase_create("overlap"), *descent = tcase_create("descent"),
          *pairs = tcase_create("pairs");
    tcase_add_loop_test(overlap, paper_overlap_is_its_recursion, 0, 5);
    tcase_add_loop_test(overlap, repository_overlap_is_its_recursion, 0, 2);
    tcase_add_loop_test(overlap, without_overlap_it_is_sgp, 0, 2);
    tcase_add_test(overlap, paper_overlap_waits_every_other_step);
    tcase_add_test(overlap, repository_overlap_waits_for_the_slow_node);
    tcase_add_loop_test(overlap, a_failed_poll_is_another_step, 0, 2);
    tcase_add_test(overlap, paper_overlap_waits_for_the_slow_node);
    tcase_add_loop_test(overlap, overlap_holds_under_random_times, 0, 12);
    tcase_add_loop_test(overlap, contradictory_overlap_is_refused, 0, 4);
    tcase_add_test(descent, subgradient_push_is_its_recursion);
    tcase_add_test(descent, subgradient_push_is_sgp_half_a_step_earlier);
    tcase_add_test(descent, dgd_is_d_psgd_without_noise);
    tcase_add_test(descent, dgd_stops_at_its_fixed_point);
    tcase_add_loop_test(descent, dgd_overlaps_its_exchange, 0, 2);
    tcase_add_loop_test(pairs, pairs_average, 0, 2);
    tcase_add_loop_test(pairs, pairs_contract_as_the_theory_says, 0, 2);
    tcase_add_test(pairs, a_gossip_round_takes_one_message);
    tcase_add_test(pairs, push_pull_asks_and_answers);
    suite_add_tcase(suite, overlap);
    suite_add_tcase(suite, descent);
    suite_add_tcase(suite, pairs);
    return suite;
}

int main(void)
{
    return testing_run(gossip_suite());
}
