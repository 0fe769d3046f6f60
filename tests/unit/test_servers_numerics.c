/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parameter servers: what they compute, against a plain loop over gradients in the order in which
 * constant times let them end, and against each other.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dense.h"
#include "play.h"
#include "testing.h"

#define N DENSE_NODES
#define D DENSE_DIMENSION

/* Times in ms are exact in binary, and no sums of them that occur are equal.  Messages take no
 * time. */
static const double gradient_ms[N] = {100, 115.625, 136.71875, 171.09375, 223.046875, 308.984375};
#define END_MS 2999.9

static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"parameter-server\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"},"
    "   \"stragglers\": [{\"first\": 1, \"slowdown\": 1.15625},"
    "     {\"first\": 2, \"slowdown\": 1.3671875}, {\"first\": 3, \"slowdown\": 1.7109375},"
    "     {\"first\": 4, \"slowdown\": 2.23046875}, {\"first\": 5, \"slowdown\": 3.08984375}]},"
    " \"network\": {\"model\": \"ideal\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"0 B\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.05, \"momentum\": 0.5,"
    "   \"weight_decay\": 0.01},"
    " \"stop\": {\"time\": \"2999.9 ms\"}, \"trace\": {\"parameters\": \"final\"}}";

/* ---- The plain loop ---- */

enum rule { RULE_DROP, RULE_CANCEL, RULE_BATCHES, RULE_ASYNC, RULE_ANY, RULE_EACH, RULE_SSP };

struct loop {
    enum rule rule;
    int needed; /* gradients in a step; the bound of SSP */
    bool staleness_aware;
    double lambda, decay; /* of delay compensation */
    double square[D];     /* moving mean */
    struct dense_reference *reference;
    double x[D], v[D]; /* the server's */
    int64_t version;
    double read[N][D];
    int64_t read_version[N], clock[N];
    double end_ms[N]; /* of the running gradient; INFINITY: waits */
    int held;
    int holder[N];
    double sum[D];
};

/* torch.optim.SGD with Nesterov momentum 0.5. */
static void loop_step(struct loop *loop, const double *g, double rate)
{
    for (int d = 0; d < D; d++) {
        double slope = g[d] + 0.01 * loop->x[d];
        loop->v[d] = 0.5 * loop->v[d] + slope;
        loop->x[d] -= rate * (slope + 0.5 * loop->v[d]);
    }
    loop->version++;
}

static void loop_read(struct loop *loop, int i, double now_ms)
{
    memcpy(loop->read[i], loop->x, sizeof loop->x);
    loop->read_version[i] = loop->version;
    loop->end_ms[i] = now_ms + gradient_ms[i];
}

static void loop_hold(struct loop *loop, int i, const double *g)
{
    for (int d = 0; d < D; d++)
        loop->sum[d] = (loop->held ? loop->sum[d] : 0) + g[d];
    loop->holder[loop->held++] = i;
}

/* True: the gradient was the last one that a step needs. */
static bool loop_step_when_full(struct loop *loop)
{
    double mean[D];
    if (loop->held < loop->needed)
        return false;
    for (int d = 0; d < D; d++)
        mean[d] = loop->sum[d] / loop->needed;
    loop_step(loop, mean, 0.05);
    loop->held = 0;
    return true;
}

static void loop_synchronous(struct loop *loop, int i, const double *g, double now_ms)
{
    bool stale = loop->read_version[i] < loop->version;
    loop->end_ms[i] = loop->rule == RULE_BATCHES ? now_ms + gradient_ms[i] : INFINITY;
    if (stale)
        loop_read(loop, i, now_ms);
    else
        loop_hold(loop, i, g);
    if (stale || !loop_step_when_full(loop))
        return;
    for (int j = 0; j < (loop->rule == RULE_DROP ? loop->needed : N); j++)
        loop_read(loop, loop->rule == RULE_DROP ? loop->holder[j] : j, now_ms);
}

