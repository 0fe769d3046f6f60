/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * AD-PSGD: asynchronous decentralized parallel SGD.
 *
 * Lian, Zhang, Zhang, Liu: Asynchronous Decentralized Parallel Stochastic Gradient Descent, ICML
 * 2018 (arXiv 1710.06952), algorithm 1.  Worker i, for ever:
 *
 *   1  sample a mini-batch
 *   2  g = gradient at a copy of x_i, read earlier
 *   3  choose a neighbour j at random;  x_i, x_j <- (x_i + x_j) / 2, atomically
 *   4  x_i <- x_i - gamma g
 *
 * The graph is bipartite, so that no circle of nodes waits for one another (section 3): ACTIVE
 * nodes ask, PASSIVE ones answer.  Who is who: the side of node 0 is passive, as the even ranks of
 * the authors' of SGP are.  An asker's peer of exchange e is drawn from its neighbours at phase e
 * of the topology: a random neighbour of a static graph, the schedule's peer where there is one.
 *
 * A node is two processes that share its model x and meet at one posted gradient:
 *
 *   TRAINER  computes on its own copy of x; when a gradient is complete it waits until the gossip
 *            process has taken the one before, posts this one, reads x anew, and goes on.
 *   GOSSIP   exchange "continuous" (the SGP authors' implementation, tag sgp_pytorch0.5): takes the
 *            posted gradient if there is one, then exchanges, without end.  exchange "per-gradient"
 *            (algorithm 1): exchanges once a gradient, then applies it to the average.
 *
 * An active process sends x, which blocks, and then receives: it stands still for 2 T_x, and takes
 * no gradient meanwhile.  A passive one polls: it takes gradients as they come, and when a question
 * has come it sends its x of that moment, which blocks for T_x; what is asked meanwhile waits.
 * When the answer arrives both average at once, and neither x has changed since it was sent: the
 * pair's sum is kept at every instant.  An exchange that takes no time is not repeated before the
 * next gradient.
 *
 * Choices: the trainer reads x before its gradient is applied, even where the gossip process is
 * free, as the implementation's trainer does.  Weight decay and momentum act on the shared x.  An
 * iteration of a node is finished when its gradient is applied.  A node that has done its
 * iterations gives up the gradient that it is computing, and goes on answering and (continuous)
 * asking. Learning-rate schedules read the global clock.  Staleness: gradients applied to x_i
 * between a gradient's read and its own application; 1 but for the first.
 *
 * Faults: a question or an answer that is lost (drop, crash) gives up the average at both: no x
 * changes, the pair's sum is kept, and both gossip processes go on. Who asks a node that is down
 * learns so when the question would have come, and asks another one. A node that is back with its
 * state lost is averaged with the others (tests/unit/test_faults_run.c).
 * Expected (tests/unit/test_async_gossip.c): one worker slower by s gives ((n - 1) + 1/s) / T_c
 * gradients a second; an iteration of an active node takes max(T_c, 2 T_x).  A passive one that
 * polls is held only while it answers, so that the mean over all nodes is less; passive "wait", one
 * that blocks in its receive and takes one gradient an exchange, gives max(T_c, 2 T_x) for all,
 * which fits the table of the SGP paper (399 ms, T_c 229, T_x 200).
 */
#include "algorithms/algorithm.h"

#define PARTNER  0  /* role of draws */
#define ATTEMPTS 64 /* phases without a neighbour in succession */

enum ad_psgd_exchange { AD_PSGD_CONTINUOUS, AD_PSGD_PER_GRADIENT };
enum ad_psgd_passive { AD_PSGD_POLL, AD_PSGD_WAIT };

struct ad_psgd_params {
    int exchange;
    int passive;
};

struct ad_psgd_state {
    bool posted;         /* a gradient lies ready for the gossip process */
    uint32_t gradient;   /* that one */
    int64_t read;        /* gradients applied when the trainer read its copy */
    int64_t posted_read; /* likewise, of the posted gradient */
    int64_t applied;     /* gradients */
    int64_t phase;       /* of the next question */
    int64_t asked_ps;
    bool done;
};

static const char *const ad_psgd_exchanges[] = {"continuous", "per-gradient", NULL};
static const char *const ad_psgd_passives[] = {"poll", "wait", NULL};

static const struct field ad_psgd_fields[] = {
    FIELD_AT(struct ad_psgd_params, exchange, FIELD_ENUM, "\"continuous\"",
             .names = ad_psgd_exchanges,
             .help = "the active nodes' gossip process exchanges without end, or once a gradient"),
    FIELD_AT(struct ad_psgd_params, passive, FIELD_ENUM, "\"poll\"", .names = ad_psgd_passives,
             .help =
                 "a passive node's gossip process takes gradients while it waits to be asked, or "
                 "one an exchange (continuous only)"),
    FIELD_END,
};

/* Where nobody asks without a gradient of his own, a passive node would never be done. */
static enum status ad_psgd_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct ad_psgd_params *params = erased;
    (void)nodes;
    if (params->passive == AD_PSGD_POLL || params->exchange == AD_PSGD_CONTINUOUS)
        return STATUS_OK;
    return status_fail_at(error, "algorithm.passive",
                          "found \"wait\" with exchange \"per-gradient\", expected \"poll\", or "
                          "exchange \"continuous\"");
}

