/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data sets, their partition over nodes, and the sampling of mini-batches.
 */
#ifndef HEARSAY_MODELS_DATA_H
#define HEARSAY_MODELS_DATA_H

#include "core/field.h"
#include "core/plugin.h"
#include "core/status.h"
#include "numerics/objective.h"

/* Row-major samples. Either `reals` (of the precision) or `bytes` (x = byte x byte_scale) holds the
 * features; labels for classification (classes > 0), else targets (reals, one a sample). */
struct dataset_part {
    uint32_t samples;
    const void *reals;
    const uint8_t *bytes;
    const int32_t *labels;
    const void *targets;
};

struct dataset {
    enum numeric_precision precision;
    uint32_t features;
    uint32_t classes; /* 0: regression */
    double byte_scale;
    struct dataset_part train, test; /* test.samples may be 0 */
    void *owner;                     /* of the plug-in */
};

struct data_ops {
    struct plugin plugin; /* none, gaussian-blobs, teacher, idx {path}, fashion-mnist, csv {path} */
    enum status (*load)(const void *params, enum numeric_precision precision, uint64_t seed,
                        struct dataset *data, struct error *error);
    void (*unload)(struct dataset *data);
};
extern const struct plugin_registry data_registry;

enum sampling { SAMPLING_SHARD, SAMPLING_WITH_REPLACEMENT, SAMPLING_GLOBAL, SAMPLING_SEQUENTIAL };

/* "data" of a scenario. */
struct data_config {
    struct plugin_choice source; /* data_registry */
    int64_t batch_size;
    struct plugin_choice partition; /* partition_registry: iid {reshuffle: fixed | reshuffled},
                                       contiguous, label-shards {shards_per_node}, dirichlet
                                       {alpha, balanced, min_size} */
    int sampling;                   /* enum sampling */
};
extern const struct field data_common_fields[];
extern const struct plugin_registry partition_registry;

/* Node i holds samples indices[first[i] .. first[i+1]-1] (positions in the training set). */
struct partition {
    uint32_t nodes;
    uint64_t *first; /* nodes + 1 */
    uint32_t *indices;
    bool reshuffled; /* iid "reshuffled": the assignment is drawn anew each pass */
};
enum status partition_create(struct partition **partition, const struct data_config *config,
                             const struct dataset *data, uint32_t nodes, uint64_t seed,
                             struct error *error);
void partition_free(struct partition *partition);
uint32_t partition_size(const struct partition *partition, uint32_t node);

/* Mini-batches: a pure function of (seed, node, step), whatever is asked before; permutations of
 * the current pass are cached inside. */
struct sampler;
struct sampler *sampler_create(const struct data_config *config, const struct dataset *data,
                               const struct partition *partition, uint64_t seed);
void sampler_free(struct sampler *sampler);
void sampler_batch(struct sampler *sampler, uint32_t node, int64_t step, uint32_t *samples);

#endif
