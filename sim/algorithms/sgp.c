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
 * Variants differ in weight decay only: "paper" decays towards 0 at z, where the gradient is taken;
 * "repository" at the numerator x, which its optimizer holds.
 * Expected: with constant gradient time T_c and one node slower by s, an iteration takes s T_c
 * whenever an exchange takes at most (s - 1) T_c (wait "receive"; tests/unit/test_algorithms.c).
 */
#include "algorithms/algorithm.h"

enum sgp_variant { SGP_PAPER, SGP_REPOSITORY };
enum sgp_wait { SGP_RECEIVE, SGP_RECEIVE_AND_SEND };

struct sgp_params {
    int variant;
    int wait;
    int64_t overlap;
};

struct sgp_state {
    uint32_t z; /* where the running gradient is taken */
};

static const char *const sgp_variants[] = {"paper", "repository", NULL};
static const char *const sgp_waits[] = {"receive", "receive-and-send", NULL};

static const struct field sgp_fields[] = {
    FIELD_AT(struct sgp_params, variant, FIELD_ENUM, "\"paper\"", .names = sgp_variants,
             .help = "where weight decay acts: at z (paper) or on the numerator (repository)"),
    FIELD_AT(struct sgp_params, wait, FIELD_ENUM, "\"receive\"", .names = sgp_waits,
             .help = "what ends a step: the messages received, or also the own sends"),
    FIELD_AT(struct sgp_params, overlap, FIELD_INTEGER, "0", .min = 0, .max = 0.5,
             .help = "steps that a message may be late: 0 is SGP"),
    FIELD_END,
};

static unsigned sgp_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED;
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

/* Lines 2 and 3. */
static void sgp_on_gradient(struct node *node)
{
    const struct sgp_params *params = node_params(node);
    int64_t step = node_iteration(node);
    local_step(node);
    node_push_out(node, step);
    node_await_round(node, params->wait == SGP_RECEIVE ? NODE_RECEIVED : NODE_RECEIVED | NODE_SENT,
                     step);
}

/* Line 4. */
static void sgp_on_ready(struct node *node)
{
    node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        start_step(node);
}

const struct algorithm_ops sgp_ops = {
    .plugin = {.name = "sgp",
               .summary = "stochastic gradient push over directed, time-varying graphs",
               .reference = "Assran, Loizou, Ballas, Rabbat (ICML 2019)",
               .params = sgp_fields,
               .params_size = sizeof(struct sgp_params)},
    .uses_gradients = true,
    .carries_weight = true,
    .state_size = sizeof(struct sgp_state),
    .topology = sgp_topology,
    .start = start_step,
    .on_gradient = sgp_on_gradient,
    .on_ready = sgp_on_ready,
};
