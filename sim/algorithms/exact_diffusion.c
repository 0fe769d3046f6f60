/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exact diffusion and D2, which are one recurrence over two matrices.
 *
 * Yuan, Ying, Zhao, Sayed: Exact diffusion for distributed optimization and learning, part I, IEEE
 * Trans. Signal Process. 67(3), 2019 (arXiv 1702.05122), algorithm 1; Tang, Lian, Yan, Zhang, Liu:
 * D2: decentralized training over decentralized data, ICML 2018 (arXiv 1803.07068), algorithm 1.
 * psi_{-1} = x_0:
 *
 *   psi_k   = x_k - a g(x_k)                    adapt
 *   phi_k   = psi_k + x_k - psi_{k-1}           correct
 *   x_{k+1} = V phi_k                           combine
 *
 * so that x_1 = V (x_0 - a g(x_0)) and
 * x_{k+1} = V (2 x_k - x_{k-1} - a g(x_k) + a g(x_{k-1})).
 *
 * variant "exact-diffusion" (default): V = (I + W) / 2, any symmetric doubly stochastic W; "d2":
 * V = W, whose eigenvalues must be above -1/3 (D2's assumption 1; refused where it is found not to
 * hold, on at most 512 nodes).  A ring of an even number of nodes with equal weights has -1/3.
 * Choices: the gradient's weight decay is part of g.  The papers' rate is constant; one that
 * changes stays with the gradient that it was read for.  W is the same at every step. Errata: none
 * known.
 *
 * Timing: phi_k needs the gradient, so the exchange follows it: T_c + T_x an iteration, one vector
 * a message; nothing overlaps.  Sends do not block.
 * Faults: the transport is reliable: a loss or a partition is a delay. A node that is down holds
 * its neighbours, and in the end everybody, until it is back (never: a deadlock that names its
 * host). A lost state is refused: the correction needs what the step before left at every node.
 * Expected: without noise it finds the exact optimum with a constant rate; with noise it stalls,
 * but not because the nodes differ (tests/unit/test_tracking.c).
 */
#include "algorithms/algorithm.h"

enum exact_diffusion_variant { EXACT_DIFFUSION, D2 };
enum exact_diffusion_vector { PSI = 1 };

struct exact_diffusion_params {
    int variant;
};

static const char *const variants[] = {"exact-diffusion", "d2", NULL};

static const struct field exact_diffusion_fields[] = {
    FIELD_AT(struct exact_diffusion_params, variant, FIELD_ENUM, "\"exact-diffusion\"",
             .names = variants, .help = "combines with (I + W) / 2, or with W (d2)"),
    FIELD_END,
};

static bool halves(const struct node *node)
{
    const struct exact_diffusion_params *params = node_params(node);
    return params->variant == EXACT_DIFFUSION;
}

static unsigned exact_diffusion_topology(const void *erased)
{
    const struct exact_diffusion_params *params = erased;
    unsigned demand =
        TOPOLOGY_DOUBLY_STOCHASTIC | TOPOLOGY_SYMMETRIC | TOPOLOGY_CONNECTED | TOPOLOGY_STATIC;
    return params->variant == D2 ? demand | TOPOLOGY_ABOVE_MINUS_THIRD : demand;
}

static void begin_step(struct node *node)
{
    node_start_gradient(node, node_x(node));
}

static void exact_diffusion_start(struct node *node)
{
    node_set_vector(node, PSI, node_x(node));
    begin_step(node);
}

static void adapt_and_correct(struct node *node)
{
    uint32_t x = node_x(node), last = node_vector(node, PSI);
    uint32_t g = node_new_vector(node), psi = node_new_vector(node);
    node_take_gradient(node, g, x);
    node_combine(node, psi, (struct node_term[]){{x, 1}, {g, -node_rate(node)}}, 2);
    node_combine(node, x, (struct node_term[]){{psi, 1}, {x, 1}, {last, -1}}, 3);
    node_set_vector(node, PSI, psi);
    node_drop(node, g);
    node_drop(node, psi);
}

/* By (I + W) / 2 everybody gives away half of what W says. */
static void push_half(struct node *node, int64_t round)
{
    uint32_t count;
    const struct topology_edge *out = node_out_edges(node, round, &count);
    for (uint32_t e = 0; e < count; e++)
        node_push(node, out[e].peer, round, out[e].weight / 2);
    node_keep(node, (1 + node_self_share(node, round)) / 2);
}

static void exact_diffusion_on_gradient(struct node *node)
{
    int64_t step = node_iteration(node);
    adapt_and_correct(node);
    (halves(node) ? push_half : node_push_out)(node, step);
    node_await_round(node, NODE_RECEIVED, step);
}

static void exact_diffusion_on_ready(struct node *node)
{
    node_mix(node, node_iteration(node));
    if (node_next_iteration(node))
        begin_step(node);
}

const struct algorithm_ops exact_diffusion_ops = {
    .plugin = {.name = "exact-diffusion",
               .summary = "adapt, correct, combine: exact diffusion, or D2",
               .reference = "Yuan et al. (IEEE TSP 2019); Tang et al. (ICML 2018)",
               .params = exact_diffusion_fields,
               .params_size = sizeof(struct exact_diffusion_params)},
    .uses_gradients = true,
    .optimizers = ALGORITHM_OPTIMIZER_RATE,
    .vectors = 1,
    .topology = exact_diffusion_topology,
    .start = exact_diffusion_start,
    .on_gradient = exact_diffusion_on_gradient,
    .on_ready = exact_diffusion_on_ready,
};
