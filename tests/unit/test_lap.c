/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LAP-SGD and LPP-SGD: times worked out by hand, and values against sequential replays of what
 * these times say.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define D         DENSE_DIMENSION
#define NODES_MAX DENSE_NODES
#define SLOTS_MAX 8
#define MS        1000000000LL /* ps */
#define QUESTION  32000LL      /* ps: 2 x 16 bytes at 1 byte a nanosecond */
#define RATE      0.05
#define MOMENTUM  0.9
#define DECAY     0.01

static const char text[] =
    "{\"nodes\": 4, \"precision\": \"float64\", \"seed\": 5,"
    " \"algorithm\": {\"name\": \"lap-sgd\", \"updaters\": 1, \"period\": 3, \"poll\": \"5 ms\","
    "                 \"collective\": \"recursive-doubling\"},"
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"10 ms\"}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"1 ms\"},"
    " \"wire\": {\"message_size\": \"9 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"heavy-ball\", \"learning_rate\": 0.05, \"momentum\": 0.9,"
    "                 \"weight_decay\": 0.01},"
    " \"stop\": {\"time\": \"115 ms\"}, \"trace\": {\"parameters\": \"final\"}}";

static const char *const models[] = {"network.model=ideal", "network.model=fair",
                                     "network.model=fifo"};

static void assert_near(const double *found, const double *expected, size_t count)
{
    ck_assert_double_le(play_difference(found, expected, count), 1e-12);
}

/* ---- Sequential replay ---- */

/* Nodes' models, what each updater has read last, its momentum, and the snapshots of an average. */
struct replay {
    struct dense_reference reference;
    struct scenario *scenario;
    struct dense start;
    int nodes;
    double x[NODES_MAX][D], sent[NODES_MAX][D];
    double read[NODES_MAX][SLOTS_MAX][D], momentum[NODES_MAX][SLOTS_MAX][D];
};

static void read_model(struct replay *replay, int node, int slot)
{
    memcpy(replay->read[node][slot], replay->x[node], sizeof replay->x[node]);
}

static void replay_open(struct replay *replay, const char *const *set)
{
    memset(replay, 0, sizeof *replay);
    replay->reference = dense_open(text, set, &replay->scenario, &replay->start);
    replay->nodes = (int)scenario_at(replay->scenario, 0)->config.nodes;
    memcpy(replay->x, replay->start.x, sizeof replay->x);
    for (int i = 0; i < replay->nodes; i++)
        for (int u = 0; u < SLOTS_MAX; u++)
            read_model(replay, i, u);
}

static void replay_close(struct replay *replay)
{
    dense_close(&replay->reference, replay->scenario);
}

/* Updater `slot` writes elements first .. end - 1 of its update. */
static void write_part(struct replay *replay, int node, int slot, int first, int end)
{
    double g[D], *x = replay->x[node], *v = replay->momentum[node][slot];
    dense_gradient(&replay->reference, (uint32_t)node, replay->read[node][slot], g);
    for (int d = first; d < end; d++) {
        v[d] = MOMENTUM * v[d] + g[d] + DECAY * x[d];
        x[d] -= RATE * v[d];
    }
}

static void step(struct replay *replay, int node, int slot)
{
    write_part(replay, node, slot, 0, D);
    read_model(replay, node, slot);
}

static void take_snapshots(struct replay *replay)
{
    memcpy(replay->sent, replay->x, sizeof replay->x);
}

static void add_averages(struct replay *replay)
{
    for (int d = 0; d < D; d++) {
        double mean = 0;
        for (int i = 0; i < replay->nodes; i++)
            mean += replay->sent[i][d] / replay->nodes;
        for (int i = 0; i < replay->nodes; i++)
            replay->x[i][d] += mean - replay->sent[i][d];
    }
}

/* ---- The averager among four unequal nodes ---- */

static const char unequal[] = "compute.stragglers=[{\"first\": 0, \"slowdown\": 2},"
                              " {\"first\": 1, \"slowdown\": 3}, {\"first\": 2, \"slowdown\": 5},"
                              " {\"first\": 3, \"slowdown\": 4}]";

