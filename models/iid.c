/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Independent and identically distributed shards: equal pieces of a shuffle of all samples.  With
 * "reshuffled" the first pass uses that shuffle and each later pass a new one (models/sampler.c).
 */
#include "models/partition.h"

struct iid_params {
    int reshuffle;
};

static const char *const reshuffle_names[] = {"fixed", "reshuffled", NULL};

static const struct field iid_fields[] = {
    FIELD_AT(struct iid_params, reshuffle, FIELD_ENUM, "\"fixed\"", .names = reshuffle_names,
             .help = "Whether nodes keep their samples, or all are dealt anew each pass."),
    FIELD_END,
};

static enum status split(const void *config, const struct dataset *data, uint64_t seed,
                         struct partition *partition, struct error *error)
{
    const struct iid_params *params = config;
    uint32_t samples = data->train.samples;

    (void)error;
    for (uint32_t i = 0; i < samples; i++)
        partition->indices[i] = i;
    partition_shuffle(partition->indices, samples, seed, PARTITION_SHUFFLE, 0);
    partition_bounds(partition, samples);
    partition->reshuffled = params->reshuffle == 1;
    return STATUS_OK;
}

const struct partition_ops iid_ops = {
    .plugin = {.name = "iid",
               .summary = "equal random shards, kept or dealt anew each pass",
               .params = iid_fields,
               .params_size = sizeof(struct iid_params)},
    .split = split,
};
