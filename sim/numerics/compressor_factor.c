/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of a factored compressor, for two all-reduces: numerics/compressor.h.
 */
#include "core/check.h"
#include "numerics/compressors/power_sgd.h"

static struct power_sgd_walk compressor_factor_lengths(const struct compressor_config *config,
                                                       uint64_t dimension,
                                                       const struct objective_layer *layers,
                                                       size_t layer_count)
{
    const struct power_sgd_params *params = config->rule.params;
    CHECK(compressor_traits(config, true) & COMPRESSOR_FACTORED, "compressor %s has no factors",
          config->rule.plugin ? config->rule.plugin->name : "none");
    return power_sgd_measure(
        (struct power_sgd_walk){layers, layer_count, dimension, (uint64_t)params->rank, 0, 0, 0});
}

/* A q of no elements (all matrices are too small) still is a vector. */
size_t compressor_factor_count(const struct compressor_config *config,
                               const struct objective *objective, unsigned round)
{
    struct power_sgd_walk end = compressor_factor_lengths(
        config, objective->dimension, objective->layers, objective->layer_count);
    size_t count = (size_t)(round == 0 ? end.p : end.q);
    return count ? count : 1;
}

int64_t compressor_factor_bytes(const struct compressor_config *config,
                                const struct compressor_wire *wire, unsigned round)
{
    if (wire->dimension == 0)
        return 0;
    struct power_sgd_walk end =
        compressor_factor_lengths(config, wire->dimension, wire->layers, wire->layer_count);
    return (int64_t)((round == 0 ? end.p : end.q) * wire->real_bits + 7) / 8;
}

static void compressor_factor_apply(struct plan *plan, const struct compressor_config *config,
                                    const struct plan_kernel *kernel,
                                    const struct compressor_key *key, uint32_t output, uint32_t a,
                                    uint32_t b)
{
    struct compressor_params params = {.rule = config->rule.params,
                                       .dimension = plan_objective(plan)->dimension};
    struct plan_span out = plan_whole(output), in[2] = {plan_whole(a), plan_whole(b)};
    if (key)
        params.key = *key;
    plan_apply(plan, kernel, &params, sizeof params, &out, 1, in, !a ? 0 : !b ? 1 : 2);
}

uint32_t compressor_factor_start(struct plan *plan, const struct compressor_config *config,
                                 const struct compressor_key *key, bool resident)
{
    size_t count = compressor_factor_count(config, plan_objective(plan), 1);
    uint32_t q = plan_vector(plan, count, resident);
    compressor_factor_apply(plan, config, &power_sgd_start, key, q, 0, 0);
    return q;
}

uint32_t compressor_factor_project(struct plan *plan, const struct compressor_config *config,
                                   uint32_t vector, uint32_t q)
{
    size_t count = compressor_factor_count(config, plan_objective(plan), 0);
    uint32_t p = plan_vector(plan, count, false);
    compressor_factor_apply(plan, config, &power_sgd_project, NULL, p, vector, q);
    return p;
}

void compressor_factor_orthonormalize(struct plan *plan, const struct compressor_config *config,
                                      uint32_t p)
{
    compressor_factor_apply(plan, config, &power_sgd_orthonormalize, NULL, p, p, 0);
}

void compressor_factor_back_project(struct plan *plan, const struct compressor_config *config,
                                    uint32_t vector, uint32_t p, uint32_t q)
{
    compressor_factor_apply(plan, config, &power_sgd_back_project, NULL, q, vector, p);
}

uint32_t compressor_factor_decode(struct plan *plan, const struct compressor_config *config,
                                  uint32_t p, uint32_t q)
{
    uint32_t decoded = plan_vector(plan, plan_objective(plan)->dimension, false);
    compressor_factor_apply(plan, config, &power_sgd_decode, NULL, decoded, p, q);
    return decoded;
}
