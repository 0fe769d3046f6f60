/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stochastic gradient push (SGP).
 *
 * Assran, Loizou, Ballas, Rabbat: Stochastic Gradient Push for Distributed Deep Learning, ICML
 * 2019 (arXiv 1811.10792), algorithm 1.  Node i at step k, with numerator x, weight w, z = x / w:
 *
 *   1  g = gradient at z_i^k
 *   2  x_i^{k+1/2} = x_i^k - gamma g
 *   3  send (p_{ji} x_i^{k+1/2}, p_{ji} w_i^k) to the out-neighbours j of phase k
 *   4  x_i^{k+1} = sum_{j in in-neighbours and i} p_{ij} x_j^{k+1/2};  w likewise
 *   5  z_i^{k+1} = x_i^{k+1} / w_i^{k+1}
 *
 * Timing: sends do not block; a node waits at 4 until every message of step k is in (wait
 * "receive"), or also until its own sends have left (wait "receive-and-send", as the authors'
 * reference implementation does).
 *
 * OVERLAP tau > 0 is tau-OSGP.  Messages leave while later gradients run; what is on its way counts
 * in the mean model, and the push-sum weight makes up for it at every node.
 *
 * variant "paper" - algorithm 2.  Exchange e goes out after the step k = tau e.  A node to which
 * nothing came for tau steps waits for every message of the last exchange that is at least tau
 * steps old; then, or at once, it adds all that has arrived, of whatever exchange.  The count of
 * silent steps starts anew with any message: where a node has several in-neighbours, one that is
 * heard hides one that is not, and "late by at most tau" holds for the first only.
 *
 * variant "repository" - the authors' code (tag sgp_pytorch0.5, option --overlap).  At most one
 * exchange is in flight.  At the start of a step the running one is collected: polled, or waited
 * for once `synch_freq` polls have failed (default tau - 1); when it is in, the next is launched
 * with the present x, and the gradient runs meanwhile.  A node that has done its iterations goes on
 * exchanging, or slower ones would wait for it for ever.
 *
 * Exchange e uses phase e of the topology: peers rotate once an exchange, not once a step, so that
 * a period which has a factor in common with tau loses no edge. biased: w is ignored (z = x, and it
 * is not sent).  Mass on its way then biases z towards 0: the paper's ablation. Weight decay acts
 * towards 0 at z, where the gradient is taken ("paper"), or at the numerator x, which the optimizer
 * of the reference holds ("repository").
 *
 * Before an outer average (SlowMo) a node waits for every message of the exchanges launched so far
 * and adds them; nothing is under way then.  In the repository's variant that needs every step to
 * collect its exchange (synch_freq 0), or nodes would be exchanges apart.
 *
 * Faults: a message that is lost (drop, crash) takes its mass with it. Its receiver goes on without
 * it as soon as it is lost, as after a perfect time-out, and w makes up for it: z stays a convex
 * combination of models, their mean is that of the mass that is left. A node that is down holds its
 * out-neighbours at their next wait until it is back (never: a deadlock that names its host); with
 * its state lost it begins with the initial x and w = 1.  A step counts 1 / w times: as mass is
 * lost for good the effective rate grows, and under lasting loss no rate is small enough for ever.
 * `biased` has no weight to make up with, and is sent everything again
 * (tests/unit/test_faults_run.c).
 * Expected (tests/unit/test_algorithms.c, test_gossip.c): with gradient time T_c, exchange time T_x
 * and one node slower by s, SGP takes s T_c an iteration whenever T_x <= (s - 1) T_c (wait
 * "receive").  With equal nodes 1-OSGP takes max(T_c, T_x): the repository's in every iteration,
 * the paper's in the mean of two.
 */
#include "algorithms/algorithm.h"

enum sgp_variant { SGP_PAPER, SGP_REPOSITORY };
enum sgp_wait { SGP_RECEIVE, SGP_RECEIVE_AND_SEND };

struct sgp_params {
    int variant;
    int wait;
    int64_t overlap, synch_freq;
    bool biased;
};

struct sgp_state {
    uint32_t z;       /* where the running gradient is taken */
    bool draining;    /* before an outer average */
    int64_t due;      /* messages of the exchanges so far (paper) */
    int64_t exchange; /* the next one to launch (repository) */
    int64_t silent;   /* steps without a message (paper), failed polls (repository) */
};

