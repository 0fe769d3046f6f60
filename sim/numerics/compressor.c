/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registry of compressors and what they share: sizes, error feedback.
 */
#include "numerics/compressor.h"

#include <math.h>

#include "core/check.h"
#include "numerics/compressors/kernel.h"

/* Of each compressor: compressors/X.c (half_fp16: half.c). */
#define COMPRESSOR_LIST(X)                                                                         \
    X(none)                                                                                        \
    X(top_k)                                                                                       \
    X(random_k)                                                                                    \
    X(threshold)                                                                                   \
    X(qsgd)                                                                                        \
    X(terngrad)                                                                                    \
    X(sign)                                                                                        \
    X(one_bit)                                                                                     \
    X(half_fp16)                                                                                   \
    X(half_bf16)                                                                                   \
    X(power_sgd)

#define COMPRESSOR_DECLARATION(stem) extern const struct compressor_ops stem##_ops;
COMPRESSOR_LIST(COMPRESSOR_DECLARATION)
#define COMPRESSOR_ENTRY(stem) &stem##_ops.plugin,
static const struct plugin *const compressor_entries[] = {COMPRESSOR_LIST(COMPRESSOR_ENTRY) NULL};

const struct plugin_registry compressor_registry = {"compressor", "compressors",
                                                    compressor_entries};

static const char *const compressor_memories[] = {"none", "update", "gradient", NULL};

const struct field compressor_common_fields[] = {
    FIELD_AT(struct compressor_config, memory, FIELD_ENUM, "\"none\"", .names = compressor_memories,
             .help = "error feedback: what is not sent is kept and added to the next message; "
                     "update: in units of rate x gradient, gradient: of gradients"),
    FIELD_AT(struct compressor_config, momentum_correction, FIELD_REAL, "0", .min = 0, .max = 1,
             .help = "momentum of the worker's gradient before error feedback, masked where "
                     "something was sent (deep gradient compression); 0: none"),
    FIELD_END,
};

const char *const compressor_plain_scopes[] = {"vector", "layer", NULL};
const char *const compressor_scopes[] = {"vector", "layer", "column", NULL};

/* --- Sizes. --- */

unsigned compressor_index_bits(uint64_t count)
{
    unsigned bits = 0;
    while (bits < 64 && (UINT64_C(1) << bits) < count)
        bits++;
    return bits;
}

uint64_t compressor_kept(double ratio, uint64_t count)
{
    double kept = round(ratio * (double)count);
    if (kept < 1)
        return 1;
    return kept < (double)count ? (uint64_t)kept : count;
}

uint64_t compressor_side(uint64_t count)
{
    uint64_t side = (uint64_t)sqrt((double)count);
    while (side * side < count)
        side++;
    while (side > 0 && (side - 1) * (side - 1) >= count)
        side--;
    return side;
}

int64_t compressor_sparse_bits(const struct compressor_wire *wire, uint64_t kept)
{
    return (int64_t)kept * (wire->real_bits + compressor_index_bits(wire->dimension));
}

uint64_t compressor_group_count(const struct compressor_wire *wire, int scope)
{
    uint64_t groups = 0;
    if (scope == COMPRESSOR_VECTOR)
        return 1;
    if (!wire->layers)
        return scope == COMPRESSOR_LAYER ? 1 : compressor_side(wire->dimension);
    for (size_t i = 0; i < wire->layer_count; i++) {
        const struct objective_layer *layer = &wire->layers[i];
        bool matrix = scope == COMPRESSOR_COLUMN && layer->rows > 0;
        groups += matrix ? layer->count / layer->rows : 1;
    }
    return groups;
}

static const struct compressor_ops *compressor_of(const struct compressor_config *config)
{
    return config->rule.plugin ? (const struct compressor_ops *)config->rule.plugin : &none_ops;
}

unsigned compressor_traits(const struct compressor_config *config, bool contraction)
{
    return compressor_of(config)->traits(config->rule.params, contraction);
}

/* A wire on which a model takes no bytes takes none for its encoding either. */
int64_t compressor_bytes(const struct compressor_config *config, const struct compressor_wire *wire)
{
    if (wire->dimension == 0)
        return 0;
    int64_t bits = compressor_of(config)->bits(config->rule.params, wire);
    return bits < 0 ? -1 : (bits + 7) / 8;
}

int64_t compressor_measured_bytes(const struct compressor_config *config,
                                  const struct compressor_wire *wire, size_t count,
                                  const double measure[COMPRESSOR_MEASURES])
{
    const struct compressor_ops *ops = compressor_of(config);
    double whole = measure[0] * COMPRESSOR_MEASURE_UNIT + measure[1];
    if (!ops->measured_bits || wire->dimension == 0)
        return compressor_bytes(config, wire);
    if (isnan(whole))
        return -1;
    return (ops->measured_bits(config->rule.params, wire, count, (uint64_t)whole) + 7) / 8;
}

/* --- Recording. --- */

static uint32_t compressor_apply(struct plan *plan, const struct compressor_config *config,
                                 const struct compressor_message *message, uint32_t from)
{
    const struct compressor_ops *ops = compressor_of(config);
    bool contraction = message->contraction || message->memory;
    bool measured = message->measure &&
                    (ops->traits(config->rule.params, contraction) & COMPRESSOR_NEEDS_VALUES);
    if (!ops->kernel.run64)
        return plan_snapshot(plan, from);
    struct compressor_params params = {config->rule.params, message->key, 0, contraction};
    uint32_t decoded = plan_vector(plan, plan_count(plan, from), false);
    struct plan_span in = plan_whole(from);
    struct plan_span out[2] = {plan_whole(decoded), plan_whole(message->measure)};
    plan_apply(plan, &ops->kernel, &params, sizeof params, out, measured ? 2 : 1, &in, 1);
    return decoded;
}

/* memory <- memory + sign x vector: exact where one of them is 0 or both are equal. */
static void compressor_add(struct plan *plan, uint32_t memory, uint32_t vector, double sign)
{
    struct plan_term terms[2] = {{memory, 1}, {vector, sign}};
    plan_weighted_sum(plan, plan_whole(memory), terms, 2);
}

uint32_t compressor_record(struct plan *plan, const struct compressor_config *config,
                           const struct compressor_message *message)
{
    if (!plan_executes(plan))
        return 0;
    if (!message->memory)
        return compressor_apply(plan, config, message, message->vector);
    compressor_add(plan, message->memory, message->vector, 1);
    uint32_t decoded = compressor_apply(plan, config, message, message->memory);
    compressor_add(plan, message->memory, decoded, -1);
    return decoded;
}
