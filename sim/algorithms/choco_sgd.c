/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CHOCO-SGD: compressed differences to copies that the neighbours track.
 *
 * Koloskova, Stich, Jaggi: Decentralized Stochastic Optimization and Gossip Algorithms with
 * Compressed Communication, ICML 2019 (arXiv 1902.00340), algorithm 2, in the form of its appendix
 * that keeps two vectors a node.  W symmetric, doubly stochastic, the same at every step; C a
 * contraction; copies begin at 0:
 *
 *   1  x_i^{k+1/2} = x_i^k - a d(g_i(x_i^k))
 *   2  q_i = C(x_i^{k+1/2} - c_i);  send q_i to the neighbours
 *   3  c_i <- c_i + q_i;  s_i <- s_i + sum_{j in neighbours and i} W_ij q_j
 *   4  x_i^{k+1} = x_i^{k+1/2} + gamma (s_i - c_i)
 *
 * c_i is the copy of x_i that everybody has, s_i the mixture of the copies of i's neighbours.
 *
 * Choices: the scenario's compressor is C, divided by 1 + its variance where it is unbiased, so
 * that it is a contraction.  Line 1 takes any optimizer; momentum is local.  What is compressed is
 * a difference: error feedback would count it twice and is refused.
 *
 * Timing: the gradient, then the exchange: T_c + T_x with equal nodes, where T_x is that of the
 * encoding.  Sends do not block; a node waits at 3 for every q of step k.
 * Faults: the transport is reliable: a loss or a partition is a delay, for a lost q would leave the
 * copies of its sender different for ever; so would a lost state, which is refused. A node that is
 * down holds its neighbours, and in the end everybody, until it is back (never: a deadlock that
 * names its host).
 * Expected: without compression and with gamma = 1 it is D-PSGD, adapt then combine, to 1e-12;
 * else the dense recursion (tests/unit/test_compressed_gossip.c).
 */
#include "algorithms/algorithm.h"

enum choco_sgd_vector { COPY = 1, MIXTURE };

struct choco_sgd_params {
    double gamma;
};

struct choco_sgd_state {
    uint32_t sent; /* q of the step under way */
};

static const struct field choco_sgd_fields[] = {
    FIELD_AT(struct choco_sgd_params, gamma, FIELD_REAL, "0.1", .min = FIELD_POSITIVE, .max = 1,
             .help = "consensus step: 1 without compression, the smaller the more is left out"),
    FIELD_END,
};

static unsigned choco_sgd_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED | TOPOLOGY_STATIC;
}

static unsigned choco_sgd_compresses(const void *params)
{
    (void)params;
    return ALGORITHM_COMPRESSES_DIFFERENCE;
}

static void start_step(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

static void add(struct node *node, uint32_t destination, double coefficient, uint32_t vector)
{
    node_combine(node, destination, (struct node_term[]){{destination, 1}, {vector, coefficient}},
                 2);
}

/* Line 2, and the own part of 3. */
static void send_difference(struct node *node)
{
    struct choco_sgd_state *state = node_state(node);
    uint32_t copy = node_vector(node, COPY), difference = node_new_vector(node);
    node_combine(node, difference, (struct node_term[]){{node_x(node), 1}, {copy, -1}}, 2);
    struct node_encoding q = node_encode(node, difference, true);
    node_drop(node, difference);
    node_push_delta(node, node_iteration(node), q.vector, q.bytes);
    add(node, copy, 1, q.vector);
    state->sent = q.vector;
}

static void choco_sgd_on_gradient(struct node *node)
{
    node_step(node, node_gradient(node), node_x(node));
    send_difference(node);
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

/* Lines 3 and 4. */
static void choco_sgd_on_ready(struct node *node)
{
    const struct choco_sgd_params *params = node_params(node);
    struct choco_sgd_state *state = node_state(node);
    uint32_t x = node_x(node), mixture = node_vector(node, MIXTURE);
    node_add_deltas(node, node_iteration(node), mixture, state->sent);
    node_drop(node, state->sent);
    state->sent = 0;
    node_combine(node, x,
                 (struct node_term[]){
                     {x, 1}, {mixture, params->gamma}, {node_vector(node, COPY), -params->gamma}},
                 3);
    if (node_next_iteration(node))
        start_step(node);
}

const struct algorithm_ops choco_sgd_ops = {
    .plugin = {.name = "choco-sgd",
               .summary = "decentralized SGD with compressed differences to tracked copies",
               .reference = "Koloskova, Stich, Jaggi (ICML 2019)",
               .params = choco_sgd_fields,
               .params_size = sizeof(struct choco_sgd_params)},
    .uses_gradients = true,
    .state_size = sizeof(struct choco_sgd_state),
    .vectors = 2,
    .compresses = choco_sgd_compresses,
    .topology = choco_sgd_topology,
    .start = start_step,
    .on_gradient = choco_sgd_on_gradient,
    .on_ready = choco_sgd_on_ready,
    .on_resume = start_step,
};
