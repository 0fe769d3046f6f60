/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compressors with parameters, and what one makes of an array, for suites. */
#ifndef HEARSAY_TESTS_COMPRESSOR_SUPPORT_H
#define HEARSAY_TESTS_COMPRESSOR_SUPPORT_H

#include <math.h>

#include "models_support.h"
#include "numerics/backend.h"
#include "numerics/compressor.h"

/* Up to three parameters as (name, JSON) pairs; NULL ends them. */
struct rule {
    const char *name;
    const char *params[7];
};

static inline struct compressor_config choose(const struct rule *rule)
{
    struct compressor_config config = {.rule = support_choose(&compressor_registry, rule->name)};
    for (int i = 0; rule->params[i]; i += 2)
        support_with(config.rule, rule->params[i], rule->params[i + 1]);
    return config;
}

static inline const struct compressor_ops *ops_of(const struct compressor_config *config)
{
    return (const struct compressor_ops *)config->rule.plugin;
}

static inline double rounded(enum numeric_precision precision, double value)
{
    return precision == NUMERIC_FLOAT32 ? (double)(float)value : value;
}

/* A pseudorandom sequence of the tests' own. */
static inline double uniform(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static inline double normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(1 - uniform(state)));
    return radius * cos(2 * M_PI * uniform(state));
}

#define SUPPORT_MOST 4096

/* One run of a kernel on an array, without a plan. */
struct run {
    enum numeric_precision precision;
    bool contraction;
    struct compressor_key key;
    const struct objective_layer *layers;
    size_t layer_count;
    double measure;
};

static inline void compress(const struct compressor_config *config, struct run *run,
                            const double *v, double *decoded, size_t count)
{
    static _Alignas(64) char in[8 * SUPPORT_MOST], out[8 * SUPPORT_MOST], measure[16];
    static _Alignas(64) char scratch[64 * SUPPORT_MOST];
    const struct plan_kernel *kernel = &ops_of(config)->kernel;
    struct compressor_params params = {config->rule.params, run->key, count, run->contraction};
    bool narrow = run->precision == NUMERIC_FLOAT32;
    size_t counts[2] = {count, COMPRESSOR_MEASURES};
    struct plan_kernel_call call = {&params,
                                    (const void *const[]){in},
                                    (void *const[]){out, measure},
                                    counts,
                                    counts,
                                    1,
                                    2,
                                    0,
                                    scratch,
                                    run->layers,
                                    run->layer_count};
    for (size_t i = 0; i < count; i++)
        if (narrow)
            ((float *)in)[i] = (float)v[i];
        else
            ((double *)in)[i] = v[i];
    memset(measure, 0, sizeof measure);
    ck_assert(count <= SUPPORT_MOST &&
              (!kernel->scratch_bytes || kernel->scratch_bytes(&call) <= sizeof scratch));
    (narrow ? kernel->run32 : kernel->run64)(&call);
    double m[2];
    for (size_t i = 0; i < count; i++)
        decoded[i] = narrow ? (double)((float *)out)[i] : ((double *)out)[i];
    for (size_t i = 0; i < 2; i++)
        m[i] = narrow ? (double)((float *)measure)[i] : ((double *)measure)[i];
    run->measure = m[0] * 1048576 + m[1];
}

#endif
