/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Contiguous shards: equal pieces of the data in their own order.
 */
#include "models/partition.h"

static enum status split(const void *params, const struct dataset *data, uint64_t seed,
                         struct partition *partition, struct error *error)
{
    (void)params, (void)seed, (void)error;
    for (uint32_t i = 0; i < data->train.samples; i++)
        partition->indices[i] = i;
    partition_bounds(partition, data->train.samples);
    return STATUS_OK;
}

const struct partition_ops contiguous_ops = {
    .plugin = {.name = "contiguous", .summary = "equal pieces of the data in their own order"},
    .split = split,
};
