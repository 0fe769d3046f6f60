/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What compressed gradients cost: bytes of every rule, times worked out by hand, what is refused,
 * and which encodings let values steer time.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "play.h"
#include "scenario/scenario.h"
#include "testing.h"

#define MS 1000000000LL /* ps */
#define NS 1000LL

/* ---- Bytes ---- */

static const char resnet_text[] =
    "{\"nodes\": 3, \"precision\": \"float32\", \"algorithm\": \"ar-sgd\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"}},"
    " \"network\": {\"model\": \"ideal\", \"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"102.4 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 100},"
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.1},"
    " \"stop\": {\"iterations\": 2}}";

/*
 * 102.4 MB are 25 600 000 values of 32 bits, below 2^25, as one matrix of 5060 rows and columns.
 *   top-k 1 %            256 000 x (32 + 25) bits
 *   random-k 1 %         256 000 x 32: everybody knows the elements; else with indices
 *   sign                 1 bit, and a mean; none: no mean
 *   one-bit              1 bit, and two means of each of 5060 columns
 *   QSGD 7 levels        1 + 3 bits, and a norm; TernGrad 2 bits and a scale
 *   PowerSGD rank 4      4 x 5060 values of p, as many of q; rank 4096 would take more than the
 *                        matrix, which travels in p as it is, and there is no q
 */
static const struct {
    const char *compressor;
    int64_t bytes;
    bool gathered; /* by ar-sgd */
} sizes[] = {
    {"none", 102400000, false},
    {"{\"name\": \"top-k\", \"ratio\": 0.01}", 256000 * 57 / 8, true},
    {"{\"name\": \"top-k\", \"ratio\": 0.01, \"memory\": \"update\"}", 256000 * 57 / 8, true},
    {"{\"name\": \"random-k\", \"ratio\": 0.01}", 256000 * 4, false},
    {"{\"name\": \"random-k\", \"ratio\": 0.01, \"common_seed\": false}", 256000 * 57 / 8, true},
    {"{\"name\": \"threshold\", \"threshold\": 1, \"declared_ratio\": 0.01}", 256000 * 57 / 8,
     true},
    {"{\"name\": \"sign\", \"memory\": \"update\"}", 3200000 + 4, true},
    {"{\"name\": \"sign\", \"scale\": \"none\"}", 3200000, true},
    {"{\"name\": \"one-bit\", \"memory\": \"gradient\"}", 3200000 + 2 * 5060 * 4, true},
    {"qsgd", 12800000 + 4, true},
    {"terngrad", 6400000 + 4, true},
    {"fp16", 51200000, false},
    {"bf16", 51200000, false},
    {"{\"name\": \"power-sgd\", \"rank\": 4}", 2 * 4 * 5060 * 4, false},
    {"{\"name\": \"power-sgd\", \"rank\": 4096}", 102400000, false},
};
#define SIZES ((int)(sizeof sizes / sizeof *sizes))

/* The bytes of two steps, and the same times without any values. */
static void check_bytes(const char *algorithm, const char *compressor, int64_t bytes)
{
    char setting[128];
    const char *set[] = {algorithm, setting, NULL};
    snprintf(setting, sizeof setting, "compressor=%s", compressor);
    struct play play = play_fine(resnet_text, set);
    struct play times =
        play_text(resnet_text, set, (struct play_options){.threads = 1, .device = "none"});
    ck_assert_msg(times.status == STATUS_OK, "%s: %s", times.error.path, times.error.text);
    ck_assert_int_eq(play.result.last.bytes, 2 * bytes);
    ck_assert_str_eq(play.result.timeline_digest, times.result.timeline_digest);
    play_free(&play);
    play_free(&times);
}

/* The rings: an all-gather moves n - 1 times all n parts, an all-reduce of M bytes 2 (n - 1) M. */
START_TEST(ar_sgd_sends_encodings)
{
    check_bytes("algorithm=ar-sgd", sizes[_i].compressor,
                sizes[_i].bytes * (sizes[_i].gathered ? 6 : 4));
}
END_TEST

/* Three encodings go up, three models come back, however many shards. */
START_TEST(servers_get_encodings_and_send_models)
{
    static const char *const servers[] = {
        "algorithm=parameter-server", "algorithm={\"name\": \"parameter-server\", \"shards\": 7}",
        "algorithm={\"name\": \"k-async\", \"K\": 2, \"batches\": true}", "algorithm=async-server",
        "algorithm=ssp"};
    for (size_t s = 0; s < sizeof servers / sizeof *servers; s++)
        check_bytes(servers[s], sizes[_i].compressor, 3 * (sizes[_i].bytes + 102400000));
}
END_TEST

