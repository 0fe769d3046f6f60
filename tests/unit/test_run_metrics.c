/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics of a run: when they are taken, and their values against values computed here from the
 * stored vectors, the model and the messages.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "run/sim.h"
#include "scenario/scenario.h"
#include "testing.h"

#define MS 1000000000LL /* ps */

/* ---- Cadence ---- */

/* Four equal nodes; an all-reduce of no bytes over no latency: iteration k ends at k x 100 ms. */
static const char even_text[] =
    "{\"nodes\": 4, \"algorithm\": \"ar-sgd\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"latency\": \"0 s\"}, \"wire\": {\"message_size\": \"0 B\"},"
    " \"model\": \"softmax\","
    " \"data\": {\"name\": \"gaussian-blobs\", \"features\": 5, \"classes\": 3, \"samples\": 320,"
    "   \"test_samples\": 40, \"batch_size\": 8},"
    " \"stop\": {\"iterations\": 10}}";

struct cadence {
    const char *every, *stop;
    double iterations[8]; /* at each metric; ends with -1 */
    double times_ms[8];
    int samples; /* of an epoch */
};

static const struct cadence cadences[] = {
    {"3 iterations", "{\"iterations\": 10}", {0, 3, 6, 9, 10, -1}, {0, 300, 600, 900, 1000}, 320},
    {"5 iterations", "{\"iterations\": 10}", {0, 5, 10, -1}, {0, 500, 1000}, 320},
    /* 320 samples, 32 an iteration: ten iterations are an epoch */
    {"0.5 epochs", "{\"epochs\": 1.2}", {0, 5, 10, 12, -1}, {0, 500, 1000, 1200}, 320},
    {"0.3 epochs", "{\"epochs\": 0.9}", {0, 3, 6, 9, -1}, {0, 300, 600, 900}, 320},
    {"0.7 epochs", "{\"epochs\": 1.4}", {0, 7, 14, -1}, {0, 700, 1400}, 320},
    /* in doubles 0.07 x 3200 is a little more than 7 x 32 */
    {"0.07 epochs", "{\"iterations\": 15}", {0, 7, 14, 15, -1}, {0, 700, 1400, 1500}, 3200},
    /* a metric sees what happens at its very instant */
    {"200 ms", "{\"iterations\": 5}", {0, 2, 4, 5, -1}, {0, 200, 400, 500}, 320},
    {"250 ms", "{\"time\": \"1 s\"}", {0, 2, 5, 7, 10, -1}, {0, 250, 500, 750, 1000}, 320},
    {"40 ms", "{\"time\": \"110 ms\"}", {0, 0, 0, 1, -1}, {0, 40, 80, 110}, 320},
};

START_TEST(metrics_come_at_their_cadence)
{
    const struct cadence *cadence = &cadences[_i];
    char every[64], stop[64], samples[64];
    snprintf(samples, sizeof samples, "data.samples=%d", cadence->samples);
    snprintf(every, sizeof every, "metrics.every=%s", cadence->every);
    snprintf(stop, sizeof stop, "stop=%s", cadence->stop);
    const char *set[] = {every, stop, samples, NULL};
    struct play play = play_fine(even_text, set);
    size_t count = 0;
    for (; cadence->iterations[count] >= 0; count++) {
        ck_assert_uint_lt(count, play.rows.metric_count);
        const struct trace_metric *row = &play.rows.metrics[count];
        ck_assert_int_eq(row->sequence, (int64_t)count);
        ck_assert_int_eq(row->time_ps, (int64_t)cadence->times_ms[count] * MS);
        ck_assert_double_eq(row->iteration_mean, cadence->iterations[count]);
        ck_assert_int_eq(row->samples, (int64_t)(32 * cadence->iterations[count]));
    }
    ck_assert_uint_eq(count, play.rows.metric_count);
    ck_assert_uint_eq(4 * count, play.rows.node_metric_count);
    play_free(&play);
}
END_TEST

/* ---- Values ---- */

#define N 6
#define D 7

static const char quadratic_text[] =
    "{\"nodes\": 6, \"precision\": \"float64\", \"seed\": 5, \"algorithm\": \"sgp\","
    " \"compute\": {\"gradient_time\": {\"name\": \"lognormal\", \"mean\": \"20 ms\","
    "   \"cv\": 0.5}},"
    " \"network\": {\"bandwidth\": \"8 Gbps\"}, \"wire\": {\"message_size\": \"40 MB\"},"
    " \"topology\": \"static-exponential\","
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7, \"L\": 2, \"mu\": 0.2, \"zeta\": 1},"
    " \"initial\": \"random\","
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"trace\": {\"parameters\": \"final\"}}";