/* Gradients of 20, 30, 50 and 40 ms; one updater a node.  Recursive doubling of four: all are done
 * two messages after the last has entered.  A question takes 2 ms and e = 32 ns, an average of 9 MB
 * 2 x 10 ms.  H = 3; a node whose count stands asks again 5 ms after an answer.  Times in ms + e.
 *
 *   round   entered by nodes 0, 1, 2, 3          answered   C  L
 *   0       0      0      0      0               2 +1e      0  0
 *   1       7 +1e  all                           9 +2e      0  0
 *   2       14 +2e all                           16 +3e     0  0
 *   3       20     21 +3e 21 +3e 21 +3e          23 +4e     1  0   0 has made an update
 *   4       28 +4e all                           30 +5e     1  0   1 makes one meanwhile, at 30
 *   5       35 +5e 30 +5e 35 +5e 35 +5e          37 +6e     1  0
 *   6       40     42 +6e 42 +6e 40              44 +7e     2  0
 *   7       49 +7e all                           51 +8e     2  0   2 makes one at 50
 *   8       56 +8e 56 +8e 51 +8e 56 +8e          58 +9e     2  0
 *   9       60     60     63 +9e 63 +9e          65 +10e    3  0   due; counts 3, 2, 1, 1
 *   average 65 +10e .. 85 +10e; 0 and 3 make updates at 80
 *   10      85 +10e 90    90 +10e 85 +10e        92 +11e    4 -1   due; counts 4, 3, 1, 2
 *   average 92 +11e .. 112 +11e; 0 and 2 make updates at 100 */
struct span_ms {
    int begin, begin_questions, end, end_questions;
};

static const struct span_ms averager_spans[4][13] = {
    {{0, 0, 2, 1},
     {7, 1, 9, 2},
     {14, 2, 16, 3},
     {20, 0, 23, 4},
     {28, 4, 30, 5},
     {35, 5, 37, 6},
     {40, 0, 44, 7},
     {49, 7, 51, 8},
     {56, 8, 58, 9},
     {60, 0, 65, 10},
     {65, 10, 85, 10},
     {85, 10, 92, 11},
     {92, 11, 112, 11}},
    {{0, 0, 2, 1},
     {7, 1, 9, 2},
     {14, 2, 16, 3},
     {21, 3, 23, 4},
     {28, 4, 30, 5},
     {30, 5, 37, 6},
     {42, 6, 44, 7},
     {49, 7, 51, 8},
     {56, 8, 58, 9},
     {60, 0, 65, 10},
     {65, 10, 85, 10},
     {90, 0, 92, 11},
     {92, 11, 112, 11}},
    {{0, 0, 2, 1},
     {7, 1, 9, 2},
     {14, 2, 16, 3},
     {21, 3, 23, 4},
     {28, 4, 30, 5},
     {35, 5, 37, 6},
     {42, 6, 44, 7},
     {49, 7, 51, 8},
     {51, 8, 58, 9},
     {63, 9, 65, 10},
     {65, 10, 85, 10},
     {90, 10, 92, 11},
     {92, 11, 112, 11}},
    {{0, 0, 2, 1},
     {7, 1, 9, 2},
     {14, 2, 16, 3},
     {21, 3, 23, 4},
     {28, 4, 30, 5},
     {35, 5, 37, 6},
     {40, 0, 44, 7},
     {49, 7, 51, 8},
     {56, 8, 58, 9},
     {63, 9, 65, 10},
     {65, 10, 85, 10},
     {85, 10, 92, 11},
     {92, 11, 112, 11}},
};

static void assert_averager(const struct play *play, uint32_t node)
{
    int k = 0;
    for (size_t s = 0; s < play->rows.span_count && k < 13; s++) {
        const struct trace_span *span = &play->rows.spans[s];
        const struct span_ms *expected = &averager_spans[node][k];
        if (span->node != node || span->lane != TRACE_LANE_COLLECTIVE)
            continue;
        ck_assert_int_eq(span->begin_ps,
                         expected->begin * MS + expected->begin_questions * QUESTION);
        ck_assert_int_eq(span->end_ps, expected->end * MS + expected->end_questions * QUESTION);
        k++;
    }
    ck_assert_int_eq(k, 13);
}

