/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asynchronous gradient-push.
 *
 * Assran, Rabbat: Asynchronous Gradient Push, IEEE Trans. Automatic Control 66(1), 2021 (arXiv
 * 1803.08950), algorithm 1; push-sum under delays: Spiridonoff, Olshevsky, Paschalidis, JMLR 21,
 * 2020.  Node i, with numerator x, weight w, z = x / w, at its own pace:
 *
 *   1  g = gradient at z_i;  x_i <- x_i - gamma g
 *   2  send (p_{ji} x_i, p_{ji} w_i) to the out-neighbours j of its own step's phase
 *   3  x_i <- p_{ii} x_i + sum of whatever has arrived;  w likewise;  z_i = x_i / w_i
 *
 * Nobody ever waits: a step takes its own T_c, whatever the others and the network do.  What is on
 * its way counts in the mean model, and held + in flight = n for the weights at every instant.
 *
 * BIAS.  A node that steps r_i times a second adds its gradient r_i times a second: with data that
 * differ the fixed point is that of sum_i r_i f_i, not of sum_i f_i (the authors' theorem: the
 * neighbourhood of the minimizer grows with the spread of the rates).  `reference_time` T corrects
 * what a node can correct by itself: each step is scaled by (time since its last one) / T, so that
 * every node descends by gamma / T a second.
 *
 * send "when-sent" (default): a node whose last messages have not left keeps what it has.  The
 * theory wants bounded delays; a node that sends faster than its link carries ("every-step", the
 * algorithm to the letter) has ever more of its mass in its own queue, and w_i goes to 0.
 *
 * Choices: a node that has done its iterations goes on with 2 and 3 every T_c, or the mass that the
 * others send it would never come back.  Momentum and weight decay act on the gradient at z.
 * Learning-rate schedules read the global clock.  Staleness is 0: x_i changes between steps only.
 *
 * Faults: a lost message (drop, crash) takes its mass with it, x and w alike: z stays a mean of
 * what is left. A node that is down keeps what it holds until it is back, and nobody waits for it;
 * with its state lost that is gone, and it begins anew with w = 1.
 * Expected (tests/unit/test_async_push.c): with zero gradients z goes to the mean of the initial x;
 * with unequal rates the mean stops at sum r_i c_i / sum r_i of the nodes' optima c_i where all
 * curvatures are equal, and at the mean of the c_i with reference_time.
 */
#include "algorithms/algorithm.h"

enum async_push_send { ASYNC_PUSH_WHEN_SENT, ASYNC_PUSH_EVERY_STEP };

struct async_push_params {
    int send;
    double reference_time; /* seconds; NaN: no correction */
};

struct async_push_state {
    uint32_t z;       /* where the running gradient is taken */
    int64_t exchange; /* the next one */
    int64_t last_ps;  /* the end of the last step */
    int64_t pace_ps;  /* what the last step took */
};

static const char *const async_push_sends[] = {"when-sent", "every-step", NULL};

static const struct field async_push_fields[] = {
    FIELD_AT(struct async_push_params, send, FIELD_ENUM, "\"when-sent\"", .names = async_push_sends,
             .help = "push after a step if the last messages have left, or after every step"),
    FIELD_AT(struct async_push_params, reference_time, FIELD_DURATION, "null",
             .min = FIELD_POSITIVE, .max = 1e6,
             .help = "scale each step by its duration over this one, against the bias towards fast "
                     "nodes; default: no scaling"),
    FIELD_END,
};

static unsigned async_push_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void start_step(struct node *node)
{
    struct async_push_state *state = node_state(node);
    state->z = node_debiased(node);
    node_start_gradient(node, state->z);
}

static double step_scale(const struct node *node, const struct async_push_state *state)
{
    const struct async_push_params *params = node_params(node);
    return field_real_absent(params->reference_time)
               ? 1
               : simtime_to_s(state->pace_ps) / params->reference_time;
}

/* Line 1. */
static void local_step(struct node *node)
{
    struct async_push_state *state = node_state(node);
    state->pace_ps = node_now_ps(node) - state->last_ps;
    state->last_ps = node_now_ps(node);
    node_apply(node, &(struct node_update){.gradient = node_gradient(node),
                                           .decay_at = state->z,
                                           .scale = step_scale(node, state),
                                           .gradients = 1,
                                           .origin = node_rank(node),
                                           .version = node_iteration(node),
                                           .staleness = 0});
}

/* Lines 2 and 3. */
static void push_and_mix(struct node *node)
{
    const struct async_push_params *params = node_params(node);
    struct async_push_state *state = node_state(node);
    if (params->send == ASYNC_PUSH_EVERY_STEP || node_poll_round(node, NODE_SENT, state->exchange))
        node_push_out(node, state->exchange++);
    node_mix_all(node, INT64_MAX);
}

static void async_push_start(struct node *node)
{
    node_expect(node, INT64_MAX); /* receives are always posted */
    start_step(node);
}

static void async_push_on_gradient(struct node *node)
{
    const struct async_push_state *state = node_state(node);
    local_step(node);
    push_and_mix(node);
    if (node_next_iteration(node))
        start_step(node);
    else if (state->pace_ps > 0)
        node_after(node, state->pace_ps, 0);
}

/* A node that is done exchanges at its pace. */
static void async_push_on_timer(struct node *node, uint64_t tag)
{
    const struct async_push_state *state = node_state(node);
    push_and_mix(node);
    node_after(node, state->pace_ps, tag);
}

const struct algorithm_ops async_gradient_push_ops = {
    .plugin = {.name = "async-gradient-push",
               .summary = "gradient push over directed graphs, every node at its own pace",
               .reference = "Assran, Rabbat (IEEE TAC 2021)",
               .params = async_push_fields,
               .params_size = sizeof(struct async_push_params)},
    .uses_gradients = true,
    .carries_weight = true,
    .global_clock = true,
    .state_size = sizeof(struct async_push_state),
    .topology = async_push_topology,
    .survives = ALGORITHM_SURVIVES_LOSS | ALGORITHM_SURVIVES_AMNESIA,
    .start = async_push_start,
    .on_gradient = async_push_on_gradient,
    .on_timer = async_push_on_timer,
};
