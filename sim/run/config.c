/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The root of the field tables: every key of a scenario. */
#include "run/config.h"

#include "algorithms/algorithm.h"
#include "trace/sink.h"

static const struct field seeds_fields[] = {
    FIELD_AT(struct run_seeds, data, FIELD_INTEGER, "null", .min = 0, .max = 9e18,
             .help = "synthetic data and partition"),
    FIELD_AT(struct run_seeds, init, FIELD_INTEGER, "null", .min = 0, .max = 9e18,
             .help = "initial parameters"),
    FIELD_AT(struct run_seeds, batches, FIELD_INTEGER, "null", .min = 0, .max = 9e18,
             .help = "order of mini-batches and gradient noise"),
    FIELD_AT(struct run_seeds, compute, FIELD_INTEGER, "null", .min = 0, .max = 9e18,
             .help = "gradient times and stragglers"),
    FIELD_AT(struct run_seeds, network, FIELD_INTEGER, "null", .min = 0, .max = 9e18,
             .help = "draws of the network"),
    FIELD_AT(struct run_seeds, topology, FIELD_INTEGER, "null", .min = 0, .max = 9e18,
             .help = "random graphs and matchings"),
    FIELD_END,
};

static const struct field wire_fields[] = {
    {.name = "message_size",
     .type = FIELD_BYTES,
     .offset = offsetof(struct run_wire, message_bytes),
     .fallback = "null",
     .min = 0,
     .max = 1e15,
     .help = "bytes of one model-sized vector on the wire; absent: parameters x size of a real"},
    FIELD_END,
};

static const struct field stop_fields[] = {
    FIELD_AT(struct run_stop, iterations, FIELD_INTEGER, "null", .min = 0, .max = 1e15,
             .help = "of every node; where a step takes only some of the nodes' gradients, "
                     "those that are done go on until the last one is"),
    FIELD_AT(struct run_stop, epochs, FIELD_REAL, "null", .min = FIELD_POSITIVE, .max = 1e9,
             .help = "stop when this many epochs of gradients have been applied"),
    {.name = "time",
     .type = FIELD_DURATION,
     .offset = offsetof(struct run_stop, time_s),
     .fallback = "null",
     .min = FIELD_POSITIVE,
     .max = 9e6,
     .help = "stop at this simulated time"},
    FIELD_AT(struct run_stop, target_loss, FIELD_REAL, "null",
             .help = "stop when the mean model's loss is at most this"),
    FIELD_AT(struct run_stop, target_accuracy, FIELD_REAL, "null", .min = 0, .max = 1,
             .help = "stop when the mean model's accuracy is at least this"),
    FIELD_AT(struct run_stop, patience, FIELD_INTEGER, "2", .min = 1, .max = 1e6,
             .help = "consecutive evaluations for which a target must hold"),
    FIELD_END,
};

static const char *const samples_words[] = {"all", NULL};
static const char *const objective_names[] = {"pooled", "nodes", NULL};

static const struct field metrics_fields[] = {
    FIELD_AT(struct run_metrics, every, FIELD_CADENCE, "null",
             .help = "distance of metrics: \"1 epoch\", \"10 iterations\", \"5 s\" of simulated "
                     "time; absent: 1 epoch with data, 1 iteration without"),
    FIELD_AT(struct run_metrics, loss_samples, FIELD_INTEGER, "2048", .min = 1, .max = 4e9,
             .names = samples_words,
             .help = "training samples of the mean model's loss (a fixed keyed subset), or "
                     "\"all\""),
    FIELD_AT(struct run_metrics, node_samples, FIELD_INTEGER, "256", .min = 0, .max = 4e9,
             .names = samples_words,
             .help = "samples of each node's loss and accuracy; 0: nodes are not evaluated"),
    FIELD_AT(struct run_metrics, test, FIELD_BOOL, "true",
             .help = "evaluate on the test set too, where there is one; accuracies of the summary "
                     "are then the test set's"),
    FIELD_AT(struct run_metrics, objective, FIELD_ENUM, "\"pooled\"", .names = objective_names,
             .help = "the loss: pooled over all training samples, or the mean of the nodes' own "
                     "objectives"),
    FIELD_END,
};

static const char *const parameters_names[] = {"none", "final", "metrics", NULL};

static const struct field trace_fields[] = {
    FIELD_AT(struct run_trace, level, FIELD_ENUM, "\"messages\"", .names = trace_level_names,
             .help = "what is written: none; metrics; messages (and spans); full (and the messages "
                     "inside collectives)"),
    FIELD_AT(struct run_trace, parameters, FIELD_ENUM, "\"none\"", .names = parameters_names,
             .help = "store every node's vectors: never, at the end, or at every metric"),
    FIELD_END,
};

static const struct field range_fields[] = {
    FIELD_AT(struct run_expect_range, min, FIELD_REAL, "null", .help = "lower bound, inclusive"),
    FIELD_AT(struct run_expect_range, max, FIELD_REAL, "null", .help = "upper bound, inclusive"),
    FIELD_AT(struct run_expect_range, near, FIELD_REAL, "null", .help = "expected value"),
    FIELD_AT(struct run_expect_range, tolerance, FIELD_REAL, "null", .min = 0, .max = 1e300,
             .help = "of near, relative (absolute below 1); absent: 1e-12"),
    FIELD_END,
};

