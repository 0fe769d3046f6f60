/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Node programs against theory: dense matrix recursions, identities between algorithms, and
 * iteration times worked out by hand.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/model.h"
#include "dense.h"
#include "play.h"
#include "testing.h"

/* ---- Dense references ---- */

#define N DENSE_NODES
#define D DENSE_DIMENSION

static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"sgp\","
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\", \"cv\": "
    "0.5}},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 40}, \"trace\": {\"parameters\": \"final\"}}";

/* X' = W X - gamma G(X). */
static void combine_then_adapt(const struct dense_reference *reference, struct dense *state,
                               double gamma)
{
    double g[N][D], p[N][N];
    for (uint32_t i = 0; i < N; i++)
        dense_gradient(reference, i, state->x[i], g[i]);
    dense_ring(p);
    dense_multiply(state, p);
    for (int i = 0; i < N; i++)
        for (int d = 0; d < D; d++)
            state->x[i][d] -= gamma * g[i][d];
}

static void assert_equal(const struct play *play, const struct dense *state)
{
    ck_assert_uint_eq(play->rows.nodes, N);
    ck_assert_uint_eq(play->rows.dimension, D);
    ck_assert_double_le(play_difference(play->rows.x, &state->x[0][0], N * D), 1e-12);
    ck_assert_double_le(play_difference(play->rows.w, state->w, N), 1e-12);
}

