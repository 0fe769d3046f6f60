/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Local SGD: steps of one's own, and an average of all every H of them.
 *
 * Stich: Local SGD Converges Fast and Communicates Little, ICLR 2019 (arXiv 1805.09767), algorithm
 * 1; McMahan et al. (AISTATS 2017) call it federated averaging.  With synchronisation times I:
 *
 *   x_i^{k+1} = x_i^k - gamma g_i(x_i^k)                        k + 1 not in I
 *   x_i^{k+1} = (1/n) sum_j (x_j^k - gamma g_j(x_j^k))          k + 1 in I
 *
 * I = {H, 2 H, ...} with constant periods.  Variants, which compose:
 *
 * post_local_from: up to there every step ends with an average, then every H-th: post-local SGD
 * (Lin, Stich, Patel, Jaggi: Don't Use Large Mini-batches, Use Local SGD, ICLR 2020, arXiv
 * 1808.07217, section 3).  Counted is in iterations, or in epochs by the worker's own iterations:
 * by a global clock workers would not agree on when to average.
 *
 * growth at growth_at: the period is multiplied when those iterations are reached.  Above 1 it
 * grows with the rate's decline; below 1 it shrinks towards the end, as Wang and Joshi's AdaComm
 * (SysML 2019, arXiv 1810.08313) does by the loss, which no rule here reads.  intervals "linear":
 * the m-th period is m H long, so that K iterations need about sqrt(2 K / H) averages (Spiridonoff,
 * Olshevsky, Paschalidis, NeurIPS 2021, arXiv 2106.04759).  A period is rounded to the nearest
 * number of iterations, at least 1; one that has begun keeps its length.
 *
 * average_momentum: the optimizer's vectors are averaged with the parameters (Yu, Jin, Yang: On the
 * Linear Speedup Analysis of Communication Efficient Momentum SGD, ICML 2019, arXiv 1905.03817,
 * algorithm 1), and cross the wire as they do: twice the bytes with momentum, three times with
 * Adam.  Otherwise every worker keeps its own.
 *
 * An outer optimizer without a period of its own takes the place of these averages; one with a
 * period takes the place of those that fall together with its own.  Without an average of its own
 * (average false) it takes the place of none: its step follows them.
 *
 * Timing: every worker blocks in the all-reduce at the end of a period until all have entered;
 * nothing overlaps.
 * Faults: collectives are reliable: a loss or a partition is a delay. A worker that is down holds
 * all others in the next all-reduce until it is back (never: a deadlock that names its host); with
 * its state lost it enters with the initial model and its steps since.
 * Expected: with constant gradient times a period takes H max T_c + T_ar; with H = 1 it is AR-SGD
 * on parameters (tests/unit/test_local.c).
 */
#include <math.h>

#include "algorithms/algorithm.h"

enum local_sgd_intervals { LOCAL_SGD_CONSTANT, LOCAL_SGD_LINEAR };

struct local_sgd_params {
    int64_t period;
    struct field_cadence post_local_from;
    int intervals;
    double growth; /* absent: 2 */
    struct field_reals growth_at;
    bool average_momentum;
    struct plugin_choice collective;
};

struct local_sgd_state {
    int64_t end;     /* the period ends with this many iterations done */
    int64_t periods; /* of more than the post-local phase, begun */
};

static const char *const local_sgd_intervals[] = {"constant", "linear", NULL};

static const struct field local_sgd_fields[] = {
    FIELD_AT(struct local_sgd_params, period, FIELD_INTEGER, "12", .min = 1, .max = 1e15,
             .help = "H: iterations from one average to the next"),
    FIELD_AT(struct local_sgd_params, post_local_from, FIELD_CADENCE, "null",
             .help = "\"10 epochs\", \"500 iterations\": until then every iteration ends with an "
                     "average; absent: from the start every H-th"),
    FIELD_AT(struct local_sgd_params, intervals, FIELD_ENUM, "\"constant\"",
             .names = local_sgd_intervals, .help = "all periods are H, or the m-th is m H long"),
    FIELD_AT(struct local_sgd_params, growth, FIELD_REAL, "null", .min = FIELD_POSITIVE, .max = 1e6,
             .help = "factor on the period at each of growth_at; absent: 2"),
    FIELD_AT(struct local_sgd_params, growth_at, FIELD_REALS, "[]", .min = 0, .max = 1e15,
             .help =
                 "ascending iterations from which periods are `growth` times as long, once each"),
    FIELD_AT(struct local_sgd_params, average_momentum, FIELD_BOOL, "false",
             .help = "average the optimizer's vectors too (double averaging)"),
    FIELD_AT(struct local_sgd_params, collective, FIELD_CHOICE, "\"ring\"",
             .registry = &collective_registry, .help = "the schedule of the all-reduce"),
    FIELD_END,
};

