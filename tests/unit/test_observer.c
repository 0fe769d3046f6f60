/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The observer: what reaches the sink at which level, and that the digests take in every field.
 */
#include <check.h>
#include <stdint.h>

#include "testing.h"
#include "trace/observer.h"

static const struct trace_span example_span = {
    .node = 3,
    .lane = TRACE_LANE_WAIT,
    .kind = TRACE_SPAN_BLOCKED,
    .begin_ps = 250000000000,
    .end_ps = 1000000000000,
    .iteration = 2,
};

static const struct trace_message example_message = {
    .src = 1,
    .dst = 2,
    .round = 5,
    .bytes = INT64_C(102400000),
    .weight = 0.1,
    .posted_ps = 10,
    .started_ps = 20,
    .arrived_ps = INT64_MAX,
    .consumed_ps = -1,
    .drop_reason = "in flight at stop",
};

static const struct trace_fault example_fault = {
    .kind = "crash",
    .entry = 1,
    .first = 2,
    .last = 3,
    .begin_ps = 4000,
    .end_ps = 5000,
    .lost = 6,
};

static const struct trace_update example_update = {
    .node = 4,
    .origin = 3,
    .time_ps = 125000000000,
    .version = 11,
    .staleness = 6,
    .scale = 0.25,
};

static const struct trace_collective example_collective = {.operation = 9, .schedule = "ring"};

struct counting_sink {
    struct trace_sink base;
    int spans, metrics;
};

static void count_span(struct trace_sink *sink, const struct trace_span *row)
{
    (void)row;
    ((struct counting_sink *)sink)->spans++;
}

static void count_message(struct trace_sink *sink, const struct trace_message *row)
{
    (void)row;
    ((struct counting_sink *)sink)->spans++;
}

static void count_update(struct trace_sink *sink, const struct trace_update *row)
{
    (void)row;
    ((struct counting_sink *)sink)->spans++;
}

static void count_collective(struct trace_sink *sink, const struct trace_collective *row)
{
    (void)row;
    ((struct counting_sink *)sink)->spans++;
}

static void count_chunk(struct trace_sink *sink, const struct trace_chunk *row)
{
    (void)row;
    ((struct counting_sink *)sink)->spans++;
}

static void count_metric(struct trace_sink *sink, const struct trace_metric *row)
{
    (void)row;
    ((struct counting_sink *)sink)->metrics++;
}

static void count_node_metric(struct trace_sink *sink, const struct trace_node_metric *row)
{
    (void)row;
    ((struct counting_sink *)sink)->metrics++;
}

static void count_fault(struct trace_sink *sink, const struct trace_fault *row)
{
    (void)row;
    ((struct counting_sink *)sink)->metrics++;
}

static const struct trace_sink_ops counting_ops = {
    .name = "counting",
    .span = count_span,
    .message = count_message,
    .update = count_update,
    .collective = count_collective,
    .chunk = count_chunk,
    .metric = count_metric,
    .node_metric = count_node_metric,
    .fault = count_fault,
};

static void observe_all(struct observer *observer)
{
    struct trace_metric metric = {.sequence = 1, .loss = 0.5};
    struct trace_node_metric node = {.sequence = 1, .node = 2};
    struct trace_chunk chunk = {.operation = 1, .src = 2, .dst = 3};

    observer_span(observer, &example_span);
    observer_message(observer, &example_message);
    observer_update(observer, &example_update);
    observer_collective(observer, &example_collective);
    observer_chunk(observer, &chunk);
    observer_metric(observer, &metric);
    observer_node_metric(observer, &node);
    observer_fault(observer, &example_fault);
}

START_TEST(levels_choose_rows_not_digests)
{
    static const int spans[] = {0, 0, 4, 5}, metrics[] = {0, 3, 3, 3};
    char timeline[4][DIGEST_TEXT_SIZE], numbers[4][DIGEST_TEXT_SIZE];

    for (int level = TRACE_NONE; level <= TRACE_FULL; level++) {
        struct counting_sink sink = {.base.ops = &counting_ops};
        struct observer observer;

        observer_open(&observer, &sink.base, (enum trace_level)level);
        observe_all(&observer);
        digest_text(observer.timeline, timeline[level]);
        digest_text(observer.metrics, numbers[level]);
        observer_close(&observer);
        ck_assert_int_eq(sink.spans, spans[level]);
        ck_assert_int_eq(sink.metrics, metrics[level]);
        ck_assert_str_eq(timeline[level], timeline[0]);
        ck_assert_str_eq(numbers[level], numbers[0]);
    }
    ck_assert_str_ne(timeline[0], numbers[0]);
}
END_TEST