struct reference {
    struct scenario *scenario;
    const struct model_ops *ops;
    void *model;
    struct objective objective;
};

static struct reference reference_open(void)
{
    struct reference reference;
    struct error error;
    const char *set[] = {"stop.iterations=1"};
    ck_assert(scenario_parse("reference", quadratic_text, strlen(quadratic_text), set, 1,
                             &reference.scenario, &error) == STATUS_OK);
    const struct run_config *config = &scenario_at(reference.scenario, 0)->config;
    struct model_setting setting = {.params = config->model.params,
                                    .precision = NUMERIC_FLOAT64,
                                    .nodes = N,
                                    .seed_data = 5,
                                    .seed_init = 5,
                                    .seed_noise = 5};
    reference.ops = (const void *)config->model.plugin;
    ck_assert(reference.ops->create(&setting, &reference.model, &error) == STATUS_OK);
    reference.objective = reference.ops->objective(reference.model);
    return reference;
}

static void reference_close(struct reference *reference)
{
    reference->ops->destroy(reference->model);
    scenario_free(reference->scenario);
}

static double loss_at(const struct reference *reference, int64_t node, const double *x)
{
    struct objective_query query = {.set = OBJECTIVE_TRAIN, .node = node};
    struct objective_value value;
    char workspace[4096] __attribute__((aligned(64)));
    reference->objective.ops->evaluate(reference->objective.context, &query, x, &value, workspace);
    return value.loss_sum / (double)value.count;
}

static double distance2(const double *a, const double *b)
{
    double sum = 0;
    for (int d = 0; d < D; d++)
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sum;
}

static double gradient_norm(const struct reference *reference, const double *x)
{
    struct objective_batch batch = {
        .node = OBJECTIVE_POOLED, .count = 1, .step = OBJECTIVE_NOISELESS};
    char workspace[4096] __attribute__((aligned(64)));
    double g[D], zero[D] = {0};
    reference->objective.ops->gradient(reference->objective.context, &batch, x, g, workspace);
    return sqrt(distance2(g, zero));
}

/* Messages under way or not yet mixed at the stop carry weight. */
static double weight_in_flight(const struct play *play, size_t *count)
{
    double sum = 0;
    *count = 0;
    for (size_t i = 0; i < play->rows.message_count; i++)
        if (play->rows.messages[i].drop_reason) {
            sum += play->rows.messages[i].weight;
            ++*count;
        }
    return sum;
}

/* z of node i is x / w of a run in which it stopped after as many iterations as it has finished. */
static void assert_deployable(const struct play *play, uint32_t node)
{
    char stop[64];
    const struct trace_node_metric *row =
        &play->rows.node_metrics[play->rows.node_metric_count - N];
    ck_assert_uint_eq(row[node].node, node);
    snprintf(stop, sizeof stop, "stop={\"iterations\": %lld}", (long long)row[node].iteration);
    const char *set[] = {stop, NULL};
    struct play finished = play_fine(quadratic_text, set);
    for (uint32_t d = node * D; d < (node + 1) * D; d++)
        ck_assert_double_eq_tol(play->rows.z[d], finished.rows.x[d] / finished.rows.w[node], 1e-15);
    play_free(&finished);
}

/* Stopped in the middle of exchanges: each value from the vectors stored at that instant. */
START_TEST(values_are_those_of_the_stored_vectors)
{
    char stop[64];
    double optimum[D], consensus = 0, consensus_max = 0, loss = 0;
    snprintf(stop, sizeof stop, "stop.time=%d ms", 211 + 37 * _i);
    const char *set[] = {stop, NULL};
    struct reference reference = reference_open();
    struct play play = play_fine(quadratic_text, set);
    const struct trace_metric *last = &play.result.last;
    ck_assert(reference.ops->optimum(reference.model, optimum));
    for (int i = 0; i < N; i++) {
        const double *z = play.rows.z + i * D;
        consensus += distance2(z, play.rows.mean) / N;
        consensus_max = fmax(consensus_max, distance2(z, play.rows.mean));
        loss += loss_at(&reference, -1, z) / N;
        assert_deployable(&play, (uint32_t)i);
    }
    ck_assert_double_gt(consensus, 1e-3);
    ck_assert_double_eq_tol(last->consensus, consensus, 1e-12);
    ck_assert_double_eq_tol(last->consensus_max, consensus_max, 1e-12);
    ck_assert_double_eq_tol(last->node_loss_mean, loss, 1e-12);
    ck_assert_double_eq_tol(last->loss, loss_at(&reference, -1, play.rows.mean), 1e-12);
    ck_assert_double_eq_tol(last->gradient_norm, gradient_norm(&reference, play.rows.mean), 1e-12);
    ck_assert_double_eq_tol(last->optimum_distance, sqrt(distance2(play.rows.mean, optimum)),
                            1e-12);
    play_free(&play);
    reference_close(&reference);
}
END_TEST