START_TEST(d_psgd_combine_then_adapt_is_its_recursion)
{
    const char *set[] = {"algorithm=d-psgd", "topology={\"name\": \"ring\"}", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    for (int k = 0; k < 40; k++)
        combine_then_adapt(&reference, &state, 0.05);
    assert_equal(&play, &state);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

START_TEST(d_psgd_adapt_then_combine_is_its_recursion)
{
    const char *set[] = {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\"}",
                         "topology={\"name\": \"ring\"}", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    double p[N][N];
    dense_ring(p);
    for (int k = 0; k < 40; k++) {
        dense_adapt(&reference, &state, 0.05, false);
        dense_multiply(&state, p);
    }
    assert_equal(&play, &state);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* Pairs of the tag's bipartite schedule on 6 nodes: distances 1, 3, 5 (mod 6), both signs. */
START_TEST(d_psgd_pairwise_blocking_is_its_recursion)
{
    const char *set[] = {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\", "
                         "\"exchange\": \"pairwise-blocking\"}",
                         "topology={\"name\": \"random-matching\"}", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    /* the matchings as the trace shows them: who sent to whom in round k */
    for (int k = 0; k < 40; k++) {
        double p[N][N] = {{0}};
        for (int i = 0; i < N; i++)
            p[i][i] = 1;
        for (size_t m = 0; m < play.rows.message_count; m++) {
            const struct trace_message *row = &play.rows.messages[m];
            if (row->round == k) {
                p[row->dst][row->src] = 0.5;
                p[row->src][row->src] = 0.5;
            }
        }
        dense_adapt(&reference, &state, 0.05, false);
        dense_multiply(&state, p);
    }
    assert_equal(&play, &state);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

START_TEST(sgp_is_its_recursion)
{
    const char *set[] = {"topology=one-peer-exponential", NULL};
    struct scenario *scenario;
    struct dense state;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    for (int k = 0; k < 40; k++) {
        double p[N][N];
        dense_adapt(&reference, &state, 0.05, false);
        dense_exponential(p, k);
        dense_multiply(&state, p);
    }
    assert_equal(&play, &state);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* A strongly connected graph whose weights are column- but not row-stochastic. */
static void uneven_matrix(double p[N][N])
{
    static const double edges[][3] = {{0, 1, 0.3}, {0, 2, 0.45}, {1, 2, 0.6}, {2, 3, 0.2},
                                      {3, 4, 0.7}, {4, 5, 0.5},  {5, 0, 0.8}, {3, 0, 0.1}};
    memset(p, 0, N * N * sizeof(double));
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++)
        p[(int)edges[e][1]][(int)edges[e][0]] = edges[e][2];
    for (int j = 0; j < N; j++) {
        double given = 0;
        for (int i = 0; i < N; i++)
            given += p[i][j];
        p[j][j] = 1 - given;
    }
}

static void write_matrix(const char *path, double p[N][N])
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int j = 0; j < N; j++)
        for (int i = 0; i < N; i++)
            if (p[i][j] != 0)
                fprintf(file, "%d,%d,%.17g\n", j, i, p[i][j]);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(sgp_debiases_on_uneven_graphs)
{
    char directory[] = "/tmp/hearsay-test-XXXXXX", path[64], topology[160];
    struct scenario *scenario;
    struct dense state;
    double p[N][N];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/edges.csv", directory);
    snprintf(topology, sizeof topology, "topology={\"name\": \"edge-list\", \"path\": \"%s\"}",
             path);
    uneven_matrix(p);
    write_matrix(path, p);
    const char *set[] = {topology, NULL};
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &state);
    struct play play = play_fine(quadratic_text, set);
    for (int k = 0; k < 40; k++) {
        dense_adapt(&reference, &state, 0.05, false);
        dense_multiply(&state, p);
    }
    ck_assert_double_gt(fabs(play.rows.w[0] - 1), 0.01);
    assert_equal(&play, &state);
    for (size_t i = 0; i < N; i++)
        for (size_t d = 0; d < D; d++)
            state.x[i][d] /= state.w[i];
    ck_assert_double_le(play_difference(play.rows.z, &state.x[0][0], N * D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
    unlink(path);
    rmdir(directory);
}
END_TEST

/* ---- Push-sum ---- */

static const char push_sum_text[] =
    "{\"nodes\": 8, \"precision\": \"float64\", \"algorithm\": \"push-sum\","
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 3}, \"initial\": \"random\","
    " \"stop\": {\"iterations\": 1}, \"trace\": {\"parameters\": \"final\"}}";

START_TEST(push_sum_is_exact_after_log2_n_rounds)
{
    uint32_t n = 1u << (_i + 1);
    char nodes[32], rounds[64];
    snprintf(nodes, sizeof nodes, "nodes=%u", n);
    snprintf(rounds, sizeof rounds, "stop.iterations=%d", _i + 1);
    const char *start[] = {nodes, "stop.iterations=0", NULL};
    const char *set[] = {nodes, rounds, NULL};
    struct play before = play_fine(push_sum_text, start);
    struct play play = play_fine(push_sum_text, set);
    for (size_t d = 0; d < 3; d++) {
        long double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += before.rows.x[i * 3 + d];
        double mean = (double)(sum / n);
        for (size_t i = 0; i < n; i++)
            ck_assert_double_le(fabs(play.rows.z[i * 3 + d] - mean), 1e-14 * fabs(mean) + 1e-15);
    }
    play_free(&before);
    play_free(&play);
}
END_TEST

START_TEST(push_sum_converges_on_uneven_graphs)
{
    char directory[] = "/tmp/hearsay-test-XXXXXX", path[64], topology[160];
    double p[N][N];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/edges.csv", directory);
    snprintf(topology, sizeof topology, "topology={\"name\": \"edge-list\", \"path\": \"%s\"}",
             path);
    uneven_matrix(p);
    write_matrix(path, p);
    const char *set[] = {"nodes=6", topology, "stop.iterations=400", NULL};
    const char *start[] = {"nodes=6", topology, "stop.iterations=0", NULL};
    struct play before = play_fine(push_sum_text, start);
    struct play play = play_fine(push_sum_text, set);
    for (size_t d = 0; d < 3; d++) {
        double mean = 0;
        for (size_t i = 0; i < N; i++)
            mean += before.rows.x[i * 3 + d] / N;
        for (size_t i = 0; i < N; i++)
            ck_assert_double_le(fabs(play.rows.z[i * 3 + d] - mean), 1e-12);
        ck_assert_double_le(fabs(play.rows.mean[d] - mean), 1e-12);
    }
    play_free(&before);
    play_free(&play);
    unlink(path);
    rmdir(directory);
}
END_TEST

/* ---- Identities ---- */

static const char softmax_text[] =
    "{\"nodes\": 4, \"precision\": \"float64\", \"seed\": 3,"
    " \"algorithm\": {\"name\": \"ar-sgd\", \"average\": \"gradients\"},"
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\", \"cv\": "
    "0.5}},"
    " \"model\": \"softmax\","
    " \"data\": {\"name\": \"gaussian-blobs\", \"features\": 6, \"classes\": 3, \"samples\": 600,"
    "   \"batch_size\": 8, \"sampling\": \"global\"},"
    " \"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.1, \"momentum\": 0.9,"
    "   \"weight_decay\": 0.001},"
    " \"stop\": {\"iterations\": 20}, \"trace\": {\"parameters\": \"final\"}}";

START_TEST(ar_sgd_with_global_sampling_is_one_node_with_a_large_batch)
{
    static const char *const averages[] = {"gradients", "parameters"};
    char algorithm[96];
    snprintf(algorithm, sizeof algorithm, "algorithm={\"name\": \"ar-sgd\", \"average\": \"%s\"}",
             averages[_i]);
    const char *four[] = {algorithm, "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.1}", NULL};
    const char *one[] = {algorithm, "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.1}",
                         "nodes=1", "data.batch_size=32", NULL};
    struct play many = play_fine(softmax_text, four), single = play_fine(softmax_text, one);
    ck_assert_uint_eq(many.rows.dimension, single.rows.dimension);
    for (size_t i = 0; i < 4; i++)
        ck_assert_double_le(play_difference(many.rows.x + i * many.rows.dimension, single.rows.x,
                                            single.rows.dimension),
                            1e-12);
    play_free(&many);
    play_free(&single);
}
END_TEST

/* Every node takes the same step with the mean gradient, whatever the rule makes of it.  The sum of
 * the four parts is rounded otherwise than that of the large batch; eps keeps Adam from dividing
 * such differences by next to nothing. */
static const char *const averaged_rules[] = {
    "{\"name\": \"nesterov\", \"learning_rate\": 0.1, \"weight_decay\": 0.001}",
    "{\"name\": \"adam\", \"learning_rate\": 0.05, \"eps\": 1e-4, \"weight_decay\": 0.01}",
    "{\"name\": \"adamw\", \"learning_rate\": 0.05, \"eps\": 1e-4, \"weight_decay\": 0.01,"
    " \"clip_norm\": 0.2, \"schedule\": {\"inverse_sqrt_steps\": 5}}",
    "{\"name\": \"lars\", \"learning_rate\": 1, \"trust\": 0.1, \"weight_decay\": 0.01}",
};

START_TEST(gradient_averaging_is_one_node_for_any_rule)
{
    char optimizer[256];
    snprintf(optimizer, sizeof optimizer, "optimizer=%s", averaged_rules[_i]);
    const char *four[] = {optimizer, NULL};
    const char *one[] = {optimizer, "nodes=1", "data.batch_size=32", NULL};
    const char *plain[] = {"nodes=1", "data.batch_size=32",
                           "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.1}", NULL};
    struct play many = play_fine(softmax_text, four), single = play_fine(softmax_text, one);
    struct play other = play_fine(softmax_text, plain);
    size_t dimension = single.rows.dimension;
    for (size_t i = 0; i < 4; i++)
        ck_assert_double_le(play_difference(many.rows.x + i * dimension, single.rows.x, dimension),
                            1e-12);
    ck_assert_double_gt(play_difference(other.rows.x, single.rows.x, dimension), 1e-3);
    play_free(&many);
    play_free(&single);
    play_free(&other);
}
END_TEST

/* Two threads, and flushes after every few operations: the same bits. */
static void small_memory(struct run_config *config)
{
    config->plan_memory_bytes = 1024;
}

START_TEST(rules_give_the_same_bits_for_any_threads_and_memory)
{
    char optimizer[256];
    snprintf(optimizer, sizeof optimizer, "optimizer=%s", averaged_rules[_i]);
    const char *set[] = {optimizer, "algorithm=sgp", "topology=one-peer-exponential", NULL};
    struct play one = play_fine(softmax_text, set);
    struct play two =
        play_text(softmax_text, set, (struct play_options){.threads = 3, .alter = small_memory});
    ck_assert_msg(two.status == STATUS_OK, "%s: %s", two.error.path, two.error.text);
    ck_assert(memcmp(one.rows.x, two.rows.x, 4 * one.rows.dimension * sizeof(double)) == 0);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* Nodes that start apart: the same steps leave x_i - x_0 as it is; averages of parameters don't. */
START_TEST(averaged_gradients_keep_nodes_apart)
{
    const char *set[] = {_i ? "algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}"
                            : "algorithm={\"name\": \"ar-sgd\", \"average\": \"gradients\"}",
                         NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct play play = play_fine(quadratic_text, set);
    for (int i = 1; i < N; i++)
        for (int d = 0; d < D; d++) {
            double apart = play.rows.x[i * D + d] - play.rows.x[d];
            double expected = _i ? 0 : start.x[i][d] - start.x[0][d];
            ck_assert_double_ne(start.x[i][d], start.x[0][d]);
            ck_assert_double_eq_tol(apart, expected, 1e-12);
        }
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

START_TEST(sgp_on_the_complete_graph_is_ar_sgd)
{
    const char *sgp[] = {"algorithm=sgp", "topology=complete", "stop.iterations=100", NULL};
    const char *ar[] = {"algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}",
                        "stop.iterations=100", NULL};
    struct play gossip = play_fine(softmax_text, sgp), reduce = play_fine(softmax_text, ar);
    ck_assert_double_le(
        play_difference(gossip.rows.x, reduce.rows.x, gossip.rows.dimension * gossip.rows.nodes),
        1e-12);
    play_free(&gossip);
    play_free(&reduce);
}
END_TEST

/* 4 nodes of 8 of 600 samples: an iteration is 32 / 600 epochs.  A rate that falls to nothing at
 * epoch 300 / 600 leaves every node 10 steps by its own clock (288 / 600 before the tenth); by the
 * global one two nodes miss their tenth, which 304 and 312 samples precede. */
START_TEST(schedules_read_the_clock_they_name)
{
    static const char local[] = "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.1, "
                                "\"schedule\": {\"milestones\": [0.5], \"factor\": 1e-300}}";
    static const char global[] = "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.1, "
                                 "\"schedule\": {\"milestones\": [0.5], \"factor\": 1e-300, "
                                 "\"clock\": \"global\"}}";
    const char *by_local[] = {local, "algorithm.average=parameters", NULL};
    const char *ten[] = {local, "algorithm.average=parameters", "stop.iterations=10", NULL};
    const char *by_global[] = {global, "algorithm.average=parameters", NULL};
    struct play own = play_fine(softmax_text, by_local), first = play_fine(softmax_text, ten);
    struct play all = play_fine(softmax_text, by_global);
    size_t count = own.rows.dimension * own.rows.nodes;
    ck_assert_double_le(play_difference(own.rows.x, first.rows.x, count), 1e-12);
    ck_assert_double_gt(play_difference(all.rows.x, first.rows.x, count), 1e-6);
    play_free(&own);
    play_free(&first);
    play_free(&all);
}
END_TEST

/* ---- Iteration times by hand.  8 Gbps = 1 byte a nanosecond; alpha = 50 us. ---- */

#define MS 1000000000LL /* ps */

static const char timing_text[] =
    "{\"nodes\": 4, \"algorithm\": \"sgp\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"50 us\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 4},"
    " \"stop\": {\"iterations\": 10}}";

static const char slow_node[] = "compute.stragglers=[{\"first\": 2, \"last\": 2, \"slowdown\": 4}]";

/* Recursive doubling on 4 nodes: 2 (alpha + M b) = 2 (0.05 + 30) ms. */
START_TEST(ar_sgd_takes_slowest_plus_all_reduce)
{
    const char *set[] = {"algorithm={\"name\": \"ar-sgd\", \"collective\": \"recursive-doubling\"}",
                         slow_node, NULL};
    struct play play = play_text(timing_text, set, (struct play_options){.device = "none"});
    ck_assert(play.status == STATUS_OK);
    int64_t iteration_ps = 400 * MS + 2 * (30 * MS + MS / 20);
    ck_assert_int_eq(play.result.last.time_ps, 10 * iteration_ps);
    for (int64_t k = 0; k < 10; k++)
        for (uint32_t i = 0; i < 4; i++)
            ck_assert_int_eq(play_gradient_begin_ps(&play, i, k), k * iteration_ps);
    play_free(&play);
}
END_TEST

/* Recursive doubling among 4: two full vectors from each rank; both levels play the same. */
START_TEST(level_full_shows_the_messages_of_an_all_reduce)
{
    const char *full[] = {
        "algorithm={\"name\": \"ar-sgd\", \"collective\": \"recursive-doubling\"}",
        "stop.iterations=1", "trace.level=full", NULL};
    const char *less[] = {full[0], full[1], "trace.level=messages", NULL};
    struct play every = play_text(timing_text, full, (struct play_options){.device = "none"});
    struct play some = play_text(timing_text, less, (struct play_options){.device = "none"});
    ck_assert_uint_eq(every.rows.chunk_count, 4 * 2);
    ck_assert_int_eq(every.rows.chunk_bytes, 4 * 2 * 30000000);
    ck_assert_int_eq((int64_t)every.result.summary.bytes, every.rows.chunk_bytes);
    ck_assert_uint_eq(some.rows.chunk_count, 0);
    ck_assert_str_eq(every.result.timeline_digest, some.result.timeline_digest);
    play_free(&every);
    play_free(&some);
}
END_TEST

/* A third of a gradient is its forward pass; the digest does not look inside. */
START_TEST(level_full_splits_gradients)
{
    const char *full[] = {"stop.iterations=1", "trace.level=full", NULL};
    const char *less[] = {"stop.iterations=1", "trace.level=messages", NULL};
    struct play_options none = {.device = "none"};
    struct play every = play_text(timing_text, full, none);
    struct play some = play_text(timing_text, less, none);
    size_t forward = 0, backward = 0;
    for (size_t i = 0; i < every.rows.span_count; i++) {
        const struct trace_span *span = &every.rows.spans[i];
        if (span->kind == TRACE_SPAN_FORWARD) {
            forward++;
            ck_assert_int_eq(span->begin_ps, 0);
            ck_assert_int_eq(llabs(span->end_ps - 100 * MS / 3) <= 1, 1);
        } else if (span->kind == TRACE_SPAN_BACKWARD) {
            backward++;
            ck_assert_int_eq(span->end_ps, 100 * MS);
        }
    }
    ck_assert_uint_eq(forward, 4);
    ck_assert_uint_eq(backward, 4);
    ck_assert_str_eq(every.result.timeline_digest, some.result.timeline_digest);
    play_free(&every);
    play_free(&some);
}
END_TEST

/* Four messages travel in a fold of 3 ranks: rank 2 gives, 0 and 1 exchange, 0 gives back. */
START_TEST(idle_steps_send_no_message)
{
    const char *set[] = {"nodes=3",
                         "algorithm={\"name\": \"ar-sgd\", \"collective\": \"recursive-doubling\"}",
                         "stop.iterations=1", NULL};
    struct play play = play_text(timing_text, set, (struct play_options){.device = "none"});
    ck_assert_double_eq(play.result.summary.messages, 4);
    ck_assert_double_eq(play.result.summary.bytes, 4 * 30e6);
    play_free(&play);
}
END_TEST

/* The exchange takes 30.05 ms <= (s - 1) T_c = 300 ms: s T_c an iteration in steady state. */
START_TEST(sgp_takes_slowest_alone)
{
    const char *set[] = {slow_node, "algorithm.wait=receive", "topology=one-peer-exponential",
                         NULL};
    struct play play = play_text(timing_text, set, (struct play_options){.device = "none"});
    ck_assert(play.status == STATUS_OK);
    for (int64_t k = 4; k < 10; k++)
        ck_assert_int_eq(play_gradient_begin_ps(&play, 2, k) -
                             play_gradient_begin_ps(&play, 2, k - 1),
                         400 * MS);
    play_free(&play);
}
END_TEST

struct timing {
    const char *algorithm, *topology;
    int64_t compute_parts, exchange_parts; /* of an iteration; -1: the larger of both */
};

START_TEST(equal_nodes_take_the_expected_time)
{
    static const struct timing cases[] = {
        {"algorithm=sgp", "topology=one-peer-exponential", 1, 1},
        {"algorithm=d-psgd", "topology=one-peer-exponential", -1, -1},
        {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\"}",
         "topology=one-peer-exponential", 1, 1},
        {"algorithm={\"name\": \"d-psgd\", \"order\": \"adapt-then-combine\", "
         "\"exchange\": \"pairwise-blocking\"}",
         "topology=sgp-bipartite-exponential", 1, 2},
    };
    static const char *const sizes[] = {"wire.message_size=30 MB", "wire.message_size=300 MB"};
    const struct timing *timing = &cases[_i / 2];
    const char *set[] = {timing->algorithm, timing->topology, sizes[_i % 2], NULL};
    struct play play = play_text(timing_text, set, (struct play_options){.device = "none"});
    /* 8 bytes of push-sum weight travel with SGP's messages */
    int64_t weight_ps = strcmp(timing->algorithm, "algorithm=sgp") == 0 ? 8000 : 0;
    int64_t compute_ps = 100 * MS;
    int64_t exchange_ps = (_i % 2 ? 300 : 30) * MS + MS / 20 + weight_ps;
    int64_t expected_ps = timing->compute_parts < 0
                              ? (compute_ps > exchange_ps ? compute_ps : exchange_ps)
                              : compute_ps + timing->exchange_parts * exchange_ps;
    ck_assert_msg(play.status == STATUS_OK, "%s", play.error.text);
    ck_assert_int_eq(play.result.last.time_ps, 10 * expected_ps);
    play_free(&play);
}
END_TEST

/* Rendezvous: a flow starts when the receiver waits.  Two nodes, gradients of 100 and 300 ms: node
 * 0 sends at 100 ms, but node 1 waits only at 300 ms, so both flows run from 300 ms; eager, node
 * 0's message is there at 130.05 ms already.  Round 0 ends at 330.05 ms for both in either case. */
START_TEST(rendezvous_waits_for_the_receiver)
{
    const char *set[] = {"nodes=2",
                         "topology=ring",
                         "network.protocol=rendezvous",
                         "compute.speeds=[{\"first\": 0, \"last\": 0, \"speed\": 3}]",
                         "compute.gradient_time.mean=300 ms",
                         "stop.iterations=1",
                         NULL};
    const char *eager[] = {"nodes=2",
                           "topology=ring",
                           "network.protocol=eager",
                           "compute.speeds=[{\"first\": 0, \"last\": 0, \"speed\": 3}]",
                           "compute.gradient_time.mean=300 ms",
                           "stop.iterations=1",
                           NULL};
    struct play_options none = {.device = "none"};
    struct play late = play_text(timing_text, set, none),
                early = play_text(timing_text, eager, none);
    int64_t flow_ps = 30 * MS + MS / 20 + 8000;
    for (size_t m = 0; m < 2; m++) {
        ck_assert_int_eq(late.rows.messages[m].arrived_ps, 300 * MS + flow_ps);
        const struct trace_message *row = &early.rows.messages[m];
        ck_assert_int_eq(row->arrived_ps, (row->src == 0 ? 100 : 300) * MS + flow_ps);
    }
    play_free(&late);
    play_free(&early);
}
END_TEST

static Suite *algorithms_suite(void)
{
    Suite *suite = suite_create("algorithms");
    TCase *theory = tcase_create("theory"), *times = tcase_create("times");
    tcase_add_test(theory, d_psgd_combine_then_adapt_is_its_recursion);
    tcase_add_test(theory, d_psgd_adapt_then_combine_is_its_recursion);
    tcase_add_test(theory, d_psgd_pairwise_blocking_is_its_recursion);
    tcase_add_test(theory, sgp_is_its_recursion);
    tcase_add_test(theory, sgp_debiases_on_uneven_graphs);
    tcase_add_loop_test(theory, push_sum_is_exact_after_log2_n_rounds, 0, 8);
    tcase_add_test(theory, push_sum_converges_on_uneven_graphs);
    tcase_add_loop_test(theory, ar_sgd_with_global_sampling_is_one_node_with_a_large_batch, 0, 2);
    tcase_add_loop_test(theory, gradient_averaging_is_one_node_for_any_rule, 0, 4);
    tcase_add_loop_test(theory, rules_give_the_same_bits_for_any_threads_and_memory, 0, 4);
    tcase_add_test(theory, schedules_read_the_clock_they_name);
    tcase_add_loop_test(theory, averaged_gradients_keep_nodes_apart, 0, 2);
    tcase_add_test(theory, sgp_on_the_complete_graph_is_ar_sgd);
    tcase_add_test(times, ar_sgd_takes_slowest_plus_all_reduce);
    tcase_add_test(times, level_full_shows_the_messages_of_an_all_reduce);
    tcase_add_test(times, level_full_splits_gradients);
    tcase_add_test(times, idle_steps_send_no_message);
    tcase_add_test(times, sgp_takes_slowest_alone);
    tcase_add_loop_test(times, equal_nodes_take_the_expected_time, 0, 8);
    tcase_add_test(times, rendezvous_waits_for_the_receiver);
    suite_add_tcase(suite, theory);
    suite_add_tcase(suite, times);
    return suite;
}

int main(void)
{
    return testing_run(algorithms_suite());
}