static const char *const sgp_variants[] = {"paper", "repository", NULL};
static const char *const sgp_waits[] = {"receive", "receive-and-send", NULL};

static const struct field sgp_fields[] = {
    FIELD_AT(struct sgp_params, variant, FIELD_ENUM, "\"paper\"", .names = sgp_variants,
             .help = "where weight decay acts: at z (paper) or on the numerator (repository); and "
                     "whose overlap"),
    FIELD_AT(struct sgp_params, wait, FIELD_ENUM, "\"receive\"", .names = sgp_waits,
             .help = "what ends a step: the messages received, or also the own sends"),
    FIELD_AT(struct sgp_params, overlap, FIELD_INTEGER, "0", .min = 0, .max = 1e6,
             .help = "steps that a message may be late: 0 is SGP, more is OSGP"),
    FIELD_AT(struct sgp_params, synch_freq, FIELD_INTEGER, "null", .min = 0, .max = 1e6,
             .help = "failed polls before a node waits (repository); default overlap - 1"),
    FIELD_AT(struct sgp_params, biased, FIELD_BOOL, "false",
             .help = "ignore the push-sum weight: z = x (overlap only)"),
    FIELD_END,
};

static unsigned sgp_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static bool ignores_weight(const void *erased)
{
    const struct sgp_params *params = erased;
    return params->biased;
}

static bool mixes_late(const void *erased)
{
    const struct sgp_params *params = erased;
    return params->overlap > 0;
}

static enum status sgp_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct sgp_params *params = erased;
    bool repository = params->variant == SGP_REPOSITORY;
    (void)nodes;
    if (params->biased && params->overlap == 0)
        return status_fail_at(error, "algorithm.biased",
                              "found true with overlap 0, expected an overlap of 1 or more");
    if (field_integer_absent(params->synch_freq))
        return STATUS_OK;
    if (params->overlap == 0 || !repository)
        return status_fail_at(
            error, "algorithm.synch_freq",
            "found %lld, expected it with overlap and variant \"repository\" only",
            (long long)params->synch_freq);
    if (params->overlap > 1 && params->synch_freq != params->overlap - 1)
        return status_fail_at(error, "algorithm.synch_freq",
                              "found %lld with overlap %lld, expected overlap 1, or %lld",
                              (long long)params->synch_freq, (long long)params->overlap,
                              (long long)params->overlap - 1);
    return STATUS_OK;
}

static unsigned conditions(const struct sgp_params *params)
{
    return params->wait == SGP_RECEIVE ? NODE_RECEIVED : NODE_RECEIVED | NODE_SENT;
}

/* Lines 5 and 1: de-bias and take the gradient there. */
static void start_step(struct node *node)
{
    struct sgp_state *state = node_state(node);
    state->z = node_debiased(node);
    node_start_gradient(node, state->z);
}

/* Line 2. */
static void local_step(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    const struct sgp_state *state = node_state(node);
    node_step(node, node_gradient(node), params->variant == SGP_PAPER ? state->z : node_x(node));
}

/* ---- Overlap as in the paper ---- */

/* The last exchange that is at least tau steps old at step k. */
static int64_t paper_awaited(int64_t step, int64_t tau)
{
    return step / tau - 1;
}

static void paper_mix(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    struct sgp_state *state = node_state(node);
    if (node_mix_all(node, paper_awaited(node_iteration(node) + 1, params->overlap)) > 0)
        state->silent = 0;
    if (node_next_iteration(node))
        start_step(node);
}

static void paper_push(struct node *node, int64_t round)
{
    struct sgp_state *state = node_state(node);
    uint32_t senders;
    node_push_out(node, round);
    node_in_edges(node, round, &senders);
    state->due += senders;
}

static void paper_exchange(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    struct sgp_state *state = node_state(node);
    int64_t step = node_iteration(node), tau = params->overlap;
    if (step % tau == 0)
        paper_push(node, step / tau);
    if (state->silent == tau) {
        state->silent = 0;
        node_await_round(node, conditions(params), paper_awaited(step, tau));
    } else {
        state->silent++;
        paper_mix(node);
    }
}

/* ---- Overlap as in the repository ---- */

/* A running exchange is left alone so many times. */
static int64_t repository_polls(const struct sgp_params *params)
{
    return field_integer_absent(params->synch_freq) ? params->overlap - 1 : params->synch_freq;
}

