/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Push-pull averaging: one of a pair pushes, the other answers, no gradients.
 *
 * Jelasity, Montresor, Babaoglu: Gossip-based aggregation in large dynamic networks, ACM TOCS
 * 23(3), 2005, figure 1, with pairs chosen by GETPAIR_PM (perfect matchings, section 3.3):
 *
 *   i sends x_i to j;  j answers with x_j, then x_j <- (x_i + x_j) / 2;  i likewise on the answer
 *
 * clock "round": the pairs of round k are those of the topology's phase k, and the smaller rank
 * begins.  An answer and what stays are halves of the same x, so the sum is kept at every instant.
 *
 * clock "periodic": the practical protocol (figure 1): every node wakes each cycle_time, at an
 * offset of its own, and asks a random neighbour (GETPAIR_DISTR, section 3.3).  As the paper
 * has it, a node may answer one peer while it waits for another, which loses mass; here who is in
 * an exchange begins no other and refuses to be asked, and both of a pair average when the answer
 * has arrived: the sum is kept.
 * Errata: none known.
 *
 * Timing: the answer leaves when the question has come, and both go on when it has arrived: a round
 * ("round") or an exchange ("periodic") takes 2 T_x.  An iteration of "periodic" is a cycle,
 * whatever comes of the question.
 * Faults: "round": the transport is reliable, a loss or a partition is a delay, and a node that is
 * down holds its partners until it is back. "periodic": an exchange whose message is lost (drop,
 * crash) is given up, both keep their x. The sum is kept at every instant. With its state lost a
 * node holds its initial x once more.
 * Expected: "round", the values of randomized gossip.  The paper's cycle is two matchings, with
 * factor 1/4 for many nodes; for n it is ((n - 2) / (2 (n - 1)))^2 (tests/unit/test_gossip.c).
 * "periodic": 1 / (2 sqrt(e)) a cycle for many nodes (section 3.3.4;
 * tests/unit/test_async_pairs.c).
 */
#include "algorithms/algorithm.h"

enum push_pull_clock { PUSH_PULL_ROUND, PUSH_PULL_PERIODIC };
enum push_pull_role { OFFSET, PARTNERS }; /* of draws */

struct push_pull_params {
    int clock;
    double cycle_time; /* seconds; absent: 1 */
};

struct push_pull_state {
    bool answers; /* in this round, and is not asked yet */
};

static const char *const push_pull_clocks[] = {"round", "periodic", NULL};

static const struct field push_pull_fields[] = {
    FIELD_AT(struct push_pull_params, clock, FIELD_ENUM, "\"round\"", .names = push_pull_clocks,
             .help = "pairs by the rounds of a schedule of matchings, or every node once a cycle"),
    FIELD_AT(struct push_pull_params, cycle_time, FIELD_DURATION, "null", .min = FIELD_POSITIVE,
             .max = 1e6, .help = "time between two questions of a node (periodic); absent: 1 s"),
    FIELD_END,
};

static bool is_periodic(const void *erased)
{
    const struct push_pull_params *params = erased;
    return params->clock == PUSH_PULL_PERIODIC;
}

static bool in_rounds(const void *params)
{
    return !is_periodic(params);
}

static unsigned push_pull_topology(const void *params)
{
    unsigned demand = TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED;
    return is_periodic(params) ? demand : demand | TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_PAIRWISE;
}

static enum status push_pull_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct push_pull_params *params = erased;
    (void)nodes;
    if (!is_periodic(params) && !field_real_absent(params->cycle_time))
        return status_fail_at(error, "algorithm.cycle_time",
                              "found %g s with clock \"round\", whose rounds have no length, "
                              "expected it with clock \"periodic\"",
                              params->cycle_time);
    return STATUS_OK;
}

static double cycle_s(const struct node *node)
{
    const struct push_pull_params *params = node_params(node);
    return field_real_absent(params->cycle_time) ? 1 : params->cycle_time;
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

static void push_pull_on_timer(struct node *node, uint64_t tag)
{
    int64_t cycle = node_iteration(node);
    uint32_t peer;
    if (!node_paired(node) && node_random_peer(node, cycle, PARTNERS, &peer))
        node_pair(node, peer, cycle, false);
    if (node_next_iteration(node))
        node_after(node, simtime_from_s(cycle_s(node)), tag);
}

static void push_pull_start(struct node *node)
{
    struct rng rng;
    if (!is_periodic(node_params(node))) {
        begin_round(node);
        return;
    }
    double offset = gsl_rng_uniform(node_random(node, &rng, OFFSET, 0));
    node_after(node, simtime_from_s(offset * cycle_s(node)), 0);
}

const struct algorithm_ops push_pull_ops = {
    .plugin = {.name = "push-pull",
               .summary = "average the initial vectors by question and answer, no gradients",
               .reference = "Jelasity, Montresor, Babaoglu (ACM TOCS 2005)",
               .params = push_pull_fields,
               .params_size = sizeof(struct push_pull_params)},
    .deploys_live = is_periodic,
    .state_size = sizeof(struct push_pull_state),
    .topology = push_pull_topology,
    .check = push_pull_check,
    .survives = ALGORITHM_SURVIVES_LOSS | ALGORITHM_SURVIVES_AMNESIA,
    .needs_all = in_rounds,
    .start = push_pull_start,
    .on_ready = push_pull_on_ready,
    .on_timer = push_pull_on_timer,
};
