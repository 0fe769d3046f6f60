/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every registered program under every kind of fault: it gets through, later, with its mass
 * accounted for (the engine checks it at every event), the same at one thread and at two, and the
 * trace says what happened.
 *
 * Eight nodes take five iterations; the fault begins after three tenths of the time that they take
 * undisturbed, and lasts for twice that time: a crashed node cannot be done before it ends, and
 * whoever needs a link that is down neither.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cluster/faults.h"
#include "core/simtime.h"
#include "play.h"
#include "run/run.h"
#include "scenario/pairs.h"
#include "testing.h"

#define BEGIN 0.3 /* of the undisturbed time */
#define LASTS 2.0
/* A delay can change who is served first, in a program that lets the first go on: what a message an
 * iteration takes. */
#define SLACK_S (5 * 1.1e-3)

static const struct algorithm_ops *algorithm_of(int index)
{
    return (const struct algorithm_ops *)(const void *)algorithm_registry.entries[index];
}

static size_t find_family(const struct pairs *pairs, const char *path)
{
    size_t f = 0;
    while (strcmp(pairs_family(pairs, f)->path, path) != 0)
        f++;
    return f;
}

static size_t find_part(const struct pairs_family *family, const char *name)
{
    size_t p = 0;
    while (strcmp(pairs_part(family, p), name) != 0)
        p++;
    return p;
}

/* A small scenario of the program, with a topology that suits it, and with times: gradients of
 * constant time (of twice that at the last node), messages of 1.1 ms. */
struct bed {
    struct pairs *pairs;
    struct pair pair;
    struct run_config config;
    struct speed_override slow;
    struct fault_config fault;
};

static void bed_open(struct bed *bed, int algorithm)
{
    bool computes = algorithm_of(algorithm)->uses_gradients;
    const char *path = computes ? "compute.gradient_time" : "precision";
    memset(bed, 0, sizeof *bed);
    bed->pairs = pairs_create();
    size_t family = find_family(bed->pairs, path);
    size_t part = find_part(pairs_family(bed->pairs, family), computes ? "constant" : "float64");
    pairs_try(bed->pairs, (size_t)algorithm, family, part, &bed->pair);
    ck_assert_msg(bed->pair.verdict == PAIRS_ALLOWED, "%s: %s: %s",
                  algorithm_of(algorithm)->plugin.name, bed->pair.error.path, bed->pair.error.text);
    bed->config = scenario_at(bed->pair.scenario, 0)->config;
    bed->slow = (struct speed_override){PAIRS_NODES - 1, PAIRS_NODES - 1, 0.5};
    bed->config.compute.speeds = (struct field_list){&bed->slow, 1};
    bed->config.network.bandwidth_bps = 8e9;
    bed->config.network.latency_s = 1e-4;
    bed->config.network.efficiency = 1;
    bed->config.wire.message_bytes = 1000000;
    bed->config.trace.level = TRACE_MESSAGES;
}

static void bed_close(struct bed *bed)
{
    pairs_release(&bed->pair);
    pairs_free(bed->pairs);
}

static struct play play_bed(const struct bed *bed, unsigned threads)
{
    return play_config(&bed->config, (struct play_options){.threads = threads});
}

static void assert_fine(const struct play *play, int algorithm, const char *fault)
{
    const char *name = algorithm_of(algorithm)->plugin.name;
    ck_assert_msg(play->status == STATUS_OK, "%s, %s: %s: %s", name, fault, play->error.path,
                  play->error.text);
    ck_assert_msg(play->result.summary.iterations >= 5, "%s, %s: %g iterations", name, fault,
                  play->result.summary.iterations);
    ck_assert_msg(isfinite(play->result.summary.mean_model_loss), "%s, %s: loss %g", name, fault,
                  play->result.summary.mean_model_loss);
}

