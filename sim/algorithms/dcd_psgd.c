/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DCD-PSGD: decentralized SGD with compressed differences of successive models.
 *
 * Tang, Gan, Zhang, Zhang, Liu: Communication Compression for Decentralized Training, NeurIPS 2018
 * (arXiv 1803.06443), algorithm 1.  W symmetric, doubly stochastic, the same at every step; every
 * node keeps exact replicas of its neighbours' models, here as their mixture s_i = sum_j W_ij x_j:
 *
 *   1  x_i^{k+1/2} = s_i^k - a d(g_i(x_i^k))
 *   2  q_i = C(x_i^{k+1/2} - x_i^k);  x_i^{k+1} = x_i^k + q_i;  send q_i to the neighbours
 *   3  s_i^{k+1} = s_i^k + sum_{j in neighbours and i} W_ij q_j
 *
 * Choices: the models of step 0 are exchanged in full, which costs one model a neighbour and is
 * right for any start.  C should be unbiased with a small variance (the paper's theorem); rules
 * that are not may diverge.  Line 1 takes any optimizer; momentum is local.  What is compressed is
 * a difference: error feedback is refused.
 *
 * Timing: line 3 of step k runs beside the gradient of step k + 1, which needs the own model only:
 * max(T_c, T_x) with equal nodes, where T_x is that of the encoding.  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay, for a lost q would leave the
 * replicas of its sender different for ever; so would a lost state, which is refused. A node that
 * is down holds its neighbours, and in the end everybody, until it is back (never: a deadlock that
 * names its host).
 * Expected: without compression it is D-PSGD, combine then adapt, to 1e-12; else the dense
 * recursion (tests/unit/test_compressed_gossip.c).
 */
#include "algorithms/algorithm.h"

enum dcd_psgd_vector { MIXTURE = 1 };

struct dcd_psgd_state {
    uint32_t sent; /* what the last message told the neighbours */
};

static unsigned dcd_psgd_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED | TOPOLOGY_STATIC;
}

static unsigned dcd_psgd_compresses(const void *params)
{
    (void)params;
    return ALGORITHM_COMPRESSES_DIFFERENCE;
}

/* The message of round k is on its way while the gradient at x^k runs. */
static void send_beside_gradient(struct node *node, uint32_t vector, int64_t bytes)
{
    struct dcd_psgd_state *state = node_state(node);
    int64_t round = node_iteration(node);
    state->sent = vector;
    node_push_delta(node, round, vector, bytes);
    node_expect(node, round);
    node_start_gradient(node, node_x(node));
}

static void dcd_psgd_start(struct node *node)
{
    send_beside_gradient(node, node_keep_x(node), node_vector_bytes(node));
}

static void dcd_psgd_on_gradient(struct node *node)
{
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

/* Line 1; x is the half step then. */
static void combine_then_adapt(struct node *node, uint32_t x_k)
{
    node_combine(node, node_x(node), (struct node_term[]){{node_vector(node, MIXTURE), 1}}, 1);
    node_step(node, node_gradient(node), x_k);
}

/* Line 2: x moves by what the neighbours are told. */
static struct node_encoding compressed_move(struct node *node, uint32_t x_k)
{
    uint32_t x = node_x(node), move = node_new_vector(node);
    node_combine(node, move, (struct node_term[]){{x, 1}, {x_k, -1}}, 2);
    struct node_encoding q = node_encode(node, move, false);
    node_combine(node, x, (struct node_term[]){{x_k, 1}, {q.vector, 1}}, 2);
    node_drop(node, move);
    return q;
}

/* Line 3 of the last step, then this one. */
static void dcd_psgd_on_ready(struct node *node)
{
    struct dcd_psgd_state *state = node_state(node);
    uint32_t x_k = node_keep_x(node);
    node_add_deltas(node, node_iteration(node), node_vector(node, MIXTURE), state->sent);
    node_drop(node, state->sent);
    state->sent = 0;
    combine_then_adapt(node, x_k);
    struct node_encoding q = compressed_move(node, x_k);
    node_drop(node, x_k);
    if (node_next_iteration(node))
        send_beside_gradient(node, q.vector, q.bytes);
    else
        node_drop(node, q.vector);
}

const struct algorithm_ops dcd_psgd_ops = {
    .plugin = {.name = "dcd-psgd",
               .summary = "decentralized SGD with compressed differences of successive models",
               .reference = "Tang, Gan, Zhang, Zhang, Liu (NeurIPS 2018)"},
    .uses_gradients = true,
    .state_size = sizeof(struct dcd_psgd_state),
    .vectors = 1,
    .compresses = dcd_psgd_compresses,
    .topology = dcd_psgd_topology,
    .start = dcd_psgd_start,
    .on_gradient = dcd_psgd_on_gradient,
    .on_ready = dcd_psgd_on_ready,
};
