/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run tells the world while it plays: rows.  The engine calls a sink with plain structs;
 * implementations are the SQLite sink with its writer thread (trace/sqlite_sink.h), and the null
 * sink.  A sink copies what it needs before it returns.  A sink that fails keeps the first error
 * and reports it from `end_run` and `failed`; the run polls `failed` and stops.
 */
#ifndef HEARSAY_TRACE_SINK_H
#define HEARSAY_TRACE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

enum trace_level { TRACE_NONE, TRACE_METRICS, TRACE_MESSAGES, TRACE_FULL };
extern const char *const trace_level_names[]; /* "none", "metrics", "messages", "full", NULL */

/* Lanes of a node: spans of one lane never overlap. */
enum trace_lane {
    TRACE_LANE_COMPUTE,
    TRACE_LANE_WAIT,
    TRACE_LANE_COLLECTIVE,
    TRACE_LANE_PASS, /* the parts of a gradient, at level `full` */
    TRACE_LANES
};
enum trace_span_kind {
    TRACE_SPAN_GRADIENT,   /* compute: forward and backward */
    TRACE_SPAN_STEP,       /* compute: optimizer */
    TRACE_SPAN_REDUCE,     /* compute: sums of a collective */
    TRACE_SPAN_BLOCKED,    /* wait: a declared condition did not hold */
    TRACE_SPAN_ALL_REDUCE, /* collective: from entry to result */
    TRACE_SPAN_FORWARD,    /* pass */
    TRACE_SPAN_BACKWARD,
    TRACE_SPAN_CANCELLED, /* compute: a gradient that was given up, or cut by a crash */
    TRACE_SPAN_DOWN,      /* wait: the host has crashed */
    TRACE_SPAN_KINDS,
};
extern const char *const trace_lane_names[];
extern const char *const trace_span_names[];

struct trace_span {
    uint32_t node;
    uint16_t lane, kind;
    int64_t begin_ps, end_ps;
    int64_t iteration;
    uint16_t slot; /* which of the node's gradients at once; lanes are one a slot */
};

struct trace_message {
    uint32_t src, dst; /* nodes */
    int64_t round;
    int64_t bytes;
    double weight; /* push-sum weight carried; 0 where there is none */
    int64_t posted_ps, started_ps, arrived_ps, consumed_ps; /* -1: never */
    const char *drop_reason; /* NULL: delivered; "in flight at stop", ... */
};

/* A gradient, or a group of them, was applied to a model.  Staleness is what the algorithm's family
 * calls so (docs/trace.md). */
struct trace_update {
    uint32_t node;   /* where it was applied: the worker's or the server's rank */
    uint32_t origin; /* whose gradient it was; of a group, the last one's */
    int64_t time_ps;
    int64_t version;   /* of the model before: updates that it had seen */
    int64_t staleness; /* -1: not known */
    double scale;      /* what the gradient was multiplied with besides the learning rate */
};

struct trace_collective {
    uint64_t operation;
    uint32_t rank;
    const char *schedule; /* "ring", ... */
    int64_t bytes, iteration;
    int64_t entered_ps, done_ps;
};

/* One message of a collective's schedule, at level `full`. Not digested: how a schedule is played
 * is no fact of the programs' timeline. */
struct trace_chunk {
    uint64_t operation;
    uint32_t step, src, dst; /* the sender's step; nodes */
    int64_t bytes;
    int64_t started_ps, arrived_ps;
};

/* One metric row: the state of the whole system at an instant. NaN: not defined or not taken. */
struct trace_metric {
    int64_t sequence; /* 0 = the start */
    int64_t time_ps;
    double epoch;
    int64_t iteration_min, iteration_max; /* over nodes */
    double iteration_mean;
    int64_t samples;         /* applied gradients' samples */
    int64_t bytes, messages; /* sent so far */
    double loss, accuracy;   /* at the mean model, training objective */
    double test_loss, test_accuracy;
    double node_loss_mean, node_loss_min, node_loss_max; /* over nodes' deployable models */
    double node_accuracy_mean, node_accuracy_min, node_accuracy_max;
    double consensus, consensus_max;
    double gradient_norm;
    double optimum_distance; /* ||xbar - x*|| where the optimum is known */
    double rate;             /* learning rate at the run's epoch */
    double blocked_share;    /* of node time so far */
};

