/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What node programs send instead of vectors: the scenario's compressor, its error feedback, and
 * the bytes that its encoding takes for the declared model.
 *
 * A gradient's way to the wire, with rate gamma at the worker (memory "update"):
 *
 *   u <- beta u + g       momentum correction (Lin et al., Deep Gradient Compression, ICLR 2018)
 *   m <- m + gamma u      without correction u is g
 *   send C(m);  m <- m - C(m);  u <- 0 where something was sent (factor masking)
 *
 * With memory "gradient" gamma is left out, and the receiver's optimizer takes what comes as a
 * gradient.
 */
#include "run/sim.h"

#include <string.h>

bool node_compresses(const struct node *node)
{
    return node->sim->compresses;
}

unsigned node_encoding_traits(const struct node *node, bool tracked)
{
    const struct compressor_config *compressor = &node->sim->config->compressor;
    return compressor_traits(compressor, tracked || compressor->memory != COMPRESSOR_FORGETS);
}

static struct compressor_wire wire_of(const struct sim *sim)
{
    int64_t real_bytes = (int64_t)numeric_size((enum numeric_precision)sim->config->precision);
    struct objective objective = sim->model_ops->objective(sim->model);
    struct compressor_wire wire = {.dimension = (uint64_t)(sim->message_bytes / real_bytes),
                                   .real_bits = (unsigned)real_bytes * 8};
    if (wire.dimension == sim->dimension && objective.layer_count > 0) {
        wire.layers = objective.layers;
        wire.layer_count = objective.layer_count;
    }
    return wire;
}

/* A failure to execute here fails the run at its next flush. */
static int64_t measured_bytes(struct sim *sim, const struct compressor_wire *wire, uint32_t measure)
{
    double values[COMPRESSOR_MEASURES];
    struct error error;
    if (plan_read(sim->plan, plan_whole(measure), values, &error) != STATUS_OK)
        return sim->message_bytes;
    return compressor_measured_bytes(&sim->config->compressor, wire, sim->dimension, values);
}

/* One compression of `vector`, with its error in `memory` where there is one. */
static struct node_encoding encode(struct node *node, uint32_t vector, uint32_t memory,
                                   bool tracked)
{
    struct sim *sim = node->sim;
    struct compressor_wire wire = wire_of(sim);
    struct sim_slot *slot = gradient_slot(node, node->slot);
    struct compressor_message message = {.vector = vector,
                                         .memory = memory,
                                         .contraction = tracked,
                                         .key = {.seed = sim->seed_program,
                                                 .index = node->rank,
                                                 .step = (uint64_t)slot->encodings++,
                                                 .role = node->slot}};
    bool measures = node_encoding_traits(node, tracked) & COMPRESSOR_NEEDS_VALUES;
    if (measures)
        message.measure = plan_vector(sim->plan, COMPRESSOR_MEASURES, false);
    struct node_encoding encoding = {
        .vector = compressor_record(sim->plan, &sim->config->compressor, &message),
        .bytes = compressor_bytes(&sim->config->compressor, &wire)};
    if (measures) {
        encoding.bytes = measured_bytes(sim, &wire, message.measure);
        plan_release(sim->plan, message.measure);
    }
    return encoding;
}

struct node_encoding node_encode(struct node *node, uint32_t vector, bool tracked)
{
    struct sim *sim = node->sim;
    if (!sim->compresses)
        return (struct node_encoding){.vector = plan_snapshot(sim->plan, vector),
                                      .bytes = sim->message_bytes};
    return encode(node, vector, 0, tracked);
}

static uint32_t resident(struct sim *sim, uint32_t *vector)
{
    if (*vector == 0)
        *vector = plan_vector(sim->plan, sim->dimension, true);
    return *vector;
}

static void combine(struct sim *sim, uint32_t destination, double a, uint32_t x, double b,
                    uint32_t y)
{
    struct plan_term terms[] = {{x, a}, {y, b}};
    plan_weighted_sum(sim->plan, plan_whole(destination), terms, y ? 2 : 1);
}