/* The record written out by hand. */
START_TEST(records_are_tagged_little_endian_fields)
{
    static const unsigned char record[] = {
        's', 3,   0,   0,   0,   0,   0,   0,   0, /* node */
        1,   0,   0,   0,   0,   0,   0,   0,      /* lane */
        3,   0,   0,   0,   0,   0,   0,   0,      /* kind */
        0,   2,   0,   0,   0,   0,   0,   0,      /* begin */
        0,   0,   1,   0,   0,   0,   0,   0,      /* end */
        255, 255, 255, 255, 255, 255, 255, 255,    /* iteration */
        2,   0,   0,   0,   0,   0,   0,   0,      /* slot */
    };
    struct trace_span span = {.node = 3,
                              .lane = 1,
                              .kind = 3,
                              .begin_ps = 512,
                              .end_ps = 65536,
                              .iteration = -1,
                              .slot = 2};
    struct digest *expected = digest_create();
    char text[DIGEST_TEXT_SIZE], expected_text[DIGEST_TEXT_SIZE];
    struct observer observer;

    observer_open(&observer, NULL, TRACE_FULL);
    observer_span(&observer, &span);
    digest_text(observer.timeline, text);
    digest_bytes(expected, record, sizeof record);
    digest_text(expected, expected_text);
    ck_assert_str_eq(text, expected_text);
    observer_close(&observer);
    digest_free(expected);
}
END_TEST

static void timeline_of(const struct trace_message *message, char text[DIGEST_TEXT_SIZE])
{
    struct observer observer;

    observer_open(&observer, NULL, TRACE_NONE);
    observer_message(&observer, message);
    digest_text(observer.timeline, text);
    observer_close(&observer);
}

START_TEST(every_field_of_a_message_counts)
{
    char plain[DIGEST_TEXT_SIZE], changed[DIGEST_TEXT_SIZE];

    timeline_of(&example_message, plain);
#define CHANGE(member, value)                                                                      \
    do {                                                                                           \
        struct trace_message other = example_message;                                              \
        other.member = value;                                                                      \
        timeline_of(&other, changed);                                                              \
        ck_assert_str_ne(plain, changed);                                                          \
    } while (0)
    CHANGE(src, 7);
    CHANGE(dst, 7);
    CHANGE(round, 7);
    CHANGE(bytes, 7);
    CHANGE(weight, 0.5);
    CHANGE(posted_ps, 7);
    CHANGE(started_ps, 7);
    CHANGE(arrived_ps, 7);
    CHANGE(consumed_ps, 7);
    CHANGE(drop_reason, NULL);
    CHANGE(drop_reason, "");
    CHANGE(drop_reason, "other");
#undef CHANGE
}
END_TEST

static void timeline_of_fault(const struct trace_fault *fault, char text[DIGEST_TEXT_SIZE])
{
    struct observer observer;

    observer_open(&observer, NULL, TRACE_NONE);
    observer_fault(&observer, fault);
    digest_text(observer.timeline, text);
    observer_close(&observer);
}

START_TEST(every_field_of_a_fault_counts)
{
    char plain[DIGEST_TEXT_SIZE], changed[DIGEST_TEXT_SIZE];

    timeline_of_fault(&example_fault, plain);
#define CHANGE(member, value)                                                                      \
    do {                                                                                           \
        struct trace_fault other = example_fault;                                                  \
        other.member = value;                                                                      \
        timeline_of_fault(&other, changed);                                                        \
        ck_assert_str_ne(plain, changed);                                                          \
    } while (0)
    CHANGE(kind, "link");
    CHANGE(entry, 7);
    CHANGE(first, 7);
    CHANGE(last, 7);
    CHANGE(begin_ps, 7);
    CHANGE(end_ps, -1);
    CHANGE(lost, 7);
#undef CHANGE
}
END_TEST

static void timeline_of_update(const struct trace_update *update, char text[DIGEST_TEXT_SIZE])
{
    struct observer observer;

    observer_open(&observer, NULL, TRACE_NONE);
    observer_update(&observer, update);
    digest_text(observer.timeline, text);
    observer_close(&observer);
}

START_TEST(every_field_of_an_update_counts)
{
    char plain[DIGEST_TEXT_SIZE], changed[DIGEST_TEXT_SIZE];

    timeline_of_update(&example_update, plain);
#define CHANGE(member, value)                                                                      \
    do {                                                                                           \
        struct trace_update other = example_update;                                                \
        other.member = value;                                                                      \
        timeline_of_update(&other, changed);                                                       \
        ck_assert_str_ne(plain, changed);                                                          \
    } while (0)
    CHANGE(node, 7);
    CHANGE(origin, 7);
    CHANGE(time_ps, 7);
    CHANGE(version, 7);
    CHANGE(staleness, -1);
    CHANGE(scale, 0.5);
#undef CHANGE
}
END_TEST

START_TEST(names_are_complete)
{
    ck_assert_str_eq(trace_level_names[TRACE_FULL], "full");
    ck_assert_ptr_null(trace_level_names[TRACE_FULL + 1]);
    ck_assert_str_eq(trace_lane_names[TRACE_LANE_COLLECTIVE], "collective");
    ck_assert_ptr_null(trace_lane_names[TRACE_LANES]);
    for (int kind = 0; kind < TRACE_SPAN_KINDS; kind++)
        ck_assert_ptr_nonnull(trace_span_names[kind]);
    ck_assert_ptr_null(trace_span_names[TRACE_SPAN_KINDS]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observer");
    TCase *records = tcase_create("records");

    tcase_add_test(records, levels_choose_rows_not_digests);
    tcase_add_test(records, records_are_tagged_little_endian_fields);
    tcase_add_test(records, every_field_of_a_message_counts);
    tcase_add_test(records, every_field_of_a_fault_counts);
    tcase_add_test(records, every_field_of_an_update_counts);
    tcase_add_test(records, names_are_complete);
    suite_add_tcase(suite, records);
    return testing_run(suite);
}