static enum status check_growth(const struct local_sgd_params *params, struct error *error)
{
    const struct field_reals *at = &params->growth_at;
    if (!field_real_absent(params->growth) && at->count == 0)
        return status_fail_at(error, "algorithm.growth",
                              "found %g and no growth_at, expected iterations at which the period "
                              "grows",
                              params->growth);
    for (size_t i = 1; i < at->count; i++)
        if (at->values[i] <= at->values[i - 1])
            return status_fail_at(error, "algorithm.growth_at",
                                  "found %.15g after %.15g, expected ascending iterations",
                                  at->values[i], at->values[i - 1]);
    return STATUS_OK;
}

static enum status local_sgd_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct local_sgd_params *params = erased;
    (void)nodes;
    if (!field_real_absent(params->post_local_from.value) &&
        params->post_local_from.unit == FIELD_PER_SECONDS)
        return status_fail_at(error, "algorithm.post_local_from",
                              "found a time, expected \"N epochs\" or \"N iterations\"");
    return check_growth(params, error);
}

static const char *local_sgd_refuses_outer(const void *erased)
{
    const struct local_sgd_params *params = erased;
    return params->average_momentum ? "with average_momentum averages the momentum itself (outer "
                                      "optimizers do with buffers \"average\")"
                                    : NULL;
}

/* Is iteration k, which begins, of the phase that averages at every step? */
static bool is_early(const struct node *node)
{
    const struct local_sgd_params *params = node_params(node);
    const struct field_cadence *from = &params->post_local_from;
    if (field_real_absent(from->value))
        return false;
    return (from->unit == FIELD_PER_EPOCHS ? node_local_epoch(node)
                                           : (double)node_iteration(node)) < from->value;
}

/* Of the period number `count` from 1 on that begins now. */
static int64_t period_length(const struct node *node, int64_t count)
{
    const struct local_sgd_params *params = node_params(node);
    double length = (double)params->period;
    double growth = field_real_absent(params->growth) ? 2 : params->growth;
    for (size_t i = 0; i < params->growth_at.count; i++)
        if ((double)node_iteration(node) >= params->growth_at.values[i])
            length *= growth;
    if (params->intervals == LOCAL_SGD_LINEAR)
        length *= (double)count;
    return (int64_t)fmin(fmax(1, round(length)), 1e15);
}

static void begin_period(struct node *node)
{
    struct local_sgd_state *state = node_state(node);
    state->end =
        node_iteration(node) + (is_early(node) ? 1 : period_length(node, ++state->periods));
}

static void start_step(struct node *node)
{
    const struct local_sgd_state *state = node_state(node);
    if (node_iteration(node) == state->end)
        begin_period(node);
    node_start_gradient(node, node_x(node));
}

static bool local_sgd_averages(struct node *node)
{
    const struct local_sgd_state *state = node_state(node);
    return node_iteration(node) + 1 == state->end;
}

/* The optimizer's vectors that travel with x. */
static unsigned momentum_vectors(const struct node *node)
{
    const struct local_sgd_params *params = node_params(node);
    return params->average_momentum ? node_optimizer_vectors(node) : 0;
}

static void average(struct node *node)
{
    const struct local_sgd_params *params = node_params(node);
    struct node_reduction reduction = {.choice = &params->collective,
                                       .round = node_iteration(node),
                                       .vectors = {node_x(node)},
                                       .vector_count = 1 + momentum_vectors(node),
                                       .scale = 1.0 / node_count(node),
                                       .replaces_x = true};
    for (unsigned v = 0; v < momentum_vectors(node); v++)
        reduction.vectors[1 + v] = node_optimizer_vector(node, v);
    node_reduce(node, &reduction);
}

static void local_sgd_on_gradient(struct node *node)
{
    node_step(node, node_gradient(node), node_x(node));
    if (local_sgd_averages(node) && !node_outer_due(node))
        average(node);
    else if (node_next_iteration(node))
        start_step(node);
}

static void local_sgd_on_collective(struct node *node, const struct node_reduced *reduced)
{
    node_replace_x(node, reduced->vectors[0]);
    for (unsigned v = 0; v < momentum_vectors(node); v++)
        node_set_optimizer_vector(node, v, reduced->vectors[1 + v]);
    if (node_next_iteration(node))
        start_step(node);
}

const struct algorithm_ops local_sgd_ops = {
    .plugin = {.name = "local-sgd",
               .summary = "local steps and an average of all every H-th; post-local, growing, "
                          "double averaging",
               .reference = "Stich (ICLR 2019)",
               .params = local_sgd_fields,
               .params_size = sizeof(struct local_sgd_params)},
    .uses_gradients = true,
    .state_size = sizeof(struct local_sgd_state),
    .check = local_sgd_check,
    .survives = ALGORITHM_SURVIVES_AMNESIA,
    .start = start_step,
    .on_gradient = local_sgd_on_gradient,
    .on_collective = local_sgd_on_collective,
    .on_resume = start_step,
    .refuses_outer = local_sgd_refuses_outer,
    .averages = local_sgd_averages,
};