/* beta u + g, where a momentum correction is asked for. */
static uint32_t corrected(struct node *node, uint32_t gradient)
{
    struct sim *sim = node->sim;
    struct sim_slot *slot = gradient_slot(node, node->slot);
    double beta = sim->config->compressor.momentum_correction;
    if (beta == 0)
        return gradient;
    combine(sim, resident(sim, &slot->velocity), beta, slot->velocity, 1, gradient);
    return slot->velocity;
}

/* In the units of the memory, weight decay of the worker's own x included where the receiver can't
 * add it any more. */
static uint32_t in_units(struct node *node, uint32_t vector, uint32_t at, bool update)
{
    struct sim *sim = node->sim;
    double rate = node_rate(node), decay = node_weight_decay(node);
    if (!update)
        return plan_snapshot(sim->plan, vector);
    uint32_t scaled = plan_vector(sim->plan, sim->dimension, false);
    combine(sim, scaled, rate, vector, rate * decay, decay > 0 ? at : 0);
    return scaled;
}

struct node_encoding node_encode_gradient(struct node *node, uint32_t gradient, uint32_t at)
{
    struct sim *sim = node->sim;
    const struct compressor_config *compressor = &sim->config->compressor;
    struct sim_slot *slot = gradient_slot(node, node->slot);
    if (!sim->compresses)
        return node_encode(node, gradient, false);
    bool update = compressor->memory == COMPRESSOR_UPDATE;
    uint32_t memory = 0;
    if (compressor->memory != COMPRESSOR_FORGETS && plan_executes(sim->plan))
        memory = resident(sim, &slot->memory);
    uint32_t vector = in_units(node, corrected(node, gradient), at, update);
    struct node_encoding encoding = encode(node, vector, memory, false);
    encoding.update = update;
    plan_release(sim->plan, vector);
    if (compressor->momentum_correction > 0 && plan_executes(sim->plan))
        compressor_mask(sim->plan, slot->velocity, encoding.vector);
    return encoding;
}

/* ---- What composes ---- */

static enum status check_memory(const struct sim *sim, unsigned targets, struct error *error)
{
    const struct compressor_config *compressor = &sim->config->compressor;
    bool forgets = compressor->memory == COMPRESSOR_FORGETS;
    if (!forgets && !(targets & ALGORITHM_COMPRESSES_GRADIENT))
        return status_fail_at(error, "compressor.memory",
                              "found a memory, but %s compresses the difference to a tracked copy, "
                              "which remembers what was not sent; expected \"none\"",
                              sim->algorithm->plugin.name);
    if (compressor->memory == COMPRESSOR_UPDATE && sim->optimizer->states > 0)
        return status_fail_at(error, "compressor.memory",
                              "found \"update\" with optimizer %s, which does not take rate x "
                              "gradient; expected \"gradient\", or optimizer sgd",
                              sim->config->optimizer.rule.plugin->name);
    if (compressor->momentum_correction > 0 && forgets)
        return status_fail_at(error, "compressor.momentum_correction",
                              "found %g without a memory, expected memory \"update\" or "
                              "\"gradient\"",
                              compressor->momentum_correction);
    return STATUS_OK;
}

enum status encode_check(struct sim *sim, struct error *error)
{
    const struct algorithm_ops *algorithm = sim->algorithm;
    const struct plugin *rule = sim->config->compressor.rule.plugin;
    unsigned targets =
        algorithm->compresses ? algorithm->compresses(sim->config->algorithm.params) : 0;
    sim->compresses = rule && strcmp(rule->name, "none") != 0;
    if (!sim->compresses)
        return STATUS_OK;
    if (targets == 0)
        return status_fail_at(error, "compressor.name",
                              "found %s, but %s with these parameters sends whole models; expected "
                              "\"none\", or a program that sends gradients or differences",
                              rule->name, algorithm->plugin.name);
    return check_memory(sim, targets, error);
}

bool encode_needs_values(const struct sim *sim)
{
    const struct compressor_config *compressor = &sim->config->compressor;
    unsigned traits = compressor_traits(compressor, compressor->memory != COMPRESSOR_FORGETS);
    return sim->compresses && (traits & COMPRESSOR_NEEDS_VALUES);
}