/* The natural Dirichlet split stores a shard class by class: its first tenth is one class.  With
 * alpha so large shards hold all classes alike, and a fair tenth of each has nearly its loss. */
START_TEST(node_objectives_are_fair_samples)
{
    static const char blobs[] =
        "{\"nodes\": 4, \"algorithm\": \"ar-sgd\", \"model\": \"softmax\","
        " \"data\": {\"name\": \"gaussian-blobs\", \"samples\": 4000, \"test_samples\": 0,"
        "   \"partition\": {\"name\": \"dirichlet\", \"alpha\": 1e6, \"balanced\": false}},"
        " \"metrics\": {\"objective\": \"nodes\"}, \"stop\": {\"iterations\": 0}}";
    const char *all[] = {"metrics.loss_samples=all", NULL};
    const char *some[] = {"metrics.loss_samples=400", NULL};
    struct play whole = play_fine(blobs, all), part = play_fine(blobs, some);
    double loss = whole.result.last.loss;
    ck_assert_double_eq_tol(part.result.last.loss, loss, 0.08 * loss);
    play_free(&whole);
    play_free(&part);
}
END_TEST

START_TEST(the_objective_may_be_the_nodes_mean)
{
    const char *set[] = {"stop.iterations=5", "metrics.objective=nodes", NULL};
    struct reference reference = reference_open();
    struct play play = play_fine(quadratic_text, set);
    double loss = 0;
    for (int i = 0; i < N; i++)
        loss += loss_at(&reference, i, play.rows.mean) / N;
    ck_assert_double_eq_tol(play.result.last.loss, loss, 1e-12);
    play_free(&play);
    reference_close(&reference);
}
END_TEST

/* Without a step the mean of all mass stays where it started, whatever is under way. */
START_TEST(mass_in_flight_belongs_to_the_mean)
{
    char stop[64];
    size_t under_way;
    snprintf(stop, sizeof stop, "stop.time=%d ms", 13 + 29 * _i);
    const char *set[] = {stop, "optimizer.learning_rate=0", NULL};
    const char *start_set[] = {"stop.iterations=0", "optimizer.learning_rate=0", NULL};
    struct play start = play_fine(quadratic_text, start_set);
    struct play play = play_fine(quadratic_text, set);
    double mean[D] = {0}, weight = weight_in_flight(&play, &under_way);
    for (int i = 0; i < N; i++) {
        weight += play.rows.w[i];
        for (int d = 0; d < D; d++)
            mean[d] += start.rows.x[i * D + d] / N;
    }
    ck_assert_double_eq_tol(weight, N, 1e-12);
    ck_assert_double_le(play_difference(play.rows.mean, mean, D), 1e-14);
    ck_assert(_i < 2 || under_way > 0);
    play_free(&start);
    play_free(&play);
}
END_TEST

/* Two nodes, gradients of 400 and 100 ms, then a ring all-reduce of 2 (alpha + M b / 2): a third
 * of the story is waiting. */
START_TEST(blocked_share_is_waiting_over_time)
{
    const char *set[] = {"nodes=2",
                         "compute.stragglers=[{\"first\": 1, \"last\": 1, \"slowdown\": 4}]",
                         "network={\"latency\": \"1 ms\", \"bandwidth\": \"8 Gbps\"}",
                         "wire.message_size=30 MB", NULL};
    struct play play = play_fine(even_text, set);
    double reduce_ms = 2 * (1 + 15), iteration_ms = 400 + reduce_ms;
    ck_assert_int_eq(play.result.last.time_ps, (int64_t)(10 * iteration_ms) * MS);
    ck_assert_double_eq_tol(play.result.summary.blocked_share,
                            (300 + 2 * reduce_ms) / (2 * iteration_ms), 1e-12);
    play_free(&play);
}
END_TEST

