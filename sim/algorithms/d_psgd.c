/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * D-PSGD: decentralized parallel SGD over a doubly stochastic mixing matrix W.
 *
 * order "combine-then-adapt" (default) - Lian, Zhang, Zhang, Hsieh, Zhang, Liu: Can Decentralized
 * Algorithms Outperform Centralized Algorithms?, NeurIPS 2017 (arXiv 1705.09056), algorithm 1:
 *
 *   X^{k+1} = W X^k - gamma G(X^k)
 *
 *   the exchange of x^k starts together with the gradient at x^k and overlaps it.
 *
 * order "adapt-then-combine" - the variant that the SGP paper timed as D-PSGD:
 *
 *   X^{k+1} = W (X^k - gamma G(X^k))
 *
 *   the exchange starts after the step.  exchange "shift": all sends at once, non-blocking, wait
 *   for the round's messages.  exchange "pairwise-blocking": pairs of a matching; the active node
 *   sends, then receives; the passive one receives, then sends; both sends block: two transfers in
 *   series.  In a pair of different parity the odd rank is active, else the smaller one.
 *
 * The paper assumes W symmetric; doubly stochastic is enough for the recurrence, and directed
 * circulants are accepted with exchange "shift".
 * Momentum and weight decay act on the gradient at x^k; momentum buffers are never communicated.
 * Faults: the transport is reliable, as nothing tells a receiver how much is missing: a loss or a
 * partition is a delay. A node that is down holds its neighbours, and in the end everybody, until
 * it is back (never: a deadlock that names its host); with its state lost it mixes the initial x
 * in.
 * Expected: with equal gradient times T_c and an exchange of T_x per direction, an iteration takes
 * max(T_c, T_x), T_c + T_x and T_c + 2 T_x respectively (tests/unit/test_algorithms.c; unequal
 * nodes: test_gossip_timing.c).
 */
#include "algorithms/algorithm.h"

enum d_psgd_order { D_PSGD_COMBINE_THEN_ADAPT, D_PSGD_ADAPT_THEN_COMBINE };
enum d_psgd_exchange { D_PSGD_SHIFT, D_PSGD_PAIRWISE_BLOCKING };

struct d_psgd_params {
    int order;
    int exchange;
};

enum d_psgd_phase { COMPUTING, EXCHANGING, RECEIVING_FIRST, SENDING_FIRST, SENDING_LAST };

struct d_psgd_state {
    enum d_psgd_phase phase;
};

static const char *const d_psgd_orders[] = {"combine-then-adapt", "adapt-then-combine", NULL};
static const char *const d_psgd_exchanges[] = {"shift", "pairwise-blocking", NULL};

static const struct field d_psgd_fields[] = {
    FIELD_AT(struct d_psgd_params, order, FIELD_ENUM, "\"combine-then-adapt\"",
             .names = d_psgd_orders,
             .help = "X' = W X - gamma G(X), or X' = W (X - gamma G(X)) as the SGP paper timed it"),
    FIELD_AT(struct d_psgd_params, exchange, FIELD_ENUM, "\"shift\"", .names = d_psgd_exchanges,
             .help = "all sends at once, or matched pairs that send and receive in series "
                     "(adapt-then-combine only)"),
    FIELD_END,
};

static unsigned d_psgd_topology(const void *erased)
{
    const struct d_psgd_params *params = erased;
    unsigned demand = TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_CONNECTED;
    if (params->exchange == D_PSGD_PAIRWISE_BLOCKING)
        demand |= TOPOLOGY_SYMMETRIC | TOPOLOGY_PAIRWISE;
    return demand;
}

static bool combines_first(const struct node *node)
{
    const struct d_psgd_params *params = node_params(node);
    return params->order == D_PSGD_COMBINE_THEN_ADAPT;
}

static void start_step(struct node *node)
{
    struct d_psgd_state *state = node_state(node);
    int64_t step = node_iteration(node);
    state->phase = COMPUTING;
    node_start_gradient(node, node_x(node));
    if (combines_first(node)) {
        node_push_out(node, step);
        node_expect(node, step);
    }
}

/* x^{k+1} = (W x^k)_i - gamma g_i, g and weight decay at x_i^k. */
static void combine_then_adapt(struct node *node)
{
    uint32_t x_k = node_keep_x(node);
    node_mix(node, node_iteration(node));
    node_step(node, node_gradient(node), x_k);
    node_drop(node, x_k);
}

static bool is_active(const struct node *node, uint32_t peer)
{
    uint32_t me = node_rank(node);
    return (me + peer) % 2 ? me % 2 == 1 : me < peer;
}

static void pairwise_push(struct node *node, enum d_psgd_phase phase)
{
    struct d_psgd_state *state = node_state(node);
    state->phase = phase;
    node_push_out(node, node_iteration(node));
    node_await(node, NODE_SENT, node_iteration(node), 0);
}

static void pairwise_exchange(struct node *node)
{
    struct d_psgd_state *state = node_state(node);
    uint32_t count;
    const struct topology_edge *out = node_out_edges(node, node_iteration(node), &count);
    if (count == 0 || is_active(node, out[0].peer)) {
        pairwise_push(node, SENDING_FIRST);
    } else {
        state->phase = RECEIVING_FIRST;
        node_await_round(node, NODE_RECEIVED, node_iteration(node));
    }
}

static void d_psgd_on_gradient(struct node *node)
{
    const struct d_psgd_params *params = node_params(node);
    struct d_psgd_state *state = node_state(node);
    int64_t step = node_iteration(node);
    if (!combines_first(node)) {
        node_step(node, node_gradient(node), node_x(node));
        if (params->exchange == D_PSGD_PAIRWISE_BLOCKING) {
            pairwise_exchange(node);
            return;
        }
        node_push_out(node, step);
    }
    state->phase = EXCHANGING;
    node_await_round(node, NODE_RECEIVED, step);
}

static void d_psgd_on_ready(struct node *node)
{
    struct d_psgd_state *state = node_state(node);
    if (state->phase == RECEIVING_FIRST) {
        pairwise_push(node, SENDING_LAST);
        return;
    }
    if (state->phase == SENDING_FIRST) {
        state->phase = EXCHANGING;
        node_await_round(node, NODE_RECEIVED, node_iteration(node));
        return;
    }
    if (combines_first(node))
        combine_then_adapt(node);
    else
        node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        start_step(node);
}

static enum status d_psgd_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct d_psgd_params *params = erased;
    (void)nodes;
    if (params->exchange == D_PSGD_PAIRWISE_BLOCKING && params->order == D_PSGD_COMBINE_THEN_ADAPT)
        return status_fail_at(error, "algorithm.exchange",
                              "found \"pairwise-blocking\" with order \"combine-then-adapt\", "
                              "expected \"shift\", or order \"adapt-then-combine\"");
    return STATUS_OK;
}

const struct algorithm_ops d_psgd_ops = {
    .plugin = {.name = "d-psgd",
               .summary = "decentralized SGD over a doubly stochastic matrix, two orders",
               .reference = "Lian et al. (NeurIPS 2017)",
               .params = d_psgd_fields,
               .params_size = sizeof(struct d_psgd_params)},
    .uses_gradients = true,
    .state_size = sizeof(struct d_psgd_state),
    .topology = d_psgd_topology,
    .check = d_psgd_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = start_step,
    .on_gradient = d_psgd_on_gradient,
    .on_ready = d_psgd_on_ready,
    .on_resume = start_step,
};
