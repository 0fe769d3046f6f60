/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quasi-global momentum (QG-DSGDm).
 *
 * Lin, Karimireddy, Stich, Jaggi: Quasi-global momentum: accelerating decentralized deep learning
 * on heterogeneous data, ICML 2021 (arXiv 2102.04761), algorithm 1.  W doubly stochastic, m_0 = 0,
 * step t of node i:
 *
 *   h       = beta m + g(x)                     local momentum step with the quasi-global m
 *   x_half  = x - eta h
 *   x_next  = sum_j w_{ij} x_half_j             combine
 *   d       = (x - x_next) / eta                what the neighbourhood did, in units of a gradient
 *   m       = mu m + (1 - mu) d
 *
 * m replaces the momentum buffer; it is made of models alone, so nothing else is sent.  The paper
 * takes mu = beta, the default.  nesterov (QG-DSGDm-N): x_half = x - eta (g + beta h).
 * Choices: the gradient's weight decay is part of g.  eta is the rate that the step's gradient was
 * taken with; where it is 0 (the first step of a warm-up) d does not exist, and m stays.
 * An outer step comes after the momentum's update, and does not enter it.
 * Errata: none known.
 *
 * Timing: the exchange follows the gradient: T_c + T_x an iteration, one vector a message; nothing
 * overlaps.  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay. A node that is down holds
 * its neighbours, and in the end everybody, until it is back (never: a deadlock that names its
 * host). A lost state is refused: the momentum would take the jump to the initial x for what the
 * neighbours did.
 * Expected: the dense recursion; beta 0 is D-PSGD that adapts, then combines
 * (tests/unit/test_tracking.c).
 */
#include "algorithms/algorithm.h"

enum qgm_vector { MOMENTUM = 1, BEFORE };

struct qgm_params {
    double beta, mu;
    bool nesterov;
};

struct qgm_state {
    double rate; /* of the step under way */
};

static const struct field qgm_fields[] = {
    FIELD_AT(struct qgm_params, beta, FIELD_REAL, "0.9", .min = 0, .max = 0.999999,
             .help = "weight of the quasi-global momentum in a step"),
    FIELD_AT(struct qgm_params, mu, FIELD_REAL, "null", .min = 0, .max = 1,
             .help = "share of the momentum that a step keeps; default beta"),
    FIELD_AT(struct qgm_params, nesterov, FIELD_BOOL, "false", .help = "QG-DSGDm-N"),
    FIELD_END,
};

static unsigned qgm_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void begin_step(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

/* x_half; with nesterov g + beta h = (1 + beta) g + beta^2 m. */
static void local_step(struct node *node, double rate)
{
    const struct qgm_params *params = node_params(node);
    double beta = params->beta;
    uint32_t x = node_x(node), m = node_vector(node, MOMENTUM), g = node_new_vector(node);
    node_take_gradient(node, g, x);
    const struct node_term terms[] = {
        {x, 1},
        {m, -rate * (params->nesterov ? beta * beta : beta)},
        {g, -rate * (params->nesterov ? 1 + beta : 1)},
    };
    node_set_vector(node, BEFORE, x);
    node_combine(node, x, terms, 3);
    node_drop(node, g);
}

static void update_momentum(struct node *node, double rate)
{
    const struct qgm_params *params = node_params(node);
    double mu = field_real_absent(params->mu) ? params->beta : params->mu;
    double share = (1 - mu) / rate;
    uint32_t m = node_vector(node, MOMENTUM);
    const struct node_term terms[] = {
        {m, mu}, {node_vector(node, BEFORE), share}, {node_x(node), -share}};
    if (rate > 0)
        node_combine(node, m, terms, 3);
}

static void qgm_on_gradient(struct node *node)
{
    struct qgm_state *state = node_state(node);
    int64_t step = node_iteration(node);
    state->rate = node_rate(node);
    local_step(node, state->rate);
    node_push_out(node, step);
    node_await_round(node, NODE_RECEIVED, step);
}

static void qgm_on_ready(struct node *node)
{
    const struct qgm_state *state = node_state(node);
    node_mix(node, node_iteration(node));
    update_momentum(node, state->rate);
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops quasi_global_momentum_ops = {
    .plugin = {.name = "quasi-global-momentum",
               .summary = "decentralized SGD whose momentum is made of what neighbours did",
               .reference = "Lin, Karimireddy, Stich, Jaggi (ICML 2021)",
               .params = qgm_fields,
               .params_size = sizeof(struct qgm_params)},
    .uses_gradients = true,
    .optimizers = ALGORITHM_OPTIMIZER_RATE,
    .state_size = sizeof(struct qgm_state),
    .vectors = 2,
    .topology = qgm_topology,
    .start = begin_step,
    .on_gradient = qgm_on_gradient,
    .on_ready = qgm_on_ready,
    .on_resume = begin_step,
};