/* 25 600 000 signs up, as many votes down; seven shards divide both. */
START_TEST(votes_take_a_bit_an_element)
{
    static const char sign[] = "{\"name\": \"sign\", \"scale\": \"none\"}";
    check_bytes("algorithm={\"name\": \"parameter-server\", \"aggregate\": \"majority-vote\"}",
                sign, 6 * 3200000);
    check_bytes("algorithm={\"name\": \"parameter-server\", \"aggregate\": \"majority-vote\","
                " \"shards\": 7}",
                sign, 6 * 3200000);
}
END_TEST

/* Halves in buckets are a model of half the bytes in buckets. */
START_TEST(half_precision_halves_buckets)
{
    static const char buckets[] =
        "algorithm={\"name\": \"ar-sgd\", \"bucket\": \"7 MB\", \"collective\": \"ring\"}";
    const char *half[] = {buckets, "compressor=fp16", "network.model=fair", NULL};
    const char *plain[] = {buckets, "wire.message_size=51.2 MB", "network.model=fair", NULL};
    struct play one = play_fine(resnet_text, half), two = play_fine(resnet_text, plain);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    play_free(&one);
    play_free(&two);
}
END_TEST

/* ---- Times ---- */

/*
 * Three nodes, gradients of 100, 150 and 200 ms; an ideal network with a byte a nanosecond.
 * 30 MB are 3 750 000 doubles.
 */
static const char three_text[] =
    "{\"nodes\": 3, \"precision\": \"float64\", \"algorithm\": \"ar-sgd\","
    " \"compute\": {\"gradient_time\": {\"name\": \"constant\", \"mean\": \"100 ms\"},"
    "   \"speeds\": [{\"first\": 1, \"speed\": 0.66666666666666667},"
    "                {\"first\": 2, \"speed\": 0.5}]},"
    " \"network\": {\"model\": \"ideal\", \"bandwidth\": \"8 Gbps\", \"latency\": \"0 s\"},"
    " \"wire\": {\"message_size\": \"30 MB\"},"
    " \"model\": {\"name\": \"quadratic\", \"dimension\": 7},"
    " \"optimizer\": {\"name\": \"sgd\", \"learning_rate\": 0.05},"
    " \"stop\": {\"iterations\": 3}}";

static void assert_begins(const struct play *play, uint32_t node, int64_t iteration,
                          int64_t expected_ps)
{
    ck_assert_int_eq(play_gradient_begin_ps(play, node, iteration), expected_ps);
}

/* All nodes begin step k at k times `step_ps`, and so the run ends. */
static void check_steps(const char *const *set, int64_t step_ps)
{
    struct play play = play_fine(three_text, set);
    for (uint32_t node = 0; node < 3; node++)
        for (int k = 0; k < 3; k++)
            assert_begins(&play, node, k, k * step_ps);
    ck_assert_int_eq(play.result.last.time_ps, 3 * step_ps);
    play_free(&play);
}

/* A tenth of the doubles, with indices of 22 bits: 375 000 x 86 bits = 4 031 250 bytes. */
#define TOP_K "compressor={\"name\": \"top-k\", \"ratio\": 0.1, \"memory\": \"update\"}"
#define Q_PS  4031250000LL

/*
 * Node 0's part is at node 1 at 104.03, before that enters; node 1's at node 2 at 154.03; node 2's
 * leaves at 200 and is at node 0 at 204.03.  In the second step node 1 passes node 0's part on at
 * 154.03; nodes 2 and 0 pass theirs on at 204.03, and all is where it belongs at 208.06.
 */
START_TEST(all_gather_of_encodings)
{
    const char *set[] = {TOP_K, NULL};
    check_steps(set, 200 * MS + 2 * Q_PS);
}
END_TEST

/* With latency of 1 ms a message, and exchange of everything in two steps of 1 and 2 parts. */
START_TEST(all_gather_is_a_choice)
{
    const char *set[] = {TOP_K, "nodes=4", "network.latency=1 ms",
                         "algorithm={\"name\": \"ar-sgd\","
                         " \"gather\": \"recursive-doubling-all-gather\"}",
                         NULL};
    struct play play = play_fine(three_text, set);
    ck_assert_int_eq(play.result.last.time_ps, 3 * (200 * MS + 2 * MS + 3 * Q_PS));
    play_free(&play);
}
END_TEST

/*
 * 3 750 000 elements are a matrix of 1937 rows and 1936 columns; of rank 3, p is 5811 doubles in
 * three chunks of 15 496 bytes, q 5808 in chunks of 15 488.  The ring of p has four steps behind
 * the last node's entry, for each waits for what came from node 2 or went through all the others;
 * all leave it at once, and so enter that of q together: four more.
 */