static unsigned ad_psgd_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED | TOPOLOGY_BIPARTITE;
}

static bool always(const void *params)
{
    (void)params;
    return true;
}

static bool is_active(const struct node *node)
{
    return node_side(node, node_rank(node)) == 1;
}

/* ---- Trainer ---- */

/* Lines 1 and 2. */
static void read_model(struct node *node)
{
    struct ad_psgd_state *state = node_state(node);
    state->read = state->applied;
    node_start_gradient(node, node_x(node));
}

static void post_gradient(struct node *node)
{
    struct ad_psgd_state *state = node_state(node);
    state->posted = true;
    state->gradient = node_snapshot(node, node_gradient(node));
    state->posted_read = state->read;
    read_model(node);
}

/* Its last gradient is taken: a trainer that waits for that goes on. */
static void release_trainer(struct node *node)
{
    const struct ad_psgd_state *state = node_state(node);
    if (node_blocked(node)) {
        node_unblock(node);
        if (state->done)
            node_drop_gradient(node);
        else
            post_gradient(node);
    } else if (state->done) {
        node_cancel_gradient(node, 0);
    }
}

/* ---- Gossip process ---- */

/* Line 4. */
static void take_gradient(struct node *node)
{
    struct ad_psgd_state *state = node_state(node);
    if (!state->posted)
        return;
    node_apply(node, &(struct node_update){.gradient = state->gradient,
                                           .decay_at = node_x(node),
                                           .scale = 1,
                                           .gradients = 1,
                                           .origin = node_rank(node),
                                           .version = state->applied,
                                           .staleness = state->applied - state->posted_read});
    node_drop(node, state->gradient);
    state->posted = false;
    state->applied++;
    state->done = !node_next_iteration(node);
    release_trainer(node);
}

/* Line 3, begun.  False: this node has no neighbour. */
static bool ask(struct node *node)
{
    struct ad_psgd_state *state = node_state(node);
    uint32_t peer;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        int64_t phase = state->phase++;
        if (node_random_peer(node, phase, PARTNER, &peer)) {
            state->asked_ps = node_now_ps(node);
            node_pair(node, peer, phase, true);
            return true;
        }
    }
    return false;
}

/* The gossip process is free. */
static void turn(struct node *node)
{
    const struct ad_psgd_params *params = node_params(node);
    const struct ad_psgd_state *state = node_state(node);
    if (!is_active(node)) {
        while (state->posted && params->passive == AD_PSGD_POLL)
            take_gradient(node);
    } else if (params->exchange == AD_PSGD_PER_GRADIENT) {
        while (state->posted && !ask(node))
            take_gradient(node);
    } else {
        take_gradient(node);
        if (node_now_ps(node) > state->asked_ps)
            ask(node);
    }
}

/* ---- Events ---- */

static void ad_psgd_start(struct node *node)
{
    struct ad_psgd_state *state = node_state(node);
    state->asked_ps = -1;
    read_model(node);
    turn(node);
}

static void ad_psgd_on_gradient(struct node *node)
{
    const struct ad_psgd_state *state = node_state(node);
    if (state->posted) {
        node_block(node, "its gossip process to take its last gradient");
        return;
    }
    post_gradient(node);
    if (!node_paired(node))
        turn(node);
}

static void ad_psgd_on_paired(struct node *node, uint32_t peer, bool averaged)
{
    const struct ad_psgd_params *params = node_params(node);
    (void)peer, (void)averaged;
    if (is_active(node) ? params->exchange == AD_PSGD_PER_GRADIENT
                        : params->passive == AD_PSGD_WAIT)
        take_gradient(node);
    turn(node);
}

const struct algorithm_ops ad_psgd_ops = {
    .plugin = {.name = "ad-psgd",
               .summary = "asynchronous decentralized SGD: active nodes average with passive ones",
               .reference = "Lian, Zhang, Zhang, Liu (ICML 2018)",
               .params = ad_psgd_fields,
               .params_size = sizeof(struct ad_psgd_params)},
    .uses_gradients = true,
    .deploys_live = always,
    .global_clock = true,
    .state_size = sizeof(struct ad_psgd_state),
    .topology = ad_psgd_topology,
    .check = ad_psgd_check,
    .survives = ALGORITHM_SURVIVES_LOSS | ALGORITHM_SURVIVES_AMNESIA,
    .start = ad_psgd_start,
    .on_gradient = ad_psgd_on_gradient,
    .on_paired = ad_psgd_on_paired,
};