static double undisturbed_s(const struct bed *bed, int algorithm)
{
    struct play play = play_bed(bed, 1);
    double time_s = play.result.summary.simulated_time_s;
    assert_fine(&play, algorithm, "nothing");
    ck_assert_uint_eq(play.rows.fault_count, 0);
    ck_assert_double_eq(play.result.summary.messages_lost, 0);
    ck_assert_double_eq(play.result.summary.mass_destroyed, 0);
    play_free(&play);
    return time_s;
}

static struct fault_config fault_of(enum fault_kind kind, double at_s, double for_s, int64_t first,
                                    int64_t last)
{
    return (struct fault_config){.kind = kind,
                                 .at_s = at_s,
                                 .for_s = for_s,
                                 .first = first,
                                 .last = last,
                                 .factor = NAN,
                                 .probability = NAN};
}

/* One thread and two; returns the first. */
static struct play play_twice(const struct bed *bed, int algorithm, const char *fault)
{
    struct play one = play_bed(bed, 1), two = play_bed(bed, 2);
    assert_fine(&one, algorithm, fault);
    ck_assert_str_eq(one.result.timeline_digest, two.result.timeline_digest);
    ck_assert_str_eq(one.result.metrics_digest, two.result.metrics_digest);
    play_free(&two);
    return one;
}

/* Plays the fault, and compares with the undisturbed run. */
static struct play play_fault(struct bed *bed, int algorithm, double plain_s)
{
    const char *kind = fault_kind_names[bed->fault.kind];
    const char *name = algorithm_of(algorithm)->plugin.name;
    bed->config.faults = (struct field_list){&bed->fault, 1};
    struct play play = play_twice(bed, algorithm, kind);
    double end_s = bed->fault.at_s + bed->fault.for_s;
    ck_assert_uint_eq(play.rows.fault_count, 1);
    ck_assert_str_eq(play.rows.faults[0].kind, kind);
    ck_assert_int_eq(play.rows.faults[0].begin_ps, simtime_from_s(bed->fault.at_s));
    bool ended = bed->fault.kind == FAULT_CRASH || play.result.summary.simulated_time_s >= end_s;
    int64_t end_ps = simtime_from_s(bed->fault.at_s) + simtime_from_s(bed->fault.for_s);
    ck_assert_int_eq(play.rows.faults[0].end_ps, ended ? end_ps : -1);
    ck_assert_msg(play.result.summary.simulated_time_s >= (ended ? end_s : plain_s),
                  "%s, %s: %g s, undisturbed %g s, the fault ends at %g s", name, kind,
                  play.result.summary.simulated_time_s, plain_s, end_s);
    return play;
}

/* Nothing of a node that is down happens: its gradients, its spans and its messages. */
static void assert_silent(const struct play *play, uint32_t node)
{
    const struct trace_fault *fault = &play->rows.faults[0];
    unsigned down = 0;
    for (size_t i = 0; i < play->rows.span_count; i++) {
        const struct trace_span *span = &play->rows.spans[i];
        if (span->node != node)
            continue;
        if (span->kind == TRACE_SPAN_DOWN) {
            down++;
            ck_assert_int_eq(span->begin_ps, fault->begin_ps);
            ck_assert_int_eq(span->end_ps, fault->end_ps);
        } else if (span->lane != TRACE_LANE_COLLECTIVE) {
            ck_assert(span->end_ps <= fault->begin_ps || span->begin_ps >= fault->end_ps);
        }
    }
    ck_assert_uint_eq(down, 1);
    for (size_t i = 0; i < play->rows.message_count; i++) {
        const struct trace_message *message = &play->rows.messages[i];
        if (message->src == node)
            ck_assert(message->posted_ps <= fault->begin_ps || message->posted_ps >= fault->end_ps);
        if (message->dst == node && message->arrived_ps >= 0)
            ck_assert(message->arrived_ps <= fault->begin_ps ||
                      message->arrived_ps >= fault->end_ps);
    }
}

