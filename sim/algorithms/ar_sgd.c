/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All-reduce SGD (AR-SGD): synchronous data-parallel SGD with exact averaging at every step.
 *
 * average "parameters": each node takes a local step, then all parameters are averaged - what the
 * SGP paper timed (x_i <- (1/n) sum_j (x_j - gamma g_j)).  average "gradients": gradients are
 * averaged first, then every node takes the same step (the usual DDP).
 * For SGD without momentum both give the same trajectory; with momentum the buffers differ.  That
 * is of replicas that begin alike (initial "same", the default): where nodes start apart (initial
 * "random") and gradients alone are averaged, all move by the same step: but for weight decay they
 * stay as far apart (tests/unit/test_algorithms.c).
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
 * COMPRESSION (gradients only): every node sends C(g_i), with error feedback where the scenario has
 * a memory, and takes the mean of all C(g_j), the sum rounded once.  Rules whose encodings add up
 * (fp16, bf16, random-k with a common seed) go through the all-reduce, whose messages then have
 * their size; the others through an all-gather of every node's encoding (`gather`), after which
 * each node sums for itself; each has the size of its own.  Factored rules (PowerSGD) take two
 * all-reduces, of p and then of q (numerics/compressor.h).  With memory "update" what is averaged
 * is gamma g, and x moves by it.
 *
 * Faults: collectives are reliable: a loss or a partition is a delay. A worker that is down holds
 * all others in the next all-reduce until it is back (never: a deadlock that names its host); its
 * gradient is computed anew, on the same batch, and no number changes. A lost state is refused:
 * replicas are equal only because they begin so (tests/unit/test_faults_run.c).
 * Expected: with constant gradient time T_c and one node slower by s, an iteration takes exactly
 * s T_c + T_ar (tests/unit/test_algorithms.c).  With equal nodes, forward time f and t = T_ar(M/B),
 * buckets make that max_b (f + (T_c - f) (b + 1) / B + (B - b) t): T_c + t when communication hides
 * wholly (tests/unit/test_buckets.c).
 * With equal nodes on a ring all-gather of E bytes: T_c + (n - 1)(alpha + E / B); PowerSGD
 * T_c + T_ar(p) + T_ar(q) (tests/unit/test_compressed_gradients.c).
 * Schedules: Thakur, Rabenseifner, Gropp (IJHPCA 2005); ring: Patarasuk, Yuan (JPDC 2009).
 */
#include "algorithms/algorithm.h"

enum ar_sgd_average { AR_SGD_PARAMETERS, AR_SGD_GRADIENTS };

struct ar_sgd_params {
    int average;
    int64_t bucket; /* bytes on the wire */
    struct plugin_choice collective, gather;
};

/* Of the running iteration's buckets. */
struct ar_sgd_state {
    uint32_t complete, reduced;
    bool reducing; /* number `reduced` */
    uint32_t p;    /* of a factored rule, between its two */
};

static const char *const ar_sgd_averages[] = {"parameters", "gradients", NULL};

