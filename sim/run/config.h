/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run as a scenario describes it, with every default filled in.  run_fields is the root of the
 * field tables: scenario/ fills a struct run_config from it, everything below only reads.
 */
#ifndef HEARSAY_RUN_CONFIG_H
#define HEARSAY_RUN_CONFIG_H

#include "cluster/cluster.h"
#include "cluster/faults.h"
#include "cluster/network.h"
#include "core/field.h"
#include "core/plugin.h"
#include "models/data.h"
#include "models/model.h"
#include "numerics/compressor.h"
#include "numerics/optimizer.h"
#include "run/outer.h"
#include "topologies/topology.h"

/* Split seeds; absent ones are the run's seed. */
struct run_seeds {
    int64_t data, init, batches, compute, network, topology;
};

struct run_wire {
    int64_t message_bytes; /* one model-sized vector; absent: parameters x size of a real */
};

struct run_stop {
    int64_t iterations; /* of every node; absent: no limit */
    double epochs;
    double time_s;
    double target_loss, target_accuracy; /* of the mean model */
    int64_t patience;                    /* consecutive evaluations at the target */
};

enum run_objective { RUN_OBJECTIVE_POOLED, RUN_OBJECTIVE_NODES };

struct run_metrics {
    struct field_cadence every;
    int64_t loss_samples; /* -1: all */
    int64_t node_samples; /* 0: no node evaluations; -1: all */
    bool test;            /* evaluate accuracy and loss on the test set where there is one */
    int objective;        /* enum run_objective */
};

enum run_parameters { RUN_PARAMETERS_NONE, RUN_PARAMETERS_FINAL, RUN_PARAMETERS_METRICS };

struct run_trace {
    int level;      /* enum trace_level (trace/sink.h) */
    int parameters; /* enum run_parameters: store model vectors in table `parameters` */
};

/* One expectation: a column of the run's summary must lie in a range. */
struct run_expect_range {
    double min, max;        /* NaN: unbounded */
    double near, tolerance; /* NaN near: unused; |value - near| <= tolerance * max(1, |near|);
                               NaN tolerance: 1e-12 */
};

/* X(column): the run's summary: columns of `expect`, the closing table and views. */
#define RUN_SUMMARY_LIST(X)                                                                        \
    X(simulated_time_s)                                                                            \
    X(iterations)                                                                                  \
    X(epochs)                                                                                      \
    X(mean_model_loss)                                                                             \
    X(mean_model_accuracy)                                                                         \
    X(node_loss_mean)                                                                              \
    X(node_accuracy_mean)                                                                          \
    X(node_accuracy_min)                                                                           \
    X(consensus)                                                                                   \
    X(consensus_max)                                                                               \
    X(gradient_norm)                                                                               \
    X(optimum_distance)                                                                            \
    X(time_to_target_s)                                                                            \
    X(bytes)                                                                                       \
    X(messages)                                                                                    \
    X(blocked_share)                                                                               \
    X(staleness_mean)                                                                              \
    X(staleness_max)                                                                               \
    X(gradients_dropped)                                                                           \
    X(gradients_cancelled)                                                                         \
    X(messages_lost)                                                                               \
    X(mass_destroyed)

struct run_summary {
#define RUN_SUMMARY_MEMBER(name) double name;
    RUN_SUMMARY_LIST(RUN_SUMMARY_MEMBER)
#undef RUN_SUMMARY_MEMBER
};

struct run_expect {
#define RUN_EXPECT_MEMBER(name) struct run_expect_range name;
    RUN_SUMMARY_LIST(RUN_EXPECT_MEMBER)
#undef RUN_EXPECT_MEMBER
};

struct run_config {
    const char *name, *description;
    int64_t seed;
    struct run_seeds seeds;
    int64_t nodes, workers_per_host;
    int precision; /* enum numeric_precision */
    struct compute_config compute;
    struct network_config network;
    struct field_list faults; /* of struct fault_config */
    struct run_wire wire;
    struct topology_config topology;
    struct plugin_choice algorithm; /* algorithm_registry */
    struct optimizer_config optimizer;
    struct compressor_config compressor;
    struct outer_config outer;
    struct plugin_choice model;   /* model_registry */
    struct plugin_choice initial; /* initial_registry */
    struct data_config data;
    struct run_stop stop;
    struct run_metrics metrics;
    struct run_trace trace;
    int64_t plan_memory_bytes; /* outside the run's identity */
    struct run_expect expect;
};

extern const struct field run_fields[];

#endif