START_TEST(power_sgd_takes_two_rounds)
{
    const char *set[] = {"compressor={\"name\": \"power-sgd\", \"rank\": 3}", NULL};
    check_steps(set, 200 * MS + 4 * (15496 + 15488) * NS);
}
END_TEST

/* 3 750 000 x 16 bits in three chunks of 2.5 MB: four steps. */
START_TEST(half_precision_goes_through_the_all_reduce)
{
    const char *set[] = {"compressor=fp16", NULL};
    check_steps(set, 200 * MS + 4 * 2500000 * NS);
}
END_TEST

/* The encoding up, 30 MB back; each worker for itself. */
START_TEST(asynchronous_server_waits_for_links_alone)
{
    const char *set[] = {"algorithm=async-server", TOP_K, NULL};
    const int64_t gradient_ps[3] = {100 * MS, 150 * MS, 200 * MS};
    struct play play = play_fine(three_text, set);
    for (uint32_t node = 0; node < 3; node++)
        for (int k = 0; k < 3; k++)
            assert_begins(&play, node, k, k * (gradient_ps[node] + Q_PS + 30 * MS));
    play_free(&play);
}
END_TEST

/* Three shards get a third each at a time, and answer with a third each. */
START_TEST(shards_share_an_encoding)
{
    const char *set[] = {"algorithm={\"name\": \"parameter-server\", \"shards\": 3}", TOP_K, NULL};
    check_steps(set, 200 * MS + Q_PS / 3 + 10 * MS);
}
END_TEST

/* 3 750 000 bits are 468 750 bytes, up and down. */
START_TEST(votes_are_short_both_ways)
{
    const char *set[] = {
        "algorithm={\"name\": \"parameter-server\", \"aggregate\": \"majority-vote\"}",
        "compressor={\"name\": \"sign\", \"scale\": \"none\"}", NULL};
    check_steps(set, 200 * MS + 2 * 468750 * NS);
}
END_TEST

/* ---- Sizes that depend on values ---- */

/* At the optimum of f = |x|^2 / 2 nothing is above a threshold: an empty message; from afar every
 * element is, and its index (22 bits) goes with it. */
START_TEST(thresholds_charge_what_they_send)
{
    const char *all[] = {"algorithm=async-server",
                         "nodes=1",
                         "compute.speeds=[]",
                         "stop.iterations=1",
                         "compressor={\"name\": \"threshold\", \"threshold\": 1e-300}",
                         NULL};
    const char *nothing[] = {"algorithm=async-server",
                             "nodes=1",
                             "compute.speeds=[]",
                             "stop.iterations=1",
                             "compressor={\"name\": \"threshold\", \"threshold\": 1e300}",
                             NULL};
    struct play one = play_fine(three_text, all), two = play_fine(three_text, nothing);
    ck_assert_int_eq(one.result.last.bytes, 30000000 + 3750000LL * 86 / 8);
    ck_assert_int_eq(two.result.last.bytes, 30000000);
    play_free(&one);
    play_free(&two);
}
END_TEST

static void assert_steering(const char *const *set, const char *expected)
{
    struct error error;
    struct scenario *scenario;
    const char *parts[RUN_STEERING_MAX];
    char said[128] = "";
    size_t count = 0;
    while (set[count])
        count++;
    ck_assert(scenario_parse("test", three_text, strlen(three_text), set, count, &scenario,
                             &error) == STATUS_OK);
    size_t steering = run_steering(&scenario_at(scenario, 0)->config, parts);
    for (size_t i = 0; i < steering; i++)
        snprintf(said + strlen(said), sizeof said - strlen(said), "%s ", parts[i]);
    ck_assert_str_eq(said, expected);
    scenario_free(scenario);
}

START_TEST(what_values_steer_is_listed)
{
    const char *fixed[] = {"compressor=qsgd", NULL};
    const char *declared[] = {
        "compressor={\"name\": \"threshold\", \"threshold\": 1, \"declared_ratio\": 0.1}", NULL};
    const char *elias[] = {"compressor={\"name\": \"qsgd\", \"encoding\": \"elias\"}",
                           "algorithm=async-server", NULL};
    const char *all[] = {"compressor={\"name\": \"threshold\", \"threshold\": 1}",
                         "stop.target_loss=0.1", "algorithm=async-server", NULL};
    assert_steering(fixed, "");
    assert_steering(declared, "");
    assert_steering(elias, "compressor.name ");
    assert_steering(all, "compressor.name stop.target_loss ");
}
END_TEST

/* ---- Refusals ---- */