START_TEST(unequal_nodes_average_by_hand)
{
    const char *set[] = {unequal, models[_i], NULL};
    struct play play = play_fine(text, set);
    struct replay replay;
    replay_open(&replay, set);
    static const int before[] = {0, 1, 0, 3, 2, 0, 1}, between[] = {0, 3}, later[] = {0, 2};
    for (int i = 0; i < 7; i++)
        step(&replay, before[i], 0);
    take_snapshots(&replay); /* 65 */
    for (int i = 0; i < 2; i++)
        step(&replay, between[i], 0);
    add_averages(&replay); /* 85 */
    step(&replay, 1, 0);
    take_snapshots(&replay); /* 92 */
    for (int i = 0; i < 2; i++)
        step(&replay, later[i], 0);
    add_averages(&replay); /* 112 */
    for (uint32_t i = 0; i < 4; i++)
        assert_averager(&play, i);
    assert_near(play.rows.x, &replay.x[0][0], 4 * D);
    ck_assert_double_eq(play.result.summary.blocked_share, 0);
    replay_close(&replay);
    play_free(&play);
}
END_TEST

/* Two nodes, 20 ms, H = 3; a question takes e = 1 ms + 16 ns, an average of 49 MB 50 ms.  At 60
 * both have 3 updates and average from 60 + e on, 50 ms, while they make their 4th and 5th.  `last`
 * is 3 all the same: at 120 there are 6, and the next average begins at 120 + e, then at 180 + e.
 */
