/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run: builds a simulation from a resolved scenario, plays it to its stop, and reports.
 */
#ifndef HEARSAY_RUN_RUN_H
#define HEARSAY_RUN_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/digest.h"
#include "core/status.h"
#include "run/config.h"
#include "trace/sink.h"

struct backend_ops;
struct data_cache;

struct run_progress {
    int64_t time_ps;
    double fraction; /* 0..1 of the nearest stop rule that can be foreseen; NaN: none can */
    double epoch;
    double iterations; /* of the mean node */
    double wall_s;
    double iterations_per_s; /* node iterations a wall second */
    double loss, accuracy;   /* of the last metric */
};

struct run_options {
    const struct backend_ops *backend;
    unsigned threads;                       /* 0: as many as the machine has */
    struct trace_sink *sink;                /* NULL: none */
    struct data_cache *data_cache;          /* shares data sets between runs; may be NULL */
    const struct trace_run *row;            /* identity for the trace; NULL without a sink */
    const volatile sig_atomic_t *interrupt; /* non-zero: stop at the next event; may be NULL */
    void (*progress)(void *context, const struct run_progress *progress); /* may be NULL */
    void *progress_context;
    double progress_every_s;
};

struct run_result {
    enum status status;
    char reason[1024]; /* "epochs", "target accuracy", a deadlock report, ... */
    bool measured;     /* a metric was taken; else summary is NaN and last empty */
    struct run_summary summary;
    struct trace_metric last; /* the final metric row */
    char timeline_digest[DIGEST_TEXT_SIZE], metrics_digest[DIGEST_TEXT_SIZE];
    double wall_s;
    uint64_t events;
    double grid_s; /* spacing of the metric grid around the target crossing; NaN: no target */
};

/* Names and values of a summary in the order of RUN_SUMMARY_LIST. */
#define RUN_SUMMARY_ONE(column) +1
enum { RUN_SUMMARY_COUNT = 0 RUN_SUMMARY_LIST(RUN_SUMMARY_ONE) };
#undef RUN_SUMMARY_ONE
extern const char *const run_summary_names[RUN_SUMMARY_COUNT];
void run_summary_values(const struct run_summary *summary, double values[RUN_SUMMARY_COUNT]);

/* Refuses what cannot run (STATUS_REQUEST with a path), and with a backend also what cannot run on
 * that; plays nothing.  `backend` and `cache` may be NULL. */
enum status run_check(const struct run_config *config, const struct backend_ops *backend,
                      struct data_cache *cache, struct error *error);
/* Paths of the parts of a scenario whose values steer time (targets that stop it, encodings whose
 * size depends on values): without any the timeline is the same with every device, and device none
 * can play it.  Returns their number. */
#define RUN_STEERING_MAX 8
size_t run_steering(const struct run_config *config, const char *parts[RUN_STEERING_MAX]);
/* Plays a run.  A run that fails (deadlock, divergence, unmet expectation) returns its status with
 * *result and the trace filled as far as it got. */
enum status run_play(const struct run_config *config, const struct run_options *options,
                     struct run_result *result, struct error *error);

#endif
