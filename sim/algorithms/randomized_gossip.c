/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Randomized gossip: pairs average, no gradients.
 *
 * Boyd, Ghosh, Prabhakar, Shah: Randomized gossip algorithms, IEEE Trans. Inf. Theory 52(6), 2006:
 *
 *   x_i, x_j <- (x_i + x_j) / 2
 *
 * clock "round" (section II-B, synchronous time model): in round k the pairs are those of the
 * topology's matching at phase k.  Nodes are not in lockstep all the same, nor are the two
 * of a pair (below).  A node that a matching leaves out keeps its x.
 *
 * clock "poisson" (section II-A, asynchronous time model): every node's own clock ticks at the
 * times of a Poisson process, every tick_time on average; at a tick the node contacts a neighbour,
 * drawn uniformly from those at phase (its own ticks so far), and the two average.  The paper's
 * contacts take no time; here one is a question and an answer, at whose arrival both average at
 * once.  Who is in a contact begins no other (its tick is lost) and refuses to be asked, so that
 * averages do not overlap and the sum is kept at every instant. Errata: none known.
 *
 * Timing: "round": each of a pair sends when it comes to the round and goes on when the other's
 * message is in: T_x for equal nodes; sends do not block (test_gossip_timing.c).  "poisson": a
 * contact takes 2 T_x; an iteration of a node is a tick of its clock, whatever comes of it.
 * Faults: "round": the transport is reliable, a loss or a partition is a delay, and a node that is
 * down holds its partners until it is back. "poisson": a contact whose message is lost (drop,
 * crash) is given up, both keep their x; ticks of a node that is down come when it is back. The sum
 * is kept at every instant. With its state lost a node holds its initial x once more.
 * Expected (tests/unit/test_gossip.c, test_async_pairs.c): with uniformly random perfect matchings
 * E[W'W] = E[W], and the squared distance from the mean shrinks by (n - 2) / (2 (n - 1)) a round in
 * expectation; on the complete graph by 1 - 1 / (n - 1) a contact, exp(-n / (n - 1)) in a time in
 * which every clock ticks once on average.
 */
#include <math.h>

#include "algorithms/algorithm.h"

enum randomized_gossip_clock { RANDOMIZED_GOSSIP_ROUND, RANDOMIZED_GOSSIP_POISSON };
enum randomized_gossip_role { TICKS, PARTNERS }; /* of draws */

struct randomized_gossip_params {
    int clock;
    double tick_time; /* seconds; absent: 1 */
};

static const char *const randomized_gossip_clocks[] = {"round", "poisson", NULL};

static const struct field randomized_gossip_fields[] = {
    FIELD_AT(struct randomized_gossip_params, clock, FIELD_ENUM, "\"round\"",
             .names = randomized_gossip_clocks,
             .help =
                 "pairs by the rounds of a schedule of matchings, or by every node's own clock"),
    FIELD_AT(struct randomized_gossip_params, tick_time, FIELD_DURATION, "null",
             .min = FIELD_POSITIVE, .max = 1e6,
             .help = "mean time between two ticks of a node's clock (poisson); absent: 1 s"),
    FIELD_END,
};

static bool by_own_clock(const void *erased)
{
    const struct randomized_gossip_params *params = erased;
    return params->clock == RANDOMIZED_GOSSIP_POISSON;
}

static bool in_rounds(const void *params)
{
    return !by_own_clock(params);
}

static unsigned randomized_gossip_topology(const void *params)
{
    unsigned demand = TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED;
    return by_own_clock(params) ? demand : demand | TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_PAIRWISE;
}

static enum status randomized_gossip_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct randomized_gossip_params *params = erased;
    (void)nodes;
    if (!by_own_clock(params) && !field_real_absent(params->tick_time))
        return status_fail_at(error, "algorithm.tick_time",
                              "found %g s with clock \"round\", which does not tick, expected it "
                              "with clock \"poisson\"",
                              params->tick_time);
    return STATUS_OK;
}

/* ---- Rounds ---- */

static void begin_round(struct node *node)
{
    node_push_out(node, node_iteration(node));
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void randomized_gossip_on_ready(struct node *node)
{
    node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        begin_round(node);
}

/* ---- Poisson clocks ---- */

static double tick_s(const struct node *node)
{
    const struct randomized_gossip_params *params = node_params(node);
    return field_real_absent(params->tick_time) ? 1 : params->tick_time;
}

static void await_tick(struct node *node)
{
    struct rng rng;
    double u = gsl_rng_uniform(node_random(node, &rng, TICKS, node_iteration(node)));
    node_after(node, simtime_from_s(-tick_s(node) * log1p(-u)), 0);
}

static void randomized_gossip_on_timer(struct node *node, uint64_t tag)
{
    int64_t tick = node_iteration(node);
    uint32_t peer;
    (void)tag;
    if (!node_paired(node) && node_random_peer(node, tick, PARTNERS, &peer))
        node_pair(node, peer, tick, false);
    if (node_next_iteration(node))
        await_tick(node);
}

static void randomized_gossip_start(struct node *node)
{
    if (by_own_clock(node_params(node)))
        await_tick(node);
    else
        begin_round(node);
}

const struct algorithm_ops randomized_gossip_ops = {
    .plugin = {.name = "randomized-gossip",
               .summary = "average the initial vectors in random pairs, no gradients",
               .reference = "Boyd, Ghosh, Prabhakar, Shah (IEEE TIT 2006)",
               .params = randomized_gossip_fields,
               .params_size = sizeof(struct randomized_gossip_params)},
    .deploys_live = by_own_clock,
    .topology = randomized_gossip_topology,
    .check = randomized_gossip_check,
    .survives = ALGORITHM_SURVIVES_LOSS | ALGORITHM_SURVIVES_AMNESIA,
    .needs_all = in_rounds,
    .start = randomized_gossip_start,
    .on_ready = randomized_gossip_on_ready,
    .on_timer = randomized_gossip_on_timer,
};