static void loop_k_async(struct loop *loop, int i, const double *g, double now_ms)
{
    loop->end_ms[i] = INFINITY;
    loop_hold(loop, i, g);
    bool stepped = loop_step_when_full(loop);
    if (loop->rule == RULE_ANY)
        loop_read(loop, i, now_ms);
    for (int j = 0; loop->rule == RULE_ASYNC && stepped && j < loop->needed; j++)
        loop_read(loop, loop->holder[j], now_ms);
}

static void loop_each(struct loop *loop, int i, double *g, double now_ms)
{
    double staleness = (double)(loop->version - loop->read_version[i]);
    for (int d = 0; d < D; d++) {
        double strength = loop->lambda;
        loop->square[d] = loop->decay * loop->square[d] + (1 - loop->decay) * g[d] * g[d];
        if (loop->decay > 0)
            strength /= sqrt(loop->square[d] + 1e-7);
        g[d] += strength * g[d] * g[d] * (loop->x[d] - loop->read[i][d]);
    }
    loop_step(loop, g, 0.05 / (loop->staleness_aware ? fmax(1, staleness) : 1));
    loop_read(loop, i, now_ms);
}

static void loop_ssp(struct loop *loop, int i, const double *g, double now_ms)
{
    int64_t slowest = INT64_MAX;
    loop_step(loop, g, 0.05 / N);
    loop->clock[i]++;
    loop->end_ms[i] = INFINITY;
    for (int j = 0; j < N; j++)
        slowest = loop->clock[j] < slowest ? loop->clock[j] : slowest;
    for (int j = 0; j < N; j++)
        if (isinf(loop->end_ms[j]) && slowest >= loop->clock[j] - loop->needed)
            loop_read(loop, j, now_ms);
}

static void loop_run(struct loop *loop)
{
    for (int i = 0; i < N; i++)
        loop_read(loop, i, 0);
    for (;;) {
        double g[D];
        int i = 0;
        for (int j = 1; j < N; j++)
            i = loop->end_ms[j] < loop->end_ms[i] ? j : i;
        double now_ms = loop->end_ms[i];
        if (now_ms > END_MS)
            return;
        dense_gradient(loop->reference, (uint32_t)i, loop->read[i], g);
        if (loop->rule <= RULE_BATCHES)
            loop_synchronous(loop, i, g, now_ms);
        else if (loop->rule <= RULE_ANY)
            loop_k_async(loop, i, g, now_ms);
        else if (loop->rule == RULE_EACH)
            loop_each(loop, i, g, now_ms);
        else
            loop_ssp(loop, i, g, now_ms);
    }
}

struct loop_case {
    const char *algorithm;
    enum rule rule;
    int needed;
    bool staleness_aware;
    double lambda, decay;
};

static const struct loop_case loop_cases[] = {
    {"{\"name\": \"parameter-server\"}", RULE_DROP, N, false, 0, 0},
    {"{\"name\": \"parameter-server\", \"shards\": 3}", RULE_DROP, N, false, 0, 0},
    {"{\"name\": \"parameter-server\", \"backup\": 2}", RULE_DROP, N - 2, false, 0, 0},
    {"{\"name\": \"parameter-server\", \"backup\": 2, \"cancel\": true}", RULE_CANCEL, N - 2, false,
     0, 0},
    {"{\"name\": \"k-sync\", \"K\": 3}", RULE_CANCEL, 3, false, 0, 0},
    {"{\"name\": \"k-sync\", \"K\": 5, \"batches\": true}", RULE_BATCHES, 5, false, 0, 0},
    {"{\"name\": \"k-async\", \"K\": 3}", RULE_ASYNC, 3, false, 0, 0},
    {"{\"name\": \"k-async\", \"K\": 4, \"batches\": true}", RULE_ANY, 4, false, 0, 0},
    {"{\"name\": \"async-server\"}", RULE_EACH, 1, false, 0, 0},
    {"{\"name\": \"async-server\", \"shards\": 7}", RULE_EACH, 1, false, 0, 0},
    {"{\"name\": \"async-server\", \"staleness_aware\": true}", RULE_EACH, 1, true, 0, 0},
    {"{\"name\": \"async-server\", \"delay_compensation\": 0.5}", RULE_EACH, 1, false, 0.5, 0},
    {"{\"name\": \"async-server\", \"delay_compensation\": 0.5, \"shards\": 2,"
     " \"delay_decay\": 0.9, \"staleness_aware\": true}",
     RULE_EACH, 1, true, 0.5, 0.9},
    {"{\"name\": \"ssp\", \"bound\": 0}", RULE_SSP, 0, false, 0, 0},
    {"{\"name\": \"ssp\", \"bound\": 2, \"shards\": 2}", RULE_SSP, 2, false, 0, 0},
};
#define LOOP_CASES ((int)(sizeof loop_cases / sizeof *loop_cases))

