/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The updaters and the averager of LAP-SGD and LPP-SGD (lap_sgd.c, lpp_sgd.c). */
#include "algorithms/lap.h"

#include <math.h>

enum { QUESTION, AVERAGE };               /* tags of all-reduces */
enum { COUNT, MINUS_LAST, EPOCH, KINDS }; /* what a question carries */
_Static_assert(KINDS <= NODE_NUMBERS, "a question fits");
#define QUESTION_BYTES 16

/* A timer is an updater's number, or the round that the averager may ask for the next time. */
#define TIMER_ASK ((uint64_t)1 << 63)

bool lap_deploys_live(const void *params)
{
    (void)params;
    return true;
}

uint32_t lap_slots(const void *erased)
{
    const struct lap_params *params = erased;
    return (uint32_t)params->updaters;
}

static enum status no_time(const struct field_cadence *until, const char *path, struct error *error)
{
    if (field_real_absent(until->value) || until->unit != FIELD_PER_SECONDS)
        return STATUS_OK;
    return status_fail_at(error, path, "found a time, expected \"N epochs\" or \"N iterations\"");
}

enum status lap_check(const void *erased, uint32_t nodes, struct error *error)
{
    const struct lap_params *params = erased;
    enum status status = no_time(&params->pre_post, "algorithm.pre_post", error);
    (void)nodes;
    if (status == STATUS_OK && params->partial)
        status = no_time(&params->prepass, "algorithm.prepass", error);
    return status;
}

/* Is that still to come, where so much has been done? */
static bool is_before(const struct field_cadence *until, double iterations, double epochs)
{
    return !field_real_absent(until->value) &&
           (until->unit == FIELD_PER_EPOCHS ? epochs : iterations) < until->value;
}

/* ---- Updaters ---- */

/* After `prepass` every updater takes a full step and a partial one in turn. */
static bool takes_partial_step(struct node *node, uint32_t slot)
{
    const struct lap_params *params = node_params(node);
    struct lap_state *state = node_state(node);
    if (!params->partial ||
        is_before(&params->prepass, (double)node_iteration(node), node_epoch(node)))
        return false;
    state->turn[slot] = !state->turn[slot];
    return !state->turn[slot];
}

/* What the updater's step changes. */
static struct node_shard part_of(struct node *node, uint32_t slot)
{
    const struct lap_state *state = node_state(node);
    return state->partial[slot] ? node_layers(node, slot, state->updaters.count)
                                : node_layers(node, 0, 1);
}

static void start_step(struct node *node, uint32_t slot)
{
    struct lap_state *state = node_state(node);
    struct node_compute compute = {.slot = slot, .at = node_x(node)};
    state->partial[slot] = takes_partial_step(node, slot);
    if (state->partial[slot])
        compute.share = node_truncated_share(node, part_of(node, slot).first);
    updaters_compute(node, &state->updaters, &compute);
}

/* ---- The averager ---- */

static void ask(struct node *node)
{
    const struct lap_params *params = node_params(node);
    struct lap_state *state = node_state(node);
    if (state->phase != LAP_IDLE)
        return;
    state->phase = LAP_ASKING;
    state->asked_at = node_iteration(node);
    node_reduce(node,
                &(struct node_reduction){
                    .choice = &params->collective,
                    .round = state->round,
                    .tag = QUESTION,
                    .bytes = QUESTION_BYTES,
                    .maxima = {[COUNT] = state->updaters.done ? INFINITY : (double)state->asked_at,
                               [MINUS_LAST] = -(double)state->averaged_at,
                               [EPOCH] = node_epoch(node)}});
}

/* An answer cannot differ before somebody has made an update: a node whose own count stands leaves
 * the network alone for a while. */
static void end_round(struct node *node)
{
    const struct lap_params *params = node_params(node);
    struct lap_state *state = node_state(node);
    state->phase = LAP_IDLE;
    state->round++;
    if (state->updaters.done || node_iteration(node) != state->asked_at)
        ask(node);
    else
        node_after(node, (int64_t)ceil(params->poll_s * 1e12), TIMER_ASK | (uint64_t)state->round);
}

static bool is_due(const struct lap_params *params, const double *maxima)
{
    bool early = is_before(&params->pre_post, maxima[COUNT], maxima[EPOCH]);
    return maxima[COUNT] + maxima[MINUS_LAST] >= (early ? 1 : (double)params->period);
}

static void start_average(struct node *node)
{
    const struct lap_params *params = node_params(node);
    struct lap_state *state = node_state(node);
    state->phase = LAP_AVERAGING;
    state->sent = node_keep_x(node);
    node_reduce(node, &(struct node_reduction){.choice = &params->collective,
                                               .round = state->round,
                                               .tag = AVERAGE,
                                               .vectors = {state->sent},
                                               .vector_count = 1,
                                               .scale = 1.0 / node_count(node)});
}

/* The node that is ahead has all its updates: nobody averages any more. */
static void answered(struct node *node, const struct node_reduced *reduced)
{
    struct lap_state *state = node_state(node);
    if (isinf(reduced->maxima[COUNT]))
        state->phase = LAP_STOPPED;
    else if (is_due(node_params(node), reduced->maxima))
        start_average(node);
    else
        end_round(node);
}

/* x <- (a - s) + x, into what the updaters have made of it meanwhile. */
static void add_average(struct node *node, uint32_t average)
{
    struct lap_state *state = node_state(node);
    const struct node_term terms[] = {{average, 1}, {state->sent, -1}, {node_x(node), 1}};
    node_combine(node, node_x(node), terms, 3);
    node_drop(node, state->sent);
    state->averaged_at = state->asked_at;
    end_round(node);
}

/* ---- Events ---- */

void lap_start(struct node *node)
{
    struct lap_state *state = node_state(node);
    state->updaters.count = lap_slots(node_params(node));
    for (uint32_t slot = 0; slot < state->updaters.count; slot++)
        start_step(node, slot);
    ask(node);
}

/* The averager comes first, and an updater's next read after all that is due at this instant. */
void lap_on_gradient(struct node *node)
{
    struct lap_state *state = node_state(node);
    uint32_t slot = node_slot(node);
    updaters_write(node, &state->updaters, slot, part_of(node, slot), true);
    if (updaters_end(node, &state->updaters))
        node_at_last(node, slot);
    ask(node);
}

void lap_on_timer(struct node *node, uint64_t tag)
{
    const struct lap_state *state = node_state(node);
    if (tag == (TIMER_ASK | (uint64_t)state->round))
        ask(node);
    else if (!(tag & TIMER_ASK) && !state->updaters.done)
        start_step(node, (uint32_t)tag);
}

void lap_on_collective(struct node *node, const struct node_reduced *reduced)
{
    if (reduced->tag == QUESTION)
        answered(node, reduced);
    else
        add_average(node, reduced->vectors[0]);
}
