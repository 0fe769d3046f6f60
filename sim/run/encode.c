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
 * gradient.  What a receiver drops (backup workers) is lost for the memory, too.
 *
 * Compressing takes no time, and where nothing but time is computed (messages of 0 bytes) an
 * encoding has 0 bytes as well.
 */
#include "run/sim.h"

#include <stdio.h>
#include <string.h>

bool node_compresses(const struct node *node)
{
    return node->sim->compresses;
}

bool node_encodes_updates(const struct node *node)
{
    const struct sim *sim = node->sim;
    return sim->compresses && sim->config->compressor.memory == COMPRESSOR_UPDATE;
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

int64_t node_encoded_bytes(const struct node *node)
{
    const struct sim *sim = node->sim;
    struct compressor_wire wire = wire_of(sim);
    if (!sim->compresses || sim->message_bytes == 0)
        return sim->message_bytes;
    return compressor_bytes(&sim->config->compressor, &wire);
}

int64_t node_wire_dimension(const struct node *node)
{
    return (int64_t)wire_of(node->sim).dimension;
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
    bool measures = node_encoded_bytes(node) < 0;
    if (measures)
        message.measure = plan_vector(sim->plan, COMPRESSOR_MEASURES, false);
    struct node_encoding encoding = {
        .vector = compressor_record(sim->plan, &sim->config->compressor, &message),
        .bytes = node_encoded_bytes(node)};
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
    uint32_t velocity = resident(sim, &slot->velocity);
    combine(sim, velocity, beta, velocity, 1, gradient);
    return velocity;
}

/* In the units of the memory, weight decay of the worker's own x included where the receiver can't
 * add it any more. */
static uint32_t in_units(struct node *node, uint32_t vector, uint32_t at)
{
    struct sim *sim = node->sim;
    double rate = node_rate(node), decay = node_weight_decay(node);
    if (!node_encodes_updates(node))
        return plan_snapshot(sim->plan, vector);
    uint32_t scaled = plan_vector(sim->plan, sim->dimension, false);
    combine(sim, scaled, rate, vector, rate * decay, decay > 0 ? at : 0);
    return scaled;
}

/* The error feedback's memory of this slot, or 0. */
static uint32_t memory_of(struct node *node)
{
    struct sim *sim = node->sim;
    if (sim->config->compressor.memory == COMPRESSOR_FORGETS)
        return 0;
    return resident(sim, &gradient_slot(node, node->slot)->memory);
}

struct node_encoding node_encode_gradient(struct node *node, uint32_t gradient, uint32_t at)
{
    struct sim *sim = node->sim;
    if (!sim->compresses)
        return node_encode(node, gradient, false);
    uint32_t vector = in_units(node, corrected(node, gradient), at);
    struct node_encoding encoding = encode(node, vector, memory_of(node), false);
    plan_release(sim->plan, vector);
    if (sim->config->compressor.momentum_correction > 0 && plan_executes(sim->plan))
        compressor_mask(sim->plan, gradient_slot(node, node->slot)->velocity, encoding.vector);
    return encoding;
}

/* ---- Factors, in two all-reduces ---- */

uint32_t node_factor_project(struct node *node, uint32_t gradient, uint32_t at)
{
    struct sim *sim = node->sim;
    struct sim_slot *slot = gradient_slot(node, node->slot);
    const struct compressor_config *compressor = &sim->config->compressor;
    const struct compressor_key common = {.seed = sim->seed_program};
    uint32_t vector = in_units(node, gradient, at), memory = memory_of(node);
    if (memory) {
        combine(sim, memory, 1, memory, 1, vector);
        plan_release(sim->plan, vector);
        vector = plan_snapshot(sim->plan, memory);
    }
    slot->accumulated = vector;
    if (slot->factor == 0)
        slot->factor = compressor_factor_start(sim->plan, compressor, &common, true);
    return compressor_factor_project(sim->plan, compressor, vector, slot->factor);
}

uint32_t node_factor_back_project(struct node *node, uint32_t p)
{
    struct sim *sim = node->sim;
    const struct sim_slot *slot = gradient_slot(node, node->slot);
    compressor_factor_back_project(sim->plan, &sim->config->compressor, slot->accumulated, p,
                                   slot->factor);
    return slot->factor;
}

uint32_t node_factor_decode(struct node *node, uint32_t p, uint32_t q)
{
    struct sim *sim = node->sim;
    struct sim_slot *slot = gradient_slot(node, node->slot);
    uint32_t decoded = compressor_factor_decode(sim->plan, &sim->config->compressor, p, q);
    uint32_t memory = memory_of(node), old = slot->factor;
    plan_release(sim->plan, slot->accumulated);
    slot->accumulated = 0;
    if (memory)
        combine(sim, memory, 1, memory, -1, decoded);
    slot->factor = plan_snapshot(sim->plan, q);
    plan_release(sim->plan, old);
    return decoded;
}

int64_t node_factor_bytes(const struct node *node, unsigned round)
{
    const struct sim *sim = node->sim;
    struct compressor_wire wire = wire_of(sim);
    if (sim->message_bytes == 0)
        return 0;
    return compressor_factor_bytes(&sim->config->compressor, &wire, round);
}

/* ---- What composes ---- */

static enum status refuse_memory(const struct sim *sim, struct error *error, const char *reason)
{
    static const char *const words[] = {"none", "update", "gradient"};
    return status_fail_at(error, "compressor.memory", "found \"%s\", but %s",
                          words[sim->config->compressor.memory], reason);
}

/* An update is rate x gradient, the last word of the worker: nothing may follow but to take it. */
static enum status check_memory(const struct sim *sim, unsigned targets, struct error *error)
{
    const struct compressor_config *compressor = &sim->config->compressor;
    const struct optimizer_config *optimizer = &sim->config->optimizer;
    bool updates = compressor->memory == COMPRESSOR_UPDATE;
    char reason[200];
    if (compressor->memory != COMPRESSOR_FORGETS && !(targets & ALGORITHM_COMPRESSES_GRADIENT)) {
        snprintf(reason, sizeof reason,
                 "%s compresses the difference to a tracked copy, which remembers what was not "
                 "sent; expected \"none\"",
                 sim->algorithm->plugin.name);
        return refuse_memory(sim, error, reason);
    }
    if (updates && (sim->optimizer->states > 0 || sim->optimizer->layerwise)) {
        snprintf(reason, sizeof reason,
                 "optimizer %s does not take rate x gradient; expected \"gradient\", or optimizer "
                 "sgd",
                 optimizer->rule.plugin->name);
        return refuse_memory(sim, error, reason);
    }
    if (updates && !field_real_absent(optimizer->clip_norm))
        return refuse_memory(sim, error,
                             "optimizer.clip_norm bounds gradients, not rate x gradient; expected "
                             "\"gradient\", or no clipping");
    return STATUS_OK;
}

/* Momentum factor masking takes the momentum of all that was sent: of a rule that sends something
 * of every element, all of it. */
static enum status check_correction(const struct sim *sim, unsigned traits, struct error *error)
{
    const struct compressor_config *compressor = &sim->config->compressor;
    if (compressor->momentum_correction == 0)
        return STATUS_OK;
    if (compressor->memory == COMPRESSOR_FORGETS)
        return status_fail_at(error, "compressor.momentum_correction",
                              "found %g without a memory, expected memory \"update\" or "
                              "\"gradient\"",
                              compressor->momentum_correction);
    if (!(traits & COMPRESSOR_SPARSE))
        return status_fail_at(error, "compressor.momentum_correction",
                              "found %g with %s, which sends something of every element and so "
                              "leaves none its momentum; expected a sparse rule",
                              compressor->momentum_correction, compressor->rule.plugin->name);
    if (sim->optimizer->states > 0)
        return status_fail_at(error, "compressor.momentum_correction",
                              "found %g with optimizer %s, whose moments would be a second "
                              "momentum; expected optimizer sgd",
                              compressor->momentum_correction,
                              sim->config->optimizer.rule.plugin->name);
    return STATUS_OK;
}

/* What the program says of this rule. */
static enum status check_program(const struct sim *sim, unsigned traits, struct error *error)
{
    const struct algorithm_ops *algorithm = sim->algorithm;
    const struct compressor_config *compressor = &sim->config->compressor;
    const char *reason = NULL;
    if (algorithm->refuses_compressor)
        reason = algorithm->refuses_compressor(sim->config->algorithm.params, traits,
                                               compressor->memory);
    if (reason == NULL)
        return STATUS_OK;
    return status_fail_at(error, "compressor", "found %s, but %s %s", compressor->rule.plugin->name,
                          algorithm->plugin.name, reason);
}

enum status encode_check(struct sim *sim, struct error *error)
{
    const struct algorithm_ops *algorithm = sim->algorithm;
    const struct compressor_config *compressor = &sim->config->compressor;
    const struct plugin *rule = compressor->rule.plugin;
    unsigned traits = compressor_traits(compressor, compressor->memory != COMPRESSOR_FORGETS);
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
    enum status status = check_program(sim, traits, error);
    if (status == STATUS_OK)
        status = check_memory(sim, targets, error);
    return status == STATUS_OK ? check_correction(sim, traits, error) : status;
}

bool encode_needs_values(const struct run_config *config)
{
    const struct compressor_config *compressor = &config->compressor;
    unsigned traits = compressor_traits(compressor, compressor->memory != COMPRESSOR_FORGETS);
    return traits & COMPRESSOR_NEEDS_VALUES;
}
