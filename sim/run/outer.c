/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outer optimizers over any base program.
 *
 * At the end of the last iteration of an outer loop the engine stops the worker inside
 * node_next_iteration.  Messages still under way to it are drained by the program; then an
 * all-reduce averages the numerators of all workers, and as no mass is anywhere else their weights
 * are 1 again: z = x.  With the average a (or, average false, the worker's own z), gamma = 1 or the
 * inner learning rate of this loop, and x0 the start of the loop:
 *
 *   u  <- beta u + (x0 - a) / gamma
 *   x0 <- x0 - alpha gamma u                              (heavy ball)
 *   x0 <- x0 - alpha gamma ((x0 - a) / gamma + beta u)    (Nesterov, as in PyTorch)
 *
 * The second line is computed as (1 - c) x0 + c a - k u with the old u: with alpha 1 and beta 0 the
 * average itself, bit for bit.  As any collective, the step is recorded when the last worker has
 * entered; each goes on when the schedule brings it the result.  The iteration ends there.
 */
#include "run/sim.h"

static const struct outer_config *config_of(const struct sim *sim)
{
    return &sim->config->outer;
}

bool outer_due(struct node *node)
{
    const struct sim *sim = node->sim;
    int64_t period = config_of(sim)->period;
    if (!sim->outer.active)
        return false;
    if (field_integer_absent(period))
        return sim->algorithm->averages(node);
    return (node->iteration + 1) % period == 0;
}

/* Without an average of its own the base keeps its averages, and the step follows them. */
bool node_outer_due(struct node *node)
{
    return config_of(node->sim)->average && outer_due(node);
}

static double weight_of(const struct node *node)
{
    return node->sim->weighted ? node->w : 1;
}

/* An outer loop begins at what the node holds; iteration `first` is its first. */
static void begin_loop(struct node *node, int64_t first)
{
    struct plan *plan = node->sim->plan;
    uint32_t old = node->outer.start;
    node->outer.start = plan_snapshot(plan, node->x);
    node->outer.start_scale = 1 / weight_of(node);
    node->outer.rate = apply_rate(node, first);
    plan_release(plan, old);
}

void outer_start(struct node *node)
{
    struct sim *sim = node->sim;
    if (!sim->outer.active || node_is_server(node))
        return;
    if (sim->outer.momentum > 0 && plan_executes(sim->plan))
        node->outer.slow = plan_vector(sim->plan, sim->dimension, true);
    begin_loop(node, 0);
}

static size_t add_term(struct node_term *terms, size_t count, uint32_t vector, double coefficient)
{
    if (coefficient != 0)
        terms[count++] = (struct node_term){vector, coefficient};
    return count;
}

/* x <- scale ((1 - c) x0 + c a - k u). */
static void step_x(struct node *node, struct node_term average, double gamma)
{
    const struct outer_rule *rule = &node->sim->outer;
    struct node_term terms[3];
    double beta = rule->momentum, scale = weight_of(node);
    double c = rule->rate * (rule->nesterov ? 1 + beta : 1);
    double k = rule->rate * gamma * (rule->nesterov ? beta * beta : beta);
    size_t count = add_term(terms, 0, node->outer.start, scale * (1 - c) * node->outer.start_scale);
    count = add_term(terms, count, average.vector, scale * c * average.coefficient);
    count = add_term(terms, count, node->outer.slow, -scale * k);
    node_combine(node, node->x, terms, count);
}

/* u <- beta u + (x0 - a) / gamma; gamma 0 moved nothing. */
static void step_slow(struct node *node, struct node_term average, double gamma)
{
    const struct outer_rule *rule = &node->sim->outer;
    const struct node_term terms[] = {{node->outer.slow, rule->momentum},
                                      {node->outer.start, node->outer.start_scale / gamma},
                                      {average.vector, -average.coefficient / gamma}};
    if (rule->momentum > 0)
        node_combine(node, node->outer.slow, terms, gamma > 0 ? 3 : 1);
}

static void outer_step(struct node *node, struct node_term average)
{
    double gamma = node->sim->outer.in_rates ? node->outer.rate : 1;
    step_x(node, average, gamma);
    step_slow(node, average, gamma);
    begin_loop(node, node->iteration + 1);
}

static void reset_buffers(struct node *node)
{
    struct sim *sim = node->sim;
    for (uint32_t s = 0; s < sim->slots; s++) {
        struct sim_slot *slot = gradient_slot(node, s);
        for (unsigned v = 0; slot->has_states && v < sim->optimizer->states; v++)
            plan_release(sim->plan, slot->states[v]);
        slot->has_states = false;
        slot->steps = 0;
    }
}

/* The workers enter with x and, where they are averaged, the optimizer's vectors. */
static void enter(struct node *node)
{
    const struct outer_config *outer = config_of(node->sim);
    struct node_reduction reduction = {.choice = &outer->collective,
                                       .round = node->iteration,
                                       .tag = SIM_TAG_OUTER,
                                       .vectors = {node->x},
                                       .vector_count = 1,
                                       .scale = 1.0 / node->sim->nodes};
    for (unsigned v = 0; outer->buffers == OUTER_AVERAGE && v < node_optimizer_vectors(node); v++)
        reduction.vectors[reduction.vector_count++] = node_optimizer_vector(node, v);
    node_reduce(node, &reduction);
}

void node_drained(struct node *node)
{
    ENGINE_CHECK(node->sim->engine, node->outer.pending, "node %u drains unasked", node->rank);
    enter(node);
}

bool outer_stop(struct node *node)
{
    struct sim *sim = node->sim;
    ENGINE_CHECK(sim->engine, !node->outer.pending, "node %u goes on while it is stopped",
                 node->rank);
    node_settle_share(node);
    if (config_of(sim)->buffers == OUTER_RESET)
        reset_buffers(node);
    if (!config_of(sim)->average) {
        uint32_t own = node_keep_x(node);
        outer_step(node, (struct node_term){own, 1 / weight_of(node)});
        node_drop(node, own);
        return false;
    }
    node->outer.pending = true;
    if (sim->algorithm->drain)
        sim->algorithm->drain(node);
    else
        enter(node);
    return true;
}

/* No mass is under way: the workers' weights sum to n, but for what faults destroyed; that is made
 * anew. */
void outer_reduced(struct sim *sim, const uint32_t *result)
{
    bool buffers = config_of(sim)->buffers == OUTER_AVERAGE;
    ledger_recount(sim);
    double destroyed = sim->ledger.destroyed;
    double scale = destroyed == 0 ? 1 : sim->nodes / ledger_mass(sim);
    sim->ledger.destroyed = 0;
    sim->counts.mass_destroyed += destroyed;
    for (uint32_t rank = 0; rank < sim->nodes; rank++) {
        struct node *node = &sim->node[rank];
        ledger_add(sim, 1 - node->w);
        node->w = 1;
        outer_step(node, (struct node_term){result[0], scale});
        for (unsigned v = 0; buffers && v < node_optimizer_vectors(node); v++)
            node_set_optimizer_vector(node, v, result[1 + v]);
    }
}

void outer_done(struct node *node)
{
    node->outer.pending = false;
    if (node_end_iteration(node))
        node->sim->algorithm->on_resume(node);
}

/* Why this base cannot be stopped, or NULL. */
static const char *base_refuses(const struct sim *sim)
{
    const struct algorithm_ops *algorithm = sim->algorithm;
    if (!algorithm->uses_gradients)
        return "takes no steps whose sum an outer step could follow";
    if (algorithm->on_resume == NULL)
        return "does not stop between two iterations for an average over all workers";
    return algorithm->refuses_outer ? algorithm->refuses_outer(sim->config->algorithm.params)
                                    : NULL;
}

static enum status check_buffers(const struct sim *sim, struct error *error)
{
    const struct outer_config *outer = config_of(sim);
    if (outer->buffers != OUTER_MAINTAIN && sim->algorithm->optimizers == ALGORITHM_OPTIMIZER_RATE)
        return status_fail_at(error, "outer.buffers",
                              "found \"%s\", but %s has a momentum of its own; expected "
                              "\"maintain\"",
                              outer->buffers == OUTER_RESET ? "reset" : "average",
                              sim->algorithm->plugin.name);
    if (outer->buffers != OUTER_AVERAGE)
        return STATUS_OK;
    if (!outer->average)
        return status_fail_at(error, "outer.buffers",
                              "found \"average\" where outer.average is false, expected "
                              "\"maintain\" or \"reset\"");
    if (sim->slots > 1)
        return status_fail_at(error, "outer.buffers",
                              "found \"average\" with %u updaters a worker, each with buffers of "
                              "its own; expected \"maintain\" or \"reset\"",
                              sim->slots);
    return STATUS_OK;
}

enum status outer_check(struct sim *sim, struct error *error)
{
    const struct outer_config *outer = config_of(sim);
    const char *name = outer->rule.plugin->name, *base = sim->algorithm->plugin.name;
    sim->outer =
        ((const struct outer_ops *)(const void *)outer->rule.plugin)->rule(outer->rule.params);
    if (!sim->outer.active)
        return STATUS_OK;
    const char *reason = base_refuses(sim);
    if (reason)
        return status_fail_at(error, "outer.name",
                              "found an outer optimizer, but %s %s; expected none", base, reason);
    if (field_integer_absent(outer->period) && sim->algorithm->averages == NULL)
        return status_fail_at(error, "outer.period",
                              "found none, and %s has no averages of its own whose place %s could "
                              "take; expected a number of iterations",
                              base, name);
    return check_buffers(sim, error);
}