struct trace_node_metric {
    int64_t sequence;
    uint32_t node;
    int64_t iteration;
    double loss, accuracy, distance; /* ||z_i - xbar||^2 */
    double weight;                   /* push-sum weight; 1 where there is none */
    int64_t blocked_ps;
};

struct trace_link {
    uint32_t host;
    int64_t tx_bytes, rx_bytes, tx_busy_ps, rx_busy_ps;
};

/* An entry of the scenario's `faults`, when it has ended or the run stops. */
struct trace_fault {
    const char *kind; /* "crash", "link", "partition", "drop" */
    uint32_t entry;   /* in the scenario's list */
    uint32_t first, last;
    int64_t begin_ps, end_ps; /* end -1: it lasted when the run stopped */
    int64_t lost;             /* messages, those that were sent again included */
};

/* A model vector: kind "x" (numerator), "z" (deployable), "mean". */
struct trace_parameters {
    int64_t sequence;
    int64_t node; /* -1: the mean model */
    const char *kind;
    double weight;
    const double *values;
    size_t count;
    bool float32; /* store as float32 */
};

/* The row of table `runs` and its environment. */
struct trace_run {
    int64_t id;
    const char *name, *variant;
    int64_t seed;
    int64_t nodes;
    const char *algorithm, *topology, *model, *data, *optimizer;
    const char *scenario;  /* resolved, pretty */
    const char *canonical; /* identity's text */
    const char *digest;    /* of canonical */
    /* run_environment */
    const char *device, *host, *blas, *version, *precision;
    unsigned threads;
    int64_t dimension, message_bytes;
};

struct trace_end {
    const char *status; /* "done", "interrupted", "deadlock", "diverged", "failed" */
    const char *reason; /* why it stopped: "epochs", "target accuracy", or the report */
    char timeline_digest[33], metrics_digest[33];
    int64_t time_ps;
    uint64_t events;
    double wall_s;
    /* names and values of the summary (run/config.h RUN_SUMMARY_LIST) */
    const char *const *summary_names;
    const double *summary_values;
    size_t summary_count;
};

struct trace_sink;
struct trace_sink_ops {
    const char *name;
    void (*begin_run)(struct trace_sink *sink, const struct trace_run *run);
    void (*span)(struct trace_sink *sink, const struct trace_span *row);
    void (*message)(struct trace_sink *sink, const struct trace_message *row);
    void (*update)(struct trace_sink *sink, const struct trace_update *row);
    void (*collective)(struct trace_sink *sink, const struct trace_collective *row);
    void (*chunk)(struct trace_sink *sink, const struct trace_chunk *row);
    void (*metric)(struct trace_sink *sink, const struct trace_metric *row);
    void (*node_metric)(struct trace_sink *sink, const struct trace_node_metric *row);
    void (*link)(struct trace_sink *sink, const struct trace_link *row);
    void (*fault)(struct trace_sink *sink, const struct trace_fault *row);
    void (*parameters)(struct trace_sink *sink, const struct trace_parameters *row);
    enum status (*end_run)(struct trace_sink *sink, const struct trace_end *end,
                           struct error *error);
    enum status (*failed)(struct trace_sink *sink, struct error *error); /* cheap poll */
    void (*close)(struct trace_sink *sink);                              /* frees the sink */
};

/* Every implementation's struct begins with this. */
struct trace_sink {
    const struct trace_sink_ops *ops;
};

struct trace_sink *trace_null_sink(void); /* swallows everything; close it like any other */

#endif
