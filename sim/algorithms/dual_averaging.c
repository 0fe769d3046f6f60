/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Push-sum distributed dual averaging (PS-DDA).
 *
 * Tsianos, Lawlor, Rabbat: Push-sum distributed dual averaging for convex optimization, IEEE CDC
 * 2012.  P_t column-stochastic, y_i(0) = 0, w_i(0) = 1, t = 0, 1, ...:
 *
 *   w_i(t+1) = sum_j p_{ij} w_j(t)
 *   y_i(t+1) = sum_j p_{ij} y_j(t) + g_i(x_i(t))
 *   x_i(t+1) = argmin_x <y_i(t+1) / w_i(t+1), x> + psi(x) / a(t+1)
 *
 * psi(x) = ||x - x_i(0)||^2 / 2 with the node's own initial model, and no constraint set, so that
 * x_i(t+1) = x_i(0) - a(t+1) y_i(t+1) / w_i(t+1).  deploy "average" (default) deploys
 *
 *   xhat_i(t+1) = (x_i(0) + ... + x_i(t)) / (t + 1),
 *
 * the points whose gradients were taken, for which the theory speaks (Duchi, Agarwal, Wainwright,
 * IEEE TAC 57(3), 2012, theorem 1); "last" deploys x_i.  The mean model of the metrics is the mean
 * of what is deployed: the numerators that travel are sums of gradients, and no models. step_size
 * "inverse-sqrt" (default): a(t) = learning rate / sqrt(t), the rate's own schedule on top;
 * "scheduled": a(t) is the learning rate of the schedule.
 * Choices: the gradient's weight decay is part of g.  Nodes whose initial models differ have
 * different psi, which is for the user to want.
 * Errata: none known.
 *
 * Timing: the exchange of y(t) starts together with the gradient at x(t): max(T_c, T_x) an
 * iteration with equal nodes; a vector and 8 bytes a message.  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay. A node that is down holds
 * its out-neighbours until it is back (never: a deadlock that names its host). A lost state is
 * refused: the dual sums would lack its gradients.
 * Expected: f(xhat) - f* stays below Duchi's bound, O(1 / sqrt T)
 * (tests/unit/test_tracking.c).
 */
#include <math.h>

#include "algorithms/algorithm.h"

enum dual_averaging_step { INVERSE_SQRT, SCHEDULED };
enum dual_averaging_deploy { AVERAGE, LAST };
enum dual_averaging_vector { INITIAL = 1, POINT, SUM };

struct dual_averaging_params {
    int step_size, deploy;
};

static const char *const step_sizes[] = {"inverse-sqrt", "scheduled", NULL};
static const char *const deploys[] = {"average", "last", NULL};

static const struct field dual_averaging_fields[] = {
    FIELD_AT(struct dual_averaging_params, step_size, FIELD_ENUM, "\"inverse-sqrt\"",
             .names = step_sizes,
             .help = "a(t): learning rate / sqrt(t), or the learning rate as it is scheduled"),
    FIELD_AT(struct dual_averaging_params, deploy, FIELD_ENUM, "\"average\"", .names = deploys,
             .help = "the running average of a node's points, or its last one"),
    FIELD_END,
};

static unsigned dual_averaging_topology(const void *params)
{
    (void)params;
    return TOPOLOGY_COLUMN_STOCHASTIC | TOPOLOGY_CONNECTED;
}

static void begin_step(struct node *node)
{
    int64_t step = node_iteration(node);
    uint32_t point = node_vector(node, POINT), sum = node_vector(node, SUM);
    node_combine(node, sum, (struct node_term[]){{sum, 1}, {point, 1}}, 2);
    node_start_gradient(node, point);
    node_push_out(node, step);
    node_expect(node, step);
}

/* The holding is y, which begins as 0. */
static void dual_averaging_start(struct node *node)
{
    uint32_t zero = node_new_vector(node);
    node_set_vector(node, INITIAL, node_x(node));
    node_set_vector(node, POINT, node_x(node));
    node_replace_x(node, zero);
    node_drop(node, zero);
    begin_step(node);
}

static void dual_averaging_on_gradient(struct node *node)
{
    node_await_round(node, NODE_RECEIVED, node_iteration(node));
}

static void add_gradient(struct node *node)
{
    uint32_t y = node_x(node), g = node_new_vector(node);
    node_take_gradient(node, g, node_vector(node, POINT));
    node_combine(node, y, (struct node_term[]){{y, 1}, {g, 1}}, 2);
    node_drop(node, g);
}

static void project(struct node *node, double a)
{
    const struct node_term terms[] = {{node_vector(node, INITIAL), 1},
                                      {node_x(node), -a / node_weight(node)}};
    node_combine(node, node_vector(node, POINT), terms, 2);
}

static void dual_averaging_on_ready(struct node *node)
{
    const struct dual_averaging_params *params = node_params(node);
    double t = (double)node_iteration(node) + 1, rate = node_rate(node);
    node_mix(node, node_iteration(node));
    add_gradient(node);
    project(node, params->step_size == INVERSE_SQRT ? rate / sqrt(t) : rate);
    if (params->deploy == AVERAGE)
        node_deploys(node, node_vector(node, SUM), 1 / t);
    else
        node_deploys(node, node_vector(node, POINT), 1);
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops dual_averaging_ops = {
    .plugin = {.name = "dual-averaging",
               .summary = "push-sum distributed dual averaging over directed graphs",
               .reference = "Tsianos, Lawlor, Rabbat (CDC 2012)",
               .params = dual_averaging_fields,
               .params_size = sizeof(struct dual_averaging_params)},
    .uses_gradients = true,
    .carries_weight = true,
    .mean = ALGORITHM_MEAN_DEPLOYED,
    .optimizers = ALGORITHM_OPTIMIZER_RATE,
    .vectors = 3,
    .topology = dual_averaging_topology,
    .start = dual_averaging_start,
    .on_gradient = dual_averaging_on_gradient,
    .on_ready = dual_averaging_on_ready,
};