static const struct field expect_fields[] = {
#define EXPECT_FIELD(column)                                                                       \
    FIELD_AT(struct run_expect, column, FIELD_OBJECT, "{}", .fields = range_fields,                \
             .item_size = sizeof(struct run_expect_range),                                         \
             .help = "range that the summary's " #column " must lie in"),
    RUN_SUMMARY_LIST(EXPECT_FIELD)
#undef EXPECT_FIELD
        FIELD_END,
};

/* Sections that are tables of their own. */
#define SECTION(member, table)                                                                     \
    {                                                                                              \
        .name = #member, .type = FIELD_OBJECT, .offset = offsetof(struct run_config, member),      \
        .fallback = "{}", .fields = table, .item_size = sizeof(((struct run_config *)0)->member),

const struct field run_fields[] =
    {FIELD_AT(struct run_config, name, FIELD_STRING, "\"\"", .outside_identity = true,
              .help = "what the run is called in tables and plots"),
     FIELD_AT(struct run_config, description, FIELD_STRING, "\"\"", .outside_identity = true,
              .help = "free text"),
     FIELD_AT(
         struct run_config, seed, FIELD_INTEGER, "1", .min = 0, .max = 9e18,
         .help = "of every random stream that `seeds` does not name; a list makes one run each"),
     SECTION(seeds, seeds_fields).help = "split seeds; absent ones are `seed`"},
                   FIELD_AT(struct run_config, nodes, FIELD_INTEGER, NULL, .min = 1, .max = 16e6,
                            .help = "number of nodes (workers)"),
                   FIELD_AT(struct run_config, workers_per_host, FIELD_INTEGER, "1", .min = 1,
                            .max = 1e6,
                            .help = "workers that share a host and its NIC; they talk to one "
                                    "another over its local link"),
                   FIELD_AT(struct run_config, precision, FIELD_ENUM, "\"float32\"",
                            .names = numeric_precision_names,
                            .help = "of parameters, gradients and messages"),
                   SECTION(compute, compute_fields).help =
                       "hosts: gradient times, speeds, stragglers"
}
, SECTION(network, network_fields).help = "links between hosts"
}
,
    FIELD_AT(struct run_config, faults, FIELD_LIST, "[]", .fields = fault_fields,
             .item_size = sizeof(struct fault_config),
             .help = "what fails when: hosts crash, links fail, partitions, lost messages"),
    SECTION(wire, wire_fields).help = "bytes on the wire"
}
,
    {.name = "topology",
     .type = FIELD_CHOICE,
     .offset = offsetof(struct run_config, topology),
     .fallback = "\"one-peer-exponential\"",
     .registry = &topology_registry,
     .fields = topology_common_fields,
     .item_size = sizeof(struct topology_config),
     .help = "communication graph and its weights"},
    FIELD_AT(struct run_config, algorithm, FIELD_CHOICE, NULL, .registry = &algorithm_registry,
             .help = "what the nodes run"),
    {.name = "optimizer",
     .type = FIELD_CHOICE,
     .offset = offsetof(struct run_config, optimizer),
     .fallback = "\"sgd\"",
     .registry = &optimizer_registry,
     .fields = optimizer_common_fields,
     .item_size = sizeof(struct optimizer_config),
     .help = "local update rule and learning rate"},
    {.name = "compressor",
     .type = FIELD_CHOICE,
     .offset = offsetof(struct run_config, compressor),
     .fallback = "\"none\"",
     .registry = &compressor_registry,
     .fields = compressor_common_fields,
     .item_size = sizeof(struct compressor_config),
     .help = "what is sent instead of gradients or differences, and error feedback"},
    {.name = "outer",
     .type = FIELD_CHOICE,
     .offset = offsetof(struct run_config, outer),
     .fallback = "\"none\"",
     .registry = &outer_registry,
     .fields = outer_common_fields,
     .item_size = sizeof(struct outer_config),
     .help = "outer optimizer: what becomes of the workers' average every so many iterations"},
    FIELD_AT(struct run_config, model, FIELD_CHOICE, NULL, .registry = &model_registry,
             .help = "objective function"),
    FIELD_AT(struct run_config, initial, FIELD_CHOICE, "\"same\"", .registry = &initial_registry,
             .help = "initial parameters of the nodes"),
    {.name = "data",
     .type = FIELD_CHOICE,
     .offset = offsetof(struct run_config, data),
     .fallback = "\"none\"",
     .registry = &data_registry,
     .fields = data_common_fields,
     .item_size = sizeof(struct data_config),
     .help = "data set, its partition over the nodes, mini-batches"},
    SECTION(stop, stop_fields).help = "when the run ends: whichever comes first"
}
, SECTION(metrics, metrics_fields).help = "when and on what the state is evaluated"
}
, SECTION(trace, trace_fields).outside_identity = true, .help = "what is written to the database"
}
,
    {.name = "plan_memory",
     .type = FIELD_BYTES,
     .offset = offsetof(struct run_config, plan_memory_bytes),
     .fallback = "\"1 GiB\"",
     .min = 1,
     .max = 1e15,
     .outside_identity = true,
     .help = "temporaries recorded before the numerics are executed; never changes results"},
    SECTION(expect, expect_fields).outside_identity = true,
                    .help = "ranges that the summary must lie in, else exit status 1"
}
, FIELD_END,
}
;