START_TEST(periods_count_from_the_question)
{
    const char *set[] = {"nodes=2",
                         models[_i],
                         "wire.message_size=49 MB",
                         "compute.gradient_time.mean=20 ms",
                         "stop={\"time\": \"232 ms\"}",
                         NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    int64_t averages[2] = {0, 0};
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    for (size_t s = 0; s < play.rows.span_count; s++) {
        const struct trace_span *span = &play.rows.spans[s];
        int64_t begin_ps = (60 * averages[span->node] + 61) * MS + QUESTION / 2;
        if (span->lane != TRACE_LANE_COLLECTIVE || span->end_ps - span->begin_ps < 30 * MS)
            continue;
        ck_assert_int_eq(span->begin_ps, begin_ps);
        ck_assert_int_eq(span->end_ps, begin_ps + 50 * MS);
        averages[span->node]++;
    }
    ck_assert_int_eq(averages[0], 3);
    ck_assert_int_eq(averages[1], 3);
    play_free(&play);
}
END_TEST

/* The node that is ahead is done at 140 ms.  Then nobody averages any more, and the others still
 * make their own updates: the slowest its last one at 7 x 50 ms. */
START_TEST(every_node_makes_all_its_updates)
{
    const char *set[] = {unequal, models[_i], "stop={\"iterations\": 7}", NULL};
    struct play play = play_text(text, set, (struct play_options){.device = "none"});
    int64_t last_ps = 0;
    ck_assert_msg(play.status == STATUS_OK, "%s: %s", play.error.path, play.error.text);
    ck_assert_int_eq(play.result.last.time_ps, 350 * MS);
    ck_assert_int_eq(play.result.last.iteration_min, 7);
    ck_assert_int_eq(play.result.last.iteration_max, 7);
    for (size_t s = 0; s < play.rows.span_count; s++)
        if (play.rows.spans[s].lane == TRACE_LANE_COLLECTIVE && play.rows.spans[s].end_ps > last_ps)
            last_ps = play.rows.spans[s].end_ps;
    /* The others hear of it with the answer to the next question. */
    ck_assert_int_gt(last_ps, 140 * MS);
    ck_assert_int_lt(last_ps, 190 * MS);
    play_free(&play);
}
END_TEST

/* ---- Updaters of one node ---- */

/* Updaters of 20, 30 and 50 ms.  At 60 updater 1, begun at 30, comes before 0, begun at 40; both
 * read after both have written.  At 100 updater 2, begun at 50, comes before 0.  `read` is the
 * version that the writer had read:
 *   time     20 30 40 50 60 60 80 90 100 100
 *   updater  0  1  0  2  1  0  0  1  2   0
 *   read     0  0  1  0  2  3  6  6  4   7
 *   version  0  1  2  3  4  5  6  7  8   9 */
START_TEST(three_unequal_updaters_by_hand)
{
    static const int at_ms[] = {20, 30, 40, 50, 60, 60, 80, 90, 100, 100};
    static const int updater[] = {0, 1, 0, 2, 1, 0, 0, 1, 2, 0};
    static const int read[] = {0, 0, 1, 0, 2, 3, 6, 6, 4, 7};
    char path[] = "/tmp/hearsay-test-XXXXXX", times[160];
    int descriptor = mkstemp(path);
    FILE *file = fdopen(descriptor, "w");
    fputs("host,step,seconds\n0,0,0.02\n1,0,0.03\n2,0,0.05\n", file);
    fclose(file);
    snprintf(times, sizeof times, "compute.gradient_time={\"name\": \"trace\", \"path\": \"%s\"}",
             path);
    const char *set[] = {"nodes=1", "algorithm.updaters=3", times, "stop={\"iterations\": 10}",
                         NULL};
    struct play play = play_fine(text, set);
    struct replay replay;
    replay_open(&replay, set);
    ck_assert_uint_eq(play.rows.update_count, 10);
    for (int k = 0; k < 10; k++) {
        const struct trace_update *row = &play.rows.updates[k];
        ck_assert_int_eq(row->time_ps, at_ms[k] * MS);
        ck_assert_int_eq(row->version, k);
        ck_assert_int_eq(row->staleness, k - read[k]);
        write_part(&replay, 0, updater[k], 0, D);
        for (int u = 0; u < 3; u++) /* writers of this instant read after the last of them */
            for (int j = 0; j <= k && (k == 9 || at_ms[k + 1] > at_ms[k]); j++)
                if (at_ms[j] == at_ms[k] && updater[j] == u)
                    read_model(&replay, 0, u);
    }
    assert_near(play.rows.x, replay.x[0], D);
    ck_assert_int_eq(play.result.last.time_ps, 100 * MS);
    ck_assert_double_eq(play.result.summary.gradients_cancelled, 1); /* of updater 1, begun at 90 */
    replay_close(&replay);
    play_free(&play);
    unlink(path);
}
END_TEST

/* ---- Local SGD ---- */

/* Equal speeds and messages that take no time (all on one host, whose own link is free): each
 * average is in before the next read.  With pre_post of 10, the average after update 9 is the last
 * of those with H = 1; the next ones are after 14, 19, ... */
START_TEST(free_averages_make_it_local_sgd)
{
    const char *set[] = {"nodes=6",
                         "workers_per_host=6",
                         "algorithm.period=5",
                         models[_i % 3],
                         _i < 3 ? "algorithm.pre_post=null" : "algorithm.pre_post=10 iterations",
                         "stop={\"iterations\": 38}",
                         NULL};
    struct play play = play_fine(text, set);
    struct replay replay;
    replay_open(&replay, set);
    for (int k = 1; k <= 38; k++) {
        for (int i = 0; i < 6; i++)
            write_part(&replay, i, 0, 0, D);
        if (_i < 3 ? k % 5 == 0 : k < 10 || k % 5 == 4) {
            take_snapshots(&replay);
            add_averages(&replay);
        }
        for (int i = 0; i < 6; i++)
            read_model(&replay, i, 0);
    }
    assert_near(play.rows.x, &replay.x[0][0], 6 * D);
    ck_assert_int_eq(play.result.last.time_ps, 380 * MS);
    replay_close(&replay);
    play_free(&play);
}
END_TEST

/* The same against the program of that name, mean and spread and all. */
START_TEST(free_averages_give_what_local_sgd_gives)
{
    const char *lap[] = {"nodes=6", "workers_per_host=6", "algorithm.period=5",
                         "stop={\"iterations\": 38}", NULL};
    const char *local[] = {"nodes=6", "workers_per_host=6",
                           "algorithm={\"name\": \"local-sgd\", \"period\": 5}",
                           "stop={\"iterations\": 38}", NULL};
    struct play one = play_fine(text, lap), two = play_fine(text, local);
    assert_near(one.rows.x, two.rows.x, 6 * D);
    assert_near(one.rows.mean, two.rows.mean, D);
    ck_assert_double_gt(two.result.last.consensus, 1e-6);
    ck_assert_double_eq_tol(one.result.last.consensus, two.result.last.consensus, 1e-12);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* Asked at 100 ms, averaged by 122 ms, and no update before 200 ms: at 150 ms all deploy the
 * average. */
START_TEST(nodes_deploy_what_averages_made)
{
    const char *set[] = {"algorithm.period=1", "compute.gradient_time.mean=\"100 ms\"",
                         "stop.time=\"150 ms\"", _i ? "algorithm.name=lpp-sgd" : NULL, NULL};
    struct play play = play_fine(text, set);
    ck_assert_double_le(play.result.summary.consensus, 1e-24);
    play_free(&play);
}
END_TEST

START_TEST(phases_have_no_times)
{
    static const char *const wrong[] = {"algorithm.pre_post=10 s", "algorithm.prepass=10 s"};
    static const char *const paths[] = {"algorithm.pre_post", "algorithm.prepass"};
    const char *set[] = {"algorithm.name=lpp-sgd", wrong[_i], NULL};
    struct play play = play_text(text, set, (struct play_options){0});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, paths[_i]);
    play_free(&play);
}
END_TEST

/* ---- Partial steps ---- */

static const char busy[] = "compute.gradient_time={\"name\": \"lognormal\", \"mean\": \"20 ms\", "
                           "\"cv\": 0.5}";

/* Turned off, or not yet begun: LAP-SGD to the last bit. */
START_TEST(without_partial_steps_it_is_lap)
{
    static const char *const off[] = {"algorithm.partial=false",
                                      "algorithm.prepass=1000 iterations",
                                      "algorithm.prepass=1000 epochs"};
    const char *set[] = {busy, "algorithm.updaters=3", "stop={\"iterations\": 60}", NULL};
    const char *other[] = {busy, set[1], set[2], "algorithm.name=lpp-sgd", off[_i], NULL};
    const char *partial[] = {busy, set[1], set[2], "algorithm.name=lpp-sgd", NULL};
    struct play lap = play_fine(text, set), lpp = play_fine(text, other);
    struct play real = play_fine(text, partial);
    ck_assert_str_eq(lap.result.timeline_digest, lpp.result.timeline_digest);
    ck_assert_str_eq(lap.result.metrics_digest, lpp.result.metrics_digest);
    ck_assert(memcmp(lap.rows.x, lpp.rows.x, (size_t)4 * D * sizeof(double)) == 0);
    ck_assert_str_ne(lap.result.timeline_digest, real.result.timeline_digest);
    play_free(&lap);
    play_free(&lpp);
    play_free(&real);
}
END_TEST

START_TEST(what_needs_a_whole_gradient_is_refused)
{
    static const char *const wrong[] = {"optimizer.name=lars", "optimizer.clip_norm=1"};
    static const char *const paths[] = {"optimizer.name", "optimizer.clip_norm"};
    const char *set[] = {"algorithm.name=lpp-sgd", wrong[_i], NULL};
    struct play play = play_text(text, set, (struct play_options){0});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, paths[_i]);
    play_free(&play);
}
END_TEST

