/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Push-pull averaging: one of a pair pushes, the other answers, no gradients.
 *
 * Jelasity, Montresor, Babaoglu: Gossip-based aggregation in large dynamic networks, ACM TOCS
 * 23(3), 2005, figure 1, with pairs chosen by GETPAIR_PM (perfect matchings, section 3.3):
 *
 *   i sends x_i to j;  j answers with x_j, then x_j <- (x_i + x_j) / 2;  i likewise on the answer
 *
 * Round-based: the pairs of round k are those of the topology's phase k, and the smaller rank
 * begins.  The paper's practical protocol, where every node wakes by its own clock, is not this
 * program: there a node may answer one peer while it waits for another, which loses mass.  Here an
 * answer and what stays are halves of the same x, so the sum is kept at every instant.
 * Errata: none known.
 *
 * Timing: the answer leaves when the question has come, and both go on when it has arrived: a round
 * takes 2 T_x.
 * Faults: none is masked.  A question or an answer that never comes holds who waits for it, and the
 * run ends as a deadlock that names the edge.
 * Expected: the values of randomized gossip.  The paper's cycle is two matchings, with factor 1/4
 * for many nodes; for n it is ((n - 2) / (2 (n - 1)))^2 (tests/unit/test_gossip.c).
 */
#include "algorithms/algorithm.h"

struct push_pull_state {
    bool answers; /* in this round, and is not asked yet */
};

static unsigned push_pull_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_SYMMETRIC | TOPOLOGY_PAIRWISE | TOPOLOGY_CONNECTED;
}

static void begin_round(struct node *node)
{
    struct push_pull_state *state = node_state(node);
    int64_t round = node_iteration(node);
    uint32_t count;
    const struct topology_edge *out = node_out_edges(node, round, &count);
    state->answers = count > 0 && out[0].peer < node_rank(node);
    if (!state->answers)
        node_push_out(node, round);
    node_await_round(node, NODE_RECEIVED, round);
}

static void push_pull_on_ready(struct node *node)
{
    struct push_pull_state *state = node_state(node);
    int64_t round = node_iteration(node);
    if (state->answers) {
        state->answers = false;
        node_push_out(node, round);
        node_await(node, NODE_SENT, round, 0);
        return;
    }
    node_mix(node, round);
    if (node_next_iteration(node))
        begin_round(node);
}

const struct algorithm_ops push_pull_ops = {
    .plugin = {.name = "push-pull",
               .summary = "average the initial vectors by question and answer, no gradients",
               .reference = "Jelasity, Montresor, Babaoglu (ACM TOCS 2005)"},
    .state_size = sizeof(struct push_pull_state),
    .topology = push_pull_topology,
    .start = begin_round,
    .on_ready = push_pull_on_ready,
};