/* SGP sends a vector and eight bytes of weight to each peer; a ring all-reduce over n nodes sends
 * 2 (n-1) parts of M / n. */
START_TEST(bytes_are_what_was_sent)
{
    const char *gossip[] = {"algorithm=sgp", "topology=complete", "wire.message_size=1 MB", NULL};
    const char *reduce[] = {"wire.message_size=1 MB", NULL};
    struct play sgp = play_fine(even_text, gossip), ar = play_fine(even_text, reduce);
    ck_assert_double_eq(sgp.result.summary.messages, 10 * 4 * 3);
    ck_assert_double_eq(sgp.result.summary.bytes, 10 * 4 * 3 * (1e6 + 8));
    ck_assert_double_eq(ar.result.summary.messages, 10 * 4 * 6);
    ck_assert_double_eq(ar.result.summary.bytes, 10 * 4 * 6 * 250e3);
    play_free(&sgp);
    play_free(&ar);
}
END_TEST

/* Staleness 4, 0, none and 1: three updates had one, 5 in sum. */
START_TEST(staleness_is_over_the_updates_that_have_one)
{
    static const int64_t stale[] = {4, 0, -1, 1};
    struct sim sim = {.engine = engine_create()};
    observer_open(&sim.observer, NULL, TRACE_NONE);
    ck_assert(isnan(sim_staleness_mean(&sim)));
    ck_assert(isnan(sim_staleness_max(&sim)));
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
        struct trace_update row = {.staleness = stale[i]};
        sim_updated(&sim, &row);
    }
    ck_assert_int_eq(sim.counts.updates, 3);
    ck_assert_double_eq(sim_staleness_mean(&sim), 5.0 / 3);
    ck_assert_double_eq(sim_staleness_max(&sim), 4);
    observer_close(&sim.observer);
    engine_free(sim.engine);
}
END_TEST

/* ---- Networks that must agree ---- */

/* One message a link at a time: sharing, queueing and no contention are the same. */
START_TEST(networks_agree_where_nothing_is_shared)
{
    static const char *const models[] = {"network.model=fair", "network.model=fifo",
                                         "network.model=ideal"};
    struct play play[3];
    for (int m = 0; m < 3; m++) {
        const char *set[] = {models[m],
                             "algorithm=sgp",
                             "topology=one-peer-exponential",
                             "network.latency=50 us",
                             "network.bandwidth=10 Gbps",
                             "wire.message_size=102.4 MB",
                             NULL};
        play[m] = play_fine(even_text, set);
        ck_assert_int_eq(play[m].result.last.time_ps, play[0].result.last.time_ps);
        ck_assert_str_eq(play[m].result.timeline_digest, play[0].result.timeline_digest);
        ck_assert_str_eq(play[m].result.metrics_digest, play[0].result.metrics_digest);
    }
    /* 100 ms, then (102.4 MB + 8) / 1.25 GB/s + 50 us */
    ck_assert_int_eq(play[0].result.last.time_ps, 10 * (100 * MS + 81920006400LL + MS / 20));
    for (int m = 0; m < 3; m++)
        play_free(&play[m]);
}
END_TEST

static Suite *metrics_suite(void)
{
    Suite *suite = suite_create("metrics of a run");
    TCase *cadence = tcase_create("cadence"), *values = tcase_create("values");
    tcase_add_loop_test(cadence, metrics_come_at_their_cadence, 0,
                        sizeof cadences / sizeof *cadences);
    tcase_add_loop_test(values, values_are_those_of_the_stored_vectors, 0, 6);
    tcase_add_test(values, the_objective_may_be_the_nodes_mean);
    tcase_add_test(values, node_objectives_are_fair_samples);
    tcase_add_loop_test(values, mass_in_flight_belongs_to_the_mean, 0, 8);
    tcase_add_test(values, blocked_share_is_waiting_over_time);
    tcase_add_test(values, staleness_is_over_the_updates_that_have_one);
    tcase_add_test(values, bytes_are_what_was_sent);
    tcase_add_test(values, networks_agree_where_nothing_is_shared);
    suite_add_tcase(suite, cadence);
    suite_add_tcase(suite, values);
    return suite;
}

int main(void)
{
    return testing_run(metrics_suite());
}