/* One node, gradients of 100 ms, forward share 0.3; 4 blocks of 7 parameters begin at 0, 1, 3
 * and 5. A partial gradient of updater u takes 0.3 + 0.7 (7 - first) / 7 of that: 100, 90, 70, 50
 * ms. Full steps end at 100; partial ones at 200, 190, 170, 150; full ones at 300, 290, 270, 250.
 * With a prepass of 4 updates nothing changes but the order of the first: those that begin at 100
 * are the first to count, and are full. */
START_TEST(partial_steps_by_hand)
{
    static const int first[] = {0, 1, 3, 5, 7};
    static const int partial_ms[] = {100, 90, 70, 50};
    int64_t prepass_ps = _i ? 100 * MS : 0;
    const char *set[] = {"nodes=1",
                         "algorithm.name=lpp-sgd",
                         "algorithm.updaters=4",
                         "compute.gradient_time.mean=100 ms",
                         "compute.forward_share=0.3",
                         _i ? "algorithm.prepass=4 iterations" : "algorithm.prepass=null",
                         _i ? "stop={\"time\": \"395 ms\"}" : "stop={\"time\": \"295 ms\"}",
                         NULL};
    struct play play = play_fine(text, set);
    struct replay replay;
    replay_open(&replay, set);
    for (int round = 0; round <= _i; round++) {
        for (int u = 0; u < 4; u++)
            write_part(&replay, 0, u, 0, D);
        for (int u = 0; u < 4; u++)
            read_model(&replay, 0, u);
    }
    for (int u = 3; u >= 0; u--) { /* 150, 170, 190, 200 */
        write_part(&replay, 0, u, first[u], first[u + 1]);
        read_model(&replay, 0, u);
    }
    for (int u = 3; u >= 1; u--) /* 250, 270, 290 */
        step(&replay, 0, u);
    for (size_t s = 0; s < play.rows.span_count; s++) {
        const struct trace_span *span = &play.rows.spans[s];
        int64_t begin_ps = span->begin_ps - prepass_ps;
        if (span->lane != TRACE_LANE_COMPUTE)
            continue;
        if (begin_ps == 100 * MS)
            ck_assert_int_eq(span->end_ps - span->begin_ps, partial_ms[span->slot] * MS);
        else
            ck_assert_int_eq(span->end_ps - span->begin_ps, 100 * MS);
    }
    ck_assert_uint_eq(play.rows.update_count, 11 + 4 * (size_t)_i);
    assert_near(play.rows.x, replay.x[0], D);
    replay_close(&replay);
    play_free(&play);
}
END_TEST