static const struct refusal {
    const char *device, *path, *reason;
    const char *set[3];
} refusals[] = {
    {"none",
     "compressor.name",
     "sizes depend on values",
     {"algorithm=ssp", "compressor={\"name\": \"threshold\", \"threshold\": 1}"}},
    {"none",
     "compressor.name",
     "sizes depend on values",
     {"algorithm=ssp", "compressor={\"name\": \"qsgd\", \"encoding\": \"elias\"}"}},
    {NULL,
     "compressor",
     "ar-sgd with buckets sends the first before",
     {"algorithm={\"name\": \"ar-sgd\", \"bucket\": \"1 MB\"}", "compressor=top-k"}},
    {NULL,
     "compressor",
     "ar-sgd with buckets sends the first before",
     {"algorithm={\"name\": \"ar-sgd\", \"bucket\": \"1 MB\"}", "compressor=power-sgd"}},
    {NULL,
     "compressor.name",
     "sends whole models",
     {"algorithm={\"name\": \"ar-sgd\", \"average\": \"parameters\"}", "compressor=fp16"}},
    {NULL,
     "compressor.memory",
     "optimizer nesterov does not take rate x gradient",
     {"compressor={\"name\": \"top-k\", \"memory\": \"update\"}",
      "optimizer={\"name\": \"nesterov\"}"}},
    {NULL,
     "compressor.memory",
     "clip_norm bounds gradients",
     {"compressor={\"name\": \"top-k\", \"memory\": \"update\"}", "optimizer.clip_norm=1"}},
    {NULL,
     "compressor.momentum_correction",
     "without a memory",
     {"compressor={\"name\": \"top-k\", \"momentum_correction\": 0.9}"}},
    {NULL,
     "compressor.momentum_correction",
     "expected a sparse rule",
     {"compressor={\"name\": \"sign\", \"memory\": \"update\", \"momentum_correction\": 0.9}"}},
    {NULL,
     "compressor.momentum_correction",
     "a second momentum",
     {"compressor={\"name\": \"top-k\", \"memory\": \"gradient\", \"momentum_correction\": 0.9}",
      "optimizer={\"name\": \"nesterov\"}"}},
    {NULL,
     "compressor",
     "async-server with delay compensation reads gradients",
     {"algorithm={\"name\": \"async-server\", \"delay_compensation\": 1}",
      "compressor={\"name\": \"top-k\", \"memory\": \"update\"}"}},
    {NULL,
     "compressor",
     "counts a vote for every element",
     {"algorithm={\"name\": \"parameter-server\", \"aggregate\": \"majority-vote\"}",
      "compressor=top-k"}},
    {NULL,
     "compressor",
     "have no rate in them",
     {"algorithm={\"name\": \"parameter-server\", \"aggregate\": \"majority-vote\"}",
      "compressor={\"name\": \"sign\", \"memory\": \"update\"}"}},
    {NULL,
     "algorithm.backup",
     "misses a vote",
     {"algorithm={\"name\": \"parameter-server\", \"aggregate\": \"majority-vote\", \"backup\": "
      "1}"}},
};
#define REFUSALS ((int)(sizeof refusals / sizeof *refusals))

START_TEST(what_does_not_compose_is_refused)
{
    const struct refusal *this = &refusals[_i];
    struct play play = play_text(three_text, this->set,
                                 (struct play_options){.threads = 1, .device = this->device});
    ck_assert_int_eq(play.status, STATUS_REQUEST);
    ck_assert_str_eq(play.error.path, this->path);
    ck_assert_msg(strstr(play.error.text, this->reason) != NULL, "\"%s\" does not say \"%s\"",
                  play.error.text, this->reason);
    play_free(&play);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("times of compressed gradients");
    TCase *bytes = tcase_create("bytes"), *times = tcase_create("times");
    TCase *values = tcase_create("values");
    tcase_add_loop_test(bytes, ar_sgd_sends_encodings, 0, SIZES);
    tcase_add_loop_test(bytes, servers_get_encodings_and_send_models, 0, SIZES);
    tcase_add_test(bytes, votes_take_a_bit_an_element);
    tcase_add_test(bytes, half_precision_halves_buckets);
    tcase_add_test(times, all_gather_of_encodings);
    tcase_add_test(times, all_gather_is_a_choice);
    tcase_add_test(times, power_sgd_takes_two_rounds);
    tcase_add_test(times, half_precision_goes_through_the_all_reduce);
    tcase_add_test(times, asynchronous_server_waits_for_links_alone);
    tcase_add_test(times, shards_share_an_encoding);
    tcase_add_test(times, votes_are_short_both_ways);
    tcase_add_test(values, thresholds_charge_what_they_send);
    tcase_add_test(values, what_values_steer_is_listed);
    tcase_add_loop_test(values, what_does_not_compose_is_refused, 0, REFUSALS);
    suite_add_tcase(suite, bytes);
    suite_add_tcase(suite, times);
    suite_add_tcase(suite, values);
    return testing_run(suite);
}