/* The start of a step: collect the exchange in flight, or leave it. */
static void repository_begin(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    struct sgp_state *state = node_state(node);
    int64_t round = state->exchange - 1;
    if (node_is_done(node) || state->silent >= repository_polls(params) ||
        node_poll_round(node, conditions(params), round)) {
        node_await_round(node, conditions(params), round);
    } else {
        state->silent++;
        start_step(node);
    }
}

/* Nothing is in flight (any more): launch the next exchange, and go on beside it. */
static void repository_launch(struct node *node)
{
    struct sgp_state *state = node_state(node);
    int64_t round = state->exchange++;
    state->silent = 0;
    node_push_out(node, round);
    node_expect(node, round);
    node_settle_share(node);
    if (node_is_done(node))
        repository_begin(node);
    else
        start_step(node);
}

/* ---- Outer averages ---- */

static const char *sgp_refuses_outer(const void *erased)
{
    const struct sgp_params *params = erased;
    if (params->overlap > 0 && params->variant == SGP_REPOSITORY && repository_polls(params) > 0)
        return "with failed polls lets nodes be exchanges apart at one step, and cannot tell when "
               "all have come (variant \"paper\" can)";
    return NULL;
}

/* All nodes have launched the same exchanges; the last ones are still under way. */
static void sgp_drain(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    struct sgp_state *state = node_state(node);
    if (params->overlap == 0) {
        node_drained(node);
        return;
    }
    state->draining = true;
    if (params->variant == SGP_PAPER)
        node_await_total(node, state->due);
    else
        node_await_round(node, NODE_RECEIVED, state->exchange - 1);
}

static void drained(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    struct sgp_state *state = node_state(node);
    state->draining = false;
    state->silent = 0;
    if (params->variant == SGP_PAPER)
        node_mix_all(node, paper_awaited(node_iteration(node) + 1, params->overlap));
    else
        node_mix(node, state->exchange - 1);
    node_drained(node);
}

static void sgp_on_resume(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    if (params->overlap > 0 && params->variant == SGP_REPOSITORY)
        repository_launch(node);
    else
        start_step(node);
}

/* ---- Events ---- */

static void sgp_start(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    if (params->overlap > 0 && params->variant == SGP_REPOSITORY) {
        repository_launch(node);
        return;
    }
    if (params->overlap > 0)
        node_expect(node, INT64_MAX); /* receives are always posted */
    start_step(node);
}

/* Lines 2 and 3. */
static void sgp_on_gradient(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    local_step(node);
    if (params->overlap == 0) {
        node_push_out(node, node_iteration(node));
        node_await_round(node, conditions(params), node_iteration(node));
    } else if (params->variant == SGP_PAPER) {
        paper_exchange(node);
    } else if (node_next_iteration(node) || node_is_done(node)) {
        repository_begin(node);
    }
}

/* Line 4. */
static void sgp_on_ready(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    const struct sgp_state *state = node_state(node);
    if (state->draining) {
        drained(node);
        return;
    }
    if (params->overlap > 0 && params->variant == SGP_PAPER) {
        paper_mix(node);
        return;
    }
    if (params->overlap > 0) {
        node_mix(node, state->exchange - 1);
        repository_launch(node);
        return;
    }
    node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        start_step(node);
}

const struct algorithm_ops sgp_ops = {
    .plugin = {.name = "sgp",
               .summary = "stochastic gradient push over directed graphs, with or without overlap",
               .reference = "Assran, Loizou, Ballas, Rabbat (ICML 2019)",
               .params = sgp_fields,
               .params_size = sizeof(struct sgp_params)},
    .uses_gradients = true,
    .carries_weight = true,
    .ignores_weight = ignores_weight,
    .mixes_late = mixes_late,
    .state_size = sizeof(struct sgp_state),
    .topology = sgp_topology,
    .check = sgp_check,
    .survives = ALGORITHM_SURVIVES_LOSS | ALGORITHM_SURVIVES_AMNESIA,
    .start = sgp_start,
    .on_gradient = sgp_on_gradient,
    .on_ready = sgp_on_ready,
    .on_resume = sgp_on_resume,
    .refuses_outer = sgp_refuses_outer,
    .drain = sgp_drain,
};