/* 8 updaters of 7 parameters: the blocks are empty, 0, 1, ... 6.  After the full steps at 100 ms
 * updaters 7 .. 2 write one element each at 140, ... 190, and updaters 0 and 1 at 200. */
START_TEST(an_empty_block_changes_nothing)
{
    const char *set[] = {"nodes=1",
                         "algorithm.name=lpp-sgd",
                         "algorithm.updaters=8",
                         "compute.gradient_time.mean=100 ms",
                         "compute.forward_share=0.3",
                         "stop={\"time\": \"205 ms\"}",
                         NULL};
    struct play play = play_fine(text, set);
    struct replay replay;
    replay_open(&replay, set);
    for (int u = 0; u < 8; u++)
        write_part(&replay, 0, u, 0, D);
    for (int u = 0; u < 8; u++)
        read_model(&replay, 0, u);
    for (int u = 7; u >= 1; u--)
        write_part(&replay, 0, u, u - 1, u);
    ck_assert_uint_eq(play.rows.update_count, 16);
    ck_assert_int_eq(play.rows.updates[8].time_ps, 140 * MS);
    assert_near(play.rows.x, replay.x[0], D);
    replay_close(&replay);
    play_free(&play);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("lap");
    TCase *lap = tcase_create("lap"), *lpp = tcase_create("lpp");
    tcase_add_loop_test(lap, unequal_nodes_average_by_hand, 0, 3);
    tcase_add_loop_test(lap, periods_count_from_the_question, 0, 3);
    tcase_add_loop_test(lap, every_node_makes_all_its_updates, 0, 3);
    tcase_add_test(lap, three_unequal_updaters_by_hand);
    tcase_add_loop_test(lap, free_averages_make_it_local_sgd, 0, 6);
    tcase_add_test(lap, free_averages_give_what_local_sgd_gives);
    tcase_add_loop_test(lap, nodes_deploy_what_averages_made, 0, 2);
    tcase_add_loop_test(lap, phases_have_no_times, 0, 2);
    tcase_add_loop_test(lpp, without_partial_steps_it_is_lap, 0, 3);
    tcase_add_loop_test(lpp, partial_steps_by_hand, 0, 2);
    tcase_add_loop_test(lpp, what_needs_a_whole_gradient_is_refused, 0, 2);
    tcase_add_test(lpp, an_empty_block_changes_nothing);
    suite_add_tcase(suite, lap);
    suite_add_tcase(suite, lpp);
    return suite;
}

int main(void)
{
    return testing_run(make_suite());
}