/* A host that comes back as it was. */
START_TEST(a_host_crashes)
{
    struct bed bed;
    bed_open(&bed, _i);
    double plain_s = undisturbed_s(&bed, _i);
    bed.fault = fault_of(FAULT_CRASH, BEGIN * plain_s, LASTS * plain_s, 1, 1);
    struct play play = play_fault(&bed, _i, plain_s);
    assert_silent(&play, 1);
    play_free(&play);
    bed_close(&bed);
}
END_TEST

/* One that comes back with nothing; or the request is refused where that makes no sense. */
START_TEST(a_host_forgets)
{
    struct bed bed;
    bed_open(&bed, _i);
    double plain_s = undisturbed_s(&bed, _i);
    bed.fault = fault_of(FAULT_CRASH, BEGIN * plain_s, LASTS * plain_s, 1, 1);
    bed.fault.state = FAULT_STATE_LOST;
    if (algorithm_of(_i)->survives & ALGORITHM_SURVIVES_AMNESIA) {
        struct play play = play_fault(&bed, _i, plain_s);
        assert_silent(&play, 1);
        play_free(&play);
    } else {
        bed.config.faults = (struct field_list){&bed.fault, 1};
        struct play play = play_bed(&bed, 1);
        ck_assert_int_eq(play.status, STATUS_REQUEST);
        ck_assert_str_eq(play.error.path, "faults[0].state");
        ck_assert_ptr_nonnull(strstr(play.error.text, algorithm_of(_i)->plugin.name));
        play_free(&play);
    }
    bed_close(&bed);
}
END_TEST

START_TEST(a_link_fails)
{
    struct bed bed;
    bed_open(&bed, _i);
    double plain_s = undisturbed_s(&bed, _i);
    bed.fault = fault_of(FAULT_LINK, BEGIN * plain_s, LASTS * plain_s, 2, 2);
    struct play play = play_fault(&bed, _i, plain_s);
    ck_assert_double_eq(play.result.summary.messages_lost, 0);
    play_free(&play);
    bed_close(&bed);
}
END_TEST

/* Half of the workers are cut off from the others, and from the servers. */
START_TEST(the_network_is_divided)
{
    struct bed bed;
    bed_open(&bed, _i);
    double plain_s = undisturbed_s(&bed, _i);
    bed.fault = fault_of(FAULT_PARTITION, BEGIN * plain_s, LASTS * plain_s, 0, 3);
    struct play play = play_fault(&bed, _i, plain_s);
    ck_assert_double_eq(play.result.summary.messages_lost, 0);
    play_free(&play);
    bed_close(&bed);
}
END_TEST

/* What is lost is sent again: later, never another number of iterations, and nothing is destroyed.
 */
START_TEST(lost_messages_are_sent_again)
{
    struct bed bed;
    bed_open(&bed, _i);
    double plain_s = undisturbed_s(&bed, _i);
    bed.config.network.loss = 0.3;
    struct play play = play_twice(&bed, _i, "loss");
    ck_assert_double_ge(play.result.summary.simulated_time_s, plain_s - SLACK_S);
    ck_assert_double_eq(play.result.summary.messages_lost, 0);
    ck_assert_double_eq(play.result.summary.mass_destroyed, 0);
    play_free(&play);
    bed_close(&bed);
}
END_TEST

static bool drops(const struct trace_message *message)
{
    return message->drop_reason && strcmp(message->drop_reason, "dropped") == 0;
}

/* A third of the messages is dropped.  Who can go on without is not sent them again: each has a row
 * that says so, and the mass of all these rows is the mass that is gone. */
