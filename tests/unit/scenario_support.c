/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenario_support.h"

#include <check.h>
#include <string.h>

static const struct field gossip_fields[] = {
    FIELD_AT(struct gossip_params, overlap, FIELD_INTEGER, "0", .min = 0, .max = 10,
             .help = "exchanges in flight"),
    FIELD_AT(struct gossip_params, residual, FIELD_BOOL, "false", .help = "keep the residual"),
    FIELD_AT(struct gossip_params, gamma, FIELD_REAL, "0.5", .min = FIELD_POSITIVE, .max = 1,
             .help = "step"),
    FIELD_AT(struct gossip_params, graph, FIELD_PATH, "null", .help = "edge list"),
    FIELD_END,
};

const struct plugin scenario_support_gossip = {"gossip", "gossips", "Paper (2019)", gossip_fields,
                                               sizeof(struct gossip_params)};
const struct plugin scenario_support_allreduce = {"all-reduce", "reduces", NULL, NULL, 0};
static const struct plugin *const algorithms[] = {&scenario_support_gossip,
                                                  &scenario_support_allreduce, NULL};
static const struct plugin_registry test_algorithms = {"algorithm", "algorithms", algorithms};

static const struct field time_fields[] = {
    FIELD_AT(struct time_params, mean, FIELD_DURATION, NULL, .min = FIELD_POSITIVE, .max = INFINITY,
             .help = "mean"),
    FIELD_AT(struct time_params, cv, FIELD_REAL, "0.1", .min = 0, .max = INFINITY, .help = "cv"),
    FIELD_END,
};

const struct plugin scenario_support_lognormal = {"lognormal", "", NULL, time_fields,
                                                  sizeof(struct time_params)};
const struct plugin scenario_support_gamma_time = {"gamma", "", NULL, time_fields,
                                                   sizeof(struct time_params)};
static const struct plugin *const distributions[] = {&scenario_support_lognormal,
                                                     &scenario_support_gamma_time, NULL};
static const struct plugin_registry test_distributions = {"distribution", "distributions",
                                                          distributions};

const struct plugin scenario_support_plain = {"sgd", "", NULL, NULL, 0};
const struct plugin scenario_support_nesterov = {"nesterov", "", NULL, NULL, 0};
static const struct plugin *const rules[] = {&scenario_support_plain, &scenario_support_nesterov,
                                             NULL};
static const struct plugin_registry test_rules = {"optimizer", "optimizers", rules};

static const struct field schedule_fields[] = {
    FIELD_AT(struct optimizer_schedule, milestones, FIELD_REALS, "[]", .min = 0, .max = 1000,
             .help = "epochs"),
    FIELD_AT(struct optimizer_schedule, factor, FIELD_REAL, "0.1", .help = "factor"),
    FIELD_END,
};

static const struct field rule_fields[] = {
    FIELD_AT(struct optimizer_config, learning_rate, FIELD_REAL, "0.1", .min = FIELD_POSITIVE,
             .help = "rate"),
    FIELD_AT(struct optimizer_config, schedule, FIELD_OBJECT, "{}", .fields = schedule_fields,
             .item_size = sizeof(struct optimizer_schedule), .help = "schedule"),
    FIELD_END,
};

static const struct field straggler_fields[] = {
    FIELD_AT(struct straggler_config, first, FIELD_INTEGER, "null", .min = 0, .max = 1e6,
             .help = "host"),
    FIELD_AT(struct straggler_config, probability, FIELD_REAL, "1", .min = 0, .max = 1,
             .help = "of each step"),
    FIELD_AT(struct straggler_config, slowdown, FIELD_REAL, NULL, .min = FIELD_POSITIVE,
             .help = "factor"),
    FIELD_END,
};

static const struct field compute_table[] = {
    FIELD_AT(struct compute_config, gradient_time, FIELD_CHOICE,
             "{\"distribution\": \"lognormal\", \"mean\": \"100 ms\"}",
             .registry = &test_distributions, .help = "time"),
    FIELD_AT(struct compute_config, stragglers, FIELD_LIST, "[]", .fields = straggler_fields,
             .item_size = sizeof(struct straggler_config), .help = "stragglers"),
    {.name = "copy_rate",
     .type = FIELD_BYTE_RATE,
     .offset = offsetof(struct compute_config, copy_byte_rate),
     .fallback = "0",
     .help = "copies"},
    FIELD_END,
};

