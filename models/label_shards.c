/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Label shards (McMahan et al., AISTATS 2017, section 3): the samples, sorted by label, are cut
 * into nodes x shards_per_node pieces whose sizes differ by at most one, and each node draws
 * shards_per_node of them without replacement.
 */
#include "models/partition.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct label_shards_params {
    int64_t shards_per_node;
};

static const struct field label_shards_fields[] = {
    FIELD_AT(struct label_shards_params, shards_per_node, FIELD_INTEGER, "2", .min = 1,
             .max = 65536, .help = "Pieces of the label-sorted data that each node gets."),
    FIELD_END,
};

static void deal(const struct partition_classes *classes, uint32_t samples, uint32_t per_node,
                 const uint32_t *order, struct partition *partition)
{
    uint64_t shards = (uint64_t)partition->nodes * per_node, filled = 0;

    for (uint64_t s = 0; s < shards; s++) {
        uint64_t begin = partition_bound(samples, shards, order[s]);
        uint64_t end = partition_bound(samples, shards, order[s] + 1);

        memcpy(partition->indices + filled, classes->items + begin,
               (end - begin) * sizeof *partition->indices);
        filled += end - begin;
        partition->first[s / per_node + 1] = filled;
    }
}

static enum status split(const void *config, const struct dataset *data, uint64_t seed,
                         struct partition *partition, struct error *error)
{
    const struct label_shards_params *params = config;
    uint64_t shards = (uint64_t)partition->nodes * (uint64_t)params->shards_per_node;
    struct partition_classes classes;

    if (shards > data->train.samples)
        return status_fail_at(error, "data.partition.shards_per_node",
                              "%u nodes x %lld shards are more than the %u training samples",
                              partition->nodes, (long long)params->shards_per_node,
                              data->train.samples);
    enum status status = partition_classes_create(&classes, data, seed, error);
    if (status != STATUS_OK)
        return status;
    uint32_t *order = memory_array(shards, sizeof *order);
    for (uint64_t s = 0; s < shards; s++)
        order[s] = (uint32_t)s;
    partition_shuffle(order, shards, seed, PARTITION_SHARDS, 0);
    deal(&classes, data->train.samples, (uint32_t)params->shards_per_node, order, partition);
    free(order);
    partition_classes_free(&classes);
    return STATUS_OK;
}

const struct partition_ops label_shards_ops = {
    .plugin = {.name = "label-shards",
               .summary = "each node gets a few pieces of the label-sorted data",
               .reference = "McMahan et al., Communication-Efficient Learning, AISTATS 2017",
               .params = label_shards_fields,
               .params_size = sizeof(struct label_shards_params)},
    .split = split,
};