START_TEST(messages_are_dropped)
{
    struct bed bed;
    double destroyed = 0, lost = 0;
    bed_open(&bed, _i);
    double plain_s = undisturbed_s(&bed, _i);
    bed.fault = fault_of(FAULT_DROP, 0, 1000 * plain_s, INT64_MIN, INT64_MIN);
    bed.fault.probability = 0.3;
    bed.config.faults = (struct field_list){&bed.fault, 1};
    struct play play = play_twice(&bed, _i, "drop");
    ck_assert_uint_eq(play.rows.fault_count, 1);
    ck_assert_int_eq(play.rows.faults[0].end_ps, -1);
    ck_assert((play.rows.faults[0].lost > 0) == (play.result.summary.messages > 0));
    for (size_t i = 0; i < play.rows.message_count; i++) {
        const struct trace_message *message = &play.rows.messages[i];
        if (!drops(message))
            continue;
        lost++;
        destroyed += message->weight;
        ck_assert_int_eq(message->arrived_ps, -1);
        ck_assert_int_eq(message->consumed_ps, -1);
    }
    ck_assert_double_eq(play.result.summary.messages_lost, lost);
    ck_assert_double_eq_tol(play.result.summary.mass_destroyed, destroyed, 1e-12);
    if (!(algorithm_of(_i)->survives & ALGORITHM_SURVIVES_LOSS))
        ck_assert_double_eq(lost, 0);
    if (lost == 0)
        ck_assert_double_ge(play.result.summary.simulated_time_s, plain_s - SLACK_S);
    play_free(&play);
    bed_close(&bed);
}
END_TEST

/* on_loss "drop" is a promise that the program must be able to keep. */
START_TEST(losses_are_final_or_refused)
{
    struct bed bed;
    bed_open(&bed, _i);
    bed.config.network.loss = 0.3;
    bed.config.network.on_loss = NETWORK_DROP;
    struct play play = play_bed(&bed, 1);
    if (play.status == STATUS_OK) {
        ck_assert(algorithm_of(_i)->survives & ALGORITHM_SURVIVES_LOSS);
        ck_assert_double_gt(play.result.summary.messages_lost, 0);
    } else {
        ck_assert_int_eq(play.status, STATUS_REQUEST);
        ck_assert_str_eq(play.error.path, "network.on_loss");
    }
    play_free(&play);
    bed_close(&bed);
}
END_TEST

/* A host that never returns: the others go on to their end, or nobody can, and the report says
 * because of whom. */
START_TEST(a_host_never_returns)
{
    struct bed bed;
    bed_open(&bed, _i);
    double plain_s = undisturbed_s(&bed, _i);
    bed.fault = fault_of(FAULT_CRASH, BEGIN * plain_s, NAN, 1, 1);
    bed.config.faults = (struct field_list){&bed.fault, 1};
    struct play play = play_bed(&bed, 1);
    ck_assert_uint_eq(play.rows.fault_count, 1);
    ck_assert_int_eq(play.rows.faults[0].end_ps, -1);
    if (play.status == STATUS_OK)
        ck_assert_str_eq(play.result.reason, "iterations");
    else
        ck_assert_msg(play.status == STATUS_DEADLOCK &&
                          strstr(play.error.text, "down with host 1") != NULL,
                      "%s: %s", algorithm_of(_i)->plugin.name, play.error.text);
    play_free(&play);
    bed_close(&bed);
}
END_TEST

int main(void)
{
    int algorithms = 0;
    while (algorithm_registry.entries[algorithms])
        algorithms++;
    Suite *suite = suite_create("faults of all families");
    TCase *cases = tcase_create("each");
    tcase_add_loop_test(cases, a_host_crashes, 0, algorithms);
    tcase_add_loop_test(cases, a_host_forgets, 0, algorithms);
    tcase_add_loop_test(cases, a_link_fails, 0, algorithms);
    tcase_add_loop_test(cases, the_network_is_divided, 0, algorithms);
    tcase_add_loop_test(cases, lost_messages_are_sent_again, 0, algorithms);
    tcase_add_loop_test(cases, messages_are_dropped, 0, algorithms);
    tcase_add_loop_test(cases, losses_are_final_or_refused, 0, algorithms);
    tcase_add_loop_test(cases, a_host_never_returns, 0, algorithms);
    suite_add_tcase(suite, cases);
    return testing_run(suite);
}
