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
 *
 * BUCKETS (gradients only) overlap the all-reduce with the backward pass, as in Li et al.: PyTorch
 * Distributed: Experiences on Accelerating Data Parallel Training (VLDB 2020, section 3.2.3).  The
 * M bytes of the gradient are cut into B = ceil(M / bucket) equal parts, complete (b + 1) / B
 * through the backward pass.  All-reduces run one after another, in order, as on one stream: a node
 * enters that of bucket b when the bucket is complete and its own all-reduce of b - 1 is done, and
 * takes its step when all are done.  (PyTorch fills buckets up to the size and leaves a small last
 * one; where layers end is not modelled.)  The sum is the same operation as without buckets, so the
 * models are bit-identical; only times differ.  With step_time the last bucket is ready after it.
 *
 * Faults: collectives are reliable: a loss or a partition is a delay. A worker that is down holds
 * all others in the next all-reduce until it is back (never: a deadlock that names its host); its
 * gradient is computed anew, on the same batch, and no number changes. A lost state is refused:
 * replicas are equal only because they begin so (tests/unit/test_faults_run.c).
 * Expected: with constant gradient time T_c and one node slower by s, an iteration takes exactly
 * s T_c + T_ar (tests/unit/test_algorithms.c).  With equal nodes, forward time f and t = T_ar(M/B),
 * buckets make that max_b (f + (T_c - f) (b + 1) / B + (B - b) t): T_c + t when communication hides
 * wholly (tests/unit/test_buckets.c).
 * Schedules: Thakur, Rabenseifner, Gropp (IJHPCA 2005); ring: Patarasuk, Yuan (JPDC 2009).
 */
#include "algorithms/algorithm.h"

enum ar_sgd_average { AR_SGD_PARAMETERS, AR_SGD_GRADIENTS };

struct ar_sgd_params {
    int average;
    int64_t bucket; /* bytes on the wire */
    struct plugin_choice collective;
};

/* Of the running iteration's buckets. */
struct ar_sgd_state {
    uint32_t complete, reduced;
    bool reducing; /* number `reduced` */
};

static const char *const ar_sgd_averages[] = {"parameters", "gradients", NULL};

static const struct field ar_sgd_fields[] = {
    FIELD_AT(struct ar_sgd_params, average, FIELD_ENUM, "\"gradients\"", .names = ar_sgd_averages,
             .help = "what is averaged: gradients before the step, or parameters after it"),
    FIELD_AT(struct ar_sgd_params, bucket, FIELD_BYTES, "null", .min = 1000, .max = 1e15,
             .help = "largest part of the gradient that is reduced while the backward pass goes "
                     "on; absent: all of it, afterwards"),
    FIELD_AT(struct ar_sgd_params, collective, FIELD_CHOICE, "\"ring\"",
             .registry = &collective_registry, .help = "the schedule of the all-reduce"),
    FIELD_END,
};

static enum status ar_sgd_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct ar_sgd_params *params = erased;
    (void)nodes;
    if (!field_integer_absent(params->bucket) && params->average != AR_SGD_GRADIENTS)
        return status_fail_at(error, "algorithm.bucket",
                              "found it with average \"parameters\", expected \"gradients\": "
                              "parameters are complete only after the step");
    return STATUS_OK;
}

static uint32_t bucket_count(const struct node *node)
{
    const struct ar_sgd_params *params = node_params(node);
    int64_t bytes = node_vector_bytes(node);
    if (field_integer_absent(params->bucket) || bytes <= params->bucket)
        return 1;
    int64_t count = (bytes - 1) / params->bucket + 1;
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

/* Equal parts; the first ones are a byte larger where they must. */
static int64_t bucket_bytes(const struct node *node, uint32_t bucket)
{
    uint32_t count = bucket_count(node);
    int64_t bytes = node_vector_bytes(node);
    return bytes / count + (bucket < bytes % count);
}

static void start_step(struct node *node)
{
    struct ar_sgd_state *state = node_state(node);
    *state = (struct ar_sgd_state){0};
    node_compute_gradient(
        node, &(struct node_compute){.at = node_x(node), .buckets = bucket_count(node)});
}

/* The all-reduce of the next bucket, when it is complete.  That of the last one carries the values
 * of all; the others take time only. */
static void reduce_next(struct node *node)
{
    const struct ar_sgd_params *params = node_params(node);
    struct ar_sgd_state *state = node_state(node);
    if (state->reducing || state->reduced == state->complete)
        return;
    bool last = state->reduced + 1 == bucket_count(node);
    state->reducing = true;
    node_reduce(node, &(struct node_reduction){.choice = &params->collective,
                                               .round = node_iteration(node),
                                               .tag = state->reduced,
                                               .vectors = {node_gradient(node)},
                                               .vector_count = last,
                                               .scale = 1.0 / node_count(node),
                                               .bytes = bucket_bytes(node, state->reduced)});
}

static void ar_sgd_on_bucket(struct node *node, uint32_t bucket)
{
    struct ar_sgd_state *state = node_state(node);
    state->complete = bucket + 1;
    reduce_next(node);
}

static void ar_sgd_on_gradient(struct node *node)
{
    const struct ar_sgd_params *params = node_params(node);
    if (params->average == AR_SGD_GRADIENTS) {
        ar_sgd_on_bucket(node, bucket_count(node) - 1);
        return;
    }
    node_step(node, node_gradient(node), node_x(node));
    node_all_reduce(node, &params->collective, node_x(node), 1.0 / node_count(node), true);
}

static void finish_step(struct node *node, uint32_t average)
{
    const struct ar_sgd_params *params = node_params(node);
    if (params->average == AR_SGD_PARAMETERS)
        node_replace_x(node, average);
    else
        node_step(node, average, node_x(node));
    if (node_next_iteration(node))
        start_step(node);
}

static void ar_sgd_on_collective(struct node *node, const struct node_reduced *reduced)
{
    struct ar_sgd_state *state = node_state(node);
    state->reducing = false;
    state->reduced++;
    if (reduced->vector_count > 0)
        finish_step(node, reduced->vectors[0]);
    else
        reduce_next(node);
}

const struct algorithm_ops ar_sgd_ops = {
    .plugin = {.name = "ar-sgd",
               .summary = "synchronous SGD with all-reduce averaging at every step",
               .reference = "Goyal et al. (2017); timed as in Assran et al. (ICML 2019); buckets: "
                            "Li et al. (VLDB 2020)",
               .params = ar_sgd_fields,
               .params_size = sizeof(struct ar_sgd_params)},
    .uses_gradients = true,
    .state_size = sizeof(struct ar_sgd_state),
    .check = ar_sgd_check,
    .start = start_step,
    .on_gradient = ar_sgd_on_gradient,
    .on_bucket = ar_sgd_on_bucket,
    .on_collective = ar_sgd_on_collective,
    .on_resume = start_step,
};