static const struct field ar_sgd_fields[] = {
    FIELD_AT(struct ar_sgd_params, average, FIELD_ENUM, "\"gradients\"", .names = ar_sgd_averages,
             .help =
                 "what is averaged: gradients before the step, or parameters after it; nodes that "
                 "start apart (initial \"random\") meet by parameters only"),
    FIELD_AT(struct ar_sgd_params, bucket, FIELD_BYTES, "null", .min = 1000, .max = 1e15,
             .help = "largest part of the gradient that is reduced while the backward pass goes "
                     "on; absent: all of it, afterwards"),
    FIELD_AT(struct ar_sgd_params, collective, FIELD_CHOICE, "\"ring\"",
             .registry = &collective_registry, .help = "the schedule of the all-reduce"),
    FIELD_AT(struct ar_sgd_params, gather, FIELD_CHOICE, "\"ring-all-gather\"",
             .registry = &collective_gather_registry,
             .help = "the schedule of the all-gather, for encodings that don't add up"),
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

static unsigned ar_sgd_compresses(const void *erased)
{
    const struct ar_sgd_params *params = erased;
    return params->average == AR_SGD_GRADIENTS ? ALGORITHM_COMPRESSES_GRADIENT : 0;
}

static const char *ar_sgd_refuses_compressor(const void *erased, unsigned traits, int memory)
{
    const struct ar_sgd_params *params = erased;
    bool adds_up = traits & COMPRESSOR_LINEAR, factored = traits & COMPRESSOR_FACTORED;
    (void)memory;
    if (!field_integer_absent(params->bucket) && (!adds_up || factored))
        return "with buckets sends the first before the gradient is complete; expected a rule that "
               "acts on elements and whose encodings add up (fp16, bf16, random-k)";
    return NULL;
}

static bool has_trait(const struct node *node, unsigned trait)
{
    return node_compresses(node) && (node_encoding_traits(node, false) & trait);
}

/* Encodings that don't add up are gathered. */
static bool gathers(const struct node *node)
{
    return node_compresses(node) && !has_trait(node, COMPRESSOR_LINEAR);
}

/* Buckets are for encodings of a fixed size. */
static uint32_t bucket_count(const struct node *node)
{
    const struct ar_sgd_params *params = node_params(node);
    int64_t bytes = node_encoded_bytes(node);
    if (field_integer_absent(params->bucket) || bytes <= params->bucket)
        return 1;
    int64_t count = (bytes - 1) / params->bucket + 1;
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

/* Equal parts; the first ones are a byte larger where they must. */
static int64_t bucket_bytes(const struct node *node, uint32_t bucket)
{
    uint32_t count = bucket_count(node);
    int64_t bytes = node_encoded_bytes(node);
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
    struct node_encoding sent = {.vector = 0};
    if (last)
        sent = node_encode_gradient(node, node_gradient(node), node_x(node));
    if (bucket_count(node) > 1)
        sent.bytes = bucket_bytes(node, state->reduced);
    state->reducing = true;
    node_reduce(node, &(struct node_reduction){.choice = gathers(node) ? &params->gather
                                                                       : &params->collective,
                                               .round = node_iteration(node),
                                               .tag = state->reduced,
                                               .vectors = {sent.vector},
                                               .vector_count = last,
                                               .scale = 1.0 / node_count(node),
                                               .bytes = sent.bytes});
    node_drop(node, sent.vector);
}

/* The mean of p (round 0), then that of q. */
static void reduce_factor(struct node *node, unsigned round, uint32_t factor)
{
    const struct ar_sgd_params *params = node_params(node);
    int64_t bytes = node_factor_bytes(node, round); /* no q where p has all elements as they are */
    node_reduce(node, &(struct node_reduction){.choice = &params->collective,
                                               .round = node_iteration(node),
                                               .tag = round,
                                               .vectors = {factor},
                                               .vector_count = 1,
                                               .scale = 1.0 / node_count(node),
                                               .bytes = bytes ? bytes : NODE_NO_BYTES,
                                               .orthonormalizes = round == 0});
}

static void send_p(struct node *node)
{
    uint32_t p = node_factor_project(node, node_gradient(node), node_x(node));
    reduce_factor(node, 0, p);
    node_drop(node, p);
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
    if (has_trait(node, COMPRESSOR_FACTORED)) {
        send_p(node);
        return;
    }
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
        node_apply(node, &(struct node_update){.gradient = average,
                                               .decay_at = node_x(node),
                                               .scale = 1,
                                               .update = node_encodes_updates(node),
                                               .gradients = 1,
                                               .staleness = -1});
    if (node_next_iteration(node))
        start_step(node);
}

/* The orthonormal p, then q: all that the nodes have sent. */
static void factor_done(struct node *node, const struct node_reduced *reduced)
{
    struct ar_sgd_state *state = node_state(node);
    if (reduced->tag == 0) {
        state->p = node_snapshot(node, reduced->vectors[0]);
        reduce_factor(node, 1, node_factor_back_project(node, state->p));
        return;
    }
    uint32_t decoded = node_factor_decode(node, state->p, reduced->vectors[0]);
    node_drop(node, state->p);
    finish_step(node, decoded);
    node_drop(node, decoded);
}

static void ar_sgd_on_collective(struct node *node, const struct node_reduced *reduced)
{
    struct ar_sgd_state *state = node_state(node);
    if (has_trait(node, COMPRESSOR_FACTORED)) {
        factor_done(node, reduced);
        return;
    }
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
    .compresses = ar_sgd_compresses,
    .refuses_compressor = ar_sgd_refuses_compressor,
    .check = ar_sgd_check,
    .start = start_step,
    .on_gradient = ar_sgd_on_gradient,
    .on_bucket = ar_sgd_on_bucket,
    .on_collective = ar_sgd_on_collective,
    .on_resume = start_step,
};