START_TEST(servers_are_their_loops)
{
    const struct loop_case *this = &loop_cases[_i];
    char algorithm[192];
    snprintf(algorithm, sizeof algorithm, "algorithm=%s", this->algorithm);
    const char *set[] = {algorithm, NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct loop loop = {.rule = this->rule,
                        .needed = this->needed,
                        .staleness_aware = this->staleness_aware,
                        .lambda = this->lambda,
                        .decay = this->decay,
                        .reference = &reference};
    struct play play = play_fine(quadratic_text, set);
    memcpy(loop.x, start.x[0], sizeof loop.x);
    loop_run(&loop);
    ck_assert_int_gt(loop.version, 8);
    ck_assert_double_le(play_difference(play.rows.mean, loop.x, D), 1e-12);
    ck_assert_double_le(play_difference(play.rows.x, &loop.read[0][0], N * D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Shards that step in different orders ---- */

#define SHARDS 2

struct apart {
    double x[D], g[N][D], next[N][D]; /* next: the parts of the read that have left the servers */
    int parts[N];
    int64_t version[SHARDS], sent[SHARDS][N];
};

/* One update as the trace tells it; the worker goes on when both parts have answered. */
static void apart_replay(struct apart *apart, const struct dense_reference *reference,
                         const struct trace_update *row)
{
    static const int cut[SHARDS + 1] = {0, 3, D};
    uint32_t shard = row->node - N, i = row->origin;
    ck_assert_int_eq(row->version, apart->version[shard]);
    ck_assert_int_eq(row->staleness, apart->version[shard] - apart->sent[shard][i]);
    for (int d = cut[shard]; d < cut[shard + 1]; d++) {
        apart->x[d] -= 0.05 * apart->g[i][d];
        apart->next[i][d] = apart->x[d];
    }
    apart->sent[shard][i] = ++apart->version[shard];
    if (++apart->parts[i] % SHARDS == 0)
        dense_gradient(reference, i, apart->next[i], apart->g[i]);
}

/* Random times, shared links, and a way around them for worker j to shard j: the shards see the
 * pushes in different orders, and a worker computes on parts of different versions. */
START_TEST(shards_of_an_asynchronous_server_step_apart)
{
    const char *set[] = {"algorithm={\"name\": \"async-server\", \"shards\": 2,"
                         " \"placement\": \"co-located\"}",
                         "compute={\"gradient_time\": {\"name\": \"lognormal\", \"mean\": "
                         "\"10 ms\", \"cv\": 1}}",
                         "network={\"bandwidth\": \"8 Gbps\", \"latency\": \"1 ms\"}",
                         "wire.message_size=3 MB",
                         "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.05}",
                         "stop={\"iterations\": 30}",
                         NULL};
    struct scenario *scenario;
    struct dense start;
    struct dense_reference reference = dense_open(quadratic_text, NULL, &scenario, &start);
    struct play play = play_fine(quadratic_text, set);
    struct apart apart = {.version = {0}};
    bool differ = false;
    memcpy(apart.x, start.x[0], sizeof apart.x);
    for (uint32_t i = 0; i < N; i++)
        dense_gradient(&reference, i, apart.x, apart.g[i]);
    ck_assert_uint_eq(play.rows.update_count, SHARDS * N * 30);
    for (size_t u = 0; u < play.rows.update_count; u++) {
        const struct trace_update *row = &play.rows.updates[u];
        apart_replay(&apart, &reference, row);
        differ |= apart.sent[0][row->origin] != apart.sent[1][row->origin] &&
                  apart.parts[row->origin] % SHARDS == 0;
    }
    ck_assert(differ);
    ck_assert_double_le(play_difference(play.rows.mean, apart.x, D), 1e-12);
    ck_assert_double_le(play_difference(play.rows.x, &apart.next[0][0], N * D), 1e-12);
    play_free(&play);
    dense_close(&reference, scenario);
}
END_TEST

/* ---- Identities ---- */

static const char softmax_text[] =
    "{\"nodes\": 4, \"precision\": \"float64\", \"seed\": 3, \"algorithm\": \"parameter-server\","
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\", \"cv\": "
    "0.5}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\", \"latency\": \"50 us\"},"
    " \"wire\": {\"message_size\": \"1 MB\"},"
    " \"model\": \"softmax\","
    " \"data\": {\"name\": \"gaussian-blobs\", \"features\": 6, \"classes\": 3, \"samples\": 600,"
    "   \"batch_size\": 8},"
    " \"optimizer\": {\"name\": \"nesterov\", \"learning_rate\": 0.1, \"momentum\": 0.9,"
    "   \"weight_decay\": 0.001, \"schedule\": {\"milestones\": [2, 4], \"factor\": 0.5}},"
    " \"stop\": {\"iterations\": 100}, \"trace\": {\"parameters\": \"final\"}}";

struct identity {
    const char *one, *two;
    const char *set; /* for both; may be NULL */
};

static void assert_same_bits(const struct play *one, const struct play *two)
{
    size_t count = one->rows.dimension * one->rows.nodes * sizeof(double);
    ck_assert_uint_eq(one->rows.dimension, two->rows.dimension);
    ck_assert(memcmp(one->rows.mean, two->rows.mean, count / one->rows.nodes) == 0);
    ck_assert(memcmp(one->rows.x, two->rows.x, count) == 0);
}

/* The same bits at the servers and at every worker, whatever the times. */
START_TEST(identities_hold_bit_for_bit)
{
    static const struct identity cases[] = {
        {"{\"name\": \"k-sync\", \"K\": 4}", "parameter-server", NULL},
        {"{\"name\": \"parameter-server\", \"shards\": 3}", "parameter-server", NULL},
        {"{\"name\": \"parameter-server\", \"shards\": 6, \"placement\": \"co-located\"}",
         "parameter-server", "precision=float32"},
        {"parameter-server", "{\"name\": \"ar-sgd\", \"average\": \"gradients\"}", NULL},
        {"parameter-server", "{\"name\": \"ar-sgd\", \"average\": \"gradients\"}",
         "precision=float32"},
        {"parameter-server", "{\"name\": \"ar-sgd\", \"average\": \"gradients\"}",
         "optimizer={\"name\": \"lars\", \"learning_rate\": 1, \"trust\": 0.1}"},
        {"{\"name\": \"parameter-server\", \"backup\": 1, \"cancel\": true}",
         "{\"name\": \"k-sync\", \"K\": 3}", NULL},
        {"async-server", "ar-sgd", "nodes=1"},
        {"{\"name\": \"async-server\", \"staleness_aware\": true, \"shards\": 2}", "ar-sgd",
         "nodes=1"},
        {"{\"name\": \"k-async\", \"K\": 1}", "async-server", "stop={\"time\": \"1.5 s\"}"},
        {"{\"name\": \"k-async\", \"K\": 1, \"batches\": true}", "async-server", NULL},
        {"{\"name\": \"k-async\", \"K\": 4}", "parameter-server", NULL},
        {"{\"name\": \"ssp\", \"bound\": 3}", "ar-sgd", "nodes=1"},
    };
    char first[128], second[128];
    snprintf(first, sizeof first, "algorithm=%s", cases[_i].one);
    snprintf(second, sizeof second, "algorithm=%s", cases[_i].two);
    const char *one[] = {first, cases[_i].set, NULL}, *two[] = {second, cases[_i].set, NULL};
    struct play left = play_fine(softmax_text, one), right = play_fine(softmax_text, two);
    assert_same_bits(&left, &right);
    play_free(&left);
    play_free(&right);
}
END_TEST

/* Both wait for everybody; n steps of gamma / n are one of gamma without momentum and decay. */
START_TEST(ssp_without_slack_is_the_synchronous_server)
{
    static const char sgd[] = "optimizer={\"name\": \"sgd\", \"learning_rate\": 0.1}";
    const char *ssp[] = {"algorithm={\"name\": \"ssp\", \"bound\": 0}", sgd, NULL};
    const char *server[] = {"algorithm=parameter-server", sgd, NULL};
    struct play one = play_fine(softmax_text, ssp), two = play_fine(softmax_text, server);
    ck_assert_int_eq(one.result.last.time_ps, two.result.last.time_ps);
    ck_assert_double_le(
        play_difference(one.rows.x, two.rows.x, one.rows.dimension * one.rows.nodes), 1e-12);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* Two threads, and flushes after every few operations: the same bits. */
static void small_memory(struct run_config *config)
{
    config->plan_memory_bytes = 2048;
}

START_TEST(bits_depend_on_no_thread_and_no_flush)
{
    char algorithm[192];
    snprintf(algorithm, sizeof algorithm, "algorithm=%s", loop_cases[_i].algorithm);
    const char *set[] = {algorithm, "nodes=6", NULL};
    struct play one = play_fine(softmax_text, set);
    struct play two =
        play_text(softmax_text, set, (struct play_options){.threads = 3, .alter = small_memory});
    ck_assert_msg(two.status == STATUS_OK, "%s: %s", two.error.path, two.error.text);
    assert_same_bits(&one, &two);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, two.result.metrics_digest);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* The epochs are the gradients that were applied, counted once whatever the shards. */
START_TEST(epochs_count_what_is_applied)
{
    static const struct identity cases[] = {
        {"{\"name\": \"parameter-server\", \"shards\": 5}", NULL, NULL},
        {"{\"name\": \"async-server\", \"shards\": 5}", NULL, NULL},
        {"{\"name\": \"ssp\", \"shards\": 5}", NULL, NULL},
    };
    char algorithm[192];
    snprintf(algorithm, sizeof algorithm, "algorithm=%s", cases[_i].one);
    const char *set[] = {algorithm, NULL};
    struct play play = play_fine(softmax_text, set);
    ck_assert_double_eq(play.result.summary.epochs, 100 * 4 * 8 / 600.0);
    play_free(&play);
}
END_TEST

static Suite *numerics_suite(void)
{
    Suite *suite = suite_create("servers' numerics");
    TCase *loops = tcase_create("loops"), *identities = tcase_create("identities");
    tcase_add_loop_test(loops, servers_are_their_loops, 0, LOOP_CASES);
    tcase_add_test(loops, shards_of_an_asynchronous_server_step_apart);
    tcase_add_loop_test(identities, identities_hold_bit_for_bit, 0, 13);
    tcase_add_test(identities, ssp_without_slack_is_the_synchronous_server);
    tcase_add_loop_test(identities, bits_depend_on_no_thread_and_no_flush, 0, LOOP_CASES);
    tcase_add_loop_test(identities, epochs_count_what_is_applied, 0, 3);
    suite_add_tcase(suite, loops);
    suite_add_tcase(suite, identities);
    return suite;
}

int main(void)
{
    return testing_run(numerics_suite());
}