static const char *const model_names[] = {"fair", "fifo", "ideal", NULL};

static const struct field network_table[] = {
    FIELD_AT(struct network_config, model, FIELD_ENUM, "\"fair\"", .names = model_names,
             .help = "sharing"),
    {.name = "bandwidth",
     .type = FIELD_BANDWIDTH,
     .offset = offsetof(struct network_config, bandwidth_bps),
     .fallback = "\"10 Gbps\"",
     .min = FIELD_POSITIVE,
     .max = INFINITY,
     .help = "of a NIC"},
    {.name = "latency",
     .type = FIELD_DURATION,
     .offset = offsetof(struct network_config, latency_s),
     .fallback = "\"50 us\"",
     .min = 0,
     .max = 3600,
     .help = "of a path"},
    FIELD_END,
};

static const char *const all_word[] = {"all", NULL};

static const struct field metrics_table[] = {
    FIELD_AT(struct run_metrics, every, FIELD_CADENCE, "null", .help = "distance"),
    FIELD_AT(struct run_metrics, loss_samples, FIELD_INTEGER, "2048", .min = 1, .max = 1e9,
             .names = all_word, .help = "samples"),
    FIELD_END,
};

static const struct field data_table[] = {
    FIELD_AT(struct data_config, batch_size, FIELD_INTEGER, "32", .min = 1, .max = 1e6,
             .help = "samples"),
    FIELD_AT(struct data_config, sampling, FIELD_ENUM, NULL, .names = model_names,
             .help = "required of those who have data"),
    FIELD_END,
};

static const struct field stop_table[] = {
    FIELD_AT(struct run_stop, epochs, FIELD_REAL, "null", .min = FIELD_POSITIVE, .max = 1e9,
             .help = "epochs"),
    FIELD_AT(struct run_stop, patience, FIELD_INTEGER, "2", .help = "evaluations"),
    FIELD_END,
};

const struct field scenario_support_fields[] = {
    FIELD_AT(struct run_config, name, FIELD_STRING, "\"\"", .outside_identity = true,
             .help = "title"),
    FIELD_AT(struct run_config, seed, FIELD_INTEGER, "1", .help = "seed"),
    FIELD_AT(struct run_config, nodes, FIELD_INTEGER, NULL, .min = 1, .max = 1e6, .help = "nodes"),
    FIELD_AT(struct run_config, compute, FIELD_OBJECT, "{}", .fields = compute_table,
             .item_size = sizeof(struct compute_config), .help = "hosts"),
    FIELD_AT(struct run_config, network, FIELD_OBJECT, "{}", .fields = network_table,
             .item_size = sizeof(struct network_config), .help = "links"),
    FIELD_AT(struct run_config, algorithm, FIELD_CHOICE, NULL, .registry = &test_algorithms,
             .help = "algorithm"),
    FIELD_AT(struct run_config, optimizer, FIELD_CHOICE, "\"sgd\"", .registry = &test_rules,
             .fields = rule_fields, .item_size = sizeof(struct optimizer_config),
             .help = "optimizer"),
    {.name = "message_size",
     .type = FIELD_BYTES,
     .offset = offsetof(struct run_config, wire.message_bytes),
     .fallback = "null",
     .min = 0,
     .max = 1e15,
     .help = "bytes"},
    FIELD_AT(struct run_config, metrics, FIELD_OBJECT, "{}", .fields = metrics_table,
             .item_size = sizeof(struct run_metrics), .help = "metrics"),
    FIELD_AT(struct run_config, data, FIELD_CHOICE, "null", .registry = &test_rules,
             .fields = data_table, .item_size = sizeof(struct data_config), .help = "data"),
    FIELD_AT(struct run_config, stop, FIELD_OBJECT, "null", .fields = stop_table,
             .item_size = sizeof(struct run_stop), .help = "end"),
    FIELD_END,
};

struct scenario *scenario_support_parse(const char *text, const char *const *overrides,
                                        size_t count, struct error *error)
{
    struct scenario *scenario;
    enum status status = scenario_parse_table(scenario_support_fields, "x.json", ".", text,
                                              strlen(text), overrides, count, &scenario, error);
    ck_assert((status == STATUS_OK) == (scenario != NULL));
    return scenario;
}
