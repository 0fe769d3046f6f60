/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All-reduce SGD (AR-SGD): synchronous data-parallel SGD with exact averaging at every step.
 *
 * average "parameters": each node takes a local step, then all parameters are averaged - what the
 * SGP paper timed (x_i <- (1/n) sum_j (x_j - gamma g_j)).  average "gradients": gradients are
 * averaged first, then every node takes the same step (the usual DDP).
 * For SGD without momentum both give the same trajectory; with momentum the buffers differ.
 *
 * Timing: gradient, then the all-reduce of one model-sized vector; nothing overlaps.
 * Expected: with constant gradient time T_c and one node slower by s, an iteration takes exactly
 * s T_c + T_ar (tests/unit/test_algorithms.c).  Schedules: Thakur, Rabenseifner, Gropp (IJHPCA
 * 2005); ring: Patarasuk, Yuan (JPDC 2009).
 */
#include "algorithms/algorithm.h"

enum ar_sgd_average { AR_SGD_PARAMETERS, AR_SGD_GRADIENTS };

struct ar_sgd_params {
    int average;
    struct plugin_choice collective;
};

static const char *const ar_sgd_averages[] = {"parameters", "gradients", NULL};

static const struct field ar_sgd_fields[] = {
    FIELD_AT(struct ar_sgd_params, average, FIELD_ENUM, "\"gradients\"", .names = ar_sgd_averages,
             .help = "what is averaged: gradients before the step, or parameters after it"),
    FIELD_AT(struct ar_sgd_params, collective, FIELD_CHOICE, "\"ring\"",
             .registry = &collective_registry, .help = "the schedule of the all-reduce"),
    FIELD_END,
};

static void start_step(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

static void ar_sgd_on_gradient(struct node *node)
{
    const struct ar_sgd_params *params = node_params(node);
    double share = 1.0 / node_count(node);
    if (params->average == AR_SGD_PARAMETERS) {
        node_step(node, node_gradient(node), node_x(node));
        node_all_reduce(node, &params->collective, node_x(node), share, true);
    } else {
        node_all_reduce(node, &params->collective, node_gradient(node), share, false);
    }
}

static void ar_sgd_on_collective(struct node *node, const struct node_reduced *reduced)
{
    const struct ar_sgd_params *params = node_params(node);
    if (params->average == AR_SGD_PARAMETERS)
        node_replace_x(node, reduced->vectors[0]);
    else
        node_step(node, reduced->vectors[0], node_x(node));
    if (node_next_iteration(node))
        start_step(node);
}

const struct algorithm_ops ar_sgd_ops = {
    .plugin = {.name = "ar-sgd",
               .summary = "synchronous SGD with all-reduce averaging at every step",
               .reference = "Goyal et al. (2017); timed as in Assran et al. (ICML 2019)",
               .params = ar_sgd_fields,
               .params_size = sizeof(struct ar_sgd_params)},
    .uses_gradients = true,
    .start = start_step,
    .on_gradient = ar_sgd_on_gradient,
    .on_collective = ar_sgd_on_collective,
};
