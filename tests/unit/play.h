/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays scenario texts inside a test and keeps what the sink was told. */
#ifndef HEARSAY_TESTS_UNIT_PLAY_H
#define HEARSAY_TESTS_UNIT_PLAY_H

#include "run/run.h"
#include "trace/sink.h"

/* A sink that keeps rows in memory. */
struct play_capture {
    struct trace_sink sink;
    struct trace_span *spans;
    size_t span_count, span_capacity;
    struct trace_message *messages;
    size_t message_count, message_capacity;
    struct trace_update *updates;
    size_t update_count, update_capacity;
    struct trace_fault *faults;
    size_t fault_count, fault_capacity;
    struct trace_metric *metrics;
    size_t metric_count, metric_capacity;
    struct trace_node_metric *node_metrics;
    size_t node_metric_count, node_metric_capacity;
    char end_status[32]; /* what end_run said; "" when it was not called */
    size_t chunk_count;  /* messages of collectives, at level full */
    int64_t chunk_bytes;
    double *x, *z, *mean, *w; /* stored parameters of the last sequence: nodes x dimension */
    size_t dimension, nodes;
};

struct play {
    struct run_result result;
    struct error error;
    enum status status;
    struct play_capture rows;
};

struct play_options {
    const char *device;                       /* "cpu" when NULL */
    unsigned threads;                         /* 1 when 0 */
    void (*alter)(struct run_config *config); /* changes what a text cannot say; may be NULL */
    const volatile sig_atomic_t *interrupt;   /* may be NULL */
};

/* Plays run 0 of `text` with overrides (NULL-terminated list, or NULL). Free by play_free. */
struct play play_text(const char *text, const char *const *overrides, struct play_options options);
/* Plays a configuration as it is; `alter` is not asked. */
struct play play_config(const struct run_config *config, struct play_options options);
/* As play_text with defaults; fails the test when the run fails. */
struct play play_fine(const char *text, const char *const *overrides);
void play_free(struct play *play);

/* Begin of node's gradient number k; -1 when there is none. */
int64_t play_gradient_begin_ps(const struct play *play, uint32_t node, int64_t iteration);
/* Largest |a - b| relative to max(1, |b|). */
double play_difference(const double *a, const double *b, size_t count);

#endif
